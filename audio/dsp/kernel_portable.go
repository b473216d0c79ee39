//go:build !amd64

package dsp

func fftPack(ar, ai, x []float32)            { fftPackGo(ar, ai, x) }
func fftPackWindowed(ar, ai, x, w []float32) { fftPackWindowedGo(ar, ai, x, w) }

func fftFirst4(yr, yi, xr, xi, tw []float32, m int)   { fftFirst4Go(yr, yi, xr, xi, tw, m) }
func fftPass4(yr, yi, xr, xi, tw []float32, m, s int) { fftPass4Go(yr, yi, xr, xi, tw, m, s) }
func fftLast4(yr, yi, xr, xi []float32, s int)        { fftLast4Go(yr, yi, xr, xi, s) }
func fftLast2(yr, yi, xr, xi []float32)               { fftLast2Go(yr, yi, xr, xi) }
func fftSecond4(yr, yi, xr, xi, tw, _ []float32, m int) {
	fftPass4Go(yr, yi, xr, xi, tw, m, 4)
}

func fftSeparate(re, im, zr, zi, wr, wi []float32) { fftSeparateFrom(re, im, zr, zi, wr, wi, 1) }
func fftSeparatePower(p, zr, zi, wr, wi []float32) { fftSeparatePowerFrom(p, zr, zi, wr, wi, 1) }

func fftJoin(zr, zi, re, im, wr, wi []float32, scale float32) {
	fftJoinFrom(zr, zi, re, im, wr, wi, scale, 1)
}
func fftUnpack(x, yr, yi []float32) { fftUnpackGo(x, yr, yi) }

func dot(a, b []float32) float32                        { return dotGo(a, b) }
func sum(a []float32) float32                           { return sumGo(a) }
func spread(w, a []float32, c float32) float32          { return spreadGo(w, a, c) }
func rise(a, b []float32) float32                       { return riseGo(a, b) }
func maxAbs(a []float32) float32                        { return maxAbsGo(a) }
func minMax(a []float32) (lo, hi float32)               { return minMaxGo(a) }
func sqrt(dst, a []float32)                             { sqrtGo(dst, a) }
func atLeast(dst, a []float32, floor float32)           { atLeastGo(dst, a, floor) }
func mul(dst, a, b []float32)                           { mulGo(dst, a, b) }
func axpy(dst []float32, g float32, a []float32)        { axpyGo(dst, g, a) }
func logv(dst, a []float32, scale, bias, floor float32) { logGo(dst, a, scale, bias, floor) }
func signChanges(a []float32, floor float32) int        { return signChangesGo(a, floor) }
func firMax(x, h []float32) float32                     { return firMaxGo(x, h) }
func bank(dst, x, weights []float32, spans []int32)     { bankGo(dst, x, weights, spans) }

func polyphase(dst, x, table []float32, phase, rows, step int) {
	polyphaseGo(dst, x, table, phase, rows, step)
}

func stereoTaps(x *[64]float32, rows []float32, w float32) (left, right float32) {
	return stereoTapsGo(x, rows, w)
}

func median17(dst, src []int16, stride int) { median17Go(dst, src, stride) }
