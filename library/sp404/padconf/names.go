package padconf

import "strconv"

// The device's numbers in words, as `card inspect` prints them. The place in a list is the
// number.
var (
	playModes  = []string{"forward", "reverse", "fwd_pingpong", "rev_pingpong"} // verified
	buses      = []string{"dry", "bus1", "bus2"}                                // verified
	varis      = []string{"off", "backing", "ensemble"}                         // verified
	chromatics = []string{"mono", "legato", "poly"}                             // verified
	// 0, 2, 4 and 7 verified; the rest inferred from the manual's order; 1 unknown.
	rolls = []string{"off", "", "1/4", "1/8", "1/16", "1/32", "1/64", "3/8", "3/16", "3/32", "3/64"}
	// A, B and J verified, the rest by analogy.
	groupNames = []string{"none", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J"}
)

func word(list []string, n uint32) string {
	if int64(n) < int64(len(list)) && list[n] != "" {
		return list[n]
	}
	return "unknown " + strconv.FormatUint(uint64(n), 10)
}

// PlayModeName is "forward", "reverse", "fwd_pingpong" or "rev_pingpong".
func (p Pad) PlayModeName() string { return word(playModes, p.PlayMode) }

// BusName is "dry", "bus1" or "bus2".
func (p Pad) BusName() string { return word(buses, p.Bus) }

// VariName is "off", "backing" or "ensemble".
func (p Pad) VariName() string { return word(varis, p.Vari) }

// ChromaticName is "mono", "legato" or "poly".
func (p Pad) ChromaticName() string { return word(chromatics, p.Chromatic) }

// RollName is "off" or a note value, "1/4" to "3/64".
func (p Pad) RollName() string { return word(rolls, p.Roll) }

// MuteGroupName is "none" or "A" to "J".
func (p Pad) MuteGroupName() string { return word(groupNames, p.MuteGroup) }

// PadLinkName is "none" or "A" to "J".
func (p Pad) PadLinkName() string { return word(groupNames, p.PadLink) }

// RollNumber is the device's number of a roll's name.
func RollNumber(name string) (uint32, bool) {
	for i, r := range rolls {
		if r == name && name != "" {
			return uint32(i), true
		}
	}
	return 0, false
}

// TempoSelectName is "project" or "bank".
func (p Project) TempoSelectName() string {
	if p.UseProject {
		return "project"
	}
	return "bank"
}
