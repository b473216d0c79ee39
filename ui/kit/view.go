package kit

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	device "sampleagent/library/kit"
	own "sampleagent/ui/widget"
)

// Actions are what the screen asks of the window.
type Actions struct {
	WriteCard func()
	Ask       func(title, label, preset string, done func(string)) // one line of text
	Confirm   func(title, text string, yes func())
	Show      func(sampleID string) // select the pad's sample in the list
	Key       func(e *fyne.KeyEvent) bool
	Fill      func() // open the dialog that fills the bank
	Edit      func() // open the pad editor
	Patterns  func() // open the patterns
}

// View draws a Model.
type View struct {
	Grid    *own.PadGrid
	Actions Actions

	model    *Model
	picker   *own.Chip
	banks    []*bankTab
	bankInfo *own.Chip
	settings *settingsPanel
	card     *own.IconButton
	fill     *own.IconButton
	root     fyne.CanvasObject
}

// NewView builds the screen.
func NewView(m *Model, a Actions) *View {
	v := &View{model: m, Actions: a}
	v.Grid = NewGrid(m)
	v.Grid.OnMenu = v.padMenu
	v.Grid.OnKey = func(e *fyne.KeyEvent) bool { return v.Actions.Key != nil && v.Actions.Key(e) }
	v.Grid.OnOpen = func(int) { v.open(v.Actions.Edit) }
	v.picker = own.NewChip("No kit yet", v.kitMenu)
	v.picker.Menu, v.picker.Icon = true, "kit"
	v.card = own.NewTextButton("card", "Write card", "Write this kit to the SD card   Ctrl+E", func() {
		if v.Actions.WriteCard != nil {
			v.Actions.WriteCard()
		}
	})
	v.card.Strong = true
	v.fill = own.NewTextButton("fill", "Fill bank", "Fill this bank for me   Ctrl+B", func() { v.open(v.Actions.Fill) })
	v.card.Side, v.fill.Side = 28, 28
	tabs := container.NewGridWithColumns(device.BankCount)
	for b := range device.BankCount {
		t := newBankTab(b, func() { m.SetBank(b) })
		v.banks = append(v.banks, t)
		tabs.Add(t)
	}
	v.bankInfo = own.NewChip("", v.bankMenu)
	v.bankInfo.Menu = true
	v.settings = newSettingsPanel(m, func() { v.open(v.Actions.Edit) })

	head := own.Beside(6, 0, own.AtMost(64, v.picker), v.fill, v.card)
	content := own.Below(8, 2, head, tabs, newPadsAndSettings(v.Grid, v.settings.root))
	v.root = content
	m.OnChange(v.Refresh)
	v.Refresh()
	return v
}

// Root is the panel's content.
func (v *View) Root() fyne.CanvasObject { return v.root }

// Refresh draws the model as it is now.
func (v *View) Refresh() {
	m := v.model
	k, open := m.Kit()
	name := "No kit yet"
	if open {
		name = k.Name
	}
	v.picker.SetText(name)
	filled := m.Filled()
	for b, t := range v.banks {
		t.show(b == m.Bank(), filled[b], k.Bank(b).Protected)
	}
	v.settings.refresh()
	any := len(k.Filled()) > 0
	v.card.SetOff(!any)
}

// ---- menus

func (v *View) kitMenu() {
	m := v.model
	k, open := m.Kit()
	var items []*fyne.MenuItem
	for _, info := range m.Kits() {
		item := fyne.NewMenuItem(fmt.Sprintf("%s   %d pads", info.Name, info.Filled), func() { m.Open(info.ID) })
		item.Checked = open && info.ID == k.ID
		items = append(items, item)
	}
	if len(items) > 0 {
		items = append(items, fyne.NewMenuItemSeparator())
	}
	items = append(items, fyne.NewMenuItem("New kit…", v.AskNew))
	if open {
		items = append(items,
			fyne.NewMenuItem("Rename…", func() { v.ask("Rename kit", "Name", k.Name, m.Rename) }),
			fyne.NewMenuItem("Duplicate…", func() { v.ask("Duplicate kit", "Name of the copy", k.Name+" 2", m.Duplicate) }),
			fyne.NewMenuItem("Delete…", func() {
				v.confirm("Delete "+k.Name+"?", "The samples stay in the library. Undo brings the kit back.", m.Delete)
			}),
		)
	}
	items = append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Bank "+device.BankName(m.Bank())+"…", v.bankMenu))
	popUp(items, v.picker)
}

// AskNew asks for a name and makes a kit.
func (v *View) AskNew() {
	v.ask("New kit", "Name", fmt.Sprintf("Kit %d", len(v.model.Kits())+1), v.model.New)
}

func (v *View) bankMenu() {
	m := v.model
	k, _ := m.Kit()
	b := k.Bank(m.Bank())
	name := "bank " + device.BankName(m.Bank())
	protect := fyne.NewMenuItem("Protect "+name, func() { m.Protect(!b.Protected) })
	protect.Checked = b.Protected
	popUp([]*fyne.MenuItem{
		fyne.NewMenuItem(fmt.Sprintf("Tempo of %s: %g BPM…", name, b.Tempo.Float()), func() {
			v.ask("Tempo of "+name, "40 to 200 BPM", fmt.Sprintf("%g", b.Tempo.Float()), func(s string) {
				var bpm float64
				if _, err := fmt.Sscanf(strings.Replace(s, ",", ".", 1), "%g", &bpm); err != nil {
					m.fail(fmt.Errorf("%q is not a tempo: 40 to 200", s))()
					return
				}
				m.SetBankTempo(bpm)
			})
		}),
		fyne.NewMenuItem(fmt.Sprintf("Volume of %s: %d…", name, b.Volume()), func() {
			v.ask("Volume of "+name, "0 to 127", fmt.Sprint(b.Volume()), func(s string) {
				var n int
				if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
					m.fail(fmt.Errorf("%q is not a volume: 0 to 127", s))()
					return
				}
				m.SetBankVolume(n)
			})
		}),
		protect,
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Patterns…", func() { v.open(v.Actions.Patterns) }),
		fyne.NewMenuItem("Fill "+name+"…", func() { v.open(v.Actions.Fill) }),
		fyne.NewMenuItemSeparator(),
		withChildren("Copy "+name+" over", bankItems(m, m.CopyBank)),
		withChildren("Move "+name+" to", bankItems(m, m.MoveBank)),
		withChildren("Exchange "+name+" with", bankItems(m, m.SwapBank)),
		fyne.NewMenuItem("Empty "+name, m.ClearBank),
	}, v.banks[m.Bank()])
}

func withChildren(title string, items []*fyne.MenuItem) *fyne.MenuItem {
	item := fyne.NewMenuItem(title, nil)
	item.ChildMenu = fyne.NewMenu("", items...)
	return item
}

func (v *View) padMenu(i int, at fyne.Position) {
	m := v.model
	k, _ := m.Kit()
	slot := m.slot(i)
	p := k.Pad(slot)
	c := fyne.CurrentApp().Driver().CanvasForObject(v.Grid)
	if c == nil {
		return
	}
	show := fyne.NewMenuItem("Show in the list", func() {
		if v.Actions.Show != nil {
			v.Actions.Show(p.SampleID)
		}
	})
	edit := fyne.NewMenuItem("Edit "+slot.String()+"…", func() { v.open(v.Actions.Edit) })
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", PadItems(m, i, edit, show)...), c, at)
}

// PadItems are what can be done with a pad, or with all that are chosen with it; more stand first.
func PadItems(m *Model, pad int, more ...*fyne.MenuItem) []*fyne.MenuItem {
	k, _ := m.Kit()
	slot := m.slot(pad)
	name := slot.String()
	if n := len(m.Slots()); n > 1 && m.Marked()[pad] {
		name = fmt.Sprintf("%d pads", n)
	}
	paste := fyne.NewMenuItem("Paste", m.Paste)
	paste.Disabled = !m.CanPaste()
	if k.Pad(slot).Empty() {
		return []*fyne.MenuItem{paste}
	}
	banks := fyne.NewMenuItem("Exchange with the same pad of", nil)
	banks.ChildMenu = fyne.NewMenu("", bankItems(m, m.MoveToBank)...)
	items := append([]*fyne.MenuItem{fyne.NewMenuItem("Play "+slot.String(), func() { m.Play(pad) })}, more...)
	return append(items,
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Copy "+name, func() { m.Copy() }),
		fyne.NewMenuItem("Cut "+name, func() { m.Cut() }),
		paste, banks,
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Fresh settings for "+name, m.Reset),
		fyne.NewMenuItem("Empty "+name, func() { m.Clear(pad) }),
	)
}

// bankItems are the other banks.
func bankItems(m *Model, do func(bank int)) []*fyne.MenuItem {
	var out []*fyne.MenuItem
	for b := range device.BankCount {
		if b != m.Bank() {
			out = append(out, fyne.NewMenuItem("Bank "+device.BankName(b), func() { do(b) }))
		}
	}
	return out
}

// NewGrid is the pads of the shown bank, wired to the model; OnMenu, OnOpen and OnKey are left to
// the caller.
func NewGrid(m *Model) *own.PadGrid {
	g := own.NewPadGrid()
	g.OnPress, g.OnRelease = m.Play, m.Release
	g.OnSelect = m.Select
	g.OnMove = m.Move
	g.OnDelete = m.Clear
	g.OnMark = func(i int, upTo bool) {
		if upTo {
			m.MarkTo(i)
		} else {
			m.Mark(i)
		}
	}
	g.OnEdit = func(e own.Edit) {
		switch e {
		case own.EditCopy:
			m.Copy()
		case own.EditCut:
			m.Cut()
		case own.EditPaste:
			m.Paste()
		case own.EditAll:
			m.MarkAll()
		}
	}
	refresh := func() {
		g.SetPads(m.Pads())
		g.SetMarked(m.Marked())
		g.SetSelected(m.Pad())
		g.SetPlaying(m.PlayingPads())
	}
	m.OnChange(refresh)
	m.OnPlaying(func() { g.SetPlaying(m.PlayingPads()) })
	refresh()
	return g
}

func (v *View) open(screen func()) {
	if screen != nil {
		screen()
	}
}

func (v *View) ask(title, label, preset string, done func(string)) {
	if v.Actions.Ask != nil {
		v.Actions.Ask(title, label, preset, done)
	}
}

func (v *View) confirm(title, text string, yes func()) {
	if v.Actions.Confirm != nil {
		v.Actions.Confirm(title, text, yes)
	}
}

func popUp(items []*fyne.MenuItem, below fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	if c := d.CanvasForObject(below); c != nil {
		widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, d.AbsolutePositionForObject(below).AddXY(0, below.Size().Height+4))
	}
}

// padsAndSettings gives the pads their best shape and the settings what is left, with a scroll
// when that is little.
type padsAndSettings struct{}

func newPadsAndSettings(grid *own.PadGrid, settings fyne.CanvasObject) *fyne.Container {
	return container.New(&padsAndSettings{}, grid, settings)
}

// leastSettings is the height that the settings keep, and padShape how tall a pad is for its width.
const (
	leastSettings = 186
	padShape      = 0.92
)

func (l *padsAndSettings) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	grid, settings := objects[0], objects[1]
	h := min(s.Width*padShape, s.Height-leastSettings)
	h = max(h, grid.MinSize().Height)
	grid.Resize(fyne.NewSize(s.Width, h))
	grid.Move(fyne.NewPos(0, 0))
	settings.Move(fyne.NewPos(0, h+10))
	settings.Resize(fyne.NewSize(s.Width, max(0, s.Height-h-10)))
}

func (l *padsAndSettings) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := objects[0].MinSize()
	return fyne.NewSize(max(m.Width, 300), m.Height+120)
}
