package dsp

//go:noescape
func dotAVX2(a, b *float32, n int) float32

//go:noescape
func sumAVX2(a *float32, n int) float32

//go:noescape
func spreadAVX2(w, a *float32, n int, c float32) float32

//go:noescape
func riseAVX2(a, b *float32, n int) float32

//go:noescape
func maxAbsAVX2(a *float32, n int) float32

//go:noescape
func minMaxAVX2(a *float32, n int) (lo, hi float32)

//go:noescape
func sqrtAVX2(dst, a *float32, n int)

//go:noescape
func atLeastAVX2(dst, a *float32, n int, floor float32)

//go:noescape
func mulAVX2(dst, a, b *float32, n int)

//go:noescape
func axpyAVX2(dst *float32, gain float32, a *float32, n int)

//go:noescape
func logAVX2(dst, a *float32, n int, scale, bias, floor float32)

//go:noescape
func bankAVX2(dst, x, weights *float32, spans *int32, rows int)

//go:noescape
func signChangesAVX2(a *float32, n int, floor float32) int

//go:noescape
func firMaxAVX2(x, h *float32, n, taps int) float32

func dot(a, b []float32) float32 {
	if useAVX2 && len(a) > 0 {
		return dotAVX2(&a[0], &b[0], len(a))
	}
	return dotGo(a, b)
}

func sum(a []float32) float32 {
	if useAVX2 && len(a) > 0 {
		return sumAVX2(&a[0], len(a))
	}
	return sumGo(a)
}

func spread(w, a []float32, c float32) float32 {
	if useAVX2 && len(a) > 0 {
		return spreadAVX2(&w[0], &a[0], len(a), c)
	}
	return spreadGo(w, a, c)
}

func rise(a, b []float32) float32 {
	if useAVX2 && len(a) > 0 {
		return riseAVX2(&a[0], &b[0], len(a))
	}
	return riseGo(a, b)
}

func maxAbs(a []float32) float32 {
	if useAVX2 && len(a) > 0 {
		return maxAbsAVX2(&a[0], len(a))
	}
	return maxAbsGo(a)
}

func minMax(a []float32) (lo, hi float32) {
	if useAVX2 && len(a) > 0 {
		return minMaxAVX2(&a[0], len(a))
	}
	return minMaxGo(a)
}

func sqrt(dst, a []float32) {
	if useAVX2 && len(a) > 0 {
		sqrtAVX2(&dst[0], &a[0], len(a))
		return
	}
	sqrtGo(dst, a)
}

func atLeast(dst, a []float32, floor float32) {
	if useAVX2 && len(a) > 0 {
		atLeastAVX2(&dst[0], &a[0], len(a), floor)
		return
	}
	atLeastGo(dst, a, floor)
}

func mul(dst, a, b []float32) {
	if useAVX2 && len(a) > 0 {
		mulAVX2(&dst[0], &a[0], &b[0], len(a))
		return
	}
	mulGo(dst, a, b)
}

func axpy(dst []float32, g float32, a []float32) {
	if useAVX2 && len(a) > 0 {
		axpyAVX2(&dst[0], g, &a[0], len(a))
		return
	}
	axpyGo(dst, g, a)
}

func logv(dst, a []float32, scale, bias, floor float32) {
	if useAVX2 && len(a) > 0 {
		logAVX2(&dst[0], &a[0], len(a), scale, bias, floor)
		return
	}
	logGo(dst, a, scale, bias, floor)
}

// bank's spans lie within x and weights: NewBank saw to it.
func bank(dst, x, weights []float32, spans []int32) {
	if useAVX2 && len(dst) > 0 {
		bankAVX2(&dst[0], &x[0], &weights[0], &spans[0], len(dst))
		return
	}
	bankGo(dst, x, weights, spans)
}

// signChanges takes 8k+1 values.
func signChanges(a []float32, floor float32) int {
	if useAVX2 && len(a) > 8 {
		return signChangesAVX2(&a[1], len(a)-1, floor)
	}
	return signChangesGo(a, floor)
}

// firMax takes x of 32k+len(h)-1 values.
func firMax(x, h []float32) float32 {
	if useAVX2 {
		return firMaxAVX2(&x[0], &h[0], len(x)-len(h)+1, len(h))
	}
	return firMaxGo(x, h)
}

//go:noescape
func polyphaseAVX2(dst, x, table *float32, n, phase, rows, whole, part int)

func polyphase(dst, x, table []float32, phase, rows, step int) {
	if n := len(dst); useAVX2 && n > 0 {
		_ = x[(phase+(n-1)*step)/rows+23]
		_ = table[24*rows-1]
		polyphaseAVX2(&dst[0], &x[0], &table[0], n, phase, rows, step/rows, step%rows)
		return
	}
	polyphaseGo(dst, x, table, phase, rows, step)
}

//go:noescape
func stereoTapsAVX2(x *[64]float32, rows *float32, w float32) (left, right float32)

func stereoTaps(x *[64]float32, rows []float32, w float32) (left, right float32) {
	if useAVX2 {
		_ = rows[63]
		return stereoTapsAVX2(x, &rows[0], w)
	}
	return stereoTapsGo(x, rows, w)
}
