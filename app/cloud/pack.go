package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// A file is kept as it is, or, where that is smaller, packed: its samples as FLAC, and the bytes
// before and after them as they are, so that unpacking gives the very same file. What does not
// come back bit for bit is kept as it is.
//
//	"SAPK1\n", uint32 length of head, uint32 length of tail, uint8 bytes a sample,
//	uint8 1 for big-endian, uint8 1 for unsigned, head, tail, FLAC
const packMagic = "SAPK1\n"

const (
	formPacked   = "flac"
	formOriginal = "original"
)

// packLimit bounds what is packed in memory; larger files go up as they are.
const packLimit = 256 << 20

// layout says where the samples of a file lie.
type layout struct {
	from, to  int // bytes
	rate      int
	channels  int
	width     int // bytes a sample
	bigEndian bool
	unsigned  bool // 8-bit WAV
}

var errNotPlain = errors.New("not plain PCM")

// plainPCM finds the samples of a WAV or AIFF file of 8, 16 or 24 bits.
func plainPCM(file []byte) (l layout, err error) {
	if len(file) < 12 {
		return l, errNotPlain
	}
	order := binary.ByteOrder(binary.LittleEndian)
	form := string(file[:4]) + string(file[8:12])
	switch form {
	case "RIFFWAVE":
	case "FORMAIFF":
		order, l.bigEndian = binary.BigEndian, true
	default:
		return l, errNotPlain
	}
	for at := 12; at+8 <= len(file); {
		id, size := string(file[at:at+4]), int(order.Uint32(file[at+4:]))
		body := at + 8
		end := min(body+size, len(file))
		chunk := file[body:end]
		switch id {
		case "fmt ":
			if len(chunk) < 16 {
				return l, errNotPlain
			}
			tag := order.Uint16(chunk)
			if tag == 0xFFFE && len(chunk) >= 26 {
				tag = order.Uint16(chunk[24:])
			}
			if tag != 1 {
				return l, errNotPlain
			}
			l.channels, l.rate, l.width = int(order.Uint16(chunk[2:])), int(order.Uint32(chunk[4:])), int(order.Uint16(chunk[14:]))
		case "COMM":
			if len(chunk) < 18 {
				return l, errNotPlain
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
		return l, errNotPlain
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

// pack packs a file. errNotPlain where it cannot be, or would not be smaller, or would not come
// back as it was.
func pack(ctx context.Context, file []byte) ([]byte, error) {
	l, err := plainPCM(file)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(packMagic)
	flag := func(on bool) byte {
		if on {
			return 1
		}
		return 0
	}
	var numbers [11]byte
	binary.BigEndian.PutUint32(numbers[0:], uint32(l.from))
	binary.BigEndian.PutUint32(numbers[4:], uint32(len(file)-l.to))
	numbers[8], numbers[9], numbers[10] = byte(l.width), flag(l.bigEndian), flag(l.unsigned)
	out.Write(numbers[:])
	out.Write(file[:l.from])
	out.Write(file[l.to:])
	sound := &pcm.Buffer{Rate: l.rate, Channels: l.channels, Samples: l.samples(file[l.from:l.to])}
	if err := codec.EncodeFLAC(&out, sound, codec.FLACOptions{Bits: 8 * l.width, NoDither: true}); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotPlain, err)
	}
	if out.Len() >= len(file) {
		return nil, errNotPlain
	}
	back, err := unpack(ctx, out.Bytes())
	if err != nil || !bytes.Equal(back, file) {
		return nil, errNotPlain
	}
	return out.Bytes(), nil
}

var errDamaged = errors.New("what came from the cloud is damaged")

// unpack gives the file that was packed.
func unpack(ctx context.Context, packed []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(packed, []byte(packMagic))
	if !ok || len(rest) < 11 {
		return nil, errDamaged
	}
	head, tail := int(binary.BigEndian.Uint32(rest)), int(binary.BigEndian.Uint32(rest[4:]))
	l := layout{width: int(rest[8]), bigEndian: rest[9] == 1, unsigned: rest[10] == 1}
	rest = rest[11:]
	if l.width < 1 || l.width > 3 || head < 0 || tail < 0 || head+tail > len(rest) {
		return nil, errDamaged
	}
	clip, err := codec.Decode(ctx, bytes.NewReader(rest[head+tail:]), codec.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	out := make([]byte, 0, head+tail+len(clip.Audio.Samples)*l.width)
	out = append(out, rest[:head]...)
	out = append(out, l.bytes(clip.Audio.Samples)...)
	return append(out, rest[head:head+tail]...), nil
}

// stored is a file as it is kept: what its bytes are, and how to read them.
type stored struct {
	sum  string
	size int64
	form string
	open func() (io.ReadSeekCloser, error)
}

type nopSeekCloser struct{ io.ReadSeeker }

func (nopSeekCloser) Close() error { return nil }

// storedForm reads a file and packs it where that helps. sum is what the library knows of its
// bytes: a file that has changed since is refused.
func storedForm(ctx context.Context, path, sum string) (stored, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stored{}, err
	}
	if info.Size() > packLimit {
		return stored{sum, info.Size(), formOriginal, func() (io.ReadSeekCloser, error) { return os.Open(path) }}, nil
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return stored{}, err
	}
	if sumOf(file) != sum {
		return stored{}, fmt.Errorf("%s: the file has changed since it was analysed", path)
	}
	form := formOriginal
	if packed, err := pack(ctx, file); err == nil {
		file, form = packed, formPacked
	} else if ctx.Err() != nil {
		return stored{}, ctx.Err()
	}
	return stored{sumOf(file), int64(len(file)), form, func() (io.ReadSeekCloser, error) { return nopSeekCloser{bytes.NewReader(file)}, nil }}, nil
}

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
