package analysis

import "math"

// halvePairs is the number of tap pairs of the half-band filter: 4*halvePairs-1 taps, flat to
// 0.2 of the input rate, 60 dB down from 0.3 of it.
const halvePairs = 7

// halveTaps holds the taps at distances 1, 3, 5... from the centre; the centre tap is 0.5 and
// all even distances are zero. A windowed sinc (Hann over the outer zeros), scaled to unit
// gain at 0 Hz.
var halveTaps = func() (h [halvePairs]float32) {
	var t [halvePairs]float64
	sum := 0.0
	for k := range t {
		d := float64(2*k + 1)
		w := 0.5 + 0.5*math.Cos(math.Pi*d/float64(2*halvePairs))
		t[k] = math.Sin(math.Pi*d/2) / (math.Pi * d) * w
		sum += 2 * t[k]
	}
	for k := range t {
		h[k] = float32(t[k] * 0.5 / sum)
	}
	return h
}()

// halver takes every second sample of a stream after a half-band low-pass. Output sample m is
// centred on input sample 2m, with zeros beyond both ends.
type halver struct {
	buf  []float32 // input not yet used up, preceded by what the filter still reaches back to
	skip int       // index in buf of the next output's centre
}

func (h *halver) reset() {
	h.buf = append(h.buf[:0], make([]float32, 2*halvePairs-1)...)
	h.skip = 2*halvePairs - 1
}

// feed appends the output that x completes to dst.
func (h *halver) feed(dst, x []float32) []float32 {
	const reach = 2*halvePairs - 1
	h.buf = append(h.buf, x...)
	b, c := h.buf, h.skip
	h0, h1, h2, h3, h4, h5, h6 := halveTaps[0], halveTaps[1], halveTaps[2], halveTaps[3], halveTaps[4], halveTaps[5], halveTaps[6]
	for ; c+reach < len(b); c += 2 {
		w := b[c-reach : c+reach+1 : c+reach+1]
		_ = w[2*reach]
		s := 0.5*w[13] + h0*(w[12]+w[14]) + h1*(w[10]+w[16])
		t := h2*(w[8]+w[18]) + h3*(w[6]+w[20])
		u := h4*(w[4]+w[22]) + h5*(w[2]+w[24]) + h6*(w[0]+w[26])
		dst = append(dst, s+(t+u))
	}
	from := c - reach
	n := copy(b, b[from:])
	h.buf, h.skip = b[:n], reach
	return dst
}

// finish appends what is left when the stream ends.
func (h *halver) finish(dst []float32) []float32 {
	var zeros [2*halvePairs - 1]float32
	return h.feed(dst, zeros[:])
}
