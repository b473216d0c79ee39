package catalog

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestNameKeySortsAsPeopleDo(t *testing.T) {
	want := []string{"Kick", "kick 1", "Kick 2", "KICK 9", "Kick 10", "kick 100 a", "Kick 4000000000", "Kück", "snare"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b string) int {
		switch ka, kb := NameKey(a), NameKey(b); {
		case ka < kb:
			return -1
		case ka > kb:
			return 1
		}
		return 0
	})
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestNumbersSortByValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64Range(0, 1<<53).Draw(t, "a"), rapid.Uint64Range(0, 1<<53).Draw(t, "b")
		ka, kb := NameKey("x"+itoa(a)+"y"), NameKey("x"+itoa(b)+"y")
		if (a < b) != (ka < kb) {
			t.Fatalf("%d and %d sort as %q and %q", a, b, ka, kb)
		}
	})
}

func itoa(n uint64) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

func TestHiddenWords(t *testing.T) {
	for in, want := range map[string]string{"KickPunchy808.wav": "Kick Punchy 808.wav", "kick.wav": "", "165bpm": "165 bpm"} {
		if got := hiddenWords(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNamesAreShownInOneLine(t *testing.T) {
	for path, want := range map[string]string{
		"/a/new\nline\tin.wav": "new line in.wav", "/a/latin1-\xe9t\xe9.wav": "latin1-�t�.wav", "/a/ Kick 日本.wav": " Kick 日本.wav", "/a/bell\x07\x7f\u0085.wav": "bell   .wav", "/a/\u202egnp.wav": "gnp.wav",
	} {
		if got := displayName(path); got != want {
			t.Errorf("%q is shown as %q, want %q", path, got, want)
		}
	}
}
