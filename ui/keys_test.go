package ui

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/shortcut"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

func TestEveryCommandDoesSomething(t *testing.T) {
	r := newRig(t, 0)
	for _, system := range shortcut.Systems {
		for _, c := range shortcut.Table(system) {
			if r.commands[c.ID] == nil {
				t.Errorf("%s has no handler", c.ID)
			}
		}
	}
	if n, want := len(r.commands), len(shortcut.Table("linux")); n != want {
		t.Errorf("%d handlers for %d commands", n, want)
	}
}

// Every command of the menus and keys is carried out, on an empty library and on a full one: none
// may fail, whatever is or is not selected.
// Every command can be carried out: in an empty library, with nothing and with several samples chosen,
// and in a collection that has none of the chosen ones.
func TestEveryCommandCanBeCarriedOut(t *testing.T) {
	type place struct {
		samples, chosen int
		empty           bool // a collection
	}
	for _, at := range []place{{0, 0, false}, {40, 0, false}, {40, 3, false}, {40, 3, true}} {
		r := newRig(t, at.samples)
		canvas := r.win.Canvas()
		r.until(t, "the list", func() bool { return r.search.Len() == at.samples })
		var all []catalog.Row
		for i := range r.search.Len() {
			all = append(all, r.search.Row(i))
		}
		back := func() {} // some commands leave the place
		if at.empty {
			c, err := r.a.NewCollection(t.Context(), "", "Set", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.until(t, "the collection", func() bool { return len(r.placesOf.collections) == 1 })
			lines := r.placeLines(r.placesOf)
			set := lines[slices.IndexFunc(lines, func(p browser.Place) bool { return p.ID == "c-"+c.ID })]
			back = func() {
				r.goTo(set)
				r.until(t, "the empty collection", func() bool { return r.search.InOwnOrder() && r.search.Len() == 0 })
			}
		}
		for _, c := range shortcut.Table("linux") {
			if c.ID == shortcut.Quit {
				continue
			}
			back()
			r.selected(all[:at.chosen])
			if own.DialogOpen(canvas) {
				t.Fatalf("%s would reach a dialog", c.ID)
			}
			r.run(c.ID)
			for r.work() {
				time.Sleep(time.Millisecond)
			}
			for own.DialogOpen(canvas) {
				own.Escape(canvas)
			}
			for canvas.Overlays().Top() != nil { // Fyne's own
				canvas.Overlays().Remove(canvas.Overlays().Top())
			}
		}
		r.settle(t)
	}
}

// What the ear weighed stands in the inspector, and a function key decides for another reading.
func TestOneKeyTakesAnotherReadingOfTheTempo(t *testing.T) {
	r := newRig(t, 0)
	r.importDemo(t, filepath.Join("Drum Loops", "Half Moon Trap 140bpm.flac"), "Drums.flac")
	r.run(shortcut.FocusList)
	r.until(t, "its readings", func() bool { return r.look.Sample() != nil && len(r.look.Candidates()) > 0 })
	other := r.look.Candidates()[0]
	if other.Weight <= 0 || other.BPM == r.look.Sample().BPM {
		t.Errorf("%+v beside %g BPM", other, r.look.Sample().BPM)
	}
	r.key(fyne.KeyF6)
	r.until(t, "the other reading", func() bool {
		s := r.look.Sample()
		return s != nil && s.BPM == other.BPM && s.BPMSource == analysis.FromHand
	})
}

// F1 opens the help from wherever the focus goes with Tab, a text field too.
func TestFunctionKeysWorkWhereverTheFocusIs(t *testing.T) {
	r := newRig(t, 5)
	c := r.win.Canvas()
	r.run(shortcut.FocusList)
	r.until(t, "a chosen row", func() bool { return len(r.chosen) == 1 })
	r.run(shortcut.Find)
	r.settle(t)
	first := c.Focused()
	for at, steps := first, 0; steps == 0 || at != first; steps++ {
		if at == nil || steps > 500 {
			t.Fatalf("after %d times Tab the focus is lost", steps)
		}
		at.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF1})
		if !own.DialogOpen(c) {
			t.Fatalf("%d times Tab: F1 does nothing in a %T", steps, at)
		}
		own.Escape(c)
		c.Focus(at)
		c.FocusNext()
		at = c.Focused()
	}
}

// Esc leaves a field, and what was typed in it is dropped; in the preferences it closes them from
// every field.
func TestEscLeavesEveryField(t *testing.T) {
	r := newRig(t, 5)
	c := r.win.Canvas()
	esc := &fyne.KeyEvent{Name: fyne.KeyEscape}
	r.run(shortcut.FocusList)
	r.until(t, "a chosen row", func() bool { return len(r.chosen) == 1 })
	for _, id := range []shortcut.ID{shortcut.EditTempo, shortcut.EditKey} {
		r.run(id)
		r.settle(t)
		field := c.Focused()
		entry := func() string {
			switch f := field.(type) {
			case *own.Entry:
				return f.Text
			case interface{ SelectedText() string }:
				f.(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutSelectAll{})
				return f.SelectedText()
			}
			t.Fatalf("%s has the focus in a %T", id, field)
			return ""
		}
		before := entry()
		field.TypedRune('7')
		field.TypedKey(esc)
		r.settle(t)
		if c.Focused() == field || entry() != before {
			t.Errorf("%s: Esc leaves %q in the field, focus in it: %v", id, entry(), c.Focused() == field)
		}
	}
	for steps, all := 0, 1; steps < all; steps++ {
		r.run(shortcut.Preferences)
		r.settle(t)
		first := c.Focused()
		at := first
		for range steps {
			c.FocusNext()
			at = c.Focused()
		}
		if steps == 0 { // how many fields the round has
			for c.FocusNext(); c.Focused() != first && all < 100; c.FocusNext() {
				all++
			}
			c.Focus(first)
		}
		at.TypedKey(esc)
		r.settle(t)
		if own.DialogOpen(c) {
			t.Fatalf("%d times Tab in the preferences: Esc does nothing in a %T", steps, at)
		}
	}
}

// Enter takes a tempo or a key and leaves the field: Undo takes the edit back, not what was typed, and
// Down goes on in the list.
func TestEnterTakesATypedTempoAndKeyAndLeaves(t *testing.T) {
	r := newRig(t, 5)
	c := r.win.Canvas()
	r.run(shortcut.FocusList)
	r.until(t, "a chosen row", func() bool { return len(r.chosen) == 1 })
	sample := func() catalog.Sample {
		s, err := r.a.Sample(t.Context(), r.chosen[0])
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := sample()
	for id, typed := range map[shortcut.ID]string{shortcut.EditTempo: "77", shortcut.EditKey: "f#m"} {
		r.run(id)
		r.settle(t)
		field := c.Focused()
		field.(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutSelectAll{})
		for _, letter := range typed {
			field.TypedRune(letter)
		}
		field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		r.until(t, "the edit", func() bool { s := sample(); return s.BPM == 77 || s.Key == "F# minor" })
		if c.Focused() != nil {
			t.Errorf("%s: after Enter a %T has the focus", id, c.Focused())
		}
		r.run(shortcut.Undo)
		r.until(t, "the edit taken back", func() bool { s := sample(); return s.BPM == before.BPM && s.Key == before.Key })
	}
	first := r.chosen[0]
	c.OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyDown})
	r.until(t, "the next row", func() bool { return len(r.chosen) == 1 && r.chosen[0] != first })
}

// Esc closes the topmost dialog whatever has the focus, and no key reaches what lies behind it.
func TestEscClosesTheTopmostDialogAndKeysStayInIt(t *testing.T) {
	r := newRig(t, 5)
	c := r.win.Canvas()
	esc := func() {
		if f := c.Focused(); f != nil {
			f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
		} else {
			c.OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
		}
		r.settle(t)
	}
	for _, id := range []shortcut.ID{shortcut.Cloud, shortcut.Tasks, shortcut.Preferences, shortcut.Help, shortcut.NewKit, shortcut.About} {
		for _, focused := range []bool{true, false} {
			r.run(id)
			r.settle(t)
			if !own.DialogOpen(c) {
				t.Fatalf("%s opens nothing", id)
			}
			if !focused {
				c.Unfocus()
			}
			esc()
			if own.DialogOpen(c) {
				t.Fatalf("%s: Esc leaves the dialog open (focus in it: %v)", id, focused)
			}
		}
	}
	for _, id := range []shortcut.ID{shortcut.AddFolder, shortcut.AddFiles} { // Fyne's own
		r.run(id)
		r.settle(t)
		before := len(c.Overlays().List())
		r.run(shortcut.SelectAll)
		r.run(shortcut.Remove)
		r.settle(t)
		if before == 0 || len(c.Overlays().List()) != before {
			t.Fatalf("%s: a key went through the file dialog to the list", id)
		}
		esc()
		if own.DialogOpen(c) || c.Overlays().Top() != nil {
			t.Fatalf("%s: Esc leaves the file dialog open", id)
		}
	}
	r.run(shortcut.Cloud)
	r.settle(t)
	r.confirm("Sure?", "Really?", func() { t.Error("Esc said yes") })
	esc()
	if !own.DialogOpen(c) {
		t.Fatal("one Esc closed two dialogs")
	}
	light := theme.IsLight()
	r.run(shortcut.ToggleLight)
	r.settle(t)
	if theme.IsLight() != light {
		t.Fatal("a command went through the dialog to the window behind it")
	}
	esc()
	if own.DialogOpen(c) {
		t.Fatal("the first dialog stays")
	}
}
