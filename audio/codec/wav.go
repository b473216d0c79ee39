package codec

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Format tags of WAVE files: Microsoft, "Multiple Channel Audio Data and WAVE Files" (2007), and
// mmreg.h.
const (
	wavePCM        = 0x0001
	waveFloat      = 0x0003
	waveALaw       = 0x0006
	waveMuLaw      = 0x0007
	waveMP3        = 0x0055
	waveExtensible = 0xFFFE
)

// waveNames name what is not read, for the person who has such a file.
var waveNames = map[uint16]string{
	0x0002: "Microsoft ADPCM", 0x0011: "IMA ADPCM", 0x0031: "GSM 6.10", 0x0050: "MPEG layer 2",
	0x00FF: "AAC", 0x0161: "Windows Media", 0x674F: "Ogg Vorbis", 0x6750: "Ogg Vorbis", 0x6751: "Ogg Vorbis",
	0x566F: "Ogg Vorbis",
}

// unknownSize is what writers leave in a size they did not come back to fill in, and what RF64
// puts where ds64 holds the truth (EBU Tech 3306).
const unknownSize = 0xFFFFFFFF

// maxChunks ends the walk over a file made of nothing but headers.
const maxChunks = 10_000

// maxTagChunk is the most that is read of a chunk that holds no sound.
const maxTagChunk = 4 << 20

// chunk is one RIFF or IFF chunk with its body's extent clamped to the file.
type chunk struct {
	id       string
	off, end int64
	declared int64 // size as written
}

// walkChunks calls visit for every chunk from off on until the file ends or nothing that looks
// like a chunk follows. Odd sizes are padded to even ones, as the standard demands, unless the
// padding is plainly missing.
func walkChunks(in *input, off int64, order binary.ByteOrder, visit func(c chunk) (end int64, err error)) error {
	for range maxChunks {
		if off+8 > in.size {
			return nil
		}
		h, err := in.peek(off, 8)
		if err != nil {
			return err
		}
		if len(h) < 8 || !chunkID(h) {
			return nil
		}
		c := chunk{id: string(h[:4]), off: off + 8, declared: int64(order.Uint32(h[4:]))}
		c.end = min(c.off+c.declared, in.size)
		if c.end, err = visit(c); err != nil {
			return err
		}
		off = c.end
		if (c.end-c.off)%2 == 1 {
			pad, err := in.peek(off, 5)
			if err != nil {
				return err
			}
			if len(pad) < 5 || pad[0] == 0 || !chunkID(pad) || chunkID(pad[1:]) {
				off++
			}
		}
	}
	return nil
}

// chunkID says whether b begins with four printable characters.
func chunkID(b []byte) bool {
	for _, c := range b[:4] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// body reads a chunk that is not sound.
func (c chunk) body(in *input) ([]byte, error) {
	n := min(c.end-c.off, maxTagChunk)
	if n <= windowSize {
		return in.peek(c.off, int(n))
	}
	b := make([]byte, n)
	got, err := in.ReadAt(b, c.off)
	if got == 0 && err != nil {
		return nil, fmt.Errorf("read chunk %q: %w", c.id, err)
	}
	return b[:got], nil
}

type waveFormat struct {
	tag      uint16
	channels int
	rate     int
	align    int
	bits     int
}

func parseWAV(in *input, off int64) (*track, error) {
	head, err := in.peek(off, 12)
	if err != nil {
		return nil, err
	}
	order := binary.ByteOrder(binary.LittleEndian)
	big := string(head[:4]) == "RIFX"
	if big {
		order = binary.BigEndian
	}
	t := &track{Info: Info{Format: WAV}, Tags: newTags()}
	var (
		format    *waveFormat
		data      chunk
		ds64      int64 = -1
		riff      riffTags
		haveSound bool
	)
	err = walkChunks(in, off+12, order, func(c chunk) (int64, error) {
		if c.id == "data" {
			if haveSound {
				return c.end, nil
			}
			declared := c.declared
			switch {
			case declared == unknownSize && ds64 > 0:
				declared = ds64
			case declared == unknownSize, declared == 0 && !chunkFollows(in, c.off, order):
				declared = -1
			}
			c.end = in.size
			if declared >= 0 {
				c.end = min(c.off+declared, in.size)
			}
			c.declared = declared
			data, haveSound = c, c.end > c.off
			return c.end, nil
		}
		b, err := c.body(in)
		if err != nil {
			return 0, err
		}
		switch c.id {
		case "fmt ":
			if format == nil {
				format, err = parseFmt(b, order)
			}
		case "ds64":
			if len(b) >= 16 {
				ds64 = int64(min(order.Uint64(b[8:]), math.MaxInt64/2))
			}
		default:
			riff.chunk(c.id, b, order, &t.Tags)
		}
		return c.end, err
	})
	if err != nil {
		return nil, err
	}
	if format == nil {
		return nil, fmt.Errorf("%w: no fmt chunk", ErrDamaged)
	}
	if !haveSound {
		return nil, fmt.Errorf("%w: no data chunk", ErrNoAudio)
	}
	riff.finish(&t.Tags)
	return t, t.wave(in, format, data, big)
}

// chunkFollows says whether a chunk that ends within the file begins at off: the one way to tell
// an empty data chunk from one whose size was never filled in.
func chunkFollows(in *input, off int64, order binary.ByteOrder) bool {
	h, err := in.peek(off, 8)
	if err != nil || len(h) < 8 || !chunkID(h) {
		return false
	}
	return off+8+int64(order.Uint32(h[4:])) <= in.size
}

// parseFmt reads the fmt chunk and unwraps WAVE_FORMAT_EXTENSIBLE by its sub-format.
func parseFmt(b []byte, order binary.ByteOrder) (*waveFormat, error) {
	if len(b) < 14 {
		return nil, fmt.Errorf("%w: fmt chunk of %d bytes", ErrDamaged, len(b))
	}
	f := &waveFormat{
		tag:      order.Uint16(b),
		channels: int(order.Uint16(b[2:])),
		rate:     int(order.Uint32(b[4:])),
		align:    int(order.Uint16(b[12:])),
	}
	if len(b) >= 16 {
		f.bits = int(order.Uint16(b[14:]))
	}
	if f.tag == waveExtensible {
		if len(b) < 26 {
			// Some writers set the tag and forget the rest: the bits say what it is.
			f.tag = wavePCM
		} else {
			f.tag = order.Uint16(b[24:]) // first field of the GUID; the rest is the same for all
		}
	}
	return f, nil
}

// wave settles how the samples of a WAV file are coded.
func (t *track) wave(in *input, f *waveFormat, data chunk, big bool) error {
	t.Rate, t.Channels, t.BitDepth = f.rate, f.channels, f.bits
	if f.channels < 1 {
		return fmt.Errorf("%w: the header says %d channels", ErrDamaged, f.channels)
	}
	// The container of a sample: from the block align if that is sane, else from the bits.
	width := f.align / f.channels
	if width < 1 || width > 4 && width != 8 || f.align%f.channels != 0 || width*8 < f.bits {
		width = (f.bits + 7) / 8
	}
	var code coding
	ok := false
	switch f.tag {
	case wavePCM:
		if width == 1 {
			code, ok = codingU8, true
		} else {
			code, ok = integerCoding(width)
		}
		if f.bits == 0 {
			t.BitDepth = width * 8
		}
	case waveFloat:
		t.Float = true
		switch width {
		case 4:
			code, ok = codingF32, true
		case 8:
			code, ok = codingF64, true
		}
	case waveALaw, waveMuLaw:
		t.BitDepth = 8
		code, ok = codingALaw+coding(f.tag-waveALaw), true
	case waveMP3:
		return t.embeddedMP3(in, data)
	default:
		if name := waveNames[f.tag]; name != "" {
			return fmt.Errorf("%w: %s", ErrUnsupported, name)
		}
		return fmt.Errorf("%w: format tag 0x%04X", ErrUnsupported, f.tag)
	}
	if !ok {
		return fmt.Errorf("%w: samples of %d bits in %d bytes", ErrUnsupported, f.bits, width)
	}
	t.raw(in, data.off, data.end, data.declared, code, big)
	return nil
}
