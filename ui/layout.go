package ui

import (
	"context"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"sampleagent/app/settings"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// wideFrom is the width from which details and pads stand side by side.
const wideFrom = 1640

// cursorRound is one round of the animation that moves the cursor; it repeats while something
// plays.
const cursorRound = 10 * time.Second

// responsive fills its space with one object and tells when the window becomes wide or narrow.
type responsive struct {
	wide, known bool
	change      func(wide bool)
}

func (r *responsive) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	if wide := s.Width >= wideFrom; wide != r.wide || !r.known {
		r.wide, r.known = wide, true
		r.change(wide)
	}
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(s)
	}
}

func (r *responsive) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range objects {
		m = m.Max(o.MinSize())
	}
	return m
}

// dock is the right side: the pads and the details, one at a time behind two tabs, or side by
// side when the window is wide.
type dock struct {
	root         *fyne.Container
	kit, details fyne.CanvasObject
	kitTab, tab2 *own.IconButton
	tabs         fyne.CanvasObject
	tab          string
	wide         bool
	onTab        func(string)
	onDetails    func() // they come into sight
	kitPanel     *fyne.Container
	detPanel     *fyne.Container
}

func newDock(kit, details fyne.CanvasObject, tab string, onTab func(string)) *dock {
	d := &dock{kit: kit, details: details, onTab: onTab, tab: tab}
	if d.tab != "details" {
		d.tab = "kit"
	}
	d.kitTab = own.NewTextButton("kit", "Pads", "", func() { d.show("kit") })
	d.tab2 = own.NewTextButton("details", "Details", "", func() { d.show("details") })
	d.kitTab.Side, d.tab2.Side = 28, 28
	d.tabs = container.NewGridWithColumns(2, d.kitTab, d.tab2)
	d.kitPanel, d.detPanel = own.Panel(kit), own.Panel(details)
	d.root = container.New(d, own.Stack(own.NewGround(theme.Panel, 8)), d.tabs, d.kitPanel, d.detPanel)
	d.apply()
	return d
}

func (d *dock) show(tab string) {
	if tab != d.tab {
		d.tab = tab
		if d.onTab != nil {
			d.onTab(tab)
		}
	}
	d.apply()
}

func (d *dock) setWide(wide bool) {
	d.wide = wide
	d.apply()
}

func (d *dock) apply() {
	d.kitTab.SetOn(d.tab == "kit")
	d.tab2.SetOn(d.tab == "details")
	visible(d.tabs, !d.wide)
	visible(d.root.Objects[0], !d.wide)
	visible(d.kitPanel, d.wide || d.tab == "kit")
	if d.showsDetails() && !d.detPanel.Visible() && d.onDetails != nil {
		d.onDetails()
	}
	visible(d.detPanel, d.showsDetails())
	d.root.Refresh()
}

func visible(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// tabsHeight is the strip of the two tabs.
const tabsHeight = 28

// Layout implements fyne.Layout.
func (d *dock) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	ground, tabs := objects[0], objects[1]
	ground.Resize(s)
	if d.wide {
		details := min(360, s.Width*0.42)
		d.detPanel.Move(fyne.NewPos(0, 0))
		d.detPanel.Resize(fyne.NewSize(details, s.Height))
		d.kitPanel.Move(fyne.NewPos(details+own.SplitGap, 0))
		d.kitPanel.Resize(fyne.NewSize(s.Width-details-own.SplitGap, s.Height))
		return
	}
	tabs.Move(fyne.NewPos(theme.Edge, theme.Pad))
	tabs.Resize(fyne.NewSize(s.Width-2*theme.Edge, tabsHeight))
	top := float32(tabsHeight + theme.Pad)
	for _, p := range []fyne.CanvasObject{d.kitPanel, d.detPanel} {
		p.Move(fyne.NewPos(0, top))
		p.Resize(fyne.NewSize(s.Width, s.Height-top))
	}
}

// MinSize implements fyne.Layout.
func (d *dock) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(340, d.kitPanel.MinSize().Height+tabsHeight+theme.Pad)
}

// toast is a message at the foot of the window that goes away by itself.
type toast struct {
	layer *fyne.Container
	box   *canvas.Rectangle
	text  *own.Label
	timer *fyne.Animation
}

func newToast() *toast {
	t := &toast{box: canvas.NewRectangle(nil), text: own.NewLabel("")}
	t.text.MinWidth = -1
	t.layer = container.New(t, t.box, t.text)
	t.layer.Hide()
	return t
}

// show says a sentence in a colour; a later one replaces it.
func (t *toast) show(text string, colour fyne.ThemeColorName) {
	t.text.Set(text, colour)
	t.box.FillColor, t.box.CornerRadius = theme.C(theme.Raised), 8
	t.box.StrokeColor, t.box.StrokeWidth = theme.C(theme.PadRim), 1
	if colour != theme.Text {
		t.box.StrokeColor = theme.C(colour)
	}
	t.layer.Show()
	t.layer.Refresh()
	if t.timer != nil {
		t.timer.Stop()
	}
	// Long sentences stay longer: about twelve letters a second are read.
	stay := max(4*time.Second, time.Duration(len(text))*time.Second/12)
	t.timer = fyne.NewAnimation(stay, func(done float32) {
		if done >= 1 {
			t.layer.Hide()
		}
	})
	t.timer.Curve = fyne.AnimationLinear
	t.timer.Start()
}

// Layout implements fyne.Layout: at the foot, in the middle.
func (t *toast) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	m := t.text.MinSize()
	w := min(m.Width+32, s.Width-80)
	h := m.Height + 18
	x, y := (s.Width-w)/2, s.Height-h-78
	t.box.Move(fyne.NewPos(x, y))
	t.box.Resize(fyne.NewSize(w, h))
	t.text.Move(fyne.NewPos(x+16, y+9))
	t.text.Resize(fyne.NewSize(w-32, m.Height))
}

// MinSize implements fyne.Layout.
func (t *toast) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// meterShare puts a peak of 0 to 1 on the meter's scale: -40 dB is dark, 0 dB is full.
func meterShare(peak float64) float64 {
	if peak <= 0 {
		return 0
	}
	return max(0, min(1, 1+20*math.Log10(peak)/40))
}

// showsPads says whether the pads can be seen now.
func (d *dock) showsPads() bool { return d.wide || d.tab == "kit" }

// showsDetails says whether the details can be seen now.
func (d *dock) showsDetails() bool { return d.wide || d.tab == "details" }

// rememberKit notes which kit is open at once: also after a crash the window begins with it.
func (w *window) rememberKit() {
	k, open := w.kits.Kit()
	if !open || w.closing || k.ID == w.keptKit {
		return
	}
	w.keptKit = k.ID
	w.updateSettings(func(s *settings.Settings) { s.Window.Kit = k.ID })
}

func (w *window) updateSettings(change func(*settings.Settings)) {
	w.pump.run(func(context.Context) func() {
		if err := w.core.UpdateSettings(change); err != nil {
			return func() { w.fail(err) }
		}
		return nil
	})
}
