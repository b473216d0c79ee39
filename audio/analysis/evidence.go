package analysis

import (
	"context"
	"math"

	"sampleagent/audio/pcm"
)

// Evidence is what the scorers are told about a sound, for the commands that train and score
// them.
type Evidence struct {
	Result *Result
	Traits []float32
	Tempo  []TempoEvidence
	Key    []KeyEvidence
}

// TempoEvidence is one proposed beat.
type TempoEvidence struct {
	BPM      float64
	Refined  float64
	Features []float32
}

// KeyEvidence is one of the 24 keys.
type KeyEvidence struct {
	Key      string
	Features []float32
}

// Examine is Analyze with the evidence.
func Examine(ctx context.Context, b *pcm.Buffer) (*Evidence, error) {
	return builtin.Examine(ctx, b)
}

// Examine is the package's Examine with these scorers.
func (sc *Scorers) Examine(ctx context.Context, b *pcm.Buffer) (*Evidence, error) {
	p := passes.Get().(*pass)
	defer passes.Put(p)
	p.judge = sc
	r, err := p.hear(ctx, b)
	if err != nil {
		return nil, err
	}
	e := &Evidence{Result: r, Traits: append([]float32(nil), p.traits[:]...)}
	if r.Kind == "" {
		return e, nil
	}
	for i := range p.tempo.found {
		c := &p.tempo.found[i]
		e.Tempo = append(e.Tempo, TempoEvidence{c.bpm, p.tempo.refine(c.lag, &p.scene), append([]float32(nil), c.features[:]...)})
	}
	for k := range 24 {
		var x [keyFeatures]float32
		p.tonal.describe(k, &x)
		e.Key = append(e.Key, KeyEvidence{keyName(k), x[:]})
	}
	return e, nil
}

// SureOfTempo is what the scorer of tempo confidence is told when the proposals have these
// scores and the kinds these chances.
func SureOfTempo(e *Evidence, scores, kinds []float64) []float32 {
	bpm := make([]float64, len(e.Tempo))
	for i := range bpm {
		bpm[i] = e.Tempo[i].BPM
	}
	best, weight := softmax(scores)
	var x [sureFeatures]float32
	sureOfTempo(&x, bpm, weight, best, e.Tempo[best].Features, three(kinds), e.Traits)
	return x[:]
}

// SureOfKey is the same for the key.
func SureOfKey(e *Evidence, scores, kinds []float64) []float32 {
	best, weight := softmax(scores)
	var x [sureFeatures]float32
	sureOfKey(&x, weight, best, three(kinds), e.Traits)
	return x[:]
}

func three(v []float64) (a [3]float32) {
	for i := range a {
		a[i] = float32(v[i])
	}
	return a
}

func softmax(scores []float64) (best int, shares []float64) {
	for i := range scores {
		if scores[i] > scores[best] {
			best = i
		}
	}
	sum := 0.0
	for _, s := range scores {
		v := math.Exp(s - scores[best])
		sum += v
		shares = append(shares, v)
	}
	for i := range shares {
		shares[i] /= sum
	}
	return best, shares
}
