package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// Chip is a small pill that is on or off, or just a label (without OnTapped).
type Chip struct {
	widget.BaseWidget

	Text     string
	Icon     string // name of an icon before the text, "" for none
	On       bool
	Colour   fyne.ThemeColorName // of a dot before the text, "" for none
	Menu     bool                // shows a small arrow: a tap opens something
	OnTapped func()
	Closable bool // shows a cross
	OnEscape func()

	hovered, focused bool
}

// NewChip is a chip that tells of taps.
func NewChip(text string, tapped func()) *Chip {
	c := &Chip{Text: text, OnTapped: tapped}
	c.ExtendBaseWidget(c)
	return c
}

// SetOn lights the chip or not.
func (c *Chip) SetOn(on bool) {
	if c.On != on {
		c.On = on
		c.Refresh()
	}
}

// SetText changes the text.
func (c *Chip) SetText(text string) {
	if c.Text != text {
		c.Text = text
		c.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (c *Chip) Tapped(*fyne.PointEvent) {
	if c.OnTapped != nil {
		c.OnTapped()
	}
}

// FocusGained implements fyne.Focusable.
func (c *Chip) FocusGained() { c.focused = true; c.Refresh() }

// FocusLost implements fyne.Focusable.
func (c *Chip) FocusLost() { c.focused = false; c.Refresh() }

// TypedRune implements fyne.Focusable.
func (c *Chip) TypedRune(r rune) {
	if r == ' ' {
		c.Tapped(nil)
	}
}

// TypedKey implements fyne.Focusable.
func (c *Chip) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		c.Tapped(nil)
	case fyne.KeyEscape:
		escapeFrom(c, c.OnEscape)
	default:
		Pass(c, e)
	}
}

// MouseIn implements desktop.Hoverable.
func (c *Chip) MouseIn(*desktop.MouseEvent) { c.hovered = c.OnTapped != nil; c.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (c *Chip) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *Chip) MouseOut() { c.hovered = false; c.Refresh() }

// Cursor implements desktop.Cursorable.
func (c *Chip) Cursor() desktop.Cursor {
	if c.OnTapped != nil {
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

// CreateRenderer implements fyne.Widget.
func (c *Chip) CreateRenderer() fyne.WidgetRenderer {
	r := &chipRenderer{c: c, body: canvas.NewRectangle(nil), text: canvas.NewText("", nil), dot: canvas.NewCircle(nil),
		icon: canvas.NewImageFromResource(nil), tail: canvas.NewImageFromResource(nil)}
	r.Refresh()
	return r
}

type chipRenderer struct {
	c    *Chip
	body *canvas.Rectangle
	dot  *canvas.Circle
	icon *canvas.Image
	text *canvas.Text
	tail *canvas.Image
}

const (
	chipHeight = 24
	chipSide   = 9
	chipIcon   = 13
	chipDot    = 8
)

func (r *chipRenderer) Destroy() {}
func (r *chipRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.body, r.dot, r.icon, r.text, r.tail}
}

func (r *chipRenderer) MinSize() fyne.Size {
	w := float32(2 * chipSide)
	if r.c.Text != "" {
		w += fyne.MeasureText(r.c.Text, theme.TextSmall, fyne.TextStyle{}).Width
	}
	if r.c.Colour != "" {
		w += chipDot + 6
	}
	if r.c.Icon != "" {
		w += chipIcon
		if r.c.Text != "" {
			w += 5
		}
	}
	if r.c.Menu || r.c.Closable {
		w += chipIcon
	}
	return fyne.NewSize(w, chipHeight)
}

func (r *chipRenderer) Layout(s fyne.Size) {
	r.body.Resize(s)
	x := float32(chipSide)
	if r.c.Colour != "" {
		r.dot.Resize(fyne.NewSize(chipDot, chipDot))
		r.dot.Move(fyne.NewPos(x, (s.Height-chipDot)/2))
		x += chipDot + 6
	}
	if r.c.Icon != "" {
		r.icon.Resize(fyne.NewSquareSize(chipIcon))
		r.icon.Move(fyne.NewPos(x, (s.Height-chipIcon)/2))
		x += chipIcon + 5
	}
	end := s.Width - chipSide
	if r.c.Menu || r.c.Closable {
		r.tail.Resize(fyne.NewSquareSize(11))
		r.tail.Move(fyne.NewPos(s.Width-chipSide-10, (s.Height-11)/2))
		end -= chipIcon
	}
	r.text.Move(fyne.NewPos(x, 0))
	r.text.Resize(fyne.NewSize(end-x, s.Height))
	if shown := Fit(r.c.Text, theme.TextSmall, fyne.TextStyle{}, end-x+1); shown != r.text.Text {
		r.text.Text = shown
		r.text.Refresh()
	}
}

func (r *chipRenderer) Refresh() {
	c := r.c
	fill, line, ink := theme.C(theme.Raised), theme.C(theme.Line), theme.C(theme.TextDim)
	inkName := theme.TextDim
	if c.On {
		fill, line, ink, inkName = theme.C(theme.AccentDim), theme.C(theme.Accent), theme.C(theme.Text), theme.Text
	}
	if c.hovered {
		fill = theme.Mix(fill, theme.C(theme.Text), 0.07)
		ink, inkName = theme.C(theme.Text), theme.Text
	}
	r.body.FillColor, r.body.StrokeColor, r.body.StrokeWidth, r.body.CornerRadius = fill, line, 1, chipHeight/2
	if c.focused {
		r.body.StrokeColor, r.body.StrokeWidth = theme.C(theme.Accent), 2
	}
	r.text.Color, r.text.TextSize = ink, theme.TextSmall
	r.dot.Hidden = c.Colour == ""
	if c.Colour != "" {
		r.dot.FillColor = theme.C(c.Colour)
	}
	setIcon(r.icon, c.Icon, inkName)
	switch {
	case c.Closable:
		setIcon(r.tail, "close", inkName)
	case c.Menu:
		setIcon(r.tail, "down", inkName)
	default:
		setIcon(r.tail, "", inkName)
	}
	r.Layout(c.Size())
	refreshButIcons(r.Objects())
}

// setIcon shows a named icon in a colour, or nothing. An icon that shows already is left alone,
// since a refresh would read its drawing anew, which is most of what a button costs.
func setIcon(img *canvas.Image, name string, colour fyne.ThemeColorName) {
	icon := theme.Icon(name, colour)
	if name == "" || icon == nil {
		img.Hidden = true
		return
	}
	img.Hidden = false
	if img.Resource != nil && img.Resource.Name() == icon.Name() {
		return
	}
	img.FillMode = canvas.ImageFillContain
	img.Resource = fyne.NewStaticResource(icon.Name(), icon.Content()) // in the colour of now
	img.Refresh()
}

// refreshButIcons refreshes what a renderer draws; setIcon has done so with its icons.
func refreshButIcons(objects []fyne.CanvasObject) {
	for _, o := range objects {
		if _, icon := o.(*canvas.Image); !icon {
			o.Refresh()
		}
	}
}
