package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sampleagent/app"
	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/audio/codec/codectest"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
	device "sampleagent/library/kit"
	cards "sampleagent/ui/card"
	"sampleagent/ui/cloud"
	"sampleagent/ui/shortcut"
	own "sampleagent/ui/widget"
)

// padded is the window with a kit whose pads A1 and A2 have samples.
func padded(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, 20)
	ctx := t.Context()
	k, err := r.a.NewKit(ctx, "Kit")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := r.core.Search(ctx, "", r.search.Sort())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.a.SetPads(ctx, k.ID, 0, rows[:2]); err != nil {
		t.Fatal(err)
	}
	r.until(t, "two pads", func() bool { k, _ := r.kits.Kit(); return len(k.Filled()) == 2 })
	return r
}

func TestThePadEditorOpensEditsUndoesAndCloses(t *testing.T) {
	r := padded(t)
	r.run(shortcut.EditPad)
	if r.screens.home.Visible() || !r.screens.pad.Root().Visible() || r.focused() != r.screens.pad.Focus() {
		t.Fatalf("the editor is not there, the keyboard is on %T", r.focused())
	}
	r.kits.Set(device.Volume, 80)
	r.until(t, "the volume", func() bool { return r.kits.Settings().Get(device.Volume) == 80 })
	r.run(shortcut.Undo)
	r.until(t, "undo", func() bool { return r.kits.Settings().Get(device.Volume) == 127 })
	r.run(shortcut.Redo)
	r.until(t, "redo", func() bool { return r.kits.Settings().Get(device.Volume) == 80 })

	// Copy and paste are the pads' own; undo is the command while they have the keyboard.
	r.win.Canvas().Focus(r.screens.pad.Grid)
	r.screens.pad.Grid.TypedShortcut(&fyne.ShortcutCopy{})
	r.kits.Select(4)
	r.screens.pad.Grid.TypedShortcut(&fyne.ShortcutPaste{})
	r.until(t, "a pasted pad", func() bool { k, _ := r.kits.Kit(); return !k.Pad(4).Empty() })
	r.run(shortcut.Undo)
	r.until(t, "paste undone", func() bool { k, _ := r.kits.Kit(); return k.Pad(4).Empty() })

	r.win.Canvas().Focus(r.screens.pad.Focus())
	r.screens.pad.Focus().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !r.screens.home.Visible() || r.screens.pad.Root().Visible() {
		t.Error("Esc does not leave the editor")
	}
}

func TestPatternsAndFillingOpenFromTheirKeys(t *testing.T) {
	r := padded(t)
	r.run(shortcut.Patterns) // there is none yet
	if r.focused() == nil || r.focused() != r.screens.pats.Focus() {
		t.Fatalf("without a pattern the keyboard is on %T", r.focused())
	}
	r.win.Canvas().Unfocus()
	r.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !r.screens.home.Visible() {
		t.Fatal("Esc does not leave the patterns when nothing has the keyboard")
	}

	k, _ := r.kits.Kit()
	err := r.a.EditKit(t.Context(), k.ID, "pattern", "", func(k *device.Kit) error {
		return k.SetPattern(2, device.Pattern{Bars: 1, Beats: 4, LoopStart: 1, LoopEnd: 1, Notes: []device.Note{{Pad: 0, Velocity: 99, Length: 120}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	r.until(t, "the pattern", func() bool { k, _ := r.kits.Kit(); return len(k.Patterns()) == 1 })
	r.run(shortcut.Patterns)
	if !r.screens.pats.Root().Visible() || r.focused() != r.screens.pats.Focus() {
		t.Fatalf("the patterns are not there, the keyboard is on %T", r.focused())
	}
	r.showHome()

	r.run(shortcut.FillBank)
	r.settle(t)
	if r.win.Canvas().Overlays().Top() == nil {
		t.Fatal("no dialog")
	}
	r.focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	r.until(t, "pads of the proposal", func() bool { k, _ := r.kits.Kit(); return len(k.Filled()) > 2 })
	if r.win.Canvas().Overlays().Top() != nil {
		t.Error("the dialog stays")
	}
	r.run(shortcut.Undo)
	r.until(t, "the filling undone in one step", func() bool { k, _ := r.kits.Kit(); return len(k.Filled()) == 2 })
}

func TestAKitReadFromACardIsOpen(t *testing.T) {
	r := newRig(t, 0)
	ctx, card := t.Context(), t.TempDir()
	sound := &pcm.Buffer{Rate: 48000, Channels: 1, Samples: make([]float32, 12000)}
	for i := range sound.Samples {
		sound.Samples[i] = float32(i%100)/100 - 0.5
	}
	r.importPaths(codectest.WAV(t, filepath.Join(t.TempDir(), "Saw.wav"), sound))
	r.until(t, "the sound", func() bool { return r.search.Len() == 1 && r.search.Sample(0) != nil })
	r.kits.New("Night")
	r.until(t, "a kit", func() bool { _, open := r.kits.Kit(); return open })
	r.kits.Place(0, []catalog.Row{r.search.Row(0)})
	r.until(t, "its pad", func() bool { k, _ := r.kits.Kit(); return len(k.Filled()) == 1 })
	plan, err := r.a.PlanCard(ctx, app.CardOptions{Kit: "Night", Dir: card})
	if err != nil {
		t.Fatal(err)
	}
	id, err := r.a.WriteCard(plan)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.a.WaitTask(ctx, id); err != nil {
		t.Fatal(err)
	}
	r.showTab("details")
	r.updateSettings(func(s *settings.Settings) { s.Card.Dir = card })
	r.until(t, "the card's folder", func() bool { return r.core.Settings().Card.Dir == card })
	r.run(shortcut.ReadCard)
	r.until(t, "what is on the card", func() bool { return r.reader.Step() == cards.Shown })
	r.reader.Take()
	r.until(t, "its end", func() bool { return r.reader.Step() == cards.Taken })
	r.until(t, "the kit of the card", func() bool { k, _ := r.kits.Kit(); return k.Name == "Night 2" && len(k.Filled()) == 1 })
	if !strings.Contains(r.reader.Text(), "Night 2 is open") || !r.dock.showsPads() {
		t.Errorf("said %q, pads shown %v", r.reader.Text(), r.dock.showsPads())
	}
	own.Escape(r.win.Canvas())
	r.run(shortcut.Undo)
	r.until(t, "the former kit", func() bool { k, _ := r.kits.Kit(); return k.Name == "Night" })
}

// Filling a bank needs no kit before: the first is made, and the dialog opens on it.
func TestFillBankMakesTheFirstKit(t *testing.T) {
	r := newRig(t, 20)
	if _, open := r.kits.Kit(); open {
		t.Fatal("there is a kit already")
	}
	r.run(shortcut.FillBank)
	r.until(t, "the dialog", func() bool { return own.DialogOpen(r.win.Canvas()) })
	if k, open := r.kits.Kit(); !open || k.Name == "" {
		t.Errorf("kit %q, open %v", k.Name, open)
	}
}

// Analyses in the cloud that end close together are one notification of the system, for somebody who
// looks elsewhere.
func TestTheEndOfAnAnalysisIsASystemNotification(t *testing.T) {
	r := newRig(t, 0)
	test.AssertNotificationSent(t, fyne.NewNotification("Kick.wav", "92 BPM"), func() {
		r.handle(event.CloudDone{Name: "Kick.wav", Text: "92 BPM"})
		r.settle(t)
	})
	all := []event.CloudDone{{Name: "Kick.wav"}, {Name: "Snare.wav"}}
	title, text := cloud.Ended(all)
	test.AssertNotificationSent(t, fyne.NewNotification(title, text), func() {
		for _, e := range all {
			r.handle(e)
		}
		r.settle(t)
	})
}

// Several files and a folder with more, dropped at once, are in the list; the chooser offers what an
// import takes.
func TestDroppedFilesAndFoldersAreImported(t *testing.T) {
	r := newRig(t, 0)
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "a.wav"), filepath.Join(dir, "b.wav"), filepath.Join(dir, "more")}
	if err := os.Mkdir(paths[2], 0o755); err != nil {
		t.Fatal(err)
	}
	const rate = 44100
	for i, path := range []string{paths[0], paths[1], filepath.Join(paths[2], "c.wav"), filepath.Join(paths[2], "d.wav")} {
		b := &pcm.Buffer{Rate: rate, Channels: 1, Samples: make([]float32, rate/4)}
		b.Samples[100*i] = 0.5
		codectest.WAV(t, path, b)
	}
	r.dropped(fyne.NewPos(0, 0), paths)
	r.until(t, "the dropped sounds", func() bool {
		rows, err := r.core.Search(t.Context(), "", r.search.Sort())
		return err == nil && len(rows) == 4
	})
	if endings := app.SoundFiles(); !slices.Contains(endings, ".wav") || !slices.Contains(endings, ".flac") || slices.Contains(endings, ".txt") {
		t.Errorf("the chooser offers %v", endings)
	}
}
