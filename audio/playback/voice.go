package playback

import (
	"math"

	"sampleagent/audio/dsp"
	"sampleagent/audio/play"
)

// The words in which sounds are asked for.
type (
	// LoopMode says what happens at the end of the region.
	LoopMode = play.LoopMode
	// Voicing says how a sound is played.
	Voicing = play.Voicing
)

// The loop modes.
const (
	Once     = play.Once
	Forward  = play.Forward
	PingPong = play.PingPong
)

// fade is the shortest way in or out of the middle of a sound that does not click.
const fade = 0.004 // s

// voice is one sound being played. The player's lock guards it.
type voice struct {
	src *source
	v   Voicing
	ip  *dsp.Interpolator

	pos     float64 // frame of the source
	step    float64 // frames per rendered frame, negative backwards
	from    float64 // where it began
	begun   bool    // a frame has been rendered
	wrapped bool    // a forward loop has come round

	age      int     // rendered frames
	level    float64 // of the envelope, 0 to 1
	rise     float64 // per frame until level is 1
	fall     float64 // per frame when dying
	hold     int     // frames of age at which it dies by itself; 0: never
	dying    bool
	finished bool
	gl, gr   float64
}

// newVoice plays src from frame from on, faded in if that is not where the region begins.
func newVoice(src *source, v Voicing, from int) *voice {
	o := &voice{src: src, v: v}
	if o.v.End <= 0 || src.whole && o.v.End > src.frames {
		o.v.End = 0
	}
	o.v.Start = max(0, o.v.Start)
	o.v.LoopStart = max(o.v.LoopStart, o.v.Start)
	o.setSpeed(v.Speed)
	o.setGain()
	if o.v.Reverse {
		o.step = -o.step
	}
	o.seek(from)
	attack := v.Attack
	if o.pos != float64(o.firstFrame()) {
		attack = max(attack, fade)
	}
	o.fadeIn(attack)
	if v.Hold > 0 {
		o.hold = int((v.Attack + v.Hold) * Rate)
	}
	return o
}

// fadeIn begins at silence and reaches full level after seconds; 0 begins at full level.
func (o *voice) fadeIn(seconds float64) {
	o.level, o.rise = 1, 1
	if seconds > 0 {
		o.level, o.rise = 0, 1/(seconds*Rate)
	}
}

// setSpeed takes a ratio; 0 and what is not a number count as 1.
func (o *voice) setSpeed(ratio float64) {
	if !(ratio > 0) || math.IsInf(ratio, 0) {
		ratio = 1
	}
	step := ratio * float64(o.src.rate) / Rate
	if o.step < 0 {
		step = -step
	}
	o.v.Speed, o.step = ratio, step
	o.ip = dsp.InterpolatorFor(step)
}

func (o *voice) setGain() {
	g := o.v.Gain
	if g == 0 {
		g = 1
	}
	if o.v.Mute {
		g = 0
	}
	o.gl = g * min(1, 1-o.v.Pan)
	o.gr = g * min(1, 1+o.v.Pan)
}

// end is the frame behind the region's last.
func (o *voice) end() int {
	if o.v.End > 0 && (!o.src.whole || o.v.End <= o.src.frames) {
		return o.v.End
	}
	return o.src.frames
}

// firstFrame is where the region begins in the direction of playing.
func (o *voice) firstFrame() int {
	if o.v.Reverse {
		return max(o.v.Start, o.end()-1)
	}
	return o.v.Start
}

func (o *voice) seek(frame int) {
	o.pos = float64(min(max(frame, o.v.Start), max(o.v.Start, o.end()-1)))
	if !o.src.whole && !o.v.Reverse {
		o.pos = float64(max(frame, o.v.Start))
	}
	o.from = o.pos
}

// behind is where the voice was frames of the output ago, never before it began.
func (o *voice) behind(frames float64) float64 {
	frames = min(frames, float64(o.age))
	pos := o.pos - o.step*frames
	lo, hi := float64(o.v.LoopStart), float64(o.end())
	// Forward loops come from their end, unless the voice is still before the loop.
	if o.v.Loop == Forward && o.step > 0 && pos < lo && hi > lo &&
		(o.from >= lo || o.from+float64(o.age)*o.step >= hi) {
		pos += hi - lo
	}
	return max(0, pos)
}

// die lets the voice fade out in seconds, never faster than without a click.
func (o *voice) die(seconds float64) {
	f := 1 / (max(seconds, fade) * Rate)
	if !o.dying || f > o.fall {
		o.dying, o.fall = true, f
	}
}

// render adds the voice to block and reports whether it still sounds.
func (o *voice) render(block [][2]float64, gain, gainStep float64) bool {
	var x [2 * dsp.InterpolatorTaps]float32
	for i := range block {
		if o.finished {
			return false
		}
		if !o.reach() {
			if o.finished {
				return false
			}
			return true // waits for the decoder
		}
		at := math.Floor(o.pos)
		var l, r float32
		if frac := o.pos - at; frac == 0 && (o.step == 1 || o.step == -1) {
			l, r = o.src.frame(int(at))
		} else {
			o.window(&x, int(at)-(dsp.InterpolatorTaps/2-1))
			l, r = o.ip.Stereo(&x, frac)
		}
		if o.v.Mono {
			l = (l + r) / 2
			r = l
		}
		o.begun = true
		g := o.level * gain * o.edge()
		block[i][0] += float64(l) * g * o.gl
		block[i][1] += float64(r) * g * o.gr
		gain += gainStep
		o.age++
		o.pos += o.step
		o.envelope()
	}
	return !o.finished
}

// envelope moves the level one frame on.
func (o *voice) envelope() {
	if o.hold > 0 && o.age >= o.hold {
		o.die(o.v.Release)
	}
	if o.dying {
		if o.level -= o.fall; o.level <= 0 {
			o.level, o.finished = 0, true
		}
		return
	}
	o.level = min(1, o.level+o.rise)
}

// edge is the short fade before an end in the middle of the sound.
func (o *voice) edge() float64 {
	if o.v.Loop != Once {
		return 1
	}
	var left float64
	if o.step > 0 {
		if o.v.End == 0 || o.src.whole && o.v.End >= o.src.frames {
			return 1 // the sound ends as it was recorded
		}
		left = float64(o.v.End) - o.pos
	} else {
		if o.v.Start == 0 {
			return 1
		}
		left = o.pos - float64(o.v.Start) + 1
	}
	return min(1, left/math.Abs(o.step)/(fade*Rate))
}

// reach brings pos into the region, by the loop if there is one. It is false when there is
// nothing to render: the voice is finished, or the decoder has not come so far.
func (o *voice) reach() bool {
	end := o.end()
	if !o.src.whole && (o.v.End == 0 || end > o.src.frames) {
		// More may come: the last taps must be there too.
		if int(o.pos)+dsp.InterpolatorTaps/2+1 >= o.src.frames && o.step > 0 {
			return false
		}
		end = max(end, o.src.frames)
	}
	lo, hi := float64(o.v.LoopStart), float64(end)
	if hi <= float64(o.v.Start) {
		o.finished = true
		return false
	}
	if lo >= hi {
		lo = float64(o.v.Start)
	}
	switch {
	case o.step > 0 && o.pos >= hi:
		switch o.v.Loop {
		case Forward:
			o.pos = lo + math.Mod(o.pos-hi, hi-lo)
			o.wrapped = true
		case PingPong:
			o.pos = max(lo, 2*(hi-1)-o.pos)
			o.step = -o.step
		default:
			o.finished = true
			return false
		}
	case o.step < 0 && (o.pos < float64(o.v.Start) || o.pos < lo && o.begun && o.v.Loop != Once):
		switch o.v.Loop {
		case Forward:
			o.pos = hi - math.Mod(lo-o.pos, hi-lo)
			if o.pos >= hi {
				o.pos = hi - 1
			}
		case PingPong:
			o.pos = min(hi-1, 2*lo-o.pos)
			o.step = -o.step
		default:
			o.finished = true
			return false
		}
	}
	return true
}

// window reads 32 frames. Where a forward loop comes round, those behind its end are those of its
// start, and the other way about.
func (o *voice) window(x *[2 * dsp.InterpolatorTaps]float32, from int) {
	end, lo := o.end(), o.v.LoopStart
	length := end - lo
	wraps := from+dsp.InterpolatorTaps > end || o.wrapped && from < lo
	if o.v.Loop != Forward || !o.src.whole || o.step < 0 || length <= 0 || !wraps {
		o.src.window(x, from)
		return
	}
	for k := range dsp.InterpolatorTaps {
		at := from + k
		if at >= end {
			at = lo + (at-end)%length
		} else if at < lo && o.wrapped {
			at = end - 1 - (lo-1-at)%length
		}
		x[2*k], x[2*k+1] = o.src.frame(at)
	}
}
