package analysis

import (
	"context"
	"math"
	"testing"

	"sampleagent/audio/pcm"
)

// clicks is a buffer with a short burst at every beat.
func clicks(rate int, bpm, seconds float64) *pcm.Buffer {
	b := &pcm.Buffer{Rate: rate, Channels: 1, Samples: make([]float32, int(seconds*float64(rate)))}
	for t := 0.0; t < seconds; t += 60 / bpm {
		for i := range rate / 50 {
			k := int(t*float64(rate)) + i
			if k < len(b.Samples) {
				b.Samples[k] += float32(0.8 * math.Exp(-float64(i)/float64(rate)*200) * math.Sin(float64(i)*0.9))
			}
		}
	}
	return b
}

func TestClicksHaveTheirTempo(t *testing.T) {
	for _, bpm := range []float64{80, 97.5, 120, 133} {
		r, err := Analyze(context.Background(), clicks(44100, bpm, 8))
		if err != nil {
			t.Fatal(err)
		}
		if r.BPM == nil || math.Abs(*r.BPM-bpm) > 0.5 {
			t.Errorf("%g BPM: got %v, candidates %v", bpm, r.BPM, r.BPMCandidates)
		}
	}
}
