package dsp

import (
	"math"
	"sync"
)

// Interpolator reads a signal between its samples, for playing at any speed: a windowed sinc of
// 32 taps in 256 phases, linear between phases, lowered in frequency where the signal is read
// faster than it was sampled. Up to the sampled speed, tones below 0.38 of the rate keep their
// level within 0.1 dB and images lie 75 dB down; up to twice the speed that holds below 0.25 of
// the lower rate, and what would fold back is muffled. Good for listening, not for export. Tables are shared and never changed.
type Interpolator struct {
	table []float32 // interpolatorPhases+1 rows
}

const (
	// InterpolatorTaps is how many samples one reading takes, those before and after alike.
	InterpolatorTaps   = 32
	interpolatorPhases = 256
	interpolatorSteps  = 4 // tables per octave of speed
)

var interpolators struct {
	sync.Mutex
	m map[int]*Interpolator
}

// InterpolatorFor is the reader for step samples per reading; the sign does not matter. Above
// 16 times the speed the filter is lowered no further.
func InterpolatorFor(step float64) *Interpolator {
	speed := 0
	if s := min(math.Abs(step), 16); s > 1 {
		speed = int(math.Round(math.Log2(s) * interpolatorSteps))
	}
	interpolators.Lock()
	defer interpolators.Unlock()
	if ip := interpolators.m[speed]; ip != nil {
		return ip
	}
	ip := newInterpolator(math.Exp2(-float64(speed) / interpolatorSteps))
	if interpolators.m == nil {
		interpolators.m = make(map[int]*Interpolator)
	}
	interpolators.m[speed] = ip
	return ip
}

func newInterpolator(scale float64) *Interpolator {
	const cut = 0.92 // of half the rate
	ip := &Interpolator{table: make([]float32, 0, (interpolatorPhases+1)*InterpolatorTaps)}
	for p := range interpolatorPhases + 1 {
		var row [InterpolatorTaps]float64
		sum := 0.0
		for k := range row {
			t := float64(k) - (InterpolatorTaps/2 - 1) - float64(p)/interpolatorPhases
			row[k] = sinc(cut*scale*t) * KaiserAt(t/(InterpolatorTaps/2), kaiserBeta(80))
			sum += row[k]
		}
		for _, v := range row {
			ip.table = append(ip.table, float32(v/sum))
		}
	}
	return ip
}

// Stereo is both channels at the place frac, 0 to 1, between frames 15 and 16 of the 32
// interleaved stereo frames of x.
func (ip *Interpolator) Stereo(x *[2 * InterpolatorTaps]float32, frac float64) (left, right float32) {
	f := frac * interpolatorPhases
	p := int(f)
	w := float32(f - float64(p))
	return stereoTaps(x, ip.table[p*InterpolatorTaps:(p+2)*InterpolatorTaps], w)
}
