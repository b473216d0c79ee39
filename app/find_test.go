package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"sampleagent/library/kit"
	"sampleagent/library/search"
)

func TestSearchAndItsErrors(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	rows := seed(t, a, 4)
	if err := a.SetTempo(ctx, rows[1:2], 140); err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string]int{"": 4, "bpm:140": 1, "kind:loop key:Am~": 4, "kind:one-shot": 0, "tone": 4, "tone 02": 1} {
		got, err := a.Search(ctx, q, search.Sort{})
		if err != nil || len(got) != want {
			t.Errorf("%q: %d samples, want %d (%v)", q, len(got), want, err)
		}
	}
	if got, err := a.SearchFirst(ctx, "", search.Sort{By: search.Tempo, Desc: true}, 1); err != nil || len(got) != 1 || got[0] != rows[1] {
		t.Errorf("the fastest: %v %v", got, err)
	}
	_, err := a.Search(ctx, "kick bpm:fast", search.Sort{})
	var wrong *search.Error
	if !errors.As(err, &wrong) || wrong.Offset != 5 {
		t.Errorf("error %v", err)
	}
}

func TestFillingABankTakesWhatIsLeft(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	seed(t, a, 20)
	k, err := a.NewKit(ctx, "K")
	if err != nil {
		t.Fatal(err)
	}
	c1 := slot(t, "C1")
	rows, err := a.Search(ctx, "", search.Sort{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetPad(ctx, k.ID, c1, rows[3]); err != nil {
		t.Fatal(err)
	}
	got, err := a.FillBank(ctx, k.ID, 2, "kind:loop")
	if err != nil || len(got.Placed) != 15 || got.Placed[0] != c1+1 || got.Found != 20 {
		t.Fatalf("%+v %v", got, err)
	}
	now, err := a.Kit(ctx, k.ID)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]kit.Slot{}
	for _, s := range now.Filled() {
		id := now.Pad(s).SampleID
		if before, twice := seen[id]; twice {
			t.Errorf("one sample on %s and %s", before, s)
		}
		seen[id] = s
	}
	if again, err := a.FillBank(ctx, k.ID, 2, ""); err != nil || len(again.Placed) != 0 || again.Left != "no pad of it was empty" {
		t.Errorf("%+v %v", again, err)
	}
	if none, err := a.FillBank(ctx, k.ID, 3, "vocal"); err != nil || len(none.Placed) != 0 || none.Left != "the search found no sample for it" {
		t.Errorf("%+v %v", none, err)
	}
	if undo, _ := a.History(); undo != "Fill bank C" {
		t.Errorf("undo %q", undo)
	}
	if _, err := a.Undo(ctx); err != nil {
		t.Fatal(err)
	}
	if back, _ := a.Kit(ctx, k.ID); fmt.Sprintf("%v", back.Filled()) != "[C1]" {
		t.Errorf("after undo: %v", back.Filled())
	}
}

func TestASoundThatLiesInTheLibraryTwiceIsPutOnce(t *testing.T) {
	ctx := context.Background()
	a, dir := open(t, Options{}), t.TempDir()
	first := imported(t, a, tone(t, filepath.Join(dir, "one.wav"), 0.2, 300))
	copied := imported(t, a, tone(t, filepath.Join(dir, "one copy.wav"), 0.2, 300))
	imported(t, a, tone(t, filepath.Join(dir, "other.wav"), 0.2, 500))
	k, err := a.NewKit(ctx, "Kit")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.FillBank(ctx, k.ID, 0, ""); err != nil || len(got.Placed) != 2 {
		t.Errorf("an empty bank: %+v, %v", got, err)
	}
	// The copy is on the bank already, so neither it nor its like is put there.
	if err := a.SetPad(ctx, k.ID, 16, copied); err != nil {
		t.Fatal(err)
	}
	if got, err := a.FillBank(ctx, k.ID, 1, ""); err != nil || len(got.Placed) != 1 {
		t.Errorf("a bank with the copy: %+v, %v", got, err)
	}
	// A seed is kept before its copies.
	seed := sampleOf(t, a, copied).ID
	_, samples, err := a.ProposeBank(ctx, k.ID, 2, kit.Alike, "", kit.FillOptions{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	if _, there := samples[seed]; !there || len(samples) != 2 {
		t.Errorf("from a copy: %d samples, the seed there: %v", len(samples), there)
	}
	if _, there := samples[sampleOf(t, a, first).ID]; there {
		t.Error("the seed's copy is there too")
	}
}
