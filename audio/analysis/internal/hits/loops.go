package hits

import (
	"math"
	"math/rand/v2"

	"sampleagent/audio/pcm"
)

// Loop is a made loop with what is known of it.
type Loop struct {
	Sound *pcm.Buffer
	BPM   float64
	Class string // drums, bass, chords, melody
}

// style is a way of playing drums: the range of its tempo, steps of a bar of four beats, and which steps
// kick, snare and hat play. A hat of so many steps plays each of these.
type style struct {
	lo, hi      float64
	steps       int
	kick, snare []int
	hats        []int // distances to choose from
	maybe       []int // more kicks, each as often as not
}

var styles = []style{
	{118, 134, 16, []int{0, 4, 8, 12}, []int{4, 12}, []int{1, 2, 4}, []int{14}},   // house
	{72, 104, 16, []int{0, 10}, []int{4, 12}, []int{1, 2}, []int{3, 6, 7, 11}},    // hip-hop
	{80, 165, 16, []int{0, 8}, []int{4, 12}, []int{2, 4}, []int{6, 10, 14}},       // rock
	{158, 180, 16, []int{0, 10}, []int{4, 12}, []int{1, 2}, []int{2, 11, 14}},     // drum and bass
	{128, 160, 16, []int{0, 10}, []int{8}, []int{1, 2}, []int{3, 6, 7, 13}},       // half time
	{88, 122, 16, []int{0, 6, 10}, []int{4, 12}, []int{1, 2}, []int{3, 9, 13}},    // funk
	{60, 140, 12, []int{0, 6}, []int{3, 9}, []int{1, 3}, []int{2, 5, 8, 11}},      // shuffle
	{85, 135, 16, []int{0, 3, 8, 11}, []int{4, 7, 12}, []int{2, 4}, []int{6, 14}}, // dembow and others
	{62, 178, 16, []int{0, 4, 8, 12}, nil, []int{4}, nil},                         // a click
}

// DrawLoop makes a loop with chance settings: drums, or a line of bass, chords or melody on a grid.
// Half of the loops are cut to whole bars, the others begin and end anywhere.
func DrawLoop(r *rand.Rand) Loop {
	v := &voice{r: r}
	l := Loop{Class: "drums"}
	var bar float64      // s
	bars := func() int { // as many as fit into 9 s
		n := 1 << r.IntN(3)
		for n > 1 && float64(n)*bar > 9 {
			n /= 2
		}
		return n
	}
	var count int
	if r.IntN(5) < 3 {
		s := styles[r.IntN(len(styles))]
		l.BPM = math.Round(v.at(s.lo, s.hi))
		bar = 240 / l.BPM
		count = bars()
		v.drums(s, bar, count)
	} else {
		l.BPM = math.Round(v.log(64, 165))
		bar = 240 / l.BPM
		l.Class = [...]string{"bass", "chords", "melody"}[r.IntN(3)]
		count = bars()
		v.line(l.Class, bar, count)
	}
	n := int(math.Round(bar * float64(count) * rate))
	v.start = 0
	if r.IntN(3) == 0 {
		v.wall(v.log(.1, 1), v.log(.03, .3))
	}
	for len(v.x) < n {
		v.x = append(v.x, 0)
	}
	l.Sound = Take(v.x[:n], r)
	return l
}

// Take makes whole bars at 44.1 kHz a sound as libraries have them: half of all begin and end anywhere, and
// all have a level and a noise of their own.
func Take(x []float64, r *rand.Rand) *pcm.Buffer {
	v := &voice{r: r, x: x}
	if r.IntN(2) == 0 {
		from := int(v.at(0, .25) * float64(len(x)))
		v.x = x[from : from+int(v.at(.55, 1)*float64(len(x)-from))]
	}
	v.normalise()
	b := &pcm.Buffer{Rate: rate, Channels: 1, Samples: make([]float32, len(v.x))}
	gain, floor := v.at(.2, 1), math.Pow(10, v.at(-5, -3))
	for i, y := range v.x {
		b.Samples[i] = float32(gain * (y + floor*r.NormFloat64()))
	}
	return b
}

// one draws a single sound of a kit, short and loud.
func (v *voice) one(list ...func(*voice)) []float64 {
	k := &voice{r: v.r}
	list[v.r.IntN(len(list))](k)
	k.normalise()
	return k.x[:min(len(k.x), rate/2)]
}

// hit lays a sound at a time.
func (v *voice) hit(x []float64, at, gain float64) {
	i := int(at * rate)
	for len(v.x) < i+len(x) {
		v.x = append(v.x, 0)
	}
	for k, y := range x {
		v.x[i+k] += gain * y
	}
}

func (v *voice) drums(s style, bar float64, bars int) {
	kick := v.one(analogKick, punchKick, drumKitKick)
	snare := v.one(machineSnare, kitSnare, noiseSnare, machineClap, rim)
	hat := v.one(metalHat, noiseHat, shaker)
	if len(s.snare) == 0 {
		kick = v.one(block, mutedHand, rim, ping, punchKick)
	}
	other := v.one(block, mutedHand, cowbell, handDrum, rim)
	step := bar / float64(s.steps)
	loose, swing := v.at(0, .012), 0.0
	if s.steps == 16 && v.r.IntN(3) == 0 {
		swing = v.at(0, .33) * step
	}
	distance := s.hats[v.r.IntN(len(s.hats))]
	withHat := len(s.snare) > 0 && v.r.IntN(8) > 0
	hatGain, kickGain := v.at(.1, .6), v.at(.4, 1)
	maybe := map[int]bool{}
	for _, k := range s.maybe {
		maybe[k] = v.r.IntN(2) == 0
	}
	extra := map[int]bool{}
	if v.r.IntN(3) == 0 && len(s.snare) > 0 {
		for range 1 + v.r.IntN(5) {
			extra[v.r.IntN(s.steps)] = true
		}
	}
	for b := range bars {
		for k := range s.steps {
			at := bar*float64(b) + step*float64(k) + math.Abs(v.r.NormFloat64())*loose
			if k%2 == 1 {
				at += swing
			}
			if has(s.kick, k) || maybe[k] && v.r.IntN(8) > 0 {
				v.hit(kick, at, kickGain*v.at(.8, 1))
			}
			if has(s.snare, k) {
				v.hit(snare, at, v.at(.6, .9))
			}
			if withHat && k%distance == 0 {
				v.hit(hat, at, hatGain*v.at(.6, 1))
			}
			if extra[k] {
				v.hit(other, at, v.at(.1, .5))
			}
		}
	}
}

func has(list []int, k int) bool {
	for _, v := range list {
		if v == k {
			return true
		}
	}
	return false
}

var scales = [2][7]int{{0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 10}}

// line plays notes of a scale on a grid of eighths, sixteenths or halves.
func (v *voice) line(class string, bar float64, bars int) {
	scale := scales[v.r.IntN(2)]
	root := v.log(130, 250)
	steps := [...]int{2, 4, 8, 8, 16}[v.r.IntN(5)]
	if class == "bass" {
		root /= 4
		steps = [...]int{4, 8, 8, 16}[v.r.IntN(4)]
	}
	if class == "melody" {
		root *= 2
		steps = [...]int{8, 8, 16}[v.r.IntN(3)]
	}
	step := bar / float64(steps)
	pattern := make([]bool, steps) // which steps sound, in all bars
	for k := range pattern {
		pattern[k] = k == 0 || v.r.IntN(100) < 65
	}
	play := v.instrument()
	for b := range bars {
		degree := [...]int{0, 3, 4, 5}[v.r.IntN(4)]
		if b == 0 {
			degree = 0
		}
		for k := range steps {
			if !pattern[k] {
				continue
			}
			length := step
			for j := k + 1; j < steps && !pattern[j]; j++ {
				length += step
			}
			v.start = int((bar*float64(b) + step*float64(k)) * rate)
			note := func(d int) float64 {
				return root * math.Exp2((float64(d/7*12)+float64(scale[d%7]))/12)
			}
			switch class {
			case "chords":
				for _, d := range [...]int{0, 2, 4} {
					v.start += v.r.IntN(400)
					play(note(degree+d), length, .5)
				}
			case "bass":
				play(note(degree+[...]int{0, 0, 0, 4, 7}[v.r.IntN(5)]), length, 1)
			default:
				play(note(degree+v.r.IntN(8)), length, 1)
			}
		}
	}
	v.start = 0
	if v.r.IntN(2) == 0 {
		v.lowpass(v.log(600, 6000), 0)
	}
}

// instrument is a way to play a note for a time.
func (v *voice) instrument() func(hz, seconds, gain float64) {
	partials := 3 + v.r.IntN(10)
	switch v.r.IntN(3) {
	case 0:
		return func(hz, seconds, gain float64) { v.string(hz, partials, min(seconds, .7), gain) }
	case 1:
		w := [...]shape{saw, square, triangle}[v.r.IntN(3)]
		return func(hz, seconds, gain float64) { v.held(hz, w, seconds*.9, gain) }
	default:
		ratio := float64(1 + v.r.IntN(4))
		depth := v.at(.3, 3)
		return func(hz, seconds, gain float64) { v.fm(hz, ratio, depth, min(seconds, .6), gain) }
	}
}
