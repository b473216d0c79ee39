package analysis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

const (
	// longBytes is the size of decoded sound beyond which a file is heard in windows instead of as a
	// whole: 13 minutes of CD-quality stereo.
	longBytes = 256 << 20
	// longFile is the size on disk beyond which a file whose header does not tell its length is taken
	// for a long one: about 15 minutes of MP3 at 320 kbit/s.
	longFile = 36 << 20
	// headSeconds is how much of a long file decides how its channels are mixed and how loud it is.
	headSeconds = 60
)

// isLong looks at a header only. What cannot be read is not long: decoding will say why.
func isLong(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil || fi.Size() < 256<<10 {
		return false // no codec makes that much of so little but of silence
	}
	info, _, err := codec.Probe(f)
	if err != nil {
		return false
	}
	if info.Frames < 0 {
		return fi.Size() > longFile
	}
	return info.Frames*int64(info.Channels)*4 > longBytes
}

// hearLong decodes and hears a file in windows. The clip comes back without its sound.
func hearLong(ctx context.Context, path string, o Options) (*codec.Clip, string, *Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", nil, err
	}
	defer f.Close()
	sum, err := hashOf(ctx, f)
	if err != nil {
		return nil, "", nil, fmt.Errorf("read %s: %w", path, err)
	}
	s, err := codec.Open(f, o.Limits)
	if err != nil {
		return nil, sum, nil, fmt.Errorf("decode %s: %w", path, err)
	}
	clip := &codec.Clip{Info: s.Info, Tags: s.Tags, Audio: pcm.Buffer{Rate: s.Rate, Channels: s.Channels}}
	bpm, key := codec.ParseName(path)
	if clip.BPM <= 0 && bpm > 0 {
		clip.BPM, clip.BPMOrigin = bpm, codec.FromName
	}
	if clip.Key == "" && key != "" {
		clip.Key, clip.KeyOrigin = key, codec.FromName
	}
	p := passes.Get().(*pass)
	defer passes.Put(p)
	p.judge = builtin()
	window := make([]float32, headSeconds*s.Rate*s.Channels)
	began := false
	for {
		n, err := fill(s, window)
		if n > 0 {
			if !began {
				if err := p.begin(s.Rate, s.Channels, s.Frames, window[:n]); err != nil {
					return nil, sum, nil, err
				}
				began = true
			}
			if err := p.feed(ctx, window[:n]); err != nil {
				return nil, sum, nil, err
			}
			if o.Each != nil {
				if err := o.Each(&pcm.Buffer{Rate: s.Rate, Channels: s.Channels, Samples: window[:n]}); err != nil {
					return nil, sum, nil, err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// What came before the damage was heard, as when the file is decoded as a whole.
			if !began {
				return nil, sum, nil, fmt.Errorf("decode %s: %w", path, err)
			}
			clip.Truncated = true
			break
		}
	}
	if !began {
		return nil, sum, nil, fmt.Errorf("decode %s: %w", path, codec.ErrNoAudio)
	}
	if clip.Frames > p.frames {
		clip.Truncated = true
	}
	clip.Frames = p.frames
	res, err := p.finish()
	return clip, sum, res, err
}

// fill reads until dst is full or the stream ends.
func fill(s *codec.Stream, dst []float32) (n int, err error) {
	for n < len(dst) {
		k, err := s.Read(dst[n:])
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func hashOf(ctx context.Context, f *os.File) (string, error) {
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	_, err := f.Seek(0, io.SeekStart)
	return hex.EncodeToString(h.Sum(nil)), err
}
