package codec

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"math"
	"math/bits"

	"sampleagent/audio/pcm"
)

// FLACOptions say how EncodeFLAC writes.
type FLACOptions struct {
	// Bits is 8, 16 or 24; 0 takes the least that holds every sample exactly, and 24 for sounds
	// that no integer holds.
	Bits     int
	NoDither bool   // round without noise where samples do not fit
	Comments []Text // Vorbis comments, in this order
}

// Text is one named piece of metadata.
type Text struct{ Name, Value string }

const (
	flacBlock    = 4096 // frames
	flacMaxOrder = 12   // of the predictors; what the FLAC subset allows up to 48 kHz
	flacMaxParts = 6    // log2 of the most Rice partitions
	flacPrec     = 14   // bits of a predictor's coefficients
	flacVendor   = "Sample Agent"
)

// EncodeFLAC writes b as FLAC (RFC 9639): losslessly where Bits hold the samples, which 0 makes
// sure of for everything that came from integers of up to 24 bits. Up to 8 channels.
func EncodeFLAC(w io.Writer, b *pcm.Buffer, o FLACOptions) error {
	if b.Channels < 1 || b.Channels > 8 || b.Rate < 1 || b.Rate >= 1<<20 || len(b.Samples)%b.Channels != 0 {
		return fmt.Errorf("encode FLAC: %w: %d Hz, %d channels, %d samples", ErrUnsupported, b.Rate, b.Channels, len(b.Samples))
	}
	depth := o.Bits
	switch depth {
	case 8, 16, 24:
	case 0:
		depth = 24
		if pcm.Exact(b.Samples, 16) {
			depth = 16
		}
	default:
		return fmt.Errorf("encode FLAC: %w: %d bits", ErrUnsupported, depth)
	}
	e := &flacEncoder{b: b, depth: depth, dither: !o.NoDither && !pcm.Exact(b.Samples, depth)}
	e.window = tukey(flacBlock)
	if _, err := w.Write(e.header(o.Comments)); err != nil {
		return fmt.Errorf("encode FLAC: %w", err)
	}
	q := pcm.NewQuantiser(depth, e.dither)
	number := uint64(0)
	for at := 0; at < b.Frames(); at += flacBlock {
		frame := e.frame(e.block(q, at), number)
		if _, err := w.Write(frame); err != nil {
			return fmt.Errorf("encode FLAC: %w", err)
		}
		number++
	}
	return nil
}

type flacEncoder struct {
	b      *pcm.Buffer
	depth  int
	dither bool
	window []float64

	ints  []int32
	chans [10][]int32 // the channels of a block; 8 and 9 are side and mid
	plans [10]flacPlan
	work  []int32
	float []float64
	out   bitWriter
}

// header is the signature, STREAMINFO and the comments. The quantiser gives the same integers on
// every run, so the checksum of the sound is taken beforehand.
func (e *flacEncoder) header(comments []Text) []byte {
	sum := md5.New()
	q := pcm.NewQuantiser(e.depth, e.dither)
	for at := 0; at < e.b.Frames(); at += flacBlock {
		e.block(q, at)
		hashInts(sum, e.ints, e.depth)
	}
	info := make([]byte, 18, 34)
	binary.BigEndian.PutUint16(info, flacBlock)
	binary.BigEndian.PutUint16(info[2:], flacBlock)
	binary.BigEndian.PutUint64(info[10:], uint64(e.b.Rate)<<44|uint64(e.b.Channels-1)<<41|uint64(e.depth-1)<<36|uint64(e.b.Frames())&(1<<36-1))
	info = sum.Sum(info)

	text := binary.LittleEndian.AppendUint32(nil, uint32(len(flacVendor)))
	text = append(text, flacVendor...)
	text = binary.LittleEndian.AppendUint32(text, uint32(len(comments)))
	for _, c := range comments {
		s := c.Name + "=" + c.Value
		text = binary.LittleEndian.AppendUint32(text, uint32(len(s)))
		text = append(text, s...)
	}
	out := append([]byte("fLaC"), 0, 0, 0, 34)
	out = append(out, info...)
	out = append(out, 0x84, byte(len(text)>>16), byte(len(text)>>8), byte(len(text)))
	return append(out, text...)
}

func hashInts(h hash.Hash, ints []int32, depth int) {
	var buf [4096]byte
	width := depth / 8
	for len(ints) > 0 {
		n := min(len(ints), len(buf)/4)
		b := buf[:0]
		for _, v := range ints[:n] {
			switch width {
			case 1:
				b = append(b, byte(v))
			case 2:
				b = append(b, byte(v), byte(v>>8))
			default:
				b = append(b, byte(v), byte(v>>8), byte(v>>16))
			}
		}
		h.Write(b)
		ints = ints[n:]
	}
}

// block quantises the frames from at on and parts them by channel; it returns their number.
func (e *flacEncoder) block(q *pcm.Quantiser, at int) int {
	n := min(flacBlock, e.b.Frames()-at)
	ch := e.b.Channels
	e.ints = sized(e.ints, n*ch)
	q.Quantise(e.ints, e.b.Samples[at*ch:(at+n)*ch])
	for c := range ch {
		e.chans[c] = sized(e.chans[c], n)
		for i, k := 0, c; i < n; i, k = i+1, k+ch {
			e.chans[c][i] = e.ints[k]
		}
	}
	return n
}

// frame codes the current block (9).
func (e *flacEncoder) frame(n int, number uint64) []byte {
	e.out = bitWriter{b: e.out.b[:0]}
	w := &e.out
	assign, coded := e.stereo(n)
	w.write(0xFFF8, 16)
	w.write(7, 4) // the block size follows in 16 bits
	w.write(0, 4) // the rate is in STREAMINFO
	w.write(uint64(assign), 4)
	w.write(map[int]uint64{8: 1, 16: 4, 24: 6}[e.depth], 3)
	w.write(0, 1)
	writeCoded(w, number)
	w.write(uint64(n-1), 16)
	w.write(uint64(crc8(w.b)), 8)
	for _, c := range coded {
		e.plans[c].write(w)
	}
	w.align()
	w.write(uint64(crc16(w.b)), 16)
	return w.b
}

// writeCoded writes a frame number the way UTF-8 would (9.1.5).
func writeCoded(w *bitWriter, v uint64) {
	if v < 0x80 {
		w.write(v, 8)
		return
	}
	more := 1
	for v >= 1<<(5*more+6) {
		more++
	}
	lead := uint64(0xFF00>>(more+1)) & 0xFF // more+1 ones and a zero
	w.write(lead|v>>(6*more), 8)
	for more--; more >= 0; more-- {
		w.write(0x80|v>>(6*more)&0x3F, 8)
	}
}

// stereo plans every channel and picks the pair that takes the fewest bits.
func (e *flacEncoder) stereo(n int) (assign int, coded []int) {
	if e.b.Channels != 2 {
		for c := range e.b.Channels {
			e.plan(c, e.depth)
			coded = append(coded, c)
		}
		return e.b.Channels - 1, coded
	}
	const side, mid = 8, 9
	e.chans[side], e.chans[mid] = sized(e.chans[side], n), sized(e.chans[mid], n)
	for i, l := range e.chans[0][:n] {
		r := e.chans[1][i]
		e.chans[side][i], e.chans[mid][i] = l-r, (l+r)>>1
	}
	e.plan(0, e.depth)
	e.plan(1, e.depth)
	e.plan(side, e.depth+1)
	e.plan(mid, e.depth)
	pairs := [...]struct{ assign, a, b int }{{1, 0, 1}, {8, 0, side}, {9, side, 1}, {10, mid, side}}
	best := pairs[0]
	for _, p := range pairs[1:] {
		if e.plans[p.a].size+e.plans[p.b].size < e.plans[best.a].size+e.plans[best.b].size {
			best = p
		}
	}
	return best.assign, []int{best.a, best.b}
}

// flacPlan is a subframe as it will be written.
type flacPlan struct {
	kind    byte // 0 constant, 1 verbatim, 8 + order fixed, 31 + order predicted
	order   int
	depth   int // bits a sample, without the wasted ones
	wasted  int
	samples []int32 // shifted by wasted
	coefs   [flacMaxOrder]int32
	shift   int
	res     []int32
	rice    flacRice
	size    int // bits
}

// flacRice is how a residual is parted and coded.
type flacRice struct {
	parts int // log2
	k     [1 << flacMaxParts]uint8
	wide  bool // 5-bit parameters
	size  int
}

// plan finds the smallest way to write a channel.
func (e *flacEncoder) plan(c, depth int) {
	s := e.chans[c]
	p := &e.plans[c]
	p.wasted, p.depth = 0, depth
	any, same := int32(0), true
	for _, v := range s {
		any |= v
		same = same && v == s[0]
	}
	p.samples = s
	if same {
		p.kind, p.size = 0, 8+depth
		return
	}
	if z := bits.TrailingZeros32(uint32(any)); z > 0 {
		p.wasted, p.depth = z, depth-z
		for i := range s {
			s[i] >>= z // nobody reads the channel again but through this plan
		}
	}
	p.kind, p.size = 1, 8+p.wasted+len(s)*p.depth
	for order := 0; order <= 4 && order < len(s); order++ {
		e.tryFixed(p, order)
	}
	e.tryPredicted(p)
}

// take keeps the residual in e.work if it is the smallest so far.
func (e *flacEncoder) take(p *flacPlan, kind byte, order, head int, rice *flacRice) bool {
	size := 8 + p.wasted + order*p.depth + head + rice.size
	if size >= p.size {
		return false
	}
	p.kind, p.order, p.rice, p.size = kind, order, *rice, size
	p.res, e.work = e.work, p.res
	return true
}

func (e *flacEncoder) tryFixed(p *flacPlan, order int) {
	s := p.samples
	e.work = sized(e.work, len(s))
	res := e.work
	for i := order; i < len(s); i++ {
		var v int64
		switch order {
		case 0:
			v = int64(s[i])
		case 1:
			v = int64(s[i]) - int64(s[i-1])
		case 2:
			v = int64(s[i]) - 2*int64(s[i-1]) + int64(s[i-2])
		case 3:
			v = int64(s[i]) - 3*int64(s[i-1]) + 3*int64(s[i-2]) - int64(s[i-3])
		default:
			v = int64(s[i]) - 4*int64(s[i-1]) + 6*int64(s[i-2]) - 4*int64(s[i-3]) + int64(s[i-4])
		}
		if v != int64(int32(v)) {
			return
		}
		res[i] = int32(v)
	}
	r := planRice(res, order)
	e.take(p, 8+byte(order), order, 0, &r)
}

// tryPredicted fits linear predictors by autocorrelation (Levinson and Durbin) and tries the
// order that promises the fewest bits.
func (e *flacEncoder) tryPredicted(p *flacPlan) {
	s := p.samples
	if len(s) <= 2*flacMaxOrder {
		return
	}
	window := e.window
	if len(window) != len(s) {
		window = tukey(len(s))
	}
	e.float = sized(e.float, len(s))
	x := e.float
	for i, v := range s {
		x[i] = float64(v) * window[i]
	}
	var auto [flacMaxOrder + 1]float64
	for lag := range auto {
		sum := 0.0
		a, b := x[lag:], x[:len(x)-lag]
		for i, v := range a {
			sum += v * b[i]
		}
		auto[lag] = sum
	}
	if auto[0] <= 0 {
		return
	}
	var all [flacMaxOrder][flacMaxOrder]float64
	var lpc [flacMaxOrder]float64
	err, best, least := auto[0], 0, math.Inf(1)
	for i := range flacMaxOrder {
		r := -auto[i+1]
		for j := range i {
			r -= lpc[j] * auto[i-j]
		}
		r /= err
		lpc[i] = r
		for j := 0; j < i/2; j++ {
			t := lpc[j]
			lpc[j] += r * lpc[i-1-j]
			lpc[i-1-j] += r * t
		}
		if i%2 == 1 {
			lpc[i/2] += lpc[i/2] * r
		}
		if err *= 1 - r*r; err <= 0 || math.IsNaN(err) {
			break
		}
		for j := range i + 1 {
			all[i][j] = -lpc[j]
		}
		// Bits of a Laplacian of this error, and the cost of the predictor itself.
		per := max(0, 0.5*math.Log2(err*0.5*math.Ln2*math.Ln2/float64(len(s))))
		cost := per*float64(len(s)-i-1) + float64((i+1)*(p.depth+flacPrec))
		if cost < least {
			best, least = i+1, cost
		}
	}
	if best > 0 {
		e.predicted(p, all[best-1][:best])
	}
}

// predicted rounds a predictor's coefficients and tries it.
func (e *flacEncoder) predicted(p *flacPlan, lpc []float64) {
	largest := 0.0
	for _, c := range lpc {
		largest = max(largest, math.Abs(c))
	}
	if largest == 0 || math.IsNaN(largest) || math.IsInf(largest, 0) {
		return
	}
	_, exp := math.Frexp(largest)
	shift := min(flacPrec-1-exp, 15)
	if shift < 0 {
		return
	}
	const most = 1<<(flacPrec-1) - 1
	var coefs [flacMaxOrder]int32
	carry := 0.0 // the rounding error goes on to the next coefficient
	for i, c := range lpc {
		carry += c * float64(int(1)<<shift)
		v := min(max(math.RoundToEven(carry), -most-1), most)
		coefs[i] = int32(v)
		carry -= v
	}
	s, order := p.samples, len(lpc)
	e.work = sized(e.work, len(s))
	res := e.work
	back := make([]int64, order) // oldest sample first
	for i := range back {
		back[i] = int64(coefs[order-1-i])
	}
	for i := order; i < len(s); i++ {
		past := s[i-order : i]
		past = past[:len(back)]
		sum := int64(0)
		for j, c := range back {
			sum += c * int64(past[j])
		}
		v := int64(s[i]) - sum>>shift
		if v != int64(int32(v)) {
			return
		}
		res[i] = int32(v)
	}
	r := planRice(res, order)
	if e.take(p, 31+byte(order), order, 4+5+order*flacPrec, &r) {
		p.coefs, p.shift = coefs, shift
	}
}

// planRice parts res from order on and finds the parameters, by the sums of the finest parts.
func planRice(res []int32, order int) flacRice {
	n := len(res)
	parts := flacMaxParts
	for parts > 0 && (n%(1<<parts) != 0 || n>>parts <= order) {
		parts--
	}
	var sums [1 << flacMaxParts]uint64
	per := n >> parts
	for i := range 1 << parts {
		sum := uint64(0)
		for _, v := range res[max(i*per, order) : (i+1)*per] {
			sum += uint64(uint32(v<<1 ^ v>>31))
		}
		sums[i] = sum
	}
	best := flacRice{size: math.MaxInt}
	for ; ; parts-- {
		r := flacRice{parts: parts, size: 6}
		for i := range 1 << parts {
			count := n >> parts
			if i == 0 {
				count -= order
			}
			k, size := riceParameter(sums[i], count)
			r.k[i] = uint8(k)
			r.wide = r.wide || k > 14
			r.size += size
		}
		width := 4
		if r.wide {
			width = 5
		}
		if r.size += width << parts; r.size < best.size {
			best = r
		}
		if parts == 0 {
			return best
		}
		for i := range 1 << (parts - 1) {
			sums[i] = sums[2*i] + sums[2*i+1]
		}
	}
}

// riceParameter is the parameter for count values of this sum and, nearly, the bits they take.
func riceParameter(sum uint64, count int) (k, size int) {
	if count <= 0 {
		return 0, 0
	}
	best := math.MaxInt
	guess := bits.Len64(sum/uint64(count)) - 1
	for try := max(guess-1, 0); try <= min(guess+2, 30); try++ {
		// Each value loses half a step on average when its low bits are cut off.
		whole := int64(sum>>try) - int64(count)/2*int64(min(try, 1))
		if s := count*(try+1) + int(max(whole, 0)); s < best {
			k, best = try, s
		}
	}
	return k, best
}

// write writes a planned subframe.
func (p *flacPlan) write(w *bitWriter) {
	head := uint64(p.kind) << 1
	if p.wasted > 0 {
		w.write(head|1, 8)
		w.write(1, uint(p.wasted))
	} else {
		w.write(head, 8)
	}
	depth := uint(p.depth)
	switch p.kind {
	case 0:
		w.write(uint64(p.samples[0]), depth)
		return
	case 1:
		for _, v := range p.samples {
			w.write(uint64(v), depth)
		}
		return
	}
	for _, v := range p.samples[:p.order] {
		w.write(uint64(v), depth)
	}
	if p.kind >= 32 {
		w.write(flacPrec-1, 4)
		w.write(uint64(p.shift), 5)
		for _, c := range p.coefs[:p.order] {
			w.write(uint64(c), flacPrec)
		}
	}
	r := &p.rice
	width := uint(4)
	if r.wide {
		w.write(1, 2)
		width = 5
	} else {
		w.write(0, 2)
	}
	w.write(uint64(r.parts), 4)
	per := len(p.samples) >> r.parts
	for i := range 1 << r.parts {
		k := uint(r.k[i])
		w.write(uint64(k), width)
		for _, v := range p.res[max(i*per, p.order) : (i+1)*per] {
			u := uint32(v<<1 ^ v>>31)
			q := u >> k
			for ; q >= 32; q -= 32 {
				w.write(0, 32)
			}
			w.write(1, uint(q)+1)
			w.write(uint64(u), k)
		}
	}
}

// tukey is a window whose outer quarters are cosine slopes.
func tukey(n int) []float64 {
	w := make([]float64, n)
	slope := n / 4
	for i := range w {
		w[i] = 1
		if d := min(i, n-1-i); d < slope {
			w[i] = 0.5 - 0.5*math.Cos(math.Pi*(float64(d)+0.5)/float64(slope))
		}
	}
	return w
}
