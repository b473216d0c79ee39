package dsp

import (
	"context"
	"fmt"
	"math"

	"sampleagent/audio/pcm"
)

// Limits of time-stretching and pitch-shifting.
const (
	MinStretch = 0.25 // of the length
	MaxStretch = 4
	MaxCents   = 2400 // up or down
)

// Stretch gives src another length, round(frames*ratio), and leaves its pitch alone. ratio lies
// in MinStretch..MaxStretch.
//
// It is a phase vocoder with identity phase locking (Laroche & Dolson 1999): frames are taken
// from the source along a time map, and every spectral peak turns with its surroundings so that
// its phase goes on where it was. All channels turn alike, which keeps the stereo picture.
// Attacks are moved, not stretched: the map runs at the source's own speed around each, its time
// is exactly ratio times its old one, and phases start afresh before it. NaN and infinite samples
// count as zero.
func Stretch(ctx context.Context, src *pcm.Buffer, ratio float64) (*pcm.Buffer, error) {
	if !(ratio >= MinStretch && ratio <= MaxStretch) {
		return nil, fmt.Errorf("stretch: ratio %v is not within %v to %v", ratio, MinStretch, MaxStretch)
	}
	if src.Channels < 1 || src.Rate < 1 {
		return nil, fmt.Errorf("stretch: %d channels at %d Hz", src.Channels, src.Rate)
	}
	return stretchTo(ctx, src, int(math.Round(float64(src.Frames())*ratio)), ratio)
}

// StretchShift changes length and pitch in one go, the length as Stretch does, the pitch by
// cents, -MaxCents to MaxCents.
func StretchShift(ctx context.Context, src *pcm.Buffer, ratio, cents float64) (*pcm.Buffer, error) {
	if !(cents >= -MaxCents && cents <= MaxCents) {
		return nil, fmt.Errorf("pitch-shift: %v cents is not within %d", cents, MaxCents)
	}
	if cents == 0 {
		return Stretch(ctx, src, ratio)
	}
	if !(ratio >= MinStretch && ratio <= MaxStretch) {
		return nil, fmt.Errorf("stretch: ratio %v is not within %v to %v", ratio, MinStretch, MaxStretch)
	}
	if src.Channels < 1 || src.Rate < 1 {
		return nil, fmt.Errorf("pitch-shift: %d channels at %d Hz", src.Channels, src.Rate)
	}
	// Longer by the pitch's factor, then read faster by it.
	up := math.Exp2(cents / 1200)
	n := int(math.Round(float64(src.Frames()) * ratio))
	long, err := stretchTo(ctx, src, int(math.Round(float64(src.Frames())*ratio*up)), ratio*up)
	if err != nil {
		return nil, err
	}
	const unit = 1 << 18
	long.Rate = int(math.Round(up * unit))
	out, err := Resample(ctx, long, unit)
	if err != nil {
		return nil, err
	}
	out.Rate = src.Rate
	fixed := make([]float32, n*src.Channels) // the two roundings may be a frame apart
	copy(fixed, out.Samples)
	out.Samples = fixed
	return out, nil
}

// vocoder is the scratch of one stretch.
type vocoder struct {
	size, hop int
	fft       *FFT
	window    []float32
	in        []float32 // one frame
	channels  []vocoderChannel
	mag       []float32 // squared, the louder channel's
	loud      []uint8   // which channel that is
	rotR      []float32 // what each bin turns by
	rotI      []float32
}

type vocoderChannel struct {
	x      []float32 // the source, planar
	re, im []float32 // this frame
	pr, pi []float32 // the source a hop earlier
	yr, yi []float32 // the last frame put out
}

func stretchTo(ctx context.Context, src *pcm.Buffer, n int, ratio float64) (*pcm.Buffer, error) {
	out := &pcm.Buffer{Rate: src.Rate, Channels: src.Channels, Samples: make([]float32, n*src.Channels)}
	if n == 0 || src.Frames() == 0 {
		return out, ctx.Err()
	}
	v, err := newVocoder(src)
	if err != nil {
		return nil, err
	}
	timeline := newTimeMap(v.attacks(src.Rate), src.Frames(), n, ratio, v.size/2)
	acc := make([]float32, v.size)             // one frame back in time
	sums := make([][]float32, len(v.channels)) // overlapping frames
	for c := range sums {
		sums[c] = make([]float32, v.size)
	}
	scale := float32(v.hop) / (3.0 / 8 * float32(v.size)) // a Hann window squared overlaps to this
	half := v.size / 2
	for t := -half + v.hop; t < n+half; t += v.hop {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at, fresh := timeline.at(t, v.hop)
		v.analyse(at)
		v.turn(fresh)
		for c := range v.channels {
			ch := &v.channels[c]
			v.fft.Inverse(acc, ch.yr, ch.yi)
			Mul(acc, acc, v.window)
			Axpy(sums[c], scale, acc)
			// The first hop of the frame is complete: frames lie from t-half on.
			for i := range v.hop {
				if f := t - half + i; f >= 0 && f < n {
					out.Samples[f*src.Channels+c] = sums[c][i]
				}
			}
			copy(sums[c], sums[c][v.hop:])
			clear(sums[c][v.size-v.hop:])
		}
	}
	return out, nil
}

func newVocoder(src *pcm.Buffer) (*vocoder, error) {
	if src.Channels > math.MaxUint8 {
		return nil, fmt.Errorf("stretch: %d channels are more than %d", src.Channels, math.MaxUint8)
	}
	v := &vocoder{size: 2048}
	for v.size*22 < src.Rate { // some 20 to 45 ms at any rate
		v.size *= 2
	}
	for v.size > 256 && v.size*11 > src.Rate {
		v.size /= 2
	}
	v.hop = v.size / 8
	fft, err := NewFFT(v.size)
	if err != nil {
		return nil, err
	}
	v.fft, v.window, v.in = fft, Hann(v.size), make([]float32, v.size)
	bins := fft.Bins()
	v.mag, v.rotR, v.rotI = make([]float32, bins), make([]float32, bins), make([]float32, bins)
	v.loud = make([]uint8, bins)
	frames := src.Frames()
	for c := range src.Channels {
		ch := vocoderChannel{x: make([]float32, frames)}
		for i := range ch.x {
			ch.x[i] = src.Samples[i*src.Channels+c]
		}
		silenceOdd(ch.x)
		for _, p := range []*[]float32{&ch.re, &ch.im, &ch.pr, &ch.pi, &ch.yr, &ch.yi} {
			*p = make([]float32, bins)
		}
		v.channels = append(v.channels, ch)
	}
	return v, nil
}

// analyse transforms the source around frame at, and a hop before it.
func (v *vocoder) analyse(at int) {
	for c := range v.channels {
		ch := &v.channels[c]
		v.load(ch.x, at-v.size/2-v.hop)
		v.fft.ForwardWindowed(ch.pr, ch.pi, v.in, v.window)
		v.load(ch.x, at-v.size/2)
		v.fft.ForwardWindowed(ch.re, ch.im, v.in, v.window)
	}
}

func (v *vocoder) load(x []float32, from int) {
	lo, hi := max(0, -from), min(v.size, len(x)-from)
	if hi <= lo {
		clear(v.in)
		return
	}
	clear(v.in[:lo])
	copy(v.in[lo:hi], x[from+lo:])
	clear(v.in[hi:])
}

// turn makes the next output spectra: each peak's phase goes on from the last output by what it
// advances in the source within a hop, and the bins around it keep their phases towards it.
func (v *vocoder) turn(fresh bool) {
	if fresh {
		for c := range v.channels {
			ch := &v.channels[c]
			copy(ch.yr, ch.re)
			copy(ch.yi, ch.im)
		}
		return
	}
	bins := len(v.mag)
	for k := range v.mag {
		v.mag[k] = -1
	}
	for c := range v.channels {
		ch := &v.channels[c]
		for k := range v.mag {
			if m := ch.re[k]*ch.re[k] + ch.im[k]*ch.im[k]; m > v.mag[k] {
				v.mag[k], v.loud[k] = m, uint8(c)
			}
		}
	}
	// Peaks tower over two neighbours on each side; a peak's realm ends half way to the next.
	last, from := -1, 0
	for k := range bins {
		m := v.mag[k]
		if k > 0 && v.mag[k-1] >= m || k > 1 && v.mag[k-2] >= m || k+1 < bins && v.mag[k+1] > m || k+2 < bins && v.mag[k+2] > m {
			continue
		}
		if last >= 0 {
			border := (last + k + 1) / 2
			v.realm(last, from, border)
			from = border
		}
		last = k
	}
	v.realm(max(last, 0), from, bins)
	for c := range v.channels {
		ch := &v.channels[c]
		for k := range bins {
			re, im := ch.re[k], ch.im[k]
			ch.yr[k] = re*v.rotR[k] - im*v.rotI[k]
			ch.yi[k] = re*v.rotI[k] + im*v.rotR[k]
		}
	}
}

// realm turns the bins from..to-1 as their peak demands.
func (v *vocoder) realm(peak, from, to int) {
	ch := &v.channels[v.loud[peak]]
	// y * conj(p): the angle from the source a hop ago to the last output
	r := ch.yr[peak]*ch.pr[peak] + ch.yi[peak]*ch.pi[peak]
	i := ch.yi[peak]*ch.pr[peak] - ch.yr[peak]*ch.pi[peak]
	if n := float32(math.Sqrt(float64(r)*float64(r) + float64(i)*float64(i))); n > 1e-30 {
		r, i = r/n, i/n
	} else {
		r, i = 1, 0
	}
	for k := from; k < to; k++ {
		v.rotR[k], v.rotI[k] = r, i
	}
}

// attacks finds where sounds begin: the energy of the differenced signal in 1.5 ms steps leaps
// over what it was in the 15 ms before. The result is frames, ascending.
func (v *vocoder) attacks(rate int) []int {
	step := max(8, rate/689)
	frames := len(v.channels[0].x)
	energy := make([]float64, frames/step+1)
	top := 0.0
	for _, ch := range v.channels {
		prev := float32(0)
		for i, s := range ch.x {
			d := float64(s - prev)
			prev = s
			energy[i/step] += d * d
		}
	}
	for _, e := range energy {
		top = max(top, e)
	}
	var found []int
	const slowness, leap, floor = 0.9, 8.0, 1e-4
	slow, quiet := 0.0, 0
	for i, e := range energy {
		if e > leap*slow+floor*top && quiet <= 0 {
			found = append(found, i*step)
			quiet = 30 // 45 ms
		}
		quiet--
		slow = slowness*slow + (1-slowness)*e
	}
	return found
}

// timeMap leads from frames of the result to frames of the source, in straight pieces.
type timeMap struct {
	out, in []float64 // corners
	fresh   []bool    // a piece of the source's own speed begins here
	piece   int
	last    int // piece of the last question
}

// newTimeMap holds attacks at ratio times their place, with the source's own speed reach frames
// before and after, or as much as there is room for.
func newTimeMap(attacks []int, frames, n int, ratio float64, reach int) *timeMap {
	m := &timeMap{last: -1}
	add := func(out, in float64, fresh bool) {
		m.out, m.in, m.fresh = append(m.out, out), append(m.in, in), append(m.fresh, fresh)
	}
	room := func(gap float64) float64 { return min(float64(reach), 0.45*gap, 0.45*gap*ratio) }
	if len(attacks) == 0 || attacks[0] > reach {
		attacks = append([]int{0}, attacks...) // the beginning is one
	}
	for i, a := range attacks {
		before, after := float64(reach), float64(frames-a)
		if i > 0 {
			before = room(float64(a - attacks[i-1]))
		}
		if i+1 < len(attacks) {
			after = float64(attacks[i+1] - a)
		}
		at, place := float64(a), math.Round(float64(a)*ratio)
		before, after = math.Floor(before), math.Floor(room(after))
		add(place-before, at-before, true)
		add(place+after, at+after, false)
	}
	end := len(m.out) - 1
	if float64(n) > m.out[end]+1 && float64(frames) > m.in[end]+1 {
		add(float64(n), float64(frames), false)
	}
	return m
}

// at is the frame of the source for frame t of the result, and whether phases start afresh
// there. Questions come in ascending order, hop apart.
func (m *timeMap) at(t, hop int) (frame int, fresh bool) {
	x := float64(t)
	for m.piece+1 < len(m.out) && x >= m.out[m.piece+1] {
		m.piece++
	}
	p := m.piece
	if p != m.last {
		fresh = m.fresh[p] || m.last < 0
		m.last = p
	}
	slope := 1.0 // before the first and behind the last corner
	if x >= m.out[0] && p+1 < len(m.out) {
		slope = (m.in[p+1] - m.in[p]) / (m.out[p+1] - m.out[p])
	}
	return int(math.Round(m.in[p] + (x-m.out[p])*slope)), fresh
}
