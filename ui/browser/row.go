package browser

import (
	"fmt"
	"image/color"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sampleagent/app/words"
	"sampleagent/audio/analysis"
	"sampleagent/audio/key"
	"sampleagent/library/catalog"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// RowHeight is the height of a line of the list.
const RowHeight = 32

// Line is a sample as the list shows it: texts, ready to be drawn.
type Line struct {
	Name, Tempo, Key, Kind, Length string
	Class                          string // for the colour
	Tags                           []string
	Overview                       []byte
	Favourite                      bool
	Rating                         int
	Problem                        string // why it cannot be played; "" is fine
	Away                           string // where its file is when it is not here; "" for here
	Pending                        bool   // found, not analysed yet
	SureTempo, SureKey             bool   // confident, or said by the file or a person
}

// LineOf turns a sample into what its line shows.
func LineOf(s *catalog.Sample) Line {
	l := Line{
		Name: Plain(s.Name), Tempo: Tempo(s.BPM), Key: ShortKey(s.Key), Length: words.Length(s.Duration), Class: s.Class, Tags: s.Tags,
		Overview: s.Overview, Favourite: s.Favourite, Rating: s.Rating, Pending: s.State == catalog.Listed,
		SureTempo: sure(s.BPMSource, s.BPMConf), SureKey: sure(s.KeySource, s.KeyConf),
	}
	switch {
	case s.Class != "":
		l.Kind = Title(s.Class)
	case s.Kind != "":
		l.Kind = Title(string(s.Kind))
	}
	if s.Kind == analysis.LoopKind && s.Class != "" && !strings.Contains(s.Class, "loop") {
		l.Kind += " loop"
	}
	switch s.State {
	case catalog.Failed:
		l.Problem = Reason(s.Error)
		if l.Problem == "" {
			l.Problem = "could not be read"
		}
	case catalog.Missing:
		switch {
		case s.InCloud:
			l.Away = "in the cloud"
		case s.Remote():
			l.Away = "on another machine"
		default:
			l.Problem = "the file is gone"
		}
	}
	return l
}

// Plain is a sample's name without the ending of its file.
func Plain(name string) string {
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".mp3", ".ogg", ".oga":
		if len(name) > len(ext) {
			return name[:len(name)-len(ext)]
		}
	}
	return name
}

// Reason is why a file could not be read without the file's path, which stands beside it.
func Reason(text string) string {
	if i := strings.LastIndex(text, string(filepath.Separator)); i >= 0 {
		if j := strings.Index(text[i:], ": "); j >= 0 {
			return text[i+j+2:]
		}
	}
	return text
}

// sure: a value that a person or the file stated, or of which the ear, here or in the cloud, is
// confident.
func sure(from analysis.Source, confidence float64) bool {
	return !from.Heard() && from != "" || confidence >= 0.6
}

// Tempo prints beats per minute, with a decimal only where there is one; "" for none.
func Tempo(bpm float64) string {
	if bpm <= 0 {
		return ""
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", bpm), ".0")
}

// ShortKey prints "A minor" as "Am" and "F# major" as "F#".
func ShortKey(name string) string {
	k, ok := key.Parse(name)
	if !ok {
		return name
	}
	return k.Short()
}

// Title writes a word with a capital.
func Title(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// columns are the places of a line's parts at a width. Header and lines share them, so that they
// are aligned.
type columns struct {
	wave, name, tags, tempo, key, kind, length, fav span
}

type span struct{ x, w float32 }

const (
	rowEdge   = 10
	columnGap = 10
	favWidth  = 26
	barSpace  = 8  // what the scroll bar covers
	dotWidth  = 15 // the class's dot before its name
	// Below these widths a line says the class by its dot alone, and leaves out the length.
	shortKind = 520
	noLength  = 420
)

func columnsFor(width float32) columns {
	var c columns
	right := width - barSpace
	take := func(w float32) span {
		right -= w
		s := span{right, w}
		right -= columnGap
		return s
	}
	c.fav = take(favWidth)
	right += columnGap
	if width >= noLength {
		c.length = take(54)
	}
	kind, wave := float32(100), float32(76)
	if width < shortKind {
		kind, wave = dotWidth, 44
	}
	c.kind = take(kind)
	c.key = take(40)
	c.tempo = take(42)
	if width > 820 {
		c.tags = take(min(260, (width-820)*0.35+110))
	}
	if width > 1100 {
		wave = 120
	}
	c.wave = span{rowEdge, wave}
	c.name = span{c.wave.x + c.wave.w + columnGap, 0}
	c.name.w = max(40, right-c.name.x)
	return c
}

// rowView draws a line. It is recycled, so Bind sets everything.
type rowView struct {
	widget.BaseWidget
	view *View
	i    int
}

func newRowView(v *View) own.Row {
	r := &rowView{view: v, i: -1}
	r.ExtendBaseWidget(r)
	return r
}

// Bind implements widget.Row.
func (r *rowView) Bind(i int, s own.RowState) {
	r.i = i
	if d, ok := r.renderer(); ok {
		d.bind(i, s)
	}
}

func (r *rowView) renderer() (*rowRenderer, bool) {
	d, ok := r.view.drawn[r]
	return d, ok
}

func (r *rowView) CreateRenderer() fyne.WidgetRenderer {
	d := &rowRenderer{
		view: r.view, ground: canvas.NewRectangle(nil), mark: canvas.NewRectangle(nil), wave: own.NewMiniWave(),
		name: canvas.NewText("", nil), tags: canvas.NewText("", nil), tempo: canvas.NewText("", nil), key: canvas.NewText("", nil),
		kind: canvas.NewText("", nil), dot: canvas.NewCircle(nil), length: canvas.NewText("", nil), fav: canvas.NewImageFromResource(nil),
		line: canvas.NewRectangle(nil),
	}
	d.tempo.Alignment, d.length.Alignment = fyne.TextAlignTrailing, fyne.TextAlignTrailing
	d.fav.FillMode = canvas.ImageFillContain
	r.view.drawn[r] = d
	return d
}

type rowRenderer struct {
	view                                 *View
	ground, mark, line                   *canvas.Rectangle
	wave                                 *own.MiniWave
	name, tags, tempo, key, kind, length *canvas.Text
	dot                                  *canvas.Circle
	fav                                  *canvas.Image
	size                                 fyne.Size
	shown                                Line
	state                                own.RowState
	known                                bool
	heart                                string
}

func (d *rowRenderer) Destroy()           {}
func (d *rowRenderer) Refresh()           { d.heart = ""; d.draw() }
func (d *rowRenderer) MinSize() fyne.Size { return fyne.NewSize(200, RowHeight) }
func (d *rowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{d.ground, d.line, d.mark, d.wave, d.name, d.tags, d.tempo, d.key, d.dot, d.kind, d.length, d.fav}
}

func (d *rowRenderer) Layout(s fyne.Size) {
	d.size = s
	c := columnsFor(s.Width)
	h := s.Height
	d.ground.Resize(fyne.NewSize(s.Width-4, h-2))
	d.ground.Move(fyne.NewPos(2, 1))
	d.line.Resize(fyne.NewSize(s.Width-2*rowEdge, 1))
	d.line.Move(fyne.NewPos(rowEdge, h-1))
	d.mark.Resize(fyne.NewSize(3, h-12))
	d.mark.Move(fyne.NewPos(2, 6))
	d.wave.Resize(fyne.NewSize(c.wave.w, h-10))
	d.wave.Move(fyne.NewPos(c.wave.x, 5))
	put := func(o fyne.CanvasObject, at span, shift float32) {
		o.Resize(fyne.NewSize(max(0, at.w-shift), h))
		o.Move(fyne.NewPos(at.x+shift, 0))
	}
	put(d.name, c.name, 0)
	put(d.tags, c.tags, 0)
	put(d.tempo, c.tempo, 0)
	put(d.key, c.key, 4)
	put(d.kind, c.kind, dotWidth)
	put(d.length, c.length, 0)
	d.dot.Resize(fyne.NewSquareSize(8))
	d.dot.Move(fyne.NewPos(c.kind.x+1, (h-8)/2))
	d.fav.Resize(fyne.NewSquareSize(15))
	d.fav.Move(fyne.NewPos(c.fav.x+8, (h-15)/2))
	d.draw()
}

func (d *rowRenderer) bind(i int, state own.RowState) {
	s := d.view.model.Sample(i)
	d.known = s != nil
	d.state = state
	if s != nil {
		d.shown = LineOf(s)
	} else {
		d.shown = Line{}
	}
	d.draw()
}

func (d *rowRenderer) draw() {
	if d.size.Width <= 0 {
		return
	}
	d.drawGround()
	d.drawTexts()
	if dot := d.dotColour(); d.dot.FillColor != dot {
		d.dot.FillColor = dot
		d.dot.Refresh()
	}
	d.wave.ShowOverview(d.shown.Overview, theme.Class(d.shown.Class))
	d.drawHeart()
}

// drawGround shows by colour whether the row is selected, hovered or where the keys are.
func (d *rowRenderer) drawGround() {
	ground := theme.Alpha(theme.C(theme.Panel), 0)
	switch {
	case d.state.Selected && d.state.Focused:
		ground = theme.Alpha(theme.C(theme.RowSelected), 1)
	case d.state.Selected:
		ground = theme.Mix(theme.C(theme.RowSelected), theme.C(theme.Panel), 0.45)
	case d.state.Hovered:
		ground = theme.Alpha(theme.C(theme.RowHover), 1)
	}
	mark := theme.Alpha(theme.C(theme.Accent), 0)
	if d.state.Cursor {
		mark = theme.Alpha(theme.C(theme.Accent), 1)
	}
	d.ground.CornerRadius, d.mark.CornerRadius = 5, 1.5
	set(d.ground, ground)
	set(d.mark, mark)
	set(d.line, theme.Alpha(theme.C(theme.Line), 0.45))
}

// drawTexts fills the columns. What is wrong with a sample stands behind its name, over the columns
// that are then empty.
func (d *rowRenderer) drawTexts() {
	l, c := d.shown, columnsFor(d.size.Width)
	ink, dim, faint := theme.C(theme.Text), theme.C(theme.TextDim), theme.C(theme.TextFaint)
	name, nameInk, nameWidth := l.Name, ink, c.name.w
	switch {
	case !d.known:
		name, nameInk = "…", faint
	case l.Problem != "":
		nameInk = theme.C(theme.Bad)
	case l.Away != "":
		nameInk = dim
		if long := name + "   " + l.Away; own.Fit(long, theme.TextBody, d.name.TextStyle, c.name.w) == long {
			name = long
		}
	}
	length := l.Length
	if l.Problem != "" {
		name += "   " + l.Problem
		if l.Tempo+l.Key+l.Kind == "" {
			nameWidth, length = c.fav.x-c.name.x-columnGap, ""
		}
	}
	tempoInk, keyInk := ink, ink
	if !l.SureTempo {
		tempoInk = faint
	}
	if !l.SureKey {
		keyInk = faint
	}
	kind := l.Kind
	if l.Pending {
		kind = "not analysed"
	}
	write(d.name, name, nameInk, theme.TextBody, nameWidth)
	write(d.tags, strings.Join(l.Tags, "  "), dim, theme.TextSmall, c.tags.w)
	write(d.tempo, l.Tempo, tempoInk, theme.TextBody, c.tempo.w)
	write(d.key, l.Key, keyInk, theme.TextBody, c.key.w-2)
	write(d.kind, kind, dim, theme.TextSmall, c.kind.w-dotWidth)
	write(d.length, length, dim, theme.TextSmall, c.length.w)
}

func (d *rowRenderer) dotColour() color.NRGBA {
	if d.shown.Kind == "" {
		return theme.Alpha(theme.C(theme.Class(d.shown.Class)), 0)
	}
	return theme.Alpha(theme.C(theme.Class(d.shown.Class)), 1)
}

// drawHeart shows a favourite's heart, and under the pointer the one that makes it a favourite.
func (d *rowRenderer) drawHeart() {
	heart, colour := "", theme.Accent
	switch {
	case d.shown.Favourite:
		heart = "hearted"
	case d.state.Hovered && d.known:
		heart, colour = "heart", theme.TextFaint
	}
	if heart == d.heart {
		return
	}
	d.heart = heart
	d.fav.Hidden = heart == ""
	if heart != "" {
		d.fav.Resource = theme.Icon(heart, colour)
	}
	d.fav.Refresh()
}

// write shows a text cut to a width; one that shows it already costs nothing.
func write(t *canvas.Text, value string, ink color.Color, size, width float32) {
	cut := own.Fit(value, size, t.TextStyle, width)
	if t.Text == cut && t.TextSize == size && t.Color == ink {
		return
	}
	t.Text, t.TextSize, t.Color = cut, size, ink
	t.Refresh()
}

func set(r *canvas.Rectangle, c color.Color) {
	if r.FillColor != c {
		r.FillColor = c
		r.Refresh()
	}
}
