package playback

import (
	"math"
	"slices"

	"sampleagent/audio/play"
)

// maxPadVoices sound at once; the oldest gives way to the next.
const maxPadVoices = 32

type padVoice struct {
	*voice
	pad, group int
	wait       int   // frames of the block before it begins
	until      int64 // frame of the player at which it is let go; 0: not by itself
}

// PlayPad plays a sound on a pad, beside what already sounds: at once, or when the player's clock
// comes to its time.
func (p *Player) PlayPad(pad play.Pad) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := pad.Sound
	if p.closed || b == nil || b.Rate < 1 || b.Channels < 1 || b.Frames() == 0 {
		return
	}
	if pad.At > p.frames {
		at, _ := slices.BinarySearchFunc(p.queue, pad.At+1, func(q play.Pad, t int64) int {
			if q.At < t {
				return -1
			}
			return 1
		})
		p.queue = slices.Insert(p.queue, at, pad)
	} else {
		p.begin(pad, 0)
	}
	p.wake()
}

// begin starts a pad's voice wait frames into the block that comes.
func (p *Player) begin(pad play.Pad, wait int) {
	sounding := 0
	for _, o := range p.pads {
		if pad.Group != 0 && o.group == pad.Group || !pad.Over && o.pad == pad.Pad {
			o.die(fade)
		}
		if !o.dying {
			sounding++
		}
	}
	for _, o := range p.pads {
		if sounding < maxPadVoices {
			break
		}
		if !o.dying {
			o.die(fade)
			sounding--
		}
	}
	from := pad.Start
	if pad.Reverse {
		from = math.MaxInt / 2
	}
	p.pads = append(p.pads, padVoice{newVoice(wholeSource(pad.Sound), pad.Voicing, from), pad.Pad, pad.Group, wait, pad.Until})
}

// renderPads begins the pads whose time falls into the block, and adds all that sound to it.
func (p *Player) renderPads(block [][2]float64, gain, step float64) {
	end := p.frames + int64(len(block))
	due := 0
	for due < len(p.queue) && p.queue[due].At < end {
		p.begin(p.queue[due], int(max(0, p.queue[due].At-p.frames)))
		due++
	}
	p.queue = slices.Delete(p.queue, 0, due)
	pads := p.pads[:0]
	for _, v := range p.pads {
		if v.until > 0 && v.until < end {
			v.until = 0
			if v.v.Gate {
				v.die(v.v.Release)
			}
		}
		late := min(v.wait, len(block))
		v.wait = 0
		if v.render(block[late:], gain+step*float64(late), step) {
			pads = append(pads, v)
			continue
		}
		cause := Ended
		if v.dying {
			cause = Stopped
		}
		p.tell(Event{Pad: v.pad, Cause: cause})
	}
	clear(p.pads[len(pads):])
	p.pads = pads
	p.frames = end
}

// ReleasePad lets go of a pad: its gated voices die away by their release.
func (p *Player) ReleasePad(pad int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range p.pads {
		if v.pad == pad && v.v.Gate {
			v.die(v.v.Release)
		}
	}
}

// StopPads cuts all voices of pads, those that wait for their time too; of all pads when none is
// named.
func (p *Player) StopPads(pads ...int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopPads(func(pad int) bool { return len(pads) == 0 || slices.Contains(pads, pad) })
}

func (p *Player) stopPads(which func(pad int) bool) {
	for _, v := range p.pads {
		if which(v.pad) {
			v.die(fade)
		}
	}
	p.queue = slices.DeleteFunc(p.queue, func(q play.Pad) bool { return which(q.Pad) })
}

// Pads are the pads that sound, each with the place that is being heard of its newest voice.
func (p *Player) Pads() []play.Sounding {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []play.Sounding
	ahead := p.engine.Latency().Seconds() * Rate
	for _, v := range slices.Backward(p.pads) {
		if v.dying || slices.ContainsFunc(out, func(s play.Sounding) bool { return s.Pad == v.pad }) {
			continue
		}
		out = append(out, play.Sounding{Pad: v.pad, Frame: int(v.behind(ahead))})
	}
	return out
}

// Now is the frame that is rendered next, at Rate: the clock by which pads can be played later.
// It stands still while nothing sounds, unless it is kept awake.
func (p *Player) Now() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frames
}

// KeepAwake lets the clock go on though nothing sounds, or no longer.
func (p *Player) KeepAwake(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.awake = on
	if on && !p.closed {
		p.wake()
	}
}

// Sounding is how many pad voices sound.
func (p *Player) Sounding() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.pads)
}
