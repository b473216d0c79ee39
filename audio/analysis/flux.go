package analysis

import (
	"math"
	"slices"

	"sampleagent/audio/dsp"
)

// The bands in which changes are followed: kick, body, snare and voice, hats.
const fluxBands = 4

var fluxEdges = [fluxBands - 1]float64{150, 800, 3000} // Hz

// fluxRate is the rate of frames aimed at, Hz: hop 128 at 44.1 kHz, as in Percival &
// Tzanetakis, Streamlined tempo estimation, IEEE/ACM TASLP 22(12), 2014. At a quarter of it the
// tempo grid near 120 BPM is already several BPM wide.
const fluxRate = 344.53125

// fluxFrames turns a stream into onset strength by band and level at about 344 Hz.
type fluxFrames struct {
	fft   *dsp.FFT
	win   []float32
	hop   int
	rate  float64 // frames per second
	edges [fluxBands + 1]int
	gain  float32 // power scale before the logarithm

	buf        []float32
	power      []float32
	prev, cur  []float32
	flux       [fluxBands][]float32
	env        []float32 // mean square of the samples of the hop around the frame
	firstFrame bool
}

func (f *fluxFrames) reset(rate float64, gain float32) error {
	n := 512
	if rate < 12000 {
		n = 256
	}
	if f.fft == nil || f.fft.Len() != n {
		fft, err := dsp.NewFFT(n)
		if err != nil {
			return err
		}
		f.fft, f.win = fft, dsp.Hamming(n)
		f.power = make([]float32, fft.Bins())
		f.prev = make([]float32, fft.Bins())
		f.cur = make([]float32, fft.Bins())
	}
	f.hop = max(1, int(math.Round(rate/fluxRate)))
	f.rate = rate / float64(f.hop)
	f.edges[0] = 1
	for i, hz := range fluxEdges {
		f.edges[i+1] = min(n/2+1, max(f.edges[i]+1, int(math.Round(hz*float64(n)/rate))))
	}
	f.edges[fluxBands] = n/2 + 1
	// |X|*1000/N of the paper, as power. The factor 2 makes up for the 1024-point frames there.
	g := 1000 / float64(n) * float64(gain)
	f.gain = float32(g * g)
	f.buf = append(f.buf[:0], make([]float32, n/2)...)
	for b := range f.flux {
		f.flux[b] = f.flux[b][:0]
	}
	f.env = f.env[:0]
	f.firstFrame = true
	return nil
}

// reserve makes room for so many frames.
func (f *fluxFrames) reserve(frames int) {
	for b := range f.flux {
		f.flux[b] = slices.Grow(f.flux[b], frames)
	}
	f.env = slices.Grow(f.env, frames)
}

func (f *fluxFrames) feed(x []float32) {
	f.buf = append(f.buf, x...)
	n := f.fft.Len()
	from := 0
	for ; from+n <= len(f.buf); from += f.hop {
		f.frame(f.buf[from : from+n])
	}
	f.buf = f.buf[:copy(f.buf, f.buf[from:])]
}

// finish completes the frames whose centre lies within the stream.
func (f *fluxFrames) finish() {
	n := f.fft.Len()
	for i := 0; i < n/2; i++ {
		f.buf = append(f.buf, 0)
	}
	f.feed(nil)
}

func (f *fluxFrames) frame(x []float32) {
	f.fft.Power(f.power, x, f.win)
	p := f.power
	cur, prev := f.cur, f.prev
	dsp.Log(cur, p, f.gain, 1, 1)
	for b := range fluxBands {
		lo, hi := f.edges[b], f.edges[b+1]
		up := dsp.Rise(cur[lo:hi], prev[lo:hi])
		if f.firstFrame {
			up = 0
		}
		f.flux[b] = append(f.flux[b], up*0.5)
	}
	f.firstFrame = false
	f.prev, f.cur = cur, prev
	mid := x[(len(x)-f.hop)/2:][:f.hop]
	f.env = append(f.env, dsp.SumSquares(mid)/float32(f.hop))
}
