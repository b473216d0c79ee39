package widget

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"pgregory.net/rapid"

	"sampleagent/audio/waveform"
	"sampleagent/ui/theme"
)

func TestTextIsCutToItsWidth(t *testing.T) {
	test.NewTempApp(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		width := float32(rapid.IntRange(0, 300).Draw(t, "width"))
		got := Fit(text, 13, fyne.TextStyle{}, width)
		if w := fyne.MeasureText(got, 13, fyne.TextStyle{}).Width; w > width+0.01 {
			t.Fatalf("%q is %v wide, want at most %v", got, w, width)
		}
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Fatalf("%q was cut inside a letter", got)
		}
		if got != text && got != "" && !strings.HasSuffix(got, ellipsis) {
			t.Fatalf("%q was cut without saying so", got)
		}
	})
}

func TestOwnWidgetsKeepTheirStructure(t *testing.T) {
	test.NewTempApp(t)
	chip := NewChip("Loops", func() {})
	chip.On, chip.Menu = true, true
	value := NewValue("Tempo")
	value.ShowValue("92 BPM", "sound", 0.87)
	stars := NewStars(nil)
	stars.SetRating(3)
	slider := NewSlider("Pan", -50, 50, 0)
	slider.SetValue(10)
	for name, o := range map[string]fyne.CanvasObject{"chip": chip, "value": value, "stars": stars, "slider": slider} {
		w := test.NewTempWindow(t, o)
		w.Resize(fyne.NewSize(300, 40))
		test.AssertRendersToMarkup(t, name+".xml", w.Canvas())
	}
}

func TestWaveformSeeksZoomsAndSelects(t *testing.T) {
	test.NewTempApp(t)
	wf := NewWaveform()
	win := test.NewTempWindow(t, wf)
	win.SetPadded(false)
	win.Resize(fyne.NewSize(400, 100))
	wf.SetWave(Wave{Length: 4, Columns: func(_, _ float64, n int) []waveform.Column { return make([]waveform.Column, n) }})
	var sought float64
	wf.OnSeek = func(s float64) { sought = s }
	wf.Tapped(&fyne.PointEvent{Position: fyne.NewPos(100, 50)})
	if math.Abs(sought-1) > 0.01 {
		t.Errorf("a click at a quarter seeks to %v s of 4", sought)
	}
	wf.Zoom(0.5, 1)
	if from, to := wf.View(); math.Abs(from-0.5) > 0.01 || math.Abs(to-2.5) > 0.01 {
		t.Errorf("zoomed to %v..%v, want 0.5..2.5: what is under the pointer stays", from, to)
	}
	wf.Zoom(1e-9, 1)
	if from, to := wf.View(); to-from < shortestView-1e-9 {
		t.Errorf("zoomed to %v s", to-from)
	}
	wf.ZoomAll()
	e := &fyne.DragEvent{}
	e.Position, e.Dragged = fyne.NewPos(200, 10), fyne.NewDelta(100, 0)
	wf.Dragged(e)
	wf.DragEnd()
	if from, to := wf.Selected(); math.Abs(from-1) > 0.01 || math.Abs(to-2) > 0.01 {
		t.Errorf("selected %v..%v, want 1..2", from, to)
	}
	// Another sound starts whole and without selection.
	wf.SetWave(Wave{Length: 2})
	if from, to := wf.Selected(); from != 0 || to != 0 {
		t.Error("a selection passed to another sound")
	}
}

// The beat grid lies over the wave where the beats are: strong lines and numbers at bars, weak ones at beats.
func TestTheBeatGridLiesOnTheWaveform(t *testing.T) {
	test.NewTempApp(t)
	wf := NewWaveform()
	win := test.NewTempWindow(t, wf)
	win.SetPadded(false)
	win.Resize(fyne.NewSize(400, 100))
	wave := Wave{Length: 4, Columns: func(_, _ float64, n int) []waveform.Column { return make([]waveform.Column, n) }}
	for at := 0.25; at < 4; at += 0.5 {
		wave.Beats = append(wave.Beats, at)
	}
	wf.SetWave(wave)
	r := test.WidgetRenderer(wf).(*waveformRenderer)
	var bars []string
	for _, m := range r.marks {
		if m.Visible() {
			bars = append(bars, fmt.Sprintf("%s at %.0f", m.Text, m.Position().X-4))
		}
	}
	if want := []string{"1 at 25", "2 at 225"}; !slices.Equal(bars, want) {
		t.Errorf("bars %q, want %q", bars, want)
	}
	img := r.paint(400, 100)
	for x := range 400 {
		_, _, _, a := img.At(x, 90).RGBA()
		if beat := x%50 == 25; beat != (a != 0) {
			t.Errorf("column %d: a line is %v, a beat %v", x, a != 0, beat)
		}
	}
}

func TestSliderMovesByKeysAndTellsOnce(t *testing.T) {
	test.NewTempApp(t)
	s := NewSlider("Volume", 0, 127, 127)
	var told []int
	s.OnEnded = func(v int) { told = append(told, v) }
	s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft}) // at the end: nothing changes
	s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if len(told) != 3 || told[0] != 126 || told[1] != 0 || told[2] != 127 {
		t.Errorf("told %v, want 126, 0, 127", told)
	}
}

func TestEveryIconIsThere(t *testing.T) {
	for _, name := range []string{"play", "pause", "stop", "loop", "listen", "volume", "muted", "search", "folder", "star", "starred", "heart", "hearted",
		"tag", "collection", "smart", "all", "import", "card", "undo", "redo", "settings", "help", "kit", "close", "details", "clock", "warning", "check",
		"plus", "minus", "more", "fill", "down", "up", "right", "similar", "app", "dot"} {
		if theme.Icon(name, theme.Text) == nil {
			t.Errorf("there is no icon %q", name)
		}
	}
}

func TestASteepWaveIsOneLine(t *testing.T) {
	test.NewTempApp(t)
	wf := NewWaveform()
	wf.Resize(fyne.NewSize(40, 120))
	wf.SetWave(Wave{Length: 1, Columns: func(_, _ float64, n int) []waveform.Column {
		out := make([]waveform.Column, n)
		for i := range out {
			v := float32(1-2*(i%2)) * 0.8
			out[i] = waveform.Column{Min: v, Max: v}
		}
		return out
	}})
	img := (&waveformRenderer{w: wf}).paint(40, 120)
	middle := (ruler + 120) / 2
	for x := 1; x < 40; x++ {
		if _, _, _, a := img.At(x, middle).RGBA(); a == 0 {
			t.Fatalf("column %d does not reach the one before it", x)
		}
	}
}

// A hint goes with what it is about: no hint stays of a dialog that was closed under the pointer.
func TestNoHintOfAClosedDialog(t *testing.T) {
	test.NewTempApp(t)
	layer := NewOverlay()
	w := test.NewTempWindow(t, layer.Container)
	w.Resize(fyne.NewSize(400, 300))
	t.Cleanup(layer.Attach(w.Canvas()))
	button := NewIconButton("close", "Take off the list", func() {})
	hide := ShowDialog(w.Canvas(), container.NewVBox(widget.NewLabel("What is being done"), button), fyne.NewSize(200, 200), nil, nil)
	button.MouseIn(&desktop.MouseEvent{})
	if !layer.box.Visible() {
		t.Fatal("the button has no hint")
	}
	hide()
	if layer.box.Visible() || layer.text.Visible() {
		t.Error("the hint outlived its dialog")
	}
	button.MouseIn(&desktop.MouseEvent{}) // a hint that was on its way
	if layer.box.Visible() {
		t.Error("a hint came for a button that is not there")
	}
}
