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

func fftSeparate(re, im, zr, zi, wr, wi []float32) { fftSeparateGo(re, im, zr, zi, wr, wi) }
func fftSeparatePower(p, zr, zi, wr, wi []float32) { fftSeparatePowerGo(p, zr, zi, wr, wi) }
