package codec

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"sampleagent/audio/pcm"
)

// source gives interleaved samples. It fills dst, whose length is a multiple of the channel
// count, with whole frames; n counts samples. At the end it returns io.EOF, with or after the
// last samples.
type source interface {
	read(dst []float32) (n int, err error)
}

// track is a header understood: what is known, and how to get at the sound.
type track struct {
	Info
	Tags
	// open starts reading from the first frame. It can be called again to start over.
	open func() (source, error)
	// counted: Frames rests on bytes that are really there, not on a claim.
	counted bool
}

// Stream is a file being decoded, for those who want it in pieces.
type Stream struct {
	Info
	Tags
	src  source
	left int64    // samples until the limit
	file *os.File // to be closed; nil when the caller has it
}

// Open reads the header of r and gets ready to decode from its first frame. Info.Frames is what
// the header says, or -1.
func Open(r io.ReadSeeker, lim Limits) (*Stream, error) {
	t, err := parse(r, lim)
	if err != nil {
		return nil, err
	}
	most := lim.orDefault().samples(t.Channels)
	if t.counted && t.Frames*int64(t.Channels) > most {
		return nil, fmt.Errorf("%s: %w", t.Format, ErrTooLarge)
	}
	src, err := t.begin()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Format, err)
	}
	return &Stream{Info: t.Info, Tags: t.Tags, src: src, left: most}, nil
}

// Read fills dst with whole interleaved frames and returns how many samples it wrote. dst must
// hold at least one frame. The end is io.EOF; damage in the middle of a compressed file is told
// as ErrDamaged after the last good frame.
func (s *Stream) Read(dst []float32) (int, error) {
	dst = dst[:len(dst)-len(dst)%s.Channels]
	if len(dst) == 0 {
		return 0, io.ErrShortBuffer
	}
	n, err := s.src.read(dst)
	s.left -= int64(n)
	if s.left < 0 {
		return 0, fmt.Errorf("%s: %w", s.Format, ErrTooLarge)
	}
	if n == 0 && err == nil {
		err = errNoProgress
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s: %w", s.Format, err)
	}
	return n, err
}

// Close lets go of the file that OpenFileSum opened.
func (s *Stream) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Probe reads the header and the tags only. Frames is what the header claims as far as the
// file's size allows, or -1.
func Probe(r io.ReadSeeker) (Info, Tags, error) {
	t, err := parse(r, Limits{})
	if err != nil {
		return Info{}, Tags{}, err
	}
	return t.Info, t.Tags, nil
}

// Decode reads all of r. A damaged or cut file gives what could be read, with Truncated set; it
// is an error only when nothing could.
func Decode(ctx context.Context, r io.ReadSeeker, lim Limits) (*Clip, error) {
	t, err := parse(r, lim)
	if err != nil {
		return nil, err
	}
	return t.collect(ctx, lim.orDefault())
}

// DecodeFile is Decode of a file on disk; its errors name the path. What the header and the tags
// do not say of tempo and key is filled in from the file's name.
func DecodeFile(ctx context.Context, path string, lim Limits) (*Clip, error) {
	f, _, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := Decode(ctx, f, lim)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", path, err)
	}
	c.FillFromName(path)
	return c, nil
}

// openRegular opens a file but nothing else: a named pipe would wait for ever.
func openRegular(path string) (*os.File, int64, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !fi.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("decode %s: %w: not a file", path, ErrUnknownFormat)
	}
	f, err := os.Open(path)
	return f, fi.Size(), err
}

// smallFile is read into memory as a whole for its hash and its sound; larger ones are read a
// second time, from the page cache as a rule, so that memory stays bounded.
const smallFile = 16 << 20

// OpenFileSum is Open of a file on disk, with the SHA-256 of its bytes in hexadecimal. What the
// header and the tags do not say of tempo and key is filled in from the file's name. The sum is
// given also when the file is no sound, as long as it can be read; errors name the path.
func OpenFileSum(ctx context.Context, path string, lim Limits) (s *Stream, sum string, err error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if s == nil || s.file == nil {
			err = errors.Join(err, f.Close())
		}
	}()
	h := sha256.New()
	r := io.ReadSeeker(f)
	if size <= smallFile {
		b := make([]byte, size)
		n, err := io.ReadFull(f, b)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, "", err
		}
		h.Write(b[:n])
		r = bytes.NewReader(b[:n])
	} else if err := hashAll(ctx, h, f); err != nil {
		return nil, "", fmt.Errorf("read %s: %w", path, err)
	}
	sum = hex.EncodeToString(h.Sum(nil))
	if s, err = Open(r, lim); err != nil {
		return nil, sum, fmt.Errorf("decode %s: %w", path, err)
	}
	s.FillFromName(path)
	if r == f {
		s.file = f
	}
	return s, sum, nil
}

// hashAll reads r to its end into h.
func hashAll(ctx context.Context, h io.Writer, r io.Reader) error {
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if _, err := h.Write(buf[:n]); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// parse finds the format and reads the header.
func parse(r io.ReadSeeker, lim Limits) (t *track, err error) {
	defer caught(&err)
	in, err := newInput(r)
	if err != nil {
		return nil, err
	}
	f, off, err := sniffInput(in)
	if err != nil {
		return nil, err
	}
	switch f {
	case WAV:
		t, err = parseWAV(in, off)
	case AIFF:
		t, err = parseAIFF(in, off)
	case FLAC:
		t, err = parseFLAC(in, off)
	case MP3:
		t, err = parseMP3(in, off)
	case Vorbis:
		t, err = parseVorbis(in, off)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f, err)
	}
	if err := lim.orDefault().check(t.Info); err != nil {
		return nil, fmt.Errorf("%s: %w", f, err)
	}
	return t, t.leadingID3(in, off)
}

// leadingID3 reads the tag that lies before the format proper, as in every MP3 and in some others.
func (t *track) leadingID3(in *input, off int64) error {
	if off == 0 {
		return nil
	}
	b, err := chunk{end: min(off, in.size)}.body(in)
	if err != nil {
		return err
	}
	tag := newTags()
	readID3(b, &tag)
	t.merge(tag)
	return nil
}

// begin opens the source behind a recover.
func (t *track) begin() (src source, err error) {
	defer caught(&err)
	if src, err = t.open(); err != nil {
		return nil, err
	}
	return guarded{src}, nil
}

// guarded turns a panic of a decoder into an error.
type guarded struct{ source }

func (g guarded) read(dst []float32) (n int, err error) {
	defer caught(&err)
	return g.source.read(dst)
}

func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: the decoder gave up: %v", ErrDamaged, p)
	}
}

const (
	// slackSamples is what a header's claim may cost before it is checked: 16 MiB.
	slackSamples = 4 << 20
	// blockSamples is what is decoded between two looks at the context.
	blockSamples = 64 << 10
)

// collect decodes everything into one slice.
//
// A claimed length that does not rest on the file's own bytes is taken at its word only up to
// slackSamples, so that a lie costs at most 16 MiB. Once that much is decoded, a claim counts as
// true when it fits the share of the file that it took. For others the rest is decoded for
// counting, and all of it again into a slice that fits.
func (t *track) collect(ctx context.Context, lim Limits) (*Clip, error) {
	most := lim.samples(t.Channels)
	claim := t.Frames * int64(t.Channels)
	if t.counted && claim > most {
		return nil, fmt.Errorf("%s: %w", t.Format, ErrTooLarge)
	}
	room := claim
	switch {
	case claim < 0:
		room = blockSamples * int64(t.Channels)
	case !t.counted:
		room = min(claim, slackSamples-slackSamples%int64(t.Channels))
	}
	buf, err := t.decode(ctx, room, most)
	switch {
	case errors.Is(err, io.EOF):
	case errors.Is(err, ErrDamaged) && len(buf) > 0:
		t.Truncated = true
	default: // cancelled, too large, a disk that fails
		return nil, fmt.Errorf("%s: %w", t.Format, err)
	}
	if len(buf) == 0 {
		return nil, fmt.Errorf("%s: %w", t.Format, ErrNoAudio)
	}
	if cap(buf)-len(buf) > len(buf)/8 {
		buf = append(make([]float32, 0, len(buf)), buf...)
	}
	frames := int64(len(buf) / t.Channels)
	if frames < t.Frames {
		t.Truncated = true
	}
	t.Frames = frames
	return &Clip{Info: t.Info, Tags: t.Tags, Audio: pcm.Buffer{Rate: t.Rate, Channels: t.Channels, Samples: buf}}, nil
}

// decode reads everything, beginning with room for that many samples. Its error is io.EOF when
// all went well.
func (t *track) decode(ctx context.Context, room, most int64) ([]float32, error) {
	src, err := t.begin()
	if err != nil {
		return nil, err
	}
	buf, err := fill(ctx, src, make([]float32, 0, min(room, most)), t.Channels)
	if t.counted {
		return buf, cmp.Or(err, io.EOF) // there can be no more
	}
	spare := make([]float32, blockSamples-blockSamples%t.Channels)
	for err == nil {
		var n int
		n, err = src.read(spare)
		total := int64(len(buf) + n)
		switch {
		case n == 0 && err == nil:
			err = errNoProgress
		case n == 0:
		case total > most:
			return nil, ErrTooLarge
		case total <= slackSamples:
			buf = append(buf, spare[:n]...)
		case t.plausible(src, total):
			buf = append(append(make([]float32, 0, min(t.Frames*int64(t.Channels), most)), buf...), spare[:n]...)
		default:
			return t.decodeAgain(ctx, src, spare, total, most, err)
		}
		if err == nil {
			buf, err = fill(ctx, src, buf, t.Channels)
		}
	}
	return buf, err
}

// plausible says whether the claimed length fits what is decoded so far and the share of the
// file that this took.
func (t *track) plausible(src source, decoded int64) bool {
	claim := t.Frames * int64(t.Channels)
	m, ok := src.(guarded).source.(measured)
	return ok && claim > decoded && float64(claim)*m.progress() <= 1.25*float64(decoded)
}

// measured is a source that knows which share of its bytes it has taken, from 0 to 1.
type measured interface{ progress() float64 }

// decodeAgain counts what is left of src behind total samples and decodes all of it anew into
// a slice of that size. What was decoded before is garbage by then, so that two large slices
// never stand side by side.
func (t *track) decodeAgain(ctx context.Context, src source, scratch []float32, total, most int64, end error) ([]float32, error) {
	if end == nil {
		var rest int64
		rest, end = count(ctx, src, scratch, most-total)
		total += rest
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if errors.Is(end, ErrTooLarge) {
		return nil, end
	}
	src, err := t.begin()
	if err != nil {
		return nil, err
	}
	buf, err := fill(ctx, src, make([]float32, 0, total), t.Channels)
	if err == nil {
		err = end
	}
	return buf, err
}

// fill decodes until the capacity of buf is used or the source ends.
func fill(ctx context.Context, src source, buf []float32, channels int) ([]float32, error) {
	block := blockSamples - blockSamples%channels
	for most := cap(buf) - cap(buf)%channels; len(buf) < most; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := src.read(buf[len(buf):min(most, len(buf)+block)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, err
		}
		if n == 0 {
			return buf, errNoProgress
		}
	}
	return buf, nil
}

// count decodes to the end and keeps nothing.
func count(ctx context.Context, src source, scratch []float32, most int64) (int64, error) {
	total := int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := src.read(scratch)
		if total += int64(n); total > most {
			return total, ErrTooLarge
		}
		if err != nil {
			return total, err
		}
		if n == 0 {
			return total, errNoProgress
		}
	}
}

var errNoProgress = fmt.Errorf("%w: the decoder makes no progress", ErrDamaged)
