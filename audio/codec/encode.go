package codec

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"sampleagent/audio/pcm"
)

// PCMOptions say how the samples of a WAV or AIFF file are written. The zero value is 16-bit
// integer.
type PCMOptions struct {
	Bits  int  // 8, 16, 24 or 32 for integers (0 is 16); 32 or 64 with Float (0 is 32)
	Float bool // IEEE floats, nothing clipped
	// NoDither rounds without noise. Without it, dither is added only where samples do not fit
	// the bits: what does fit is written as it is.
	NoDither bool
}

// WAVOptions say how EncodeWAV writes. Where nothing but PCMOptions is set and there are at most
// two channels of integers, the header is the plain one of 44 bytes that every device knows.
type WAVOptions struct {
	PCMOptions
	RootNote int    // MIDI note for the smpl chunk, 0 for none
	Loops    []Loop // for the smpl chunk
	Marks    []Mark // for the cue chunk and its labels
}

// AIFFOptions say how EncodeAIFF writes.
type AIFFOptions struct {
	PCMOptions
	RootNote int
	Loops    []Loop // the first becomes the sustain loop; AIFF holds no more
	Marks    []Mark
}

// EncodeWAV writes b as a WAV file. Sounds of 4 GiB and more become RF64.
func EncodeWAV(w io.Writer, b *pcm.Buffer, o WAVOptions) error {
	code, err := o.coding(b)
	if err != nil {
		return fmt.Errorf("encode WAV: %w", err)
	}
	data := int64(len(b.Samples)) * int64(code.width())
	extra := append(smplBody(b, o.RootNote, o.Loops), cueBody(o.Marks)...)
	head := wavHead(b, code, data, int64(len(extra)))
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("encode WAV: %w", err)
	}
	if err := writeSamples(w, b, code, false, !o.NoDither); err != nil {
		return fmt.Errorf("encode WAV: %w", err)
	}
	if data%2 == 1 {
		extra = append([]byte{0}, extra...)
	}
	if len(extra) > 0 {
		if _, err := w.Write(extra); err != nil {
			return fmt.Errorf("encode WAV: %w", err)
		}
	}
	return nil
}

// wavHead is a WAV file up to its first sample, for so many bytes of samples and of chunks behind
// them.
func wavHead(b *pcm.Buffer, code coding, data, behind int64) []byte {
	le := binary.LittleEndian
	frames := data / int64(code.width()*b.Channels)
	chunks := fmtChunk(b, code)
	if code == codingF32 || code == codingF64 {
		chunks = append(chunks, chunkBytes(le, "fact", le.AppendUint32(nil, uint32(min(frames, unknownSize))))...)
	}
	riff := 4 + int64(len(chunks)) + 8 + data + data%2 + behind
	var head []byte
	if riff < unknownSize {
		head = append(le.AppendUint32([]byte("RIFF"), uint32(riff)), "WAVE"...)
	} else {
		// EBU Tech 3306: the sizes that do not fit are in ds64.
		ds64 := le.AppendUint64(nil, uint64(riff+36))
		ds64 = le.AppendUint64(ds64, uint64(data))
		ds64 = le.AppendUint64(ds64, uint64(frames))
		ds64 = append(ds64, 0, 0, 0, 0)
		head = append([]byte("RF64\xff\xff\xff\xffWAVE"), chunkBytes(le, "ds64", ds64)...)
		data = max(data, unknownSize)
	}
	head = append(append(head, chunks...), "data"...)
	return le.AppendUint32(head, uint32(min(data, unknownSize)))
}

// coding checks the buffer and picks how samples are stored.
func (o PCMOptions) coding(b *pcm.Buffer) (coding, error) {
	if b.Channels < 1 || b.Channels > math.MaxInt16 || b.Rate < 1 || int64(b.Rate) > math.MaxUint32 || len(b.Samples)%b.Channels != 0 {
		return 0, fmt.Errorf("no sound to write: %d Hz, %d channels, %d samples", b.Rate, b.Channels, len(b.Samples))
	}
	switch {
	case o.Float && (o.Bits == 0 || o.Bits == 32):
		return codingF32, nil
	case o.Float && o.Bits == 64:
		return codingF64, nil
	case o.Float:
		return 0, fmt.Errorf("%w: floats of %d bits", ErrUnsupported, o.Bits)
	case o.Bits == 8:
		return codingU8, nil
	case o.Bits == 0:
		return codingS16, nil
	case o.Bits%8 != 0:
		return 0, fmt.Errorf("%w: integers of %d bits", ErrUnsupported, o.Bits)
	}
	c, ok := integerCoding(o.Bits / 8)
	if !ok {
		return 0, fmt.Errorf("%w: integers of %d bits", ErrUnsupported, o.Bits)
	}
	return c, nil
}

// writeSamples writes all samples in blocks.
func writeSamples(w io.Writer, b *pcm.Buffer, code coding, big, dither bool) error {
	width := code.width()
	isFloat := code == codingF32 || code == codingF64
	var q *pcm.Quantiser
	if !isFloat {
		q = pcm.NewQuantiser(8*width, dither && !pcm.Exact(b.Samples, 8*width))
	}
	const block = 16 << 10
	ints := make([]int32, block)
	out := make([]byte, 0, block*width)
	for s := b.Samples; len(s) > 0; {
		n := min(len(s), block)
		out = out[:0]
		if isFloat {
			out = appendFloats(out, s[:n], code, big)
		} else {
			q.Quantise(ints[:n], s[:n])
			out = appendInts(out, ints[:n], code, big)
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
		s = s[n:]
	}
	return nil
}

func appendFloats(out []byte, s []float32, code coding, big bool) []byte {
	order := binary.AppendByteOrder(binary.LittleEndian)
	if big {
		order = binary.BigEndian
	}
	for _, v := range s {
		if code == codingF64 {
			out = order.AppendUint64(out, math.Float64bits(float64(v)))
		} else {
			out = order.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out
}

func appendInts(out []byte, s []int32, code coding, big bool) []byte {
	switch code {
	case codingU8:
		for _, v := range s {
			out = append(out, byte(v+128))
		}
	case codingS8:
		for _, v := range s {
			out = append(out, byte(v))
		}
	case codingS16:
		for _, v := range s {
			if big {
				out = append(out, byte(v>>8), byte(v))
			} else {
				out = append(out, byte(v), byte(v>>8))
			}
		}
	case codingS24:
		for _, v := range s {
			if big {
				out = append(out, byte(v>>16), byte(v>>8), byte(v))
			} else {
				out = append(out, byte(v), byte(v>>8), byte(v>>16))
			}
		}
	default:
		for _, v := range s {
			if big {
				out = binary.BigEndian.AppendUint32(out, uint32(v))
			} else {
				out = binary.LittleEndian.AppendUint32(out, uint32(v))
			}
		}
	}
	return out
}

// chunkBytes is one RIFF or IFF chunk with its padding.
func chunkBytes(order binary.AppendByteOrder, id string, body []byte) []byte {
	out := order.AppendUint32([]byte(id), uint32(len(body)))
	out = append(out, body...)
	if len(body)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// fmtChunk is the plain form for one or two channels and the extensible one for more.
func fmtChunk(b *pcm.Buffer, code coding) []byte {
	le := binary.LittleEndian
	width := code.width()
	tag := uint16(wavePCM)
	if code == codingF32 || code == codingF64 {
		tag = waveFloat
	}
	head := tag
	if b.Channels > 2 {
		head = waveExtensible
	}
	body := le.AppendUint16(nil, head)
	body = le.AppendUint16(body, uint16(b.Channels))
	body = le.AppendUint32(body, uint32(b.Rate))
	body = le.AppendUint32(body, uint32(b.Rate*b.Channels*width))
	body = le.AppendUint16(body, uint16(b.Channels*width))
	body = le.AppendUint16(body, uint16(8*width))
	switch {
	case head == waveExtensible:
		body = le.AppendUint16(body, 22)
		body = le.AppendUint16(body, uint16(8*width))
		// Speakers in the usual order for the usual counts, none named beyond.
		body = le.AppendUint32(body, map[int]uint32{3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x70F, 8: 0x63F}[b.Channels])
		body = le.AppendUint16(body, tag)
		body = append(body, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71"...)
	case tag == waveFloat:
		body = le.AppendUint16(body, 0)
	}
	return chunkBytes(le, "fmt ", body)
}

// smplBody is the smpl chunk, nil when there is nothing to say.
func smplBody(b *pcm.Buffer, root int, loops []Loop) []byte {
	if root <= 0 && len(loops) == 0 {
		return nil
	}
	if root <= 0 {
		root = 60
	}
	le := binary.LittleEndian
	body := make([]byte, 8, 36+24*len(loops))
	body = le.AppendUint32(body, uint32(1e9/float64(b.Rate)+0.5)) // ns a frame
	body = le.AppendUint32(body, uint32(root))
	body = append(body, make([]byte, 12)...)
	body = le.AppendUint32(body, uint32(len(loops)))
	body = le.AppendUint32(body, 0)
	for i, l := range loops {
		body = le.AppendUint32(body, uint32(i))
		body = le.AppendUint32(body, 0) // forward
		body = le.AppendUint32(body, uint32(l.Start))
		body = le.AppendUint32(body, uint32(l.End-1)) // inclusive in the file
		body = append(body, make([]byte, 8)...)       // no fraction, for ever
	}
	return chunkBytes(le, "smpl", body)
}

// cueBody is the cue chunk and the list of its labels, nil without marks.
func cueBody(marks []Mark) []byte {
	if len(marks) == 0 {
		return nil
	}
	le := binary.LittleEndian
	cue := le.AppendUint32(nil, uint32(len(marks)))
	list := []byte("adtl")
	for i, m := range marks {
		id := uint32(i + 1)
		cue = le.AppendUint32(cue, id)
		cue = le.AppendUint32(cue, uint32(m.Frame))
		cue = append(cue, "data\x00\x00\x00\x00\x00\x00\x00\x00"...)
		cue = le.AppendUint32(cue, uint32(m.Frame))
		if m.Name != "" {
			list = append(list, chunkBytes(le, "labl", append(le.AppendUint32(nil, id), m.Name+"\x00"...))...)
		}
	}
	out := chunkBytes(le, "cue ", cue)
	if len(list) > 4 {
		out = append(out, chunkBytes(le, "LIST", list)...)
	}
	return out
}

// maxAIFFMarks leaves room for a loop's two in the 16-bit numbers of markers.
const maxAIFFMarks = 32_000

// EncodeAIFF writes b as an AIFF file, or AIFC when the samples are floats. It refuses what does
// not fit 4 GiB.
func EncodeAIFF(w io.Writer, b *pcm.Buffer, o AIFFOptions) error {
	code, err := o.coding(b)
	if err != nil {
		return fmt.Errorf("encode AIFF: %w", err)
	}
	if code == codingU8 {
		code = codingS8
	}
	if len(o.Marks) > maxAIFFMarks {
		return fmt.Errorf("encode AIFF: %w: %d marks", ErrTooLarge, len(o.Marks))
	}
	width := code.width()
	be := binary.BigEndian
	data := int64(len(b.Samples)) * int64(width)
	comm := be.AppendUint16(nil, uint16(b.Channels))
	comm = be.AppendUint32(comm, uint32(b.Frames()))
	comm = be.AppendUint16(comm, uint16(8*width))
	comm = append(comm, make([]byte, 10)...)
	putExtended80(comm[8:], uint32(b.Rate))
	form := "AIFF"
	var head []byte
	if o.Float {
		form = "AIFC"
		head = chunkBytes(be, "FVER", []byte{0xA2, 0x80, 0x51, 0x40}) // the one version there is
		if code == codingF32 {
			comm = append(comm, "fl32\x0032-bit floating point\x00"...)
			comm[22] = 21
		} else {
			comm = append(comm, "fl64\x0064-bit floating point\x00"...)
			comm[22] = 21
		}
	}
	head = append(head, chunkBytes(be, "COMM", comm)...)
	head = append(head, markBody(o.Loops, o.Marks)...)
	head = append(head, instBody(o.RootNote, o.Loops)...)
	size := 4 + int64(len(head)) + 16 + data + data%2
	if size > math.MaxUint32 {
		return fmt.Errorf("encode AIFF: %w of 4 GiB", ErrTooLarge)
	}
	start := be.AppendUint32([]byte("FORM"), uint32(size))
	start = append(append(start, form...), head...)
	start = be.AppendUint32(append(start, "SSND"...), uint32(8+data))
	start = append(start, make([]byte, 8)...)
	if _, err := w.Write(start); err != nil {
		return fmt.Errorf("encode AIFF: %w", err)
	}
	if err := writeSamples(w, b, code, true, !o.NoDither); err != nil {
		return fmt.Errorf("encode AIFF: %w", err)
	}
	if data%2 == 1 {
		if _, err := w.Write([]byte{0}); err != nil {
			return fmt.Errorf("encode AIFF: %w", err)
		}
	}
	return nil
}

// markBody is the MARK chunk: ids 1 and 2 are the loop's ends, the others follow.
func markBody(loops []Loop, marks []Mark) []byte {
	all := marks
	if len(loops) > 0 {
		all = append([]Mark{{loops[0].Start, "beg loop"}, {loops[0].End, "end loop"}}, marks...)
	}
	if len(all) == 0 {
		return nil
	}
	be := binary.BigEndian
	body := be.AppendUint16(nil, uint16(len(all)))
	for i, m := range all {
		body = be.AppendUint16(body, uint16(i+1))
		body = be.AppendUint32(body, uint32(m.Frame))
		name := m.Name[:min(len(m.Name), 255)]
		body = append(append(body, byte(len(name))), name...)
		if len(name)%2 == 0 {
			body = append(body, 0)
		}
	}
	return chunkBytes(be, "MARK", body)
}

// instBody is the INST chunk, nil when there is nothing to say.
func instBody(root int, loops []Loop) []byte {
	if root <= 0 && len(loops) == 0 {
		return nil
	}
	if root <= 0 {
		root = 60
	}
	body := []byte{byte(root), 0, 0, 127, 1, 127, 0, 0}
	if len(loops) > 0 {
		body = append(body, 0, 1, 0, 1, 0, 2)
	} else {
		body = append(body, make([]byte, 6)...)
	}
	body = append(body, make([]byte, 6)...)
	return chunkBytes(binary.BigEndian, "INST", body)
}
