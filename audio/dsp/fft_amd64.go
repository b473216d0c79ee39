package dsp

import "golang.org/x/sys/cpu"

// useAVX2 picks the assembly; tests switch it off to compare with the portable twins.
var useAVX2 = cpu.X86.HasAVX2

//go:noescape
func fftPackAVX2(ar, ai, x *float32, n int)

//go:noescape
func fftPackWindowedAVX2(ar, ai, x, w *float32, n int)

//go:noescape
func fftFirst4AVX2(yr, yi, xr, xi, tw *float32, m int)

//go:noescape
func fftSecond4AVX2(yr, yi, xr, xi, tw *float32, m int)

//go:noescape
func fftPass4AVX2(yr, yi, xr, xi, tw *float32, m, s int)

//go:noescape
func fftLast4AVX2(yr, yi, xr, xi *float32, s int)

//go:noescape
func fftLast2AVX2(yr, yi, xr, xi *float32, s int)

//go:noescape
func fftSeparateAVX2(re, im, zr, zi, wr, wi *float32, h, count int)

//go:noescape
func fftSeparatePowerAVX2(p, zr, zi, wr, wi *float32, h, count int)

//go:noescape
func fftJoinAVX2(zr, zi, re, im, wr, wi *float32, h, count int, scale float32)

//go:noescape
func fftUnpackAVX2(x, yr, yi *float32, n int)

func fftPack(ar, ai, x []float32) {
	if n := len(ar); useAVX2 && n >= 8 {
		_, _ = ai[n-1], x[2*n-1]
		fftPackAVX2(&ar[0], &ai[0], &x[0], n)
		return
	}
	fftPackGo(ar, ai, x)
}

func fftPackWindowed(ar, ai, x, w []float32) {
	if n := len(ar); useAVX2 && n >= 8 {
		_, _, _ = ai[n-1], x[2*n-1], w[2*n-1]
		fftPackWindowedAVX2(&ar[0], &ai[0], &x[0], &w[0], n)
		return
	}
	fftPackWindowedGo(ar, ai, x, w)
}

func fftFirst4(yr, yi, xr, xi, tw []float32, m int) {
	if useAVX2 && m >= 8 {
		fftFirst4AVX2(&yr[0], &yi[0], &xr[0], &xi[0], &tw[0], m)
		return
	}
	fftFirst4Go(yr, yi, xr, xi, tw, m)
}

func fftSecond4(yr, yi, xr, xi, tw, wide []float32, m int) {
	if useAVX2 && m >= 2 {
		fftSecond4AVX2(&yr[0], &yi[0], &xr[0], &xi[0], &wide[0], m)
		return
	}
	fftPass4Go(yr, yi, xr, xi, tw, m, 4)
}

func fftPass4(yr, yi, xr, xi, tw []float32, m, s int) {
	if useAVX2 && s >= 8 {
		fftPass4AVX2(&yr[0], &yi[0], &xr[0], &xi[0], &tw[0], m, s)
		return
	}
	fftPass4Go(yr, yi, xr, xi, tw, m, s)
}

func fftLast4(yr, yi, xr, xi []float32, s int) {
	if useAVX2 && s >= 8 {
		fftLast4AVX2(&yr[0], &yi[0], &xr[0], &xi[0], s)
		return
	}
	fftLast4Go(yr, yi, xr, xi, s)
}

func fftLast2(yr, yi, xr, xi []float32) {
	if s := len(xr) / 2; useAVX2 && s >= 8 {
		fftLast2AVX2(&yr[0], &yi[0], &xr[0], &xi[0], s)
		return
	}
	fftLast2Go(yr, yi, xr, xi)
}

func fftSeparate(re, im, zr, zi, wr, wi []float32) {
	h, from := len(zr), 1
	if count := (h/2 - 4) / 8; useAVX2 && count > 0 {
		_, _ = re[h], im[h]
		fftSeparateAVX2(&re[0], &im[0], &zr[0], &zi[0], &wr[0], &wi[0], h, count)
		from += 8 * count
	}
	fftSeparateFrom(re, im, zr, zi, wr, wi, from)
}

func fftSeparatePower(p, zr, zi, wr, wi []float32) {
	h, from := len(zr), 1
	if count := (h/2 - 4) / 8; useAVX2 && count > 0 {
		_ = p[h]
		fftSeparatePowerAVX2(&p[0], &zr[0], &zi[0], &wr[0], &wi[0], h, count)
		from += 8 * count
	}
	fftSeparatePowerFrom(p, zr, zi, wr, wi, from)
}

func fftJoin(zr, zi, re, im, wr, wi []float32, scale float32) {
	h, from := len(zr), 1
	if count := (h/2 - 4) / 8; useAVX2 && count > 0 {
		_, _ = re[h], im[h]
		fftJoinAVX2(&zr[0], &zi[0], &re[0], &im[0], &wr[0], &wi[0], h, count, scale)
		from += 8 * count
	}
	fftJoinFrom(zr, zi, re, im, wr, wi, scale, from)
}

func fftUnpack(x, yr, yi []float32) {
	if n := len(yr); useAVX2 && n >= 8 {
		_ = x[2*n-1]
		fftUnpackAVX2(&x[0], &yr[0], &yi[0], n)
		return
	}
	fftUnpackGo(x, yr, yi)
}
