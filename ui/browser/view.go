package browser

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/app/words"
	"sampleagent/audio/key"
	"sampleagent/library/catalog"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Actions are what a person does in the browser. Each may be nil.
type Actions struct {
	Audition       func(row catalog.Row)             // play it now
	Silence        func()                            // cut what plays: the key repeats
	Selected       func(rows []catalog.Row)          // other rows are chosen
	Activate       func(rows []catalog.Row)          // Enter, double click: put on the selected pad
	Favourite      func(rows []catalog.Row, on bool) //
	Menu           func(rows []catalog.Row, at fyne.Position)
	Dragging       func(rows []catalog.Row, names string, at fyne.Position)
	Dropped        func(rows []catalog.Row, at fyne.Position)
	Key            func(e *fyne.KeyEvent) bool // keys of the list that are commands
	Remembered     func(text string)           // a query worth keeping: Enter was pressed
	AddFolder      func()
	TryDemo        func()
	Failure        func(error)
	CompatibleWith func() string // key of what is selected, for the key chip; "" none
}

// View draws a Model.
type View struct {
	Actions Actions
	List    *own.RowList
	Search  *SearchField

	model                                             *Model
	drawn                                             map[*rowView]*rowRenderer
	header                                            *header
	chips                                             []*termChip
	kindChip, tempoChip, keyChip, scopeChip, sortChip *own.Chip
	count                                             *own.Label
	chipRow                                           *fyne.Container
	problem                                           *errorStrip
	empty                                             *emptyState
	root                                              *fyne.Container
	total                                             int // samples in the library, for the empty state; below 0: not known yet
	line                                              int // cursor before the results changed
	row                                               catalog.Row
	rows                                              []catalog.Row // chosen
}

// termChip is a chip that stands for a term of the query.
type termChip struct {
	*own.Chip
	term string
}

// NewView builds the browser.
func NewView(m *Model, a Actions) *View {
	v := &View{Actions: a, model: m, drawn: map[*rowView]*rowRenderer{}, total: -1, line: -1}
	v.Search = newSearchField(v)
	v.header = newHeader(v.sortBy)
	v.List = own.NewRowList(RowHeight, func() own.Row { return newRowView(v) })
	v.wireList()
	v.buildChips()
	v.showSort()
	v.problem = newErrorStrip()
	v.problem.Hide()
	v.empty = newEmptyState(v)
	v.empty.Hide()

	m.OnResults = v.results
	m.OnSamples = v.List.Refresh
	m.OnError = func(e *QueryError) {
		v.problem.show(e, v.model.Text())
		v.chipRow.Hidden = e != nil
		v.chipRow.Refresh()
	}
	m.OnFailure = func(err error) {
		if v.Actions.Failure != nil {
			v.Actions.Failure(err)
		}
	}

	chips := container.NewStack(v.chipRow, v.problem)
	list := container.NewStack(v.List, v.empty.Container)
	body := own.Below(0, 2, own.InsetEach(chips, 4, 0, 4, 6), v.header, list)
	v.root = container.NewStack(own.NewGround(theme.Panel, 8), own.InsetEach(body, 6, 10, 6, 6))
	return v
}

// Root is the pane.
func (v *View) Root() fyne.CanvasObject { return v.root }

func (v *View) wireList() {
	l := v.List
	l.OnVisible = v.model.See
	l.OnMoved = func(i int, repeating bool) {
		if repeating {
			call(v.Actions.Silence)
			return
		}
		if v.Actions.Audition != nil {
			v.Actions.Audition(v.model.Row(i))
		}
	}
	l.OnSettled = func(i int) {
		if v.Actions.Audition != nil {
			v.Actions.Audition(v.model.Row(i))
		}
	}
	l.OnSelected = v.selected
	l.OnActivated = func(int) {
		if v.Actions.Activate != nil {
			v.Actions.Activate(v.Chosen())
		}
	}
	l.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyUp && l.Selection().Cursor() == 0 {
			v.FocusSearch()
			return true
		}
		return v.Actions.Key != nil && v.Actions.Key(e)
	}
	l.OnRune = func(r rune) bool {
		if r == '/' {
			v.FocusSearch()
			return true
		}
		return false
	}
	l.OnTypeAhead = func(prefix string) {
		v.model.FindName(prefix, max(0, l.Selection().Cursor()), func(line int) {
			if line >= 0 {
				l.Select(line)
				v.selected()
				l.OnMoved(line, false)
			}
		})
	}
	l.OnClick = func(i int, at fyne.Position) bool {
		c := columnsFor(l.Size().Width)
		s := v.model.Sample(i)
		if s == nil || at.X < c.fav.x || at.X > c.fav.x+c.fav.w || v.Actions.Favourite == nil {
			return false
		}
		v.Actions.Favourite([]catalog.Row{s.Row}, !s.Favourite)
		return true
	}
	l.OnMenu = func(i int, at fyne.Position) {
		if i >= 0 && v.Actions.Menu != nil {
			v.Actions.Menu(v.Chosen(), at)
		}
	}
	l.OnDrag = func(lines []int, at fyne.Position) {
		if v.Actions.Dragging != nil {
			v.Actions.Dragging(v.model.Rows(lines), v.names(lines), at)
		}
	}
	l.OnDrop = func(lines []int, at fyne.Position) {
		if v.Actions.Dropped != nil {
			v.Actions.Dropped(v.model.Rows(lines), at)
		}
	}
}

func (v *View) names(lines []int) string {
	if len(lines) == 1 {
		if s := v.model.Sample(lines[0]); s != nil {
			return Plain(s.Name)
		}
		return "1 sample"
	}
	return fmt.Sprintf("%d samples", len(lines))
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// Chosen are the rows that are selected, in the order of the list.
func (v *View) Chosen() []catalog.Row { return v.model.Rows(v.List.Selection().Rows()) }

// Current is the sample under the cursor, nil without one.
func (v *View) Current() *catalog.Sample { return v.model.Sample(v.List.Selection().Cursor()) }

func (v *View) selected() {
	v.line = v.List.Selection().Cursor()
	v.row = v.model.Row(v.line)
	v.rows = v.Chosen()
	v.tellCount()
	if v.Actions.Selected != nil {
		v.Actions.Selected(v.rows)
	}
}

// SelectNone ends the selection: what was chosen is not there any more.
func (v *View) SelectNone() {
	v.List.SelectRows(nil, -1)
	v.selected()
}

// results shows other rows. What was chosen stays chosen as far as it is still there.
// moved says by how many lines a row that could be seen has moved: the current one, or, below the
// start of the list, the first.
func (v *View) moved(former []catalog.Row) int {
	first, last := v.model.first, min(v.model.last, len(former)-1)
	if first > last {
		return 0
	}
	line := first
	if i := slices.Index(former[first:last+1], v.row); v.row != 0 && i >= 0 {
		line += i
	} else if first == 0 {
		return 0
	}
	now := v.model.Line(former[line])
	if now < 0 {
		return 0
	}
	return now - line
}

func (v *View) results(keep bool, former []catalog.Row) {
	v.List.SetLength(v.model.Len(), keep)
	if keep {
		v.List.Shift(v.moved(former))
	}
	v.showSort()
	line := -1
	if v.row != 0 {
		line = v.model.Line(v.row)
	}
	switch {
	case keep && len(v.rows) > 1:
		v.List.SelectRows(v.model.Lines(v.rows), line)
	case keep && line >= 0:
		v.List.SelectRows([]int{line}, line)
	case line >= 0:
		v.List.Select(line)
	}
	v.List.Refresh()
	v.tellCount()
	v.showEmpty()
}

func (v *View) tellCount() {
	n := v.model.Len()
	text := words.Count(n, "sample", "samples")
	if chosen := v.List.Selection().Count(); chosen > 1 {
		text = fmt.Sprintf("%s of %s", words.Thousands(chosen), text)
	}
	if v.count != nil {
		v.count.SetText(text)
		v.chipRow.Refresh()
	}
}

// SetTotal says how many samples the library has.
func (v *View) SetTotal(n int) {
	v.total = n
	v.showEmpty()
}

func (v *View) showEmpty() {
	v.empty.Hidden = v.model.Len() > 0 || !v.model.Ready() || v.total < 0
	if !v.empty.Hidden {
		v.empty.show(v.total == 0, v.model.Scope(), strings.TrimSpace(v.model.Text()))
	}
	v.header.Hidden = !v.empty.Hidden && v.total == 0
	v.empty.Refresh()
	v.root.Refresh()
}

// FocusSearch puts the cursor into the search field.
func (v *View) FocusSearch() { focus(v.Search) }

// FocusList puts the focus on the list, on its first line when none is chosen.
func (v *View) FocusList() {
	focus(v.List)
	if v.List.Selection().Cursor() < 0 && v.List.Length() > 0 {
		v.List.Select(0)
		v.selected()
		v.List.OnMoved(0, false)
	}
}

func focus(o interface {
	fyne.CanvasObject
	fyne.Focusable
}) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil {
		c.Focus(o)
	}
}

// SetQuery writes a query into the field and searches it.
func (v *View) SetQuery(text string) {
	if v.Search.Text != text {
		v.Search.SetText(text) // its OnChanged tells the model
		v.Search.CursorColumn = len([]rune(text))
		v.Search.Refresh()
	}
	v.lightChips()
}

// SetScope narrows the search and shows it as a chip that can be closed.
func (v *View) SetScope(s Scope) {
	other := s != v.model.Scope()
	v.model.SetScope(s)
	v.scopeChip.Hidden = s.Query == ""
	v.scopeChip.SetText(s.Title)
	if other && s.Copies { // to compare all sounds of a large library takes seconds; what the former place found is no answer
		v.count.SetText("comparing…")
		v.empty.Hide()
	}
	v.showSort()
}

// ---- chips

func (v *View) buildChips() {
	toggle := func(text, term string, colour fyne.ThemeColorName) *termChip {
		c := &termChip{term: term}
		c.Chip = own.NewChip(text, func() { v.SetQuery(toggleTerm(v.model.Text(), term)) })
		c.Colour = colour
		return c
	}
	v.chips = []*termChip{
		toggle("One-shots", "kind:one-shot", ""),
		toggle("Loops", "kind:loop", ""),
	}
	fav := toggle("", "is:favourite", "")
	fav.Icon = "heart"
	v.chips = append(v.chips, fav)
	v.kindChip = own.NewChip("Class", nil)
	v.kindChip.Menu = true
	v.kindChip.OnTapped = func() { v.classMenu(v.kindChip) }
	v.tempoChip = own.NewChip("Tempo", nil)
	v.tempoChip.Menu = true
	v.tempoChip.OnTapped = func() { v.tempoPopup(v.tempoChip) }
	v.keyChip = own.NewChip("Key", nil)
	v.keyChip.Menu = true
	v.keyChip.OnTapped = func() { v.keyMenu(v.keyChip) }
	v.scopeChip = own.NewChip("", func() { v.SetScope(Scope{}) })
	v.scopeChip.On, v.scopeChip.Closable, v.scopeChip.Hidden = true, true, true
	v.sortChip = own.NewChip("", nil)
	v.sortChip.Menu = true
	v.sortChip.OnTapped = v.sortMenu
	v.count = own.NewCaption("")
	v.count.Align = fyne.TextAlignTrailing
	left := own.Beside(6, -1, v.scopeChip, v.chips[0].Chip, v.chips[1].Chip, v.kindChip, v.tempoChip, v.keyChip, v.chips[2].Chip)
	// The chips scroll where they do not fit: one more of them must not push the panels beside.
	v.chipRow = own.Beside(8, 0, container.NewHScroll(left), v.count, v.sortChip)
}

func (v *View) sortBy(by string) {
	v.model.SetSort(by)
	v.showSort()
}

// showSort says in the header and on the chip what the list is sorted by.
func (v *View) showSort() {
	s := v.model.shownSort()
	v.header.show(s)
	for _, c := range sortColumns {
		if c.By == s.By {
			title := c.Title
			switch {
			case v.model.Scope().Collection != "" && c.By == "":
				title = "Own order"
			case v.model.Scope().Copies && c.By == "":
				title = "Copies together"
			case c.Down != "" && s.Down: // no column above the list shows these directions
				title = c.Down
			case c.Up != "":
				title = c.Up
			}
			v.sortChip.SetText(title)
		}
	}
	v.chipRow.Refresh()
}

func (v *View) sortMenu() {
	var items []*fyne.MenuItem
	for _, c := range sortColumns {
		item := fyne.NewMenuItem(c.Title, func() { v.sortBy(c.By) })
		item.Checked = c.By == v.model.Sort().By
		items = append(items, item)
	}
	popMenu(items, v.sortChip)
}

// lightChips reads from the query which chips are lit.
func (v *View) lightChips() {
	text := v.model.Text()
	for _, c := range v.chips {
		c.SetOn(hasTerm(text, c.term))
	}
	set := func(c *own.Chip, name, value string) {
		c.On = value != ""
		c.Text = name
		if value != "" {
			c.Text = value
		}
		c.Refresh()
	}
	set(v.kindChip, "Class", Title(Field(text, "class")))
	tempo := Field(text, "bpm")
	if tempo != "" {
		tempo += " BPM"
	}
	set(v.tempoChip, "Tempo", tempo)
	key := Field(text, "key")
	if strings.HasSuffix(key, "~") {
		key = "fits " + strings.TrimSuffix(key, "~")
	}
	set(v.keyChip, "Key", key)
	v.chipRow.Refresh()
}

// Classes are the classes that the class chip offers.
var Classes = []string{"kick", "snare", "clap", "hat", "cymbal", "tom", "percussion", "bass", "chords", "melody", "pad", "vocal", "drums", "effect"}

func (v *View) classMenu(at *own.Chip) {
	now := Field(v.model.Text(), "class")
	items := []*fyne.MenuItem{fyne.NewMenuItem("Any class", func() { v.SetQuery(setField(v.model.Text(), "class", "")) }), fyne.NewMenuItemSeparator()}
	for _, class := range Classes {
		item := fyne.NewMenuItem(Title(class), func() { v.SetQuery(setField(v.model.Text(), "class", class)) })
		item.Checked = strings.EqualFold(class, now)
		item.Icon = theme.Icon("dot", theme.Class(class))
		items = append(items, item)
	}
	popMenu(items, at)
}

func (v *View) keyMenu(at *own.Chip) {
	set := func(value string) func() { return func() { v.SetQuery(setField(v.model.Text(), "key", value)) } }
	items := []*fyne.MenuItem{fyne.NewMenuItem("Any key", set(""))}
	if v.Actions.CompatibleWith != nil {
		if k := ShortKey(v.Actions.CompatibleWith()); k != "" {
			items = append(items, fyne.NewMenuItem("Fits the selected sample ("+k+")", set(k+"~")))
		}
	}
	items = append(items, fyne.NewMenuItemSeparator())
	for _, mode := range []struct{ title, suffix string }{{"Major", ""}, {"Minor", "m"}, {"Fits major", "~"}, {"Fits minor", "m~"}} {
		sub := fyne.NewMenuItem(mode.title, nil)
		var keys []*fyne.MenuItem
		for _, r := range key.Notes {
			keys = append(keys, fyne.NewMenuItem(r+strings.TrimSuffix(mode.suffix, "~"), set(r+mode.suffix)))
		}
		sub.ChildMenu = fyne.NewMenu("", keys...)
		items = append(items, sub)
	}
	popMenu(items, at)
}

func popMenu(items []*fyne.MenuItem, below fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(below)
	if c == nil {
		return
	}
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, d.AbsolutePositionForObject(below).AddXY(0, below.Size().Height+4))
}

func (v *View) tempoPopup(at *own.Chip) {
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(at)
	if c == nil {
		return
	}
	var pop *widget.PopUp
	from, to := own.NewEntry(), own.NewEntry()
	from.SetPlaceHolder("from")
	to.SetPlaceHolder("to")
	if lo, hi, ok := strings.Cut(Field(v.model.Text(), "bpm"), "-"); ok {
		from.SetText(lo)
		to.SetText(hi)
	}
	apply := func(value string) {
		v.SetQuery(setField(v.model.Text(), "bpm", value))
		pop.Hide()
	}
	submit := func(string) {
		lo, hi := strings.TrimSpace(from.Text), strings.TrimSpace(to.Text)
		switch {
		case lo == "" && hi == "":
			apply("")
		case hi == "":
			apply(lo)
		case lo == "":
			apply("0-" + hi)
		default:
			apply(lo + "-" + hi)
		}
	}
	from.OnSubmitted, to.OnSubmitted = submit, submit
	leave := func() { pop.Hide() }
	from.OnEscape, to.OnEscape = leave, leave
	presets := own.Flow(6)
	for _, p := range []string{"60-80", "80-95", "95-110", "110-130", "130-150", "150-180"} {
		presets.Add(own.NewChip(p, func() { apply(p) }))
	}
	content := own.Inset(own.Below(10, -1,
		own.NewCaption("Beats per minute"),
		container.NewGridWithColumns(2, from, to),
		own.FixedWidth(230, presets),
		own.Beside(6, 0, own.NewGround(theme.Panel, 0), own.NewTextButton("", "Any tempo", "", func() { apply("") }), func() fyne.CanvasObject {
			b := own.NewTextButton("", "Apply", "", func() { submit("") })
			b.Strong = true
			return b
		}()),
	), 8, 8)
	pop = widget.NewPopUp(content, c)
	pop.ShowAtPosition(d.AbsolutePositionForObject(at).AddXY(0, at.Size().Height+4))
	c.Focus(from)
}

// ---- search field

// SearchField is where the query is typed.
type SearchField struct {
	own.Entry
	view *View
}

func newSearchField(v *View) *SearchField {
	f := &SearchField{view: v}
	f.ExtendBaseWidget(f)
	f.SetPlaceHolder("Search: kick punchy   bpm:88-92   key:Am~   tag:dusty -vocal")
	f.SetIcon(theme.Icon("search", theme.TextDim))
	f.OnChanged = func(text string) {
		v.model.SetText(text)
		v.lightChips()
	}
	f.OnSubmitted = func(text string) {
		if v.Actions.Remembered != nil && strings.TrimSpace(text) != "" {
			v.Actions.Remembered(strings.TrimSpace(text))
		}
		v.FocusList()
	}
	return f
}

// TypedKey implements fyne.Focusable: down goes to the list, Esc clears and then leaves.
func (f *SearchField) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyDown, fyne.KeyPageDown:
		f.view.FocusList()
	case fyne.KeyEscape:
		if f.Text != "" {
			f.SetText("")
			return
		}
		f.view.FocusList()
	default:
		f.Entry.TypedKey(e)
	}
}

var _ desktop.Keyable = (*SearchField)(nil)
