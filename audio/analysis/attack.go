package analysis

import (
	"math"
	"slices"
)

// Where an attack begins. The flux feels an attack in frames of 23 ms and peaks while it rises,
// some 5 to 35 ms after its beginning: good enough to count time by, too late to cut at. So the
// levels of every millisecond are kept, of the whole and of its highs, and each onset is traced
// back to where one of them leaves what was before.

// The unit of levels: eighths of an octave of amplitude, 0.75 dB, upwards from -120 dBFS.
const (
	levelsPerOctave = 8
	octavesBelow    = 20
	levelFloor      = (127 - octavesBelow) * levelsPerOctave
)

// level is the logarithm of an amplitude, straight within each octave: what the exponent and the
// first three bits of a float32 say.
func level(x float32) uint8 {
	return uint8(min(max(int(math.Float32bits(x)>>20)-levelFloor, 0), math.MaxUint8))
}

// attacks holds the levels of what the ear hears, a byte for each step of a millisecond.
type attacks struct {
	gain  float32 // brings the loudest to full scale
	step  int     // samples
	rate  float64 // steps a second
	whole []uint8
	highs []uint8 // of the difference from sample to sample

	n         int    // samples of the step under way
	top, edge uint32 // the bits of their greatest amplitudes, which are in the order of these
	before    float32

	near    []int    // scratch of rises
	heights [2][]int // what it gives, of each curve
}

func (a *attacks) reset(rate float64, gain float32) {
	step := max(1, int(math.Round(rate/1000)))
	a.gain, a.step, a.rate = gain, step, rate/float64(step)
	a.whole, a.highs = a.whole[:0], a.highs[:0]
	a.n, a.top, a.edge, a.before = 0, 0, 0, 0
}

// reserve makes room for so many seconds.
func (a *attacks) reserve(seconds float64) {
	n := int(seconds*a.rate) + 2
	a.whole, a.highs = slices.Grow(a.whole, n), slices.Grow(a.highs, n)
}

func (a *attacks) feed(x []float32) {
	const amplitude = math.MaxUint32 >> 1 // all but the sign
	n, top, edge, before := a.n, a.top, a.edge, a.before
	for _, v := range x {
		top = max(top, math.Float32bits(v)&amplitude)
		edge = max(edge, math.Float32bits(v-before)&amplitude)
		before = v
		if n++; n == a.step {
			a.whole = append(a.whole, level(math.Float32frombits(top)*a.gain))
			a.highs = append(a.highs, level(math.Float32frombits(edge)*a.gain))
			n, top, edge = 0, 0, 0
		}
	}
	a.n, a.top, a.edge, a.before = n, top, edge, before
}

const (
	// An attack is looked for from attackBack before its onset to attackAhead behind it, s.
	attackBack  = 0.06
	attackAhead = 0.012
	attackGap   = 0.02 // s, between the beginnings of two
	// attackLook is how far the levels before and behind a place are compared, s: half a period of
	// 50 Hz, so that a low tone is as loud as its swings and not silent between them.
	attackLook = 0.01
	// What lies 30 dB under the attack counts as silence before it.
	attackDepth = 30 * levelsPerOctave / 6
	// A rise of less than 4.5 dB is no attack to be placed by.
	attackLeast = 6
	// An attack has begun when 1.5 dB of its rise are done.
	attackBegun = 2
	// Of several rises the first counts that has half the height of the highest: a bass sets in
	// before its tone has its sharpest edge.
	attackShare = 2
)

// trace finds where each of the onsets, in order, begins.
func (a *attacks) trace(onsets []onset) {
	from := 0.0
	for i := range onsets {
		o := &onsets[i]
		o.begin, o.rise = a.beginning(o.at, from)
		from = o.begin + attackGap
	}
}

// beginning is where the attack begins that the flux felt at a time, but not before from (s), and by how many
// steps of level it rises. Where no level rises there is none to be found, and the flux is believed.
func (a *attacks) beginning(at, from float64) (begin float64, rise int) {
	lo := max(0, int((at-attackBack)*a.rate), int(math.Ceil(from*a.rate)))
	hi := min(len(a.whole)-1, int((at+attackAhead)*a.rate))
	if lo > hi {
		return at, 0
	}
	heights := [...][]int{a.rises(0, a.whole, lo, hi), a.rises(1, a.highs, lo, hi)}
	rise = max(slices.Max(heights[0]), slices.Max(heights[1]))
	if rise < attackLeast {
		return at, 0
	}
	least := max(attackLeast, rise/attackShare)
	first := hi - lo
	for _, h := range heights {
		i := 0
		for i < first && h[i] < least {
			i++
		}
		// It stays as high until what was before gets louder: there the rise begins.
		for top := 0; i < first; i++ {
			if top = max(top, h[i]); h[i+1] < top-attackBegun {
				break
			}
		}
		first = i
	}
	return float64(lo+first) / a.rate, rise
}

// rises says for each step of a curve from lo to hi how far the loudest of the steps from there on stands over
// the loudest before it. It is kept in the k-th scratch.
func (a *attacks) rises(k int, curve []uint8, lo, hi int) []int {
	look := int(attackLook * a.rate)
	// near[i] is the loudest of look steps from lo-look+i on.
	a.near = a.near[:0]
	for from := lo - look; from <= hi; from++ {
		top := uint8(0)
		for _, v := range curve[max(0, from):max(0, min(len(curve), from+look))] {
			top = max(top, v)
		}
		a.near = append(a.near, int(top))
	}
	heights := a.heights[k][:0]
	for i, before := range a.near[:hi-lo+1] {
		ahead := a.near[i+look]
		heights = append(heights, ahead-max(0, ahead-attackDepth, before))
	}
	a.heights[k] = heights
	return heights
}
