package card

import (
	"fmt"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"sampleagent/app/words"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Actions are what the dialog asks of the window.
type Actions struct {
	ChooseFolder func(done func(dir string))
	ChooseFile   func(done func(path string))
	Cancel       func() // the running task
	Read         func() // go to the dialog that reads a card
	Close        func()
}

// View draws a Model.
type View struct {
	model   *Model
	actions Actions

	dir      *pathField
	forms    []*own.Chip
	formats  []*own.Chip
	template *own.Chip
	project  *own.Chip
	was      Step // when it was drawn last
	note     *own.Label
	tabs     [3]*own.Chip // files, what is there, what to know
	tab      int
	files    *own.Table
	there    *own.Table
	notes    *own.Table
	space    *own.Label
	message  *own.Label
	detail   *own.Label // what a failure left, and what to do
	bar      *own.Bar
	write    *own.IconButton
	verify   *own.IconButton
	close    *own.IconButton
	root     fyne.CanvasObject
}

// NewView builds the dialog for a kit of the name.
func NewView(m *Model, kitName string, a Actions) *View {
	v := &View{model: m, actions: a}
	v.dir = newPathField(m.Options().Dir, "The SD card, or any folder", m.Open, func() { v.Escape() })
	choose := own.NewTextButton("folder", "Choose…", "", func() { a.ChooseFolder(v.dir.choose) })
	pick := func(text, value string, get func(*Options) *string) *own.Chip {
		return own.NewChip(text, func() { m.Set(func(o *Options) { *get(o) = value }) })
	}
	form := func(o *Options) *string { return &o.Form }
	format := func(o *Options) *string { return &o.Format }
	v.forms = []*own.Chip{pick("Samples to import", "import", form), pick("Project (experimental)", "project", form), pick("Both", "both", form)}
	v.formats = []*own.Chip{pick("WAV", "wav", format), pick("AIFF", "aiff", format)}
	v.template = own.NewChip("Template: none", func() {
		a.ChooseFile(func(path string) { m.Set(func(o *Options) { o.Template = path }) })
	})
	v.template.Menu = true
	v.project = own.NewChip("", v.projectMenu)
	v.project.Menu = true
	for _, c := range append(append([]*own.Chip{v.template, v.project}, v.forms...), v.formats...) {
		c.OnEscape = v.Escape
	}
	v.note = own.NewLabel("")
	v.note.TextSize, v.note.Colour = theme.TextSmall, theme.TextDim
	v.files = own.NewTable([]own.Column{
		{Title: "Pad", Width: 34}, {Title: "Sample", Share: 1}, {Title: "On the card", Share: 1.25, Middle: true},
		{Title: "Size", Width: 60, Trailing: true}, {Title: "What changes", Share: 1.15},
	}, v.fileLine)
	v.there = own.NewTable([]own.Column{{Title: "What", Width: 70}, {Title: "On the card now", Share: 1}}, v.thereLine)
	v.notes = own.NewTable([]own.Column{{Title: "To know", Share: 1}}, func(i int) []own.Cell {
		return []own.Cell{{Text: v.model.Plan().Warnings[i], Colour: theme.Warn}}
	})
	for n := range v.tabs {
		v.tabs[n] = own.NewChip("", func() { v.tab = n; v.Refresh() })
	}
	v.space = own.NewLabel("")
	v.space.Align = fyne.TextAlignTrailing
	v.message = own.NewLabel("")
	v.detail = own.NewLabel("")
	v.detail.TextSize = theme.TextSmall
	v.bar = own.NewBar(theme.Accent, 6)
	v.write = own.NewTextButton("card", "Write card", "", m.Write)
	v.write.Strong = true
	v.verify = own.NewTextButton("check", "Check again", "", m.Verify)
	v.close = own.NewTextButton("", "Close", "", func() { v.Escape() })

	title := own.NewTitle("Write card")
	name := own.NewLabel(kitName)
	name.Colour = theme.TextDim
	label := func(text string) fyne.CanvasObject { return own.FixedWidth(64, own.NewCaption(text)) }
	read := own.NewTextButton("import", "Read a card…", "See what is on a card, and take it into the library", func() {
		if m.Step() != Writing {
			a.Close()
			a.Read()
		}
	})
	read.Side = 26
	content := own.Below(10, 5,
		own.Beside(10, 1, title, name, read),
		own.Beside(8, 1, label("Folder"), v.dir, choose),
		own.Beside(6, 6, label("Write"), v.forms[0], v.forms[1], v.forms[2], v.project, v.template, own.NewGround(theme.Panel, 0), own.NewCaption("as"), v.formats[0], v.formats[1]),
		v.note,
		own.Beside(6, 3, v.tabs[0], v.tabs[1], v.tabs[2], v.space),
		own.Stack(v.files.Root(), v.there.Root(), v.notes.Root()),
		v.bar,
		own.Beside(8, 0, own.Below(2, -1, v.message, v.detail), v.verify, v.close, v.write),
	)
	v.root = own.Inset(content, 14, 12)
	m.OnChanged = v.Refresh
	v.dir.OnChanged = func(string) { v.Refresh() }
	v.Refresh()
	return v
}

// Escape is what Esc does: as the button, it closes the dialog or cancels what runs.
func (v *View) Escape() {
	if v.model.Step() == Writing {
		v.actions.Cancel()
		return
	}
	v.actions.Close()
}

// Root is the dialog's content.
func (v *View) Root() fyne.CanvasObject { return v.root }

// Focus is what takes the keyboard first.
func (v *View) Focus() fyne.Focusable {
	if ok, _ := v.model.Ready(); ok {
		return v.write
	}
	return v.dir
}

// Refresh draws the model as it is now.
func (v *View) Refresh() {
	m := v.model
	o := m.Options()
	for i, form := range []string{"import", "project", "both"} {
		v.forms[i].SetOn(o.Form == form)
	}
	for i, format := range []string{"wav", "aiff"} {
		v.formats[i].SetOn(o.Format == format)
	}
	v.template.Hidden = o.Form == "import"
	v.project.Hidden = o.Form == "import"
	v.project.SetText("Folder: a free one")
	v.project.SetOn(o.Project > 0)
	if o.Project > 0 {
		v.project.SetText(fmt.Sprintf("Folder: PROJECT_%02d", o.Project))
	}
	v.template.SetOn(o.Template != "")
	v.template.SetText("Template: none")
	if o.Template != "" {
		v.template.SetText("Template: " + filepath.Base(o.Template))
	}
	switch o.Form {
	case "import":
		v.note.Set("On the device: SHIFT + pad 14, IMPORT, SAMPLE. Every file is 48 kHz, 16 bit. Pad settings cannot travel this way.", theme.TextDim)
	default:
		v.note.Set("Experimental: no device has loaded a project of ours yet. Make a BACKUP on the device first: importing replaces the whole project slot.", theme.Warn)
	}
	plan := m.Plan()
	busy := m.Step() == Writing
	v.showPlan(plan)

	ready, why := m.Ready()
	v.write.SetOff(!ready || busy || v.dir.open())
	v.write.Hidden = m.Step() == Written
	v.verify.Hidden = m.Step() != Written
	if c := fyne.CurrentApp().Driver().CanvasForObject(v.write); c != nil && m.Step() != v.was && !v.dir.open() {
		switch m.Step() {
		case Planned:
			c.Focus(v.write)
		case Writing, Written, Failed:
			c.Focus(v.close)
		}
	}
	v.was = m.Step()
	v.close.SetText("Close")
	v.bar.Hidden = !busy
	v.message.Set("", theme.TextDim)
	switch m.Step() {
	case Choosing:
		switch {
		case v.dir.open():
			v.message.Set("Press Enter to see what would be written.", theme.TextDim)
		case m.Err() != "":
			v.message.Set(m.Err(), theme.Bad)
		default:
			v.message.Set("Choose the card or a folder to see what would be written.", theme.TextDim)
		}
	case Planning:
		v.message.Set("Looking at the files…", theme.TextDim)
	case Planned:
		if v.dir.open() {
			v.message.Set("Press Enter to see what would be written there.", theme.TextDim)
		} else if why != "" {
			v.message.Set(why, theme.Bad)
		} else {
			v.message.Set("Nothing has been written yet.", theme.TextDim)
		}
	case Writing:
		t := m.Progress()
		v.bar.SetValue(max(0, t.Share()))
		text := "Writing…"
		if t.Current != "" {
			text = t.Current
		}
		v.message.Set(text, theme.Text)
		v.close.SetText("Cancel")
	case Written:
		text, sound := m.Verified()
		colour := theme.Good
		if !sound {
			colour = theme.Bad
		}
		v.message.Set(text, colour)
		v.note.Set(onTheDevice(m.Plan()), theme.Text)
	case Failed:
		reason, rest, _ := strings.Cut(m.Err(), ". ")
		v.message.Set(reason, theme.Bad)
		v.detail.Set(rest, theme.Text)
	}
	v.detail.Hidden = m.Step() != Failed
	v.root.Refresh()
}

// projectMenu chooses which of the sixteen project folders is written.
func (v *View) projectMenu() {
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(v.project)
	if c == nil {
		return
	}
	choose := func(n int) func() { return func() { v.model.Set(func(o *Options) { o.Project = n }) } }
	items := []*fyne.MenuItem{fyne.NewMenuItem("This kit's own, or a free one", choose(0)), fyne.NewMenuItemSeparator()}
	for n := 1; n <= 16; n++ {
		items = append(items, fyne.NewMenuItem(fmt.Sprintf("PROJECT_%02d", n), choose(n)))
	}
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, d.AbsolutePositionForObject(v.project).AddXY(0, v.project.Size().Height+4))
}

// showPlan fills the three tables and says how much there is in each.
func (v *View) showPlan(plan *Plan) {
	if plan == nil {
		plan = &Plan{Free: -1, Fits: true}
	}
	there := len(plan.Replaces) + len(plan.Keeps)
	if v.tab == 1 && there == 0 || v.tab == 2 && len(plan.Warnings) == 0 {
		v.tab = 0
	}
	warned := 0
	for _, f := range plan.Files {
		if f.Warning != "" {
			warned++
		}
	}
	text := words.Count(len(plan.Files), "file", "files") + ", " + words.Size(plan.Bytes)
	if warned > 0 {
		text += fmt.Sprintf(", %d to look at", warned)
	}
	v.tabs[0].SetText(text)
	v.tabs[1].SetText(fmt.Sprintf("On the card now: %d, %d replaced", there, len(plan.Replaces)))
	v.tabs[2].SetText(fmt.Sprintf("%d to know", len(plan.Warnings)))
	v.tabs[0].Hidden, v.tabs[1].Hidden, v.tabs[2].Hidden = len(plan.Files) == 0, there == 0, len(plan.Warnings) == 0
	for i, t := range []*own.Table{v.files, v.there, v.notes} {
		v.tabs[i].SetOn(i == v.tab)
		if i == v.tab {
			t.Root().Show()
		} else {
			t.Root().Hide()
		}
	}
	v.files.Show(len(plan.Files))
	v.there.Show(there)
	v.notes.Show(len(plan.Warnings))
	v.space.Set("", theme.TextDim)
	if plan.Free >= 0 && v.model.Step() != Written {
		v.space.Set(words.Size(plan.Free)+" free", theme.TextDim)
		if !plan.Fits {
			v.space.Set("only "+words.Size(plan.Free)+" free", theme.Bad)
		}
	}
}

// onTheDevice says what comes after the card is written.
func onTheDevice(plan *Plan) string {
	text := "Eject the card before you take it out."
	if plan == nil {
		return text
	}
	for _, t := range plan.Targets {
		switch {
		case strings.HasPrefix(t, "IMPORT/PROJECT_"):
			text += " On the device: make a BACKUP, then SHIFT + pad 14, IMPORT, PROJECT."
		case strings.HasPrefix(t, "IMPORT/"):
			text += " On the device: SHIFT + pad 14, IMPORT, SAMPLE, folder " + strings.TrimPrefix(t, "IMPORT/") + "."
		default:
			text += " On the device: make a BACKUP, then SHIFT + pad 14, IMPORT, PROJECT, ROLL; or play it from the card with SHIFT + SUB PAD."
		}
	}
	return text
}

// ---- the tables

func (v *View) fileLine(i int) []own.Cell {
	plan := v.model.Plan()
	if plan == nil || i >= len(plan.Files) {
		return nil
	}
	f := plan.Files[i]
	note, tone := f.Converted, theme.TextDim
	if f.Renamed != "" {
		if note != "" {
			note += "; "
		}
		note += "was " + f.Renamed
	}
	if f.Warning != "" {
		note, tone = f.Warning, theme.Warn
	}
	if note == "" {
		note, tone = "copied as it is", theme.TextFaint
	}
	source := filepath.Base(f.Source)
	if f.Source == "" {
		source = "made by this program"
		if f.Converted == "" && f.Warning == "" {
			note = ""
		}
	}
	return []own.Cell{
		{Text: f.Pad, Colour: theme.Accent}, {Text: source}, {Text: f.Target, Colour: theme.TextDim},
		{Text: words.Size(f.Bytes), Colour: theme.TextDim}, {Text: note, Colour: tone},
	}
}

// there are the files that lie in the folders now, with what becomes of them.
func (v *View) thereLine(i int) []own.Cell {
	plan := v.model.Plan()
	switch {
	case plan == nil:
		return nil
	case i < len(plan.Replaces):
		return []own.Cell{{Text: "replaced", Colour: theme.Warn}, {Text: plan.Replaces[i]}}
	}
	return []own.Cell{{Text: "stays", Colour: theme.TextDim}, {Text: plan.Keeps[i-len(plan.Replaces)], Colour: theme.TextDim}}
}

// Screen is a dialog's content.
type Screen interface {
	Root() fyne.CanvasObject
	Focus() fyne.Focusable
	Escape() // what Esc does
}

// Dialog shows a screen in the middle of a canvas; the result hides it.
func Dialog(v Screen, c fyne.Canvas) (hide func()) {
	return own.ShowDialog(c, v.Root(), fyne.NewSize(1040, 680), v.Focus(), v.Escape)
}
