package analysis

import (
	"context"
	"testing"
)

// The walk must not allocate: a library has millions of frames.
func TestNothingIsAllocatedPerFrame(t *testing.T) {
	b := tune(44100, 2, 4)
	p := new(pass)
	p.judge = builtin()
	if _, err := p.hear(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	n := testing.AllocsPerRun(2, func() {
		if err := p.begin(b.Rate, b.Channels, int64(b.Frames()), b.Samples); err != nil {
			t.Fatal(err)
		}
		if err := p.feed(context.Background(), b.Samples); err != nil {
			t.Fatal(err)
		}
	})
	if n > 8 {
		t.Errorf("%g allocations for %d frames of spectrum and four times as many of flux", n, b.Frames()/frameHop)
	}
}
