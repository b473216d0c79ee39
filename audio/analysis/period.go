package analysis

import (
	"math"

	"sampleagent/audio/dsp"
)

// periods answers how well curves agree with themselves a lag later. Curves run at half the
// rate of the flux frames.
type periods struct {
	rate  float64
	n     int
	ffts  map[int]*dsp.FFT
	re    []float32
	im    []float32
	pad   []float32
	root  []float32
	none  []float32
	curve [periodCurves][]float32
	mean  [periodCurves]float32
	raw   [periodCurves][]float32 // sum of products at each lag, of the curve less its mean
	gac   []float32               // generalised autocorrelation of the total curve, unbiased, relative to lag 0
}

// The curves: all bands evenly, kick, body and snare together, hats.
const (
	curveEven = iota
	curveLow
	curveMid
	curveHigh
	periodCurves
)

// periodSpan is the longest stretch that is correlated at once, s. Beyond it the tempo of
// played music drifts by more than a frame.
const periodSpan = 30

func (p *periods) build(s *scene) error {
	p.rate = s.rate / 2
	from, to := 0, s.n
	if span := int(periodSpan * s.rate); s.n > span { // the middle of a long piece
		from = (s.n - span) / 2
		to = from + span
	}
	p.n = (to - from) / 2
	for k := range p.curve {
		p.curve[k] = resize(p.curve[k], p.n)
		c := p.curve[k]
		for i := range c {
			j := from + 2*i
			switch k {
			case curveEven:
				c[i] = s.even[j] + s.even[j+1]
			case curveLow:
				c[i] = s.bands[0][j] + s.bands[0][j+1]
			case curveMid:
				c[i] = s.bands[1][j] + s.bands[1][j+1] + s.bands[2][j] + s.bands[2][j+1]
			case curveHigh:
				c[i] = s.bands[3][j] + s.bands[3][j+1]
			}
		}
		sum := float32(0)
		for _, v := range c {
			sum += v
		}
		p.mean[k] = sum / float32(max(1, p.n))
	}
	size := 64
	for size < 2*p.n {
		size *= 2
	}
	if p.ffts == nil {
		p.ffts = map[int]*dsp.FFT{}
	}
	fft := p.ffts[size]
	if fft == nil {
		var err error
		if fft, err = dsp.NewFFT(size); err != nil {
			return err
		}
		p.ffts[size] = fft
	}
	p.pad = resize(p.pad, size)
	p.re = resize(p.re, fft.Bins())
	p.im = resize(p.im, fft.Bins())
	for k := range p.raw {
		clear(p.pad)
		for i, v := range p.curve[k] {
			p.pad[i] = v - p.mean[k]
		}
		fft.Forward(p.re, p.im, p.pad)
		if k == curveEven {
			p.gac = p.generalised(p.gac, fft)
		}
		for i := range p.re {
			p.re[i] = p.re[i]*p.re[i] + p.im[i]*p.im[i]
			p.im[i] = 0
		}
		fft.Inverse(p.pad, p.re, p.im)
		p.raw[k] = append(p.raw[k][:0], p.pad[:p.n]...)
	}
	return nil
}

// generalised is the inverse transform of |X|^0.5 (Tolonen & Karjalainen's compression, as
// used by Percival & Tzanetakis), divided by the overlap.
func (p *periods) generalised(dst []float32, fft *dsp.FFT) []float32 {
	p.root = resize(p.root, fft.Bins())
	p.none = resize(p.none, fft.Bins())
	clear(p.none)
	for i := range p.root {
		p.root[i] = float32(math.Sqrt(math.Sqrt(float64(p.re[i]*p.re[i] + p.im[i]*p.im[i]))))
	}
	fft.Inverse(p.pad, p.root, p.none)
	out := p.pad
	dst = append(dst[:0], out[:p.n]...)
	if p.n > 0 && dst[0] > 0 {
		scale := 1 / dst[0]
		for i := range dst {
			dst[i] *= scale
		}
	}
	return dst
}

// at is the correlation of curve k at a lag in frames, per overlapping frame and relative to
// lag 0: 1 for a perfect repeat. Lags with less than a sixth of overlap count as 0.
func (p *periods) at(k int, lag float64) float64 {
	n := float64(p.n)
	if lag >= n*5/6 || lag < 0 || p.n < 4 {
		return 0
	}
	r := p.raw[k]
	if r[0] <= 0 {
		return 0
	}
	return interpolate(r, lag) / float64(r[0]) * n / (n - lag)
}

// circular is the same with the curve wrapped around after length frames: a loop has no end.
func (p *periods) circular(k int, lag, length float64) float64 {
	r := p.raw[k]
	if p.n < 4 || r[0] <= 0 || length <= 0 {
		return 0
	}
	lag = math.Mod(lag, length)
	v := interpolate(r, lag)
	if rest := length - lag; rest < float64(p.n-1) {
		v += interpolate(r, rest)
	}
	return v / float64(r[0])
}

// near is the greatest value of at around a lag, 1 % or a frame to both sides.
func (p *periods) near(k int, lag float64) float64 {
	d := max(1, 0.01*lag)
	return max(p.at(k, lag), p.at(k, lag-d), p.at(k, lag+d), p.at(k, lag-d/2), p.at(k, lag+d/2))
}

func interpolate(r []float32, x float64) float64 {
	i := int(x)
	if i+1 >= len(r) || i < 0 {
		return 0
	}
	f := x - float64(i)
	return float64(r[i])*(1-f) + float64(r[i+1])*f
}

// sharpen moves a lag to the nearby peak of the even curve's correlation, at the lag itself
// and then at its multiples, which know it more finely. Frames.
func (p *periods) sharpen(lag float64) float64 {
	width := 0.03
	for m := 1.0; m <= 16; m *= 2 {
		if m*lag > 0.75*float64(p.n) {
			break
		}
		if at, ok := p.peak(m*lag, max(1.5, width*m*lag)); ok {
			lag = at / m
		}
		width /= 2
	}
	return lag
}

// peak looks for the highest correlation within +-reach of a lag; false when it is an edge.
func (p *periods) peak(lag, reach float64) (float64, bool) {
	lo, hi := int(math.Ceil(lag-reach)), int(math.Floor(lag+reach))
	lo = max(lo, 1)
	hi = min(hi, p.n-2)
	best, at := math.Inf(-1), 0
	for i := lo; i <= hi; i++ {
		if v := p.at(curveEven, float64(i)); v > best {
			best, at = v, i
		}
	}
	if at == 0 || best <= 0 {
		return lag, false
	}
	r := p.raw[curveEven]
	a, b, c := float64(r[at-1]), float64(r[at]), float64(r[at+1])
	if b < a || b < c {
		return lag, false
	}
	q := a - 2*b + c
	if q >= 0 {
		return float64(at), true
	}
	return float64(at) + 0.5*(a-c)/q, true
}
