package catalog

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
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

// findCache keeps answers, so that each letter typed and each chip added asks only for what is new
// in the query. A change of the library marks the rows it named in each answer; whoever wants the
// answer next asks about those rows alone.
type findCache struct {
	mu     sync.Mutex
	sets   answers[*Set]
	orders answers[[]Row]
	all    *Set // every row, kept up to date by the changes themselves
}

// answers are what is kept, by what was asked.
type answers[T any] map[string]*answer[T]

type answer[T any] struct {
	value  T
	stale  []Row // have changed since
	across bool  // a change of one row may bring another one in: see FindAcross
}

// Beyond keptAnswers answers the cache is emptied. An answer with more stale rows than these is
// read again, which costs less than asking about each.
const (
	keptAnswers = 128
	staleSet    = 1000
	staleOrder  = 64
)

// mark makes rows stale in all answers; those with more of them than most are dropped, and those
// across rows by a change that is across.
func (a answers[T]) mark(rows []Row, most int, across bool) {
	for key, k := range a {
		if !k.across {
			k.stale = append(k.stale, rows...)
		}
		if k.across && across || len(k.stale) > most {
			delete(a, key)
		}
	}
}

// follow gives an answer as it is now: the kept one, after asking again about its stale rows, or
// without one what ask finds. It is kept unless the library changed meanwhile.
func follow[T any](db *DB, kept *answers[T], key string, across bool, ask func() (T, error), again func(old T, stale []Row) (T, error)) (T, error) {
	c := &db.finds
	c.mu.Lock()
	at := db.version.Load()
	now := answer[T]{across: across}
	old := (*kept)[key]
	var stale []Row
	if old != nil {
		now.value, stale = old.value, old.stale
	}
	c.mu.Unlock()
	var err error
	switch {
	case old == nil:
		now.value, err = ask()
	case len(stale) > 0:
		now.value, err = again(now.value, stale)
	default:
		return now.value, nil
	}
	if err != nil {
		return now.value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if db.version.Load() == at {
		if *kept == nil || len(*kept) >= keptAnswers {
			*kept = answers[T]{}
		}
		(*kept)[key] = &now
	}
	return now.value, nil
}

// changed tells the caches of a change. The version rises under the same lock, so that an answer
// is never taken for one that the change is in.
func (db *DB) changed(ch Change) {
	c := &db.finds
	c.mu.Lock()
	defer c.mu.Unlock()
	db.version.Add(1)
	if ch.Many {
		c.sets, c.orders, c.all = nil, nil, nil
		return
	}
	rows := slices.Concat(ch.Added, ch.Updated, ch.Removed)
	// A sample that is only updated keeps its bytes and its place in collections and kits.
	across := len(ch.Added)+len(ch.Removed)+len(ch.Kits) > 0 || ch.Collections || ch.vectors
	c.sets.mark(rows, staleSet, across)
	c.orders.mark(rows, staleOrder, across)
	if c.all != nil {
		c.all = c.all.Or(SetOf(ch.Added)).Without(SetOf(ch.Removed))
	}
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

// Find is Rows as a set, in no order. The answer is kept and follows the changes of the library:
// whether a row is found must depend on nothing but what a Change names that row for. Callers
// must not change the set.
func (db *DB) Find(ctx context.Context, statement string, args ...any) (*Set, error) {
	return db.find(ctx, false, statement, args)
}

// FindAcross is Find for statements that compare the bytes of samples, or ask for collections and
// kits: the answer is kept until any of these may have changed.
func (db *DB) FindAcross(ctx context.Context, statement string, args ...any) (*Set, error) {
	return db.find(ctx, true, statement, args)
}

func (db *DB) find(ctx context.Context, across bool, statement string, args []any) (*Set, error) {
	key := statement
	for _, a := range args {
		key += fmt.Sprintf("\x00%v", a)
	}
	return follow(db, &db.finds.sets, key, across, func() (*Set, error) {
		rows, err := db.Rows(ctx, statement, args...)
		return SetOf(rows), err
	}, func(old *Set, stale []Row) (*Set, error) {
		rows, err := db.Rows(ctx, `SELECT row FROM (`+statement+`) WHERE row IN (SELECT value FROM json_each(?))`, append(slices.Clip(args), set(stale))...)
		return old.Without(SetOf(stale)).Or(SetOf(rows)), err
	})
}

// Ordered is the whole library in one order, for sorting large results: the rows of the statement
// all. The answer is kept and follows the changes of the library; the statement few lists the rows
// of its one parameter, a JSON array, in the same order. Callers must not change the answer.
func (db *DB) Ordered(ctx context.Context, all, few string) ([]Row, error) {
	return follow(db, &db.finds.orders, all, false, func() ([]Row, error) {
		return db.Rows(ctx, all)
	}, func(old, stale []Row) ([]Row, error) {
		return db.reorder(ctx, old, stale, few)
	})
}

// reorder takes stale rows out of an order and puts those that still belong to it where they
// belong now. All places are looked for at once by bisection, one statement a step.
func (db *DB) reorder(ctx context.Context, order, stale []Row, few string) ([]Row, error) {
	gone := SetOf(stale)
	rest := make([]Row, 0, len(order))
	for _, r := range order {
		if !gone.Has(r) {
			rest = append(rest, r)
		}
	}
	moved, err := db.Rows(ctx, few, set(gone.List()))
	if err != nil {
		return nil, err
	}
	lo, hi := make([]int, len(moved)), make([]int, len(moved))
	for i := range hi {
		hi[i] = len(rest)
	}
	for {
		ask := new(Set)
		for i := range moved {
			if lo[i] < hi[i] {
				ask.add(moved[i])
				ask.add(rest[(lo[i]+hi[i])/2])
			}
		}
		if ask.Len() == 0 {
			break
		}
		sorted, err := db.Rows(ctx, few, set(ask.List()))
		if err != nil {
			return nil, err
		}
		place := make(map[Row]int, len(sorted))
		for i, r := range sorted {
			place[r] = i
		}
		for i, r := range moved {
			if lo[i] >= hi[i] {
				continue
			}
			if mid := (lo[i] + hi[i]) / 2; place[r] > place[rest[mid]] {
				lo[i] = mid + 1
			} else {
				hi[i] = mid
			}
		}
	}
	out := make([]Row, 0, len(rest)+len(moved))
	from := 0
	for i, r := range moved {
		out = append(append(out, rest[from:max(from, lo[i])]...), r)
		from = max(from, lo[i])
	}
	return append(out, rest[from:]...), nil
}

// Forget empties what Find keeps, and with orders also what Ordered keeps: for measuring how long
// they take then.
func (db *DB) Forget(orders bool) {
	c := &db.finds
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sets = nil
	if orders {
		c.orders = nil
	}
}
