package codec

import (
	"strconv"
	"strings"
)

// The twelve tonics as the program writes them.
var tonics = [12]string{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}

var naturals = map[byte]int{'C': 0, 'D': 2, 'E': 4, 'F': 5, 'G': 7, 'A': 9, 'B': 11}

// modes are the words for major and minor. Church modes are missing on purpose: D dorian is
// neither D minor nor D major.
var modes = map[string]string{
	"maj": "major", "major": "major", "dur": "major", "ionian": "major", "majeur": "major", "maggiore": "major",
	"min": "minor", "minor": "minor", "moll": "minor", "aeolian": "minor", "mineur": "minor", "minore": "minor",
}

// ParseKey reads a key as tags hold it and writes it as "F# minor" or "C major", always with
// sharps. It knows plain names (A, Am, AM, A min, a-minor, Bbmaj, F♯ minor, B flat minor),
// Camelot (8A) and Open Key (1m). It says false for whatever is not one of the 24 keys, such as
// chords, modes and "o", which is ID3 for off key.
func ParseKey(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) == 0 || len(s) > 40 {
		return "", false
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
	return "", false
}

func agree(a, b string) (string, bool) {
	ka, ok := parseOneKey(strings.TrimSpace(a))
	kb, okB := parseOneKey(strings.TrimSpace(b))
	if !ok || !okB || ka != kb {
		return "", false
	}
	return ka, true
}

func parseOneKey(s string) (string, bool) {
	if key, ok := wheelKey(s); ok {
		return key, true
	}
	tonic, rest, ok := cutTonic(s)
	if !ok {
		return "", false
	}
	rest = strings.Trim(rest, " -_")
	switch rest {
	case "":
		// A lone small letter may mean minor, major or nothing.
		if s[0] >= 'a' {
			return "", false
		}
		return tonics[tonic] + " major", true
	case "m":
		return tonics[tonic] + " minor", true
	case "M":
		return tonics[tonic] + " major", true
	}
	if mode, ok := modes[strings.TrimSuffix(strings.ToLower(rest), ".")]; ok {
		return tonics[tonic] + " " + mode, true
	}
	return "", false
}

// cutTonic takes a letter and its accidental off the front of s.
func cutTonic(s string) (tonic int, rest string, ok bool) {
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
func wheelKey(s string) (string, bool) {
	if len(s) < 2 || len(s) > 3 {
		return "", false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 1 || n > 12 {
		return "", false
	}
	switch s[len(s)-1] {
	case 'A', 'a':
		return tonics[(9+7*(n-8)+84)%12] + " minor", true
	case 'B', 'b':
		return tonics[(7*(n-8)+84)%12] + " major", true
	case 'm':
		return tonics[(9+7*(n-1))%12] + " minor", true
	case 'd':
		return tonics[(7*(n-1))%12] + " major", true
	}
	return "", false
}
