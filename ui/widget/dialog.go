package widget

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// dialog is an open dialog: Esc asks it to close, whatever in it has the focus.
type dialog struct{ escape func() }

// dialogs are the open dialogs of a canvas, the topmost last. Only the UI goroutine touches it.
var dialogs = map[fyne.Canvas][]*dialog{}

// Opened says that a dialog lies over a canvas, one of Fyne's own: keys are for nothing behind it,
// and Esc calls escape. The result says that it is gone; it is false when that was said before.
func Opened(c fyne.Canvas, escape func()) (closed func() bool) {
	d := &dialog{escape}
	dialogs[c] = append(dialogs[c], d)
	return func() bool {
		at := slices.Index(dialogs[c], d)
		if at < 0 {
			return false
		}
		dialogs[c] = slices.Delete(dialogs[c], at, at+1)
		if len(dialogs[c]) == 0 {
			delete(dialogs, c)
		}
		return true
	}
}

// ShowDialog shows content in the middle of a canvas, at least as large as it needs and never
// larger than the canvas; focus takes the keyboard, and whoever had it gets it back. Esc calls
// escape, or hides the dialog where that is nil.
func ShowDialog(c fyne.Canvas, content fyne.CanvasObject, size fyne.Size, focus fyne.Focusable, escape func()) (hide func()) {
	before := c.Focused()
	pop := widget.NewModalPopUp(content, c)
	var closed func() bool
	hide = func() {
		if !closed() {
			return
		}
		pop.Hide()
		if layer := overlays[c]; layer != nil {
			layer.endHint() // of a button in the dialog: the pointer may never leave it
		}
		if before != nil {
			c.Focus(before)
		}
	}
	if escape == nil {
		escape = hide
	}
	closed = Opened(c, escape)
	least, room := pop.MinSize(), c.Size()
	pop.Resize(fyne.NewSize(min(max(size.Width, least.Width), room.Width-40), min(max(size.Height, least.Height), room.Height-40)))
	pop.Show()
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

// asksForMenu says that a key opens the menu of what has the focus, as a right click does.
func asksForMenu(e *fyne.KeyEvent, held fyne.KeyModifier) bool {
	return e.Name == desktop.KeyMenu || e.Name == fyne.KeyF10 && held == fyne.KeyModifierShift
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
