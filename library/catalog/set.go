package catalog

import (
	"context"
	"fmt"
	"math/bits"
	"sync"
)

// Set is a set of rows as bits: rows are dense, so that a hundred thousand samples take 12 KiB
// and joining two sets some microseconds. The nil Set is empty.
type Set struct{ words []uint64 }

// SetOf makes a set of rows.
func SetOf(rows []Row) *Set {
	s := new(Set)
	for _, r := range rows {
		s.add(r)
	}
	return s
}

func (s *Set) add(r Row) {
	i := int(r / 64)
	if i >= len(s.words) {
		s.words = append(s.words, make([]uint64, max(i+1-len(s.words), len(s.words)))...)
	}
	s.words[i] |= 1 << (r % 64)
}

// Has says whether r is in the set.
func (s *Set) Has(r Row) bool {
	if s == nil {
		return false
	}
	i := int(r / 64)
	return i < len(s.words) && s.words[i]&(1<<(r%64)) != 0
}

// Len counts the rows.
func (s *Set) Len() int {
	n := 0
	if s != nil {
		for _, w := range s.words {
			n += bits.OnesCount64(w)
		}
	}
	return n
}

// List is the rows in ascending order.
func (s *Set) List() []Row {
	if s == nil {
		return nil
	}
	out := make([]Row, 0, s.Len())
	for i, w := range s.words {
		for ; w != 0; w &= w - 1 {
			out = append(out, Row(i*64+bits.TrailingZeros64(w)))
		}
	}
	return out
}

// And is what is in both.
func (s *Set) And(t *Set) *Set { return s.with(t, func(a, b uint64) uint64 { return a & b }) }

// Or is what is in either.
func (s *Set) Or(t *Set) *Set { return s.with(t, func(a, b uint64) uint64 { return a | b }) }

// Without is what is in s and not in t.
func (s *Set) Without(t *Set) *Set { return s.with(t, func(a, b uint64) uint64 { return a &^ b }) }

func (s *Set) with(t *Set, f func(a, b uint64) uint64) *Set {
	var a, b []uint64
	if s != nil {
		a = s.words
	}
	if t != nil {
		b = t.words
	}
	out := &Set{make([]uint64, max(len(a), len(b)))}
	for i := range out.words {
		var x, y uint64
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		out.words[i] = f(x, y)
	}
	return out
}

// findCache keeps answers until the library changes, so that each letter typed and each chip
// added asks only for what is new in the query.
type findCache struct {
	mu     sync.Mutex
	at     uint64
	sets   map[string]*Set
	orders map[string][]Row
	all    *Set // every row, kept up to date by the changes themselves
}

// cachedSets bounds the cache: beyond, it is emptied.
const cachedSets = 128

// fresh empties the cache when the library has changed. The caller holds the lock.
func (c *findCache) fresh(version uint64) {
	if c.at != version || c.sets == nil || len(c.sets) >= cachedSets {
		c.at, c.sets, c.orders = version, map[string]*Set{}, map[string][]Row{}
	}
}

// changed keeps the set of all rows up to date.
func (c *findCache) changed(ch Change) {
	if len(ch.Added) == 0 && len(ch.Removed) == 0 && !ch.Many {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil || ch.Many {
		c.all = nil
		return
	}
	c.all = c.all.Or(SetOf(ch.Added)).Without(SetOf(ch.Removed))
}

// Everything is the set of all rows. Callers must not change it.
func (db *DB) Everything(ctx context.Context) (*Set, error) {
	c := &db.finds
	c.mu.Lock()
	have := c.all
	c.mu.Unlock()
	if have != nil {
		return have, nil
	}
	before := db.version.Load()
	// Without an order SQLite may read the smallest index instead of the table.
	rows, err := db.Rows(ctx, `SELECT row FROM samples`)
	if err != nil {
		return nil, err
	}
	s := SetOf(rows)
	c.mu.Lock()
	defer c.mu.Unlock()
	if db.version.Load() == before {
		c.all = s
	}
	return s, nil
}

// Find is Rows as a set, in no order. The answer is kept until the library changes.
func (db *DB) Find(ctx context.Context, statement string, args ...any) (*Set, error) {
	key := statement
	for _, a := range args {
		key += fmt.Sprintf("\x00%v", a)
	}
	c := &db.finds
	c.mu.Lock()
	at := db.version.Load()
	c.fresh(at)
	s, ok := c.sets[key]
	c.mu.Unlock()
	if ok {
		return s, nil
	}
	rows, err := db.Rows(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	s = SetOf(rows)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh(db.version.Load()); c.at == at {
		c.sets[key] = s
	}
	return s, nil
}

// Ordered is Rows without parameters whose answer is kept until the library changes: the whole
// library in one order, for sorting large results. Callers must not change it.
func (db *DB) Ordered(ctx context.Context, statement string) ([]Row, error) {
	if rows, ok := db.OrderedBefore(statement); ok {
		return rows, nil
	}
	at := db.version.Load()
	rows, err := db.Rows(ctx, statement)
	if err != nil {
		return nil, err
	}
	c := &db.finds
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh(db.version.Load()); c.at == at {
		c.orders[statement] = rows
	}
	return rows, nil
}

// OrderedBefore is what Ordered has kept, if the library is still as it was then.
func (db *DB) OrderedBefore(statement string) ([]Row, bool) {
	c := &db.finds
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh(db.version.Load())
	rows, ok := c.orders[statement]
	return rows, ok
}

// Forget empties what Find and Ordered keep, as any change of the library does: for measuring
// how long they take then.
func (db *DB) Forget() {
	c := &db.finds
	c.mu.Lock()
	c.sets, c.orders = nil, nil
	c.mu.Unlock()
}
