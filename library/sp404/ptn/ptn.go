// Package ptn reads and writes the device's patterns, PTN/PTNnnnnn.BIN: records of eight bytes
// that wait, play a pad or move an effect, an end, and a trailer with bars and time signature.
//
// A File keeps every record as it was, also those that nobody has understood. The package knows
// bytes; it must never know kits, samples or cards.
package ptn

import (
	"fmt"
)

// Sizes and record types (verified in 38 device files).
const (
	recordSize = 8
	// TicksPerBeat is the device's resolution (documented: MIDI, 480 ticks a quarter).
	TicksPerBeat = 480

	typeFirstNote = 0x2F // pad 1 of bank A or F
	typeLastNote  = 0x7E // pad 16 of bank E or J
	typeWait      = 0x80
	typeEnd       = 0x8C
	typeControl   = 0x8E

	plainPitch      = 13   // bits 0-6 of byte 3: 13 + semitones
	notPoly         = 0x80 // byte 3: Mono, Legato or a plain hit
	releaseVelocity = 0x40 // byte 5: constant; meaning claimed

	maxWait = 255
	maxBars = 64
)

// beatsOf maps the trailer's time signature to quarters a bar. 0 and 1 are verified, 2 to 6
// claimed (editor by u/blueSGL).
var beatsOf = []int{4, 3, 2, 1, 5, 6, 7}

// FormatError says where a file is not what it should be.
type FormatError struct {
	Offset int
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("not a pattern: at byte %d (0x%X): %s", e.Offset, e.Offset, e.Reason)
}

// Record is eight bytes: ticks to the next record, type, and what the type makes of the rest.
type Record [recordSize]byte

// Trailer is what follows the end record.
type Trailer [recordSize]byte

// Bars is the pattern's length.
func (t Trailer) Bars() int { return int(t[0]) }

// Beats is the number of quarters a bar, 0 when the time signature is not known.
func (t Trailer) Beats() int {
	if int(t[4]) < len(beatsOf) {
		return beatsOf[t[4]]
	}
	return 0
}

// Loop is the first and the last bar of the loop, from 1.
func (t Trailer) Loop() (first, last int) { return int(t[5]&^0x80) + 1, int(t[6]) }

// File is a pattern file.
type File struct {
	Records []Record // up to, not with, the end record
	End     Record
	Trailer Trailer
	Stray   []byte // what follows the trailer: the device ignores it (inferred), we keep it
}

// Decode reads a file. Any bytes give a File or a *FormatError.
func Decode(b []byte) (*File, error) {
	f := &File{}
	for off := 0; ; off += recordSize {
		if off+recordSize > len(b) {
			return nil, &FormatError{off, "file ends without an end record"}
		}
		r := Record(b[off:])
		if r[1] != typeEnd {
			f.Records = append(f.Records, r)
			continue
		}
		f.End = r
		off += recordSize
		if off+recordSize > len(b) {
			return nil, &FormatError{off, "file ends inside the trailer"}
		}
		f.Trailer = Trailer(b[off:])
		if rest := b[off+recordSize:]; len(rest) > 0 {
			f.Stray = append([]byte(nil), rest...)
		}
		return f, nil
	}
}

// Encode gives the file's bytes.
func (f *File) Encode() []byte {
	out := make([]byte, 0, (len(f.Records)+2)*recordSize+len(f.Stray))
	for _, r := range f.Records {
		out = append(out, r[:]...)
	}
	out = append(out, f.End[:]...)
	out = append(out, f.Trailer[:]...)
	return append(out, f.Stray...)
}

// Ticks is the sum of all waits. In every device file it is bars x beats x 480 (verified).
func (f *File) Ticks() int {
	n := 0
	for _, r := range f.Records {
		n += int(r[0])
	}
	return n
}

// Note is a pad hit.
type Note struct {
	Tick      int
	Pad       int // 0 (A1) to 159 (J16)
	Semitones int // -13 to 114
	Poly      bool
	Velocity  int // 0 to 255 as stored; 1 to 127 when written by us
	Length    int // ticks, 1 to 65536
}

// Control is a movement of an effect's switch, number or knob.
type Control struct {
	Tick       int
	Controller int    // 16-18 knobs, 19 switch, 83 effect number: the MIDI controllers (verified)
	Name       string // "knob1", "switch", "effect", or "" where not known
	Value      int
	Bus        int // byte 2 (claimed)
}

// Notes are the pad hits in order of time. Dead notes, left behind by edits, are none.
func (f *File) Notes() []Note {
	var out []Note
	tick := 0
	for _, r := range f.Records {
		if r[1] >= typeFirstNote && r[1] <= typeLastNote {
			n := Note{
				Tick: tick, Pad: int(r[1]-typeFirstNote) + 80*int(r[2]&1),
				Semitones: int(r[3]&0x7F) - plainPitch, Poly: r[3]&notPoly == 0,
				Velocity: int(r[4]), Length: int(r[6]) + int(r[7])<<8 + 1,
			}
			if r[3] == 0 { // a plain note as well (claimed)
				n.Semitones, n.Poly = 0, false
			}
			out = append(out, n)
		}
		tick += int(r[0])
	}
	return out
}

var controllers = map[byte]string{
	0x10: "knob1", 0x11: "knob2", 0x12: "knob3", 0x13: "switch", 0x53: "effect", // verified
	0x50: "knob4", 0x51: "knob5", 0x52: "knob6", // inferred from the MIDI table
}

// Controls are the effect movements in order of time.
func (f *File) Controls() []Control {
	var out []Control
	tick := 0
	for _, r := range f.Records {
		if r[1] == typeControl {
			out = append(out, Control{Tick: tick, Controller: int(r[5]), Name: controllers[r[5]], Value: int(r[6]), Bus: int(r[2])})
		}
		tick += int(r[0])
	}
	return out
}

// Pattern is what a new file is built from.
type Pattern struct {
	Bars, Beats        int // 1 to 64; 1 to 7
	LoopStart, LoopEnd int // bars, from 1
	Notes              []Note
}

// Build makes a file as the device's step entry does: a wait record at every multiple of 255
// ticks, notes before it at the same tick (verified: real step-entered patterns come out byte
// for byte). Notes must be in order of time.
func Build(p Pattern) (*File, error) {
	sig := -1
	for code, beats := range beatsOf {
		if beats == p.Beats {
			sig = code
		}
	}
	switch {
	case p.Bars < 1 || p.Bars > maxBars:
		return nil, fmt.Errorf("%d bars are not possible: 1 to %d", p.Bars, maxBars)
	case sig < 0:
		return nil, fmt.Errorf("%d quarters a bar are not possible: 1 to 7", p.Beats)
	case p.LoopStart < 1 || p.LoopEnd < p.LoopStart || p.LoopEnd > p.Bars:
		return nil, fmt.Errorf("a loop from bar %d to %d is not possible in %d bars", p.LoopStart, p.LoopEnd, p.Bars)
	}
	total := p.Bars * p.Beats * TicksPerBeat
	f := &File{End: Record{1: typeEnd}, Trailer: Trailer{byte(p.Bars), 0, 0, 0, byte(sig), 0x80 + byte(p.LoopStart-1), byte(p.LoopEnd), 1}}
	at := 0
	put := func(tick int, r Record) {
		if n := len(f.Records); n > 0 {
			f.Records[n-1][0] = byte(tick - at)
		}
		f.Records = append(f.Records, r)
		at = tick
	}
	grid := 0
	for i, n := range p.Notes {
		if n.Tick < at && n.Tick < grid-maxWait || n.Tick < 0 || n.Tick >= total {
			return nil, fmt.Errorf("note %d at tick %d is out of order or outside of %d ticks", i+1, n.Tick, total)
		}
		r, err := n.record()
		if err != nil {
			return nil, fmt.Errorf("note %d: %w", i+1, err)
		}
		for ; grid < n.Tick; grid += maxWait {
			put(grid, Record{1: typeWait})
		}
		if n.Tick < at {
			return nil, fmt.Errorf("note %d at tick %d is out of order", i+1, n.Tick)
		}
		put(n.Tick, r)
	}
	for ; grid < total; grid += maxWait {
		put(grid, Record{1: typeWait})
	}
	f.Records[len(f.Records)-1][0] = byte(total - at)
	return f, nil
}

func (n Note) record() (Record, error) {
	pitch := n.Semitones + plainPitch
	switch {
	case n.Pad < 0 || n.Pad >= 160:
		return Record{}, fmt.Errorf("pad %d does not exist", n.Pad)
	case pitch < 1 || pitch > 127:
		return Record{}, fmt.Errorf("%d semitones are not possible: -12 to 114", n.Semitones)
	case n.Velocity < 1 || n.Velocity > 127:
		return Record{}, fmt.Errorf("a velocity of %d is not possible: 1 to 127", n.Velocity)
	case n.Length < 1 || n.Length > 65536:
		return Record{}, fmt.Errorf("a length of %d ticks is not possible: 1 to 65536", n.Length)
	}
	b3 := byte(pitch)
	if !n.Poly {
		b3 |= notPoly
	}
	length := n.Length - 1
	return Record{
		0, typeFirstNote + byte(n.Pad%80), byte(n.Pad / 80), b3, byte(n.Velocity), releaseVelocity,
		byte(length), byte(length >> 8),
	}, nil
}

// FileName is the name of a pattern's file inside PTN; pattern is 0 (A1) to 159 (J16). 1 to 20
// verified, the rest claimed.
func FileName(pattern int) string { return fmt.Sprintf("PTN%05d.BIN", pattern+1) }
