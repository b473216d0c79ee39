package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// Column is a column of a Table: of a width, or of a share of what the widths leave.
type Column struct {
	Title    string
	Width    float32
	Share    float32
	Trailing bool // aligned at its end
	Middle   bool // cut in the middle, for paths
}

// Cell is what stands in a line of a Table.
type Cell struct {
	Text   string
	Colour fyne.ThemeColorName // "" is Text
}

// Table is a RowList of texts in columns under their titles.
type Table struct {
	List    *RowList
	columns []Column
	line    func(i int) []Cell
	root    *fyne.Container
}

// tableGap is the space between columns, tableEdge that at both sides.
const (
	tableGap  = 10
	tableEdge = 10
	tableLine = 25
)

// NewTable shows what line says of each row; a row has a cell for each column.
func NewTable(columns []Column, line func(i int) []Cell) *Table {
	t := &Table{columns: columns, line: line}
	t.List = NewRowList(tableLine, func() Row { return t.newRow() })
	head := t.newRow()
	for i, c := range columns {
		head.cells[i].Set(c.Title, theme.TextFaint)
	}
	t.root = Stack(NewGround(theme.Panel, theme.Radius), Inset(Below(0, 1, head, t.List), 2, 4))
	return t
}

// Root is the table with its titles.
func (t *Table) Root() fyne.CanvasObject { return t.root }

// Show shows n lines anew; the view stays where it is while their number does.
func (t *Table) Show(n int) {
	if t.List.Length() != n {
		t.List.SetLength(n, false)
		return
	}
	t.List.Refresh()
}

func (t *Table) newRow() *tableRow {
	r := &tableRow{table: t, ground: canvas.NewRectangle(nil)}
	r.ground.CornerRadius = 4
	for _, c := range t.columns {
		l := NewLabel("")
		l.TextSize, l.Middle = theme.TextSmall, c.Middle
		if c.Trailing {
			l.Align = fyne.TextAlignTrailing
		}
		r.cells = append(r.cells, l)
	}
	r.ExtendBaseWidget(r)
	return r
}

type tableRow struct {
	widget.BaseWidget
	table  *Table
	ground *canvas.Rectangle
	cells  []*Label
}

// Bind implements Row.
func (r *tableRow) Bind(i int, s RowState) {
	r.ground.FillColor = theme.Alpha(theme.C(theme.RowHover), 0)
	switch {
	case s.Selected:
		r.ground.FillColor = theme.C(theme.RowSelected)
	case s.Hovered:
		r.ground.FillColor = theme.C(theme.RowHover)
	}
	r.ground.Refresh()
	line := r.table.line(i)
	for n, l := range r.cells {
		if n >= len(line) {
			l.Set("", theme.Text)
			continue
		}
		c := line[n].Colour
		if c == "" {
			c = theme.Text
		}
		l.Set(line[n].Text, c)
	}
}

// CreateRenderer implements fyne.Widget.
func (r *tableRow) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{r.ground}
	for _, c := range r.cells {
		objects = append(objects, c)
	}
	return &tableRowRenderer{r, objects}
}

type tableRowRenderer struct {
	r       *tableRow
	objects []fyne.CanvasObject
}

func (d *tableRowRenderer) Destroy()                     {}
func (d *tableRowRenderer) Objects() []fyne.CanvasObject { return d.objects }
func (d *tableRowRenderer) MinSize() fyne.Size           { return fyne.NewSize(200, tableLine) }
func (d *tableRowRenderer) Refresh() {
	for _, o := range d.objects {
		o.Refresh()
	}
}

func (d *tableRowRenderer) Layout(s fyne.Size) {
	d.r.ground.Resize(s)
	d.r.table.lay(s.Width, func(i int, x, w float32) {
		h := d.r.cells[i].MinSize().Height
		d.r.cells[i].Resize(fyne.NewSize(w, h))
		d.r.cells[i].Move(fyne.NewPos(x, (s.Height-h)/2))
	})
}

// lay says where each column of a line stands.
func (t *Table) lay(width float32, at func(i int, x, w float32)) {
	free := width - 2*tableEdge - tableGap*float32(len(t.columns)-1)
	shares := float32(0)
	for _, c := range t.columns {
		free -= c.Width
		shares += c.Share
	}
	x := float32(tableEdge)
	for i, c := range t.columns {
		w := c.Width
		if shares > 0 {
			w += max(0, free) * c.Share / shares
		}
		at(i, x, w)
		x += w + tableGap
	}
}

// ColumnAt is the column at x of a line, -1 between them, and how far into it x is, 0 to 1.
func (t *Table) ColumnAt(x float32) (column int, share float32) {
	column = -1
	t.lay(t.List.Size().Width, func(i int, at, w float32) {
		if x >= at && x < at+w && w > 0 {
			column, share = i, (x-at)/w
		}
	})
	return column, share
}
