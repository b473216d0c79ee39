package analysis

import (
	"context"
	"runtime"
	"testing"
)

// What the ear needs beside the sound itself, which takes 106 MB for five minutes of stereo: less than
// 40 MB, so that both stay under 150. All that is ever allocated counts, also what is freed again.
func TestFiveMinutesNeedLittleMemory(t *testing.T) {
	b := tune(44100, 2, 300)
	p := new(pass)
	p.judge = builtin()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := p.hear(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	limit := 40.0
	if raced {
		limit = 60
	}
	if mb := float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20); mb > limit {
		t.Errorf("five minutes took %.0f MB beside the sound", mb)
	} else {
		t.Logf("%.1f MB beside the sound", mb)
	}
}
