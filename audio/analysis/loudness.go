package analysis

import (
	"math"
	"sync"

	"sampleagent/audio/dsp"
)

// Loudness by ITU-R BS.1770-4 and EBU R 128, true peak by BS.1770-4 annex 2.
const (
	absoluteGate = -70.0 // LUFS
	relativeGate = -10.0 // LU below the mean of what passes the absolute gate
	gatePerBlock = 4     // 100 ms steps in a 400 ms block

	meterChunk = 1024 // frames worked on at once
	peakTaps   = 32   // of each phase of the oversampling filter
	peakStep   = 64   // positions between two looks at whether the peak can lie there at all
)

// meter measures the programme loudness and the peaks of one signal. It is used by one goroutine
// and keeps its scratch for the next signal; nothing is allocated per block but the list of
// 100 ms energies.
//
// Channels count as left, right, centre, LFE (not counted), then surrounds (1.41 times), as WAV
// orders them; four channels are two and two surrounds, five have no LFE.
type meter struct {
	rate, channels int
	weight         []float64
	shelf, pass    biquad
	state          []weighting // per channel

	frames int       // fed so far
	next   int       // where the running 100 ms end
	steps  []float64 // weighted energy of every whole 100 ms step, per sample
	sum    float64   // of the running step
	start  int       // frame at which it began

	oversample *oversampler
	plane      [][]float32 // per channel: peakTaps-1 samples of history, then a chunk
	sample     float32     // largest |sample|
	true       float32     // largest |interpolated sample|
}

// loudness is what a meter found; peaks are in dB of full scale, -Inf for digital silence.
type loudness struct {
	Integrated           float64 // LUFS, when Measured
	Measured             bool    // something passed the gates
	TruePeak, SamplePeak float64 // dBTP, dBFS
}

// reset begins a new signal.
func (m *meter) reset(rate, channels int) {
	if m.rate != rate {
		m.shelf, m.pass = kWeighting(rate)
		m.oversample = newOversampler(rate)
	}
	if m.channels != channels {
		m.weight = channelWeights(channels)
		m.plane = make([][]float32, channels)
		for c := range m.plane {
			m.plane[c] = make([]float32, peakTaps-1+meterChunk)
		}
	}
	m.rate, m.channels = rate, channels
	m.state = append(m.state[:0], make([]weighting, channels)...)
	for _, p := range m.plane {
		clear(p[:peakTaps-1])
	}
	m.frames, m.start, m.sum, m.sample, m.true = 0, 0, 0, 0, 0
	m.next = m.stepEnd(0)
	m.steps = m.steps[:0]
}

// stepEnd is the frame at which step i of 100 ms ends; rates need not be divisible by ten.
func (m *meter) stepEnd(i int) int { return ((i+1)*m.rate + 5) / 10 }

// feed takes the next interleaved samples, whole frames; they are finite.
func (m *meter) feed(x []float32) {
	for len(x) > 0 {
		n := min(len(x)/m.channels, meterChunk, m.next-m.frames)
		part := x[:n*m.channels]
		x = x[n*m.channels:]
		for c := range m.channels {
			p := m.plane[c][:peakTaps-1+n]
			fresh := p[peakTaps-1:]
			if m.channels == 1 {
				copy(fresh, part)
			} else {
				for i := range fresh {
					fresh[i] = part[i*m.channels+c]
				}
			}
			top := dsp.MaxAbs(fresh)
			m.sample = max(m.sample, top)
			if m.weight[c] != 0 {
				m.sum += m.weight[c] * m.state[c].energy(fresh, m.shelf, m.pass)
			}
			m.true = m.oversample.peak(p, m.true)
			copy(p, p[n:])
		}
		m.frames += n
		if m.frames == m.next {
			m.steps = append(m.steps, m.sum/float64(m.next-m.start))
			m.sum, m.start = 0, m.next
			m.next = m.stepEnd(len(m.steps))
		}
	}
}

// finish ends the signal.
func (m *meter) finish() loudness {
	for _, p := range m.plane { // let the last samples pass through the middle of the filter
		tail := p[:2*(peakTaps-1)]
		clear(tail[peakTaps-1:])
		m.true = m.oversample.peak(tail, m.true)
	}
	r := loudness{
		TruePeak:   20 * math.Log10(float64(max(m.true, m.sample))),
		SamplePeak: 20 * math.Log10(float64(m.sample)),
	}
	r.Integrated, r.Measured = integrate(m.steps)
	return r
}

// integrate gates 400 ms blocks, one every 100 ms, and gives the mean of what is left in LUFS.
func integrate(steps []float64) (lufs float64, ok bool) {
	lufsOf := func(power float64) float64 { return -0.691 + 10*math.Log10(power) }
	gated := func(gate float64) (mean float64, n int) {
		sum := 0.0
		for i := gatePerBlock; i <= len(steps); i++ {
			b := steps[i-gatePerBlock : i]
			p := (b[0] + b[1] + b[2] + b[3]) / gatePerBlock
			if lufsOf(p) > gate {
				sum += p
				n++
			}
		}
		if n == 0 {
			return 0, 0
		}
		return sum / float64(n), n
	}
	mean, n := gated(absoluteGate)
	if n == 0 {
		return 0, false
	}
	mean, n = gated(max(absoluteGate, lufsOf(mean)+relativeGate))
	if n == 0 {
		return 0, false
	}
	return lufsOf(mean), true
}

func channelWeights(n int) []float64 {
	const surround = 1.41
	w := make([]float64, n)
	for c := range w {
		w[c] = 1
	}
	switch {
	case n == 4:
		w[2], w[3] = surround, surround
	case n == 5:
		w[3], w[4] = surround, surround
	case n >= 6:
		w[3] = 0
		for c := 4; c < n; c++ {
			w[c] = surround
		}
	}
	return w
}

// biquad is y[t] = b0 x[t] + b1 x[t-1] + b2 x[t-2] - a1 y[t-1] - a2 y[t-2].
type biquad struct{ b0, b1, b2, a1, a2 float64 }

// kWeighting is the two filters of BS.1770 at any rate: the standard gives their coefficients at
// 48 kHz; these are the same analogue prototypes through the bilinear transform (De Man 2014, as
// libebur128 and FFmpeg have them).
func kWeighting(rate int) (shelf, pass biquad) {
	const (
		shelfHz, shelfQ, shelfDB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
		passHz, passQ            = 38.13547087602444, 0.5003270373238773
	)
	// Below about 3.4 kHz the shelf lies above the band: hold the corner under the Nyquist rate.
	k := math.Tan(math.Pi * min(shelfHz/float64(rate), 0.49))
	vh := math.Pow(10, shelfDB/20)
	vb := math.Pow(vh, 0.4996667741545416)
	a0 := 1 + k/shelfQ + k*k
	shelf = biquad{
		b0: (vh + vb*k/shelfQ + k*k) / a0,
		b1: 2 * (k*k - vh) / a0,
		b2: (vh - vb*k/shelfQ + k*k) / a0,
		a1: 2 * (k*k - 1) / a0,
		a2: (1 - k/shelfQ + k*k) / a0,
	}
	k = math.Tan(math.Pi * min(passHz/float64(rate), 0.49))
	a0 = 1 + k/passQ + k*k
	pass = biquad{b0: 1, b1: -2, b2: 1, a1: 2 * (k*k - 1) / a0, a2: (1 - k/passQ + k*k) / a0}
	return shelf, pass
}

// weighting is one channel's filter state.
type weighting struct {
	x1, x2 float64 // input
	u1, u2 float64 // after the shelf
	y1, y2 float64 // after the high-pass
}

// energy filters x and sums the squares of what comes out.
func (w *weighting) energy(x []float32, s, p biquad) float64 {
	x1, x2, u1, u2, y1, y2 := w.x1, w.x2, w.u1, w.u2, w.y1, w.y2
	sum := 0.0
	for _, v := range x {
		in := float64(v)
		u := (s.b0*in + s.b1*x1 + (s.b2*x2 - s.a2*u2)) - s.a1*u1
		y := ((u - 2*u1) + (u2 - p.a2*y2)) - p.a1*y1
		x2, x1 = x1, in
		u2, u1 = u1, u
		y2, y1 = y1, y
		sum += y * y
	}
	// Numbers that die out would end as denormals, which cost a hundred times the time.
	for _, v := range []*float64{&u1, &u2, &y1, &y2} {
		if math.Abs(*v) < 1e-60 {
			*v = 0
		}
	}
	*w = weighting{x1, x2, u1, u2, y1, y2}
	return sum
}

// oversampler finds peaks between samples: four times the rate below 96 kHz, twice below
// 192 kHz, none from there. The filter passes the samples themselves unchanged, so only the
// phases between them are computed, and only where they could exceed the peak known so far.
type oversampler struct {
	phases [][]float32 // peakTaps each, convolved as a correlation: reversed
	bound  float32     // no phase makes more of samples up to 1 than this
}

var oversamplers sync.Map // factor -> *oversampler

func newOversampler(rate int) *oversampler {
	factor := 4
	if rate >= 192000 {
		factor = 1
	} else if rate >= 96000 {
		factor = 2
	}
	if o, ok := oversamplers.Load(factor); ok {
		return o.(*oversampler)
	}
	o := &oversampler{}
	const beta = 5.5 // flat to 0.05 dB up to 0.45 of the rate
	for p := 1; p < factor; p++ {
		h := make([]float32, peakTaps)
		sum := 0.0
		raw := make([]float64, peakTaps)
		for k := range raw {
			d := float64(k) - (peakTaps/2 - 1) - float64(p)/float64(factor)
			raw[k] = math.Sin(math.Pi*d) / (math.Pi * d) * dsp.KaiserAt(d/(peakTaps/2), beta)
			sum += raw[k]
		}
		norm := 0.0
		for k := range raw {
			h[k] = float32(raw[k] / sum)
			norm += math.Abs(raw[k] / sum)
		}
		o.phases = append(o.phases, h)
		o.bound = max(o.bound, float32(norm)*1.000001)
	}
	got, _ := oversamplers.LoadOrStore(factor, o)
	return got.(*oversampler)
}

// peak is the larger of top and the largest interpolated |sample| of x, whose first peakTaps-1
// samples are history.
func (o *oversampler) peak(x []float32, top float32) float32 {
	if len(o.phases) == 0 {
		return top
	}
	for at := 0; at+peakTaps <= len(x); at += peakStep {
		part := x[at:min(len(x), at+peakStep+peakTaps-1)]
		if dsp.MaxAbs(part)*o.bound <= top {
			continue
		}
		for _, h := range o.phases {
			top = max(top, dsp.FIRMax(part, h))
		}
	}
	return top
}

// decibels is nil for minus infinity.
func decibels(v float64) *float64 {
	if math.IsInf(v, -1) || math.IsNaN(v) {
		return nil
	}
	return &v
}
