// Package padconf reads and writes PADCONF.BIN, the file in which a project of the SP-404MK2
// keeps its pads, banks and tempos.
//
// A File is the bytes themselves: what nobody has understood yet stays as it was, and setting a
// field to the value that it has changes nothing. The package knows bytes; it must never know
// samples, libraries or cards. Layout and certainty of every field are in Fields.
package padconf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// Sizes of the file and of its parts. All verified in 50 device files.
const (
	Size       = 52000 // version 3
	sizeV2     = 31488 // version 2: no project name, no marks (claimed by two sources that agree)
	recordSize = 172   // 43 big-endian words a pad
	recordLen  = recordSize / 4
	nameSize   = 24  // 23 characters and NUL
	marksSize  = 128 // 16 words of marks, 16 words of zero
	pads       = 160
	banks      = 10

	// MaxName is the longest pad name (verified); MaxProjectName is the longest project name seen
	// (verified: 31 characters and NUL; the manual says 32).
	MaxName        = 23
	MaxProjectName = 31
	// MaxMarks is the number of chop marks a pad holds (verified).
	MaxMarks = 16
	// AudioOffset is where sound begins in an SMP file; positions in a pad record count from the
	// start of that file (verified).
	AudioOffset = 512

	noMark = 0xFFFFFFFF // verified
	loopOn = 0x7FFFFFFF // verified
)

// Offsets of version 3 (verified), and of version 2 where it differs (claimed).
const (
	offVersion     = 0x08
	offTempo       = 0x10
	offBankTempo   = 0x40
	offBankVolume  = 0x6C
	offProjectName = 0x80
	offPads        = 0xA0
	offNames       = 0x6C20
	offMarks       = 0x7B20
	offPadsV2      = 0x80
	offNamesV2     = 0x6C00
)

// Words of a pad record.
const (
	wFileBytes = 0
	wStart     = 1
	wEnd       = 2
	wVolume    = 3
	wGate      = 4
	wLoop      = 5
	wAlways1   = 6
	wMute      = 7
	wSync      = 8
	wTempo     = 9
	wFlags     = 10
	wLoopTop   = 11
	wPitch     = 13
	wFine      = 14
	wPlayMode  = 15
	wSpeed     = 16
	wVinyl     = 17
	wPan       = 18
	wLink      = 19
	wBus       = 20
	wRoll      = 21
	wAttack    = 22
	wHold      = 23
	wRelease   = 24
)

// Bits of the flags word (verified per bit).
const (
	flagFixedVelocity = 1 << 0
	flagBacking       = 1 << 1
	flagEnsemble      = 1 << 2
	flagLegato        = 1 << 3
	flagPoly          = 1 << 4
	flagOneShot       = 1 << 5
)

// FormatError says where a file is not what it should be.
type FormatError struct {
	Offset int
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("not a PADCONF.BIN: at byte %d (0x%X): %s", e.Offset, e.Offset, e.Reason)
}

// File is a PADCONF.BIN.
type File struct {
	raw     []byte
	version int
}

// New is an empty project, built from constants alone (verified: with the known fields set, it
// gives all real files byte for byte).
func New() *File {
	f := &File{raw: make([]byte, Size), version: 3}
	copy(f.raw, "RFPD")
	f.putWord(0x04, 0xA0)   // number of pads, or offset of their records
	f.raw[offVersion] = 3   // version, then three zero bytes
	f.putWord(0x0C, 0x7A80) // 160 x (172 + 24)
	f.putWord(offTempo, 9000)
	for off := 0x1C; off <= 0x24; off += 4 {
		f.putWord(off, 0x40) // unknown, constant
	}
	for off := 0x2C; off <= 0x3C; off += 4 {
		f.putWord(off, 0x20) // unknown, constant
	}
	for b := range banks {
		f.putWord(offBankTempo+4*b, 9000<<1)
	}
	for p := range pads {
		f.Clear(p)
	}
	return f
}

// Decode reads a file of version 2 or 3. Any bytes give a File or a *FormatError.
func Decode(b []byte) (*File, error) {
	switch {
	case len(b) < 0x10:
		return nil, &FormatError{len(b), "file ends inside the header"}
	case string(b[:4]) != "RFPD":
		return nil, &FormatError{0, fmt.Sprintf("magic is %q, not RFPD", b[:4])}
	}
	var want int
	switch v := b[offVersion]; v {
	case 2:
		want = sizeV2
	case 3:
		want = Size
	default:
		return nil, &FormatError{offVersion, fmt.Sprintf("version %d is not known; 2 and 3 are", v)}
	}
	switch {
	case len(b) < want:
		return nil, &FormatError{len(b), fmt.Sprintf("file ends here; version %d has %d bytes", b[offVersion], want)}
	case len(b) > want:
		return nil, &FormatError{want, fmt.Sprintf("%d bytes too many; version %d has %d", len(b)-want, b[offVersion], want)}
	}
	return &File{raw: bytes.Clone(b), version: int(b[offVersion])}, nil
}

// Encode gives the file's bytes. Version 2 is read only.
func (f *File) Encode() ([]byte, error) {
	if f.version != 3 {
		return nil, fmt.Errorf("PADCONF.BIN of version %d can be read, not written", f.version)
	}
	return bytes.Clone(f.raw), nil
}

// Version is 2 or 3.
func (f *File) Version() int { return f.version }

func (f *File) word(off int) uint32       { return binary.BigEndian.Uint32(f.raw[off:]) }
func (f *File) putWord(off int, v uint32) { binary.BigEndian.PutUint32(f.raw[off:], v) }

func (f *File) padOffset(pad int) int {
	if f.version == 2 {
		return offPadsV2 + pad*recordSize
	}
	return offPads + pad*recordSize
}

func (f *File) nameOffset(pad int) int {
	if f.version == 2 {
		return offNamesV2 + pad*nameSize
	}
	return offNames + pad*nameSize
}

// Project holds what belongs to the project as a whole.
type Project struct {
	Name       string // "" in version 2
	Tempo      int    // BPM x 100
	UseProject bool   // tempo select: the project's tempo, not the banks'
	Banks      [banks]Bank
}

// Bank holds what belongs to a bank.
type Bank struct {
	Tempo     int  // BPM x 100
	Protected bool // claimed
	Volume    int  // 0 to 127
}

// Project reads the project's settings.
func (f *File) Project() Project {
	w := f.word(offTempo)
	p := Project{Tempo: int(w & 0xFFFF), UseProject: w>>16&1 == 1}
	if f.version == 3 {
		p.Name = text(f.raw[offProjectName:offPads])
	}
	for b := range p.Banks {
		w := f.word(offBankTempo + 4*b)
		p.Banks[b] = Bank{Tempo: int(w >> 1 & 0xFFFF), Protected: w&1 == 1, Volume: 127 - int(int16(f.bankQuiet(b)))}
	}
	return p
}

// bankQuiet is 127 - volume. Even banks (A, C...) are in the low half of a word, odd ones in
// the high half.
func (f *File) bankQuiet(bank int) uint16 {
	return binary.BigEndian.Uint16(f.raw[bankQuietOffset(bank):])
}

func bankQuietOffset(bank int) int {
	return offBankVolume + 4*(bank/2) + 2*(1-bank%2)
}

// SetProject writes the project's settings and leaves all bits that are not theirs.
func (f *File) SetProject(p Project) error {
	if f.version != 3 {
		return fmt.Errorf("PADCONF.BIN of version %d can be read, not written", f.version)
	}
	if p.Tempo < 0 || p.Tempo > 0xFFFF {
		return fmt.Errorf("project tempo %d does not fit", p.Tempo)
	}
	now := f.Project()
	if p.Name != now.Name {
		if err := putText(f.raw[offProjectName:offPads], p.Name); err != nil {
			return fmt.Errorf("project name: %w", err)
		}
	}
	f.putWord(offTempo, f.word(offTempo)&^0x1FFFF|uint32(p.Tempo)|bit(p.UseProject)<<16)
	for b, bank := range p.Banks {
		if bank.Tempo < 0 || bank.Tempo > 0xFFFF {
			return fmt.Errorf("tempo %d of bank %d does not fit", bank.Tempo, b)
		}
		off := offBankTempo + 4*b
		f.putWord(off, f.word(off)&^0x1FFFF|uint32(bank.Tempo)<<1|bit(bank.Protected))
		if bank.Volume != now.Banks[b].Volume {
			binary.BigEndian.PutUint16(f.raw[bankQuietOffset(b):], uint16(int16(127-bank.Volume)))
		}
	}
	return nil
}

// Pad is a pad as the device keeps it: positions in bytes of the SMP file, tempos and speed
// times 100, enumerations as the device's numbers (see the tables in names.go).
type Pad struct {
	Name          string
	FileBytes     uint32 // size of the SMP file; 0 is an empty pad
	Start         uint32 // byte position: 512 + frame x 2 x channels
	End           uint32 // byte position
	LoopTop       uint32 // byte position
	Volume        uint32
	Gate          bool
	Loop          bool
	OneShot       bool
	MuteGroup     uint32
	BPMSync       uint32 // polarity disputed: 0 in every fixture
	Tempo         uint32 // position claimed
	FixedVelocity bool
	Vari          uint32 // 0 off, 1 backing, 2 ensemble, 3 both bits (never seen)
	Chromatic     uint32 // 0 mono, 1 legato, 2 poly, 3 both bits (never seen)
	Pitch         int32
	Fine          int32
	PlayMode      uint32
	Speed         uint32
	Vinyl         bool
	Pan           uint32
	PadLink       uint32
	Bus           uint32
	Roll          uint32
	Attack        uint32
	Hold          uint32
	Release       uint32
	Marks         []uint32 // frames from the start of the sound
}

// Empty says that the pad has no sample.
func (p Pad) Empty() bool { return p.FileBytes == 0 }

// Frames is the sample's length, for 1 or 2 channels; the file does not say which.
func (p Pad) Frames(channels int) int64 { return Frame(p.FileBytes, channels) }

// Frame turns a byte position into a frame; positions before the sound are frame 0.
func Frame(pos uint32, channels int) int64 {
	return max(0, (int64(pos)-AudioOffset)/int64(2*max(1, channels)))
}

// Position turns a frame into a byte position; it fails where 32 bits do not hold it.
func Position(frame int64, channels int) (uint32, error) {
	p := AudioOffset + frame*2*int64(channels)
	if frame < 0 || channels < 1 || p > 0xFFFFFFFF {
		return 0, fmt.Errorf("frame %d of %d channels does not fit into a pad record", frame, channels)
	}
	return uint32(p), nil
}

// Record is a pad record alone: 43 words, without name and marks.
type Record [recordLen]uint32

// DecodeRecord reads a record of 172 bytes.
func DecodeRecord(b []byte) (Record, error) {
	var r Record
	if len(b) != recordSize {
		return r, &FormatError{min(len(b), recordSize), fmt.Sprintf("a pad record has %d bytes, not %d", recordSize, len(b))}
	}
	for i := range r {
		r[i] = binary.BigEndian.Uint32(b[4*i:])
	}
	return r, nil
}

// Pad reads a record's known words.
func (r Record) Pad() Pad {
	flags := r[wFlags]
	return Pad{
		FileBytes: r[wFileBytes], Start: r[wStart], End: r[wEnd], LoopTop: r[wLoopTop],
		Volume: r[wVolume], Gate: r[wGate] != 0, Loop: r[wLoop] != 0, OneShot: flags&flagOneShot != 0,
		MuteGroup: r[wMute], BPMSync: r[wSync], Tempo: r[wTempo],
		FixedVelocity: flags&flagFixedVelocity != 0,
		Vari:          flags >> 1 & 3, Chromatic: flags >> 3 & 3,
		Pitch: int32(r[wPitch]), Fine: int32(r[wFine]),
		PlayMode: r[wPlayMode], Speed: r[wSpeed], Vinyl: r[wVinyl] != 0, Pan: r[wPan],
		PadLink: r[wLink], Bus: r[wBus], Roll: r[wRoll],
		Attack: r[wAttack], Hold: r[wHold], Release: r[wRelease],
	}
}

// With writes the known words and leaves the others; a switch that does not change keeps its
// word, whatever it was.
func (r Record) With(p Pad) Record {
	now := r.Pad()
	r[wFileBytes], r[wStart], r[wEnd], r[wLoopTop] = p.FileBytes, p.Start, p.End, p.LoopTop
	r[wVolume], r[wMute], r[wSync], r[wTempo] = p.Volume, p.MuteGroup, p.BPMSync, p.Tempo
	r[wPitch], r[wFine] = uint32(p.Pitch), uint32(p.Fine)
	r[wPlayMode], r[wSpeed], r[wPan] = p.PlayMode, p.Speed, p.Pan
	r[wLink], r[wBus], r[wRoll] = p.PadLink, p.Bus, p.Roll
	r[wAttack], r[wHold], r[wRelease] = p.Attack, p.Hold, p.Release
	if p.Gate != now.Gate {
		r[wGate] = bit(p.Gate)
	}
	if p.Loop != now.Loop {
		r[wLoop] = loopOn * bit(p.Loop)
	}
	if p.Vinyl != now.Vinyl {
		r[wVinyl] = bit(p.Vinyl)
	}
	const known = flagFixedVelocity | flagBacking | flagEnsemble | flagLegato | flagPoly | flagOneShot
	r[wFlags] = r[wFlags]&^known | bit(p.FixedVelocity) | p.Vari&3<<1 | p.Chromatic&3<<3 | bit(p.OneShot)<<5
	return r
}

// emptyRecord is an empty pad (verified: 7,843 of 7,843 in 50 files, and what a deleted pad
// returns to).
func emptyRecord() Record {
	var r Record
	r[wVolume], r[wGate], r[wAlways1], r[wTempo] = 127, 1, 1, 9000
	r[wSpeed], r[wVinyl], r[wPan], r[wBus], r[wRoll], r[wHold] = 10000, 1, 64, 1, 2, 100
	return r
}

// Fresh is a pad that has just got a sample (verified: Project16 A1 and A2).
func Fresh(name string, fileBytes uint32) Pad {
	p := emptyRecord().Pad()
	p.Name, p.FileBytes, p.End = name, fileBytes, fileBytes
	p.Start, p.LoopTop = AudioOffset, AudioOffset
	return p
}

// Record is a pad's record as it stands; pad is 0 (A1) to 159 (J16).
func (f *File) Record(pad int) Record {
	off := f.padOffset(pad)
	var r Record
	for i := range r {
		r[i] = f.word(off + 4*i)
	}
	return r
}

// Pad reads a pad with its name and marks; pad is 0 (A1) to 159 (J16).
func (f *File) Pad(pad int) Pad {
	p := f.Record(pad).Pad()
	p.Name = text(f.raw[f.nameOffset(pad):][:nameSize])
	if f.version == 3 {
		p.Marks = f.marks(pad)
	}
	return p
}

func (f *File) marks(pad int) []uint32 {
	var out []uint32
	for i := range MaxMarks {
		if m := f.word(offMarks + pad*marksSize + 4*i); m != noMark {
			out = append(out, m)
		}
	}
	return out
}

// SetPad writes a pad's known fields; unknown words stay.
func (f *File) SetPad(pad int, p Pad) error {
	if f.version != 3 {
		return fmt.Errorf("PADCONF.BIN of version %d can be read, not written", f.version)
	}
	if pad < 0 || pad >= pads {
		return fmt.Errorf("there is no pad number %d", pad)
	}
	if len(p.Marks) > MaxMarks {
		return fmt.Errorf("%d marks are too many: a pad holds %d", len(p.Marks), MaxMarks)
	}
	if p.Empty() {
		f.Clear(pad)
		return nil
	}
	name := f.raw[f.nameOffset(pad):][:nameSize]
	if p.Name != text(name) {
		if err := putText(name, p.Name); err != nil {
			return fmt.Errorf("name of pad: %w", err)
		}
	}
	r := f.Record(pad).With(p)
	for i, w := range r {
		f.putWord(f.padOffset(pad)+4*i, w)
	}
	if !slices.Equal(p.Marks, f.marks(pad)) {
		f.putMarks(pad, p.Marks)
	}
	return nil
}

func (f *File) putMarks(pad int, marks []uint32) {
	for i := range MaxMarks {
		m := uint32(noMark)
		if i < len(marks) {
			m = marks[i]
		}
		f.putWord(offMarks+pad*marksSize+4*i, m)
	}
}

// Clear makes a pad empty; its unknown words return to what every empty pad has.
func (f *File) Clear(pad int) {
	if f.version != 3 || pad < 0 || pad >= pads {
		return
	}
	for i, w := range emptyRecord() {
		f.putWord(f.padOffset(pad)+4*i, w)
	}
	name := f.raw[f.nameOffset(pad):][:nameSize]
	for i := range name {
		name[i] = ' '
	}
	name[nameSize-1] = 0
	marks := f.raw[offMarks+pad*marksSize:][:marksSize]
	clear(marks[marksSize/2:])
	f.putMarks(pad, nil)
}

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// text reads a padded name: up to the first NUL, without spaces at the end (an empty pad's name
// is 23 spaces).
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(bytes.TrimRight(b, " "))
}

// putText writes a name and fills up with NUL; the last byte is always NUL (verified).
func putText(b []byte, s string) error {
	if len(s) > len(b)-1 {
		return fmt.Errorf("%q is longer than %d characters", s, len(b)-1)
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7E {
			return fmt.Errorf("%q has a character that the device does not show", s)
		}
	}
	clear(b)
	copy(b, s)
	return nil
}
