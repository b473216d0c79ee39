package kit

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	device "sampleagent/library/kit"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// settingsPanel shows every setting of the selected pad, made from the one table of settings:
// switches and choices as chips, numbers as sliders, positions as fields.
type settingsPanel struct {
	model   *Model
	title   *own.Label
	info    *own.Label
	chips   map[device.Param]*own.Chip
	sliders map[device.Param]*own.Slider
	fields  map[device.Param]*widget.Entry
	body    fyne.CanvasObject
	empty   fyne.CanvasObject
	reset   *own.IconButton
	root    *fyne.Container
}

func newSettingsPanel(m *Model) *settingsPanel {
	p := &settingsPanel{model: m, chips: map[device.Param]*own.Chip{}, sliders: map[device.Param]*own.Slider{}, fields: map[device.Param]*widget.Entry{}}
	p.title = own.NewLabel("")
	p.title.Style.Bold, p.title.MinWidth = true, -1
	p.info = own.NewLabel("")
	p.info.TextSize, p.info.Colour = theme.TextSmall, theme.TextDim
	p.reset = own.NewIconButton("undo", "All settings of this pad back to a fresh pad's", p.resetAll)
	p.reset.Side = 24

	switches, choices := own.Flow(5), own.Flow(5)
	sliders := container.New(&twoColumns{gap: 18})
	positions := container.NewGridWithColumns(3)
	for _, info := range device.Params {
		param := info.Param
		switch info.Kind {
		case device.Switch:
			c := own.NewChip(info.Label, func() { m.Set(param, 1-m.Settings().Get(param)) })
			p.chips[param] = c
			switches.Add(c)
		case device.Choice:
			c := own.NewChip(info.Label, nil)
			c.Menu = true
			c.OnTapped = func() { p.choose(param, c) }
			p.chips[param] = c
			choices.Add(c)
		case device.Number:
			s := own.NewSlider(info.Label, info.Min, info.Max, info.Default)
			if info.Scale > 1 && info.Max-info.Min > 1000 {
				s.Step = 50 // half a unit with the mouse; the field takes hundredths
			}
			s.Format = func(v int) string { return info.Text(v) }
			s.NameWidth, s.TextWidth = 64, 46
			s.OnEnded = func(v int) { m.Set(param, v) }
			p.sliders[param] = s
			sliders.Add(s)
		case device.Position:
			e := widget.NewEntry()
			e.OnSubmitted = func(text string) { m.SetText(param, strings.ReplaceAll(text, ",", "")) }
			p.fields[param] = e
			positions.Add(own.Below(2, -1, own.NewCaption(info.Label), e))
		}
	}
	frames := own.NewCaption("Positions are frames at 48 kHz; end 0 is the end of the sample")
	frames.Colour = theme.TextFaint
	p.body = container.NewVScroll(own.InsetEach(own.Below(9, -1, switches, choices, sliders, positions, frames), 0, 0, 8, 4))
	hint := own.NewLabel("Drag a sample here, or press Enter in the list")
	hint.Colour, hint.TextSize = theme.TextFaint, theme.TextSmall
	p.empty = own.Below(2, -1, hint)
	head := own.Beside(8, 1, p.title, p.info, p.reset)
	p.root = own.Below(7, 1, head, own.Stack(p.body, p.empty))
	return p
}

func (p *settingsPanel) resetAll() {
	fresh := device.Settings{}
	var pairs []string
	for _, param := range p.model.Settings().Changed() {
		pairs = append(pairs, param.Info().Name+"="+fresh.Text(param))
	}
	p.model.setAll(pairs)
}

// choose opens the values of a choice below its chip.
func (p *settingsPanel) choose(param device.Param, below *own.Chip) {
	info := param.Info()
	now := p.model.Settings().Get(param)
	var items []*fyne.MenuItem
	for v, name := range info.Choices {
		item := fyne.NewMenuItem(choiceText(name), func() { p.model.Set(param, v) })
		item.Checked = v == now
		items = append(items, item)
	}
	popUp(items, below)
}

func choiceText(name string) string {
	switch name {
	case "fwd_pingpong":
		return "To and fro"
	case "rev_pingpong":
		return "Fro and to"
	case "bus1":
		return "Bus 1"
	case "bus2":
		return "Bus 2"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

func (p *settingsPanel) refresh() {
	m := p.model
	k, open := m.Kit()
	slot := m.Slot()
	pad := k.Pad(slot)
	s := pad.Settings
	p.title.SetText(slot.String())
	sample, ok := m.Sample()
	switch {
	case !open || pad.Empty():
		p.info.SetText("empty")
	case ok:
		p.info.SetText(browser.Plain(sample.Name))
	default:
		p.info.SetText("its sample is not in the library any more")
	}
	filled := open && !pad.Empty()
	if filled {
		p.body.Show()
		p.empty.Hide()
	} else {
		p.body.Hide()
		p.empty.Show()
	}
	p.reset.Hidden = !filled || len(s.Changed()) == 0
	for param, c := range p.chips {
		info := param.Info()
		switch info.Kind {
		case device.Switch:
			c.SetOn(s.On(param))
		case device.Choice:
			c.SetText(fmt.Sprintf("%s: %s", info.Label, choiceText(info.Text(s.Get(param)))))
			c.SetOn(s.Get(param) != info.Default)
		}
	}
	for param, slider := range p.sliders {
		slider.SetValue(s.Get(param))
	}
	canvas := fyne.CurrentApp().Driver().CanvasForObject(p.root)
	for param, e := range p.fields {
		if canvas == nil || canvas.Focused() != fyne.Focusable(e) {
			e.SetText(param.Info().Text(s.Get(param)))
		}
	}
	p.root.Refresh()
}

// twoColumns lays sliders in two columns where there is room, else in one.
type twoColumns struct{ gap float32 }

func (l *twoColumns) columns(width float32) int {
	if width < 340 {
		return 1
	}
	return 2
}

func (l *twoColumns) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	n := l.columns(s.Width)
	w := (s.Width - l.gap*float32(n-1)) / float32(n)
	for i, o := range objects {
		h := o.MinSize().Height
		o.Resize(fyne.NewSize(w, h))
		o.Move(fyne.NewPos(float32(i%n)*(w+l.gap), float32(i/n)*h))
	}
}

func (l *twoColumns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if len(objects) == 0 {
		return fyne.Size{}
	}
	h := objects[0].MinSize().Height
	return fyne.NewSize(180, h*float32((len(objects)+1)/2))
}
