package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sampleagent/app/words"
	device "sampleagent/library/kit"
	"sampleagent/ui/browser"
	"sampleagent/ui/fill"
	"sampleagent/ui/pad"
	"sampleagent/ui/pattern"
	"sampleagent/ui/theme"
)

// screens are what can stand in the middle of the window: the list with the pads beside it, the
// pad editor, the patterns. One is shown at a time.
type screens struct {
	root *fyne.Container
	home fyne.CanvasObject
	pad  *pad.View
	pats *pattern.View
}

func newScreens(w *window, home fyne.CanvasObject) *screens {
	s := &screens{home: home}
	m := pad.NewModel(w.core, w.pump.run, w.kits)
	m.OnFailure = w.fail
	s.pad = pad.NewView(m, pad.Actions{Close: w.showHome, Stop: w.core.StopPads, Key: w.padKey})
	s.pad.Root().Hide()
	p := pattern.NewModel(w.core, w.pump.run, w.kits)
	p.OnFailure, p.OnNote = w.fail, func(text string) { w.toast.show(text, theme.Text) }
	s.pats = pattern.NewView(p, pattern.Actions{
		Close:      w.showHome,
		ChooseFile: func(done func(string)) { w.chooseFile("Import a MIDI file", []string{".mid", ".midi"}, done) },
		SaveFile:   w.saveFile,
	})
	s.pats.Root().Hide()
	s.root = container.NewStack(home, s.pad.Root(), s.pats.Root())
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
	w.win.Canvas().Focus(w.screens.pad.Focus())
}

// showPatterns opens the patterns of the kit.
func (w *window) showPatterns() {
	w.kits.Ensure(func() {
		w.screens.show(w.screens.pats.Root())
		w.screens.pats.Open()
		w.win.Canvas().Focus(w.screens.pats.Focus())
	})
}

// fillBank opens the dialog that fills the bank. The pads of the bank and the selected sample are
// offered to start from.
func (w *window) fillBank() {
	w.kits.Ensure(w.showFill)
}

func (w *window) showFill() {
	k, _ := w.kits.Kit()
	bank := w.kits.Bank()
	var seeds []fill.Seed
	if s := w.list.Current(); s != nil {
		seeds = append(seeds, fill.Seed{ID: s.ID, Name: browser.Plain(s.Name) + "  (selected in the list)"})
	}
	t, names := device.DrumKit, w.kits.Names()
	for _, slot := range device.BankSlots(bank) {
		if p := k.Pad(slot); !p.Empty() {
			t = device.Complete
			seeds = append(seeds, fill.Seed{ID: p.SampleID, Name: names[p.SampleID] + "  (" + slot.String() + ")"})
		}
	}
	var hide func()
	m := fill.NewModel(w.core, w.pump.run, k.ID, bank, t, w.search.Query(), fill.Seed{})
	m.OnDone = func(n int) {
		hide()
		w.showTab("kit")
		w.toast.show(words.Count(n, "sample", "samples")+" put on bank "+device.BankName(bank), theme.Text)
	}
	v := fill.NewView(m, seeds, func() { hide() })
	hide = w.modal(v.Root(), 1040, 660, v.Focus())
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
	p, plays := w.core.PlayingPattern()
	w.screens.pats.Playing(p.Slot, p.Tick, plays && p.KitID == k.ID)
	return len(on) > 0 || plays
}
