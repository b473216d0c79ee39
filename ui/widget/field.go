package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Leave takes the focus from a field; the dialog that it is in closes.
func Leave(o fyne.CanvasObject) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil && !Escape(c) {
		c.Unfocus()
	}
}

// PassShortcut hands a key with modifiers on to the window: a text field keeps it for itself
// otherwise, also where it means nothing in a text.
func PassShortcut(o fyne.CanvasObject, s fyne.Shortcut) {
	if _, custom := s.(*desktop.CustomShortcut); !custom {
		return // copy, paste and the like are the text's
	}
	if c, ok := fyne.CurrentApp().Driver().CanvasForObject(o).(fyne.Shortcutable); ok {
		c.TypedShortcut(s)
	}
}

// Entry is a text field that hands the window's keys on to it. Fields with more of their own embed
// it.
type Entry struct {
	widget.Entry
	OnEscape func() // nil: Leave

	self fyne.CanvasObject // what is on the canvas: the outermost of what embeds it
}

// NewEntry is an empty field.
func NewEntry() *Entry {
	e := &Entry{}
	e.ExtendBaseWidget(e)
	return e
}

// ExtendBaseWidget makes w, which embeds e, the widget that Fyne knows.
func (e *Entry) ExtendBaseWidget(w fyne.Widget) {
	e.self = w
	e.Entry.ExtendBaseWidget(w)
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	switch {
	case k.Name == fyne.KeyEscape && e.OnEscape != nil:
		e.OnEscape()
	case !leaves(e.self, k) && !Pass(e.self, k):
		e.Entry.TypedKey(k)
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	e.Entry.TypedShortcut(s)
	PassShortcut(e.self, s)
}

// Check is Fyne's, with the window's keys; so is Select.
type Check struct{ widget.Check }

// NewCheck is a box to tick.
func NewCheck(label string) *Check {
	c := &Check{}
	c.Text = label
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey implements fyne.Focusable.
func (c *Check) TypedKey(k *fyne.KeyEvent) {
	if !leaves(c, k) && !Pass(c, k) {
		c.Check.TypedKey(k)
	}
}

// Select is a choice of one of several texts.
type Select struct{ widget.Select }

// NewSelect offers texts to choose from.
func NewSelect(options []string) *Select {
	s := &Select{}
	s.Options = options
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey implements fyne.Focusable.
func (s *Select) TypedKey(k *fyne.KeyEvent) {
	if !leaves(s, k) && !Pass(s, k) {
		s.Select.TypedKey(k)
	}
}

// leaves says whether a key was Esc, and leaves the field then.
func leaves(o fyne.CanvasObject, k *fyne.KeyEvent) bool {
	if k.Name != fyne.KeyEscape {
		return false
	}
	Leave(o)
	return true
}
