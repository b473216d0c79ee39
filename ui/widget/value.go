package widget

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// Value is a line of the inspector: name, value, where it came from and how sure it is.
type Value struct {
	widget.BaseWidget

	Name       string
	Text       string
	Source     string  // "" shows no badge
	Confidence float64 // 0 to 1, below 0: no bar
	Unknown    bool    // Text is a dash or an explanation, drawn faintly
	Dot        fyne.ThemeColorName
	OnTapped   func() // edit; nil: only to read

	hovered bool
}

// NewValue is an empty line.
func NewValue(name string) *Value {
	v := &Value{Name: name, Confidence: -1, Unknown: true, Text: "–"}
	v.ExtendBaseWidget(v)
	return v
}

// Show shows a value; an empty text reads as not known.
func (v *Value) ShowValue(text, source string, confidence float64) {
	unknown := text == ""
	if unknown {
		text, source, confidence = "–", "", -1
	}
	if v.Text == text && v.Source == source && v.Confidence == confidence && v.Unknown == unknown {
		return
	}
	v.Text, v.Source, v.Confidence, v.Unknown = text, source, confidence, unknown
	v.Refresh()
}

// Tapped implements fyne.Tappable.
func (v *Value) Tapped(*fyne.PointEvent) {
	if v.OnTapped != nil {
		v.OnTapped()
	}
}

// MouseIn implements desktop.Hoverable.
func (v *Value) MouseIn(*desktop.MouseEvent) { v.hovered = v.OnTapped != nil; v.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (v *Value) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (v *Value) MouseOut() { v.hovered = false; v.Refresh() }

// CreateRenderer implements fyne.Widget.
func (v *Value) CreateRenderer() fyne.WidgetRenderer {
	r := &valueRenderer{
		v: v, ground: canvas.NewRectangle(nil), name: canvas.NewText("", nil), text: canvas.NewText("", nil), badge: canvas.NewRectangle(nil),
		source: canvas.NewText("", nil), track: canvas.NewRectangle(nil), bar: canvas.NewRectangle(nil), percent: canvas.NewText("", nil), dot: canvas.NewCircle(nil),
	}
	r.source.Alignment = fyne.TextAlignCenter
	r.percent.Alignment = fyne.TextAlignTrailing
	r.Refresh()
	return r
}

type valueRenderer struct {
	v                           *Value
	ground, badge, track, bar   *canvas.Rectangle
	name, text, source, percent *canvas.Text
	dot                         *canvas.Circle
}

const (
	valueHeight  = 25
	valueName    = 92 // width of the names' column
	valueBadge   = 52
	valuePercent = 36
	valueBar     = 34
)

func (r *valueRenderer) Destroy()           {}
func (r *valueRenderer) MinSize() fyne.Size { return fyne.NewSize(valueName+80, valueHeight) }
func (r *valueRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.name, r.dot, r.text, r.badge, r.source, r.track, r.bar, r.percent}
}

func (r *valueRenderer) Layout(s fyne.Size) {
	v := r.v
	r.ground.Resize(s)
	r.name.Resize(fyne.NewSize(valueName, s.Height))
	r.name.Move(fyne.NewPos(6, 0))
	x := float32(valueName + 6)
	r.dot.Resize(fyne.NewSquareSize(8))
	r.dot.Move(fyne.NewPos(x, (s.Height-8)/2))
	if v.Dot != "" {
		x += 14
	}
	end := s.Width - 6
	r.percent.Resize(fyne.NewSize(valuePercent, s.Height))
	r.percent.Move(fyne.NewPos(end-valuePercent, 0))
	r.track.Resize(fyne.NewSize(valueBar, 3))
	r.track.Move(fyne.NewPos(end-valuePercent-valueBar, (s.Height-3)/2))
	r.bar.Move(r.track.Position())
	r.bar.Resize(fyne.NewSize(valueBar*float32(max(0, min(v.Confidence, 1))), 3))
	if v.Confidence >= 0 {
		end -= valuePercent + valueBar + 6
	}
	r.badge.Resize(fyne.NewSize(valueBadge, 16))
	r.badge.Move(fyne.NewPos(end-valueBadge, (s.Height-16)/2))
	r.source.Resize(fyne.NewSize(valueBadge, 16))
	r.source.Move(r.badge.Position())
	if v.Source != "" {
		end -= valueBadge + 6
	}
	r.text.Move(fyne.NewPos(x, 0))
	r.text.Resize(fyne.NewSize(end-x, s.Height))
	r.text.Text = Fit(v.Text, theme.TextBody, fyne.TextStyle{}, end-x)
}

func (r *valueRenderer) Refresh() {
	v := r.v
	r.ground.FillColor, r.ground.CornerRadius = theme.Alpha(theme.C(theme.RowHover), 0), 4
	if v.hovered {
		r.ground.FillColor = theme.C(theme.RowHover)
	}
	r.name.Text, r.name.TextSize, r.name.Color = v.Name, theme.TextSmall, theme.C(theme.TextDim)
	r.text.TextSize, r.text.Color = theme.TextBody, theme.C(theme.Text)
	if v.Unknown {
		r.text.Color = theme.C(theme.TextFaint)
	}
	r.dot.Hidden = v.Dot == ""
	if v.Dot != "" {
		r.dot.FillColor = theme.C(v.Dot)
	}
	r.badge.Hidden, r.source.Hidden = v.Source == "", v.Source == ""
	r.badge.FillColor, r.badge.CornerRadius = theme.C(theme.Raised), 4
	r.source.Text, r.source.TextSize, r.source.Color = v.Source, theme.TextTiny-0.5, theme.C(theme.TextDim)
	if v.Source == "hand" {
		r.badge.FillColor, r.source.Color = theme.C(theme.AccentDim), theme.C(theme.Accent)
	}
	sure := v.Confidence >= 0
	r.track.Hidden, r.bar.Hidden, r.percent.Hidden = !sure, !sure, !sure
	r.track.FillColor, r.track.CornerRadius = theme.C(theme.Line), 1.5
	tone := theme.Good
	if v.Confidence < 0.75 {
		tone = theme.Warn
	}
	if v.Confidence < 0.45 {
		tone = theme.Bad
	}
	r.bar.FillColor, r.bar.CornerRadius = theme.C(tone), 1.5
	r.percent.Text, r.percent.TextSize, r.percent.Color = fmt.Sprintf("%.0f%%", v.Confidence*100), theme.TextTiny, theme.C(theme.TextDim)
	r.Layout(v.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
