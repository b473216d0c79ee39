package main

import (
	"math"
	"math/rand/v2"

	"sampleagent/audio/pcm"
)

// hitRate is the rate of drawn hits.
const hitRate = 44100

// drawHit makes one sound of a class with chance settings: the development set has five basses and
// eight cymbals, too few to learn from alone.
func drawHit(class string, r *rand.Rand) *pcm.Buffer {
	v := &voice{r: r}
	switch class {
	case "kick":
		v.tone(v.at(38, 68), v.at(1, 7), v.at(.008, .05), v.at(.08, .5), 1)
		v.noise(200, 6000, v.at(.001, .008), v.at(0, .4))
		v.drive(v.at(0, 3))
	case "tom":
		hz := v.at(75, 260)
		v.tone(hz, v.at(.05, .6), v.at(.02, .1), v.at(.12, .6), 1)
		v.tone(hz*v.at(1.45, 1.65), .1, .05, v.at(.05, .25), v.at(0, .5))
		v.noise(300, 5000, v.at(.005, .06), v.at(.02, .3))
	case "snare":
		if r.IntN(4) == 0 { // a rim
			v.tone(v.at(350, 1900), v.at(0, .2), .01, v.at(.008, .04), 1)
			v.tone(v.at(900, 2600), 0, .01, v.at(.005, .03), v.at(.2, .8))
			v.noise(1000, 9000, v.at(.004, .03), v.at(.2, .8))
			break
		}
		v.tone(v.at(140, 260), v.at(.05, .6), .02, v.at(.03, .15), v.at(.3, 1))
		v.tone(v.at(270, 420), .1, .02, v.at(.03, .1), v.at(0, .5))
		v.noise(v.at(500, 2000), v.at(6000, 14000), v.at(.05, .25), v.at(.5, 1.4))
	case "hat":
		decay := v.at(.015, .1)
		if r.IntN(2) == 0 {
			decay = v.at(.12, .5)
		}
		v.metal(v.at(5000, 9000), decay, v.at(0, 1))
		v.noise(v.at(5000, 9000), 18000, decay*v.at(.6, 1.2), v.at(.2, 1))
	case "cymbal":
		decay := v.at(.5, 1.8)
		v.metal(v.at(2000, 5000), decay, v.at(.3, 1))
		v.noise(v.at(2000, 5000), 17000, decay, v.at(.4, 1))
		v.noise(600, 5000, v.at(.03, .2), v.at(0, .5))
	case "clap":
		lo, hi := v.at(600, 1200), v.at(2500, 7000)
		gap := v.at(.007, .016)
		for i := range 2 + r.IntN(4) {
			v.start = int(float64(i) * gap * hitRate)
			v.noise(lo, hi, v.at(.003, .01), 1)
		}
		v.noise(lo, hi, v.at(.05, .25), v.at(.4, 1))
		v.start = 0
	case "percussion":
		switch r.IntN(6) {
		case 0, 1: // hand drums
			hz := v.at(160, 520)
			for i, m := range [...]float64{1, 1.59, 2.14, 2.65} {
				v.tone(hz*m*v.at(.97, 1.03), v.at(0, .15), .02, v.at(.04, .28)/(1+float64(i)), v.at(.2, 1)/(1+float64(i)))
			}
			v.noise(500, 8000, v.at(.003, .03), v.at(.1, .8))
		case 2: // tabla: partials in tune, gliding
			hz := v.at(120, 380)
			for i := range 4 {
				v.tone(hz*float64(i+1), v.at(-.1, .15), .15, v.at(.2, .9), v.at(.2, 1)/float64(1+i))
			}
			v.noise(500, 6000, .01, v.at(.05, .3))
		case 3: // wood and metal blocks
			v.tone(v.at(500, 2800), 0, .01, v.at(.015, .08), 1)
			v.tone(v.at(900, 4200), 0, .01, v.at(.01, .06), v.at(.2, .8))
			v.noise(1000, 8000, .004, v.at(.1, .4))
		case 4: // bells and anvils
			for range 5 {
				v.tone(v.at(700, 7000), 0, .01, v.at(.08, .6), v.at(.2, 1))
			}
		default: // shakers
			v.noise(v.at(2500, 6000), 15000, v.at(.03, .12), 1)
			v.soften(v.at(.005, .05))
		}
	case "bass":
		v.string(v.at(32, 115), 2+r.IntN(14), v.at(.3, 2.5), v.at(.1, .8))
		v.drive(v.at(0, 2))
	case "tonal":
		switch r.IntN(3) {
		case 0:
			v.tone(v.at(250, 2200), v.at(-.2, .4), .05, v.at(.04, .5), 1)
		case 1:
			v.string(v.at(130, 900), 1+r.IntN(12), v.at(.1, 1.5), v.at(.1, 1))
		default:
			hz := v.at(150, 700)
			for _, m := range [...]float64{1, 1.25, 1.5} {
				v.string(hz*m, 1+r.IntN(8), v.at(.2, 1.8), v.at(.2, 1))
			}
		}
	}
	return v.finish()
}

// voice is a sound in the making.
type voice struct {
	r     *rand.Rand
	x     []float64
	start int
}

func (v *voice) at(lo, hi float64) float64 { return lo + (hi-lo)*v.r.Float64() }

func (v *voice) room(seconds float64) int {
	n := v.start + int(seconds*hitRate)
	for len(v.x) < n {
		v.x = append(v.x, 0)
	}
	return n
}

// tone is a sine that falls from hz*(1+sweep) with time constant tau and dies away with decay.
func (v *voice) tone(hz, sweep, tau, decay, gain float64) {
	n := v.room(decay * 6)
	phase := 0.0
	for i := v.start; i < n; i++ {
		t := float64(i-v.start) / hitRate
		phase += 2 * math.Pi * hz * (1 + sweep*math.Exp(-t/tau)) / hitRate
		v.x[i] += gain * math.Exp(-t/decay) * math.Sin(phase) * min(1, t*2000)
	}
}

// noise is white noise between two first-order corners.
func (v *voice) noise(lo, hi, decay, gain float64) {
	n := v.room(decay * 6)
	a, b := 1-math.Exp(-2*math.Pi*hi/hitRate), 1-math.Exp(-2*math.Pi*lo/hitRate)
	var l1, l2, h1, h2 float64
	for i := v.start; i < n; i++ {
		t := float64(i-v.start) / hitRate
		w := v.r.NormFloat64()
		l1 += a * (w - l1)
		l2 += a * (l1 - l2)
		h1 += b * (l2 - h1)
		y := l2 - h1
		h2 += b * (y - h2)
		v.x[i] += 0.7 * gain * math.Exp(-t/decay) * (y - h2)
	}
}

// metal is six square waves out of tune, as in drum machines, above a corner.
func (v *voice) metal(lo, decay, gain float64) {
	n := v.room(decay * 6)
	b := 1 - math.Exp(-2*math.Pi*lo/hitRate)
	var hz [6]float64
	for k := range hz {
		hz[k] = v.at(300, 1100)
	}
	var h1, h2 float64
	for i := v.start; i < n; i++ {
		t := float64(i-v.start) / hitRate
		w := 0.0
		for _, f := range hz {
			if math.Mod(t*f, 1) < 0.5 {
				w += 0.3
			} else {
				w -= 0.3
			}
		}
		h1 += b * (w - h1)
		y := w - h1
		h2 += b * (y - h2)
		v.x[i] += gain * math.Exp(-t/decay) * (y - h2)
	}
}

// string is a harmonic tone whose upper partials die first.
func (v *voice) string(hz float64, partials int, decay, gain float64) {
	n := v.room(decay * 2)
	attack := v.at(50, 2000)
	dull := v.at(.6, 1.6)
	for k := 1; k <= partials && hz*float64(k) < 15000; k++ {
		g := gain / math.Pow(float64(k), dull)
		d := decay / (1 + 0.25*float64(k-1))
		for i := v.start; i < n; i++ {
			t := float64(i-v.start) / hitRate
			v.x[i] += g * math.Exp(-t/d) * math.Sin(2*math.Pi*hz*float64(k)*t) * min(1, t*attack)
		}
	}
}

// drive bends the wave over.
func (v *voice) drive(amount float64) {
	if amount <= 0 {
		return
	}
	for i := range v.x {
		v.x[i] = math.Tanh(v.x[i] * (1 + amount))
	}
}

// soften lets the sound come in over so many seconds.
func (v *voice) soften(seconds float64) {
	n := int(seconds * hitRate)
	for i := range v.x[:min(n, len(v.x))] {
		v.x[i] *= float64(i) / float64(n)
	}
}

// finish brings the peak to a chance level and cuts the tail at 60 dB under it or sooner.
func (v *voice) finish() *pcm.Buffer {
	top := 1e-9
	for _, y := range v.x {
		top = max(top, math.Abs(y))
	}
	last := 0
	for i, y := range v.x {
		if math.Abs(y) > top/1000 {
			last = i
		}
	}
	if v.r.IntN(3) == 0 {
		last = int(float64(last) * v.at(.4, 1))
	}
	b := &pcm.Buffer{Rate: hitRate, Channels: 1}
	gain := v.at(.3, 1) / top
	for i, y := range v.x[:last+1] {
		fade := min(1, float64(last+1-i)/200)
		b.Samples = append(b.Samples, float32(y*gain*fade))
	}
	return b
}
