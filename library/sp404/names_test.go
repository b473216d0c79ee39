package sp404

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNamesForTheCard(t *testing.T) {
	for in, want := range map[string]string{
		"kick":                       "01 kick",
		"Käse & Brot":                "01 Kase and Brot",
		"Straße":                     "01 Strasse",
		"déjà vu.final":              "01 deja vu_final",
		"Amen_165bpm_F#min":          "01 Amen_165bpm_Fsmin",
		"Ящик":                       "01 Yashchik",
		"日本":                         "01 sample",
		"":                           "01 sample",
		"..":                         "01 sample",
		"a/b\\c:d*e?f\"g<h>i|j":      "01 a_b_c_d_e_fg_h_i_j",
		"tab\tand  spaces ":          "01 tab and spaces",
		"ﬁne ½":                      "01 fine 1_2",
		"this name is much too long": "01 this name is much to",
		"ends in a stroke at 23 - x": "01 ends in a stroke at",
		"e\u0301tude":                "01 etude",
	} {
		if got := padFileName(1, in, false); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"con": "con kit", "LPT1": "LPT1 kit", "": "Kit", "PROJECT_01": "Kit PROJECT_01", "My Kit!": "My Kit", ".hidden": "hidden",
	} {
		if got := folderName(in); got != want {
			t.Errorf("kit %q becomes folder %q, want %q", in, got, want)
		}
	}
}

func TestNamesThatBeginAlikeStayApart(t *testing.T) {
	a, b := padFileName(6, "os-kick-stargate-freesound-kick-1", true), padFileName(7, "os-kick-stargate-freesound-kick-8", true)
	if a[3:] == b[3:] || a != "06 os-kic-esound-kick-1" {
		t.Errorf("%q and %q", a, b)
	}
	if len(a) > MaxName || len(b) > MaxName {
		t.Errorf("%q, %q are too long", a, b)
	}
}

func TestNoNameBreaksTheCard(t *testing.T) {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-"
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.String().Draw(t, "name")
		for _, out := range []string{padFileName(rapid.IntRange(1, 16).Draw(t, "pad"), in, rapid.Bool().Draw(t, "alike")), folderName(in), displayName(in, MaxName, rapid.Bool().Draw(t, "alike too"))} {
			if out == "" || len(out) > MaxName+len(" kit") || strings.Trim(out, allowed) != "" ||
				strings.HasSuffix(out, " ") || strings.HasSuffix(out, ".") || reserved(out) {
				t.Fatalf("%q becomes %q", in, out)
			}
		}
		taken := map[string]bool{}
		for range 12 {
			n := freeName(folderName(in), func(l string) bool { return taken[l] })
			if len(n) > MaxName+len(" kit") || taken[strings.ToLower(n)] {
				t.Fatalf("%q is taken or too long", n)
			}
			taken[strings.ToLower(n)] = true
		}
	})
}
