package synth

import (
	"math"
	"math/cmplx"
)

// kick is a sine that falls from a click to its note, driven.
func kick(rate int, note, length, punch, driven float64) voice {
	o, n := osc{rate: float64(rate)}, noise(11)
	return render(rate, length, func(t float64) float64 {
		f := hz(note) * (1 + punch*decay(t, 0.09))
		body := sine(o.next(f)) * decay(t, length) * attack(t, 0.001)
		return drive(body+0.25*n()*decay(t, 0.012), driven)
	})
}

// snare is two shell modes under filtered noise.
func snare(rate int, note, length, bright float64, seed uint64) voice {
	a, b := osc{rate: float64(rate)}, osc{rate: float64(rate)}
	f, n := lowpass{rate: float64(rate)}, noise(seed)
	return render(rate, length, func(t float64) float64 {
		shell := 0.6*sine(a.next(hz(note)*(1+0.4*decay(t, 0.03)))) + 0.35*sine(b.next(hz(note)*1.59))
		_, band, high := f.step(n(), bright, 0.8)
		return drive(0.7*shell*decay(t, 0.13)+(0.5*band+0.45*high)*decay(t, length)*attack(t, 0.0008), 1.6)
	})
}

// hat is six square waves at inharmonic ratios through a high-pass, as on the old machines.
func hat(rate int, length, bright float64, seed uint64) voice {
	ratios := [6]float64{2, 3, 4.16, 5.43, 6.79, 8.21} // ratios of the metallic bank, in steps of 40 Hz x bright
	var os [6]osc
	for i := range os {
		os[i].rate = float64(rate)
	}
	f, g, n := lowpass{rate: float64(rate)}, lowpass{rate: float64(rate)}, noise(seed)
	return render(rate, length, func(t float64) float64 {
		var m float64
		for i := range os {
			m += math.Copysign(1.0/6, os[i].next(ratios[i]*205*bright)-0.5)
		}
		_, _, high := f.step(0.7*m+0.5*n(), 7200, 0.9)
		_, _, high = g.step(high, 6500, 0.7)
		return high * decay(t, length) * attack(t, 0.0005)
	})
}

// plate is a struck bronze plate: modes spread evenly from low to high, as a thin plate has them,
// each with its own chance level. The higher a mode, the sooner it is gone, and the later it
// comes: a plate hands its energy upwards (Fletcher and Rossing, The Physics of Musical
// Instruments, ch. 20). The lowest mode, at low Hz, falls by 60 dB over length; swell is how long
// the one at high Hz takes to come, in seconds.
func plate(rate int, length, low, high, swell float64, modes int, seed uint64) voice {
	out, chance := make(voice, int(length*float64(rate))), noise(seed)
	for range modes {
		f := low + (high-low)*(0.5+0.5*chance())
		level := (0.6 + 0.4*chance()) / math.Sqrt(float64(modes)) / (1 + f/12000)
		ring, come := length*math.Pow(low/f, 0.2), 0.001+swell*f/high
		z := cmplx.Rect(level, math.Pi*chance())
		step := cmplx.Rect(decay(1/float64(rate), ring), 2*math.Pi*f/float64(rate))
		for i := range out {
			out[i] += float32(imag(z) * attack(float64(i)/float64(rate), come))
			z *= step
		}
	}
	return out
}

// crash is a plate struck on its edge: all its modes, and the stick's noise before they come.
func crash(rate int, length float64, seed uint64) voice {
	v := plate(rate, length, 280, 17000, 0.03, 400, seed)
	n, f := noise(seed+1), lowpass{rate: float64(rate)}
	for i := range v {
		t := float64(i) / float64(rate)
		_, band, high := f.step(n(), 4200, 0.6)
		v[i] += float32((0.25*band + 0.3*high) * decay(t, length*0.4))
	}
	return v
}

// ride is a plate struck with the tip: a ping of few clear modes over a quiet wash.
func ride(rate int, length float64, seed uint64) voice {
	v, ping := plate(rate, length, 300, 15000, 0.01, 240, seed), plate(rate, length, 2300, 6400, 0, 9, seed+1)
	n, f := noise(seed+2), lowpass{rate: float64(rate)}
	for i := range v {
		t := float64(i) / float64(rate)
		_, _, high := f.step(n(), 3500, 0.7)
		v[i] = 0.6*v[i] + 0.8*ping[i] + float32(0.7*high*decay(t, 0.02))
	}
	return v
}

// clap is four short bursts of band noise and a tail.
func clap(rate int, length float64, seed uint64) voice {
	f, n := lowpass{rate: float64(rate)}, noise(seed)
	return render(rate, length, func(t float64) float64 {
		var env float64
		for i, at := range []float64{0, 0.011, 0.021, 0.033} {
			if t >= at {
				d := 0.012
				if i == 3 {
					d = length
				}
				env = math.Max(env, decay(t-at, d))
			}
		}
		_, band, _ := f.step(n(), 1350, 1.6)
		return drive(2*band*env, 1.3)
	})
}

func tom(rate int, note, length float64) voice {
	a, b, n := osc{rate: float64(rate)}, osc{rate: float64(rate)}, noise(31)
	return render(rate, length, func(t float64) float64 {
		f := hz(note) * (1 + 0.5*decay(t, 0.12))
		return drive(sine(a.next(f))*decay(t, length)+0.25*sine(b.next(f*1.504))*decay(t, length*0.5)+0.12*n()*decay(t, 0.02), 1.4)
	})
}

func rim(rate int) voice {
	a, b := osc{rate: float64(rate)}, osc{rate: float64(rate)}
	return render(rate, 0.12, func(t float64) float64 {
		return drive((sine(a.next(1720))+0.6*sine(b.next(488)))*decay(t, 0.05), 2.5)
	})
}

func cowbell(rate int) voice {
	a, b, f := osc{rate: float64(rate)}, osc{rate: float64(rate)}, lowpass{rate: float64(rate)}
	return render(rate, 0.45, func(t float64) float64 {
		x := math.Copysign(0.5, a.next(845)-0.5) + math.Copysign(0.5, b.next(587)-0.5)
		_, band, _ := f.step(x, 1100, 1.2)
		return band * (0.6*decay(t, 0.06) + 0.4*decay(t, 0.45))
	})
}

func shaker(rate int, length float64, seed uint64) voice {
	f, n := lowpass{rate: float64(rate)}, noise(seed)
	return render(rate, length, func(t float64) float64 {
		_, band, _ := f.step(n(), 6800, 1.1)
		return band * attack(t, 0.03) * decay(math.Max(0, t-0.03), length*0.8)
	})
}

// bass is a saw with a sine an octave below it through a falling filter.
func bass(rate int, note, length, bright float64) voice {
	a, b, f := osc{rate: float64(rate)}, osc{rate: float64(rate)}, lowpass{rate: float64(rate)}
	w := hz(note)
	return render(rate, length+0.03, func(t float64) float64 {
		x := 0.55*saw(a.next(w), w/float64(rate)) + 0.6*sine(b.next(w))
		low, _, _ := f.step(x, 90+bright*decay(t, 0.35), 1.1)
		return drive(low*attack(t, 0.003)*release(t, length, 0.03)*decay(t, 4*length+1), 1.5)
	})
}

// release holds 1 until length and falls to 0 within seconds.
func release(t, length, seconds float64) float64 {
	return math.Max(0, math.Min(1, (length+seconds-t)/seconds))
}

// keys is a two-operator electric piano: a carrier, a modulator at 1:1, a tine at 14:1.
func keys(rate int, note, length, velocity float64) voice {
	c, m, tine := osc{rate: float64(rate)}, osc{rate: float64(rate)}, osc{rate: float64(rate)}
	trem := osc{rate: float64(rate)}
	w := hz(note)
	return render(rate, length+0.15, func(t float64) float64 {
		mod := sine(m.next(w)) * velocity * 0.28 * decay(t, 1.8)
		ring := sine(tine.next(w*14)) * 0.035 * velocity * decay(t, 0.25)
		return (sine(c.next(w)+mod) + ring) * attack(t, 0.002) * decay(t, 3.2) *
			release(t, length, 0.15) * (1 - 0.12*(0.5+0.5*sine(trem.next(4.6))))
	})
}

// pad is five detuned saws through a slow filter.
func pad(rate int, note, length float64) voice {
	var os [5]osc
	for i := range os {
		os[i] = osc{rate: float64(rate), phase: float64(i) * 0.37}
	}
	f := lowpass{rate: float64(rate)}
	return render(rate, length+0.5, func(t float64) float64 {
		var x float64
		for i := range os {
			w := hz(note + (float64(i)-2)*0.06)
			x += saw(os[i].next(w), w/float64(rate)) / 5
		}
		low, _, _ := f.step(x, 500+900*attack(t, length*0.7), 0.8)
		return low * attack(t, 0.25) * release(t, length, 0.5)
	})
}

// pluck is a string by Karplus and Strong (1983): a delay line whose output is averaged with its
// predecessor (half a sample of delay) and read between two cells for the rest of the tuning.
func pluck(rate int, note, length float64, seed uint64) voice {
	n := noise(seed)
	period := float64(rate) / hz(note)
	line := make([]float64, int(math.Ceil(period-0.5)))
	between := float64(len(line)) + 0.5 - period
	for i := range line {
		line[i] = n()
	}
	var last float64
	pos := 0
	return render(rate, length, func(t float64) float64 {
		out := line[pos]
		next := (pos + 1) % len(line)
		x := out*(1-between) + line[next]*between
		line[pos] = 0.498 * (x + last)
		last = x
		pos = next
		return out * release(t, length-0.05, 0.05)
	})
}
