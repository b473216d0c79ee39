package kit

import (
	"slices"
	"strings"
	"unicode"
)

// drumPad is a pad of the usual drum kit.
type drumPad struct {
	Role    string // "kick", "open hat"...
	Classes []string
	MIDI    []int    // General MIDI notes (GM 1, percussion key map) that belong to it
	Longer  bool     // of a class, the longer sounds (open hat, ride)
	Low     bool     // of a class, the lower sounds
	Names   []string // what sounds for it are called, each a word or several in any order
}

// drumPads is the drum kit on its usual pads, 1 to 16: what a hand finds first comes first, and
// pad 1 plays MIDI note 36, the kick of General MIDI.
var drumPads = [PadsPerBank]drumPad{
	{Role: "kick", Classes: []string{"kick"}, MIDI: []int{36}},
	{Role: "snare", Classes: []string{"snare"}, MIDI: []int{38}},
	{Role: "closed hat", Classes: []string{"hat"}, MIDI: []int{42, 44}, Names: []string{"closed hat", "closed hihat", "chh"}},
	{Role: "open hat", Classes: []string{"hat"}, MIDI: []int{46}, Longer: true, Names: []string{"open hat", "open hihat", "ohh"}},
	{Role: "second kick", Classes: []string{"kick"}, MIDI: []int{35}},
	{Role: "second snare", Classes: []string{"snare"}, MIDI: []int{40}},
	{Role: "clap", Classes: []string{"clap", "snare"}, MIDI: []int{39}},
	{Role: "rim", Classes: []string{"percussion", "snare"}, MIDI: []int{37}, Names: []string{"rim", "rimshot", "sidestick", "side stick"}},
	{Role: "low tom", Classes: []string{"tom", "percussion"}, MIDI: []int{41, 43, 45}, Low: true, Names: []string{"low tom", "lo tom", "floor tom"}},
	{Role: "high tom", Classes: []string{"tom", "percussion"}, MIDI: []int{47, 48, 50}, Names: []string{"high tom", "hi tom", "rack tom"}},
	{Role: "crash", Classes: []string{"cymbal", "hat"}, MIDI: []int{49, 52, 55, 57}, Longer: true, Names: []string{"crash"}},
	{Role: "ride", Classes: []string{"cymbal", "hat"}, MIDI: []int{51, 53, 59}, Names: []string{"ride"}},
	{Role: "cowbell or tambourine", Classes: []string{"percussion"}, MIDI: []int{54, 56, 58}, Names: []string{"cowbell", "cow bell", "tambourine", "tamb"}},
	{Role: "conga or bongo", Classes: []string{"percussion", "tom"}, MIDI: []int{60, 61, 62, 63, 64, 65, 66, 67, 68}, Names: []string{"conga", "bongo", "timbale"}},
	{Role: "shaker", Classes: []string{"percussion", "hat"}, MIDI: []int{69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82}, Names: []string{"shaker", "maraca", "cabasa", "clave", "guiro", "woodblock", "triangle"}},
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

// padOfName is the pad, from 0, after which a sound is named: "Sand_Shaker-03" is a shaker. A "Crash
// Kit Kick" that is heard as a kick is named after its kit, not after the crash's pad.
func padOfName(name, class string) (pad int, ok bool) {
	said := wordsOf(name)
	for i, d := range drumPads {
		for _, n := range d.Names {
			if slices.ContainsFunc(strings.Fields(n), func(w string) bool { return !slices.Contains(said, w) }) {
				continue
			}
			return i, slices.Contains(d.Classes, class) || !slices.Contains(said, class)
		}
	}
	return 0, false
}

// wordsOf are the words of a name in small letters and without a plural's s: "OpenHats_02" has
// "open" and "hat".
func wordsOf(name string) []string {
	var b strings.Builder
	small := false
	for _, r := range name {
		if small && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		small = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	words := strings.FieldsFunc(b.String(), func(r rune) bool { return !unicode.IsLetter(r) })
	for i, w := range words {
		words[i] = strings.TrimSuffix(w, "s")
	}
	return words
}
