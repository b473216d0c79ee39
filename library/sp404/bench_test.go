package sp404

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"

	"sampleagent/audio/pcm"
	"sampleagent/library/kit"
	"sampleagent/library/sp404/padconf"
)

// fullKit is 160 pads of 10 s of 44.1 kHz stereo, 16 bits: music-like noise, each file its own.
func fullKit(tb testing.TB, dir string, seconds int) (kit.Kit, map[string]Sample) {
	tb.Helper()
	k := kit.Kit{ID: "full", Name: "Full"}
	samples := map[string]Sample{}
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range kit.PadCount {
		b := &pcm.Buffer{Rate: 44100, Channels: 2, Samples: make([]float32, seconds*44100*2)}
		slow := float32(0)
		for j := range b.Samples {
			slow += 0.1 * (rng.Float32() - 0.5 - slow)
			b.Samples[j] = slow
		}
		id := fmt.Sprintf("s%03d", i)
		path := filepath.Join(dir, id+".wav")
		wav(tb, path, b, 16)
		samples[id] = Sample{ID: id, Name: id, Path: path}
		if err := k.SetSample(kit.Slot(i), id); err != nil {
			tb.Fatal(err)
		}
	}
	return k, samples
}

// A whole card of 160 pads of 10 s, and beside it sox doing the same conversions one after
// another without reading anything back.
//
//	go test ./library/sp404 -run '^$' -bench FullCard -benchtime 1x -timeout 20m
func BenchmarkFullCard(b *testing.B) {
	k, samples := fullKit(b, b.TempDir(), 10)
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			card := b.TempDir()
			p, err := NewPlan(context.Background(), k, samples, card, Options{})
			if err != nil {
				b.Fatal(err)
			}
			out, err := p.Write(context.Background(), nil)
			if err != nil || !out.Verified {
				b.Fatal(err)
			}
			b.SetBytes(out.Bytes)
		}
	})
	for name, rate := range map[string][]string{"sox-default": {"rate"}, "sox-very-high": {"rate", "-v"}} {
		b.Run(name, func(b *testing.B) {
			if _, err := exec.LookPath("sox"); err != nil {
				b.Skip("sox is not installed")
			}
			for b.Loop() {
				card := b.TempDir()
				for i := range kit.PadCount {
					id := fmt.Sprintf("s%03d", i)
					args := append([]string{samples[id].Path, "-b", "16", filepath.Join(card, id+".wav")}, rate...)
					if out, err := exec.Command("sox", append(args, "48000", "dither")...).CombinedOutput(); err != nil {
						b.Fatalf("%v: %s", err, out)
					}
				}
			}
		})
	}
}

func BenchmarkPadconf(b *testing.B) {
	f := padconf.New()
	raw, err := f.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		f, err := padconf.Decode(raw)
		if err != nil {
			b.Fatal(err)
		}
		for i := range kit.PadCount {
			_ = f.Pad(i)
		}
	}
}

func BenchmarkPlanFullKit(b *testing.B) {
	k, samples := fullKit(b, b.TempDir(), 1)
	card := b.TempDir()
	for b.Loop() {
		if _, err := NewPlan(context.Background(), k, samples, card, Options{Form: FormBoth}); err != nil {
			b.Fatal(err)
		}
	}
}
