package analysis

import (
	"math"
	"slices"

	"sampleagent/audio/dsp"
)

const (
	pitchClasses = 12

	// Tuning is decided on the first frames (24 s at 44.1 kHz), whose spectra wait for it (8 MB):
	// the memory of a long file stays bounded, and a sample is heard whole.
	tuningFrames = 2048
	tuningSteps  = 100 // per semitone
	tuningLow    = 150 // Hz, the range in which peaks are looked for
	tuningHigh   = 4000
	tuningPeak   = 0.1 // of the frame's loudest bin
)

// chromaBanks has the filters of a rate and a tuning.
var chromaBanks = bankCache{limit: 128}

// chroma gathers chroma_stft: power folded onto twelve classes, each frame scaled to a largest
// value of 1, filters tuned to the estimated pitch (librosa 0.10.2 at defaults).
type chroma struct {
	rate    int
	bank    *dsp.Bank   // nil until the tuning is known
	tuning  float64     // semitones
	waiting [][]float32 // spectra that wait for it
	kept    int         // of waiting, in use
	acc     [pitchClasses]moments

	pitches, strengths, sorted []float32 // scratch of estimateTuning
}

func (c *chroma) reset(rate int) {
	c.rate, c.bank, c.tuning, c.kept = rate, nil, 0, 0
	c.acc = [pitchClasses]moments{}
}

// frame takes a power spectrum padded to whole eights.
func (c *chroma) frame(power []float32) {
	if c.bank != nil {
		c.fold(power)
		return
	}
	if c.kept == len(c.waiting) {
		c.waiting = append(c.waiting, make([]float32, len(power)))
	}
	copy(c.waiting[c.kept], power)
	if c.kept++; c.kept == tuningFrames {
		c.settle()
	}
}

// settle estimates the tuning and folds what has waited for it.
func (c *chroma) settle() {
	step := c.estimateTuning()
	c.tuning = float64(step) / tuningSteps
	c.bank = chromaBanks.get(c.rate*2*tuningSteps+step+tuningSteps, func() *dsp.Bank {
		return dsp.ChromaBank(c.rate, frameSize, c.tuning)
	})
	for _, p := range c.waiting[:c.kept] {
		c.fold(p)
	}
}

func (c *chroma) fold(power []float32) {
	var v [pitchClasses]float32
	c.bank.Apply(v[:], power)
	top := slices.Max(v[:])
	if top <= 0 {
		top = 1
	}
	for i, e := range v {
		c.acc[i].add(float64(e / top))
	}
}

// finish is the mean and population standard deviation of the classes, and the tuning.
func (c *chroma) finish() (mean, std []float64, tuning float64) {
	if c.bank == nil {
		c.settle()
	}
	mean, std = make([]float64, pitchClasses), make([]float64, pitchClasses)
	for i := range c.acc {
		mean[i], std[i] = c.acc[i].meanStd()
	}
	return mean, std, c.tuning
}

// estimateTuning is librosa.estimate_tuning on the waiting spectra: peaks of the power spectrum
// from 150 to 4000 Hz that reach a tenth of the frame's loudest bin, placed by a parabola; of
// these the stronger half; the most frequent deviation from a semitone, in hundredths, from -50.
func (c *chroma) estimateTuning() int {
	c.pitches, c.strengths = c.pitches[:0], c.strengths[:0]
	hz := float64(c.rate) / frameSize
	lo := max(1, int(math.Ceil(tuningLow/hz)))
	hi := min(frameBins-1, int(math.Ceil(tuningHigh/hz)))
	for _, p := range c.waiting[:c.kept] {
		ref := tuningPeak * dsp.MaxAbs(p)
		for k := lo; k < hi; k++ {
			v := p[k]
			if v <= ref {
				if next := k + 32; k%8 == 0 && next <= hi && dsp.MaxAbs(p[k:next]) <= ref {
					k = next - 1 // nothing here reaches the reference
				}
				continue
			}
			// librosa compares after silencing all at or below the reference.
			l, r := p[k-1], p[k+1]
			if l > ref && v <= l || r > ref && v < r {
				continue
			}
			a, b := r+l-2*v, (r-l)/2
			shift := float32(0)
			if abs32(b) < abs32(a) {
				shift = -b / a
			}
			c.pitches = append(c.pitches, float32((float64(k)+float64(shift))*hz))
			c.strengths = append(c.strengths, v+0.5*b*shift)
		}
	}
	if len(c.pitches) == 0 {
		return 0
	}
	c.sorted = append(c.sorted[:0], c.strengths...)
	slices.Sort(c.sorted)
	n := len(c.sorted)
	median := (c.sorted[(n-1)/2] + c.sorted[n/2]) / 2
	var votes [tuningSteps]int
	for i, f := range c.pitches {
		if c.strengths[i] < median {
			continue
		}
		semitones := 12 * math.Log2(float64(f)/27.5)
		dev := semitones - math.Floor(semitones)
		if dev >= 0.5 {
			dev--
		}
		votes[min(tuningSteps-1, int((dev+0.5)*tuningSteps))]++
	}
	best := 0
	for i, v := range votes {
		if v > votes[best] {
			best = i
		}
	}
	return best - tuningSteps/2
}

func abs32(v float32) float32 {
	if v < 0 {
		return -v
	}
	return v
}
