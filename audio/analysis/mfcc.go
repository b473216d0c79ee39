package analysis

import (
	"math"
	"slices"
	"sync"

	"sampleagent/audio/dsp"
)

const (
	melBands = 128
	mfccs    = 13
	topDB    = 80    // mel dB reach this far below the loudest of the signal
	melFloor = 1e-10 // of the mel power

	melStep = 1.0 / 128 // dB, the grid on which mel frames are kept
)

var dctRows = dsp.DCTMatrix(mfccs, melBands)

// melBanks has the filters of a rate. Rates come from files, so the number kept is bounded.
var melBanks = bankCache{limit: 16}

// bankCache keeps filter banks by a number that says all about them.
type bankCache struct {
	mu    sync.Mutex
	limit int
	banks map[int]*dsp.Bank
}

func (c *bankCache) get(key int, build func() *dsp.Bank) *dsp.Bank {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.banks[key]
	if b == nil {
		b = build()
		if c.banks == nil || len(c.banks) >= c.limit {
			c.banks = make(map[int]*dsp.Bank)
		}
		c.banks[key] = b
	}
	return b
}

// cepstrum gathers mel frames. The coefficients wait for the end, since the loudest mel value of
// the whole signal decides where the quiet ones are clipped; until then a frame is kept as 128
// steps of 1/128 dB, an error a hundred times below what the coefficients' tolerance allows. When
// they are many, after half an hour at 44.1 kHz, every second one is forgotten, and of what follows
// only every second one is kept: memory stays bounded.
type cepstrum struct {
	bank   *dsp.Bank
	frames []int16 // melBands per frame
	stride int     // one in so many frames is kept
	passed int     // frames since the last one kept

	window [hpssWindow * melBands]int16 // scratch of harmonicEnergy
}

// melKept is how many frames are kept at most: 40 MB.
const melKept = 160_000

func (c *cepstrum) reset(rate int) {
	c.bank = melBanks.get(rate, func() *dsp.Bank { return dsp.MelBank(rate, frameSize, melBands) })
	c.frames, c.stride, c.passed = c.frames[:0], 1, 0
}

// reserve makes room for so many frames.
func (c *cepstrum) reserve(frames int) {
	c.frames = slices.Grow(c.frames, min(frames, melKept)*melBands)
}

// thin forgets every second frame.
func (c *cepstrum) thin() {
	n := 0
	for at := 0; at < len(c.frames); at += 2 * melBands {
		n += copy(c.frames[n:], c.frames[at:at+melBands])
	}
	c.frames = c.frames[:n]
	c.stride *= 2
}

// frame takes a power spectrum, padded as the bank wants it, and leaves the mel dB in mel.
func (c *cepstrum) frame(mel, power []float32) {
	c.bank.Apply(mel, power)
	dsp.Log(mel, mel, 1, 0, melFloor)
	const decibel = 10 / math.Ln10
	if c.passed++; c.passed < c.stride {
		return
	}
	c.passed = 0
	if len(c.frames) == melKept*melBands {
		c.thin()
	}
	if len(c.frames)+melBands > cap(c.frames) {
		grown := make([]int16, len(c.frames), 2*cap(c.frames)+512*melBands)
		copy(grown, c.frames)
		c.frames = grown
	}
	at := len(c.frames)
	c.frames = c.frames[:at+melBands]
	out := (*[melBands]int16)(c.frames[at:])
	for i, v := range (*[melBands]float32)(mel) {
		v *= decibel
		mel[i] = v
		// Rounds to nearest: the sum is positive. 40 dB per decade keep any finite power inside.
		out[i] = int16(int32(min(v, 255)/melStep+32768.5) - 32768)
	}
}

// finish is the mean and population standard deviation of the 13 coefficients.
func (c *cepstrum) finish() (mean, std []float64) {
	mean, std = make([]float64, mfccs), make([]float64, mfccs)
	if len(c.frames) == 0 {
		return mean, std
	}
	top := int16(math.MinInt16)
	for _, v := range c.frames {
		top = max(top, v)
	}
	clip := max(int32(top)-topDB/melStep, math.MinInt16)
	var acc [mfccs]moments
	var row [melBands]float32
	for f := c.frames; len(f) > 0; f = f[melBands:] {
		for i, v := range (*[melBands]int16)(f) {
			row[i] = float32(max(int32(v), clip)) * melStep
		}
		for k := range acc {
			acc[k].add(float64(dsp.Dot(row[:], dctRows[k])))
		}
	}
	for k := range acc {
		mean[k], std[k] = acc[k].meanStd()
	}
	return mean, std
}
