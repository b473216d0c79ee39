package analysis

import "math"

// traits is what kind, class and the gates are judged by: one row of numbers per sound. Order
// is part of the weights' format; absent things are 0.
const (
	soundTraits = 150 // of the sound as a whole
	traitCount  = soundTraits + hitTraits
)

// The places of those that confidence is judged by too.
const (
	traitLength = 0  // log of the length
	traitPitch  = 26 // the first of the block about pitch
	traitSteady = 36 // how alike one moment's notes are to the next
)

// Slices of the course of a sound after its first loud frame, in frames of 512 samples.
var courseSlices = [...][2]int{{0, 3}, {3, 9}, {9, 24}, {24, 80}}

const courseBands = 12

func (p *pass) buildTraits(heard *spectra) {
	s, h, t, k, f := &p.scene, &p.shape, &p.timbre, &p.tonal, &p.tempo
	x := p.traits[:0]
	put := func(vs ...float64) {
		for _, v := range vs {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				v = 0
			}
			x = append(x, float32(v))
		}
	}
	ms := func(sec float64) float64 { return math.Log10(max(sec, 1e-3)) }

	// The course in time: 22.
	put(ms(s.dur), ms(h.sounding), float64(len(s.onsets)), float64(h.groups))
	put(float64(len(s.onsets))/max(0.1, h.sounding), float64(h.groups)/max(0.1, h.sounding))
	put(h.first100, h.first300, ms(h.attack), h.centroid, h.slope, h.slopeError, h.seam, h.active)
	put(onsetSpread(s.onsets), regularity(s.onsets))
	strong, late := 0.0, 0.0
	for i, o := range s.onsets {
		if o.strength > 0.3 {
			strong++
		}
		if i > 0 && o.levelDB > s.peakDB-12 {
			late++
		}
	}
	put(strong, late)
	put(f.clarity, f.clarityLag, f.lengthFit, f.seamFit)

	// Voices of the flux: 4.
	put(s.share[0], s.share[1], s.share[2], s.share[3])

	// Pitch: 12.
	put(k.harmonic, k.entropy, k.agreed, k.topScore, k.topScore-k.nextScore)
	put(heard.Spectral.HarmonicRatio, k.lowest, k.strongest, k.glide, k.peakShare, k.steady, k.lowShare)

	// Colour over all: 12 + 13 + 13.
	sp := &heard.Spectral
	hz := func(v float64) float64 { return math.Log2(max(v, 20) / 1000) }
	put(hz(sp.CentroidMean), hz(sp.CentroidStd), hz(sp.BandwidthMean), hz(sp.BandwidthStd), hz(sp.RolloffMean), hz(sp.RolloffStd))
	put(math.Log10(sp.FlatnessMean+1e-6), math.Log10(sp.FlatnessStd+1e-6), sp.ZCRMean, sp.ZCRStd)
	put(sp.RMSStd/max(1e-9, sp.RMSMean), hz(h.midHz))
	for i, v := range heard.MFCCMean {
		if i == 0 {
			v = 0 // level
		}
		put(v / 20)
	}
	for _, v := range heard.MFCCStd {
		put(v / 20)
	}

	// Colour along the course: 4 levels and 3 x 12 bands less one slice's.
	var level [len(courseSlices)]float64
	var bands [len(courseSlices)][courseBands]float64
	for i, sl := range courseSlices {
		n := 0
		for j := sl[0]; j < sl[1] && j < len(t.kept); j++ {
			for b, e := range t.kept[j] {
				bands[i][b*courseBands/timbreBands] += float64(e)
				level[i] += float64(e)
			}
			n++
		}
		for b := range bands[i] {
			bands[i][b] = 10 * math.Log10(max(bands[i][b]/max(level[i], 1e-12), 1e-6))
		}
		level[i] = 10 * math.Log10(max(level[i]/float64(max(1, n)), 1e-10))
	}
	top := max(level[0], level[1], level[2], level[3])
	for i := range level {
		put(max(-60, level[i]-top) / 10)
	}
	for _, i := range [...]int{0, 1, 2} {
		for b := range courseBands {
			if level[i] < top-50 {
				put(-6)
			} else {
				put(bands[i][b] / 10)
			}
		}
	}
	p.closeTraits(put)
	for len(x) < soundTraits {
		x = append(x, 0)
	}
	p.hit.describe(put)
	copy(p.traits[:], x)
}

// onsetSpread is the time from the first to the last onset as a share of the last one's time.
func onsetSpread(o []onset) float64 {
	if len(o) < 2 {
		return 0
	}
	return (o[len(o)-1].at - o[0].at) / max(0.05, o[len(o)-1].at)
}

// regularity is the standard deviation of the times between onsets over their mean: 0 for a
// pulse, 1 for chance.
func regularity(o []onset) float64 {
	if len(o) < 3 {
		return 2
	}
	var s, ss float64
	for i := 1; i < len(o); i++ {
		d := o[i].at - o[i-1].at
		s += d
		ss += d * d
	}
	n := float64(len(o) - 1)
	m := s / n
	return math.Sqrt(max(0, ss/n-m*m)) / m
}

// closeTraits looks closely at the beginning: the depths and the strongest partial in three
// slices, how noisy it is, and the level 3 to 400 ms after the peak.
func (p *pass) closeTraits(put func(...float64)) {
	t, s := &p.timbre, &p.scene
	var lows [lowBands]float64
	sum := 1e-12
	for _, c := range t.close[:min(24, len(t.close))] {
		for b, e := range c.lows {
			lows[b] += float64(e)
			sum += float64(e)
		}
	}
	for _, e := range lows {
		put(max(-40, 10*math.Log10(e/sum+1e-9)) / 10)
	}
	for _, sl := range [...][2]int{{0, 3}, {3, 9}, {9, 24}, {24, closeKept}} {
		var hz, noise, n float64
		for j := sl[0]; j < sl[1] && j < len(t.close); j++ {
			hz += math.Log2(max(float64(t.close[j].peak), 20) / 100)
			noise += float64(t.close[j].noise)
			n++
		}
		if n == 0 {
			put(-3, -6)
			continue
		}
		put(hz/n, noise/n)
	}
	// The fine course of level.
	first := int(s.start * s.rate)
	peak := first
	for i := first; i < s.n && i < first+int(0.5*s.rate); i++ {
		if s.levels[i] > s.levels[peak] {
			peak = i
		}
	}
	if peak >= s.n {
		put(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		return
	}
	for _, ms := range [...]float64{3, 6, 12, 25, 50, 100, 200, 400} {
		i := peak + int(math.Round(ms/1000*s.rate))
		if i >= s.n {
			put(-6)
			continue
		}
		put(max(-60, float64(s.levels[i]-s.levels[peak])) / 10)
	}
	bursts := 0.0 // claps are several hits within 60 ms
	for i := first + 1; i < min(s.n-1, first+int(0.06*s.rate)); i++ {
		if s.levels[i] > s.levels[i-1] && s.levels[i] >= s.levels[i+1] && s.levels[i] > s.levels[peak]-12 {
			bursts++
		}
	}
	put(bursts)
	for _, fall := range [...]float32{10, 20, 40} {
		last := peak
		for i := peak; i < s.n; i++ {
			if s.levels[i] > s.levels[peak]-fall {
				last = i
			}
		}
		put(math.Log10(float64(last-peak)/s.rate + 0.002))
	}
}
