package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sampleagent/library/catalog"
)

// By is what results are sorted by.
type By string

// The orders. Relevance is the default: the nearest first for like:, those whose name has the
// words first for free text, copies of one sound together for is:duplicate and is:twin, the manual
// order for one collection, else the order of import.
const (
	Relevance  By = ""
	Import     By = "import"
	Name       By = "name"
	Tempo      By = "tempo"
	Key        By = "key" // around the wheel of fifths: 1A, 1B, 2A...
	Length     By = "length"
	Added      By = "added"
	Rating     By = "rating"
	Kind       By = "kind"
	Class      By = "class"
	Similarity By = "similarity" // to the sample of like:; without one as Relevance
)

// Sort is an order. Samples whose value is not known come last in both directions; those with
// equal values by name.
type Sort struct {
	By   By
	Desc bool
}

// Orders lists what By can be.
func Orders() []By {
	return []By{Relevance, Import, Name, Tempo, Key, Length, Added, Rating, Kind, Class, Similarity}
}

// likeLimit is how many samples like: keeps.
const likeLimit = 500

// Run finds the samples of q in db, in the order of sort, at most limit of them (0: all). An
// unknown collection or sample in q is an *Error, a broken rule of a smart collection a
// *RuleError.
func Run(ctx context.Context, db *catalog.DB, q Query, sort Sort, limit int) ([]catalog.Row, error) {
	if !slices.Contains(Orders(), sort.By) {
		return nil, fmt.Errorf("sort by %q: %w", sort.By, catalog.ErrOutOfRange)
	}
	// Times count by the minute, so that what was found in the last week is not asked anew each time.
	rows, err := run(ctx, db, q, sort, limit, time.Now().Truncate(time.Minute))
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return rows, nil
}

func run(ctx context.Context, db *catalog.DB, q Query, sort Sort, limit int, now time.Time) ([]catalog.Row, error) {
	if sort.By == Similarity && q.like == nil {
		sort.By = Relevance
	}
	f := &finder{ctx: ctx, db: db, now: now, collections: sync.OnceValues(func() ([]catalog.Collection, error) { return db.Collections(ctx) })}
	var set *catalog.Set
	var order []catalog.Row
	var group errgroup.Group
	group.Go(func() (err error) {
		set, err = f.all(q.root)
		return err
	})
	group.Go(func() (err error) {
		order, err = f.order(listing(q, sort))
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	rows, err := f.arrange(q, sort, set, order)
	if err != nil {
		return nil, err
	}
	if limit > 0 && len(rows) > limit {
		rows = rows[:limit]
	}
	return rows, nil
}

// Ranked says that Relevance puts what q finds into an order of its own, other than that of import.
func (q Query) Ranked() bool {
	_, in := q.root.(inCollection)
	return q.like != nil || in || len(q.text) > 0 || q.copies() != nil
}

// listing is the order of the library that what q finds is listed in, before its words or its like:
// put it into their own.
func listing(q Query, sort Sort) Sort {
	switch _, in := q.root.(inCollection); {
	case sort.By != Relevance && sort.By != Similarity:
		return sort
	case q.like == nil && q.copies() != nil:
		return Sort{By: Name}
	case q.like != nil || in || len(q.text) == 0:
		return Sort{By: Import}
	}
	return Sort{By: Name}
}

// arrange puts what was found in order.
func (f *finder) arrange(q Query, sort Sort, set *catalog.Set, order []catalog.Row) ([]catalog.Row, error) {
	if q.like != nil {
		rows, err := similar(f.ctx, f.db, q, set)
		if err != nil {
			return nil, err
		}
		if sort.By == Similarity && sort.Desc {
			slices.Reverse(rows)
		}
		if sort.By == Similarity || sort.By == Relevance {
			return rows, nil
		}
		set = catalog.SetOf(rows)
	}
	switch c, in := q.root.(inCollection); {
	case sort.By == Import && sort.Desc:
		rows := set.List()
		slices.Reverse(rows)
		return rows, nil
	case sort.By == Relevance && in:
		return f.inManualOrder(c, set)
	}
	rows := pick(order, set)
	if group := q.copies(); group != nil && sort.By == Relevance {
		groups, err := group(f.ctx, f.db)
		return gather(rows, groups), err
	}
	if sort.By != Relevance || len(q.text) == 0 || len(rows) < 2 || len(rows) > rankLimit {
		return rows, nil
	}
	return f.byName(q.text, rows)
}

// rankLimit is how many hits are ranked by where the words stand; among more than that nobody
// reads the ranks, and asking for them would be the slow part.
const rankLimit = 20_000

// byName brings those to the front whose name has all the words, and before them those that
// have them whole, each part in the order it had.
func (f *finder) byName(words []text, rows []catalog.Row) ([]catalog.Row, error) {
	var whole, begun []node
	for _, t := range words {
		if t.column == "" {
			t.column = "name"
		}
		begun = append(begun, t)
		t.prefix = false
		whole = append(whole, t)
	}
	sets, err := f.each(slices.Concat(whole, begun))
	if err != nil {
		return nil, err
	}
	inWhole, inBegun := intersection(sets[:len(words)]), intersection(sets[len(words):])
	var parts [3][]catalog.Row
	for _, r := range rows {
		switch {
		case inWhole.Has(r):
			parts[0] = append(parts[0], r)
		case inBegun.Has(r):
			parts[1] = append(parts[1], r)
		default:
			parts[2] = append(parts[2], r)
		}
	}
	return slices.Concat(parts[:]...), nil
}

// inManualOrder follows the order in which collections were filled; what smart ones found comes
// behind, in the order of import.
func (f *finder) inManualOrder(in inCollection, set *catalog.Set) ([]catalog.Row, error) {
	chosen, err := f.findCollections(in)
	if err != nil {
		return nil, err
	}
	var order []catalog.Row
	seen := map[catalog.Row]bool{} // a sample may be in several of them
	for _, c := range chosen {
		if c.Smart() {
			continue
		}
		members, err := f.db.CollectionRows(f.ctx, c.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range members {
			if !seen[r] {
				seen[r] = true
				order = append(order, r)
			}
		}
	}
	return pick(order, set), nil
}

// pick lists a set in the order of a list; what the list lacks comes behind, in the order of
// import.
func pick(order []catalog.Row, set *catalog.Set) []catalog.Row {
	out := make([]catalog.Row, 0, set.Len())
	for _, r := range order {
		if set.Has(r) {
			out = append(out, r)
		}
	}
	if len(out) == cap(out) {
		return out
	}
	return append(out, set.Without(catalog.SetOf(out)).List()...)
}

// orders are the samples whose value is known, and the columns that order them.
var orders = map[By]struct {
	known string
	by    []string
}{
	Name:   {"TRUE", nil},
	Tempo:  {"bpm IS NOT NULL", []string{"bpm"}},
	Key:    {"key_slot > 0", []string{"key_slot"}},
	Length: {"duration IS NOT NULL", []string{"duration"}},
	Added:  {"TRUE", []string{"added_at"}},
	Rating: {"rating > 0", []string{"rating"}},
	Kind:   {"kind <> ''", []string{"kind", "class"}},
	Class:  {"class <> ''", []string{"class", "kind"}},
}

// few narrows an order to the rows of a parameter. CROSS JOIN keeps SQLite from going through the
// whole index instead of looking up the few.
const few = "json_each(?) j CROSS JOIN samples ON samples.row = j.value"

// statement lists the samples of a source in an order, those with equal values by name.
func statement(from string, s Sort) string {
	o, dir := orders[s.By], ""
	if s.Desc {
		dir = " DESC"
	}
	var by []string
	for _, column := range o.by {
		by = append(by, column+dir)
	}
	if s.By != Name {
		dir = "" // equal values stand by name in both directions
	}
	by = append(by, "name_key"+dir, "samples.row"+dir)
	return "SELECT samples.row FROM " + from + " WHERE " + o.known + " ORDER BY " + strings.Join(by, ", ")
}

// order lists the library in an order: those whose value is known; nothing for the order of import,
// in which sets are listed anyhow.
func (f *finder) order(sort Sort) ([]catalog.Row, error) {
	if sort.By == Import {
		return nil, nil
	}
	return f.db.Ordered(f.ctx, statement("samples", sort), statement(few, sort))
}
