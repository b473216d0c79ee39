package analysis

import "math"

// shape is how a sound runs its course, as kind and class are told by it.
type shape struct {
	groups     int     // onsets within 30 dB of the loudest
	first100   float64 // share of the energy within 100 ms of the start
	first300   float64
	attack     float64 // s from the start to the peak
	centroid   float64 // temporal centroid, part of the length
	slope      float64 // dB per s after the peak
	slopeError float64 // dB, how far the decay is from a straight line
	seam       float64 // dB between the level at the end and at the start
	active     float64 // share of frames within 30 dB of the peak
	sounding   float64 // s from start to end
	midHz      float64 // spectral centroid over all
}

func (h *shape) build(s *scene, t *timbre, k *tonality) {
	*h = shape{}
	loudest := -200.0
	for _, o := range s.onsets {
		loudest = max(loudest, o.levelDB)
	}
	for _, o := range s.onsets {
		if o.levelDB > loudest-30 {
			h.groups++
		}
	}
	h.sounding = s.end - s.start
	first, last := int(s.start*s.rate), min(s.n-1, int(s.end*s.rate))
	var all, early, earlier, moment float64
	peakAt := first
	for i := first; i <= last; i++ {
		e := math.Pow(10, float64(s.levels[i])/10)
		all += e
		t := float64(i-first) / s.rate
		moment += e * t
		if t < 0.1 {
			earlier += e
		}
		if t < 0.3 {
			early += e
		}
		if s.levels[i] > s.levels[peakAt] {
			peakAt = i
		}
		if float64(s.levels[i]) > s.peakDB-30 {
			h.active++
		}
	}
	n := float64(max(1, last-first+1))
	h.active /= n
	if all > 0 {
		h.first100, h.first300 = earlier/all, early/all
		h.centroid = moment / all / max(0.01, h.sounding)
	}
	h.attack = float64(peakAt-first) / s.rate
	h.slope, h.slopeError = fitLine(s.levels[peakAt:min(last+1, s.n)], s.rate)
	w := min(int(0.05*s.rate)+1, s.n)
	head, tail := -120.0, -120.0
	for i := range w {
		head = max(head, float64(s.levels[i]))
		tail = max(tail, float64(s.levels[s.n-1-i]))
	}
	h.seam = tail - head
	var num, den float64
	for b, e := range t.sum {
		hz := 0.5 * float64(t.edges[b]+t.edges[b+1]) * t.rate / frameSize
		num += hz * math.Sqrt(e)
		den += math.Sqrt(e)
	}
	if den > 0 {
		h.midHz = num / den
	}
	_ = k
}

// fitLine is the least-squares slope of y per second and the standard deviation from the line.
func fitLine(y []float32, rate float64) (slope, deviation float64) {
	n := float64(len(y))
	if n < 3 {
		return 0, 0
	}
	var sx, sy, sxx, sxy, syy float64
	for i, v := range y {
		x := float64(i) / rate
		sx += x
		sy += float64(v)
		sxx += x * x
		sxy += x * float64(v)
		syy += float64(v) * float64(v)
	}
	d := n*sxx - sx*sx
	if d <= 0 {
		return 0, 0
	}
	slope = (n*sxy - sx*sy) / d
	icpt := (sy - slope*sx) / n
	v := (syy - slope*sxy - icpt*sy) / n
	return slope, math.Sqrt(max(0, v))
}
