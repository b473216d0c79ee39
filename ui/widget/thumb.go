package widget

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// thumb is the scroll bar's handle at the list's right edge.
type thumb struct {
	widget.BaseWidget
	list *RowList
	rect *canvas.Rectangle
	wide bool
}

const thumbWidth = 10

func newThumb(l *RowList) *thumb {
	t := &thumb{list: l, rect: canvas.NewRectangle(theme.C(theme.TextFaint))}
	t.ExtendBaseWidget(t)
	return t
}

func (t *thumb) place() {
	total := float64(t.list.length) * float64(t.list.RowHeight)
	view := float64(t.list.Size().Height)
	if total <= view || view <= 0 {
		t.Hide()
		return
	}
	h := math.Max(28, view*view/total)
	y := (view - h) * t.list.offset / (total - view)
	t.Resize(fyne.NewSize(thumbWidth, float32(h)))
	t.Move(fyne.NewPos(t.list.Size().Width-thumbWidth, float32(y)))
	t.Show()
}

func (t *thumb) Dragged(e *fyne.DragEvent) {
	total := float64(t.list.length) * float64(t.list.RowHeight)
	view := float64(t.list.Size().Height)
	track := view - float64(t.Size().Height)
	if track > 0 {
		t.list.scrollBy(float64(e.Dragged.DY) * (total - view) / track)
	}
}

func (t *thumb) DragEnd() {}

func (t *thumb) MouseIn(*desktop.MouseEvent)    { t.wide = true; t.Refresh() }
func (t *thumb) MouseMoved(*desktop.MouseEvent) {}
func (t *thumb) MouseOut()                      { t.wide = false; t.Refresh() }

func (t *thumb) CreateRenderer() fyne.WidgetRenderer {
	t.rect.CornerRadius = 3
	return &thumbRenderer{t}
}

type thumbRenderer struct{ t *thumb }

func (r *thumbRenderer) Destroy()                     {}
func (r *thumbRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.t.rect} }
func (r *thumbRenderer) MinSize() fyne.Size           { return fyne.NewSize(thumbWidth, 28) }
func (r *thumbRenderer) Layout(s fyne.Size) {
	w := float32(4)
	if r.t.wide {
		w = 7
	}
	r.t.rect.Move(fyne.NewPos(s.Width-w-2, 2))
	r.t.rect.Resize(fyne.NewSize(w, s.Height-4))
}
func (r *thumbRenderer) Refresh() {
	r.t.rect.FillColor = theme.Alpha(theme.C(theme.TextFaint), 0.7)
	r.Layout(r.t.Size())
	r.t.rect.Refresh()
}
