package analysis

import "math"

// foldBins is how finely four beats are cut: 24 a beat, so that sixteenths and triplets fall
// on whole bins.
const (
	foldBins    = 96
	perBeat     = foldBins / 4
	perHalf     = perBeat / 2
	perQuarter  = perBeat / 4
	perTriplet  = perBeat / 3
	beatsFolded = 4
)

// What the scorer is told about a candidate. Order is part of the weights' format.
const tempoFeatures = 66

// describeAll fills in the features of all candidates. The last one compares them: how far the
// correlation a beat later lies under the best candidate's.
func (f *tempoFinder) describeAll(s *scene) {
	top := float32(0)
	for i := range f.found {
		f.describe(&f.found[i], s)
		top = max(top, f.found[i].features[beatCorrelation])
	}
	for i := range f.found {
		x := &f.found[i].features
		x[tempoFeatures-1] = x[beatCorrelation] - top
	}
}

// Places of features that are asked for by themselves.
const (
	beatCorrelation = 5  // of the even curve, a beat later
	offQuarters     = 44 // how far onsets lie from quarters of the beat
	offThirds       = 45 // and from its thirds
)

// describe fills in the features of candidate c, group by group.
func (f *tempoFinder) describe(c *tempoCandidate, s *scene) {
	x := c.features[:0]
	put := func(vs ...float64) {
		for _, v := range vs {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				v = 0
			}
			x = append(x, float32(v))
		}
	}
	octave := math.Log2(c.bpm / 120)
	put(octave)
	f.repeats(c.lag, put)
	phase := f.folded(c.lag)
	f.places(phase, put)
	f.lengths(c.lag/f.rate, put)
	f.onsetsOnGrid(c, s, put)
	f.steps(c.lag, phase, s, put)
	// The piece as a whole, the same for all candidates: lets the rules differ by material.
	put(s.share[0], s.share[3], float64(len(s.onsets))/max(0.1, s.dur), s.dur)
	// Makers' habits of tempo are no straight line.
	put(octave*octave, octave*octave*octave)
	for len(x) < tempoFeatures {
		x = append(x, 0)
	}
}

// repeats is how well the curves agree with themselves a beat, a bar, half a beat later.
func (f *tempoFinder) repeats(lag float64, put func(...float64)) {
	for _, m := range [...]float64{0.25, 1. / 3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 8} {
		put(f.near(curveEven, m*lag))
	}
	for _, k := range [...]int{curveLow, curveMid, curveHigh} {
		for _, m := range [...]float64{0.5, 1, 2, 4} {
			put(f.near(k, m*lag))
		}
	}
	put(interpolate(f.gac, lag))
}

// places looks at the four beats laid over one another: what falls on the beat, between, and by which voice.
func (f *tempoFinder) places(phase int, put func(...float64)) {
	put(f.shares(curveEven, phase))
	for _, k := range [...]int{curveLow, curveMid, curveHigh} {
		beat, off, quarter, _ := f.shares(k, phase)
		put(beat, off, quarter)
	}
	put(f.alternation(curveLow, phase), f.alternation(curveMid, phase), f.backbeat(phase))
}

// lengths asks whether a whole number of beats, a power of two above all, fits the lengths.
func (f *tempoFinder) lengths(period float64, put func(...float64)) {
	whole, two := 1.0, 1.0
	for _, d := range f.durations {
		n := d / period
		if n < 0.75 {
			continue
		}
		whole = min(whole, math.Abs(n-math.Round(n)))
		p := math.Exp2(math.Round(math.Log2(n)))
		two = min(two, math.Abs(n-p)/p)
	}
	full := f.durations[0] / period
	put(whole, two, math.Abs(full-math.Round(full))/max(1, math.Sqrt(full)), math.Log2(full))
}

// onsetsOnGrid is how far onsets lie from the grid and what the grid fitted to them says of the length.
func (f *tempoFinder) onsetsOnGrid(c *tempoCandidate, s *scene, put func(...float64)) {
	period := c.lag / f.rate
	put(gridResidual(s.onsets, period, 4), gridResidual(s.onsets, period, 3))
	put(float64(len(s.onsets)) / max(1, f.durations[0]/period))
	fit, spread, ok := fitGrid(s.onsets, period)
	if !ok || math.Abs(fit-period) > 0.02*period {
		fit, spread = period, 0.01*period
	}
	exact, odds := f.lengthCase(fit, spread/fit)
	put(max(odds, -10), math.Log2(exact/c.bpm), 100*spread/fit)
	if exact > 0 {
		put(f.circular(curveEven, 4*60/exact*f.rate, f.durations[0]*f.rate))
	} else {
		put(0)
	}
}

// steps is how fast the quickest and the usual steps are against the beat: makers count so that few
// steps are shorter than a sixteenth.
func (f *tempoFinder) steps(lag float64, phase int, s *scene, put func(...float64)) {
	period := lag / f.rate
	for _, share := range [...]float64{0.1, 0.3, 0.5} {
		put(math.Log2(max(0.01, s.stepAt(share)) / period))
	}
	put(f.thirtySeconds(curveEven, phase), f.thirtySeconds(curveHigh, phase))
	put(f.near(curveLow, 0.25*lag), f.near(curveHigh, 0.25*lag))
	put(math.Log2(max(0.02, s.lowRate) * period))
}

// folded lays the curves over one another every four beats and gives the phase, in bins, at
// which the beats lie.
func (f *tempoFinder) folded(lag float64) int {
	f.fold = [periodCurves][foldBins]float32{}
	f.count = [foldBins]float32{}
	step := foldBins / (beatsFolded * lag)
	pos := 0.0
	for i := range f.n {
		b := int(pos)
		f.count[b]++
		for k := range f.fold {
			f.fold[k][b] += f.curve[k][i]
		}
		if pos += step; pos >= foldBins {
			pos -= foldBins
		}
	}
	for k := range f.fold {
		sum := float32(0)
		for b := range foldBins {
			if f.count[b] > 0 {
				f.fold[k][b] /= f.count[b]
			}
			sum += f.fold[k][b]
		}
		if sum > 0 {
			for b := range foldBins {
				f.fold[k][b] /= sum
			}
		}
	}
	best, at := float32(-1), 0
	for p := range perBeat {
		v := float32(0)
		for beat := range beatsFolded {
			v += f.window(curveEven, p+beat*perBeat) + f.window(curveLow, p+beat*perBeat)
		}
		if v > best {
			best, at = v, p
		}
	}
	return at
}

// window is what falls on a bin and the two beside it.
func (f *tempoFinder) window(k, at int) float32 {
	a := &f.fold[k]
	return a[(at+foldBins-1)%foldBins] + a[at%foldBins] + a[(at+1)%foldBins]
}

// shares gives what part of a curve falls on the beats, half-way between, on the other
// sixteenths, and on the triplets; 1 means as much as an even curve would put there.
func (f *tempoFinder) shares(k, phase int) (beat, off, quarter, triplet float64) {
	for b := range beatsFolded {
		at := phase + b*perBeat
		beat += float64(f.window(k, at))
		off += float64(f.window(k, at+perHalf))
		quarter += float64(f.window(k, at+perQuarter) + f.window(k, at+3*perQuarter))
		triplet += float64(f.window(k, at+perTriplet) + f.window(k, at+2*perTriplet))
	}
	const even = 3. / perBeat
	return beat / even, off / even, quarter / (2 * even), triplet / (2 * even)
}

// thirtySeconds is what falls between the sixteenths.
func (f *tempoFinder) thirtySeconds(k, phase int) float64 {
	sum := 0.0
	for b := perQuarter / 2; b < foldBins; b += perQuarter {
		sum += float64(f.window(k, phase+b))
	}
	return sum / (16 * 3. / foldBins)
}

// alternation is how differently a voice treats odd and even beats, 0 to 1.
func (f *tempoFinder) alternation(k, phase int) float64 {
	a := float64(f.window(k, phase) + f.window(k, phase+2*perBeat))
	b := float64(f.window(k, phase+perBeat) + f.window(k, phase+3*perBeat))
	if a+b == 0 {
		return 0
	}
	return math.Abs(a-b) / (a + b)
}

// backbeat is high when kick and body take turns from beat to beat: positive for turns, negative
// for together.
func (f *tempoFinder) backbeat(phase int) float64 {
	turn := func(k int) float64 {
		a := float64(f.window(k, phase) + f.window(k, phase+2*perBeat))
		b := float64(f.window(k, phase+perBeat) + f.window(k, phase+3*perBeat))
		return (a - b) / max(1e-9, a+b)
	}
	return -turn(curveLow) * turn(curveMid)
}

// gridResidual is how far onsets lie from the nearest of parts lines a beat, on average and
// relative to the greatest possible distance, at the best phase: 0 on the grid, 0.5 at random.
func gridResidual(onsets []onset, period float64, parts float64) float64 {
	var re, im, sum float64
	for _, o := range onsets {
		sin, cos := math.Sincos(2 * math.Pi * o.at * parts / period)
		re += o.strength * cos
		im += o.strength * sin
		sum += o.strength
	}
	if sum == 0 {
		return 0.5
	}
	shift := math.Atan2(im, re) / (2 * math.Pi)
	res := 0.0
	for _, o := range onsets {
		x := o.at*parts/period - shift
		res += o.strength * math.Abs(x-math.Round(x))
	}
	return res / sum * 2
}
