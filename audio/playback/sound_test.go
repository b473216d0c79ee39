package playback

import (
	"context"
	"testing"
	"time"

	"sampleagent/audio/pcm"
)

func TestSoundIsATransport(t *testing.T) {
	m := &Manual{}
	s := &Sound{NewPlayer(m)}
	defer s.Close()
	s.Play(ramp(90000), 500)
	m.Advance(100)
	if at, playing := s.Position(); at != 600 || !playing {
		t.Errorf("position %d, %v", at, playing)
	}
	s.Pause()
	m.Advance(1000)
	if at, playing := s.Position(); at != 600 || playing {
		t.Errorf("paused at %d, %v", at, playing)
	}
	s.SeekTo(1000)
	s.SetLoop(true, 1000, 1050)
	s.Resume()
	m.Advance(170)
	if at, _ := s.Position(); at != 1020 {
		t.Errorf("in the loop at %d, want 1020", at)
	}
	s.SetLoop(false, 0, 0)
	s.SetVolume(0)
	m.Advance(200000)
	if _, playing := s.Position(); playing {
		t.Error("plays beyond its end")
	}
	if name, silent := s.Device(); name == "" || !silent {
		t.Errorf("device %q, %v", name, silent)
	}
	whole := make(chan error, 1)
	if err := s.PlayFile(context.Background(), wavFile(t, music(1)), 0, func(_ *pcm.Buffer, err error) { whole <- err }); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-whole:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("the decoder does not end")
	}
	s.Stop()
}
