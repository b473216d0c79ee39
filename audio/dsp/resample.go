package dsp

import (
	"context"
	"fmt"
	"math"
	"sync"

	"sampleagent/audio/pcm"
)

// Resample converts src to rate Hz. Frame n of the result is src at the time n/rate, so the delay
// is compensated and the length is round(frames*rate/src.Rate). The phase is linear.
//
// With half the lower of the two rates called the edge: flat within 0.0001 dB up to 0.9 of the
// edge, or to 21.6 kHz where that is more (but at most 0.98 of the edge: 21.609 kHz from 44.1 kHz);
// images and aliases from the edge on are more than 125 dB down. Any pair of rates works.
//
// It runs in two steps. A sharp filter doubles the rate by overlapped transforms, which makes
// its length cheap; what it leaves fills at most half of the band, so that 24 taps of a
// polyphase filter are enough for the second step.
//
// Cancelling ctx stops it with the context's error. src is not changed. NaN and infinite samples
// count as zero.
func Resample(ctx context.Context, src *pcm.Buffer, rate int) (*pcm.Buffer, error) {
	if src.Rate < 1 || rate < 1 || src.Channels < 1 {
		return nil, fmt.Errorf("resample: %d channels from %d Hz to %d Hz", src.Channels, src.Rate, rate)
	}
	if src.Rate == rate {
		out := *src
		out.Samples = append([]float32(nil), src.Samples...)
		return &out, ctx.Err()
	}
	d, err := designResampler(src.Rate, rate)
	if err != nil {
		return nil, err
	}
	frames := src.Frames()
	n := int((int64(frames)*int64(rate) + int64(src.Rate)/2) / int64(src.Rate))
	out := &pcm.Buffer{Rate: rate, Channels: src.Channels, Samples: make([]float32, n*src.Channels)}
	r, err := newResampling(d)
	if err != nil {
		return nil, err
	}
	for c := range src.Channels {
		if err := r.channel(ctx, out.Samples, src.Samples, c, src.Channels, frames, n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

const (
	resampleStopDB  = 140  // design of both steps; the rounding of float32 leaves 132 of it, 125 in tests
	resampleTaps    = 24   // of the second step
	resamplePhases  = 2048 // tables up to this many phases are exact, beyond it they interpolate
	resampleMaxFFT  = 1 << 21
	resampleHistory = 2 * resampleTaps // doubled samples kept before a block
)

// resampleDesign is what depends on the two rates only; it is shared and never changed.
type resampleDesign struct {
	fftSize int       // of the input; the doubled signal's is twice that
	half    int       // input samples that a block needs before and after it
	gain    []float32 // of bin 0..fftSize/2, doubling included

	// The second step reads the doubled signal at n*step/phases.
	step, phases int
	table        []float32 // phases+1 rows of resampleTaps; or resamplePhases+1 when interpolated
	interpolated bool
}

var resampleDesigns struct {
	sync.Mutex
	m map[[2]int]*resampleDesign
}

func designResampler(from, to int) (*resampleDesign, error) {
	resampleDesigns.Lock()
	defer resampleDesigns.Unlock()
	key := [2]int{from, to}
	if d := resampleDesigns.m[key]; d != nil {
		return d, nil
	}
	d, err := newResampleDesign(from, to)
	if err != nil {
		return nil, err
	}
	if resampleDesigns.m == nil || len(resampleDesigns.m) >= 32 { // rates come from files
		resampleDesigns.m = make(map[[2]int]*resampleDesign)
	}
	resampleDesigns.m[key] = d
	return d, nil
}

func newResampleDesign(from, to int) (*resampleDesign, error) {
	stop := float64(min(from, to)) / 2
	pass := min(0.98*stop, max(0.9*stop, 21600))
	double := 2 * float64(from)

	// First step: Kaiser's length for the transition, at the doubled rate, odd and centred.
	reach := int(math.Ceil((resampleStopDB - 7.95) / (2.285 * 2 * math.Pi * (stop - pass) / double) / 2))
	d := &resampleDesign{half: (reach+1)/2 + 1, fftSize: 2048}
	for d.fftSize < 8*d.half {
		d.fftSize *= 2
	}
	if d.fftSize > resampleMaxFFT {
		return nil, fmt.Errorf("resample: %d Hz is too far from %d Hz", to, from)
	}
	cut := (stop + pass) / double // of half the doubled rate
	beta := kaiserBeta(resampleStopDB)
	h := make([]float32, 2*d.fftSize)
	taps, sum := make([]float64, reach+1), 0.0
	for k := range taps {
		taps[k] = cut * sinc(cut*float64(k)) * KaiserAt(float64(k)/float64(reach+1), beta)
		sum += 2 * taps[k]
	}
	sum -= taps[0]
	for k, v := range taps {
		v /= sum
		h[k] = float32(v)
		if k > 0 {
			h[len(h)-k] = float32(v)
		}
	}
	f, err := NewFFT(2 * d.fftSize)
	if err != nil {
		return nil, err
	}
	re, im := make([]float32, f.Bins()), make([]float32, f.Bins())
	f.Forward(re, im, h)
	d.gain = make([]float32, d.fftSize/2+1)
	for k := range d.gain {
		d.gain[k] = 2 * re[k] // the filter is symmetric about 0: no imaginary part
	}
	// The input's own half rate stands for two bins of the doubled signal.
	d.gain[d.fftSize/2] /= 2

	// Second step: pass to a quarter of the doubled rate, stop from three quarters on.
	g := gcd(2*from, to)
	d.step, d.phases = 2*from/g, to/g
	if d.phases > resamplePhases {
		d.table, d.interpolated = finePhases(), true
	} else {
		d.table = resampleTable(d.phases)
	}
	return d, nil
}

// finePhases serves every ratio whose own phases are too many.
var finePhases = sync.OnceValue(func() []float32 { return resampleTable(resamplePhases) })

// resampleTable is rows+1 rows of taps, each for a place a part further between two samples.
func resampleTable(rows int) []float32 {
	table := make([]float32, 0, (rows+1)*resampleTaps)
	for p := range rows + 1 {
		row, sum := [resampleTaps]float64{}, 0.0
		for k := range row {
			t := float64(k) - (resampleTaps/2 - 1) - float64(p)/float64(rows)
			row[k] = sinc(t) * KaiserAt(t/(resampleTaps/2), kaiserBeta(resampleStopDB))
			sum += row[k]
		}
		for _, v := range row {
			table = append(table, float32(v/sum))
		}
	}
	return table
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// resampling is the scratch of one conversion.
type resampling struct {
	*resampleDesign
	narrow, wide   *FFT
	x              []float32 // one block of input
	re, im         []float32 // its spectrum, then the doubled signal's
	doubled, piece []float32 // history and a block of the doubled signal; a block of results
}

func newResampling(d *resampleDesign) (*resampling, error) {
	narrow, err := NewFFT(d.fftSize)
	if err != nil {
		return nil, err
	}
	wide, err := NewFFT(2 * d.fftSize)
	if err != nil {
		return nil, err
	}
	return &resampling{
		resampleDesign: d,
		narrow:         narrow, wide: wide,
		x:       make([]float32, d.fftSize),
		re:      make([]float32, wide.Bins()),
		im:      make([]float32, wide.Bins()),
		doubled: make([]float32, resampleHistory+2*d.fftSize),
		piece:   make([]float32, 4096),
	}, nil
}

// channel converts channel c of src, frames long, into channel c of dst, n frames long.
func (r *resampling) channel(ctx context.Context, dst, src []float32, c, channels, frames, n int) error {
	block := r.fftSize - 2*r.half // new input samples a round
	clear(r.doubled[:resampleHistory])
	done := 0
	// Begin early enough that the second step's history is real at output 0.
	for at := -resampleHistory; done < n; at += block {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.load(src, at-r.half, c, channels, frames)
		r.narrow.Forward(r.re[:r.fftSize/2+1], r.im[:r.fftSize/2+1], r.x)
		Mul(r.re[:r.fftSize/2+1], r.re[:r.fftSize/2+1], r.gain)
		Mul(r.im[:r.fftSize/2+1], r.im[:r.fftSize/2+1], r.gain)
		clear(r.re[r.fftSize/2+1:])
		clear(r.im[r.fftSize/2+1:])
		r.wide.Inverse(r.doubled[resampleHistory:], r.re, r.im)
		// Keep what is clean: from 2*half on, 2*block samples.
		copy(r.doubled[resampleHistory:], r.doubled[resampleHistory+2*r.half:][:2*block])

		// doubled[0] is the doubled signal's sample 2*at - resampleHistory; an output at
		// doubled position u reads u-7..u+8.
		first := int64(2*at - resampleHistory)
		end := int64(2*at + 2*block)
		for done < n {
			u := int64(done) * int64(r.step) / int64(r.phases)
			if u+resampleTaps/2 >= end {
				break
			}
			// How many outputs can be read before the block ends.
			last := ((end-resampleTaps/2)*int64(r.phases) - 1) / int64(r.step)
			m := int(min(last-int64(done)+1, int64(n-done), int64(len(r.piece))))
			r.second(r.piece[:m], r.doubled[u-first-(resampleTaps/2-1):], done)
			if channels == 1 {
				copy(dst[done:], r.piece[:m])
			} else {
				for i, v := range r.piece[:m] {
					dst[(done+i)*channels+c] = v
				}
			}
			done += m
		}
		copy(r.doubled, r.doubled[2*block:2*block+resampleHistory])
	}
	return nil
}

// load takes fftSize samples of channel c from frame from on, zeros beyond the ends.
func (r *resampling) load(src []float32, from, c, channels, frames int) {
	lo, hi := max(0, -from), min(r.fftSize, frames-from)
	if hi <= lo {
		clear(r.x)
		return
	}
	clear(r.x[:lo])
	clear(r.x[hi:])
	if channels == 1 {
		copy(r.x[lo:hi], src[from+lo:])
	} else {
		s := src[(from+lo)*channels+c:]
		for i := range r.x[lo:hi] {
			r.x[lo+i] = s[i*channels]
		}
	}
	silenceOdd(r.x)
}

// silenceOdd sets what is not a finite number to zero.
func silenceOdd(x []float32) {
	if s := SumSquares(x); s-s == 0 {
		return // the usual case, at the cost of one pass
	}
	for i, v := range x {
		if v-v != 0 {
			x[i] = 0
		}
	}
}

// second computes results first.. of the doubled signal; x begins with the first one's taps.
func (r *resampling) second(dst, x []float32, first int) {
	phase := int(int64(first) * int64(r.step) % int64(r.phases))
	if !r.interpolated {
		polyphase(dst, x, r.table, phase, r.phases, r.step)
		return
	}
	at := 0
	for i := range dst {
		f := float64(phase) * resamplePhases / float64(r.phases)
		p := int(f)
		w := float32(f - float64(p))
		a := Dot(x[at:at+resampleTaps], r.table[p*resampleTaps:(p+1)*resampleTaps])
		b := Dot(x[at:at+resampleTaps], r.table[(p+1)*resampleTaps:(p+2)*resampleTaps])
		dst[i] = a + w*(b-a)
		phase += r.step
		at += phase / r.phases
		phase %= r.phases
	}
}
