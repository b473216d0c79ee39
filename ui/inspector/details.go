package inspector

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sampleagent/audio/analysis"
	"sampleagent/audio/key"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Details is the panel with every value of the sample and the means to change it.
type Details struct {
	model *Model

	sound, file  []*own.Value
	soundBox     *fyne.Container
	fileBox      *fyne.Container
	candidates   *fyne.Container
	tempo        *own.Entry
	key          *keyEntry
	tempoRevert  *own.IconButton
	keyRevert    *own.IconButton
	stars        *own.Stars
	fav          *own.IconButton
	tags         *fyne.Container
	newTag       *own.Entry
	note         *noteEntry
	noteRow      catalog.Row
	licence      *own.Value
	artist       *own.Value
	body, nobody fyne.CanvasObject
	root         fyne.CanvasObject
	askSource    func(s catalog.Source, done func(catalog.Source))
	focus        func(fyne.Focusable)
}

// NewDetails draws a model; askSource lets a person edit source and licence, focus shows the panel
// and gives one of its fields the focus.
func NewDetails(m *Model, askSource func(s catalog.Source, done func(catalog.Source)), focus func(fyne.Focusable)) *Details {
	d := &Details{model: m, askSource: askSource, focus: focus}
	d.soundBox, d.fileBox = own.Below(0, -1), own.Below(0, -1)
	d.candidates = own.Flow(5)

	d.tempo = own.NewEntry()
	d.tempo.SetPlaceHolder("BPM")
	d.tempo.OnEscape = func() { d.leave(d.tempo) }
	d.tempo.OnSubmitted = func(text string) {
		bpm, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(text), ",", ".", 1), 64)
		if text = strings.TrimSpace(text); text != "" && err != nil {
			m.tell(fmt.Errorf("%q is not a tempo: type beats per minute, like 92.5", text))
			return
		}
		own.Leave(d.tempo) // so that Undo is the window's, and the arrow keys move on in the list
		m.Edit(func(ctx context.Context, rows []catalog.Row) error { return m.core.SetTempo(ctx, rows, bpm) })
	}
	d.key = newKeyEntry(func() { d.leave(d.key) })
	d.key.SetPlaceHolder("Key")
	d.key.OnSubmitted = d.setKey
	d.key.OnChanged = func(text string) {
		// Chosen from the list: whole names only, and only what is new.
		for _, k := range browser.Keys {
			if k == text && m.sample != nil && m.sample.Key != k {
				d.setKey(k)
			}
		}
	}
	small := func(text, hint string, f func()) *own.IconButton {
		b := own.NewTextButton("", text, hint, f)
		b.Side = 28
		return b
	}
	half := small("½", "Half the tempo   Ctrl+Shift+H", func() { m.Edit(m.core.HalveTempo) })
	double := small("×2", "Twice the tempo   Ctrl+Shift+D", func() { m.Edit(m.core.DoubleTempo) })
	revert := func(f catalog.Field) *own.IconButton {
		b := own.NewIconButton("undo", "Back to what was found", func() {
			m.Edit(func(ctx context.Context, rows []catalog.Row) error { return m.core.Revert(ctx, rows, f) })
		})
		b.Side = 28
		return b
	}
	d.tempoRevert, d.keyRevert = revert(catalog.FieldBPM), revert(catalog.FieldKey)
	d.stars = own.NewStars(func(n int) {
		m.Edit(func(ctx context.Context, rows []catalog.Row) error { return m.core.SetRating(ctx, rows, n) })
	})
	d.fav = own.NewIconButton("heart", "Favourite   Ctrl+D", func() {
		if m.sample != nil {
			on := !m.sample.Favourite
			m.Edit(func(ctx context.Context, rows []catalog.Row) error { return m.core.SetFavourite(ctx, rows, on) })
		}
	})
	d.tags = own.Flow(5)
	d.newTag = own.NewEntry()
	d.newTag.SetPlaceHolder("Add a tag, then Enter")
	d.newTag.OnSubmitted = func(text string) {
		var tags []string
		for _, t := range strings.Split(text, ",") {
			if t = strings.TrimSpace(t); t != "" {
				tags = append(tags, t)
			}
		}
		d.newTag.SetText("")
		if len(tags) > 0 {
			m.Edit(func(ctx context.Context, rows []catalog.Row) error { return m.core.AddTags(ctx, rows, tags...) })
		}
	}
	d.note = newNoteEntry(func(text string) {
		if m.sample == nil || d.noteRow != m.sample.Row || text == m.sample.Note {
			return
		}
		row := d.noteRow
		m.Edit(func(ctx context.Context, _ []catalog.Row) error { return m.core.SetNote(ctx, row, text) })
	})
	d.licence, d.artist = own.NewValue("Licence"), own.NewValue("Artist")
	editSource := func() {
		if d.askSource != nil && m.sample != nil {
			d.askSource(m.source, func(s catalog.Source) {
				m.Edit(func(ctx context.Context, rows []catalog.Row) error { return m.core.SetSource(ctx, rows, s) })
			})
		}
	}
	d.licence.OnTapped, d.artist.OnTapped = editSource, editSource

	section := func(title string, content ...fyne.CanvasObject) fyne.CanvasObject {
		head := own.NewCaption(strings.ToUpper(title))
		head.Style.Bold, head.TextSize, head.Colour = true, theme.TextTiny, theme.TextFaint
		objects := append([]fyne.CanvasObject{own.InsetEach(head, 6, 0, 0, 2)}, content...)
		return own.Below(4, -1, objects...)
	}
	pad := func(o fyne.CanvasObject) fyne.CanvasObject { return own.InsetEach(o, 6, 0, 6, 0) }
	tempoLine := pad(own.Beside(5, 1, own.FixedWidth(78, d.tempo), own.NewGround(theme.Panel, 0), half, double, d.tempoRevert))
	keyLine := pad(own.Beside(5, 0, d.key, d.keyRevert))
	yours := section("Yours", pad(own.Beside(10, 1, d.stars, own.NewGround(theme.Panel, 0), d.fav)), pad(d.tags), pad(d.newTag), pad(d.note))
	content := own.Below(14, -1,
		section("Sound", d.soundBox, pad(d.candidates)),
		section("Correct", tempoLine, keyLine),
		yours,
		section("File", d.fileBox),
		section("Source", d.artist, d.licence),
	)
	scroll := container.NewVScroll(own.InsetEach(content, 0, 2, 8, 8))
	d.body = scroll
	nothing := own.NewLabel("Select a sample to see what is known of it")
	nothing.Colour, nothing.Align = theme.TextFaint, fyne.TextAlignCenter
	d.nobody = nothing
	d.root = own.Stack(d.body, d.nobody)
	d.Refresh()
	return d
}

func (m *Model) tell(err error) {
	if m.OnFailure != nil {
		m.OnFailure(err)
	}
}

func (d *Details) setKey(text string) {
	m := d.model
	name := strings.TrimSpace(text)
	if name != "" {
		k, ok := key.Typed(name)
		if !ok {
			m.tell(fmt.Errorf("%q is not a key: type it like Am, F# major or 8A", name))
			return
		}
		name = k.String()
	}
	own.Leave(d.key) // as the tempo
	m.Edit(func(ctx context.Context, rows []catalog.Row) error { return m.core.SetKey(ctx, rows, name) })
}

// Root is the panel's content.
func (d *Details) Root() fyne.CanvasObject { return d.root }

// FocusTempo puts the cursor where the tempo is typed.
func (d *Details) FocusTempo() { d.focus(d.tempo) }

// FocusKey puts the cursor where the key is typed.
func (d *Details) FocusKey() { d.focus(d.key) }

// FocusTag puts the cursor where tags are typed.
func (d *Details) FocusTag() { d.focus(d.newTag) }

// leave drops what is typed in a field.
func (d *Details) leave(field fyne.CanvasObject) {
	own.Leave(field)
	d.Refresh()
}

// Refresh draws the model as it is now.
func (d *Details) Refresh() {
	m := d.model
	s := m.Sample()
	show(d.body, s != nil)
	show(d.nobody, s == nil)
	if s == nil {
		return
	}
	d.sound = fill(d.soundBox, d.sound, m.Sound())
	d.file = fill(d.fileBox, d.file, m.File())
	for _, v := range d.sound {
		switch v.Name {
		case "Tempo":
			v.OnTapped = d.FocusTempo
		case "Key":
			v.OnTapped = d.FocusKey
		case "Class":
			v.OnTapped = func() { d.classMenu(v) }
		case "Kind":
			v.OnTapped = func() { d.kindMenu(v) }
		}
	}
	d.candidates.Objects = nil
	for i, c := range m.Candidates() {
		d.candidates.Add(own.NewChip(fmt.Sprintf("%s · %.0f %%  F%d", browser.Tempo(c.BPM), c.Weight*100, 6+i), func() { m.TakeReading(c) }))
	}
	d.candidates.Hidden = len(d.candidates.Objects) == 0
	c := fyne.CurrentApp().Driver().CanvasForObject(d.root)
	typing := func(o fyne.Focusable) bool { return c != nil && c.Focused() == o }
	if !typing(d.tempo) {
		d.tempo.SetText(browser.Tempo(s.BPM))
	}
	if !typing(d.key) {
		d.key.SetText(s.Key)
	}
	d.tempoRevert.SetOff(s.BPMSource != analysis.FromHand)
	d.keyRevert.SetOff(s.KeySource != analysis.FromHand)
	d.stars.SetRating(s.Rating)
	heart := "heart"
	if s.Favourite {
		heart = "hearted"
	}
	d.fav.SetIcon(heart)
	d.fav.SetOn(s.Favourite)
	d.tags.Objects = nil
	for _, tag := range s.Tags {
		chip := own.NewChip(tag, func() {
			m.Edit(func(ctx context.Context, rows []catalog.Row) error { return m.core.RemoveTags(ctx, rows, tag) })
		})
		chip.Closable = true
		d.tags.Add(chip)
	}
	d.tags.Hidden = len(s.Tags) == 0
	if !typing(d.note) || d.noteRow != s.Row {
		d.noteRow = s.Row
		d.note.SetText(s.Note)
	}
	d.artist.ShowValue(m.source.Artist, "", -1)
	d.licence.ShowValue(m.source.Licence, "", -1)
	d.root.Refresh()
}

func show(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// fill shows readings in values, making more when there are too few.
func fill(box *fyne.Container, values []*own.Value, readings []Reading) []*own.Value {
	for len(values) < len(readings) {
		v := own.NewValue("")
		values = append(values, v)
		box.Add(v)
	}
	for i, v := range values {
		v.Hidden = i >= len(readings)
		if v.Hidden {
			continue
		}
		r := readings[i]
		v.Name, v.Dot, v.OnTapped = r.Name, "", nil
		if r.Class != "" {
			v.Dot = theme.Class(r.Class)
		}
		v.Text = "\x00" // so that ShowValue draws in any case: the dot may have changed
		v.ShowValue(r.Text, r.Source, r.Confidence)
	}
	return values
}

func (d *Details) classMenu(below fyne.CanvasObject) {
	var items []*fyne.MenuItem
	for _, class := range browser.Classes {
		item := fyne.NewMenuItem(browser.Title(class), func() {
			d.model.Edit(func(ctx context.Context, rows []catalog.Row) error { return d.model.core.SetClass(ctx, rows, class) })
		})
		item.Icon = theme.Icon("dot", theme.Class(class))
		items = append(items, item)
	}
	items = append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("As found", func() {
		d.model.Edit(func(ctx context.Context, rows []catalog.Row) error {
			return d.model.core.Revert(ctx, rows, catalog.FieldClass)
		})
	}))
	popUp(items, below)
}

func (d *Details) kindMenu(below fyne.CanvasObject) {
	var items []*fyne.MenuItem
	for _, kind := range []analysis.Kind{analysis.OneShot, analysis.LoopKind, analysis.Music} {
		items = append(items, fyne.NewMenuItem(browser.Title(string(kind)), func() {
			d.model.Edit(func(ctx context.Context, rows []catalog.Row) error { return d.model.core.SetKind(ctx, rows, kind) })
		}))
	}
	items = append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("As found", func() {
		d.model.Edit(func(ctx context.Context, rows []catalog.Row) error {
			return d.model.core.Revert(ctx, rows, catalog.FieldKind)
		})
	}))
	popUp(items, below)
}

func popUp(items []*fyne.MenuItem, below fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	if c := d.CanvasForObject(below); c != nil {
		widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, d.AbsolutePositionForObject(below).AddXY(92, below.Size().Height))
	}
}

// keyEntry is where a key is typed or chosen.
type keyEntry struct {
	widget.SelectEntry
	escape func()
}

func newKeyEntry(escape func()) *keyEntry {
	k := &keyEntry{escape: escape}
	k.ExtendBaseWidget(k)
	k.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	k.SetOptions(browser.Keys)
	return k
}

// TypedKey implements fyne.Focusable.
func (k *keyEntry) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyEscape:
		k.escape()
	case !own.Pass(k, e):
		k.SelectEntry.TypedKey(e)
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (k *keyEntry) TypedShortcut(s fyne.Shortcut) {
	k.SelectEntry.TypedShortcut(s)
	own.PassShortcut(k, s)
}

// noteEntry tells its text when it loses the focus, so that a note is kept without a button.
type noteEntry struct {
	own.Entry
	left func(text string)
}

func newNoteEntry(left func(string)) *noteEntry {
	n := &noteEntry{left: left}
	n.MultiLine = true
	n.Wrapping = fyne.TextWrapWord
	n.ExtendBaseWidget(n)
	n.SetMinRowsVisible(3)
	n.SetPlaceHolder("Notes")
	return n
}

// FocusLost implements fyne.Focusable.
func (n *noteEntry) FocusLost() {
	n.Entry.FocusLost()
	n.left(n.Text)
}
