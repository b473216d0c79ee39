// Package fake makes samples that never were, for tests and benchmarks of the screens: any
// number of them, always the same for the same number.
package fake

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
)

var kinds = []struct {
	class string
	kind  analysis.Kind
	tonal bool
	words []string
}{
	{"kick", analysis.OneShot, false, []string{"Kick", "BD"}},
	{"snare", analysis.OneShot, false, []string{"Snare", "SD"}},
	{"hat", analysis.OneShot, false, []string{"Hat", "HH Closed", "Open Hat"}},
	{"clap", analysis.OneShot, false, []string{"Clap"}},
	{"percussion", analysis.OneShot, false, []string{"Shaker", "Conga", "Rim"}},
	{"bass", analysis.OneShot, true, []string{"Bass", "Sub"}},
	{"drums", analysis.LoopKind, false, []string{"Break", "Drum Loop", "Amen Chop"}},
	{"chords", analysis.LoopKind, true, []string{"Rhodes", "Chords", "Keys"}},
	{"melody", analysis.LoopKind, true, []string{"Flute", "Lead", "Melody"}},
	{"bass", analysis.LoopKind, true, []string{"Bassline"}},
}

var (
	moods = []string{"Dusty", "Warm", "Crunchy", "Soft", "Punchy", "Late", "Velvet", "Tape", "Broken", "Golden"}
	tags  = []string{"dusty", "lo-fi", "vinyl", "punchy", "dark", "bright", "acoustic", "jazz"}
	roots = []string{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}
)

// Sample is the sample of row r.
func Sample(r catalog.Row) catalog.Sample {
	rnd := rand.New(rand.NewPCG(uint64(r), 404))
	k := kinds[rnd.IntN(len(kinds))]
	s := catalog.Sample{
		Row: r, ID: fmt.Sprintf("s%06d", r), State: catalog.Analysed, Kind: k.kind, Class: k.class, ClassConf: 0.5 + rnd.Float64()/2,
		Format: "wav", Rate: 44100, Channels: 2, BitDepth: 24, Size: 200_000 + rnd.Int64N(3_000_000),
		AddedAt: time.Date(2026, 1, 1, 0, 0, int(r%86400), 0, time.UTC), Favourite: rnd.IntN(9) == 0, Rating: rnd.IntN(6),
		Duration: 0.15 + rnd.Float64()*1.4,
	}
	s.Name = fmt.Sprintf("%s %s %02d", moods[rnd.IntN(len(moods))], k.words[rnd.IntN(len(k.words))], rnd.IntN(60)+1)
	if k.kind == analysis.LoopKind {
		s.BPM = 70 + float64(rnd.IntN(100))
		s.BPMConf, s.BPMSource, s.Beats = 0.5+rnd.Float64()/2, analysis.FromSound, 8
		s.Duration = 8 * 60 / s.BPM
	}
	if k.tonal {
		s.Key = roots[rnd.IntN(12)] + []string{" major", " minor"}[rnd.IntN(2)]
		s.KeyConf, s.KeySource = 0.4+rnd.Float64()*0.6, analysis.FromSound
	}
	for range rnd.IntN(3) {
		s.Tags = append(s.Tags, tags[rnd.IntN(len(tags))])
	}
	s.Path = "/Samples/" + k.class + "/" + s.Name + ".wav"
	s.Overview = Overview(rnd, k.kind == analysis.LoopKind)
	return s
}

// Overview draws a plausible small waveform: one decay, or eight hits.
func Overview(rnd *rand.Rand, loop bool) []byte {
	const n = 100
	o := make([]byte, 2*n)
	for i := range n {
		t := float64(i) / n
		level := math.Exp(-5 * t)
		if loop {
			level = math.Exp(-4*math.Mod(t*8, 1)) * (0.5 + 0.5*math.Mod(math.Floor(t*8)*0.61, 1))
		}
		o[2*i] = byte(int8(-127 * level * (0.7 + 0.3*rnd.Float64())))
		o[2*i+1] = byte(int8(127 * level * (0.7 + 0.3*rnd.Float64())))
	}
	return o
}
