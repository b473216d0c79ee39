package widget

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"sampleagent/ui/theme"
)

// Overlay is the topmost, untouchable layer of a window: hints under the pointer and what is
// being dragged are drawn here, and no click lands on it. A window puts one above its content.
type Overlay struct {
	*fyne.Container
	box   *canvas.Rectangle
	text  *canvas.Text
	owner fyne.CanvasObject

	ghostBox  *canvas.Rectangle
	ghostText *canvas.Text
}

// overlays finds a window's overlay by its canvas. Only the UI goroutine touches it.
var overlays = map[fyne.Canvas]*Overlay{}

// NewOverlay makes the layer; Attach ties it to the window's canvas.
func NewOverlay() *Overlay {
	o := &Overlay{box: canvas.NewRectangle(nil), text: canvas.NewText("", nil), ghostBox: canvas.NewRectangle(nil), ghostText: canvas.NewText("", nil)}
	o.Container = container.NewWithoutLayout(o.ghostBox, o.ghostText, o.box, o.text)
	for _, x := range o.Objects {
		x.Hide()
	}
	return o
}

// Attach makes the overlay serve the canvas; the result takes it away again.
func (o *Overlay) Attach(c fyne.Canvas) (detach func()) {
	overlays[c] = o
	return func() { delete(overlays, c) }
}

// Ghost shows what is being dragged beside the pointer.
func (o *Overlay) Ghost(text string, at fyne.Position) {
	o.ghostText.Text, o.ghostText.TextSize, o.ghostText.Color = text, theme.TextSmall, theme.C(theme.OnAccent)
	o.ghostBox.FillColor, o.ghostBox.CornerRadius = theme.C(theme.Accent), theme.Radius
	place(o.ghostBox, o.ghostText, at.AddXY(14, 10), o.Size())
}

// EndGhost takes it away.
func (o *Overlay) EndGhost() {
	o.ghostBox.Hide()
	o.ghostText.Hide()
}

func place(box *canvas.Rectangle, text *canvas.Text, at fyne.Position, within fyne.Size) {
	size := fyne.MeasureText(text.Text, text.TextSize, text.TextStyle).AddWidthHeight(16, 8)
	at.X = max(4, min(at.X, within.Width-size.Width-4))
	at.Y = max(4, min(at.Y, within.Height-size.Height-4))
	box.Resize(size)
	box.Move(at)
	text.Resize(size.SubtractWidthHeight(16, 8))
	text.Move(at.AddXY(8, 4))
	box.Show()
	text.Show()
	box.Refresh()
	text.Refresh()
}

// hintDelay is how long the pointer rests before a hint comes.
const hintDelay = 550 * time.Millisecond

// hintLater shows a hint under the object after a moment. An animation does the waiting, because
// its ticks come on the UI goroutine.
func hintLater(o fyne.CanvasObject, text string) *fyne.Animation {
	a := fyne.NewAnimation(hintDelay, func(done float32) {
		if done < 1 {
			return
		}
		layer := overlays[fyne.CurrentApp().Driver().CanvasForObject(o)]
		if layer == nil {
			return
		}
		at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
		if at.IsZero() {
			return // not on the screen any more: its dialog was closed, its line is gone
		}
		origin := fyne.CurrentApp().Driver().AbsolutePositionForObject(layer.Container)
		layer.owner = o
		layer.text.Text, layer.text.TextSize, layer.text.Color = text, theme.TextSmall, theme.C(theme.Text)
		layer.box.FillColor, layer.box.StrokeColor, layer.box.StrokeWidth, layer.box.CornerRadius = theme.C(theme.Raised), theme.C(theme.PadRim), 1, theme.Radius
		below := at.Subtract(origin).AddXY(0, o.Size().Height+5)
		if below.Y+26 > layer.Size().Height {
			below.Y -= o.Size().Height + 34
		}
		place(layer.box, layer.text, below, layer.Size())
	})
	a.Curve = fyne.AnimationLinear
	a.Start()
	return a
}

func hideHint(o fyne.CanvasObject) {
	layer := overlays[fyne.CurrentApp().Driver().CanvasForObject(o)]
	if layer != nil && layer.owner == o {
		layer.endHint()
	}
}

func (o *Overlay) endHint() {
	o.box.Hide()
	o.text.Hide()
}
