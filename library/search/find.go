package search

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"sampleagent/library/catalog"
)

// finder answers a query: each condition is one small statement, whose rows come back as a set,
// and the sets are joined here. They are asked at once, so that a query takes about as long as its
// slowest condition, and what was asked a letter ago is not asked again. Values only ever become
// parameters; the text of a statement is made of this package's own constants.
type finder struct {
	ctx context.Context
	db  *catalog.DB
	now time.Time

	collections func() ([]catalog.Collection, error) // asked once
	within      []string                             // smart collections being asked, against circles
}

func (f *finder) find(statement string, args ...any) (*catalog.Set, error) {
	return f.db.Find(f.ctx, statement, args...)
}

// where asks for the samples of which a condition holds.
func (f *finder) where(condition string, args ...any) (*catalog.Set, error) {
	return f.find(`SELECT s.row AS row FROM samples s WHERE `+condition, args...)
}

func (f *finder) all(root node) (*catalog.Set, error) {
	if root == nil {
		return f.db.Everything(f.ctx)
	}
	return root.find(f)
}

// together finds several things at once: two at a time, so that what else reads the library need not
// wait for a connection.
func together[T any](things []T, find func(T) (*catalog.Set, error)) ([]*catalog.Set, error) {
	sets := make([]*catalog.Set, len(things))
	var group errgroup.Group
	group.SetLimit(2)
	for i, t := range things {
		group.Go(func() (err error) {
			sets[i], err = find(t)
			return err
		})
	}
	return sets, group.Wait()
}

func (f *finder) each(nodes []node) ([]*catalog.Set, error) {
	return together(nodes, func(n node) (*catalog.Set, error) { return n.find(f) })
}

func intersection(sets []*catalog.Set) (out *catalog.Set) {
	for i, s := range sets {
		if i == 0 {
			out = s
		} else {
			out = out.And(s)
		}
	}
	return out
}

func union(sets []*catalog.Set) (out *catalog.Set) {
	for _, s := range sets {
		out = out.Or(s)
	}
	return out
}

func (n allOf) find(f *finder) (*catalog.Set, error) {
	sets, err := f.each(n)
	return intersection(sets), err
}

func (n anyOf) find(f *finder) (*catalog.Set, error) {
	sets, err := f.each(n)
	return union(sets), err
}

// find turns round what is known, so that what is not known counts as not so: -bpm:90 finds
// sounds without tempo.
func (n not) find(f *finder) (*catalog.Set, error) {
	s, err := n.node.find(f)
	if err != nil {
		return nil, err
	}
	all, err := f.db.Everything(f.ctx)
	if err != nil {
		return nil, err
	}
	return all.Without(s), nil
}

func (n text) find(f *finder) (*catalog.Set, error) {
	return f.find(`SELECT rowid AS row FROM sample_fts WHERE sample_fts MATCH ?`, n.match())
}

// match writes the words in the language of FTS5: as a string, so that none of its signs means
// anything there.
func (n text) match() string {
	m := `"` + strings.ReplaceAll(strings.ReplaceAll(n.words, "\x00", " "), `"`, `""`) + `"`
	if n.prefix {
		m += "*"
	}
	if n.column != "" {
		m = n.column + " : " + m
	}
	return m
}

func (n tagged) find(f *finder) (*catalog.Set, error) {
	if n.prefix {
		return f.find(`SELECT st.row AS row FROM tags t JOIN sample_tags st USING (tag) WHERE t.name LIKE ? ESCAPE '\'`, escapeLike(n.name)+"%")
	}
	return f.find(`SELECT row FROM sample_tags WHERE tag = (SELECT tag FROM tags WHERE name = ?)`, n.name)
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

func (n equal) find(f *finder) (*catalog.Set, error) { return f.where("s."+n.column+" = ?", n.value) }

func (n begins) find(f *finder) (*catalog.Set, error) {
	return f.where("s."+n.column+` LIKE ? ESCAPE '\'`, escapeLike(n.value)+"%")
}

func (n licensed) find(f *finder) (*catalog.Set, error) {
	if n.prefix {
		return f.find(`SELECT row FROM sources WHERE licence LIKE ? ESCAPE '\'`, escapeLike(n.value)+"%")
	}
	return f.find(`SELECT row FROM sources WHERE licence = ? COLLATE NOCASE`, n.value)
}

func (n inPath) find(f *finder) (*catalog.Set, error) {
	return f.where(`s.path LIKE ? ESCAPE '\'`, "%"+escapeLike(n.piece)+"%")
}

func (n inKeys) find(f *finder) (*catalog.Set, error) {
	args := make([]any, len(n.keys))
	for i, k := range n.keys {
		args[i] = int(k)
	}
	return f.where("s.key_slot IN ("+strings.Repeat("?, ", len(args)-1)+"?)", args...)
}

func (n number) find(f *finder) (*catalog.Set, error) {
	sets, err := together(n.spans, func(s span) (*catalog.Set, error) {
		condition, args := s.condition(n.column)
		return f.find(`SELECT row FROM `+n.table+` WHERE `+condition, args...)
	})
	return union(sets), err
}

// condition is the span as SQL. NULL lies in no span.
func (s span) condition(column string) (string, []any) {
	lower, upper := column+" >= ?", column+" <= ?"
	if s.loOpen {
		lower = column + " > ?"
	}
	if s.hiOpen {
		upper = column + " < ?"
	}
	switch low, high := !math.IsInf(s.lo, -1), !math.IsInf(s.hi, 1); {
	case low && high:
		return lower + " AND " + upper, []any{s.lo, s.hi}
	case low:
		return lower, []any{s.lo}
	default:
		return upper, []any{s.hi}
	}
}

func (n during) find(f *finder) (*catalog.Set, error) {
	lo, hi := n.from(f.now)
	s := span{math.Inf(-1), math.Inf(1), false, true}
	if !lo.IsZero() {
		s.lo = float64(lo.UnixMilli())
	}
	if !hi.IsZero() {
		s.hi = float64(hi.UnixMilli())
	}
	condition, args := s.condition(n.column)
	return f.find(`SELECT row FROM samples WHERE `+condition, args...)
}

func (n property) find(f *finder) (*catalog.Set, error) {
	if n.name == "twin" {
		groups, err := twins(f.ctx, f.db)
		return catalog.SetOf(slices.Concat(groups...)), err
	}
	if slices.Contains(acrossRows, n.name) {
		return f.db.FindAcross(f.ctx, flags[n.group][n.name])
	}
	return f.find(flags[n.group][n.name])
}

func (n inCollection) find(f *finder) (*catalog.Set, error) {
	chosen, err := f.findCollections(n)
	if err != nil {
		return nil, err
	}
	sets, err := together(chosen, func(c catalog.Collection) (*catalog.Set, error) {
		if c.Smart() {
			return f.smart(c)
		}
		return f.db.FindAcross(f.ctx, `SELECT row FROM collection_samples WHERE collection = ?`, c.ID)
	})
	return union(sets), err
}

// findCollections lists the collections that a name or a path of names means, and those inside.
func (f *finder) findCollections(n inCollection) ([]catalog.Collection, error) {
	collections, err := f.collections()
	if err != nil {
		return nil, err
	}
	paths := make(map[string]string, len(collections)) // by id
	chosen := map[string]bool{}
	var out []catalog.Collection
	var names []string
	for _, c := range collections { // parents come before children
		path := c.Name
		if c.Parent != "" {
			path = paths[c.Parent] + "/" + c.Name
		}
		paths[c.ID] = path
		names = append(names, c.Name)
		if chosen[c.Parent] || c.ID == n.name || strings.EqualFold(c.Name, n.name) || strings.EqualFold(path, strings.Trim(n.name, "/")) {
			chosen[c.ID] = true
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		e := &Error{Offset: n.offset, Word: n.name, Reason: "there is no collection of this name"}
		if near, ok := nearest(n.name, names); ok {
			e.Suggestion = `in:"` + near + `"`
		}
		return nil, e
	}
	return out, nil
}

// smart asks what a smart collection's query finds now. A circle finds nothing more.
func (f *finder) smart(c catalog.Collection) (*catalog.Set, error) {
	if slices.Contains(f.within, c.ID) {
		return nil, nil
	}
	inner := *f
	inner.within = append(slices.Clip(f.within), c.ID)
	q, err := Parse(*c.Query)
	if err != nil {
		return nil, &RuleError{c.Name, err}
	}
	set, err := inner.all(q.root)
	if err == nil && q.like != nil {
		var near []catalog.Row
		near, err = similar(f.ctx, f.db, q, set)
		set = catalog.SetOf(near)
	}
	if err != nil {
		return nil, &RuleError{c.Name, err}
	}
	return set, nil
}

// RuleError is an error in the rule of a smart collection, not in what was typed.
type RuleError struct {
	Collection string
	Err        error
}

func (e *RuleError) Error() string {
	return "rule of the collection " + e.Collection + ": " + e.Err.Error()
}

// Unwrap gives the error in the rule.
func (e *RuleError) Unwrap() error { return e.Err }
