package dsp

import (
	"math"
	"strconv"
	"testing"
)

func sizeName(kind string, n int) string { return kind + "/" + strconv.Itoa(n) }

func TestWindows(t *testing.T) {
	h := Hann(8)
	if h[0] != 0 || h[4] != 1 || h[2] != h[6] || math.Abs(float64(h[2])-0.5) > 1e-7 {
		t.Errorf("Hann(8) = %v is not periodic", h)
	}
	if m := Hamming(8); math.Abs(float64(m[0])-0.08) > 1e-7 || m[4] != 1 {
		t.Errorf("Hamming(8) = %v", m)
	}
	// numpy.kaiser(5, 8.6): 1/I0(8.6), ..., 1
	k := Kaiser(5, 8.6)
	if k[2] != 1 || math.Abs(float64(k[0])-1/besselI0(8.6)) > 1e-9 || k[0] != k[4] {
		t.Errorf("Kaiser(5, 8.6) = %v", k)
	}
	if got := besselI0(10); math.Abs(got-2815.716628466254) > 1e-9*got {
		t.Errorf("I0(10) = %v", got)
	}
}

// TestSTFTFraming checks centring and zero padding on a ramp whose value is its position.
func TestSTFTFraming(t *testing.T) {
	s, err := NewSTFT(Hann(16), 4)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 21)
	for i := range x {
		x[i] = float32(i + 1)
	}
	if s.Count(len(x)) != 6 || s.Count(0) != 0 || s.Count(1) != 1 {
		t.Errorf("counts %d %d %d", s.Count(len(x)), s.Count(0), s.Count(1))
	}
	for f := range s.Count(len(x)) {
		for i, v := range s.Frame(x, f) {
			want := float32(0)
			if at := f*4 - 8 + i; at >= 0 && at < len(x) {
				want = float32(at + 1)
			}
			if v != want {
				t.Fatalf("frame %d, sample %d: %v, want %v", f, i, v, want)
			}
		}
	}
	if fr := s.Frame(x[:1], 900); fr[0] != 0 || fr[15] != 0 {
		t.Error("a frame far beyond the end is not silent")
	}
}
