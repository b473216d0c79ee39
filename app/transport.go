package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/audio/analysis"
	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
)

// PlayState says what the transport does.
type PlayState string

// The states.
const (
	Stopped PlayState = "stopped"
	Loading PlayState = "loading" // being decoded
	Playing PlayState = "playing"
	Paused  PlayState = "paused"
)

// Transport is what plays at one moment; a value.
type Transport struct {
	State    PlayState
	Row      catalog.Row // what plays or played last; 0: nothing yet
	ID       string
	Name     string
	Position float64 // s, in the sample's own time
	Length   float64 // s
	Loop     bool
	Part     bool    // only a part of the sample is heard, again and again
	Edited   bool    // a preview of an edit plays: Position is in the edited sound's time
	Volume   float64 // 0 to 1
	Device   string  // "" until the first sound
	Silent   bool    // no sound device
	Error    string  // why the last sound could not be played
}

// Audition says how a sample is heard.
type Audition struct {
	From float64 // s
	To   float64 // s; beyond From: only this part is heard, again and again
}

// clipRoom is how many bytes of decoded sound are kept: ten minutes of stereo at 48 kHz.
const clipRoom = 256 << 20

// player is the transport: one sound at a time, the newest wish wins.
type player struct {
	a     *App
	open  func() (Sound, error)
	clips *clips
	wg    sync.WaitGroup

	starting sync.Mutex // held while a file is opened, so that the newest wish comes last

	mu      sync.Mutex
	sound   Sound // nil until the first wish
	closed  bool
	ticket  int // rises with every wish, so that a late decode knows it is late
	cancel  context.CancelFunc
	now     Transport
	rate    float64     // frames of what plays for a second of the sample
	frames  int64       // of what plays
	loaded  bool        // something plays, or has played and could again
	played  *pcm.Buffer // what is loaded; nil while a file that sounds already is being decoded
	prefs   settings.Playback
	saving  *time.Timer // a change of volume or loop on its way to the settings
	pending bool
}

func newPlayer(a *App, open func() (Sound, error)) *player {
	p := &player{a: a, open: open, clips: newClips(clipRoom), prefs: a.settings.Get().Playback}
	p.now.State = Stopped
	p.now.Volume = p.prefs.Volume
	return p
}

// device opens the sound device on the first wish. The caller holds the lock.
func (p *player) device() Sound {
	if p.sound != nil {
		return p.sound
	}
	var err error
	if p.open != nil {
		p.sound, err = p.open()
	}
	if p.sound == nil {
		p.sound = newSilence()
	}
	if err != nil {
		p.a.Tell(event.Warning, "No sound device: %v. Everything works except playback.", err)
	}
	p.sound.SetVolume(p.prefs.Volume)
	p.now.Device, p.now.Silent = p.sound.Device()
	return p.sound
}

// begin cuts what plays and takes a ticket for a new wish. The caller holds the lock.
func (p *player) begin(next Transport) (ctx context.Context, ticket int) {
	if p.cancel != nil {
		p.cancel()
	}
	if p.sound != nil {
		p.sound.Stop()
	}
	p.ticket++
	ctx, p.cancel = context.WithCancel(p.a.life)
	next.State, next.Volume = Loading, p.prefs.Volume
	next.Device, next.Silent = p.now.Device, p.now.Silent
	p.now, p.loaded, p.played = next, false, nil
	return ctx, p.ticket
}

// load runs get off the caller's goroutine and starts what it gives, unless there is a newer wish.
func (p *player) load(next Transport, get func(context.Context, *Transport) (rendered, error)) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	ctx, ticket := p.begin(next)
	p.wg.Add(1)
	p.mu.Unlock()
	p.tell()
	go func() {
		defer p.wg.Done()
		t := next
		r, err := get(ctx, &t)
		defer p.tell()
		p.mu.Lock()
		if p.ticket != ticket || p.closed {
			p.mu.Unlock()
			return
		}
		s := p.device()
		p.mu.Unlock()
		if err == nil && r.path != "" {
			err = p.startFile(ctx, s, &r, ticket)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.ticket != ticket || p.closed {
			return
		}
		p.now.Row, p.now.ID, p.now.Name, p.now.Part = t.Row, t.ID, t.Name, t.Part
		if err != nil {
			p.now.State, p.now.Error = Stopped, err.Error()
			return
		}
		p.loaded, p.frames, p.rate = true, r.frames, r.rate
		if r.path == "" {
			p.played, p.frames = r.buf, int64(r.buf.Frames())
			s.Play(r.buf, int64(r.from*r.rate))
		}
		if r.loop {
			s.SetLoop(true, r.loopStart, r.loopEnd)
		}
		p.now.State, p.now.Loop, p.now.Error = Playing, r.loop, ""
		p.now.Length = float64(p.frames) / p.rate
	}()
}

// startFile lets a file sound while it is being decoded. Where the device cannot do that, the file
// is decoded first and r is a sound like any other.
func (p *player) startFile(ctx context.Context, s Sound, r *rendered, ticket int) error {
	path := r.path
	fs, ok := s.(fileSound)
	if !ok {
		b, err := p.decode(ctx, path)
		if err != nil {
			return err
		}
		r.buf, r.path, r.rate = b, "", float64(b.Rate)
		return nil
	}
	p.starting.Lock()
	defer p.starting.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	key, err := keyOf(path)
	if err != nil {
		return err
	}
	p.wg.Add(1)
	err = fs.PlayFile(ctx, path, int64(r.from*r.rate), func(b *pcm.Buffer, err error) {
		defer p.wg.Done()
		if err != nil || b == nil {
			return // what could be decoded is heard; the reason shows when it is imported
		}
		p.clips.put(key, b)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.ticket == ticket {
			p.played, p.frames = b, int64(b.Frames())
		}
	})
	if err != nil {
		p.wg.Done()
	}
	return err
}

// fileSound is a Sound that can play a file while it is being decoded: key press to first sound
// takes no longer for a long file. whole is called once, unless PlayFile itself fails.
type fileSound interface {
	PlayFile(ctx context.Context, path string, from int64, whole func(*pcm.Buffer, error)) error
}

// rendered is a sound ready to be heard.
type rendered struct {
	buf    *pcm.Buffer
	path   string  // instead of buf: a file to be played while it is decoded
	frames int64   // of it, as far as is known
	rate   float64 // frames of buf for a second of the sample's own time
	from   float64 // s
	loop   bool

	loopStart, loopEnd int64 // frames; loopEnd 0 is the end
}

// Audition plays a sample. It returns at once; what played is cut. An error shows in Transport.
func (a *App) Audition(row catalog.Row, o Audition) {
	a.player.load(Transport{Row: row}, func(ctx context.Context, t *Transport) (rendered, error) {
		s, err := a.db.Sample(ctx, row)
		if err != nil {
			return rendered{}, err
		}
		t.ID, t.Name = s.ID, s.Name
		if err := a.atHand(ctx, &s); err != nil {
			return rendered{}, err
		}
		prefs := a.player.preferences()
		r := rendered{from: o.From, rate: float64(s.Rate), frames: s.Frames}
		if b := a.player.cached(s.Path); b != nil {
			r.buf, r.rate = b, float64(b.Rate)
		} else if s.Rate > 0 && s.Frames > 0 {
			r.path = s.Path
		} else if r.buf, err = a.player.decode(ctx, s.Path); err != nil {
			return rendered{}, err
		} else {
			r.rate = float64(r.buf.Rate)
		}
		if stretch, cents := following(s, prefs); stretch != 1 || cents != 0 {
			if r.buf == nil {
				if r.buf, err = a.player.decode(ctx, s.Path); err != nil {
					return rendered{}, err
				}
				r.path = ""
			}
			if r.buf, err = follow(ctx, r.buf, stretch, cents); err != nil {
				return rendered{}, fmt.Errorf("%s cannot follow the session: %w", s.Name, err)
			}
			r.rate = float64(r.buf.Rate) * stretch
		}
		r.loop = prefs.Loop || prefs.LoopLoops && s.Kind == analysis.LoopKind
		if o.To > o.From {
			t.Part = true
			r.loop, r.loopStart, r.loopEnd = true, int64(o.From*r.rate), int64(o.To*r.rate)
		}
		a.wg.Go(func() { a.notePlayed(row) }) // the sound must not wait for the disk
		return r, nil
	})
}

// notePlayed remembers when a sample was last heard.
func (a *App) notePlayed(row catalog.Row) {
	if err := a.db.Played(a.life, row); err != nil && a.life.Err() == nil && !errors.Is(err, catalog.ErrReadOnly) {
		a.Tell(event.Warning, "Could not save that the sample was played: %v.", err)
	}
}

// keyOf is what the present content of a file is kept under.
func keyOf(path string) (clipKey, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return clipKey{}, fmt.Errorf("play %s: %w", path, err)
	}
	return clipKey{path: path, size: fi.Size(), mtime: fi.ModTime().UnixNano()}, nil
}

// cached is a file's sound if it is in memory, else nil.
func (p *player) cached(path string) *pcm.Buffer {
	key, err := keyOf(path)
	if err != nil {
		return nil // whoever opens the file will say why it cannot be
	}
	return p.clips.get(key)
}

// decode reads a file for listening, or takes it from memory.
func (p *player) decode(ctx context.Context, path string) (*pcm.Buffer, error) {
	key, err := keyOf(path)
	if err != nil {
		return nil, err
	}
	if b := p.clips.get(key); b != nil {
		return b, nil
	}
	c, err := codec.DecodeFile(ctx, path, codec.Limits{})
	if err != nil {
		return nil, err
	}
	p.clips.put(key, &c.Audio)
	return &c.Audio, nil
}

func (p *player) preferences() settings.Playback {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.prefs
}

// apply takes over preferences that changed.
func (p *player) apply(next settings.Playback) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prefs = next
	p.now.Volume = next.Volume
	if p.sound != nil {
		p.sound.SetVolume(next.Volume)
	}
}

func (p *player) tell() { p.a.bus.Send(event.TransportChanged{}) }

// Stop ends what plays, or is about to, pads and patterns too.
func (a *App) Stop() {
	a.pads.silence()
	p := a.player
	p.mu.Lock()
	p.ticket++
	if p.cancel != nil {
		p.cancel()
	}
	if p.sound != nil {
		p.sound.Stop()
	}
	p.now.State = Stopped
	p.now.Position = 0
	p.mu.Unlock()
	p.tell()
}

// TogglePlay pauses what plays, goes on with what is paused, and starts again what has ended.
func (a *App) TogglePlay() {
	p := a.player
	p.mu.Lock()
	p.settle()
	switch {
	case !p.loaded:
	case p.now.State == Playing:
		p.sound.Pause()
		p.now.State = Paused
	case p.now.State == Paused:
		p.sound.Resume()
		p.now.State = Playing
	case p.now.State == Stopped && p.played != nil:
		p.sound.Play(p.played, 0)
		p.sound.SetLoop(p.now.Loop, 0, 0)
		p.now.State = Playing
	}
	p.mu.Unlock()
	p.tell()
}

// Seek goes to a place, in seconds of the sample; what has ended starts there.
func (a *App) Seek(seconds float64) {
	p := a.player
	p.mu.Lock()
	p.settle()
	if p.loaded {
		frame := max(0, min(int64(seconds*p.rate), p.frames-1))
		if p.now.State == Stopped {
			if p.played != nil {
				p.sound.Play(p.played, frame)
				p.sound.SetLoop(p.now.Loop, 0, 0)
				p.now.State = Playing
			}
		} else {
			p.sound.SeekTo(frame)
		}
	}
	p.mu.Unlock()
	p.tell()
}

// SetLoop lets what plays start again at its end, and what will be played.
func (a *App) SetLoop(on bool) {
	p := a.player
	p.mu.Lock()
	p.prefs.Loop = on
	p.now.Loop = on
	if p.sound != nil && p.loaded {
		p.sound.SetLoop(on, 0, 0)
	}
	p.saveSoon()
	p.mu.Unlock()
	p.tell()
}

// SetVolume takes 0 to 1; values beyond are cut.
func (a *App) SetVolume(v float64) {
	p := a.player
	p.mu.Lock()
	v = max(0, min(1, v))
	p.prefs.Volume, p.now.Volume = v, v
	if p.sound != nil {
		p.sound.SetVolume(v)
	}
	p.saveSoon()
	p.mu.Unlock()
	p.tell()
}

// saveDelay gathers the positions of a slider into one write of the settings.
const saveDelay = 500 * time.Millisecond

// saveSoon stores volume and loop a little later. The caller holds the lock.
func (p *player) saveSoon() {
	if p.closed {
		return
	}
	p.pending = true
	if p.saving == nil {
		p.saving = time.AfterFunc(saveDelay, p.save)
		return
	}
	p.saving.Reset(saveDelay)
}

func (p *player) save() {
	p.mu.Lock()
	due, volume, loop := p.pending, p.prefs.Volume, p.prefs.Loop
	p.pending = false
	p.mu.Unlock()
	if !due {
		return
	}
	err := p.a.settings.Update(func(s *settings.Settings) { s.Playback.Volume, s.Playback.Loop = volume, loop })
	if err != nil {
		p.a.Tell(event.Warning, "Could not save the volume: %v.", err)
	}
}

// settle notes that what played has come to its end. The caller holds the lock.
func (p *player) settle() {
	if p.sound == nil || !p.loaded || p.now.State != Playing {
		return
	}
	if _, playing := p.sound.Position(); !playing {
		p.now.State = Stopped
	}
}

// Transport says what plays now. It only takes a lock: fit for every frame of a screen.
func (a *App) Transport() Transport {
	p := a.player
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle()
	if p.sound != nil { // a device that never asks for sound is found out only after a while
		p.now.Device, p.now.Silent = p.sound.Device()
	}
	t := p.now
	if p.sound != nil && p.loaded && p.rate > 0 && (t.State == Playing || t.State == Paused) {
		frame, _ := p.sound.Position()
		t.Position = float64(frame) / p.rate
	}
	return t
}

func (p *player) close() {
	p.mu.Lock()
	p.closed = true
	p.ticket++
	if p.cancel != nil {
		p.cancel()
	}
	if p.saving != nil {
		p.saving.Stop()
	}
	p.mu.Unlock()
	p.wg.Wait()
	p.save()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sound != nil {
		if err := p.sound.Close(); err != nil {
			p.a.notices = append(p.a.notices, err.Error())
		}
		p.sound = nil
	}
}

// borrowed is the open device, which its borrower must not close.
type borrowed struct{ Sound }

func (borrowed) Close() error { return nil }

// findDevice opens the sound device at the start and says for a while what has come of it, so
// that somebody without one is told before the first key press.
func (a *App) findDevice() {
	a.player.borrow()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for range 5 {
		a.bus.Send(event.TransportChanged{})
		select {
		case <-a.life.Done():
			return
		case <-tick.C:
		}
	}
}

// borrow opens the device, if that was not done yet, and lends it: there is one in a process.
func (p *player) borrow() Sound {
	p.mu.Lock()
	defer p.mu.Unlock()
	return borrowed{p.device()}
}
