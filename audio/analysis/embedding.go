package analysis

import "math"

// EmbeddingSize is the length of Result.Embedding.
const EmbeddingSize = 80

// embed makes the vector for "sounds like this": colour over all, the course of colour after the
// attack, the course of level, and how much of it is pitch, noise and rhythm. It leaves out what does
// not change what a sound is like: level, silence around it, tempo in BPM, key. Each part
// is scaled so that a difference a listener would call clear is about 1; the common part of all
// sounds is taken off, so that the cosine spreads.
func (p *pass) embed(heard *spectra) []float32 {
	s, t, h, k := &p.scene, &p.timbre, &p.shape, &p.tonal
	x := make([]float64, 0, EmbeddingSize)
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
	out := make([]float32, EmbeddingSize)
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

// Duplicate is how surely two reports are of one sound, 0 to 1: alike in colour and course, in
// pitch, and in length without the silence around it. A copy with another level, more silence
// before it, or converted to another format lies above 0.5; takes of one drum and chords of one
// instrument lie below.
func Duplicate(a, b *Report) float64 {
	if len(a.Embedding) == 0 || len(b.Embedding) == 0 || len(a.ChromaMean) != 12 || len(b.ChromaMean) != 12 {
		return 0
	}
	ramp := func(v, lo, hi float64) float64 { return min(1, max(0, (v-lo)/(hi-lo))) }
	var ab, aa, bb, ma, mb float64
	for i := range 12 {
		ma += a.ChromaMean[i] / 12
		mb += b.ChromaMean[i] / 12
	}
	for i := range 12 {
		x, y := a.ChromaMean[i]-ma, b.ChromaMean[i]-mb
		ab += x * y
		aa += x * x
		bb += y * y
	}
	pitch := 1.0
	// Chroma that hardly varies is noise's and says nothing.
	if math.Sqrt(aa/12) > 0.25*ma && math.Sqrt(bb/12) > 0.25*mb {
		pitch = ab / math.Sqrt(aa*bb)
	}
	la, lb := soundLength(a), soundLength(b)
	return ramp(Likeness(a.Embedding, b.Embedding), 0.9, 0.98) * ramp(pitch, 0.75, 0.95) * ramp(min(la, lb)/max(la, lb, 1e-6), 0.75, 0.95)
}

func soundLength(r *Report) float64 {
	l := 0.0
	if r.Duration != nil {
		l = *r.Duration
	}
	for _, s := range []*float64{r.SilenceStart, r.SilenceEnd} {
		if s != nil {
			l -= *s
		}
	}
	return max(l, 1e-3)
}
