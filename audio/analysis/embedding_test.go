package analysis

import (
	"math"
	"testing"

	"sampleagent/audio/analysis/internal/labset"
	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// reportOf is the report of a sound that has no file.
func reportOf(t *testing.T, b *pcm.Buffer) *Report {
	t.Helper()
	res := mustAnalyze(t, b)
	return Describe(&codec.Stream{Info: codec.Info{Rate: b.Rate, Channels: b.Channels, Frames: int64(b.Frames())}}, res)
}

// Harmed copies of a file must lie nearest to it.
func TestCopiesAreNearestToTheirOriginal(t *testing.T) {
	dir, err := labset.Find()
	if err != nil {
		t.Skip(err)
	}
	items, err := labset.Load(dir)
	if err != nil {
		t.Skip(err)
	}
	const every = 12
	var sounds []*pcm.Buffer
	var reports []*Report
	for i := 0; i < len(items); i += every {
		b, err := items[i].Read()
		if err != nil {
			t.Fatal(err)
		}
		if r := reportOf(t, b); r.Embedding != nil {
			sounds, reports = append(sounds, b), append(reports, r)
		}
	}
	for i, r := range reports {
		norm := 0.0
		for _, v := range r.Embedding {
			norm += float64(v) * float64(v)
		}
		if len(r.Embedding) != EmbeddingSize || math.Abs(norm-1) > 1e-4 {
			t.Fatalf("embedding %d has %d numbers and length %g", i, len(r.Embedding), math.Sqrt(norm))
		}
	}
	nearest, n := 0, 0
	for i, b := range sounds {
		how := labset.Perturbations[i%len(labset.Perturbations)]
		r := reportOf(t, labset.Perturb(b, how, uint64(i)))
		best := 0
		for j := range reports {
			if Likeness(r.Embedding, reports[j].Embedding) > Likeness(r.Embedding, reports[best].Embedding) {
				best = j
			}
		}
		n++
		if best == i {
			nearest++
		}
	}
	t.Logf("%d of %d harmed copies nearest", nearest, n)
	if nearest < n*85/100 {
		t.Errorf("only %d of %d harmed copies are nearest to their original", nearest, n)
	}
}
