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

// Slider is a slim line of name, track and value. It fills from its default, so that a bipolar
// setting (pan, pitch) grows from the middle. A double click goes back to the default; the wheel
// and the arrow keys move by one step, Page Up/Down by ten; a number that is typed is taken by
// Enter.
type Slider struct {
	widget.BaseWidget

	Name      string
	NameWidth float32 // 0: no name
	TextWidth float32 // 0: no value
	Min, Max  int
	Default   int
	Step      int
	Format    func(v int) string
	OnChanged func(v int)                    // while it moves
	OnEnded   func(v int)                    // once, when it is let go
	Parse     func(text string) (int, error) // reads a value that is typed; nil: none can be
	OnBad     func(error)                    // what was typed is no value
	OnEscape  func()                         // Esc while nothing is being typed

	value             int
	typed             string // not taken yet
	focused, hovered  bool
	dragging, changed bool
	lastTap           time.Time
}

// NewSlider goes from low to high in steps of one.
func NewSlider(name string, low, high, def int) *Slider {
	s := &Slider{Name: name, Min: low, Max: high, Default: def, Step: 1, NameWidth: 76, TextWidth: 48, value: def}
	s.ExtendBaseWidget(s)
	return s
}

// Value is the value shown.
func (s *Slider) Value() int { return s.value }

// SetValue shows a value without telling anyone.
func (s *Slider) SetValue(v int) {
	if v != s.value && !s.dragging {
		s.value = v
		s.Refresh()
	}
}

func (s *Slider) put(v int, ended bool) {
	v = max(s.Min, min(v, s.Max))
	if v != s.value {
		s.value, s.changed = v, true
		s.Refresh()
		if s.OnChanged != nil {
			s.OnChanged(v)
		}
	}
	if ended && s.changed {
		s.changed = false
		if s.OnEnded != nil {
			s.OnEnded(s.value)
		}
	}
}

func (s *Slider) track() (x, w float32) {
	x = s.NameWidth
	w = s.Size().Width - s.NameWidth - s.TextWidth
	if s.TextWidth > 0 {
		w -= 8
	}
	return x + 6, max(10, w-12)
}

func (s *Slider) at(px float32) int {
	x, w := s.track()
	share := float64(max(0, min((px-x)/w, 1)))
	v := float64(s.Min) + share*float64(s.Max-s.Min)
	return int(math.Round(v/float64(s.Step))) * s.Step
}

// MouseDown implements desktop.Mouseable.
func (s *Slider) MouseDown(e *desktop.MouseEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(s); c != nil {
		c.Focus(s)
	}
	if x, w := s.track(); e.Position.X < x-8 || e.Position.X > x+w+8 {
		return
	}
	now := time.Now()
	if now.Sub(s.lastTap) < 350*time.Millisecond {
		s.put(s.Default, true)
		s.lastTap = time.Time{}
		return
	}
	s.lastTap = now
	s.dragging = true
	s.put(s.at(e.Position.X), false)
}

// MouseUp implements desktop.Mouseable.
func (s *Slider) MouseUp(*desktop.MouseEvent) {
	s.dragging = false
	s.put(s.value, true)
}

// Dragged implements fyne.Draggable.
func (s *Slider) Dragged(e *fyne.DragEvent) {
	if s.dragging {
		s.put(s.at(e.Position.X), false)
	}
}

// DragEnd implements fyne.Draggable.
func (s *Slider) DragEnd() {
	s.dragging = false
	s.put(s.value, true)
}

// Scrolled implements fyne.Scrollable.
func (s *Slider) Scrolled(e *fyne.ScrollEvent) {
	if !s.focused {
		return // a wheel over a list of settings scrolls the list
	}
	step := s.Step
	if e.Scrolled.DY < 0 {
		step = -step
	}
	s.put(s.value+step, true)
}

// FocusGained implements fyne.Focusable.
func (s *Slider) FocusGained() { s.focused = true; s.Refresh() }

// FocusLost implements fyne.Focusable.
func (s *Slider) FocusLost() { s.focused, s.typed = false, ""; s.Refresh() }

// TypedRune implements fyne.Focusable.
func (s *Slider) TypedRune(r rune) {
	if s.Parse != nil && r > ' ' && len(s.typed) < 12 {
		s.typed += string(r)
		s.Refresh()
	}
}

// typing takes the keys that belong to a value being typed.
func (s *Slider) typing(k fyne.KeyName) bool {
	if s.typed == "" {
		return false
	}
	switch k {
	case fyne.KeyReturn, fyne.KeyEnter:
		v, err := s.Parse(s.typed)
		if err != nil {
			if s.OnBad != nil {
				s.OnBad(err)
			}
			break
		}
		s.typed = ""
		s.put(v, true)
	case fyne.KeyEscape:
		s.typed = ""
	case fyne.KeyBackspace:
		r := []rune(s.typed)
		s.typed = string(r[:len(r)-1])
	default:
		return false
	}
	s.Refresh()
	return true
}

// TypedKey implements fyne.Focusable.
func (s *Slider) TypedKey(e *fyne.KeyEvent) {
	if s.typing(e.Name) {
		return
	}
	switch e.Name {
	case fyne.KeyEscape:
		escapeFrom(s, s.OnEscape)
	case fyne.KeyLeft, fyne.KeyDown:
		s.put(s.value-s.Step, true)
	case fyne.KeyRight, fyne.KeyUp:
		s.put(s.value+s.Step, true)
	case fyne.KeyPageDown:
		s.put(s.value-10*s.Step, true)
	case fyne.KeyPageUp:
		s.put(s.value+10*s.Step, true)
	case fyne.KeyHome:
		s.put(s.Min, true)
	case fyne.KeyEnd:
		s.put(s.Max, true)
	case fyne.KeyDelete, fyne.KeyBackspace:
		s.put(s.Default, true)
	default:
		Pass(s, e)
	}
}

// MouseIn implements desktop.Hoverable.
func (s *Slider) MouseIn(*desktop.MouseEvent) { s.hovered = true; s.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (s *Slider) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (s *Slider) MouseOut() { s.hovered = false; s.Refresh() }

// CreateRenderer implements fyne.Widget.
func (s *Slider) CreateRenderer() fyne.WidgetRenderer {
	r := &sliderRenderer{s: s, name: canvas.NewText("", nil), text: canvas.NewText("", nil), track: canvas.NewRectangle(nil),
		fill: canvas.NewRectangle(nil), knob: canvas.NewCircle(nil)}
	r.text.Alignment = fyne.TextAlignTrailing
	r.Refresh()
	return r
}

type sliderRenderer struct {
	s           *Slider
	name, text  *canvas.Text
	track, fill *canvas.Rectangle
	knob        *canvas.Circle
}

func (r *sliderRenderer) Destroy() {}
func (r *sliderRenderer) MinSize() fyne.Size {
	return fyne.NewSize(r.s.NameWidth+r.s.TextWidth+60, 24)
}
func (r *sliderRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.name, r.track, r.fill, r.knob, r.text}
}

func (r *sliderRenderer) Layout(size fyne.Size) {
	s := r.s
	r.name.Resize(fyne.NewSize(s.NameWidth, size.Height))
	r.name.Text = Fit(s.Name, theme.TextSmall, fyne.TextStyle{}, s.NameWidth)
	x, w := s.track()
	mid := size.Height / 2
	r.track.Resize(fyne.NewSize(w, 3))
	r.track.Move(fyne.NewPos(x, mid-1.5))
	pos := func(v int) float32 {
		if s.Max == s.Min {
			return x
		}
		return x + w*float32(v-s.Min)/float32(s.Max-s.Min)
	}
	from, to := pos(s.Min), pos(s.value)
	if s.Default > s.Min && s.Default < s.Max {
		from = pos(s.Default)
	}
	r.fill.Move(fyne.NewPos(min(from, to), mid-1.5))
	r.fill.Resize(fyne.NewSize(max(from, to)-min(from, to), 3))
	side := float32(10)
	if s.hovered || s.focused || s.dragging {
		side = 13
	}
	r.knob.Resize(fyne.NewSquareSize(side))
	r.knob.Move(fyne.NewPos(pos(s.value)-side/2, mid-side/2))
	r.text.Resize(fyne.NewSize(s.TextWidth, size.Height))
	r.text.Move(fyne.NewPos(size.Width-s.TextWidth, 0))
}

func (r *sliderRenderer) Refresh() {
	s := r.s
	r.name.TextSize, r.name.Color = theme.TextSmall, theme.C(theme.TextDim)
	r.text.TextSize, r.text.Color = theme.TextSmall, theme.C(theme.Text)
	if s.value == s.Default && s.NameWidth > 0 {
		r.text.Color = theme.C(theme.TextDim)
	}
	r.text.Text = ""
	if s.TextWidth > 0 && s.Format != nil {
		r.text.Text = s.Format(s.value)
	}
	if s.typed != "" {
		r.text.Text, r.text.Color = s.typed+"_", theme.C(theme.Accent)
	}
	r.track.FillColor, r.track.CornerRadius = theme.C(theme.Line), 1.5
	r.fill.FillColor, r.fill.CornerRadius = theme.C(theme.Accent), 1.5
	r.knob.FillColor = theme.C(theme.Text)
	r.knob.StrokeWidth, r.knob.StrokeColor = 0, theme.C(theme.Accent)
	if s.focused {
		r.knob.StrokeWidth = 3
	}
	r.Layout(s.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
