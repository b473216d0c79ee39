package playback

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// music is seconds of 44.1 kHz stereo that does not compress to nothing.
func music(seconds float64) *pcm.Buffer {
	b := tone(44100, 2, int(seconds*44100), 220)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b.Samples {
		b.Samples[i] = float32(int((float64(b.Samples[i])+r.Float64()*0.02)*32767)) / 32768
	}
	return b
}

func wavFile(tb testing.TB, b *pcm.Buffer) string {
	tb.Helper()
	var w bytes.Buffer
	if err := codec.EncodeWAV(&w, b, codec.WAVOptions{}); err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "sound.wav")
	if err := os.WriteFile(path, w.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

type decoded struct {
	b   *pcm.Buffer
	err error
}

func TestPlayFile(t *testing.T) {
	b := music(5)
	path := wavFile(t, b)
	p, m := byHand(t)
	got := make(chan decoded, 1)
	id, err := p.PlayFile(context.Background(), path, codec.Limits{}, Options{}, func(b *pcm.Buffer, err error) { got <- decoded{b, err} })
	if err != nil {
		t.Fatal(err)
	}
	if x := m.Advance(480); x[200] == ([2]float64{}) {
		t.Error("the first block is silent")
	}
	d := <-got
	if d.err != nil || d.b.Rate != 44100 || !slices.Equal(d.b.Samples, b.Samples) {
		t.Fatalf("decoded: %v", d.err)
	}
	// The whole file sounds, as the buffer would.
	fromFile := m.Advance(6 * Rate)
	if e := event(t, p); e != (Event{Play: id, Cause: Ended}) {
		t.Errorf("event %+v", e)
	}
	p.Play(b, Options{})
	m.Advance(480)
	if !slices.Equal(fromFile, m.Advance(6*Rate)) {
		t.Error("a file sounds different from its buffer")
	}
	// From the middle, and backwards.
	for _, o := range []Options{{From: 3 * 44100}, {Reverse: true}, {Loop: true, LoopFrom: 1000, LoopTo: 30000}} {
		if _, err := p.PlayFile(context.Background(), path, codec.Limits{}, o, func(b *pcm.Buffer, err error) { got <- decoded{b, err} }); err != nil {
			t.Fatal(err)
		}
		if x := m.Advance(4800); x[4000] == ([2]float64{}) {
			t.Errorf("%+v is silent", o)
		}
		<-got
	}
}

func TestPlayFileRefuses(t *testing.T) {
	p, m := byHand(t)
	text := filepath.Join(t.TempDir(), "not.wav")
	if err := os.WriteFile(text, []byte("this is not a sound at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.PlayFile(context.Background(), text, codec.Limits{}, Options{}, nil); !errors.Is(err, codec.ErrUnknownFormat) {
		t.Errorf("a text file: %v", err)
	}
	if _, err := p.PlayFile(context.Background(), text+"x", codec.Limits{}, Options{}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	path := wavFile(t, music(60))
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan decoded, 1)
	if _, err := p.PlayFile(ctx, path, codec.Limits{}, Options{}, func(b *pcm.Buffer, err error) { got <- decoded{b, err} }); err != nil {
		t.Fatal(err)
	}
	cancel()
	if d := <-got; d.err != nil && !errors.Is(d.err, context.Canceled) {
		t.Errorf("cancelled: %v", d.err)
	}
	m.Advance(61 * Rate)
	if _, playing := p.Position(); playing {
		t.Error("a cancelled file never ends")
	}
	if _, err := p.PlayFile(ctx, path, codec.Limits{}, Options{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

// BenchmarkKeyToSound is the time from the command to play a ten-second file, in the page cache,
// to its first samples being handed to the device when it asks at once.
func BenchmarkKeyToSound(b *testing.B) {
	sound := music(10)
	paths := map[string]string{"wav": wavFile(b, sound)}
	var w bytes.Buffer
	if err := codec.EncodeFLAC(&w, sound, codec.FLACOptions{}); err != nil {
		b.Fatal(err)
	}
	paths["flac"] = filepath.Join(b.TempDir(), "sound.flac")
	if err := os.WriteFile(paths["flac"], w.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	for _, kind := range []string{"wav", "flac"} {
		for _, whole := range []bool{false, true} {
			name := kind + "/while-decoding"
			if whole {
				name = kind + "/decoded-first"
			}
			b.Run(name, func(b *testing.B) {
				m := &Manual{}
				p := NewPlayer(m)
				defer p.Close()
				block := make([][2]float64, 960)
				var took []time.Duration
				for b.Loop() {
					began := time.Now()
					got := make(chan decoded, 1)
					if whole {
						clip, err := codec.DecodeFile(context.Background(), paths[kind], codec.Limits{})
						if err != nil {
							b.Fatal(err)
						}
						p.Play(&clip.Audio, Options{})
						got <- decoded{}
					} else if _, err := p.PlayFile(context.Background(), paths[kind], codec.Limits{}, Options{}, func(b *pcm.Buffer, err error) { got <- decoded{b, err} }); err != nil {
						b.Fatal(err)
					}
					m.render(block)
					took = append(took, time.Since(began))
					if block[900] == ([2]float64{}) {
						b.Fatal("silence")
					}
					b.StopTimer()
					<-got
					b.StartTimer()
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			})
		}
	}
}
