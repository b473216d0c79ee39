package sp404

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/library/kit"
	"sampleagent/library/sp404/smp"
)

// ready is a converted sound: the bytes of each of its files.
type ready struct {
	job   *job
	files []content
	sound sound
	over  float64
	free  func()
}

// audibleOver is from how many dB over full scale on clipping is worth a word.
const audibleOver = 0.1

// content is a file's bytes: in memory, or a file to copy.
type content struct {
	bytes []byte
	open  func() (io.ReadCloser, error)
}

// SourceError says that a sample could not be read when its turn came; the card has nothing to
// do with it.
type SourceError struct {
	Slot kit.Slot
	Err  error
}

func (e *SourceError) Error() string { return fmt.Sprintf("the sample of pad %s: %v", e.Slot, e.Err) }

// Unwrap lets a cancelled context through. What the system says of the sample's file must not
// be taken for what happened to the card.
func (e *SourceError) Unwrap() error {
	for _, is := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(e.Err, is) {
			return is
		}
	}
	return nil
}

// sourceFile is a sample's file whose errors are SourceErrors.
type sourceFile struct {
	*os.File
	slot kit.Slot
}

func (f sourceFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &SourceError{f.slot, err}
	}
	return n, err
}

// writeSounds converts on all cores and writes in pad order from one goroutine, since cards
// dislike writes at several places at once. Sounds in memory are bounded by memBudget.
func (w *writer) writeSounds(ctx context.Context) error {
	workers := runtime.GOMAXPROCS(0)
	budget := semaphore.NewWeighted(memBudget)
	group, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan ready, workers)
	slots := semaphore.NewWeighted(int64(workers))
	group.Go(func() error {
		defer close(queue)
		for _, j := range w.jobs {
			// Budget is taken in pad order, so the sound that is waited for always has its share.
			weight := min(j.src.memory(len(j.targets)), memBudget)
			if err := budget.Acquire(ctx, weight); err != nil {
				return err
			}
			done := make(chan ready, 1)
			select {
			case queue <- done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := slots.Acquire(ctx, 1); err != nil {
				return err
			}
			group.Go(func() error {
				defer slots.Release(1)
				r, err := w.convertJob(ctx, j)
				if err != nil {
					return &SourceError{j.slot, err}
				}
				r.free = func() { budget.Release(weight) }
				done <- r
				return nil
			})
		}
		return nil
	})
	group.Go(func() error {
		for done := range queue {
			select {
			case r := <-done:
				if err := w.writeReady(ctx, r); err != nil {
					return err
				}
				r.free()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

// convertJob makes the bytes of a pad's files.
func (w *writer) convertJob(ctx context.Context, j *job) (ready, error) {
	r := ready{job: j, sound: sound{frames: j.src.outFrames(), channels: j.src.outChannels(), name: j.src.name(), bpm: j.src.BPM}}
	var b *pcm.Buffer
	for _, t := range j.targets {
		if t.format != smpFormat && j.src.untouched(t.format) {
			r.files = append(r.files, content{open: func() (io.ReadCloser, error) {
				f, err := os.Open(j.src.Path)
				if err != nil {
					return nil, &SourceError{j.slot, err}
				}
				return sourceFile{f, j.slot}, nil
			}})
			continue
		}
		if b == nil {
			var err error
			if b, r.over, err = j.src.convert(ctx, w.opt.Resample); err != nil {
				return r, err
			}
		}
		c, err := encode(b, t.format)
		if err != nil {
			return r, err
		}
		r.files = append(r.files, c)
	}
	return r, nil
}

func encode(b *pcm.Buffer, f AudioFormat) (content, error) {
	var out bytes.Buffer
	out.Grow(smp.HeaderSize + 2*len(b.Samples))
	var err error
	switch f {
	case smpFormat:
		err = smp.Encode(&out, quantise(b), b.Channels)
	case AIFF:
		err = codec.EncodeAIFF(&out, b, codec.AIFFOptions{PCMOptions: codec.PCMOptions{Bits: cardBits}})
	default:
		err = codec.EncodeWAV(&out, b, codec.WAVOptions{PCMOptions: codec.PCMOptions{Bits: cardBits}})
	}
	return content{bytes: out.Bytes()}, err
}

func (w *writer) writeReady(ctx context.Context, r ready) error {
	w.sounds[r.job.slot] = r.sound
	if r.over >= audibleOver {
		w.notes = append(w.notes, fmt.Sprintf("%s: %s passes full scale by %.1f dB and is clipped.", r.job.slot, r.sound.name, r.over))
	}
	for i, t := range r.job.targets {
		if err := w.put(ctx, t.unit, t.rel, t.index, r.files[i]); err != nil {
			return err
		}
	}
	return nil
}
