package dsp

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"

	"sampleagent/audio/pcm"
)

// Who resamples, stretches or reads between samples at the same time as others gets what he gets
// alone. Those at once come first, so that run alone they also make the tables that all share
// (see the Makefile).
func TestSameSamplesForAllAtOnce(t *testing.T) {
	const rate = 44100
	x := chord(rate, rate/4, 110, 880)
	work := func() (out [][]float32) {
		keep := func(b *pcm.Buffer, err error) {
			if err != nil {
				t.Error(err)
				return
			}
			out = append(out, b.Samples)
		}
		for _, p := range ratePairs {
			keep(Resample(context.Background(), &pcm.Buffer{Rate: p[0], Channels: 1, Samples: x}, p[1]))
		}
		keep(StretchShift(context.Background(), &pcm.Buffer{Rate: rate, Channels: 1, Samples: x}, 1.25, 100))
		for _, step := range []float64{0.5, 1.5, 2} {
			out = append(out, readAt(x, step))
		}
		return out
	}
	got := make([][][]float32, 2*runtime.NumCPU())
	var all sync.WaitGroup
	for w := range got {
		all.Go(func() { got[w] = work() })
	}
	all.Wait()
	want := work()
	for w, g := range got {
		if !slices.EqualFunc(g, want, slices.Equal[[]float32]) {
			t.Errorf("goroutine %d got other samples than one alone", w)
		}
	}
}
