package kit

import (
	"encoding/json"
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
		if a, b := text(t, got), text(t, to); a != b {
			t.Fatalf("on its own kit the edit gives\n%s\nnot\n%s", a, b)
		}
		got, err = now.With(from, to)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range everySlot() {
			was, is := text(t, from.Pad(part)), text(t, to.Pad(part))
			want := is
			if was == is {
				want = text(t, now.Pad(part))
			}
			if have := text(t, got.Pad(part)); have != want {
				t.Fatalf("pad %s: %s, want %s", part, have, want)
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

func text(t *rapid.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
