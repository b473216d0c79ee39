package analysis

import (
	"math"
)

// timbreBands is the number of bands, equally spaced on the mel scale from 0 to 16 kHz, in
// which colour is described.
const timbreBands = 24

const timbreTop = 16000 // Hz

// timbreKept is how many frames from the first loud one on are kept for the course of the
// sound: about 2 s at 44.1 kHz.
const timbreKept = 180

// timbre follows the colour of a sound along the shared spectrum.
type timbre struct {
	rate   float64
	edges  [timbreBands + 1]int
	scale  float32
	frames int
	kept   [][timbreBands]float32 // power by band of the first frames
	sum    [timbreBands]float64
	top    float32 // loudest frame so far
	began  bool
}

func (t *timbre) reset(rate float64) {
	t.rate = rate
	binHz := rate / frameSize
	mel := func(hz float64) float64 { return 1127 * math.Log1p(hz/700) }
	for b := range t.edges {
		hz := 700 * math.Expm1(mel(timbreTop)*float64(b)/timbreBands/1127)
		k := int(math.Round(hz / binHz))
		if b == 0 {
			k = 1
		} else {
			k = max(k, t.edges[b-1]+1)
		}
		t.edges[b] = k
	}
	for b := range t.edges {
		t.edges[b] = min(t.edges[b], frameSize/2+1)
	}
	t.scale = 2 / float32(frameSize) / float32(frameSize) / 0.375
	t.frames, t.kept = 0, t.kept[:0]
	t.sum = [timbreBands]float64{}
	t.top, t.began = 0, false
}

func (t *timbre) frame(_ int, power, _ []float32) {
	var row [timbreBands]float32
	all := float32(0)
	for b := range row {
		s := float32(0)
		for _, v := range power[t.edges[b]:t.edges[b+1]] {
			s += v
		}
		row[b] = s * t.scale
		all += row[b]
		t.sum[b] += float64(row[b])
	}
	t.frames++
	if !t.began && all > 1e-7 {
		t.began = true
	}
	if t.began && len(t.kept) < timbreKept {
		t.kept = append(t.kept, row)
	}
	t.top = max(t.top, all)
}
