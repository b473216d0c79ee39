package kit

import (
	"fmt"
	"math"
	"strings"

	"fyne.io/fyne/v2"

	device "sampleagent/library/kit"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Controls are the widgets of a pad's settings, made from the one table of settings: switches and
// choices as chips, numbers as sliders that take typed values, positions as fields.
type Controls struct {
	OnEscape func()
	Bare     bool // chips of choices show the value alone; Row has the name beside it

	model   *Model
	chips   map[device.Param]*own.Chip
	sliders map[device.Param]*own.Slider
	fields  map[device.Param]*field
	names   map[device.Param]*own.Label // above the fields
}

// NewControls makes a control for every setting.
func NewControls(m *Model) *Controls {
	c := &Controls{model: m, chips: map[device.Param]*own.Chip{}, sliders: map[device.Param]*own.Slider{}, fields: map[device.Param]*field{}, names: map[device.Param]*own.Label{}}
	escape := func() {
		if c.OnEscape != nil {
			c.OnEscape()
		}
	}
	for _, info := range device.Params {
		param := info.Param
		switch info.Kind {
		case device.Switch:
			chip := own.NewChip(info.Label, func() { m.Set(param, 1-m.Settings().Get(param)) })
			chip.OnEscape = escape
			c.chips[param] = chip
		case device.Choice:
			chip := own.NewChip(info.Label, nil)
			chip.Menu, chip.OnEscape = true, escape
			chip.OnTapped = func() { c.choose(param, chip) }
			c.chips[param] = chip
		case device.Number:
			s := own.NewSlider(info.Label, info.Min, info.Max, info.Default)
			if info.Scale > 1 && info.Max-info.Min > 1000 {
				s.Step = 50 // half a unit with the mouse; typing takes hundredths
			}
			s.Format, s.Parse, s.OnBad = info.Text, info.Parse, func(err error) { m.fail(err)() }
			s.NameWidth, s.TextWidth, s.OnEscape = controlName, 46, escape
			s.OnEnded = func(v int) { m.Set(param, v) }
			c.sliders[param] = s
		case device.Position:
			e := newField(escape)
			e.OnSubmitted = func(text string) {
				v, err := info.Parse(strings.ReplaceAll(text, ",", ""))
				if err != nil {
					m.fail(err)()
					return
				}
				if sample, ok := m.Sample(); ok && param == device.End && v >= int(math.Round(sample.Duration*device.Rate)) {
					v = 0 // the end of the sample, wherever that is
				}
				m.SetPairs(info.Name + "=" + info.Text(v))
			}
			c.fields[param] = e
		}
	}
	return c
}

// Of is the control of a setting.
func (c *Controls) Of(p device.Param) fyne.CanvasObject {
	if chip, ok := c.chips[p]; ok {
		return chip
	}
	if s, ok := c.sliders[p]; ok {
		return s
	}
	return c.fields[p]
}

// Field is the control of a position with the setting's name above it.
func (c *Controls) Field(p device.Param) fyne.CanvasObject {
	c.names[p] = own.NewCaption(p.Info().Label)
	c.names[p].MinWidth = 0
	return own.Below(2, -1, c.names[p], c.fields[p])
}

// Row is the control of a choice with the setting's name beside it, as a slider has it.
func (c *Controls) Row(p device.Param) fyne.CanvasObject {
	name := own.NewLabel(p.Info().Label)
	name.TextSize, name.Colour = theme.TextSmall, theme.TextDim
	return own.Beside(0, 1, own.FixedWidth(controlName+6, name), c.chips[p])
}

// controlName is the width of the names beside sliders and choices.
const controlName = 72

// choose opens the values of a choice below its chip.
func (c *Controls) choose(param device.Param, below *own.Chip) {
	info := param.Info()
	now := c.model.Settings().Get(param)
	var items []*fyne.MenuItem
	for v, name := range info.Choices {
		item := fyne.NewMenuItem(choiceText(name), func() { c.model.Set(param, v) })
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

// Refresh shows the settings of the selected pad; with several pads chosen, a control whose value
// is not the same on all of them says so.
func (c *Controls) Refresh() {
	m := c.model
	k, _ := m.Kit()
	s := m.Settings()
	slots := m.Slots()
	mixed := func(p device.Param) string {
		for _, slot := range slots {
			if k.Pad(slot).Settings.Get(p) != s.Get(p) {
				return " *"
			}
		}
		return ""
	}
	for param, chip := range c.chips {
		info := param.Info()
		switch info.Kind {
		case device.Switch:
			chip.SetText(info.Label + mixed(param))
			chip.SetOn(s.On(param))
		case device.Choice:
			text := choiceText(info.Text(s.Get(param))) + mixed(param)
			if !c.Bare {
				text = info.Label + ": " + text
			}
			chip.SetText(text)
			chip.SetOn(s.Get(param) != info.Default)
		}
	}
	for param, slider := range c.sliders {
		if name := param.Info().Label + mixed(param); name != slider.Name {
			slider.Name = name
			slider.Refresh()
		}
		slider.SetValue(s.Get(param))
	}
	for param, e := range c.fields {
		frame := s.Get(param)
		if sample, ok := m.Sample(); ok && param == device.End && frame == 0 {
			frame = int(math.Round(sample.Duration * device.Rate)) // 0 stands for the end of the sample
		}
		if !e.typing {
			e.SetText(param.Info().Text(frame))
		}
		if l := c.names[param]; l != nil {
			l.SetText(fmt.Sprintf("%s  %.3f s", param.Info().Label, float64(frame)/device.Rate))
		}
	}
}

// field is a line of text that knows whether it is being typed in.
type field struct {
	own.Entry
	typing bool
}

func newField(escape func()) *field {
	f := &field{}
	f.OnEscape = escape
	f.ExtendBaseWidget(f)
	return f
}

// FocusGained implements fyne.Focusable.
func (f *field) FocusGained() { f.typing = true; f.Entry.FocusGained() }

// FocusLost implements fyne.Focusable.
func (f *field) FocusLost() { f.typing = false; f.Entry.FocusLost() }
