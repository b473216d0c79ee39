package analysis

import (
	"math"
	"slices"
)

// The harmonic share is measured on a coarse grid: every second mel frame. A cell is harmonic as
// far as it resembles its neighbours in time, percussive as far as it resembles those in
// frequency (median filters, Fitzgerald 2010; soft mask of powers).
const (
	hpssStride  = 2   // mel frames per grid column
	hpssWindow  = 17  // columns (0.4 s at 44.1 kHz) and bands
	hpssSegment = 256 // columns of one segment
	hpssSpread  = 8   // segments at most, spread evenly over a long signal
)

// harmonicRatio is harmonic / (harmonic + percussive) energy of the mel frames, 0 to 1; 0 for
// silence.
func (c *cepstrum) harmonicRatio() float64 {
	columns := len(c.frames) / melBands / hpssStride
	if columns == 0 {
		columns = min(1, len(c.frames)/melBands)
	}
	var harmonic, total float64
	if columns <= hpssSegment*hpssSpread {
		harmonic, total = c.harmonicEnergy(0, columns)
	} else {
		for i := range hpssSpread {
			h, t := c.harmonicEnergy(i*(columns-hpssSegment)/(hpssSpread-1), hpssSegment)
			harmonic += h
			total += t
		}
	}
	if total <= 0 {
		return 0
	}
	return harmonic / total
}

// harmonicEnergy is the harmonic and the whole energy of n grid columns.
func (c *cepstrum) harmonicEnergy(first, n int) (harmonic, total float64) {
	column := func(t int) []int16 {
		at := (first + t) * hpssStride * melBands
		return c.frames[at : at+melBands]
	}
	if n == 0 {
		return 0, 0
	}
	var sorted [hpssWindow]int16
	c.across = slices.Grow(c.across[:0], n*melBands+n)[:n*melBands+n]
	across, line := c.across[:n*melBands], c.across[n*melBands:]
	for b := range melBands {
		for t := range line {
			line[t] = column(t)[b]
		}
		slidingMedian(line, sorted[:0], func(t int, m int16) { across[t*melBands+b] = m })
	}
	for t := range n {
		col := column(t)
		slidingMedian(col, sorted[:0], func(b int, percussive int16) {
			if col[b] <= silentMel {
				return
			}
			e := decibelPower(int32(col[b]))
			// mask = H/(H+P) of the powers behind the two medians
			mask := 1 / (1 + decibelPower(int32(percussive)-int32(across[t*melBands+b])))
			harmonic += e * mask
			total += e
		})
	}
	return harmonic, total
}

// silentMel is the floor of the mel dB, on their grid.
const silentMel = -100 / melStep

// slidingMedian reports the median of x over a window of hpssWindow centred on each place, cut
// off at the ends. sorted is scratch.
func slidingMedian(x []int16, sorted []int16, report func(i int, median int16)) {
	const half = hpssWindow / 2
	for i := range min(half, len(x)) {
		sorted = insertSorted(sorted, x[i])
	}
	for i := range x {
		if i > half {
			at, _ := slices.BinarySearch(sorted, x[i-half-1])
			sorted = append(sorted[:at], sorted[at+1:]...)
		}
		if i+half < len(x) {
			sorted = insertSorted(sorted, x[i+half])
		}
		report(i, sorted[len(sorted)/2])
	}
}

func insertSorted(s []int16, v int16) []int16 {
	at := len(s)
	s = s[:at+1]
	for at > 0 && s[at-1] > v {
		s[at] = s[at-1]
		at--
	}
	s[at] = v
	return s
}

// decibelPower is 10^(d/10), d on the grid of the mel dB.
func decibelPower(d int32) float64 {
	return powerWhole[(d>>7)+512] * powerPart[d&127]
}

var powerWhole, powerPart = func() (whole [1024]float64, part [128]float64) {
	for i := range whole {
		whole[i] = math.Pow(10, float64(i-512)/10)
	}
	for i := range part {
		part[i] = math.Pow(10, float64(i)*melStep/10)
	}
	return
}()
