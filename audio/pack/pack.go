// Package pack makes files of plain PCM smaller so that the very same file comes back: the samples
// as FLAC, the bytes before and after them as they are.
//
//	"SAPK1\n", uint32 length of head, uint32 length of tail, uint8 bytes a sample,
//	uint8 1 for big-endian, uint8 1 for unsigned, head, tail, FLAC
//
// It must never know where files are kept.
package pack

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

const magic = "SAPK1\n"

// headSize is that of the numbers behind the magic.
const headSize = 11

// MaxSize bounds what is packed, which is done in memory.
const MaxSize = 256 << 20

// layout says where the samples of a file lie.
type layout struct {
	from, to  int // bytes
	rate      int
	channels  int
	width     int // bytes a sample
	bigEndian bool
	unsigned  bool // 8-bit WAV
}

// Errors that callers decide on.
var (
	ErrNotPlain = errors.New("not plain PCM")
	ErrDamaged  = errors.New("the packed file is damaged")
)

// plainPCM finds the samples of a WAV or AIFF file of 8, 16 or 24 bits.
func plainPCM(file []byte) (l layout, err error) {
	if len(file) < 12 {
		return l, ErrNotPlain
	}
	order := binary.ByteOrder(binary.LittleEndian)
	form := string(file[:4]) + string(file[8:12])
	switch form {
	case "RIFFWAVE":
	case "FORMAIFF":
		order, l.bigEndian = binary.BigEndian, true
	default:
		return l, ErrNotPlain
	}
	for at := 12; at+8 <= len(file); {
		id, size := string(file[at:at+4]), int(order.Uint32(file[at+4:]))
		body := at + 8
		end := min(body+size, len(file))
		chunk := file[body:end]
		switch id {
		case "fmt ":
			if len(chunk) < 16 {
				return l, ErrNotPlain
			}
			tag := order.Uint16(chunk)
			if tag == 0xFFFE && len(chunk) >= 26 {
				tag = order.Uint16(chunk[24:])
			}
			if tag != 1 {
				return l, ErrNotPlain
			}
			l.channels, l.rate, l.width = int(order.Uint16(chunk[2:])), int(order.Uint32(chunk[4:])), int(order.Uint16(chunk[14:]))
		case "COMM":
			if len(chunk) < 18 {
				return l, ErrNotPlain
			}
			l.channels, l.width, l.rate = int(order.Uint16(chunk)), int(order.Uint16(chunk[6:])), extended(chunk[8:18])
		case "data":
			l.from, l.to = body, end
		case "SSND":
			l.from, l.to = body+8, end
		}
		at = body + size + size&1
	}
	bits := l.width
	l.width /= 8
	l.unsigned = bits == 8 && !l.bigEndian
	if bits != 8 && bits != 16 && bits != 24 || l.channels < 1 || l.channels > 8 || l.rate < 1 || l.from <= 0 || l.to <= l.from {
		return l, ErrNotPlain
	}
	l.to -= (l.to - l.from) % (l.width * l.channels)
	return l, nil
}

// extended reads the 80-bit float of AIFF's sample rate (IEEE 754 extended); 0 for what is no rate.
func extended(b []byte) int {
	exponent := int(binary.BigEndian.Uint16(b)&0x7FFF) - 16383
	rate := math.Ldexp(float64(binary.BigEndian.Uint64(b[2:])), exponent-63)
	if rate < 1 || rate > 1<<20 || rate != math.Trunc(rate) {
		return 0
	}
	return int(rate)
}

// scale is full scale of samples of so many bytes.
func scale(width int) float32 { return float32(int32(1) << (8*width - 1)) }

func (l layout) samples(b []byte) []float32 {
	out := make([]float32, len(b)/l.width)
	by := 1 / scale(l.width)
	for i := range out {
		out[i] = float32(l.get(b[i*l.width:])) * by
	}
	return out
}

func (l layout) get(b []byte) int32 {
	switch {
	case l.unsigned:
		return int32(b[0]) - 128
	case l.width == 1:
		return int32(int8(b[0]))
	case l.width == 2 && l.bigEndian:
		return int32(int16(binary.BigEndian.Uint16(b)))
	case l.width == 2:
		return int32(int16(binary.LittleEndian.Uint16(b)))
	case l.bigEndian:
		return int32(b[0])<<24>>8 | int32(b[1])<<8 | int32(b[2])
	}
	return int32(b[2])<<24>>8 | int32(b[1])<<8 | int32(b[0])
}

func (l layout) bytes(samples []float32) []byte {
	out := make([]byte, 0, len(samples)*l.width)
	full := scale(l.width)
	for _, s := range samples {
		v := int32(math.Round(float64(s * full)))
		switch {
		case l.unsigned:
			out = append(out, byte(v+128))
		case l.width == 1:
			out = append(out, byte(v))
		case l.width == 2 && l.bigEndian:
			out = append(out, byte(v>>8), byte(v))
		case l.width == 2:
			out = append(out, byte(v), byte(v>>8))
		case l.bigEndian:
			out = append(out, byte(v>>16), byte(v>>8), byte(v))
		default:
			out = append(out, byte(v), byte(v>>8), byte(v>>16))
		}
	}
	return out
}

// Pack packs a file. ErrNotPlain where it cannot be, or would not be smaller, or would not come
// back as it was.
func Pack(ctx context.Context, file []byte) ([]byte, error) {
	l, err := plainPCM(file)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(magic)
	flag := func(on bool) byte {
		if on {
			return 1
		}
		return 0
	}
	var numbers [headSize]byte
	binary.BigEndian.PutUint32(numbers[0:], uint32(l.from))
	binary.BigEndian.PutUint32(numbers[4:], uint32(len(file)-l.to))
	numbers[8], numbers[9], numbers[10] = byte(l.width), flag(l.bigEndian), flag(l.unsigned)
	out.Write(numbers[:])
	out.Write(file[:l.from])
	out.Write(file[l.to:])
	sound := &pcm.Buffer{Rate: l.rate, Channels: l.channels, Samples: l.samples(file[l.from:l.to])}
	if err := codec.EncodeFLAC(&out, sound, codec.FLACOptions{Bits: 8 * l.width, NoDither: true}); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotPlain, err)
	}
	if out.Len() >= len(file) {
		return nil, ErrNotPlain
	}
	var back bytes.Buffer
	if err := Unpack(ctx, bytes.NewReader(out.Bytes()), int64(out.Len()), &back); err != nil || !bytes.Equal(back.Bytes(), file) {
		return nil, ErrNotPlain
	}
	return out.Bytes(), nil
}

// Unpack writes the file that was packed into size bytes of r. Nothing of it is whole in memory, and
// not more than MaxSize of sound is written, whatever r says.
func Unpack(ctx context.Context, r io.ReaderAt, size int64, w io.Writer) error {
	start := make([]byte, len(magic)+headSize)
	if _, err := r.ReadAt(start, 0); err != nil || string(start[:len(magic)]) != magic {
		return ErrDamaged
	}
	numbers := start[len(magic):]
	head, tail := int64(binary.BigEndian.Uint32(numbers)), int64(binary.BigEndian.Uint32(numbers[4:]))
	l := layout{width: int(numbers[8]), bigEndian: numbers[9] == 1, unsigned: numbers[10] == 1}
	sound := int64(len(start)) + head + tail
	if l.width < 1 || l.width > 3 || sound > size {
		return ErrDamaged
	}
	if _, err := io.Copy(w, io.NewSectionReader(r, int64(len(start)), head)); err != nil {
		return err
	}
	if err := l.decode(ctx, io.NewSectionReader(r, sound, size-sound), w); err != nil {
		return err
	}
	_, err := io.Copy(w, io.NewSectionReader(r, int64(len(start))+head, tail))
	return err
}

// decode writes the samples of a FLAC stream as l has them.
func (l layout) decode(ctx context.Context, r io.ReadSeeker, w io.Writer) error {
	st, err := codec.Open(r, codec.Limits{})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	block := make([]float32, 1<<15)
	for left := MaxSize; left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := st.Read(block)
		left -= n * l.width
		if _, err := w.Write(l.bytes(block[:n])); err != nil {
			return err
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return ErrDamaged // larger than anything that is packed
}
