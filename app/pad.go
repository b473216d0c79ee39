package app

import (
	"fmt"
	"math"

	"sampleagent/audio/dsp"
	"sampleagent/audio/pcm"
	"sampleagent/audio/play"
	"sampleagent/library/kit"
)

// padVoice is how a pad's sample is to be played. stretch and cents are for sound that keeps
// pitch and length apart: the region is then cut out and stretched before, and the Voicing counts
// in what comes of it.
type padVoice struct {
	play.Voicing
	stretch, cents float64
	cutFrom, cutTo int // frames of the sample; the region
}

func (v padVoice) key() string {
	return fmt.Sprintf("%d-%d x%.4f %+.1f", v.cutFrom, v.cutTo, v.stretch, v.cents)
}

// longestRelease is the release at 127 (documented: ENVELOPE, 3 s); the attack is taken to be
// alike.
const longestRelease = 3.0

// voiceOf turns a pad's settings into how its sample b is played at a tempo of the bank or the
// project. What the manual says is done as it says; where it is silent, the comment says what was
// chosen.
func voiceOf(s kit.Settings, bank kit.Bank, bpm float64, b *pcm.Buffer) padVoice {
	at := func(frame int) int {
		return min(int(math.Round(float64(frame)*float64(b.Rate)/kit.Rate)), b.Frames())
	}
	v := padVoice{stretch: 1, cutFrom: at(s.Get(kit.Start)), cutTo: b.Frames()}
	if e := s.Get(kit.End); e > 0 {
		v.cutTo = at(e)
	}
	if v.cutFrom >= v.cutTo {
		v.cutFrom = 0
	}
	top := max(v.cutFrom, min(at(s.Get(kit.LoopTop)), v.cutTo))
	mode := s.Get(kit.PlayMode)
	v.Reverse = mode&1 != 0
	if s.On(kit.Loop) {
		v.Loop = play.Forward
		if mode&2 != 0 { // to and fro is a way to loop (documented: p. 18 to 20)
			v.Loop = play.PingPong
		}
	}
	v.Gate = s.On(kit.Gate)
	v.Gain = float64(s.Get(kit.Volume)) / 127 * float64(bank.Volume()) / 127 // linear: chosen
	v.Mute = v.Gain == 0
	p := s.Get(kit.Pan)
	v.Pan = max(-1, min(1, float64(p)/50))
	v.Mono = p < -50 || p > 50

	// With BPM sync the pad runs at the tempo's ratio, and SPEED has no effect (documented: p. 51).
	speed := s.Float(kit.Speed) / 100
	if s.On(kit.BPMSync) {
		speed = bpm / s.Float(kit.Tempo)
	}
	cents := 100*float64(s.Get(kit.Pitch)) + s.Float(kit.Fine)
	ratio := 1.0
	if s.On(kit.Vinyl) && !s.On(kit.BPMSync) {
		// As on a record: speed and pitch are one (documented: PITCH/SPEED).
		ratio = speed * math.Exp2(cents/1200)
		v.Speed = ratio
	} else {
		v.stretch = max(dsp.MinStretch, min(1/speed, dsp.MaxStretch))
		v.cents = cents
	}
	v.Start, v.End, v.LoopStart = v.cutFrom, v.cutTo, top
	if v.cutTo == b.Frames() {
		v.End = 0 // it ends as it was recorded, without a fade
	}
	if v.stretch != 1 || v.cents != 0 {
		v.Start, v.End = 0, 0
		v.LoopStart = int(math.Round(float64(top-v.cutFrom) * v.stretch))
	}

	// Attack, then full level for a share of the sound, then release (documented: ENVELOPE).
	seconds := func(value int) float64 { return float64(value) / 127 * longestRelease }
	v.Attack, v.Release = seconds(s.Get(kit.Attack)), seconds(s.Get(kit.Release))
	if hold := s.Get(kit.Hold); hold < 100 && v.Loop == play.Once {
		length := float64(v.cutTo-v.cutFrom) / float64(b.Rate) * v.stretch / ratio
		v.Hold = max(0.001, length*float64(hold)/100-v.Attack)
	}
	return v
}

// strike makes the voice as loud as it is struck, 1 to 127, and moves it by semitones as chromatic
// play does. That loudness is linear, and that chromatic play moves the speed, is chosen.
func (v *padVoice) strike(velocity, semitones int) {
	v.Gain *= float64(max(0, min(velocity, 127))) / 127
	v.Mute = v.Mute || v.Gain == 0
	if semitones != 0 {
		speed := v.Speed
		if speed == 0 {
			speed = 1
		}
		v.Speed = speed * math.Exp2(float64(semitones)/12)
	}
}
