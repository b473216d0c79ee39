package browser

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// errorStrip stands in the place of the chips while the query cannot be read: the query's words
// with the wrong one marked, and what would be right. It has the chips' height, so that nothing
// jumps.
type errorStrip struct {
	widget.BaseWidget
	before, wrong, after, why string
}

func newErrorStrip() *errorStrip {
	s := &errorStrip{}
	s.ExtendBaseWidget(s)
	return s
}

func (s *errorStrip) show(e *QueryError, text string) {
	if e == nil {
		s.Hide()
		return
	}
	lo := min(max(e.Start, 0), len(text))
	hi := min(max(e.End, lo), len(text))
	s.before, s.wrong, s.after, s.why = text[:lo], text[lo:hi], text[hi:], e.Text
	if s.wrong == "" {
		s.wrong = "?"
	}
	s.Refresh()
	s.Show()
}

func (s *errorStrip) CreateRenderer() fyne.WidgetRenderer {
	r := &errorStripRenderer{s: s, body: canvas.NewRectangle(nil), under: canvas.NewRectangle(nil), why: canvas.NewText("", nil)}
	for range 3 {
		r.words = append(r.words, canvas.NewText("", nil))
	}
	r.Refresh()
	return r
}

type errorStripRenderer struct {
	s           *errorStrip
	body, under *canvas.Rectangle
	words       []*canvas.Text
	why         *canvas.Text
}

func (r *errorStripRenderer) Destroy()           {}
func (r *errorStripRenderer) MinSize() fyne.Size { return fyne.NewSize(80, 24) }
func (r *errorStripRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.body, r.under, r.words[0], r.words[1], r.words[2], r.why}
}

func (r *errorStripRenderer) Layout(size fyne.Size) {
	s := r.s
	r.body.Resize(size)
	x, room := float32(10), size.Width*0.5
	parts := []string{s.before, s.wrong, s.after}
	for i, w := range r.words {
		w.Text = own.Fit(parts[i], theme.TextSmall, w.TextStyle, room-x+10)
		width := fyne.MeasureText(w.Text, theme.TextSmall, w.TextStyle).Width
		w.Move(fyne.NewPos(x, 0))
		w.Resize(fyne.NewSize(width, size.Height))
		if i == 1 {
			r.under.Move(fyne.NewPos(x, size.Height-5))
			r.under.Resize(fyne.NewSize(max(6, width), 2))
		}
		x += width
	}
	x += 16
	r.why.Text = own.Fit(s.why, theme.TextSmall, fyne.TextStyle{}, size.Width-x-8)
	r.why.Move(fyne.NewPos(x, 0))
	r.why.Resize(fyne.NewSize(size.Width-x-8, size.Height))
}

func (r *errorStripRenderer) Refresh() {
	bad := theme.C(theme.Bad)
	r.body.FillColor, r.body.CornerRadius = theme.Mix(theme.C(theme.Panel), bad, 0.12), theme.Radius
	r.body.StrokeColor, r.body.StrokeWidth = theme.Mix(theme.C(theme.Panel), bad, 0.4), 1
	r.under.FillColor = bad
	for i, w := range r.words {
		w.TextSize, w.Color = theme.TextSmall, theme.C(theme.TextDim)
		if i == 1 {
			w.Color, w.TextStyle.Bold = bad, true
		}
	}
	r.why.TextSize, r.why.Color = theme.TextSmall, theme.C(theme.Text)
	r.Layout(r.s.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

// emptyState says what to do when there is nothing to list.
type emptyState struct {
	*fyne.Container
	icon       *widget.Icon
	title, why *own.Label
	more       *own.Label
	folder     *own.IconButton
	demo       *own.IconButton
	clear      *own.IconButton
	view       *View
}

func newEmptyState(v *View) *emptyState {
	e := &emptyState{view: v, icon: widget.NewIcon(theme.Icon("all", theme.TextFaint)), title: own.NewTitle(""), why: own.NewLabel(""), more: own.NewLabel("")}
	for _, l := range []*own.Label{e.why, e.more} {
		l.Colour, l.Align, l.MinWidth = theme.TextDim, fyne.TextAlignCenter, -1
	}
	e.title.Align = fyne.TextAlignCenter
	e.folder = own.NewTextButton("folder", "Add a folder…", "", func() { call(v.Actions.AddFolder) })
	e.folder.Strong = true
	e.demo = own.NewTextButton("play", "Try the demo sounds", "", func() { call(v.Actions.TryDemo) })
	e.clear = own.NewTextButton("close", "Clear the search", "", func() { v.SetScope(Scope{}); v.SetQuery("") })
	buttons := container.NewCenter(own.Beside(8, -1, e.folder, e.demo, e.clear))
	icon := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(56), e.icon))
	e.Container = container.NewCenter(own.Below(10, -1, icon, e.title, e.why, e.more, own.NewGround(theme.Panel, 0), buttons))
	return e
}

// show fills it: in an empty library, in a place that holds nothing yet, or where no sample fits what
// was typed.
func (e *emptyState) show(first bool, in Scope, typed string) {
	e.folder.Hidden, e.demo.Hidden, e.clear.Hidden = !first, !first, first
	if first {
		e.icon.SetResource(theme.Icon("all", theme.Accent))
		e.title.SetText("Your samples, in one place")
		e.why.SetText("Add a folder, or drop files and folders anywhere in this window.")
		e.more.SetText("Files stay where they are. Tempo, key and class are found while you listen.")
		return
	}
	e.icon.SetResource(theme.Icon("search", theme.TextFaint))
	switch {
	case typed == "" && in.Collection != "":
		e.title.SetText(in.Title + " is empty")
		e.why.SetText("Drag samples onto its name in the sidebar,")
		e.more.SetText("or choose “Add to collection” in their menu.")
		e.clear.SetText("Show all samples")
	case typed == "":
		e.title.SetText("Nothing here")
		e.why.SetText("No sample belongs to " + in.Title + " now.")
		e.more.SetText("")
		e.clear.SetText("Show all samples")
	default:
		e.title.SetText("Nothing found")
		e.why.SetText("No sample fits  " + typed)
		if in.Title != "" {
			e.why.SetText("No sample of " + in.Title + " fits  " + typed)
		}
		e.more.SetText("Fewer words find more. A tilde after a key also finds keys that fit: key:Am~")
		e.clear.SetText("Clear the search")
	}
}
