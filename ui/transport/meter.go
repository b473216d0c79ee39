package transport

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// meterSteps is how many lamps the meter has.
const meterSteps = 10

// meter is a row of lamps for the level of what plays.
type meter struct {
	widget.BaseWidget
	lit   int
	lamps []*canvas.Rectangle
}

// newMeter is dark.
func newMeter() *meter {
	m := &meter{}
	for range meterSteps {
		m.lamps = append(m.lamps, canvas.NewRectangle(nil))
	}
	m.ExtendBaseWidget(m)
	return m
}

// SetLevel lights lamps for a level of 0 to 1.
func (m *meter) SetLevel(level float64) {
	lit := int(level*meterSteps + 0.5)
	if lit == m.lit {
		return
	}
	before := m.lit
	m.lit = lit
	for i := min(before, lit); i < min(max(before, lit), meterSteps); i++ {
		m.paint(i)
		m.lamps[i].Refresh()
	}
}

func (m *meter) paint(i int) {
	c := theme.C(theme.Line)
	if i < m.lit {
		switch {
		case i >= meterSteps-1:
			c = theme.C(theme.Bad)
		case i >= meterSteps-3:
			c = theme.C(theme.Warn)
		default:
			c = theme.C(theme.Good)
		}
	}
	m.lamps[i].FillColor, m.lamps[i].CornerRadius = c, 1
}

// CreateRenderer implements fyne.Widget.
func (m *meter) CreateRenderer() fyne.WidgetRenderer {
	r := &meterRenderer{m: m}
	for _, l := range m.lamps {
		r.objects = append(r.objects, l)
	}
	r.Refresh()
	return r
}

type meterRenderer struct {
	m       *meter
	objects []fyne.CanvasObject
}

func (r *meterRenderer) Destroy()                     {}
func (r *meterRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *meterRenderer) MinSize() fyne.Size           { return fyne.NewSize(meterSteps*5, 14) }
func (r *meterRenderer) Layout(s fyne.Size) {
	for i, l := range r.m.lamps {
		l.Resize(fyne.NewSize(3, s.Height))
		l.Move(fyne.NewPos(float32(i)*5, 0))
	}
}
func (r *meterRenderer) Refresh() {
	for i, l := range r.m.lamps {
		r.m.paint(i)
		l.Refresh()
	}
}
