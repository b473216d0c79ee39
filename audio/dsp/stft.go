package dsp

import "fmt"

// STFT cuts a mono signal into overlapping windowed frames and transforms them. Frame t is
// centred on sample t*hop, with zeros beyond both ends (librosa's center=True,
// pad_mode="constant"). It holds scratch: one goroutine uses it at a time.
type STFT struct {
	*FFT
	window []float32
	hop    int
	edge   []float32 // a frame that reaches over an end
}

// NewSTFT plans frames of len(window) samples, a power of two, hop samples apart.
func NewSTFT(window []float32, hop int) (*STFT, error) {
	f, err := NewFFT(len(window))
	if err != nil {
		return nil, err
	}
	if hop < 1 {
		return nil, fmt.Errorf("dsp: STFT hop %d is not positive", hop)
	}
	return &STFT{FFT: f, window: window, hop: hop, edge: make([]float32, len(window))}, nil
}

// Hop is the distance of two frames in samples.
func (s *STFT) Hop() int { return s.hop }

// Count is the number of frames of a signal of n samples: 1 + n/hop, none for an empty one.
func (s *STFT) Count(n int) int {
	if n <= 0 {
		return 0
	}
	return 1 + n/s.hop
}

// Frame is the samples of frame t of x, before the window. It is a part of x itself, or scratch
// that the next call overwrites, so the caller only reads it and does not keep it.
func (s *STFT) Frame(x []float32, t int) []float32 {
	n := len(s.window)
	from := t*s.hop - n/2
	if from >= 0 && from+n <= len(x) {
		return x[from : from+n]
	}
	clear(s.edge)
	if from < len(x) && from+n > 0 {
		copy(s.edge[max(0, -from):], x[max(0, from):min(len(x), from+n)])
	}
	return s.edge
}

// PowerFrame writes the power spectrum of frame t of x into p, Bins values.
func (s *STFT) PowerFrame(p, x []float32, t int) {
	s.Power(p, s.Frame(x, t), s.window)
}

// ComplexFrame writes the spectrum of frame t of x into re and im, Bins values each.
func (s *STFT) ComplexFrame(re, im, x []float32, t int) {
	s.ForwardWindowed(re, im, s.Frame(x, t), s.window)
}
