package dsp

import "math"

// Hann is the periodic Hann window of n points, 0.5 - 0.5 cos(2 pi i/n), as scipy and librosa
// give it with fftbins=True.
func Hann(n int) []float32 { return cosineWindow(n, 0.5, 0.5) }

// Hamming is the periodic Hamming window of n points, 0.54 - 0.46 cos(2 pi i/n).
func Hamming(n int) []float32 { return cosineWindow(n, 0.54, 0.46) }

func cosineWindow(n int, a, b float64) []float32 {
	w := make([]float32, n)
	for i := range w {
		w[i] = float32(a - b*math.Cos(2*math.Pi*float64(i)/float64(n)))
	}
	return w
}

// KaiserAt is the Kaiser window at u in -1..1, zero outside.
func KaiserAt(u, beta float64) float64 {
	if u < -1 || u > 1 {
		return 0
	}
	return besselI0(beta*math.Sqrt(1-u*u)) / besselI0(beta)
}

// kaiserBeta is the shape that gives a windowed-sinc filter the stop-band attenuation of db
// (Kaiser's formula).
func kaiserBeta(db float64) float64 {
	switch {
	case db > 50:
		return 0.1102 * (db - 8.7)
	case db >= 21:
		return 0.5842*math.Pow(db-21, 0.4) + 0.07886*(db-21)
	default:
		return 0
	}
}

// besselI0 is the modified Bessel function of order zero, by its power series.
func besselI0(x float64) float64 {
	sum, term, q := 1.0, 1.0, x*x/4
	for k := 1.0; term > sum*1e-17; k++ {
		term *= q / (k * k)
		sum += term
	}
	return sum
}
