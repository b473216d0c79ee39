package browser

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sampleagent/app/words"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Place is a line of the sidebar: somewhere to look, or a section's title.
type Place struct {
	ID      string // tells places apart between two readings
	Title   string
	Icon    string
	Colour  fyne.ThemeColorName // of the icon; "" for quiet
	Count   int                 // samples there; below 0 is not shown
	Query   string
	Depth   int
	Section bool   // a title, with a plus when Add is set
	Add     func() // what the plus does; what a click or Enter does on a line that shows no samples
	Menu    []*fyne.MenuItem
	Drop    bool // samples can be dropped on it
}

// Sidebar lists places.
type Sidebar struct {
	OnPlace func(Place)

	places []Place
	chosen string
	cursor int    // the line that the keys were at last
	adding func() // until the button comes up
	target int
	list   *own.RowList
	drawn  map[*placeRow]*placeRenderer
	root   fyne.CanvasObject
}

// NewSidebar is an empty one.
func NewSidebar(onPlace func(Place), run Background) *Sidebar {
	s := &Sidebar{OnPlace: onPlace, drawn: map[*placeRow]*placeRenderer{}, target: -1, chosen: "all"}
	s.list = own.NewRowList(27, func() own.Row {
		r := &placeRow{bar: s}
		r.ExtendBaseWidget(r)
		return r
	})
	s.list.OnMoved = func(i int, repeating bool) {
		if i = s.pastSections(i); !repeating {
			s.choose(i)
		}
	}
	s.list.OnSettled = s.choose
	s.list.OnClick = func(i int, at fyne.Position) bool {
		p := s.places[i]
		if p.Add != nil && (!p.Section || at.X > s.list.Size().Width-34) {
			s.adding = p.Add
		}
		return p.Section || p.Add != nil
	}
	// What is added asks for a name. Fyne takes the focus away after it has told of the button, down and
	// up: from what opened before, nothing could be typed into.
	s.list.OnReleased = func() {
		if add := s.adding; add != nil {
			s.adding = nil
			run(func(context.Context) func() { return add })
		}
	}
	s.list.OnActivated = func(i int) {
		if p := s.places[i]; p.Add != nil && !p.Section {
			p.Add()
		}
	}
	s.list.OnMenu = func(i int, at fyne.Position) {
		if i < 0 || len(s.places[i].Menu) == 0 {
			return
		}
		if c := fyne.CurrentApp().Driver().CanvasForObject(s.list); c != nil {
			widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", s.places[i].Menu...), c, at)
		}
	}
	s.root = container.NewStack(own.NewGround(theme.Panel, 8), own.InsetEach(s.list, 4, 8, 4, 6))
	return s
}

// Root is the pane.
func (s *Sidebar) Root() fyne.CanvasObject { return s.root }

// Focusable is what takes the keyboard.
func (s *Sidebar) Focusable() fyne.Focusable { return s.list }

// pastSections takes the keys on from a section's title to the next line in their direction, or
// back where there is none.
func (s *Sidebar) pastSections(i int) int {
	step := 1
	if i < s.cursor {
		step = -1
	}
	for i >= 0 && i < len(s.places) && s.places[i].Section {
		if i+step < 0 || i+step >= len(s.places) {
			step = -step
		}
		i += step
	}
	s.cursor = i
	if i != s.list.Selection().Cursor() {
		s.list.Select(i)
	}
	return i
}

func (s *Sidebar) choose(i int) {
	if i < 0 || i >= len(s.places) || s.places[i].Section || s.places[i].Add != nil {
		return
	}
	s.chosen = s.places[i].ID
	s.list.Refresh()
	if s.OnPlace != nil {
		s.OnPlace(s.places[i])
	}
}

// SetPlaces shows other places; the chosen one stays chosen.
func (s *Sidebar) SetPlaces(places []Place) {
	s.places = places
	s.list.SetLength(len(places), true)
}

// Mark shows a place as chosen without telling OnPlace.
func (s *Sidebar) Mark(id string) {
	s.chosen = id
	s.list.Refresh()
}

// Chosen is the ID of the chosen place.
func (s *Sidebar) Chosen() string { return s.chosen }

// PlaceAt is the place that takes samples at a position of the window.
func (s *Sidebar) PlaceAt(absolute fyne.Position) (Place, bool) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(s.list)
	i := s.list.RowAt(absolute.Subtract(at))
	if i < 0 || !s.places[i].Drop {
		s.setTarget(-1)
		return Place{}, false
	}
	s.setTarget(i)
	return s.places[i], true
}

// EndDrag takes the mark of a drop target away.
func (s *Sidebar) EndDrag() { s.setTarget(-1) }

func (s *Sidebar) setTarget(i int) {
	if i != s.target {
		before := s.target
		s.target = i
		s.list.RefreshRow(before)
		s.list.RefreshRow(i)
	}
}

type placeRow struct {
	widget.BaseWidget
	bar *Sidebar
}

// Bind implements widget.Row.
func (r *placeRow) Bind(i int, s own.RowState) {
	if d := r.bar.drawn[r]; d != nil && i < len(r.bar.places) {
		d.i, d.place, d.state = i, r.bar.places[i], s
		d.Refresh()
	}
}

func (r *placeRow) CreateRenderer() fyne.WidgetRenderer {
	d := &placeRenderer{bar: r.bar, row: r, ground: canvas.NewRectangle(nil), title: canvas.NewText("", nil), count: canvas.NewText("", nil), icon: canvas.NewImageFromResource(nil)}
	d.count.Alignment = fyne.TextAlignTrailing
	d.icon.FillMode = canvas.ImageFillContain
	r.bar.drawn[r] = d
	return d
}

type placeRenderer struct {
	bar          *Sidebar
	row          *placeRow
	i            int
	place        Place
	state        own.RowState
	ground       *canvas.Rectangle
	title, count *canvas.Text
	icon         *canvas.Image
}

func (d *placeRenderer) Destroy()           {}
func (d *placeRenderer) MinSize() fyne.Size { return fyne.NewSize(100, 27) }
func (d *placeRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{d.ground, d.icon, d.title, d.count}
}

func (d *placeRenderer) Layout(s fyne.Size) {
	d.ground.Resize(fyne.NewSize(s.Width-8, s.Height-2))
	d.ground.Move(fyne.NewPos(4, 1))
	p := d.place
	x := 12 + float32(p.Depth)*14
	d.icon.Hidden = p.Icon == "" || p.Section
	if p.Section {
		d.icon.Hidden = p.Add == nil
		d.icon.Resize(fyne.NewSquareSize(14))
		d.icon.Move(fyne.NewPos(s.Width-28, (s.Height-14)/2+3))
		d.title.Move(fyne.NewPos(12, 4))
		d.title.Resize(fyne.NewSize(s.Width-44, s.Height-4))
		d.title.Text = own.Fit(p.Title, theme.TextTiny, fyne.TextStyle{Bold: true}, s.Width-44)
		d.count.Text = ""
		return
	}
	d.icon.Resize(fyne.NewSquareSize(14))
	d.icon.Move(fyne.NewPos(x, (s.Height-14)/2))
	x += 22
	count := float32(0)
	d.count.Text = ""
	if p.Count >= 0 {
		d.count.Text = words.Thousands(p.Count)
		count = fyne.MeasureText(d.count.Text, theme.TextTiny, fyne.TextStyle{}).Width + 8
	}
	d.title.Move(fyne.NewPos(x, 0))
	d.title.Resize(fyne.NewSize(s.Width-x-16-count, s.Height))
	d.title.Text = own.Fit(p.Title, theme.TextBody, fyne.TextStyle{}, s.Width-x-14-count)
	d.count.Move(fyne.NewPos(s.Width-60-14, 0))
	d.count.Resize(fyne.NewSize(60, s.Height))
}

func (d *placeRenderer) Refresh() {
	p := d.place
	chosen := p.ID == d.bar.chosen && !p.Section
	ground := theme.Alpha(theme.C(theme.Panel), 0)
	ink, iconInk := theme.C(theme.TextDim), theme.TextDim
	switch {
	case d.bar.target == d.i && p.Drop:
		ground = theme.Mix(theme.C(theme.AccentDim), theme.C(theme.Accent), 0.3)
	case chosen:
		ground, ink, iconInk = theme.Alpha(theme.C(theme.AccentDim), 1), theme.C(theme.Text), theme.Accent
	case d.state.Hovered && !p.Section:
		ground, ink = theme.Alpha(theme.C(theme.RowHover), 1), theme.C(theme.Text)
	}
	d.ground.FillColor, d.ground.CornerRadius = ground, 5
	d.ground.StrokeWidth = 0
	if d.state.Cursor && d.state.Focused && !p.Section {
		d.ground.StrokeWidth, d.ground.StrokeColor = 1, theme.C(theme.Accent)
	}
	d.title.Color, d.title.TextSize, d.title.TextStyle = ink, theme.TextBody, fyne.TextStyle{}
	if p.Section {
		d.title.Color, d.title.TextSize, d.title.TextStyle = theme.C(theme.TextFaint), theme.TextTiny, fyne.TextStyle{Bold: true}
		d.icon.Resource = theme.Icon("plus", theme.TextDim)
	} else {
		if p.Colour != "" && !chosen {
			iconInk = p.Colour
		}
		d.icon.Resource = theme.Icon(p.Icon, iconInk)
	}
	d.count.Color, d.count.TextSize = theme.C(theme.TextFaint), theme.TextTiny
	d.Layout(d.row.Size())
	for _, o := range d.Objects() {
		o.Refresh()
	}
}
