package app

import (
	"math"
	"testing"

	"sampleagent/app/settings"
	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
)

func TestHowASampleFollowsTheSession(t *testing.T) {
	for _, c := range []struct {
		bpm, session, faster float64
	}{{90, 90, 1}, {90, 99, 1.1}, {174, 90, 90.0 / 87}, {60, 120, 1}, {0, 90, 1}, {100, 141, 1.41}, {100, 142, 142.0 / 200}} {
		if got := tempoRatio(c.bpm, c.session); math.Abs(got-c.faster) > 1e-9 {
			t.Errorf("%v BPM at %v: %v times as fast, want %v", c.bpm, c.session, got, c.faster)
		}
	}
	for _, c := range []struct {
		key, session string
		semitones    int
	}{
		{"A minor", "A minor", 0}, {"A minor", "C major", 0}, {"A minor", "B minor", 2}, {"G major", "C major", 5},
		{"C major", "G major", -5}, {"C major", "F# major", 6}, {"F# major", "C major", 6}, {"E minor", "D major", -5}, {"", "C major", 0}, {"C major", "", 0},
	} {
		if got := keyShift(c.key, c.session); got != c.semitones {
			t.Errorf("%s to %s: %d semitones, want %d", c.key, c.session, got, c.semitones)
		}
	}
	loop := catalog.Sample{Kind: analysis.LoopKind, BPM: 80, Key: "A minor"}
	hit := catalog.Sample{Kind: analysis.OneShot, Key: "A minor"}
	on := settings.Playback{FollowTempo: true, SessionTempo: 100, FollowKey: true, SessionKey: "C minor"}
	if s, c := following(loop, on); math.Abs(s-0.8) > 1e-9 || c != 300 {
		t.Errorf("a loop: %v times as long, %v cents", s, c)
	}
	if s, c := following(hit, on); s != 1 || c != 300 {
		t.Errorf("a one-shot: %v times as long, %v cents", s, c)
	}
	if s, c := following(loop, settings.Playback{SessionTempo: 100, SessionKey: "C minor"}); s != 1 || c != 0 {
		t.Errorf("switched off: %v, %v", s, c)
	}
}

func TestALoopIsHeardAtTheSessionsTempo(t *testing.T) {
	r := newRecorder()
	a := open(t, Options{Sound: func() (Sound, error) { return r, nil }})
	rows := seed(t, a, 1) // 0.25 s at 90 BPM in A minor
	if err := a.UpdateSettings(func(s *settings.Settings) {
		s.Playback.FollowTempo, s.Playback.SessionTempo = true, 120
		s.Playback.FollowKey, s.Playback.SessionKey = true, "C minor"
	}); err != nil {
		t.Fatal(err)
	}
	a.Audition(rows[0], Audition{From: 0.1})
	eventually(t, "playing", playing(a))
	got := r.played[0]
	if want := int(math.Round(0.25 * 44100 * 90 / 120)); got.Frames() != want {
		t.Errorf("%d frames, want %d", got.Frames(), want)
	}
	// The tone of 220 Hz, three semitones up: count its crossings.
	crossings := 0
	for i := 1; i < len(got.Samples); i++ {
		if got.Samples[i-1] < 0 && got.Samples[i] >= 0 {
			crossings++
		}
	}
	if hz, want := float64(crossings)/got.Seconds(), 220*math.Exp2(3.0/12); math.Abs(hz-want) > 8 {
		t.Errorf("it sounds at %.1f Hz, want %.1f", hz, want)
	}
	// Time is told in the sample's own seconds.
	if now := a.Transport(); math.Abs(now.Length-0.25) > 0.001 || now.Position < 0.099 {
		t.Errorf("%+v", now)
	}
}
