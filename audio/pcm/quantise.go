package pcm

import "math"

// Quantiser turns float samples into integers of 1 to 32 bits. The integer of 2^(bits-1) stands
// for 1.0, so that samples which came from integers of as many bits or fewer come out unchanged.
//
// With dither, triangular noise of two steps peak to peak (TPDF) is added before rounding: it
// makes the error independent of the sound (Lipshitz, Wannamaker and Vanderkooy, "Quantization
// and Dither", JAES 40, 1992). The noise comes from a fixed seed: the same sound gives the same
// bytes.
type Quantiser struct {
	bits   int
	scale  float64
	least  float64
	most   float64
	dither bool
	state  uint64
}

// NewQuantiser makes a quantiser for one run over a sound. Bits outside 1 to 32 are a mistake
// of the program; they are clamped.
func NewQuantiser(bits int, dither bool) *Quantiser {
	bits = min(max(bits, 1), 32)
	full := math.Ldexp(1, bits-1)
	return &Quantiser{bits: bits, scale: full, least: -full, most: full - 1, dither: dither, state: 0x9E3779B97F4A7C15}
}

// Quantise writes src as integers into dst, which must be as long. What is beyond full scale is
// clipped, NaN is zero.
func (q *Quantiser) Quantise(dst []int32, src []float32) {
	dst = dst[:len(src)]
	if !q.dither {
		for i, v := range src {
			dst[i] = q.round(float64(v) * q.scale)
		}
		return
	}
	for i, v := range src {
		// splitmix64 (Steele, Lea and Flood, 2014); two uniform numbers make a triangle.
		q.state += 0x9E3779B97F4A7C15
		z := q.state
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		noise := float64(uint32(z)) - float64(uint32(z>>32))
		dst[i] = q.round(float64(v)*q.scale + noise*(1.0/(1<<32)))
	}
}

func (q *Quantiser) round(x float64) int32 {
	switch {
	case x >= q.most:
		return int32(q.most)
	case x <= q.least:
		return int32(q.least)
	case x != x:
		return 0
	}
	return int32(math.RoundToEven(x))
}

// Exact says whether every sample is a whole number of steps of so many bits and within range:
// then quantising changes nothing and dither would only add noise.
func Exact(samples []float32, bits int) bool {
	bits = min(max(bits, 1), 32)
	scale := math.Ldexp(1, bits-1)
	for _, v := range samples {
		x := float64(v) * scale
		if x != math.Trunc(x) || x < -scale || x > scale-1 {
			return false
		}
	}
	return true
}
