package kit

import "slices"

// drumPad is a pad of the usual drum kit.
type drumPad struct {
	Role    string // "kick", "open hat"...
	Classes []string
	MIDI    []int // General MIDI notes (GM 1, percussion key map) that belong to it
	Longer  bool  // of a class, the longer sounds (open hat, ride)
	Low     bool  // of a class, the lower sounds
}

// drumPads is the drum kit on its usual pads, 1 to 16: what a hand finds first comes first, and
// pad 1 plays MIDI note 36, the kick of General MIDI.
var drumPads = [PadsPerBank]drumPad{
	{Role: "kick", Classes: []string{"kick"}, MIDI: []int{36}},
	{Role: "snare", Classes: []string{"snare"}, MIDI: []int{38}},
	{Role: "closed hat", Classes: []string{"hat"}, MIDI: []int{42, 44}},
	{Role: "open hat", Classes: []string{"hat"}, MIDI: []int{46}, Longer: true},
	{Role: "second kick", Classes: []string{"kick"}, MIDI: []int{35}},
	{Role: "second snare", Classes: []string{"snare"}, MIDI: []int{40}},
	{Role: "clap", Classes: []string{"clap", "snare"}, MIDI: []int{39}},
	{Role: "rim", Classes: []string{"percussion", "snare"}, MIDI: []int{37}},
	{Role: "low tom", Classes: []string{"tom", "percussion"}, MIDI: []int{41, 43, 45}, Low: true},
	{Role: "high tom", Classes: []string{"tom", "percussion"}, MIDI: []int{47, 48, 50}},
	{Role: "crash", Classes: []string{"cymbal", "hat"}, MIDI: []int{49, 52, 55, 57}, Longer: true},
	{Role: "ride", Classes: []string{"cymbal", "hat"}, MIDI: []int{51, 53, 59}},
	{Role: "cowbell or tambourine", Classes: []string{"percussion"}, MIDI: []int{54, 56, 58}},
	{Role: "conga or bongo", Classes: []string{"percussion", "tom"}, MIDI: []int{60, 61, 62, 63, 64, 65, 66, 67, 68}},
	{Role: "shaker", Classes: []string{"percussion", "hat"}, MIDI: []int{69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82}},
	{Role: "bass", Classes: []string{"bass", "tonal"}, Low: true},
}

// DrumPadOfMIDI is the pad, 1 to 16, on which a note of General MIDI's drum kit lies.
func DrumPadOfMIDI(note int) (pad int, ok bool) {
	for i, d := range drumPads {
		if slices.Contains(d.MIDI, note) {
			return i + 1, true
		}
	}
	return 0, false
}
