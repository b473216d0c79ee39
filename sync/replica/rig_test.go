package replica

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	mark   int64
	origin string
}

func (s *state) clone() *state {
	return &state{maps.Clone(s.fields), maps.Clone(s.cells), maps.Clone(s.unsent), maps.Clone(s.dirty), s.cursor, s.clock, s.epoch, s.actor, s.mark, s.origin}
}

type memory struct {
	state *state
	cut   func() bool // whether the disk fails at this commit
	full  func() bool // whether others should have their turn
	names int         // given by Rename
}

func newMemory() *memory {
	return &memory{state: &state{map[fieldKey]json.RawMessage{}, map[fieldKey]wire.Cell{}, map[fieldKey]bool{}, map[string]time.Time{}, 0, 0, -1, "", 0, ""}, cut: func() bool { return false }, full: func() bool { return false }}
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
func (tx *memoryTx) Mark() (int64, error)  { return tx.mark, nil }
func (tx *memoryTx) SetMark(n int64) error { tx.mark = n; return nil }
func (tx *memoryTx) ForgetSent(after string) (last string, err error) {
	for _, k := range slices.SortedFunc(maps.Keys(tx.cells), func(a, b fieldKey) int { return strings.Compare(a.object, b.object) }) {
		if k.object > after && (last == "" || k.object == last) { // one object at a time
			tx.unsent[k], last = true, k.object
		}
	}
	return last, nil
}
func (tx *memoryTx) Origin() (string, error) { return tx.origin, nil }
func (tx *memoryTx) SetOrigin(name string) error {
	tx.origin = name
	return nil
}
func (tx *memoryTx) Epoch() (int64, error)  { return tx.epoch, nil }
func (tx *memoryTx) SetEpoch(n int64) error { tx.epoch = n; return nil }
func (tx *memoryTx) Rename() (string, error) {
	tx.m.names++
	tx.actor = fmt.Sprintf("renamed %p %d", tx.m, tx.m.names)
	return tx.actor, nil
}

// hub is the server's rule in memory: merge, and number each change.
type hub struct {
	cells  map[fieldKey]wire.Cell
	seq    map[fieldKey]int64
	last   int64
	page   int
	fault  func() fault
	epoch  int64
	now    func() time.Time
	pushes map[int64]bool
	origin string
}

// restore makes the server an older copy of itself.
func (h *hub) restore(from *hub) {
	h.cells, h.seq, h.last, h.pushes = maps.Clone(from.cells), maps.Clone(from.seq), from.last, maps.Clone(from.pushes)
	h.origin += "restored "
}

func (h *hub) copied() *hub {
	return &hub{cells: maps.Clone(h.cells), seq: maps.Clone(h.seq), last: h.last, pushes: maps.Clone(h.pushes)}
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
		if h.now != nil {
			h.last = max(h.last, h.now().UnixMicro())
		}
		h.cells[k], h.seq[k] = merged, h.last
	}
	if h.pushes == nil {
		h.pushes = map[int64]bool{}
	}
	h.pushes[h.last] = true
}

// link is one replica's way to the hub, with the network's faults on it.
type link struct {
	*hub
	old       [][]wire.Cell
	meanwhile func() // what the person does while a request is under way
}

func (l *link) Push(_ context.Context, cells []wire.Cell) (*wire.SyncPushed, error) {
	l.meanwhile()
	for _, c := range cells { // as the real one refuses it
		if l.now != nil && c.Newest() > wire.At(l.now().Add(wire.MaxAhead)) {
			return nil, fmt.Errorf("%s of %s is stamped %v", c.Field, c.Object, c.Newest().Time())
		}
	}
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

func (l *link) Pull(_ context.Context, actor string, since, mark int64) (*wire.SyncPage, error) {
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
	out := &wire.SyncPage{Next: since, More: len(keys) > l.page, Own: l.own(actor), Epoch: l.epoch, Origin: l.origin}
	out.Forgot = mark > 0 && !l.pushes[mark]
	if l.now != nil {
		out.Now = l.now()
	}
	for _, k := range keys[:min(l.page, len(keys))] {
		out.Cells = append(out.Cells, l.cells[k])
		out.Next = l.seq[k]
	}
	out.Mark = l.last
	return out, nil
}
