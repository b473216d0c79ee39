package ui

import (
	"sampleagent/audio/waveform"
)

// smoothed reads peaks for a view. Where a cell of the peaks is wider than a column, columns are
// drawn on the line between cells: short sounds show a shape, not steps.
type smoothed struct {
	peaks *waveform.Peaks
	cells []waveform.Column
	out   []waveform.Column
}

func newSmoothed(p *waveform.Peaks) *smoothed { return &smoothed{peaks: p} }

// columns gives n columns between two times in seconds. The slice is good until the next call.
func (s *smoothed) columns(from, to float64, n int) []waveform.Column {
	rate := float64(s.peaks.Rate)
	a, b := from*rate, to*rate
	if n <= 0 || b-a >= float64(n)*waveform.BaseFrames {
		s.out = s.peaks.Range(int(a), int(b), n, s.out)
		return s.out
	}
	// One cell more at both ends, so that the first and last column have a neighbour.
	first := int(a/waveform.BaseFrames) - 1
	last := int(b/waveform.BaseFrames) + 2
	s.cells = s.peaks.Range(first*waveform.BaseFrames, last*waveform.BaseFrames, last-first, s.cells)
	s.out = s.out[:0]
	for i := range n {
		at := a + (b-a)*(float64(i)+0.5)/float64(n)
		x := at/waveform.BaseFrames - 0.5 - float64(first)
		k := max(0, min(int(x), len(s.cells)-2))
		t := float32(max(0, min(x-float64(k), 1)))
		l, r := s.cells[k], s.cells[k+1]
		s.out = append(s.out, waveform.Column{Min: l.Min + (r.Min-l.Min)*t, Max: l.Max + (r.Max-l.Max)*t, RMS: l.RMS + (r.RMS-l.RMS)*t})
	}
	return s.out
}
