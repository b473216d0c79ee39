package sp404

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gitlab.com/gomidi/midi/v2"
	"gitlab.com/gomidi/midi/v2/smf"

	"sampleagent/library/kit"
	"sampleagent/library/sp404/ptn"
)

// Notes follow the device's MIDI mode A (documented: MIDI implementation chart and "How are the
// MIDI notes mapped" of Roland's support): channels 1 to 10 are banks A to J, notes 36 to 51 are
// pads 1 to 16. Chromatic notes are on channel 16, 36 to 60 with 48 as the pad's own pitch.
const (
	midiFirstPad    = 36
	midiChromatic   = 15
	midiOwnPitch    = 48
	midiMark        = "Sample Agent pattern"
	midiDrumChannel = 9
	maxMIDI         = 4 << 20
)

// ExportMIDI writes a pattern as a standard MIDI file of format 1 with 480 ticks a quarter, one
// track a bank and one a pad that is played chromatically. Movements of effects in a pattern of
// the device become control changes.
func ExportMIDI(p kit.Pattern, name string, bpm float64) ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	s := smf.NewSMF1()
	s.TimeFormat = smf.MetricTicks(kit.TicksPerBeat)
	var head smf.Track
	head.Add(0, smf.MetaTrackSequenceName(name))
	head.Add(0, smf.MetaText(midiMark))
	head.Add(0, smf.MetaTempo(bpm))
	head.Add(0, smf.MetaMeter(uint8(p.Beats), 4))
	head.Close(uint32(p.Ticks()))
	if err := s.Add(head); err != nil {
		return nil, err
	}
	tracks := map[string][]midiEvent{}
	for _, n := range p.Notes {
		track, channel, note := "Bank "+kit.BankName(n.Pad.Bank()), uint8(n.Pad.Bank()), midiFirstPad+n.Pad.Pad()-1
		if n.Semitones != 0 || n.Poly {
			track, channel, note = n.Pad.String()+" chromatic", midiChromatic, midiOwnPitch+n.Semitones
			if n.Poly {
				track += " poly"
			}
		}
		tracks[track] = append(tracks[track],
			midiEvent{n.Tick, 1, midi.NoteOn(channel, uint8(min(note, 127)), uint8(n.Velocity))},
			midiEvent{n.Tick + n.Length, 0, midi.NoteOff(channel, uint8(min(note, 127)))})
	}
	if f, err := ptn.Decode(p.Raw); err == nil {
		for _, c := range f.Controls() {
			tracks["Effects"] = append(tracks["Effects"], midiEvent{c.Tick, 0, midi.ControlChange(uint8(c.Bus&0x0F), uint8(c.Controller&0x7F), uint8(c.Value&0x7F))})
		}
	}
	for _, track := range slices.Sorted(mapKeys(tracks)) {
		if err := s.Add(midiTrack(track, tracks[track])); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	_, err := s.WriteTo(&out)
	return out.Bytes(), err
}

type midiEvent struct {
	tick  int
	order int // at one tick, what ends comes before what begins
	msg   midi.Message
}

func midiTrack(name string, events []midiEvent) smf.Track {
	slices.SortStableFunc(events, func(a, b midiEvent) int {
		return cmp.Or(a.tick-b.tick, a.order-b.order, bytes.Compare(a.msg, b.msg))
	})
	var t smf.Track
	t.Add(0, smf.MetaTrackSequenceName(name))
	at := 0
	for _, e := range events {
		t.Add(uint32(e.tick-at), e.msg)
		at = e.tick
	}
	t.Close(0)
	return t
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// MIDIPattern is what ImportMIDI found.
type MIDIPattern struct {
	Pattern  kit.Pattern
	BPM      float64 // 0 when the file does not say
	Warnings []string
}

// ImportMIDI reads a standard MIDI file as a pattern. Files of ours come back as they were. In
// others, channel 10 is a drum kit of General MIDI, whose sounds go to the usual pads of the
// bank (kit.DrumPadOfMIDI); other channels are read as the device does in MIDI mode A, those without
// a note in 36 to 51 onto the pads of the bank in the order of their pitches.
func ImportMIDI(b []byte, bank int) (out *MIDIPattern, err error) {
	if len(b) > maxMIDI {
		return nil, fmt.Errorf("a MIDI file of %d bytes is no pattern", len(b))
	}
	if bank < 0 || bank >= kit.BankCount {
		return nil, fmt.Errorf("there is no bank number %d", bank)
	}
	// The library is not ours, and the bytes are anybody's.
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("not a MIDI file that can be read: %v", r)
		}
	}()
	if err := checkSMF(b); err != nil {
		return nil, fmt.Errorf("not a MIDI file that can be read: %w", err)
	}
	s, err := smf.ReadFrom(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("not a MIDI file that can be read: %w", err)
	}
	ticks, ok := s.TimeFormat.(smf.MetricTicks)
	if !ok || ticks == 0 {
		return nil, errors.New("the MIDI file counts in film frames, not in beats")
	}
	m := &midiReader{scale: int64(ticks), bank: bank, beats: 4}
	for _, t := range s.Tracks {
		m.track(t)
	}
	return m.pattern()
}

type midiReader struct {
	scale int64 // ticks a quarter in the file
	bank  int
	beats int
	bpm   float64
	ours  bool
	raw   []rawNote
	odd   bool // a time signature that the device does not have
}

type rawNote struct {
	track         string
	channel, note uint8
	velocity      uint8
	tick, end     int64
}

// track collects the notes of a track in the device's ticks.
func (m *midiReader) track(t smf.Track) {
	name := ""
	type key struct{ channel, note uint8 }
	sounding := map[key][]int{}
	var at int64
	for _, e := range t {
		at += int64(e.Delta)
		tick := (at*kit.TicksPerBeat + m.scale/2) / m.scale
		var text string
		var bpm float64
		var num, denom, channel, note, velocity uint8
		switch {
		case e.Message.GetMetaTrackName(&text):
			name = text
		case e.Message.GetMetaText(&text):
			m.ours = m.ours || text == midiMark
		case e.Message.GetMetaTempo(&bpm):
			if m.bpm == 0 {
				m.bpm = bpm
			}
		case e.Message.GetMetaMeter(&num, &denom):
			if at > 0 || denom == 0 {
				break
			}
			if q := int(num) * 4; q%int(denom) == 0 && q/int(denom) >= 1 && q/int(denom) <= 7 {
				m.beats = q / int(denom)
			} else {
				m.odd = true
			}
		case e.Message.GetNoteStart(&channel, &note, &velocity):
			k := key{channel, note}
			sounding[k] = append(sounding[k], len(m.raw))
			m.raw = append(m.raw, rawNote{name, channel, note, velocity, tick, -1})
		case e.Message.GetNoteEnd(&channel, &note):
			k := key{channel, note}
			if n := sounding[k]; len(n) > 0 {
				m.raw[n[0]].end = tick
				sounding[k] = n[1:]
			}
		}
	}
}

func (m *midiReader) pattern() (*MIDIPattern, error) {
	if len(m.raw) == 0 {
		return nil, errors.New("the MIDI file has no notes")
	}
	out := &MIDIPattern{BPM: m.bpm}
	bar := int64(m.beats * kit.TicksPerBeat)
	var last int64
	for _, n := range m.raw {
		last = max(last, n.tick)
	}
	p := kit.Pattern{Bars: int(min(last/bar+1, kit.MaxBars)), Beats: m.beats, LoopStart: 1}
	p.LoopEnd = p.Bars
	lost, late := 0, 0
	place := m.placer()
	for _, n := range m.raw {
		note, ok := place(n)
		switch {
		case !ok:
			lost++
			continue
		case n.tick >= int64(p.Ticks()):
			late++
			continue
		}
		length := int64(120)
		if n.end >= 0 {
			length = min(max(n.end-n.tick, 1), 65536)
		}
		note.Tick, note.Length, note.Velocity = int(n.tick), int(length), int(max(n.velocity, 1))
		p.Notes = append(p.Notes, note)
	}
	if len(p.Notes) == 0 {
		return nil, errors.New("none of the file's notes has a pad")
	}
	if m.odd {
		out.Warnings = append(out.Warnings, "the device does not have the file's time signature: bars are counted in 4/4")
	}
	if lost > 0 {
		out.Warnings = append(out.Warnings, count(lost, "note")+" without a pad left out")
	}
	if late > 0 {
		out.Warnings = append(out.Warnings, count(late, "note")+" after bar 64 left out")
	}
	out.Pattern = p.Sorted()
	return out, out.Pattern.Validate()
}

// placer says on which pad a note sounds.
func (m *midiReader) placer() func(rawNote) (kit.Note, bool) {
	at := func(bank, pad int) (kit.Note, bool) {
		s, err := kit.At(bank, pad)
		return kit.Note{Pad: s}, err == nil
	}
	modeA := func(n rawNote) (kit.Note, bool) { return at(int(n.channel), int(n.note)-midiFirstPad+1) }
	if m.ours {
		return func(n rawNote) (kit.Note, bool) {
			name, rest, chromatic := strings.Cut(n.track, " chromatic")
			if n.channel != midiChromatic || !chromatic {
				return modeA(n)
			}
			s, err := kit.ParseSlot(name)
			return kit.Note{Pad: s, Semitones: int(n.note) - midiOwnPitch, Poly: rest == " poly"}, err == nil
		}
	}
	// Channels of strangers that are not in the device's range: pads in the order of pitches.
	inRange := map[uint8]bool{}
	pitches := map[uint8][]uint8{}
	for _, n := range m.raw {
		inRange[n.channel] = inRange[n.channel] || n.note >= midiFirstPad && n.note < midiFirstPad+kit.PadsPerBank
		if !slices.Contains(pitches[n.channel], n.note) {
			pitches[n.channel] = append(pitches[n.channel], n.note)
		}
	}
	for _, p := range pitches {
		slices.Sort(p)
	}
	return func(n rawNote) (kit.Note, bool) {
		switch {
		case n.channel == midiDrumChannel:
			pad, ok := kit.DrumPadOfMIDI(int(n.note))
			if !ok {
				return kit.Note{}, false
			}
			return at(m.bank, pad)
		case !inRange[n.channel]:
			return at(m.bank, slices.Index(pitches[n.channel], n.note)+1)
		case n.channel == 0:
			return at(m.bank, int(n.note)-midiFirstPad+1) // channel 1 is what files have that mean no bank
		}
		return modeA(n)
	}
}
