package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/jfreymuth/vorbis"
)

// maxVorbisChannels is the most for which Vorbis says what the channels are.
const maxVorbisChannels = 8

func parseVorbis(in *input, off int64) (*track, error) {
	t := &track{Info: Info{Format: Vorbis, Frames: -1}, Tags: newTags()}
	heads, serial, err := vorbisHeaders(newOggReader(in.section(off)))
	if err != nil {
		return nil, err
	}
	id := heads[0]
	if len(id) < 30 || binary.LittleEndian.Uint32(id[7:]) != 0 {
		return nil, fmt.Errorf("%w: bad identification header", ErrDamaged)
	}
	t.Channels = int(id[11])
	t.Rate = int(binary.LittleEndian.Uint32(id[12:]))
	if t.Channels > maxVorbisChannels {
		return nil, fmt.Errorf("%w: %d channels", ErrUnsupported, t.Channels)
	}
	if small, large := id[28]&15, id[28]>>4; small < 6 || large > 13 || small > large {
		return nil, fmt.Errorf("%w: bad block sizes", ErrDamaged)
	}
	if err := checkVorbisSetup(heads[2]); err != nil {
		return nil, err
	}
	readVorbisComment(heads[1][7:], &t.Tags)
	// A packet has at least one byte and gives at most half a block of 8192: a position beyond
	// that is a lie.
	if g := lastGranule(in, serial); g > 0 && g/4096 <= in.size {
		t.Frames = g
	}
	t.open = func() (source, error) { return openVorbis(in.section(off)) }
	return t, nil
}

// vorbisHeaders reads the three header packets.
func vorbisHeaders(o *oggReader) (heads [3][]byte, serial uint32, err error) {
	for n := 0; n < 3; {
		p, err := o.next()
		if err != nil {
			return heads, 0, fmt.Errorf("%w: the headers are cut off", ErrDamaged)
		}
		for _, packet := range p.packets {
			if n == 3 {
				break // sound must begin on a page of its own, but some do not
			}
			if len(packet) < 7 || packet[0] != byte(1+2*n) || string(packet[1:7]) != "vorbis" {
				return heads, 0, fmt.Errorf("%w: bad header", ErrDamaged)
			}
			heads[n] = packet
			n++
		}
	}
	return heads, o.serial, nil
}

// vorbisSource decodes page by page, since a page's position says where its sound begins or
// ends.
type vorbisSource struct {
	file     *io.SectionReader
	ogg      *oggReader
	dec      vorbis.Decoder
	channels int
	order    []int // which decoded channel goes where
	pos      int64 // frames so far, by the stream's own count
	first    bool
	out      []float32
	page     []float32
	packet   []float32
	fail     error
}

// vorbisOrder puts the channels in the order of WAV: "Vorbis I specification", 4.3.9.
var vorbisOrder = map[int][]int{
	3: {0, 2, 1}, 5: {0, 2, 1, 3, 4}, 6: {0, 2, 1, 5, 3, 4}, 7: {0, 2, 1, 6, 5, 3, 4}, 8: {0, 2, 1, 7, 5, 6, 3, 4},
}

func openVorbis(r *io.SectionReader) (source, error) {
	s := &vorbisSource{file: r, ogg: newOggReader(r), first: true}
	heads, _, err := vorbisHeaders(s.ogg)
	if err != nil {
		return nil, err
	}
	// The comment header is kept from the library, which would allocate whatever it claims.
	for _, h := range [...][]byte{heads[0], heads[2]} {
		if err := s.dec.ReadHeader(h); err != nil {
			return nil, fmt.Errorf("%w: the decoder refuses its set-up: %w", ErrUnsupported, err)
		}
	}
	s.channels = s.dec.Channels()
	s.order = vorbisOrder[s.channels]
	s.packet = make([]float32, s.dec.BufferSize())
	return s, nil
}

func (s *vorbisSource) read(dst []float32) (int, error) {
	n := 0
	for n < len(dst) {
		if len(s.out) == 0 {
			if s.fail == nil {
				s.fail = s.decodePage()
			}
			if len(s.out) == 0 && s.fail != nil {
				return n, s.fail
			}
			continue
		}
		c := copy(dst[n:], s.out)
		s.out = s.out[c:]
		n += c
	}
	return n, nil
}

func (s *vorbisSource) progress() float64 {
	at, err := s.file.Seek(0, io.SeekCurrent)
	if err != nil || s.file.Size() == 0 {
		return 1
	}
	return float64(at) / float64(s.file.Size())
}

// decodePage decodes the packets of the next page into s.out.
func (s *vorbisSource) decodePage() error {
	p, err := s.ogg.next()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the last page is cut off", ErrDamaged)
	}
	if err != nil {
		return err
	}
	s.page = s.page[:0]
	for i, packet := range p.packets {
		if i == 0 && p.broken || len(packet) == 0 {
			continue
		}
		out, err := s.dec.DecodeInto(packet, s.packet)
		if err != nil {
			continue // a bad packet is passed over, as the specification asks (4.3)
		}
		s.page = append(s.page, out...)
	}
	frames := int64(len(s.page) / s.channels)
	s.out = s.page
	if p.granule >= 0 && len(p.packets) > 0 {
		surplus := s.pos + frames - p.granule
		switch {
		case surplus <= 0 || surplus > frames:
		case p.last:
			s.out = s.page[:(frames-surplus)*int64(s.channels)]
		case s.first && frames > 0:
			// The stream begins before its zero: "Vorbis I specification", A.2.
			s.out = s.page[surplus*int64(s.channels):]
		}
		s.pos = p.granule
		if frames > 0 {
			s.first = false
		}
	} else {
		s.pos += frames
	}
	s.reorder()
	if p.last {
		return io.EOF
	}
	return nil
}

func (s *vorbisSource) reorder() {
	if s.order == nil {
		return
	}
	var frame [maxVorbisChannels]float32
	for i := 0; i+s.channels <= len(s.out); i += s.channels {
		copy(frame[:], s.out[i:i+s.channels])
		for to, from := range s.order {
			s.out[i+to] = frame[from]
		}
	}
}

// maxCodebook bounds the values of all codebooks of a stream together. Those of libvorbis need
// less than a twentieth.
const maxCodebook = 4 << 20

var errVorbisSetup = fmt.Errorf("%w: bad setup header", ErrDamaged)

// checkVorbisSetup walks over the codebooks of a setup header ("Vorbis I specification", 3.2.1)
// and refuses what would make the library allocate without bound or loop for ever.
func checkVorbisSetup(b []byte) error {
	r := lsbReader{b: b[7:]}
	values := 0
	for range int(r.read(8)) + 1 {
		if r.read(24) != 0x564342 {
			return errVorbisSetup
		}
		dims, entries := int(r.read(16)), int(r.read(24))
		if values += entries*max(dims, 1) + 2*entries; values > maxCodebook || entries == 0 || dims == 0 {
			return errVorbisSetup
		}
		if r.read(1) == 0 { // lengths one by one
			sparse := r.read(1) == 1
			for range entries {
				if !sparse || r.read(1) == 1 {
					r.read(5)
				}
			}
		} else {
			length := r.read(5) + 1
			for n := 0; n < entries; length++ {
				n += int(r.read(bits.Len(uint(entries - n))))
				if n > entries || length > 32 || r.over {
					return errVorbisSetup
				}
			}
		}
		switch kind := r.read(4); kind {
		case 0:
		case 1, 2:
			r.read(32)
			r.read(32)
			width := int(r.read(4)) + 1
			r.read(1)
			n := entries * dims
			if kind == 1 {
				n = lookup1(entries, dims)
			}
			for range n {
				r.read(width)
				if r.over {
					return errVorbisSetup
				}
			}
		default:
			return errVorbisSetup
		}
		if r.over {
			return errVorbisSetup
		}
	}
	return nil
}

// lookup1 is the largest n with n^dims <= entries (9.2.3).
func lookup1(entries, dims int) int {
	fits := func(n int) bool {
		p := 1
		for range dims {
			if p *= n; p > entries {
				return false
			}
			if n == 1 {
				return true
			}
		}
		return true
	}
	n := 1
	for fits(n + 1) {
		n++
	}
	return n
}

// lsbReader reads bits from the least significant on, as Vorbis packs them.
type lsbReader struct {
	b    []byte
	pos  int
	over bool
}

// read gives the next w bits, w up to 32.
func (r *lsbReader) read(w int) uint32 {
	if r.pos+w > 8*len(r.b) {
		r.over = true
		return 0
	}
	v := uint64(0)
	for got := 0; got < w; {
		bit := r.pos % 8
		n := min(8-bit, w-got)
		v |= uint64(r.b[r.pos/8]>>bit&(1<<n-1)) << got
		r.pos += n
		got += n
	}
	return uint32(v)
}
