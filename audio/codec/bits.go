package codec

import (
	"encoding/binary"
	"math/bits"
)

// bitReader reads bits from the most significant on. Past the end it gives zeros and over says
// so; nobody has to check after every read.
type bitReader struct {
	b     []byte
	pos   int    // next byte to load
	cache uint64 // loaded bits, left-aligned
	n     uint   // how many of them count
}

func (r *bitReader) reset(b []byte, pos int) { *r = bitReader{b: b, pos: pos} }

// fill brings the cache to at least 56 bits.
func (r *bitReader) fill() {
	if r.pos+8 <= len(r.b) {
		r.cache |= binary.BigEndian.Uint64(r.b[r.pos:]) >> r.n
		r.pos += int((63 - r.n) >> 3)
		r.n |= 56
		return
	}
	for r.n <= 56 {
		if r.pos < len(r.b) {
			r.cache |= uint64(r.b[r.pos]) << (56 - r.n)
		}
		r.pos++
		r.n += 8
	}
}

// over says whether more was read than there is.
func (r *bitReader) over() bool { return r.pos-int(r.n/8) > len(r.b) }

// bytes is the position behind what was read, rounded up to a whole byte.
func (r *bitReader) bytes() int { return r.pos - int(r.n/8) }

// read gives the next w bits, w up to 56.
func (r *bitReader) read(w int) uint64 {
	if r.n < uint(w) {
		r.fill()
	}
	v := r.cache >> (64 - uint(w))
	r.cache <<= uint(w)
	r.n -= uint(w)
	return v
}

// signed gives the next w bits as a two's complement number, w up to 56; 0 for w = 0.
func (r *bitReader) signed(w int) int64 {
	if w == 0 {
		return 0
	}
	return int64(r.read(w)<<(64-uint(w))) >> (64 - uint(w))
}

// unary counts zeros up to the next one and passes over both.
func (r *bitReader) unary() int {
	total := 0
	for {
		r.fill()
		z := uint(bits.LeadingZeros64(r.cache))
		if z < r.n {
			r.cache <<= z + 1
			r.n -= z + 1
			return total + int(z)
		}
		total += int(r.n)
		r.cache, r.n = 0, 0
		if r.pos > len(r.b) {
			return total
		}
	}
}

// bitWriter writes bits from the most significant on.
type bitWriter struct {
	b     []byte
	cache uint64 // pending bits, right-aligned
	n     uint
}

// write appends the low w bits of v, w up to 32.
func (w *bitWriter) write(v uint64, width uint) {
	w.cache = w.cache<<width | v&(1<<width-1)
	w.n += width
	for w.n >= 8 {
		w.n -= 8
		w.b = append(w.b, byte(w.cache>>w.n))
	}
}

// align pads with zeros to a whole byte.
func (w *bitWriter) align() {
	if w.n > 0 {
		w.write(0, 8-w.n)
	}
}

// The checksums of FLAC (RFC 9639, 9.1.8 and 9.3).
var crc8Table, crc16Table = func() (t8 [256]byte, t16 [8][256]uint16) {
	for i := range 256 {
		c8, c16 := byte(i), uint16(i)<<8
		for range 8 {
			if c8&0x80 != 0 {
				c8 = c8<<1 ^ 0x07
			} else {
				c8 <<= 1
			}
			if c16&0x8000 != 0 {
				c16 = c16<<1 ^ 0x8005
			} else {
				c16 <<= 1
			}
		}
		t8[i], t16[0][i] = c8, c16
	}
	for i := range 256 {
		for k := 1; k < 8; k++ {
			p := t16[k-1][i]
			t16[k][i] = p<<8 ^ t16[0][p>>8]
		}
	}
	return t8, t16
}()

func crc8(b []byte) (c byte) {
	for _, v := range b {
		c = crc8Table[c^v]
	}
	return c
}

// crc16 goes eight bytes at a time.
func crc16(b []byte) (c uint16) {
	for len(b) >= 8 {
		v := binary.BigEndian.Uint64(b) ^ uint64(c)<<48
		c = crc16Table[7][v>>56] ^ crc16Table[6][v>>48&255] ^ crc16Table[5][v>>40&255] ^ crc16Table[4][v>>32&255] ^
			crc16Table[3][v>>24&255] ^ crc16Table[2][v>>16&255] ^ crc16Table[1][v>>8&255] ^ crc16Table[0][v&255]
		b = b[8:]
	}
	for _, v := range b {
		c = c<<8 ^ crc16Table[0][byte(c>>8)^v]
	}
	return c
}
