package widget

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// Pads is how many pads a bank has, Across how many stand in a row. Pad 1 is at the top left and
// pad 16 at the bottom right, as on the SP-404MK2's panel.
const (
	Pads   = 16
	Across = 4
)

// Pad is what one pad shows.
type Pad struct {
	Filled   bool
	Name     string
	Class    string // lights the pad
	Overview []byte
	Detail   string // second line: tempo, key or length
	Badges   string // short words for the settings that differ: "LOOP", "1-SHOT"
	Missing  bool   // the file is gone
}

// PadGrid is a bank as on the device: 4 x 4 lit pads. A press plays, keys play, drags move pads
// or bring samples. It draws Pads and tells what was done; it changes nothing by itself.
type PadGrid struct {
	widget.BaseWidget

	OnPress   func(i int)                      // pressed with the mouse or a key: play
	OnRelease func(i int)                      // let go: gate
	OnSelect  func(i int)                      // the selected pad changed
	OnMark    func(i int, upTo bool)           // clicked with Ctrl, or with Shift: all up to it
	OnOpen    func(i int)                      // double click
	OnEdit    func(e Edit)                     // copy, cut, paste, select all
	OnMove    func(from, to int, copying bool) // dragged onto another pad; outside: to is -1
	OnMenu    func(i int, at fyne.Position)    // right click or the menu key
	OnDelete  func(i int)                      // Delete or Backspace
	OnKey     func(e *fyne.KeyEvent) bool      // keys first go here
	OnFocus   func(focused bool)
	Modifiers func() fyne.KeyModifier

	pads     [Pads]Pad
	selected int
	playing  [Pads]bool
	marked   [Pads]bool
	clicked  time.Time // the last click
	target   int       // pad under something dragged, -1 none
	hovered  int
	held     map[fyne.KeyName]int
	pressed  int
	dragFrom int
	dragAt   fyne.Position
	focused  bool
	faces    [Pads]*padFace
}

// padKeys are the keys that play pads 1 to 16, laid out as the pads are.
var padKeys = [Pads]fyne.KeyName{
	fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4,
	fyne.KeyQ, fyne.KeyW, fyne.KeyE, fyne.KeyR,
	fyne.KeyA, fyne.KeyS, fyne.KeyD, fyne.KeyF,
	fyne.KeyZ, fyne.KeyX, fyne.KeyC, fyne.KeyV,
}

// NewPadGrid is a bank of empty pads with pad 1 selected.
func NewPadGrid() *PadGrid {
	g := &PadGrid{target: -1, hovered: -1, pressed: -1, dragFrom: -1, held: map[fyne.KeyName]int{}, Modifiers: currentModifiers}
	for i := range g.faces {
		g.faces[i] = newPadFace(g, i)
	}
	g.ExtendBaseWidget(g)
	return g
}

// SetPads shows a bank.
func (g *PadGrid) SetPads(pads [Pads]Pad) {
	for i := range pads {
		if !samePad(&g.pads[i], &pads[i]) {
			g.pads[i] = pads[i]
			g.faces[i].Refresh()
		}
	}
}

func samePad(a, b *Pad) bool {
	return a.Filled == b.Filled && a.Name == b.Name && a.Class == b.Class && a.Detail == b.Detail &&
		a.Badges == b.Badges && a.Missing == b.Missing && sameBytes(a.Overview, b.Overview)
}

// Selected is the selected pad, 0 to 15.
func (g *PadGrid) Selected() int { return g.selected }

// Select selects pad i.
func (g *PadGrid) Select(i int) {
	if i < 0 || i >= Pads || i == g.selected {
		return
	}
	g.swap(&g.selected, i)
	if g.OnSelect != nil {
		g.OnSelect(i)
	}
}

// SetSelected shows which pad is selected without telling anyone.
func (g *PadGrid) SetSelected(i int) {
	if i >= 0 && i < Pads {
		g.swap(&g.selected, i)
	}
}

// SetPlaying lights the pads that sound.
func (g *PadGrid) SetPlaying(on [Pads]bool) { g.show(&g.playing, on) }

// SetMarked rings the pads that are chosen beside the selected one.
func (g *PadGrid) SetMarked(on [Pads]bool) { g.show(&g.marked, on) }

func (g *PadGrid) show(field *[Pads]bool, on [Pads]bool) {
	for i := range on {
		if field[i] != on[i] {
			field[i] = on[i]
			g.faces[i].Refresh()
		}
	}
}

// Edit is what the keyboard asks for with the pads that are chosen.
type Edit int

// The edits.
const (
	EditCopy Edit = iota
	EditCut
	EditPaste
	EditAll
)

// TypedShortcut implements fyne.Shortcutable.
func (g *PadGrid) TypedShortcut(s fyne.Shortcut) {
	if g.OnEdit == nil {
		return
	}
	switch s.(type) {
	case *fyne.ShortcutCopy:
		g.OnEdit(EditCopy)
	case *fyne.ShortcutCut:
		g.OnEdit(EditCut)
	case *fyne.ShortcutPaste:
		g.OnEdit(EditPaste)
	case *fyne.ShortcutSelectAll:
		g.OnEdit(EditAll)
	}
}

// SetTarget rings the pad over which something is held; -1 none.
func (g *PadGrid) SetTarget(i int) { g.swap(&g.target, i) }

func (g *PadGrid) swap(field *int, to int) {
	if *field == to {
		return
	}
	before := *field
	*field = to
	for _, i := range []int{before, to} {
		if i >= 0 && i < Pads {
			g.faces[i].Refresh()
		}
	}
}

// PadAt is the pad at a position relative to the grid, -1 between and outside.
func (g *PadGrid) PadAt(p fyne.Position) int {
	for i, f := range g.faces {
		q, s := f.Position(), f.Size()
		if p.X >= q.X && p.Y >= q.Y && p.X < q.X+s.Width && p.Y < q.Y+s.Height {
			return i
		}
	}
	return -1
}

// PadAtAbsolute is the pad at a position in the window, -1 outside.
func (g *PadGrid) PadAtAbsolute(p fyne.Position) int {
	if !g.Visible() {
		return -1
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(g)
	return g.PadAt(p.Subtract(at))
}

// ---- keyboard

// FocusGained implements fyne.Focusable.
func (g *PadGrid) FocusGained() { g.focus(true) }

// FocusLost implements fyne.Focusable; keys held count as let go.
func (g *PadGrid) FocusLost() {
	for k, i := range g.held {
		delete(g.held, k)
		if g.OnRelease != nil {
			g.OnRelease(i)
		}
	}
	g.focus(false)
}

func (g *PadGrid) focus(on bool) {
	g.focused = on
	for _, f := range g.faces {
		f.Refresh()
	}
	if g.OnFocus != nil {
		g.OnFocus(on)
	}
}

// TypedRune implements fyne.Focusable.
func (g *PadGrid) TypedRune(rune) {}

// KeyDown implements desktop.Keyable: a press plays, a repeat does not come here.
func (g *PadGrid) KeyDown(e *fyne.KeyEvent) {
	if g.Modifiers()&^fyne.KeyModifierShift != 0 {
		return
	}
	for i, k := range padKeys {
		if e.Name != k {
			continue
		}
		g.held[k] = i
		g.Select(i)
		if g.OnPress != nil {
			g.OnPress(i)
		}
	}
}

// KeyUp implements desktop.Keyable.
func (g *PadGrid) KeyUp(e *fyne.KeyEvent) {
	if i, ok := g.held[e.Name]; ok {
		delete(g.held, e.Name)
		if g.OnRelease != nil {
			g.OnRelease(i)
		}
	}
}

// TypedKey implements fyne.Focusable: arrows walk over the pads.
func (g *PadGrid) TypedKey(e *fyne.KeyEvent) {
	if asksForMenu(e, g.Modifiers()) {
		if g.OnMenu != nil {
			face := g.faces[g.selected]
			middle := face.Position().AddXY(face.Size().Width/2, face.Size().Height/2)
			g.OnMenu(g.selected, fyne.CurrentApp().Driver().AbsolutePositionForObject(g).Add(middle))
		}
		return
	}
	if g.OnKey != nil && g.OnKey(e) || Pass(g, e) {
		return
	}
	i := g.selected
	switch e.Name {
	case fyne.KeyLeft:
		if i%Across > 0 {
			g.Select(i - 1)
		}
	case fyne.KeyRight:
		if i%Across < Across-1 {
			g.Select(i + 1)
		}
	case fyne.KeyUp:
		g.Select(i - Across)
	case fyne.KeyDown:
		g.Select(i + Across)
	case fyne.KeyDelete, fyne.KeyBackspace:
		if g.OnDelete != nil {
			g.OnDelete(i)
		}
	case fyne.KeyReturn, fyne.KeyEnter:
		if g.OnPress != nil {
			g.OnPress(i)
		}
	}
}

// ---- mouse

// MouseDown implements desktop.Mouseable.
func (g *PadGrid) MouseDown(e *desktop.MouseEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(g); c != nil {
		c.Focus(g)
	}
	i := g.PadAt(e.Position)
	g.pressed = i
	if i < 0 {
		return
	}
	if mod := g.Modifiers(); e.Button == desktop.MouseButtonPrimary && mod&(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift) != 0 && g.OnMark != nil {
		g.pressed = -1
		g.OnMark(i, mod&fyne.KeyModifierShift != 0)
		return
	}
	if e.Button == desktop.MouseButtonSecondary && g.marked[i] {
		return // the menu is about all that are chosen
	}
	same := i == g.selected
	g.Select(i)
	if same && g.OnSelect != nil {
		g.OnSelect(i) // what was chosen with it is not any more
	}
	if e.Button == desktop.MouseButtonPrimary && g.OnPress != nil {
		g.OnPress(i)
	}
	now := time.Now()
	if e.Button == desktop.MouseButtonPrimary && same && now.Sub(g.clicked) < 350*time.Millisecond && g.OnOpen != nil {
		g.OnOpen(i)
	}
	g.clicked = now
}

// MouseUp implements desktop.Mouseable.
func (g *PadGrid) MouseUp(*desktop.MouseEvent) {
	if g.pressed >= 0 && g.OnRelease != nil {
		g.OnRelease(g.pressed)
	}
	g.pressed = -1
}

// TappedSecondary implements fyne.SecondaryTappable.
func (g *PadGrid) TappedSecondary(e *fyne.PointEvent) {
	if i := g.PadAt(e.Position); i >= 0 && g.OnMenu != nil {
		g.OnMenu(i, e.AbsolutePosition)
	}
}

// Dragged implements fyne.Draggable.
func (g *PadGrid) Dragged(e *fyne.DragEvent) {
	if g.dragFrom < 0 {
		from := g.PadAt(e.Position.SubtractXY(e.Dragged.DX, e.Dragged.DY))
		if from < 0 || !g.pads[from].Filled {
			return
		}
		g.dragFrom = from
	}
	g.dragAt = e.Position
	to := g.PadAt(g.dragAt)
	if to == g.dragFrom {
		to = -1
	}
	g.SetTarget(to)
}

// DragEnd implements fyne.Draggable: with the shortcut modifier held it copies.
func (g *PadGrid) DragEnd() {
	from, to := g.dragFrom, g.PadAt(g.dragAt)
	g.dragFrom = -1
	g.SetTarget(-1)
	if from < 0 || to == from || g.OnMove == nil {
		return
	}
	g.OnMove(from, to, g.Modifiers()&(fyne.KeyModifierShortcutDefault|fyne.KeyModifierAlt) != 0)
}

// MouseIn implements desktop.Hoverable.
func (g *PadGrid) MouseIn(e *desktop.MouseEvent) { g.swap(&g.hovered, g.PadAt(e.Position)) }

// MouseMoved implements desktop.Hoverable.
func (g *PadGrid) MouseMoved(e *desktop.MouseEvent) { g.swap(&g.hovered, g.PadAt(e.Position)) }

// MouseOut implements desktop.Hoverable.
func (g *PadGrid) MouseOut() { g.swap(&g.hovered, -1) }

// ---- drawing

// padGap is the space between pads, lowestPad the least height of one.
const (
	padGap    = 7
	lowestPad = 58
)

// MinSize implements fyne.CanvasObject.
func (g *PadGrid) MinSize() fyne.Size {
	return fyne.NewSize(Across*64+(Across-1)*padGap, Across*lowestPad+(Across-1)*padGap)
}

// CreateRenderer implements fyne.Widget.
func (g *PadGrid) CreateRenderer() fyne.WidgetRenderer {
	objects := make([]fyne.CanvasObject, Pads)
	for i, f := range g.faces {
		objects[i] = f
	}
	return &padGridRenderer{g: g, objects: objects}
}

type padGridRenderer struct {
	g       *PadGrid
	objects []fyne.CanvasObject
}

func (r *padGridRenderer) Destroy()                     {}
func (r *padGridRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *padGridRenderer) MinSize() fyne.Size           { return r.g.MinSize() }
func (r *padGridRenderer) Refresh() {
	for _, f := range r.g.faces {
		f.Refresh()
	}
}

func (r *padGridRenderer) Layout(s fyne.Size) {
	w := (s.Width - (Across-1)*padGap) / Across
	h := min((s.Height-(Across-1)*padGap)/Across, w*0.92)
	for i, f := range r.g.faces {
		f.Resize(fyne.NewSize(w, h))
		f.Move(fyne.NewPos(float32(i%Across)*(w+padGap), float32(i/Across)*(h+padGap)))
	}
}

// padFace draws one pad.
type padFace struct {
	widget.BaseWidget
	grid *PadGrid
	i    int
}

func newPadFace(g *PadGrid, i int) *padFace {
	f := &padFace{grid: g, i: i}
	f.ExtendBaseWidget(f)
	return f
}

func (f *padFace) CreateRenderer() fyne.WidgetRenderer {
	r := &padFaceRenderer{
		f: f, ring: canvas.NewRectangle(nil), body: canvas.NewRectangle(nil), glow: canvas.NewRectangle(nil),
		number: canvas.NewText("", nil), key: canvas.NewText("", nil), name: canvas.NewText("", nil),
		detail: canvas.NewText("", nil), badge: canvas.NewText("", nil), wave: NewMiniWave(),
	}
	r.number.TextStyle.Bold = true
	r.key.Alignment = fyne.TextAlignTrailing
	r.badge.Alignment = fyne.TextAlignTrailing
	r.Refresh()
	return r
}

type padFaceRenderer struct {
	f                                *padFace
	ring, body, glow                 *canvas.Rectangle
	number, key, name, detail, badge *canvas.Text
	wave                             *MiniWave
}

func (r *padFaceRenderer) Destroy()           {}
func (r *padFaceRenderer) MinSize() fyne.Size { return fyne.NewSize(64, lowestPad) }
func (r *padFaceRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ring, r.body, r.glow, r.wave, r.number, r.key, r.badge, r.name, r.detail}
}

const (
	padRing  = 2
	padInset = 7
)

func (r *padFaceRenderer) Layout(s fyne.Size) {
	r.ring.Resize(s)
	inner := s.SubtractWidthHeight(2*padRing, 2*padRing)
	r.body.Resize(inner)
	r.body.Move(fyne.NewPos(padRing, padRing))
	r.glow.Resize(fyne.NewSize(inner.Width-12, 3))
	r.glow.Move(fyne.NewPos(padRing+6, padRing+3))
	x, w := float32(padInset+1), s.Width-2*(padInset+1)
	r.number.Resize(fyne.NewSize(w, 16))
	r.number.Move(fyne.NewPos(x, 8))
	r.key.Resize(fyne.NewSize(w, 16))
	r.key.Move(fyne.NewPos(x, 8))
	r.badge.Resize(fyne.NewSize(w, 16))
	r.badge.Move(fyne.NewPos(x, 8))
	detail := float32(0)
	if s.Height >= 74 {
		detail = 14
	}
	r.detail.Resize(fyne.NewSize(w, 14))
	r.detail.Move(fyne.NewPos(x, s.Height-padInset-13))
	r.name.Resize(fyne.NewSize(w, 15))
	r.name.Move(fyne.NewPos(x, s.Height-padInset-15-detail))
	top := float32(26)
	if room := s.Height - padInset - 15 - detail - top - 3; room >= 8 {
		r.wave.Resize(fyne.NewSize(w, room))
		r.wave.Move(fyne.NewPos(x, top))
	} else {
		r.wave.Resize(fyne.NewSize(0, 0))
	}
	r.words()
}

// words cuts the texts to the width of now.
func (r *padFaceRenderer) words() {
	p := r.f.grid.pads[r.f.i]
	w := r.f.Size().Width - 2*(padInset+1)
	r.name.Text = Fit(p.Name, theme.TextSmall, fyne.TextStyle{}, w)
	r.detail.Text = ""
	if r.f.Size().Height >= 74 {
		r.detail.Text = Fit(p.Detail, theme.TextTiny, fyne.TextStyle{}, w)
	}
	r.badge.Text = Fit(p.Badges, theme.TextTiny-1.5, fyne.TextStyle{}, w-20)
}

func (r *padFaceRenderer) Refresh() {
	g, i := r.f.grid, r.f.i
	p := g.pads[i]
	lamp := theme.C(theme.Class(p.Class))
	body, rim := theme.C(theme.PadBody), theme.C(theme.PadRim)
	ink, dim := theme.Text, theme.TextDim
	r.body.StrokeColor, r.glow.FillColor = rim, theme.Alpha(lamp, 0)
	r.body.FillColor = body
	glowing := g.playing[i]
	light := theme.IsLight()
	if p.Filled {
		share, edge := 0.20, 0.55
		if light {
			share, edge = 0.22, 0.75
		}
		if glowing {
			share, edge = 0.62, 1
		}
		r.body.FillColor = theme.Mix(body, lamp, share)
		r.body.StrokeColor = theme.Mix(rim, lamp, edge)
		r.glow.FillColor = lamp
		dim = theme.Text
	}
	if g.hovered == i && !glowing {
		r.body.FillColor = theme.Mix(r.body.FillColor, theme.C(theme.Text), 0.06)
	}
	r.body.StrokeWidth, r.body.CornerRadius = 1, 7
	r.glow.CornerRadius = 1.5
	r.ring.CornerRadius = 9
	r.ring.FillColor, r.ring.StrokeWidth = theme.Alpha(body, 0), padRing
	r.ring.StrokeColor = theme.Alpha(body, 0)
	switch {
	case g.target == i:
		r.ring.StrokeColor = theme.C(theme.Text)
		r.body.FillColor = theme.Mix(r.body.FillColor, theme.C(theme.Accent), 0.25)
	case g.marked[i]:
		r.ring.StrokeColor = theme.C(theme.Accent)
	case g.selected == i && g.focused:
		r.ring.StrokeColor = theme.C(theme.Accent)
	case g.selected == i:
		r.ring.StrokeColor = theme.Mix(theme.C(theme.PadRim), theme.C(theme.Accent), 0.55)
	}
	r.number.Text, r.number.TextSize = fmt.Sprint(i+1), theme.TextTiny
	r.number.Color = theme.C(theme.TextFaint)
	if p.Filled {
		r.number.Color = theme.Mix(theme.C(dim), lamp, 0.25)
	}
	r.key.Text, r.key.TextSize, r.key.Color = "", theme.TextTiny-1, theme.C(theme.TextFaint)
	if g.focused && p.Badges == "" {
		r.key.Text = string(padKeys[i])
	}
	r.badge.TextSize, r.badge.Color = theme.TextTiny-1.5, theme.Mix(theme.C(theme.Text), r.body.FillColor, 0.25)
	r.name.TextSize, r.name.Color = theme.TextSmall, theme.C(ink)
	r.detail.TextSize, r.detail.Color = theme.TextTiny, theme.Mix(theme.C(theme.Text), r.body.FillColor, 0.35)
	if p.Missing {
		r.name.Color = theme.C(theme.Bad)
	}
	r.words()
	r.wave.Hidden = !p.Filled
	r.wave.Ground, r.wave.Strength = theme.PadBody, 0.95
	r.wave.ShowOverview(p.Overview, theme.Class(p.Class))
	for _, o := range r.Objects() {
		if o != r.wave {
			o.Refresh()
		}
	}
	r.wave.raster.Refresh()
}
