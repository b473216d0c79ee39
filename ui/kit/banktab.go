package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	device "sampleagent/library/kit"
	"sampleagent/ui/theme"
)

// bankTab is one of the ten bank buttons: its letter, and a lamp that says how full it is.
type bankTab struct {
	widget.BaseWidget
	bank      int
	tapped    func()
	on        bool
	filled    int
	protected bool
	hovered   bool
}

func newBankTab(bank int, tapped func()) *bankTab {
	t := &bankTab{bank: bank, tapped: tapped}
	t.ExtendBaseWidget(t)
	return t
}

func (t *bankTab) show(on bool, filled int, protected bool) {
	if t.on != on || t.filled != filled || t.protected != protected {
		t.on, t.filled, t.protected = on, filled, protected
		t.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (t *bankTab) Tapped(*fyne.PointEvent) { t.tapped() }

// MouseIn implements desktop.Hoverable.
func (t *bankTab) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (t *bankTab) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (t *bankTab) MouseOut() { t.hovered = false; t.Refresh() }

// CreateRenderer implements fyne.Widget.
func (t *bankTab) CreateRenderer() fyne.WidgetRenderer {
	r := &bankTabRenderer{t: t, body: canvas.NewRectangle(nil), letter: canvas.NewText(device.BankName(t.bank), nil), track: canvas.NewRectangle(nil), lamp: canvas.NewRectangle(nil)}
	r.letter.Alignment = fyne.TextAlignCenter
	r.Refresh()
	return r
}

type bankTabRenderer struct {
	t                 *bankTab
	body, track, lamp *canvas.Rectangle
	letter            *canvas.Text
}

func (r *bankTabRenderer) Destroy()           {}
func (r *bankTabRenderer) MinSize() fyne.Size { return fyne.NewSize(22, 32) }
func (r *bankTabRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.body, r.letter, r.track, r.lamp}
}

func (r *bankTabRenderer) Layout(s fyne.Size) {
	r.body.Resize(s)
	r.letter.Resize(fyne.NewSize(s.Width, s.Height-6))
	w := s.Width - 14
	r.track.Resize(fyne.NewSize(w, 2))
	r.track.Move(fyne.NewPos(7, s.Height-7))
	r.lamp.Resize(fyne.NewSize(w*float32(r.t.filled)/device.PadsPerBank, 2))
	r.lamp.Move(r.track.Position())
}

func (r *bankTabRenderer) Refresh() {
	t := r.t
	r.body.CornerRadius, r.body.StrokeWidth = theme.Radius, 1
	r.body.FillColor, r.body.StrokeColor = theme.C(theme.PadBody), theme.C(theme.PadRim)
	ink := theme.C(theme.TextDim)
	switch {
	case t.on:
		r.body.FillColor, r.body.StrokeColor, ink = theme.C(theme.AccentDim), theme.C(theme.Accent), theme.C(theme.Text)
	case t.hovered:
		r.body.FillColor, ink = theme.C(theme.RowHover), theme.C(theme.Text)
	}
	if t.hovered && t.on {
		ink = theme.C(theme.Text)
	}
	r.letter.Color, r.letter.TextSize, r.letter.TextStyle = ink, theme.TextSmall, fyne.TextStyle{Bold: t.on}
	r.track.FillColor = theme.C(theme.Line)
	r.lamp.FillColor = theme.C(theme.Accent)
	if t.protected {
		r.lamp.FillColor = theme.C(theme.Warn)
	}
	r.Layout(t.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
