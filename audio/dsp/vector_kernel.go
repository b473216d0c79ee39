package dsp

import "math"

// The vector kernels in plain Go, in the lane order of the assembly. Those that take whole
// eights say so; the callers in vector.go add the rest.

// lanes is four registers of eight.
type lanes [32]float32

// total adds the registers pairwise, then the lanes.
func (l *lanes) total() float32 {
	var y [8]float32
	for i := range y {
		y[i] = (l[i] + l[8+i]) + (l[16+i] + l[24+i])
	}
	return total8(&y)
}

func total8(y *[8]float32) float32 {
	a, b, c, d := y[0]+y[4], y[1]+y[5], y[2]+y[6], y[3]+y[7]
	return (a + c) + (b + d)
}

// dotGo takes whole eights.
func dotGo(a, b []float32) float32 {
	var l lanes
	b = b[:len(a)]
	for len(a) >= 32 {
		x, y := (*[32]float32)(a), (*[32]float32)(b)
		for i := range l {
			l[i] += float32(x[i] * y[i])
		}
		a, b = a[32:], b[32:]
	}
	for i := range a {
		l[i%8] += float32(a[i] * b[i])
	}
	return l.total()
}

// sumGo takes whole eights.
func sumGo(a []float32) float32 {
	var l lanes
	for len(a) >= 32 {
		x := (*[32]float32)(a)
		for i := range l {
			l[i] += x[i]
		}
		a = a[32:]
	}
	for i := range a {
		l[i%8] += a[i]
	}
	return l.total()
}

// spreadGo takes whole eights.
func spreadGo(w, a []float32, c float32) float32 {
	var l lanes
	w = w[:len(a)]
	for len(a) >= 32 {
		x, y := (*[32]float32)(a), (*[32]float32)(w)
		for i := range l {
			d := x[i] - c
			l[i] += float32(float32(d*d) * y[i])
		}
		a, w = a[32:], w[32:]
	}
	for i := range a {
		d := a[i] - c
		l[i%8] += float32(float32(d*d) * w[i])
	}
	return l.total()
}

// riseGo takes whole eights.
func riseGo(a, b []float32) float32 {
	var l lanes
	b = b[:len(a)]
	for len(a) >= 32 {
		x, y := (*[32]float32)(a), (*[32]float32)(b)
		for i := range l {
			if d := x[i] - y[i]; d > 0 {
				l[i] += d
			}
		}
		a, b = a[32:], b[32:]
	}
	for i := range a {
		if d := a[i] - b[i]; d > 0 {
			l[i%8] += d
		}
	}
	return l.total()
}

func maxAbsGo(a []float32) float32 {
	m := float32(0)
	for _, v := range a {
		if v < 0 {
			v = -v
		}
		if v > m {
			m = v
		}
	}
	return m
}

func minMaxGo(a []float32) (lo, hi float32) {
	lo, hi = float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range a {
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	return lo, hi
}

func sqrtGo(dst, a []float32) {
	for i := range dst {
		dst[i] = float32(math.Sqrt(float64(a[i])))
	}
}

func atLeastGo(dst, a []float32, floor float32) {
	for i, v := range a {
		if !(v > floor) {
			v = floor
		}
		dst[i] = v
	}
}

func mulGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func axpyGo(dst []float32, g float32, a []float32) {
	for i := range dst {
		dst[i] += float32(g * a[i])
	}
}

func logGo(dst, a []float32, scale, bias, floor float32) {
	for i := range dst {
		v := float32(a[i]*scale) + bias
		if !(v > floor) {
			v = floor
		}
		dst[i] = logOne(v)
	}
}

// logOne is the natural logarithm of a positive normal number: with x = 2^e m, m in
// sqrt(1/2)..sqrt(2) and f = m-1, ln x = e ln 2 + f - f²/2 + f³ P(f); P is the polynomial of
// the Cephes library's logf, ln 2 is split in two.
func logOne(x float32) float32 {
	const sqrtHalf = 0x3f3504f3
	i := int32(math.Float32bits(x)) - sqrtHalf
	e := float32(i >> 23)
	f := math.Float32frombits(uint32(i&0x007fffff)+sqrtHalf) - 1
	p := float32(7.0376836292e-2)
	p = float32(p*f) - 1.1514610310e-1
	p = float32(p*f) + 1.1676998740e-1
	p = float32(p*f) - 1.2420140846e-1
	p = float32(p*f) + 1.4249322787e-1
	p = float32(p*f) - 1.6668057665e-1
	p = float32(p*f) + 2.0000714765e-1
	p = float32(p*f) - 2.4999993993e-1
	p = float32(p*f) + 3.3333331174e-1
	z := float32(f * f)
	p = float32(p * f)
	p = float32(p * z)
	p += float32(e * -2.12194440e-4)
	p -= float32(z * 0.5)
	return f + p + float32(e*0.693359375)
}

func signChangesGo(a []float32, floor float32) int {
	n := 0
	for i := 1; i < len(a); i++ {
		if (a[i] < -floor) != (a[i-1] < -floor) {
			n++
		}
	}
	return n
}

func firMaxGo(x, h []float32) float32 {
	m := float32(0)
	for i := 0; i+len(h) <= len(x); i++ {
		s := float32(0)
		for k, v := range x[i : i+len(h)] {
			s += float32(h[k] * v)
		}
		if s < 0 {
			s = -s
		}
		if s > m {
			m = s
		}
	}
	return m
}

func bankGo(dst, x, weights []float32, spans []int32) {
	for r := range dst {
		from, n := int(spans[2*r]), 8*int(spans[2*r+1])
		dst[r] = dotGo(x[from:from+n], weights[:n])
		weights = weights[n:]
	}
}

// polyphaseGo sets dst[i] to the sum of the 24 taps of row phase over x from the running
// place; then phase grows by step, and the place by one for each rows that it passes.
func polyphaseGo(dst, x, table []float32, phase, rows, step int) {
	whole, part := step/rows, step%rows
	at := 0
	for i := range dst {
		s, c := (*[24]float32)(x[at:]), (*[24]float32)(table[24*phase:])
		var y [8]float32
		for l := range y {
			y[l] = float32(c[l]*s[l]) + float32(c[l+8]*s[l+8]) + float32(c[l+16]*s[l+16])
		}
		dst[i] = total8(&y)
		at += whole
		if phase += part; phase >= rows {
			phase -= rows
			at++
		}
	}
}

// stereoTapsGo weighs 32 interleaved frames with two rows of taps, w of the way from the first
// to the second.
func stereoTapsGo(x *[64]float32, rows []float32, w float32) (left, right float32) {
	a, b := (*[32]float32)(rows), (*[32]float32)(rows[32:])
	var y, z [8]float32 // the first and the second four frames of eight
	for k := 0; k < 32; k += 8 {
		for l := range 4 {
			c := a[k+l] + float32(w*(b[k+l]-a[k+l]))
			y[2*l] += float32(c * x[2*(k+l)])
			y[2*l+1] += float32(c * x[2*(k+l)+1])
			d := a[k+4+l] + float32(w*(b[k+4+l]-a[k+4+l]))
			z[2*l] += float32(d * x[2*(k+4+l)])
			z[2*l+1] += float32(d * x[2*(k+4+l)+1])
		}
	}
	for l := range y {
		y[l] += z[l]
	}
	return (y[0] + y[4]) + (y[2] + y[6]), (y[1] + y[5]) + (y[3] + y[7])
}
