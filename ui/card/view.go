package card

import (
	"fmt"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/inspector"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Actions are what the dialog asks of the window.
type Actions struct {
	ChooseFolder func(done func(dir string))
	ChooseFile   func(done func(path string))
	Cancel       func() // the running task
	Close        func()
}

// View draws a Model.
type View struct {
	model   *Model
	actions Actions

	dir      *widget.Entry
	forms    []*own.Chip
	formats  []*own.Chip
	template *own.Chip
	note     *own.Label
	table    *own.RowList
	drawn    map[*fileRow]*fileRenderer
	summary  *own.Label
	space    *own.Label
	replaces *own.Label
	message  *own.Label
	bar      *own.Bar
	write    *own.IconButton
	verify   *own.IconButton
	close    *own.IconButton
	head     *fileHead
	root     fyne.CanvasObject
}

// NewView builds the dialog for a kit of the name.
func NewView(m *Model, kitName string, a Actions) *View {
	v := &View{model: m, actions: a, drawn: map[*fileRow]*fileRenderer{}}
	v.dir = widget.NewEntry()
	v.dir.SetPlaceHolder("The SD card, or any folder")
	v.dir.SetText(m.Options().Dir)
	v.dir.OnSubmitted = func(text string) { m.Set(func(o *Options) { o.Dir = strings.TrimSpace(text) }) }
	choose := own.NewTextButton("folder", "Choose…", "", func() {
		a.ChooseFolder(func(dir string) {
			v.dir.SetText(dir)
			m.Set(func(o *Options) { o.Dir = dir })
		})
	})
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
	v.note = own.NewLabel("")
	v.note.TextSize, v.note.Colour = theme.TextSmall, theme.TextDim
	v.table = own.NewRowList(25, func() own.Row {
		r := &fileRow{view: v}
		r.ExtendBaseWidget(r)
		return r
	})
	v.head = newFileHead()
	v.summary, v.space, v.replaces = own.NewLabel(""), own.NewLabel(""), own.NewLabel("")
	v.space.Align = fyne.TextAlignTrailing
	v.replaces.Colour, v.replaces.TextSize = theme.Warn, theme.TextSmall
	v.message = own.NewLabel("")
	v.bar = own.NewBar(theme.Accent, 6)
	v.write = own.NewTextButton("card", "Write card", "", m.Write)
	v.write.Strong = true
	v.verify = own.NewTextButton("check", "Check again", "", m.Verify)
	v.close = own.NewTextButton("", "Close", "", func() { v.closeOrCancel() })

	title := own.NewTitle("Write card")
	name := own.NewLabel(kitName)
	name.Colour = theme.TextDim
	label := func(text string) fyne.CanvasObject { return own.FixedWidth(64, own.NewCaption(text)) }
	content := own.Below(10, 5,
		own.Beside(10, 1, title, name),
		own.Beside(8, 1, label("Folder"), v.dir, choose),
		own.Beside(6, 5, label("Write"), v.forms[0], v.forms[1], v.forms[2], v.template, own.NewGround(theme.Panel, 0), own.NewCaption("as"), v.formats[0], v.formats[1]),
		v.note,
		own.Beside(8, 0, v.summary, own.FixedWidth(260, v.space)),
		own.Stack(own.NewGround(theme.Panel, theme.Radius), own.Inset(own.Below(0, 1, v.head, v.table), 2, 4)),
		v.replaces,
		v.bar,
		own.Beside(8, 0, v.message, v.verify, v.close, v.write),
	)
	v.root = own.Inset(content, 14, 12)
	m.OnChanged = v.Refresh
	v.Refresh()
	return v
}

func (v *View) closeOrCancel() {
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
	v.template.SetText("Template: none")
	if o.Template != "" {
		v.template.SetText("Template: " + filepath.Base(o.Template))
		v.template.SetOn(true)
	}
	switch o.Form {
	case "import":
		v.note.Set("On the device: SHIFT + pad 14, IMPORT, SAMPLE. Every file is 48 kHz, 16 bit. Pad settings cannot travel this way.", theme.TextDim)
	default:
		v.note.Set("Experimental: no device has loaded a project of ours yet. Make a BACKUP on the device first: importing replaces the whole project slot.", theme.Warn)
	}
	plan := m.Plan()
	busy := m.Step() == Writing
	n := 0
	v.summary.Set("", theme.Text)
	v.space.Set("", theme.TextDim)
	v.replaces.SetText("")
	if plan != nil {
		n = len(plan.Files)
		converted, warned := 0, 0
		for _, f := range plan.Files {
			if f.Converted != "" {
				converted++
			}
			if f.Warning != "" {
				warned++
			}
		}
		text := fmt.Sprintf("%d files, %s", n, inspector.Bytes(plan.Bytes))
		if converted > 0 {
			text += fmt.Sprintf(" · %d converted", converted)
		}
		if warned > 0 {
			text += fmt.Sprintf(" · %d to look at", warned)
		}
		v.summary.SetText(text)
		if plan.Free >= 0 {
			v.space.Set(inspector.Bytes(plan.Free)+" free", theme.TextDim)
			if plan.Bytes > plan.Free {
				v.space.Set("only "+inspector.Bytes(plan.Free)+" free", theme.Bad)
			}
		}
		switch len(plan.Replaces) {
		case 0:
			if len(plan.Warnings) > 0 {
				v.replaces.SetText(plan.Warnings[0])
			}
		case 1:
			v.replaces.SetText("Replaces " + plan.Replaces[0])
		default:
			v.replaces.SetText(fmt.Sprintf("Replaces %s and %d more", plan.Replaces[0], len(plan.Replaces)-1))
		}
	}
	v.replaces.Hidden = v.replaces.Text == ""
	if v.table.Length() != n {
		v.table.SetLength(n, false)
	} else {
		v.table.Refresh()
	}

	ready, why := m.Ready()
	v.write.SetOff(!ready || busy)
	v.write.Hidden = m.Step() == Written
	v.verify.Hidden = m.Step() != Written
	v.close.SetText("Close")
	v.bar.Hidden = !busy
	v.message.Set("", theme.TextDim)
	switch m.Step() {
	case Choosing:
		switch {
		case m.Err() != "":
			v.message.Set(m.Err(), theme.Bad)
		default:
			v.message.Set("Choose the card or a folder to see what would be written.", theme.TextDim)
		}
	case Planning:
		v.message.Set("Looking at the files…", theme.TextDim)
	case Planned:
		if why != nil {
			v.message.Set(why.Error(), theme.Bad)
		} else {
			v.message.Set("Nothing has been written yet.", theme.TextDim)
		}
	case Writing:
		t := m.Progress()
		share := 0.0
		if t.TotalBytes > 0 {
			share = float64(t.Bytes) / float64(t.TotalBytes)
		} else if t.Total > 0 {
			share = float64(t.Done) / float64(t.Total)
		}
		v.bar.SetValue(share)
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
	case Failed:
		v.message.Set(m.Err(), theme.Bad)
	}
	v.root.Refresh()
}

// ---- the table

type fileColumns struct{ pad, source, target, size, note [2]float32 } // x, width

func fileColumnsFor(w float32) fileColumns {
	var c fileColumns
	rest := w - 12 - 40 - 64 - 16
	c.pad = [2]float32{12, 34}
	c.source = [2]float32{52, rest * 0.30}
	c.target = [2]float32{52 + rest*0.30 + 8, rest*0.38 - 8}
	c.size = [2]float32{52 + rest*0.68, 58}
	c.note = [2]float32{52 + rest*0.68 + 72, rest*0.32 - 16}
	return c
}

type fileHead struct{ widget.BaseWidget }

func newFileHead() *fileHead {
	h := &fileHead{}
	h.ExtendBaseWidget(h)
	return h
}

func (h *fileHead) CreateRenderer() fyne.WidgetRenderer {
	r := &fileRenderer{head: true}
	r.build()
	r.set([5]string{"Pad", "Sample", "On the card", "Size", "What changes"}, [5]fyne.ThemeColorName{theme.TextFaint, theme.TextFaint, theme.TextFaint, theme.TextFaint, theme.TextFaint})
	return r
}

type fileRow struct {
	widget.BaseWidget
	view *View
}

// Bind implements widget.Row.
func (r *fileRow) Bind(i int, s own.RowState) {
	d := r.view.drawn[r]
	plan := r.view.model.Plan()
	if d == nil || plan == nil || i >= len(plan.Files) {
		return
	}
	f := plan.Files[i]
	note, tone := f.Converted, theme.TextDim
	if f.Renamed != "" {
		if note != "" {
			note += "; "
		}
		note += "renamed"
	}
	if f.Warning != "" {
		note, tone = f.Warning, theme.Warn
	}
	if note == "" {
		note, tone = "copied as it is", theme.TextFaint
	}
	d.ground.FillColor = theme.Alpha(theme.C(theme.RowHover), 0)
	if s.Hovered || s.Selected {
		d.ground.FillColor = theme.C(theme.RowHover)
	}
	d.ground.Refresh()
	d.set([5]string{f.Pad, filepath.Base(f.Source), f.Target, inspector.Bytes(f.Bytes), note},
		[5]fyne.ThemeColorName{theme.Accent, theme.Text, theme.TextDim, theme.TextDim, tone})
}

func (r *fileRow) CreateRenderer() fyne.WidgetRenderer {
	d := &fileRenderer{}
	d.build()
	r.view.drawn[r] = d
	return d
}

type fileRenderer struct {
	head    bool
	ground  *canvas.Rectangle
	cells   [5]*own.Label
	objects []fyne.CanvasObject
}

func (d *fileRenderer) build() {
	d.ground = canvas.NewRectangle(theme.Alpha(theme.C(theme.Panel), 0))
	d.ground.CornerRadius = 4
	d.objects = []fyne.CanvasObject{d.ground}
	for i := range d.cells {
		d.cells[i] = own.NewLabel("")
		d.cells[i].TextSize = theme.TextSmall
		d.objects = append(d.objects, d.cells[i])
	}
	d.cells[3].Align = fyne.TextAlignTrailing
	d.cells[2].Middle = true
}

func (d *fileRenderer) set(texts [5]string, colours [5]fyne.ThemeColorName) {
	for i, c := range d.cells {
		c.Set(texts[i], colours[i])
	}
}

func (d *fileRenderer) Destroy()                     {}
func (d *fileRenderer) Objects() []fyne.CanvasObject { return d.objects }
func (d *fileRenderer) MinSize() fyne.Size           { return fyne.NewSize(300, 25) }
func (d *fileRenderer) Layout(s fyne.Size) {
	d.ground.Resize(s)
	c := fileColumnsFor(s.Width)
	for i, at := range [5][2]float32{c.pad, c.source, c.target, c.size, c.note} {
		h := d.cells[i].MinSize().Height
		d.cells[i].Resize(fyne.NewSize(at[1], h))
		d.cells[i].Move(fyne.NewPos(at[0], (s.Height-h)/2))
	}
}
func (d *fileRenderer) Refresh() {
	for _, o := range d.objects {
		o.Refresh()
	}
}

// Dialog shows the view in the middle of a canvas; the result hides it.
func Dialog(v *View, c fyne.Canvas) (hide func()) {
	size := c.Size()
	box := container.NewStack(v.root)
	pop := widget.NewModalPopUp(box, c)
	pop.Resize(fyne.NewSize(min(940, size.Width-80), min(640, size.Height-80)))
	pop.Show()
	c.Focus(v.Focus())
	return pop.Hide
}
