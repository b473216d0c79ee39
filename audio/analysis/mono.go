package analysis

import "sampleagent/audio/dsp"

// tooLoud is the magnitude beyond which a sample is no sound: its square would overflow.
const tooLoud = 1e6

// sound gives x itself when every sample is a sound, else a copy in scratch with NaN, infinity and
// absurd values as zero.
func sound(scratch *[]float32, x []float32) []float32 {
	if s := dsp.Sum(x); dsp.MaxAbs(x) <= tooLoud && s-s == 0 {
		return x // nearly always: no value is too large, and a sum of all is a number
	}
	for i, v := range x {
		if !(v <= tooLoud && v >= -tooLoud) {
			c := append((*scratch)[:0], x...)
			for k := i; k < len(c); k++ {
				if !(c[k] <= tooLoud && c[k] >= -tooLoud) {
					c[k] = 0
				}
			}
			*scratch = c
			return c
		}
	}
	return x
}

// mix says how channels become one.
type mix struct {
	channels int
	only     int // the one channel to hear; -1: the mean of all
}

// chooseMix decides on the first stretch of sound. When the mean of the channels is 12 dB
// below the loudest of them they cancel (one side's phase is turned round), and the loudest alone is
// heard.
func chooseMix(x []float32, channels int) mix {
	m := mix{channels, -1}
	if channels < 2 {
		return m
	}
	power := make([]float64, channels)
	mid := 0.0
	for i := 0; i+channels <= len(x); i += channels {
		s := 0.0
		for c := range channels {
			v := float64(x[i+c])
			s += v
			power[c] += v * v
		}
		mid += s * s
	}
	mid /= float64(channels * channels)
	best := 0
	for c := range power {
		if power[c] > power[best] {
			best = c
		}
	}
	// A sound in one of many channels is quiet in the mean for that reason alone; compare with
	// what the mean would be if nothing cancelled.
	sum := 0.0
	for _, p := range power {
		sum += p
	}
	if mid < sum/float64(channels*channels)*0.12 {
		m.only = best
	}
	return m
}

// mono appends the frames of x as one channel.
func (m mix) mono(dst, x []float32) []float32 {
	switch {
	case m.channels == 1:
		dst = append(dst, x...)
	case m.only >= 0:
		for i := m.only; i < len(x); i += m.channels {
			dst = append(dst, x[i])
		}
	case m.channels == 2:
		for i := 0; i+1 < len(x); i += 2 {
			dst = append(dst, 0.5*(x[i]+x[i+1]))
		}
	default:
		scale := 1 / float32(m.channels)
		for i := 0; i+m.channels <= len(x); i += m.channels {
			s := float32(0)
			for _, v := range x[i : i+m.channels] {
				s += v
			}
			dst = append(dst, s*scale)
		}
	}
	return dst
}
