package synth

import (
	"math"
	"slices"
	"sync"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

const rate = 44100

func renderAll() []Sound { return slices.Concat(OneShots(rate), DrumLoops(rate), TonalLoops(rate)) }

var all = sync.OnceValue(renderAll)

func TestSoundsAreFiniteLoudAndUnclipped(t *testing.T) {
	for _, s := range all() {
		var peak float32
		for _, x := range s.Audio.Samples {
			if x != x || math.IsInf(float64(x), 0) {
				t.Fatalf("%s: a sample is not a number", s.Name)
			}
			peak = max(peak, x, -x)
		}
		if peak < 0.7 || peak > 1 || between(s.Audio) > 1 {
			t.Errorf("%s: peak %.3f", s.Name, peak)
		}
	}
}

func TestLoopsAreWholeBeats(t *testing.T) {
	for _, s := range all() {
		if s.Kind != "loop" {
			continue
		}
		want := float64(s.Beats) * 60 / s.BPM
		if got := s.Audio.Seconds(); math.Abs(got-want) > 1.0/rate {
			t.Errorf("%s: %.5f s, want %.5f", s.Name, got, want)
		}
		if !slices.IsSorted(s.Onsets) || len(s.Onsets) < s.Beats/4 {
			t.Errorf("%s: onsets %v", s.Name, s.Onsets)
		}
	}
}

func TestSameSamplesEveryTime(t *testing.T) {
	a, b := all(), renderAll()
	for i := range a {
		if !slices.Equal(a[i].Audio.Samples, b[i].Audio.Samples) {
			t.Errorf("%s differs between two calls", a[i].Name)
		}
	}
}

// The pitched voices are in tune: the strongest partial near the note lies within 6 cents.
func TestVoicesAreInTune(t *testing.T) {
	for name, c := range map[string]struct {
		v    voice
		note float64
	}{
		"pluck": {pluck(rate, 64, 1.4, 91), 64},
		"keys":  {keys(rate, 69, 1.4, 1), 69},
		"bass":  {bass(rate, 45, 1.4, 900), 45},
	} {
		n := 1 << 18
		x := make([]float64, n)
		for i := range c.v {
			w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(c.v)))
			x[i] = w * float64(c.v[i])
		}
		spectrum := fourier.NewFFT(n).Coefficients(nil, x)
		lo, hi := int(hz(c.note-1)*float64(n)/rate), int(hz(c.note+1)*float64(n)/rate)
		best, at := 0.0, 0
		for k := lo; k <= hi; k++ {
			if m := math.Hypot(real(spectrum[k]), imag(spectrum[k])); m > best {
				best, at = m, k
			}
		}
		cents := 1200 * math.Log2(float64(at)*rate/float64(n)/hz(c.note))
		if math.Abs(cents) > 6 {
			t.Errorf("%s is %.1f cents off", name, cents)
		}
	}
}
