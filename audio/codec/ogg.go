package codec

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// oggPage is one page of the logical stream that is followed: RFC 3533, section 6.
type oggPage struct {
	packets [][]byte // those that end on this page
	granule int64    // position at the end of the last of them, -1 when none ends here
	last    bool     // the stream ends here
	broken  bool     // the first packet lacks its beginning
}

// oggReader reads the pages of the first logical stream. The largest packet kept is maxTagChunk;
// what is longer is cut, which only pictures in comments are.
type oggReader struct {
	r      *bufio.Reader
	serial uint32
	begun  bool
	rest   []byte // a packet that goes on
	page   []byte
}

func newOggReader(r io.Reader) *oggReader {
	return &oggReader{r: bufio.NewReaderSize(r, 64<<10)}
}

// oggSearch is how far the next page is looked for after damage.
const oggSearch = 256 << 10

// next reads the next page of the stream. io.EOF is the end, io.ErrUnexpectedEOF a cut page.
func (o *oggReader) next() (*oggPage, error) {
	for {
		if err := o.sync(); err != nil {
			return nil, err
		}
		head, err := o.r.Peek(27)
		if err != nil {
			return nil, cutShort(err)
		}
		segments := int(head[26])
		head, err = o.r.Peek(27 + segments)
		if err != nil {
			return nil, cutShort(err)
		}
		size := 27 + segments
		for _, s := range head[27:] {
			size += int(s)
		}
		o.page = sized(o.page, size)
		if _, err := io.ReadFull(o.r, o.page); err != nil {
			return nil, cutShort(err)
		}
		sum := binary.LittleEndian.Uint32(o.page[22:])
		clear(o.page[22:26])
		if oggCRC(o.page) != sum && !ignoreChecksums {
			return nil, fmt.Errorf("%w: wrong checksum of an Ogg page", ErrDamaged)
		}
		serial := binary.LittleEndian.Uint32(o.page[14:])
		if !o.begun {
			o.serial, o.begun = serial, true
		}
		if serial == o.serial {
			return o.split(o.page, segments), nil
		}
	}
}

// cutShort makes an end within a page io.ErrUnexpectedEOF; other errors stay.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// split cuts a page into packets.
func (o *oggReader) split(b []byte, segments int) *oggPage {
	p := &oggPage{granule: int64(binary.LittleEndian.Uint64(b[6:])), last: b[5]&4 != 0}
	if b[5]&1 == 0 {
		o.rest = nil
	} else if o.rest == nil {
		p.broken = true
	}
	lacing, body := b[27:27+segments], b[27+segments:]
	packet, open := o.rest, b[5]&1 != 0
	o.rest = nil
	for _, s := range lacing {
		if len(packet)+int(s) <= maxTagChunk {
			packet = append(packet, body[:s]...)
		}
		body = body[s:]
		open = true
		if s < 255 {
			p.packets = append(p.packets, packet)
			packet, open = nil, false
		}
	}
	if open {
		if packet == nil {
			packet = []byte{}
		}
		o.rest = packet
	}
	return p
}

// sync goes to the next page.
func (o *oggReader) sync() error {
	for skipped := 0; skipped < oggSearch; {
		b, err := o.r.Peek(4)
		if len(b) < 4 {
			if errors.Is(err, io.EOF) {
				return io.EOF
			}
			return err
		}
		if string(b) == "OggS" {
			return nil
		}
		n, _ := o.r.Discard(1)
		skipped += n
	}
	return fmt.Errorf("%w: no Ogg page where one should begin", ErrDamaged)
}

// lastGranule is the position on the last page of the stream, -1 when there is none.
func lastGranule(in *input, serial uint32) int64 {
	const most = 27 + 255 + 255*255
	from := max(0, in.size-2*most)
	b := make([]byte, in.size-from)
	n, err := in.ReadAt(b, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return -1
	}
	for b = b[:n]; ; {
		i := bytes.LastIndex(b, []byte("OggS"))
		if i < 0 {
			return -1
		}
		if p := b[i:]; len(p) >= 27 && binary.LittleEndian.Uint32(p[14:]) == serial {
			if g := int64(binary.LittleEndian.Uint64(p[6:])); g >= 0 {
				return g
			}
		}
		b = b[:i]
	}
}

var oggTable = func() (t [256]uint32) {
	for i := range 256 {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04C11DB7
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}()

func oggCRC(b []byte) (c uint32) {
	for _, v := range b {
		c = c<<8 ^ oggTable[byte(c>>24)^v]
	}
	return c
}
