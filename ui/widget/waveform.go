package widget

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/audio/waveform"
	"sampleagent/ui/theme"
)

// Wave is what a Waveform shows. Times are in seconds from the start of the sound.
type Wave struct {
	// Columns gives n columns between two times. It reads prepared peaks and never samples,
	// because it is called while drawing. Nil: no sound.
	Columns func(from, to float64, n int) []waveform.Column
	Length  float64
	Beats   []float64 // the grid; nil without a tempo
	Bar     int       // beats in a bar, 0 for 4
	Onsets  []float64
	Colour  fyne.ThemeColorName
}

// Waveform is the large picture of a sound: beat grid, onset marks, selection, a play cursor.
// A click seeks, a drag selects, the wheel zooms around the pointer, a sideways wheel (or shift)
// moves along, a double click shows all. The picture is drawn when what it shows changes; the
// cursor is an object of its own that only moves.
type Waveform struct {
	widget.BaseWidget

	OnSeek   func(seconds float64)
	OnSelect func(from, to float64) // from == to: nothing is selected
	OnCuts   func(at []float64)     // a person changed where the sound is divided
	OnView   func()                 // another part is shown
	Shortest float64                // s that fill the width at the closest; 0: what peaks can show
	Empty    string                 // what to say when there is no sound

	wave     Wave
	from, to float64 // the part that is shown
	selFrom  float64
	selTo    float64
	cursor   float64 // below 0: hidden
	hover    float32 // x of the pointer, below 0: away
	dragFrom float64
	dragging bool
	cuts     cuts
	drawn    *waveformRenderer
}

// shortestView is the least time in seconds that can fill the width: some hundred frames.
const shortestView = 0.005

// NewWaveform is an empty one.
func NewWaveform() *Waveform {
	w := &Waveform{cursor: -1, hover: -1, cuts: cuts{moved: -1}}
	w.ExtendBaseWidget(w)
	return w
}

// SetWave shows another sound, whole, without selection and cursor.
func (w *Waveform) SetWave(v Wave) {
	w.wave, w.from, w.to, w.cursor = v, 0, v.Length, -1
	w.selFrom, w.selTo = 0, 0
	w.cuts = cuts{moved: -1}
	w.Refresh()
	w.viewed()
}

func (w *Waveform) viewed() {
	if w.OnView != nil {
		w.OnView()
	}
}

// UpdateWave changes grid, marks or colour of the same sound and keeps the view.
func (w *Waveform) UpdateWave(v Wave) {
	if v.Length != w.wave.Length {
		w.SetWave(v)
		return
	}
	w.wave = v
	w.Refresh()
}

// SetCursor moves the play cursor; below 0 hides it. It costs a move, not a picture.
func (w *Waveform) SetCursor(seconds float64) {
	if w.cursor == seconds {
		return
	}
	w.cursor = seconds
	if w.drawn != nil {
		w.drawn.moveCursor()
	}
}

// Cursor is where the play cursor is, below 0 when it is hidden.
func (w *Waveform) Cursor() float64 { return w.cursor }

// View is the part of the sound that is shown.
func (w *Waveform) View() (from, to float64) { return w.from, w.to }

// Length is that of the sound, in seconds.
func (w *Waveform) Length() float64 { return w.wave.Length }

// Selected is the selected part; both are equal when there is none.
func (w *Waveform) Selected() (from, to float64) { return w.selFrom, w.selTo }

// SetSelected selects a part.
func (w *Waveform) SetSelected(from, to float64) {
	w.selFrom, w.selTo = w.clampTime(math.Min(from, to)), w.clampTime(math.Max(from, to))
	if w.drawn != nil {
		w.drawn.moveSelection()
	}
}

// Zoom shows factor times as much around a time: 0.5 doubles the size.
func (w *Waveform) Zoom(factor, around float64) {
	if w.wave.Length <= 0 {
		return
	}
	shortest := w.Shortest
	if shortest == 0 {
		shortest = shortestView
	}
	span := math.Max(math.Min(shortest, w.wave.Length), math.Min((w.to-w.from)*factor, w.wave.Length))
	share := 0.5
	if w.to > w.from {
		share = (around - w.from) / (w.to - w.from)
	}
	w.show(around-share*span, span)
}

// ZoomAll shows the whole sound.
func (w *Waveform) ZoomAll() { w.show(0, w.wave.Length) }

// Middle is the time in the middle of the view, or the cursor when it can be seen.
func (w *Waveform) Middle() float64 {
	if w.cursor > w.from && w.cursor < w.to {
		return w.cursor
	}
	return (w.from + w.to) / 2
}

func (w *Waveform) show(from, span float64) {
	from = math.Max(0, math.Min(from, w.wave.Length-span))
	if from == w.from && from+span == w.to {
		return
	}
	w.from, w.to = from, from+span
	w.Refresh()
	w.viewed()
}

// Scroll moves the view by a share of what it shows: 1 is a page to the right.
func (w *Waveform) Scroll(share float64) { w.show(w.from+share*(w.to-w.from), w.to-w.from) }

// Reveal moves the view so that a time can be seen.
func (w *Waveform) Reveal(t float64) {
	if t < w.from || t > w.to {
		w.show(t-(w.to-w.from)/2, w.to-w.from)
	}
}

func (w *Waveform) clampTime(t float64) float64 { return math.Max(0, math.Min(t, w.wave.Length)) }

func (w *Waveform) timeAt(x float32) float64 {
	if w.Size().Width <= 0 {
		return 0
	}
	return w.clampTime(w.from + float64(x/w.Size().Width)*(w.to-w.from))
}

func (w *Waveform) xAt(t float64) float32 {
	if w.to <= w.from {
		return 0
	}
	return float32((t-w.from)/(w.to-w.from)) * w.Size().Width
}

// Tapped implements fyne.Tappable: seek.
func (w *Waveform) Tapped(e *fyne.PointEvent) {
	if w.wave.Length <= 0 {
		return
	}
	if w.cuts.byHand {
		w.toggleCut(e.Position.X)
		return
	}
	if w.selTo > w.selFrom {
		w.SetSelected(0, 0)
		if w.OnSelect != nil {
			w.OnSelect(0, 0)
		}
	}
	if w.OnSeek != nil {
		w.OnSeek(w.timeAt(e.Position.X))
	}
}

// Dragged implements fyne.Draggable: select.
func (w *Waveform) Dragged(e *fyne.DragEvent) {
	if w.wave.Length <= 0 {
		return
	}
	if !w.dragging {
		w.dragging, w.dragFrom = true, w.timeAt(e.Position.X-e.Dragged.DX)
		w.cuts.moved = -1
		if w.cuts.byHand {
			w.cuts.moved = w.cutAt(e.Position.X - e.Dragged.DX)
		}
	}
	if w.cuts.moved >= 0 {
		w.moveCut(e.Position.X)
		return
	}
	w.SetSelected(w.dragFrom, w.timeAt(e.Position.X))
}

// DragEnd implements fyne.Draggable.
func (w *Waveform) DragEnd() {
	if w.dragging && w.cuts.moved < 0 && w.OnSelect != nil {
		w.OnSelect(w.selFrom, w.selTo)
	}
	w.dragging, w.cuts.moved = false, -1
}

// Scrolled implements fyne.Scrollable: zoom, or move along.
func (w *Waveform) Scrolled(e *fyne.ScrollEvent) {
	if dx := e.Scrolled.DX; dx != 0 && math.Abs(float64(dx)) >= math.Abs(float64(e.Scrolled.DY)) {
		w.Scroll(-float64(dx) / float64(max(1, w.Size().Width)))
		return
	}
	w.Zoom(math.Pow(0.99, float64(e.Scrolled.DY)), w.timeAt(e.Position.X))
}

// MouseIn implements desktop.Hoverable.
func (w *Waveform) MouseIn(e *desktop.MouseEvent) { w.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable: a thin line says where a click would seek.
func (w *Waveform) MouseMoved(e *desktop.MouseEvent) {
	w.hover = e.Position.X
	if w.drawn != nil {
		w.drawn.moveCursor()
	}
}

// MouseOut implements desktop.Hoverable.
func (w *Waveform) MouseOut() {
	w.hover = -1
	if w.drawn != nil {
		w.drawn.moveCursor()
	}
}

// MinSize implements fyne.CanvasObject.
func (w *Waveform) MinSize() fyne.Size { return fyne.NewSize(120, 64) }

// CreateRenderer implements fyne.Widget.
func (w *Waveform) CreateRenderer() fyne.WidgetRenderer {
	r := &waveformRenderer{
		w: w, ground: canvas.NewRectangle(theme.C(theme.WaveGround)), played: canvas.NewRectangle(nil),
		sel: canvas.NewRectangle(nil), line: canvas.NewRectangle(nil), pointer: canvas.NewRectangle(nil),
		empty: canvas.NewText("", theme.C(theme.TextFaint)),
	}
	r.ground.CornerRadius = theme.Radius
	r.picture = canvas.NewRaster(r.paint)
	r.picture.ScaleMode = canvas.ImageScaleFastest
	for range 9 {
		r.marks = append(r.marks, canvas.NewText("", theme.C(theme.TextFaint)))
	}
	r.empty.Alignment = fyne.TextAlignCenter
	w.drawn = r
	r.Refresh()
	return r
}

type waveformRenderer struct {
	w       *Waveform
	ground  *canvas.Rectangle
	picture *canvas.Raster
	played  *canvas.Rectangle
	sel     *canvas.Rectangle
	line    *canvas.Rectangle
	pointer *canvas.Rectangle
	marks   []*canvas.Text // time or bar numbers along the top
	empty   *canvas.Text
}

// ruler is the strip along the top that holds numbers and onset marks.
const ruler = 15

func (r *waveformRenderer) Destroy()           {}
func (r *waveformRenderer) MinSize() fyne.Size { return r.w.MinSize() }

func (r *waveformRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.ground, r.played, r.picture, r.sel}
	for _, m := range r.marks {
		objects = append(objects, m)
	}
	return append(objects, r.pointer, r.line, r.empty)
}

func (r *waveformRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	r.picture.Resize(size)
	r.empty.Resize(size)
	r.number()
	r.moveCursor()
	r.moveSelection()
}

func (r *waveformRenderer) Refresh() {
	w := r.w
	r.ground.FillColor = theme.C(theme.WaveGround)
	r.played.FillColor = theme.Alpha(theme.C(theme.Accent), 0.10)
	r.line.FillColor = theme.C(theme.Accent)
	r.pointer.FillColor = theme.Alpha(theme.C(theme.Text), 0.28)
	r.sel.FillColor = theme.C(theme.SelectedSpan)
	r.sel.StrokeColor, r.sel.StrokeWidth = theme.Alpha(theme.C(theme.Accent), 0.8), 1
	r.empty.Color, r.empty.TextSize = theme.C(theme.TextFaint), theme.TextBody
	r.empty.Text = ""
	if w.wave.Columns == nil {
		r.empty.Text = w.Empty
	}
	for _, o := range []fyne.CanvasObject{r.ground, r.empty, r.sel, r.played, r.line, r.pointer} {
		o.Refresh()
	}
	r.picture.Refresh()
	r.number()
	r.moveCursor()
	r.moveSelection()
}

func (r *waveformRenderer) moveCursor() {
	w := r.w
	size := w.Size()
	x := w.xAt(w.cursor)
	if w.cursor < 0 || w.wave.Length <= 0 || x < 0 || x > size.Width {
		r.line.Hide()
	} else {
		r.line.Resize(fyne.NewSize(2, size.Height))
		r.line.Move(fyne.NewPos(x-1, 0))
		r.line.Show()
	}
	if w.cursor < 0 || x <= 0 || w.wave.Length <= 0 {
		r.played.Hide()
	} else {
		r.played.Resize(fyne.NewSize(min(x, size.Width), size.Height))
		r.played.Show()
	}
	if w.hover < 0 || w.wave.Length <= 0 {
		r.pointer.Hide()
	} else {
		r.pointer.Resize(fyne.NewSize(1, size.Height))
		r.pointer.Move(fyne.NewPos(w.hover, 0))
		r.pointer.Show()
	}
}

func (r *waveformRenderer) moveSelection() {
	w := r.w
	if w.selTo <= w.selFrom {
		r.sel.Hide()
		return
	}
	a, b := max(0, w.xAt(w.selFrom)), min(w.Size().Width, w.xAt(w.selTo))
	if b <= a {
		r.sel.Hide()
		return
	}
	r.sel.Move(fyne.NewPos(a, 0))
	r.sel.Resize(fyne.NewSize(b-a, w.Size().Height))
	r.sel.Show()
}

// number writes bar numbers where there is a grid, seconds where there is none.
func (r *waveformRenderer) number() {
	w := r.w
	type mark struct {
		x    float32
		text string
	}
	var marks []mark
	if w.wave.Length > 0 && w.to > w.from {
		if bar := max(w.wave.Bar, 4); len(w.wave.Beats) > 1 {
			every := bar
			for visible := w.beatsIn(w.from, w.to) / every; visible > len(r.marks); visible /= 2 {
				every *= 2
			}
			for i := 0; i < len(w.wave.Beats); i += every {
				if t := w.wave.Beats[i]; t >= w.from && t < w.to {
					marks = append(marks, mark{w.xAt(t), fmt.Sprint(i/bar + 1)})
				}
			}
		} else {
			step := niceStep((w.to - w.from) / float64(len(r.marks)-1))
			for t := math.Ceil(w.from/step) * step; t < w.to; t += step {
				marks = append(marks, mark{w.xAt(t), seconds(t, step)})
			}
		}
	}
	for i, m := range r.marks {
		if i >= len(marks) || marks[i].x > w.Size().Width-28 {
			m.Hide()
			continue
		}
		m.Text, m.TextSize, m.Color = marks[i].text, theme.TextTiny-1, theme.C(theme.TextFaint)
		m.Move(fyne.NewPos(marks[i].x+4, 1))
		m.Show()
		m.Refresh()
	}
}

func (w *Waveform) beatsIn(from, to float64) int {
	b := w.wave.Beats
	return sort.SearchFloat64s(b, to) - sort.SearchFloat64s(b, from)
}

// niceStep is the next of 1, 2, 5 times a power of ten.
func niceStep(least float64) float64 {
	if least <= 0 {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5, 10} {
		if p*m >= least {
			return p * m
		}
	}
	return p * 10
}

func seconds(t, step float64) string {
	switch {
	case t >= 60:
		return fmt.Sprintf("%d:%02d", int(t)/60, int(t)%60)
	case step >= 1:
		return fmt.Sprintf("%.0f s", t)
	case step >= 0.1:
		return fmt.Sprintf("%.1f s", t)
	case step >= 0.01:
		return fmt.Sprintf("%.2f s", t)
	}
	return fmt.Sprintf("%.1f ms", t*1000)
}

// paint draws grid, waveform and onset marks for the part that is shown.
func (r *waveformRenderer) paint(width, height int) image.Image {
	w := r.w
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	if w.wave.Columns == nil || w.to <= w.from || width == 0 || height == 0 {
		return img
	}
	scale := float64(width) / float64(max(1, w.Size().Width))
	top := ruler * scale
	x := func(t float64) int { return int((t - w.from) / (w.to - w.from) * float64(width)) }

	bar := max(w.wave.Bar, 4)
	first := sort.SearchFloat64s(w.wave.Beats, w.from)
	if n := w.beatsIn(w.from, w.to); n > 0 {
		dense := n > width/10
		for i := first; i < first+n && i < len(w.wave.Beats); i++ {
			c, from := nr(theme.C(theme.BeatLine)), top
			if i%bar == 0 {
				c, from = nr(theme.C(theme.BarLine)), 0
			} else if dense {
				continue
			}
			column(img, x(w.wave.Beats[i]), int(from), height, c)
		}
	}

	colour := w.wave.Colour
	if colour == "" {
		colour = theme.Wave
	}
	ground := theme.C(theme.WaveGround)
	core := nr(theme.C(colour))
	rim := theme.Mix(ground, core, 0.62)
	mid := top + (float64(height)-top)/2
	reach := (float64(height) - top) / 2 * 0.94
	above, below := 0.0, float64(height) // the column before
	for i, c := range w.wave.Columns(w.from, w.to, width) {
		if i >= width {
			break
		}
		// Peaks are the quiet outline, the power (RMS) the bright body within it.
		hi, lo := clip(c.Max)*reach, clip(c.Min)*reach
		// A column reaches to the one before it: a steep slope is one line, not many dashes.
		stroke(img, i, min(mid-hi, below), max(mid-lo, above), rim)
		above, below = mid-hi, mid-lo
		if body := clip(c.RMS) * reach; body > 1 {
			stroke(img, i, mid-min(hi, body), mid-max(lo, -body), core)
		}
	}

	mark := nr(theme.C(theme.OnsetMark))
	size := int(math.Round(4 * scale))
	for _, t := range w.wave.Onsets {
		if t < w.from || t > w.to {
			continue
		}
		cx := x(t)
		faint := mark
		faint.A = 70
		column(img, cx, height-2*size, height, faint)
		for row := range size {
			for dx := -(row); dx <= row; dx++ {
				set(img, cx+dx, height-size+row, mark)
			}
		}
	}
	r.paintCuts(img, scale)
	return img
}

func nr(c color.Color) color.NRGBA { return color.NRGBAModel.Convert(c).(color.NRGBA) }

// clip ends what is drawn at full scale.
func clip(v float32) float64 { return math.Max(-1, math.Min(1, float64(v))) }

func column(img *image.NRGBA, x, y0, y1 int, c color.NRGBA) {
	for y := y0; y < y1; y++ {
		set(img, x, y, c)
	}
}

func set(img *image.NRGBA, x, y int, c color.NRGBA) {
	if image.Pt(x, y).In(img.Rect) {
		img.SetNRGBA(x, y, c)
	}
}
