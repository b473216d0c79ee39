package widget

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// MiniWave draws the small waveform of a row or a pad from an overview: pairs of int8
// (min, max), -127 to 127.
type MiniWave struct {
	widget.BaseWidget
	Colour   fyne.ThemeColorName
	Strength float64 // 0 to 1, how much of the colour is mixed into Ground
	Ground   fyne.ThemeColorName

	overview []byte
	raster   *canvas.Raster
}

// NewMiniWave is an empty one.
func NewMiniWave() *MiniWave {
	m := &MiniWave{Colour: theme.Wave, Strength: 0.85, Ground: theme.Panel}
	m.raster = canvas.NewRaster(m.paint)
	m.raster.ScaleMode = canvas.ImageScaleFastest
	m.ExtendBaseWidget(m)
	return m
}

// Show draws another overview; it is kept, not copied.
func (m *MiniWave) ShowOverview(overview []byte, colour fyne.ThemeColorName) {
	if m.Colour == colour && sameBytes(m.overview, overview) {
		return
	}
	m.overview, m.Colour = overview, colour
	m.raster.Refresh()
}

// sameBytes says whether both are the very same memory: overviews are never written to.
func sameBytes(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (m *MiniWave) paint(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	if len(m.overview) < 2 {
		return img
	}
	c := theme.Mix(theme.C(m.Ground), theme.C(m.Colour), m.Strength)
	pairs := len(m.overview) / 2
	mid := float64(h) / 2
	lows, highs := make([]float64, w), make([]float64, w)
	for x := range w {
		lo, hi := span(m.overview, x*pairs/w, max((x+1)*pairs/w, x*pairs/w+1))
		lows[x], highs[x] = float64(lo)/127*mid, float64(hi)/127*mid
	}
	for x := range w {
		// Short sounds have fewer peaks than columns; a soft edge between them reads better than
		// steps, and what is loud stays as high as it is.
		l, r := max(0, x-1), min(w-1, x+1)
		hi, lo := (highs[l]+2*highs[x]+highs[r])/4, (lows[l]+2*lows[x]+lows[r])/4
		stroke(img, x, mid-hi, mid-lo, c)
	}
	return img
}

// span is the lowest and highest value of pairs from to to.
func span(overview []byte, from, to int) (lo, hi int8) {
	lo, hi = int8(overview[2*from]), int8(overview[2*from+1])
	for p := from + 1; p < to && 2*p+1 < len(overview); p++ {
		lo, hi = min(lo, int8(overview[2*p])), max(hi, int8(overview[2*p+1]))
	}
	return lo, hi
}

// stroke draws one column from y0 down to y1 with soft ends, at least one pixel high.
func stroke(img *image.NRGBA, x int, y0, y1 float64, c color.NRGBA) {
	if y1-y0 < 1 {
		mid := (y0 + y1) / 2
		y0, y1 = mid-0.5, mid+0.5
	}
	h := img.Rect.Dy()
	from, to := max(0, int(math.Floor(y0))), min(h-1, int(math.Ceil(y1))-1)
	for y := from; y <= to; y++ {
		cover := math.Min(float64(y+1), y1) - math.Max(float64(y), y0)
		if cover <= 0 {
			continue
		}
		// Over what is there already: a soft end on a drawn ground must not show the one below.
		p := img.PixOffset(x, y)
		a := float64(c.A) / 255 * math.Min(1, cover)
		under := float64(img.Pix[p+3]) / 255 * (1 - a)
		for i, v := range [3]uint8{c.R, c.G, c.B} {
			img.Pix[p+i] = uint8((float64(v)*a + float64(img.Pix[p+i])*under) / (a + under))
		}
		img.Pix[p+3] = uint8(255*(a+under) + 0.5)
	}
}

// CreateRenderer implements fyne.Widget.
func (m *MiniWave) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(m.raster)
}

// MinSize implements fyne.CanvasObject.
func (m *MiniWave) MinSize() fyne.Size { return fyne.NewSize(8, 8) }
