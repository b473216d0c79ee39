package analysis

import (
	"math"
	"slices"

	"sampleagent/audio/dsp"
)

// hitSeconds is how much of the beginning of a sound is kept for a close look.
const hitSeconds = 1.6

// hit looks closely at the beginning of a sound: what struck what, how each depth dies away, which
// pitch it has and how that moves. One-shots are told apart by it.
type hit struct {
	rate float64
	kept []float32 // what the ear hears, from the first loud block on
	top  float32   // loudest sample so far
	full int       // length of kept when it is full

	fft    *dsp.FFT // 1024 points
	long   *dsp.FFT // 4096 points
	win    []float32
	hann   []float32 // of 4096 points
	flat   []float32 // as many ones
	pad    []float32
	power  []float32
	frames [][hitBands]hitCell
	env    []float64
	logs   []float32
}

// hitBands are octaves, all but the lowest.
const hitBands = 8

var hitEdges = [hitBands + 1]float64{25, 80, 160, 320, 640, 1280, 2560, 5120, 11000} // Hz

type hitCell struct {
	energy float64
	noise  float64 // ln of flatness: 0 for noise
}

const (
	hitShort = 1024
	hitLong  = 4096
	hitHop   = 256 // samples: 11.6 ms at 22.05 kHz
)

func (h *hit) reset(rate float64) error {
	h.rate, h.kept, h.top = rate, h.kept[:0], 0
	h.full = int(hitSeconds * rate)
	if h.fft != nil {
		return nil
	}
	var err error
	if h.fft, err = dsp.NewFFT(hitShort); err != nil {
		return err
	}
	if h.long, err = dsp.NewFFT(hitLong); err != nil {
		return err
	}
	h.win, h.hann = dsp.Hann(hitShort), dsp.Hann(hitLong)
	h.pad, h.flat = make([]float32, hitLong), make([]float32, hitLong)
	for i := range h.flat {
		h.flat[i] = 1
	}
	h.power = make([]float32, h.long.Bins())
	h.logs = make([]float32, h.long.Bins())
	return nil
}

// feed keeps the beginning; what comes before a leap of 24 dB was noise, not sound.
func (h *hit) feed(x []float32) {
	peak := dsp.MaxAbs(x)
	if peak > 16*h.top {
		h.kept = h.kept[:copy(h.kept, h.kept[max(0, len(h.kept)-int(0.02*h.rate)):])]
	}
	h.top = max(h.top, peak)
	if n := min(len(x), h.full-len(h.kept)); n > 0 {
		h.kept = append(h.kept, x[:n]...)
	}
}

// hitTraits is the number of values describe puts.
const hitTraits = 72

// describe puts what was seen. All levels are relative, so that loudness does not matter.
func (h *hit) describe(put func(...float64)) {
	x := h.sound()
	if len(x) < 32 {
		put(make([]float64, hitTraits)...)
		return
	}
	h.attacks(x, put)
	h.depths(x, put)
	h.partials(x, put)
	h.pitches(x, put)
}

// sound is what was kept from where it comes within 26 dB of its loudest sample.
func (h *hit) sound() []float32 {
	top := dsp.MaxAbs(h.kept)
	i := slices.IndexFunc(h.kept, func(v float32) bool { return abs32(v) >= 0.05*top && v != 0 })
	if i < 0 {
		return nil
	}
	return h.kept[i:]
}

// attacks follows the level in steps of 1 ms between 600 Hz and 5 kHz through the first 90 ms: a
// clap is several attacks, a drum one. 8 values.
func (h *hit) attacks(x []float32, put func(...float64)) {
	a, b := float32(1-math.Exp(-2*math.Pi*5000/h.rate)), float32(1-math.Exp(-2*math.Pi*600/h.rate))
	step := max(1, int(h.rate/1000))
	h.env = h.env[:0]
	var low, lower float32
	sum, n := 0.0, 0
	for _, v := range x[:min(len(x), 90*step)] {
		low += a * (v - low)
		lower += b * (low - lower)
		y := float64(low - lower)
		sum += y * y
		if n++; n == step {
			h.env = append(h.env, sum)
			sum, n = 0, 0
		}
	}
	e := h.env
	if len(e) < 4 {
		put(0, 0, 0, 0, 0, 0, 0, 0)
		return
	}
	top := slices.Max(e)
	for i := range e { // dB under the top, smoothed over 3 ms
		e[i] = max(-60, 10*math.Log10(e[i]/max(top, 1e-20)+1e-9))
	}
	before := e[0]
	for i := 1; i+1 < len(e); i++ {
		now := e[i]
		e[i] = (before + now + e[i+1]) / 3
		before = now
	}
	// Attacks: rises of 4 dB and more that come within 14 dB of the top.
	count, last, rises, low2 := 0.0, 0, 0.0, -60.0
	first := 0
	for i := 1; i < len(e); i++ {
		rises += max(0, e[i]-e[i-1])
		low2 = min(low2, e[i])
		if e[i]-low2 > 4 && e[i] > -14 && (i+1 == len(e) || e[i+1] <= e[i]) {
			if count == 0 {
				first = i
			}
			count, last, low2 = count+1, i, e[i]
		}
	}
	peak := argmax(e)
	fall := func(ms int) float64 {
		i := first + ms
		if i >= len(e) {
			return -6
		}
		return e[i] / 10
	}
	put(min(count, 8), float64(last-first)/20, rises/30, math.Log10(float64(peak)+1), fall(5), fall(12), fall(30), fall(60))
}

// depths takes energy, decay and noisiness by octave: 8 bands of 5 values.
func (h *hit) depths(x []float32, put func(...float64)) {
	h.frames = h.frames[:0]
	var edges [hitBands + 1]int
	for i, hz := range hitEdges {
		edges[i] = min(hitShort/2+1, max(1, int(math.Round(hz*hitShort/h.rate))))
	}
	power := h.power[:h.fft.Bins()]
	for at := -hitShort / 2; at+hitShort/2 < len(x) || at < 0; at += hitHop {
		buf := h.pad[:hitShort]
		clear(buf)
		from := max(0, at)
		copy(buf[from-at:], x[from:min(len(x), at+hitShort)])
		h.fft.Power(power, buf, h.win)
		var row [hitBands]hitCell
		for b := range row {
			p := power[edges[b]:max(edges[b+1], edges[b])]
			if len(p) == 0 {
				continue
			}
			sum := float64(dsp.Sum(p))
			row[b].energy = sum
			if len(p) > 4 && sum > 0 {
				dsp.Log(h.logs[:len(p)], p, 1, 0, 1e-12)
				n := float64(len(p))
				row[b].noise = float64(dsp.Sum(h.logs[:len(p)]))/n - math.Log(sum/n)
			}
		}
		h.frames = append(h.frames, row)
	}
	total := 1e-12
	var all, early [hitBands]float64
	for i, f := range h.frames {
		for b, c := range f {
			all[b] += c.energy
			total += c.energy
			if i < 6 {
				early[b] += c.energy
			}
		}
	}
	for b := range hitBands {
		peak, at := 0.0, 0
		for i, f := range h.frames {
			if f[b].energy > peak {
				peak, at = f[b].energy, i
			}
		}
		last := at
		for last+1 < len(h.frames) && h.frames[last+1][b].energy > peak*0.03 {
			last++
		}
		var nearNoise, farNoise, nearN, farN float64
		for i, f := range h.frames {
			switch {
			case f[b].energy < peak*1e-3:
			case i < 6:
				nearNoise += f[b].noise
				nearN++
			case i < 24:
				farNoise += f[b].noise
				farN++
			}
		}
		put(max(-5, math.Log10(all[b]/total+1e-9)))
		put(math.Log10(float64(last-at)*hitHop/h.rate + 0.01))
		put(early[b] / (all[b] + 1e-12))
		put(nearNoise/max(1, nearN), farNoise/max(1, farN))
	}
}

// partials describes the spectrum of 0.19 s from 10 ms on by its peaks: how much of the energy they
// hold, how far they are harmonics of one tone. 10 values.
func (h *hit) partials(x []float32, put func(...float64)) {
	clear(h.pad)
	from := min(len(x), int(0.01*h.rate))
	// The window begins at its middle: what dies away is heard from where it is loud.
	n := min(hitLong/2, len(x)-from)
	for i := range n {
		h.pad[i] = x[from+i] * h.hann[hitLong/2+i]
	}
	h.long.Power(h.power, h.pad, h.flat)
	p := h.power
	binHz := h.rate / hitLong
	type partial struct{ hz, power float64 }
	var top [6]partial
	found, sum := 0, 1e-12
	loudest := float64(slices.Max(p[2:]))
	for k := 2; k < len(p)-1; k++ {
		sum += float64(p[k])
		if p[k] <= p[k-1] || p[k] < p[k+1] || float64(p[k]) < loudest*1e-3 || float64(k)*binHz < 25 {
			continue
		}
		found++
		v := partial{float64(k) * binHz, float64(p[k-1] + p[k] + p[k+1])}
		for i := range top {
			if v.power > top[i].power {
				top[i], v = v, top[i]
			}
		}
	}
	put(top[0].power/sum, (top[0].power+top[1].power+top[2].power)/sum)
	held := 0.0
	for _, t := range top {
		held += t.power
	}
	put(held/sum, math.Log10(float64(found)+1))
	put(math.Log2(max(top[0].hz, 20) / 200))
	if top[1].power > 0 {
		put(math.Abs(math.Log2(top[1].hz/max(top[0].hz, 1))), max(-3, math.Log10(top[1].power/top[0].power)))
	} else {
		put(0, -3)
	}
	// The tone whose harmonics the six strongest are nearest to.
	best, tone := 1.0, 0.0
	for _, div := range [...]float64{1, 2, 3, 4} {
		f0 := top[0].hz / div
		if f0 < 30 {
			break
		}
		off := 0.0
		for _, t := range top {
			m := t.hz / f0
			off += t.power / (held + 1e-12) * min(1, 4*math.Abs(m-math.Round(m)))
			if m < 0.7 {
				off += t.power / (held + 1e-12)
			}
		}
		if off += 0.05 * (div - 1); off < best {
			best, tone = off, f0
		}
	}
	put(best, math.Log2(max(tone, 20)/200))
	lowest := 1e9
	for _, t := range top {
		if t.power > 0.1*top[0].power {
			lowest = min(lowest, t.hz)
		}
	}
	put(math.Log2(max(20, min(lowest, 1e4)) / 200))
}

// pitches follows the strongest low partial and the periodicity through five moments. 14 values.
func (h *hit) pitches(x []float32, put func(...float64)) {
	const size = hitShort
	moments := [...]float64{0, 0.02, 0.05, 0.12, 0.25} // s
	var hz, strength, period [len(moments)]float64
	for i, t := range moments {
		from := int(t * h.rate)
		n := min(size, len(x)-from)
		if n < size/4 {
			if i > 0 {
				hz[i], strength[i], period[i] = hz[i-1], 0, 0
			}
			continue
		}
		hz[i], strength[i] = h.lowPartial(x[from : from+n])
		period[i] = h.periodicity(x[from : from+n])
	}
	put(math.Log2(max(hz[0], 20)/100), math.Log2(max(hz[2], 20)/100))
	for i := 1; i < len(moments); i++ {
		g := 0.0
		if hz[i] > 0 && hz[i-1] > 0 {
			g = math.Log2(hz[i-1] / hz[i])
		}
		put(max(-2, min(2, g)))
	}
	put(strength[0], strength[2], strength[4])
	put(period[:]...)
}

// lowPartial is the strongest partial from 30 to 1200 Hz, Hz, and its share of the power.
func (h *hit) lowPartial(x []float32) (hz, share float64) {
	clear(h.pad)
	w := len(x)
	for i, v := range x {
		h.pad[i] = v * h.hann[i*hitLong/w]
	}
	h.long.Power(h.power, h.pad, h.flat)
	binHz := h.rate / hitLong
	best, sum := 0, 1e-12
	for k := 2; k < len(h.power); k++ {
		sum += float64(h.power[k])
		if f := float64(k) * binHz; f >= 30 && f <= 1200 && (best == 0 || h.power[k] > h.power[best]) {
			best = k
		}
	}
	width := 2 * hitLong / w
	for k := max(1, best-width); k <= min(len(h.power)-1, best+width); k++ {
		share += float64(h.power[k])
	}
	return float64(best) * binHz, share / sum
}

// periodicity is the highest normalised autocorrelation for periods from 1/1500 to 1/40 s, by way of
// the power spectrum that lowPartial left.
func (h *hit) periodicity(x []float32) float64 {
	clear(h.pad)
	copy(h.pad, x)
	h.long.Power(h.power, h.pad, h.flat)
	re, im := h.power, h.logs
	clear(im)
	h.long.Inverse(h.pad, re, im)
	if h.pad[0] <= 0 {
		return 0
	}
	lo, hi := int(h.rate/1500), min(int(h.rate/40), len(x)*2/3)
	best := 0.0
	fell := false // past the peak at lag 0
	for lag := 1; lag < hi; lag++ {
		v := float64(h.pad[lag]/h.pad[0]) * float64(len(x)) / float64(len(x)-lag)
		fell = fell || v < 0.3
		if fell && lag >= lo && v > best {
			best = v
		}
	}
	return min(1.5, best)
}
