package app

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/app/settings"
	"sampleagent/audio/pcm"
)

// recorder is a Sound that remembers what it was asked to do.
type recorder struct {
	silence
	mu     sync.Mutex
	played []*pcm.Buffer
	volume float64
	loops  []bool
	closed int
}

func newRecorder() *recorder { return &recorder{silence: *newSilence()} }

func (r *recorder) Play(b *pcm.Buffer, from int64) {
	r.mu.Lock()
	r.played = append(r.played, b)
	r.mu.Unlock()
	r.silence.Play(b, from)
}

func (r *recorder) SetLoop(on bool, start, end int64) {
	r.mu.Lock()
	r.loops = append(r.loops, on)
	r.mu.Unlock()
	r.silence.SetLoop(on, start, end)
}

func (r *recorder) SetVolume(v float64) {
	r.mu.Lock()
	r.volume = v
	r.mu.Unlock()
}

func (r *recorder) Device() (string, bool) { return "test device", false }
func (r *recorder) Close() error           { r.closed++; return nil }

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.played)
}

func playing(a *App) func() bool { return func() bool { return a.Transport().State == Playing } }

func TestAuditionPlaysAndTheNewestWins(t *testing.T) {
	r := newRecorder()
	a := open(t, Options{Sound: func() (Sound, error) { return r, nil }})
	rows := seed(t, a, 3)
	if err := a.UpdateSettings(func(s *settings.Settings) { s.Playback.LoopLoops = false; s.Playback.Volume = 0.4 }); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		a.Audition(row, Audition{})
	}
	eventually(t, "playing", playing(a))
	got := a.Transport()
	if got.Row != rows[2] || got.Name == "" || got.Device != "test device" || got.Silent || math.Abs(got.Length-0.25) > 0.001 || got.Volume != 0.4 {
		t.Errorf("%+v", got)
	}
	if r.volume != 0.4 {
		t.Errorf("the device was told volume %v", r.volume)
	}
	eventually(t, "the end", func() bool { return a.Transport().State == Stopped })
	before := r.count()
	a.TogglePlay() // starts what has ended once more
	if got := a.Transport(); got.State != Playing || r.count() != before+1 {
		t.Errorf("%+v", got)
	}
	a.TogglePlay()
	at := a.Transport()
	time.Sleep(20 * time.Millisecond)
	if now := a.Transport(); now.State != Paused || now.Position != at.Position {
		t.Errorf("paused at %v, then %+v", at.Position, now)
	}
	a.Seek(0.2)
	if now := a.Transport(); math.Abs(now.Position-0.2) > 0.001 {
		t.Errorf("after a seek to 0.2 s: %v", now.Position)
	}
	a.Stop()
	if now := a.Transport(); now.State != Stopped || now.Position != 0 {
		t.Errorf("stopped: %+v", now)
	}
	if a.Close(); r.closed != 1 {
		t.Errorf("the device was closed %d times", r.closed)
	}
	a.Audition(rows[0], Audition{}) // after Close nothing happens, and nothing breaks
}

func TestLoopsLoopAndTheSwitchIsRemembered(t *testing.T) {
	f := folders(t)
	r := newRecorder()
	a := open(t, Options{Folders: f, Sound: func() (Sound, error) { return r, nil }})
	rows := seed(t, a, 1)
	a.Audition(rows[0], Audition{})
	eventually(t, "playing", playing(a))
	if !a.Transport().Loop {
		t.Error("a loop does not loop")
	}
	time.Sleep(350 * time.Millisecond)
	if now := a.Transport(); now.State != Playing || now.Position > 0.26 {
		t.Errorf("after more than its length: %+v", now)
	}
	a.SetLoop(false)
	eventually(t, "the end", func() bool { return a.Transport().State == Stopped })
	a.SetLoop(true)
	a.SetVolume(0.125)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, Options{Folders: f})
	if p := again.Settings().Playback; !p.Loop || p.Volume != 0.125 {
		t.Errorf("remembered: %+v", p)
	}
}

func TestWhatCannotBePlayedSaysWhy(t *testing.T) {
	a := open(t, Options{})
	rows := seed(t, a, 2)
	first := sampleOf(t, a, rows[0])
	if err := os.WriteFile(first.Path, []byte("RIFF is not enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.Audition(rows[0], Audition{})
	eventually(t, "an error", func() bool { return a.Transport().Error != "" })
	if got := a.Transport(); got.State != Stopped || !strings.Contains(got.Error, filepath.Base(first.Path)) {
		t.Errorf("%+v", got)
	}
	a.Audition(rows[1], Audition{})
	eventually(t, "playing", playing(a))
	if got := a.Transport(); got.Error != "" || !got.Silent {
		t.Errorf("%+v", got)
	}
}

func TestNoSoundDeviceStopsNothing(t *testing.T) {
	a := open(t, Options{Sound: func() (Sound, error) { return nil, errors.New("no card") }})
	rows := seed(t, a, 1)
	a.Audition(rows[0], Audition{})
	eventually(t, "playing in silence", playing(a))
	if got := a.Transport(); !got.Silent {
		t.Errorf("%+v", got)
	}
}

func TestASoundIsDecodedOnce(t *testing.T) {
	c := newClips(1000)
	buf := func(n int) *pcm.Buffer { return &pcm.Buffer{Rate: 1, Channels: 1, Samples: make([]float32, n)} }
	k := func(s string) clipKey { return clipKey{path: s} }
	c.put(k("a"), buf(100))
	c.put(k("b"), buf(100))
	c.get(k("a"))
	c.put(k("c"), buf(100)) // 1200 bytes: b, the longest unheard, goes
	c.put(k("big"), buf(200))
	if c.get(k("a")) == nil || c.get(k("c")) == nil || c.get(k("b")) != nil || c.get(k("big")) != nil {
		t.Errorf("kept: a %v b %v c %v big %v", c.get(k("a")) != nil, c.get(k("b")) != nil, c.get(k("c")) != nil, c.get(k("big")) != nil)
	}
	if c.bytes != 800 {
		t.Errorf("%d bytes", c.bytes)
	}
}

func TestPeaksAreBuiltOnceAndStored(t *testing.T) {
	a := open(t, Options{})
	rows := seed(t, a, 1)
	p, err := a.Peaks(t.Context(), rows[0])
	if err != nil {
		t.Fatal(err)
	}
	s := sampleOf(t, a, rows[0])
	if len(s.Overview) != 2*overviewColumns {
		t.Errorf("the row's waveform has %d bytes", len(s.Overview))
	}
	if err := os.Remove(s.Path); err != nil {
		t.Fatal(err)
	}
	again, err := a.Peaks(t.Context(), rows[0])
	if err != nil || again.Frames != p.Frames {
		t.Errorf("from the library: %v", err)
	}
}
