package browser

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
)

// library is a Core of invented samples; queries are answered by name.
type library struct {
	n        int
	searched []string
	sorts    []Sort
	fetched  int // samples asked for
	fail     error
}

func (l *library) Search(_ context.Context, q string, s Sort) ([]catalog.Row, error) {
	l.searched, l.sorts = append(l.searched, q), append(l.sorts, s)
	if l.fail != nil {
		return nil, l.fail
	}
	if i := strings.Index(q, "bpmm:"); i >= 0 {
		return nil, &QueryError{Text: "there is no field bpmm", Start: i, End: i + 5}
	}
	var rows []catalog.Row
	for i := 1; i <= l.n; i++ {
		if q == "" || strings.Contains(fmt.Sprint("sample ", i), q) {
			rows = append(rows, catalog.Row(i))
		}
	}
	return rows, nil
}

func (l *library) Samples(_ context.Context, rows []catalog.Row) ([]catalog.Sample, error) {
	l.fetched += len(rows)
	out := make([]catalog.Sample, len(rows))
	for i, r := range rows {
		out[i] = catalog.Sample{Row: r, Name: fmt.Sprint("sample ", r)}
	}
	return out, nil
}

// later collects background work, so that a test decides when answers come and in which order.
type later struct {
	work []func(context.Context) func()
}

func (l *later) run(w func(context.Context) func()) { l.work = append(l.work, w) }

func (l *later) settle() {
	for len(l.work) > 0 {
		w := l.work[0]
		l.work = l.work[1:]
		if apply := w(context.Background()); apply != nil {
			apply()
		}
	}
}

func newTestModel(n int) (*Model, *library, *later) {
	lib, bg := &library{n: n}, &later{}
	m := NewModel(lib, bg.run)
	m.Start("", Scope{}, Sort{By: "name"})
	bg.settle()
	return m, lib, bg
}

func TestTypingSearchesOnceAndLateAnswersAreDropped(t *testing.T) {
	m, lib, bg := newTestModel(50)
	lib.searched = nil
	m.SetText("sample 1")
	m.SetText("sample 12")
	bg.settle()
	if !slices.Equal(lib.searched, []string{"sample 12"}) {
		t.Errorf("searched %q, want the last only", lib.searched)
	}
	if m.Len() != 1 || m.Row(0) != 12 {
		t.Errorf("%d rows, the first is %d", m.Len(), m.Row(0))
	}
	// An answer that overtook a newer question is not shown.
	m.SetText("sample 3")
	first := bg.work
	bg.work = nil
	answer := make([]func(), 0, 2)
	m.SetText("sample 44")
	for _, w := range append(first, bg.work...) {
		if f := w(context.Background()); f != nil {
			answer = append(answer, f)
		}
	}
	bg.work = nil
	for i := len(answer) - 1; i >= 0; i-- {
		answer[i]()
	}
	if m.Len() != 1 || m.Row(0) != 44 {
		t.Errorf("after late answers: %d rows, the first is %d", m.Len(), m.Row(0))
	}
}

// A library that changes while it is read, as a first sync or an import makes it do, is shown as far
// as it is known, and as it is in the end.
func TestAListThatChangesWithoutEndIsShown(t *testing.T) {
	m, lib, bg := newTestModel(10)
	m.Reload()
	for range 5 {
		read := bg.work
		bg.work = nil
		var shown []func()
		for _, w := range read {
			if f := w(context.Background()); f != nil {
				shown = append(shown, f)
			}
		}
		was := lib.n
		lib.n += 10
		m.Reload()
		m.Reload()
		for _, f := range shown {
			f()
		}
		if m.Len() != was {
			t.Fatalf("%d rows are shown, %d were there when it was read", m.Len(), was)
		}
	}
	bg.settle()
	if m.Len() != lib.n {
		t.Errorf("in the end %d rows of %d", m.Len(), lib.n)
	}
	// What is typed meanwhile is searched at once, and is what counts.
	m.Reload()
	m.SetText("sample 44")
	m.Reload()
	bg.settle()
	if m.Len() != 1 || m.Row(0) != 44 {
		t.Errorf("%d rows, the first is %d", m.Len(), m.Row(0))
	}
}

func TestAnErrorPointsIntoWhatWasTyped(t *testing.T) {
	m, _, bg := newTestModel(10)
	var told *QueryError
	m.OnError = func(e *QueryError) { told = e }
	m.SetScope(Scope{Title: "Favourites", Query: "is:favourite"})
	bg.settle()
	m.SetText("kick bpmm:90")
	bg.settle()
	if told == nil || m.Text()[told.Start:told.End] != "bpmm:" {
		t.Fatalf("the error points at %+v of %q", told, m.Text())
	}
	if m.Len() == 0 && m.Err() == nil {
		t.Error("the error is forgotten")
	}
	m.SetText("")
	bg.settle()
	if told != nil || m.Err() != nil {
		t.Error("a good query leaves the error standing")
	}
}

func TestOnlyWhatIsSeenIsFetched(t *testing.T) {
	m, lib, bg := newTestModel(100_000)
	m.See(0, 20)
	bg.settle()
	if lib.fetched > 20+fetchAround {
		t.Errorf("%d samples fetched for 20 lines", lib.fetched)
	}
	if m.Sample(5) == nil || m.Sample(50_000) != nil {
		t.Error("the wrong samples are in memory")
	}
	before := lib.fetched
	m.See(1, 21)
	bg.settle()
	if lib.fetched != before {
		t.Error("scrolling by one line asked the library")
	}
	for i := 0; i < 100_000; i += 40 {
		m.See(i, i+20)
		bg.settle()
		if m.Sample(i) == nil || m.Sample(min(i+19, 99_999)) == nil {
			t.Fatalf("line %d is missing", i)
		}
	}
	if len(m.samples) > keepSamples {
		t.Errorf("%d samples in memory", len(m.samples))
	}
}

func TestChangedRowsAreReadAgain(t *testing.T) {
	m, lib, bg := newTestModel(100)
	m.See(0, 20)
	bg.settle()
	before := lib.fetched
	m.Changed([]catalog.Row{3})
	if m.Sample(2) == nil {
		t.Error("the row is empty until the new values come: the list would flicker")
	}
	bg.settle()
	if m.Sample(2) == nil || lib.fetched != before+1 {
		t.Errorf("%d samples fetched for one change", lib.fetched-before)
	}
}

func TestSortTurnsRoundAndStays(t *testing.T) {
	m, _, bg := newTestModel(10)
	m.SetSort("tempo")
	m.SetSort("tempo")
	bg.settle()
	if m.Sort() != (Sort{By: "tempo", Down: true}) {
		t.Errorf("sort is %+v", m.Sort())
	}
	m.SetSort("rating")
	if m.Sort() != (Sort{By: "rating", Down: true}) {
		t.Error("ratings begin with the best")
	}
}

// The newest come first while nothing is asked for, then what matches best; copies stand together,
// and a person's own order comes back after them and is the one that is kept.
func TestTheOrderFitsWhatIsAskedFor(t *testing.T) {
	m, lib, bg := newTestModel(10)
	last := func() Sort {
		bg.settle()
		return lib.sorts[len(lib.sorts)-1]
	}
	m.Start("", Scope{}, Sort{})
	if got := last(); got != (Sort{}) || m.shownSort() != newest {
		t.Errorf("nothing asked for: %+v, called %+v", got, m.shownSort())
	}
	m.SetText("sample")
	if got := last(); got != (Sort{}) || m.shownSort() != (Sort{}) {
		t.Errorf("words: %+v, called %+v", got, m.shownSort())
	}
	m.SetSort("tempo")
	m.SetScope(Scope{Title: "Same file twice", Query: "sample", Copies: true})
	if got := last(); got != (Sort{}) || m.KeptSort() != (Sort{By: "tempo"}) {
		t.Errorf("copies: %+v, kept %+v", got, m.KeptSort())
	}
	m.SetScope(Scope{})
	if got := last(); got != (Sort{By: "tempo"}) {
		t.Errorf("after the copies: %+v", got)
	}
}

func TestTypeAheadFindsRoundTheEnd(t *testing.T) {
	m, _, bg := newTestModel(1200)
	got := -2
	m.FindName("SAMPLE 7", 900, func(line int) { got = line })
	bg.settle()
	if got != 6 {
		t.Errorf("found line %d, want 6", got)
	}
	m.FindName("nothing like it", 0, func(line int) { got = line })
	bg.settle()
	if got != -1 {
		t.Errorf("found line %d for a name that is not there", got)
	}
}

func TestFailureIsTold(t *testing.T) {
	m, lib, bg := newTestModel(3)
	var told error
	m.OnFailure = func(err error) { told = err }
	lib.fail = errors.New("the disk is gone")
	m.Reload()
	bg.settle()
	if told == nil || m.Len() != 3 {
		t.Errorf("told %v, %d rows left", told, m.Len())
	}
}

func TestChipsWriteTermsIntoTheQuery(t *testing.T) {
	for _, c := range []struct{ text, term, want string }{
		{"", "kind:loop", "kind:loop"},
		{"dusty kind:loop", "kind:loop", "dusty"},
		{`tag:"lo fi" kick`, "is:favourite", `tag:"lo fi" kick is:favourite`},
		{"kind:LOOP", "kind:loop", ""},
	} {
		if got := toggleTerm(c.text, c.term); got != c.want {
			t.Errorf("%q with %q: %q, want %q", c.text, c.term, got, c.want)
		}
	}
	for _, c := range []struct{ text, field, value, want string }{
		{"kick", "bpm", "88-92", "kick bpm:88-92"},
		{"bpm:90 kick bpm:100", "bpm", "88-92", "kick bpm:88-92"},
		{"kick bpm:90", "bpm", "", "kick"},
		{"", "in", "My beats", `in:"My beats"`},
	} {
		got := setField(c.text, c.field, c.value)
		if got != c.want {
			t.Errorf("%q with %s=%s: %q, want %q", c.text, c.field, c.value, got, c.want)
		}
		if c.value != "" && Field(got, c.field) != c.value {
			t.Errorf("%q read back as %q", got, Field(got, c.field))
		}
	}
}

func TestALineSaysWhatASampleIs(t *testing.T) {
	loop := LineOf(&catalog.Sample{Name: "Amen.wav", Kind: analysis.LoopKind, Class: "drums", BPM: 165.02, BPMConf: 0.4, BPMSource: analysis.FromSound,
		Key: "F# minor", KeySource: analysis.FromHand, Duration: 5.8, State: catalog.Analysed})
	if loop.Name != "Amen" || loop.Kind != "Drums loop" || loop.Tempo != "165" || loop.SureTempo || loop.Key != "F#m" || !loop.SureKey || loop.Length != "5.80 s" {
		t.Errorf("%+v", loop)
	}
	broken := LineOf(&catalog.Sample{Name: "x.wav", State: catalog.Failed, Error: "decode /music/a: b/x.wav: wav: no data chunk"})
	if broken.Problem != "wav: no data chunk" {
		t.Errorf("problem %q", broken.Problem)
	}
}

func TestColumnsNeverOverlap(t *testing.T) {
	for w := float32(320); w < 2400; w += 7 {
		c := columnsFor(w)
		if c.name.w < 60 {
			t.Fatalf("at width %v the name has %v", w, c.name.w)
		}
		order := []span{c.wave, c.name, c.tags, c.tempo, c.key, c.kind, c.length, c.fav}
		order = slices.DeleteFunc(order, func(s span) bool { return s.w == 0 }) // left out at this width
		for i := 1; i < len(order); i++ {
			if order[i].x < order[i-1].x+order[i-1].w {
				t.Fatalf("at width %v column %d begins at %v, before %v", w, i, order[i].x, order[i-1].x+order[i-1].w)
			}
		}
	}
}

// While samples come in above what is looked at, the view shows the same lines: those around the
// current one, or, below the start of the list, the first that can be seen.
func TestTheViewStaysWhileSamplesComeIn(t *testing.T) {
	former := []catalog.Row{11, 12, 13, 14, 15, 16}
	for _, c := range []struct {
		name        string
		first, last int
		current     catalog.Row
		now         []catalog.Row
		want        int
	}{
		{"at the start", 0, 3, 0, []catalog.Row{1, 2, 11, 12, 13, 14, 15, 16}, 0},
		{"at the start with a current one", 0, 3, 12, []catalog.Row{1, 2, 11, 12, 13, 14, 15, 16}, 2},
		{"further down", 2, 4, 0, []catalog.Row{1, 11, 12, 13, 14, 15, 16}, 1},
		{"where lines go", 2, 4, 0, []catalog.Row{13, 14, 15, 16}, -2},
		{"around the current one", 2, 4, 15, []catalog.Row{11, 12, 13, 1, 14, 15, 16}, 1},
		{"the current one is not in sight", 2, 4, 11, []catalog.Row{1, 11, 2, 12, 13, 14}, 2},
		{"the first is gone", 2, 4, 0, []catalog.Row{11, 12, 14}, 0},
		{"nothing was there", 0, -1, 0, []catalog.Row{11, 12}, 0},
	} {
		was := former
		if c.last < 0 {
			was = nil
		}
		v := &View{model: &Model{first: c.first, last: c.last, rows: c.now}, row: c.current}
		if got := v.moved(was); got != c.want {
			t.Errorf("%s: moved by %d lines, want %d", c.name, got, c.want)
		}
	}
}

func TestASoundElsewhereIsNoProblem(t *testing.T) {
	away := catalog.Sample{Name: "x.wav", Path: "remote:00/x.wav", State: catalog.Missing, BPM: 90}
	if l := LineOf(&away); l.Problem != "" || l.Away != "on another machine" || l.Tempo != "90" {
		t.Errorf("on another machine: %+v", l)
	}
	away.InCloud = true
	if l := LineOf(&away); l.Problem != "" || l.Away != "in the cloud" {
		t.Errorf("in the cloud: %+v", l)
	}
	if l := LineOf(&catalog.Sample{Name: "x.wav", Path: "/x.wav", State: catalog.Missing}); l.Problem != "the file is gone" || l.Away != "" {
		t.Errorf("gone: %+v", l)
	}
}

// What is read for the screen comes although the library changes before it is there, and is read once
// more after.
func TestALibraryThatChangesWithoutEndIsShown(t *testing.T) {
	core, work := &library{n: 30}, &later{}
	m := NewModel(core, work.run)
	shown := 0
	m.OnSamples = func() { shown++ }
	m.OnResults = func(bool, []catalog.Row) { m.See(0, 9) }
	one := func() { // one piece of work
		w := work.work[0]
		work.work = work.work[1:]
		if apply := w(context.Background()); apply != nil {
			apply()
		}
	}
	m.Reload()
	one() // the search: a reading begins
	for range 3 {
		m.Reload()
		if len(work.work) != 2 {
			t.Fatalf("%d pieces of work, want a reading and a search", len(work.work))
		}
		work.work = []func(context.Context) func(){work.work[1], work.work[0]} // the search is faster
		one()
	}
	one()
	if shown != 1 || m.Sample(3) == nil {
		t.Fatalf("the first reading was shown %d times", shown)
	}
	work.settle()
	if shown != 2 || core.fetched > 2*30 {
		t.Errorf("shown %d times, %d samples read", shown, core.fetched)
	}
}
