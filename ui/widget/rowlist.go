package widget

import (
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// RowState is how a row is to be drawn besides its data.
type RowState struct {
	Selected, Cursor, Hovered, Focused bool
}

// Row is one recycled line of a RowList.
type Row interface {
	fyne.CanvasObject
	// Bind shows line i in the state. It sets every visible property, because the object showed
	// another line before.
	Bind(i int, s RowState)
}

// RowList is a virtual list: it holds as many row objects as fit on the screen, whatever the
// length. Unlike Fyne's own List it selects with the arrow keys, knows ranges, Page Up/Down,
// Home/End and type-ahead, and tells a key that repeats from one pressed once. Offsets are
// 64-bit, so that a million lines scroll as smoothly as ten.
//
// All of it belongs to the UI goroutine. The callbacks are optional.
type RowList struct {
	widget.BaseWidget

	RowHeight float32
	NewRow    func() Row

	OnMoved     func(i int, repeating bool)        // the cursor moved there and the row is chosen
	OnSettled   func(i int)                        // the repeating key was let go
	OnSelected  func()                             // the set of chosen rows changed
	OnActivated func(i int)                        // Enter or a double click
	OnReleased  func()                             // the button came up
	OnKey       func(e *fyne.KeyEvent) bool        // keys first go here; true: done
	OnRune      func(r rune) bool                  // runes first go here; true: done
	OnTypeAhead func(prefix string)                // letters typed in quick succession
	OnMenu      func(i int, at fyne.Position)      // right click or the menu key, absolute position
	OnClick     func(i int, at fyne.Position) bool // left click at a position within row i; true: handled, do not select
	OnVisible   func(first, last int)              // the lines now on the screen, last exclusive
	OnDrag      func(rows []int, at fyne.Position) // being dragged over an absolute position
	OnDrop      func(rows []int, at fyne.Position) // let go there
	OnFocus     func(focused bool)
	Modifiers   func() fyne.KeyModifier // keys held now; tests replace it
	Now         func() time.Time        // for the pause that ends a type-ahead; tests replace it

	length  int
	offset  float64
	sel     Selection
	hovered int
	focused bool

	held     fyne.KeyName // key that is down
	presses  int          // typed keys since it went down; more than one: it repeats
	typed    string
	typedAt  time.Time
	pressed  int  // row under the button that went down
	narrow   bool // the press on a chosen row may still become a drag; the release narrows
	drawn    *rowListRenderer
	dragging bool
	dragAt   fyne.Position
	mark     int // what is dragged would come before this line; below 0: nowhere
}

// typeAheadPause ends a type-ahead: what is typed later starts a new word.
const typeAheadPause = 900 * time.Millisecond

// NewRowList is a list of n lines of one height.
func NewRowList(height float32, newRow func() Row) *RowList {
	l := &RowList{RowHeight: height, NewRow: newRow, hovered: -1, pressed: -1, mark: -1, Now: time.Now, sel: newSelection(0)}
	l.Modifiers = currentModifiers
	l.ExtendBaseWidget(l)
	return l
}

func currentModifiers() fyne.KeyModifier {
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		return d.CurrentKeyModifiers()
	}
	return 0
}

// Length is the number of lines.
func (l *RowList) Length() int { return l.length }

// SetLength tells of a new set of n lines: nothing is chosen, keepOffset leaves the view where it is.
func (l *RowList) SetLength(n int, keepOffset bool) {
	l.length = n
	l.sel = newSelection(n)
	if !keepOffset {
		l.offset = 0
	}
	l.hovered = -1
	l.clamp()
	l.Refresh()
}

// Shift moves the view by lines that came in above it, so that it shows the same ones.
func (l *RowList) Shift(lines int) {
	l.offset += float64(lines) * float64(l.RowHeight)
	l.clamp()
}

// Selection is what is chosen; the caller does not change it.
func (l *RowList) Selection() *Selection { return &l.sel }

// Select chooses line i alone without telling OnMoved, and scrolls it into view.
func (l *RowList) Select(i int) {
	l.sel.Only(i)
	l.ScrollTo(i)
	l.Refresh()
}

// SelectRows chooses lines without telling anyone and leaves the view where it is.
func (l *RowList) SelectRows(lines []int, cursor int) {
	l.sel.Set(lines, cursor)
	l.Refresh()
}

// SelectAll chooses all lines.
func (l *RowList) SelectAll() {
	l.sel.All()
	l.Refresh()
	l.selected()
}

// RefreshRow draws line i again if it can be seen.
func (l *RowList) RefreshRow(i int) {
	if l.drawn != nil {
		l.drawn.bindOne(i)
	}
}

// Offset is the distance of the view from the top.
func (l *RowList) Offset() float64 { return l.offset }

// ScrollTo brings line i into view, moving as little as possible.
func (l *RowList) ScrollTo(i int) {
	if i < 0 || i >= l.length {
		return
	}
	top := float64(i) * float64(l.RowHeight)
	view := float64(l.Size().Height)
	switch {
	case top < l.offset:
		l.offset = top
	case top+float64(l.RowHeight) > l.offset+view:
		l.offset = top + float64(l.RowHeight) - view
	}
	l.clamp()
}

// RowAt is the line at a position relative to the list, -1 below the last.
func (l *RowList) RowAt(p fyne.Position) int {
	if p.Y < 0 || p.Y > l.Size().Height || p.X < 0 || p.X > l.Size().Width {
		return -1
	}
	i := int((l.offset + float64(p.Y)) / float64(l.RowHeight))
	if i < 0 || i >= l.length {
		return -1
	}
	return i
}

// GapAt is the line before which something let go at an absolute position would come, the length
// for behind the last; below 0 when the position is not in the list.
func (l *RowList) GapAt(absolute fyne.Position) int {
	p := absolute.Subtract(fyne.CurrentApp().Driver().AbsolutePositionForObject(l))
	if p.Y < 0 || p.Y > l.Size().Height || p.X < 0 || p.X > l.Size().Width {
		return -1
	}
	return min(l.length, int(math.Round((l.offset+float64(p.Y))/float64(l.RowHeight))))
}

// MarkGap shows where something would come; below 0 takes the mark away.
func (l *RowList) MarkGap(line int) {
	if line != l.mark {
		l.mark = line
		if l.drawn != nil {
			l.drawn.placeMark()
		}
	}
}

// Page is how many whole lines fit.
func (l *RowList) Page() int { return max(1, int(l.Size().Height/l.RowHeight)) }

func (l *RowList) clamp() {
	most := float64(l.length)*float64(l.RowHeight) - float64(l.Size().Height)
	l.offset = math.Max(0, math.Min(l.offset, most))
}

// ---- keyboard

// FocusGained implements fyne.Focusable.
func (l *RowList) FocusGained() {
	l.focused = true
	l.Refresh()
	if l.OnFocus != nil {
		l.OnFocus(true)
	}
}

// FocusLost implements fyne.Focusable. A key that was held down counts as let go.
func (l *RowList) FocusLost() {
	l.focused = false
	l.settle()
	l.held = ""
	l.Refresh()
	if l.OnFocus != nil {
		l.OnFocus(false)
	}
}

// Focused says whether keys come here.
func (l *RowList) Focused() bool { return l.focused }

// KeyDown implements desktop.Keyable: it comes once for a press, repeats come as typed keys only.
func (l *RowList) KeyDown(e *fyne.KeyEvent) {
	if isModifier(e.Name) {
		return
	}
	l.held, l.presses = e.Name, 0
}

// KeyUp implements desktop.Keyable.
func (l *RowList) KeyUp(e *fyne.KeyEvent) {
	if e.Name != l.held {
		return
	}
	l.settle()
	l.held = ""
}

func (l *RowList) settle() {
	if l.held != "" && l.presses > 1 && l.sel.Cursor() >= 0 && l.OnSettled != nil {
		l.OnSettled(l.sel.Cursor())
	}
	l.presses = 0
}

func isModifier(k fyne.KeyName) bool {
	switch k {
	case desktop.KeyShiftLeft, desktop.KeyShiftRight, desktop.KeyControlLeft, desktop.KeyControlRight,
		desktop.KeyAltLeft, desktop.KeyAltRight, desktop.KeySuperLeft, desktop.KeySuperRight:
		return true
	}
	return false
}

// TypedKey implements fyne.Focusable.
func (l *RowList) TypedKey(e *fyne.KeyEvent) {
	if asksForMenu(e, l.Modifiers()) {
		if i := l.sel.Cursor(); i >= 0 && i < l.length && l.OnMenu != nil {
			l.ScrollTo(i)
			below := fyne.NewPos(l.RowHeight, float32(float64(i+1)*float64(l.RowHeight)-l.offset))
			l.OnMenu(i, fyne.CurrentApp().Driver().AbsolutePositionForObject(l).Add(below))
		}
		return
	}
	if l.OnKey != nil && l.OnKey(e) || Pass(l, e) {
		return
	}
	cur := l.sel.Cursor()
	var to int
	switch e.Name {
	case fyne.KeyDown:
		to = cur + 1
	case fyne.KeyUp:
		to = cur - 1
		if cur < 0 {
			to = l.length - 1
		}
	case fyne.KeyPageDown:
		to = max(cur, 0) + l.Page()
	case fyne.KeyPageUp:
		to = max(cur, 0) - l.Page()
	case fyne.KeyHome:
		to = 0
	case fyne.KeyEnd:
		to = l.length - 1
	case fyne.KeyReturn, fyne.KeyEnter:
		if cur >= 0 && l.OnActivated != nil {
			l.OnActivated(cur)
		}
		return
	default:
		return
	}
	if l.length == 0 {
		return
	}
	// The first typed key after a press is the press itself, the next ones are repeats.
	repeating := false
	if l.held == e.Name {
		l.presses++
		repeating = l.presses > 1
	}
	l.moveTo(min(max(to, 0), l.length-1), l.Modifiers()&fyne.KeyModifierShift != 0, repeating)
}

func (l *RowList) moveTo(i int, extend, repeating bool) {
	before := l.sel.Cursor()
	if extend {
		l.sel.Extend(i)
	} else {
		l.sel.Only(i)
	}
	l.ScrollTo(i)
	l.Refresh()
	if i != before && l.OnMoved != nil {
		l.OnMoved(i, repeating)
	}
	l.selected()
}

func (l *RowList) selected() {
	if l.OnSelected != nil {
		l.OnSelected()
	}
}

// TypedRune implements fyne.Focusable.
func (l *RowList) TypedRune(r rune) {
	if l.OnRune != nil && l.OnRune(r) {
		return
	}
	if l.OnTypeAhead == nil || r == ' ' {
		return
	}
	now := l.Now()
	if now.Sub(l.typedAt) > typeAheadPause {
		l.typed = ""
	}
	l.typed, l.typedAt = l.typed+string(r), now
	l.OnTypeAhead(l.typed)
}

// ---- mouse

// MouseDown implements desktop.Mouseable: it chooses at once, not when the button comes up, so
// that audition starts with the press.
func (l *RowList) MouseDown(e *desktop.MouseEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil {
		c.Focus(l)
	}
	i := l.RowAt(e.Position)
	l.pressed, l.narrow = i, false
	if i < 0 {
		return
	}
	if e.Button == desktop.MouseButtonSecondary {
		if !l.sel.Has(i) {
			l.sel.Only(i)
			l.Refresh()
			l.selected()
		}
		return
	}
	within := fyne.NewPos(e.Position.X, float32(float64(e.Position.Y)+l.offset-float64(i)*float64(l.RowHeight)))
	if l.OnClick != nil && l.OnClick(i, within) {
		l.pressed = -1
		return
	}
	mods := e.Modifier
	switch {
	case mods&fyne.KeyModifierShift != 0:
		l.sel.Extend(i)
		l.Refresh()
		l.selected()
	case mods&fyne.KeyModifierShortcutDefault != 0:
		l.sel.Toggle(i)
		l.Refresh()
		l.selected()
	case l.sel.Has(i) && l.sel.Count() > 1:
		l.narrow = true // it may be the start of dragging them all
	default:
		again := l.sel.Cursor() == i
		l.sel.Only(i)
		l.ScrollTo(i)
		l.Refresh()
		if l.OnMoved != nil {
			l.OnMoved(i, false)
		}
		if !again {
			l.selected()
		}
	}
}

// MouseUp implements desktop.Mouseable.
func (l *RowList) MouseUp(*desktop.MouseEvent) {
	if l.narrow && !l.dragging && l.pressed >= 0 {
		l.sel.Only(l.pressed)
		l.Refresh()
		if l.OnMoved != nil {
			l.OnMoved(l.pressed, false)
		}
		l.selected()
	}
	l.narrow = false
	if l.OnReleased != nil {
		l.OnReleased()
	}
}

// DoubleTapped implements fyne.DoubleTappable.
func (l *RowList) DoubleTapped(e *fyne.PointEvent) {
	if i := l.RowAt(e.Position); i >= 0 && l.pressed == i && l.OnActivated != nil {
		l.OnActivated(i)
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (l *RowList) TappedSecondary(e *fyne.PointEvent) {
	if l.OnMenu != nil {
		l.OnMenu(l.RowAt(e.Position), e.AbsolutePosition)
	}
}

// Dragged implements fyne.Draggable: what is chosen travels.
func (l *RowList) Dragged(e *fyne.DragEvent) {
	if l.pressed < 0 || !l.sel.Has(l.pressed) {
		return
	}
	l.dragging, l.narrow, l.dragAt = true, false, e.AbsolutePosition
	if l.OnDrag != nil {
		l.OnDrag(l.sel.Rows(), l.dragAt)
	}
}

// DragEnd implements fyne.Draggable.
func (l *RowList) DragEnd() {
	if !l.dragging {
		return
	}
	l.dragging = false
	if l.OnDrop != nil {
		l.OnDrop(l.sel.Rows(), l.dragAt)
	}
}

// Scrolled implements fyne.Scrollable.
func (l *RowList) Scrolled(e *fyne.ScrollEvent) {
	l.scrollBy(-float64(e.Scrolled.DY))
}

func (l *RowList) scrollBy(dy float64) {
	before := l.offset
	l.offset += dy
	l.clamp()
	if l.offset != before && l.drawn != nil {
		l.drawn.place()
	}
}

// MouseIn implements desktop.Hoverable.
func (l *RowList) MouseIn(e *desktop.MouseEvent) { l.hover(l.RowAt(e.Position)) }

// MouseMoved implements desktop.Hoverable.
func (l *RowList) MouseMoved(e *desktop.MouseEvent) { l.hover(l.RowAt(e.Position)) }

// MouseOut implements desktop.Hoverable.
func (l *RowList) MouseOut() { l.hover(-1) }

func (l *RowList) hover(i int) {
	if i == l.hovered {
		return
	}
	before := l.hovered
	l.hovered = i
	l.RefreshRow(before)
	l.RefreshRow(i)
}
