package analysis

import (
	"context"

	"sampleagent/audio/pcm"
)

// Engine names this version of the ear; it changes whenever an answer can change.
const Engine = "ear/8"

// Analyze listens to a decoded sound and says all it found out. It gives the same answer for the
// same frames on every run; calls may run side by side. The buffer is only read. NaN and infinite
// samples are heard as zero; a sound without anything audible gets an empty Result, not an error.
func Analyze(ctx context.Context, b *pcm.Buffer) (*Result, error) {
	return builtin().Analyze(ctx, b)
}

func (p *pass) hear(ctx context.Context, b *pcm.Buffer) (*Result, error) {
	sound := b.Samples[:b.Frames()*b.Channels]
	if err := p.begin(b.Rate, b.Channels, int64(b.Frames()), sound[:min(len(sound), headOf(b.Rate, b.Channels))]); err != nil {
		return nil, err
	}
	if err := p.feed(ctx, sound); err != nil {
		return nil, err
	}
	return p.finish()
}
