package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	device "sampleagent/library/kit"
	"sampleagent/ui/pad"
)

// screens are what can stand in the middle of the window: the list with the pads beside it, the
// pad editor, the patterns. One is shown at a time.
type screens struct {
	root *fyne.Container
	home fyne.CanvasObject
	pad  *pad.View
}

func newScreens(w *window, home fyne.CanvasObject) *screens {
	s := &screens{home: home}
	m := pad.NewModel(w.core, w.pump.run, w.kits)
	m.OnFailure = w.fail
	s.pad = pad.NewView(m, pad.Actions{Close: w.showHome, Stop: w.core.StopPads, Key: w.padKey})
	s.pad.Root().Hide()
	s.root = container.NewStack(home, s.pad.Root())
	return s
}

// show shows one of the screens.
func (s *screens) show(one fyne.CanvasObject) {
	for _, o := range s.root.Objects {
		if o != one {
			o.Hide()
		}
	}
	one.Show()
	s.root.Refresh()
}

// showHome goes back to the list and the pads.
func (w *window) showHome() {
	if !w.screens.home.Visible() {
		w.screens.show(w.screens.home)
		w.showTab("kit")
		w.win.Canvas().Focus(w.pads.Grid)
	}
}

// editPad opens the editor on the selected pad.
func (w *window) editPad() {
	w.screens.show(w.screens.pad.Root())
	w.screens.pad.Open()
}

// showPads lights the pads that sound, moves the editor's cursor, and says whether any sounds.
func (w *window) showPads() bool {
	k, open := w.kits.Kit()
	if !open {
		return false
	}
	var on []device.Slot
	cursor := -1.0
	for _, p := range w.core.PlayingPads(k.ID) {
		on = append(on, p.Slot)
		if p.Slot == w.kits.Slot() && cursor < 0 {
			cursor = p.Position
		}
	}
	w.kits.Playing(on)
	w.screens.pad.Cursor(cursor)
	return len(on) > 0
}
