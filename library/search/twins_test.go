//go:build sqlite_fts5 || fts5

package search

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
	"sampleagent/library/ingest"
)

// sound makes half a second of a struck tone with noise.
func sound(hz, decay, noise float64, rate int, level float64) *pcm.Buffer {
	rng := rand.New(rand.NewPCG(1, 1))
	b := &pcm.Buffer{Rate: rate, Channels: 1, Samples: make([]float32, rate/2)}
	for i := range b.Samples {
		t := float64(i) / float64(rate)
		v := math.Sin(2*math.Pi*hz*t)*(1-noise) + noise*(2*rng.Float64()-1)
		b.Samples[i] = float32(level * v * math.Exp(-t*decay))
	}
	return b
}

func TestDuplicatesAreHeardWhateverTheirBytes(t *testing.T) {
	root := t.TempDir()
	put := func(name string, b *pcm.Buffer) {
		f, err := os.Create(filepath.Join(root, name))
		must(t, err)
		must(t, codec.EncodeWAV(f, b, codec.WAVOptions{}))
		must(t, f.Close())
	}
	put("a tone.wav", sound(200, 8, 0, 44100, 0.8))
	put("b tone soft.wav", sound(200, 8, 0, 44100, 0.3))
	put("c tone 48k.wav", sound(200, 8, 0, 48000, 0.8))
	put("d click.wav", sound(200, 90, 0, 44100, 0.8))
	put("e hat.wav", sound(200, 40, 1, 44100, 0.8))
	put("f hat again.wav", sound(200, 40, 1, 44100, 0.8))
	put("g high.wav", sound(1200, 8, 0.2, 44100, 0.8))
	db := openNew(t)
	if _, err := ingest.Run(t.Context(), db, []string{root}, ingest.Options{}); err != nil {
		t.Fatal(err)
	}
	rows, err := db.All(t.Context())
	must(t, err)
	groups, err := Duplicates(t.Context(), db)
	must(t, err)
	if want := [][]catalog.Row{rows[0:3], rows[4:6]}; len(groups) != 2 || !slices.Equal(groups[0], want[0]) || !slices.Equal(groups[1], want[1]) {
		t.Errorf("%v, want %v", groups, want)
	}
	if got := find(t, db, "is:twin", Sort{By: Import}); !slices.Equal(got, slices.Concat(rows[0:3], rows[4:6])) {
		t.Errorf("is:twin: %v", got)
	}
	if got := find(t, db, "is:duplicate", Sort{By: Import}); !slices.Equal(got, rows[4:6]) {
		t.Errorf("is:duplicate: %v", got)
	}
}
