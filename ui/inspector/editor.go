package inspector

import (
	"fmt"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"sampleagent/audio/edit"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
	own "sampleagent/ui/widget"
)

// Editing is what the editor asks of the window.
type Editing struct {
	Preview func(row catalog.Row, r edit.Recipe)
	// Make makes a sound of each recipe; onPads puts them on pads as well.
	Make func(row catalog.Row, recipes []edit.Recipe, onPads bool)
}

// Cutting is how a sound is divided.
type Cutting string

// The ways to divide a sound.
const (
	Whole    Cutting = ""
	AtOnsets Cutting = "onsets"
	InParts  Cutting = "parts"
	ByHand   Cutting = "hand"
)

// Edit is what is to become of the sample that is shown: the editor as data.
type Edit struct {
	Recipe  edit.Recipe
	Cutting Cutting
	Parts   int       // of InParts
	Hand    []float64 // cuts of ByHand, in seconds
	OnPads  bool
}

// shortestPart is the least length of a chop: less is a click.
const shortestPart = 0.02 // s

// Cuts are the places in seconds at which the sound of so many seconds is divided.
func (e Edit) Cuts(length float64, onsets []float64) []float64 {
	to := e.Recipe.To
	if to <= 0 {
		to = length
	}
	switch e.Cutting {
	case AtOnsets:
		return onsets
	case InParts:
		var at []float64
		for i := 1; i < e.Parts; i++ {
			at = append(at, e.Recipe.From+(to-e.Recipe.From)*float64(i)/float64(e.Parts))
		}
		return at
	case ByHand:
		return e.Hand
	case Whole:
	}
	return nil
}

// Recipes are the sounds to make, none when nothing would change.
func (e Edit) Recipes(length float64, onsets []float64) []edit.Recipe {
	if e.Cutting == Whole {
		if e.Recipe.Words() == "" {
			return nil
		}
		return []edit.Recipe{e.Recipe}
	}
	parts := e.Recipe.Parts(length, e.Cuts(length, onsets), shortestPart)
	if len(parts) < 2 && e.Recipe.Words() == "" {
		return nil
	}
	return parts
}

// shaped shows peaks as the sound will be: turned, at its new level, faded.
func shaped(p Peaks, r edit.Recipe, length float64) Peaks {
	from, to := r.From, r.To
	if to <= 0 || to > length {
		to = length
	}
	gain := 1.0
	if r.Normalise {
		peak := 0.0
		for _, c := range p(from, to, 2000) {
			peak = math.Max(peak, math.Max(float64(c.Max), -float64(c.Min)))
		}
		if peak > 0 {
			gain = math.Pow(10, r.Peak/20) / peak
		}
	}
	return func(a, b float64, n int) []waveform.Column {
		out := append([]waveform.Column(nil), p(a, b, n)...)
		var mirror []waveform.Column
		if r.Reverse {
			mirror = append(mirror, p(from+to-b, from+to-a, n)...)
		}
		for i := range out {
			t := a + (b-a)*(float64(i)+0.5)/float64(max(1, len(out)))
			if t < from || t > to {
				continue
			}
			c := out[i]
			if k := len(mirror) - 1 - i; r.Reverse && k >= 0 {
				c = mirror[k]
			}
			g := gain
			if r.FadeIn > 0 {
				g *= math.Min(1, (t-from)/r.FadeIn)
			}
			if r.FadeOut > 0 {
				g *= math.Min(1, (to-t)/r.FadeOut)
			}
			out[i] = waveform.Column{Min: c.Min * float32(g), Max: c.Max * float32(g), RMS: c.RMS * float32(g)}
		}
		return out
	}
}

// editor is the strip between the title and the waveform in which an edit is put together.
type editor struct {
	wave  *Wave
	do    Editing
	edit  Edit
	heard edit.Recipe // what was previewed last

	reverse, normalise, cut *own.Chip
	fadeIn, fadeOut         *own.Slider
	preview, save           *own.IconButton
	root                    *fyne.Container
}

func newEditor(w *Wave, do Editing) *editor {
	e := &editor{wave: w, do: do}
	e.reverse = own.NewChip("Reverse", func() { e.edit.Recipe.Reverse = !e.edit.Recipe.Reverse; e.changed() })
	e.normalise = own.NewChip("Normalise", func() { e.edit.Recipe.Normalise = !e.edit.Recipe.Normalise; e.changed() })
	fade := func(name string, width float32, to *float64) *own.Slider {
		s := own.NewSlider(name, 0, 100, 0)
		s.NameWidth, s.TextWidth = width, 42
		s.Format = func(v int) string { return milliseconds(e.fadeLength(v)) }
		s.OnChanged = func(v int) { *to = e.fadeLength(v); e.changed() }
		return s
	}
	e.fadeIn, e.fadeOut = fade("Fade in", 46, &e.edit.Recipe.FadeIn), fade("out", 24, &e.edit.Recipe.FadeOut)
	e.cut = own.NewChip("Chop", nil)
	e.cut.Menu = true
	e.cut.OnTapped = e.cutMenu
	e.preview = own.NewIconButton("play", "Hear what will be made", e.hear)
	e.save = own.NewTextButton("", "Save new", "Make it; the file it is made of stays as it is", e.make)
	e.save.Strong = true
	e.preview.Side, e.save.Side = 26, 26
	e.root = own.Flow(6, e.reverse, e.normalise, own.FixedWidth(142, e.fadeIn), own.InsetEach(own.FixedWidth(118, e.fadeOut), 10, 0, 0, 0), e.cut, e.preview, e.save)
	e.root.Hide()
	return e
}

// fadeLength is the fade of a slider's position: its square, so that short fades are easy to set,
// up to the length of what is kept.
func (e *editor) fadeLength(v int) float64 {
	return float64(v*v) / 1e4 * e.kept()
}

func milliseconds(s float64) string {
	switch {
	case s <= 0:
		return "none"
	case s < 1:
		return fmt.Sprintf("%.0f ms", s*1000)
	}
	return fmt.Sprintf("%.2f s", s)
}

// kept is how long the kept part is.
func (e *editor) kept() float64 {
	s := e.wave.model.Sample()
	if s == nil {
		return 0
	}
	if r := e.edit.Recipe; r.To > r.From {
		return r.To - r.From
	}
	return s.Duration
}

// open shows or hides the strip.
func (e *editor) open(on bool) {
	e.root.Hidden = !on
	if !on {
		from, to := e.wave.Waveform.Selected()
		e.wave.tellSpan(from, to)
	}
	e.reset()
}

// reset begins anew: another sample, or the strip was closed.
func (e *editor) reset() {
	e.edit = Edit{}
	e.fadeIn.SetValue(0)
	e.fadeOut.SetValue(0)
	if !e.root.Hidden {
		e.edit.Recipe.From, e.edit.Recipe.To = e.wave.Waveform.Selected()
	}
	e.changed()
}

// keep takes over what is selected: it is what will be kept.
func (e *editor) keep(from, to float64) {
	if e.root.Hidden {
		return
	}
	e.edit.Recipe.From, e.edit.Recipe.To = from, to
	e.edit.Recipe.FadeIn, e.edit.Recipe.FadeOut = e.fadeLength(e.fadeIn.Value()), e.fadeLength(e.fadeOut.Value())
	e.changed()
}

func (e *editor) onsets() []float64 {
	if r := e.wave.model.Report(); r != nil {
		return r.Onsets
	}
	return nil
}

func (e *editor) recipes() []edit.Recipe {
	s := e.wave.model.Sample()
	if s == nil {
		return nil
	}
	return e.edit.Recipes(s.Duration, e.onsets())
}

// cuts are where the sample is divided.
func (e *editor) cuts(s *catalog.Sample) []float64 { return e.edit.Cuts(s.Duration, e.onsets()) }

// changed shows the edit as it is now.
func (e *editor) changed() {
	r := &e.edit.Recipe
	r.Peak = normalPeak
	e.reverse.SetOn(r.Reverse)
	e.normalise.SetOn(r.Normalise)
	parts := e.recipes()
	text := map[Cutting]string{Whole: "Chop", AtOnsets: "Onsets", InParts: "Equal", ByHand: "By hand"}[e.edit.Cutting]
	if n := len(parts); e.edit.Cutting != Whole {
		text += fmt.Sprintf(" · %d", max(n, 1))
		if e.edit.OnPads {
			text += " on pads"
		}
	}
	e.cut.SetText(text)
	e.cut.SetOn(e.edit.Cutting != Whole)
	e.preview.SetOff(len(parts) == 0)
	e.save.SetOff(len(parts) == 0)
	e.wave.showEdit()
	e.root.Refresh()
	e.wave.root.Refresh()
}

// normalPeak is the peak that "normalise" brings a sound to: a little below full scale, so that a
// converter's filter does not clip it.
const normalPeak = -0.3 // dBFS

func (e *editor) cutMenu() {
	set := func(c Cutting, parts int) func() {
		return func() {
			if c == ByHand && e.edit.Cutting != Whole {
				s := e.wave.model.Sample()
				if s != nil {
					e.edit.Hand = e.edit.Cuts(s.Duration, e.onsets())
				}
			}
			e.edit.Cutting, e.edit.Parts = c, parts
			e.changed()
		}
	}
	var equal []*fyne.MenuItem
	for _, n := range []int{2, 3, 4, 6, 8, 12, 16, 32, 64} {
		equal = append(equal, fyne.NewMenuItem(fmt.Sprintf("%d parts", n), set(InParts, n)))
	}
	grid := fyne.NewMenuItem("Equal parts", nil)
	grid.ChildMenu = fyne.NewMenu("", equal...)
	items := []*fyne.MenuItem{fyne.NewMenuItem("In one piece", set(Whole, 0)), fyne.NewMenuItem("At every onset", set(AtOnsets, 0)), grid}
	if s := e.wave.model.Sample(); s != nil && s.Beats > 1 {
		items = append(items, fyne.NewMenuItem(fmt.Sprintf("At every beat (%d)", s.Beats), set(InParts, s.Beats)))
	}
	pads := fyne.NewMenuItem("Put the parts on pads", func() { e.edit.OnPads = !e.edit.OnPads; e.changed() })
	pads.Checked, pads.Disabled = e.edit.OnPads, e.edit.Cutting == Whole
	items = append(items, fyne.NewMenuItem("By hand: click to cut, click a cut to remove it", set(ByHand, 0)), fyne.NewMenuItemSeparator(), pads)
	d := fyne.CurrentApp().Driver()
	if c := d.CanvasForObject(e.cut); c != nil {
		widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, d.AbsolutePositionForObject(e.cut).AddXY(0, e.cut.Size().Height+2))
	}
}

// hear previews the first part, or the whole edit.
func (e *editor) hear() {
	if s, parts := e.wave.model.Sample(), e.recipes(); s != nil && len(parts) > 0 && e.do.Preview != nil {
		e.heard = e.partAt(parts)
		e.do.Preview(s.Row, e.heard)
	}
}

// partAt is the part that holds the cursor, else the first.
func (e *editor) partAt(parts []edit.Recipe) edit.Recipe {
	at := e.wave.Waveform.Cursor()
	for _, p := range parts {
		if at >= p.From && (p.To <= 0 || at < p.To) {
			return p
		}
	}
	return parts[0]
}

func (e *editor) make() {
	if s, parts := e.wave.model.Sample(), e.recipes(); s != nil && len(parts) > 0 && e.do.Make != nil {
		e.do.Make(s.Row, parts, e.edit.OnPads && e.edit.Cutting != Whole)
	}
}

// notice says in the title line what is kept.
func (e *editor) notice() string {
	if e.root.Hidden {
		return ""
	}
	if r := e.edit.Recipe; r.To > r.From {
		return fmt.Sprintf("keeps %.3f s", r.To-r.From)
	}
	return "drag to trim"
}
