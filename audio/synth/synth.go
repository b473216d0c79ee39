// Package synth makes sounds of which everything is known: the demo sounds that ship with the
// program, and test material with stated tempo, key and onsets.
//
// It is a handful of classic drum-machine and subtractive voices written down as numbers. It
// knows no files and no tests; the same call gives the same samples on every machine.
package synth

import (
	"context"
	"math"
	"math/rand/v2"

	"sampleagent/audio/dsp"
	"sampleagent/audio/pcm"
)

// voice is one mono sound at a rate, not yet placed in time or space.
type voice []float32

// osc is a phase accumulator: next returns the phase in cycles, 0 to 1, and advances by hz.
type osc struct{ phase, rate float64 }

func (o *osc) next(hz float64) float64 {
	p := o.phase
	o.phase += hz / o.rate
	o.phase -= math.Floor(o.phase)
	return p
}

func sine(p float64) float64 { return math.Sin(2 * math.Pi * p) }

// saw is a band-limited sawtooth (PolyBLEP: Välimäki & Huovilainen 2007, two-sample residual),
// dt is the frequency in cycles per sample.
func saw(p, dt float64) float64 {
	v := 2*p - 1
	switch {
	case p < dt:
		t := p / dt
		v -= t + t - t*t - 1
	case p > 1-dt:
		t := (p - 1) / dt
		v -= t*t + t + t + 1
	}
	return v
}

// decay falls from 1 to 1/1000 in seconds.
func decay(t, seconds float64) float64 { return math.Exp(-6.907755 * t / seconds) }

// attack rises from 0 to 1 in seconds.
func attack(t, seconds float64) float64 { return math.Min(1, t/seconds) }

// lowpass is a two-pole state-variable filter (Zavalishin's trapezoidal form), hz may move.
type lowpass struct{ s1, s2, rate float64 }

// step returns the low, band and high outputs for one input; q of 0.707 has no peak.
func (f *lowpass) step(x, hz, q float64) (low, band, high float64) {
	g := math.Tan(math.Pi * math.Min(hz, 0.49*f.rate) / f.rate)
	k := 1 / q
	high = (x - (g+k)*f.s1 - f.s2) / (1 + g*(g+k))
	band = g*high + f.s1
	f.s1 = g*high + band
	low = g*band + f.s2
	f.s2 = g*band + low
	return low, band, high
}

func noise(seed uint64) func() float64 {
	r := rand.New(rand.NewPCG(seed, 0x5a11d))
	return func() float64 { return 2*r.Float64() - 1 }
}

func drive(x, amount float64) float64 { return math.Tanh(x*amount) / math.Tanh(amount) }

// render calls f with the time in seconds for every sample of a voice.
func render(rate int, seconds float64, f func(t float64) float64) voice {
	v := make(voice, int(math.Round(seconds*float64(rate))))
	for i := range v {
		v[i] = float32(f(float64(i) / float64(rate)))
	}
	return v
}

// hz is the frequency of a MIDI note number, 69 = A4 = 440 Hz.
func hz(note float64) float64 { return 440 * math.Exp2((note-69)/12) }

// Track is a stereo canvas on which voices are placed, and the list of when they began.
type Track struct {
	rate   int
	wrap   bool
	left   []float64
	right  []float64
	onsets []float64
}

// newTrack is silent and seconds long. A wrapping track folds ring-out over its end back to its
// start, as a loop that was bounced from a running sequence has it.
func newTrack(rate int, seconds float64, wrap bool) *Track {
	n := int(math.Round(seconds * float64(rate)))
	return &Track{rate: rate, wrap: wrap, left: make([]float64, n), right: make([]float64, n)}
}

// add mixes v in at a time in seconds with a gain and a pan of -1 (left) to 1 (right), equal
// power.
func (t *Track) add(v voice, at, gain, pan float64) {
	t.onsets = append(t.onsets, at)
	angle := (pan + 1) * math.Pi / 4
	gl, gr := gain*math.Cos(angle)*math.Sqrt2, gain*math.Sin(angle)*math.Sqrt2
	start := int(math.Round(at * float64(t.rate)))
	for i, x := range v {
		j := start + i
		if j >= len(t.left) {
			if !t.wrap {
				return
			}
			j %= len(t.left)
		}
		t.left[j] += gl * float64(x)
		t.right[j] += gr * float64(x)
	}
}

// buffer normalises to a peak in dBFS, lower where the sound between the samples would pass full scale
// at another rate, and gives the frames, folded to mono if asked.
func (t *Track) buffer(peakDB float64, mono bool) *pcm.Buffer {
	b := &pcm.Buffer{Rate: t.rate, Channels: 2}
	if mono {
		b.Channels = 1
	}
	var peak float64
	for i := range t.left {
		l, r := t.left[i], t.right[i]
		if mono {
			m := (l + r) / 2
			peak = math.Max(peak, math.Abs(m))
			b.Samples = append(b.Samples, float32(m))
			continue
		}
		peak = math.Max(peak, math.Max(math.Abs(l), math.Abs(r)))
		b.Samples = append(b.Samples, float32(l), float32(r))
	}
	if peak > 0 {
		g := float32(math.Pow(10, peakDB/20) / peak)
		scale(b.Samples, g)
		if over := between(b); over > ceiling {
			scale(b.Samples, ceiling/over)
		}
	}
	return b
}

func scale(x []float32, g float32) {
	for i := range x {
		x[i] *= g
	}
}

// ceiling is the highest peak between samples: 0.1 dB below full scale.
const ceiling = 0.989

// between is the peak of a sound between its samples, at four times its rate (ITU-R BS.1770-5, annex 2).
func between(b *pcm.Buffer) float32 {
	fine, err := dsp.Resample(context.Background(), b, 4*b.Rate)
	if err != nil {
		panic(err) // rates are ours
	}
	return dsp.MaxAbs(fine.Samples)
}

// shot is a single voice as a mono buffer with a short fade at the end, so that no cut clicks.
func shot(rate int, v voice, peakDB float64) *pcm.Buffer {
	fade := min(len(v), rate/200)
	for i := range fade {
		v[len(v)-1-i] *= float32(i) / float32(fade)
	}
	t := newTrack(rate, float64(len(v))/float64(rate), false)
	t.add(v, 0, 1, 0)
	return t.buffer(peakDB, true)
}
