// Package browser is the list of samples and how one finds something in it: the search field,
// the chips, the sidebar of collections and folders.
//
// Model is the screen as data; View draws it. The package plays nothing and changes nothing: it
// says what was chosen, and asks its Core only for rows and samples.
package browser

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sampleagent/library/catalog"
)

// Core is what the browser needs of the application.
type Core interface {
	// Search finds the rows of a query in an order. A query that cannot be read is a *QueryError.
	// An order of "" is the best match: without words the newest first.
	Search(ctx context.Context, query string, sort Sort) ([]catalog.Row, error)
	// Samples reads samples in the order of rows; rows that are gone are left out.
	Samples(ctx context.Context, rows []catalog.Row) ([]catalog.Sample, error)
}

// Background runs work away from the UI goroutine and its result, unless nil, on it.
type Background func(work func(ctx context.Context) (apply func()))

// Sort is the order of the list.
type Sort struct {
	By   string // a name of SortColumns
	Down bool
}

// QueryError says which part of a query cannot be read.
type QueryError struct {
	Text       string // what is wrong and what would be right
	Start, End int    // bytes of the query
}

func (e *QueryError) Error() string { return e.Text }

// Scope narrows every search: a collection, a folder, the favourites.
type Scope struct {
	Title string
	Query string // in the query language; "" is the whole library
	// Collection is the id of a collection that is filled by hand: it is shown in its own order,
	// which can be changed by dragging. "" for all else.
	Collection string
	// Copies says that the query finds sounds that are there more than once: copies stand together.
	Copies bool
}

// ordered says that the scope has an order of its own, which is taken on going there.
func (s Scope) ordered() bool { return s.Collection != "" || s.Copies }

const (
	typingPause = 120 * time.Millisecond // from the last letter to the search
	fetchAround = 60                     // rows fetched before and after what can be seen
	keepSamples = 4000                   // samples kept in memory
)

// Model is the browser as data. All methods belong to the UI goroutine.
type Model struct {
	// Other rows than the former; keep: the same search again, the view stays.
	OnResults func(keep bool, former []catalog.Row)
	OnSamples func() // samples that were on their way have come
	OnError   func(*QueryError)
	OnFailure func(error) // the library could not answer

	core Core
	run  Background

	text    string
	scope   Scope
	sort    Sort
	outside Sort // the order to go back to on leaving a scope with an order of its own
	rows    []catalog.Row
	ready   bool // a first answer has come
	err     *QueryError
	samples map[catalog.Row]*catalog.Sample
	stale   map[catalog.Row]bool // shown as they were until they are read again

	asked       int  // number of the newest search; late answers are dropped
	reloading   bool // the newest search is a Reload
	again       bool // and one more is due
	cancel      context.CancelFunc
	fetchCancel context.CancelFunc
	wanted      map[catalog.Row]bool // on their way
	reading     map[catalog.Row]bool // what the running reading reads; nil when none runs
	rereading   bool                 // the library has changed since it began
	first, last int                  // what can be seen
}

// NewModel starts empty; Reload searches for the first time.
func NewModel(core Core, run Background) *Model {
	return &Model{core: core, run: run, samples: map[catalog.Row]*catalog.Sample{}, stale: map[catalog.Row]bool{}, wanted: map[catalog.Row]bool{}}
}

// Text is what was typed.
func (m *Model) Text() string { return m.text }

// Scope is what every search is narrowed to.
func (m *Model) Scope() Scope { return m.scope }

// Sort is the order.
func (m *Model) Sort() Sort { return m.sort }

// KeptSort is the order to begin with next time: not the one that a scope has of its own.
func (m *Model) KeptSort() Sort {
	if m.scope.ordered() && m.sort == (Sort{}) {
		return m.outside
	}
	return m.sort
}

// Err is what is wrong with the query, or nil.
func (m *Model) Err() *QueryError { return m.err }

// Ready says whether a search was answered yet.
func (m *Model) Ready() bool { return m.ready }

// Len is the number of rows found.
func (m *Model) Len() int { return len(m.rows) }

// Row is the row at line i, 0 when there is none.
func (m *Model) Row(i int) catalog.Row {
	if i < 0 || i >= len(m.rows) {
		return 0
	}
	return m.rows[i]
}

// Rows are the rows at the lines.
func (m *Model) Rows(lines []int) []catalog.Row {
	rows := make([]catalog.Row, 0, len(lines))
	for _, i := range lines {
		if i >= 0 && i < len(m.rows) {
			rows = append(rows, m.rows[i])
		}
	}
	return rows
}

// Line is where a row is listed, -1 when it is not.
func (m *Model) Line(row catalog.Row) int { return slices.Index(m.rows, row) }

// Lines are where rows are listed, in the order of the list; rows that are not are left out.
func (m *Model) Lines(rows []catalog.Row) []int {
	chosen := make(map[catalog.Row]bool, len(rows))
	for _, r := range rows {
		chosen[r] = true
	}
	var lines []int
	for i, r := range m.rows {
		if chosen[r] {
			lines = append(lines, i)
		}
	}
	return lines
}

// Sample is the sample at line i, nil while it is on its way.
func (m *Model) Sample(i int) *catalog.Sample {
	if i < 0 || i >= len(m.rows) {
		return nil
	}
	return m.samples[m.rows[i]]
}

// Query is what is searched: the scope and what was typed.
func (m *Model) Query() string {
	return strings.TrimSpace(m.scope.Query + " " + strings.TrimSpace(m.text))
}

// SetText takes what was typed; the search follows after a short pause.
func (m *Model) SetText(text string) {
	if text == m.text {
		return
	}
	m.text = text
	m.search(typingPause, false)
}

// SetScope narrows every search from now on.
func (m *Model) SetScope(s Scope) {
	if s == m.scope {
		return
	}
	switch {
	case s.ordered() && !m.scope.ordered():
		m.outside, m.sort = m.sort, Sort{}
	case !s.ordered() && m.scope.ordered() && m.sort == Sort{}:
		m.sort = m.outside
	}
	m.scope = s
	m.search(0, false)
}

// InOwnOrder says whether the list is a collection as a person has ordered it.
func (m *Model) InOwnOrder() bool {
	return m.scope.Collection != "" && m.sort == Sort{} && strings.TrimSpace(m.text) == ""
}

// Moved is the order of all rows after those at some lines were moved before a line.
func (m *Model) Moved(lines []int, before int) []catalog.Row {
	moved := m.Rows(lines)
	out := make([]catalog.Row, 0, len(m.rows))
	for i, r := range m.rows {
		if i == before {
			out = append(out, moved...)
		}
		if !slices.Contains(lines, i) {
			out = append(out, r)
		}
	}
	if before >= len(m.rows) {
		out = append(out, moved...)
	}
	return out
}

// SetSort orders by a column; the same column again turns the order round.
func (m *Model) SetSort(by string) {
	if m.sort.By == by {
		m.sort.Down = !m.sort.Down
	} else {
		m.sort = Sort{By: by, Down: by == newest.By || by == "rating"}
	}
	m.search(0, false)
}

// newest is what matches best while no word is asked for; Core.Search sees to it.
var newest = Sort{By: "added", Down: true}

// shownSort is the order as it is called above the list.
func (m *Model) shownSort() Sort {
	if m.sort == (Sort{}) && !m.scope.ordered() && strings.TrimSpace(m.text) == "" {
		return newest
	}
	return m.sort
}

// Start sets everything at once, as remembered from last time, and searches.
func (m *Model) Start(text string, scope Scope, sort Sort) {
	m.text, m.scope, m.sort = text, scope, sort
	m.search(0, false)
}

// Reload searches again, because the library changed; the view stays where it is. While one is
// under way, one more is enough: a library that changes without end is seen to.
func (m *Model) Reload() {
	if m.reloading {
		m.again = true
		return
	}
	for r := range m.samples {
		m.stale[r] = true
	}
	clear(m.wanted)
	m.rereading = true
	m.search(0, true)
}

// Changed reads some rows again.
func (m *Model) Changed(rows []catalog.Row) {
	for _, r := range rows {
		m.stale[r] = true
		delete(m.wanted, r)
	}
	m.rereading = true
	m.fetch()
}

// search asks the core for rows, after a pause. The former search is cancelled.
func (m *Model) search(pause time.Duration, keep bool) {
	m.asked++
	m.reloading, m.again = keep, false
	asked, query, sort := m.asked, m.Query(), m.sort
	if m.cancel != nil {
		m.cancel()
	}
	var stop context.Context
	stop, m.cancel = context.WithCancel(context.Background())
	// What is wrong is counted from the start of what was typed.
	shift := len(query) - len(strings.TrimSpace(m.text))
	m.run(func(ctx context.Context) func() {
		ctx, done := either(ctx, stop)
		defer done()
		if pause > 0 {
			t := time.NewTimer(pause)
			defer t.Stop()
			select {
			case <-t.C:
			case <-ctx.Done():
				return nil
			}
		}
		rows, err := m.core.Search(ctx, query, sort)
		if ctx.Err() != nil {
			return nil
		}
		return func() {
			if asked != m.asked {
				return
			}
			again := m.again
			m.reloading, m.again = false, false
			m.found(rows, err, shift, keep)
			if again {
				m.Reload()
			}
		}
	})
}

func (m *Model) found(rows []catalog.Row, err error, shift int, keep bool) {
	var wrong *QueryError
	switch {
	case errors.As(err, &wrong):
		at := *wrong
		at.Start, at.End = max(0, at.Start-shift), max(0, at.End-shift)
		m.err = &at
		if m.OnError != nil {
			m.OnError(m.err)
		}
		return // what was found before stays, as long as the query is being typed
	case err != nil:
		if m.OnFailure != nil {
			m.OnFailure(err)
		}
		return
	}
	if m.err != nil {
		m.err = nil
		if m.OnError != nil {
			m.OnError(nil)
		}
	}
	former := m.rows
	m.rows, m.ready = rows, true
	if m.OnResults != nil {
		m.OnResults(keep, former)
	}
}

// either is a context that ends with ctx or with stop.
func either(ctx, stop context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	undo := context.AfterFunc(stop, cancel)
	return ctx, func() { undo(); cancel() }
}

// See says which lines are on the screen; samples around them are fetched.
func (m *Model) See(first, last int) {
	m.first, m.last = first, last
	m.fetch()
}

func (m *Model) fetch() {
	lo, hi := max(0, m.first-fetchAround), min(len(m.rows), m.last+fetchAround)
	// Only when something that can be seen is missing, or little is left ahead: one query per
	// screenful, not one per line.
	need := false
	for i := max(0, m.first-fetchAround/3); i < min(len(m.rows), m.last+fetchAround/3); i++ {
		if r := m.rows[i]; m.missing(r) && !m.wanted[r] {
			need = true
			break
		}
	}
	if !need {
		return
	}
	// A library that changes without end is still read: what is under way to the screen is let come.
	covered := m.reading != nil
	for i := max(0, m.first); covered && i <= m.last && i < len(m.rows); i++ {
		covered = !m.missing(m.rows[i]) || m.reading[m.rows[i]]
	}
	if covered {
		return
	}
	var rows []catalog.Row
	for _, r := range m.rows[lo:hi] {
		if m.missing(r) {
			rows = append(rows, r)
		}
	}
	if m.fetchCancel != nil {
		m.fetchCancel()
	}
	clear(m.wanted)
	reading := make(map[catalog.Row]bool, len(rows))
	for _, r := range rows {
		m.wanted[r], reading[r] = true, true
	}
	m.reading, m.rereading = reading, false
	var stop context.Context
	stop, m.fetchCancel = context.WithCancel(context.Background())
	m.run(func(ctx context.Context) func() {
		ctx, done := either(ctx, stop)
		defer done()
		got, err := m.core.Samples(ctx, rows)
		if ctx.Err() != nil {
			return nil
		}
		return func() {
			if stop.Err() != nil {
				return // another one reads now
			}
			old := m.rereading
			m.reading, m.rereading = nil, false
			if err != nil {
				if m.OnFailure != nil {
					m.OnFailure(err)
				}
				return
			}
			if len(m.samples)+len(got) > keepSamples {
				m.forget()
			}
			for i := range got {
				m.samples[got[i].Row] = &got[i]
				delete(m.wanted, got[i].Row)
				delete(m.stale, got[i].Row)
				if old {
					m.stale[got[i].Row] = true
				}
			}
			if m.OnSamples != nil {
				m.OnSamples()
			}
			m.fetch()
		}
	})
}

// missing says that a row has to be read, for the first time or again.
func (m *Model) missing(r catalog.Row) bool { return m.samples[r] == nil || m.stale[r] }

// forget drops the samples that are far from the screen.
func (m *Model) forget() {
	near := make(map[catalog.Row]*catalog.Sample, 4*fetchAround)
	for i := max(0, m.first-fetchAround); i < min(len(m.rows), m.last+fetchAround); i++ {
		if s := m.samples[m.rows[i]]; s != nil {
			near[m.rows[i]] = s
		}
	}
	m.samples = near
	for r := range m.stale {
		if near[r] == nil {
			delete(m.stale, r)
		}
	}
}

// FindName looks for the first name that begins with prefix, from line `from` on and round the
// end, and tells found of its line on the UI goroutine; -1 when there is none.
func (m *Model) FindName(prefix string, from int, found func(line int)) {
	rows, asked := m.rows, m.asked
	prefix = strings.ToLower(prefix)
	m.run(func(ctx context.Context) func() {
		const step = 400
		for n := 0; n < len(rows); n += step {
			part := make([]catalog.Row, 0, step)
			for k := n; k < min(n+step, len(rows)); k++ {
				part = append(part, rows[(from+k)%len(rows)])
			}
			got, err := m.core.Samples(ctx, part)
			if err != nil || ctx.Err() != nil {
				return nil
			}
			for _, s := range got {
				if strings.HasPrefix(strings.ToLower(s.Name), prefix) {
					row := s.Row
					return func() {
						if asked == m.asked {
							found(m.Line(row))
						}
					}
				}
			}
		}
		return func() { found(-1) }
	})
}
