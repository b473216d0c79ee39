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
}

func (s *state) clone() *state {
	return &state{maps.Clone(s.fields), maps.Clone(s.cells), maps.Clone(s.unsent), maps.Clone(s.dirty), s.cursor}
}

type memory struct {
	state *state
	cut   func() bool // whether the disk fails at this commit
}

func newMemory() *memory {
	return &memory{state: &state{map[fieldKey]json.RawMessage{}, map[fieldKey]wire.Cell{}, map[fieldKey]bool{}, map[string]time.Time{}, 0}, cut: func() bool { return false }}
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
	tx := &memoryTx{m.state.clone()}
	if err := f(tx); err != nil {
		return err
	}
	if m.cut() {
		return errCut
	}
	m.state = tx.state
	return nil
}

type memoryTx struct{ *state }

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

// hub is the server's rule in memory: merge, and number each change.
type hub struct {
	cells map[fieldKey]wire.Cell
	seq   map[fieldKey]int64
	last  int64
	page  int
	fault func() fault
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
	return &wire.SyncPushed{Seq: l.last}, nil
}

func (l *link) Pull(_ context.Context, since int64) (*wire.SyncPage, error) {
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
	out := &wire.SyncPage{Next: since, More: len(keys) > l.page}
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

// Three machines and a server, random edits, cuts of network and disk, crashes, duplicated and
// late messages: all end equal, and whatever somebody typed is shown, kept as an alternate, or
// was typed over by somebody who could see it.
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
		now := time.UnixMilli(1_700_000_000_000)
		for i := range stores {
			stores[i] = newMemory()
			stores[i].cut = func() bool { return faulty && rapid.IntRange(0, 9).Draw(t, "disk") == 0 }
			skew[i] = time.Duration(rapid.IntRange(-3600, 3600).Draw(t, "skew")) * time.Second
			links[i] = &link{hub: server}
			replicas[i] = New(fmt.Sprint("m", i), stores[i], links[i], func() time.Time { return now.Add(skew[i]) })
		}
		var all []*typed
		edit := func(i int) {
			k := fieldKey{fmt.Sprint("sample/", rapid.IntRange(0, 1).Draw(t, "object")), rapid.SampledFrom([]string{"bpm", "note", "tag/dusty"}).Draw(t, "field")}
			seen := stores[i].state.cells[k]
			for _, w := range all { // shown in the window, or as an alternate beside it
				shown := string(stores[i].state.fields[k]) == w.value
				beside := slices.ContainsFunc(seen.Heads, func(h wire.Head) bool { return string(h.Value) == w.value })
				if w.key == k && (shown || beside) {
					w.over = true
				}
			}
			var value json.RawMessage
			if rapid.IntRange(0, 4).Draw(t, "delete") > 0 {
				value = json.RawMessage(fmt.Sprintf(`"%d by %d"`, len(all), i))
				all = append(all, &typed{key: k, value: string(value)})
			}
			stores[i].edit(k, value, now.Add(skew[i]))
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
			if rapid.IntRange(0, 2).Draw(t, "what") > 0 {
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

func TestServerThatLeadsInCirclesIsLeft(t *testing.T) {
	r := New("a", newMemory(), circle{}, time.Now)
	if _, err := r.Sync(t.Context(), nil); !errors.Is(err, errBadPage) {
		t.Fatal(err)
	}
}

type circle struct{}

func (circle) Push(context.Context, []wire.Cell) (*wire.SyncPushed, error) { return nil, nil }
func (circle) Pull(context.Context, int64) (*wire.SyncPage, error) {
	return &wire.SyncPage{More: true}, nil
}
