// Package replica keeps one machine's library in sync with the server and so with the person's
// other machines: it turns local edits into cells, sends what is unsent, and merges what others
// changed.
//
// It decides nothing about what fields mean and touches no database and no network by itself:
// the Store is the library's, the Server is a client. Every step may be cut at any point and run
// again; the order of steps, machines and messages does not matter (wire.Merge).
package replica

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"time"

	"sampleagent/sync/wire"
)

// Store is the local library as the replica sees it.
type Store interface {
	// Update runs f in one transaction: all of it is kept, or, when f or the disk fails, nothing.
	Update(ctx context.Context, f func(Tx) error) error
}

// Tx is a transaction on a Store. Values are JSON; a field that is not set is absent.
type Tx interface {
	// Full says that the transaction has lasted so long that others should have their turn.
	Full() bool
	// Dirty lists objects that a person changed since Clean, oldest change first.
	Dirty(limit int) ([]Dirty, error)
	// DirtyAt is when an object was last changed by a person, if it is dirty.
	DirtyAt(object string) (at time.Time, dirty bool, err error)
	Clean(object string) error
	// Fields is what the library holds of an object now.
	Fields(object string) (map[string]json.RawMessage, error)
	// Apply makes the library hold exactly these fields of an object, as if it had always been
	// so: it marks nothing dirty.
	Apply(object string, fields map[string]json.RawMessage) error

	Cells(object string) ([]wire.Cell, error)
	PutCell(c wire.Cell, unsent bool) error
	// Unsent lists cells to send; Sent marks those that have not changed since.
	Unsent(limit int) ([]wire.Cell, error)
	Sent(cells []wire.Cell) error

	// Cursor is how far the server's changes are known here.
	Cursor() (int64, error)
	SetCursor(next int64) error

	// Clock is the newest write of this replica; SetClock stores it.
	Clock() (wire.Clock, error)
	SetClock(c wire.Clock) error
	// Rename gives this replica a new name, that no other has.
	Rename() (actor string, err error)
	// Mark is the newest push that the server is known to have had.
	Mark() (int64, error)
	SetMark(n int64) error
	// ForgetSent makes cells of the next objects after one unsent and says which was the last, ""
	// at the end.
	ForgetSent(after string) (last string, err error)
	// Origin is what the server's state was last known to have grown from, "" before it is known.
	Origin() (string, error)
	SetOrigin(name string) error
	// Epoch is the server's count of deletions of everything, below 0 before it is known.
	Epoch() (int64, error)
	SetEpoch(n int64) error
}

// Dirty is an object with local changes and when the last of them was made.
type Dirty struct {
	Object string
	At     time.Time
}

// Server is the other end; client.Client is one.
type Server interface {
	Push(ctx context.Context, cells []wire.Cell) (*wire.SyncPushed, error)
	Pull(ctx context.Context, actor string, since, mark int64) (*wire.SyncPage, error)
}

// Replica is one machine. It is not safe for concurrent use: one goroutine runs Sync.
type Replica struct {
	actor  string
	store  Store
	server Server
	now    func() time.Time
	skew   time.Duration // how far this machine's clock is ahead of the server's
	timed  bool          // skew is known, of this Sync
	known  bool          // nobody else, and no later state of this library, writes under actor
}

// New is the replica of this installation; actor is its random name, made once and kept.
func New(actor string, store Store, server Server, now func() time.Time) *Replica {
	return &Replica{actor: actor, store: store, server: server, now: now}
}

// Known is the name under which this library may write without asking: the server has recognised
// it, or it is new. "" while neither is so.
func (r *Replica) Known() string {
	if !r.known {
		return ""
	}
	return r.actor
}

// Trust takes name, which was Known of an earlier Replica of this library in this run, as known.
func (r *Replica) Trust(name string) { r.known = r.known || name == r.actor }

// Result says what one Sync moved, in cells, and how many objects it changed here; one that came
// on two pages counts twice.
type Result struct {
	Sent, Received int
	Changed        int
}

// A round of Sync takes up this many objects and sends this many runs of cells before it looks
// again at what others changed.
const (
	takeAtOnce = 1000
	pushAtOnce = 10
)

// Sync fetches what others changed, takes up local edits and sends them, until nothing is left.
// Fetching comes first: it tells whether this library is an older copy of itself, whose new
// edits must not go out under the name that has written more since.
// What was done before an error stays done. progress, unless nil, hears the running result
// after each page.
func (r *Replica) Sync(ctx context.Context, progress func(Result)) (Result, error) {
	var result Result
	r.timed = false // a clock may have been set since
	tell := func() {
		if progress != nil {
			progress(result)
		}
	}
	for {
		more, err := r.pull(ctx, &result)
		if err != nil {
			return result, err
		}
		tell()
		took, err := r.take(ctx)
		if err != nil {
			return result, err
		}
		sent := 0
		for range pushAtOnce {
			n, err := r.push(ctx)
			result.Sent += n
			if err != nil {
				return result, err
			}
			tell()
			if sent += n; n < wire.MaxPush {
				break
			}
		}
		if took+sent == 0 && !more {
			return result, nil
		}
	}
}

// take turns edits since the last time into cells, a thousand objects at most, and says of how many.
func (r *Replica) take(ctx context.Context) (took int, err error) {
	for took < takeAtOnce {
		var n int
		err := r.store.Update(ctx, func(tx Tx) error {
			n = 0
			dirty, err := tx.Dirty(takeAtOnce - took)
			if err != nil {
				return err
			}
			for _, d := range dirty {
				if err := r.takeObject(tx, d); err != nil {
					return fmt.Errorf("take up changes of %s: %w", d.Object, err)
				}
				if n++; tx.Full() {
					break
				}
			}
			return nil
		})
		if err != nil || n == 0 {
			return took, err
		}
		took += n
	}
	return took, nil
}

// takeObject writes a cell for every field whose value in the library is not what its cell
// shows. The write is stamped with the time of the edit, not of the sync: an old edit that comes
// online late does not win over a newer one.
func (r *Replica) takeObject(tx Tx, d Dirty) error {
	fields, err := tx.Fields(d.Object)
	if err != nil {
		return err
	}
	cells, err := tx.Cells(d.Object)
	if err != nil {
		return err
	}
	known := map[string]wire.Cell{}
	for _, c := range cells {
		known[c.Field] = c
	}
	names := slices.Collect(maps.Keys(fields))
	for name, c := range known {
		if _, set := fields[name]; !set && c.Value() != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		c, seen := known[name]
		if !seen {
			c = wire.Cell{Object: d.Object, Field: name}
		}
		if equalJSON(c.Value(), fields[name]) {
			continue
		}
		if err := r.write(tx, c, d.At, fields[name]); err != nil {
			return err
		}
	}
	return tx.Clean(d.Object)
}

// write stores a cell with a value written by this replica at a time. Its clock grows with every
// write, also where this machine's was set back: what a library forgot that was restored from an
// older copy is so never covered by what it writes next.
func (r *Replica) write(tx Tx, c wire.Cell, at time.Time, value json.RawMessage) error {
	last, err := tx.Clock()
	if err != nil {
		return err
	}
	// An edit from the future was made while the clock was wrong.
	if now := r.now(); at.After(now) {
		at = now
	}
	clock := max(wire.At(at.Add(-r.skew)), c.Newest()+1, last+1)
	if err := tx.PutCell(c.Write(wire.Dot{Clock: clock, Actor: r.actor}, value), true); err != nil {
		return err
	}
	return tx.SetClock(clock)
}

// Write makes a decision on fields of an object that the library alone cannot express: it brings
// a deleted object back, or chooses one of several values. nil deletes a field. It waits for no
// server: where none has recognised this library yet, which may be an older copy, it takes a new name.
func (r *Replica) Write(ctx context.Context, object string, values map[string]json.RawMessage) error {
	if !r.known {
		if err := r.rename(ctx, nil); err != nil {
			return err
		}
	}
	return r.store.Update(ctx, func(tx Tx) error {
		if err := r.takeIfDirty(tx, object); err != nil {
			return err
		}
		cells, err := tx.Cells(object)
		if err != nil {
			return err
		}
		shown := map[string]json.RawMessage{}
		for _, c := range cells {
			value := c.Value()
			if chosen, ok := values[c.Field]; ok {
				if err := r.write(tx, c, r.now(), chosen); err != nil {
					return err
				}
				value = chosen
			}
			if value != nil {
				shown[c.Field] = value
			}
		}
		return tx.Apply(object, shown)
	})
}

// rename gives this library a name under which nothing was written; with, unless nil, is done under it
// in the same transaction.
func (r *Replica) rename(ctx context.Context, with func(tx Tx, name string) error) error {
	var name string
	err := r.store.Update(ctx, func(tx Tx) (err error) {
		if name, err = tx.Rename(); err != nil || with == nil {
			return err
		}
		return with(tx, name)
	})
	if err == nil {
		r.actor, r.known = name, true
	}
	return err
}

// takeIfDirty takes up an object's local edits that are not yet cells: otherwise they would look
// like the old state.
func (r *Replica) takeIfDirty(tx Tx, object string) error {
	at, dirty, err := tx.DirtyAt(object)
	if err != nil || !dirty {
		return err
	}
	return r.takeObject(tx, Dirty{Object: object, At: at})
}

// equalJSON compares two values by meaning: on its way one may have been spaced or escaped anew.
func equalJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y any
	return a != nil && b != nil && json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// push sends one run of unsent cells and says how many.
func (r *Replica) push(ctx context.Context) (int, error) {
	var cells []wire.Cell
	err := r.store.Update(ctx, func(tx Tx) (err error) {
		cells, err = tx.Unsent(wire.MaxPush)
		return err
	})
	if err != nil || len(cells) == 0 {
		return 0, err
	}
	pushed, err := r.server.Push(ctx, cells)
	if err != nil {
		return 0, err
	}
	return len(cells), r.store.Update(ctx, func(tx Tx) error {
		if err := errors.Join(tx.Sent(cells), raise(tx, pushed.Seq)); err != nil {
			return err
		}
		since, err := tx.Cursor()
		if err != nil || since < pushed.From || pushed.Seq <= since {
			return err
		}
		return tx.SetCursor(pushed.Seq) // nobody else wrote in between
	})
}

// raise notes that the server has had a push.
func raise(tx Tx, push int64) error {
	mark, err := tx.Mark()
	if err != nil || push <= mark {
		return err
	}
	return tx.SetMark(push)
}

// smallSkew of a clock is as good as none: answers take time.
const smallSkew = time.Minute

// measure compares this machine's clock with the server's; began is when it was asked.
func (r *Replica) measure(began time.Time, page *wire.SyncPage) {
	if r.timed || page.Now.IsZero() {
		return
	}
	r.timed, r.skew = true, 0
	switch early, late := began.Sub(page.Now), r.now().Sub(page.Now); {
	case early > smallSkew:
		r.skew = early
	case late < -smallSkew:
		r.skew = late
	}
}

// remind makes everything unsent that a server which was restored from a backup may have forgotten,
// and has all fetched anew: a change may have gone back under a number that was passed. mark is the
// newest push that it still has. Cut before the end, it begins anew.
func (r *Replica) remind(ctx context.Context, mark int64) error {
	for last := ""; ; {
		err := r.store.Update(ctx, func(tx Tx) (err error) {
			if last, err = tx.ForgetSent(last); err != nil || last != "" {
				return err
			}
			return errors.Join(tx.SetMark(mark), tx.SetCursor(0))
		})
		if err != nil || last == "" {
			return err
		}
	}
}

// ErrDropped says that everything of this account that was kept to hold machines in sync has been
// deleted on the server, by a person's wish. The library is whole; keeping in sync has ended.
var ErrDropped = errors.New("what the server kept of this library was deleted; the library itself is untouched")

// recognise compares what the server says of this replica with what it knows of itself, and says
// whether everything is to be fetched anew.
func (r *Replica) recognise(ctx context.Context, page *wire.SyncPage) (anew bool, err error) {
	var older, ahead, restored bool
	err = r.store.Update(ctx, func(tx Tx) error {
		epoch, err := tx.Epoch()
		if err != nil {
			return err
		}
		switch {
		case epoch < 0:
			if err := tx.SetEpoch(page.Epoch); err != nil {
				return err
			}
		case epoch != page.Epoch:
			return ErrDropped
		}
		clock, err := tx.Clock()
		if err != nil {
			return err
		}
		origin, err := tx.Origin()
		older, ahead, restored = page.Own > clock, clock > r.latest(), origin != page.Origin
		if err != nil || page.Forgot {
			return err
		}
		return raise(tx, page.Mark) // before any of the page is merged and the rest is cut
	})
	switch {
	case err != nil:
	case ahead:
		err = r.rename(ctx, r.setRight)
	case older, restored:
		err = r.rename(ctx, func(tx Tx, _ string) error { return tx.SetOrigin(page.Origin) })
	}
	r.known = r.known || err == nil
	return ahead, err
}

// latest is the last clock that the server takes now.
func (r *Replica) latest() wire.Clock { return wire.At(r.now().Add(wire.MaxAhead - r.skew)) }

// setRight takes what was written by a clock that was ahead, before any server told, as written now
// and under a new name. The server takes no such writes, so nobody else has seen them; and an older
// copy of this library, whose clock is as far ahead, will not write under a name that has written since.
// What is so no longer known to have been seen is fetched again.
func (r *Replica) setRight(tx Tx, name string) error {
	cells, err := tx.Unsent(math.MaxInt)
	if err != nil {
		return err
	}
	clock := wire.At(r.now().Add(-r.skew))
	for _, c := range cells {
		if c.Newest() <= r.latest() {
			continue
		}
		c = c.Restamp(r.latest(), wire.Dot{Clock: clock, Actor: name})
		clock = c.Newest() + 1
		if err := tx.PutCell(c, true); err != nil {
			return err
		}
	}
	return errors.Join(tx.SetClock(clock), tx.SetCursor(0))
}

// errBadPage guards against a server that would make us ask for ever.
var errBadPage = errors.New("the server sent a page of changes that leads nowhere")

// pull merges the next page and says whether more waits.
func (r *Replica) pull(ctx context.Context, result *Result) (more bool, err error) {
	more, anew, err := r.pullPage(ctx, result)
	if err == nil && anew {
		if more, anew, err = r.pullPage(ctx, result); err == nil && anew {
			err = errBadPage
		}
	}
	return more, err
}

// pullPage is pull, unless everything is to be fetched anew first.
func (r *Replica) pullPage(ctx context.Context, result *Result) (more, anew bool, err error) {
	var since, mark int64
	err = r.store.Update(ctx, func(tx Tx) (err error) {
		if since, err = tx.Cursor(); err != nil {
			return err
		}
		mark, err = tx.Mark()
		return err
	})
	if err != nil {
		return false, false, err
	}
	began := r.now()
	page, err := r.server.Pull(ctx, r.actor, since, mark)
	if err != nil {
		return false, false, err
	}
	r.measure(began, page)
	if page.More && page.Next <= since {
		return false, false, errBadPage
	}
	byObject := map[string][]wire.Cell{}
	for _, c := range page.Cells {
		if err := c.Check(); err != nil {
			return false, false, fmt.Errorf("from the server: %w", err)
		}
		byObject[c.Object] = append(byObject[c.Object], c)
	}
	anew, err = r.recognise(ctx, page)
	if err == nil && page.Forgot {
		anew, err = true, r.remind(ctx, page.Mark)
	}
	if err != nil || anew {
		return false, anew, err
	}
	// A page is merged in runs. Cut between two, the whole page comes again, which changes nothing.
	for left := slices.Sorted(maps.Keys(byObject)); len(left) > 0; {
		var n, changed int
		err := r.store.Update(ctx, func(tx Tx) error {
			n, changed = 0, 0
			for _, object := range left {
				did, err := r.mergeObject(tx, object, byObject[object])
				if err != nil {
					return fmt.Errorf("merge %s: %w", object, err)
				}
				if did {
					changed++
				}
				if n++; tx.Full() {
					break
				}
			}
			return nil
		})
		if err != nil {
			return false, false, err
		}
		left = left[n:]
		result.Changed += changed
	}
	if page.Next > since {
		if err := r.store.Update(ctx, func(tx Tx) error { return tx.SetCursor(page.Next) }); err != nil {
			return false, false, err
		}
	}
	result.Received += len(page.Cells)
	return page.More, false, nil
}

// mergeObject merges others' cells into ours and shows the outcome in the library.
func (r *Replica) mergeObject(tx Tx, object string, theirs []wire.Cell) (bool, error) {
	if err := r.takeIfDirty(tx, object); err != nil {
		return false, err
	}
	cells, err := tx.Cells(object)
	if err != nil {
		return false, err
	}
	known := map[string]wire.Cell{}
	for _, c := range cells {
		known[c.Field] = c
	}
	var changed bool
	for _, c := range theirs {
		ours, seen := known[c.Field]
		merged := c
		if seen {
			merged = wire.Merge(ours, c)
			if wire.Equal(merged, ours) {
				continue
			}
		}
		// What we know and they do not is still to be sent.
		if err := tx.PutCell(merged, !wire.Equal(merged, c)); err != nil {
			return false, err
		}
		known[c.Field] = merged
		changed = changed || !equalJSON(merged.Value(), ours.Value())
	}
	if !changed {
		return false, nil
	}
	fields := map[string]json.RawMessage{}
	for name, c := range known {
		if v := c.Value(); v != nil {
			fields[name] = v
		}
	}
	return true, tx.Apply(object, fields)
}
