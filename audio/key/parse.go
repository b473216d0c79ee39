package key

import (
	"strconv"
	"strings"
)

var naturals = map[byte]int{'C': 0, 'D': 2, 'E': 4, 'F': 5, 'G': 7, 'A': 9, 'B': 11}

// modes says of the words for major and minor whether they mean minor. Church modes are missing
// on purpose: D dorian is neither D minor nor D major.
var modes = map[string]bool{
	"maj": false, "major": false, "dur": false, "ionian": false, "majeur": false, "maggiore": false,
	"min": true, "minor": true, "moll": true, "aeolian": true, "mineur": true, "minore": true,
}

// Mode says whether a word means minor; ok is false where it means neither major nor minor.
func Mode(word string) (minor, ok bool) {
	minor, ok = modes[strings.ToLower(word)]
	return minor, ok
}

// Parse reads a key as the tags of files hold it. It knows plain names (A, Am, AM, A min, a-minor,
// Bbmaj, F♯ minor, B flat minor), Camelot (8A) and Open Key (1m). It says false for whatever is
// not one of the 24 keys, such as chords, modes and "o", which is ID3 for off key.
func Parse(s string) (Key, bool) {
	s = strings.TrimSpace(s)
	if len(s) == 0 || len(s) > 40 {
		return 0, false
	}
	if key, ok := parseOneKey(s); ok {
		return key, true
	}
	// "8A - Am", "Am / 8A", "Am (8A)": two spellings of one key.
	if i := strings.IndexAny(s, "/|,;("); i > 0 {
		return agree(s[:i], strings.Trim(s[i+1:], ") "))
	}
	if a, b, ok := strings.Cut(s, " - "); ok {
		return agree(a, b)
	}
	return 0, false
}

func agree(a, b string) (Key, bool) {
	ka, ok := parseOneKey(strings.TrimSpace(a))
	kb, okB := parseOneKey(strings.TrimSpace(b))
	if !ok || !okB || ka != kb {
		return 0, false
	}
	return ka, true
}

func parseOneKey(s string) (Key, bool) {
	if key, ok := wheelKey(s); ok {
		return key, true
	}
	tonic, rest, ok := CutTonic(s)
	if !ok {
		return 0, false
	}
	rest = strings.Trim(rest, " -_")
	switch rest {
	case "":
		// A lone small letter may mean minor, major or nothing.
		if s[0] >= 'a' {
			return 0, false
		}
		return New(tonic, false), true
	case "m":
		return New(tonic, true), true
	case "M":
		return New(tonic, false), true
	}
	if minor, ok := Mode(strings.TrimSuffix(rest, ".")); ok {
		return New(tonic, minor), true
	}
	return 0, false
}

// CutTonic takes a letter and its accidental off the front of s; tonic is 0 to 11 from C.
func CutTonic(s string) (tonic int, rest string, ok bool) {
	if s == "" {
		return 0, "", false
	}
	tonic, ok = naturals[s[0]&^0x20]
	if !ok {
		return 0, "", false
	}
	rest = s[1:]
	lower := strings.ToLower(rest)
	for _, a := range [...]struct {
		text string
		move int
	}{{"#", 1}, {"♯", 1}, {"♭", -1}, {" sharp", 1}, {"-sharp", 1}, {"_sharp", 1}, {"sharp", 1}, {" flat", -1}, {"-flat", -1}, {"_flat", -1}, {"flat", -1}, {"b", -1}} {
		if strings.HasPrefix(lower, a.text) {
			if a.text == "b" && rest[0] == 'B' {
				continue // "AB" is not A flat
			}
			return (tonic + a.move + 12) % 12, rest[len(a.text):], true
		}
	}
	return tonic, rest, true
}

// wheelKey reads Camelot (1A to 12B, 8A is A minor, 8B is C major) and Open Key (1m to 12d, 1m
// is A minor, 1d is C major). Each step is a fifth up.
func wheelKey(s string) (Key, bool) {
	if len(s) < 2 || len(s) > 3 {
		return 0, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 1 || n > 12 || s[0] == '+' {
		return 0, false
	}
	switch s[len(s)-1] {
	case 'A', 'a':
		return Key(2*n - 1), true
	case 'B', 'b':
		return Key(2 * n), true
	case 'm':
		return New(9+7*(n-1), true), true
	case 'd':
		return New(7*(n-1), false), true
	}
	return 0, false
}
