package analysis

import (
	"cmp"
	"math"
	"slices"
)

// answerKind tells one-shots, loops and music apart.
func (p *pass) answerKind(r *Result) {
	h, s := &p.shape, &p.scene
	single := 0.0
	if len(s.onsets) < 4 || s.dur < 0.4 {
		single += 2
	}
	single += 3*(h.first300-0.6) + 2*(0.35-h.centroid)
	if s.dur > 2 {
		single -= 1
	}
	if h.groups > 5 {
		single -= 1.5
	}
	c := 1 / (1 + math.Exp(-2*single))
	switch {
	case c >= 0.5:
		r.Kind, r.KindConfidence = OneShot, c
	case s.dur > 32:
		r.Kind, r.KindConfidence = Music, 1-c
	default:
		r.Kind, r.KindConfidence = LoopKind, 1-c
	}
}

func (p *pass) answerTempo(r *Result) error {
	s := &p.scene
	if r.Kind == OneShot || len(s.onsets) < 4 || s.dur < 0.4 {
		return nil
	}
	f := &p.tempo
	if err := f.build(s); err != nil {
		return err
	}
	f.propose(s)
	if len(f.found) == 0 {
		return nil
	}
	f.weigh(s)
	best := f.found[0]
	bpm := f.refine(best.lag, s)
	r.BPM = &bpm
	r.BPMConfidence = best.weight
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
	return nil
}

// weigh scores all candidates and sorts them, best first.
func (f *tempoFinder) weigh(s *scene) {
	top := math.Inf(-1)
	for i := range f.found {
		c := &f.found[i]
		f.describe(c, s)
		x := c.features[:]
		l := math.Log2(c.bpm / 115)
		c.score = 3*float64(x[5]) + 1.5*float64(x[7]) + 2*float64(x[9]) + 1.5*float64(x[24]) - 0.5*float64(x[25]) - 2.5*l*l - 2*float64(x[41])
		top = max(top, c.score)
	}
	sum := 0.0
	for i := range f.found {
		f.found[i].weight = math.Exp(2 * (f.found[i].score - top))
		sum += f.found[i].weight
	}
	for i := range f.found {
		f.found[i].weight /= sum
	}
	slices.SortStableFunc(f.found, func(a, b tempoCandidate) int { return cmp.Compare(b.weight, a.weight) })
}

// answerKey names the key, unless the sound has no pitch to speak of.
func (p *pass) answerKey(r *Result) {
	t := &p.tonal
	if t.agreed > 0.15 {
		cents := 100 * t.tuning
		r.TuningCents = &cents
	}
	best := t.order[0]
	if t.frames == 0 || t.harmonic < 0.3 || t.entropy > 0.93 || t.scores[best] < 0.5 {
		return
	}
	name := keyName(best)
	r.Key = &name
	sum := 0.0
	for _, k := range t.order[:4] {
		w := math.Exp(12 * (t.scores[k] - t.scores[best]))
		sum += w
		r.KeyCandidates = append(r.KeyCandidates, KeyCandidate{keyName(k), w})
	}
	for i := range r.KeyCandidates {
		r.KeyCandidates[i].Weight /= sum
	}
	r.KeyConfidence = r.KeyCandidates[0].Weight
}

// answerClass says what the sound is.
func (p *pass) answerClass(r *Result) {
	h := &p.shape
	if r.Kind != OneShot {
		if p.tonal.harmonic < 0.4 {
			r.Class, r.ClassConfidence = "drums", 0.6
		}
		return
	}
	switch {
	case h.midHz < 900:
		r.Class, r.ClassConfidence = "kick", 0.5
	case h.midHz > 6000 && h.sounding > 1:
		r.Class, r.ClassConfidence = "cymbal", 0.5
	case h.midHz > 5500:
		r.Class, r.ClassConfidence = "hat", 0.5
	case p.tonal.harmonic > 0.7:
		r.Class, r.ClassConfidence = "tonal", 0.5
	default:
		r.Class, r.ClassConfidence = "snare", 0.5
	}
}

// wholeBeats is the number of beats in a length, 0 when it is not whole within 6 % of a beat.
func wholeBeats(dur, bpm float64) int {
	beats := dur * bpm / 60
	if n := math.Round(beats); n >= 1 && math.Abs(beats-n) < 0.06 {
		return int(n)
	}
	return 0
}
