package playback

import (
	"testing"

	"sampleagent/audio/pcm"
	"sampleagent/audio/play"
)

// hit plays a pad over what it plays already.
func hit(p *Player, pad, group int, b *pcm.Buffer, v Voicing) {
	p.PlayPad(play.Pad{Pad: pad, Group: group, Over: true, Sound: b, Voicing: v})
}

func TestPadsBeginAtTheirFrame(t *testing.T) {
	p, m := byHand(t)
	b := constant(1000, 0.25)
	p.KeepAwake(true)
	m.Advance(100)
	now := p.Now()
	p.PlayPad(play.Pad{Pad: 2, Sound: b, At: now + 333})
	p.PlayPad(play.Pad{Pad: 1, Sound: b, At: now + 130})
	x := m.Advance(300)
	if x[129][0] != 0 || x[130][0] != 0.25 || x[299][0] != 0.25 {
		t.Errorf("around frame 130: %v %v %v", x[129][0], x[130][0], x[299][0])
	}
	x = m.Advance(300)
	if x[32][0] != 0.25 || x[33][0] != 0.5 {
		t.Errorf("around frame 333: %v %v", x[32][0], x[33][0])
	}
	if s := p.Pads(); len(s) != 2 || s[0].Pad != 2 {
		t.Errorf("%+v sound", s)
	}
}

func TestAPadCutsItselfAndWaitingPadsCanBeStopped(t *testing.T) {
	p, m := byHand(t)
	b := constant(2*Rate, 0.25)
	p.PlayPad(play.Pad{Pad: 1, Sound: b})
	m.Advance(100)
	p.PlayPad(play.Pad{Pad: 1, Sound: b})
	p.PlayPad(play.Pad{Pad: 3, Sound: b, At: p.Now() + Rate/2})
	if x := m.Advance(Rate / 4); x[len(x)-1][0] != 0.25 || p.Sounding() != 1 {
		t.Errorf("struck twice it sounds as %v in %d voices", x[len(x)-1][0], p.Sounding())
	}
	p.StopPads(3)
	if x := m.Advance(Rate / 2); x[len(x)-1][0] != 0.25 {
		t.Error("a pad that was stopped before its time sounds")
	}
	p.StopPads()
	m.Advance(Rate / 10)
	if p.Sounding() != 0 {
		t.Error("pads sound that were stopped")
	}
}

func TestAGatedPadIsLetGoAtItsFrame(t *testing.T) {
	p, m := byHand(t)
	b := constant(Rate, 0.25)
	p.PlayPad(play.Pad{Pad: 1, Sound: b, Voicing: Voicing{Gate: true}, Until: 2000})
	p.PlayPad(play.Pad{Pad: 2, Sound: b, Until: 2000}) // not gated: goes on
	m.Advance(1500)
	if p.Sounding() != 2 {
		t.Fatal("it ends too early")
	}
	m.Advance(1000)
	if x := m.Advance(10); x[9][0] != 0.25 {
		t.Errorf("after its end %v sounds", x[9][0])
	}
}

func TestAMonoPadSumsItsSides(t *testing.T) {
	p, m := byHand(t)
	b := &pcm.Buffer{Rate: Rate, Channels: 2, Samples: make([]float32, 400)}
	for i := range b.Samples {
		b.Samples[i] = float32(i%2) * 0.5 // right only
	}
	p.PlayPad(play.Pad{Pad: 1, Sound: b, Voicing: Voicing{Mono: true, Pan: -1}})
	if x := m.Advance(10); x[5][0] != 0.25 || x[5][1] != 0 {
		t.Errorf("%v", x[5])
	}
}
