package sp404

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sampleagent/library/kit"
	"sampleagent/library/sp404/padconf"
	"sampleagent/library/sp404/ptn"
	"sampleagent/library/sp404/smp"
)

// Inspection is all that a file of the device says, in a fixed order. It marshals to one nested
// JSON object (pads.A1.start, bank_bpm.C) and lists the same as lines for a table. Positions
// are frames, speeds percent, tempos BPM.
type Inspection struct {
	Kind   string // "padconf", "smp" or "ptn"
	fields object
}

// MarshalJSON writes the nested object, "kind" first.
func (i *Inspection) MarshalJSON() ([]byte, error) {
	return json.Marshal(append(object{{"kind", i.Kind}}, i.fields...))
}

// Lines are name and value of every field; empty pads are left out.
func (i *Inspection) Lines() [][2]string {
	return flatten(nil, "", append(object{{"kind", i.Kind}}, i.fields...))
}

// object is a JSON object that keeps its order.
type object []member

type member struct {
	name  string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (o object) get(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func flatten(out [][2]string, prefix string, o object) [][2]string {
	for _, m := range o {
		switch v := m.value.(type) {
		case object:
			if size, ok := v.get("file_bytes").(uint32); ok && size == 0 && prefix != "" {
				continue // an empty pad
			}
			out = flatten(out, prefix+m.name+".", v)
		case []object:
			for i, e := range v {
				out = flatten(out, prefix+m.name+"."+strconv.Itoa(i+1)+".", e)
			}
		default:
			out = append(out, [2]string{prefix + m.name, fmt.Sprint(v)})
		}
	}
	return out
}

// Most bytes of a file that Inspect takes into memory; only samples are larger, and of those it
// reads the header.
const maxInspected = 16 << 20

// Inspect decodes a PADCONF.BIN, an SMP or a PTN file, a folder with a PADCONF.BIN in it, or a
// pad record of 172 bytes, each also as a hex dump. What it is shows in the content; the name
// decides only which format an error speaks of.
//
// A PADCONF.BIN does not say how many channels a sample has: where the SMP file lies beside it,
// as in a project folder, its header is asked, else positions are counted for two channels.
func Inspect(path string) (*Inspection, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if fi.IsDir() {
		path = filepath.Join(path, "PADCONF.BIN")
		if fi, err = os.Stat(path); err != nil {
			return nil, fmt.Errorf("no project in this folder: %w", err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, smp.HeaderSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if bytes.HasPrefix(head[:n], []byte("RFWV")) {
		h, err := smp.ReadHeader(head[:n])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return inspectSMP(h, fi.Size()), nil
	}
	if fi.Size() > maxInspected {
		return nil, fmt.Errorf("%s: too large for a project or a pattern (%d bytes)", path, fi.Size())
	}
	rest, err := io.ReadAll(io.LimitReader(f, maxInspected))
	if err != nil {
		return nil, err
	}
	i, err := inspectBytes(filepath.Base(path), append(head[:n], rest...), besideChannels(filepath.Dir(path)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return i, nil
}

// besideChannels asks the SMP files of a project folder for their channels.
func besideChannels(dir string) func(kit.Slot) int {
	return func(s kit.Slot) int {
		f, err := os.Open(filepath.Join(dir, "SMPL", smp.FileName(s.Bank(), s.Pad())))
		if err != nil {
			return 2
		}
		defer f.Close()
		head := make([]byte, smp.HeaderSize)
		if _, err := io.ReadFull(f, head); err != nil {
			return 2
		}
		h, err := smp.ReadHeader(head)
		if err != nil {
			return 2
		}
		return h.Channels
	}
}

const recordBytes = 172

func inspectBytes(name string, b []byte, channels func(kit.Slot) int) (*Inspection, error) {
	if dump, ok := parseHexDump(b); ok {
		b = dump
	}
	upper := strings.ToUpper(name)
	switch {
	case bytes.HasPrefix(b, []byte("RFPD")), strings.HasPrefix(upper, "PADCONF"):
		f, err := padconf.Decode(b)
		if err != nil {
			return nil, err
		}
		return inspectPadconf(f, channels), nil
	case bytes.HasPrefix(b, []byte("RFWV")), strings.HasSuffix(upper, ".SMP"):
		h, err := smp.ReadHeader(b)
		if err != nil {
			return nil, err
		}
		return inspectSMP(h, int64(len(b))), nil
	case len(b) == recordBytes && !strings.HasPrefix(upper, "PTN"):
		r, err := padconf.DecodeRecord(b)
		if err != nil {
			return nil, err
		}
		return &Inspection{Kind: "padconf", fields: padFields(r.Pad(), 2, false)}, nil
	}
	// A pattern has no magic number: by another name it must be one beyond doubt.
	f, err := ptn.Decode(b)
	if strings.HasPrefix(upper, "PTN") {
		if err != nil {
			return nil, err
		}
		return inspectPTN(f), nil
	}
	if err != nil || f.Ticks() == 0 || f.Ticks() != f.Trailer.Bars()*f.Trailer.Beats()*ptn.TicksPerBeat {
		return nil, errors.New("not a PADCONF.BIN, SMP or PTN file of the device")
	}
	return inspectPTN(f), nil
}

// parseHexDump reads lines such as "00000010: 00 01 2D A8 ...  ..-." whose offsets are gapless.
func parseHexDump(b []byte) ([]byte, bool) {
	if len(b) < 10 || bytes.IndexByte(b, 0) >= 0 {
		return nil, false
	}
	var out []byte
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		at, data, ok := strings.Cut(line, ":")
		off, err := strconv.ParseUint(strings.TrimSpace(at), 16, 32)
		if !ok || err != nil || int(off) != len(out) {
			return nil, false
		}
		const columns = 50 // one space, 16 x "XX " and a gap in the middle
		data = data[:min(len(data), columns)]
		n := 0
		for _, w := range strings.Fields(data) {
			d, err := hex.DecodeString(w)
			if err != nil || n+len(d) > 16 {
				break
			}
			out = append(out, d...)
			n += len(d)
		}
		if n == 0 {
			return nil, false
		}
	}
	return out, len(out) > 0
}

func inspectPadconf(f *padconf.File, channels func(kit.Slot) int) *Inspection {
	p := f.Project()
	var bpm, volume, protect object
	for b, bank := range p.Banks {
		name := kit.BankName(b)
		bpm = append(bpm, member{name, float64(bank.Tempo) / 100})
		volume = append(volume, member{name, bank.Volume})
		protect = append(protect, member{name, bank.Protected})
	}
	var all object
	for i := range kit.PadCount {
		s := kit.Slot(i)
		pad := f.Pad(i)
		ch := 2
		if !pad.Empty() {
			ch = channels(s)
		}
		all = append(all, member{s.String(), padFields(pad, ch, true)})
	}
	return &Inspection{Kind: "padconf", fields: object{
		{"version", f.Version()},
		{"project_name", p.Name},
		{"project_bpm", float64(p.Tempo) / 100},
		{"tempo_select", p.TempoSelectName()},
		{"bank_bpm", bpm},
		{"bank_volume", volume},
		{"bank_protect", protect},
		{"pads", all},
	}}
}

// padFields are a pad's fields; a lone record has no name and no marks.
func padFields(p padconf.Pad, channels int, whole bool) object {
	o := object{}
	if whole {
		o = append(o, member{"name", p.Name})
	}
	o = append(o, object{
		{"file_bytes", p.FileBytes},
		{"total_frames", p.Frames(channels)},
		{"channels", channels},
		{"start", padconf.Frame(p.Start, channels)},
		{"end", padconf.Frame(p.End, channels)},
		{"loop_top", padconf.Frame(p.LoopTop, channels)},
	}...)
	if whole {
		chops := []uint32{}
		o = append(o, member{"chops", append(chops, p.Marks...)})
	}
	return append(o, object{
		{"volume", p.Volume},
		{"pan", p.Pan},
		{"gate", p.Gate},
		{"loop", p.Loop},
		{"one_shot", p.OneShot},
		{"play_mode", p.PlayModeName()},
		{"mute_group", p.MuteGroupName()},
		{"pad_link", p.PadLinkName()},
		{"bus", p.BusName()},
		{"bpm", float64(p.Tempo) / 100},
		{"bpm_sync", p.BPMSync},
		{"pitch", p.Pitch},
		{"fine", p.Fine},
		{"speed", float64(p.Speed) / 100},
		{"vinyl", p.Vinyl},
		{"vari", p.VariName()},
		{"roll", p.RollName()},
		{"attack", p.Attack},
		{"hold", p.Hold},
		{"release", p.Release},
		{"fixed_velocity", p.FixedVelocity},
		{"chromatic", p.ChromaticName()},
	}...)
}

func inspectSMP(h smp.Header, size int64) *Inspection {
	return &Inspection{Kind: "smp", fields: object{
		{"file_bytes", h.FileBytes},
		{"sample_rate", h.Rate},
		{"channels", h.Channels},
		{"bit_depth", h.Bits},
		{"frames", h.Frames()},
		{"duration", float64(h.Frames()) / float64(h.Rate)},
		{"digest", hex.EncodeToString(h.Digest[:])},
		{"digest_ok", h.DigestOK},
		{"bytes_on_disk", size},
		{"truncated", size < h.FileBytes},
	}}
}

func inspectPTN(f *ptn.File) *Inspection {
	beats := f.Trailer.Beats()
	var signature any
	if beats > 0 {
		signature = fmt.Sprintf("%d/4", beats)
	}
	first, last := f.Trailer.Loop()
	notes, controls := []object{}, []object{}
	for _, n := range f.Notes() {
		notes = append(notes, object{
			{"tick", n.Tick},
			{"position", position(n.Tick, beats)},
			{"pad", kit.Slot(n.Pad).String()},
			{"semitones", n.Semitones},
			{"poly", n.Poly},
			{"velocity", n.Velocity},
			{"length", n.Length},
		})
	}
	for _, c := range f.Controls() {
		o := object{{"tick", c.Tick}, {"controller", c.Controller}}
		if c.Name != "" {
			o = append(o, member{"name", c.Name})
		}
		controls = append(controls, append(o, object{{"value", c.Value}, {"bus", c.Bus}}...))
	}
	return &Inspection{Kind: "ptn", fields: object{
		{"bars", f.Trailer.Bars()},
		{"time_signature", signature},
		{"loop_start", first},
		{"loop_end", last},
		{"ticks", f.Ticks()},
		{"ticks_per_beat", ptn.TicksPerBeat},
		{"records", len(f.Records)},
		{"notes", notes},
		{"controls", controls},
		{"stray_bytes", len(f.Stray)},
	}}
}

// position is "bar.beat.sixteenth" as the device shows it, with the ticks that are left over;
// null when the time signature is not known.
func position(tick, beats int) any {
	if beats == 0 {
		return nil
	}
	const step = ptn.TicksPerBeat / 4
	beat := tick / ptn.TicksPerBeat
	s := fmt.Sprintf("%d.%d.%d", beat/beats+1, beat%beats+1, tick%ptn.TicksPerBeat/step+1)
	if rest := tick % step; rest > 0 {
		s += fmt.Sprintf("+%d", rest)
	}
	return s
}
