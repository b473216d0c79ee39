package edit

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/audio/pcm"
)

func mono(s ...float32) *pcm.Buffer { return &pcm.Buffer{Rate: 1000, Channels: 1, Samples: s} }

func stereo(s ...float32) *pcm.Buffer { return &pcm.Buffer{Rate: 1000, Channels: 2, Samples: s} }

func TestEdits(t *testing.T) {
	in := stereo(0, 0, 0.5, -0.25, 0.1, 0.2, 0, 0)
	kept := in.Clone()
	for name, c := range map[string]struct{ got, want *pcm.Buffer }{
		"trim":            {trim(in, 1, 3), stereo(0.5, -0.25, 0.1, 0.2)},
		"trim too far":    {trim(in, -5, 99), in},
		"trim to nothing": {trim(in, 3, 2), stereo()},
		"gain":            {gain(in, 2), stereo(0, 0, 1, -0.5, 0.2, 0.4, 0, 0)},
		"normalise":       {normalise(in, 0), stereo(0, 0, 1, -0.5, 0.2, 0.4, 0, 0)},
		"reverse":         {reverse(in), stereo(0, 0, 0.1, 0.2, 0.5, -0.25, 0, 0)},
		"fade in":         {fadeIn(mono(1, 1, 1, 1), 2), mono(0, 0.5, 1, 1)},
		"fade out":        {fadeOut(mono(1, 1, 1, 1), 2), mono(1, 1, 0.5, 0)},
		"long fade":       {fadeIn(mono(1, 1), 99), mono(0, 0.5)},
		"negative fade":   {fadeIn(mono(1, 1), -1), mono(1, 1)},
		"quiet normalise": {normalise(mono(0, 0), 0), mono(0, 0)},
	} {
		if !slices.Equal(c.got.Samples, c.want.Samples) || c.got.Rate != c.want.Rate || c.got.Channels != c.want.Channels {
			t.Errorf("%s: %v, want %v", name, c.got.Samples, c.want.Samples)
		}
	}
	if !slices.Equal(in.Samples, kept.Samples) {
		t.Error("an edit changed its input")
	}
}

func TestNormaliseLevel(t *testing.T) {
	b := normalise(mono(0.1, -0.3), -6)
	if got := 20 * math.Log10(float64(peak(b))); math.Abs(got+6) > 1e-4 {
		t.Errorf("peak at %v dBFS, want -6", got)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	if p := peak(mono(nan, inf, 0.5)); p != 0.5 {
		t.Errorf("peak beside NaN and infinity is %v", p)
	}
}

func TestSnapZero(t *testing.T) {
	b := mono(0.5, 0.4, 0.2, -0.1, -0.3, -0.2, 0.3, 0.4)
	for _, c := range []struct{ frame, radius, want int }{
		{3, 4, 3}, {2, 4, 3}, {4, 4, 3}, {5, 4, 6}, {7, 0, 7}, {4, 0, 4}, {8, 0, 8}, {99, 2, 8}, {-3, 2, 0}, {1, 1, 0},
	} {
		if got := SnapZero(b, c.frame, c.radius); got != c.want {
			t.Errorf("near %d within %d: %d, want %d", c.frame, c.radius, got, c.want)
		}
	}
	if got := SnapZero(mono(), 3, 10); got != 0 {
		t.Errorf("in nothing: %d", got)
	}
}

func TestChop(t *testing.T) {
	for name, c := range map[string]struct{ got, want []region }{
		"of nothing":    {chopAt(0, []int{0}, 1), nil},
		"at":            {chopAt(10, []int{7, 3}, 1), []region{{0, 3}, {3, 7}, {7, 10}}},
		"at, too close": {chopAt(10, []int{1, 3, 4, 9}, 2), []region{{0, 3}, {3, 10}}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

// TestChopWhole: whatever the cuts, the regions are the whole sound once, in order.
func TestChopWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frames := rapid.IntRange(1, 5000).Draw(t, "frames")
		least := rapid.IntRange(-1, 100).Draw(t, "least")
		cuts := rapid.SliceOf(rapid.IntRange(-10, 6000)).Draw(t, "cuts")
		at := 0
		regions := chopAt(frames, cuts, least)
		for _, r := range regions {
			if r.From != at || r.To <= r.From {
				t.Fatalf("region %v after frame %d in %v", r, at, regions)
			}
			at = r.To
		}
		if at != frames {
			t.Fatalf("regions end at %d of %d", at, frames)
		}
	})
}
