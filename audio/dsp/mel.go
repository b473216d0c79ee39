package dsp

import "math"

// MelBank is bands triangular filters on Slaney's mel scale from 0 Hz to rate/2 over the n/2+1
// bins of an n-point transform, each of unit area per hertz (librosa.filters.mel at defaults:
// htk=False, norm="slaney").
func MelBank(rate, n, bands int) *Bank {
	top := hzToMel(float64(rate) / 2)
	edges := make([]float64, bands+2)
	for i := range edges {
		edges[i] = melToHz(top * float64(i) / float64(bands+1))
	}
	rows := make([][]float32, bands)
	for r := range rows {
		lo, mid, hi := edges[r], edges[r+1], edges[r+2]
		rows[r] = make([]float32, n/2+1)
		for k := range rows[r] {
			f := float64(k) * float64(rate) / float64(n)
			w := min((f-lo)/(mid-lo), (hi-f)/(hi-mid))
			if w > 0 {
				rows[r][k] = float32(w * 2 / (hi - lo))
			}
		}
	}
	return NewBank(rows)
}

// Slaney's scale: linear to 1 kHz (15 mel), then logarithmic, 27 steps for a factor of 6.4.
const (
	melLinear = 200.0 / 3 // Hz per mel below 1 kHz
	melBreak  = 1000.0    // Hz
)

var melLogStep = math.Log(6.4) / 27

func hzToMel(f float64) float64 {
	if f < melBreak {
		return f / melLinear
	}
	return melBreak/melLinear + math.Log(f/melBreak)/melLogStep
}

func melToHz(m float64) float64 {
	if m < melBreak/melLinear {
		return m * melLinear
	}
	return melBreak * math.Exp(melLogStep*(m-melBreak/melLinear))
}

// DCTMatrix is the first rows of the orthonormal DCT-II of n points, one slice per row.
func DCTMatrix(rows, n int) [][]float32 {
	m := make([][]float32, rows)
	for k := range m {
		m[k] = make([]float32, n)
		scale := math.Sqrt(2 / float64(n))
		if k == 0 {
			scale = math.Sqrt(1 / float64(n))
		}
		for i := range m[k] {
			m[k][i] = float32(scale * math.Cos(math.Pi*float64(k)*(2*float64(i)+1)/(2*float64(n))))
		}
	}
	return m
}
