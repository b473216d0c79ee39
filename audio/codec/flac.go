package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
	// A frame has at least 11 bytes and at most 65,536 samples of each channel: what claims more
	// does not know.
	if info.frames > 0 && info.frames <= (in.size-pos)/11*65_536 {
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
