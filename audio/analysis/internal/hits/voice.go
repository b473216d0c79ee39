package hits

import (
	"math"
	"math/rand/v2"

	"sampleagent/audio/pcm"
)

const (
	rate    = 44100
	longest = 12 * rate // frames
)

// voice is a sound in the making. Decays are the seconds to a level of 1/e.
type voice struct {
	r     *rand.Rand
	x     []float64
	start int // frames: where the next part begins
}

func (v *voice) at(lo, hi float64) float64 { return lo + (hi-lo)*v.r.Float64() }

// log is a chance value whose logarithm is evenly spread.
func (v *voice) log(lo, hi float64) float64 { return lo * math.Pow(hi/lo, v.r.Float64()) }

func (v *voice) room(seconds float64) int {
	n := min(v.start+int(min(seconds, 3)*rate), longest)
	for len(v.x) < n {
		v.x = append(v.x, 0)
	}
	return n
}

// tone is a sine that falls from hz*(1+sweep) with time constant tau.
func (v *voice) tone(hz, sweep, tau, decay, gain float64) {
	n := v.room(decay * 7)
	phase := 0.0
	fade, fall := 1.0, math.Exp(-1/(decay*rate))
	glide, settle := sweep, math.Exp(-1/(tau*rate))
	for i := v.start; i < n; i++ {
		phase += 2 * math.Pi * hz * (1 + glide) / rate
		v.x[i] += gain * fade * math.Sin(phase) * min(1, float64(i-v.start)/20)
		fade *= fall
		glide *= settle
	}
}

// noise is white noise between two second-order corners.
func (v *voice) noise(lo, hi, decay, gain float64) {
	n := v.room(decay * 7)
	a, b := 1-math.Exp(-2*math.Pi*hi/rate), 1-math.Exp(-2*math.Pi*lo/rate)
	var l1, l2, h1, h2 float64
	fade, fall := 0.7*gain, math.Exp(-1/(decay*rate))
	for i := v.start; i < n; i++ {
		l1 += a * (v.r.NormFloat64() - l1)
		l2 += a * (l1 - l2)
		h1 += b * (l2 - h1)
		y := l2 - h1
		h2 += b * (y - h2)
		v.x[i] += fade * (y - h2)
		fade *= fall
	}
}

// metal is six square waves out of tune, as in drum machines, above a corner.
func (v *voice) metal(lo, decay, gain float64) {
	n := v.room(decay * 7)
	b := 1 - math.Exp(-2*math.Pi*lo/rate)
	var step, phase [6]float64
	for k := range step {
		step[k] = v.at(300, 1100) / rate
	}
	var h1, h2 float64
	fade, fall := gain, math.Exp(-1/(decay*rate))
	for i := v.start; i < n; i++ {
		w := 0.0
		for k := range phase {
			if phase[k] += step[k]; phase[k] >= 1 {
				phase[k]--
			}
			w += math.Copysign(0.3, phase[k]-0.5)
		}
		h1 += b * (w - h1)
		y := w - h1
		h2 += b * (y - h2)
		v.x[i] += fade * (y - h2)
		fade *= fall
	}
}

// dense is many partials without order, as of a struck plate; each dies in its own time.
func (v *voice) dense(lo, hi float64, partials int, decay, gain float64) {
	for range partials {
		hz := v.log(lo, hi)
		v.tone(hz, 0, 1, decay*v.at(.3, 1.1), gain*v.at(.2, 1)*2/math.Sqrt(float64(partials)))
	}
}

// string is a harmonic tone whose upper partials die first.
func (v *voice) string(hz float64, partials int, decay, gain float64) {
	dull := v.at(.6, 1.6)
	for k := 1; k <= partials && hz*float64(k) < 15000; k++ {
		v.tone(hz*float64(k), 0, 1, decay/(1+.25*float64(k-1)), gain/math.Pow(float64(k), dull))
	}
}

// shape is one turn of a wave at phase 0 to 1.
type shape func(p float64) float64

func sine(p float64) float64     { return math.Sin(2 * math.Pi * p) }
func square(p float64) float64   { return math.Copysign(1, p-0.5) }
func saw(p float64) float64      { return 2*p - 1 }
func triangle(p float64) float64 { return 4*math.Abs(p-0.5) - 1 }

// wave dies away from its start.
func (v *voice) wave(hz float64, of shape, decay, gain float64) {
	n := v.room(decay * 6)
	phase := 0.0
	fade, fall := gain, math.Exp(-1/(decay*rate))
	for i := v.start; i < n; i++ {
		_, phase = math.Modf(phase + hz/rate)
		v.x[i] += fade * of(phase)
		fade *= fall
	}
}

// held sounds on for so many seconds, hardly falling, and is let go.
func (v *voice) held(hz float64, of shape, seconds, gain float64) {
	loss := math.Exp(-v.at(0, 2) / (seconds * rate))
	off := v.at(.003, .05)
	n := v.room(seconds + off)
	phase := v.r.Float64()
	for i := v.start; i < n; i++ {
		t := float64(i-v.start) / rate
		_, phase = math.Modf(phase + hz/rate)
		v.x[i] += gain * of(phase) * min(1, t*800, (seconds+off-t)/off)
		gain *= loss
	}
}

// fm is a sine bent by another whose depth dies away.
func (v *voice) fm(hz, ratio, depth, decay, gain float64) {
	n := v.room(decay * 6)
	for i := v.start; i < n; i++ {
		t := float64(i-v.start) / rate
		e := math.Exp(-t / decay)
		v.x[i] += gain * e * min(1, t*1000) * math.Sin(2*math.Pi*hz*t+depth*e*math.Sin(2*math.Pi*hz*ratio*t))
	}
}

// speech is syllables of a buzzing source through three formants, some with a hiss before them.
func speech(v *voice) {
	pitch := v.log(80, 320)
	at := 0.0
	for range 1 + v.r.IntN(4) {
		if v.r.IntN(2) == 0 {
			v.start = int(at * rate)
			v.noise(v.at(1500, 5000), v.at(7000, 12000), v.at(.01, .05), v.at(.02, .3))
			at += v.at(.02, .1)
		}
		length := v.at(.07, .4)
		v.vowel(int(at*rate), pitch*v.at(.8, 1.25), length)
		at += length + v.at(0, .1)
	}
	v.start = 0
}

func (v *voice) vowel(start int, hz, length float64) {
	v.start = start
	n := v.room(length)
	formants := [3]float64{v.at(250, 850), v.at(800, 2400), v.at(2300, 3400)}
	gains := [3]float64{1, v.at(.2, .8), v.at(.05, .4)}
	var y1, y2 [3]float64
	drift := v.at(-.3, .3)
	move := v.at(-.2, .2)
	phase := 0.0
	for i := start; i < n; i++ {
		t := float64(i-start) / rate
		phase += hz * (1 + drift*t/length + .01*math.Sin(t*35)) / rate
		pulse := 0.0
		if phase >= 1 {
			phase--
			pulse = 1
		}
		pulse += .01 * v.r.NormFloat64()
		shape := min(1, t*30, (length-t)*20)
		for k, f := range formants {
			w := 2 * math.Pi * f * (1 + move*t/length) / rate
			d := math.Exp(-math.Pi * (50 + .05*f) / rate)
			y := pulse*w + 2*d*math.Cos(w)*y1[k] - d*d*y2[k]
			y2[k], y1[k] = y1[k], y
			v.x[i] += gains[k] * y * shape
		}
	}
}

// lowpass is a second-order corner that may begin higher by the factor 1+sweep.
func (v *voice) lowpass(hz, sweep float64) {
	var a, b float64
	for i := range v.x {
		k := 1 - math.Exp(-2*math.Pi*hz*(1+sweep*math.Exp(-float64(i)/(.1*rate)))/rate)
		a += k * (v.x[i] - a)
		b += k * (a - b)
		v.x[i] = b
	}
}

// drive bends the wave over.
func (v *voice) drive(amount float64) {
	for i := range v.x {
		v.x[i] = math.Tanh(v.x[i] * (1 + amount))
	}
}

// die lets all of it fade with a decay.
func (v *voice) die(decay float64) {
	for i := range v.x {
		v.x[i] *= math.Exp(-float64(i) / (decay * rate))
	}
}

// soften lets the sound come in over so many seconds.
func (v *voice) soften(seconds float64) {
	n := int(seconds * rate)
	for i := range v.x[:min(n, len(v.x))] {
		v.x[i] *= float64(i) / float64(n)
	}
}

// wall is a room by Schroeder (1962): four combs.
func (v *voice) wall(t60, share float64) {
	dry := append([]float64(nil), v.x...)
	n := min(len(v.x)+int(t60*rate), longest)
	for len(v.x) < n {
		v.x = append(v.x, 0)
	}
	for range 4 {
		d := int(v.at(.012, .045) * rate)
		g := math.Pow(10, -3*float64(d)/(t60*rate))
		line := make([]float64, d)
		low := 0.0
		for i := range v.x {
			in := 0.0
			if i < len(dry) {
				in = dry[i]
			}
			y := line[i%d]
			low += .5 * (y - low)
			line[i%d] = in + g*low
			v.x[i] += share / 4 * y
		}
	}
}

// wear is what recording and old samplers do.
func (v *voice) wear() {
	if v.r.IntN(3) == 0 {
		v.wall(v.log(.1, 1.2), v.log(.03, .4))
	}
	if v.r.IntN(8) == 0 {
		v.drive(v.at(.5, 6))
	}
	if v.r.IntN(6) == 0 { // a coarse sampler
		hold, steps := 1+v.r.IntN(4), math.Exp2(v.at(5, 11))
		y := 0.0
		for i := range v.x {
			if i%hold == 0 {
				y = math.Round(v.x[i]*steps) / steps
			}
			v.x[i] = y
		}
	}
	// A microphone's or a shelf's tilt above 1.5 kHz.
	g, low := v.at(-.6, .8), 0.0
	for i, y := range v.x {
		low += .19 * (y - low)
		v.x[i] = y + g*(y-low)
	}
}

// finish wears the sound, brings its peak to a chance level and cuts the tail at 60 dB under it or
// sooner.
func (v *voice) finish() *pcm.Buffer {
	v.normalise()
	v.wear()
	v.normalise()
	last := 0
	for i, y := range v.x {
		if math.Abs(y) > 1e-3 {
			last = i
		}
	}
	if v.r.IntN(3) == 0 {
		last = int(float64(last) * v.at(.4, 1))
	}
	b := &pcm.Buffer{Rate: rate, Channels: 1}
	gain := v.at(.3, 1)
	for i, y := range v.x[:last+1] {
		fade := min(1, float64(last+1-i)/200)
		b.Samples = append(b.Samples, float32(y*gain*fade))
	}
	return b
}

func (v *voice) normalise() {
	top := 1e-9
	for _, y := range v.x {
		top = max(top, math.Abs(y))
	}
	for i := range v.x {
		v.x[i] /= top
	}
}
