package dsp

import (
	"context"
	"errors"
	"math"
	"testing"

	"sampleagent/audio/pcm"
)

// pitchOf is the frequency of the strongest partial near hz: the phase of the signal against
// hz is followed over time and its slope taken.
func pitchOf(x []float32, rate int, hz float64) float64 {
	const size = 8192
	var phases []float64
	for from := 0; from+size <= len(x); from += size / 16 {
		var re, im float64
		for i, v := range x[from : from+size] {
			w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/size)
			s, c := math.Sincos(2 * math.Pi * hz * float64(from+i) / float64(rate))
			re += w * float64(v) * c
			im -= w * float64(v) * s
		}
		p := math.Atan2(im, re)
		if n := len(phases); n > 0 {
			p += 2 * math.Pi * math.Round((phases[n-1]-p)/(2*math.Pi))
		}
		phases = append(phases, p)
	}
	n := len(phases)
	return hz + (phases[n-1]-phases[0])/(2*math.Pi)*float64(rate)/(float64(n-1)*size/16)
}

func cents(a, b float64) float64 { return 1200 * math.Log2(a/b) }

func chord(rate, n int, hz ...float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		for _, f := range hz {
			x[i] += float32(0.8 / float64(len(hz)) * math.Sin(2*math.Pi*f*float64(i)/float64(rate)))
		}
	}
	return x
}

func level(x []float32) float64 { return math.Sqrt(float64(SumSquares(x)) / float64(len(x))) }

// TestStretchAndShiftLeaveEachOtherAlone: length exact to the frame, pitch within 5 cents (we
// ask for 1), level within 1 dB, for chords at several rates.
func TestStretchAndShiftLeaveEachOtherAlone(t *testing.T) {
	notes := []float64{110, 329.63, 880, 2637}
	for _, rate := range []int{22050, 44100, 48000, 96000} {
		x := chord(rate, 2*rate, notes...)
		src := &pcm.Buffer{Rate: rate, Channels: 1, Samples: x}
		for _, c := range []struct{ ratio, cents float64 }{
			{0.5, 0}, {0.8, 0}, {1.25, 0}, {2, 0}, {1.3333, 0}, {1, 100}, {1, -300}, {1, 1200}, {0.75, 250}, {1.7, -500},
		} {
			if rate != 44100 && c.ratio != 1.25 && c.cents != -300 {
				continue
			}
			got, err := StretchShift(context.Background(), src, c.ratio, c.cents)
			if err != nil {
				t.Fatal(err)
			}
			if want := int(math.Round(float64(len(x)) * c.ratio)); got.Frames() != want || got.Rate != rate {
				t.Errorf("%d Hz, %v: %d frames, want %d", rate, c, got.Frames(), want)
			}
			y := inner(got.Samples)
			for _, hz := range notes {
				want := hz * math.Exp2(c.cents/1200)
				if want > float64(rate)*0.45 {
					continue
				}
				if off := cents(pitchOf(y, rate, want), want); math.Abs(off) > 1 {
					t.Errorf("%d Hz, %v: %v Hz is off by %.2f cents", rate, c, hz, off)
				}
			}
			if d := db(level(y) / level(inner(x))); math.Abs(d) > 1 {
				t.Errorf("%d Hz, %v: level changes by %.2f dB", rate, c, d)
			}
		}
	}
}

// hits is a drum-like signal: noise that begins at once and dies away, every gap frames.
func hits(rate, count, gap int) []float32 {
	x := make([]float32, count*gap)
	burst := noise(gap, 7)
	for h := range count {
		for i, v := range burst {
			x[h*gap+i] = v * float32(math.Exp(-float64(i)/(0.03*float64(rate))))
		}
	}
	return x
}

// TestStretchKeepsAttacks measures the smear of drum hits: before each hit's exact new place
// there is next to nothing, and the energy of its first 5 ms is what it was.
func TestStretchKeepsAttacks(t *testing.T) {
	const rate, gap = 44100, 11025
	x := hits(rate, 8, gap)
	ms := func(n float64) int { return int(n * rate / 1000) }
	energy := func(x []float32) float64 { return float64(SumSquares(x)) }
	for _, ratio := range []float64{0.6, 0.9, 1.1, 1.5, 2} {
		got, err := Stretch(context.Background(), &pcm.Buffer{Rate: rate, Channels: 1, Samples: x}, ratio)
		if err != nil {
			t.Fatal(err)
		}
		y := got.Samples
		early, attack := math.Inf(-1), 0.0
		for h := 1; h < 8; h++ {
			at := int(math.Round(float64(h*gap) * ratio))
			first := energy(x[h*gap : h*gap+ms(5)])
			// What rings from the hit before is not smear: take it from just before the reach.
			early = max(early, 10*math.Log10(energy(y[at-ms(20):at-ms(2)])/first))
			attack = max(attack, math.Abs(10*math.Log10(energy(y[at:at+ms(5)])/first)))
		}
		t.Logf("ratio %.1f: before the attack %.1f dB, its first 5 ms within %.2f dB", ratio, early, attack)
		if early > -25 || attack > 1 {
			t.Errorf("ratio %.1f smears attacks", ratio)
		}
	}
}

func TestStretchKeepsTheStereoPicture(t *testing.T) {
	const rate = 44100
	l := chord(rate, rate, 220, 550)
	b := &pcm.Buffer{Rate: rate, Channels: 2, Samples: make([]float32, 2*rate)}
	for i, v := range l {
		b.Samples[2*i], b.Samples[2*i+1] = v, -0.5*v
	}
	got, err := StretchShift(context.Background(), b, 1.3, 200)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(got.Samples); i += 2 {
		if d := math.Abs(float64(0.5*got.Samples[i] + got.Samples[i+1])); d > 1e-5 {
			t.Fatalf("frame %d: the channels drift apart by %g", i/2, d)
		}
	}
}

func TestStretchByOneIsTheSame(t *testing.T) {
	x := noise(20000, 3)
	got, err := Stretch(context.Background(), &pcm.Buffer{Rate: 44100, Channels: 1, Samples: x}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range x {
		if math.Abs(float64(got.Samples[i]-x[i])) > 1e-5 {
			t.Fatalf("frame %d is %v, was %v", i, got.Samples[i], x[i])
		}
	}
}

func TestStretchEdges(t *testing.T) {
	ctx := context.Background()
	for _, n := range []int{0, 1, 2, 100, 3000} {
		for _, rate := range []int{8000, 44100, 192000} {
			src := &pcm.Buffer{Rate: rate, Channels: 2, Samples: noise(2*n, 1)}
			for _, r := range []float64{MinStretch, 1.01, MaxStretch} {
				for _, c := range []float64{-MaxCents, 0, MaxCents} {
					got, err := StretchShift(ctx, src, r, c)
					if err != nil {
						t.Fatalf("%d frames at %d Hz, %v, %v cents: %v", n, rate, r, c, err)
					}
					if got.Frames() != int(math.Round(float64(n)*r)) {
						t.Errorf("%d frames at %d Hz, %v, %v cents: %d", n, rate, r, c, got.Frames())
					}
				}
			}
		}
	}
	src := &pcm.Buffer{Rate: 44100, Channels: 1, Samples: noise(44100, 1)}
	for _, r := range []float64{0, -1, 0.2, 5, math.NaN(), math.Inf(1)} {
		if _, err := Stretch(ctx, src, r); err == nil {
			t.Errorf("ratio %v: no error", r)
		}
	}
	for _, c := range []float64{2401, -2401, math.NaN()} {
		if _, err := StretchShift(ctx, src, 1, c); err == nil {
			t.Errorf("%v cents: no error", c)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := StretchShift(gone, src, 1, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func BenchmarkStretch(b *testing.B) {
	src := &pcm.Buffer{Rate: 44100, Channels: 2, Samples: noise(2*441000, 1)}
	for b.Loop() {
		if _, err := StretchShift(context.Background(), src, 1.2, 100); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(10*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
}
