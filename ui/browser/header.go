package browser

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// sortColumns are the orders of the list, in the words of package search, and how they are called;
// those without a column that shows their direction have a name for each.
var sortColumns = []struct{ By, Title, Up, Down string }{
	{By: "", Title: "Best match"}, {By: "name", Title: "Name"}, {By: "tempo", Title: "Tempo"}, {By: "key", Title: "Key"},
	{By: "class", Title: "Kind"}, {By: "length", Title: "Length"},
	{By: "added", Title: "Added", Up: "Oldest first", Down: "Newest first"}, {By: "rating", Title: "Rating", Up: "Worst first", Down: "Best first"},
}

// header is the line above the list: column names that sort.
type header struct {
	widget.BaseWidget
	sort     Sort
	onSort   func(by string)
	hovering int
}

func newHeader(onSort func(string)) *header {
	h := &header{onSort: onSort, hovering: -1}
	h.ExtendBaseWidget(h)
	return h
}

func (h *header) show(s Sort) {
	h.sort = s
	h.Refresh()
}

// unsorted is the "by" of a column that does not sort.
const unsorted = "-"

type headCell struct {
	by, title string
	at        span
	right     bool
}

func (h *header) cells() []headCell {
	c := columnsFor(h.Size().Width)
	cells := []headCell{
		{"name", "Name", c.name, false}, {"tempo", "BPM", c.tempo, true}, {"key", "Key", span{c.key.x + 4, c.key.w}, false},
	}
	if c.kind.w > dotWidth {
		cells = append(cells, headCell{"class", "Kind", c.kind, false})
	}
	if c.length.w > 0 {
		cells = append(cells, headCell{"length", "Length", c.length, true})
	}
	if c.tags.w > 0 {
		cells = append(cells, headCell{unsorted, "Tags", c.tags, false})
	}
	return cells
}

func (h *header) cellAt(x float32) int {
	for i, c := range h.cells() {
		if x >= c.at.x-6 && x < c.at.x+c.at.w+6 && c.by != unsorted {
			return i
		}
	}
	return -1
}

func (h *header) Tapped(e *fyne.PointEvent) {
	if i := h.cellAt(e.Position.X); i >= 0 {
		h.onSort(h.cells()[i].by)
	}
}

func (h *header) MouseIn(e *desktop.MouseEvent) { h.MouseMoved(e) }
func (h *header) MouseMoved(e *desktop.MouseEvent) {
	if i := h.cellAt(e.Position.X); i != h.hovering {
		h.hovering = i
		h.Refresh()
	}
}
func (h *header) MouseOut() { h.hovering = -1; h.Refresh() }

func (h *header) CreateRenderer() fyne.WidgetRenderer {
	r := &headerRenderer{h: h, line: canvas.NewRectangle(nil), arrow: canvas.NewImageFromResource(nil)}
	for range 6 {
		r.texts = append(r.texts, canvas.NewText("", nil))
	}
	return r
}

type headerRenderer struct {
	h     *header
	texts []*canvas.Text
	line  *canvas.Rectangle
	arrow *canvas.Image
}

func (r *headerRenderer) Destroy()           {}
func (r *headerRenderer) MinSize() fyne.Size { return fyne.NewSize(200, 26) }
func (r *headerRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.line, r.arrow}
	for _, t := range r.texts {
		objects = append(objects, t)
	}
	return objects
}

func (r *headerRenderer) Layout(s fyne.Size) {
	r.line.Resize(fyne.NewSize(s.Width-2*rowEdge, 1))
	r.line.Move(fyne.NewPos(rowEdge, s.Height-1))
	cells := r.h.cells()
	r.arrow.Hidden = true
	for i, t := range r.texts {
		t.Hidden = i >= len(cells)
		if t.Hidden {
			continue
		}
		c := cells[i]
		t.Text, t.TextSize = c.title, theme.TextSmall
		t.Alignment = fyne.TextAlignLeading
		if c.right {
			t.Alignment = fyne.TextAlignTrailing
		}
		t.Color = theme.C(theme.TextDim)
		if c.by != unsorted && c.by == r.h.sort.By || r.h.hovering == i {
			t.Color = theme.C(theme.Text)
		}
		t.Resize(fyne.NewSize(c.at.w, s.Height))
		t.Move(fyne.NewPos(c.at.x, 0))
		if c.by != unsorted && c.by == r.h.sort.By {
			w := fyne.MeasureText(c.title, theme.TextSmall, fyne.TextStyle{}).Width
			x := c.at.x + w + 3
			if c.right {
				x = c.at.x + c.at.w - w - 13
			}
			icon := "up"
			if r.h.sort.Down {
				icon = "down"
			}
			r.arrow.Hidden = false
			r.arrow.FillMode = canvas.ImageFillContain
			r.arrow.Resource = theme.Icon(icon, theme.Accent)
			r.arrow.Resize(fyne.NewSquareSize(10))
			r.arrow.Move(fyne.NewPos(x, (s.Height-10)/2))
		}
	}
}

func (r *headerRenderer) Refresh() {
	r.line.FillColor = theme.C(theme.Line)
	r.Layout(r.h.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
