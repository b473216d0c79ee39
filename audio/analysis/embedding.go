package analysis

import "math"

// EmbeddingSize is the length of Result.Embedding.
const EmbeddingSize = likenessSize + 9 + 4

// likenessSize is the length of the part that says how a sound sounds; after it comes what it is.
const likenessSize = 80

// classPart is how much of the likeness of two sounds is that they are of one class.
const classPart = 0.35

// embed makes the vector for "sounds like this" of how a sound sounds and the chances of its
// classes. The cosine of two is that of the former, and the overlap of the latter, in the parts of
// classPart.
func (j *judgement) embed(sounds []float32) []float32 {
	if len(sounds) == 0 {
		return nil
	}
	x := make([]float32, 0, EmbeddingSize)
	for _, v := range sounds {
		x = append(x, v*float32(math.Sqrt(1-classPart)))
	}
	shot := j.kinds[0]
	for _, p := range j.classes {
		x = append(x, float32(math.Sqrt(classPart*shot*p)))
	}
	for _, p := range j.loopClasses {
		x = append(x, float32(math.Sqrt(classPart*(1-shot)*p)))
	}
	return x
}

// likeness describes how a sound sounds, in a vector of unit length: colour over all, the course of colour after the
// attack, the course of level, and how much of it is pitch, noise and rhythm. It leaves out what does
// not change what a sound is like: level, silence around it, tempo in BPM, key. Each part
// is scaled so that a difference a listener would call clear is about 1; the common part of all
// sounds is taken off, so that the cosine spreads.
func (p *pass) likeness(heard *spectra) []float32 {
	s, t, h, k := &p.scene, &p.timbre, &p.shape, &p.tonal
	x := make([]float64, 0, likenessSize)
	// Colour: 24 bands in dB under the sum, 10 dB a unit.
	const floor = 45
	all := 0.0
	for _, e := range t.sum {
		all += e
	}
	for _, e := range t.sum {
		x = append(x, (decibelsUnder(e, all, floor)+22)/10)
	}
	// Its course: 12 bands in three slices, half as heavy.
	for i := range 3 {
		var bands [courseBands]float64
		sum := 0.0
		for j := courseSlices[i][0]; j < courseSlices[i][1] && j < len(t.kept); j++ {
			for b, e := range t.kept[j] {
				bands[b*courseBands/timbreBands] += float64(e)
				sum += float64(e)
			}
		}
		for _, e := range bands {
			x = append(x, (decibelsUnder(e, sum, floor)+20)/20)
		}
	}
	// The course of level: twelve parts from the first sound to the last, as dB under the loudest.
	first, last := int(s.start*s.rate), min(s.n, int(s.end*s.rate)+1)
	var level [12]float64
	top := 1e-12
	for i := range level {
		from := first + (last-first)*i*i/144 // finer where sounds begin
		to := max(from+1, first+(last-first)*(i+1)*(i+1)/144)
		for j := from; j < min(to, s.n); j++ {
			level[i] += math.Pow(10, float64(s.levels[j])/10)
		}
		level[i] /= float64(to - from)
		top = max(top, level[i])
	}
	for _, e := range level {
		x = append(x, (decibelsUnder(e, top, 40)+12)/15)
	}
	sp := &heard.Spectral
	x = append(x,
		1.2*math.Log2(max(h.sounding, 0.02)/1),
		2*(k.harmonic-0.5),
		2*(k.entropy-0.8),
		2*(sp.HarmonicRatio-0.5),
		0.6*(math.Log2(1+float64(h.groups))-1.5),
		math.Log2(max(h.midHz, 50)/2500),
		k.lowest/24-1,
		2*(h.first300-0.6),
	)
	norm := 0.0
	for _, v := range x {
		norm += v * v
	}
	norm = math.Sqrt(norm)
	out := make([]float32, likenessSize)
	if norm == 0 {
		return nil
	}
	for i, v := range x {
		out[i] = float32(v / norm)
	}
	return out
}

// decibelsUnder is e relative to all in dB, not below -floor.
func decibelsUnder(e, all, floor float64) float64 {
	if e <= 0 || all <= 0 {
		return -floor
	}
	return max(-floor, 10*math.Log10(e/all))
}

// Likeness is how alike two embeddings are, -1 to 1; 0 when one is missing.
func Likeness(a, b []float32) float64 {
	if len(a) != len(b) {
		return 0
	}
	s := 0.0
	for i := range a {
		s += float64(a[i]) * float64(b[i])
	}
	return s
}
