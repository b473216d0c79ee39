package dsp

// The kernels of FFT in plain Go. The conversions float32(a*b) keep the compiler from fusing a
// product into an addition, so that these and the assembly agree to the last bit everywhere.

// fftPackGo splits x into even (ar) and odd (ai) samples.
func fftPackGo(ar, ai, x []float32) {
	ai = ai[:len(ar)]
	x = x[:2*len(ar)]
	for i := range ar {
		ar[i] = x[2*i]
		ai[i] = x[2*i+1]
	}
}

// fftPackWindowedGo splits x*w into even (ar) and odd (ai) samples.
func fftPackWindowedGo(ar, ai, x, w []float32) {
	ai = ai[:len(ar)]
	x = x[:2*len(ar)]
	w = w[:2*len(ar)]
	for i := range ar {
		ar[i] = x[2*i] * w[2*i]
		ai[i] = x[2*i+1] * w[2*i+1]
	}
}

// fftFirst4Go is the radix-4 pass of stride 1 with m butterflies: inputs lie m apart, the four
// outputs of a butterfly side by side.
func fftFirst4Go(yr, yi, xr, xi, tw []float32, m int) {
	ar, br, cr, dr := xr[:m], xr[m:2*m], xr[2*m:3*m], xr[3*m:4*m]
	ai, bi, ci, di := xi[:m], xi[m:2*m], xi[2*m:3*m], xi[3*m:4*m]
	w1r, w1i, w2r, w2i, w3r, w3i := tw[:m], tw[m:2*m], tw[2*m:3*m], tw[3*m:4*m], tw[4*m:5*m], tw[5*m:6*m]
	for p := range m {
		apcR, apcI := ar[p]+cr[p], ai[p]+ci[p]
		amcR, amcI := ar[p]-cr[p], ai[p]-ci[p]
		bpdR, bpdI := br[p]+dr[p], bi[p]+di[p]
		bmdR, bmdI := br[p]-dr[p], bi[p]-di[p]
		// j*(b-d) = (-bmdI, bmdR)
		uR, uI := amcR+bmdI, amcI-bmdR
		vR, vI := apcR-bpdR, apcI-bpdI
		tR, tI := amcR-bmdI, amcI+bmdR
		or, oi := yr[4*p:4*p+4], yi[4*p:4*p+4]
		or[0], oi[0] = apcR+bpdR, apcI+bpdI
		or[1] = float32(uR*w1r[p]) - float32(uI*w1i[p])
		oi[1] = float32(uR*w1i[p]) + float32(uI*w1r[p])
		or[2] = float32(vR*w2r[p]) - float32(vI*w2i[p])
		oi[2] = float32(vR*w2i[p]) + float32(vI*w2r[p])
		or[3] = float32(tR*w3r[p]) - float32(tI*w3i[p])
		oi[3] = float32(tR*w3i[p]) + float32(tI*w3r[p])
	}
}

// fftPass4Go is a radix-4 pass of stride s >= 4 (a multiple of 4) with m groups of s butterflies;
// one group shares its twiddles.
func fftPass4Go(yr, yi, xr, xi, tw []float32, m, s int) {
	for p := range m {
		w1r, w1i, w2r, w2i, w3r, w3i := tw[p], tw[m+p], tw[2*m+p], tw[3*m+p], tw[4*m+p], tw[5*m+p]
		a, b, c, d := s*p, s*(p+m), s*(p+2*m), s*(p+3*m)
		ar, br, cr, dr := xr[a:a+s], xr[b:b+s], xr[c:c+s], xr[d:d+s]
		ai, bi, ci, di := xi[a:a+s], xi[b:b+s], xi[c:c+s], xi[d:d+s]
		o := 4 * s * p
		o0r, o1r, o2r, o3r := yr[o:o+s], yr[o+s:o+2*s], yr[o+2*s:o+3*s], yr[o+3*s:o+4*s]
		o0i, o1i, o2i, o3i := yi[o:o+s], yi[o+s:o+2*s], yi[o+2*s:o+3*s], yi[o+3*s:o+4*s]
		for q := range s {
			apcR, apcI := ar[q]+cr[q], ai[q]+ci[q]
			amcR, amcI := ar[q]-cr[q], ai[q]-ci[q]
			bpdR, bpdI := br[q]+dr[q], bi[q]+di[q]
			bmdR, bmdI := br[q]-dr[q], bi[q]-di[q]
			uR, uI := amcR+bmdI, amcI-bmdR
			vR, vI := apcR-bpdR, apcI-bpdI
			tR, tI := amcR-bmdI, amcI+bmdR
			o0r[q], o0i[q] = apcR+bpdR, apcI+bpdI
			o1r[q] = float32(uR*w1r) - float32(uI*w1i)
			o1i[q] = float32(uR*w1i) + float32(uI*w1r)
			o2r[q] = float32(vR*w2r) - float32(vI*w2i)
			o2i[q] = float32(vR*w2i) + float32(vI*w2r)
			o3r[q] = float32(tR*w3r) - float32(tI*w3i)
			o3i[q] = float32(tR*w3i) + float32(tI*w3r)
		}
	}
}

// fftLast4Go is the pass of a single group: all twiddles are 1.
func fftLast4Go(yr, yi, xr, xi []float32, s int) {
	ar, br, cr, dr := xr[:s], xr[s:2*s], xr[2*s:3*s], xr[3*s:4*s]
	ai, bi, ci, di := xi[:s], xi[s:2*s], xi[2*s:3*s], xi[3*s:4*s]
	o0r, o1r, o2r, o3r := yr[:s], yr[s:2*s], yr[2*s:3*s], yr[3*s:4*s]
	o0i, o1i, o2i, o3i := yi[:s], yi[s:2*s], yi[2*s:3*s], yi[3*s:4*s]
	for q := range s {
		apcR, apcI := ar[q]+cr[q], ai[q]+ci[q]
		amcR, amcI := ar[q]-cr[q], ai[q]-ci[q]
		bpdR, bpdI := br[q]+dr[q], bi[q]+di[q]
		bmdR, bmdI := br[q]-dr[q], bi[q]-di[q]
		o0r[q], o0i[q] = apcR+bpdR, apcI+bpdI
		o1r[q], o1i[q] = amcR+bmdI, amcI-bmdR
		o2r[q], o2i[q] = apcR-bpdR, apcI-bpdI
		o3r[q], o3i[q] = amcR-bmdI, amcI+bmdR
	}
}

// fftLast2Go is the closing radix-2 pass, without twiddles.
func fftLast2Go(yr, yi, xr, xi []float32) {
	s := len(xr) / 2
	ar, br, ai, bi := xr[:s], xr[s:2*s], xi[:s], xi[s:2*s]
	o0r, o1r, o0i, o1i := yr[:s], yr[s:2*s], yi[:s], yi[s:2*s]
	for q := range s {
		o0r[q], o0i[q] = ar[q]+br[q], ai[q]+bi[q]
		o1r[q], o1i[q] = ar[q]-br[q], ai[q]-bi[q]
	}
}

// fftSeparateFrom finds bins from..h/2 and their mirrors of the real signal's spectrum (h = len(zr))
// from the transform Z of its even and odd samples: with E = (Z[k]+conj Z[h-k])/2,
// O = (Z[k]-conj Z[h-k])/2i, X[k] = E + w O and X[h-k] = conj(E - w O), w = exp(-2 pi i k/2h).
func fftSeparateFrom(re, im, zr, zi, wr, wi []float32, from int) {
	h := len(zr)
	zi = zi[:h]
	re, im = re[:h+1], im[:h+1]
	wr, wi = wr[:h/2+1], wi[:h/2+1]
	for k := from; k <= h/2; k++ {
		j := h - k
		eR, eI := 0.5*(zr[k]+zr[j]), 0.5*(zi[k]-zi[j])
		oR, oI := 0.5*(zi[k]+zi[j]), -0.5*(zr[k]-zr[j])
		tR := float32(oR*wr[k]) - float32(oI*wi[k])
		tI := float32(oR*wi[k]) + float32(oI*wr[k])
		re[k], im[k] = eR+tR, eI+tI
		re[j], im[j] = eR-tR, tI-eI
	}
}

// fftSeparatePowerFrom is fftSeparateFrom followed by re*re + im*im.
func fftSeparatePowerFrom(p, zr, zi, wr, wi []float32, from int) {
	h := len(zr)
	zi = zi[:h]
	p = p[:h+1]
	wr, wi = wr[:h/2+1], wi[:h/2+1]
	for k := from; k <= h/2; k++ {
		j := h - k
		eR, eI := 0.5*(zr[k]+zr[j]), 0.5*(zi[k]-zi[j])
		oR, oI := 0.5*(zi[k]+zi[j]), -0.5*(zr[k]-zr[j])
		tR := float32(oR*wr[k]) - float32(oI*wi[k])
		tI := float32(oR*wi[k]) + float32(oI*wr[k])
		aR, aI := eR+tR, eI+tI
		bR, bI := eR-tR, tI-eI
		p[k] = float32(aR*aR) + float32(aI*aI)
		p[j] = float32(bR*bR) + float32(bI*bI)
	}
}

// fftJoinFrom finds Z[k] = E[k] + i O[k] and Z[h-k], k = from..h/2, from the real signal's
// spectrum X, conjugated and scaled: E = X[k] + conj X[h-k], O = (X[k] - conj X[h-k]) / w.
func fftJoinFrom(zr, zi, re, im, wr, wi []float32, scale float32, from int) {
	h := len(zr)
	zi = zi[:h]
	re, im = re[:h+1], im[:h+1]
	wr, wi = wr[:h/2+1], wi[:h/2+1]
	for k := from; k <= h/2; k++ {
		j := h - k
		eR, eI := re[k]+re[j], im[k]-im[j]
		dR, dI := re[k]-re[j], im[k]+im[j]
		oR := float32(dR*wr[k]) + float32(dI*wi[k])
		oI := float32(dI*wr[k]) - float32(dR*wi[k])
		zr[k], zi[k] = (eR-oI)*scale, (0-(eI+oR))*scale
		zr[j], zi[j] = (eR+oI)*scale, (0-(oR-eI))*scale
	}
}

// fftUnpackGo puts yr and -yi side by side.
func fftUnpackGo(x, yr, yi []float32) {
	yi = yi[:len(yr)]
	x = x[:2*len(yr)]
	for t := range yr {
		x[2*t], x[2*t+1] = yr[t], 0-yi[t]
	}
}
