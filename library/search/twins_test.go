//go:build sqlite_fts5 || fts5

package search

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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

// wavFolder makes a folder, and gives what puts sounds into it.
func wavFolder(t *testing.T) (root string, put func(name string, b *pcm.Buffer)) {
	root = t.TempDir()
	return root, func(name string, b *pcm.Buffer) {
		t.Helper()
		f, err := os.Create(filepath.Join(root, name))
		must(t, err)
		must(t, codec.EncodeWAV(f, b, codec.WAVOptions{}))
		must(t, f.Close())
	}
}

func TestDuplicatesAreHeardWhateverTheirBytes(t *testing.T) {
	root, put := wavFolder(t)
	put("a tone.wav", sound(200, 8, 0, 44100, 0.8))
	put("b tone soft.wav", sound(200, 8, 0, 44100, 0.3))
	put("c tone 48k.wav", sound(200, 8, 0, 48000, 0.8))
	put("d click.wav", sound(200, 90, 0, 44100, 0.8))
	put("e hat.wav", sound(200, 40, 1, 44100, 0.8))
	put("f hat again.wav", sound(200, 40, 1, 44100, 0.8))
	put("g high.wav", sound(1200, 8, 0.2, 44100, 0.8))
	put("h tone with hiss.wav", sound(200, 8, 0.05, 44100, 0.8))
	db := openNew(t)
	if _, err := ingest.Run(t.Context(), db, []string{root}, ingest.Options{}); err != nil {
		t.Fatal(err)
	}
	rows, err := db.All(t.Context())
	must(t, err)
	groups, err := twins(t.Context(), db)
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

// Copies stand beside their original, wherever their names would put them.
func TestCopiesStandTogether(t *testing.T) {
	root, put := wavFolder(t)
	tone, hat := sound(200, 8, 0, 44100, 0.8), sound(200, 40, 1, 44100, 0.8)
	put("1 tone.wav", tone)
	put("2 hat.wav", hat)
	put("3 alone.wav", sound(1200, 8, 0.2, 44100, 0.8))
	put("4 hat copy.wav", hat)
	put("5 tone copy.wav", tone)
	put("6 tone soft.wav", sound(200, 8, 0, 44100, 0.3))
	db := openNew(t)
	if _, err := ingest.Run(t.Context(), db, []string{root}, ingest.Options{}); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{"is:duplicate": "15 24", "is:twin": "156 24", "is:duplicate copy": "4 5", "-is:twin": "3"} {
		var got []byte
		for _, r := range find(t, db, query, Sort{}) {
			s, err := db.Sample(t.Context(), r)
			must(t, err)
			got = append(got, s.Name[0])
		}
		if string(got) != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// TestDuplicatesAmongLabelledSounds finds every eighteenth sound of the labelled set among its copies:
// at 48 kHz and half the level, as MP3 and as Vorbis.
func TestDuplicatesAmongLabelledSounds(t *testing.T) {
	from, err := filepath.Abs("../../../shared/datasets/audio")
	must(t, err)
	if dir := os.Getenv("SAMPLE_AGENT_SHARED"); dir != "" {
		from = filepath.Join(dir, "datasets", "audio")
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Skip(err)
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip(err)
	}
	root := t.TempDir()
	sounds := 0
	for i := 0; i < len(entries); i += 18 {
		b, err := os.ReadFile(filepath.Join(from, entries[i].Name()))
		must(t, err)
		plain := filepath.Join(root, fmt.Sprintf("%03d.flac", i))
		must(t, os.WriteFile(plain, b, 0o644))
		for _, copied := range [][]string{
			{"-ar", "48000", "-af", "volume=0.5", ".wav"},
			{"-b:a", "160k", ".mp3"},
			{"-c:a", "libvorbis", "-q:a", "4", ".ogg"},
		} {
			n := len(copied) - 1
			args := append([]string{"-v", "error", "-i", plain}, copied[:n]...)
			out, err := exec.Command("ffmpeg", append(args, filepath.Join(root, fmt.Sprintf("%03d%s", i, copied[n])))...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		sounds++
	}
	db := openNew(t)
	if _, err := ingest.Run(t.Context(), db, []string{root}, ingest.Options{}); err != nil {
		t.Fatal(err)
	}
	rows, err := db.All(t.Context())
	must(t, err)
	samples, err := db.Samples(t.Context(), rows)
	must(t, err)
	name := map[catalog.Row]string{}
	for _, s := range samples {
		name[s.Row] = filepath.Base(s.Path)[:3]
	}
	groups, err := twins(t.Context(), db)
	must(t, err)
	found, wrong := 0, 0
	for _, g := range groups {
		for i := range g {
			for _, other := range g[:i] {
				if name[g[i]] == name[other] {
					found++
				} else {
					wrong++
				}
			}
		}
	}
	pairs := 6 * sounds
	t.Logf("%d of %d pairs of one sound are found; %d of %d pairs of two sounds are taken for one", found, pairs, wrong, 8*sounds*(sounds-1))
	if found < pairs*93/100 || wrong > 0 {
		t.Errorf("%d of %d pairs found, %d false", found, pairs, wrong)
	}
}
