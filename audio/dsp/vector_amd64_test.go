package dsp

import (
	"math"
	"slices"
	"testing"
)

// TestVectorKernelsAgree demands the same bits from the assembly and from its portable twins.
func TestVectorKernelsAgree(t *testing.T) {
	if !useAVX2 {
		t.Skip("this processor has no AVX2: only the portable kernels run here")
	}
	defer func() { useAVX2 = true }()
	for _, n := range []int{8, 9, 16, 24, 32, 40, 64, 250, 1025} {
		a, b := noise(n, 3), noise(n, 4)
		a[n/2] = float32(math.NaN())
		clean := noise(n, 5)
		rows := make([][]float32, 20)
		for r := range rows {
			rows[r] = make([]float32, n)
			copy(rows[r][r*n/20:], noise(1+n/7, uint64(r)))
		}
		bank := NewBank(rows)
		padded := make([]float32, bank.Bins())
		copy(padded, b)
		run := func() []uint32 {
			lo, hi := MinMax(a)
			out := []float32{
				lo, hi,
				Dot(clean, b), Sum(clean), Spread(clean, b, 0.3), Rise(a, b), MaxAbs(a),
				FIRMax(clean, b[:min(n, 12)]), float32(SignChanges(clean, 0.2)),
			}
			v := make([]float32, n)
			Sqrt(v, b)
			out = append(out, v...)
			Mul(v, a, b)
			out = append(out, v...)
			Axpy(v, 0.7, clean)
			out = append(out, v...)
			AtLeast(v, a, 0.1)
			out = append(out, v...)
			Log(v, a, 100, 1, 1e-10)
			out = append(out, v...)
			r := make([]float32, bank.Rows())
			bank.Apply(r, padded)
			table, p := noise(24*7, 8), make([]float32, 30)
			polyphase(p, noise(200, 9), table, 3, 7, 24)
			out = append(out, p...)
			l, right := stereoTaps((*[64]float32)(noise(64, 6)), noise(64, 7), 0.3)
			out = append(out, l, right)
			out = append(out, r...)
			bits := make([]uint32, len(out))
			for i, f := range out {
				if f != f {
					f = float32(math.NaN()) // the sign of a NaN is not ours to promise
				}
				bits[i] = math.Float32bits(f)
			}
			return bits
		}
		useAVX2 = true
		fast := run()
		useAVX2 = false
		if slow := run(); !slices.Equal(fast, slow) {
			for i := range fast {
				if fast[i] != slow[i] {
					t.Errorf("n=%d: value %d is %v by assembly, %v by Go", n, i, math.Float32frombits(fast[i]), math.Float32frombits(slow[i]))
					break
				}
			}
		}
	}
}
