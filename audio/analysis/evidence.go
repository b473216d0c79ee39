package analysis

import (
	"context"

	"sampleagent/audio/pcm"
)

// Evidence is what the scorers are told about a sound. It is all that the answers about kind,
// class, tempo, key and likeness depend on. Silence has none.
type Evidence struct {
	Traits []float32
	Tempo  []TempoEvidence
	Key    []KeyEvidence // all 24, or none
	Sounds []float32     // the part of the embedding that needs no judge
}

// TempoEvidence is one proposed beat.
type TempoEvidence struct {
	BPM      float64
	Refined  float64 // what is answered when it is chosen
	Features []float32
}

// KeyEvidence is one of the 24 keys.
type KeyEvidence struct {
	Key   string
	Score float64 // by the row of chords
	Match float64 // with the profile
}

// Notice hears a sound without judging it, for the commands that train and score the scorers.
func Notice(ctx context.Context, b *pcm.Buffer) (*Evidence, error) {
	p := passes.Get().(*pass)
	defer passes.Put(p)
	p.judge = nil
	r, err := p.hear(ctx, b)
	if err != nil {
		return nil, err
	}
	e := &Evidence{}
	if r.Spectral == nil {
		return e, nil
	}
	e.Sounds = p.sounds
	e.Traits = append(e.Traits, p.traits[:]...)
	for i := range p.tempo.found {
		c := &p.tempo.found[i]
		e.Tempo = append(e.Tempo, TempoEvidence{c.bpm, p.tempo.refine(c.lag, &p.scene), append([]float32(nil), c.features[:]...)})
	}
	if p.tonal.frames == 0 {
		return e, nil
	}
	for k, score := range p.tonal.chords.scores() {
		e.Key = append(e.Key, KeyEvidence{keyName(k), score, p.tonal.matches[k]})
	}
	return e, nil
}

// Verdict is what scorers make of evidence: the same as Analyze answers with them.
type Verdict struct {
	Kind            Kind // "" for silence
	KindConfidence  float64
	Class           string
	ClassConfidence float64
	BPM             float64 // 0 when none is given
	BPMConfidence   float64
	Key             string // "" when none is given
	KeyConfidence   float64
	Embedding       []float32
}

// Decide judges evidence.
func (sc *Scorers) Decide(e *Evidence) Verdict {
	var v Verdict
	if len(e.Traits) == 0 {
		return v
	}
	j := sc.judge(e.Traits)
	v.Kind, v.KindConfidence = j.kind, j.kindSure
	v.Class, v.ClassConfidence = j.class, j.classSure
	v.Embedding = j.embed(e.Sounds)
	if len(e.Tempo) > 0 {
		scores := make([]float64, len(e.Tempo))
		for i := range e.Tempo {
			scores[i] = sc.tempo.Model.Score(e.Tempo[i].Features)
		}
		var x [tempoSureFeatures]float32
		best := e.sureOfTempo(&x, scores, j.kinds)
		if sure := sc.tempoSure.chance(x[:]); j.hasTempo(sure) {
			v.BPM, v.BPMConfidence = e.Tempo[best].Refined, sure
		}
	}
	if len(e.Key) > 0 {
		var x [keySureFeatures]float32
		best := e.sureOfKey(&x, j.kinds)
		if sure := sc.keySure.chance(x[:]); sure >= hasKey {
			v.Key, v.KeyConfidence = e.Key[best].Key, sure
		}
	}
	return v
}

// SureOfTempo is what the scorer of tempo confidence is told when the proposals have these scores and the
// kinds these chances.
func (e *Evidence) SureOfTempo(scores, kinds []float64) []float32 {
	var x [tempoSureFeatures]float32
	e.sureOfTempo(&x, scores, kinds)
	return x[:]
}

func (e *Evidence) sureOfTempo(x *[tempoSureFeatures]float32, scores, kinds []float64) (best int) {
	bpm := make([]float64, len(e.Tempo))
	for i := range bpm {
		bpm[i] = e.Tempo[i].BPM
	}
	return sureOfTempo(x, bpm, softmax(scores), func(i int) []float32 { return e.Tempo[i].Features }, kinds)
}

// SureOfKey is the same for the key; best is the place of the one that is chosen.
func (e *Evidence) SureOfKey(kinds []float64) (features []float32, best int) {
	var x [keySureFeatures]float32
	best = e.sureOfKey(&x, kinds)
	return x[:], best
}

func (e *Evidence) sureOfKey(x *[keySureFeatures]float32, kinds []float64) (best int) {
	scores, matches := make([]float64, len(e.Key)), make([]float64, len(e.Key))
	for k := range e.Key {
		scores[k], matches[k] = e.Key[k].Score, e.Key[k].Match
	}
	return sureOfKey(x, softmax(scores), matches, kinds, e.Traits)
}
