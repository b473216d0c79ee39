package playback

import "sampleagent/audio/pcm"

// source is sound that a voice reads: a buffer that is whole, or one that grows while a file is
// being decoded. The player's lock guards it.
type source struct {
	rate, channels int
	samples        []float32
	frames         int  // how many are there
	whole          bool // no more will come
}

func wholeSource(b *pcm.Buffer) *source {
	return &source{rate: b.Rate, channels: b.Channels, samples: b.Samples, frames: b.Frames(), whole: true}
}

// frame is frame i as left and right; silence beyond the ends. Mono goes to both sides, of more
// than two channels the first two are heard.
func (s *source) frame(i int) (l, r float32) {
	if i < 0 || i >= s.frames {
		return 0, 0
	}
	if s.channels == 1 {
		v := s.samples[i]
		return v, v
	}
	at := i * s.channels
	return s.samples[at], s.samples[at+1]
}

// window fills x with 32 frames from frame from on.
func (s *source) window(x *[64]float32, from int) {
	if from < 0 || from+32 > s.frames {
		for k := range 32 {
			x[2*k], x[2*k+1] = s.frame(from + k)
		}
		return
	}
	switch s.channels {
	case 1:
		for k, v := range (*[32]float32)(s.samples[from:]) {
			x[2*k], x[2*k+1] = v, v
		}
	case 2:
		*x = *(*[64]float32)(s.samples[2*from:])
	default:
		at := from * s.channels
		for k := range 32 {
			x[2*k], x[2*k+1] = s.samples[at], s.samples[at+1]
			at += s.channels
		}
	}
}
