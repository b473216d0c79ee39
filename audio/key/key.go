// Package key is the 24 major and minor keys of music: their names, the ways people and files
// spell them, their places on the wheel of fifths, and which of them go together.
//
// It is theory and text. It must never know a sound, a database or a query.
package key

import (
	"strconv"
	"strings"
)

// Key is one of the 24 keys, as its place on the wheel of fifths in Camelot's order: 1A, 1B, 2A,
// ... 12B are 1 to 24, so that odd is minor and even major, and the keys of one hour have the same
// notes. The zero value is no key. Libraries store these numbers.
type Key int

// Count is how many keys there are; they are 1 to Count.
const Count = 24

// Notes are the twelve pitch classes from C, written with sharps.
var Notes = [12]string{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}

// New is the key on a tonic, 0 to 11 from C. Tonics beyond an octave count within it.
func New(tonic int, minor bool) Key {
	if minor {
		tonic += 3 // the major key with the same notes
	}
	// Each hour is a fifth up, seven semitones, and seven is its own inverse modulo 12. B is at 1.
	hour := Key(((tonic-11)*7%12 + 12) % 12)
	if minor {
		return 2*hour + 1
	}
	return 2*hour + 2
}

// Valid says that k is one of the keys.
func (k Key) Valid() bool { return k >= 1 && k <= Count }

// Minor says whether the key is minor.
func (k Key) Minor() bool { return k%2 == 1 }

// Tonic is the pitch class that the key is named after, 0 to 11 from C.
func (k Key) Tonic() int {
	major := k.MajorTonic()
	if k.Minor() {
		return (major + 9) % 12
	}
	return major
}

// MajorTonic is the tonic of the major key with the same notes: 0 for both C major and A minor.
func (k Key) MajorTonic() int { return (11 + 7*((int(k)+1)/2-1)) % 12 }

// String is the key as "A minor" or "F# major", with sharps; "" for no key.
func (k Key) String() string {
	switch {
	case !k.Valid():
		return ""
	case k.Minor():
		return Notes[k.Tonic()] + " minor"
	}
	return Notes[k.Tonic()] + " major"
}

// Short is the key as musicians jot it down: "Am", "F#"; "" for no key.
func (k Key) Short() string {
	switch {
	case !k.Valid():
		return ""
	case k.Minor():
		return Notes[k.Tonic()] + "m"
	}
	return Notes[k.Tonic()]
}

// Camelot is the key's place on the wheel as DJs write it: "8A" for A minor; "" for no key.
func (k Key) Camelot() string {
	switch {
	case !k.Valid():
		return ""
	case k.Minor():
		return strconv.Itoa(int(k+1)/2) + "A"
	}
	return strconv.Itoa(int(k+1)/2) + "B"
}

// Compatible lists the keys that mix with k: itself, its relative, and its neighbours a fifth up
// and a fifth down. No key has none.
func (k Key) Compatible() []Key {
	if !k.Valid() {
		return nil
	}
	i := k - 1
	return []Key{k, (i ^ 1) + 1, (i+2)%Count + 1, (i+Count-2)%Count + 1}
}

// Typed reads a key as a person types it: as Parse does, and a lone letter of either case is a
// major key, a minus after the tonic a minor one ("A-").
func Typed(s string) (Key, bool) {
	s = strings.TrimSpace(s)
	if tonic, minus := strings.CutSuffix(s, "-"); minus {
		s = tonic + "m"
	}
	if s != "" {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return Parse(s)
}
