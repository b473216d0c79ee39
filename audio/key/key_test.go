package key

import (
	"slices"
	"testing"
)

func TestNamesAndPlaces(t *testing.T) {
	for want, k := range map[string]Key{"A minor": 15, "C major": 16, "G# minor": 1, "B major": 2, "C# minor": 23, "E major": 24} {
		if k.String() != want {
			t.Errorf("place %d is %s, want %s", int(k), k, want)
		}
	}
	for k := Key(1); k <= Count; k++ {
		if got := New(k.Tonic(), k.Minor()); got != k {
			t.Errorf("the key on the tonic of %s is %s", k, got)
		}
		if got := New(k.Tonic()-24, k.Minor()); got != k {
			t.Errorf("two octaves below, the key on the tonic of %s is %s", k, got)
		}
		for _, text := range []string{k.String(), k.Short(), k.Camelot()} {
			if got, ok := Parse(text); !ok || got != k {
				t.Errorf("%q is read as %s, %v", text, got, ok)
			}
		}
	}
	if a, c := New(9, true), New(0, false); a.MajorTonic() != 0 || c.MajorTonic() != 0 || a.Camelot() != "8A" {
		t.Errorf("A minor has the notes of %d major, C major those of %d; A minor is %s", a.MajorTonic(), c.MajorTonic(), a.Camelot())
	}
	if none := Key(0); none.Valid() || none.String() != "" || none.Short() != "" || none.Camelot() != "" || none.Compatible() != nil {
		t.Errorf("no key is %q, %q and goes with %v", none, none.Camelot(), none.Compatible())
	}
}

func TestCompatible(t *testing.T) {
	var got []string
	for _, k := range New(9, true).Compatible() {
		got = append(got, k.String())
	}
	if want := []string{"A minor", "C major", "E minor", "D minor"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for a := Key(1); a <= Count; a++ {
		for b := Key(1); b <= Count; b++ {
			if slices.Contains(a.Compatible(), b) != slices.Contains(b.Compatible(), a) {
				t.Errorf("%s and %s do not agree", a, b)
			}
		}
	}
}

func TestTyped(t *testing.T) {
	for in, want := range map[string]string{
		"A minor": "A minor", "Am": "A minor", "am": "A minor", "a min": "A minor", "A-": "A minor", "A": "A major", "a": "A major", "AM": "A major",
		"F#": "F# major", "f#m": "F# minor", "Gb major": "F# major", "Bbm": "A# minor", "bb": "A# major", "Cb": "B major", "E♭ min": "D# minor",
		"8A": "A minor", "8b": "C major", "11A": "F# minor", "1A": "G# minor", "1B": "B major", "c_maj": "C major",
		"": "", "H": "", "kick": "", "13A": "", "0A": "", "Amx": "", "-": "", "+8A": "",
	} {
		got, ok := Typed(in)
		if got.String() != want || ok != (want != "") {
			t.Errorf("%q: %s, %v; want %q", in, got, ok, want)
		}
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"A": "A major", "Am": "A minor", "AM": "A major", "A min": "A minor", "A minor": "A minor", "a minor": "A minor", "Amin": "A minor", "AMIN": "A minor",
		"A-minor": "A minor", "A_minor": "A minor", "a-moll": "A minor", "C dur": "C major", "am": "A minor", "C Major": "C major", "Cmaj": "C major",
		"F#": "F# major", "F#m": "F# minor", "F#min": "F# minor", "F♯ minor": "F# minor", "F sharp minor": "F# minor", "Fsharp minor": "F# minor",
		"Gbmaj": "F# major", "Gb": "F# major", "G♭ major": "F# major", "Bb": "A# major", "Bbm": "A# minor", "B flat minor": "A# minor", "Bflat": "A# major",
		"Db": "C# major", "Eb": "D# major", "Ab": "G# major", "Abm": "G# minor", "Cb": "B major", "Fb": "E major", "E#": "F major", "B#": "C major", "bb minor": "A# minor",
		"8A": "A minor", "8B": "C major", "08A": "A minor", "1A": "G# minor", "1B": "B major", "12A": "C# minor", "12B": "E major", "5a": "C minor", "11A": "F# minor", "2B": "F# major",
		"1m": "A minor", "1d": "C major", "2m": "E minor", "4m": "F# minor", "12d": "F major", "7d": "F# major",
		"8A - Am": "A minor", "Am/8A": "A minor", "Am (8A)": "A minor", " F#m ": "F# minor", "Am, 8A": "A minor",

		"": "", "o": "", "a": "", "f#": "", "H": "", "H moll": "", "Am7": "", "Cmaj7": "", "D dorian": "", "13A": "", "0A": "", "8C": "", "unknown": "", "Amen": "",
		"C4": "", "A/B": "", "8A - Cm": "", "minor": "", "#": "", "All": "", "None": "", "Ambient": "", "AB": "",
	} {
		got, ok := Parse(in)
		if got.String() != want || ok != (want != "") {
			t.Errorf("%q: %s %v, want %q", in, got, ok, want)
		}
	}
}

// TestWheels: both wheels hold all 24 keys, and neighbours are a fifth apart.
func TestWheels(t *testing.T) {
	for _, letters := range []string{"AB", "md"} {
		seen := map[Key]bool{}
		for n := 1; n <= 12; n++ {
			for _, l := range letters {
				key, ok := Parse(string(rune('0'+n/10)) + string(rune('0'+n%10)) + string(l))
				if !ok || seen[key] {
					t.Errorf("%d%c: %s again", n, l, key)
				}
				seen[key] = true
			}
		}
		if len(seen) != 24 {
			t.Errorf("%s has %d keys", letters, len(seen))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"F# minor", "B flat min", "8A - Am", "12d", "♭♯#Ab♭m", "+8A"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, read := range []func(string) (Key, bool){Parse, Typed} {
			k, ok := read(s)
			if ok != k.Valid() {
				t.Fatalf("%q is read as %s, %v", s, k, ok)
			}
			if again, _ := read(k.String()); again != k {
				t.Fatalf("%q is read as %s, and that as %s", s, k, again)
			}
		}
	})
}
