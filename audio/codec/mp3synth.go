package codec

import (
	"math"
	"math/bits"
)

// stereo undoes joint stereo (2.4.3.4.9, 13818-3 2.4.3.2).
func (d *mp3Decoder) stereo(h mp3Header, g int) {
	left, right := &d.xr[0], &d.xr[1]
	gl, gr := &d.gr[g][0], &d.gr[g][1]
	end := max(gl.lines, gr.lines)
	if h.intensity {
		end = d.intensity(h, gr, end)
	} else if h.midSide {
		midSide(left[:end], right[:end])
	}
	gl.lines, gr.lines = end, end
}

func midSide(left, right []float32) {
	right = right[:len(left)]
	for i, m := range left {
		s := right[i]
		left[i], right[i] = (m+s)*(math.Sqrt2/2), (m-s)*(math.Sqrt2/2)
	}
}

// intensity spreads the bands above the right channel's last line over both channels, by the
// positions in its scale factors; below, mid and side apply. It returns the end of the lines in
// use.
func (d *mp3Decoder) intensity(h mp3Header, gr *mp3Granule, end int) int {
	left, right := &d.xr[0], &d.xr[1]
	long, short := d.layout(gr)
	type band struct {
		from, to, factor, window int
	}
	var bands [39]band
	n, line := 0, 0
	for i := range long {
		to := line + int(mp3LongBands[d.rates][i])
		bands[n] = band{line, to, n, 3}
		n, line = n+1, to
	}
	for i := short; i < 13; i++ {
		for w := range 3 {
			to := line + int(mp3ShortBands[d.rates][i])
			bands[n] = band{line, to, n, w}
			n, line = n+1, to
		}
	}
	// The last band has no scale factor: it takes that of the one before it in its window.
	if long == 22 {
		bands[21].factor = 20
	} else {
		for w := range 3 {
			bands[n-1-w].factor = n - 4 - w
		}
	}
	// From the top down, for each window: intensity until the right channel has a line.
	var ended [4]bool
	for i := n - 1; i >= 0; i-- {
		b := bands[i]
		l, r := left[b.from:b.to], right[b.from:b.to]
		if b.window == 3 && long < 22 {
			ended[3] = ended[3] || ended[0] || ended[1] || ended[2]
		}
		if !ended[b.window] {
			for _, v := range r {
				if v != 0 {
					ended[b.window] = true
					break
				}
			}
		}
		switch {
		case !ended[b.window] && !gr.illegal[b.factor]:
			a, c := intensityRatio(h, gr, int(gr.scaleFactor[b.factor]))
			for k, v := range l {
				l[k], r[k] = v*a, v*c
			}
		case h.midSide:
			midSide(l, r)
		}
		if b.from < end {
			end = max(end, b.to)
		}
	}
	return end
}

// intensityRatio is what an intensity position gives to each side.
func intensityRatio(h mp3Header, gr *mp3Granule, pos int) (left, right float32) {
	if h.version == 0 {
		t := math.Tan(float64(pos) * math.Pi / 12)
		if pos == 6 {
			return 1, 0
		}
		return float32(t / (1 + t)), float32(1 / (1 + t))
	}
	step := math.Exp2(-0.25)
	if gr.compress&1 != 0 {
		step = math.Exp2(-0.5)
	}
	if pos%2 == 1 {
		return float32(math.Pow(step, float64((pos+1)/2))), 1
	}
	return 1, float32(math.Pow(step, float64(pos/2)))
}

// mp3Alias are the butterflies against aliasing (table B.9).
var mp3Alias = func() (t [8][2]float32) {
	for i, c := range [8]float64{-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037} {
		t[i] = [2]float32{float32(1 / math.Sqrt(1+c*c)), float32(c / math.Sqrt(1+c*c))}
	}
	return t
}()

// mp3Cos36 and mp3Cos12 are the inverse MDCT (2.4.3.4.10.2). Of its 36 outputs only 18 differ but
// for their sign: 17-i is -i below 18, and 53-i is i above.
var mp3Cos36 = func() (t [18][18]float32) {
	for i := range 18 {
		n := i // the outputs 0 to 8 and 18 to 26
		if i >= 9 {
			n = i + 9
		}
		for k := range 18 {
			t[i][k] = float32(math.Cos(math.Pi / 72 * float64((2*n+19)*(2*k+1))))
		}
	}
	return t
}()

var mp3Cos12 = func() (t [12][6]float32) {
	for i := range 12 {
		for k := range 6 {
			t[i][k] = float32(math.Cos(math.Pi/24*float64((2*i+7)*(2*k+1))) * math.Sin(math.Pi/12*(float64(i)+0.5)))
		}
	}
	return t
}()

// mp3Windows are the shapes of normal, start and stop blocks.
var mp3Windows = func() (t [4][36]float32) {
	for i := range 36 {
		long := math.Sin(math.Pi / 36 * (float64(i) + 0.5))
		t[0][i], t[1][i], t[3][i] = float32(long), float32(long), float32(long)
		switch {
		case i < 6:
			t[3][i] = 0
		case i < 12:
			t[3][i] = float32(math.Sin(math.Pi / 12 * (float64(i-6) + 0.5)))
		case i < 18:
			t[3][i] = 1
		case i < 24:
			t[1][i] = 1
		case i < 30:
			t[1][i] = float32(math.Sin(math.Pi / 12 * (float64(i-18) + 0.5)))
		default:
			t[1][i] = 0
		}
	}
	return t
}()

// hybrid turns the lines of a channel into 18 samples of each of 32 subbands, in place: xr[18*sb
// + i] is sample i of subband sb.
func (d *mp3Decoder) hybrid(gr *mp3Granule, ch int) {
	xr := &d.xr[ch]
	shortFrom := 32 // first subband with short windows
	if gr.short() {
		shortFrom = 0
		if gr.mixed {
			shortFrom = 2
		}
		d.reorder(gr, xr)
	}
	used := min((gr.lines+17)/18+1, 32) // the butterflies reach one subband further
	if gr.short() {
		used = 32 // reordered lines lie elsewhere
	}
	for sb := 1; sb < min(used, max(shortFrom, 1)); sb++ {
		for i, c := range mp3Alias {
			a, b := xr[18*sb-1-i], xr[18*sb+i]
			xr[18*sb-1-i], xr[18*sb+i] = a*c[0]-b*c[1], b*c[0]+a*c[1]
		}
	}
	for sb := range 32 {
		lines := (*[18]float32)(xr[18*sb:])
		over := &d.overlap[ch][sb]
		switch {
		case sb >= used:
			*lines, *over = *over, [18]float32{}
		case sb >= shortFrom:
			imdctShort(lines, over)
		default:
			kind := gr.blockType
			if gr.short() {
				kind = 0 // the long part of a mixed block
			}
			imdctLong(lines, over, &mp3Windows[kind])
		}
		if sb%2 == 1 {
			for i := 1; i < 18; i += 2 {
				lines[i] = -lines[i]
			}
		}
	}
}

// reorder puts short lines from band, window, line into band, line, window.
func (d *mp3Decoder) reorder(gr *mp3Granule, xr *[576]float32) {
	long, short := d.layout(gr)
	line := d.longEdge(long)
	if long == 0 {
		line = 0
	}
	var tmp [3 * 66]float32
	for band := short; band < 13; band++ {
		w := int(mp3ShortBands[d.rates][band])
		part := xr[line : line+3*w]
		for i := range w {
			tmp[3*i], tmp[3*i+1], tmp[3*i+2] = part[i], part[w+i], part[2*w+i]
		}
		copy(part, tmp[:3*w])
		line += 3 * w
	}
}

func imdctLong(x, over *[18]float32, window *[36]float32) {
	var y [18]float32
	for i := range y {
		c := &mp3Cos36[i]
		var a, b float32
		for k := 0; k < 18; k += 2 {
			a += x[k] * c[k]
			b += x[k+1] * c[k+1]
		}
		y[i] = a + b
	}
	for i := range 9 {
		x[i] = over[i] + y[i]*window[i]
		x[17-i] = over[17-i] - y[i]*window[17-i]
		over[i] = y[9+i] * window[18+i]
		over[17-i] = y[9+i] * window[35-i]
	}
}

func imdctShort(x, over *[18]float32) {
	var y [36]float32
	for w := range 3 {
		for i := range 12 {
			c := &mp3Cos12[i]
			sum := float32(0)
			for k := range 6 {
				sum += x[3*k+w] * c[k]
			}
			y[6+6*w+i] += sum
		}
	}
	for i := range 18 {
		x[i] = over[i] + y[i]
		over[i] = y[18+i]
	}
}

// mp3Synth is the polyphase filter bank of one channel (2.4.3.4.10.5).
type mp3Synth struct {
	v   [16][64]float32
	pos int // the newest row of v
}

// mp3D is the synthesis window with the scale that brings samples to one for full scale.
var mp3D = func() (t [512]float32) {
	for i := range t {
		v := float32(0)
		switch {
		case i <= 256:
			v = float32(mp3Window[i])
		case i%64 == 0:
			v = float32(mp3Window[512-i])
		default:
			v = -float32(mp3Window[512-i])
		}
		t[i] = v / 65536
	}
	return t
}()

// granule turns 18 samples of 32 subbands into 576 samples, step apart in dst.
func (s *mp3Synth) granule(sub *[576]float32, dst []float32, step int) {
	var in, out [32]float32
	for slot := range 18 {
		for sb := range in {
			in[sb] = sub[18*sb+slot]
		}
		s.pos = (s.pos + 15) % 16
		dct32(&in, &out)
		v := &s.v[s.pos]
		for i := range 16 {
			v[i] = out[16+i]
			v[48+i] = -out[i]
		}
		v[16] = 0
		for i := 17; i < 48; i++ {
			v[i] = -out[48-i]
		}
		var sum [32]float32
		for i := range 8 {
			a := s.v[(s.pos+2*i)%16][:32]
			b := s.v[(s.pos+2*i+1)%16][32:]
			da, db := mp3D[64*i:64*i+32], mp3D[64*i+32:64*i+64]
			for j := range sum {
				sum[j] += a[j]*da[j] + b[j]*db[j]
			}
		}
		for j, x := range sum {
			dst[(32*slot+j)*step] = x
		}
	}
}

// mp3Secants are 1 / (2 cos((2i+1) pi / 2n)) for n of 32, 16, 8, 4 and 2, one after the other.
var mp3Secants = func() (t [31]float32) {
	at := 0
	for n := 32; n > 1; n /= 2 {
		for i := range n / 2 {
			t[at] = float32(0.5 / math.Cos(float64(2*i+1)*math.Pi/float64(2*n)))
			at++
		}
	}
	return t
}()

// mp3Reversed are the numbers below 32 with their bits in reverse order.
var mp3Reversed = func() (t [32]uint8) {
	for i := range t {
		t[i] = bits.Reverse8(uint8(i)) >> 3
	}
	return t
}()

// dct32 is out[j] = sum of in[k] cos(j (2k+1) pi / 64), by Lee's recursion ("A new algorithm to
// compute the discrete cosine transform", IEEE ASSP 32, 1984) written as loops: the halves are
// parted five times, then the odd outputs are summed up on the way back. in is overwritten.
func dct32(in, out *[32]float32) {
	var tmp [32]float32
	from, to := in, &tmp
	at := 0
	for n := 32; n > 1; n /= 2 {
		h := n / 2
		secants := mp3Secants[at : at+h]
		at += h
		for base := 0; base < 32; base += n {
			x := from[base : base+n]
			even, odd := to[base:base+h], to[base+h:base+n]
			for i, s := range secants {
				a, b := x[i], x[n-1-i]
				even[i] = a + b
				odd[i] = (a - b) * s
			}
		}
		from, to = to, from
	}
	// Each place holds the output whose number is the place's, reversed. Within a block of n
	// outputs the odd ones are sums of neighbours.
	for i, r := range mp3Reversed {
		out[r] = from[i]
	}
	for step := 16; step > 1; step /= 2 {
		// Outputs of one block lie this far apart: odd ones begin at half of it.
		for first := step / 2; first < step; first++ {
			for j := first; j+step < 32; j += step {
				out[j] += out[j+step]
			}
		}
	}
}
