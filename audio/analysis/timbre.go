package analysis

import (
	"math"

	"sampleagent/audio/dsp"
)

// timbreBands is the number of bands, equally spaced on the mel scale from 0 to 16 kHz, in
// which colour is described.
const timbreBands = 24

const timbreTop = 16000 // Hz

// timbreKept is how many frames from the first loud one on are kept for the course of the
// sound: about 2 s at 44.1 kHz.
const timbreKept = 180

// leap is how far a frame must rise above all before it to be taken for the true beginning: 24 dB.
const leap = 250

// timbre follows the colour of a sound along the shared spectrum.
type timbre struct {
	rate   float64
	edges  [timbreBands + 1]int
	scale  float32
	frames int
	kept   [][timbreBands]float32 // power by band of the first frames
	close  []closeFrame           // a closer look at as many of them
	logs   []float32
	lows   [lowBands + 1]int
	noise  [2]int // bins from 1 to 8 kHz
	sum    [timbreBands]float64
	top    float32 // loudest frame so far
	began  bool
}

// lowBands part the depths, where kicks, toms and basses are told apart.
const lowBands = 7

var lowEdges = [lowBands + 1]float64{15, 50, 75, 100, 140, 200, 300, 500} // Hz

// closeFrame is a closer look at one frame of the beginning.
type closeFrame struct {
	lows  [lowBands]float32
	peak  float32 // Hz of the strongest partial up to 1.5 kHz
	noise float32 // ln of flatness from 1 to 8 kHz: 0 for noise, below -3 for tones
}

// closeKept is how many frames are looked at closely.
const closeKept = 48

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
	for b, hz := range lowEdges {
		t.lows[b] = min(frameSize/2, max(1, int(math.Round(hz/binHz))))
		if b > 0 {
			t.lows[b] = max(t.lows[b], t.lows[b-1])
		}
	}
	t.noise = [2]int{min(frameSize/4, int(1000/binHz)), min(frameSize/2, int(8000/binHz))}
	t.close = t.close[:0]
	t.logs = resize(t.logs, frameSize/2+1)
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
	if all > 1e-7 && (!t.began || all > leap*t.top) {
		t.began = true
		t.kept, t.close = t.kept[:0], t.close[:0] // what came before was noise, not sound
	}
	if t.began && len(t.kept) < timbreKept {
		t.kept = append(t.kept, row)
		if len(t.kept) <= closeKept {
			t.look(power)
		}
	}
	t.top = max(t.top, all)
}

func (t *timbre) look(power []float32) {
	var c closeFrame
	for b := range c.lows {
		c.lows[b] = dsp.Sum(power[t.lows[b]:t.lows[b+1]]) * t.scale
	}
	binHz := t.rate / frameSize
	best := 1
	for k := 1; k < len(power)-1 && float64(k)*binHz < 1500; k++ {
		if power[k] > power[best] {
			best = k
		}
	}
	at := float64(best)
	if best > 1 {
		a, b, d := math.Sqrt(float64(power[best-1])), math.Sqrt(float64(power[best])), math.Sqrt(float64(power[best+1]))
		if q := a - 2*b + d; q < 0 {
			at += 0.5 * (a - d) / q
		}
	}
	c.peak = float32(at * binHz)
	if p := power[t.noise[0]:t.noise[1]]; len(p) > 8 {
		mean := dsp.Sum(p) / float32(len(p))
		if mean > 1e-9 {
			l := t.logs[:len(p)]
			dsp.Log(l, p, 1, 0, 1e-12)
			c.noise = dsp.Sum(l)/float32(len(p)) - float32(math.Log(float64(mean)))
		}
	}
	t.close = append(t.close, c)
}
