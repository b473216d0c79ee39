package kit

import (
	"slices"
	"strings"
)

var pitchClasses = []string{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}

// keyMatch says how well two keys ("A minor", "F# major") go together: 1 for the same, less for
// the relative, the parallel fifths and fourths, 0 for what clashes or is not known.
func keyMatch(a, b string) (score float64, reason string) {
	pa, minorA, ok := parseKey(a)
	pb, minorB, ok2 := parseKey(b)
	if !ok || !ok2 {
		return 0, ""
	}
	if pa == pb && minorA == minorB {
		return 1, "same key"
	}
	// The major keys with the same notes stand for both modes.
	ra, rb := pa, pb
	if minorA {
		ra = (pa + 3) % 12
	}
	if minorB {
		rb = (pb + 3) % 12
	}
	switch (ra - rb + 12) % 12 {
	case 0:
		return 0.9, "relative key"
	case 5, 7:
		if minorA == minorB {
			return 0.7, "a fifth away"
		}
		return 0.5, "a fifth away, other mode"
	}
	return 0, ""
}

func parseKey(s string) (pitch int, minor, ok bool) {
	name, mode, found := strings.Cut(s, " ")
	pitch = slices.Index(pitchClasses, name)
	return pitch, mode == "minor", found && pitch >= 0 && (mode == "minor" || mode == "major")
}
