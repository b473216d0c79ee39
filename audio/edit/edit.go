// Package edit makes new sounds out of others: a Recipe says what is trimmed, reversed, normalised
// and faded, and how a sound is chopped into parts.
//
// The sound that comes in is only read. It must never know a file, a database or a screen.
package edit

import (
	"math"

	"sampleagent/audio/pcm"
)

// trim keeps the frames [from, to), clamped to the sound.
func trim(b *pcm.Buffer, from, to int) *pcm.Buffer {
	return b.Slice(from, to).Clone()
}

// gain multiplies every sample; nothing is clipped.
func gain(b *pcm.Buffer, factor float32) *pcm.Buffer {
	c := b.Clone()
	for i := range c.Samples {
		c.Samples[i] *= factor
	}
	return c
}

// peak is the largest magnitude, NaN and infinities left aside.
func peak(b *pcm.Buffer) float32 {
	highest := float32(0)
	for _, v := range b.Samples {
		if v < 0 {
			v = -v
		}
		if v > highest && v <= math.MaxFloat32 {
			highest = v
		}
	}
	return highest
}

// normalise brings the sample peak to so many dBFS (0 is full scale, -1 leaves a little room).
// Silence stays silence.
func normalise(b *pcm.Buffer, dBFS float64) *pcm.Buffer {
	now := peak(b)
	if now == 0 {
		return b.Clone()
	}
	return gain(b, float32(math.Pow(10, dBFS/20)/float64(now)))
}

// reverse plays backwards.
func reverse(b *pcm.Buffer) *pcm.Buffer {
	c := b.Clone()
	n := b.Frames()
	for i := range n {
		copy(c.Samples[i*b.Channels:(i+1)*b.Channels], b.Samples[(n-1-i)*b.Channels:(n-i)*b.Channels])
	}
	return c
}

// fadeIn raises the first frames from silence, linear in amplitude. A fade longer than the sound takes all of it.
func fadeIn(b *pcm.Buffer, frames int) *pcm.Buffer {
	c := b.Clone()
	fade(c, min(max(frames, 0), c.Frames()), func(i int) int { return i })
	return c
}

// fadeOut lowers the last frames to silence, linear in amplitude.
func fadeOut(b *pcm.Buffer, frames int) *pcm.Buffer {
	c := b.Clone()
	n := c.Frames()
	fade(c, min(max(frames, 0), n), func(i int) int { return n - 1 - i })
	return c
}

// fade scales n frames in place, the one at at(0) to silence.
func fade(b *pcm.Buffer, n int, at func(i int) int) {
	for i := range n {
		g := float32(float64(i) / float64(n))
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

// region is the frames [From, To).
type region struct{ From, To int }
