package ui

import (
	"math"

	"sampleagent/audio/pcm"
	"sampleagent/audio/waveform"
)

// drawing reads columns for a view: from peaks, or from the sound itself where a column is
// narrower than a cell of the peaks, so that a short sound shows its shape and not steps.
type drawing struct {
	peaks *waveform.Peaks
	sound *pcm.Buffer // nil: not decoded yet, or too long to keep
	out   []waveform.Column
}

// columns gives n columns between two times in seconds. The slice is good until the next call.
func (d *drawing) columns(from, to float64, n int) []waveform.Column {
	rate := float64(d.peaks.Rate)
	a, b := from*rate, to*rate
	switch {
	case n <= 0 || d.sound == nil || b-a >= float64(n)*waveform.BaseFrames:
		d.out = d.peaks.Range(int(a), int(b), n, d.out)
	case b-a >= 2*float64(n):
		d.out = waveform.Samples(d.sound, int(a), int(b), n, d.out)
	default:
		d.line(a, b, n)
	}
	return d.out
}

// line draws the straight lines between frames, for views with few frames in a column.
func (d *drawing) line(a, b float64, n int) {
	d.out = d.out[:0]
	at := func(x float64) float32 {
		i := int(math.Floor(x))
		l, r := d.frame(i), d.frame(i+1)
		return l + (r-l)*float32(x-float64(i))
	}
	for i := range n {
		l, r := at(a+(b-a)*float64(i)/float64(n)), at(a+(b-a)*float64(i+1)/float64(n))
		d.out = append(d.out, waveform.Column{Min: min(l, r), Max: max(l, r), RMS: max(l, r, -l, -r)})
	}
}

// frame is the mean of a frame's channels; silence beyond the ends.
func (d *drawing) frame(i int) float32 {
	if i < 0 || i >= d.sound.Frames() {
		return 0
	}
	sum := float32(0)
	for _, v := range d.sound.Samples[i*d.sound.Channels : (i+1)*d.sound.Channels] {
		sum += v
	}
	return sum / float32(d.sound.Channels)
}
