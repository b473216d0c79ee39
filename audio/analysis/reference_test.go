package analysis

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/mewkiz/flac"
)

// sharedDir finds the folder of shared test input, or skips the test.
func sharedDir(tb testing.TB) string {
	tb.Helper()
	if dir := os.Getenv("SAMPLE_AGENT_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			shared := filepath.Join(filepath.Dir(dir), "shared")
			if _, err := os.Stat(shared); err == nil {
				return shared
			}
			break
		}
	}
	tb.Skip("no shared test input: set SAMPLE_AGENT_SHARED or put it beside the repository")
	return ""
}

// referenceFLAC decodes a mono 16-bit FLAC of the reference set.
func referenceFLAC(tb testing.TB, path string) (x []float32, rate int) {
	tb.Helper()
	st, err := flac.ParseFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer st.Close()
	for {
		fr, err := st.ParseNext()
		if err != nil {
			break
		}
		for _, v := range fr.Subframes[0].Samples {
			x = append(x, float32(v)/float32(int(1)<<(st.Info.BitsPerSample-1)))
		}
	}
	if uint64(len(x)) != st.Info.NSamples {
		tb.Fatalf("%s: decoded %d of %d samples", path, len(x), st.Info.NSamples)
	}
	return x, int(st.Info.SampleRate)
}

func readJSON(tb testing.TB, path string, into any) {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		tb.Fatal(err)
	}
}
