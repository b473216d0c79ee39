package dsp

import (
	"math"
	"slices"
	"testing"
)

// TestVectors checks every function against plain float64 arithmetic, at lengths around the
// register widths.
func TestVectors(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 31, 32, 33, 40, 100, 1025} {
		a, b := noise(n, 1), noise(n, 2)
		var dot, sum, spread, rise, top float64
		changes := 0
		for i := range a {
			x, y := float64(a[i]), float64(b[i])
			dot += x * y
			sum += x
			spread += x * (y - 0.25) * (y - 0.25)
			rise += max(0, x-y)
			top = max(top, math.Abs(x))
			if i > 0 && (a[i] < -0.1) != (a[i-1] < -0.1) {
				changes++
			}
		}
		near := func(name string, got float32, want float64) {
			t.Helper()
			if math.Abs(float64(got)-want) > 1e-6*math.Sqrt(float64(n+1)) {
				t.Errorf("n=%d: %s is %v, want %v", n, name, got, want)
			}
		}
		near("Dot", Dot(a, b), dot)
		near("Sum", Sum(a), sum)
		near("Spread", Spread(a, b, 0.25), spread)
		near("Rise", Rise(a, b), rise)
		near("MaxAbs", MaxAbs(a), top)
		if lo, hi := MinMax(a); n > 0 && (lo != slices.Min(a) || hi != slices.Max(a)) || n == 0 && lo <= hi {
			t.Errorf("n=%d: MinMax is %v to %v", n, lo, hi)
		}
		if got := SignChanges(a, 0.1); got != changes {
			t.Errorf("n=%d: SignChanges is %d, want %d", n, got, changes)
		}
		c := make([]float32, n)
		Mul(c, a, b)
		Axpy(c, 2, a)
		for i := range c {
			if want := float32(a[i]*b[i]) + 2*a[i]; c[i] != want {
				t.Fatalf("n=%d: Mul, Axpy at %d: %v, want %v", n, i, c[i], want)
			}
		}
		Mul(c, a, a)
		Sqrt(c, c)
		for i := range c {
			if math.Abs(math.Abs(float64(a[i]))-float64(c[i])) > 1e-7 {
				t.Fatalf("n=%d: Sqrt at %d: %v, want %v", n, i, c[i], a[i])
			}
		}
		AtLeast(c, a, 0.1)
		for i := range c {
			if c[i] != max(a[i], 0.1) {
				t.Fatalf("n=%d: AtLeast at %d: %v of %v", n, i, c[i], a[i])
			}
		}
		h := []float32{0.5, -0.25, 0.125}
		want := 0.0
		for i := 0; i+3 <= n; i++ {
			want = max(want, math.Abs(0.5*float64(a[i])-0.25*float64(a[i+1])+0.125*float64(a[i+2])))
		}
		near("FIRMax", FIRMax(a, h), want)
	}
}

func TestLogIsAccurate(t *testing.T) {
	var x []float32
	for e := -120.0; e < 120; e += 0.037 {
		x = append(x, float32(math.Pow(2, e)))
	}
	for f := 0.5; f < 2; f += 0.0001 {
		x = append(x, float32(f))
	}
	y := make([]float32, len(x))
	Log(y, x, 1, 0, 1e-37)
	for i := range x {
		want := math.Log(float64(x[i]))
		if math.Abs(float64(y[i])-want) > 2e-7*max(1, math.Abs(want)) {
			t.Fatalf("Log(%g) = %v, want %v", x[i], y[i], want)
		}
	}
	odd := []float32{0, -1, float32(math.NaN()), float32(math.Inf(-1)), 1e-30, 3, 3, 3, 0}
	Log(odd, odd, 1, 0, 1e-10)
	for i, v := range odd {
		if want := math.Log(1e-10); i != 5 && i != 6 && i != 7 && math.Abs(float64(v)-want) > 1e-5 {
			t.Errorf("floor: value %d gives %v, want %v", i, v, want)
		}
	}
}

func TestBank(t *testing.T) {
	rows := make([][]float32, 40)
	for r := range rows {
		rows[r] = make([]float32, 101)
		if r == 3 {
			continue // an empty filter
		}
		copy(rows[r][min(r*3, 80):], noise(1+r/2, uint64(r)))
	}
	rows[39] = noise(101, 9)
	b := NewBank(rows)
	x := make([]float32, b.Bins())
	copy(x, noise(101, 5))
	got := make([]float32, b.Rows())
	b.Apply(got, x)
	for r := range rows {
		want := 0.0
		for i, w := range rows[r] {
			want += float64(w) * float64(x[i])
		}
		if math.Abs(want-float64(got[r])) > 1e-5 {
			t.Errorf("row %d: %v, want %v", r, got[r], want)
		}
	}
}

func BenchmarkVectors(b *testing.B) {
	x, y := noise(1024, 1), noise(1024, 2)
	b.Run("dot", func(b *testing.B) {
		for b.Loop() {
			Dot(x, y)
		}
	})
	z := make([]float32, 1024)
	b.Run("log", func(b *testing.B) {
		for b.Loop() {
			Log(z, x, 1, 0, 1e-10)
		}
	})
}
