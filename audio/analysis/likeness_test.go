package analysis

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// heardSet decodes and hears the labelled sounds whose names begin with prefix.
func heardSet(t *testing.T, prefix string) (names []string, results []*Result, seconds []float64) {
	t.Helper()
	dir := filepath.Join(sharedDir(t), "datasets", "audio")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skip(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		clip, err := codec.DecodeFile(context.Background(), filepath.Join(dir, e.Name()), codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Analyze(context.Background(), &clip.Audio)
		if err != nil {
			t.Fatal(err)
		}
		names, results, seconds = append(names, e.Name()), append(results, r), append(seconds, clip.Audio.Seconds())
	}
	return names, results, seconds
}

// TestTheNearestSoundIsOftenOfTheSameClass tries "sounds like this" on the labelled one-shots: nine
// classes, so that chance would be right about once in seven. The scorers have heard them; docs/accuracy.md
// has the figure for scorers that have not.
func TestTheNearestSoundIsOftenOfTheSameClass(t *testing.T) {
	names, results, _ := heardSet(t, "os-")
	class := func(i int) string { return strings.Split(names[i], "-")[1] }
	right := 0
	for i := range results {
		best, at := -2.0, -1
		for j := range results {
			if i == j || results[j].Embedding == nil || results[i].Embedding == nil {
				continue
			}
			if c := Likeness(results[i].Embedding, results[j].Embedding); c > best {
				best, at = c, j
			}
		}
		if at >= 0 && class(at) == class(i) {
			right++
		}
	}
	t.Logf("%d of %d", right, len(names))
	if right*100 < len(names)*85 {
		t.Errorf("the nearest sound has the same class for %d of %d sounds, want 85 %%", right, len(names))
	}
}

func TestEmbeddingIgnoresTheLevel(t *testing.T) {
	b := pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 22050)}
	for i := range b.Samples {
		b.Samples[i] = float32(0.8 * math.Sin(float64(i)/20) * math.Exp(-float64(i)/4000))
	}
	loud, err := Analyze(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Samples {
		b.Samples[i] /= 4
	}
	soft, err := Analyze(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	if len(loud.Embedding) != EmbeddingSize || math.Abs(Likeness(loud.Embedding, loud.Embedding)-1) > 1e-5 {
		t.Fatalf("%d values of length %v", len(loud.Embedding), Likeness(loud.Embedding, loud.Embedding))
	}
	if c := Likeness(loud.Embedding, soft.Embedding); c < 0.99 {
		t.Errorf("the same sound at a quarter of the level is only %.3f alike", c)
	}
	silence, err := Analyze(t.Context(), &pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 4410)})
	if err != nil || silence.Embedding != nil {
		t.Errorf("silence has an embedding: %v, %v", silence.Embedding, err)
	}
}
