// Package transport is the bar at the window's foot: what plays, how it is listened to, what the
// program is busy with, and what it has to say.
//
// State and Work are the bar as data; View draws them. The package plays nothing: it calls Core.
package transport

import (
	"fmt"
	"math"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"sampleagent/app/task"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// State is what plays now. Times are in seconds.
type State struct {
	Name             string // "" when nothing was played yet
	Playing, Paused  bool
	Loading          bool
	Position, Length float64
	Loop             bool
	AutoPlay         bool
	FollowTempo      bool
	SessionTempo     float64
	FollowKey        bool
	SessionKey       string  // "A minor"; "" for none
	Volume           float64 // 0 to 1
	Device           string  // the sound device's name
	Silent           bool    // there is no sound device
	Error            string  // why the last sound did not play
	Level            float64 // how loud it is at the position, 0 to 1
}

// Core is what the bar does.
type Core struct {
	TogglePlay  func()
	Stop        func()
	SetLoop     func(on bool)
	SetAutoPlay func(on bool)
	SetFollow   func(on bool)
	SetTempo    func(bpm float64) // of the session
	SetKey      func(key string)  // of the session; "" follows none
	SetVolume   func(v float64)
	PauseTask   func(id task.ID)
	ResumeTask  func(id task.ID)
	CancelTask  func(id task.ID)
	ShowTasks   func()
}

// Clock prints a position: 0:03.21 below ten minutes, 12:03 above.
func Clock(seconds float64) string {
	if seconds < 0 || math.IsNaN(seconds) {
		seconds = 0
	}
	if seconds >= 600 {
		return fmt.Sprintf("%d:%02d", int(seconds)/60, int(seconds)%60)
	}
	c := int(seconds*100 + 0.5)
	return fmt.Sprintf("%d:%02d.%02d", c/6000, c/100%60, c%100)
}

// DeviceLine says what is heard, and when nothing is, that all else works.
func (s State) DeviceLine() (text string, bad bool) {
	switch {
	case s.Silent:
		return "No sound device: everything else works", true
	case s.Device == "":
		return "", false
	}
	return s.Device, false
}

// Session is what is followed, in a few letters: "90 BPM · A minor".
func (s State) Session() string {
	text := fmt.Sprintf("%g BPM", math.Round(s.SessionTempo*10)/10)
	if s.FollowKey && s.SessionKey != "" {
		text += " · " + s.SessionKey
	}
	return text
}

// Work says how far a task is that has not ended: "3 of 12 · 40 s left".
func Work(t task.Status) string {
	var parts []string
	switch {
	case t.State == task.Waiting:
		return "waiting"
	case t.Total > 0:
		parts = append(parts, fmt.Sprintf("%d of %d", t.Done, t.Total))
	case t.TotalBytes > 0:
		parts = append(parts, fmt.Sprintf("%.0f %%", 100*t.Share()))
	case t.Done > 0:
		parts = append(parts, fmt.Sprint(t.Done))
	}
	if t.State == task.Paused {
		parts = append(parts, "paused")
	} else if left := Left(t.ETA); left != "" {
		parts = append(parts, left)
	}
	return strings.Join(parts, " · ")
}

// WorkLine is one task in a line: what it does, how far it is, and what could not be read.
func WorkLine(t task.Status) string {
	if t.State.Final() {
		return Ended(t)
	}
	line := t.Title
	if at := Work(t); at != "" {
		line += " · " + at
	}
	if t.FailureCount > 0 {
		line += fmt.Sprintf(" · %d could not be read", t.FailureCount)
	}
	return line
}

// Ended says how a task came out.
func Ended(t task.Status) string {
	switch {
	case t.State == task.Cancelled:
		return t.Title + ": cancelled; what was done is kept."
	case t.State == task.Failed:
		return t.Title + ": " + t.Err
	case t.Summary != "":
		return t.Title + ": " + t.Summary
	}
	return t.Title + ": done"
}

// Left prints a time to wait in words; "" when it is not known.
func Left(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < 10*time.Second:
		return "a few seconds left"
	case d < time.Minute:
		return fmt.Sprintf("%d s left", int(d.Seconds()/5)*5)
	case d < time.Hour:
		return fmt.Sprintf("%d min left", int(d.Minutes()+0.5))
	}
	return fmt.Sprintf("%d h %d min left", int(d.Hours()), int(d.Minutes())%60)
}

// View is the bar.
type View struct {
	core Core

	play, stop, loop, auto, follow *own.IconButton
	tempo                          *own.Chip
	name, clock, device, note      *own.Label
	volume                         *own.Slider
	speaker                        *own.IconButton
	meter                          *meter
	work, progress                 *own.Label // what is done, cut where it is too long, and how far it is
	workBar                        *own.Bar
	pause, cancel                  *own.IconButton
	workBox                        *fyne.Container
	root                           *fyne.Container
	shown                          State
	task                           task.Status
	beforeMute                     float64
}

// NewView builds the bar.
func NewView(c Core) *View {
	v := &View{core: c}
	v.play = own.NewIconButton("play", "Play or pause   Space", c.TogglePlay)
	v.play.Strong, v.play.Side = true, 36
	v.stop = own.NewIconButton("stop", "Stop   Esc", c.Stop)
	v.loop = own.NewIconButton("loop", "Loop what plays   Ctrl+L", func() { c.SetLoop(!v.shown.Loop) })
	v.auto = own.NewIconButton("listen", "Play what is selected   Ctrl+P", func() { c.SetAutoPlay(!v.shown.AutoPlay) })
	v.follow = own.NewTextButton("", "Sync", "Stretch loops to the session's tempo", func() { c.SetFollow(!v.shown.FollowTempo) })
	v.follow.Side = 26
	v.tempo = own.NewChip("90 BPM", nil)
	v.tempo.Menu = true
	v.tempo.OnTapped = v.askTempo
	v.name = own.NewLabel("")
	v.clock = own.NewLabel("0:00.00 / 0:00.00")
	v.clock.Colour, v.clock.MinWidth, v.clock.TextSize = theme.TextDim, 112, theme.TextSmall
	v.clock.Align = fyne.TextAlignTrailing
	v.device = own.NewCaption("")
	v.device.Align = fyne.TextAlignTrailing
	v.note = own.NewLabel("")
	v.note.TextSize = theme.TextSmall
	v.volume = own.NewSlider("", 0, 100, 80)
	v.volume.NameWidth, v.volume.TextWidth = 0, 0
	v.volume.OnChanged = func(x int) { c.SetVolume(float64(x) / 100) }
	v.speaker = own.NewIconButton("volume", "Mute", v.mute)
	v.speaker.Side = 26
	v.meter = newMeter()
	v.work = own.NewLabel("")
	v.work.TextSize = theme.TextSmall
	v.progress = own.NewCaption("")
	v.workBar = own.NewBar(theme.Accent, 4)
	v.pause = own.NewIconButton("pause", "Pause or go on", func() {
		if v.task.State == task.Paused {
			c.ResumeTask(v.task.ID)
		} else {
			c.PauseTask(v.task.ID)
		}
	})
	v.cancel = own.NewIconButton("close", "Cancel; what is done is kept", func() { c.CancelTask(v.task.ID) })
	v.pause.Side, v.cancel.Side = 24, 24
	v.workBox = own.Beside(4, 0, own.NewTapArea(own.Below(4, -1, own.Beside(8, 0, v.work, v.progress), v.workBar), func() { call(c.ShowTasks) }), v.pause, v.cancel)
	v.workBox.Hide()

	volume := own.FixedWidth(96, own.Below(0, -1, v.volume))
	left := own.Beside(4, -1, v.play, v.stop, v.loop, v.auto)
	sync := own.Beside(4, -1, v.follow, v.tempo)
	middle := own.Below(1, -1, v.name, v.note)
	right := own.Beside(6, -1, v.speaker, volume, v.meter)
	bar := own.Beside(14, 2, left, sync, middle, v.clock, right, own.FixedWidth(300, v.statusBox()))
	v.root = own.Panel(bar)
	v.Show(State{Volume: 0.8})
	return v
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// statusBox shows the task that runs, or else the sound device.
func (v *View) statusBox() fyne.CanvasObject {
	return own.Stack(v.workBox, v.device)
}

// Root is the bar.
func (v *View) Root() fyne.CanvasObject { return v.root }

func (v *View) mute() {
	if v.shown.Volume > 0 {
		v.beforeMute = v.shown.Volume
		v.core.SetVolume(0)
		return
	}
	v.core.SetVolume(max(0.1, v.beforeMute))
}

// Show draws a state; parts that did not change cost nothing.
func (v *View) Show(s State) {
	v.shown = s
	icon := "play"
	if s.Playing {
		icon = "pause"
	}
	v.play.SetIcon(icon)
	v.loop.SetOn(s.Loop)
	v.auto.SetOn(s.AutoPlay)
	v.follow.SetOn(s.FollowTempo)
	v.tempo.SetText(s.Session())
	name, colour := s.Name, theme.Text
	if name == "" {
		name, colour = "Select a sample to hear it", theme.TextFaint
	}
	v.name.Set(name, colour)
	switch {
	case s.Error != "":
		v.note.Set(browser.Reason(s.Error), theme.Bad)
	case s.Loading:
		v.note.Set("loading…", theme.TextFaint)
	case s.Playing && s.Loop:
		v.note.Set("looping", theme.TextDim)
	case s.Playing:
		v.note.Set("playing", theme.TextDim)
	case s.Paused:
		v.note.Set("paused", theme.TextDim)
	default:
		v.note.Set("", theme.TextDim)
	}
	if shown := v.note.Text != ""; shown != v.note.Visible() {
		v.note.Hidden = !shown
		v.root.Refresh()
	}
	v.Tick(s.Position, s.Length, s.Level)
	v.volume.SetValue(int(math.Round(s.Volume * 100)))
	speaker := "volume"
	if s.Volume == 0 {
		speaker = "muted"
	}
	v.speaker.SetIcon(speaker)
	line, bad := s.DeviceLine()
	colour = theme.TextFaint
	if bad {
		colour = theme.Warn
	}
	v.device.Set(line, colour)
}

// Tick moves clock and meter; it is called once a frame while something plays.
func (v *View) Tick(position, length, level float64) {
	v.clock.SetText(Clock(position) + " / " + Clock(length))
	v.meter.SetLevel(level)
}

// Work shows the task that is busy, nil when none is.
func (v *View) Work(t *task.Status) {
	v.workBox.Hidden = t == nil
	v.device.Hidden = t != nil
	if t == nil {
		v.root.Refresh()
		return
	}
	v.task = *t
	v.work.Set(t.Title, theme.Text)
	v.progress.SetText(Work(*t))
	v.workBar.SetValue(max(0, t.Share()))
	icon := "pause"
	if t.State == task.Paused {
		icon = "play"
	}
	v.pause.SetIcon(icon)
	v.pause.Hidden = t.State.Final()
	if !v.workBox.Visible() {
		v.workBox.Show()
	}
	v.workBox.Refresh()
}

func (v *View) askTempo() {
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(v.tempo)
	if c == nil {
		return
	}
	var pop *widget.PopUp
	slider := own.NewSlider("Session", 40, 200, 90)
	slider.Format = func(x int) string { return fmt.Sprintf("%d BPM", x) }
	slider.TextWidth = 60
	slider.SetValue(int(math.Round(v.shown.SessionTempo)))
	slider.OnEnded = func(x int) { v.core.SetTempo(float64(x)) }
	presets := own.Beside(6, -1)
	for _, b := range []int{75, 85, 90, 95, 100, 120, 140} {
		presets.Add(own.NewChip(fmt.Sprint(b), func() { v.core.SetTempo(float64(b)); pop.Hide() }))
	}
	key := own.NewSelect(append([]string{noKey}, browser.Keys...))
	key.Selected = noKey
	if v.shown.FollowKey && v.shown.SessionKey != "" {
		key.Selected = v.shown.SessionKey
	}
	key.OnChanged = func(name string) {
		if name == noKey {
			name = ""
		}
		v.core.SetKey(name)
	}
	content := own.Inset(own.Below(10, -1, own.NewCaption("Loops are stretched to this tempo while Sync is lit"), slider, presets,
		own.NewCaption("Tonal sounds are shifted to this key"), key), 8, 8)
	pop = widget.NewPopUp(content, c)
	at := d.AbsolutePositionForObject(v.tempo)
	pop.ShowAtPosition(at.SubtractXY(0, pop.MinSize().Height+6))
}

// noKey is the choice of no session key.
const noKey = "As each sound is"
