package widget

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"sampleagent/ui/theme"
)

// MinSize implements fyne.CanvasObject.
func (l *RowList) MinSize() fyne.Size { return fyne.NewSize(120, l.RowHeight*3) }

// CreateRenderer implements fyne.Widget.
func (l *RowList) CreateRenderer() fyne.WidgetRenderer {
	r := &rowListRenderer{list: l, content: container.NewWithoutLayout()}
	r.clip = container.NewClip(r.content)
	r.thumb = newThumb(l)
	r.mark = canvas.NewRectangle(nil)
	r.mark.Hide()
	l.drawn = r
	return r
}

type rowListRenderer struct {
	list    *RowList
	content *fyne.Container
	clip    *container.Clip
	thumb   *thumb
	mark    *canvas.Rectangle
	pool    []Row
	shows   []int // which line the pool's object shows, -1 none
	first   int
	last    int
}

func (r *rowListRenderer) Destroy() {}

func (r *rowListRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.clip, r.mark, r.thumb}
}

func (r *rowListRenderer) MinSize() fyne.Size { return r.list.MinSize() }

func (r *rowListRenderer) Layout(size fyne.Size) {
	r.clip.Resize(size)
	need := int(math.Ceil(float64(size.Height)/float64(r.list.RowHeight))) + 1
	for len(r.pool) < need {
		row := r.list.NewRow()
		row.Hide()
		r.pool = append(r.pool, row)
		r.shows = append(r.shows, -1)
		r.content.Add(row)
	}
	for i, row := range r.pool {
		row.Resize(fyne.NewSize(size.Width, r.list.RowHeight))
		r.shows[i] = -1
	}
	r.list.clamp()
	r.place()
}

// place moves the rows to where the offset wants them and binds those that show a new line.
// A line keeps its object while it is on the screen: scrolling by one line binds one row.
func (r *rowListRenderer) place() {
	l := r.list
	if len(r.pool) == 0 || l.Size().Height <= 0 {
		return
	}
	height := float64(l.RowHeight)
	first := int(l.offset / height)
	last := min(l.length, int(math.Ceil((l.offset+float64(l.Size().Height))/height)))
	if l.OnVisible != nil && (first != r.first || last != r.last) {
		l.OnVisible(first, last)
	}
	r.first, r.last = first, last
	used := make(map[int]bool, len(r.pool))
	for i := first; i < last; i++ {
		slot := i % len(r.pool)
		used[slot] = true
		row := r.pool[slot]
		row.Move(fyne.NewPos(0, float32(float64(i)*height-l.offset)))
		if r.shows[slot] != i {
			r.shows[slot] = i
			row.Bind(i, l.state(i))
		}
		if !row.Visible() {
			row.Show()
		}
	}
	for slot, row := range r.pool {
		if !used[slot] {
			r.shows[slot] = -1
			if row.Visible() {
				row.Hide()
			}
		}
	}
	r.thumb.place()
	r.placeMark()
}

// placeMark draws the line that says where what is dragged would come.
func (r *rowListRenderer) placeMark() {
	l := r.list
	y := float64(l.mark)*float64(l.RowHeight) - l.offset
	if l.mark < 0 || y < -1 || y > float64(l.Size().Height)+1 {
		r.mark.Hide()
		return
	}
	r.mark.FillColor = theme.C(theme.Accent)
	r.mark.Resize(fyne.NewSize(l.Size().Width-16, 2))
	r.mark.Move(fyne.NewPos(8, float32(max(0, min(y-1, float64(l.Size().Height)-2)))))
	r.mark.Show()
	r.mark.Refresh()
}

func (l *RowList) state(i int) RowState {
	return RowState{Selected: l.sel.Has(i), Cursor: l.sel.Cursor() == i, Hovered: l.hovered == i, Focused: l.focused}
}

func (r *rowListRenderer) bindOne(i int) {
	if i < r.first || i >= r.last || len(r.pool) == 0 {
		return
	}
	slot := i % len(r.pool)
	if r.shows[slot] == i {
		r.pool[slot].Bind(i, r.list.state(i))
	}
}

func (r *rowListRenderer) Refresh() {
	for slot := range r.shows {
		r.shows[slot] = -1
	}
	r.first = -1
	r.place()
	r.thumb.Refresh()
}
