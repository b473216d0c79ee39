package codec

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// shared finds the test material that lies beside the repository.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("SAMPLE_AGENT_SHARED")
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for dir != filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				break
			}
			dir = filepath.Dir(dir)
		}
		root = filepath.Join(dir, "..", "shared")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared test material is not here (set SAMPLE_AGENT_SHARED): %v", err)
	}
	return path
}

// TestDataSet decodes every file of the labelled set.
func TestDataSet(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "datasets", "audio"), "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		c, err := DecodeFile(context.Background(), f, Limits{})
		if err != nil {
			t.Error(err)
			continue
		}
		if c.Rate != 44100 || c.Channels != 1 || c.BitDepth != 16 || c.Truncated || c.Frames == 0 {
			t.Errorf("%s: %+v", f, c.Info)
		}
	}
}

func BenchmarkDataSet(b *testing.B) {
	files, _ := filepath.Glob(filepath.Join(shared(b, "datasets", "audio"), "*"))
	seconds := 0.0
	for b.Loop() {
		for _, f := range files {
			c, err := DecodeFile(context.Background(), f, Limits{})
			if err != nil {
				b.Fatal(err)
			}
			seconds += c.Audio.Seconds()
		}
	}
	b.ReportMetric(seconds/b.Elapsed().Seconds(), "s/s")
}
