package pcm

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestFolding(t *testing.T) {
	b := &Buffer{Rate: 100, Channels: 3, Samples: []float32{1, 2, 3, 4, 5, 6}}
	if got := b.Mono(nil); !slices.Equal(got, []float32{2, 5}) {
		t.Errorf("mono is %v", got)
	}
	if got := b.Channel(1, make([]float32, 9)); !slices.Equal(got, []float32{2, 5}) {
		t.Errorf("channel 1 is %v", got)
	}
	if got := b.Slice(1, 9); !slices.Equal(got.Samples, []float32{4, 5, 6}) || got.Rate != 100 {
		t.Errorf("slice is %v", got)
	}
	if b.Frames() != 2 || b.Seconds() != 0.02 || (&Buffer{}).Frames() != 0 || (&Buffer{}).Seconds() != 0 {
		t.Error("lengths are wrong")
	}
	s := &Buffer{Rate: 100, Channels: 2, Samples: []float32{1, -1, 0.5, 0}}
	if got := s.Mono(nil); !slices.Equal(got, []float32{0, 0.25}) {
		t.Errorf("mono of stereo is %v", got)
	}
}

// TestQuantiseExact: integers of so many bits survive floats and back, with nothing added.
func TestQuantiseExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(2, 24).Draw(t, "bits")
		full := int64(1) << (bits - 1)
		want := make([]int32, rapid.IntRange(1, 50).Draw(t, "n"))
		src := make([]float32, len(want))
		for i := range want {
			want[i] = int32(rapid.Int64Range(-full, full-1).Draw(t, "v"))
			src[i] = float32(want[i]) / float32(full)
		}
		if !Exact(src, bits) {
			t.Fatalf("%v does not count as exact", src)
		}
		got := make([]int32, len(src))
		NewQuantiser(bits, false).Quantise(got, src)
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestQuantiseOdd(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	src := []float32{1, -1, 2, -2, inf, -inf, nan, 0}
	want := []int32{32767, -32768, 32767, -32768, 32767, -32768, 0, 0}
	got := make([]int32, len(src))
	NewQuantiser(16, false).Quantise(got, src)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, v := range src[:7] {
		if v != -1 && Exact([]float32{v}, 16) {
			t.Errorf("%v counts as exact", v)
		}
	}
	wide := make([]int32, 2)
	NewQuantiser(32, true).Quantise(wide, []float32{inf, -inf})
	if wide[0] != math.MaxInt32 || wide[1] != math.MinInt32 {
		t.Errorf("at 32 bits infinity is %v", wide)
	}
}

// TestDither: the error has no mean, the variance of a sixth of a squared step from TPDF and a
// twelfth from rounding, no relation to the sound, and is the same on every run.
func TestDither(t *testing.T) {
	const n = 1 << 18
	src := make([]float32, n)
	for i := range src {
		src[i] = float32(0.3*math.Sin(float64(i)*0.05) + 0.1/32768)
	}
	a, b := make([]int32, n), make([]int32, n)
	NewQuantiser(16, true).Quantise(a, src)
	q := NewQuantiser(16, true)
	q.Quantise(b[:1000], src[:1000])
	q.Quantise(b[1000:], src[1000:])
	if !slices.Equal(a, b) {
		t.Error("the same sound in two pieces gives other bytes")
	}
	var mean, variance, cross float64
	for i, v := range src {
		e := float64(a[i]) - float64(v)*32768
		mean += e
		variance += e * e
		cross += e * float64(v)
	}
	mean, variance, cross = mean/n, variance/n, cross/n/0.3
	if math.Abs(mean) > 0.01 || math.Abs(variance-0.25) > 0.01 || math.Abs(cross) > 0.01 {
		t.Errorf("error has mean %v, variance %v, covariance with the sound %v", mean, variance, cross)
	}
}

func BenchmarkQuantise(b *testing.B) {
	src, dst := make([]float32, 1<<16), make([]int32, 1<<16)
	for i := range src {
		src[i] = float32(math.Sin(float64(i)))
	}
	for _, dither := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "dither"}[dither], func(b *testing.B) {
			q := NewQuantiser(16, dither)
			b.SetBytes(int64(4 * len(src)))
			for b.Loop() {
				q.Quantise(dst, src)
			}
		})
	}
}
