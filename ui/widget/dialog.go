package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// dialog is an open dialog: Esc asks it to close, whatever in it has the focus.
type dialog struct {
	pop    *widget.PopUp
	escape func()
}

// dialogs are the open dialogs of a canvas, the topmost last. Only the UI goroutine touches it.
var dialogs = map[fyne.Canvas][]*dialog{}

// ShowDialog shows content in the middle of a canvas, at least as large as it needs and never
// larger than the canvas; focus takes the keyboard, and whoever had it gets it back. Esc calls
// escape, or hides the dialog where that is nil.
func ShowDialog(c fyne.Canvas, content fyne.CanvasObject, size fyne.Size, focus fyne.Focusable, escape func()) (hide func()) {
	before := c.Focused()
	d := &dialog{pop: widget.NewModalPopUp(content, c), escape: escape}
	hide = func() {
		open := dialogs[c]
		for i, o := range open {
			if o == d {
				dialogs[c] = append(open[:i:i], open[i+1:]...)
				d.pop.Hide()
				if layer := overlays[c]; layer != nil {
					layer.endHint() // of a button in the dialog: the pointer may never leave it
				}
				if before != nil {
					c.Focus(before)
				}
			}
		}
		if len(dialogs[c]) == 0 {
			delete(dialogs, c)
		}
	}
	if d.escape == nil {
		d.escape = hide
	}
	least, room := d.pop.MinSize(), c.Size()
	d.pop.Resize(fyne.NewSize(min(max(size.Width, least.Width), room.Width-40), min(max(size.Height, least.Height), room.Height-40)))
	dialogs[c] = append(dialogs[c], d)
	d.pop.Show()
	if focus != nil {
		c.Focus(focus)
	}
	return hide
}

// DialogOpen says whether a dialog lies over the canvas: keys then are not for what is behind it.
func DialogOpen(c fyne.Canvas) bool { return len(dialogs[c]) > 0 }

// Escape asks the topmost dialog of a canvas to close; false where there is none.
func Escape(c fyne.Canvas) bool {
	open := dialogs[c]
	if len(open) == 0 {
		return false
	}
	open[len(open)-1].escape()
	return true
}

// escapeFrom is Escape from a widget that has the focus.
func escapeFrom(o fyne.CanvasObject, own func()) {
	if own != nil {
		own()
		return
	}
	Escape(fyne.CurrentApp().Driver().CanvasForObject(o))
}

// Pass hands a function key on to the window, where it means the same wherever the focus is.
func Pass(o fyne.CanvasObject, e *fyne.KeyEvent) bool {
	if len(e.Name) < 2 || e.Name[0] != 'F' || e.Name[1] < '1' || e.Name[1] > '9' {
		return false
	}
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if c == nil || c.OnTypedKey() == nil {
		return false
	}
	c.OnTypedKey()(e)
	return true
}
