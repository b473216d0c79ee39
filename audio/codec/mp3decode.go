package codec

import "math"

// A decoder for MPEG audio layer III of our own: the one there is for Go gives 16 bits, knows no
// MPEG 2.5 and gets MPEG 2 wrong (22.05 kHz came out with errors of full scale against ffmpeg).
// Section numbers are those of ISO/IEC 11172-3 unless they say 13818-3.

// mp3Granule is the side information of one granule of one channel (2.4.1.7).
type mp3Granule struct {
	bits        int // of scale factors and Huffman codes together
	bigValues   int
	gain        int
	compress    int
	blockType   int // 0 normal, 1 start, 2 short, 3 stop
	mixed       bool
	tables      [3]int
	subGain     [3]int
	regions     [2]int // where the second and the third region begin, in lines
	preflag     bool
	scale       uint // 0 or 1: steps of a half or of one
	count1      int  // which table of quadruples
	lines       int  // behind the last line that is not zero
	scaleFactor [39]uint8
	illegal     [39]bool // an intensity position that says: no intensity
}

func (g *mp3Granule) short() bool { return g.blockType == 2 }

// mp3Decoder decodes frame by frame and keeps what one frame leaves to the next.
type mp3Decoder struct {
	reservoir []byte // main data of earlier frames that may still be referred to
	gr        [2][2]mp3Granule
	scfsi     [2]int
	xr        [2][576]float32
	overlap   [2][32][18]float32
	synth     [2]mp3Synth
	rates     int // row of the band tables
	bits      bitReader
}

// mp3Reservoir is the most bytes that main_data_begin can point back (9 bits).
const mp3Reservoir = 511

// decode decodes one whole frame into dst, interleaved, and returns the frames written, which
// h.samples is. A frame whose main data is missing, as the first ones of a cut stream, is silent.
func (d *mp3Decoder) decode(frame []byte, h mp3Header, dst []float32) int {
	d.rates = 3*h.version + map[int]int{44100: 0, 48000: 1, 32000: 2}[h.rate<<h.version]
	granules := h.samples / 576
	side := 4
	if h.crc {
		side += 2
	}
	d.bits.reset(frame, side)
	begin := d.sideInfo(h, granules)
	main := d.bits.bytes()
	missing := begin > len(d.reservoir) || main > len(frame)
	if !missing {
		d.reservoir = d.reservoir[len(d.reservoir)-begin:]
	}
	if main < len(frame) {
		d.reservoir = append(d.reservoir, frame[main:]...)
	}
	if missing {
		clear(dst[:h.samples*h.channels])
	} else {
		d.bits.reset(d.reservoir, 0)
		at := 0
		for g := range granules {
			for ch := range h.channels {
				gr := &d.gr[g][ch]
				d.bits.seek(at)
				d.scaleFactors(h, g, ch)
				d.huffman(gr, &d.xr[ch], at+gr.bits)
				at += gr.bits
				d.requantise(gr, &d.xr[ch])
			}
			if h.channels == 2 && h.joint {
				d.stereo(h, g)
			}
			for ch := range h.channels {
				gr := &d.gr[g][ch]
				d.hybrid(gr, ch)
				d.synth[ch].granule(&d.xr[ch], dst[g*576*h.channels+ch:], h.channels)
			}
		}
	}
	if n := len(d.reservoir); n > mp3Reservoir {
		d.reservoir = append(d.reservoir[:0], d.reservoir[n-mp3Reservoir:]...)
	}
	return h.samples
}

// sideInfo reads the side information and returns main_data_begin.
func (d *mp3Decoder) sideInfo(h mp3Header, granules int) int {
	r := &d.bits
	var begin int
	if h.version == 0 {
		begin = int(r.read(9))
		r.read([3]int{0, 5, 3}[h.channels])
		for ch := range h.channels {
			d.scfsi[ch] = int(r.read(4))
		}
	} else {
		begin = int(r.read(8))
		r.read(h.channels)
	}
	for g := range granules {
		for ch := range h.channels {
			gr := &d.gr[g][ch]
			gr.bits = int(r.read(12))
			gr.bigValues = min(int(r.read(9)), 288)
			gr.gain = int(r.read(8))
			if h.version == 0 {
				gr.compress = int(r.read(4))
			} else {
				gr.compress = int(r.read(9))
			}
			gr.blockType, gr.mixed, gr.subGain = 0, false, [3]int{}
			if r.read(1) == 1 {
				gr.blockType = int(r.read(2))
				gr.mixed = r.read(1) == 1
				gr.tables = [3]int{int(r.read(5)), int(r.read(5)), 0}
				for w := range gr.subGain {
					gr.subGain[w] = int(r.read(3))
				}
				// The border lies where ffmpeg has it: at 36 lines, at 54 for the long windows of
				// MPEG 2, and at twice that for 8 kHz.
				switch {
				case d.rates == 8 && gr.short():
					gr.regions = [2]int{72, 576}
				case d.rates == 8:
					gr.regions = [2]int{108, 576}
				case gr.short() || h.version == 0:
					gr.regions = [2]int{36, 576}
				default:
					gr.regions = [2]int{54, 576}
				}
			} else {
				gr.tables = [3]int{int(r.read(5)), int(r.read(5)), int(r.read(5))}
				first := int(r.read(4)) + 1
				second := first + int(r.read(3)) + 1
				gr.regions = [2]int{d.longEdge(first), d.longEdge(second)}
			}
			gr.preflag = false
			if h.version == 0 {
				gr.preflag = r.read(1) == 1
			}
			gr.scale = uint(r.read(1))
			gr.count1 = int(r.read(1))
		}
	}
	return begin
}

// longEdge is the line where a long band begins; past the last it is the end.
func (d *mp3Decoder) longEdge(band int) int {
	n := 0
	for _, w := range mp3LongBands[d.rates][:min(band, 22)] {
		n += int(w)
	}
	return n
}

// layout is how a granule's scale factor bands lie: how many long ones come first, then from
// which short one on, each of those three times.
func (d *mp3Decoder) layout(gr *mp3Granule) (long, fromShort int) {
	switch {
	case !gr.short():
		return 22, 13
	case !gr.mixed:
		return 0, 0
	case d.rates < 3:
		return 8, 3
	}
	return 6, 3
}

// scaleFactors reads the scale factors: one per long band, then three per short one.
func (d *mp3Decoder) scaleFactors(h mp3Header, g, ch int) {
	gr := &d.gr[g][ch]
	gr.illegal = [39]bool{}
	if h.version > 0 {
		d.scaleFactors2(h, gr, ch)
		return
	}
	r := &d.bits
	low, high := int(mp3SlenBits[0][gr.compress]), int(mp3SlenBits[1][gr.compress])
	n := 0
	read := func(count, width int) {
		for range count {
			gr.scaleFactor[n] = uint8(r.read(width))
			n++
		}
	}
	if gr.short() {
		if gr.mixed {
			read(8, low)
			read(9, low)
		} else {
			read(18, low)
		}
		read(18, high)
	} else {
		for i, group := range [...]struct{ end, width int }{{6, low}, {11, low}, {16, high}, {21, high}} {
			if g == 1 && d.scfsi[ch]&(8>>i) != 0 {
				copy(gr.scaleFactor[n:group.end], d.gr[0][ch].scaleFactor[n:group.end])
				n = group.end
			} else {
				read(group.end-n, group.width)
			}
		}
	}
	clear(gr.scaleFactor[n:])
	for i := range gr.illegal {
		gr.illegal[i] = gr.scaleFactor[i] == 7
	}
}

// scaleFactors2 is scaleFactors for MPEG 2 (13818-3, 2.4.3.2).
func (d *mp3Decoder) scaleFactors2(h mp3Header, gr *mp3Granule, ch int) {
	var width [4]int
	var kind int
	c := gr.compress
	if ch == 1 && h.joint && h.intensity {
		switch c >>= 1; {
		case c < 180:
			kind, width = 3, [4]int{c / 36, c % 36 / 6, c % 6}
		case c < 244:
			c -= 180
			kind, width = 4, [4]int{c % 64 >> 4, c % 16 >> 2, c % 4}
		default:
			c -= 244
			kind, width = 5, [4]int{c / 3, c % 3}
		}
	} else {
		switch {
		case c < 400:
			kind, width = 0, [4]int{(c >> 4) / 5, (c >> 4) % 5, c % 16 >> 2, c % 4}
		case c < 500:
			c -= 400
			kind, width = 1, [4]int{(c >> 2) / 5, (c >> 2) % 5, c % 4}
		default:
			c -= 500
			kind, width = 2, [4]int{c / 3, c % 3}
			gr.preflag = true
		}
	}
	block := 0
	if gr.short() {
		block = 1
		if gr.mixed {
			block = 2
		}
	}
	n := 0
	for i, count := range mp3Partitions[kind][block] {
		for range count {
			v := uint8(d.bits.read(width[i]))
			gr.scaleFactor[n] = v
			// The largest value of its width is no position.
			gr.illegal[n] = kind >= 3 && v == 1<<width[i]-1
			n++
		}
	}
	clear(gr.scaleFactor[n:])
}

// mp3Code is an entry of a lookup table by the next bits: a leaf, or the table that goes on.
type mp3Code struct {
	used  uint8  // bits of the code that this step takes; 0: go on at next with more bits
	value uint8  // the two values
	next  uint16 // offset of the table that goes on
	more  uint8  // bits that it looks at
}

// mp3First is how many bits the first lookup takes.
const mp3First = 8

type mp3Table struct {
	first   int // bits of the first lookup
	entries []mp3Code
}

var mp3Tables = buildMP3Tables()

// buildMP3Tables turns mp3Codes into lookup tables. Tables 16 to 23 and 24 to 31 share codes.
func buildMP3Tables() (t [34]mp3Table) {
	for n, text := range mp3Codes {
		t[n] = buildMP3Table(text)
	}
	for n := 17; n < 24; n++ {
		t[n] = t[16]
	}
	for n := 25; n < 32; n++ {
		t[n] = t[24]
	}
	return t
}

func buildMP3Table(text string) mp3Table {
	type leaf struct {
		code  uint32 // left-aligned
		depth int
		value uint8
	}
	hex := func(c byte) uint8 {
		if c >= 'a' {
			return c - 'a' + 10
		}
		return c - '0'
	}
	var leaves []leaf
	code, deepest := uint64(0), 0
	for i := 0; i < len(text); i += 3 {
		depth := int(text[i]-'a') + 1
		leaves = append(leaves, leaf{uint32(code), depth, hex(text[i+1])<<4 | hex(text[i+2])})
		code += 1 << (32 - depth)
		deepest = max(deepest, depth)
	}
	first := min(deepest, mp3First)
	out := mp3Table{first: first, entries: make([]mp3Code, 1<<first)}
	for i := 0; i < len(leaves); {
		l := leaves[i]
		at := int(l.code >> (32 - first))
		if l.depth <= first {
			for k := range 1 << (first - l.depth) {
				out.entries[at+k] = mp3Code{used: uint8(l.depth), value: l.value}
			}
			i++
			continue
		}
		// All leaves with this beginning share a second table.
		end, more := i, 0
		for ; end < len(leaves) && int(leaves[end].code>>(32-first)) == at; end++ {
			more = max(more, leaves[end].depth-first)
		}
		base := len(out.entries)
		out.entries[at] = mp3Code{next: uint16(base), more: uint8(more)}
		out.entries = append(out.entries, make([]mp3Code, 1<<more)...)
		for ; i < end; i++ {
			l := leaves[i]
			sub := int(l.code << first >> (32 - more))
			for k := range 1 << (more - (l.depth - first)) {
				out.entries[base+sub+k] = mp3Code{used: uint8(l.depth - first), value: l.value}
			}
		}
	}
	return out
}

// look decodes one code.
func (t *mp3Table) look(r *bitReader) uint8 {
	if r.n < 32 {
		r.fill()
	}
	e := t.entries[r.cache>>(64-t.first)]
	if e.used == 0 {
		r.skip(t.first)
		e = t.entries[int(e.next)+int(r.cache>>(64-e.more))]
	}
	r.skip(int(e.used))
	return e.value
}

// huffman reads the quantised lines up to the bit end; those behind are zero.
func (d *mp3Decoder) huffman(gr *mp3Granule, xr *[576]float32, end int) {
	r := &d.bits
	line, most := 0, 2*gr.bigValues
	for region := range 3 {
		to := most
		if region < 2 {
			to = min(gr.regions[region], most)
		}
		number := gr.tables[region]
		if number == 0 || number == 4 || number == 14 {
			for ; line < to; line++ {
				xr[line] = 0
			}
			continue
		}
		t, lin := &mp3Tables[number], int(mp3LinBits[number])
		for line < to {
			if r.at() >= end {
				most = line // the rest is damage
				break
			}
			v := t.look(r)
			xr[line] = mp3Value(r, int(v>>4), lin)
			xr[line+1] = mp3Value(r, int(v&15), lin)
			line += 2
		}
	}
	quads := &mp3Tables[32+gr.count1]
	for line+4 <= 576 && r.at() < end {
		v := quads.look(r)
		var q [4]float32
		for i := range q {
			if v&(8>>i) != 0 {
				q[i] = 1
				if r.read(1) == 1 {
					q[i] = -1
				}
			}
		}
		if r.at() > end {
			break // the padding was no code
		}
		copy(xr[line:], q[:])
		line += 4
	}
	gr.lines = line
	clear(xr[line:])
}

// mp3Value completes a value by its extra bits and its sign.
func mp3Value(r *bitReader, v, lin int) float32 {
	if v == 15 && lin > 0 {
		v += int(r.read(lin))
	}
	if v == 0 {
		return 0
	}
	if r.read(1) == 1 {
		return -mp3Pow43[v]
	}
	return mp3Pow43[v]
}

// mp3Pow43 is n^(4/3) for every value that 15 and 13 more bits can give.
var mp3Pow43 = func() (t [15 + 1<<13]float32) {
	for i := range t {
		t[i] = float32(math.Pow(float64(i), 4.0/3))
	}
	return t
}()

// mp3Gain is 2^(quarters/4).
func mp3Gain(quarters int) float32 {
	return float32(math.Exp2(float64(quarters) / 4))
}

// requantise scales the lines (2.4.3.4). Lines of quads are 1 and -1, whose power is themselves.
func (d *mp3Decoder) requantise(gr *mp3Granule, xr *[576]float32) {
	long, short := d.layout(gr)
	base := gr.gain - 210
	step := int(gr.scale+1) * 2 // quarters that one unit of a scale factor takes away
	line, n := 0, 0
	for band := 0; band < long && line < gr.lines; band++ {
		f := int(gr.scaleFactor[n])
		if gr.preflag {
			f += int(mp3Pretab[band])
		}
		n++
		end := line + int(mp3LongBands[d.rates][band])
		gain := mp3Gain(base - step*f)
		for ; line < end; line++ {
			xr[line] *= gain
		}
	}
	for band := short; band < 13 && line < gr.lines; band++ {
		for w := range 3 {
			f := 0
			if n < len(gr.scaleFactor) {
				f = int(gr.scaleFactor[n])
			}
			n++
			end := line + int(mp3ShortBands[d.rates][band])
			gain := mp3Gain(base - 8*gr.subGain[w] - step*f)
			for ; line < end; line++ {
				xr[line] *= gain
			}
		}
	}
}
