package pattern

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	device "sampleagent/library/kit"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Actions are what the screen asks of the window.
type Actions struct {
	Close      func()
	ChooseFile func(done func(path string))
	SaveFile   func(name string, done func(path string))
}

// View draws a Model.
type View struct {
	model     *Model
	actions   Actions
	banks     []*own.Chip
	slots     []*own.Chip
	title     *own.Label
	info      *own.Label
	play      *own.IconButton
	importing *own.IconButton
	export    *own.IconButton
	clear     *own.IconButton
	roll      *own.Roll
	pads      []device.Slot
	playing   bool
	root      fyne.CanvasObject
}

// NewView builds the screen.
func NewView(m *Model, a Actions) *View {
	v := &View{model: m, actions: a, roll: own.NewRoll()}
	v.roll.Empty = "No pattern here. Import a MIDI drum loop, or read a card of the device."
	strike := func(do func(pad int)) func(row int) {
		return func(row int) {
			if row < len(v.pads) && v.pads[row].Bank() == m.Kit.Bank() {
				do(v.pads[row].Pad() - 1)
			}
		}
	}
	v.roll.OnDown, v.roll.OnUp = strike(m.Kit.Play), strike(m.Kit.Release)
	v.title, v.info = own.NewTitle(""), own.NewLabel("")
	v.info.Colour = theme.TextDim
	esc := func(b *own.IconButton) *own.IconButton { b.OnEscape = a.Close; return b }
	back := esc(own.NewTextButton("left", "Back", "Back to the list   Esc", a.Close))
	v.play = esc(own.NewTextButton("play", "Play", "Play the loop   Space", v.toggle))
	v.play.Strong = true
	v.importing = esc(own.NewTextButton("import", "Import MIDI…", "A MIDI drum loop as this pattern; drums go to the usual pads of the bank", func() { a.ChooseFile(m.Import) }))
	v.export = esc(own.NewTextButton("", "Export MIDI…", "This pattern as a standard MIDI file", func() {
		k, _ := m.Kit.Kit()
		a.SaveFile(fmt.Sprintf("%s %s.mid", strings.TrimSpace(k.Name), m.Slot()), m.Export)
	}))
	v.clear = esc(own.NewTextButton("", "Empty", "Remove this pattern", m.Clear))
	head := own.Beside(8, 2, back, v.title, v.info, v.importing, v.export, v.clear, v.play)

	tabs := container.NewGridWithColumns(device.BankCount / 2)
	for b := range device.BankCount {
		c := own.NewChip(device.BankName(b), func() { m.Kit.SetBank(b) })
		c.OnEscape = a.Close
		v.banks = append(v.banks, c)
		tabs.Add(c)
	}
	slots := container.NewGridWithColumns(4)
	for i := range device.PadsPerBank {
		c := own.NewChip("", func() { m.Select(i) })
		c.OnEscape = a.Close
		v.slots = append(v.slots, c)
		slots.Add(c)
	}
	hint := own.Below(3, -1)
	for _, text := range []string{"A dot is a pattern.", "A click on a row plays its pad.", "The wheel zooms.", "It plays at its bank's tempo."} {
		l := own.NewCaption(text)
		l.Colour, l.MinWidth = theme.TextFaint, 0
		hint.Add(l)
	}
	left := own.Below(10, 3, tabs, slots, hint, own.NewGround(theme.Panel, 0))
	v.root = own.Pair(own.SplitGap, 268, own.Panel(left), own.Panel(own.Below(8, 1, head, v.roll)))
	m.OnChanged = v.Refresh
	m.Kit.OnChange(func() {
		if v.root.Visible() {
			v.Refresh()
		}
	})
	return v
}

// Root is the screen.
func (v *View) Root() fyne.CanvasObject { return v.root }

// Open shows the first pattern there is.
func (v *View) Open() {
	v.model.SelectFirst()
	v.Refresh()
}

// Focus is what takes the keyboard first.
func (v *View) Focus() fyne.Focusable {
	if v.play.Disabled() {
		return v.importing
	}
	return v.play
}

// Refresh draws the model as it is now.
func (v *View) Refresh() {
	m := v.model
	title, info := m.Title()
	v.title.SetText(title)
	v.info.SetText(info)
	k, _ := m.Kit.Kit()
	has := map[int]bool{}
	for _, s := range k.Patterns() {
		has[s.Bank()] = true
	}
	for b, c := range v.banks {
		dot(c, has[b])
		c.SetOn(b == m.Kit.Bank())
	}
	filled := m.Filled()
	for i, c := range v.slots {
		c.SetText(fmt.Sprint(i + 1))
		dot(c, filled[i])
		c.SetOn(i == m.Slot().Pad()-1)
	}
	var rolled own.Rolled
	rolled, v.pads = m.Rolled()
	v.roll.ShowRoll(rolled)
	_, there := m.Pattern()
	v.export.SetOff(!there)
	v.clear.SetOff(!there)
	v.play.SetOff(!there)
	v.root.Refresh()
}

// dot marks a chip behind which there is a pattern.
func dot(c *own.Chip, on bool) {
	colour := fyne.ThemeColorName("")
	if on {
		colour = theme.Accent
	}
	if c.Colour != colour {
		c.Colour = colour
		c.Refresh()
	}
}

func (v *View) toggle() {
	if v.playing {
		v.model.Stop()
		return
	}
	v.model.Play()
}

// Playing shows that a pattern plays, and where it is, in ticks; slot is the one that plays.
func (v *View) Playing(slot device.Slot, tick int, on bool) {
	mine := on && slot == v.model.Slot()
	if mine {
		v.roll.SetCursor(float64(tick) / device.TicksPerBeat)
	} else {
		v.roll.SetCursor(-1)
	}
	if v.playing == on {
		return
	}
	v.playing = on
	if on {
		v.play.SetIcon("stop")
		v.play.SetText("Stop")
	} else {
		v.play.SetIcon("play")
		v.play.SetText("Play")
	}
	v.root.Refresh()
}
