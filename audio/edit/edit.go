// Package edit changes sound: trim, gain, fade, reverse, chop. Every function takes a buffer
// and gives a new one; nothing here touches its input, a file or a screen.
package edit

import (
	"fmt"
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

// TrimSilence cuts what lies before the first and after the last frame that is louder than so
// many dBFS. A sound that never is comes back whole.
func TrimSilence(b *pcm.Buffer, dBFS float64) *pcm.Buffer {
	floor := float32(math.Pow(10, dBFS/20))
	from, to := 0, b.Frames()
	for from < to && !louder(b, from, floor) {
		from++
	}
	if from == to {
		return b.Clone()
	}
	for !louder(b, to-1, floor) {
		to--
	}
	return Trim(b, from, to)
}

func louder(b *pcm.Buffer, frame int, floor float32) bool {
	for _, v := range b.Samples[frame*b.Channels : (frame+1)*b.Channels] {
		if v > floor || v < -floor {
			return true
		}
	}
	return false
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

// Cut takes regions out of a sound, in their order, each as a sound of its own. Fade frames are
// applied at both ends against clicks, never more than a quarter of the region each.
func Cut(b *pcm.Buffer, regions []Region, fadeFrames int) ([]*pcm.Buffer, error) {
	out := make([]*pcm.Buffer, len(regions))
	for i, r := range regions {
		if r.From < 0 || r.To > b.Frames() || r.From >= r.To {
			return nil, fmt.Errorf("region %d of the chop, frames %d to %d, is not in the sound of %d frames", i+1, r.From, r.To, b.Frames())
		}
		c := Trim(b, r.From, r.To)
		n := min(max(fadeFrames, 0), c.Frames()/4)
		fade(c, n, Linear, func(k int) int { return k })
		last := c.Frames() - 1
		fade(c, n, Linear, func(k int) int { return last - k })
		out[i] = c
	}
	return out, nil
}
