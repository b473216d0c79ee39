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
	return Describe(&codec.Clip{Info: codec.Info{Rate: b.Rate, Channels: b.Channels, Frames: int64(b.Frames())}, Audio: *b}, res)
}

// Harmed copies of a file must lie nearest to it, and be told from its neighbours as duplicates
// when the harm leaves the sound itself alone.
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
	nearest, same, n := 0, 0, 0
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
		quiet := &pcm.Buffer{Rate: b.Rate, Channels: 1, Samples: append(make([]float32, b.Rate/5), b.Samples...)}
		for k := range quiet.Samples {
			quiet.Samples[k] *= 0.4
		}
		q := reportOf(t, quiet)
		if Duplicate(q, reports[i]) > 0.5 {
			same++
		} else {
			t.Logf("file %d: likeness %.3f, lengths %.3f and %.3f s, chroma %.2f and %.2f", i, Likeness(q.Embedding, reports[i].Embedding), soundLength(q), soundLength(reports[i]), q.ChromaMean, reports[i].ChromaMean)
		}
	}
	wrong, pairs := 0, 0
	for i := range reports {
		for j := range i {
			pairs++
			if Duplicate(reports[i], reports[j]) > 0.5 {
				wrong++
			}
		}
	}
	t.Logf("%d of %d harmed copies nearest, %d quiet late copies known as duplicates, %d of %d pairs of different files taken for duplicates", nearest, n, same, wrong, pairs)
	if nearest < n*85/100 {
		t.Errorf("only %d of %d harmed copies are nearest to their original", nearest, n)
	}
	if same < n*90/100 {
		t.Errorf("only %d of %d quiet late copies are known as duplicates", same, n)
	}
	if wrong > pairs/200 {
		t.Errorf("%d of %d pairs of different files are taken for duplicates", wrong, pairs)
	}
}
