package analysis

import (
	"math"
	"math/rand/v2"
	"testing"

	"sampleagent/audio/pcm"
	"sampleagent/audio/synth"
)

// Strokes on top of what a sampler's user cuts them out of: each begins where it was put.
func TestAttacksBeginWhereTheyWerePut(t *testing.T) {
	const rate, seconds = 44100, 3
	sine := func(hz, level float64) func(at float64) float64 {
		return func(at float64) float64 { return level * math.Sin(2*math.Pi*hz*at) }
	}
	r := rand.New(rand.NewPCG(7, 7))
	noise := func(level float64) func(float64) float64 {
		return func(float64) float64 { return level * r.NormFloat64() }
	}
	decay := func(of func(float64) float64, perSecond float64) func(float64) float64 {
		return func(at float64) float64 { return of(at) * math.Exp(-perSecond*at) }
	}
	for _, c := range []struct {
		name       string
		under, hit func(at float64) float64
		within     float64 // s
	}{
		{"a kick after silence", sine(50, 0), decay(sine(52, 0.9), 12), 0.0015},
		{"a kick over hiss", noise(0.003), decay(sine(52, 0.9), 12), 0.003},
		{"a snare over a bass", sine(60, 0.4), decay(noise(0.2), 25), 0.002},
		{"a quiet hat over a loud bass", sine(45, 0.7), decay(noise(0.03), 60), 0.002},
		{"a pluck over a chord", sine(220, 0.05), decay(sine(660, 0.5), 6), 0.003},
	} {
		b := &pcm.Buffer{Rate: rate, Channels: 1, Samples: make([]float32, seconds*rate)}
		for i := range b.Samples {
			b.Samples[i] = float32(c.under(float64(i) / rate))
		}
		var put []float64
		for at := 0.2137; at < seconds-0.5; at += 0.531 {
			put = append(put, at)
			for i := int(math.Ceil(at * rate)); i < len(b.Samples); i++ {
				b.Samples[i] += float32(c.hit(float64(i)/rate - at))
			}
		}
		heard := mustAnalyze(t, b).Onsets
		for _, at := range put {
			nearest := math.Inf(1)
			for _, h := range heard {
				if math.Abs(h-at) < math.Abs(nearest) {
					nearest = h - at
				}
			}
			if math.Abs(nearest) > c.within {
				t.Errorf("%s at %.4f s is heard %.1f ms away", c.name, at, 1000*nearest)
			}
		}
	}
}

// A one-shot begins with its attack, and a loop's attacks are where the demo's generator put them.
func TestTheDemoIsCutWhereItsAttacksBegin(t *testing.T) {
	if raced {
		t.Skip("rendering is slow under the race detector, and one sound after the other cannot race")
	}
	for _, s := range synth.OneShots(44100) {
		if on := mustAnalyze(t, s.Audio).Onsets; len(on) == 0 || on[0] > 0.002 {
			t.Errorf("%s begins at %v", s.Name, on)
		}
	}
	exact, of := 0, 0
	for _, s := range synth.DrumLoops(44100) {
		heard := mustAnalyze(t, s.Audio).Onsets
		for _, h := range heard {
			of++
			for _, at := range s.Onsets {
				if math.Abs(h-at) <= 0.003 {
					exact++
					break
				}
			}
		}
	}
	t.Logf("%d of %d attacks within 3 ms", exact, of)
	if exact < of*95/100 {
		t.Errorf("%d of %d attacks are heard within 3 ms of one", exact, of)
	}
}

// Levels are a logarithm that only rises.
func TestLevelsRiseByDecibels(t *testing.T) {
	for db := -110.0; db < 0; db += 0.5 {
		x := float32(math.Pow(10, db/20))
		if got, want := float64(level(2*x))-float64(level(x)), float64(levelsPerOctave); got != want {
			t.Fatalf("twice %.1f dB is %g steps more, not %g", db, got, want)
		}
		if level(x*1.2) <= level(x) {
			t.Fatalf("%.1f dB and 1.6 dB more are one level", db)
		}
	}
	if level(0) != 0 || level(float32(math.Inf(1))) != math.MaxUint8 {
		t.Error(level(0), level(float32(math.Inf(1))))
	}
}

// Soft strokes are worth a cut, but rhythm and kind are judged by the plain ones alone.
func TestSoftAttacksAreCutAtButNotCounted(t *testing.T) {
	const rate, strokes, apart = 44100, 8, 0.25
	r := rand.New(rand.NewPCG(8, 8))
	b := &pcm.Buffer{Rate: rate, Channels: 1, Samples: make([]float32, strokes*apart*rate)}
	for i := range b.Samples {
		stroke := i / (apart * rate)
		since := float64(i)/rate - apart*float64(stroke)
		level := 0.5
		if stroke%2 == 1 {
			level = 0.04
		}
		b.Samples[i] = float32(level * r.NormFloat64() * math.Exp(-60*since))
	}
	p := new(pass)
	heard, err := p.hear(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if len(heard.Onsets) != strokes || len(p.scene.onsets) != strokes/2 {
		t.Errorf("%d strokes, every second soft: %d to cut at, %d counted", strokes, len(heard.Onsets), len(p.scene.onsets))
	}
	for _, o := range p.scene.onsets {
		if off := math.Remainder(o.begin, 2*apart); math.Abs(off) > 0.002 {
			t.Errorf("a counted stroke begins at %.4f s", o.begin)
		}
	}
}

// What moves within a held sound is no attack; a note that joins it is.
func TestHeldSoundsMoveWithoutAttacks(t *testing.T) {
	const rate, seconds, change = 44100, 6, 3.1
	tone := func(hz, at float64) (v float64) {
		for k := 1.0; k <= 8; k++ {
			v += math.Sin(2*math.Pi*hz*k*at) / k
		}
		return v
	}
	for name, of := range map[string]func(hz, at float64) float64{
		"vibrato":           func(hz, at float64) float64 { return tone(hz, at+0.0009*math.Sin(2*math.Pi*5.5*at)) },
		"two strings beat":  func(hz, at float64) float64 { return tone(hz, at) + 0.5*tone(hz*1.02, at) },
		"three of a chorus": func(hz, at float64) float64 { return tone(hz, at) + 0.5*tone(hz*1.013, at) + 0.4*tone(hz*0.989, at) },
	} {
		b := &pcm.Buffer{Rate: rate, Channels: 1, Samples: make([]float32, seconds*rate)}
		for i := range b.Samples {
			at := float64(i) / rate
			v := 0.1 * of(220, at)
			if at > change {
				v += 0.1 * min(1, (at-change)/0.02) * of(330, at)
			}
			b.Samples[i] = float32(min(1, at/0.02) * v)
		}
		heard := mustAnalyze(t, b).Onsets
		joined := 0
		for _, at := range heard {
			if math.Abs(at-change) < 0.05 {
				joined++
			}
		}
		if joined != 1 || len(heard) > 5 { // of some twenty swings
			t.Errorf("%s: attacks at %.2f, want one at the beginning and one at %g", name, heard, change)
		}
	}
}
