package analysis

import (
	"testing"
)

// played are the notes of a triad in close position from C3 with its root below, for three quarters of
// a second.
func played(h *harmony, root int, minor bool) {
	var f [semitones]float32
	third := 4
	if minor {
		third = 3
	}
	root %= 12
	f[root] = 1
	for _, d := range [...]int{0, third, 7} {
		f[12+root+d] = 1
	}
	for range 8 {
		h.frame(&f, &f)
	}
}

func TestARowOfChordsTellsTheKey(t *testing.T) {
	type chord struct {
		above int // semitones above the tonic
		minor bool
	}
	for name, c := range map[string]struct {
		minor  bool
		chords []chord
	}{
		"one chord":                     {false, []chord{{0, false}}},
		"one minor chord":               {true, []chord{{0, true}}},
		"I vi IV V":                     {false, []chord{{0, false}, {9, true}, {5, false}, {7, false}}},
		"I bVII IV I":                   {false, []chord{{0, false}, {10, false}, {5, false}, {0, false}}},
		"i iv V i, the seventh raised":  {true, []chord{{0, true}, {5, true}, {7, false}, {0, true}}},
		"i VI III VII":                  {true, []chord{{0, true}, {8, false}, {3, false}, {10, false}}},
		"a minor piece that ends major": {true, []chord{{0, true}, {5, true}, {0, true}, {7, false}, {0, false}}},
	} {
		for tonic := range 12 {
			var h harmony
			for _, x := range c.chords {
				played(&h, tonic+x.above, x.minor)
			}
			h.finish()
			want := tonic
			if c.minor {
				want += 12
			}
			scores := h.scores()
			if got := argmax(scores[:]); got != want {
				t.Errorf("%s in %s: heard %s", name, keyName(want), keyName(got))
			}
		}
	}
}

// A short sound is one chord; a sound without frames has no key that is likelier than another.
func TestOneFrameIsAChord(t *testing.T) {
	var h harmony
	h.finish()
	for k, s := range h.scores() {
		if s != 0 {
			t.Errorf("nothing heard, but %s scores %v", keyName(k), s)
		}
	}
	var f [semitones]float32
	f[9], f[21], f[24], f[28] = 1, 1, 1, 1 // A C E over A
	h.frame(&f, &f)
	h.finish()
	scores := h.scores()
	if got := keyName(argmax(scores[:])); got != "A minor" {
		t.Errorf("heard %s", got)
	}
}
