package analysis

import (
	"math"

	"sampleagent/audio/dsp"
)

// The harmonic share is measured on a coarse grid: every second mel frame that was kept. A cell is harmonic as
// far as it resembles its neighbours in time, percussive as far as it resembles those in
// frequency (median filters, Fitzgerald 2010; soft mask of powers).
const (
	hpssStride  = 2              // mel frames per grid column
	hpssWindow  = dsp.MedianTaps // columns (0.4 s at 44.1 kHz) and bands
	hpssSegment = 256            // columns of one segment
	hpssSpread  = 8              // segments at most, spread evenly over a long signal
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

// harmonicEnergy is the harmonic and the whole energy of n grid columns. At the edges a median is
// that of the values that are there; of an even number it is the upper one.
func (c *cepstrum) harmonicEnergy(first, n int) (harmonic, total float64) {
	const half = hpssWindow / 2
	column := func(t int) []int16 {
		at := (first + t) * hpssStride * melBands
		return c.frames[at : at+melBands]
	}
	var (
		across, down [melBands]int16 // medians over time, over frequency
		padded       [melBands + 2*half]int16
	)
	// Along a column the missing neighbours are low and high in turn, which leaves the median of
	// the others in the middle.
	for i := range half {
		padded[i], padded[half+melBands+i] = math.MinInt16, math.MaxInt16
		if i%2 == 1 {
			padded[i], padded[half+melBands+i] = math.MaxInt16, math.MinInt16
		}
	}
	for t := range n {
		lo, hi := max(0, t-half), min(n-1, t+half)
		if count := hi - lo + 1; count == hpssWindow {
			dsp.Median17(across[:], c.frames[(first+lo)*hpssStride*melBands:], hpssStride*melBands)
		} else {
			// The same for the missing columns, gathered around those that are there.
			low := half - count/2
			for i := range hpssWindow {
				row := c.window[i*melBands : (i+1)*melBands]
				switch {
				case i < low:
					fillRow(row, math.MinInt16)
				case i < low+count:
					copy(row, column(lo+i-low))
				default:
					fillRow(row, math.MaxInt16)
				}
			}
			dsp.Median17(across[:], c.window[:], melBands)
		}
		col := (*[melBands]int16)(column(t))
		copy(padded[half:], col[:])
		dsp.Median17(down[:], padded[:], 1)
		for b, v := range col {
			if v <= silentMel {
				continue
			}
			e := decibelPower(int32(v))
			// mask = H/(H+P) of the powers behind the two medians
			harmonic += e / (1 + decibelPower(int32(down[b])-int32(across[b])))
			total += e
		}
	}
	return harmonic, total
}

func fillRow(row []int16, v int16) {
	for i := range row {
		row[i] = v
	}
}

// silentMel is the floor of the mel dB, on their grid.
const silentMel = -100 / melStep

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
