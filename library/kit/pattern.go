package kit

import (
	"bytes"
	"fmt"
	"slices"
)

// TicksPerBeat is the device's resolution (manual, MIDI clock: 480 ticks a quarter).
const TicksPerBeat = 480

// MaxBars is the longest pattern (manual p. 58).
const MaxBars = 64

// Note is a pad hit inside a pattern.
type Note struct {
	Tick      int  // from the pattern's start
	Pad       Slot // what sounds
	Semitones int  // chromatic play, -12 to 114; 0 is the pad as it is
	Poly      bool // played in the chromatic mode Poly
	Velocity  int  // 1 to 127
	Length    int  // ticks, 1 to 65536
}

// Pattern is a sequence of pad hits. The zero value is no pattern.
type Pattern struct {
	Bars      int // 1 to 64
	Beats     int // quarters a bar, 1 to 7
	LoopStart int // first bar of the loop, 1 to Bars
	LoopEnd   int // last bar of the loop, LoopStart to Bars
	Notes     []Note
	// Raw is the device's own file when the pattern came from one: it holds effect and knob
	// movements that Notes does not, and is written again while the notes are still the same.
	// Opaque here.
	Raw []byte
}

// Ticks is the pattern's length.
func (p Pattern) Ticks() int { return p.Bars * p.Beats * TicksPerBeat }

// Validate says what the device could not play.
func (p Pattern) Validate() error {
	switch {
	case p.Bars < 1 || p.Bars > MaxBars:
		return fmt.Errorf("%d bars are not possible: 1 to %d", p.Bars, MaxBars)
	case p.Beats < 1 || p.Beats > 7:
		return fmt.Errorf("%d quarters a bar are not possible: 1 to 7", p.Beats)
	case p.LoopStart < 1 || p.LoopEnd < p.LoopStart || p.LoopEnd > p.Bars:
		return fmt.Errorf("a loop from bar %d to %d is not possible in %d bars", p.LoopStart, p.LoopEnd, p.Bars)
	}
	for i, n := range p.Notes {
		switch {
		case !n.Pad.Valid():
			return fmt.Errorf("note %d plays a pad that does not exist", i+1)
		case n.Tick < 0 || n.Tick >= p.Ticks():
			return fmt.Errorf("note %d at tick %d lies outside of the pattern's %d ticks", i+1, n.Tick, p.Ticks())
		case n.Velocity < 1 || n.Velocity > 127:
			return fmt.Errorf("note %d: a velocity of %d is not possible: 1 to 127", i+1, n.Velocity)
		case n.Length < 1 || n.Length > 65536:
			return fmt.Errorf("note %d: a length of %d ticks is not possible: 1 to 65536", i+1, n.Length)
		case n.Semitones < -12 || n.Semitones > 114:
			return fmt.Errorf("note %d: %d semitones are not possible: -12 to 114", i+1, n.Semitones)
		}
	}
	return nil
}

// Sorted is the pattern with its notes in order of time, then pad.
func (p Pattern) Sorted() Pattern {
	q := p.clone()
	slices.SortStableFunc(q.Notes, func(a, b Note) int {
		if a.Tick != b.Tick {
			return a.Tick - b.Tick
		}
		return int(a.Pad) - int(b.Pad)
	})
	return q
}

func (p Pattern) clone() Pattern {
	p.Notes = slices.Clone(p.Notes)
	p.Raw = bytes.Clone(p.Raw)
	return p
}
