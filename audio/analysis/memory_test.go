package analysis

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"sampleagent/audio/codec"
)

// What five minutes of stereo take, which decoded are 106 MB: the head of a minute (21 MB) and less than
// 40 MB for what is noticed, so that with the program itself (36 MB) it stays under 150. All that is
// ever allocated counts, also what is freed again.
func TestFiveMinutesNeedLittleMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "five minutes.wav")
	b := tune(44100, 2, 10)
	b.Samples = slices.Repeat(b.Samples, 30)
	if err := os.WriteFile(path, wavOf(t, b), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _, err := codec.OpenFileSum(context.Background(), path, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := new(pass)
	p.judge = builtin()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := p.stream(context.Background(), s, nil); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	limit := 61.0
	if raced { // pools then lose things at random
		limit = 105
	}
	if mb := float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20); mb > limit {
		t.Errorf("five minutes took %.0f MB", mb)
	} else {
		t.Logf("%.1f MB", mb)
	}
}
