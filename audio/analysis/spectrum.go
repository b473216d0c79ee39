package analysis

import (
	"math"

	"sampleagent/audio/dsp"
)

// The one short-time transform that all spectral features share, as in librosa's defaults.
const (
	frameSize = 2048 // samples
	frameHop  = 512  // samples
	frameBins = frameSize/2 + 1

	rolloffShare  = 0.85
	flatnessFloor = 1e-10 // of the power
	zeroFloor     = 1e-10 // samples up to it have no sign
)

// spectrum walks a mono signal once, in blocks of any size, and gathers what is known from its
// spectra: centroid and its kin, MFCC, chroma, the harmonic share. Frames are 2048 samples, hop
// 512, centred, Hann, zeros beyond the ends. Nothing is allocated per frame; a spectrum is used
// by one goroutine and is worth keeping for the next signal.
//
// The samples it is fed are finite; the caller sees to it.
type spectrum struct {
	// onFrame, if set, is called for every frame with its power spectrum (1025 bins) and its
	// 128 mel bands in dB (not clipped). Both are overwritten by the next frame.
	onFrame func(t int, power, mel []float32)

	rate int
	fft  *dsp.FFT
	win  []float32
	freq []float32 // Hz of every bin

	buf     []float32 // samples not yet left behind; buf[0] belongs to the first block of frame t
	fed     int       // samples so far
	t       int       // next frame
	last    float32   // the last sample fed
	startsN bool      // the first sample is negative
	tail    bool      // the zeros behind the end are being fed

	block  [4]block // the frame's four hops, oldest first
	blocks int      // how many are filled

	power []float32 // padded with zeros to whole eights
	mag   []float32
	mel   []float32

	centroid, bandwidth, rolloff, flatness, zcr, rms moments
	cepstrum                                         cepstrum
	chroma                                           chroma
}

// block sums up one hop of samples.
type block struct {
	energy  float64
	changes int  // sign changes, the one into the first sample included
	entry   bool // there is one into the first sample
}

// spectra is what a spectrum found.
type spectra struct {
	Spectral             Spectral
	MFCCMean, MFCCStd    []float64 // 13
	ChromaMean, ChromaSD []float64 // 12, C first
	Tuning               float64   // semitones from A440, -0.5 to 0.5, as librosa estimates it
	Frames               int
}

func newSpectrum() *spectrum {
	fft, err := dsp.NewFFT(frameSize)
	if err != nil {
		panic(err) // frameSize is a power of two
	}
	return &spectrum{
		fft:   fft,
		win:   dsp.Hann(frameSize),
		freq:  make([]float32, frameBins),
		buf:   make([]float32, 0, 16*frameSize),
		power: make([]float32, (frameBins+7)&^7),
		mag:   make([]float32, frameBins),
		mel:   make([]float32, melBands),
	}
}

// reset begins a new signal of rate Hz.
func (s *spectrum) reset(rate int) {
	if s.rate != rate {
		s.rate = rate
		for k := range s.freq {
			s.freq[k] = float32(float64(k) * float64(rate) / frameSize)
		}
	}
	s.buf = s.buf[:frameSize/2]
	clear(s.buf)
	s.fed, s.t, s.last, s.startsN, s.tail, s.blocks = 0, 0, 0, false, false, 0
	for _, m := range []*moments{&s.centroid, &s.bandwidth, &s.rolloff, &s.flatness, &s.zcr, &s.rms} {
		*m = moments{}
	}
	s.cepstrum.reset(rate)
	s.chroma.reset(rate)
}

// feed takes the next samples.
func (s *spectrum) feed(x []float32) {
	if len(x) == 0 {
		return
	}
	if s.fed == 0 {
		s.startsN = x[0] < -zeroFloor
	}
	s.fed += len(x)
	s.last = x[len(x)-1]
	s.push(x)
}

// push appends to the buffer and takes every frame that is whole.
func (s *spectrum) push(x []float32) {
	for len(x) > 0 {
		n := min(len(x), cap(s.buf)-len(s.buf))
		s.buf = append(s.buf, x[:n]...)
		x = x[n:]
		at := 0
		for ; at+frameSize <= len(s.buf) && (!s.tail || s.t <= s.fed/frameHop); at += frameHop {
			s.frame(s.buf[at : at+frameSize])
			s.t++
		}
		s.buf = s.buf[:copy(s.buf, s.buf[at:])]
	}
}

// finish ends the signal. A signal without samples has no frames and zero features.
func (s *spectrum) finish() spectra {
	if s.fed > 0 {
		s.tail = true
		var zeros [frameSize]float32
		s.push(zeros[:])
	}
	r := spectra{Frames: s.t}
	sp := &r.Spectral
	sp.CentroidMean, sp.CentroidStd = s.centroid.meanStd()
	sp.BandwidthMean, sp.BandwidthStd = s.bandwidth.meanStd()
	sp.RolloffMean, sp.RolloffStd = s.rolloff.meanStd()
	sp.FlatnessMean, sp.FlatnessStd = s.flatness.meanStd()
	sp.ZCRMean, sp.ZCRStd = s.zcr.meanStd()
	sp.RMSMean, sp.RMSStd = s.rms.meanStd()
	sp.HarmonicRatio = s.cepstrum.harmonicRatio()
	r.MFCCMean, r.MFCCStd = s.cepstrum.finish()
	r.ChromaMean, r.ChromaSD, r.Tuning = s.chroma.finish()
	return r
}

// frame takes the 2048 samples of frame t.
func (s *spectrum) frame(x []float32) {
	s.hops(x)
	power := s.power[:frameBins]
	s.fft.Power(power, x, s.win)
	dsp.Sqrt(s.mag, power)

	total := float64(dsp.Sum(s.mag))
	centroid, bandwidth := 0.0, 0.0
	if total > 0 {
		centroid = float64(dsp.Dot(s.mag, s.freq)) / total
		bandwidth = math.Sqrt(float64(dsp.Spread(s.mag, s.freq, float32(centroid))) / total)
	}
	s.centroid.add(centroid)
	s.bandwidth.add(bandwidth)
	s.rolloff.add(float64(s.freq[rolloffBin(s.mag, rolloffShare*total)]))
	s.chroma.frame(s.power)
	s.cepstrum.frame(s.mel, s.power)

	// Flatness last: it overwrites the magnitudes with floored powers and their logarithms.
	dsp.AtLeast(s.mag, power, flatnessFloor)
	mean := float64(dsp.Sum(s.mag)) / frameBins
	dsp.Log(s.mag, s.mag, 1, 0, flatnessFloor)
	s.flatness.add(math.Exp(float64(dsp.Sum(s.mag))/frameBins) / mean)

	if s.onFrame != nil {
		s.onFrame(s.t, power, s.mel)
	}
}

// rolloffBin is the first bin at which the running sum of mag reaches threshold.
func rolloffBin(mag []float32, threshold float64) int {
	const step = 32
	run, k := 0.0, 0
	for k+step < len(mag) {
		s := float64(dsp.Sum(mag[k : k+step]))
		if run+s >= threshold {
			break
		}
		run += s
		k += step
	}
	for ; k < len(mag)-1; k++ {
		if run += float64(mag[k]); run >= threshold {
			break
		}
	}
	return k
}

// hops keeps the level and the sign changes of the last four hops and takes the frame's from
// them. Zeros stand where librosa repeats the first and last sample, so a sign change into or
// out of them is taken off again.
func (s *spectrum) hops(x []float32) {
	if s.blocks == 4 {
		copy(s.block[:], s.block[1:])
		s.block[3] = newBlock(x[3*frameHop:], x[3*frameHop-1])
	} else {
		prev := float32(0)
		for i := range s.block {
			s.block[i] = newBlock(x[i*frameHop:(i+1)*frameHop], prev)
			prev = x[(i+1)*frameHop-1]
		}
		s.blocks = 4
	}
	energy, changes := 0.0, 0
	for _, b := range s.block {
		energy += b.energy
		changes += b.changes
	}
	if s.block[0].entry {
		changes--
	}
	start := s.t*frameHop - frameSize/2
	if s.startsN && start < 0 {
		changes--
	}
	if s.tail && s.last < -zeroFloor && start+frameSize > s.fed && start < s.fed {
		changes--
	}
	s.rms.add(math.Sqrt(energy / frameSize))
	s.zcr.add(float64(changes) / frameSize)
}

func newBlock(x []float32, prev float32) block {
	b := block{
		energy:  float64(dsp.SumSquares(x)),
		changes: dsp.SignChanges(x, zeroFloor),
		entry:   (prev < -zeroFloor) != (x[0] < -zeroFloor),
	}
	if b.entry {
		b.changes++
	}
	return b
}

// moments gathers mean and population standard deviation (Welford's recurrence).
type moments struct {
	n, mean, m2 float64
}

func (m *moments) add(v float64) {
	m.n++
	d := v - m.mean
	m.mean += d / m.n
	m.m2 += d * (v - m.mean)
}

func (m *moments) meanStd() (mean, std float64) {
	if m.n == 0 {
		return 0, 0
	}
	return m.mean, math.Sqrt(m.m2 / m.n)
}
