package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	gomp3 "github.com/hajimehoshi/go-mp3"
)

// mp3Header is one MPEG audio layer III frame header: ISO/IEC 11172-3, 2.4.2.3.
type mp3Header struct {
	version  int // 0 MPEG 1, 1 MPEG 2, 2 MPEG 2.5
	rate     int
	channels int
	size     int // bytes of the frame with its header
	samples  int // per channel
	crc      bool
}

var mp3Bitrates = [2][16]int{
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
}

func parseMP3Header(b []byte) (h mp3Header, ok bool) {
	if len(b) < 4 || b[0] != 0xFF || b[1]&0xE6 != 0xE2 {
		return h, false // no sync, or not layer III
	}
	version := [4]int{2, -1, 1, 0}[b[1]>>3&3]
	bitrate, rate := int(b[2]>>4), int(b[2]>>2&3)
	if version < 0 || bitrate == 0 || bitrate == 15 || rate == 3 || b[3]&3 == 2 {
		return h, false
	}
	h = mp3Header{version: version, channels: 2, samples: 1152, crc: b[1]&1 == 0}
	if b[3]>>6 == 3 {
		h.channels = 1
	}
	h.rate = [3]int{44100, 48000, 32000}[rate] >> version
	kbit := mp3Bitrates[min(version, 1)][bitrate]
	if version > 0 {
		h.samples = 576
	}
	h.size = h.samples/8*kbit*1000/h.rate + int(b[2]>>1&1)
	return h, true
}

// fits says whether o can follow h in one stream.
func (h mp3Header) fits(o mp3Header) bool {
	return h.version == o.version && h.rate == o.rate && h.channels == o.channels
}

// mp3Search is how far into a file the first frame may lie.
const mp3Search = 4 << 10

// findMP3 looks for the first frame in b: one that is followed by another, or by the end of what
// is seen if partial.
func findMP3(b []byte, partial bool) (off int, ok bool) {
	for off = 0; off+4 <= len(b) && off <= mp3Search; off++ {
		h, ok := parseMP3Header(b[off:])
		if !ok {
			continue
		}
		second := off + h.size
		if second+4 > len(b) {
			// Nothing to compare with: believed only at the very beginning.
			if off == 0 && partial && len(b) < SniffLen {
				return off, true
			}
			continue
		}
		o, ok := parseMP3Header(b[second:])
		if !ok || !h.fits(o) {
			continue
		}
		if third := second + o.size; third+4 <= len(b) {
			if p, ok := parseMP3Header(b[third:]); !ok || !h.fits(p) {
				continue
			}
		}
		return off, true
	}
	return 0, false
}

// mp3Walk goes from frame to frame and over whatever lies between them.
type mp3Walk struct {
	in    *input
	pos   int64
	first mp3Header
}

// mp3Resync is how far a frame is looked for after the last one before the stream counts as
// ended.
const mp3Resync = 256 << 10

// next returns the next whole frame, nil at the end. The slice is valid until the next call.
func (w *mp3Walk) next() ([]byte, error) {
	for skipped := 0; skipped < mp3Resync; {
		b, err := w.in.peek(w.pos, 4)
		if err != nil {
			return nil, err
		}
		if len(b) < 4 {
			return nil, nil
		}
		h, ok := parseMP3Header(b)
		if ok && w.first.fits(h) {
			// After junk a header must be followed by another, or it is chance.
			if skipped > 0 && !w.followed(h) {
				ok = false
			}
		} else {
			ok = false
		}
		if !ok {
			w.pos++
			skipped++
			continue
		}
		frame, err := w.in.peek(w.pos, h.size)
		if err != nil || len(frame) < h.size {
			return nil, err
		}
		w.pos += int64(h.size)
		return frame, nil
	}
	return nil, nil
}

func (w *mp3Walk) followed(h mp3Header) bool {
	b, err := w.in.peek(w.pos+int64(h.size), 4)
	if err != nil {
		return false
	}
	o, ok := parseMP3Header(b)
	return ok && h.fits(o)
}

func parseMP3(in *input, off int64) (*track, error) {
	t := &track{Info: Info{Format: MP3}, Tags: newTags()}
	head, err := in.peek(off, SniffLen)
	if err != nil {
		return nil, err
	}
	skip, ok := findMP3(head, true)
	if !ok {
		return nil, fmt.Errorf("%w: no MPEG audio layer III frames", ErrUnknownFormat)
	}
	off += int64(skip)
	first, _ := parseMP3Header(head[skip:])
	if first.version > 0 {
		// go-mp3 0.3.4 refuses MPEG 2.5 and makes noise of MPEG 2, with errors of full scale
		// against ffmpeg. An honest refusal is better.
		return nil, fmt.Errorf("%w: MP3 at %d Hz; convert it to WAV or FLAC", ErrUnsupported, first.rate)
	}
	walk := mp3Walk{in: in, pos: off, first: first}
	frame, err := walk.next()
	if err != nil {
		return nil, err
	}
	gap, info := parseXing(frame, first)
	if info {
		off = walk.pos // the frame of the tag holds silence
	} else {
		walk.pos = off
	}
	frames := int64(0)
	for {
		frame, err := walk.next()
		if err != nil {
			return nil, err
		}
		if frame == nil {
			break
		}
		frames++
	}
	t.Rate, t.Channels = first.rate, first.channels
	t.Frames = max(0, frames*int64(first.samples)-gap.start-gap.end)
	t.Truncated = gap.frames > frames
	t.counted = true
	length := t.Frames
	t.open = func() (source, error) {
		return openMP3(&mp3Walk{in: in, pos: off, first: first}, gap.start, length)
	}
	return t, nil
}

// embeddedMP3 reads the MPEG stream in a WAV file's data chunk.
func (t *track) embeddedMP3(in *input, data chunk) error {
	sub := &input{ReaderAt: io.NewSectionReader(in.ReaderAt, data.off, data.end-data.off), size: data.end - data.off}
	m, err := parseMP3(sub, 0)
	if err != nil {
		return err
	}
	t.open, t.counted = m.open, m.counted
	t.Rate, t.Channels, t.BitDepth, t.Frames, t.Truncated = m.Rate, m.Channels, 0, m.Frames, m.Truncated
	return nil
}

// mp3Gap is the silence that coding adds, which a loop must not have.
type mp3Gap struct {
	start, end int64 // frames to drop
	frames     int64 // MPEG frames that the tag promises, 0 when it does not say
}

// mp3DecoderDelay is what every decoder's filter bank adds: 528 samples and 1 (LAME, "Technical
// FAQ").
const mp3DecoderDelay = 529

// parseXing reads the Xing or Info tag with LAME's delays (gabriel.mp3-tech.org, "Mp3 Info Tag
// rev 1"). info is true when the frame is such a tag and holds no sound.
func parseXing(frame []byte, h mp3Header) (gap mp3Gap, info bool) {
	side := [2][3]int{{0, 17, 32}, {0, 9, 17}}[min(h.version, 1)][h.channels]
	at := 4 + side
	if h.crc {
		at += 2
	}
	if len(frame) < at+8 {
		return gap, false
	}
	b := frame[at:]
	if id := string(b[:4]); id != "Xing" && id != "Info" {
		// Fraunhofer's VBRI lies at a fixed place.
		return gap, len(frame) >= 40 && string(frame[36:40]) == "VBRI"
	}
	flags := binary.BigEndian.Uint32(b[4:])
	b = b[8:]
	if flags&1 != 0 && len(b) >= 4 {
		gap.frames = int64(binary.BigEndian.Uint32(b))
	}
	skip := 0
	for i, n := range [...]int{4, 4, 100, 4} {
		if flags&(1<<i) != 0 {
			skip += n
		}
	}
	if len(b) < skip+24 {
		return gap, true
	}
	b = b[skip:]
	if b[0] == 0 { // no encoder named: no delays either
		return gap, true
	}
	delay := int64(b[21])<<4 | int64(b[22]>>4)
	padding := int64(b[22]&15)<<8 | int64(b[23])
	if delay == 0 && padding == 0 {
		return gap, true
	}
	gap.start = delay + mp3DecoderDelay
	gap.end = max(0, padding-mp3DecoderDelay)
	return gap, true
}

// mp3Source decodes with go-mp3, which gives 16-bit stereo whatever goes in.
type mp3Source struct {
	dec      *gomp3.Decoder
	channels int
	skip     int64 // frames still to drop
	left     int64 // frames still to give
	buf      []byte
}

func openMP3(w *mp3Walk, skip, length int64) (source, error) {
	dec, err := gomp3.NewDecoder(&mp3Reader{walk: w})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return &mp3Source{dec: dec, channels: w.first.channels, skip: skip, left: length, buf: make([]byte, 32<<10)}, nil
}

func (s *mp3Source) read(dst []float32) (int, error) {
	total := 0
	for len(dst) >= s.channels {
		if s.left == 0 {
			return total, io.EOF
		}
		want := int64(len(dst) / s.channels)
		if s.skip > 0 {
			want = s.skip
		}
		b := s.buf[:min(want, s.left+s.skip, int64(len(s.buf)/4))*4]
		n, err := io.ReadFull(s.dec, b)
		b = b[:n-n%4]
		if s.skip > 0 {
			s.skip -= int64(len(b) / 4)
			b = nil
		}
		for i := 0; i+4 <= len(b); i += 4 {
			dst[0] = float32(int16(binary.LittleEndian.Uint16(b[i:]))) * scale16
			if s.channels == 2 {
				dst[1] = float32(int16(binary.LittleEndian.Uint16(b[i+2:]))) * scale16
			}
			dst = dst[s.channels:]
		}
		s.left -= int64(len(b) / 4)
		total += len(b) / 4 * s.channels
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return total, io.EOF
		case err != nil:
			return total, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return total, nil
}

// mp3Reader is the frames of a walk as a stream of bytes.
type mp3Reader struct {
	walk *mp3Walk
	rest []byte
}

func (r *mp3Reader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		frame, err := r.walk.next()
		if err != nil {
			return 0, err
		}
		if frame == nil {
			return 0, io.EOF
		}
		r.rest = frame
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
