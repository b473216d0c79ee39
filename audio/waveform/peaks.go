// Package waveform reduces sound to what a screen can show: lowest, highest and mean level over
// stretches of frames, at several zooms, so that any view of any length is drawn in the time its
// columns take. It knows nothing of pixels, colours or files.
package waveform

import (
	"math"
	"slices"

	"sampleagent/audio/dsp"
	"sampleagent/audio/pcm"
)

// BaseFrames is the frames of a cell at the finest zoom; Zoom is how many cells of one zoom make
// one of the next.
const (
	BaseFrames = 256
	Zoom       = 4
)

// Column is what one column of a view shows. Values are linear, 1 is full scale; all channels
// are folded into one.
type Column struct {
	Min, Max float32
	RMS      float32 // 0 or more
}

// Peaks is a sound at all zooms. It is not changed after it is made and may be read by many.
type Peaks struct {
	Rate   int // Hz
	Frames int
	levels [][]Column // levels[0] has a column per BaseFrames, the next per BaseFrames*Zoom, ...
}

// limit is as far beyond full scale as is drawn: 24 dB. Infinities in float files end here.
const limit = 16

// Build walks over the sound once. NaN counts as silence.
func Build(b *pcm.Buffer) *Peaks {
	w := Builder{base: make([]Column, 0, (b.Frames()+BaseFrames-1)/BaseFrames)}
	w.Add(b)
	return w.Peaks()
}

// Builder makes Peaks of a sound that comes in pieces. Its zero value is ready.
type Builder struct {
	rate, frames int
	base         []Column
	rest         []float32 // frames that do not fill a cell yet
}

// Add takes the next piece. It keeps nothing of it.
func (w *Builder) Add(b *pcm.Buffer) {
	w.rate = b.Rate
	w.frames += b.Frames()
	cell, s := BaseFrames*b.Channels, b.Samples[:b.Frames()*b.Channels]
	if len(w.rest) > 0 {
		n := min(cell-len(w.rest), len(s))
		w.rest, s = append(w.rest, s[:n]...), s[n:]
		if len(w.rest) < cell {
			return
		}
		w.base, w.rest = append(w.base, column(w.rest)), w.rest[:0]
	}
	if n := len(s) / cell; len(w.base)+n > cap(w.base) {
		w.base = slices.Grow(w.base, max(n, len(w.base))) // doubled: an hour has 600,000 cells
	}
	for ; len(s) >= cell; s = s[cell:] {
		w.base = append(w.base, column(s[:cell]))
	}
	w.rest = append(w.rest, s...)
}

// Peaks ends the sound. The Builder must not be used again.
func (w *Builder) Peaks() *Peaks {
	if len(w.rest) > 0 {
		w.base, w.rest = append(w.base, column(w.rest)), nil
	}
	p := &Peaks{Rate: w.rate, Frames: w.frames}
	p.zoomOut(w.base)
	return p
}

// column folds samples into one column.
func column(s []float32) Column {
	if len(s) == 0 {
		return Column{}
	}
	lo, hi := dsp.MinMax(s)
	sum := dsp.Dot(s, s) // in which NaN shows
	if !(lo >= -limit && hi <= limit) || sum != sum {
		return tame(s)
	}
	return Column{lo, hi, float32(math.Sqrt(float64(sum) / float64(len(s))))}
}

// tame is column for sound with NaN, infinities or values far beyond full scale.
func tame(s []float32) Column {
	var c Column
	sum := 0.0
	for i, v := range s {
		if v != v {
			v = 0
		}
		v = min(max(v, -limit), limit)
		if i == 0 {
			c.Min, c.Max = v, v
		}
		c.Min, c.Max = min(c.Min, v), max(c.Max, v)
		sum += float64(v) * float64(v)
	}
	c.RMS = float32(math.Sqrt(sum / float64(len(s))))
	return c
}

// zoomOut makes the coarser levels out of the finest.
func (p *Peaks) zoomOut(base []Column) {
	p.levels = [][]Column{base}
	for last := base; len(last) > Zoom; {
		next := make([]Column, (len(last)+Zoom-1)/Zoom)
		for i := range next {
			next[i] = fold(last[i*Zoom : min((i+1)*Zoom, len(last))])
		}
		p.levels = append(p.levels, next)
		last = next
	}
}

// fold joins columns of equal length into one.
func fold(cells []Column) Column {
	c := cells[0]
	power := float64(c.RMS) * float64(c.RMS)
	for _, o := range cells[1:] {
		c.Min, c.Max = min(c.Min, o.Min), max(c.Max, o.Max)
		power += float64(o.RMS) * float64(o.RMS)
	}
	c.RMS = float32(math.Sqrt(power / float64(len(cells))))
	return c
}

// Range shows the frames [from, to) in so many columns, appended to dst[:0] so that a view can
// keep its slice. Frames outside the sound are silence. A column takes in every cell it touches,
// hence no peak is ever lost; where columns are narrower than BaseFrames, Samples draws finer.
func (p *Peaks) Range(from, to, columns int, dst []Column) []Column {
	dst = dst[:0]
	if columns <= 0 {
		return dst
	}
	span := max(to-from, 0)
	level, size := 0, BaseFrames
	for level+1 < len(p.levels) && size*Zoom <= span/columns {
		level, size = level+1, size*Zoom
	}
	for i := range columns {
		a := from + mulDiv(span, i, columns)
		b := max(from+mulDiv(span, i+1, columns), a+1)
		dst = append(dst, p.at(level, size, max(a, 0), min(b, p.Frames)))
	}
	return dst
}

// mulDiv is a*b/c without overflow on 32-bit machines.
func mulDiv(a, b, c int) int { return int(int64(a) * int64(b) / int64(c)) }

// at folds the cells of one level that the frames [a, b) touch.
func (p *Peaks) at(level, size, a, b int) Column {
	if a >= b {
		return Column{}
	}
	return fold(p.levels[level][a/size : (b+size-1)/size])
}

// Samples shows frames of the sound itself in columns, for views closer than BaseFrames a
// column. Frames outside the sound are silence.
func Samples(b *pcm.Buffer, from, to, columns int, dst []Column) []Column {
	dst = dst[:0]
	span := max(to-from, 0)
	for i := range max(columns, 0) {
		a := from + mulDiv(span, i, columns)
		e := max(from+mulDiv(span, i+1, columns), a+1)
		a, e = max(a, 0), min(e, b.Frames())
		if a >= e {
			dst = append(dst, Column{})
			continue
		}
		dst = append(dst, column(b.Samples[a*b.Channels:e*b.Channels]))
	}
	return dst
}

// Peak is the largest magnitude of the sound, at most 16.
func (p *Peaks) Peak() float32 {
	peak := float32(0)
	for _, c := range p.levels[len(p.levels)-1] {
		peak = max(peak, c.Max, -c.Min)
	}
	return peak
}

// Overview is the whole sound in so many columns of two bytes, lowest and highest as int8 with
// 127 for full scale: what a row of a list needs.
func (p *Peaks) Overview(columns int) []byte {
	out := make([]byte, 0, 2*max(columns, 0))
	for _, c := range p.Range(0, p.Frames, columns, nil) {
		out = append(out, byte(int8(down(c.Min, 127))), byte(int8(up(c.Max, 127))))
	}
	return out
}

// down and up round away from the other end, so that nothing is drawn smaller than it is.
func down(v, scale float32) int {
	return int(max(-scale, float32(math.Floor(float64(v*scale)))))
}

func up(v, scale float32) int {
	return int(min(scale, float32(math.Ceil(float64(v*scale)))))
}
