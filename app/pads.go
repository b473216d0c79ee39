package app

import (
	"context"
	"fmt"
	"sync"

	"sampleagent/app/event"
	"sampleagent/audio/pcm"
	"sampleagent/audio/play"
	"sampleagent/library/kit"
)

// padSound is a Sound on which pads are played beside one another. Times are frames of its clock
// at play's 48 kHz.
type padSound interface {
	PlayPad(play.Pad)
	ReleasePad(pad int)
	StopPads(pads ...int)
	Pads() []play.Sounding
	Now() int64
	KeepAwake(on bool)
}

// deckRate is the rate of a padSound's clock, in Hz.
const deckRate = 48000

// PlayingPad is a pad that can be heard.
type PlayingPad struct {
	Slot     kit.Slot
	Position float64 // s, in the sample's own time; below 0 when it is not known (a stretched sound)
}

// padDeck plays the pads of one kit, as many at once as are struck.
type padDeck struct {
	a  *App
	wg sync.WaitGroup

	mu     sync.Mutex
	closed bool
	kits   map[string]kit.Kit   // read before; forgotten when they change
	forgot int                  // rises when one is forgotten: what is being read then is old
	kit    string               // whose pads sound
	ticket int                  // rises with every press
	held   map[kit.Slot]int     // ticket of the press that holds the pad
	rate   map[kit.Slot]float64 // frames of what a pad plays for a second of its sample; 0: none
	song   *song                // the pattern that plays, nil for none
	hands  hands                // what a controller plays
}

func newPadDeck(a *App) *padDeck {
	return &padDeck{a: a, kits: map[string]kit.Kit{}, held: map[kit.Slot]int{}, rate: map[kit.Slot]float64{}}
}

// spawn runs f beside the caller until the deck is closed.
func (d *padDeck) spawn(f func(ctx context.Context)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.wg.Go(func() { f(d.a.life) })
	}
}

// forget lets the kit of the id, or all when it is "", be read again.
func (d *padDeck) forget(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgot++
	if id == "" {
		clear(d.kits)
	}
	delete(d.kits, id)
}

func (d *padDeck) read(ctx context.Context, id string) (kit.Kit, error) {
	d.mu.Lock()
	k, ok := d.kits[id]
	forgot := d.forgot
	d.mu.Unlock()
	if ok {
		return k, nil
	}
	k, err := d.a.Kit(ctx, id)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil && forgot == d.forgot {
		d.kits[id] = k
	}
	return k, err
}

// device is the sound device, nil when it cannot play pads.
func (d *padDeck) device() padSound {
	p := d.a.player
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	s, _ := p.device().(padSound)
	return s
}

// PressPad strikes a pad, 1 to 127 strong, with all pads that are linked with it: it sounds with
// its settings, beside what sounds already. A pad with neither gate nor one-shot stops when it is
// struck again, as on the device. It returns at once; ReleasePad is the finger off the pad.
func (a *App) PressPad(kitID string, slot kit.Slot, velocity int) {
	a.pads.strike(kitID, kit.Note{Pad: slot, Velocity: velocity})
}

// ReleasePad lets go of a pad; it ends pads with gate.
func (a *App) ReleasePad(slot kit.Slot) { a.pads.letGo(slot) }

// StopPads silences all pads, and a pattern that plays.
func (a *App) StopPads() { a.pads.silence() }

// PlayingPads are the pads of a kit that can be heard now, the newest first. It only takes locks:
// fit for every frame of a screen.
func (a *App) PlayingPads(kitID string) []PlayingPad {
	d := a.pads
	d.mu.Lock()
	mine := d.kit == kitID && kitID != ""
	d.mu.Unlock()
	a.player.mu.Lock()
	s, ok := a.player.sound.(padSound)
	a.player.mu.Unlock()
	if !mine || !ok {
		return nil
	}
	var out []PlayingPad
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range s.Pads() {
		slot := kit.Slot(p.Pad)
		at := -1.0
		if r := d.rate[slot]; r > 0 {
			at = float64(p.Frame) / r
		}
		out = append(out, PlayingPad{slot, at})
	}
	return out
}

func (d *padDeck) silence() {
	d.stopSong()
	d.a.player.mu.Lock()
	s, ok := d.a.player.sound.(padSound)
	d.a.player.mu.Unlock()
	if ok {
		s.StopPads()
	}
	d.mu.Lock()
	clear(d.held)
	d.mu.Unlock()
	d.a.player.tell()
}

func (d *padDeck) strike(kitID string, n kit.Note) {
	d.mu.Lock()
	d.ticket++
	ticket := d.ticket
	d.held[n.Pad] = ticket
	d.mu.Unlock()
	d.spawn(func(ctx context.Context) {
		if err := d.sound(ctx, kitID, n, ticket); err != nil && ctx.Err() == nil {
			d.a.Tell(event.Problem, "Pad %s: %v.", n.Pad, err)
		}
		d.a.player.tell()
	})
}

func (d *padDeck) letGo(slot kit.Slot) {
	d.mu.Lock()
	delete(d.held, slot)
	kitID := d.kit
	d.mu.Unlock()
	d.spawn(func(ctx context.Context) {
		s := d.device()
		k, err := d.read(ctx, kitID)
		if err != nil || s == nil {
			return // nothing of it sounds
		}
		for _, linked := range linkedWith(&k, slot) {
			s.ReleasePad(int(linked))
		}
	})
}

// linkedWith is a pad and those that sound with it.
func linkedWith(k *kit.Kit, slot kit.Slot) []kit.Slot {
	group := k.Pad(slot).Settings.Get(kit.PadLink)
	if group == 0 || k.Pad(slot).Empty() {
		return []kit.Slot{slot}
	}
	out := []kit.Slot{slot}
	for _, s := range k.Filled() {
		if s != slot && k.Pad(s).Settings.Get(kit.PadLink) == group {
			out = append(out, s)
		}
	}
	return out
}

// sound plays what a press asks for.
func (d *padDeck) sound(ctx context.Context, kitID string, n kit.Note, ticket int) error {
	k, err := d.read(ctx, kitID)
	if err != nil {
		return err
	}
	s := d.device()
	if s == nil || k.Pad(n.Pad).Empty() {
		return nil
	}
	d.mu.Lock()
	if d.kit != kitID {
		d.kit = kitID
		s.StopPads()
	}
	d.mu.Unlock()
	if set := k.Pad(n.Pad).Settings; !set.On(kit.Gate) && !set.On(kit.OneShot) && n.Semitones == 0 {
		for _, p := range s.Pads() {
			if p.Pad == int(n.Pad) {
				for _, l := range linkedWith(&k, n.Pad) {
					s.StopPads(int(l))
				}
				return nil
			}
		}
	}
	for _, slot := range linkedWith(&k, n.Pad) {
		note := n
		note.Pad = slot
		p, err := d.prepare(ctx, &k, note)
		if err != nil {
			return err
		}
		d.mu.Lock()
		late := d.held[n.Pad] != ticket
		d.mu.Unlock()
		if late && p.Gate { // let go before it could sound: as short as a tap
			p.Until = s.Now() + shortestTap
		}
		s.PlayPad(p)
	}
	return nil
}

// shortestTap is how long a gated pad sounds at least, in frames of the deck.
const shortestTap = deckRate / 20

// prepare makes what a note sounds like: the sample, decoded and stretched if need be, and how it
// is to be played.
func (d *padDeck) prepare(ctx context.Context, k *kit.Kit, n kit.Note) (play.Pad, error) {
	pad := k.Pad(n.Pad)
	if pad.Empty() {
		return play.Pad{}, fmt.Errorf("it is empty")
	}
	s, err := d.a.db.SampleByID(ctx, pad.SampleID)
	if err != nil {
		return play.Pad{}, err
	}
	if err := d.a.atHand(ctx, &s); err != nil {
		return play.Pad{}, err
	}
	b, err := d.a.player.decode(ctx, s.Path)
	if err != nil {
		return play.Pad{}, err
	}
	v := voiceOf(pad.Settings, k.Bank(n.Pad.Bank()), tempoOf(k, n.Pad), b)
	rate := float64(b.Rate)
	if v.stretch != 1 || v.cents != 0 {
		if b, err = d.stretched(ctx, s.Path, b, v); err != nil {
			return play.Pad{}, err
		}
		rate = 0
	}
	velocity := n.Velocity
	if pad.Settings.On(kit.FixedVelocity) {
		velocity = 127
	}
	v.strike(velocity, n.Semitones)
	d.mu.Lock()
	d.rate[n.Pad] = rate
	d.mu.Unlock()
	return play.Pad{
		Pad: int(n.Pad), Group: pad.Settings.Get(kit.MuteGroup), Over: n.Poly, Sound: b, Voicing: v.Voicing,
	}, nil
}

// stretched is the region of a sound at another length and pitch, kept for the next time.
func (d *padDeck) stretched(ctx context.Context, path string, b *pcm.Buffer, v padVoice) (*pcm.Buffer, error) {
	key, err := keyOf(path)
	if err != nil {
		return nil, err
	}
	key.as = v.key()
	if c := d.a.player.clips.get(key); c != nil {
		return c, nil
	}
	region := &pcm.Buffer{Rate: b.Rate, Channels: b.Channels, Samples: b.Samples[v.cutFrom*b.Channels : v.cutTo*b.Channels]}
	out, err := follow(ctx, region, v.stretch, v.cents)
	if err == nil {
		d.a.player.clips.put(key, out)
	}
	return out, err
}

// PreparePads decodes the pads of a bank, so that they sound at once when they are struck.
func (a *App) PreparePads(kitID string, bank int) {
	d := a.pads
	d.spawn(func(ctx context.Context) {
		k, err := d.read(ctx, kitID)
		if err != nil {
			return // a help that failed: a press will say why
		}
		for _, slot := range kit.BankSlots(bank) {
			if ctx.Err() != nil {
				return
			}
			if p := k.Pad(slot); !p.Empty() {
				if s, err := a.db.SampleByID(ctx, p.SampleID); err == nil && s.Duration <= longestPrepared {
					_, _ = d.prepare(ctx, &k, kit.Note{Pad: slot, Velocity: 127}) // as above
				}
			}
		}
	})
}

// longestPrepared is the longest sound that is decoded before it is asked for, in seconds.
const longestPrepared = 30

// tempoOf is the tempo that a pad with BPM sync follows: the project's or its bank's.
func tempoOf(k *kit.Kit, slot kit.Slot) float64 {
	if k.TempoSelect == kit.TempoOfProject {
		return k.Tempo.Float()
	}
	return k.Bank(slot.Bank()).Tempo.Float()
}

func (d *padDeck) close() {
	d.stopSong()
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.wg.Wait()
}
