package wire

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A Cell is the unit that replicas keep in sync: one field of one object, for example the tempo
// that a person gave a sample, the sample on pad A1, or whether a tag is set.
//
// It is a multi-value register with a dotted version vector (Preguiça et al. 2010). A write
// replaces exactly the values that its writer had seen; two writes that did not know of each
// other both stay, the later one (by clock) being shown and the other kept as an alternate until
// somebody writes again. So nothing that a person typed is lost, and merging needs no order: it
// is commutative, associative and idempotent.
//
// A set is one cell an element ("tag/dusty"): present while it has a head. An add that a remove
// had not seen survives the remove (observed-remove).
type Cell struct {
	Object  string  `json:"object"`          // "sample/<sha256>", "kit/<id>", "collection/<id>"
	Field   string  `json:"field"`           // "bpm", "tag/dusty", "pad/A1/volume", "item/<sha256>"
	Heads   []Head  `json:"heads,omitempty"` // unreplaced values, the shown one first
	Context Context `json:"context"`         // every write that this cell has seen, replaced ones too
}

// Head is a value and the write that put it there.
type Head struct {
	Dot
	Value json.RawMessage `json:"value"`
}

// Dot names a write: its time and the replica that made it. No two writes share one.
type Dot struct {
	Clock Clock  `json:"clock"`
	Actor string `json:"actor"`
}

// Context says how far into each replica's writes to a cell somebody has seen. Because a replica
// always replaces its own earlier value, having seen a write means having seen all earlier ones
// of the same replica.
type Context map[string]Clock

// Covers reports whether the write d is among what c has seen.
func (c Context) Covers(d Dot) bool { return d.Clock <= c[d.Actor] }

// Limits of one cell from outside; far above what the desktop writes.
const (
	MaxCellName  = 200       // bytes of Object and of Field
	MaxCellValue = 64 * 1024 // bytes of one value
	MaxActors    = 256       // replicas that wrote one cell
)

// Check refuses a cell that no replica of ours can have made.
func (c *Cell) Check() error {
	switch {
	case c.Object == "" || len(c.Object) > MaxCellName:
		return errors.New("cell: object name is empty or too long")
	case c.Field == "" || len(c.Field) > MaxCellName:
		return fmt.Errorf("cell of %s: field name is empty or too long", c.Object)
	case len(c.Context) == 0 || len(c.Context) > MaxActors:
		return fmt.Errorf("cell %s %s: context of %d replicas", c.Object, c.Field, len(c.Context))
	case len(c.Heads) > len(c.Context):
		return fmt.Errorf("cell %s %s: more values than replicas", c.Object, c.Field)
	}
	if _, anonymous := c.Context[""]; anonymous {
		return fmt.Errorf("cell %s %s: a replica without a name", c.Object, c.Field)
	}
	for i, h := range c.Heads {
		switch {
		case !c.Context.Covers(h.Dot):
			return fmt.Errorf("cell %s %s: a value outside its context", c.Object, c.Field)
		case len(h.Value) == 0 || len(h.Value) > MaxCellValue || !json.Valid(h.Value):
			return fmt.Errorf("cell %s %s: a value that is empty, too long or not JSON", c.Object, c.Field)
		case slices.ContainsFunc(c.Heads[:i], func(o Head) bool { return o.Actor == h.Actor }):
			return fmt.Errorf("cell %s %s: two values of one replica", c.Object, c.Field)
		}
	}
	return nil
}

// Newest is the greatest clock the cell has seen.
func (c *Cell) Newest() Clock {
	var newest Clock
	for _, t := range c.Context {
		newest = max(newest, t)
	}
	return newest
}

// Value is what is shown: the latest head, or nil where there is none (deleted, or not in the
// set).
func (c *Cell) Value() json.RawMessage {
	if len(c.Heads) == 0 {
		return nil
	}
	return c.Heads[0].Value
}

// Alternates are values that were written without knowledge of the one shown.
func (c *Cell) Alternates() []Head {
	if len(c.Heads) < 2 {
		return nil
	}
	return c.Heads[1:]
}

// Write is the cell after its replica writes value at d; a nil value deletes. d must be newer
// than everything the cell has seen from that replica.
func (c Cell) Write(d Dot, value json.RawMessage) Cell {
	c.Context = maps.Clone(c.Context)
	if c.Context == nil {
		c.Context = Context{}
	}
	c.Context[d.Actor] = d.Clock
	c.Heads = nil
	if value != nil {
		c.Heads = []Head{{Dot: d, Value: value}}
	}
	return c
}

// Restamp is the cell with what was written after limit, by a clock that was ahead, stamped d or, where
// something else is later, right after that. What those who wrote it had seen of their own writes is no
// longer claimed: such a write comes back beside the value rather than be covered unseen.
func (c Cell) Restamp(limit Clock, d Dot) Cell {
	for _, h := range c.Heads {
		if h.Clock <= limit {
			d.Clock = max(d.Clock, h.Clock+1)
		}
	}
	out := Cell{Object: c.Object, Field: c.Field, Context: Context{d.Actor: d.Clock}}
	for actor, t := range c.Context {
		if t <= limit {
			out.Context[actor] = t
		}
	}
	for _, h := range slices.Backward(c.Heads) { // the earliest first
		if h.Clock > limit {
			h.Dot = d
			d.Clock++
		}
		out.Heads = append(out.Heads, h)
		out.Context[h.Actor] = max(out.Context[h.Actor], h.Clock)
	}
	out.sort()
	return out
}

func (c *Cell) sort() {
	slices.SortFunc(c.Heads, func(x, y Head) int {
		return cmp.Or(cmp.Compare(y.Clock, x.Clock), cmp.Compare(y.Actor, x.Actor))
	})
}

// Merge is everything that either of two states of the same cell knows: a head stays unless the
// other side has seen it and holds it no longer.
func Merge(a, b Cell) Cell {
	out := Cell{Object: a.Object, Field: a.Field, Context: maps.Clone(a.Context)}
	if out.Context == nil {
		out.Context = Context{}
	}
	for actor, t := range b.Context {
		out.Context[actor] = max(out.Context[actor], t)
	}
	for _, h := range a.Heads {
		if b.holds(h.Dot) || !b.Context.Covers(h.Dot) {
			out.Heads = append(out.Heads, h)
		}
	}
	for _, h := range b.Heads {
		if !a.holds(h.Dot) && !a.Context.Covers(h.Dot) {
			out.Heads = append(out.Heads, h)
		}
	}
	out.sort()
	return out
}

func (c *Cell) holds(d Dot) bool {
	return slices.ContainsFunc(c.Heads, func(h Head) bool { return h.Dot == d })
}

// Equal reports whether two cells are the same state.
func Equal(a, b Cell) bool {
	return a.Object == b.Object && a.Field == b.Field && maps.Equal(a.Context, b.Context) &&
		slices.EqualFunc(a.Heads, b.Heads, func(x, y Head) bool { return x.Dot == y.Dot && string(x.Value) == string(y.Value) })
}
