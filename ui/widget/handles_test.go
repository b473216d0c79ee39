package widget

import (
	"errors"
	"math"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"sampleagent/audio/waveform"
	"sampleagent/ui/theme"
)

// tenSeconds is a waveform of ten seconds, a hundred pixels each, with handles over it.
func tenSeconds(t *testing.T) (*Handles, *[]float64) {
	t.Helper()
	test.NewTempApp(t)
	w := NewWaveform()
	w.Shortest = 0.01
	h := NewHandles(w)
	h.Frame = 1.0 / 48000
	h.Modifiers = func() fyne.KeyModifier { return 0 }
	var at []float64
	h.OnMoved = func(i int, t float64) { at = append(at, float64(i), t) }
	win := test.NewTempWindow(t, Stack(w, h))
	win.Resize(fyne.NewSize(1000, 200))
	win.SetPadded(false)
	h.Resize(fyne.NewSize(1000, 200))
	w.Resize(fyne.NewSize(1000, 200))
	w.SetWave(Wave{Length: 10, Columns: func(_, _ float64, n int) []waveform.Column { return make([]waveform.Column, n) }})
	h.ShowHandles([]Handle{
		{Label: StartHandle, Colour: theme.Good, At: 2, Row: 1}, {Label: EndHandle, Colour: theme.Bad, At: 8, Row: 1, Left: true},
		{Label: "2", Colour: theme.OnsetMark, At: 5},
	}, 2, 8)
	return h, &at
}

func (h *Handles) dragTo(from, to float32) {
	h.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(from, 100)}, Button: desktop.MouseButtonPrimary})
	h.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos((from+to)/2, 100)}, Dragged: fyne.NewDelta((to-from)/2, 0)})
	h.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(to, 100)}, Dragged: fyne.NewDelta((to-from)/2, 0)})
	h.MouseUp(&desktop.MouseEvent{})
	h.DragEnd()
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func TestHandlesAreDraggedAndTellOnce(t *testing.T) {
	h, at := tenSeconds(t)
	h.dragTo(203, 300) // a few pixels beside the line
	if len(*at) != 2 || (*at)[0] != 0 || !near((*at)[1], 3) {
		t.Fatalf("told %v", *at)
	}
	h.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(300, 100)}, Button: desktop.MouseButtonPrimary})
	h.MouseUp(&desktop.MouseEvent{})
	if len(*at) != 2 || h.Chosen() != 0 {
		t.Errorf("a click alone: told %v, chosen %d", *at, h.Chosen())
	}
}

func TestHandlesSnapUnlessShiftIsHeld(t *testing.T) {
	h, at := tenSeconds(t)
	h.Snap = func(_ int, t, reach float64) float64 {
		if math.Abs(t-4) < reach {
			return 4
		}
		return t
	}
	h.dragTo(200, 395) // 8 pixels reach
	if !near((*at)[1], 4) {
		t.Errorf("it stands at %v", (*at)[1])
	}
	h.Modifiers = func() fyne.KeyModifier { return fyne.KeyModifierShift }
	h.dragTo(400, 395)
	if !near((*at)[3], 3.95) {
		t.Errorf("with Shift it stands at %v", (*at)[3])
	}
	h.Choose(0)
	h.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	if !near((*at)[5], 3.95+1.0/48000) {
		t.Errorf("one frame to the right of 3.95 is %v", (*at)[5])
	}
	h.Modifiers = func() fyne.KeyModifier { return 0 }
	h.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	h.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	if n := len(*at); (*at)[n-1] <= 4 {
		t.Errorf("keys do not leave the place where it snaps: %v", *at)
	}
}

func TestMarksAreMadeAndTakenAway(t *testing.T) {
	h, _ := tenSeconds(t)
	var added []float64
	removed := -1
	h.OnAdd = func(t float64) { added = append(added, t) }
	h.OnRemove = func(i int) { removed = i }
	now := time.Now()
	h.Now = func() time.Time { return now }
	click := func(x float32) {
		h.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, 100)}, Button: desktop.MouseButtonPrimary})
		h.MouseUp(&desktop.MouseEvent{})
	}
	click(700)
	now = now.Add(time.Second)
	click(700)
	if len(added) != 0 {
		t.Fatal("two slow clicks make a mark")
	}
	now = now.Add(100 * time.Millisecond)
	click(700)
	h.TypedRune('m')
	if len(added) != 2 || !near(added[0], 7) || !near(added[1], 7) {
		t.Errorf("added %v", added)
	}
	h.TypedKey(&fyne.KeyEvent{Name: fyne.KeyUp}) // the last
	h.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if removed != 2 {
		t.Errorf("removed %d", removed)
	}
}

func TestZoomAndScrollMoveWhatIsGrabbed(t *testing.T) {
	h, at := tenSeconds(t)
	h.Choose(2)
	for range 3 {
		h.TypedRune('+')
	}
	if from, to := h.Wave.View(); !near(to-from, 1.25) || from > 5 || to < 5 {
		t.Fatalf("%v to %v", from, to)
	}
	x := h.Wave.xAt(5)
	h.dragTo(x, x+100)
	if n := len(*at); n != 2 || !near((*at)[1], 5+0.125) {
		t.Errorf("told %v", *at)
	}
	from, _ := h.Wave.View()
	h.dragTo(900, 800) // no handle: the view moves
	if now, _ := h.Wave.View(); !near(now-from, 0.125) || len(*at) != 2 {
		t.Errorf("the view moved by %v, told %v", now-from, *at)
	}
	h.TypedRune('0')
	if from, to := h.Wave.View(); from != 0 || to != 10 {
		t.Errorf("all is %v to %v", from, to)
	}
}

func TestSliderTakesTypedValues(t *testing.T) {
	test.NewTempApp(t)
	s := NewSlider("Volume", 0, 127, 127)
	var got []int
	var bad error
	s.OnEnded = func(v int) { got = append(got, v) }
	s.OnBad = func(err error) { bad = err }
	s.Parse = func(text string) (int, error) {
		if text == "100" {
			return 100, nil
		}
		return 0, errors.New("no")
	}
	enter := func(text string) {
		for _, r := range text {
			s.TypedRune(r)
		}
		s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	}
	enter("100")
	enter("900")
	if len(got) != 1 || got[0] != 100 || bad == nil {
		t.Errorf("got %v, bad %v", got, bad)
	}
	s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	if s.Value() != 99 {
		t.Errorf("after Esc an arrow gives %d", s.Value())
	}
}
