package waveform

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/audio/pcm"
)

func anySound(t *rapid.T) *pcm.Buffer {
	channels := rapid.IntRange(1, 3).Draw(t, "channels")
	frames := rapid.IntRange(0, 20_000).Draw(t, "frames")
	seed := rapid.Uint32().Draw(t, "seed")
	b := &pcm.Buffer{Rate: 44100, Channels: channels, Samples: make([]float32, frames*channels)}
	for i := range b.Samples {
		seed = seed*1664525 + 1013904223
		b.Samples[i] = float32(int32(seed)) / (1 << 31)
	}
	return b
}

// TestRange holds every view to the samples: a column never misses a peak inside it and never
// shows one from further away than the cells it touches.
func TestRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anySound(t)
		p := Build(b)
		from := rapid.IntRange(-1000, b.Frames()+1000).Draw(t, "from")
		to := rapid.IntRange(from, b.Frames()+2000).Draw(t, "to")
		columns := rapid.IntRange(1, 300).Draw(t, "columns")
		got := p.Range(from, to, columns, nil)
		exact := Samples(b, from, to, columns, nil)
		if len(got) != columns || len(exact) != columns {
			t.Fatalf("%d and %d columns of %d", len(got), len(exact), columns)
		}
		for i, c := range got {
			if c.Min > exact[i].Min || c.Max < exact[i].Max {
				t.Fatalf("column %d shows %v, the samples have %v", i, c, exact[i])
			}
			if c.RMS > max(c.Max, -c.Min)*1.0001 {
				t.Fatalf("column %d has RMS beyond its peak: %v", i, c)
			}
		}
	})
}

// TestPieces: a sound drawn piece by piece is drawn as in one.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anySound(t)
		want := Build(b)
		w := Builder{}
		w.Add(&pcm.Buffer{Rate: b.Rate, Channels: b.Channels})
		for s := b.Samples; len(s) > 0; {
			n := b.Channels * rapid.IntRange(1, len(s)/b.Channels).Draw(t, "frames of a piece")
			piece := append([]float32(nil), s[:n]...)
			w.Add(&pcm.Buffer{Rate: b.Rate, Channels: b.Channels, Samples: piece})
			clear(piece) // nothing is kept
			s = s[n:]
		}
		if got := w.Peaks(); got.Rate != want.Rate || got.Frames != want.Frames || !slices.EqualFunc(got.levels, want.levels, slices.Equal) {
			t.Fatalf("%d frames: %+v in pieces, %+v in one", b.Frames(), got, want)
		}
	})
}

func TestStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Build(anySound(t))
		data, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var q Peaks
		if err := q.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if q.Frames != p.Frames || q.Rate != p.Rate || len(q.levels) != len(p.levels) {
			t.Fatalf("%d frames in %d levels, want %d in %d", q.Frames, len(q.levels), p.Frames, len(p.levels))
		}
		for i, c := range q.levels[0] {
			o := p.levels[0][i]
			if math.Abs(float64(c.Min-o.Min)) > 1.0/100 || math.Abs(float64(c.Max-o.Max)) > 1.0/100 || math.Abs(float64(c.RMS-o.RMS)) > 1.0/200 {
				t.Fatalf("cell %d is %v, was %v", i, c, o)
			}
		}
		again, err := q.MarshalBinary()
		if err != nil || len(again) != len(data) {
			t.Fatalf("stored again: %d bytes of %d, %v", len(again), len(data), err)
		}
	})
}

func TestOddSounds(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, c := range map[string]struct {
		samples  []float32
		min, max float32
	}{
		"empty":        {nil, 0, 0},
		"one sample":   {[]float32{0.5}, 0.5, 0.5},
		"NaN first":    {[]float32{nan, 0.5, -0.25}, -0.25, 0.5},
		"only NaN":     {[]float32{nan, nan}, 0, 0},
		"infinite":     {[]float32{inf, -inf, 0}, -limit, limit},
		"beyond scale": {[]float32{3, -2}, -2, 3},
	} {
		p := Build(&pcm.Buffer{Rate: 8000, Channels: 1, Samples: c.samples})
		got := p.Range(0, max(1, p.Frames), 1, nil)[0]
		if got.Min != c.min || got.Max != c.max || got.RMS != got.RMS {
			t.Errorf("%s: %v, want %v to %v", name, got, c.min, c.max)
		}
		o := p.Overview(3)
		if len(o) != 6 {
			t.Errorf("%s: overview of %d bytes", name, len(o))
		}
	}
}

func TestOverview(t *testing.T) {
	b := &pcm.Buffer{Rate: 8000, Channels: 2, Samples: make([]float32, 2*4096)}
	b.Samples[2*2048+1] = -1
	b.Samples[2*3000] = 0.5
	o := Build(b).Overview(2)
	if int8(o[0]) != 0 || int8(o[1]) != 0 || int8(o[2]) != -127 || int8(o[3]) != 64 {
		t.Errorf("overview is %v", o)
	}
}

func TestStoredDamaged(t *testing.T) {
	good, err := Build(&pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 1000)}).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		var p Peaks
		if err := p.UnmarshalBinary(good[:i]); !errors.Is(err, ErrFormat) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
}

func FuzzStored(f *testing.F) {
	good, err := Build(&pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 1000)}).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Peaks
		if p.UnmarshalBinary(b) == nil {
			p.Range(0, p.Frames, 10, nil)
			p.Overview(10)
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	s := &pcm.Buffer{Rate: 44100, Channels: 2, Samples: make([]float32, 2*44100*10)}
	for i := range s.Samples {
		s.Samples[i] = float32(i%1000)/1000 - 0.5
	}
	b.SetBytes(int64(4 * len(s.Samples)))
	for b.Loop() {
		Build(s)
	}
}

func BenchmarkRange(b *testing.B) {
	p := Build(&pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 44100*300)})
	var dst []Column
	b.ReportAllocs()
	for b.Loop() {
		dst = p.Range(1000, 44100*200, 1920, dst)
	}
}
