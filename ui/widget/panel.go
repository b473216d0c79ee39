package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// Ground is a rectangle in a theme colour that follows the theme.
type Ground struct {
	widget.BaseWidget
	Colour fyne.ThemeColorName
	Corner float32
	Min    fyne.Size
	Rim    fyne.ThemeColorName
}

// NewGround is a filled rectangle.
func NewGround(colour fyne.ThemeColorName, corner float32) *Ground {
	g := &Ground{Colour: colour, Corner: corner}
	g.ExtendBaseWidget(g)
	return g
}

// MinSize implements fyne.CanvasObject.
func (g *Ground) MinSize() fyne.Size { return g.Min }

// CreateRenderer implements fyne.Widget.
func (g *Ground) CreateRenderer() fyne.WidgetRenderer {
	r := &groundRenderer{g: g, rect: canvas.NewRectangle(nil)}
	r.Refresh()
	return r
}

type groundRenderer struct {
	g    *Ground
	rect *canvas.Rectangle
}

func (r *groundRenderer) Destroy()                     {}
func (r *groundRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.rect} }
func (r *groundRenderer) MinSize() fyne.Size           { return r.g.Min }
func (r *groundRenderer) Layout(s fyne.Size)           { r.rect.Resize(s) }
func (r *groundRenderer) Refresh() {
	r.rect.FillColor, r.rect.CornerRadius = theme.C(r.g.Colour), r.g.Corner
	if r.g.Rim != "" {
		r.rect.StrokeColor, r.rect.StrokeWidth = theme.C(r.g.Rim), 1
	}
	r.rect.Refresh()
}

// Panel is a pane of the window: rounded ground with content inset by the edge.
func Panel(content fyne.CanvasObject) *fyne.Container {
	return container.NewStack(NewGround(theme.Panel, 8), Inset(content, theme.Edge, theme.Pad))
}

// Inset keeps x free at both sides and y above and below.
func Inset(content fyne.CanvasObject, x, y float32) *fyne.Container {
	return container.New(&insetLayout{x, y, x, y}, content)
}

// InsetEach keeps free what each side is given.
func InsetEach(content fyne.CanvasObject, left, top, right, bottom float32) *fyne.Container {
	return container.New(&insetLayout{left, top, right, bottom}, content)
}

type insetLayout struct{ left, top, right, bottom float32 }

func (l *insetLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(l.left, l.top))
		o.Resize(s.SubtractWidthHeight(l.left+l.right, l.top+l.bottom))
	}
}

func (l *insetLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	shown := false
	for _, o := range objects {
		if o.Visible() {
			shown = true
			m = m.Max(o.MinSize())
		}
	}
	if !shown {
		return m
	}
	return m.AddWidthHeight(l.left+l.right, l.top+l.bottom)
}

// Beside puts objects side by side with a gap, each at its least width and in the middle of the
// height; the one at index grow (or none below 0) takes what is left.
func Beside(gap float32, grow int, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&lineLayout{gap, grow, false}, objects...)
}

// lineLayout puts objects one after another, to the right or downwards.
type lineLayout struct {
	gap  float32
	grow int
	down bool
}

// split is a size along the line and across it.
func (l *lineLayout) split(s fyne.Size) (along, across float32) {
	if l.down {
		return s.Height, s.Width
	}
	return s.Width, s.Height
}

func (l *lineLayout) join(along, across float32) fyne.Size {
	if l.down {
		return fyne.NewSize(across, along)
	}
	return fyne.NewSize(along, across)
}

func (l *lineLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	whole, across := l.split(s)
	free := whole + l.gap
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		free -= l.gap
		if i != l.grow {
			along, _ := l.split(o.MinSize())
			free -= along
		}
	}
	var at float32
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		along, wide := l.split(o.MinSize())
		if i == l.grow {
			along = max(0, free)
		}
		if wide > across || l.down {
			wide = across
		}
		o.Resize(l.join(along, wide))
		o.Move(fyne.NewPos(0, 0).Add(l.join(at, (across-wide)/2)))
		at += along + l.gap
	}
}

func (l *lineLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var along, across float32
	shown := 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		shown++
		a, c := l.split(o.MinSize())
		along += a
		across = max(across, c)
	}
	return l.join(along+l.gap*float32(max(0, shown-1)), across)
}

// Pair puts two objects side by side over the whole height, the first of a width.
func Pair(gap, width float32, left, right fyne.CanvasObject) *fyne.Container {
	return container.New(&pairLayout{gap, width, 0, width}, left, right)
}

// PairShare puts two objects side by side over the whole height; the first takes a share of the
// width, but no less and no more than two widths.
func PairShare(gap, share, least, most float32, left, right fyne.CanvasObject) *fyne.Container {
	return container.New(&pairLayout{gap, least, share, most}, left, right)
}

type pairLayout struct{ gap, least, share, most float32 }

func (l *pairLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	w := max(l.least, min(s.Width*l.share, l.most))
	objects[0].Resize(fyne.NewSize(w, s.Height))
	objects[0].Move(fyne.NewPos(0, 0))
	objects[1].Move(fyne.NewPos(w+l.gap, 0))
	objects[1].Resize(fyne.NewSize(s.Width-w-l.gap, s.Height))
}

func (l *pairLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	a, b := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(l.least+l.gap+b.Width, max(a.Height, b.Height))
}

// Shares puts two objects below one another with a gap, the upper one with a share of the height;
// with all of it while the lower one is hidden.
func Shares(gap, share float32, upper, lower fyne.CanvasObject) *fyne.Container {
	return container.New(&sharesLayout{gap, share}, upper, lower)
}

type sharesLayout struct{ gap, share float32 }

func (l *sharesLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	h := (s.Height - l.gap) * l.share
	if !objects[1].Visible() {
		h = s.Height
	}
	objects[0].Resize(fyne.NewSize(s.Width, h))
	objects[0].Move(fyne.NewPos(0, 0))
	objects[1].Resize(fyne.NewSize(s.Width, max(0, s.Height-l.gap-h)))
	objects[1].Move(fyne.NewPos(0, h+l.gap))
}

func (l *sharesLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	a, b := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(max(a.Width, b.Width), a.Height+l.gap+b.Height)
}

// Below puts objects below one another with a gap; the one at index grow takes what is left.
func Below(gap float32, grow int, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&lineLayout{gap, grow, true}, objects...)
}

// Flow lays objects in lines and breaks to the next line when one is full.
func Flow(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&flowLayout{gap: gap}, objects...)
}

type flowLayout struct {
	gap   float32
	width float32 // of the last layout; MinSize answers for it
}

func (l *flowLayout) walk(objects []fyne.CanvasObject, width float32, put func(o fyne.CanvasObject, x, y float32, s fyne.Size)) float32 {
	var x, y, line float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		s := o.MinSize()
		s.Width = min(s.Width, width)
		if x > 0 && x+s.Width > width {
			x, y, line = 0, y+line+l.gap, 0
		}
		if put != nil {
			put(o, x, y, s)
		}
		x += s.Width + l.gap
		line = max(line, s.Height)
	}
	return y + line
}

func (l *flowLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	l.walk(objects, s.Width, func(o fyne.CanvasObject, x, y float32, size fyne.Size) {
		o.Resize(size)
		o.Move(fyne.NewPos(x, y))
	})
}

func (l *flowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if l.width <= 0 {
		var m fyne.Size
		for _, o := range objects {
			m.Height = max(m.Height, o.MinSize().Height)
		}
		return m
	}
	return fyne.NewSize(0, l.walk(objects, l.width, nil))
}

// Bar shows a share of something done.
type Bar struct {
	widget.BaseWidget
	Colour fyne.ThemeColorName
	Height float32
	value  float64
}

// NewBar is an empty bar.
func NewBar(colour fyne.ThemeColorName, height float32) *Bar {
	b := &Bar{Colour: colour, Height: height}
	b.ExtendBaseWidget(b)
	return b
}

// SetValue shows a share, 0 to 1.
func (b *Bar) SetValue(v float64) {
	if v != b.value {
		b.value = v
		b.Refresh()
	}
}

// MinSize implements fyne.CanvasObject.
func (b *Bar) MinSize() fyne.Size { return fyne.NewSize(40, b.Height) }

// CreateRenderer implements fyne.Widget.
func (b *Bar) CreateRenderer() fyne.WidgetRenderer {
	r := &barRenderer{b: b, track: canvas.NewRectangle(nil), fill: canvas.NewRectangle(nil)}
	r.Refresh()
	return r
}

type barRenderer struct {
	b           *Bar
	track, fill *canvas.Rectangle
}

func (r *barRenderer) Destroy()                     {}
func (r *barRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.track, r.fill} }
func (r *barRenderer) MinSize() fyne.Size           { return r.b.MinSize() }
func (r *barRenderer) Layout(s fyne.Size) {
	r.track.Resize(s)
	r.fill.Resize(fyne.NewSize(s.Width*float32(max(0, min(r.b.value, 1))), s.Height))
}
func (r *barRenderer) Refresh() {
	r.track.FillColor, r.track.CornerRadius = theme.C(theme.Line), r.b.Height/2
	r.fill.FillColor, r.fill.CornerRadius = theme.C(r.b.Colour), r.b.Height/2
	r.Layout(r.b.Size())
	r.track.Refresh()
	r.fill.Refresh()
}

// Stack lays objects over one another.
func Stack(objects ...fyne.CanvasObject) *fyne.Container { return container.NewStack(objects...) }

// AtMost gives an object the width that it wants, and less where there is no room, but not below
// least.
func AtMost(least float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&atMostLayout{least}, o)
}

type atMostLayout struct{ least float32 }

func (l *atMostLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		o.Resize(fyne.NewSize(min(s.Width, o.MinSize().Width), s.Height))
		o.Move(fyne.NewPos(0, 0))
	}
}

func (l *atMostLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range objects {
		s := o.MinSize()
		m = m.Max(fyne.NewSize(min(l.least, s.Width), s.Height))
	}
	return m
}

// FixedWidth gives an object a width and its own height.
func FixedWidth(width float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&fixedWidthLayout{width}, o)
}

type fixedWidthLayout struct{ width float32 }

func (l *fixedWidthLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		o.Resize(s)
		o.Move(fyne.NewPos(0, 0))
	}
}

func (l *fixedWidthLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := fyne.NewSize(l.width, 0)
	for _, o := range objects {
		if o.Size().Width != l.width {
			o.Resize(fyne.NewSize(l.width, o.Size().Height))
		}
		m.Height = max(m.Height, o.MinSize().Height)
	}
	return m
}

// TapArea makes an object tappable.
type TapArea struct {
	widget.BaseWidget
	content  fyne.CanvasObject
	OnTapped func()
}

// NewTapArea calls tapped when the content is tapped.
func NewTapArea(content fyne.CanvasObject, tapped func()) *TapArea {
	t := &TapArea{content: content, OnTapped: tapped}
	t.ExtendBaseWidget(t)
	return t
}

// Tapped implements fyne.Tappable.
func (t *TapArea) Tapped(*fyne.PointEvent) {
	if t.OnTapped != nil {
		t.OnTapped()
	}
}

// CreateRenderer implements fyne.Widget.
func (t *TapArea) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.content) }
