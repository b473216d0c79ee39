package dsp

import (
	"math"
	"testing"
)

// readAt plays x at the given speed.
func readAt(x []float32, step float64) []float32 {
	ip := InterpolatorFor(step)
	var y []float32
	for pos := 16.0; pos+18 < float64(len(x)); pos += step {
		at := int(pos)
		var win [2 * InterpolatorTaps]float32
		for k := range InterpolatorTaps {
			win[2*k], win[2*k+1] = x[at-15+k], -x[at-15+k]
		}
		l, r := ip.Stereo(&win, pos-float64(at))
		if l != -r {
			panic("channels differ")
		}
		y = append(y, l)
	}
	return y
}

func TestInterpolator(t *testing.T) {
	const rate = 44100
	for _, step := range []float64{44100.0 / 48000, 0.5, 1.0595, 1.5, 2} {
		out := rate * max(1, step) // the rate whose half bounds the band, in input samples
		low := rate * min(1, 1/step)
		for _, share := range []float64{0.01, 0.1, 0.25, 0.38} {
			if step > 1 && share > 0.25 {
				continue
			}
			hz := share * low
			y := readAt(sine(rate, hz, 1, 20000), step)
			a, rest := fitTone(y, rate, hz*step)
			if math.Abs(db(a)) > 0.1 || db(rest*math.Sqrt2) > -75 {
				t.Errorf("step %.3f, tone at %.2f of the rate: %.3f dB, rest %.1f dB", step, share, db(a), db(rest*math.Sqrt2))
			}
		}
		if step > 1 { // beyond the new half rate nothing may fold back loudly
			y := readAt(sine(rate, 0.62*out/step, 1, 20000), step)
			_, rest := fitTone(y, rate, 1000)
			if level := db(rest * math.Sqrt2); 0.62*out/step < rate/2 && level > -30 {
				t.Errorf("step %.3f: a tone beyond the band is still at %.1f dB", step, level)
			}
		}
	}
}

func BenchmarkInterpolator(b *testing.B) {
	ip := InterpolatorFor(0.92)
	var x [2 * InterpolatorTaps]float32
	for b.Loop() {
		ip.Stereo(&x, 0.3)
	}
}
