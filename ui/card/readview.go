package card

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"

	"sampleagent/app/words"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// ReadView draws a Reader.
type ReadView struct {
	reader  *Reader
	actions Actions
	dir     *pathField
	table   *own.Table
	notes   *own.Table
	said    []string // what stands in notes
	was     ReadStep // when it was drawn last
	message *own.Label
	bar     *own.Bar
	take    *own.IconButton
	close   *own.IconButton
	root    fyne.CanvasObject
}

// NewReadView builds the dialog.
func NewReadView(r *Reader, a Actions) *ReadView {
	v := &ReadView{reader: r, actions: a}
	v.dir = newPathField(r.Dir(), "The SD card, a backup of one, or a project's folder", r.Open, a.Close)
	choose := own.NewTextButton("folder", "Choose…", "", func() { a.ChooseFolder(v.dir.choose) })
	v.table = own.NewTable([]own.Column{
		{Title: "", Width: 18}, {Title: "Name", Share: 1.2}, {Title: "What", Width: 76}, {Title: "Pads", Width: 40, Trailing: true},
		{Title: "Chopped", Width: 56, Trailing: true}, {Title: "Patterns", Width: 56, Trailing: true}, {Title: "BPM", Width: 48, Trailing: true},
		{Title: "Folder", Share: 1.2, Middle: true}, {Title: "To look at", Width: 70, Trailing: true},
	}, v.line)
	v.table.List.OnKey = func(e *fyne.KeyEvent) bool {
		switch e.Name {
		case fyne.KeySpace:
			r.Choose(v.table.List.Selection().Cursor())
		case fyne.KeyReturn, fyne.KeyEnter:
			r.Take()
		case fyne.KeyEscape:
			v.Escape()
		default:
			return false
		}
		return true
	}
	v.table.List.OnClick = func(i int, at fyne.Position) bool {
		if at.X < 34 {
			r.Choose(i)
		}
		return false
	}
	v.table.List.OnSelected = v.showNotes
	v.table.List.OnMoved = func(int, bool) { v.showNotes() }
	v.table.List.OnActivated = r.Choose
	v.notes = own.NewTable([]own.Column{{Title: "To look at", Share: 1}}, func(i int) []own.Cell {
		return []own.Cell{{Text: v.said[i], Colour: theme.Warn}}
	})
	v.message, v.bar = own.NewLabel(""), own.NewBar(theme.Accent, 6)
	v.take = own.NewTextButton("import", "", "", r.Take)
	v.take.Strong = true
	v.close = own.NewTextButton("", "Close", "", v.Escape)
	v.take.OnEscape, v.close.OnEscape = v.Escape, v.Escape

	name := own.NewLabel("Projects of the device become kits, with settings, marks, tempo, patterns and sound. The card is not changed.")
	name.Colour, name.TextSize = theme.TextDim, theme.TextSmall
	content := own.Below(10, 2,
		own.Beside(10, 1, own.NewTitle("Read card"), name),
		own.Beside(8, 1, own.FixedWidth(64, own.NewCaption("Folder")), v.dir, choose),
		own.Shares(8, 0.62, v.table.Root(), v.notes.Root()),
		v.bar,
		own.Beside(8, 0, v.message, v.close, v.take),
	)
	v.root = own.Inset(content, 14, 12)
	r.OnChanged = v.Refresh
	v.dir.OnChanged = func(string) { v.Refresh() }
	v.Refresh()
	return v
}

// Escape is what Esc does: it cancels what runs, or closes the dialog.
func (v *ReadView) Escape() {
	if v.reader.Step() == Taking {
		v.actions.Cancel()
		return
	}
	v.actions.Close()
}

// Root is the dialog's content.
func (v *ReadView) Root() fyne.CanvasObject { return v.root }

// Focus is what takes the keyboard first.
func (v *ReadView) Focus() fyne.Focusable {
	if v.reader.Step() == Shown {
		return v.table.List
	}
	return v.dir
}

func (v *ReadView) line(i int) []own.Cell {
	r := v.reader
	f := r.Found()
	if f == nil {
		return nil
	}
	tick, tone := "", theme.TextFaint
	if r.Chosen(i) {
		tick, tone = "✓", theme.Text
	}
	if i >= len(f.Kits) {
		return []own.Cell{{Text: tick, Colour: theme.Accent}, {Text: fmt.Sprintf("%d other sounds", f.Loose), Colour: tone}, {Text: "sounds", Colour: theme.TextDim}}
	}
	k := f.Kits[i]
	what := "kit"
	if k.Project {
		what = "project"
	}
	some := func(n int) string {
		if n == 0 {
			return "–"
		}
		return fmt.Sprint(n)
	}
	where := k.Folder
	if k.Also != "" {
		where += ", " + k.Also
	}
	look := ""
	if n := len(k.Warnings); n > 0 {
		look = fmt.Sprint(n)
	}
	return []own.Cell{
		{Text: tick, Colour: theme.Accent}, {Text: k.Name, Colour: tone}, {Text: what, Colour: theme.TextDim}, {Text: some(k.Pads), Colour: tone},
		{Text: some(k.Chopped), Colour: tone}, {Text: some(k.Patterns), Colour: tone}, {Text: browser.Tempo(k.BPM), Colour: tone},
		{Text: where, Colour: theme.TextDim}, {Text: look, Colour: theme.Warn},
	}
}

// showNotes lists what is to be said about the selected line, or what could not be read at all.
func (v *ReadView) showNotes() {
	v.said = v.reader.Notes(v.table.List.Selection().Cursor())
	if f := v.reader.Found(); f != nil && len(v.said) == 0 {
		v.said = f.Problems
	}
	v.notes.Show(len(v.said))
	if len(v.said) > 0 {
		v.notes.Root().Show()
	} else {
		v.notes.Root().Hide()
	}
}

// Refresh draws the reader as it is now.
func (v *ReadView) Refresh() {
	r := v.reader
	v.table.Show(r.Lines())
	if c := fyne.CurrentApp().Driver().CanvasForObject(v.dir); c != nil && r.Step() != v.was && !v.dir.open() {
		switch r.Step() {
		case Shown:
			c.Focus(v.table.List)
		case Taking, Taken, NotTaken:
			c.Focus(v.close)
		}
	}
	v.was = r.Step()
	if r.Lines() > 0 && v.table.List.Selection().Cursor() < 0 {
		v.table.List.Select(0)
	}
	v.showNotes()
	kits, loose := r.Count()
	text := "Take nothing"
	switch {
	case kits > 0 && loose:
		text = fmt.Sprintf("Take %s and the sounds", words.Count(kits, "kit", "kits"))
	case kits > 0:
		text = "Take " + words.Count(kits, "kit", "kits")
	case loose:
		text = "Take the sounds"
	}
	v.take.SetText(text)
	v.take.SetOff(r.Step() != Shown || kits == 0 && !loose)
	v.take.Hidden = r.Step() == Taken
	v.bar.Hidden = r.Step() != Taking
	v.close.SetText("Close")
	switch r.Step() {
	case NoCard:
		if v.dir.open() {
			v.message.Set("Press Enter to see what is there.", theme.TextDim)
		} else if r.Text() != "" {
			v.message.Set(r.Text(), theme.Bad)
		} else {
			v.message.Set("Choose a card or a folder to see what is on it.", theme.TextDim)
		}
	case Looking:
		v.message.Set("Looking at the card…", theme.TextDim)
	case Shown:
		v.message.Set("Space chooses a line. Nothing has come into the library yet.", theme.TextDim)
	case Taking:
		t := r.Progress()
		v.bar.SetValue(max(0, t.Share()))
		v.message.Set("Reading… "+t.Current, theme.Text)
		v.close.SetText("Cancel")
	case Taken:
		v.message.Set(r.Text(), theme.Good)
	case NotTaken:
		v.message.Set(r.Text(), theme.Bad)
	}
	v.root.Refresh()
}

// pathField is a folder that is typed: Enter or leaving the field takes it, Esc leaves the dialog.
type pathField struct {
	own.Entry
	take  func(dir string)
	taken string
}

func newPathField(dir, hint string, take func(dir string), escape func()) *pathField {
	f := &pathField{take: take, taken: dir}
	f.OnEscape = func() {
		f.taken = f.dir() // leaving takes nothing
		escape()
	}
	f.ExtendBaseWidget(f)
	f.SetPlaceHolder(hint)
	f.SetText(dir)
	f.OnSubmitted = func(string) { f.submit() }
	return f
}

// dir is what is typed.
func (f *pathField) dir() string { return strings.TrimSpace(f.Text) }

// open says whether something is typed that was not taken yet.
func (f *pathField) open() bool { return f.dir() != f.taken }

func (f *pathField) submit() {
	f.taken = f.dir()
	f.take(f.taken)
}

// choose takes a folder that was found another way.
func (f *pathField) choose(dir string) {
	f.SetText(dir)
	f.submit()
}

// FocusLost implements fyne.Focusable.
func (f *pathField) FocusLost() {
	f.Entry.FocusLost()
	if f.open() {
		f.submit()
	}
}
