package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// IconButton is a flat button with an icon, a text or both; On lights it.
type IconButton struct {
	widget.BaseWidget

	Icon     string
	Text     string
	Hint     string // shown below the button while the pointer rests on it
	On       bool
	Strong   bool // the one button of a panel that is meant to be pressed
	Off      bool // disabled
	Side     float32
	OnTapped func()
	OnEscape func() // Esc while the button has the focus: leaves a dialog

	hovered, focused bool
	wait             *fyne.Animation
}

// NewIconButton is a square button.
func NewIconButton(icon, hint string, tapped func()) *IconButton {
	b := &IconButton{Icon: icon, Hint: hint, OnTapped: tapped, Side: 30}
	b.ExtendBaseWidget(b)
	return b
}

// NewTextButton is a button with a text, and an icon unless it is "".
func NewTextButton(icon, text, hint string, tapped func()) *IconButton {
	b := NewIconButton(icon, hint, tapped)
	b.Text = text
	return b
}

// SetOn lights the button or not.
func (b *IconButton) SetOn(on bool) {
	if b.On != on {
		b.On = on
		b.Refresh()
	}
}

// SetIcon changes the icon.
func (b *IconButton) SetIcon(icon string) {
	if b.Icon != icon {
		b.Icon = icon
		b.Refresh()
	}
}

// SetText changes the text.
func (b *IconButton) SetText(text string) {
	if b.Text != text {
		b.Text = text
		b.Refresh()
	}
}

// SetOff disables the button or enables it.
func (b *IconButton) SetOff(off bool) {
	if b.Off != off {
		b.Off = off
		b.Refresh()
	}
}

// Enable, Disable and Disabled implement fyne.Disableable: the Tab key passes over what is off.
func (b *IconButton) Enable()        { b.SetOff(false) }
func (b *IconButton) Disable()       { b.SetOff(true) }
func (b *IconButton) Disabled() bool { return b.Off }

// Tapped implements fyne.Tappable.
func (b *IconButton) Tapped(*fyne.PointEvent) {
	b.unhint()
	if b.OnTapped != nil && !b.Off {
		b.OnTapped()
	}
}

// FocusGained implements fyne.Focusable.
func (b *IconButton) FocusGained() { b.focused = true; b.Refresh() }

// FocusLost implements fyne.Focusable.
func (b *IconButton) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune implements fyne.Focusable.
func (b *IconButton) TypedRune(r rune) {
	if r == ' ' {
		b.Tapped(nil)
	}
}

// TypedKey implements fyne.Focusable.
func (b *IconButton) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		b.Tapped(nil)
	case fyne.KeyEscape:
		escapeFrom(b, b.OnEscape)
	default:
		Pass(b, e)
	}
}

// MouseIn implements desktop.Hoverable.
func (b *IconButton) MouseIn(*desktop.MouseEvent) {
	b.hovered = true
	b.Refresh()
	if b.Hint != "" {
		b.wait = hintLater(b, b.Hint)
	}
}

// MouseMoved implements desktop.Hoverable.
func (b *IconButton) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *IconButton) MouseOut() {
	b.hovered = false
	b.unhint()
	b.Refresh()
}

func (b *IconButton) unhint() {
	if b.wait != nil {
		b.wait.Stop()
		b.wait = nil
	}
	hideHint(b)
}

// CreateRenderer implements fyne.Widget.
func (b *IconButton) CreateRenderer() fyne.WidgetRenderer {
	r := &iconButtonRenderer{b: b, body: canvas.NewRectangle(nil), icon: canvas.NewImageFromResource(nil), text: canvas.NewText("", nil)}
	r.Refresh()
	return r
}

type iconButtonRenderer struct {
	b    *IconButton
	body *canvas.Rectangle
	icon *canvas.Image
	text *canvas.Text
}

const buttonIcon = 17

func (r *iconButtonRenderer) Destroy() {}
func (r *iconButtonRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.body, r.icon, r.text}
}

func (r *iconButtonRenderer) MinSize() fyne.Size {
	b := r.b
	if b.Text == "" {
		return fyne.NewSquareSize(b.Side)
	}
	w := fyne.MeasureText(b.Text, theme.TextBody, r.style()).Width + 24
	if b.Icon != "" {
		w += buttonIcon + 3
	}
	return fyne.NewSize(w, b.Side)
}

func (r *iconButtonRenderer) style() fyne.TextStyle { return fyne.TextStyle{Bold: r.b.Strong} }

func (r *iconButtonRenderer) Layout(s fyne.Size) {
	b := r.b
	r.body.Resize(s)
	icon := fyne.Min(buttonIcon, s.Height-8)
	r.icon.Resize(fyne.NewSquareSize(icon))
	if b.Text == "" {
		r.icon.Move(fyne.NewPos((s.Width-icon)/2, (s.Height-icon)/2))
		return
	}
	width := fyne.MeasureText(b.Text, theme.TextBody, r.style()).Width
	total := width
	if b.Icon != "" {
		total += icon + 6
	}
	x := max(6, (s.Width-total)/2)
	if b.Icon != "" {
		r.icon.Move(fyne.NewPos(x, (s.Height-icon)/2))
		x += icon + 6
	}
	r.text.Move(fyne.NewPos(x, 0))
	r.text.Resize(fyne.NewSize(s.Width-x, s.Height))
}

func (r *iconButtonRenderer) Refresh() {
	b := r.b
	ink := theme.TextDim
	none := theme.Alpha(theme.C(theme.Raised), 0)
	r.body.FillColor, r.body.StrokeColor, r.body.StrokeWidth, r.body.CornerRadius = none, none, 1, theme.Radius
	if b.Text != "" {
		r.body.FillColor, r.body.StrokeColor = theme.C(theme.Raised), theme.C(theme.PadRim)
		ink = theme.Text
	}
	switch {
	case b.Off:
		ink = theme.TextFaint
	case b.Strong:
		ink = theme.OnAccent
		r.body.FillColor, r.body.StrokeColor = theme.C(theme.Accent), theme.C(theme.Accent)
	case b.On:
		ink = theme.Accent
		r.body.FillColor, r.body.StrokeColor = theme.C(theme.AccentDim), theme.Alpha(theme.C(theme.Accent), 0.5)
	case b.hovered:
		ink = theme.Text
	}
	if b.hovered && !b.Off {
		base := theme.C(theme.Panel)
		if b.Text != "" || b.On {
			base = r.body.FillColor
		}
		r.body.FillColor = theme.Mix(base, theme.C(theme.Text), 0.09)
	}
	if b.focused {
		r.body.StrokeColor, r.body.StrokeWidth = theme.C(theme.Accent), 2
		if b.Strong {
			r.body.StrokeColor = theme.C(theme.Text)
		}
	}
	setIcon(r.icon, b.Icon, ink)
	r.text.Text, r.text.TextSize, r.text.Color, r.text.TextStyle = b.Text, theme.TextBody, theme.C(ink), r.style()
	r.Layout(b.Size())
	refreshButIcons(r.Objects())
}
