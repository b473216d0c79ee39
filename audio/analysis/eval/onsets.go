package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"sampleagent/audio/analysis"
	"sampleagent/audio/synth"
)

// onsetTolerance is MIREX's: an onset within 50 ms is found.
const onsetTolerance = 0.05

// onsetScore counts true, missed and false onsets.
type onsetScore struct {
	hits, truth, heard int
	off                float64 // s, sum of distances of the hits
}

func (o onsetScore) f() float64 {
	if o.truth+o.heard == 0 {
		return math.NaN()
	}
	return 2 * float64(o.hits) / float64(o.truth+o.heard)
}

func (o *onsetScore) add(truth, heard []float64) {
	o.truth += len(truth)
	o.heard += len(heard)
	i := 0
	for _, t := range truth {
		for i < len(heard) && heard[i] < t-onsetTolerance {
			i++
		}
		if i < len(heard) && heard[i] <= t+onsetTolerance {
			o.hits++
			o.off += math.Abs(heard[i] - t)
			i++
		}
	}
}

// merge joins notes that begin within 30 ms: an ear hears them as one.
func merge(x []float64) []float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	var y []float64
	for _, t := range x {
		if len(y) == 0 || t-y[len(y)-1] > 0.03 {
			y = append(y, t)
		}
	}
	return y
}

func onsetReport(b *strings.Builder, judge *analysis.Scorers) error {
	b.WriteString("\n## Onsets\n\nLoops of the demo generator, whose onsets are known; found within 50 ms, notes within 30 ms of each other counted once.\n\n| loop | onsets | heard | F-measure | mean distance |\n| --- | --- | --- | --- | --- |\n")
	var all onsetScore
	for _, s := range append(synth.DrumLoops(44100), synth.TonalLoops(44100)...) {
		r, err := judge.Analyze(context.Background(), s.Audio)
		if err != nil {
			return err
		}
		truth := merge(s.Onsets)
		var one onsetScore
		one.add(truth, r.Onsets)
		all.add(truth, r.Onsets)
		fmt.Fprintf(b, "| %s | %d | %d | %.3f | %.1f ms |\n", s.Name, one.truth, one.heard, one.f(), 1000*one.off/float64(max(1, one.hits)))
	}
	fmt.Fprintf(b, "| all | %d | %d | %.3f | %.1f ms |\n", all.truth, all.heard, all.f(), 1000*all.off/float64(max(1, all.hits)))
	return nil
}
