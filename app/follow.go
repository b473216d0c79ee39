package app

import (
	"context"
	"math"

	"sampleagent/app/settings"
	"sampleagent/audio/analysis"
	"sampleagent/audio/dsp"
	"sampleagent/audio/key"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
)

// following says how a sample is changed to go with the session: how much longer it becomes, and
// by how many cents its pitch moves. 1 and 0 when nothing is to be done.
func following(s catalog.Sample, prefs settings.Playback) (stretch float64, cents float64) {
	stretch = 1
	if prefs.FollowTempo && s.Kind == analysis.LoopKind {
		stretch = 1 / tempoRatio(s.BPM, prefs.SessionTempo)
	}
	if prefs.FollowKey {
		cents = 100 * float64(keyShift(s.Key, prefs.SessionKey))
	}
	return stretch, cents
}

// follow changes a sound so; it keeps b when there is nothing to do.
func follow(ctx context.Context, b *pcm.Buffer, stretch, cents float64) (*pcm.Buffer, error) {
	// A difference nobody hears is not worth a pass: a thousandth of a tempo.
	if math.Abs(stretch-1) < 1e-3 && cents == 0 {
		return b, nil
	}
	return dsp.StretchShift(ctx, b, stretch, cents)
}

// tempoRatio is how much faster a loop must run to go with the session: by octaves, so that it is
// never changed by more than the square root of 2. 1 when either tempo is not known.
func tempoRatio(bpm, session float64) float64 {
	if bpm <= 0 || session <= 0 {
		return 1
	}
	octaves := math.Log2(session / bpm)
	return math.Exp2(octaves - math.Round(octaves))
}

// keyShift is by how many semitones, -5 to 6, a sound must be shifted to go with the session's
// key. A minor sound goes with the relative major and the other way round. 0 when either key is
// not known.
func keyShift(sound, session string) int {
	from, okFrom := key.Parse(sound)
	to, okTo := key.Parse(session)
	if !okFrom || !okTo {
		return 0
	}
	d := (to.MajorTonic() - from.MajorTonic() + 12) % 12
	if d > 6 {
		d -= 12
	}
	return d
}
