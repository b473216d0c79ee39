package dsp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"sampleagent/audio/pcm"
)

// ratePairs are those a card or a player meets, and awkward ones.
var ratePairs = [][2]int{
	{44100, 48000}, {48000, 44100}, {96000, 48000}, {88200, 48000}, {192000, 48000}, {22050, 48000},
	{32000, 48000}, {8000, 48000}, {11025, 48000}, {44100, 47999}, {48000, 22050}, {37800, 48000},
}

func mustResample(tb testing.TB, x []float32, from, to int) []float32 {
	tb.Helper()
	out, err := Resample(context.Background(), &pcm.Buffer{Rate: from, Channels: 1, Samples: x}, to)
	if err != nil {
		tb.Fatal(err)
	}
	return out.Samples
}

func sine(rate int, hz, amplitude float64, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(amplitude * math.Sin(2*math.Pi*math.Mod(hz*float64(i)/float64(rate), 1)+0.3))
	}
	return x
}

// fitTone finds the sine of hz in x by least squares: its amplitude and the rms of what is left.
func fitTone(x []float32, rate int, hz float64) (amplitude, rest float64) {
	var ss, sc, cc, xs, xc, xx float64
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * math.Mod(hz*float64(i)/float64(rate), 1))
		y := float64(v)
		ss += s * s
		sc += s * c
		cc += c * c
		xs += y * s
		xc += y * c
		xx += y * y
	}
	det := ss*cc - sc*sc
	a, b := (xs*cc-xc*sc)/det, (xc*ss-xs*sc)/det
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * math.Mod(hz*float64(i)/float64(rate), 1))
		d := float64(v) - a*s - b*c
		rest += d * d
	}
	return math.Hypot(a, b), math.Sqrt(rest / float64(len(x)))
}

func db(v float64) float64 { return 20 * math.Log10(v) }

// inner leaves the filters' length off at both ends.
func inner(x []float32) []float32 { return x[len(x)/4 : 3*len(x)/4] }

// TestResampleTones steps a full-scale tone through the whole band of every pair of rates. In the
// pass band it must come out level within 0.0001 dB; everything that is not the tone itself (images,
// aliases, noise) stays 125 dB below it, up to the very edge; and what lies beyond the edge of
// the new rate is gone by 125 dB.
func TestResampleTones(t *testing.T) {
	for _, p := range ratePairs {
		from, to := p[0], p[1]
		edge := float64(min(from, to)) / 2
		pass := min(0.98*edge, max(0.9*edge, 21600))
		flat, spurious, alias := 0.0, math.Inf(-1), math.Inf(-1)
		n := max(8192, 12000*from/44100)
		for i := 1; i <= 24; i++ {
			hz := float64(from) / 2 * (float64(i) - 0.37) / 24
			y := inner(mustResample(t, sine(from, hz, 1, n), from, to))
			if hz >= edge {
				_, rest := fitTone(y, to, 1000)
				alias = max(alias, db(rest*math.Sqrt2+1e-12))
				continue
			}
			a, rest := fitTone(y, to, hz)
			spurious = max(spurious, db(rest*math.Sqrt2))
			if hz <= pass {
				flat = max(flat, math.Abs(db(a)))
			}
		}
		for _, hz := range []float64{20, pass, pass + 0.6*(edge-pass), edge - 5} {
			y := inner(mustResample(t, sine(from, hz, 1, 2*n), from, to))
			a, rest := fitTone(y, to, hz)
			if hz <= pass {
				flat = max(flat, math.Abs(db(a)))
			}
			spurious = max(spurious, db(rest*math.Sqrt2))
		}
		t.Logf("%6d -> %6d: flat within %.5f dB to %.0f Hz, images and noise %.1f dB, aliases %.1f dB", from, to, flat, pass, spurious, alias)
		if flat > 0.0001 || spurious > -125 || alias > -125 {
			t.Errorf("%d -> %d misses flat 0.0001 dB, spurious and aliases -125 dB", from, to)
		}
	}
}

// TestResampleSweep follows a sweep from 20 Hz to 21.6 kHz: the result must be the same sweep
// computed at the new rate, 120 dB down at every sample, which holds level, phase and delay.
func TestResampleSweep(t *testing.T) {
	const seconds, top = 4.0, 21600.0
	sweep := func(rate int) []float32 {
		x := make([]float32, int(seconds*float64(rate)))
		k := math.Log(top / 20)
		for i := range x {
			u := float64(i) / float64(rate) / seconds
			fade := min(1, u*20, (1-u)*200)
			x[i] = float32(0.5 * (1 - math.Cos(math.Pi*fade)) / 2 * math.Sin(2*math.Pi*20*seconds/k*(math.Exp(u*k)-1)))
		}
		return x
	}
	for _, p := range [][2]int{{44100, 48000}, {96000, 48000}, {192000, 48000}} {
		got, want := mustResample(t, sweep(p[0]), p[0], p[1]), sweep(p[1])
		worst := 0.0
		for i := 4000; i < len(want)-4000; i++ {
			worst = max(worst, math.Abs(float64(got[i]-want[i])))
		}
		if db(worst/0.5) > -120 {
			t.Errorf("%d -> %d: off by %.1f dB", p[0], p[1], db(worst/0.5))
		}
	}
}

// TestOddSamplesAreSilence: NaN and infinities of float files do not spread.
func TestOddSamplesAreSilence(t *testing.T) {
	x := sine(44100, 1000, 0.5, 20000)
	clean := append([]float32(nil), x...)
	for i, v := range map[int]float64{5000: math.NaN(), 9000: math.Inf(1), 9001: math.Inf(-1)} {
		x[i], clean[i] = float32(v), 0
	}
	if got, want := mustResample(t, x, 44100, 48000), mustResample(t, clean, 44100, 48000); !slices.Equal(got, want) {
		t.Error("resampling: odd samples are not zeros")
	}
	odd, err := StretchShift(context.Background(), &pcm.Buffer{Rate: 44100, Channels: 1, Samples: x}, 1.1, 50)
	if err != nil {
		t.Fatal(err)
	}
	want, err := StretchShift(context.Background(), &pcm.Buffer{Rate: 44100, Channels: 1, Samples: clean}, 1.1, 50)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(odd.Samples, want.Samples) {
		t.Error("stretching: odd samples are not zeros")
	}
}

// TestResampleImpulse: linear phase, no delay. Frame 147k of 44.1 kHz is frame 160k of 48 kHz.
func TestResampleImpulse(t *testing.T) {
	x := make([]float32, 147*60)
	x[147*30] = 1
	y := mustResample(t, x, 44100, 48000)
	centre := 160 * 30
	for i := range 2000 {
		if d := math.Abs(float64(y[centre-i] - y[centre+i])); d > 2e-7 {
			t.Fatalf("not symmetric %d samples from the impulse: %g", i, d)
		}
		if i > 0 && math.Abs(float64(y[centre+i])) >= float64(y[centre]) {
			t.Fatalf("the peak is not at the impulse but %d away", i)
		}
	}
	sum := 0.0
	for _, v := range y {
		sum += float64(v)
	}
	if math.Abs(sum*147/160-1) > 1e-5 {
		t.Errorf("gain at DC is %v", sum*147/160)
	}
}

func TestResampleLengthsAndChannels(t *testing.T) {
	for _, frames := range []int{0, 1, 2, 146, 147, 148, 1000, 44100, 50001} {
		left, right := noise(frames, 1), noise(frames, 2)
		b := &pcm.Buffer{Rate: 44100, Channels: 2, Samples: make([]float32, 2*frames)}
		for i := range left {
			b.Samples[2*i], b.Samples[2*i+1] = left[i], right[i]
		}
		out, err := Resample(context.Background(), b, 48000)
		if err != nil {
			t.Fatal(err)
		}
		if want := int(math.Round(float64(frames) * 48000 / 44100)); out.Frames() != want || out.Rate != 48000 || out.Channels != 2 {
			t.Errorf("%d frames become %d, want %d", frames, out.Frames(), want)
		}
		l, r := mustResample(t, left, 44100, 48000), mustResample(t, right, 44100, 48000)
		for i := range l {
			if out.Samples[2*i] != l[i] || out.Samples[2*i+1] != r[i] {
				t.Fatalf("%d frames: channels differ from themselves alone at %d", frames, i)
			}
		}
	}
}

func TestResampleRefusesAndStops(t *testing.T) {
	b := &pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 1<<20)}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Resample(ctx, b, 48000); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, rate := range []int{0, -1} {
		if _, err := Resample(context.Background(), b, rate); err == nil {
			t.Errorf("to %d Hz: no error", rate)
		}
	}
	if _, err := Resample(context.Background(), &pcm.Buffer{}, 48000); err == nil {
		t.Error("from an empty buffer value: no error")
	}
	same, err := Resample(context.Background(), b, 44100)
	if err != nil || same.Frames() != b.Frames() || &same.Samples[0] == &b.Samples[0] {
		t.Error("the same rate must give a copy")
	}
}

func BenchmarkResamplePairs(b *testing.B) {
	for _, p := range ratePairs[:4] {
		x := &pcm.Buffer{Rate: p[0], Channels: 1, Samples: noise(10*p[0], 1)}
		b.Run(fmt.Sprintf("%d-%d", p[0], p[1]), func(b *testing.B) {
			for b.Loop() {
				if _, err := Resample(context.Background(), x, p[1]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(10*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
		})
	}
}
