package pad

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	device "sampleagent/library/kit"
	"sampleagent/ui/kit"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Actions are what the editor asks of the window.
type Actions struct {
	Close func()
	Stop  func()
	Key   func(e *fyne.KeyEvent) bool // keys of the pads that are not the grid's own
}

// View draws a Model.
type View struct {
	Grid *own.PadGrid

	model    *Model
	actions  Actions
	wave     *own.Waveform
	handles  *own.Handles
	controls *kit.Controls
	title    *own.Label
	info     *own.Label
	place    *own.Label
	marks    *own.Chip
	banks    []*own.Chip
	root     fyne.CanvasObject
}

// NewView builds the editor.
func NewView(m *Model, a Actions) *View {
	v := &View{model: m, actions: a}
	v.wave = own.NewWaveform()
	v.wave.Shortest = 64.0 / device.Rate
	v.handles = own.NewHandles(v.wave)
	v.handles.Frame = 1.0 / device.Rate
	v.handles.Snap, v.handles.OnMoving = m.Snap, m.Bound
	v.handles.OnMoved, v.handles.OnAdd, v.handles.OnRemove = m.Move, m.AddMark, m.RemoveMark
	v.handles.OnChoose = func(int) { v.showPlace() }
	v.handles.OnMenu = v.waveMenu
	v.handles.OnKey = v.waveKey
	// The keys that play pads play them here too.
	v.handles.OnDown = func(e *fyne.KeyEvent) { v.Grid.KeyDown(e) }
	v.handles.OnUp = func(e *fyne.KeyEvent) { v.Grid.KeyUp(e) }
	v.controls = kit.NewControls(m.Kit)
	v.controls.OnEscape, v.controls.Bare = a.Close, true

	v.Grid = kit.NewGrid(m.Kit)
	v.Grid.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyEscape {
			a.Close()
			return true
		}
		return a.Key != nil && a.Key(e)
	}
	v.Grid.OnMenu = func(i int, at fyne.Position) {
		if c := fyne.CurrentApp().Driver().CanvasForObject(v.Grid); c != nil {
			widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", kit.PadItems(m.Kit, i)...), c, at)
		}
	}

	v.root = v.build()
	m.OnSound = v.showSound
	m.Kit.OnChange(func() {
		if v.root.Visible() {
			v.Refresh()
		}
	})
	return v
}

// group is settings of one kind under a heading: sliders, choices with their names beside them,
// switches side by side.
func (v *View) group(title string, params ...device.Param) fyne.CanvasObject {
	head := own.NewLabel(title)
	head.TextSize, head.Colour, head.Style.Bold = theme.TextSmall, theme.TextDim, true
	column, switches := own.Below(7, -1, head), container.NewGridWithColumns(2)
	for _, p := range params {
		switch p.Info().Kind {
		case device.Switch:
			switches.Add(v.controls.Of(p))
		case device.Choice:
			column.Add(v.controls.Row(p))
		default:
			column.Add(v.controls.Of(p))
		}
	}
	if len(switches.Objects) > 0 {
		column.Add(switches)
	}
	return container.NewStack(own.NewGround(theme.Window, theme.Radius), own.Inset(column, 10, 8))
}

func (v *View) build() fyne.CanvasObject {
	m := v.model
	back := own.NewTextButton("left", "Back", "Back to the list   Esc", v.actions.Close)
	v.title = own.NewTitle("")
	v.info = own.NewLabel("")
	v.info.Colour = theme.TextDim
	play := own.NewTextButton("play", "Play", "Play the pad with its settings   Space", v.playPad)
	stop := own.NewIconButton("stop", "Stop all pads", v.actions.Stop)
	in := own.NewIconButton("plus", "Zoom in   +", func() { v.handles.TypedRune('+') })
	out := own.NewIconButton("minus", "Zoom out   -", func() { v.handles.TypedRune('-') })
	all := own.NewTextButton("", "All", "Show the whole sound   0", v.wave.ZoomAll)
	v.marks = own.NewChip("", v.marksMenu)
	v.marks.Menu = true
	for _, b := range []*own.IconButton{back, play, stop, in, out, all} {
		b.OnEscape = v.actions.Close
	}
	head := own.Beside(8, 2, back, v.title, v.info, v.marks, out, in, all, stop, play)

	v.place = own.NewLabel("")
	v.place.TextSize, v.place.Colour = theme.TextSmall, theme.TextDim
	fields := container.NewGridWithColumns(3, v.controls.Field(device.Start), v.controls.Field(device.End), v.controls.Field(device.LoopTop))
	under := own.Beside(14, 1, own.FixedWidth(420, fields), v.place)

	groups := container.New(&columns{least: 205, gap: 8},
		v.group("PLAY", device.PlayMode, device.Roll, device.Chromatic, device.Gate, device.Loop, device.OneShot, device.FixedVelocity),
		v.group("PITCH AND SPEED", device.Pitch, device.Fine, device.Speed, device.Vari, device.Vinyl),
		v.group("TEMPO AND GROUPS", device.Tempo, device.TempoMode, device.MuteGroup, device.PadLink, device.BPMSync),
		v.group("LEVEL AND ENVELOPE", device.Volume, device.Pan, device.Bus, device.Attack, device.Hold, device.Release),
	)
	reset := own.NewTextButton("undo", "Fresh settings", "All settings of the chosen pads back to a fresh pad's", m.Kit.Reset)
	reset.Side, reset.OnEscape = 26, v.actions.Close
	hint := own.NewCaption("Drag the flags; Shift: without snapping. Double click or M: a mark. Wheel: zoom. Ctrl or Shift and a click on pads: edit several.")
	hint.Colour, hint.MinWidth = theme.TextFaint, 0

	right := own.Below(8, 1, head, own.Stack(v.wave, v.handles), under, groups, own.Beside(8, 0, hint, reset))
	tabs := container.NewGridWithColumns(device.BankCount / 2)
	for b := range device.BankCount {
		chip := own.NewChip(device.BankName(b), func() { m.Kit.SetBank(b) })
		v.banks = append(v.banks, chip)
		tabs.Add(chip)
	}
	doing := own.Flow(5)
	for _, d := range []struct {
		icon, text, hint string
		do               func()
	}{
		{"", "Copy", "Copy the chosen pads with their settings   Ctrl+C", func() { m.Kit.Copy(); v.Refresh() }},
		{"", "Cut", "Copy and empty them   Ctrl+X", func() { m.Kit.Cut() }},
		{"", "Paste", "Put them on the selected pad and those after it   Ctrl+V", m.Kit.Paste},
		{"", "All", "Choose every pad of the bank   Ctrl+A", m.Kit.MarkAll},
		{"", "Empty", "Empty the chosen pads   Delete", func() { m.Kit.Clear(m.Kit.Pad()) }},
	} {
		b := own.NewTextButton(d.icon, d.text, d.hint, d.do)
		b.Side, b.OnEscape = 26, v.actions.Close
		doing.Add(b)
	}
	left := own.Below(8, 1, tabs, v.Grid, doing)
	return own.PairShare(own.SplitGap, 0.27, 250, 420, own.Panel(left), own.Panel(right))
}

// Root is the screen.
func (v *View) Root() fyne.CanvasObject { return v.root }

// Open shows the pad that is selected.
func (v *View) Open() {
	v.model.Follow()
	v.Refresh()
	v.showSound()
}

// Focus is what takes the keyboard first.
func (v *View) Focus() fyne.Focusable { return v.handles }

// Refresh draws the model as it is now.
func (v *View) Refresh() {
	v.model.Follow()
	title, info, filled := kit.PadTitle(v.model.Kit)
	v.title.SetText(title)
	v.info.SetText(info)
	v.marks.Hidden = !filled
	n := v.model.Marks()
	v.marks.SetText("No marks")
	if n > 1 { // the first alone, at the start, divides nothing
		v.marks.SetText(fmt.Sprintf("%d of %d marks", n, device.MaxMarks))
	}
	for b, chip := range v.banks {
		chip.SetOn(b == v.model.Kit.Bank())
	}
	v.controls.Refresh()
	v.showHandles()
	v.root.Refresh()
}

// showSound draws another sound, whole.
func (v *View) showSound() {
	s, why := v.model.Sound()
	v.wave.Empty = why
	if s == nil {
		v.wave.SetWave(own.Wave{})
	} else {
		sample, _ := v.model.Kit.Sample()
		v.wave.SetWave(own.Wave{Columns: v.model.Columns(), Length: s.Seconds(), Onsets: s.Onsets, Beats: s.Beats, Colour: theme.Class(sample.Class)})
	}
	v.handles.Reset()
	v.showHandles()
}

func (v *View) showHandles() {
	handles, from, to := v.model.Handles()
	v.handles.ShowHandles(handles, from, to)
	v.showPlace()
}

// showPlace says in numbers where the chosen handle is, or how long the region is.
func (v *View) showPlace() {
	handles, from, to := v.model.Handles()
	text := ""
	if i := v.handles.Chosen(); i >= 0 && i < len(handles) {
		h := handles[i]
		text = fmt.Sprintf("%s  %.4f s, frame %d", h.Label, h.At, frame(h.At))
	} else if len(handles) > 0 {
		text = fmt.Sprintf("Region %.3f s of %.3f s", to-from, v.wave.Length())
	}
	v.place.SetText(text)
}

// Cursor shows where the pad is being heard, in seconds of its sample; below 0 nowhere.
func (v *View) Cursor(seconds float64) { v.wave.SetCursor(seconds) }

// playPad plays the pad as if it were held, or stops it when it sounds.
func (v *View) playPad() {
	if m := v.model.Kit; m.PlayingPads()[m.Pad()] {
		v.actions.Stop()
	} else {
		m.Play(m.Pad())
	}
}

func (v *View) waveKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyEscape:
		v.actions.Close()
	case fyne.KeySpace:
		v.playPad()
	default:
		return false
	}
	return true
}

func (v *View) waveMenu(i int, at float64, p fyne.Position) {
	c := fyne.CurrentApp().Driver().CanvasForObject(v.handles)
	if s, _ := v.model.Sound(); c == nil || s == nil {
		return
	}
	m := v.model
	snapped := m.Snap(-1, at, 0.005)
	items := []*fyne.MenuItem{
		fyne.NewMenuItem("Start here", func() { m.Move(int(Start), snapped) }),
		fyne.NewMenuItem("End here", func() { m.Move(int(End), snapped) }),
		fyne.NewMenuItem("Loop point here", func() { m.Move(int(Loop), snapped) }),
		fyne.NewMenuItem("Mark here", func() { m.AddMark(snapped) }),
	}
	if i >= int(Mark) {
		items = append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Remove this mark", func() { m.RemoveMark(i) }))
	}
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, p)
}

func (v *View) marksMenu() {
	m := v.model
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(v.marks)
	if s, _ := m.Sound(); c == nil || s == nil {
		return
	}
	var items []*fyne.MenuItem
	for _, n := range []int{2, 4, 8, 16} {
		items = append(items, fyne.NewMenuItem(fmt.Sprintf("%d equal parts", n), func() { m.Divide(n, false) }))
	}
	items = append(items, fyne.NewMenuItemSeparator())
	for _, n := range []int{4, 8, 16} {
		items = append(items, fyne.NewMenuItem(fmt.Sprintf("%d parts at the transients", n), func() { m.Divide(n, true) }))
	}
	items = append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Remove all marks", m.ClearMarks))
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, d.AbsolutePositionForObject(v.marks).AddXY(0, v.marks.Size().Height+4))
}

// columns lays objects in as many columns as are at least so wide, of one height in a row.
type columns struct{ least, gap float32 }

func (l *columns) count(n int, width float32) int {
	return max(1, min(n, int((width+l.gap)/(l.least+l.gap))))
}

func (l *columns) rows(objects []fyne.CanvasObject, width float32, put func(o fyne.CanvasObject, x, y, w, h float32)) float32 {
	n := l.count(len(objects), width)
	w := (width - l.gap*float32(n-1)) / float32(n)
	y := float32(0)
	for i := 0; i < len(objects); i += n {
		h := float32(0)
		row := objects[i:min(i+n, len(objects))]
		for _, o := range row {
			o.Resize(fyne.NewSize(w, o.Size().Height)) // lines that wrap know their height by their width
			h = max(h, o.MinSize().Height)
		}
		for j, o := range row {
			put(o, float32(j)*(w+l.gap), y, w, h)
		}
		y += h + l.gap
	}
	return y - l.gap
}

func (l *columns) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	l.rows(objects, s.Width, func(o fyne.CanvasObject, x, y, w, h float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(w, h))
	})
}

func (l *columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	h := float32(0)
	for _, o := range objects {
		h = max(h, o.MinSize().Height)
	}
	return fyne.NewSize(4*l.least+3*l.gap, h)
}
