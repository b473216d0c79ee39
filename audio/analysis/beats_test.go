package analysis

import (
	"context"
	"math"
	"testing"

	"sampleagent/audio/analysis/internal/labset"
	"sampleagent/audio/pcm"
	"sampleagent/audio/synth"
)

// The labelled loops are all cut on the beat: the grid of what is heard at the right tempo begins at
// their start.
func TestGridBeginsWhereTheLoopBegins(t *testing.T) {
	dir, err := labset.Find()
	if err != nil {
		t.Skip(err)
	}
	items, err := labset.Load(dir)
	if err != nil {
		t.Skip(err)
	}
	right, of, k := 0, 0, 0
	for _, it := range items {
		if it.Kind != "loop" {
			continue
		}
		if k++; k%4 != 0 {
			continue
		}
		b, err := it.Read()
		if err != nil {
			t.Fatal(err)
		}
		r := mustAnalyze(t, b)
		if r.BPM == nil || math.Abs(*r.BPM/it.BPM-1) > 0.04 {
			continue
		}
		of++
		beat := 60 / *r.BPM
		if d := math.Abs(math.Remainder(r.Beats[0], beat)); d < 0.1*beat {
			right++
		}
	}
	t.Logf("%d of %d grids begin within a tenth of a beat of the loop's start", right, of)
	if right < of*90/100 {
		t.Errorf("%d of %d grids begin at the loop's start", right, of)
	}
}

// Silence before the first beat moves the grid, also when the whole is still some number of beats long.
func TestGridFollowsALateStart(t *testing.T) {
	loop := clicks(44100, 120, 8)
	lead := make([]float32, 44100/8*2) // half a beat
	late := &pcm.Buffer{Rate: 44100, Channels: 1, Samples: append(lead, loop.Samples[:len(loop.Samples)-len(lead)]...)}
	r := mustAnalyze(t, late)
	if r.BPM == nil || math.Abs(*r.BPM-120) > 0.5 {
		t.Fatalf("tempo %v", value(r.BPM))
	}
	if d := math.Abs(math.Remainder(r.Beats[0]-0.25, 0.5)); d > 0.003 {
		t.Errorf("the first beat is at %.3f s, the first click at 0.25 s", r.Beats[0])
	}
}

// A loop with silence before it, which no longer is a whole number of beats: the grid lies where the drums do.
func TestGridFollowsTheDrums(t *testing.T) {
	if raced {
		t.Skip("rendering is slow under the race detector, and one sound after the other cannot race")
	}
	const lead = 0.1773 // s
	for _, s := range synth.DrumLoops(44100) {
		silence := make([]float32, int(math.Round(lead*44100))*s.Audio.Channels)
		r := mustAnalyze(t, &pcm.Buffer{Rate: 44100, Channels: s.Audio.Channels, Samples: append(silence, s.Audio.Samples...)})
		if r.BPM == nil || math.Abs(*r.BPM/s.BPM-1) > 0.01 {
			t.Errorf("%s: tempo %v", s.Name, value(r.BPM))
			continue
		}
		if off := math.Remainder(r.Beats[0]-lead, 60 / *r.BPM); math.Abs(off) > 0.01 {
			t.Errorf("%s: the grid lies %.1f ms beside the drums", s.Name, 1000*off)
		}
	}
}

// The bundled demo loops begin on the beat, and what they are is known: none of them was learned from.
func TestTheDemoLoopsAreHeard(t *testing.T) {
	if raced {
		t.Skip("rendering is slow under the race detector, and one sound after the other cannot race")
	}
	keys, of := 0, 0
	for _, s := range append(synth.DrumLoops(44100), synth.TonalLoops(44100)...) {
		r := mustAnalyze(t, s.Audio)
		if r.BPM == nil || math.Abs(*r.BPM-s.BPM) > 0.1 {
			t.Errorf("%s: tempo %v", s.Name, value(r.BPM))
			continue
		}
		if beat := 60 / *r.BPM; math.Abs(math.Remainder(r.Beats[0], beat)) > 0.05*beat {
			t.Errorf("%s: the first beat is at %.3f s", s.Name, r.Beats[0])
		}
		if len(r.Beats) != s.Beats {
			t.Errorf("%s: %d beats, not %d", s.Name, len(r.Beats), s.Beats)
		}
		if r.Kind != LoopKind {
			t.Errorf("%s: heard as %s", s.Name, r.Kind)
		}
		if s.Key == "" && r.Key != nil {
			t.Errorf("%s: heard in %s", s.Name, *r.Key)
		}
		if s.Key != "" {
			of++
			if r.Key != nil && *r.Key == s.Key {
				keys++
			}
		}
	}
	t.Logf("%d of %d keys are right", keys, of)
	if keys < of-1 {
		t.Errorf("%d of %d keys are right", keys, of)
	}
}

// What speaks for another metre: clicks that divide the heard beat in three lie off its quarters, those that
// divide it in four off its thirds.
func TestThirdsAndQuartersOfABeatAreTold(t *testing.T) {
	for parts, nearer := range map[float64]int{3: offThirds, 4: offQuarters} {
		const beat = 75
		e, err := Notice(context.Background(), clicks(44100, beat*parts, 8))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, c := range e.Tempo {
			if math.Abs(c.BPM/beat-1) > 0.01 {
				continue
			}
			found = true
			if other := offThirds + offQuarters - nearer; c.Features[nearer] > 0.1 || c.Features[other] < 0.2 {
				t.Errorf("%g clicks a beat lie %.2f from quarters and %.2f from thirds", parts, c.Features[offQuarters], c.Features[offThirds])
			}
		}
		if !found {
			t.Errorf("%g clicks a beat: %d BPM is not proposed", parts, beat)
		}
	}
}
