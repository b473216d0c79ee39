package app

import (
	"context"
	"errors"
	"fmt"

	"sampleagent/audio/pcm"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
)

// overviewColumns is the width of the small waveform in a row of the list.
const overviewColumns = 96

var errFetched = errors.New("its file is in the cloud: playing it fetches it")

// Peaks is a sample's waveform: the stored one, or one that is built from the file and then
// stored.
func (a *App) Peaks(ctx context.Context, row catalog.Row) (*waveform.Peaks, error) {
	stored, err := a.db.Peaks(ctx, row)
	if err != nil {
		return nil, err
	}
	p := new(waveform.Peaks)
	if len(stored) > 0 && p.UnmarshalBinary(stored) == nil {
		return p, nil
	}
	// None, or of an older version: the file has all that is needed.
	s, err := a.db.Sample(ctx, row)
	if err != nil {
		return nil, err
	}
	if inCloud, err := a.inCloud(ctx, &s); err != nil {
		return nil, err
	} else if inCloud {
		return nil, errFetched
	}
	b, err := a.player.decode(ctx, s.Path)
	if err != nil {
		return nil, err
	}
	p = waveform.Build(b)
	form, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	if err := a.db.SetPeaks(ctx, row, p.Overview(overviewColumns), form); err != nil && !errors.Is(err, catalog.ErrReadOnly) {
		return nil, err
	}
	return p, nil
}

// SampleSound is a sample as an editor needs it: its frames, its waveform and its transients.
type SampleSound struct {
	Audio  *pcm.Buffer // not to be changed
	Peaks  *waveform.Peaks
	Onsets []float64 // s, rising; nil when it was not analysed
	Beats  []float64 // s
}

// SampleSound reads a sample, by its id, for an editor.
func (a *App) SampleSound(ctx context.Context, id string) (*SampleSound, error) {
	s, err := a.db.SampleByID(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &SampleSound{}
	if out.Audio, err = a.player.decode(ctx, s.Path); err != nil {
		return nil, err
	}
	if out.Audio.Frames() == 0 {
		return nil, fmt.Errorf("%s holds no sound", s.Name)
	}
	if out.Peaks, err = a.Peaks(ctx, s.Row); err != nil {
		return nil, err
	}
	all, err := a.db.Reports(ctx, []catalog.Sample{s})
	if err != nil {
		return nil, err
	}
	if r := all[0]; r != nil {
		out.Onsets, out.Beats = r.Onsets, r.Beats
	}
	return out, nil
}

// mostDrawn is the longest sound, in seconds, that is drawn from its samples when one looks closely.
const mostDrawn = 120

// Sound is a sample's sound itself, for views closer than Peaks can show; nil for one so long that
// it would fill the memory.
func (a *App) Sound(ctx context.Context, row catalog.Row) (*pcm.Buffer, error) {
	s, err := a.db.Sample(ctx, row)
	if err != nil || s.Duration > mostDrawn {
		return nil, err
	}
	return a.player.decode(ctx, s.Path)
}
