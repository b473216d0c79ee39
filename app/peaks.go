package app

import (
	"context"
	"errors"

	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
)

// overviewColumns is the width of the small waveform in a row of the list.
const overviewColumns = 96

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
