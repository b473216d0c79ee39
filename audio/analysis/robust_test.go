package analysis

import (
	"context"
	"encoding/json"
	"math"
	"reflect"
	"runtime"
	"sync"
	"testing"

	"sampleagent/audio/pcm"
)

// tune is a chord progression over a kick, at any rate: something with tempo and key.
func tune(rate, channels int, seconds float64) *pcm.Buffer {
	n := int(seconds * float64(rate))
	b := &pcm.Buffer{Rate: rate, Channels: channels, Samples: make([]float32, n*channels)}
	chords := [][]float64{{220, 261.63, 329.63}, {146.83, 174.61, 220}, {164.81, 207.65, 246.94}, {220, 261.63, 329.63}}
	for i := range n {
		t := float64(i) / float64(rate)
		beat := math.Mod(t, 0.5)
		v := 0.5 * math.Exp(-beat*12) * math.Sin(2*math.Pi*(50*beat-20*math.Exp(-beat*30)))
		for _, hz := range chords[int(t/2)%4] {
			v += 0.08 * math.Exp(-beat*2) * (math.Sin(2*math.Pi*hz*t) + 0.3*math.Sin(4*math.Pi*hz*t))
		}
		for c := range channels {
			b.Samples[i*channels+c] = float32(v)
		}
	}
	return b
}

func mustAnalyze(t *testing.T, b *pcm.Buffer) *Result {
	t.Helper()
	r, err := Analyze(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	checkFinite(t, r)
	return r
}

// checkFinite fails when any number of a result could not be written as JSON.
func checkFinite(t *testing.T, r *Result) {
	t.Helper()
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("result cannot be written: %v", err)
	}
	for i := 1; i < len(r.Onsets); i++ {
		if r.Onsets[i] <= r.Onsets[i-1] {
			t.Errorf("onsets do not rise: %v", r.Onsets)
		}
	}
}

func nothing(r *Result) bool {
	return r.Kind == "" && r.Class == "" && r.BPM == nil && r.Key == nil && len(r.Onsets) == 0 && r.Embedding == nil
}

func TestSilenceGetsNothing(t *testing.T) {
	for name, fill := range map[string]func(i int) float32{
		"digital silence": func(int) float32 { return 0 },
		"constant":        func(int) float32 { return 0.5 },
		"dither":          func(i int) float32 { return float32(i%3-1) / 65536 },
		"not numbers":     func(i int) float32 { return float32(math.NaN()) },
		"infinity":        func(i int) float32 { return float32(math.Inf(1 - 2*(i%2))) },
	} {
		for _, seconds := range []float64{0.001, 0.3, 5} {
			b := &pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, int(seconds*44100))}
			for i := range b.Samples {
				b.Samples[i] = fill(i)
			}
			if r := mustAnalyze(t, b); !nothing(r) {
				t.Errorf("%s of %g s: kind %q, class %q, tempo %v, key %v", name, seconds, r.Kind, r.Class, r.BPM, r.Key)
			}
		}
	}
}

// One or two samples are no sound; a few more are a hit without tempo and key, with a peak.
func TestFewSamples(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 63, 64, 65, 511, 512, 513, 2047, 2048, 2049, 8191, 8192, 8193} {
		for _, channels := range []int{1, 2, 8} {
			b := &pcm.Buffer{Rate: 44100, Channels: channels, Samples: make([]float32, n*channels)}
			for i := range b.Samples {
				b.Samples[i] = float32(math.Cos(float64(i) * 0.3))
			}
			r := mustAnalyze(t, b)
			if n < 3 {
				if !nothing(r) {
					t.Errorf("%d frames of %d channels: kind %q, tempo %v", n, channels, r.Kind, value(r.BPM))
				}
			} else if r.Kind != OneShot || r.BPM != nil || r.Key != nil {
				t.Errorf("%d frames of %d channels: kind %q, tempo %v, key %v", n, channels, r.Kind, value(r.BPM), r.KeyCandidates)
			}
			if (n > 0) != (r.SamplePeakDBFS != nil) || n > 0 && math.Abs(*r.SamplePeakDBFS) > 0.1 {
				t.Errorf("%d frames of %d channels: peak %v", n, channels, value(r.SamplePeakDBFS))
			}
		}
	}
}

func TestNoSoundIsAnError(t *testing.T) {
	for _, b := range []*pcm.Buffer{{}, {Rate: 44100}, {Channels: 2}} {
		if _, err := Analyze(context.Background(), b); err == nil {
			t.Errorf("%d Hz, %d channels: no error", b.Rate, b.Channels)
		}
	}
}

// The same music must be heard the same at every rate and number of channels.
func TestRatesAndChannels(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000} {
		for _, channels := range []int{1, 2, 8} {
			if channels == 8 && rate != 8000 && rate != 44100 && rate != 192000 {
				continue
			}
			r := mustAnalyze(t, tune(rate, channels, 8))
			if r.BPM == nil || math.Abs(*r.BPM-120) > 0.5 {
				t.Errorf("%d Hz, %d channels: tempo %v", rate, channels, value(r.BPM))
			}
			if r.Key == nil || *r.Key != "A minor" {
				t.Errorf("%d Hz, %d channels: key %v", rate, channels, r.KeyCandidates)
			}
		}
	}
}

func value(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

func TestTurnedPhaseIsHeard(t *testing.T) {
	b := tune(44100, 2, 8)
	for i := 1; i < len(b.Samples); i += 2 {
		b.Samples[i] = -b.Samples[i]
	}
	r := mustAnalyze(t, b)
	if r.BPM == nil || math.Abs(*r.BPM-120) > 0.5 || r.Key == nil || *r.Key != "A minor" {
		t.Errorf("tempo %v, key %v", value(r.BPM), r.KeyCandidates)
	}
}

func TestHarmedSound(t *testing.T) {
	clean := mustAnalyze(t, tune(44100, 1, 8))
	for name, harm := range map[string]func(b *pcm.Buffer){
		"clipped": func(b *pcm.Buffer) {
			for i, v := range b.Samples {
				b.Samples[i] = min(1, max(-1, 8*v))
			}
		},
		"offset": func(b *pcm.Buffer) {
			for i := range b.Samples {
				b.Samples[i] = 0.5*b.Samples[i] + 0.4
			}
		},
		"not a number here and there": func(b *pcm.Buffer) {
			for i := 1000; i < len(b.Samples); i += 50000 {
				b.Samples[i] = float32(math.NaN())
				b.Samples[i+1] = float32(math.Inf(1))
			}
		},
		"quiet": func(b *pcm.Buffer) {
			for i := range b.Samples {
				b.Samples[i] *= 0.004
			}
		},
		"a thousand times too loud": func(b *pcm.Buffer) {
			for i := range b.Samples {
				b.Samples[i] *= 1000
			}
		},
	} {
		b := tune(44100, 1, 8)
		harm(b)
		r := mustAnalyze(t, b)
		if value(r.BPM) != value(clean.BPM) || r.Key == nil || *r.Key != *clean.Key {
			t.Errorf("%s: tempo %v, key %v, kind %v", name, value(r.BPM), r.KeyCandidates, r.Kind)
		}
	}
}

// The same bytes give the same result whoever hears them, in whatever order. Those who hear them at
// once come first, so that run alone they also make the tables that all share (see the Makefile).
func TestSameResultForAllAtOnce(t *testing.T) {
	sounds := []*pcm.Buffer{tune(44100, 2, 4), tune(48000, 1, 6), clicks(44100, 97, 5), tune(22050, 1, 2), {Rate: 8000, Channels: 1, Samples: make([]float32, 100)}, clicks(44100, 140, 0.2)}
	got := make([][]*Result, 2*runtime.NumCPU())
	var all sync.WaitGroup
	for w := range got {
		got[w] = make([]*Result, len(sounds))
		all.Go(func() {
			for k := range sounds {
				i := (k*7 + w) % len(sounds)
				r, err := Analyze(context.Background(), sounds[i])
				if err != nil {
					t.Errorf("sound %d: %v", i, err)
				}
				got[w][i] = r
			}
		})
	}
	all.Wait()
	for i, b := range sounds {
		want := mustAnalyze(t, b)
		for w := range got {
			if !reflect.DeepEqual(got[w][i], want) {
				t.Errorf("sound %d, heard by goroutine %d, differs when it is heard again", i, w)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Analyze(ctx, tune(44100, 1, 2)); err == nil {
		t.Error("a cancelled analysis gave a result")
	}
}
