package analysis

import (
	"cmp"
	"math"
	"slices"
)

// refine fits period and phase to the onsets near the grid and settles on the length of the
// file where that agrees. BPM.
func (f *tempoFinder) refine(lag float64, s *scene) float64 {
	period := lag / f.rate
	fit, spread, ok := fitGrid(s.onsets, period)
	if ok && math.Abs(fit-period) < 0.02*period {
		period = fit
	} else {
		spread = 0.01 * period
	}
	bpm := 60 / period
	if exact, odds := f.lengthCase(period, spread/period); odds > 0 {
		bpm = exact
		if w := math.Round(bpm); math.Abs(w-bpm) < 0.05 {
			bpm = w
		}
		return bpm
	}
	// Without a length, makers' habit of whole tempos decides within what the fit leaves open.
	if w := math.Round(bpm); math.Abs(w-bpm) < max(0.05, min(0.35, bpm*spread/period*2)) {
		bpm = w
	}
	return bpm
}

// lengthCase weighs whether the sound was cut to whole beats near a period that is known to
// within a relative spread: the tempo this would make, and the log odds for it. It speaks for a cut
// that the number of beats is one that loops have, and above all that the tempo comes out as a
// whole number of BPM: by chance that happens once in forty times.
func (f *tempoFinder) lengthCase(period, spread float64) (bpm, odds float64) {
	odds = math.Inf(-1)
	sigma := min(max(5*spread, 0.003), 0.03)
	for i, d := range f.durations {
		if i > 0 && math.Abs(d-f.durations[0]) < 0.002 {
			continue
		}
		mid := d / period
		for n := math.Ceil(mid * 0.96); n <= mid*1.04 && n <= 256; n++ {
			if n < 1 {
				continue
			}
			off := n/mid - 1
			v := -0.5 * off * off / (sigma * sigma)
			exact := 60 * n / d
			whole := math.Abs(exact - math.Round(exact))
			switch {
			case i > 0:
				v -= 1.2 // found by a threshold, so never to the sample
				if whole < 0.1 {
					v += 0.5
				}
			case whole < 0.012:
				v += 3
			case whole < 0.05:
				v += 0.5
			default:
				v--
			}
			switch {
			case n == math.Exp2(math.Round(math.Log2(n))):
				v++
			case math.Mod(n, 4) == 0:
				v += 0.3
			case math.Mod(n, 2) == 0:
				v -= 0.7
			default:
				v -= 2
			}
			if math.Abs(off) < 0.004 {
				v++
			}
			if v > odds {
				bpm, odds = exact, v
			}
		}
	}
	return bpm, odds
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

// Who plays or cuts begins on a beat more often than not: a beginning is taken for one if at least
// this share happens on beats counted from it, beside the beats that are heard.
const (
	firstAfterSilence = 0.4
	firstOfCut        = 0.7 // the sound is going on already where the file begins
)

// firstBeat is the time of the first beat of the grid, s.
func (f *tempoFinder) firstBeat(period float64, s *scene) float64 {
	heard := float64(f.folded(period*f.rate))/perBeat*period + fluxLead
	phase := heard
	if len(s.onsets) > 0 {
		least := float32(firstOfCut)
		if s.start > 0.02 {
			least = firstAfterSilence
		}
		if first := s.onsets[0].begin; f.beatsFrom(first, period) > least*f.beatsFrom(heard, period) {
			phase = first
		}
	}
	phase = s.settle(phase, period)
	phase = math.Mod(phase, period)
	if phase < 0 {
		phase += period
	}
	if wholeBeats(s.dur, 60/period) > 0 && f.beginsOnBeat(phase, period, s) {
		return 0
	}
	if phase > period-0.02 {
		return 0
	}
	return phase
}

// beatsFrom is how much happens on beats that are counted from a time.
func (f *tempoFinder) beatsFrom(at, period float64) (v float32) {
	bin := int(math.Round((at - fluxLead) / period * perBeat))
	bin = ((bin % foldBins) + foldBins) % foldBins
	for beat := range beatsFolded {
		v += f.window(curveEven, bin+beat*perBeat) + f.window(curveLow, bin+beat*perBeat)
	}
	return v
}

// settle moves beats onto the attacks near them: to the median of their beginnings, the strongest
// counting most.
func (s *scene) settle(phase, period float64) float64 {
	type attack struct{ off, strength float64 }
	var near []attack
	half := 0.0
	for _, o := range s.onsets {
		if off := math.Remainder(o.begin-phase, period); math.Abs(off) < period/10 {
			near = append(near, attack{off, o.strength})
			half += o.strength / 2
		}
	}
	slices.SortFunc(near, func(a, b attack) int { return cmp.Compare(a.off, b.off) })
	for _, a := range near {
		if half -= a.strength; half <= 0 {
			return phase + a.off
		}
	}
	return phase
}

// beginsOnBeat says whether a sound of whole beats begins on one: such a sound was cut, and is cut on
// the beat unless it clearly says otherwise. It says so by silence at its start, or when hardly
// anything happens on beats that are counted from there beside what happens at the phase that was
// heard.
func (f *tempoFinder) beginsOnBeat(phase, period float64, s *scene) bool {
	if phase < 0.1*period || phase > 0.9*period {
		return true
	}
	if s.start > 0.1*period {
		return false
	}
	if len(s.onsets) > 0 && s.onsets[0].at < 0.1*period && s.onsets[0].strength > 0.2 {
		return true
	}
	return f.beatsFrom(0, period) > firstAfterSilence*f.beatsFrom(phase, period)
}
