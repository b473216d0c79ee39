package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// errFLACShort: the bytes end before the frame does.
var errFLACShort = errors.New("frame goes on")

// ignoreChecksums lets fuzz targets reach what lies behind the checksums of FLAC and Ogg.
var ignoreChecksums = false

// flacDecoder decodes one frame at a time and keeps its buffers.
type flacDecoder struct {
	size     int // frames in the current block
	channels int
	chans    [8][]int32
	wide     []int64 // the side channel of 32-bit stereo, which has 33 bits
	isWide   int     // which channel that is, -1 for none
	assign   int
	out      []float32
	bits     bitReader
}

var flacBlockSizes = [16]int{0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768}

var flacDepths = [8]int{0, 8, 12, 0, 16, 20, 24, 32}

// decode reads the frame at the beginning of b and returns its length in bytes (9).
func (d *flacDecoder) decode(b []byte, info *flacInfo) (int, error) {
	if len(b) < 6 {
		return 0, errFLACShort
	}
	if b[0] != 0xFF || b[1]&0xFE != 0xF8 {
		return 0, fmt.Errorf("%w: no frame where one should begin", ErrDamaged)
	}
	n := 4
	// The coded number looks like UTF-8 (9.1.5).
	lead := b[n]
	extra := 0
	switch {
	case lead < 0x80:
	case lead >= 0xFE:
		extra = 6
	case lead >= 0xC0:
		for lead&(0x40>>extra) != 0 {
			extra++
		}
	default:
		return 0, fmt.Errorf("%w: bad frame number", ErrDamaged)
	}
	n += 1 + extra
	if len(b) < n+5 {
		return 0, errFLACShort
	}
	d.size = flacBlockSizes[b[2]>>4]
	switch b[2] >> 4 {
	case 6:
		d.size = int(b[n]) + 1
		n++
	case 7:
		d.size = int(b[n])<<8 + int(b[n+1]) + 1
		n += 2
	}
	switch b[2] & 15 {
	case 12:
		n++
	case 13, 14:
		n += 2
	}
	if crc8(b[:n]) != b[n] && !ignoreChecksums {
		return 0, fmt.Errorf("%w: wrong checksum of a frame header", ErrDamaged)
	}
	n++
	d.assign = int(b[3] >> 4)
	d.channels = d.assign + 1
	if d.assign >= 8 {
		d.channels = 2
	}
	depth := flacDepths[b[3]>>1&7]
	if depth == 0 {
		depth = info.bits
	}
	if d.size == 0 || d.assign > 10 || d.channels != info.channels || depth != info.bits || b[3]>>1&7 == 3 {
		return 0, fmt.Errorf("%w: a frame does not fit the stream", ErrDamaged)
	}
	d.bits.reset(b, n)
	d.isWide = -1
	for ch := range d.channels {
		bits := depth
		if d.assign == 8 && ch == 1 || d.assign == 9 && ch == 0 || d.assign == 10 && ch == 1 {
			bits++
		}
		var err error
		if bits > 32 {
			d.isWide = ch
			d.wide = sized(d.wide, d.size)
			err = flacSubframe(&d.bits, d.wide, bits)
		} else {
			d.chans[ch] = sized(d.chans[ch], d.size)
			err = flacSubframe(&d.bits, d.chans[ch], bits)
		}
		if d.bits.over() {
			return 0, errFLACShort
		}
		if err != nil {
			return 0, err
		}
	}
	end := d.bits.bytes()
	if end+2 > len(b) {
		return 0, errFLACShort
	}
	if crc16(b[:end]) != binary.BigEndian.Uint16(b[end:]) && !ignoreChecksums {
		return 0, fmt.Errorf("%w: wrong checksum of a frame", ErrDamaged)
	}
	return end + 2, nil
}

// sized is s with n elements, anew when it is too small.
func sized[T byte | int32 | int64 | float32 | float64](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// interleave undoes the stereo decorrelation (4.2) and scales to floats.
func (d *flacDecoder) interleave(bits int) []float32 {
	d.out = sized(d.out, d.size*d.channels)
	out := d.out
	scale := float32(1) / float32(int64(1)<<(bits-1))
	if d.isWide >= 0 {
		d.interleaveWide(scale)
		return out
	}
	a := d.chans[0][:d.size]
	if d.channels == 1 {
		for i, v := range a {
			out[i] = float32(v) * scale
		}
		return out
	}
	if d.channels > 2 {
		for ch := range d.channels {
			for i, v := range d.chans[ch][:d.size] {
				out[i*d.channels+ch] = float32(v) * scale
			}
		}
		return out
	}
	b := d.chans[1][:len(a)]
	out = out[:2*len(a)]
	switch d.assign {
	case 8: // left, side
		for i, l := range a {
			out[2*i], out[2*i+1] = float32(l)*scale, float32(l-b[i])*scale
		}
	case 9: // side, right
		for i, s := range a {
			out[2*i], out[2*i+1] = float32(s+b[i])*scale, float32(b[i])*scale
		}
	case 10: // mid, side
		for i, m := range a {
			s := b[i]
			m = m<<1 | s&1
			out[2*i], out[2*i+1] = float32((m+s)>>1)*scale, float32((m-s)>>1)*scale
		}
	default:
		for i, l := range a {
			out[2*i], out[2*i+1] = float32(l)*scale, float32(b[i])*scale
		}
	}
	return out
}

// interleaveWide is interleave for 32-bit stereo, whose side channel needs 33 bits.
func (d *flacDecoder) interleaveWide(scale float32) {
	for i, s := range d.wide {
		var l, r int64
		switch d.assign {
		case 8:
			l = int64(d.chans[0][i])
			r = l - s
		case 9:
			r = int64(d.chans[1][i])
			l = s + r
		case 10:
			m := int64(d.chans[0][i])<<1 | s&1
			l, r = (m+s)>>1, (m-s)>>1
		}
		d.out[2*i], d.out[2*i+1] = float32(int32(l))*scale, float32(int32(r))*scale
	}
}

// flacSubframe decodes one channel of a block (9.2).
func flacSubframe[T int32 | int64](r *bitReader, s []T, bits int) error {
	head := r.read(8)
	wasted := 0
	if head&1 != 0 {
		wasted = r.unary() + 1
		if bits -= wasted; bits < 1 {
			return fmt.Errorf("%w: more wasted bits than bits", ErrDamaged)
		}
	}
	kind := int(head >> 1)
	switch {
	case head&0x80 != 0:
		return fmt.Errorf("%w: bad subframe", ErrDamaged)
	case kind == 0:
		v := T(r.signed(bits))
		for i := range s {
			s[i] = v
		}
	case kind == 1:
		for i := range s {
			s[i] = T(r.signed(bits))
		}
	case kind >= 8 && kind <= 12:
		if err := flacFixed(r, s, bits, kind-8); err != nil {
			return err
		}
	case kind >= 32:
		if err := flacLPC(r, s, bits, kind-31); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: bad subframe", ErrDamaged)
	}
	if wasted > 0 {
		for i := range s {
			s[i] <<= wasted
		}
	}
	return nil
}

// flacFixed decodes a subframe with one of the five fixed predictors (9.2.5).
func flacFixed[T int32 | int64](r *bitReader, s []T, bits, order int) error {
	if order > len(s) {
		return fmt.Errorf("%w: predictor longer than its block", ErrDamaged)
	}
	for i := range order {
		s[i] = T(r.signed(bits))
	}
	if err := flacResidual(r, s, order); err != nil {
		return err
	}
	switch order {
	case 1:
		for i := 1; i < len(s); i++ {
			s[i] += s[i-1]
		}
	case 2:
		for i := 2; i < len(s); i++ {
			s[i] += 2*s[i-1] - s[i-2]
		}
	case 3:
		for i := 3; i < len(s); i++ {
			s[i] += 3*s[i-1] - 3*s[i-2] + s[i-3]
		}
	case 4:
		for i := 4; i < len(s); i++ {
			s[i] += 4*s[i-1] - 6*s[i-2] + 4*s[i-3] - s[i-4]
		}
	}
	return nil
}

// flacLPC decodes a subframe with coefficients of its own (9.2.6).
func flacLPC[T int32 | int64](r *bitReader, s []T, bits, order int) error {
	if order > len(s) {
		return fmt.Errorf("%w: predictor longer than its block", ErrDamaged)
	}
	for i := range order {
		s[i] = T(r.signed(bits))
	}
	precision := int(r.read(4)) + 1
	shift := int(r.signed(5))
	if precision == 16 || shift < 0 {
		return fmt.Errorf("%w: bad predictor", ErrDamaged)
	}
	var coefs [32]int64 // oldest sample first
	for i := range order {
		coefs[order-1-i] = r.signed(precision)
	}
	if err := flacResidual(r, s, order); err != nil {
		return err
	}
	flacPredict(s, coefs[:order], shift)
	return nil
}

// flacPredict adds the prediction to the residual in s, whose first samples are known. Nearly all
// files have orders up to 12, which go with coefficients in registers, padded with zeros.
func flacPredict[T int32 | int64](s []T, coefs []int64, shift int) {
	order := len(coefs)
	slow := len(s)
	switch {
	case order <= 8:
		slow = min(8, len(s))
	case order <= 12:
		slow = min(12, len(s))
	}
	for i := order; i < slow; i++ {
		sum := int64(0)
		for j, c := range coefs {
			sum += c * int64(s[i-order+j])
		}
		s[i] += T(sum >> shift)
	}
	if slow == len(s) {
		return
	}
	var c [12]int64
	copy(c[12-order:], coefs)
	c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
	c4, c5, c6, c7, c8, c9, c10, c11 := c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11]
	if order <= 8 {
		for i := 8; i < len(s); i++ {
			p := s[i-8 : i : i]
			_ = p[7]
			sum := c4*int64(p[0]) + c5*int64(p[1]) + c6*int64(p[2]) + c7*int64(p[3]) +
				c8*int64(p[4]) + c9*int64(p[5]) + c10*int64(p[6]) + c11*int64(p[7])
			s[i] += T(sum >> shift)
		}
		return
	}
	for i := 12; i < len(s); i++ {
		p := s[i-12 : i : i]
		_ = p[11]
		sum := c0*int64(p[0]) + c1*int64(p[1]) + c2*int64(p[2]) + c3*int64(p[3]) +
			c4*int64(p[4]) + c5*int64(p[5]) + c6*int64(p[6]) + c7*int64(p[7]) +
			c8*int64(p[8]) + c9*int64(p[9]) + c10*int64(p[10]) + c11*int64(p[11])
		s[i] += T(sum >> shift)
	}
}

// flacResidual decodes the Rice-coded residual into s from order on (9.2.7).
func flacResidual[T int32 | int64](r *bitReader, s []T, order int) error {
	method := r.read(2)
	if method > 1 {
		return fmt.Errorf("%w: bad residual", ErrDamaged)
	}
	width, escape := 4, uint64(15)
	if method == 1 {
		width, escape = 5, 31
	}
	parts := 1 << r.read(4)
	per := len(s) / parts
	if per*parts != len(s) || per < order {
		return fmt.Errorf("%w: bad residual partitions", ErrDamaged)
	}
	at := order
	for p := range parts {
		end := (p + 1) * per
		k := r.read(width)
		part := s[at:end]
		if k == escape {
			bits := int(r.read(5))
			for i := range part {
				part[i] = T(r.signed(bits))
			}
		} else {
			decodeRice(r, part, uint(k))
		}
		if r.over() {
			return errFLACShort
		}
		at = end
	}
	return nil
}

// decodeRice decodes Rice codes of parameter k. The reader's cache lives in registers meanwhile.
func decodeRice[T int32 | int64](r *bitReader, dst []T, k uint) {
	cache, n, pos, b := r.cache, r.n, r.pos, r.b
	for i := range dst {
		if n < 40 {
			if pos+8 > len(b) {
				r.cache, r.n, r.pos = cache, n, pos
				slowRice(r, dst[i:], k)
				return
			}
			cache |= binary.BigEndian.Uint64(b[pos:]) >> n
			pos += int((63 - n) >> 3)
			n |= 56
		}
		z := uint(bits.LeadingZeros64(cache))
		if z+1+k > n {
			r.cache, r.n, r.pos = cache, n, pos
			slowRice(r, dst[i:i+1], k)
			cache, n, pos = r.cache, r.n, r.pos
			continue
		}
		cache <<= z + 1
		u := uint64(z)<<k | cache>>1>>(63-k)
		cache <<= k
		n -= z + 1 + k
		dst[i] = T(u>>1) ^ -T(u&1)
	}
	r.cache, r.n, r.pos = cache, n, pos
}

// slowRice is decodeRice near the end of the bytes and for long codes.
func slowRice[T int32 | int64](r *bitReader, dst []T, k uint) {
	for i := range dst {
		u := uint64(r.unary())<<k | r.read(int(k))
		dst[i] = T(u>>1) ^ -T(u&1)
	}
}
