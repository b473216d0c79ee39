package codec

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"sampleagent/audio/key"
)

func newTags() Tags { return Tags{RootNote: -1} }

// The tempos that are believed when a file states them. Outside, it is a default, a counter or a
// slip of the pen.
const (
	minBPM = 20
	maxBPM = 999
)

// setBPM takes a stated tempo unless one of an earlier origin is there already.
func (t *Tags) setBPM(bpm float64, from Origin) {
	if t.BPM == 0 && bpm >= minBPM && bpm <= maxBPM {
		t.BPM, t.BPMOrigin = bpm, from
	}
}

func (t *Tags) setKey(text string, from Origin) {
	if t.Key != "" {
		return
	}
	if k, ok := key.Parse(text); ok {
		t.Key, t.KeyOrigin = k.String(), from
	}
}

// FillFromName takes from the file's name what the file itself does not say of tempo and key.
func (t *Tags) FillFromName(path string) {
	if t.BPM > 0 && t.Key != "" {
		return
	}
	bpm, name := ParseName(path)
	t.setBPM(bpm, FromName)
	if t.Key == "" && name != "" {
		t.Key, t.KeyOrigin = name, FromName
	}
}

// text sets one of the plain fields by a name that all tag systems are mapped to.
func (t *Tags) text(field, value string) {
	value = clean(value)
	if value == "" {
		return
	}
	var to *string
	switch field {
	case "title":
		to = &t.Title
	case "artist":
		to = &t.Artist
	case "album":
		to = &t.Album
	case "genre":
		to = &t.Genre
	case "comment":
		to = &t.Comment
	case "date":
		to = &t.Date
	case "bpm":
		t.setBPM(parseBPM(value), FromTag)
		return
	case "key":
		t.setKey(value, FromTag)
		return
	default:
		return
	}
	if *to == "" {
		*to = value
	}
}

// parseBPM reads "120", "120.50", "120,5" and "120 BPM"; 0 when it is not a number.
func parseBPM(s string) float64 {
	s = strings.TrimSpace(strings.ToLower(s))
	s = strings.TrimSpace(strings.TrimSuffix(s, "bpm"))
	f, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// maxText is the longest text kept of a tag, in bytes.
const maxText = 4 << 10

// clean makes tag text fit to show: valid UTF-8, no control characters, no margins.
func clean(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || r == '\uFEFF' {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// cString is b up to its first zero; bytes that are not UTF-8 are read as Windows-1252, which
// is what old chunks hold.
func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	return latin(b)
}

func latin(b []byte) string {
	if len(b) > maxText {
		b = b[:maxText]
		for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) {
			b = b[:len(b)-1]
		}
	}
	if utf8.Valid(b) {
		return string(b)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return ""
	}
	return string(s)
}
