package playback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

const (
	firstBlock = 4096    // frames decoded before a file begins to sound
	nextBlocks = 1 << 16 // frames decoded at a time after that
)

// PlayFile cuts what the audition voice plays and plays the file at path, which begins to sound
// as soon as its first frames are decoded. It returns then; whole, if not nil, is later called
// once, from another goroutine, with the decoded sound or the error that ended decoding (what had
// been decoded till then is still heard). Cancelling ctx ends the decoding but not the sound.
//
// A reversed play is decoded whole first.
func (p *Player) PlayFile(ctx context.Context, path string, lim codec.Limits, o Options, whole func(*pcm.Buffer, error)) (uint64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	st, err := codec.Open(f, lim)
	if err != nil {
		_ = f.Close() // only read from
		return 0, fmt.Errorf("play %s: %w", path, err)
	}
	d := &decoding{player: p, stream: st, src: &source{rate: st.Rate, channels: st.Channels}}
	// A header's claim is worth at most a few minutes of memory up front.
	if st.Frames > 0 {
		d.samples = make([]float32, 0, min(st.Frames, 1<<22)*int64(st.Channels))
	}
	need := (max(0, o.From) + firstBlock) * st.Channels
	for !d.done && (o.Reverse || len(d.samples) < need) {
		if err := ctx.Err(); err != nil {
			_ = f.Close()
			return 0, err
		}
		d.more(firstBlock)
	}
	if d.err != nil && len(d.samples) == 0 {
		_ = f.Close()
		return 0, fmt.Errorf("play %s: %w", path, d.err)
	}
	d.publish()
	id := p.play(d.src, o)
	go func() {
		defer f.Close()
		for !d.done {
			if err := ctx.Err(); err != nil {
				d.err, d.done = err, true
			} else {
				d.more(nextBlocks)
			}
			d.publish()
		}
		if whole == nil {
			return
		}
		if d.err != nil {
			whole(nil, fmt.Errorf("decode %s: %w", path, d.err))
			return
		}
		whole(&pcm.Buffer{Rate: st.Rate, Channels: st.Channels, Samples: d.samples}, nil)
	}()
	return id, nil
}

// decoding fills a source that is already being played. Samples once written are never moved
// or changed, so the voice reads them without a lock; only the slice's header changes, under the
// player's lock.
type decoding struct {
	player  *Player
	stream  *codec.Stream
	src     *source
	samples []float32
	done    bool
	err     error
}

// more decodes up to frames more.
func (d *decoding) more(frames int) {
	n := frames * d.stream.Channels
	d.samples = slices.Grow(d.samples, n)
	got, err := d.stream.Read(d.samples[len(d.samples) : len(d.samples)+n])
	d.samples = d.samples[:len(d.samples)+got]
	if err != nil {
		d.done = true
		if !errors.Is(err, io.EOF) {
			d.err = err
		}
	}
}

// publish shows the player what is there.
func (d *decoding) publish() {
	d.player.mu.Lock()
	defer d.player.mu.Unlock()
	d.src.samples = d.samples
	d.src.frames = len(d.samples) / d.src.channels
	d.src.whole = d.done
}
