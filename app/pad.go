package app

import (
	"context"
	"fmt"
	"math"

	"sampleagent/audio/pcm"
	"sampleagent/library/kit"
)

// AuditionPad plays a pad with its settings as far as they can be heard from one pad: region,
// direction, loop, volume, pan, pitch and speed, envelope, the bank's volume. Keys and mouse call
// ReleasePad when they are let go; it matters for pads with gate.
func (a *App) AuditionPad(kitID string, slot kit.Slot) {
	a.player.load(Transport{KitID: kitID, Slot: slot}, func(ctx context.Context, t *Transport) (rendered, error) {
		k, err := a.Kit(ctx, kitID)
		if err != nil {
			return rendered{}, err
		}
		p := k.Pad(slot)
		if p.Empty() {
			return rendered{}, fmt.Errorf("pad %s is empty", slot)
		}
		s, err := a.db.SampleByID(ctx, p.SampleID)
		if err != nil {
			return rendered{}, err
		}
		t.Row, t.ID, t.Name = s.Row, s.ID, s.Name
		b, err := a.player.decode(ctx, s.Path)
		if err != nil {
			return rendered{}, err
		}
		return renderPad(b, p.Settings, k.Bank(slot.Bank())), nil
	})
}

// ReleasePad ends a pad with gate that sounds only while it is held.
func (a *App) ReleasePad() {
	a.player.mu.Lock()
	gate := a.player.gate && a.player.now.State == Playing
	a.player.mu.Unlock()
	if gate {
		a.Stop()
	}
}

// longestRelease is the release at 127 (manual, ENVELOPE: 3 s); the attack is taken to be alike.
const longestRelease = 3.0

// renderPad makes the sound of a pad out of its sample. Speed and pitch are those of a record:
// the frames are the same, their rate differs, and the engine resamples. The buffer is the
// sample's own when nothing of it changes.
func renderPad(b *pcm.Buffer, s kit.Settings, bank kit.Bank) rendered {
	at := func(frame int) int {
		return min(int(math.Round(float64(frame)*float64(b.Rate)/kit.Rate)), b.Frames())
	}
	start, end := at(s.Get(kit.Start)), b.Frames()
	if e := s.Get(kit.End); e > 0 {
		end = at(e)
	}
	if start >= end {
		start = 0
	}
	top := max(start, min(at(s.Get(kit.LoopTop)), end))
	looped := s.On(kit.Loop)

	ch := b.Channels
	region := b.Samples[start*ch : end*ch]
	out := &pcm.Buffer{Rate: b.Rate, Channels: ch, Samples: append([]float32(nil), region...)}
	loopStart := int64(top - start)
	backwards := func() {
		f := out.Frames()
		for i, j := 0, f-1; i < j; i, j = i+1, j-1 {
			for c := range ch {
				out.Samples[i*ch+c], out.Samples[j*ch+c] = out.Samples[j*ch+c], out.Samples[i*ch+c]
			}
		}
	}
	mode := s.Get(kit.PlayMode)
	if mode&1 != 0 { // reverse
		backwards()
		loopStart = 0
	}
	if mode&2 != 0 && looped { // to and fro: the loop is the sound and its mirror
		loopStart = 0
		forth := append([]float32(nil), out.Samples...)
		backwards()
		out.Samples = append(forth, out.Samples...)
	}

	gain := float64(s.Get(kit.Volume)) / 127 * float64(bank.Volume()) / 127
	pan(out, s.Get(kit.Pan), gain)
	envelope(out, s, looped)

	speed := s.Float(kit.Speed) / 100 * math.Exp2((float64(s.Get(kit.Pitch))+s.Float(kit.Fine)/100)/12)
	rate := max(1, int(math.Round(float64(b.Rate)*speed)))
	out.Rate = rate
	return rendered{buf: out, rate: float64(rate), loop: looped, loopStart: loopStart, gate: s.On(kit.Gate)}
}

// pan turns a sound to a side, with equal power for a mono sample and by balance for a stereo
// one; -51 and 51 are MONO(L) and MONO(R).
func pan(b *pcm.Buffer, p int, gain float64) {
	if b.Channels == 1 && p != 0 {
		wide := make([]float32, 0, 2*len(b.Samples))
		for _, v := range b.Samples {
			wide = append(wide, v, v)
		}
		b.Channels, b.Samples = 2, wide
	}
	left, right := gain, gain
	if x := max(-1, min(1, float64(p)/50)); x > 0 {
		left *= 1 - x
	} else {
		right *= 1 + x
	}
	for i := 0; i+b.Channels <= len(b.Samples); i += b.Channels {
		if b.Channels == 2 && (p < -50 || p > 50) {
			m := (b.Samples[i] + b.Samples[i+1]) / 2
			b.Samples[i], b.Samples[i+1] = m, m
		}
		for c := range b.Channels {
			g := left
			if c%2 == 1 {
				g = right
			}
			b.Samples[i+c] *= float32(g)
		}
	}
}

// envelope fades in over the attack, and out over the release after the held share.
func envelope(b *pcm.Buffer, s kit.Settings, looped bool) {
	n := b.Frames()
	seconds := func(v int) int { return int(float64(v) / 127 * longestRelease * float64(b.Rate)) }
	scale := func(frame int, g float64) {
		for c := range b.Channels {
			b.Samples[frame*b.Channels+c] *= float32(g)
		}
	}
	attack := min(seconds(s.Get(kit.Attack)), n)
	for i := range attack {
		scale(i, float64(i)/float64(attack))
	}
	held := n * s.Get(kit.Hold) / 100
	if held >= n || looped {
		return
	}
	release := max(1, seconds(s.Get(kit.Release)))
	for i := held; i < n; i++ {
		scale(i, max(0, 1-float64(i-held)/float64(release)))
	}
}
