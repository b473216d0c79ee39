package fill

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	device "sampleagent/library/kit"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// View draws a Model.
type View struct {
	model     *Model
	close     func()
	templates []*own.Chip
	query     *queryField
	seed      *own.Chip
	seeds     []Seed
	replace   *own.Chip
	table     *own.Table
	help      *own.Label
	aim       *own.Label
	note      *own.Label
	apply     *own.IconButton
	root      fyne.CanvasObject
}

// choiceColumn is the column whose halves go to the sound before and to the next best.
const choiceColumn = 4

// NewView builds the dialog; seeds are the sounds that are offered to start from.
func NewView(m *Model, seeds []Seed, close func()) *View {
	v := &View{model: m, close: close, seeds: seeds}
	chips := own.Flow(6)
	for _, t := range device.Templates {
		c := own.NewChip(t.Label, func() { m.SetTemplate(t.Template) })
		c.OnEscape = close
		v.templates = append(v.templates, c)
		chips.Add(c)
	}
	v.query = newQueryField(close, func() { v.focusTable() })
	v.query.SetPlaceHolder("Search: kind:loop bpm:85-95   (empty: the whole library)")
	v.query.SetText(m.Query())
	v.query.OnSubmitted = func(text string) { m.SetQuery(strings.TrimSpace(text)); v.focusTable() }
	v.seed = own.NewChip("", v.seedMenu)
	v.seed.Menu, v.seed.OnEscape = true, close
	v.replace = own.NewChip("Filled pads too", func() { m.SetReplace(!m.Replace()) })
	v.replace.OnEscape = close
	v.table = own.NewTable([]own.Column{
		{Title: "Pad", Width: 36}, {Title: "For", Share: 0.8}, {Title: "Sound", Share: 1.6}, {Title: "Why", Share: 1.6},
		{Title: "Choice", Width: 62}, {Title: "Now on the pad", Share: 0.9},
	}, v.line)
	list := v.table.List
	list.OnMoved = func(i int, repeating bool) {
		if !repeating {
			m.Play(i)
		}
	}
	list.OnSettled, list.OnActivated = m.Play, m.Play
	list.OnKey = v.key
	list.OnClick = func(i int, at fyne.Position) bool {
		column, share := v.table.ColumnAt(at.X)
		if column != choiceColumn {
			return false
		}
		list.Select(i)
		m.Next(i, share < 0.5)
		m.Play(i)
		return true
	}
	v.help, v.aim, v.note = own.NewLabel(""), own.NewCaption(""), own.NewLabel("")
	v.help.Colour, v.help.TextSize = theme.TextDim, theme.TextSmall
	v.apply = own.NewTextButton("fill", "", "", m.Apply)
	v.apply.Strong, v.apply.OnEscape = true, close
	cancel := own.NewTextButton("", "Cancel", "", close)
	cancel.OnEscape = close

	title := own.NewTitle("Fill bank " + device.BankName(m.Bank()))
	label := func(text string) fyne.CanvasObject { return own.FixedWidth(64, own.NewCaption(text)) }
	content := own.Below(9, 4,
		own.Beside(10, 1, title, v.help),
		own.Beside(8, 1, label("Template"), chips),
		own.Beside(8, 1, label("From"), v.query),
		own.Beside(8, 1, label("Start with"), own.FixedWidth(320, v.seed), own.NewGround(theme.Panel, 0), v.replace, v.aim),
		v.table.Root(),
		own.Beside(8, 0, v.note, cancel, v.apply),
	)
	v.root = own.Inset(content, 14, 12)
	m.OnChanged = v.Refresh
	v.Refresh()
	return v
}

// Root is the dialog's content.
func (v *View) Root() fyne.CanvasObject { return v.root }

// Focus is what takes the keyboard first.
func (v *View) Focus() fyne.Focusable { return v.table.List }

func (v *View) focusTable() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(v.root); c != nil {
		c.Focus(v.table.List)
	}
}

// key is what the keyboard does with the chosen line.
func (v *View) key(e *fyne.KeyEvent) bool {
	i := v.table.List.Selection().Cursor()
	switch e.Name {
	case fyne.KeyEscape:
		v.close()
	case fyne.KeyRight, fyne.KeyLeft:
		v.model.Next(i, e.Name == fyne.KeyLeft)
		v.model.Play(i)
	case fyne.KeySpace:
		v.model.Play(i)
	case fyne.KeyReturn, fyne.KeyEnter:
		v.model.Apply()
	case fyne.KeyDelete, fyne.KeyBackspace:
		v.model.Skip(i)
	default:
		return false
	}
	return true
}

func (v *View) line(i int) []own.Cell {
	l := v.model.Lines()[i]
	tone, name := theme.Text, theme.Accent
	reason, choice := l.Reason, fmt.Sprintf("‹ %d / %d ›", l.Number, l.Of)
	if l.Skip {
		tone, name, reason = theme.TextFaint, theme.TextFaint, "left out"
	}
	old := l.Old
	return []own.Cell{
		{Text: l.Slot.String(), Colour: name}, {Text: l.Role, Colour: theme.TextDim}, {Text: l.Name, Colour: tone},
		{Text: reason, Colour: theme.TextDim}, {Text: choice, Colour: theme.TextDim}, {Text: old, Colour: theme.Warn},
	}
}

// Refresh draws the model as it is now.
func (v *View) Refresh() {
	m := v.model
	for i, t := range device.Templates {
		v.templates[i].SetOn(t.Template == m.Template())
		if t.Template == m.Template() {
			v.help.SetText(t.Help)
		}
	}
	v.seed.SetText("No seed: by what is there")
	if s := m.Seed(); s.ID != "" {
		v.seed.SetText(s.Name)
	}
	v.seed.SetOn(m.Seed().ID != "")
	v.replace.SetOn(m.Replace())
	v.aim.SetText(m.Aim())
	cursor := v.table.List.Selection().Cursor()
	n := len(m.Lines())
	v.table.Show(n)
	if n > 0 && cursor < 0 {
		v.table.List.Select(0)
	}
	fill, replace := m.Chosen()
	text := "Put nothing"
	if fill > 0 {
		text = fmt.Sprintf("Put %d on bank %s", fill, device.BankName(m.Bank()))
		if replace > 0 {
			text += fmt.Sprintf(", %d replaced", replace)
		}
	}
	v.apply.SetText(text)
	v.apply.SetOff(fill == 0 || m.Busy())
	switch {
	case m.Err() != "":
		v.note.Set(m.Err(), theme.Bad)
	case m.Busy():
		v.note.Set("Comparing the sounds…", theme.TextDim)
	default:
		v.note.Set("Up, Down: listen · Left, Right: the next best · Delete: leave out · Enter: put them on the pads", theme.TextDim)
	}
	v.root.Refresh()
}

func (v *View) seedMenu() {
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(v.seed)
	if c == nil {
		return
	}
	items := []*fyne.MenuItem{fyne.NewMenuItem("No seed", func() { v.model.SetSeed(Seed{}) })}
	for _, s := range v.seeds {
		items = append(items, fyne.NewMenuItem(s.Name, func() { v.model.SetSeed(s) }))
	}
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, d.AbsolutePositionForObject(v.seed).AddXY(0, v.seed.Size().Height+4))
}

// queryField is the search; Esc leaves the dialog, Down goes to the proposal.
type queryField struct {
	own.Entry
	down func()
}

func newQueryField(escape, down func()) *queryField {
	f := &queryField{down: down}
	f.OnEscape = escape
	f.ExtendBaseWidget(f)
	return f
}

// TypedKey implements fyne.Focusable.
func (f *queryField) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyDown {
		f.down()
		return
	}
	f.Entry.TypedKey(e)
}
