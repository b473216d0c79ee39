package dsp

import "math"

// ChromaBank folds the n/2+1 bins of an n-point power spectrum onto the twelve pitch classes, C
// first (librosa.filters.chroma at defaults: Gaussian bumps half a semitone wide or as wide as a
// bin, unit Euclidean norm per bin, weighted by a Gaussian of two octaves around 880 Hz).
// tuning is the deviation from A = 440 Hz in semitones, -0.5 to 0.5.
func ChromaBank(rate, n int, tuning float64) *Bank {
	const classes, centreOctave, octaveWidth = 12, 5.0, 2.0
	bins := n/2 + 1
	// Position of each bin in semitones above A0 retuned; one more for the last width.
	pos := make([]float64, bins+1)
	a0 := 440 * math.Exp2(tuning/classes) / 16
	for k := 1; k <= bins; k++ {
		pos[k] = classes * math.Log2(float64(k)*float64(rate)/float64(n)/a0)
	}
	pos[0] = pos[1] - 1.5*classes // bin 0 has no pitch: broad, and far below the first
	rows := make([][]float32, classes)
	for c := range rows {
		rows[c] = make([]float32, bins)
	}
	var bump [classes]float64
	for k := range bins {
		width := max(pos[k+1]-pos[k], 1)
		norm := 0.0
		for c := range bump {
			d := math.Mod(pos[k]-float64(c)+classes/2+10*classes, classes) - classes/2
			bump[c] = math.Exp(-0.5 * (2 * d / width) * (2 * d / width))
			norm += bump[c] * bump[c]
		}
		o := (pos[k]/classes - centreOctave) / octaveWidth
		scale := math.Exp(-0.5*o*o) / math.Sqrt(norm)
		for c := range bump {
			rows[(c+classes-3)%classes][k] = float32(bump[c] * scale) // row 0 is A in pos, C in rows
		}
	}
	return NewBank(rows)
}
