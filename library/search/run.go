package search

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sampleagent/library/catalog"
)

// By is what results are sorted by.
type By string

// The orders. Relevance is the default: the nearest first for like:, those whose name has the
// words first for free text, the manual order for one collection, else the order of import.
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

// LikeLimit is how many samples like: keeps.
const LikeLimit = 500

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
	f := &finder{ctx: ctx, db: db, now: now}
	set, err := f.all(q.root)
	if err != nil {
		return nil, err
	}
	rows, err := f.arrange(q, sort, set)
	if err != nil {
		return nil, err
	}
	if limit > 0 && len(rows) > limit {
		rows = rows[:limit]
	}
	return rows, nil
}

// arrange puts what was found in order.
func (f *finder) arrange(q Query, sort Sort, set *catalog.Set) ([]catalog.Row, error) {
	by := sort.By
	if by == Similarity && q.like == nil {
		by = Relevance
	}
	if q.like != nil {
		rows, err := similar(f.ctx, f.db, q, set)
		if err != nil {
			return nil, err
		}
		if by == Similarity && sort.Desc {
			slices.Reverse(rows)
		}
		if by == Similarity || by == Relevance {
			return rows, nil
		}
		set = catalog.SetOf(rows)
	}
	if by != Relevance {
		return f.ordered(Sort{by, sort.Desc}, set)
	}
	if c, ok := q.root.(inCollection); ok {
		return f.inManualOrder(c, set)
	}
	if len(q.text) == 0 {
		return f.ordered(Sort{By: Import}, set)
	}
	rows, err := f.ordered(Sort{By: Name}, set)
	if err != nil || len(rows) < 2 || len(rows) > rankLimit {
		return rows, err
	}
	return f.byName(q.text, rows)
}

// rankLimit is how many hits are ranked by where the words stand; among more than that nobody
// reads the ranks, and asking for them would be the slow part.
const rankLimit = 20_000

// byName brings those to the front whose name has all the words, and before them those that
// have them whole, each part in the order it had.
func (f *finder) byName(words []text, rows []catalog.Row) ([]catalog.Row, error) {
	var sets [2]*catalog.Set // names with the words whole, and with words that begin so
	for i, prefix := range []bool{false, true} {
		for j, t := range words {
			if t.column == "" {
				t.column = "name"
			}
			t.prefix = t.prefix && prefix
			s, err := t.find(f)
			if err != nil {
				return nil, err
			}
			if j == 0 {
				sets[i] = s
			} else {
				sets[i] = sets[i].And(s)
			}
		}
	}
	var parts [3][]catalog.Row
	for _, r := range rows {
		switch {
		case sets[0].Has(r):
			parts[0] = append(parts[0], r)
		case sets[1].Has(r):
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

// smallSet is how many rows SQLite sorts faster (5 µs each) than it lists a large library in order,
// which is then kept.
const smallSet = 1000

// ordered lists a set in an order.
func (f *finder) ordered(sort Sort, set *catalog.Set) ([]catalog.Row, error) {
	if sort.By == Import {
		rows := set.List()
		if sort.Desc {
			slices.Reverse(rows)
		}
		return rows, nil
	}
	if set.Len() < 2 {
		return set.List(), nil
	}
	whole, some := statement("samples", sort), statement(few, sort)
	var order []catalog.Row
	var err error
	if set.Len() <= smallSet && !f.db.OrderKept(whole) {
		order, err = f.db.Rows(f.ctx, some, jsonRows(set.List()))
	} else {
		order, err = f.db.Ordered(f.ctx, whole, some)
	}
	if err != nil {
		return nil, err
	}
	return pick(order, set), nil
}

func jsonRows(rows []catalog.Row) string {
	b := []byte{'['}
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(r), 10)
	}
	return string(append(b, ']'))
}
