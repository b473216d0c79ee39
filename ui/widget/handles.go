package widget

import (
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// Handle is a place in a sound that can be dragged.
type Handle struct {
	Label  string
	Colour fyne.ThemeColorName
	At     float64 // s
	Row    int     // of its flag: 0 at the top, 1 and 2 at the foot
	Left   bool    // its flag hangs to the left of the line
	Fixed  bool    // cannot be moved
}

// Handles lies over a Waveform and lets handles be dragged along it; what lies outside of the
// region is shaded. The wheel zooms and scrolls the waveform, a drag where no handle is moves it
// along. A handle that is dragged snaps, unless Shift is held.
//
// Keys: Up and Down choose a handle, Left and Right move it (with Shift by one frame, without
// snapping), + and - zoom, 0 shows all, Page Up and Down scroll, M makes a mark at the pointer's
// last click, Delete removes one.
type Handles struct {
	widget.BaseWidget

	Wave     *Waveform
	Frame    float64                                  // s of one frame: the least step
	Snap     func(i int, at, reach float64) float64   // where handle i goes when it is let go near a time
	OnMoved  func(i int, at float64)                  // let go at another place
	OnMoving func(i int, at float64) (shown float64)  // being dragged: the place that it may take
	OnAdd    func(at float64)                         // double click, or M
	OnRemove func(i int)                              // Delete
	OnChoose func(i int)                              // -1: none
	OnMenu   func(i int, at float64, p fyne.Position) // right click; i is the handle under it, or -1
	OnKey    func(e *fyne.KeyEvent) bool              // keys first go here
	OnDown   func(e *fyne.KeyEvent)                   // a key goes down, once for a press
	OnUp     func(e *fyne.KeyEvent)

	Modifiers func() fyne.KeyModifier
	Now       func() time.Time

	handles    []Handle
	from, to   float64 // region, s
	chosen     int
	grabbed    int
	moved      bool
	caret      float64 // the last click; below 0: none
	lastClick  time.Time
	focused    bool
	overHandle bool
	drawn      *handlesRenderer
}

// snapPixels is how near a place must be to draw a handle to it; grabPixels how near the pointer
// must be to take hold of one.
const (
	snapPixels = 8
	grabPixels = 7
)

// NewHandles lies over w.
func NewHandles(w *Waveform) *Handles {
	h := &Handles{Wave: w, chosen: -1, grabbed: -1, caret: -1, Modifiers: currentModifiers, Now: time.Now}
	h.ExtendBaseWidget(h)
	w.OnView = h.place
	return h
}

// Show draws handles and the region between from and to.
func (h *Handles) ShowHandles(handles []Handle, from, to float64) {
	h.handles, h.from, h.to = handles, from, to
	if h.chosen >= len(handles) {
		h.chosen = -1
	}
	h.Refresh()
}

// Chosen is the handle that keys move, -1 for none.
func (h *Handles) Chosen() int { return h.chosen }

// Caret is the time of the last click, below 0 when there was none.
func (h *Handles) Caret() float64 { return h.caret }

// Reset forgets what was chosen and clicked: another sound is shown.
func (h *Handles) Reset() { h.chosen, h.grabbed, h.caret = -1, -1, -1 }

// Choose makes a handle the one that keys move, and brings it into view.
func (h *Handles) Choose(i int) {
	if i < -1 || i >= len(h.handles) {
		return
	}
	h.chosen = i
	if i >= 0 {
		h.Wave.Reveal(h.handles[i].At)
	}
	h.Refresh()
	if h.OnChoose != nil {
		h.OnChoose(i)
	}
}

func (h *Handles) place() {
	if h.drawn != nil {
		h.drawn.Layout(h.Size())
	}
}

// at is the handle near x, the nearest first; -1 for none.
func (h *Handles) at(p fyne.Position) int {
	best, dist := -1, float32(grabPixels+1)
	for i, hd := range h.handles {
		x := h.Wave.xAt(hd.At)
		d := float32(math.Abs(float64(x - p.X)))
		// The flag is a wider grip than the line.
		if fx, fy, s := h.flag(i); p.Y >= fy && p.Y <= fy+s.Height && p.X >= fx && p.X <= fx+s.Width {
			d = 0
		}
		if d < dist {
			best, dist = i, d
		}
	}
	return best
}

const flagHeight = 15

// flag is where the flag of a handle is drawn.
func (h *Handles) flag(i int) (x, y float32, s fyne.Size) {
	hd := h.handles[i]
	s = fyne.NewSize(fyne.MeasureText(hd.Label, theme.TextTiny-1, fyne.TextStyle{Bold: true}).Width+8, flagHeight)
	x = h.Wave.xAt(hd.At)
	if hd.Left {
		x -= s.Width
	}
	switch hd.Row {
	case 0:
		y = ruler + 1
	case 1:
		y = h.Size().Height - flagHeight - 1
	default:
		y = h.Size().Height - 2*flagHeight - 4
	}
	return x, y, s
}

func (h *Handles) reach() float64 {
	from, to := h.Wave.View()
	return snapPixels * (to - from) / float64(max(1, h.Size().Width))
}

// move brings a handle to a time, snapped unless Shift is held.
func (h *Handles) move(i int, at float64, done bool) {
	hd := &h.handles[i]
	if hd.Fixed {
		return
	}
	if h.Snap != nil && h.Modifiers()&fyne.KeyModifierShift == 0 {
		at = h.Snap(i, at, h.reach())
	}
	at = h.Wave.clampTime(at)
	if h.OnMoving != nil {
		at = h.OnMoving(i, at)
	}
	h.moved = h.moved || at != hd.At
	hd.At = at
	switch hd.Label {
	case StartHandle:
		h.from = at
	case EndHandle:
		h.to = at
	}
	h.Refresh()
	if done && h.moved {
		h.moved = false
		if h.OnMoved != nil {
			h.OnMoved(i, at)
		}
	}
}

// The labels whose handles bound the region.
const (
	StartHandle = "START"
	EndHandle   = "END"
)

// ---- mouse

// MouseDown implements desktop.Mouseable.
func (h *Handles) MouseDown(e *desktop.MouseEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(h); c != nil {
		c.Focus(h)
	}
	if h.Wave.wave.Length <= 0 {
		return
	}
	i := h.at(e.Position)
	t := h.Wave.timeAt(e.Position.X)
	if e.Button == desktop.MouseButtonSecondary {
		if h.OnMenu != nil {
			h.OnMenu(i, t, e.AbsolutePosition)
		}
		return
	}
	now := h.Now()
	double := now.Sub(h.lastClick) < 350*time.Millisecond
	h.lastClick = now
	if i >= 0 {
		h.grabbed, h.moved = i, false
		h.Choose(i)
		return
	}
	h.caret = t
	h.Choose(-1)
	if double && h.OnAdd != nil {
		h.lastClick = time.Time{}
		h.OnAdd(h.snapped(t))
	}
}

func (h *Handles) snapped(t float64) float64 {
	if h.Snap != nil && h.Modifiers()&fyne.KeyModifierShift == 0 {
		return h.Snap(-1, t, h.reach())
	}
	return t
}

// MouseUp implements desktop.Mouseable.
func (h *Handles) MouseUp(*desktop.MouseEvent) { h.drop() }

func (h *Handles) drop() {
	if i := h.grabbed; i >= 0 && i < len(h.handles) && h.moved {
		h.moved = false
		if h.OnMoved != nil {
			h.OnMoved(i, h.handles[i].At)
		}
	}
	h.grabbed = -1
}

// Dragged implements fyne.Draggable.
func (h *Handles) Dragged(e *fyne.DragEvent) {
	if h.grabbed >= 0 && h.grabbed < len(h.handles) {
		h.move(h.grabbed, h.Wave.timeAt(e.Position.X), false)
		return
	}
	h.Wave.Scroll(-float64(e.Dragged.DX) / float64(max(1, h.Size().Width)))
}

// DragEnd implements fyne.Draggable.
func (h *Handles) DragEnd() { h.drop() }

// Scrolled implements fyne.Scrollable: zoom, or move along with a sideways wheel.
func (h *Handles) Scrolled(e *fyne.ScrollEvent) { h.Wave.Scrolled(e) }

// MouseIn implements desktop.Hoverable.
func (h *Handles) MouseIn(e *desktop.MouseEvent) { h.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (h *Handles) MouseMoved(e *desktop.MouseEvent) {
	h.overHandle = h.at(e.Position) >= 0
	h.Wave.MouseMoved(e)
}

// MouseOut implements desktop.Hoverable.
func (h *Handles) MouseOut() { h.Wave.MouseOut() }

// Cursor implements desktop.Cursorable.
func (h *Handles) Cursor() desktop.Cursor {
	if h.overHandle || h.grabbed >= 0 {
		return desktop.HResizeCursor
	}
	return desktop.DefaultCursor
}

// ---- keyboard

// FocusGained implements fyne.Focusable.
func (h *Handles) FocusGained() { h.focused = true; h.Refresh() }

// FocusLost implements fyne.Focusable.
func (h *Handles) FocusLost() { h.focused = false; h.Refresh() }

// KeyDown implements desktop.Keyable.
func (h *Handles) KeyDown(e *fyne.KeyEvent) {
	if h.OnDown != nil {
		h.OnDown(e)
	}
}

// KeyUp implements desktop.Keyable.
func (h *Handles) KeyUp(e *fyne.KeyEvent) {
	if h.OnUp != nil {
		h.OnUp(e)
	}
}

// TypedRune implements fyne.Focusable.
func (h *Handles) TypedRune(r rune) {
	switch r {
	case '+', '=':
		h.Wave.Zoom(0.5, h.middle())
	case '-':
		h.Wave.Zoom(2, h.middle())
	case '0':
		h.Wave.ZoomAll()
	case 'm', 'M':
		if h.caret >= 0 && h.OnAdd != nil {
			h.OnAdd(h.caret)
		}
	}
}

// middle is what stays in place when keys zoom: the chosen handle, else the caret.
func (h *Handles) middle() float64 {
	from, to := h.Wave.View()
	if h.chosen >= 0 {
		if t := h.handles[h.chosen].At; t >= from && t <= to {
			return t
		}
	}
	if h.caret >= from && h.caret <= to {
		return h.caret
	}
	return h.Wave.Middle()
}

// TypedKey implements fyne.Focusable.
func (h *Handles) TypedKey(e *fyne.KeyEvent) {
	if h.OnKey != nil && h.OnKey(e) || Pass(h, e) {
		return
	}
	switch e.Name {
	case fyne.KeyUp, fyne.KeyDown:
		switch n := len(h.handles); {
		case n == 0:
		case e.Name == fyne.KeyDown:
			h.Choose((h.chosen + 1) % n)
		case h.chosen < 0:
			h.Choose(n - 1)
		default:
			h.Choose((h.chosen + n - 1) % n)
		}
	case fyne.KeyLeft, fyne.KeyRight:
		h.nudge(e.Name == fyne.KeyRight)
	case fyne.KeyPageUp:
		h.Wave.Scroll(-0.8)
	case fyne.KeyPageDown:
		h.Wave.Scroll(0.8)
	case fyne.KeyDelete, fyne.KeyBackspace:
		if h.chosen >= 0 && h.OnRemove != nil {
			h.OnRemove(h.chosen)
		}
	}
}

// nudge moves the chosen handle by ten pixels, onto the next place where it snaps; with Shift by
// one frame. Without a chosen handle the view moves.
func (h *Handles) nudge(right bool) {
	sign := -1.0
	if right {
		sign = 1
	}
	if h.chosen < 0 {
		h.Wave.Scroll(sign * 0.1)
		return
	}
	step := h.reach() * 1.25
	if h.Modifiers()&fyne.KeyModifierShift != 0 {
		step = h.Frame
	}
	i := h.chosen
	h.moved = false
	was := h.handles[i].At
	h.move(i, was+sign*step, true)
	if h.handles[i].At == was && h.Modifiers()&fyne.KeyModifierShift == 0 { // it snapped back: once more, farther
		h.move(i, was+sign*2*step, true)
	}
	h.Wave.Reveal(h.handles[i].At)
}

// ---- drawing

// MinSize implements fyne.CanvasObject.
func (h *Handles) MinSize() fyne.Size { return h.Wave.MinSize() }

// CreateRenderer implements fyne.Widget.
func (h *Handles) CreateRenderer() fyne.WidgetRenderer {
	r := &handlesRenderer{h: h, before: canvas.NewRectangle(nil), after: canvas.NewRectangle(nil), caret: canvas.NewRectangle(nil), frame: canvas.NewRectangle(nil)}
	h.drawn = r
	r.Refresh()
	return r
}

type handlesRenderer struct {
	h             *Handles
	before, after *canvas.Rectangle
	caret, frame  *canvas.Rectangle
	lines, flags  []*canvas.Rectangle
	texts         []*canvas.Text
	objects       []fyne.CanvasObject
}

func (r *handlesRenderer) Destroy()                     {}
func (r *handlesRenderer) MinSize() fyne.Size           { return r.h.MinSize() }
func (r *handlesRenderer) Objects() []fyne.CanvasObject { return r.objects }

// grow has an object for each handle.
func (r *handlesRenderer) grow() {
	for len(r.lines) < len(r.h.handles) {
		text := canvas.NewText("", nil)
		text.Alignment, text.TextStyle.Bold = fyne.TextAlignCenter, true
		r.lines, r.flags, r.texts = append(r.lines, canvas.NewRectangle(nil)), append(r.flags, canvas.NewRectangle(nil)), append(r.texts, text)
	}
	r.objects = []fyne.CanvasObject{r.before, r.after, r.caret}
	for i := range r.lines {
		r.objects = append(r.objects, r.lines[i], r.flags[i], r.texts[i])
	}
	r.objects = append(r.objects, r.frame)
}

func (r *handlesRenderer) Layout(size fyne.Size) {
	h := r.h
	sound := h.Wave.wave.Length > 0
	x := func(t float64) float32 { return max(0, min(h.Wave.xAt(t), size.Width)) }
	r.before.Hidden, r.after.Hidden = !sound, !sound
	r.before.Resize(fyne.NewSize(x(h.from), size.Height))
	r.after.Move(fyne.NewPos(x(h.to), 0))
	r.after.Resize(fyne.NewSize(size.Width-x(h.to), size.Height))
	cx := h.Wave.xAt(h.caret)
	r.caret.Hidden = !sound || h.caret < 0 || cx < 0 || cx > size.Width
	r.caret.Move(fyne.NewPos(cx, 0))
	r.caret.Resize(fyne.NewSize(1, size.Height))
	r.frame.Resize(size)
	for i := range r.lines {
		if i >= len(h.handles) {
			r.lines[i].Hide()
			r.flags[i].Hide()
			r.texts[i].Hide()
			continue
		}
		at := h.Wave.xAt(h.handles[i].At)
		away := !sound || at < -1 || at > size.Width+1
		r.lines[i].Hidden, r.flags[i].Hidden, r.texts[i].Hidden = away, away, away
		width := float32(1)
		if i == h.chosen {
			width = 2
		}
		r.lines[i].Move(fyne.NewPos(at-width/2, ruler))
		r.lines[i].Resize(fyne.NewSize(width, size.Height-ruler))
		fx, fy, s := h.flag(i)
		r.flags[i].Move(fyne.NewPos(fx, fy))
		r.flags[i].Resize(s)
		r.texts[i].Move(fyne.NewPos(fx, fy))
		r.texts[i].Resize(s)
	}
}

func (r *handlesRenderer) Refresh() {
	h := r.h
	r.grow()
	shade := theme.Alpha(theme.C(theme.WaveGround), 0.72)
	r.before.FillColor, r.after.FillColor = shade, shade
	r.caret.FillColor = theme.Alpha(theme.C(theme.Text), 0.55)
	r.frame.FillColor = theme.Alpha(theme.C(theme.Text), 0)
	r.frame.CornerRadius, r.frame.StrokeWidth, r.frame.StrokeColor = theme.Radius, 0, theme.C(theme.Accent)
	if h.focused {
		r.frame.StrokeWidth = 1
	}
	for i, hd := range h.handles {
		c := theme.C(hd.Colour)
		r.lines[i].FillColor = c
		r.flags[i].FillColor, r.flags[i].CornerRadius = theme.Mix(theme.C(theme.WaveGround), c, 0.72), 3
		r.texts[i].Text, r.texts[i].TextSize, r.texts[i].Color = hd.Label, theme.TextTiny-1, theme.C(theme.OnAccent)
		if i == h.chosen {
			r.flags[i].FillColor = c
			r.flags[i].StrokeColor, r.flags[i].StrokeWidth = theme.C(theme.Text), 1.5
		} else {
			r.flags[i].StrokeWidth = 0
		}
	}
	r.Layout(h.Size())
	for _, o := range r.objects {
		o.Refresh()
	}
}
