package app

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"sampleagent/app/event"
	"sampleagent/audio/play"
	"sampleagent/library/kit"
	"sampleagent/library/sp404"
)

// song is a pattern that plays.
type song struct {
	kit    string
	slot   kit.Slot
	bpm    float64
	from   int // tick at which its loop begins
	ticks  int // length of the loop
	start  int64
	cancel context.CancelFunc
}

// PlayingPattern is the pattern that plays now.
type PlayingPattern struct {
	KitID string
	Slot  kit.Slot
	BPM   float64
	Tick  int // of the pattern, as it is heard
}

// How far a pattern is queued ahead, how often that is seen to, and how long the first notes may
// take to be decoded.
const (
	songAhead = deckRate * 3 / 10
	songEvery = 80 * time.Millisecond
	songLead  = deckRate / 20
)

// PlayPattern plays a kit's pattern, its loop again and again, at the tempo of the pattern's bank
// or of the project, through the same pads as a hand. What played before ends. It returns at once.
func (a *App) PlayPattern(kitID string, slot kit.Slot) {
	d := a.pads
	d.silence()
	d.spawn(func(ctx context.Context) {
		if err := d.play(ctx, kitID, slot); err != nil && ctx.Err() == nil {
			a.Tell(event.Problem, "Pattern %s: %v.", slot, err)
		}
		a.player.tell()
	})
}

// StopPattern ends the pattern that plays, and its pads.
func (a *App) StopPattern() { a.pads.silence() }

// PlayingPattern says which pattern plays and where it is.
func (a *App) PlayingPattern() (PlayingPattern, bool) {
	d := a.pads
	d.mu.Lock()
	g := d.song
	d.mu.Unlock()
	a.player.mu.Lock()
	s, ok := a.player.sound.(padSound)
	a.player.mu.Unlock()
	if g == nil || !ok {
		return PlayingPattern{}, false
	}
	tick := 0
	if gone := s.Now() - g.start; gone > 0 {
		tick = int(float64(gone)/g.framesPerTick()) % g.ticks
	}
	return PlayingPattern{g.kit, g.slot, g.bpm, g.from + tick}, true
}

func (g *song) framesPerTick() float64 { return deckRate * 60 / g.bpm / kit.TicksPerBeat }

func (d *padDeck) stopSong() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.song != nil {
		d.song.cancel()
		d.song = nil
	}
}

// play queues the notes of a pattern, a little ahead of the clock, until it is stopped.
func (d *padDeck) play(ctx context.Context, kitID string, slot kit.Slot) error {
	k, err := d.read(ctx, kitID)
	if err != nil {
		return err
	}
	p, ok := k.Pattern(slot)
	if !ok {
		return fmt.Errorf("there is none")
	}
	s := d.device()
	if s == nil {
		return fmt.Errorf("it cannot be heard on this machine")
	}
	bar := p.Beats * kit.TicksPerBeat
	g := &song{kit: kitID, slot: slot, bpm: tempoOf(&k, slot), from: (p.LoopStart - 1) * bar, ticks: (p.LoopEnd - p.LoopStart + 1) * bar}
	ctx, g.cancel = context.WithCancel(ctx)
	defer g.cancel()
	notes := slices.DeleteFunc(p.Sorted().Notes, func(n kit.Note) bool {
		return n.Tick < g.from || n.Tick >= g.from+g.ticks || k.Pad(n.Pad).Empty()
	})
	sounds, err := d.sounds(ctx, &k, notes)
	if err != nil {
		return err
	}
	s.KeepAwake(true)
	defer s.KeepAwake(false)
	g.start = s.Now() + songLead
	d.mu.Lock()
	d.kit, d.song = kitID, g
	d.mu.Unlock()
	defer d.endSong(g)
	d.a.player.tell()
	tick := time.NewTicker(songEvery)
	defer tick.Stop()
	for next := 0; ; {
		for horizon := s.Now() + songAhead; len(notes) > 0; next++ {
			n := notes[next%len(notes)]
			at := g.start + int64(float64(next/len(notes)*g.ticks+n.Tick-g.from)*g.framesPerTick())
			if at > horizon {
				break
			}
			for _, q := range sounds[next%len(notes)] {
				q.At, q.Until = at, at+int64(float64(n.Length)*g.framesPerTick())
				s.PlayPad(q)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (d *padDeck) endSong(g *song) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.song == g {
		d.song = nil
	}
}

// sounds prepares what each note plays.
func (d *padDeck) sounds(ctx context.Context, k *kit.Kit, notes []kit.Note) ([][]play.Pad, error) {
	out := make([][]play.Pad, len(notes))
	for i, n := range notes {
		for _, slot := range linkedWith(k, n.Pad) {
			note := n
			note.Pad = slot
			p, err := d.prepare(ctx, k, note)
			if err != nil {
				return nil, fmt.Errorf("pad %s: %w", slot, err)
			}
			out[i] = append(out[i], p)
		}
	}
	return out, nil
}

// ---- patterns as MIDI

// ExportPattern writes a kit's pattern as a standard MIDI file.
func (a *App) ExportPattern(ctx context.Context, kitID string, slot kit.Slot, file string) error {
	k, err := a.Kit(ctx, kitID)
	if err != nil {
		return err
	}
	p, ok := k.Pattern(slot)
	if !ok {
		return fmt.Errorf("kit %s has no pattern %s", k.Name, slot)
	}
	b, err := sp404.ExportMIDI(p, fmt.Sprintf("%s %s", k.Name, slot), tempoOf(&k, slot))
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o644)
}

// ImportPattern reads a standard MIDI file as the pattern of a slot; what was there is gone, and
// can be undone. Drums of General MIDI go to the usual pads of the slot's bank. It returns what is
// to be said about the file.
func (a *App) ImportPattern(ctx context.Context, kitID string, slot kit.Slot, file string) (warnings []string, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m, err := sp404.ImportMIDI(b, slot.Bank())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	err = a.EditKit(ctx, kitID, fmt.Sprintf("Import pattern %s", slot), "", func(k *kit.Kit) error {
		if own := tempoOf(k, slot); m.BPM > 0 && math.Abs(m.BPM-own) >= 0.01 {
			m.Warnings = append(m.Warnings, fmt.Sprintf("The file's tempo is %.4g BPM; the bank keeps its %.4g", m.BPM, own))
		}
		if err := k.SetPattern(slot, m.Pattern); err != nil {
			return err
		}
		empty := map[kit.Slot]bool{}
		for _, n := range m.Pattern.Notes {
			if k.Pad(n.Pad).Empty() {
				empty[n.Pad] = true
			}
		}
		if len(empty) > 0 {
			list := slices.Sorted(maps.Keys(empty))
			m.Warnings = append(m.Warnings, fmt.Sprintf("It plays pads that are empty: %v", list))
		}
		return nil
	})
	return m.Warnings, err
}

// ClearPattern takes a pattern away.
func (a *App) ClearPattern(ctx context.Context, kitID string, slot kit.Slot) error {
	return a.EditKit(ctx, kitID, fmt.Sprintf("Empty pattern %s", slot), "", func(k *kit.Kit) error { return k.ClearPattern(slot) })
}
