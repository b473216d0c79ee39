package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// Split puts two panes side by side (or above one another) with a gap that can be dragged. Its
// share is kept in pixels of one pane: when the window grows, the other one gets the space.
type Split struct {
	widget.BaseWidget

	Vertical bool // one above the other
	Fixed    int  // which pane keeps its size: 0 the first, 1 the second
	Extent   float32
	Least    float32 // the fixed pane is never smaller
	OnMoved  func(extent float32)

	a, b fyne.CanvasObject
	grip *grip
}

// SplitGap is the space between panes.
const SplitGap = 6

// NewSplit gives the pane of index fixed the extent and the other one the rest.
func NewSplit(vertical bool, a, b fyne.CanvasObject, fixed int, extent, least float32) *Split {
	s := &Split{Vertical: vertical, Fixed: fixed, Extent: extent, Least: least, a: a, b: b}
	s.grip = &grip{split: s}
	s.grip.ExtendBaseWidget(s.grip)
	s.ExtendBaseWidget(s)
	return s
}

// SetExtent gives the fixed pane another size.
func (s *Split) SetExtent(extent float32) {
	s.Extent = extent
	s.Refresh()
}

func (s *Split) along(size fyne.Size) float32 {
	if s.Vertical {
		return size.Height
	}
	return size.Width
}

// sizes are what the panes get of a size: never less than their least, as long as both fit.
func (s *Split) sizes(size fyne.Size) (a, b float32) {
	total := s.along(size) - SplitGap
	fixed, other := s.a, s.b
	if s.Fixed == 1 {
		fixed, other = s.b, s.a
	}
	least := max(s.Least, s.along(fixed.MinSize()))
	f := max(least, min(s.Extent, total-s.along(other.MinSize())))
	f = max(0, min(f, total))
	if s.Fixed == 1 {
		return total - f, f
	}
	return f, total - f
}

// CreateRenderer implements fyne.Widget.
func (s *Split) CreateRenderer() fyne.WidgetRenderer { return &splitRenderer{s} }

type splitRenderer struct{ s *Split }

func (r *splitRenderer) Destroy() {}
func (r *splitRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.s.a, r.s.b, r.s.grip}
}

func (r *splitRenderer) MinSize() fyne.Size {
	a, b := r.s.a.MinSize(), r.s.b.MinSize()
	if r.s.Fixed == 0 {
		a = a.Max(fyne.NewSize(0, 0))
	}
	if !r.s.a.Visible() {
		return b
	}
	if !r.s.b.Visible() {
		return a
	}
	if r.s.Vertical {
		return fyne.NewSize(max(a.Width, b.Width), a.Height+b.Height+SplitGap)
	}
	return fyne.NewSize(a.Width+b.Width+SplitGap, max(a.Height, b.Height))
}

func (r *splitRenderer) Layout(size fyne.Size) {
	s := r.s
	s.grip.Hidden = !s.a.Visible() || !s.b.Visible()
	if s.grip.Hidden {
		for _, o := range []fyne.CanvasObject{s.a, s.b} {
			o.Move(fyne.NewPos(0, 0))
			o.Resize(size)
		}
		return
	}
	a, b := s.sizes(size)
	if s.Vertical {
		s.a.Resize(fyne.NewSize(size.Width, a))
		s.grip.Resize(fyne.NewSize(size.Width, SplitGap))
		s.grip.Move(fyne.NewPos(0, a))
		s.b.Resize(fyne.NewSize(size.Width, b))
		s.b.Move(fyne.NewPos(0, a+SplitGap))
		return
	}
	s.a.Resize(fyne.NewSize(a, size.Height))
	s.grip.Resize(fyne.NewSize(SplitGap, size.Height))
	s.grip.Move(fyne.NewPos(a, 0))
	s.b.Resize(fyne.NewSize(b, size.Height))
	s.b.Move(fyne.NewPos(a+SplitGap, 0))
}

func (r *splitRenderer) Refresh() {
	r.Layout(r.s.Size())
	r.s.a.Refresh()
	r.s.b.Refresh()
	r.s.grip.Refresh()
}

// grip is the gap: invisible until the pointer is over it.
type grip struct {
	widget.BaseWidget
	split   *Split
	hovered bool
	moved   bool
}

func (g *grip) Cursor() desktop.Cursor {
	if g.split.Vertical {
		return desktop.VResizeCursor
	}
	return desktop.HResizeCursor
}

func (g *grip) Dragged(e *fyne.DragEvent) {
	s := g.split
	d := e.Dragged.DX
	if s.Vertical {
		d = e.Dragged.DY
	}
	a, b := s.sizes(s.Size())
	s.Extent = a + d
	if s.Fixed == 1 {
		s.Extent = b - d
	}
	g.moved = true
	s.Refresh()
}

func (g *grip) DragEnd() {
	s := g.split
	a, b := s.sizes(s.Size())
	s.Extent = a
	if s.Fixed == 1 {
		s.Extent = b
	}
	if g.moved && s.OnMoved != nil {
		s.OnMoved(s.Extent)
	}
	g.moved = false
}

func (g *grip) MouseIn(*desktop.MouseEvent)    { g.hovered = true; g.Refresh() }
func (g *grip) MouseMoved(*desktop.MouseEvent) {}
func (g *grip) MouseOut()                      { g.hovered = false; g.Refresh() }

func (g *grip) CreateRenderer() fyne.WidgetRenderer {
	return &gripRenderer{g: g, line: canvas.NewRectangle(nil)}
}

type gripRenderer struct {
	g    *grip
	line *canvas.Rectangle
}

func (r *gripRenderer) Destroy()                     {}
func (r *gripRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.line} }
func (r *gripRenderer) MinSize() fyne.Size           { return fyne.NewSquareSize(SplitGap) }
func (r *gripRenderer) Layout(s fyne.Size) {
	if r.g.split.Vertical {
		r.line.Resize(fyne.NewSize(s.Width, 2))
		r.line.Move(fyne.NewPos(0, (s.Height-2)/2))
		return
	}
	r.line.Resize(fyne.NewSize(2, s.Height))
	r.line.Move(fyne.NewPos((s.Width-2)/2, 0))
}
func (r *gripRenderer) Refresh() {
	r.line.FillColor = theme.Alpha(theme.C(theme.Accent), 0)
	if r.g.hovered {
		r.line.FillColor = theme.Alpha(theme.C(theme.Accent), 0.7)
	}
	r.line.Refresh()
}
