package inspector

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Wave is the dock below the list: the large waveform, with name, tempo and key above it.
type Wave struct {
	Waveform *own.Waveform
	OnTempo  func() // tempo or key was tapped: show where they are changed
	OnTap    func(at time.Time) (bpm float64, taps int)

	model             *Model
	name, info        *own.Label
	tempo, key        *own.Label
	tempoBox, keyBox  *own.TapArea
	unit              *own.Label
	dot               *own.Ground
	half, double, tap *own.IconButton
	cut               *own.IconButton
	editor            *editor
	span              *own.Label
	root              fyne.CanvasObject
	shown             int64
	hadPeaks          bool
}

// NewWave draws a model. seek plays from a time; loop takes the selected part (equal: none); edits
// are done by do.
func NewWave(m *Model, seek func(seconds float64), loop func(from, to float64), do Editing) *Wave {
	w := &Wave{model: m}
	w.Waveform = own.NewWaveform()
	w.Waveform.Empty = "Select a sample to see it"
	w.Waveform.OnSeek = seek
	w.Waveform.OnSelect = func(from, to float64) {
		w.tellSpan(from, to)
		w.editor.keep(from, to)
		if loop != nil {
			loop(from, to)
		}
	}
	w.name = own.NewTitle("")
	w.name.MinWidth = 0
	w.info = own.NewCaption("")
	w.info.MinWidth = 0
	w.span = own.NewCaption("")
	big := func() *own.Label {
		l := own.NewLabel("")
		l.TextSize, l.Style.Bold, l.MinWidth = theme.TextHuge, true, -1
		return l
	}
	w.tempo, w.key = big(), big()
	w.unit = own.NewCaption("BPM")
	tempo := own.Beside(4, -1, w.tempo, w.unit)
	w.tempoBox = own.NewTapArea(tempo, func() { callback(w.OnTempo) })
	w.keyBox = own.NewTapArea(own.Beside(4, -1, w.key), func() { callback(w.OnTempo) })
	w.half = own.NewTextButton("", "½", "Half the tempo   Ctrl+Shift+H", func() { m.Edit(m.core.HalveTempo) })
	w.double = own.NewTextButton("", "×2", "Twice the tempo   Ctrl+Shift+D", func() { m.Edit(m.core.DoubleTempo) })
	w.tap = own.NewTextButton("", "Tap", "Tap the beat, at least four times   Ctrl+T", w.Tap)
	for _, b := range []*own.IconButton{w.half, w.double, w.tap} {
		b.Side = 26
	}
	wf := w.Waveform
	zoomIn := own.NewIconButton("plus", "Zoom in   Ctrl++", func() { wf.Zoom(0.5, wf.Middle()) })
	zoomOut := own.NewIconButton("minus", "Zoom out   Ctrl+-", func() { wf.Zoom(2, wf.Middle()) })
	all := own.NewIconButton("all", "Show all   Ctrl+0", wf.ZoomAll)
	for _, b := range []*own.IconButton{zoomIn, zoomOut, all} {
		b.Side = 26
	}
	w.cut = own.NewIconButton("scissors", "Trim, reverse, normalise, fade, chop: makes new files   Ctrl+Shift+E", w.ToggleEditor)
	w.cut.Side = 26
	w.editor = newEditor(w, do)
	wf.OnCuts = func(at []float64) { w.editor.edit.Hand = at; w.editor.changed() }
	title := own.Below(0, -1, w.name, w.info)
	w.dot = own.NewGround(theme.Panel, 5)
	w.dot.Min = fyne.NewSize(10, 30)
	taps := own.Beside(3, -1, w.half, w.double, w.tap)
	line := own.Beside(12, 1, w.dot, title, w.span, w.tempoBox, taps, w.keyBox, own.Beside(0, -1, w.cut, zoomOut, zoomIn, all))
	line.Layout = &titleFirst{line.Layout, title, taps}
	w.root = own.Panel(own.Below(8, 2, line, w.editor.root, wf))
	w.Refresh()
	return w
}

// titleFirst leaves out an object of a line where the title would have too little room; what it does
// has keys, and stands in the details.
type titleFirst struct {
	line         fyne.Layout
	title, extra fyne.CanvasObject
}

// leastTitle is the start of a name that still tells two samples apart.
const leastTitle = 90

// Layout implements fyne.Layout.
func (l *titleFirst) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	l.extra.Show()
	l.line.Layout(objects, s)
	if l.title.Size().Width < leastTitle {
		l.extra.Hide()
		l.line.Layout(objects, s)
	}
}

// MinSize implements fyne.Layout.
func (l *titleFirst) MinSize(objects []fyne.CanvasObject) fyne.Size { return l.line.MinSize(objects) }

func callback(f func()) {
	if f != nil {
		f()
	}
}

// Root is the pane.
func (w *Wave) Root() fyne.CanvasObject { return w.root }

// ToggleEditor shows or hides what makes new sounds of the one that is shown.
func (w *Wave) ToggleEditor() {
	w.editor.open(w.editor.root.Hidden)
	w.cut.SetOn(!w.editor.root.Hidden)
}

// Heard is where in the sample a time of the preview that plays lies.
func (w *Wave) Heard(seconds float64) float64 {
	r := w.editor.heard
	if !r.Reverse {
		return r.From + seconds
	}
	if s := w.model.Sample(); r.To <= 0 && s != nil {
		return s.Duration - seconds
	}
	return r.To - seconds
}

// Tap counts a beat tapped now; from the fourth on the tempo is set.
func (w *Wave) Tap() {
	if w.OnTap == nil {
		return
	}
	bpm, taps := w.OnTap(time.Now())
	switch {
	case taps < 4 || bpm <= 0:
		w.tap.SetText(fmt.Sprintf("%d…", taps))
	default:
		w.tap.SetText(browser.Tempo(float64(int(bpm*10+0.5)) / 10))
		rows := w.model.rows
		if len(rows) > 0 {
			w.model.Edit(func(ctx context.Context, rows []catalog.Row) error {
				return w.model.core.SetTempo(ctx, rows, float64(int(bpm*10+0.5))/10)
			})
		}
	}
}

func (w *Wave) tellSpan(from, to float64) {
	text := ""
	if to > from {
		text = fmt.Sprintf("%.3f s selected", to-from)
		if s := w.model.Sample(); s != nil && s.BPM > 0 {
			text = fmt.Sprintf("%.2f beats selected", (to-from)*s.BPM/60)
		}
	}
	w.span.SetText(text)
	w.root.Refresh()
}

// Refresh draws the model as it is now. The view into the waveform stays while the sample does.
func (w *Wave) Refresh() {
	m := w.model
	s := m.Sample()
	known := s != nil
	w.half.SetOff(!known || s.BPM <= 0)
	w.double.SetOff(!known || s.BPM <= 0)
	w.tap.SetOff(!known)
	if !known {
		w.name.Set("Nothing selected", theme.TextFaint)
		w.info.SetText("Arrow keys select and play")
		w.tempo.Set("", theme.TextFaint)
		w.key.Set("", theme.TextFaint)
		w.unit.Hidden, w.dot.Hidden = true, true
		w.Waveform.Empty = "Select a sample to see it"
		w.Waveform.SetWave(own.Wave{})
		w.shown, w.hadPeaks = 0, false
		w.editor.reset()
		w.root.Refresh()
		return
	}
	w.tap.SetText("Tap")
	w.name.Set(browser.Plain(s.Name), theme.Text)
	info := m.File()[0].Text
	if s.Duration > 0 {
		info = words.Length(s.Duration) + " · " + info
	}
	if kind := browser.LineOf(s).Kind; kind != "" {
		info = kind + " · " + info
	}
	if len(m.rows) > 1 {
		info = fmt.Sprintf("and %d more selected: edits change all of them", len(m.rows)-1)
	}
	w.info.SetText(info)
	value := func(l *own.Label, text string) {
		if text == "" {
			l.Set("", theme.TextFaint)
			return
		}
		l.Set(text, theme.Text)
	}
	value(w.tempo, browser.Tempo(s.BPM))
	value(w.key, browser.ShortKey(s.Key))
	w.unit.Hidden, w.dot.Hidden = s.BPM <= 0, false
	w.dot.Colour = theme.Class(s.Class)
	w.dot.Refresh()

	other := int64(s.Row) != w.shown
	if other {
		w.shown = int64(s.Row)
		w.span.SetText("")
		w.Waveform.SetWave(w.picture(s))
		w.editor.reset()
	} else {
		w.Waveform.UpdateWave(w.picture(s))
		w.Waveform.SetCuts(w.editor.cuts(s), w.editor.edit.Cutting == ByHand)
	}
	w.root.Refresh()
}

// picture is the waveform of a sample, as the edit that is being put together makes it.
func (w *Wave) picture(s *catalog.Sample) own.Wave {
	peaks, why := w.model.Peaks()
	w.Waveform.Empty = "…"
	if why != "" {
		w.Waveform.Empty = browser.Reason(why)
	}
	wave := own.Wave{Length: s.Duration, Colour: theme.Class(s.Class)}
	if s.Class == "" {
		wave.Colour = theme.Wave
	}
	if peaks != nil {
		wave.Columns = peaks
		if w.editor.edit.Recipe.Words() != "" {
			wave.Columns = shaped(peaks, w.editor.edit.Recipe, s.Duration)
		}
	}
	if r := w.model.Report(); r != nil {
		wave.Beats, wave.Onsets = r.Beats, r.Onsets
	}
	return wave
}

// showEdit draws the edit as it is now.
func (w *Wave) showEdit() {
	s := w.model.Sample()
	if s == nil || int64(s.Row) != w.shown {
		return
	}
	w.Waveform.UpdateWave(w.picture(s))
	w.Waveform.SetCuts(w.editor.cuts(s), w.editor.edit.Cutting == ByHand)
	if text := w.editor.notice(); text != "" {
		w.span.SetText(text)
	}
}
