package analysis

import (
	"math"
	"slices"
)

// scene is what the streams leave behind, prepared once for every question that is asked about
// time: smoothed onset curves, level in dB, where the sound starts and ends, the onsets.
type scene struct {
	rate float64 // frames per second of all curves
	dur  float64 // s
	n    int     // frames

	flux   [fluxBands][]float32 // onset strength by band, as measured
	total  []float32            // the bands' sum: Percival & Tzanetakis' curve
	even   []float32            // the bands' sum, each band scaled to unit mean, smoothed
	bands  [fluxBands][]float32 // each band smoothed, unit mean (zero when the band is empty)
	share  [fluxBands]float64   // of all flux that lies in the band
	levels []float32            // dB of the samples around the frame, floor -120

	peakDB     float64
	start, end float64 // s: where the sound starts and ends
	onsets     []onset
	steps      []float64 // s between onsets, sorted
	lowRate    float64   // kicks a second
	soft       []onset

	tmp []float32
}

// onset is one attack.
type onset struct {
	at       float64 // s, as the flux feels it
	begin    float64 // s, where its attack begins
	plain    bool    // strong enough to judge rhythm and kind by
	rise     int     // steps of level that it rises by; 0 where none does, so that begin is only a guess
	strength float64 // of the even curve, relative to the strongest
	levelDB  float64 // highest level until the next onset
}

func resize(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}

func (s *scene) build(f *fluxFrames, levels *attacks, dur float64) {
	s.rate, s.dur, s.n = f.rate, dur, len(f.env)
	s.levels = resize(s.levels, s.n)
	peak := float32(1e-12)
	for i, e := range f.env {
		s.levels[i] = e
		peak = max(peak, e)
	}
	for i, e := range s.levels {
		s.levels[i] = float32(10 * math.Log10(float64(max(e, 1e-12))))
	}
	s.peakDB = 10 * math.Log10(float64(peak))
	s.bounds()

	s.total = resize(s.total, s.n)
	s.even = resize(s.even, s.n)
	clear(s.total)
	clear(s.even)
	var sums [fluxBands]float64
	all := 0.0
	for b := range fluxBands {
		s.flux[b] = f.flux[b]
		for i, v := range f.flux[b] {
			s.total[i] += v
			sums[b] += float64(v)
		}
		all += sums[b]
	}
	for b := range fluxBands {
		s.bands[b] = resize(s.bands[b], s.n)
		s.share[b] = 0
		if all > 0 {
			s.share[b] = sums[b] / all
		}
		// A band in which next to nothing happens must not be blown up into a voice.
		mean := max(sums[b], 0.02*all) / float64(max(1, s.n))
		if mean == 0 {
			clear(s.bands[b])
			continue
		}
		s.smooth(s.bands[b], f.flux[b], float32(1/mean))
		for i, v := range s.bands[b] {
			s.even[i] += v
		}
	}
	s.findOnsets(levels)
}

// smoothTaps is a Gaussian of 3 frames (9 ms) standard deviation.
var smoothTaps = func() (t [9]float32) {
	sum := 1.0
	for i := range t {
		sum += 2 * math.Exp(-0.5*math.Pow(float64(i+1)/3, 2))
	}
	for i := range t {
		t[i] = float32(math.Exp(-0.5*math.Pow(float64(i+1)/3, 2)) / sum)
	}
	return t
}()

func (s *scene) smooth(dst, x []float32, gain float32) {
	centre := float32(1)
	for _, t := range smoothTaps {
		centre -= 2 * t
	}
	const r = len(smoothTaps)
	n := len(x)
	s.tmp = resize(s.tmp, n+2*r)
	p := s.tmp
	clear(p[:r])
	clear(p[n+r:])
	copy(p[r:], x)
	for i := range n {
		w := p[i : i+2*r+1 : i+2*r+1]
		a := centre * w[r]
		for k, t := range smoothTaps {
			a += t * (w[r-1-k] + w[r+1+k])
		}
		dst[i] = a * gain
	}
}

// bounds finds where the sound starts and ends: 50 dB under the loudest frame, or a little
// above the noise floor when there is one.
func (s *scene) bounds() {
	s.start, s.end = 0, s.dur
	if s.n == 0 {
		return
	}
	s.tmp = append(s.tmp[:0], s.levels...)
	slices.Sort(s.tmp)
	noise := float64(s.tmp[s.n/20])
	floor := min(max(s.peakDB-50, noise+8), s.peakDB-25)
	floor = max(floor, -90)
	first, last := 0, s.n-1
	for first < s.n && float64(s.levels[first]) < floor {
		first++
	}
	for last > first && float64(s.levels[last]) < floor {
		last--
	}
	if first >= s.n {
		return
	}
	if first > 0 {
		s.start = min(float64(first)/s.rate, s.dur)
	}
	if last < s.n-2 {
		s.end = min(float64(last+1)/s.rate, s.dur)
	}
}

// fluxLead is how far the flux of an attack runs ahead of the attack, s: the frame feels it
// before it is centred on it. Measured on clicks.
const fluxLead = 0.0055

// findOnsets picks the attacks: all of them, soft ones included, for who wants to cut the sound,
// and those that rhythm and kind are judged by, the plain ones.
func (s *scene) findOnsets(levels *attacks) {
	s.pick()
	levels.trace(s.soft)
	s.onsets = s.onsets[:0]
	for _, o := range s.soft {
		if o.plain {
			s.onsets = append(s.onsets, o)
		}
	}
	if s.beginsLoud() && (len(s.onsets) == 0 || s.onsets[0].at > startReach) {
		s.onsets = slices.Insert(s.onsets, 0, onset{at: 0, strength: 0.5})
	}
	s.describeOnsets()
}

// Chorus, vibrato and beats between strings move a spectrum as an attack does. An attack that rises by less than
// plainRise, 6 dB, must bring notes: leastFresh of what sounds after it was not there before.
const (
	plainRise  = levelsPerOctave
	leastFresh = 0.05
)

// beginnings are where every attack begins, s.
func (s *scene) beginnings(notes *pitchFrames) []float64 {
	at := make([]float64, 0, len(s.soft)+1)
	if s.beginsLoud() && (len(s.soft) == 0 || s.soft[0].begin > startReach) {
		at = append(at, 0)
	}
	for _, o := range s.soft {
		if n := len(at); n > 0 && o.rise == 0 && o.at < at[n-1]+attackBack {
			continue // a second thought about the one before
		}
		if o.rise < plainRise && notes.fresh(o.at) < leastFresh {
			continue
		}
		at = append(at, o.begin)
	}
	return at
}

// beginsLoud says that the very first frame, which has no former one to rise from, is an attack.
func (s *scene) beginsLoud() bool { return s.n >= 3 && float64(s.levels[0]) > s.peakDB-20 }

// startReach is up to where an onset is the attack that the sound begins with, s.
const startReach = 0.04

// The thresholds for soft attacks, with which the demo loops' onsets are found best, and those for
// plain ones.
const (
	softLeast = 0.02
	softMean  = 1.3
	softOver  = 0.01

	plainLeast = 0.1
	plainMean  = 1.3
	plainOver  = 0.04
)

// pick finds the soft attacks and which of them are plain: the peaks of the even curve that reach so much
// of the strongest, and so many times the running mean and a little of the strongest over it.
func (s *scene) pick() {
	s.soft = s.soft[:0]
	if s.n < 3 {
		return
	}
	c := s.even
	s.tmp = append(s.tmp[:0], c...)
	slices.Sort(s.tmp)
	top := float64(s.tmp[min(s.n-1, s.n*997/1000)])
	if top <= 0 {
		return
	}
	ahead := int(0.03 * s.rate)
	back := int(0.1 * s.rate)
	sum := 0.0
	lo, hi := 0, 0 // window of the running mean
	for i := range c {
		for hi < min(s.n, i+back/2+1) {
			sum += float64(c[hi])
			hi++
		}
		for lo < i-back {
			sum -= float64(c[lo])
			lo++
		}
		v := float64(c[i])
		mean := sum / float64(hi-lo)
		if v < softLeast*top || v < softMean*mean+softOver*top {
			continue
		}
		isPeak := true
		for k := max(0, i-ahead); k <= min(s.n-1, i+ahead); k++ {
			if c[k] > c[i] || (c[k] == c[i] && k < i) {
				isPeak = false
				break
			}
		}
		if !isPeak {
			continue
		}
		at := float64(i)
		if i > 0 && i < s.n-1 {
			a, b, d := float64(c[i-1]), v, float64(c[i+1])
			if q := a - 2*b + d; q < 0 {
				at += 0.5 * (a - d) / q
			}
		}
		t := at/s.rate + fluxLead
		if t > s.dur {
			continue
		}
		plain := v >= plainLeast*top && v >= plainMean*mean+plainOver*top
		s.soft = append(s.soft, onset{at: max(0, t), strength: v / top, plain: plain})
	}
}

// describeOnsets sorts the steps between the onsets and takes each one's level.
func (s *scene) describeOnsets() {
	s.steps = s.steps[:0]
	for k := 1; k < len(s.onsets); k++ {
		s.steps = append(s.steps, s.onsets[k].at-s.onsets[k-1].at)
	}
	slices.Sort(s.steps)
	s.lowRate = s.countLow()
	for k := range s.onsets {
		from := int(s.onsets[k].at * s.rate)
		to := s.n
		if k+1 < len(s.onsets) {
			to = int(s.onsets[k+1].at * s.rate)
		}
		l := -120.0
		for i := max(0, from-1); i < min(to, s.n); i++ {
			l = max(l, float64(s.levels[i]))
		}
		s.onsets[k].levelDB = l
	}
}

// stepAt is the time between onsets that the given share of them does not exceed; the length when
// there are none.
func (s *scene) stepAt(share float64) float64 {
	if len(s.steps) == 0 {
		return s.dur
	}
	return s.steps[int(share*float64(len(s.steps)-1)+0.5)]
}

// countLow is how many rises of the lowest band there are a second, those over a quarter of the
// strongest.
func (s *scene) countLow() float64 {
	c := s.bands[0]
	top := float32(0)
	for _, v := range c {
		top = max(top, v)
	}
	if top == 0 {
		return 0
	}
	n := 0
	gap := int(0.06 * s.rate)
	last := -gap
	for i := 1; i+1 < len(c); i++ {
		if c[i] > 0.25*top && c[i] >= c[i-1] && c[i] > c[i+1] && i-last >= gap {
			n++
			last = i
		}
	}
	return float64(n) / max(0.1, s.dur)
}
