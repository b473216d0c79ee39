package job

import (
	"slices"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// A preview is made where a browser would not play the original, of the whole sound in at most two
// channels.
func TestPreview(t *testing.T) {
	for _, c := range []struct {
		info codec.Info
		want bool
	}{
		{codec.Info{Format: codec.WAV, BitDepth: 16, Channels: 2, Rate: 48000}, false},
		{codec.Info{Format: codec.WAV, BitDepth: 24, Channels: 2, Rate: 48000}, true},
		{codec.Info{Format: codec.WAV, BitDepth: 16, Channels: 2, Rate: 96000}, true},
		{codec.Info{Format: codec.AIFF, BitDepth: 16, Channels: 1, Rate: 44100}, true},
		{codec.Info{Format: codec.FLAC, BitDepth: 24, Channels: 2, Rate: 96000}, false},
	} {
		if needsPreview(c.info) != c.want {
			t.Errorf("%+v: %v", c.info, !c.want)
		}
	}
	for _, c := range []struct {
		channels   int
		sound, out []float32
	}{
		{1, []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}},
		{2, []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}},
		{4, []float32{1, 2, 3, 4, 4, 4, 4, 8}, []float32{2.5, 5}},
	} {
		h := &hearing{small: &pcm.Buffer{}}
		for piece := range slices.Chunk(c.sound, c.channels) {
			h.keepSmall(&pcm.Buffer{Channels: c.channels, Samples: piece})
		}
		if !slices.Equal(h.small.Samples, c.out) {
			t.Errorf("%d channels: %v", c.channels, h.small.Samples)
		}
	}
}
