// Package pcm holds decoded sound: interleaved float32 frames with their rate and channel count.
//
// It is the one currency in which the audio rooms trade. It must never know where sound
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
