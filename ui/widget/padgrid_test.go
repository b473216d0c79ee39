package widget

import (
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

func newPads(t *testing.T) *PadGrid {
	t.Helper()
	test.NewTempApp(t)
	g := NewPadGrid()
	g.Modifiers = func() fyne.KeyModifier { return 0 }
	w := test.NewTempWindow(t, g)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(400, 380))
	var pads [Pads]Pad
	for i := range 8 {
		pads[i] = Pad{Filled: true, Name: fmt.Sprint("Kick ", i), Class: "kick", Overview: []byte{0x81, 0x7f}}
	}
	g.SetPads(pads)
	return g
}

// As on the device: pad 1 at the top left, 4 at the top right, 13 at the bottom left.
func TestPadsLieAsOnTheDevice(t *testing.T) {
	g := newPads(t)
	s := g.Size()
	for _, c := range []struct {
		x, y float32
		pad  int
	}{{10, 10, 1}, {s.Width - 10, 10, 4}, {10, s.Height - 30, 13}, {s.Width - 10, s.Height - 30, 16}, {10, s.Height * 0.3, 5}} {
		if got := g.PadAt(fyne.NewPos(c.x, c.y)) + 1; got != c.pad {
			t.Errorf("at %v, %v lies pad %d, want %d", c.x, c.y, got, c.pad)
		}
	}
	if got := g.PadAt(fyne.NewPos(-5, 10)); got != -1 {
		t.Errorf("left of the pads lies pad %d", got+1)
	}
}

func TestKeysPlayPads(t *testing.T) {
	g := newPads(t)
	var did []string
	g.OnPress = func(i int) { did = append(did, fmt.Sprint("+", i+1)) }
	g.OnRelease = func(i int) { did = append(did, fmt.Sprint("-", i+1)) }
	g.KeyDown(&fyne.KeyEvent{Name: fyne.Key1})
	g.KeyDown(&fyne.KeyEvent{Name: fyne.KeyV})
	g.KeyUp(&fyne.KeyEvent{Name: fyne.Key1})
	g.KeyDown(&fyne.KeyEvent{Name: fyne.KeyP}) // no pad
	g.FocusLost()                              // what is held is let go
	if want := []string{"+1", "+16", "-1", "-16"}; !slices.Equal(did, want) {
		t.Errorf("did %v, want %v", did, want)
	}
	g.Modifiers = func() fyne.KeyModifier { return fyne.KeyModifierControl }
	did = nil
	g.KeyDown(&fyne.KeyEvent{Name: fyne.KeyA})
	if len(did) > 0 {
		t.Errorf("Ctrl+A played a pad: %v", did)
	}
}

func TestArrowsWalkOverPadsAndStopAtTheEdge(t *testing.T) {
	g := newPads(t)
	for _, k := range []fyne.KeyName{fyne.KeyRight, fyne.KeyDown, fyne.KeyLeft, fyne.KeyLeft, fyne.KeyUp, fyne.KeyUp} {
		g.TypedKey(&fyne.KeyEvent{Name: k})
	}
	if g.Selected() != 0 {
		t.Errorf("pad %d selected, want 1", g.Selected()+1)
	}
}

func TestDraggingAPadSwapsAndCopies(t *testing.T) {
	for _, c := range []struct {
		mod  fyne.KeyModifier
		copy bool
	}{{0, false}, {fyne.KeyModifierShortcutDefault, true}, {fyne.KeyModifierAlt, true}} {
		g := newPads(t)
		g.Modifiers = func() fyne.KeyModifier { return c.mod }
		var got string
		g.OnMove = func(from, to int, copying bool) { got = fmt.Sprint(from, to, copying) }
		drag := func(x, y float32) {
			e := &fyne.DragEvent{}
			e.Position = fyne.NewPos(x, y)
			g.Dragged(e)
		}
		drag(20, 20)
		drag(380, 20)
		g.DragEnd()
		if want := fmt.Sprint(0, 3, c.copy); got != want {
			t.Errorf("with modifier %d: %s, want %s", c.mod, got, want)
		}
	}
	g := newPads(t)
	moved := false
	g.OnMove = func(int, int, bool) { moved = true }
	e := &fyne.DragEvent{}
	e.Position = fyne.NewPos(20, 360) // an empty pad
	g.Dragged(e)
	g.DragEnd()
	if moved {
		t.Error("an empty pad was dragged")
	}
}

func TestAPressPlaysAndSelects(t *testing.T) {
	g := newPads(t)
	pressed, released := -1, -1
	g.OnPress, g.OnRelease = func(i int) { pressed = i }, func(i int) { released = i }
	e := &desktop.MouseEvent{Button: desktop.MouseButtonPrimary}
	e.Position = fyne.NewPos(150, 20)
	g.MouseDown(e)
	g.MouseUp(e)
	if pressed != 1 || released != 1 || g.Selected() != 1 {
		t.Errorf("pressed %d, released %d, selected %d; want 1", pressed, released, g.Selected())
	}
}

func TestTheMenuKeyOpensTheMenuOfTheSelectedPad(t *testing.T) {
	g := newPads(t)
	menu := -1
	g.OnMenu = func(i int, at fyne.Position) {
		if menu = i; g.PadAtAbsolute(at) != i {
			t.Errorf("the menu of pad %d opens over pad %d", i+1, g.PadAtAbsolute(at)+1)
		}
	}
	g.Select(6)
	g.TypedKey(&fyne.KeyEvent{Name: desktop.KeyMenu})
	if menu != 6 {
		t.Errorf("the menu of pad %d", menu+1)
	}
}
