package app

import (
	"sync"
	"time"

	"sampleagent/audio/pcm"
)

// silence is the Sound of a machine without one: time runs, nothing is heard. It serves commands
// and tests; the window is handed one of audio/playback.
type silence struct {
	mu      sync.Mutex
	now     func() time.Time
	frames  int64
	rate    float64
	at      int64     // frame at since, or where it stands
	since   time.Time // zero: stands still
	loop    bool
	from    int64
	to      int64
	sounded bool // a sound is loaded and has not ended
}

func newSilence() *silence { return &silence{now: time.Now} }

func (s *silence) Play(b *pcm.Buffer, from int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames, s.rate = int64(b.Frames()), float64(b.Rate)
	s.at, s.since, s.sounded = from, s.now(), true
	s.loop, s.from, s.to = false, 0, 0
}

// settle brings at up to now. The caller holds the lock.
func (s *silence) settle() {
	if s.since.IsZero() {
		return
	}
	now := s.now()
	s.at += int64(now.Sub(s.since).Seconds() * s.rate)
	s.since = now
	end := s.frames
	if s.loop {
		if s.to > 0 {
			end = s.to
		}
		if span := end - s.from; s.at >= end && span > 0 {
			s.at = s.from + (s.at-end)%span
		}
		return
	}
	if s.at >= end {
		s.at, s.since, s.sounded = end, time.Time{}, false
	}
}

func (s *silence) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.since, s.sounded = 0, time.Time{}, false
}

func (s *silence) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	s.since = time.Time{}
}

func (s *silence) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sounded && s.since.IsZero() {
		s.since = s.now()
	}
}

func (s *silence) SeekTo(frame int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	s.at = max(0, min(frame, s.frames))
}

func (s *silence) SetLoop(on bool, start, end int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	s.loop, s.from, s.to = on, start, end
}

func (s *silence) SetVolume(float64) {}

func (s *silence) Position() (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	return s.at, s.sounded
}

func (s *silence) Device() (string, bool) { return "no sound device", true }
func (s *silence) Close() error           { s.Stop(); return nil }
