package ui

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"

	"sampleagent/app"
	"sampleagent/audio/edit"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	"sampleagent/ui/transport"
)

func (w *window) playPause() {
	t := w.core.Transport()
	if t.State == app.Stopped {
		if from, to := w.wave.Waveform.Selected(); to > from {
			w.playPart(from, to)
			return
		}
		if len(w.chosen) > 0 && t.Row != w.chosen[0] {
			w.core.Audition(w.chosen[0], app.Audition{})
			return
		}
	}
	w.core.TogglePlay()
}

func (w *window) seek(seconds float64) {
	s := w.look.Sample()
	if s == nil {
		return
	}
	if t := w.core.Transport(); t.Row == s.Row && !t.Edited && !t.Part && t.State == app.Playing {
		w.core.Seek(seconds)
		return
	}
	w.core.Audition(s.Row, app.Audition{From: seconds})
}

// playPart plays the selected part of the waveform again and again; without one what plays goes on.
func (w *window) playPart(from, to float64) {
	if s := w.look.Sample(); s != nil && to > from {
		w.core.Audition(s.Row, app.Audition{From: from, To: to})
	}
}

// reshape makes new sounds of a sample and shows them.
func (w *window) reshape(row catalog.Row, recipes []edit.Recipe, onPads bool) {
	w.pump.run(func(ctx context.Context) func() {
		rows, err := w.core.Reshape(ctx, row, recipes)
		if err != nil {
			return func() { w.fail(err) }
		}
		made, err := w.core.Sample(ctx, rows[0])
		return func() {
			if err != nil {
				w.fail(err)
				return
			}
			if onPads {
				w.showTab("kit")
				w.kits.Place(w.kits.Pad(), rows)
			}
			text := "Made " + browser.Plain(made.Name)
			if len(rows) > 1 {
				text = fmt.Sprintf("Made %d sounds in %s", len(rows), filepath.Base(filepath.Dir(made.Path)))
			}
			w.toast.show(text+". Undo takes it back", theme.Good)
		}
	})
}

func (w *window) showTransport() {
	t, s := w.core.Transport(), w.core.Settings()
	name := t.Name
	if c := w.list.Current(); name == "" && c != nil && c.Row == t.Row { // it is being read: the list knows it
		name = c.Name
	}
	w.bar.Show(transport.State{
		Name: browser.Plain(name), Playing: t.State == app.Playing, Paused: t.State == app.Paused, Loading: t.State == app.Loading,
		Position: t.Position, Length: t.Length, Loop: t.Loop, AutoPlay: s.Playback.AutoPlay, FollowTempo: s.Playback.FollowTempo,
		SessionTempo: s.Playback.SessionTempo, FollowKey: s.Playback.FollowKey, SessionKey: s.Playback.SessionKey, Volume: t.Volume, Device: t.Device, Silent: t.Silent, Error: t.Error, Level: w.level(t),
	})
	sounding := w.showPads()
	w.moveCursor(t)
	if t.State == app.Playing || sounding {
		w.startCursor()
	} else {
		w.stopCursor()
	}
}

// startCursor moves the play cursor once a frame: Fyne's own animations tick on its goroutine.
func (w *window) startCursor() {
	if w.cursor != nil {
		return
	}
	w.cursor = fyne.NewAnimation(cursorRound, func(float32) {
		if now := time.Now(); now.Sub(w.ticked) >= cursorPause {
			w.ticked = now
			w.tick()
		}
	})
	w.cursor.RepeatCount = fyne.AnimationRepeatForever
	w.cursor.Curve = fyne.AnimationLinear
	w.cursor.Start()
}

// cursorPause is the least time between two moves of the cursor: each redraws the window.
const cursorPause = 30 * time.Millisecond

// tick shows where what plays is now, and that it has come to its end.
func (w *window) tick() {
	t := w.core.Transport()
	w.bar.Tick(t.Position, t.Length, w.level(t))
	w.moveCursor(t)
	if !w.showPads() && t.State != app.Playing {
		w.showTransport()
	}
}

func (w *window) stopCursor() {
	if w.cursor != nil {
		w.cursor.Stop()
		w.cursor = nil
	}
}

func (w *window) moveCursor(t app.Transport) {
	s := w.look.Sample()
	if s == nil || t.Row != s.Row || t.State == app.Stopped {
		w.wave.Waveform.SetCursor(-1)
		return
	}
	at := t.Position
	if t.Edited {
		at = w.wave.Heard(at)
	}
	w.wave.Waveform.SetCursor(at)
}

// level reads from the peaks how loud the position is, for the meter.
func (w *window) level(t app.Transport) float64 {
	s := w.look.Sample()
	p := w.lookPeaks
	if t.State != app.Playing || s == nil || s.Row != t.Row || p == nil || p.Rate == 0 {
		return 0
	}
	at := int(t.Position * float64(p.Rate))
	var room [1]waveform.Column
	c := p.Range(at-p.Rate/60, at+p.Rate/60, 1, room[:0])
	if len(c) == 0 {
		return 0
	}
	return meterShare(float64(max(c[0].Max, -c[0].Min)) * t.Volume)
}
