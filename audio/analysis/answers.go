package analysis

import (
	"cmp"
	"math"
	"slices"
)

// kindNames are the kind scorer's outputs.
var kindNames = [3]Kind{OneShot, LoopKind, Music}

// answerKind tells one-shots, loops and music apart.
func (p *pass) answerKind(r *Result) {
	copy(p.kinds[:], p.judge.kind.shares(p.shares[:], p.traits[:]))
	best := 0
	for k, v := range p.kinds {
		if v > p.kinds[best] {
			best = k
		}
	}
	r.Kind, r.KindConfidence = kindNames[best], float64(p.kinds[best])
}

// hasPulse is the confidence under which a sound that is not plainly a loop gets no tempo.
const hasPulse = 0.15

func (p *pass) answerTempo(r *Result) {
	s, f := &p.scene, &p.tempo
	if len(f.found) == 0 {
		return
	}
	p.weigh()
	var x [sureFeatures]float32
	f.bpms, f.weights = f.bpms[:0], f.weights[:0]
	for i := range f.found {
		f.bpms = append(f.bpms, f.found[i].bpm)
		f.weights = append(f.weights, f.found[i].weight)
	}
	sureOfTempo(&x, f.bpms, f.weights, 0, f.found[0].features[:], p.kinds, p.traits[:])
	sure := p.judge.tempoSure.chance(x[:])
	if r.Kind == OneShot && sure < 0.5 || p.kinds[0] > 0.3 && sure < hasPulse {
		return
	}
	best := f.found[0]
	bpm := f.refine(best.lag, s)
	r.BPM = &bpm
	r.BPMConfidence = sure
	for _, c := range f.found[:min(5, len(f.found))] {
		r.BPMCandidates = append(r.BPMCandidates, BPMCandidate{c.bpm, c.weight})
	}
	sum := 0.0
	for _, c := range r.BPMCandidates {
		sum += c.Weight
	}
	for i := range r.BPMCandidates {
		r.BPMCandidates[i].Weight /= sum
	}
	r.BPMCandidates[0].BPM = bpm
	if n := wholeBeats(s.dur, bpm); n > 0 && r.Kind == LoopKind {
		r.BeatsInLoop = &n
	}
	f.folded(60 / bpm * f.rate)
	first := f.firstBeat(60/bpm, s)
	for t := first; t < s.end; t += 60 / bpm {
		r.Beats = append(r.Beats, t)
	}
}

// weigh scores all proposals and sorts them, best first.
func (p *pass) weigh() {
	f := &p.tempo
	top := math.Inf(-1)
	corr := float32(0)
	for i := range f.found {
		c := &f.found[i]
		f.describe(c, &p.scene)
		corr = max(corr, c.features[5])
	}
	for i := range f.found {
		c := &f.found[i]
		c.features[tempoFeatures-1] = c.features[5] - corr
		c.score = p.judge.tempo.Model.Score(0, c.features[:])
		top = max(top, c.score)
	}
	sum := 0.0
	for i := range f.found {
		f.found[i].weight = math.Exp(f.found[i].score - top)
		sum += f.found[i].weight
	}
	for i := range f.found {
		f.found[i].weight /= sum
	}
	slices.SortStableFunc(f.found, func(a, b tempoCandidate) int { return cmp.Compare(b.weight, a.weight) })
}

// answerKey names the key, unless the sound has none that could be told.
func (p *pass) answerKey(r *Result) {
	t := &p.tonal
	if t.agreed > 0.15 {
		cents := 100 * t.tuning
		r.TuningCents = &cents
	}
	if t.frames == 0 {
		return
	}
	p.weighKeys()
	var x [sureFeatures]float32
	sureOfKey(&x, t.weights[:], t.order[0], p.kinds, p.traits[:])
	sure := p.judge.keySure.chance(x[:])
	if sure < hasKey {
		return
	}
	name := keyName(t.order[0])
	r.Key, r.KeyConfidence = &name, sure
	sum := 0.0
	for _, k := range t.order[:4] {
		sum += t.weights[k]
	}
	for _, k := range t.order[:4] {
		r.KeyCandidates = append(r.KeyCandidates, KeyCandidate{keyName(k), t.weights[k] / sum})
	}
}

// hasKey is the confidence under which no key is named.
const hasKey = 0.18

// weighKeys scores the 24 keys and sorts them, best first.
func (p *pass) weighKeys() {
	t := &p.tonal
	top := math.Inf(-1)
	var x [keyFeatures]float32
	for k := range 24 {
		t.describe(k, &x)
		t.weights[k] = p.judge.key.Model.Score(0, x[:])
		top = max(top, t.weights[k])
	}
	sum := 0.0
	for k := range 24 {
		t.weights[k] = math.Exp(t.weights[k] - top)
		sum += t.weights[k]
	}
	for k := range 24 {
		t.weights[k] /= sum
	}
	slices.SortStableFunc(t.order[:], func(a, b int) int { return cmp.Compare(t.weights[b], t.weights[a]) })
}

// answerClass says what the sound is.
func (p *pass) answerClass(r *Result) {
	sc := &p.judge.class
	if r.Kind != OneShot {
		sc = &p.judge.loopClass
	}
	best := 0
	got := sc.shares(p.shares[:], p.traits[:])
	for k, v := range got {
		if v > got[best] {
			best = k
		}
	}
	r.Class, r.ClassConfidence = sc.Names[best], float64(got[best])
}

// wholeBeats is the number of beats in a length, 0 when it is not whole within 6 % of a beat.
func wholeBeats(dur, bpm float64) int {
	beats := dur * bpm / 60
	if n := math.Round(beats); n >= 1 && math.Abs(beats-n) < 0.06 {
		return int(n)
	}
	return 0
}
