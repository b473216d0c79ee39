package widget

import (
	"image"
	"math"
	"slices"

	"sampleagent/ui/theme"
)

// cuts are places of a Waveform at which the sound is to be divided. By hand, a click makes one or
// takes one away, and one can be dragged.
type cuts struct {
	at     []float64 // s, rising
	byHand bool
	moved  int // the one being dragged, below 0: none
}

// grab is how near the pointer must be to a cut to mean it.
const grab = 6

// SetCuts shows where the sound is divided. byHand lets a person change it, which OnCuts tells.
func (w *Waveform) SetCuts(at []float64, byHand bool) {
	w.cuts = cuts{at: slices.Clone(at), byHand: byHand, moved: -1}
	slices.Sort(w.cuts.at)
	w.Refresh()
}

// Cuts are the places, in seconds.
func (w *Waveform) Cuts() []float64 { return slices.Clone(w.cuts.at) }

// cutAt is the cut near x, below 0 for none.
func (w *Waveform) cutAt(x float32) int {
	best, near := -1, float32(grab)
	for i, t := range w.cuts.at {
		if d := float32(math.Abs(float64(w.xAt(t) - x))); d <= near {
			best, near = i, d
		}
	}
	return best
}

func (w *Waveform) toggleCut(x float32) {
	if i := w.cutAt(x); i >= 0 {
		w.cuts.at = slices.Delete(w.cuts.at, i, i+1)
	} else {
		w.cuts.at = append(w.cuts.at, w.timeAt(x))
		slices.Sort(w.cuts.at)
	}
	w.toldCuts()
}

// moveCut drags a cut to x, never beyond its neighbours.
func (w *Waveform) moveCut(x float32) {
	i, t := w.cuts.moved, w.timeAt(x)
	if i > 0 {
		t = math.Max(t, w.cuts.at[i-1])
	}
	if i+1 < len(w.cuts.at) {
		t = math.Min(t, w.cuts.at[i+1])
	}
	w.cuts.at[i] = t
	w.toldCuts()
}

func (w *Waveform) toldCuts() {
	w.Refresh()
	if w.OnCuts != nil {
		w.OnCuts(w.Cuts())
	}
}

// paintCuts draws a line with a flag for each cut.
func (r *waveformRenderer) paintCuts(img *image.NRGBA, scale float64) {
	w, height := r.w, img.Rect.Dy()
	c := nr(theme.C(theme.Accent))
	flag := int(math.Round(7 * scale))
	for _, t := range w.cuts.at {
		if t < w.from || t > w.to {
			continue
		}
		x := int((t - w.from) / (w.to - w.from) * float64(img.Rect.Dx()))
		for dx := range max(1, int(scale)) {
			column(img, x+dx, 0, height, c)
		}
		for y := range flag {
			for dx := 0; dx < flag-y; dx++ {
				set(img, x+dx, y, c)
			}
		}
	}
}
