package analysis

import (
	"math"
	"slices"

	"sampleagent/audio/dsp"
)

const (
	pitchOctaves   = 6
	pitchPerOctave = 60                            // bins of 20 cents
	pitchBins      = pitchOctaves * pitchPerOctave // from C2 up
	pitchLow       = 65.40639132514966             // Hz, C2 at A4 = 440 Hz
	pitchFFT       = 1024                          // points, at every octave's own rate
	pitchHop       = 2048                          // samples at the top octave's rate, about 90 ms
)

// pitchFrames turns a stream into magnitudes on a 20-cent grid over six octaves: each octave is
// taken from a signal halved once more, so one transform length serves them all (Schörkhuber &
// Klapuri, Constant-Q transform toolbox, SMC 2010, without the inverse).
type pitchFrames struct {
	fft    *dsp.FFT
	levels [pitchOctaves]pitchLevel // 0 is the top octave
	power  []float32
	frames [][pitchBins]float32
	done   [pitchOctaves]int // frames each level has written
	rate   float64           // frames a second
	was    [pitchBins]float32

	tune [pitchOctaves]struct{ re, im, sum float64 } // by octave: peaks' deviations from the semitone as vectors
}

type pitchLevel struct {
	half   halver
	win    []float32 // pitchFFT points, zero beyond the window
	hop    int
	buf    []float32
	skip   int       // samples of buf still to come that no frame needs
	next   []float32 // scratch: what goes on to the level below
	index  [pitchPerOctave]int32
	frac   [pitchPerOctave]float32
	used   int // bins that lie below the half of the rate
	binHz  float64
	lo, hi int // FFT bins of the octave
}

func (p *pitchFrames) reset(rate float64) error {
	if p.fft == nil {
		fft, err := dsp.NewFFT(pitchFFT)
		if err != nil {
			return err
		}
		p.fft, p.power = fft, make([]float32, fft.Bins())
		for l := range p.levels {
			// Long enough to part semitones, short enough to part chords: 46 ms at the top,
			// 0.74 s in the lowest octave (at 22.05 kHz).
			n := pitchFFT
			if l >= 4 {
				n = pitchFFT / 2
			}
			p.levels[l].win = make([]float32, pitchFFT)
			w := dsp.Hann(n)
			for i, v := range w {
				p.levels[l].win[(pitchFFT-n)/2+i] = v * 2 / float32(n) * 2
			}
		}
	}
	p.rate = rate / pitchHop
	for l := range p.levels {
		v := &p.levels[l]
		v.half.reset()
		v.hop = pitchHop >> l
		v.buf = append(v.buf[:0], make([]float32, pitchFFT/2)...)
		v.binHz = rate / pitchFFT
		v.used, v.skip = 0, 0
		low := pitchLow * math.Exp2(float64(pitchOctaves-1-l))
		for b := range pitchPerOctave {
			hz := low * math.Exp2(float64(b)/pitchPerOctave)
			at := hz / v.binHz
			if at > 0.46*pitchFFT {
				break
			}
			v.index[b] = int32(at)
			v.frac[b] = float32(at - math.Floor(at))
			v.used++
		}
		v.lo = int(low / v.binHz)
		v.hi = min(int(2*low/v.binHz), pitchFFT*46/100)
		rate /= 2
	}
	p.frames = p.frames[:0]
	p.done = [pitchOctaves]int{}
	clear(p.tune[:])
	return nil
}

func (p *pitchFrames) feed(x []float32) {
	for l := range p.levels {
		v := &p.levels[l]
		v.buf = append(v.buf, x...)
		p.take(l)
		if l+1 < pitchOctaves {
			v.next = v.half.feed(v.next[:0], x)
			x = v.next
		}
	}
}

// finish completes the frames whose centre lies within the stream.
func (p *pitchFrames) finish() {
	var rest []float32
	for l := range p.levels {
		v := &p.levels[l]
		v.buf = append(v.buf, rest...)
		if l+1 < pitchOctaves {
			v.next = v.half.feed(v.next[:0], rest)
			v.next = v.half.finish(v.next)
			rest = v.next
		}
		for range pitchFFT / 2 {
			v.buf = append(v.buf, 0)
		}
		p.take(l)
	}
	// Levels may differ by one frame at the end.
	n := p.done[0]
	for _, d := range p.done {
		n = min(n, d)
	}
	p.frames = p.frames[:n]
}

func (p *pitchFrames) take(l int) {
	v := &p.levels[l]
	from := v.skip
	for ; from+pitchFFT <= len(v.buf); from += v.hop {
		t := p.done[l]
		p.done[l]++
		if t >= len(p.frames) {
			p.frames = append(p.frames, [pitchBins]float32{})
		}
		p.fft.Power(p.power, v.buf[from:from+pitchFFT], v.win)
		for k := v.lo - 1; k <= v.hi+2; k++ {
			p.power[k] = float32(math.Sqrt(float64(p.power[k])))
		}
		row := p.frames[t][(pitchOctaves-1-l)*pitchPerOctave:][:pitchPerOctave]
		for b := range v.used {
			i := v.index[b]
			a := p.power[i]
			row[b] = a + v.frac[b]*(p.power[i+1]-a)
		}
		if l >= 1 && l <= 4 {
			p.vote(l)
		}
	}
	v.skip = max(0, from-len(v.buf)) // the hop may be longer than the frame
	v.buf = v.buf[:copy(v.buf, v.buf[from-v.skip:])]
}

// What counts as having sounded before a time: what did within four frames (0.4 s), a little louder
// (1.6 dB), and up to three bins (60 cents) off.
const (
	freshFrames = 4
	freshLouder = 1.2
	freshBins   = 3
)

// fresh is what share of the magnitudes in the frame after a time (s) was not there before it, 0 to 1; 1 where
// nothing was heard before. The comparison with the loudest near by is Böck & Widmer's against vibrato (Maximum
// filter vibrato suppression for onset detection, DAFx 2013), over a longer past, so that beats fall under it too.
func (p *pitchFrames) fresh(at float64) float64 {
	before := int(math.Floor(at*p.rate - 0.25))
	after := min(int(math.Ceil(at*p.rate+0.35)), len(p.frames)-1)
	if before < 0 || after <= before {
		return 1
	}
	copy(p.was[:], p.frames[before][:])
	for _, frame := range p.frames[max(0, before-freshFrames+1):before] {
		for b, v := range frame {
			p.was[b] = max(p.was[b], v)
		}
	}
	var fresh, all float64
	for b, v := range p.frames[after] {
		was := slices.Max(p.was[max(0, b-freshBins):min(pitchBins, b+freshBins+1)])
		fresh += float64(max(0, v-freshLouder*was))
		all += float64(v)
	}
	if all == 0 {
		return 0
	}
	return fresh / all
}

// vote adds the spectrum's peaks to the tuning histogram, each as a vector whose angle is its
// deviation from the nearest semitone and whose length is its magnitude.
func (p *pitchFrames) vote(l int) {
	v, m, t := &p.levels[l], p.power, &p.tune[l]
	var top float32
	for k := v.lo; k <= v.hi; k++ {
		top = max(top, m[k])
	}
	floor := max(top*0.1, 1e-5)
	for k := max(v.lo, 2); k <= v.hi; k++ {
		if m[k] < floor || m[k] <= m[k-1] || m[k] < m[k+1] {
			continue
		}
		a, b, c := float64(m[k-1]), float64(m[k]), float64(m[k+1])
		d := 0.5 * (a - c) / (a - 2*b + c)
		semi := 12 * math.Log2((float64(k)+d)*v.binHz/440)
		sin, cos := math.Sincos(2 * math.Pi * semi)
		t.re += b * cos
		t.im += b * sin
		t.sum += b
	}
}

// tuning is the deviation from A4 = 440 Hz in semitones, -0.5 to 0.5, and how sharply the peaks
// agree on it, 0 to 1.
func (p *pitchFrames) tuning() (semitones, agreement float64) {
	var re, im, sum float64
	for _, t := range p.tune {
		re += t.re
		im += t.im
		sum += t.sum
	}
	if sum == 0 {
		return 0, 0
	}
	return math.Atan2(im, re) / (2 * math.Pi), math.Hypot(re, im) / sum
}
