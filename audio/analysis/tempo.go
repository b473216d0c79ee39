package analysis

import (
	"cmp"
	"math"
	"slices"
)

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
	score    float64 // of the scorer
	weight   float64 // softmax of the scores
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
