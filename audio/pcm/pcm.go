// Package pcm holds decoded sound: interleaved float32 frames with their rate and channel count.
//
// It is the one form in which the audio packages hand sound to each other. It must never know where sound
// comes from (files, databases, networks) or where it goes (cards, sound devices).
package pcm

import "time"

// Buffer is sound in memory. Samples are interleaved, nominally in [-1, 1]; values beyond are
// kept as they are, so that float files survive a round trip. Integer PCM of up to 24 bits is
// held exactly: sample = integer / 2^(bits-1).
type Buffer struct {
	Rate     int       // frames per second, Hz
	Channels int       // 1 or more
	Samples  []float32 // len is a multiple of Channels
}

// Frames is the number of sampling instants, one sample per channel each.
func (b *Buffer) Frames() int {
	if b.Channels == 0 {
		return 0
	}
	return len(b.Samples) / b.Channels
}

// Seconds is the length in seconds; 0 when the rate is not set.
func (b *Buffer) Seconds() float64 {
	if b.Rate == 0 {
		return 0
	}
	return float64(b.Frames()) / float64(b.Rate)
}

// Duration is the length as a time.Duration.
func (b *Buffer) Duration() time.Duration {
	return time.Duration(b.Seconds() * float64(time.Second))
}

// Clone is a copy that shares nothing.
func (b *Buffer) Clone() *Buffer {
	c := *b
	c.Samples = append([]float32(nil), b.Samples...)
	return &c
}

// Slice is the frames [from, to), clamped to the buffer. It shares the samples.
func (b *Buffer) Slice(from, to int) *Buffer {
	n := b.Frames()
	from = min(max(from, 0), n)
	to = min(max(to, from), n)
	c := *b
	c.Samples = b.Samples[from*b.Channels : to*b.Channels : to*b.Channels]
	return &c
}

// Channel copies one channel, counted from 0, into dst, which is grown if needed, and returns it.
func (b *Buffer) Channel(ch int, dst []float32) []float32 {
	dst = fit(dst, b.Frames())
	for i, k := 0, ch; i < len(dst); i, k = i+1, k+b.Channels {
		dst[i] = b.Samples[k]
	}
	return dst
}

// Mono copies the mean of all channels into dst, which is grown if needed, and returns it.
func (b *Buffer) Mono(dst []float32) []float32 {
	n := b.Frames()
	dst = fit(dst, n)
	s := b.Samples
	switch b.Channels {
	case 0:
	case 1:
		copy(dst, s)
	case 2:
		for i := range dst {
			dst[i] = (s[2*i] + s[2*i+1]) * 0.5
		}
	default:
		scale := 1 / float32(b.Channels)
		for i := range dst {
			sum := float32(0)
			for _, v := range s[i*b.Channels : (i+1)*b.Channels] {
				sum += v
			}
			dst[i] = sum * scale
		}
	}
	return dst
}

func fit(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
