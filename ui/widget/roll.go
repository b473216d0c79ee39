package widget

import (
	"fmt"
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// RollRow is a line of a Roll: what is struck.
type RollRow struct {
	Label  string // "A1"
	Name   string
	Colour fyne.ThemeColorName
}

// RollNote is a strike on a row. Times are in quarters.
type RollNote struct {
	Row       int
	At        float64
	Length    float64
	Strength  float64 // 0 to 1
	Semitones int     // played away from its own pitch
}

// Rolled is what a Roll shows.
type Rolled struct {
	Rows             []RollRow
	Notes            []RollNote
	Length           float64 // quarters
	Bar              int     // quarters in a bar
	LoopFrom, LoopTo float64 // quarters
}

// Roll draws a pattern as a piano roll whose keys are pads: time runs to the right, a note is as
// high and bright as it is struck. The wheel zooms, a sideways wheel moves along; a row strikes it
// while the mouse is down.
type Roll struct {
	widget.BaseWidget

	Empty  string        // what to say when there is nothing to show
	OnDown func(row int) // a row is struck, and let go
	OnUp   func(row int)
	struck int
	shown  Rolled
	from   float64
	to     float64
	cursor float64 // quarters; below 0: hidden
	drawn  *rollRenderer
}

// NewRoll is an empty one.
func NewRoll() *Roll {
	r := &Roll{cursor: -1, struck: -1}
	r.ExtendBaseWidget(r)
	return r
}

// ShowRoll shows a pattern, whole.
func (r *Roll) ShowRoll(v Rolled) {
	if v.Length != r.shown.Length {
		r.from, r.to = 0, v.Length
	}
	r.shown = v
	r.Refresh()
}

// SetCursor moves the play cursor to a quarter; below 0 hides it.
func (r *Roll) SetCursor(at float64) {
	if r.cursor != at {
		r.cursor = at
		if r.drawn != nil {
			r.drawn.moveCursor()
		}
	}
}

// rollNames is the width of the column of names, rollRuler the height of the bar numbers, rowMost
// the most that a row is high.
const (
	rollNames = 168
	rollRuler = 20
	rowMost   = 46
)

// View is the part that is shown, in quarters.
func (r *Roll) View() (from, to float64) { return r.from, r.to }

// Scrolled implements fyne.Scrollable.
func (r *Roll) Scrolled(e *fyne.ScrollEvent) {
	span := r.to - r.from
	if span <= 0 {
		return
	}
	width := float64(max(1, r.Size().Width-rollNames))
	if dx := e.Scrolled.DX; dx != 0 {
		r.show(r.from-float64(dx)/width*span, span)
		return
	}
	around := r.from + float64(e.Position.X-rollNames)/width*span
	next := math.Max(1, math.Min(r.shown.Length, span*math.Pow(0.99, float64(e.Scrolled.DY))))
	r.show(around-(around-r.from)/span*next, next)
}

func (r *Roll) show(from, span float64) {
	r.from = math.Max(0, math.Min(from, r.shown.Length-span))
	r.to = r.from + span
	r.Refresh()
}

// MouseDown implements desktop.Mouseable.
func (r *Roll) MouseDown(e *desktop.MouseEvent) {
	if row := int((e.Position.Y - rollRuler) / r.rowHeight()); e.Position.Y >= rollRuler && row < len(r.shown.Rows) && r.OnDown != nil {
		r.struck = row
		r.OnDown(row)
	}
}

// MouseUp implements desktop.Mouseable.
func (r *Roll) MouseUp(*desktop.MouseEvent) {
	if r.struck >= 0 && r.OnUp != nil {
		r.OnUp(r.struck)
	}
	r.struck = -1
}

func (r *Roll) rowHeight() float32 {
	return min(rowMost, (r.Size().Height-rollRuler)/float32(max(1, len(r.shown.Rows))))
}

func (r *Roll) xAt(quarter float64) float32 {
	if r.to <= r.from {
		return rollNames
	}
	return rollNames + float32((quarter-r.from)/(r.to-r.from))*(r.Size().Width-rollNames)
}

// MinSize implements fyne.CanvasObject.
func (r *Roll) MinSize() fyne.Size { return fyne.NewSize(rollNames+200, 160) }

// CreateRenderer implements fyne.Widget.
func (r *Roll) CreateRenderer() fyne.WidgetRenderer {
	d := &rollRenderer{r: r, ground: canvas.NewRectangle(nil), line: canvas.NewRectangle(nil), empty: canvas.NewText("", nil)}
	d.picture = canvas.NewRaster(d.paint)
	d.picture.ScaleMode = canvas.ImageScaleFastest
	d.empty.Alignment = fyne.TextAlignCenter
	for range 17 {
		d.bars = append(d.bars, canvas.NewText("", nil))
	}
	r.drawn = d
	d.Refresh()
	return d
}

type rollRenderer struct {
	r             *Roll
	ground, line  *canvas.Rectangle
	picture       *canvas.Raster
	empty         *canvas.Text
	bars          []*canvas.Text
	labels, names []*canvas.Text
	pitches       []*canvas.Text
	objects       []fyne.CanvasObject
}

func (d *rollRenderer) Destroy()                     {}
func (d *rollRenderer) MinSize() fyne.Size           { return d.r.MinSize() }
func (d *rollRenderer) Objects() []fyne.CanvasObject { return d.objects }

// mostPitches is how many notes say how far they are from their own pitch.
const mostPitches = 96

func (d *rollRenderer) Refresh() {
	r := d.r
	d.ground.FillColor, d.ground.CornerRadius = theme.C(theme.WaveGround), theme.Radius
	d.line.FillColor = theme.C(theme.Accent)
	d.empty.Text, d.empty.TextSize, d.empty.Color = "", theme.TextBody, theme.C(theme.TextFaint)
	if len(r.shown.Rows) == 0 {
		d.empty.Text = r.Empty
	}
	for len(d.labels) < len(r.shown.Rows) {
		l := canvas.NewText("", nil)
		l.TextStyle.Bold = true
		d.labels, d.names = append(d.labels, l), append(d.names, canvas.NewText("", nil))
	}
	chromatic := 0
	for _, n := range r.shown.Notes {
		if n.Semitones != 0 {
			chromatic++
		}
	}
	for len(d.pitches) < min(chromatic, mostPitches) {
		d.pitches = append(d.pitches, canvas.NewText("", nil))
	}
	d.objects = []fyne.CanvasObject{d.ground, d.picture}
	for _, t := range d.bars {
		d.objects = append(d.objects, t)
	}
	for i := range d.labels {
		d.objects = append(d.objects, d.labels[i], d.names[i])
	}
	for _, t := range d.pitches {
		d.objects = append(d.objects, t)
	}
	d.objects = append(d.objects, d.line, d.empty)
	d.Layout(r.Size())
	for _, o := range d.objects {
		o.Refresh()
	}
}

func (d *rollRenderer) Layout(size fyne.Size) {
	r := d.r
	d.ground.Resize(size)
	d.picture.Resize(size)
	d.empty.Resize(size)
	h := r.rowHeight()
	for i, l := range d.labels {
		l.Hidden, d.names[i].Hidden = i >= len(r.shown.Rows), i >= len(r.shown.Rows)
		if l.Hidden {
			continue
		}
		row := r.shown.Rows[i]
		text := min(theme.TextSmall, h*0.8)
		l.Text, l.TextSize, l.Color = row.Label, text, theme.C(row.Colour)
		d.names[i].Text, d.names[i].TextSize, d.names[i].Color = Fit(row.Name, text, fyne.TextStyle{}, rollNames-52), text, theme.C(theme.TextDim)
		y := rollRuler + h*float32(i)
		l.Move(fyne.NewPos(10, y))
		l.Resize(fyne.NewSize(36, h))
		d.names[i].Move(fyne.NewPos(46, y))
		d.names[i].Resize(fyne.NewSize(rollNames-50, h))
	}
	d.number(size)
	d.pitch(h)
	d.moveCursor()
}

// number writes the bars along the top.
func (d *rollRenderer) number(size fyne.Size) {
	r := d.r
	bar := float64(max(1, r.shown.Bar))
	every := bar
	for (r.to-r.from)/every > float64(len(d.bars)-1) {
		every *= 2
	}
	at := math.Ceil(r.from/every) * every
	for _, t := range d.bars {
		t.Hidden = r.to <= r.from || at >= r.to || r.xAt(at) > size.Width-16
		if !t.Hidden {
			t.Text, t.TextSize, t.Color = fmt.Sprint(int(at/bar)+1), theme.TextTiny, theme.C(theme.TextFaint)
			t.Move(fyne.NewPos(r.xAt(at)+4, 2))
		}
		at += every
	}
}

// pitch writes beside notes how far they are from the pad's own pitch.
func (d *rollRenderer) pitch(h float32) {
	r := d.r
	i := 0
	for _, n := range r.shown.Notes {
		x := r.xAt(n.At)
		if n.Semitones == 0 || i >= len(d.pitches) || x < rollNames || h < 14 {
			continue
		}
		t := d.pitches[i]
		t.Hidden = false
		t.Text, t.TextSize, t.Color = fmt.Sprintf("%+d", n.Semitones), theme.TextTiny-2, theme.C(theme.Text)
		t.Move(fyne.NewPos(x+2, rollRuler+h*float32(n.Row)))
		i++
	}
	for ; i < len(d.pitches); i++ {
		d.pitches[i].Hidden = true
	}
}

func (d *rollRenderer) moveCursor() {
	r := d.r
	x := r.xAt(r.cursor)
	d.line.Hidden = r.cursor < 0 || len(r.shown.Rows) == 0 || x < rollNames || x > r.Size().Width
	d.line.Move(fyne.NewPos(x-1, rollRuler))
	d.line.Resize(fyne.NewSize(2, r.rowHeight()*float32(len(r.shown.Rows))))
	d.line.Refresh()
}

// paint draws rows, grid, loop and notes.
func (d *rollRenderer) paint(width, height int) image.Image {
	r := d.r
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	size := r.Size()
	if len(r.shown.Rows) == 0 || r.to <= r.from || size.Width <= 0 {
		return img
	}
	scale := float64(width) / float64(size.Width)
	px := func(v float32) int { return int(math.Round(float64(v) * scale)) }
	x := func(quarter float64) int { return px(r.xAt(quarter)) }
	left := px(rollNames)
	h := r.rowHeight()
	top, foot := px(rollRuler), px(rollRuler+h*float32(len(r.shown.Rows)))
	ground := theme.C(theme.WaveGround)
	fill := func(x0, y0, x1, y1 int, c image.Image) {
		for y := max(0, y0); y < min(height, y1); y++ {
			for at := max(0, x0); at < min(width, x1); at++ {
				img.Set(at, y, c.At(at, y))
			}
		}
	}
	for i := range r.shown.Rows {
		if i%2 == 1 {
			fill(0, px(rollRuler+h*float32(i)), width, px(rollRuler+h*float32(i+1)), image.NewUniform(theme.Mix(ground, theme.C(theme.Text), 0.03)))
		}
	}
	// Sixteenths where there is room, quarters, bars.
	step := 0.25
	for (r.to-r.from)/step*8 > float64(width-left)/scale && step < 4 {
		step *= 2
	}
	bar := float64(max(1, r.shown.Bar))
	for q := math.Ceil(r.from/step) * step; q <= r.to; q += step {
		c := theme.Alpha(theme.C(theme.BeatLine), 0.05)
		switch {
		case math.Mod(q, bar) == 0:
			c = nr(theme.C(theme.BarLine))
		case math.Mod(q, 1) == 0:
			c = nr(theme.C(theme.BeatLine))
		}
		if at := x(q); at >= left {
			column(img, at, top, foot, c)
		}
	}
	for _, n := range r.shown.Notes {
		if n.Row < 0 || n.Row >= len(r.shown.Rows) || n.At > r.to || n.At+n.Length < r.from {
			continue
		}
		lamp := theme.C(r.shown.Rows[n.Row].Colour)
		y1 := rollRuler + h*float32(n.Row+1) - 2
		tall := max(3, (h-4)*float32(0.25+0.75*n.Strength))
		x0, x1 := max(left, x(n.At)+1), max(x(n.At)+px(4), x(n.At+n.Length)-1)
		body := image.NewUniform(theme.Mix(ground, lamp, 0.25+0.6*n.Strength))
		fill(x0, px(y1-tall), x1, px(y1), body)
		fill(x0, px(y1-tall), min(x1, x0+px(3)), px(y1), image.NewUniform(lamp)) // the strike itself
	}
	shade := theme.Alpha(ground, 0.65)
	for _, away := range [][2]float64{{r.from, r.shown.LoopFrom}, {r.shown.LoopTo, r.to}} {
		for at := max(left, x(away[0])); at < min(width, x(away[1])); at++ {
			for y := top; y < foot; y++ {
				img.SetNRGBA(at, y, theme.Mix(img.NRGBAAt(at, y), ground, float64(shade.A)/255))
			}
		}
	}
	return img
}
