// Package hits draws one-shots of every class, and loops, with chance settings, for the ear to learn from
// beside the few real ones: analogue, FM, sampled-like and worn sounds of many designs. It serves the train
// and eval commands only.
package hits

import (
	"math/rand/v2"

	"sampleagent/audio/pcm"
)

// Draw makes one sound of a class with chance settings; the same state of r gives the same sound.
func Draw(class string, r *rand.Rand) *pcm.Buffer {
	v := &voice{r: r}
	designs[class][r.IntN(len(designs[class]))](v)
	return v.finish()
}

// designs are the ways to make a sound of each class. One that stands twice is drawn twice as often.
var designs = map[string][]func(v *voice){
	"kick":       {analogKick, analogKick, punchKick, punchKick, drumKitKick, drumKitKick, concertKick, distortedKick},
	"snare":      {machineSnare, machineSnare, kitSnare, kitSnare, rim, sideStick, looseSnare, noiseSnare},
	"hat":        {metalHat, metalHat, noiseHat, kitHat, kitHat, pedalHat},
	"clap":       {machineClap, machineClap, hands, crowdClap, snap},
	"cymbal":     {crash, crash, ride, ride, machineCymbal, splash},
	"tom":        {machineTom, kitTom, kitTom, kitTom, sweptTom},
	"percussion": {handDrum, handDrum, handDrum, handDrum, handDrum, mutedHand, mutedHand, tabla, tabla, block, cowbell, bell, shaker, tambourine, logDrum, timbale, scrape},
	"bass":       {sub, pluckedBass, pluckedBass, synthBass, synthBass, fmBass, droppedBass},
	"tonal":      {blip, blip, ping, pluck, stab, pad, fmTone, speech, speech, speech, zap},
}

func analogKick(v *voice) {
	v.tone(v.at(36, 66), v.at(.2, 2), v.at(.01, .05), v.log(.1, .9), 1)
	v.noise(200, 6000, v.at(.001, .006), v.at(0, .3))
	v.drive(v.at(0, 2))
}

func punchKick(v *voice) {
	v.tone(v.at(42, 68), v.at(2, 7), v.at(.008, .04), v.log(.05, .3), 1)
	v.noise(300, 9000, v.at(.001, .01), v.at(.05, .6))
	v.drive(v.at(0, 4))
}

func drumKitKick(v *voice) {
	hz := v.at(45, 85)
	v.tone(hz, v.at(.1, .8), v.at(.01, .03), v.at(.05, .2), 1)
	v.tone(hz*v.at(1.5, 1.8), 0, .01, v.at(.03, .1), v.at(.1, .5))
	v.tone(hz*v.at(2.1, 2.6), 0, .01, v.at(.02, .06), v.at(.05, .4))
	v.noise(1500, v.at(4000, 9000), v.at(.003, .015), v.at(.1, 1)) // beater
	v.noise(100, 900, v.at(.02, .1), v.at(.05, .3))                // shell
}

func concertKick(v *voice) {
	hz := v.at(32, 62)
	for i := range 5 {
		v.tone(hz*(1+float64(i)*v.at(.4, .7)), v.at(0, .1), .05, v.log(.2, 1.2)/(1+.5*float64(i)), v.at(.2, 1)/float64(1+i))
	}
	v.noise(60, v.at(400, 2000), v.at(.01, .12), v.at(.05, .5))
	v.soften(v.at(.001, .015))
}

func distortedKick(v *voice) {
	v.tone(v.at(42, 65), v.at(3, 9), v.at(.02, .07), v.at(.15, .6), 1)
	v.noise(1000, 10000, v.at(.002, .02), v.at(.1, .8))
	v.drive(v.at(4, 25))
	v.die(v.at(.1, .4))
}

func machineSnare(v *voice) {
	v.tone(v.at(140, 260), v.at(.05, .8), .02, v.at(.02, .12), v.at(.3, 1))
	v.tone(v.at(270, 420), .1, .02, v.at(.02, .1), v.at(0, .6))
	v.noise(v.at(500, 2500), v.at(6000, 15000), v.log(.03, .25), v.at(.4, 1.5))
	v.drive(v.at(0, 2))
}

func kitSnare(v *voice) {
	hz := v.at(150, 300)
	for _, m := range [...]float64{1, 1.59, 2.14, 2.3, 2.65} {
		v.tone(hz*m*v.at(.97, 1.03), v.at(0, .1), .02, v.log(.02, .12), v.at(.05, .7)/m)
	}
	v.noise(v.at(300, 1200), v.at(5000, 14000), v.log(.04, .2), v.at(.4, 1.2))
	v.noise(2000, 12000, v.at(.003, .02), v.at(.1, .8))
}

func rim(v *voice) {
	v.tone(v.at(350, 1900), v.at(0, .2), .01, v.log(.006, .04), 1)
	v.tone(v.at(900, 2600), 0, .01, v.at(.004, .03), v.at(.2, .8))
	v.noise(1000, 9000, v.at(.003, .03), v.at(.2, .9))
	v.drive(v.at(0, 3))
}

func sideStick(v *voice) {
	for range 3 {
		v.tone(v.at(500, 2600), 0, .01, v.log(.006, .03), v.at(.2, 1))
	}
	v.tone(v.at(160, 320), 0, .01, v.at(.01, .06), v.at(.1, .7))
	v.noise(800, 10000, v.at(.002, .02), v.at(.2, .8))
}

// looseSnare is the drum with the snares off or hardly on.
func looseSnare(v *voice) {
	hz := v.at(170, 360)
	for _, m := range [...]float64{1, 1.59, 2.14, 2.65} {
		v.tone(hz*m*v.at(.97, 1.03), v.at(0, .08), .02, v.log(.03, .2), v.at(.1, 1)/m)
	}
	v.noise(400, v.at(4000, 12000), v.log(.02, .15), v.at(.05, .4))
	v.noise(1500, 10000, v.at(.002, .012), v.at(.2, .8))
}

func noiseSnare(v *voice) {
	v.noise(v.at(300, 2000), v.at(4000, 14000), v.log(.03, .2), 1)
	v.tone(v.at(150, 250), v.at(.2, 1), .01, v.at(.01, .05), v.at(0, .5))
	v.drive(v.at(0, 5))
}

func hatDecay(v *voice) float64 {
	if v.r.IntN(2) == 0 {
		return v.log(.1, .45)
	}
	return v.log(.01, .08)
}

func metalHat(v *voice) {
	d := hatDecay(v)
	v.metal(v.at(4500, 9000), d, v.at(.3, 1))
	v.noise(v.at(5000, 9000), 18000, d*v.at(.5, 1.2), v.at(0, .8))
}

func noiseHat(v *voice) {
	d := hatDecay(v)
	v.noise(v.at(3500, 10000), 18000, d, 1)
	v.noise(v.at(3000, 8000), 18000, d/4, v.at(0, .8))
}

func kitHat(v *voice) {
	d := hatDecay(v)
	v.dense(v.at(2500, 6000), 14000, 60, d, 1)
	v.noise(v.at(2500, 7000), 17000, d, v.at(.3, 1.2))
	v.noise(300, 3000, v.at(.004, .02), v.at(0, .4))
}

func pedalHat(v *voice) {
	v.dense(3000, 12000, 40, v.log(.015, .07), 1)
	v.noise(v.at(1500, 5000), 14000, v.log(.01, .06), v.at(.3, 1))
	v.noise(200, 1500, v.at(.005, .03), v.at(0, .5))
	v.soften(v.at(.001, .008))
}

func crash(v *voice) {
	d := v.log(.4, 1.3)
	v.dense(v.at(400, 1500), 14000, 90, d, v.at(.3, 1))
	v.noise(v.at(1000, 4000), 17000, d, v.at(.4, 1.2))
	v.noise(300, 5000, v.at(.03, .2), v.at(0, .7))
	v.soften(v.at(0, .01))
}

func ride(v *voice) {
	d := v.log(.4, 1.4)
	v.dense(v.at(300, 900), 9000, 60, d, v.at(.3, 1))
	v.noise(v.at(2000, 5000), 14000, d*v.at(.5, 1), v.at(.1, .7))
	for range 3 { // ping
		v.tone(v.at(1500, 6000), 0, .01, v.log(.05, .5), v.at(.05, .4))
	}
	v.noise(2000, 10000, v.at(.002, .015), v.at(.2, .9))
}

func machineCymbal(v *voice) {
	d := v.log(.3, 1.3)
	v.metal(v.at(2000, 5000), d, v.at(.3, 1))
	v.noise(v.at(2000, 6000), 17000, d, v.at(.2, 1))
}

func splash(v *voice) {
	d := v.log(.18, .5)
	v.dense(v.at(1000, 3000), 15000, 70, d, 1)
	v.noise(v.at(1500, 4000), 17000, d, v.at(.4, 1.2))
}

func machineClap(v *voice) {
	lo, hi := v.at(500, 1300), v.at(2000, 7000)
	gap := v.at(.006, .016)
	for i := range 2 + v.r.IntN(4) {
		v.start = int(float64(i) * gap * rate)
		v.noise(lo, hi, v.at(.003, .009), 1)
	}
	v.noise(lo, hi, v.log(.03, .2), v.at(.3, 1))
	v.start = 0
}

func hands(v *voice) {
	hz := v.at(700, 2200)
	for i := range 1 + v.r.IntN(3) {
		v.start = int(float64(i) * v.at(.002, .02) * rate)
		v.noise(hz*.6, hz*v.at(1.8, 5), v.at(.003, .012), 1)
		v.tone(hz*v.at(.8, 1.3), 0, .01, v.at(.002, .006), v.at(.1, .8))
	}
	v.noise(hz*.5, hz*3, v.log(.02, .1), v.at(.1, .5))
	v.start = 0
}

func crowdClap(v *voice) {
	for range 5 + v.r.IntN(12) {
		v.start = int(v.at(0, .05) * rate)
		hz := v.at(700, 2200)
		v.noise(hz*.6, hz*3, v.at(.003, .01), v.at(.3, 1))
	}
	v.start = int(.02 * rate)
	v.noise(600, 5000, v.log(.05, .25), v.at(.2, .7))
	v.start = 0
}

func snap(v *voice) {
	hz := v.at(1400, 3200)
	v.noise(hz*.8, hz*1.6, v.at(.004, .02), 1)
	v.start = int(v.at(.004, .03) * rate)
	v.noise(hz*.7, hz*2, v.log(.01, .08), v.at(.4, 1))
	v.start = 0
}

func machineTom(v *voice) {
	hz := v.log(70, 260)
	v.tone(hz, v.at(.05, .6), v.at(.02, .12), v.log(.08, .5), 1)
	v.tone(hz*v.at(1.45, 1.65), .1, .05, v.at(.05, .25), v.at(0, .4))
	v.noise(100, 4000, v.at(.005, .08), v.at(.02, .3))
}

func kitTom(v *voice) {
	hz := v.log(60, 200)
	for i, m := range [...]float64{1, 1.55, 1.95, 2.2, 2.7} {
		v.tone(hz*m*v.at(.96, 1.04), v.at(.02, .12), v.at(.03, .12), v.log(.08, .5)/(1+.7*float64(i)), v.at(.2, 1)/(1+float64(i)))
	}
	v.noise(800, v.at(3000, 9000), v.at(.003, .02), v.at(.1, 1)) // stick
	v.noise(150, 1500, v.at(.02, .1), v.at(.02, .3))
}

func sweptTom(v *voice) {
	v.tone(v.log(60, 200), v.at(.7, 3), v.at(.05, .2), v.at(.1, .5), 1)
	v.noise(300, 8000, v.at(.01, .15), v.at(.05, .6))
	v.drive(v.at(0, 3))
}

func handDrum(v *voice) {
	hz := v.log(110, 450)
	for i, m := range [...]float64{1, 1.59, 2.14, 2.3, 2.65} {
		v.tone(hz*m*v.at(.97, 1.03), v.at(0, .06), .02, v.log(.03, .22)/(1+float64(i)), v.at(.1, 1)/(1+.7*float64(i)))
	}
	v.noise(v.at(300, 900), v.log(1500, 8000), v.at(.002, .02), v.at(.05, .8))
}

func mutedHand(v *voice) {
	hz := v.log(180, 900)
	v.tone(hz, v.at(0, .1), .01, v.log(.01, .04), 1)
	v.tone(hz*v.at(1.5, 2.3), 0, .01, v.log(.006, .03), v.at(.2, 1))
	v.noise(700, v.at(3000, 9000), v.log(.004, .04), v.at(.3, 1.2))
}

// tabla has partials in tune; the low drum's glide.
func tabla(v *voice) {
	hz, glide := v.log(70, 400), 0.0
	if hz < 180 {
		glide = v.at(-.3, .4)
	}
	for i := range 5 {
		v.tone(hz*float64(i+1), glide, v.at(.05, .3), v.log(.1, .8)/(1+.3*float64(i)), v.at(.1, 1)/(1+.5*float64(i)))
	}
	v.noise(500, 6000, v.at(.003, .02), v.at(.05, .6))
}

func block(v *voice) {
	v.tone(v.at(600, 3000), 0, .01, v.log(.008, .06), 1)
	v.tone(v.at(900, 4500), 0, .01, v.log(.005, .04), v.at(.2, .8))
	v.noise(1000, 8000, .004, v.at(.1, .5))
}

func cowbell(v *voice) {
	hz := v.at(400, 900)
	for _, m := range [...]float64{1, v.at(1.35, 1.55)} {
		v.wave(hz*m, square, v.log(.03, .3), 1)
	}
	v.noise(500, 6000, .003, v.at(0, .5))
}

// bell stands for bells, anvils, triangles and agogos.
func bell(v *voice) {
	lo := v.log(500, 4000)
	for range 6 {
		v.tone(lo*v.at(1, 3.5), 0, .01, v.log(.05, .8), v.at(.1, 1))
	}
	v.noise(2000, 12000, v.at(.002, .01), v.at(.1, .8))
}

func shaker(v *voice) {
	v.noise(v.at(2500, 6000), v.at(9000, 15000), v.log(.02, .1), 1)
	v.soften(v.at(.005, .06))
}

func tambourine(v *voice) {
	for range 2 + v.r.IntN(5) {
		v.start = int(v.at(0, .06) * rate)
		v.dense(v.at(4000, 7000), 14000, 20, v.log(.02, .15), v.at(.3, 1))
		v.noise(5000, 15000, v.log(.01, .08), v.at(.2, 1))
	}
	v.start = 0
}

func logDrum(v *voice) {
	hz := v.log(150, 700)
	v.tone(hz, 0, .01, v.log(.03, .25), 1)
	v.tone(hz*v.at(2.4, 4), 0, .01, v.log(.01, .06), v.at(.1, .6))
	v.noise(500, 5000, v.at(.002, .01), v.at(.05, .6))
}

func timbale(v *voice) {
	hz := v.log(250, 600)
	for _, m := range [...]float64{1, 1.59, 2.14, 2.65, 3.2, 3.9} {
		v.tone(hz*m*v.at(.96, 1.04), v.at(0, .05), .02, v.log(.05, .35), v.at(.1, 1)/m)
	}
	v.noise(1500, 12000, v.at(.003, .03), v.at(.2, 1))
}

func scrape(v *voice) {
	gap := v.at(.008, .03)
	for i := range 4 + v.r.IntN(14) {
		v.start = int(float64(i) * gap * v.at(.9, 1.1) * rate)
		v.noise(1500, v.at(6000, 12000), v.at(.002, .006), v.at(.4, 1))
	}
	v.start = 0
}

func sub(v *voice) {
	v.wave(v.log(30, 90), sine, v.log(.15, 1.2), 1)
	v.drive(v.at(0, 2))
	v.soften(v.at(.001, .02))
}

func pluckedBass(v *voice) {
	v.string(v.log(36, 120), 3+v.r.IntN(18), v.log(.15, 1.5), 1)
	v.noise(500, 5000, v.at(.002, .01), v.at(0, .4))
}

func synthBass(v *voice) {
	w := [...]shape{saw, square, triangle}[v.r.IntN(3)]
	hz := v.log(32, 110)
	v.held(hz, w, v.log(.12, 1.5), 1)
	v.held(hz*v.at(1.99, 2.01), w, v.log(.12, 1), v.at(0, .4))
	v.lowpass(v.log(150, 2500), v.at(.3, 4))
	v.drive(v.at(0, 3))
}

func fmBass(v *voice) {
	v.fm(v.log(35, 110), float64(1+v.r.IntN(3)), v.at(.5, 5), v.log(.1, 1), 1)
}

func droppedBass(v *voice) {
	v.tone(v.log(30, 60), v.at(1, 6), v.at(.15, .6), v.at(.4, 1), 1)
	v.drive(v.at(0, 3))
}

func blip(v *voice) {
	v.held(v.log(250, 3000), [...]shape{sine, square, triangle, saw}[v.r.IntN(4)], v.log(.03, .4), 1)
	if v.r.IntN(2) == 0 {
		v.lowpass(v.log(800, 6000), 0)
	}
}

func ping(v *voice) {
	hz := v.log(300, 3000)
	v.tone(hz, v.at(0, .1), .02, v.log(.04, .5), 1)
	v.tone(hz*float64(2+v.r.IntN(3)), 0, .02, v.log(.02, .3), v.at(0, .4))
}

func pluck(v *voice) {
	v.string(v.log(120, 900), 2+v.r.IntN(14), v.log(.1, 1.2), 1)
}

func stab(v *voice) {
	hz, third := v.log(120, 600), 1.25
	if v.r.IntN(2) == 0 {
		third = 1.2
	}
	w := [...]shape{saw, square, triangle}[v.r.IntN(3)]
	d := v.log(.1, 1)
	for _, m := range [...]float64{1, third, 1.5, 2} {
		v.held(hz*m, w, d, 1)
	}
	v.lowpass(v.log(500, 6000), v.at(0, 3))
}

func pad(v *voice) {
	hz := v.log(120, 500)
	for _, m := range [...]float64{1, 1.005, 1.5, 1.996} {
		v.held(hz*m, saw, v.at(.5, 2), 1)
	}
	v.lowpass(v.log(400, 3000), 0)
	v.soften(v.at(.02, .3))
}

func fmTone(v *voice) {
	v.fm(v.log(150, 1500), [...]float64{1, 1.41, 2, 3.5, 7, .5}[v.r.IntN(6)], v.at(.3, 6), v.log(.06, 1), 1)
}

func zap(v *voice) {
	v.tone(v.log(150, 900), v.at(1.5, 10), v.at(.03, .2), v.log(.05, .4), 1)
	v.drive(v.at(0, 4))
}
