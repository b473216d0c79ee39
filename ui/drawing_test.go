package ui

import (
	"math"
	"testing"

	"sampleagent/audio/pcm"
	"sampleagent/audio/waveform"
)

// A short sound is drawn from its samples: every column is as high as the sound is there.
func TestAShortSoundShowsItsShape(t *testing.T) {
	const rate = 44100
	b := &pcm.Buffer{Rate: rate, Channels: 2}
	for i := range rate / 10 {
		v := float32(math.Sin(2 * math.Pi * 200 * float64(i) / rate))
		b.Samples = append(b.Samples, v, v)
	}
	d := &drawing{peaks: waveform.Build(b), sound: b}
	for _, view := range []struct{ from, to float64 }{{0, 0.1}, {0.02, 0.03}, {0.02, 0.0205}} {
		const n = 600
		cols := d.columns(view.from, view.to, n)
		if len(cols) != n {
			t.Fatalf("%d columns", len(cols))
		}
		for i, c := range cols {
			at := view.from + (view.to-view.from)*(float64(i)+0.5)/n
			want := float32(math.Sin(2 * math.Pi * 200 * at))
			if slack := float32(0.02); want > c.Max+slack || want < c.Min-slack || c.Max-c.Min > 0.5 {
				t.Fatalf("view %v, column %d: %v to %v, the sound is at %v", view, i, c.Min, c.Max, want)
			}
		}
	}
	d.sound = nil // without the sound, the peaks serve
	if cols := d.columns(0, 0.1, 600); len(cols) != 600 || cols[0].Max < 0.9 {
		t.Error("nothing is drawn from the peaks")
	}
}
