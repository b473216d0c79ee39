package dsp

import (
	"slices"
	"testing"
)

// TestFFTKernelsAgree demands the same bits from the assembly and from its portable twin.
func TestFFTKernelsAgree(t *testing.T) {
	if !useAVX2 {
		t.Skip("this processor has no AVX2: only the portable kernels run here")
	}
	defer func() { useAVX2 = true }()
	for n := 8; n <= 1<<15; n *= 2 {
		f := mustFFT(t, n)
		x, w := noise(n, uint64(n)), Hann(n)
		var got [2][]float32
		for i, fast := range []bool{true, false} {
			useAVX2 = fast
			b := f.Bins()
			out := make([]float32, 5*b+n)
			f.Forward(out[:b], out[b:2*b], x)
			f.ForwardWindowed(out[2*b:3*b], out[3*b:4*b], x, w)
			f.Power(out[4*b:5*b], x, w)
			f.Inverse(out[5*b:], out[:b], out[b:2*b])
			got[i] = out
		}
		if !slices.Equal(got[0], got[1]) {
			t.Errorf("n=%d: assembly and Go differ", n)
		}
	}
}

func BenchmarkFFTPortable(b *testing.B) {
	defer func(on bool) { useAVX2 = on }(useAVX2)
	useAVX2 = false
	f := mustFFT(b, 2048)
	x, w := noise(2048, 1), Hann(2048)
	p := make([]float32, f.Bins())
	for b.Loop() {
		f.Power(p, x, w)
	}
}
