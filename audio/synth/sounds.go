package synth

import (
	"fmt"

	"sampleagent/audio/pcm"
)

// Sound is a rendered sound and the truth about it.
type Sound struct {
	Name   string // file name without extension; says tempo and key as producers' packs do
	Kind   string // "one-shot" or "loop"
	Class  string // of a one-shot: kick, snare, hat, clap, cymbal, tom, percussion, bass, tonal
	BPM    float64
	Beats  int
	Key    string    // "A minor"; "" when it has none
	Onsets []float64 // s, ascending for loops
	Audio  *pcm.Buffer
}

// OneShots renders the single hits at a rate in Hz.
func OneShots(rate int) []Sound {
	hit := func(name, class string, v voice) Sound {
		return Sound{Name: name, Kind: "one-shot", Class: class, Onsets: []float64{0}, Audio: shot(rate, v, -0.5)}
	}
	chord := func(notes ...float64) voice {
		t := newTrack(rate, 1.6, false)
		for i, n := range notes {
			t.add(keys(rate, n, 1.4, 1), float64(i)*0.004, 0.5, 0)
		}
		v := make(voice, len(t.left))
		for i := range v {
			v[i] = float32(t.left[i])
		}
		return v
	}
	return []Sound{
		hit("Cellar Kick", "kick", kick(rate, 29, 0.55, 3.2, 1.6)),
		hit("Felt Kick", "kick", kick(rate, 33, 0.32, 2.0, 1.1)),
		hit("Brick Kick", "kick", kick(rate, 31, 0.42, 5.0, 3.5)),
		hit("Long Sub Kick", "kick", kick(rate, 26, 1.1, 3.0, 1.2)),
		hit("Paper Snare", "snare", snare(rate, 55, 0.22, 2600, 41)),
		hit("Garage Snare", "snare", snare(rate, 52, 0.34, 1900, 42)),
		hit("Tight Snare", "snare", snare(rate, 59, 0.14, 3600, 43)),
		hit("Room Clap", "clap", clap(rate, 0.28, 51)),
		hit("Dry Clap", "clap", clap(rate, 0.12, 52)),
		hit("Closed Hat", "hat", hat(rate, 0.07, 1, 61)),
		hit("Crisp Hat", "hat", hat(rate, 0.045, 1.2, 62)),
		hit("Open Hat", "hat", hat(rate, 0.45, 1, 63)),
		hit("Ride Wash", "cymbal", ride(rate, 1.6, 71)),
		hit("Crash Bronze", "cymbal", crash(rate, 2.2, 73)),
		hit("Low Tom", "tom", tom(rate, 40, 0.6)),
		hit("High Tom", "tom", tom(rate, 50, 0.4)),
		hit("Oak Rim", "percussion", rim(rate)),
		hit("Tin Cowbell", "percussion", cowbell(rate)),
		hit("Sand Shaker", "percussion", shaker(rate, 0.16, 81)),
		hit("Round Bass C", "bass", bass(rate, 36, 0.8, 900)),
		hit("Growl Bass A", "bass", bass(rate, 33, 0.7, 2600)),
		hit("Tine Stab Am7", "tonal", chord(57, 60, 64, 67)),
		hit("Nylon Pluck E", "tonal", pluck(rate, 64, 1.4, 91)),
	}
}

// grid is a drum pattern, one string a voice, one character a sixteenth: x is a hit, o a soft
// one, anything else a rest.
type grid struct {
	voice   func(step int) voice
	pattern string
	gain    float64
	pan     float64
}

// drums renders a grid over bars of 4/4; swing delays every second sixteenth by that share of a
// sixteenth.
func drums(rate int, name string, bpm float64, bars int, swing float64, grids []grid) Sound {
	beat := 60 / bpm
	t := newTrack(rate, beat*4*float64(bars), true)
	for step := range 16 * bars {
		at := float64(step) * beat / 4
		if step%2 == 1 {
			at += swing * beat / 4
		}
		for _, g := range grids {
			switch g.pattern[step%len(g.pattern)] {
			case 'x':
				t.add(g.voice(step), at, g.gain, g.pan)
			case 'o':
				t.add(g.voice(step), at, g.gain*0.35, g.pan)
			}
		}
	}
	return t.loop(fmt.Sprintf("%s %gbpm", name, bpm), bpm, 4*bars, "", false)
}

// loop closes a track into a Sound.
func (t *Track) loop(name string, bpm float64, beats int, key string, mono bool) Sound {
	return Sound{Name: name, Kind: "loop", BPM: bpm, Beats: beats, Key: key, Onsets: t.distinctOnsets(), Audio: t.buffer(-1, mono)}
}

// distinctOnsets is when something began, once for voices that begin together.
func (t *Track) distinctOnsets() []float64 {
	var out []float64
	for _, at := range t.onsets {
		if len(out) == 0 || at > out[len(out)-1]+0.02 {
			out = append(out, at)
		}
	}
	return out
}

// fixed makes every step of a grid the same voice.
func fixed(v voice) func(int) voice { return func(int) voice { return v } }

// DrumLoops renders the drum loops at a rate in Hz.
func DrumLoops(rate int) []Sound {
	closed, open := fixed(hat(rate, 0.06, 1, 101)), fixed(hat(rate, 0.3, 1, 102))
	soft := fixed(kick(rate, 32, 0.34, 2.2, 1.3))
	hard := fixed(kick(rate, 30, 0.4, 4, 3))
	back := fixed(snare(rate, 54, 0.24, 2300, 103))
	return []Sound{
		drums(rate, "Attic Drums", 90, 2, 0.28, []grid{
			{soft, "x......x..x.....x......x.xx.....", 1, 0},
			{back, "....x..o.o..x.......x..o.o..x..o", 0.8, 0},
			{closed, "x.x.x.x.x.x.x.x.", 0.32, 0.25},
			{fixed(shaker(rate, 0.12, 104)), ".o.x.o.x.o.x.o.x", 0.25, -0.4},
		}),
		drums(rate, "Pier House", 124, 2, 0, []grid{
			{hard, "x...x...x...x...", 1, 0},
			{fixed(clap(rate, 0.24, 105)), "....x.......x...", 0.7, 0},
			{open, "..x...x...x...x.", 0.34, 0.15},
			{closed, "o.o.o.o.o.o.o.oo", 0.25, -0.2},
		}),
		drums(rate, "Half Moon Trap", 140, 2, 0, []grid{
			{fixed(kick(rate, 27, 0.8, 3, 2)), "x.....x.........x....x....x.....", 1, 0},
			{fixed(snare(rate, 56, 0.2, 3000, 106)), "........x...............x.......", 0.85, 0},
			{closed, "x.x.x.x.x.xxx.x.x.x.xxxxx.x.x.x.", 0.3, 0.2},
			{fixed(rim(rate)), "......x...x.........x.....x.....", 0.3, -0.35},
		}),
		drums(rate, "Canal Break", 172, 2, 0, []grid{
			{fixed(kick(rate, 34, 0.26, 2.5, 1.8)), "x.x.......xx....x.x.......x.....", 1, 0},
			{fixed(snare(rate, 58, 0.2, 2700, 107)), "....x..o.o..x..o....x..o.o....x.", 0.85, 0},
			{fixed(ride(rate, 0.5, 108)), "x.x.x.x.x.x.x.x.", 0.22, 0.3},
		}),
	}
}

// chord spells: MIDI notes of the demo's progressions, lowest first.
var (
	aMinor = [][]float64{{57, 60, 64, 67}, {53, 57, 60, 64}, {55, 59, 62, 67}, {52, 55, 59, 64}}
	cMajor = [][]float64{{60, 64, 67, 71}, {57, 60, 64, 67}, {53, 57, 60, 64}, {55, 59, 62, 65}}
	fsMin  = [][]float64{{54, 57, 61, 64}, {50, 54, 57, 61}, {57, 61, 64, 68}, {52, 56, 59, 64}}
	ebMaj  = [][]float64{{51, 55, 58, 62}, {56, 60, 63, 67}, {53, 56, 60, 63}, {58, 62, 65, 68}}
)

// TonalLoops renders the bass, chord and melody loops at a rate in Hz.
func TonalLoops(rate int) []Sound {
	return []Sound{
		chords(rate, "Velvet Keys", 90, "A minor", aMinor, []float64{0, 1.5, 2.5}, func(n, l float64) voice { return keys(rate, n, l, 1.1) }),
		chords(rate, "Window Pad", 100, "D# major", ebMaj, []float64{0}, func(n, l float64) voice { return pad(rate, n, l) }),
		chords(rate, "Glass Chords", 124, "F# minor", fsMin, []float64{0, 0.75, 1.5, 2.5, 3.25}, func(n, l float64) voice { return keys(rate, n+12, l, 2.2) }),
		line(rate, "Basement Bass", 90, "A minor", []float64{33, 0, 33, 36, 0, 33, 40, 0, 29, 0, 29, 33, 0, 36, 31, 0}, func(n, l float64) voice { return bass(rate, n, l, 800) }),
		line(rate, "Rubber Bass", 124, "F# minor", []float64{30, 0, 30, 42, 0, 30, 33, 30, 26, 0, 26, 38, 0, 28, 40, 28}, func(n, l float64) voice { return bass(rate, n, l, 2200) }),
		line(rate, "Porch Guitar", 84, "C major", []float64{60, 64, 67, 71, 72, 67, 64, 67, 57, 60, 64, 67, 69, 64, 60, 55}, func(n, l float64) voice { return pluck(rate, n, l*2.2, uint64(n)*7) }),
		line(rate, "Harbour Arp", 128, "C major", arpeggio(cMajor), func(n, l float64) voice { return keys(rate, n+12, l, 1.8) }),
	}
}

// arpeggio plays each chord up and down its four notes, eight eighths a chord.
func arpeggio(progression [][]float64) []float64 {
	var out []float64
	for _, c := range progression {
		for _, i := range []int{0, 1, 2, 3, 2, 1, 2, 3} {
			out = append(out, c[i])
		}
	}
	return out
}

// chords plays a progression, one chord for four beats, struck at the given beats of each.
func chords(rate int, name string, bpm float64, key string, progression [][]float64, hits []float64, voiceOf func(note, seconds float64) voice) Sound {
	beat := 60 / bpm
	t := newTrack(rate, beat*4*float64(len(progression)), true)
	for bar, notes := range progression {
		for i, hit := range hits {
			end := 4.0
			if i+1 < len(hits) {
				end = hits[i+1]
			}
			for v, n := range append([]float64{notes[0] - 12}, notes...) {
				t.add(voiceOf(n, (end-hit)*beat*0.92), (float64(4*bar)+hit)*beat, 0.4, 0.5*float64(v-2)/2)
			}
		}
	}
	return t.loop(fmt.Sprintf("%s %gbpm %s", name, bpm, shortKey(key)), bpm, 4*len(progression), key, false)
}

// line plays notes as eighths; 0 is a rest, and a note sounds until the next.
func line(rate int, name string, bpm float64, key string, notes []float64, voiceOf func(note, seconds float64) voice) Sound {
	eighth := 30 / bpm
	t := newTrack(rate, eighth*float64(len(notes)), true)
	for i, n := range notes {
		if n == 0 {
			continue
		}
		length := 1
		for i+length < len(notes) && notes[i+length] == 0 {
			length++
		}
		t.add(voiceOf(n, float64(length)*eighth*0.95), float64(i)*eighth, 0.6, 0)
	}
	return t.loop(fmt.Sprintf("%s %gbpm %s", name, bpm, shortKey(key)), bpm, len(notes)/2, key, true)
}

// shortKey spells "A minor" as packs do, "Am"; "D# major" as "D#".
func shortKey(key string) string {
	var tonic, mode string
	if _, err := fmt.Sscan(key, &tonic, &mode); err != nil {
		return key
	}
	if mode == "minor" {
		return tonic + "m"
	}
	return tonic + "maj"
}
