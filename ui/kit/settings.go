package kit

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	device "sampleagent/library/kit"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// settingsPanel shows every setting of the selected pad below the pads.
type settingsPanel struct {
	model    *Model
	controls *Controls
	title    *own.Label
	info     *own.Label
	body     *container.Scroll
	empty    *fyne.Container
	edit     *own.IconButton
	reset    *own.IconButton
	root     *fyne.Container
}

func newSettingsPanel(m *Model, edit func()) *settingsPanel {
	p := &settingsPanel{model: m, controls: NewControls(m)}
	p.title = own.NewLabel("")
	p.title.Style.Bold, p.title.MinWidth = true, -1
	p.info = own.NewLabel("")
	p.info.TextSize, p.info.Colour = theme.TextSmall, theme.TextDim
	p.edit = own.NewTextButton("wave", "Edit", "Edit the pad on its waveform   Ctrl+U", edit)
	p.reset = own.NewIconButton("undo", "All settings back to a fresh pad's", m.Reset)
	p.edit.Side, p.reset.Side = 24, 24

	switches, choices := own.Flow(5), own.Flow(5)
	sliders := container.New(&twoColumns{gap: 18})
	positions := container.NewGridWithColumns(3)
	for _, info := range device.Params {
		switch info.Kind {
		case device.Switch:
			switches.Add(p.controls.Of(info.Param))
		case device.Choice:
			choices.Add(p.controls.Of(info.Param))
		case device.Number:
			sliders.Add(p.controls.Of(info.Param))
		case device.Position:
			positions.Add(p.controls.Field(info.Param))
		}
	}
	frames := own.NewCaption("Frames at 48 kHz; times as 1.5s or 250ms are taken too")
	frames.Colour, frames.MinWidth = theme.TextFaint, 0
	p.body = container.NewVScroll(own.InsetEach(own.Below(9, -1, switches, choices, sliders, positions, frames), 0, 0, 8, 4))
	hint := own.NewLabel("Drag a sample here, or press Enter in the list")
	hint.Colour, hint.TextSize = theme.TextFaint, theme.TextSmall
	p.empty = own.Below(2, -1, hint)
	head := own.Beside(8, 1, p.title, p.info, p.edit, p.reset)
	p.root = own.Below(7, 1, head, own.Stack(p.body, p.empty))
	return p
}

// PadTitle is the name of the selected pad, and how many are edited with it.
func PadTitle(m *Model) (title, info string, filled bool) {
	k, open := m.Kit()
	slot := m.Slot()
	title = slot.String()
	if n := len(m.Slots()); n > 1 {
		title = fmt.Sprintf("%s and %d more", slot, n-1)
	}
	sample, ok := m.Sample()
	switch pad := k.Pad(slot); {
	case !open || pad.Empty():
		return title, "empty", false
	case !ok:
		return title, "its sample is not in the library any more", true
	case pad.Name != "":
		return title, pad.Name, true
	}
	return title, browser.Plain(sample.Name), true
}

func (p *settingsPanel) refresh() {
	title, info, filled := PadTitle(p.model)
	p.title.SetText(title)
	p.info.SetText(info)
	if filled {
		p.body.Show()
		p.empty.Hide()
	} else {
		p.body.Hide()
		p.empty.Show()
	}
	p.edit.Hidden = !filled
	p.reset.Hidden = !filled || len(p.model.Settings().Changed()) == 0
	p.controls.Refresh()
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
