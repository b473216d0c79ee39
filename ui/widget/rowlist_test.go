package widget

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// plainRow is a row that remembers what it shows.
type plainRow struct {
	widget.BaseWidget
	text  *canvas.Text
	line  int
	state RowState
	binds *int
}

func (r *plainRow) Bind(i int, s RowState) { r.line, r.state = i, s; *r.binds++ }
func (r *plainRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(r.text)
}

type listRig struct {
	list    *RowList
	rows    []*plainRow
	binds   int
	moved   []int
	repeats []bool
	settled []int
	mods    fyne.KeyModifier
}

func newRig(t *testing.T, n int) *listRig {
	t.Helper()
	test.NewTempApp(t)
	g := &listRig{}
	g.list = NewRowList(30, func() Row {
		r := &plainRow{text: canvas.NewText("", nil), line: -1, binds: &g.binds}
		r.ExtendBaseWidget(r)
		g.rows = append(g.rows, r)
		return r
	})
	g.list.Modifiers = func() fyne.KeyModifier { return g.mods }
	g.list.OnMoved = func(i int, repeating bool) {
		g.moved, g.repeats = append(g.moved, i), append(g.repeats, repeating)
	}
	g.list.OnSettled = func(i int) { g.settled = append(g.settled, i) }
	w := test.NewTempWindow(t, g.list)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(400, 300))
	g.list.SetLength(n, false)
	w.Canvas().Focus(g.list)
	return g
}

func (g *listRig) key(k fyne.KeyName) { g.list.TypedKey(&fyne.KeyEvent{Name: k}) }

func (g *listRig) press(k fyne.KeyName, repeats int) {
	g.list.KeyDown(&fyne.KeyEvent{Name: k})
	for range repeats + 1 {
		g.key(k)
	}
	g.list.KeyUp(&fyne.KeyEvent{Name: k})
}

func (g *listRig) click(line int, mod fyne.KeyModifier, button desktop.MouseButton) {
	e := &desktop.MouseEvent{Button: button, Modifier: mod}
	e.Position = fyne.NewPos(50, float32(float64(line)*30-g.list.Offset()+10))
	g.list.MouseDown(e)
	g.list.MouseUp(e)
}

func TestArrowKeysSelectAndTell(t *testing.T) {
	g := newRig(t, 100)
	for _, k := range []fyne.KeyName{fyne.KeyDown, fyne.KeyDown, fyne.KeyUp, fyne.KeyEnd, fyne.KeyHome, fyne.KeyPageDown} {
		g.key(k)
	}
	if want := []int{0, 1, 0, 99, 0, 10}; !slices.Equal(g.moved, want) {
		t.Errorf("moved to %v, want %v", g.moved, want)
	}
	if g.list.Selection().Count() != 1 {
		t.Errorf("%d rows chosen", g.list.Selection().Count())
	}
}

func TestRepeatingKeyPlaysOnlyTheLast(t *testing.T) {
	g := newRig(t, 100)
	g.press(fyne.KeyDown, 5)
	if want := []int{0, 1, 2, 3, 4, 5}; !slices.Equal(g.moved, want) {
		t.Fatalf("moved %v", g.moved)
	}
	if want := []bool{false, true, true, true, true, true}; !slices.Equal(g.repeats, want) {
		t.Errorf("repeating %v, want %v", g.repeats, want)
	}
	if !slices.Equal(g.settled, []int{5}) {
		t.Errorf("settled on %v, want the last only", g.settled)
	}
	g.press(fyne.KeyDown, 0)
	if !slices.Equal(g.settled, []int{5}) {
		t.Errorf("a single press settled too: %v", g.settled)
	}
	// A key held while the focus goes counts as let go.
	g.list.KeyDown(&fyne.KeyEvent{Name: fyne.KeyDown})
	g.key(fyne.KeyDown)
	g.key(fyne.KeyDown)
	g.list.FocusLost()
	if !slices.Equal(g.settled, []int{5, 8}) {
		t.Errorf("losing the focus settled on %v", g.settled)
	}
}

func TestRangesWithShiftAndSinglesWithCtrl(t *testing.T) {
	g := newRig(t, 100)
	g.click(2, 0, desktop.MouseButtonPrimary)
	g.click(5, fyne.KeyModifierShift, desktop.MouseButtonPrimary)
	if got := g.list.Selection().Rows(); !slices.Equal(got, []int{2, 3, 4, 5}) {
		t.Errorf("shift: %v", got)
	}
	g.click(8, fyne.KeyModifierShortcutDefault, desktop.MouseButtonPrimary)
	if got := g.list.Selection().Rows(); !slices.Equal(got, []int{2, 3, 4, 5, 8}) {
		t.Errorf("ctrl: %v", got)
	}
	// The right button on a chosen row keeps them all, for the menu.
	g.click(4, 0, desktop.MouseButtonSecondary)
	if got := g.list.Selection().Count(); got != 5 {
		t.Errorf("the right button left %d rows", got)
	}
	// A plain click on one of several narrows when the button comes up, not before: it may be a drag.
	g.click(4, 0, desktop.MouseButtonPrimary)
	if got := g.list.Selection().Rows(); !slices.Equal(got, []int{4}) {
		t.Errorf("plain click: %v", got)
	}
	g.mods = fyne.KeyModifierShift
	g.key(fyne.KeyDown)
	g.key(fyne.KeyDown)
	if got := g.list.Selection().Rows(); !slices.Equal(got, []int{4, 5, 6}) {
		t.Errorf("shift and arrows: %v", got)
	}
}

func TestDraggingTakesAllThatIsChosen(t *testing.T) {
	g := newRig(t, 100)
	g.click(2, 0, desktop.MouseButtonPrimary)
	g.click(4, fyne.KeyModifierShift, desktop.MouseButtonPrimary)
	var dropped []int
	var at fyne.Position
	g.list.OnDrop = func(rows []int, p fyne.Position) { dropped, at = rows, p }
	down := &desktop.MouseEvent{Button: desktop.MouseButtonPrimary}
	down.Position = fyne.NewPos(50, 3*30+5)
	g.list.MouseDown(down)
	e := &fyne.DragEvent{}
	e.AbsolutePosition = fyne.NewPos(600, 200)
	g.list.Dragged(e)
	g.list.MouseUp(down)
	g.list.DragEnd()
	if !slices.Equal(dropped, []int{2, 3, 4}) || at != fyne.NewPos(600, 200) {
		t.Errorf("dropped %v at %v", dropped, at)
	}
}

func TestAMillionLinesNeedAFewRows(t *testing.T) {
	g := newRig(t, 1_000_000)
	if len(g.rows) > 13 {
		t.Errorf("%d row objects for a view of ten", len(g.rows))
	}
	g.key(fyne.KeyEnd)
	shows := false
	for _, r := range g.rows {
		shows = shows || r.Visible() && r.line == 999_999
	}
	if !shows {
		t.Error("the last line is not on the screen after End")
	}
	// At the far end a pixel is still a pixel.
	before := g.list.Offset()
	g.list.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, 1)})
	if got := before - g.list.Offset(); got != 1 {
		t.Errorf("one pixel up moved by %v", got)
	}
}

func TestScrollingBindsOnlyNewLines(t *testing.T) {
	g := newRig(t, 1000)
	before := g.binds
	for range 30 {
		g.list.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -1)})
	}
	if n := g.binds - before; n > 2 {
		t.Errorf("scrolling by one line bound %d rows", n)
	}
}

func TestTypeAheadGathersQuickLetters(t *testing.T) {
	g := newRig(t, 10)
	var got []string
	g.list.OnTypeAhead = func(p string) { got = append(got, p) }
	for _, r := range "kic" {
		g.list.TypedRune(r)
	}
	now := g.list.Now()
	g.list.Now = func() time.Time { return now.Add(2 * typeAheadPause) }
	g.list.TypedRune('s')
	if want := []string{"k", "ki", "kic", "s"}; !slices.Equal(got, want) {
		t.Errorf("type-ahead %v, want %v", got, want)
	}
}

func BenchmarkScrollHundredThousand(b *testing.B) {
	test.NewTempApp(b)
	binds := 0
	list := NewRowList(30, func() Row {
		r := &plainRow{text: canvas.NewText("", nil), binds: &binds}
		r.ExtendBaseWidget(r)
		return r
	})
	w := test.NewTempWindow(b, list)
	w.Resize(fyne.NewSize(800, 900))
	list.SetLength(100_000, false)
	for b.Loop() {
		list.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -240)})
		if list.Offset() > 2_900_000 {
			list.SetLength(100_000, false)
		}
	}
}

func TestTheMenuKeyOpensTheMenuOfTheChosenRow(t *testing.T) {
	g := newRig(t, 100)
	var rows []int
	var at fyne.Position
	g.list.OnMenu = func(i int, p fyne.Position) { rows, at = append(rows, i), p }
	g.key(desktop.KeyMenu) // nothing is chosen
	g.key(fyne.KeyEnd)
	g.key(desktop.KeyMenu)
	if !slices.Equal(rows, []int{99}) || at.Y < 290 || at.Y > 300 {
		t.Errorf("menus of %v, the last at %v", rows, at)
	}
	g.key(fyne.KeyF10) // without Shift it is another key
	g.mods = fyne.KeyModifierShift
	g.key(fyne.KeyF10)
	if !slices.Equal(rows, []int{99, 99}) {
		t.Errorf("menus of %v", rows)
	}
}
