package analysis

import "math"

// refine fits period and phase to the onsets near the grid and settles on the length of the
// file where it agrees. BPM.
func (f *tempoFinder) refine(lag float64, s *scene) float64 {
	period := lag / f.rate
	fit, spread, ok := fitGrid(s.onsets, period)
	if ok && math.Abs(fit-period) < 0.02*period {
		period = fit
	} else {
		spread = 0
	}
	bpm := 60 / period
	// A length that is a whole number of beats, as near as the fit can tell: exact.
	best, at := 0.007, 0.0
	for _, d := range f.durations {
		n := math.Round(d / period)
		if n < 1 {
			continue
		}
		exact := d / n
		if e := math.Abs(exact-period) / period; e < best && f.supports(exact, period) {
			best, at = e, exact
		}
	}
	if at > 0 {
		bpm = 60 / at
		if w := math.Round(bpm); math.Abs(w-bpm) < 0.05 {
			bpm = w
		}
		return bpm
	}
	// Without one, makers' habit of whole tempos decides within what the fit leaves open.
	if w := math.Round(bpm); math.Abs(w-bpm) < max(0.05, min(0.35, 60/period/period*spread*2)) {
		bpm = w
	}
	return bpm
}

// supports says that the even curve agrees with period a about as well as with b.
func (f *tempoFinder) supports(a, b float64) bool {
	m := 1.0
	for m*2*b*f.rate < 0.7*float64(f.n) {
		m *= 2
	}
	return f.near(curveEven, m*a*f.rate) >= 0.85*f.near(curveEven, m*b*f.rate)
}

// fitGrid fits period and phase by least squares to the onsets within 12 % of a beat of a
// quarter-beat grid, strongest counting most, in two rounds. spread is the standard error of the period.
func fitGrid(onsets []onset, period float64) (fit, spread float64, ok bool) {
	fit = period
	if len(onsets) < 4 {
		return period, 0, false
	}
	const parts = 4
	for round := range 3 {
		unit := fit / parts
		var re, im float64
		for _, o := range onsets {
			sin, cos := math.Sincos(2 * math.Pi * o.at / unit)
			re += o.strength * cos
			im += o.strength * sin
		}
		phase := math.Atan2(im, re) / (2 * math.Pi) * unit
		limit := 0.12 * parts
		if round > 0 {
			limit = 0.08 * parts
		}
		var w, wn, wt, wnn, wnt float64
		used := 0
		for _, o := range onsets {
			n := math.Round((o.at - phase) / unit)
			d := (o.at-phase)/unit - n
			if math.Abs(d) > limit {
				continue
			}
			k := o.strength
			w += k
			wn += k * n
			wt += k * o.at
			wnn += k * n * n
			wnt += k * n * o.at
			used++
		}
		den := w*wnn - wn*wn
		if used < 4 || den <= 0 {
			return period, 0, false
		}
		slope := (w*wnt - wn*wt) / den
		icpt := (wt - slope*wn) / w
		var res float64
		for _, o := range onsets {
			n := math.Round((o.at - phase) / unit)
			if math.Abs((o.at-phase)/unit-n) > limit {
				continue
			}
			e := o.at - icpt - slope*n
			res += o.strength * e * e
		}
		spread = math.Sqrt(res/w*w/den/max(1, float64(used-2))*float64(used)) * parts
		fit = slope * parts
		if math.Abs(fit-period) > 0.03*period {
			return period, 0, false
		}
	}
	return fit, spread, true
}

// firstBeat is the time of the first beat of the grid, s.
func (f *tempoFinder) firstBeat(period float64, s *scene) float64 {
	var re, im float64
	for _, o := range s.onsets {
		sin, cos := math.Sincos(2 * math.Pi * o.at / period)
		re += o.strength * cos
		im += o.strength * sin
	}
	phase := math.Atan2(im, re) / (2 * math.Pi) * period
	// Onsets on the off-beat may pull the phase; the fold knows where the beat is.
	at := float64(f.folded(period*f.rate))/perBeat*period + fluxLead
	if d := math.Abs(math.Remainder(phase-at, period)); d > period/8 {
		phase = at
	}
	phase = math.Mod(phase, period)
	if phase < -0.02 {
		phase += period
	}
	if phase > period-0.02 {
		phase -= period
	}
	return max(0, phase)
}
