// Package widget holds the program's own widgets: the virtual row list, waveforms, pads, chips,
// values with their source and confidence, stars and small controls.
//
// A widget draws what it is given and says what a person did to it. It knows no screen, no
// application and no database.
package widget

import (
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

const ellipsis = "…"

// Fit cuts text so that it is no wider than width, ending it in an ellipsis when it was cut.
func Fit(text string, size float32, style fyne.TextStyle, width float32) string {
	if text == "" || width <= 0 {
		return ""
	}
	if fyne.MeasureText(text, size, style).Width <= width {
		return text
	}
	// Binary search over runes: the widest prefix that fits together with the ellipsis.
	runes := []rune(text)
	lo, hi := 0, len(runes)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if fyne.MeasureText(string(runes[:mid])+ellipsis, size, style).Width <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	if lo == 0 {
		return ""
	}
	return string(runes[:lo]) + ellipsis
}

// fitMiddle cuts a path in its middle, so that the file's name stays readable.
func fitMiddle(text string, size float32, style fyne.TextStyle, width float32) string {
	if fyne.MeasureText(text, size, style).Width <= width {
		return text
	}
	runes := []rune(text)
	for keep := len(runes) - 1; keep > 4; keep -= 1 + keep/40 {
		head := keep / 3
		cut := string(runes[:head]) + ellipsis + string(runes[len(runes)-(keep-head):])
		if fyne.MeasureText(cut, size, style).Width <= width {
			return cut
		}
	}
	return Fit(text, size, style, width)
}

// Label is one line of text in a theme colour that is cut, never wrapped, never widening its
// parent beyond MinWidth.
type Label struct {
	widget.BaseWidget

	Text     string
	Colour   fyne.ThemeColorName
	TextSize float32
	Style    fyne.TextStyle
	Align    fyne.TextAlign
	MinWidth float32 // below 0: as wide as the text
	Middle   bool    // cut in the middle, for paths
}

// NewLabel is body text that takes what width it gets.
func NewLabel(text string) *Label {
	l := &Label{Text: text, Colour: theme.Text, TextSize: theme.TextBody}
	l.ExtendBaseWidget(l)
	return l
}

// NewCaption is small, quiet text as wide as it needs.
func NewCaption(text string) *Label {
	l := &Label{Text: text, Colour: theme.TextDim, TextSize: theme.TextSmall, MinWidth: -1}
	l.ExtendBaseWidget(l)
	return l
}

// NewTitle is the heading of a panel.
func NewTitle(text string) *Label {
	l := &Label{Text: text, Colour: theme.Text, TextSize: theme.TextTitle, Style: fyne.TextStyle{Bold: true}, MinWidth: -1}
	l.ExtendBaseWidget(l)
	return l
}

// SetText changes the text.
func (l *Label) SetText(text string) {
	if l.Text == text {
		return
	}
	l.Text = text
	l.Refresh()
}

// Set changes text and colour at once.
func (l *Label) Set(text string, colour fyne.ThemeColorName) {
	if l.Text == text && l.Colour == colour {
		return
	}
	l.Text, l.Colour = text, colour
	l.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (l *Label) CreateRenderer() fyne.WidgetRenderer {
	r := &labelRenderer{label: l, text: canvas.NewText("", theme.C(l.Colour))}
	r.Refresh()
	return r
}

type labelRenderer struct {
	label *Label
	text  *canvas.Text
}

func (r *labelRenderer) Destroy()                     {}
func (r *labelRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.text} }

func (r *labelRenderer) MinSize() fyne.Size {
	l := r.label
	s := fyne.MeasureText("Mg", l.TextSize, l.Style)
	w := l.MinWidth
	if w < 0 {
		w = fyne.MeasureText(l.Text, l.TextSize, l.Style).Width
	}
	return fyne.NewSize(w, s.Height)
}

func (r *labelRenderer) Layout(size fyne.Size) {
	r.text.Resize(size)
	r.cut(size.Width)
}

func (r *labelRenderer) cut(width float32) {
	l := r.label
	var shown string
	switch {
	case width <= 0 || !utf8.ValidString(l.Text):
		shown = ""
		if width > 0 {
			shown = Fit(string([]rune(l.Text)), l.TextSize, l.Style, width)
		}
	case l.Middle:
		shown = fitMiddle(l.Text, l.TextSize, l.Style, width)
	default:
		shown = Fit(l.Text, l.TextSize, l.Style, width+0.5)
	}
	if r.text.Text != shown {
		r.text.Text = shown
		r.text.Refresh()
	}
}

func (r *labelRenderer) Refresh() {
	l := r.label
	r.text.Color, r.text.TextSize, r.text.TextStyle, r.text.Alignment = theme.C(l.Colour), l.TextSize, l.Style, l.Align
	r.text.Text = ""
	r.cut(l.Size().Width)
	r.text.Refresh()
}
