package replica

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sampleagent/sync/wire"
)

var errCut = errors.New("cut")

type fieldKey struct{ object, field string }

// state is a library in memory; a transaction works on a copy, so that a cut loses it whole.
type state struct {
	fields map[fieldKey]json.RawMessage
	cells  map[fieldKey]wire.Cell
	unsent map[fieldKey]bool
	dirty  map[string]time.Time
	cursor int64
	clock  wire.Clock
	epoch  int64
	actor  string // "" before Rename
}

func (s *state) clone() *state {
	return &state{maps.Clone(s.fields), maps.Clone(s.cells), maps.Clone(s.unsent), maps.Clone(s.dirty), s.cursor, s.clock, s.epoch, s.actor}
}

type memory struct {
	state *state
	cut   func() bool // whether the disk fails at this commit
	full  func() bool // whether others should have their turn
	names int         // given by Rename
}

func newMemory() *memory {
	return &memory{state: &state{map[fieldKey]json.RawMessage{}, map[fieldKey]wire.Cell{}, map[fieldKey]bool{}, map[string]time.Time{}, 0, 0, -1, ""}, cut: func() bool { return false }, full: func() bool { return false }}
}

// edit is what a person does in the window: the value and the dirty mark in one transaction.
func (m *memory) edit(k fieldKey, value json.RawMessage, at time.Time) {
	if value == nil {
		delete(m.state.fields, k)
	} else {
		m.state.fields[k] = value
	}
	m.state.dirty[k.object] = at
}

func (m *memory) Update(_ context.Context, f func(Tx) error) error {
	tx := &memoryTx{m.state.clone(), m}
	if err := f(tx); err != nil {
		return err
	}
	if m.cut() {
		return errCut
	}
	m.state = tx.state
	return nil
}

type memoryTx struct {
	*state
	m *memory
}

func (tx *memoryTx) Full() bool { return tx.m.full() }
func (tx *memoryTx) Dirty(limit int) ([]Dirty, error) {
	var out []Dirty
	for _, o := range slices.Sorted(maps.Keys(tx.dirty)) {
		out = append(out, Dirty{o, tx.dirty[o]})
	}
	return out[:min(limit, len(out))], nil
}
func (tx *memoryTx) DirtyAt(object string) (time.Time, bool, error) {
	at, ok := tx.dirty[object]
	return at, ok, nil
}
func (tx *memoryTx) Clean(object string) error { delete(tx.dirty, object); return nil }
func (tx *memoryTx) Fields(object string) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for k, v := range tx.fields {
		if k.object == object {
			out[k.field] = v
		}
	}
	return out, nil
}
func (tx *memoryTx) Apply(object string, fields map[string]json.RawMessage) error {
	maps.DeleteFunc(tx.fields, func(k fieldKey, _ json.RawMessage) bool { return k.object == object })
	for field, v := range fields {
		tx.fields[fieldKey{object, field}] = v
	}
	return nil
}
func (tx *memoryTx) Cells(object string) ([]wire.Cell, error) {
	var out []wire.Cell
	for k, c := range tx.cells {
		if k.object == object {
			out = append(out, c)
		}
	}
	return out, nil
}
func (tx *memoryTx) PutCell(c wire.Cell, unsent bool) error {
	k := fieldKey{c.Object, c.Field}
	tx.cells[k] = c
	delete(tx.unsent, k)
	if unsent {
		tx.unsent[k] = true
	}
	return nil
}
func (tx *memoryTx) Unsent(limit int) ([]wire.Cell, error) {
	var out []wire.Cell
	for k := range tx.unsent {
		out = append(out, tx.cells[k])
	}
	return out[:min(limit, len(out))], nil
}
func (tx *memoryTx) Sent(cells []wire.Cell) error {
	for _, c := range cells {
		k := fieldKey{c.Object, c.Field}
		if wire.Equal(tx.cells[k], c) {
			delete(tx.unsent, k)
		}
	}
	return nil
}
func (tx *memoryTx) Cursor() (int64, error)     { return tx.cursor, nil }
func (tx *memoryTx) SetCursor(next int64) error { tx.cursor = next; return nil }
func (tx *memoryTx) Clock() (wire.Clock, error) { return tx.clock, nil }
func (tx *memoryTx) SetClock(c wire.Clock) error {
	tx.clock = c
	return nil
}
func (tx *memoryTx) Epoch() (int64, error)  { return tx.epoch, nil }
func (tx *memoryTx) SetEpoch(n int64) error { tx.epoch = n; return nil }
func (tx *memoryTx) Rename() (string, error) {
	tx.clock = 0
	tx.m.names++
	tx.actor = fmt.Sprintf("renamed %p %d", tx.m, tx.m.names)
	return tx.actor, nil
}

// hub is the server's rule in memory: merge, and number each change.
type hub struct {
	cells map[fieldKey]wire.Cell
	seq   map[fieldKey]int64
	last  int64
	page  int
	fault func() fault
	epoch int64
}

// own is the newest clock that the server has seen of an actor.
func (h *hub) own(actor string) (newest wire.Clock) {
	for _, c := range h.cells {
		newest = max(newest, c.Context[actor])
	}
	return newest
}

type fault int

const (
	none        fault = iota
	lostRequest       // the server never heard of it
	lostAnswer        // it did it, and the answer got lost
	repeated          // the network delivered it twice
	oldMessage        // an older push arrives once more, late
)

func (h *hub) merge(cells []wire.Cell) {
	for _, c := range cells {
		k := fieldKey{c.Object, c.Field}
		merged := c
		if ours, ok := h.cells[k]; ok {
			merged = wire.Merge(ours, c)
			if wire.Equal(merged, ours) {
				continue
			}
		}
		h.last++
		h.cells[k], h.seq[k] = merged, h.last
	}
}

// link is one replica's way to the hub, with the network's faults on it.
type link struct {
	*hub
	old       [][]wire.Cell
	meanwhile func() // what the person does while a request is under way
}

func (l *link) Push(_ context.Context, cells []wire.Cell) (*wire.SyncPushed, error) {
	l.meanwhile()
	from := l.last
	l.old = append(l.old, slices.Clone(cells))
	switch l.fault() {
	case lostRequest:
		return nil, errCut
	case lostAnswer:
		l.merge(cells)
		return nil, errCut
	case repeated:
		l.merge(cells)
	case oldMessage:
		defer l.merge(l.old[len(l.old)/2])
	}
	l.merge(cells)
	return &wire.SyncPushed{Seq: l.last, From: from}, nil
}

func (l *link) Pull(_ context.Context, actor string, since int64) (*wire.SyncPage, error) {
	l.meanwhile()
	if f := l.fault(); f == lostRequest || f == lostAnswer {
		return nil, errCut
	}
	var keys []fieldKey
	for k, seq := range l.seq {
		if seq > since {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b fieldKey) int { return int(l.seq[a] - l.seq[b]) })
	out := &wire.SyncPage{Next: since, More: len(keys) > l.page, Own: l.own(actor), Epoch: l.epoch}
	for _, k := range keys[:min(l.page, len(keys))] {
		out.Cells = append(out.Cells, l.cells[k])
		out.Next = l.seq[k]
	}
	return out, nil
}

// typed is a value that a person typed, and whether somebody who could see it has typed over it.
type typed struct {
	key   fieldKey
	value string
	over  bool
}

// Three machines and a server, random edits, cuts of network and disk, crashes, libraries
// restored from older copies, decisions without a network, duplicated and late messages: all end equal,
// and whatever somebody typed is shown, kept as an alternate, or was typed over by somebody who could
// see it.
func TestReplicasEndEqualAndLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const machines = 3
		faulty := true
		server := &hub{cells: map[fieldKey]wire.Cell{}, seq: map[fieldKey]int64{}, page: rapid.IntRange(1, 6).Draw(t, "page"), fault: func() fault {
			if !faulty || rapid.IntRange(0, 2).Draw(t, "network") > 0 {
				return none
			}
			return fault(rapid.IntRange(1, 4).Draw(t, "fault"))
		}}
		var stores [machines]*memory
		var replicas [machines]*Replica
		var links [machines]*link
		var skew [machines]time.Duration
		var copies [machines]*state
		now := time.UnixMilli(1_700_000_000_000)
		for i := range stores {
			stores[i] = newMemory()
			stores[i].cut = func() bool { return faulty && rapid.IntRange(0, 9).Draw(t, "disk") == 0 }
			stores[i].full = func() bool { return faulty && rapid.Bool().Draw(t, "full") }
			skew[i] = time.Duration(rapid.IntRange(-3600, 3600).Draw(t, "skew")) * time.Second
			links[i] = &link{hub: server}
			stores[i].state.actor = fmt.Sprint("m", i)
			replicas[i] = New(stores[i].state.actor, stores[i], links[i], func() time.Time { return now.Add(skew[i]) })
		}
		var all []*typed
		draw := func() fieldKey {
			return fieldKey{fmt.Sprint("sample/", rapid.IntRange(0, 1).Draw(t, "object")), rapid.SampledFrom([]string{"bpm", "note", "tag/dusty"}).Draw(t, "field")}
		}
		// seen is what is shown of a field in a window, or as an alternate beside it.
		seen := func(i int, k fieldKey) (out []*typed) {
			c := stores[i].state.cells[k]
			for _, w := range all {
				shown := string(stores[i].state.fields[k]) == w.value
				beside := slices.ContainsFunc(c.Heads, func(h wire.Head) bool { return string(h.Value) == w.value })
				if w.key == k && (shown || beside) {
					out = append(out, w)
				}
			}
			return out
		}
		edit := func(i int) {
			k := draw()
			for _, w := range seen(i, k) {
				w.over = true
			}
			var value json.RawMessage
			if rapid.IntRange(0, 4).Draw(t, "delete") > 0 {
				value = json.RawMessage(fmt.Sprintf(`"%d by %d"`, len(all), i))
				all = append(all, &typed{key: k, value: string(value)})
			}
			stores[i].edit(k, value, now.Add(skew[i]))
		}
		// decide chooses between values, or brings back: without the server, perhaps in an older copy.
		decide := func(i int) {
			k := draw()
			could := seen(i, k)
			value := json.RawMessage(fmt.Sprintf(`"%d decided by %d"`, len(all), i))
			err := replicas[i].Write(t.Context(), k.object, map[string]json.RawMessage{k.field: value})
			if err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			if c := stores[i].state.cells[k]; !equalJSON(c.Value(), value) {
				return // cut, or a field that nobody has set
			}
			for _, w := range could {
				w.over = true
			}
			all = append(all, &typed{key: k, value: string(value)})
		}
		for i := range links {
			links[i].meanwhile = func() {
				if faulty && rapid.IntRange(0, 3).Draw(t, "meanwhile") == 0 {
					edit(i)
				}
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond)
			i := rapid.IntRange(0, machines-1).Draw(t, "machine")
			switch rapid.IntRange(0, 12).Draw(t, "what") {
			case 0:
				copies[i] = stores[i].state.clone()
				continue
			case 1:
				if copies[i] == nil {
					continue
				}
				// What was in this library only is gone with it; that is no fault of the sync.
				for _, w := range all {
					c := server.cells[w.key]
					if !slices.ContainsFunc(c.Heads, func(h wire.Head) bool { return string(h.Value) == w.value }) {
						w.over = true
					}
				}
				stores[i].state = copies[i].clone()
				replicas[i] = New(stores[i].state.actor, stores[i], links[i], func() time.Time { return now.Add(skew[i]) })
				continue
			case 12:
				decide(i)
				continue
			case 2, 3, 4, 5, 6, 7, 8:
				edit(i)
				continue
			}
			if _, err := replicas[i].Sync(t.Context(), nil); err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
		}
		faulty = false
		for range 2 {
			for i := range replicas {
				if _, err := replicas[i].Sync(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range stores {
			s := stores[i].state
			if !maps.EqualFunc(s.cells, server.cells, wire.Equal) {
				t.Fatalf("machine %d holds other cells than the server:\n%v\n%v", i, s.cells, server.cells)
			}
			if len(s.unsent)+len(s.dirty) > 0 {
				t.Fatalf("machine %d still has %v unsent, %v dirty", i, s.unsent, s.dirty)
			}
			for k, c := range s.cells {
				if !equalJSON(c.Value(), s.fields[k]) {
					t.Fatalf("machine %d shows %s for %v, its cell says %s", i, s.fields[k], k, c.Value())
				}
			}
		}
		for _, w := range all {
			held := slices.ContainsFunc(server.cells[w.key].Heads, func(h wire.Head) bool { return string(h.Value) == w.value })
			if !held && !w.over {
				t.Fatalf("%s, typed into %v, is nowhere: %v", w.value, w.key, server.cells[w.key])
			}
		}
	})
}

// An edit made before another machine's, but sent after it, is kept and not shown.
func TestOldEditThatComesOnlineLateDoesNotWin(t *testing.T) {
	server := &hub{cells: map[fieldKey]wire.Cell{}, seq: map[fieldKey]int64{}, page: 10, fault: func() fault { return none }}
	a, b := newMemory(), newMemory()
	start := time.UnixMilli(1_700_000_000_000)
	k := fieldKey{"sample/x", "bpm"}
	a.edit(k, json.RawMessage("90"), start)
	b.edit(k, json.RawMessage("91"), start.Add(time.Minute))
	late := func() time.Time { return start.Add(time.Hour) }
	for _, r := range []*Replica{New("b", b, &link{hub: server, meanwhile: func() {}}, late), New("a", a, &link{hub: server, meanwhile: func() {}}, late), New("b", b, &link{hub: server, meanwhile: func() {}}, late)} {
		if _, err := r.Sync(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	c := b.state.cells[k]
	if string(a.state.fields[k]) != "91" || string(b.state.fields[k]) != "91" || len(c.Alternates()) != 1 {
		t.Fatalf("a shows %s, b shows %s, alternates %v", a.state.fields[k], b.state.fields[k], c.Alternates())
	}
}

// A library that was restored from an older copy must not write under the name that has written
// more since: its new edit would cover what it has forgotten.
func TestARestoredLibraryDoesNotCoverWhatItForgot(t *testing.T) {
	server := &hub{cells: map[fieldKey]wire.Cell{}, seq: map[fieldKey]int64{}, page: 1, fault: func() fault { return none }}
	at := time.UnixMilli(1_700_000_000_000)
	a := newMemory()
	machine := New("a", a, &link{hub: server, meanwhile: func() {}}, func() time.Time { return at })
	k := fieldKey{"sample/x", "note"}
	step := func(value string) {
		at = at.Add(time.Minute)
		a.edit(k, json.RawMessage(value), at)
		if _, err := machine.Sync(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	step(`"first"`)
	old := a.state.clone()
	step(`"second, and lost by the restore"`)
	a.state = old
	step(`"third"`)
	c := server.cells[k]
	if string(c.Value()) != `"third"` || len(c.Alternates()) != 1 || string(c.Alternates()[0].Value) != `"second, and lost by the restore"` {
		t.Fatalf("the cell holds %v", c)
	}
	if a.names != 1 {
		t.Fatalf("it took %d new names", a.names)
	}
	step(`"fourth"`)
	if c := server.cells[k]; len(c.Heads) != 1 || a.names != 1 {
		t.Fatalf("the cell holds %v after %d names", c, a.names)
	}
}

// A decision made in a restored library before any server was asked covers nothing either, and does
// not hide from the server that the library is an older copy.
func TestADecisionInARestoredLibraryCoversNothing(t *testing.T) {
	server := &hub{cells: map[fieldKey]wire.Cell{}, seq: map[fieldKey]int64{}, page: 9, fault: func() fault { return none }}
	at := time.UnixMilli(1_700_000_000_000)
	a := newMemory()
	open := func() *Replica {
		if a.state.actor == "" {
			a.state.actor = "a"
		}
		return New(a.state.actor, a, &link{hub: server, meanwhile: func() {}}, func() time.Time { return at })
	}
	sync := func(r *Replica) {
		if _, err := r.Sync(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	k := fieldKey{"kit/x", "name"}
	a.edit(k, json.RawMessage(`"first"`), at)
	sync(open())
	old := a.state.clone()
	at = at.Add(time.Minute)
	a.edit(k, json.RawMessage(`"second, and lost by the restore"`), at)
	sync(open())
	at = at.Add(time.Minute)
	a.state = old
	r := open()
	if r.Known() != "" {
		t.Fatal("it is known before the server was asked")
	}
	if err := r.Write(t.Context(), k.object, map[string]json.RawMessage{k.field: json.RawMessage(`"decided"`)}); err != nil {
		t.Fatal(err)
	}
	name := r.Known()
	again := open()
	again.Trust(name)
	if err := again.Write(t.Context(), k.object, map[string]json.RawMessage{k.field: json.RawMessage(`"decided again"`)}); err != nil || a.names != 1 {
		t.Fatalf("%d new names in one run, %v", a.names, err)
	}
	sync(again)
	c := server.cells[k]
	if string(c.Value()) != `"decided again"` || len(c.Alternates()) != 1 || string(c.Alternates()[0].Value) != `"second, and lost by the restore"` {
		t.Fatalf("the cell holds %v", c)
	}
}

// Where a person has everything deleted, other machines stop and keep what they have.
func TestDroppedOnTheServer(t *testing.T) {
	server := &hub{cells: map[fieldKey]wire.Cell{}, seq: map[fieldKey]int64{}, page: 9, fault: func() fault { return none }}
	a := newMemory()
	machine := New("a", a, &link{hub: server, meanwhile: func() {}}, time.Now)
	k := fieldKey{"sample/x", "note"}
	a.edit(k, json.RawMessage(`"mine"`), time.Now())
	if _, err := machine.Sync(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	server.cells, server.seq = map[fieldKey]wire.Cell{}, map[fieldKey]int64{}
	server.epoch++
	if _, err := machine.Sync(t.Context(), nil); !errors.Is(err, ErrDropped) {
		t.Fatal(err)
	}
	if string(a.state.fields[k]) != `"mine"` || len(server.cells) != 0 {
		t.Fatalf("library %s, server %v", a.state.fields[k], server.cells)
	}
}

// A decision between two values, and a deletion taken back, reach the other machine.
func TestWriteDecides(t *testing.T) {
	server := &hub{cells: map[fieldKey]wire.Cell{}, seq: map[fieldKey]int64{}, page: 9, fault: func() fault { return none }}
	a, b := newMemory(), newMemory()
	start := time.UnixMilli(1_700_000_000_000)
	now := func() time.Time { return start.Add(time.Hour) }
	ra, rb := New("a", a, &link{hub: server, meanwhile: func() {}}, now), New("b", b, &link{hub: server, meanwhile: func() {}}, now)
	k := fieldKey{"kit/x", "name"}
	a.edit(k, json.RawMessage(`"Day"`), start)
	b.edit(k, json.RawMessage(`"Night"`), start.Add(time.Second))
	for _, r := range []*Replica{ra, rb, ra} {
		if _, err := r.Sync(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := ra.Write(t.Context(), k.object, map[string]json.RawMessage{"name": json.RawMessage(`"Day"`)}); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Replica{ra, rb} {
		if _, err := r.Sync(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if c := b.state.cells[k]; string(b.state.fields[k]) != `"Day"` || len(c.Heads) != 1 {
		t.Fatalf("b shows %s of %v", b.state.fields[k], c)
	}
}

func TestServerThatLeadsInCirclesIsLeft(t *testing.T) {
	r := New("a", newMemory(), circle{}, time.Now)
	if _, err := r.Sync(t.Context(), nil); !errors.Is(err, errBadPage) {
		t.Fatal(err)
	}
}

type circle struct{}

func (circle) Push(context.Context, []wire.Cell) (*wire.SyncPushed, error) { return nil, nil }
func (circle) Pull(context.Context, string, int64) (*wire.SyncPage, error) {
	return &wire.SyncPage{More: true}, nil
}
