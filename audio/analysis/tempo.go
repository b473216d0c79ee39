package analysis

import (
	"cmp"
	"math"
	"slices"
)

// How a tempo is found:
//
//  1. The scene has curves of how strongly something sets in, over all and by band (scene.go).
//  2. search asks periods at which lags the curves agree with themselves (period.go), and proposes
//     beats: the highest peaks, whole parts of the length, and other ways of counting these.
//  3. describe says of each proposal what speaks for it (tempofeatures.go).
//  4. A learned scorer weighs the proposals; the heaviest is the beat. A second one says how sure that
//     is (sure.go), and an unsure beat of something that is hardly a loop is not named.
//  5. refine fits the beat to the onsets and, where that agrees, to the length of the sound, and
//     firstBeat lays the grid (refine.go).

// The range in which a tempo is looked for, BPM. Slower and faster readings of the same pulse
// are a matter of counting.
const (
	minBPM = 46
	maxBPM = 222
)

// tempoCandidate is one reading of the beat.
type tempoCandidate struct {
	lag      float64 // frames of periods
	bpm      float64
	features [tempoFeatures]float32
	weight   float64 // the scorer's share
}

// tempoFinder proposes beats, describes each by features and lets the scorer choose.
type tempoFinder struct {
	periods
	found     []tempoCandidate
	durations [4]float64 // s: of the file, without its head, without its tail, of the sound alone
	fold      [periodCurves][foldBins]float32
	count     [foldBins]float32
	peaks     []lagPeak
	bpms      []float64 // of found, with their weights
	weights   []float64

	clarity    float64 // highest correlation of the even curve in the range of beats
	clarityLag float64 // log2 of its lag in s
	lengthFit  float64 // circular correlation at the best whole part of the length
	seamFit    float64 // how well the clearest period divides the length: 1 exactly, 0 not at all
}

type lagPeak struct {
	lag, height float64
}

// lengthBeats are the numbers of beats that loops are cut to.
var lengthBeats = [...]float64{1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64, 128}

// search builds the curves' correlations and proposes beats. A sound too short for a pulse gets no
// proposals; a long one without attacks still has its length.
func (f *tempoFinder) search(s *scene) error {
	f.found = f.found[:0]
	f.clarity, f.clarityLag, f.lengthFit, f.seamFit = 0, 0, 0, 0
	if s.dur < 0.4 || len(s.onsets) < 3 && s.dur < 1 {
		return nil
	}
	if err := f.build(s); err != nil {
		return err
	}
	f.propose(s)
	return nil
}

func (f *tempoFinder) propose(s *scene) {
	f.found = f.found[:0]
	f.durations = [4]float64{s.dur, s.dur - s.start, s.end, s.end - s.start}
	// The peaks of the generalised autocorrelation with its harmonics added, and those of each
	// band's autocorrelation.
	f.peaks = f.peaks[:0]
	enhanced := func(lag float64) float64 {
		v := interpolate(f.gac, lag)
		for _, m := range [...]float64{2, 4} {
			if m*lag < float64(f.n)*5/6 {
				v += 0.5 * interpolate(f.gac, m*lag)
			}
		}
		return v
	}
	f.collect(enhanced, 10)
	first := len(f.peaks)
	f.collect(func(lag float64) float64 { return f.at(curveEven, lag) }, 8)
	f.clarity, f.clarityLag, f.lengthFit, f.seamFit = 0, 0, 0, 0
	if len(f.peaks) > first {
		best := f.peaks[first]
		f.clarity, f.clarityLag = best.height, math.Log2(best.lag/f.rate)
		for _, d := range f.durations {
			n := d * f.rate / f.sharpen(best.lag)
			f.seamFit = max(f.seamFit, 1-2*math.Abs(n-math.Round(n)))
		}
	}
	for _, m := range [...]float64{2, 4, 8} {
		f.lengthFit = max(f.lengthFit, f.circular(curveEven, s.dur/m*f.rate, s.dur*f.rate))
	}
	for _, k := range [...]int{curveLow, curveMid, curveHigh} {
		f.collect(func(lag float64) float64 { return f.at(k, lag) }, 3)
	}
	for _, p := range f.peaks {
		f.add(f.sharpen(p.lag))
	}
	// Lengths: a proposal like any other.
	direct := len(f.found)
	f.peaks = f.peaks[:0]
	for i, d := range f.durations {
		if i > 0 && math.Abs(d-f.durations[0]) < 0.01 || d <= 0.3 {
			continue
		}
		for _, beats := range lengthBeats {
			lag := d / beats * f.rate
			if bpm := 60 * f.rate / lag; bpm < 50 || bpm > 200 {
				continue
			}
			h := f.near(curveEven, lag) + 0.5*f.near(curveEven, 2*lag) + 0.3*f.circular(curveEven, lag, d*f.rate)
			f.peaks = append(f.peaks, lagPeak{lag, h})
		}
	}
	slices.SortStableFunc(f.peaks, func(a, b lagPeak) int { return cmp.Compare(b.height, a.height) })
	for _, p := range f.peaks[:min(8, len(f.peaks))] {
		f.add(f.sharpen(p.lag))
	}
	// Other ways of counting the strongest.
	for _, c := range f.found[:min(4, direct, len(f.found))] {
		for _, m := range [...]float64{1. / 3, 0.5, 2. / 3, 0.75, 4. / 3, 1.5, 2, 3} {
			f.add(f.sharpen(c.lag * m))
		}
	}
}

// collect adds the n highest peaks of a function of the lag.
func (f *tempoFinder) collect(of func(lag float64) float64, n int) {
	lo, hi := int(60*f.rate/maxBPM), int(60*f.rate/minBPM)
	hi = min(hi, f.n*5/6)
	first := len(f.peaks)
	a, b := 0.0, 0.0
	for i := lo; i <= hi+1; i++ {
		c := of(float64(i))
		if i >= lo+2 && b > 0 && b > a && b >= c {
			f.peaks = append(f.peaks, lagPeak{float64(i - 1), b})
		}
		a, b = b, c
	}
	own := f.peaks[first:]
	slices.SortStableFunc(own, func(a, b lagPeak) int { return cmp.Compare(b.height, a.height) })
	f.peaks = f.peaks[:first+min(n, len(own))]
}

// add takes a lag in unless it is out of range or within 1.5 % of one that is there.
func (f *tempoFinder) add(lag float64) {
	bpm := 60 * f.rate / lag
	if !(bpm >= minBPM && bpm <= maxBPM) {
		return
	}
	for i := range f.found {
		if math.Abs(f.found[i].lag-lag) < 0.015*lag {
			return
		}
	}
	f.found = append(f.found, tempoCandidate{lag: lag, bpm: bpm})
}

// answerTempo names the tempo, unless there is no telling one, and lays the grid.
func (p *pass) answerTempo(r *Result, j *judgement) {
	s, f := &p.scene, &p.tempo
	if len(f.found) == 0 {
		return
	}
	p.weigh()
	var x [tempoSureFeatures]float32
	f.bpms, f.weights = f.bpms[:0], f.weights[:0]
	for i := range f.found {
		f.bpms = append(f.bpms, f.found[i].bpm)
		f.weights = append(f.weights, f.found[i].weight)
	}
	sureOfTempo(&x, f.bpms, f.weights, func(i int) []float32 { return f.found[i].features[:] }, j.kinds)
	sure := p.judge.tempoSure.chance(x[:])
	if !j.hasTempo(sure) {
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
	beat := 60 / bpm
	first := f.firstBeat(beat, s)
	// A beat at the very end is the first one of the next round.
	for t := first; t < s.end-0.05*beat; t += beat {
		r.Beats = append(r.Beats, t)
	}
}

// weigh scores all proposals and sorts them, best first.
func (p *pass) weigh() {
	f := &p.tempo
	f.weights = f.weights[:0]
	for i := range f.found {
		f.weights = append(f.weights, p.judge.tempo.Model.Score(f.found[i].features[:]))
	}
	for i, w := range softmax(f.weights) {
		f.found[i].weight = w
	}
	slices.SortStableFunc(f.found, func(a, b tempoCandidate) int { return cmp.Compare(b.weight, a.weight) })
}

// hasPulse is the confidence under which no tempo is named: of single sounds that the ear takes for
// something else, most stay below it.
const hasPulse = 0.25

// hasTempo says whether a tempo of this confidence is worth giving.
func (j *judgement) hasTempo(sure float64) bool {
	if j.kind == OneShot {
		return sure >= 0.5
	}
	return sure >= hasPulse
}

// wholeBeats is the number of beats in a length, 0 when it is not whole within 6 % of a beat.
func wholeBeats(dur, bpm float64) int {
	beats := dur * bpm / 60
	if n := math.Round(beats); n >= 1 && math.Abs(beats-n) < 0.06 {
		return int(n)
	}
	return 0
}
