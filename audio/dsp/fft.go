package dsp

import (
	"fmt"
	"math"
	"math/bits"
	"sync"
)

// FFT transforms real blocks of one power-of-two length. It holds scratch, so one goroutine
// uses it at a time; the tables behind it are shared by all of the same length.
//
// The n real samples are taken as n/2 complex ones (even samples real, odd imaginary), go
// through a Stockham transform (radix 4, one radix-2 pass where the length needs it; self-sorting,
// real and imaginary parts apart) and are then separated into the spectrum of the real signal.
type FFT struct {
	*fftTables
	ar, ai, br, bi []float32 // n/2 each: the two sides of the Stockham ping-pong
}

// fftTables is what all plans of one length share.
type fftTables struct {
	n, half int
	passes  []fftPass
	sepR    []float32 // exp(-2 pi i k/n), k = 0..n/4, for separating the real spectrum
	sepI    []float32
}

// fftPass is one radix-4 pass: stride s, m butterflies groups, their twiddles.
type fftPass struct {
	s, m int
	// tw holds 6 rows of m: w1 re, w1 im, w2 re, w2 im, w3 re, w3 im, with
	// wk[p] = exp(-2 pi i k p/(4m)).
	tw []float32
	// wide is tw with every value four times over, for the pass of stride 4 (see fftSecond4).
	wide []float32
}

var fftCache sync.Map // int -> *fftTables

// NewFFT plans a transform of n real samples; n is a power of two from 8 to 1<<24.
func NewFFT(n int) (*FFT, error) {
	if n < 8 || n > 1<<24 || n&(n-1) != 0 {
		return nil, fmt.Errorf("dsp: FFT length %d is not a power of two from 8 to %d", n, 1<<24)
	}
	t, ok := fftCache.Load(n)
	if !ok {
		t, _ = fftCache.LoadOrStore(n, newFFTTables(n))
	}
	h := n / 2
	scratch := make([]float32, 4*h)
	return &FFT{
		fftTables: t.(*fftTables),
		ar:        scratch[0*h : 1*h : 1*h],
		ai:        scratch[1*h : 2*h : 2*h],
		br:        scratch[2*h : 3*h : 3*h],
		bi:        scratch[3*h : 4*h : 4*h],
	}, nil
}

func newFFTTables(n int) *fftTables {
	t := &fftTables{n: n, half: n / 2}
	s := 1
	for length := n / 2; length >= 4; length /= 4 {
		m := length / 4
		p := fftPass{s: s, m: m, tw: make([]float32, 6*m)}
		for i := range m {
			for k := 1; k <= 3; k++ {
				sin, cos := math.Sincos(-2 * math.Pi * float64(k*i) / float64(length))
				p.tw[(2*k-2)*m+i] = float32(cos)
				p.tw[(2*k-1)*m+i] = float32(sin)
			}
		}
		if s == 4 {
			p.wide = make([]float32, 0, 4*len(p.tw))
			for _, w := range p.tw {
				p.wide = append(p.wide, w, w, w, w)
			}
		}
		t.passes = append(t.passes, p)
		s *= 4
	}
	t.sepR = make([]float32, n/4+1)
	t.sepI = make([]float32, n/4+1)
	for k := range t.sepR {
		sin, cos := math.Sincos(-2 * math.Pi * float64(k) / float64(n))
		t.sepR[k], t.sepI[k] = float32(cos), float32(sin)
	}
	return t
}

// Len is the number of real samples of a block.
func (f *FFT) Len() int { return f.n }

// Bins is the number of spectrum bins, Len/2+1: bin k lies at k*rate/Len Hz.
func (f *FFT) Bins() int { return f.half + 1 }

// Forward computes X[k] = sum of x[t] exp(-2 pi i k t/n), not scaled, for k = 0..n/2.
// x has n samples, re and im n/2+1 bins.
func (f *FFT) Forward(re, im, x []float32) {
	fftPack(f.ar, f.ai, x[:f.n])
	zr, zi := f.run()
	f.separate(re, im, zr, zi)
}

// ForwardWindowed is Forward of x[t]*w[t].
func (f *FFT) ForwardWindowed(re, im, x, w []float32) {
	fftPackWindowed(f.ar, f.ai, x[:f.n], w[:f.n])
	zr, zi := f.run()
	f.separate(re, im, zr, zi)
}

// Power computes |X[k]|² of x[t]*w[t] for k = 0..n/2 into p.
func (f *FFT) Power(p, x, w []float32) {
	fftPackWindowed(f.ar, f.ai, x[:f.n], w[:f.n])
	zr, zi := f.run()
	h := f.half
	p = p[:h+1]
	fftSeparatePower(p, zr, zi, f.sepR, f.sepI)
	a, b := zr[0]+zi[0], zr[0]-zi[0]
	p[0], p[h] = a*a, b*b
}

// Inverse computes x[t] = 1/n * the sum over the whole hermitian spectrum of
// X[k] exp(2 pi i k t/n), so that Inverse after Forward gives x back. The imaginary parts of
// the first and last bin are taken as zero.
func (f *FFT) Inverse(x, re, im []float32) {
	h := f.half
	re, im, x = re[:h+1], im[:h+1], x[:f.n]
	// Join into Z[k] = E[k] + i O[k], conjugated, so that a forward transform inverts.
	scale := 1 / float32(f.n)
	f.ar[0] = (re[0] + re[h]) * scale
	f.ai[0] = (re[h] - re[0]) * scale
	fftJoin(f.ar, f.ai, re, im, f.sepR, f.sepI, scale)
	yr, yi := f.run()
	fftUnpack(x, yr, yi)
}

// run transforms the n/2 complex values in ar, ai and says where the result lies.
func (f *FFT) run() (zr, zi []float32) {
	xr, xi, yr, yi := f.ar, f.ai, f.br, f.bi
	for i := range f.passes {
		p := &f.passes[i]
		switch {
		case p.s == 1:
			fftFirst4(yr, yi, xr, xi, p.tw, p.m)
		case p.m == 1:
			fftLast4(yr, yi, xr, xi, p.s)
		case p.s == 4:
			fftSecond4(yr, yi, xr, xi, p.tw, p.wide, p.m)
		default:
			fftPass4(yr, yi, xr, xi, p.tw, p.m, p.s)
		}
		xr, xi, yr, yi = yr, yi, xr, xi
	}
	if bits.TrailingZeros(uint(f.half))%2 == 1 {
		fftLast2(yr, yi, xr, xi)
		xr, xi = yr, yi
	}
	return xr, xi
}

// separate turns the transform Z of the packed samples into the spectrum of the real signal.
func (f *FFT) separate(re, im, zr, zi []float32) {
	h := f.half
	re, im = re[:h+1], im[:h+1]
	fftSeparate(re, im, zr, zi, f.sepR, f.sepI)
	re[0], im[0] = zr[0]+zi[0], 0
	re[h], im[h] = zr[0]-zi[0], 0
}
