package analysis

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"sampleagent/audio/pcm"
)

// hitOf is what the close look puts about a sound.
func hitOf(t *testing.T, b *pcm.Buffer) []float64 {
	t.Helper()
	var p pass
	if _, err := p.hear(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	var x []float64
	p.hit.describe(func(v ...float64) { x = append(x, v...) })
	if len(x) != hitTraits {
		t.Fatalf("%d values, want %d", len(x), hitTraits)
	}
	return x
}

func hitBuffer(seconds float64, f func(s float64) float64) *pcm.Buffer {
	b := &pcm.Buffer{Rate: 44100, Channels: 1}
	for i := range int(seconds * 44100) {
		b.Samples = append(b.Samples, float32(f(float64(i)/44100)))
	}
	return b
}

func TestCloseLookSeesAttacksPitchAndGlide(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	bursts := func(n int) *pcm.Buffer {
		return hitBuffer(0.3, func(s float64) float64 {
			v := 0.0
			for k := range n {
				if at := s - 0.015*float64(k); at >= 0 {
					v = math.Exp(-at / 0.003)
				}
			}
			return 0.5 * v * r.NormFloat64()
		})
	}
	if one, four := hitOf(t, bursts(1))[0], hitOf(t, bursts(4))[0]; one > 1 || four < 3 || four > 5 {
		t.Errorf("one burst is heard as %g attacks, four as %g", one, four)
	}
	tone := hitBuffer(0.5, func(s float64) float64 { return 0.5 * math.Sin(2*math.Pi*220*s) })
	first := hitTraits - 14 // pitches come last
	x := hitOf(t, tone)
	if hz := 100 * math.Exp2(x[first+1]); math.Abs(hz-220) > 6 {
		t.Errorf("220 Hz are heard as %.1f", hz)
	}
	if p := x[hitTraits-3]; p < 0.9 {
		t.Errorf("a sine's periodicity is %.2f", p)
	}
	phase := 0.0
	fall := hitBuffer(0.5, func(s float64) float64 {
		phase += 2 * math.Pi * 60 * (1 + 4*math.Exp(-s/0.03)) / 44100
		return 0.5 * math.Sin(phase) * math.Exp(-s/0.2)
	})
	y := hitOf(t, fall)
	if glide := y[first+2] + y[first+3] + y[first+4]; glide < 0.8 {
		t.Errorf("a fall of two octaves and more is heard as %.2f octaves", glide)
	}
	if steady := math.Abs(x[first+2] + x[first+3] + x[first+4]); steady > 0.1 {
		t.Errorf("a steady tone glides %.2f octaves", steady)
	}
}

// Loudness and silence before the sound must not change what it is.
func TestCloseLookIgnoresLevelAndSilenceBefore(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	b := hitBuffer(0.4, func(s float64) float64 {
		return min(1, s*1000) * math.Exp(-s/0.08) * (0.4*math.Sin(2*math.Pi*180*s) + 0.2*r.NormFloat64())
	})
	want := hitOf(t, b)
	late := &pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 2*44100)}
	for _, v := range b.Samples {
		late.Samples = append(late.Samples, v/20)
	}
	got := hitOf(t, late)
	for i := range want {
		if math.Abs(want[i]-got[i]) > 0.35 {
			t.Errorf("value %d is %.3f, of a soft late copy %.3f", i, want[i], got[i])
		}
	}
}
