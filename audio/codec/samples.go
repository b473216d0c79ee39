package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// coding is how one sample lies in the bytes of a WAV or AIFF file.
type coding uint8

const (
	codingU8 coding = iota // unsigned with 128 as zero
	codingS8
	codingS16
	codingS24
	codingS32
	codingF32
	codingF64
	codingALaw
	codingMuLaw
)

// width is the bytes a sample takes.
func (c coding) width() int {
	return [...]int{1, 1, 2, 3, 4, 4, 8, 1, 1}[c]
}

// rawSource reads uncompressed samples from a region of the file.
type rawSource struct {
	r    io.ReaderAt
	off  int64
	end  int64
	big  bool // big-endian
	code coding
	buf  []byte
}

// rawBlock is read at a time: large enough for the disk, small enough for the L2 cache.
const rawBlock = 128 << 10

func (s *rawSource) read(dst []float32) (int, error) {
	w := s.code.width()
	total := 0
	for len(dst) > 0 {
		if s.off >= s.end {
			return total, io.EOF
		}
		n := int(min(int64(len(dst)*w), s.end-s.off, rawBlock-rawBlock%int64(w)))
		if s.buf == nil {
			s.buf = make([]byte, min(rawBlock, s.end-s.off))
		}
		got, err := s.r.ReadAt(s.buf[:n], s.off)
		got -= got % w
		decodeSamples(dst, s.buf[:got], s.code, s.big)
		s.off += int64(got)
		total += got / w
		dst = dst[got/w:]
		if got < n {
			if err == nil || errors.Is(err, io.EOF) {
				return total, io.EOF
			}
			return total, fmt.Errorf("read at byte %d: %w", s.off, err)
		}
	}
	return total, nil
}

// rawTrack fills in what follows from the extent [from, to) of the samples. declared is what the
// header says of their bytes, -1 when it says nothing.
func (t *track) raw(in *input, from, to, declared int64, code coding, big bool) {
	frame := int64(code.width() * t.Channels)
	t.Frames = (to - from) / frame
	t.Truncated = declared > to-from
	t.counted = true
	end := from + t.Frames*frame
	t.open = func() (source, error) {
		return &rawSource{r: in, off: from, end: end, big: big, code: code}, nil
	}
}

const (
	scale8  = 1.0 / (1 << 7)
	scale16 = 1.0 / (1 << 15)
	scale24 = 1.0 / (1 << 23)
	scale32 = 1.0 / (1 << 31)
)

// decodeSamples turns src into floats: integer / 2^(bits-1), which is exact up to 24 bits and
// rounds to nearest at 32. Floats are kept as they are, NaN and infinities too.
func decodeSamples(dst []float32, src []byte, code coding, big bool) {
	n := len(src) / code.width()
	dst = dst[:n]
	switch code {
	case codingU8:
		for i := range dst {
			dst[i] = float32(int(src[i])-128) * scale8
		}
	case codingS8:
		for i := range dst {
			dst[i] = float32(int8(src[i])) * scale8
		}
	case codingS16:
		if big {
			for i := range dst {
				dst[i] = float32(int16(binary.BigEndian.Uint16(src[2*i:]))) * scale16
			}
			return
		}
		for i := range dst {
			dst[i] = float32(int16(binary.LittleEndian.Uint16(src[2*i:]))) * scale16
		}
	case codingS24:
		// The three bytes go to the top of an int32, so that the sign comes by itself.
		a, c := 0, 2
		if big {
			a, c = 2, 0
		}
		for i := range dst {
			b := src[3*i : 3*i+3 : 3*i+3]
			v := int32(uint32(b[a])<<8 | uint32(b[1])<<16 | uint32(b[c])<<24)
			dst[i] = float32(v>>8) * scale24
		}
	case codingS32:
		if big {
			for i := range dst {
				dst[i] = float32(int32(binary.BigEndian.Uint32(src[4*i:]))) * scale32
			}
			return
		}
		for i := range dst {
			dst[i] = float32(int32(binary.LittleEndian.Uint32(src[4*i:]))) * scale32
		}
	case codingF32:
		if big {
			for i := range dst {
				dst[i] = math.Float32frombits(binary.BigEndian.Uint32(src[4*i:]))
			}
			return
		}
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case codingF64:
		order := binary.ByteOrder(binary.LittleEndian)
		if big {
			order = binary.BigEndian
		}
		for i := range dst {
			dst[i] = float32(math.Float64frombits(order.Uint64(src[8*i:])))
		}
	case codingALaw:
		for i := range dst {
			dst[i] = float32(aLaw(src[i])) * scale16
		}
	case codingMuLaw:
		for i := range dst {
			dst[i] = float32(muLaw(src[i])) * scale16
		}
	}
}

// aLaw and muLaw expand as ITU-T G.711 says, to 16 bits.
func aLaw(b byte) int16 {
	b ^= 0x55
	v := int16(b&0x0F)<<4 + 8
	if e := b >> 4 & 7; e > 0 {
		v = (v + 0x100) << (e - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}

func muLaw(b byte) int16 {
	b = ^b
	v := (int16(b&0x0F)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		return -v
	}
	return v
}

// integerCoding is the container of signed samples of so many bytes.
func integerCoding(bytes int) (coding, bool) {
	switch bytes {
	case 1:
		return codingS8, true
	case 2:
		return codingS16, true
	case 3:
		return codingS24, true
	case 4:
		return codingS32, true
	}
	return 0, false
}
