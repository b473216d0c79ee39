package dsp

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

func noise(n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.Float64()*2 - 1)
	}
	return x
}

func mustFFT(tb testing.TB, n int) *FFT {
	tb.Helper()
	f, err := NewFFT(n)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// TestFFTAgainstGonum compares every length with gonum's transform in float64; the error of a
// float32 transform grows with the square root of log n, far below 1e-6 of the spectrum's norm.
func TestFFTAgainstGonum(t *testing.T) {
	for n := 8; n <= 1<<16; n *= 2 {
		f := mustFFT(t, n)
		x := noise(n, uint64(n))
		wide := make([]float64, n)
		for i, v := range x {
			wide[i] = float64(v)
		}
		want := fourier.NewFFT(n).Coefficients(nil, wide)
		re, im := make([]float32, f.Bins()), make([]float32, f.Bins())
		f.Forward(re, im, x)
		var worst, norm float64
		for k, w := range want {
			d := math.Hypot(float64(re[k])-real(w), float64(im[k])-imag(w))
			worst = max(worst, d)
			norm += real(w)*real(w) + imag(w)*imag(w)
		}
		norm = math.Sqrt(norm / float64(len(want)))
		if worst > 1e-6*norm {
			t.Errorf("n=%d: worst bin differs by %g of the rms bin", n, worst/norm)
		}
		p, ones := make([]float32, f.Bins()), make([]float32, n)
		for i := range ones {
			ones[i] = 1
		}
		f.Power(p, x, ones)
		for k, w := range want {
			if e := real(w)*real(w) + imag(w)*imag(w); math.Abs(float64(p[k])-e) > 2e-6*norm*(norm+math.Sqrt(e)) {
				t.Fatalf("n=%d: power of bin %d is %g, want %g", n, k, p[k], e)
			}
		}
		back := make([]float32, n)
		f.Inverse(back, re, im)
		for i := range back {
			if math.Abs(float64(back[i]-x[i])) > 2e-6 {
				t.Fatalf("n=%d: inverse differs at %d: %g, want %g", n, i, back[i], x[i])
			}
		}
	}
}

func TestFFTRefusesLengths(t *testing.T) {
	for _, n := range []int{-8, 0, 1, 4, 12, 1000, 1 << 25} {
		if _, err := NewFFT(n); err == nil {
			t.Errorf("NewFFT(%d) gave no error", n)
		}
	}
}

func TestFFTAllocatesNothing(t *testing.T) {
	f := mustFFT(t, 2048)
	x, w := noise(2048, 1), Hann(2048)
	re, im, p := make([]float32, f.Bins()), make([]float32, f.Bins()), make([]float32, f.Bins())
	if n := testing.AllocsPerRun(20, func() {
		f.Forward(re, im, x)
		f.Inverse(x, re, im)
		f.Power(p, x, w)
	}); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}

func BenchmarkFFT(b *testing.B) {
	for _, n := range []int{1024, 2048, 8192} {
		f := mustFFT(b, n)
		x, w := noise(n, 1), Hann(n)
		p := make([]float32, f.Bins())
		b.Run(sizeName("power", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Power(p, x, w)
			}
		})
		wide := make([]float64, n)
		for i := range x {
			wide[i] = float64(x[i])
		}
		g := fourier.NewFFT(n)
		c := make([]complex128, n/2+1)
		b.Run(sizeName("gonum", n), func(b *testing.B) {
			for b.Loop() {
				g.Coefficients(c, wide)
			}
		})
	}
}
