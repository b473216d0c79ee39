package analysis

import (
	"context"
	"errors"
	"io"
	"slices"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

const (
	// The head of a sound decides how its channels are mixed and how loud it is heard: its first
	// minute, of many channels or at a high rate as much as fits into 32 MiB.
	headSeconds = 60
	headSamples = 8 << 20
	// windowFrames is what is decoded and heard at a time behind the head. Both are whole blocks of
	// feed, so that a sound is cut alike in pieces and as a whole.
	windowFrames = 8 * feedFrames
	// readSamples is what is decoded between two looks at the context.
	readSamples = 64 << 10
)

// StreamBytes is at most what Stream keeps of the sound itself.
const StreamBytes = headSamples * 4

// headOf is the length of the head in samples.
func headOf(rate, channels int) int {
	block := feedFrames * max(1, channels)
	return max(block, min(headSeconds*rate*channels, headSamples)/block*block)
}

// Stream is Analyze of a file while it is decoded: the same answers, in the memory of a minute of
// sound. Each, if set, is handed the frames in order and must not keep them. Afterwards s.Frames
// and s.Truncated say what was there. A sound that is damaged in the middle is heard up to there.
func Stream(ctx context.Context, s *codec.Stream, each func(b *pcm.Buffer)) (*Result, error) {
	p := passes.Get().(*pass)
	defer passes.Put(p)
	p.judge = builtin()
	return p.stream(ctx, s, each)
}

func (p *pass) stream(ctx context.Context, s *codec.Stream, each func(b *pcm.Buffer)) (*Result, error) {
	claim, began := s.Frames, false
	var err error
	head := headOf(s.Rate, s.Channels)
	for size := head; err == nil; size = windowFrames * s.Channels {
		if began && cap(p.window) >= head {
			p.window = nil // a long sound needs the room of its head for other things
		}
		err = p.read(ctx, s, size)
		if len(p.window) == 0 {
			break
		}
		if !began {
			began = true
			if err != nil {
				claim = int64(len(p.window) / s.Channels) // all there is
			}
			if err := p.begin(s.Rate, s.Channels, claim, p.window); err != nil {
				return nil, err
			}
		}
		if err := p.feed(ctx, p.window); err != nil {
			return nil, err
		}
		if each != nil {
			each(&pcm.Buffer{Rate: s.Rate, Channels: s.Channels, Samples: p.window})
		}
	}
	switch {
	case errors.Is(err, io.EOF):
	case errors.Is(err, codec.ErrDamaged) && began:
		s.Truncated = true
	default: // cancelled, too large, a disk that fails
		return nil, err
	}
	if !began {
		return nil, codec.ErrNoAudio
	}
	s.Truncated = s.Truncated || p.frames < s.Frames
	s.Frames = p.frames
	return p.finish()
}

// read fills the window with the next size samples; fewer only with an error, io.EOF at the end.
func (p *pass) read(ctx context.Context, s *codec.Stream, size int) error {
	p.window = p.window[:0]
	for len(p.window) < size {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(size-len(p.window), readSamples/s.Channels*s.Channels)
		if cap(p.window)-len(p.window) < n {
			// Room at once where the header says how much: what grows step by step leaves as much behind.
			more := max(n, len(p.window))
			if s.Frames >= 0 {
				more = int(max(int64(n), min(s.Frames*int64(s.Channels), int64(size))-int64(len(p.window))))
			}
			p.window = slices.Grow(p.window, more)
		}
		n, err := s.Read(p.window[len(p.window) : len(p.window)+n])
		p.window = p.window[:len(p.window)+n]
		if err != nil {
			return err
		}
	}
	return nil
}
