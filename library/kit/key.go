package kit

import "sampleagent/audio/key"

// keyMatch says how well two keys ("A minor", "F# major") go together: 1 for the same, less for
// the relative, the parallel fifths and fourths, 0 for what clashes or is not known.
func keyMatch(one, other string) (score float64, reason string) {
	a, ok := key.Parse(one)
	b, ok2 := key.Parse(other)
	if !ok || !ok2 {
		return 0, ""
	}
	if a == b {
		return 1, "same key"
	}
	switch (a.MajorTonic() - b.MajorTonic() + 12) % 12 {
	case 0:
		return 0.9, "relative key"
	case 5, 7:
		if a.Minor() == b.Minor() {
			return 0.7, "a fifth away"
		}
		return 0.5, "a fifth away, other mode"
	}
	return 0, ""
}
