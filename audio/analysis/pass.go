package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"sampleagent/audio/dsp"
)

// feedFrames is how many frames go through all stages at a time: they stay in the processor's
// cache.
const feedFrames = 8192

// pass is one walk over a sound: every stage sees every block once, and the questions are
// asked at the end. It holds all scratch and is used again and again.
type pass struct {
	rate     int
	channels int
	frames   int64
	peak     float32 // of all channels
	low      float32 // of what is heard of them
	high     float32
	mix      mix
	gain     float32 // brings the peak to full scale for the ear's front end

	halvers []halver
	stages  [][]float32
	window  []float32 // of a stream
	mono    []float32
	scratch []float32
	earRate float64
	still   still
	hearing []float32 // what flux and pitch hear of the block

	spec   *spectrum
	meter  meter
	timbre timbre
	hit    hit
	flux   fluxFrames
	attack attacks
	pitch  pitchFrames

	scene  scene
	tempo  tempoFinder
	tonal  tonality
	shape  shape
	traits [traitCount]float32
	sounds []float32
	judge  *Scorers // nil: only notice, do not answer
}

var passes = sync.Pool{New: func() any { return new(pass) }}

// begin prepares for a sound of so many frames, as far as that is known. The head of it, interleaved,
// decides how channels are mixed and at what level it is heard.
func (p *pass) begin(rate, channels int, frames int64, head []float32) error {
	if rate <= 0 || channels <= 0 {
		return fmt.Errorf("analyse: %d Hz and %d channels cannot be heard", rate, channels)
	}
	p.rate, p.channels, p.frames, p.peak = rate, channels, 0, 0
	p.low, p.high = math.MaxFloat32, -math.MaxFloat32
	head = sound(&p.scratch, head)
	p.mix = chooseMix(head, channels)
	top := dsp.MaxAbs(head)
	p.gain = 1
	if top > 0 {
		p.gain = 1 / top
	}
	// Halve until one more halving would lose what rhythm and pitch need.
	p.earRate = float64(rate)
	n := 0
	for p.earRate >= 32000 {
		p.earRate /= 2
		n++
	}
	for len(p.halvers) < n {
		p.halvers = append(p.halvers, halver{})
		p.stages = append(p.stages, nil)
	}
	p.halvers, p.stages = p.halvers[:n], p.stages[:n]
	for i := range p.halvers {
		p.halvers[i].reset()
	}
	p.still.reset(p.earRate)
	if p.spec == nil {
		p.spec = newSpectrum()
		p.spec.onFrame = p.timbre.frame
	}
	p.spec.reset(rate)
	p.meter.reset(rate, channels)
	p.timbre.reset(float64(rate))
	if err := p.hit.reset(p.earRate); err != nil {
		return err
	}
	if err := p.flux.reset(p.earRate, p.gain); err != nil {
		return err
	}
	p.attack.reset(p.earRate, p.gain)
	if err := p.pitch.reset(p.earRate); err != nil {
		return err
	}
	// Room at once: what grows step by step leaves as much behind.
	seconds := min(float64(max(0, frames))/float64(rate), 2*3600) // a header may claim anything
	p.flux.reserve(int(seconds*p.flux.rate) + 2)
	p.attack.reserve(seconds)
	p.spec.cepstrum.reserve(int(seconds*float64(rate)/frameHop) + 2)
	p.pitch.frames = slices.Grow(p.pitch.frames, int(seconds*p.earRate/pitchHop)+2)
	return nil
}

// feed takes interleaved frames, any number of them.
func (p *pass) feed(ctx context.Context, x []float32) error {
	for len(x) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(x), feedFrames*p.channels)
		p.block(x[:n])
		x = x[n:]
	}
	return nil
}

func (p *pass) block(x []float32) {
	p.frames += int64(len(x) / p.channels)
	x = sound(&p.scratch, x)
	p.peak = max(p.peak, dsp.MaxAbs(x))
	p.meter.feed(x)
	p.mono = p.mix.mono(p.mono[:0], x)
	for _, v := range p.mono {
		p.low, p.high = min(p.low, v), max(p.high, v)
	}
	p.spec.feed(p.mono)
	y := p.mono
	for i := range p.halvers {
		p.stages[i] = p.halvers[i].feed(p.stages[i][:0], y)
		y = p.stages[i]
	}
	p.hearing = p.still.feed(p.hearing[:0], y)
	p.hit.feed(p.hearing)
	p.flux.feed(p.hearing)
	p.attack.feed(p.hearing)
	p.pitch.feed(p.hearing)
}

// finish ends the streams and answers the questions.
func (p *pass) finish() (*Result, error) {
	heard := p.spec.finish()
	var rest []float32
	for i := range p.halvers {
		p.stages[i] = p.halvers[i].feed(p.stages[i][:0], rest)
		p.stages[i] = p.halvers[i].finish(p.stages[i])
		rest = p.stages[i]
	}
	p.hearing = p.still.feed(p.hearing[:0], rest)
	p.hit.feed(p.hearing)
	p.flux.feed(p.hearing)
	p.attack.feed(p.hearing)
	p.pitch.feed(p.hearing)
	p.flux.finish()
	p.pitch.finish()

	r := &Result{}
	dur := float64(p.frames) / float64(p.rate)
	level := p.meter.finish()
	if level.Measured {
		r.IntegratedLUFS = &level.Integrated
	}
	r.TruePeakDBTP, r.SamplePeakDBFS = decibels(level.TruePeak), decibels(level.SamplePeak)
	p.scene.build(&p.flux, &p.attack, dur)
	if p.silent() {
		r.SilenceStart = dur
		return r, nil
	}
	r.Spectral = &heard.Spectral
	r.MFCCMean, r.MFCCStd = heard.MFCCMean, heard.MFCCStd
	r.ChromaMean, r.ChromaStd = heard.ChromaMean, heard.ChromaSD
	r.SilenceStart, r.SilenceEnd = p.scene.start, max(0, dur-p.scene.end)
	p.tonal.build(&p.pitch)
	p.shape.build(&p.scene, &p.timbre, &p.tonal)
	r.Onsets = p.scene.beginnings(&p.pitch)
	if err := p.tempo.search(&p.scene); err != nil {
		return nil, err
	}
	p.buildTraits(&heard)
	p.tempo.describeAll(&p.scene)
	p.sounds = p.likeness(&heard)
	if p.judge != nil {
		p.answer(r)
	}
	return r, nil
}

// silentPeak is the level under which nothing is heard: -72 dBFS, a few steps of 16 bits.
const silentPeak = 0.00025

// silent says that there is nothing to judge: no sample above the floor, or a constant.
func (p *pass) silent() bool {
	return p.peak < silentPeak || p.high-p.low < silentPeak || p.scene.n == 0 || p.scene.peakDB < -75
}

// still takes a constant offset out of a stream: a first-order high-pass at 8 Hz that starts
// settled on the first sample.
type still struct {
	keep, before, out float32
	began             bool
}

func (s *still) reset(rate float64) {
	*s = still{keep: float32(1 - 2*math.Pi*8/rate)}
}

func (s *still) feed(dst, x []float32) []float32 {
	if len(x) > 0 && !s.began {
		s.before, s.began = x[0], true
	}
	before, out := s.before, s.out
	for _, v := range x {
		out = v - before + s.keep*out
		before = v
		dst = append(dst, out)
	}
	if abs32(out) < 1e-20 {
		out = 0 // no denormals
	}
	s.before, s.out = before, out
	return dst
}
