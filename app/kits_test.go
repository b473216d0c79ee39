package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sampleagent/library/catalog"
	"sampleagent/library/kit"
)

func slot(t *testing.T, s string) kit.Slot {
	t.Helper()
	at, err := kit.ParseSlot(s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestAKitIsStoredAtEveryChangeAndEveryChangeCanBeUndone(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	rows := seed(t, a, 5)
	made, err := a.NewKit(ctx, " Night\nkit ")
	if err != nil || made.Name != "Night kit" {
		t.Fatalf("%+v, %v", made.Name, err)
	}
	read := func() kit.Kit {
		k, err := a.Kit(ctx, "night KIT") // by name as well as by id
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	shows := func() string {
		k := read()
		out := k.Name
		for _, s := range k.Filled() {
			out += fmt.Sprintf(" %s=%d%v", s, sampleNumber(t, a, k.Pad(s).SampleID), k.Pad(s).Settings.Strings())
		}
		return out
	}
	a1, a2, b1 := slot(t, "A1"), slot(t, "A2"), slot(t, "B1")
	for _, c := range []struct {
		name, shows string
		do          func() error
	}{
		{"Put tone 01.wav on A1", "Night kit A1=1[]", func() error { return a.SetPad(ctx, made.ID, a1, rows[0]) }},
		{"Put 3 samples on B1 to B3", "Night kit A1=1[] B1=2[] B2=3[] B3=4[]", func() error { _, err := a.SetPads(ctx, made.ID, b1, rows[1:4]); return err }},
		{"Set volume=100, loop=on of A1", "Night kit A1=1[volume=100 loop=on] B1=2[] B2=3[] B3=4[]", func() error { return a.SetPadSettings(ctx, made.ID, []kit.Slot{a1}, "volume=100", "loop=on") }},
		{"Copy A1 to A2", "Night kit A1=1[volume=100 loop=on] A2=1[volume=100 loop=on] B1=2[] B2=3[] B3=4[]", func() error { return a.CopyPad(ctx, made.ID, a1, a2) }},
		{"Exchange A1 and B1", "Night kit A1=2[] A2=1[volume=100 loop=on] B1=1[volume=100 loop=on] B2=3[] B3=4[]", func() error { return a.SwapPads(ctx, made.ID, a1, b1) }},
		{"Move A2 to A1", "Night kit A1=1[volume=100 loop=on] B1=1[volume=100 loop=on] B2=3[] B3=4[]", func() error { return a.MovePad(ctx, made.ID, a2, a1) }},
		{"Clear pad B1", "Night kit A1=1[volume=100 loop=on] B2=3[] B3=4[]", func() error { return a.ClearPads(ctx, made.ID, b1) }},
		{"Clear bank B", "Night kit A1=1[volume=100 loop=on]", func() error { return a.ClearBank(ctx, made.ID, 1) }},
	} {
		before := shows()
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := shows(); got != c.shows {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.shows)
		}
		if undo, _ := a.History(); undo != c.name {
			t.Errorf("called %q, want %q", undo, c.name)
		}
		if _, err := a.Undo(ctx); err != nil || shows() != before {
			t.Errorf("undo of %s: %s (%v)", c.name, shows(), err)
		}
		if _, err := a.Redo(ctx); err != nil || shows() != c.shows {
			t.Errorf("redo of %s: %s (%v)", c.name, shows(), err)
		}
	}
	if err := a.SetPadSettings(ctx, made.ID, []kit.Slot{a1}, "volume=128"); err == nil {
		t.Error("volume 128 was accepted")
	}
	if err := a.DeleteKit(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Kit(ctx, made.ID); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
	if _, err := a.Undo(ctx); err != nil {
		t.Errorf("undo of delete: %v", err)
	}
	if back := read(); len(back.Filled()) != 1 {
		t.Errorf("the kit that came back has %d pads", len(back.Filled()))
	}
	if _, err := a.NewKit(ctx, "  "); err == nil {
		t.Error("a kit without a name was made")
	}
}

func sampleNumber(t *testing.T, a *App, id string) int {
	t.Helper()
	s, err := a.SampleByID(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return int(s.Row)
}

// What another program, or a sync, puts on other pads while an edit is made or undone, stays.
func TestAnEditAndItsUndoLeaveWhatOthersChanged(t *testing.T) {
	ctx := t.Context()
	a := open(t, Options{})
	rows := seed(t, a, 3)
	k, err := a.NewKit(ctx, "Shared")
	if err != nil {
		t.Fatal(err)
	}
	a1, b1 := slot(t, "A1"), slot(t, "B1")
	other, err := a.db.Samples(ctx, rows[1:2])
	if err != nil {
		t.Fatal(err)
	}
	if err := a.EditKit(ctx, k.ID, "Put", "", func(k *kit.Kit) error {
		// In the middle of the edit the other program stores its own.
		err := a.db.EditKit(ctx, k.ID, func(stored catalog.Kit) (catalog.Kit, error) {
			theirs, err := unpack(stored)
			if err != nil {
				return stored, err
			}
			if err := theirs.SetSample(b1, other[0].ID); err != nil {
				return stored, err
			}
			return pack(theirs)
		})
		if err != nil {
			return err
		}
		return k.SetSample(a1, other[0].ID)
	}); err != nil {
		t.Fatal(err)
	}
	shows := func() (filled []kit.Slot) {
		k, err := a.Kit(ctx, k.ID)
		if err != nil {
			t.Fatal(err)
		}
		return k.Filled()
	}
	if got := shows(); !slices.Equal(got, []kit.Slot{a1, b1}) {
		t.Errorf("after the edit: %v", got)
	}
	if _, err := a.Undo(ctx); err != nil {
		t.Fatal(err)
	}
	if got := shows(); !slices.Equal(got, []kit.Slot{b1}) {
		t.Errorf("after its undoing: %v", got)
	}
}

func TestAPadKnowsItsSamplesTempo(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	rows := seed(t, a, 3)
	k, err := a.NewKit(ctx, "K")
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct{ bpm, want float64 }{{92.5, 92.5}, {260, 130}, {30, 60}} {
		if err := a.SetTempo(ctx, rows[i:i+1], c.bpm); err != nil {
			t.Fatal(err)
		}
		if err := a.SetPad(ctx, k.ID, kit.Slot(i), rows[i]); err != nil {
			t.Fatal(err)
		}
		got, err := a.Kit(ctx, k.ID)
		if err != nil {
			t.Fatal(err)
		}
		if bpm := got.Pad(kit.Slot(i)).Settings.Float(kit.Tempo); bpm != c.want {
			t.Errorf("%v BPM became %v on the pad, want %v", c.bpm, bpm, c.want)
		}
	}
}

func TestWhatCannotBeReadGoesOnNoPad(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	broken := filepath.Join(t.TempDir(), "broken.wav")
	if err := os.WriteFile(broken, []byte("RIFF....WAVE and no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad, good := imported(t, a, broken), seed(t, a, 1)[0]
	k, err := a.NewKit(ctx, "Kit")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.SetPads(ctx, k.ID, 0, []catalog.Row{bad, good}); err != nil || n != 1 {
		t.Errorf("%d placed, %v", n, err)
	}
	if k, err = a.Kit(ctx, k.ID); err != nil || k.Pad(0).SampleID != sampleOf(t, a, good).ID {
		t.Errorf("A1 has %q, %v", k.Pad(0).SampleID, err)
	}
	if err := a.SetPad(ctx, k.ID, 1, bad); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("a broken one alone: %v", err)
	}
}
