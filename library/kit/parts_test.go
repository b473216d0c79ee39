package kit

import (
	"testing"

	"pgregory.net/rapid"
)

// An edit made on one kit, carried over to another, changes what it changed and nothing else; so
// does its undoing.
func TestAnEditTouchesOnlyWhatItChanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to, now := anyKit(t), anyKit(t), anyKit(t)
		to.ID, now.ID = from.ID, from.ID
		got, err := from.With(from, to)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := encode(t, got), encode(t, to); a != b {
			t.Fatalf("on its own kit the edit gives\n%s\nnot\n%s", a, b)
		}
		got, err = now.With(from, to)
		if err != nil {
			t.Fatal(err)
		}
		for _, slot := range everySlot() {
			want := to.Pad(slot)
			if want == from.Pad(slot) {
				want = now.Pad(slot)
			}
			if have := got.Pad(slot); have != want {
				t.Fatalf("pad %s: %+v, want %+v", slot, have, want)
			}
		}
	})
}

func everySlot() (all []Slot) {
	for b := range BankCount {
		all = append(all, BankSlots(b)...)
	}
	return all
}
