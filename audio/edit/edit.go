// Package edit changes sound: trim, gain, fade, reverse, chop. Every function takes a buffer
// and gives a new one; nothing here touches its input, a file or a screen.
package edit

import (
	"math"

	"sampleagent/audio/pcm"
)

// Trim keeps the frames [from, to), clamped to the sound.
func Trim(b *pcm.Buffer, from, to int) *pcm.Buffer {
	return b.Slice(from, to).Clone()
}

// Gain multiplies every sample; nothing is clipped.
func Gain(b *pcm.Buffer, factor float32) *pcm.Buffer {
	c := b.Clone()
	for i := range c.Samples {
		c.Samples[i] *= factor
	}
	return c
}

// Peak is the largest magnitude, NaN and infinities left aside.
func Peak(b *pcm.Buffer) float32 {
	peak := float32(0)
	for _, v := range b.Samples {
		if v < 0 {
			v = -v
		}
		if v > peak && v <= math.MaxFloat32 {
			peak = v
		}
	}
	return peak
}

// Normalise brings the sample peak to so many dBFS (0 is full scale, -1 leaves a little room).
// Silence stays silence.
func Normalise(b *pcm.Buffer, dBFS float64) *pcm.Buffer {
	peak := Peak(b)
	if peak == 0 {
		return b.Clone()
	}
	return Gain(b, float32(math.Pow(10, dBFS/20)/float64(peak)))
}

// Reverse plays backwards.
func Reverse(b *pcm.Buffer) *pcm.Buffer {
	c := b.Clone()
	n := b.Frames()
	for i := range n {
		copy(c.Samples[i*b.Channels:(i+1)*b.Channels], b.Samples[(n-1-i)*b.Channels:(n-i)*b.Channels])
	}
	return c
}

// Curve is the shape of a fade.
type Curve string

// The curves: Linear in amplitude, for cutting clicks; EqualPower, a quarter sine, for sounds
// that follow each other; Exponential, linear in decibels over 60 dB, for tails.
const (
	Linear      Curve = "linear"
	EqualPower  Curve = "equal-power"
	Exponential Curve = "exponential"
)

// at is the gain at x from 0 to 1.
func (c Curve) at(x float64) float64 {
	switch c {
	case EqualPower:
		return math.Sin(x * math.Pi / 2)
	case Exponential:
		if x <= 0 {
			return 0
		}
		return math.Pow(10, 3*(x-1))
	}
	return x
}

// FadeIn raises the first frames from silence. A fade longer than the sound takes all of it.
func FadeIn(b *pcm.Buffer, frames int, curve Curve) *pcm.Buffer {
	c := b.Clone()
	fade(c, min(max(frames, 0), c.Frames()), curve, func(i int) int { return i })
	return c
}

// FadeOut lowers the last frames to silence.
func FadeOut(b *pcm.Buffer, frames int, curve Curve) *pcm.Buffer {
	c := b.Clone()
	n := c.Frames()
	fade(c, min(max(frames, 0), n), curve, func(i int) int { return n - 1 - i })
	return c
}

// fade scales n frames in place, the one at at(0) to silence.
func fade(b *pcm.Buffer, n int, curve Curve, at func(i int) int) {
	for i := range n {
		g := float32(curve.at(float64(i) / float64(n)))
		k := at(i) * b.Channels
		for ch := range b.Channels {
			b.Samples[k+ch] *= g
		}
	}
}

// SnapZero is the frame nearest to the given one, at most radius frames away, where the sum of
// the channels crosses zero or is zero; the frame itself when there is none. Cutting there does
// not click.
func SnapZero(b *pcm.Buffer, frame, radius int) int {
	n := b.Frames()
	frame = min(max(frame, 0), n)
	for d := range radius + 1 {
		for _, k := range [...]int{frame - d, frame + d} {
			if k == 0 || k == n && n > 0 {
				return k
			}
			if k > 0 && k < n {
				a, c := sum(b, k-1), sum(b, k)
				if c == 0 || (a < 0) != (c < 0) && a != 0 {
					return k
				}
			}
		}
	}
	return frame
}

func sum(b *pcm.Buffer, frame int) float32 {
	s := float32(0)
	for _, v := range b.Samples[frame*b.Channels : (frame+1)*b.Channels] {
		s += v
	}
	return s
}

// Region is the frames [From, To).
type Region struct{ From, To int }
