package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// FLAC by RFC 9639; the section numbers below are its.

// flacInfo is the STREAMINFO block (8.2).
type flacInfo struct {
	rate, channels, bits int
	frames               int64 // 0: not known
}

func parseFLAC(in *input, off int64) (*track, error) {
	t := &track{Info: Info{Format: FLAC, Frames: -1}, Tags: newTags()}
	var info *flacInfo
	var riff riffTags
	pos := off + 4
	for last := false; !last; {
		h, err := in.peek(pos, 4)
		if err != nil {
			return nil, err
		}
		if len(h) < 4 {
			return nil, fmt.Errorf("%w: metadata is cut off", ErrDamaged)
		}
		last = h[0]&0x80 != 0
		kind := h[0] & 0x7F
		n := int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3])
		c := chunk{off: pos + 4, end: min(pos+4+n, in.size)}
		pos = c.off + n
		if kind != 0 && kind != 2 && kind != 4 {
			continue
		}
		b, err := c.body(in)
		if err != nil {
			return nil, err
		}
		switch kind {
		case 0:
			if info == nil {
				if info, err = parseStreamInfo(b); err != nil {
					return nil, err
				}
			}
		case 2: // foreign metadata: `flac --keep-foreign-metadata` keeps the chunks of a WAV here
			if len(b) > 12 && string(b[:4]) == "riff" {
				riff.chunk(string(b[4:8]), b[12:], binary.LittleEndian, &t.Tags)
			}
		case 4:
			readVorbisComment(b, &t.Tags)
		}
	}
	if info == nil {
		return nil, fmt.Errorf("%w: no STREAMINFO", ErrDamaged)
	}
	riff.finish(&t.Tags)
	t.Rate, t.Channels, t.BitDepth = info.rate, info.channels, info.bits
	if info.frames > 0 {
		t.Frames = info.frames
	}
	t.open = func() (source, error) {
		return &flacSource{r: in.section(pos), info: *info}, nil
	}
	return t, nil
}

func parseStreamInfo(b []byte) (*flacInfo, error) {
	if len(b) < 34 {
		return nil, fmt.Errorf("%w: STREAMINFO of %d bytes", ErrDamaged, len(b))
	}
	v := binary.BigEndian.Uint64(b[10:])
	return &flacInfo{
		rate:     int(v >> 44),
		channels: int(v>>41&7) + 1,
		bits:     int(v>>36&31) + 1,
		frames:   int64(v & (1<<36 - 1)),
	}, nil
}

// flacSource decodes frame by frame.
type flacSource struct {
	r    *io.SectionReader
	info flacInfo

	buf  []byte // buf[pos:] is read and not yet decoded
	pos  int
	eof  bool
	done int64 // frames decoded

	dec  flacDecoder
	out  []float32 // interleaved samples of the current frame, not yet handed out
	fail error
}

const (
	flacBuffer = 256 << 10
	// flacMaxFrame bounds one coded frame: the largest block of 8 channels of 32 bits verbatim
	// has 2 MiB; Rice codes of a hostile file may be longer.
	flacMaxFrame = 8 << 20
)

func (s *flacSource) read(dst []float32) (int, error) {
	n := 0
	for n < len(dst) {
		if len(s.out) == 0 {
			if s.fail == nil {
				s.fail = s.frame()
			}
			if s.fail != nil {
				return n, s.fail
			}
		}
		c := copy(dst[n:], s.out)
		s.out = s.out[c:]
		n += c
	}
	return n, nil
}

func (s *flacSource) progress() float64 {
	at, err := s.r.Seek(0, io.SeekCurrent)
	if err != nil || s.r.Size() == 0 {
		return 1
	}
	return float64(at-int64(len(s.buf)-s.pos)) / float64(s.r.Size())
}

// fetch reads more, growing the buffer when all of it is one unfinished frame.
func (s *flacSource) fetch() error {
	if s.eof {
		return io.ErrUnexpectedEOF
	}
	rest := copy(s.buf, s.buf[s.pos:])
	s.pos = 0
	switch {
	case s.buf == nil:
		s.buf = make([]byte, min(flacBuffer, max(s.r.Size(), 64)))
	case rest == cap(s.buf):
		if rest >= flacMaxFrame {
			return fmt.Errorf("%w: a frame of more than %d bytes", ErrDamaged, flacMaxFrame)
		}
		grown := make([]byte, 2*rest)
		copy(grown, s.buf)
		s.buf = grown
	}
	s.buf = s.buf[:cap(s.buf)]
	n, err := io.ReadFull(s.r, s.buf[rest:])
	s.buf = s.buf[:rest+n]
	if err != nil {
		s.eof = true
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
	}
	return nil
}

// frame decodes the next frame into s.out.
func (s *flacSource) frame() error {
	// A short look-ahead saves decoding a frame twice in nearly all cases.
	if len(s.buf)-s.pos < cap(s.buf)/4 && !s.eof || s.buf == nil {
		if err := s.fetch(); err != nil {
			return err
		}
	}
	for {
		rest := s.buf[s.pos:]
		if s.eof && s.ends(rest) {
			return io.EOF
		}
		n, err := s.dec.decode(rest, &s.info)
		if errors.Is(err, errFLACShort) {
			if !s.eof {
				if err := s.fetch(); err != nil {
					return err
				}
				continue
			}
			return fmt.Errorf("%w: the last frame is cut off", ErrDamaged)
		}
		if err != nil {
			if s.info.frames > 0 && s.done >= s.info.frames {
				return io.EOF // something foreign is appended
			}
			return err
		}
		s.pos += n
		s.done += int64(s.dec.size)
		s.out = s.dec.interleave(s.info.bits)
		return nil
	}
}

// ends says whether what is left holds no frame: nothing, padding, or an ID3v1 tag.
func (s *flacSource) ends(rest []byte) bool {
	if len(rest) == 0 || len(rest) == 128 && string(rest[:3]) == "TAG" {
		return true
	}
	for _, b := range rest {
		if b != 0 {
			return false
		}
	}
	return true
}

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
