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
	if KaiserAt(0, 8.6) != 1 || KaiserAt(1, 8.6) != 1/besselI0(8.6) || KaiserAt(-1, 8.6) != KaiserAt(1, 8.6) || KaiserAt(1.01, 8.6) != 0 {
		t.Errorf("KaiserAt(0), (1), (-1), (1.01) = %v, %v, %v, %v", KaiserAt(0, 8.6), KaiserAt(1, 8.6), KaiserAt(-1, 8.6), KaiserAt(1.01, 8.6))
	}
	if got := besselI0(10); math.Abs(got-2815.716628466254) > 1e-9*got {
		t.Errorf("I0(10) = %v", got)
	}
}
