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

// clockOff is how far a machine's clock is off: mostly some minutes, sometimes years.
func clockOff(t *rapid.T) time.Duration {
	const year = 365 * 24 * 3600
	return time.Duration(rapid.OneOf(rapid.IntRange(-3600, 3600), rapid.IntRange(-5*year, 5*year)).Draw(t, "skew")) * time.Second
}

// typed is a value that a person typed, and whether somebody who could see it has typed over it.
type typed struct {
	key   fieldKey
	value string
	over  bool
}

// Three machines and a server, random edits, cuts of network and disk, crashes, clocks that are years
// off and jump, libraries and servers restored from older copies, decisions without a network, duplicated and late messages: all end equal,
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
		server.now = func() time.Time { return now }
		backup := server.copied()
		for i := range stores {
			stores[i] = newMemory()
			stores[i].cut = func() bool { return faulty && rapid.IntRange(0, 9).Draw(t, "disk") == 0 }
			stores[i].full = func() bool { return faulty && rapid.Bool().Draw(t, "full") }
			skew[i] = clockOff(t)
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
		// forgotten are values that no library and no server holds any more after one was restored: that is
		// no fault of the sync.
		forgotten := func() {
			for _, w := range all {
				holds := func(cells map[fieldKey]wire.Cell) bool {
					return slices.ContainsFunc(cells[w.key].Heads, func(h wire.Head) bool { return string(h.Value) == w.value })
				}
				known := holds(server.cells)
				for _, s := range stores {
					known = known || holds(s.state.cells) || string(s.state.fields[w.key]) == w.value
				}
				w.over = w.over || !known
			}
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
			switch rapid.IntRange(0, 15).Draw(t, "what") {
			case 13:
				skew[i] = clockOff(t)
				continue
			case 14:
				backup = server.copied()
				continue
			case 15:
				server.restore(backup)
				forgotten()
				now = now.Add(time.Second) // it takes a while
				continue
			case 0:
				copies[i] = stores[i].state.clone()
				continue
			case 1:
				if copies[i] == nil {
					continue
				}
				stores[i].state = copies[i].clone()
				forgotten()
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
		for range 3 { // one more than without backups: the second tells the server what it has forgotten
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
func (circle) Pull(context.Context, string, int64, int64) (*wire.SyncPage, error) {
	return &wire.SyncPage{More: true}, nil
}

// A clock that was years ahead while somebody edited, and is set right before or after a server is
// asked, stamps nothing in the future: the edit is taken, and a later one of another machine wins.
func TestAClockYearsAheadIsSetRight(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, off := range []time.Duration{5 * year, -5 * year, 48 * time.Hour} {
		for _, corrected := range []bool{false, true} {
			at := time.UnixMilli(1_700_000_000_000)
			server := &hub{cells: map[fieldKey]wire.Cell{}, seq: map[fieldKey]int64{}, page: 9, fault: func() fault { return none }, now: func() time.Time { return at }}
			a, b := newMemory(), newMemory()
			skew := off
			machine := New("a", a, &link{hub: server, meanwhile: func() {}}, func() time.Time { return at.Add(skew) })
			other := New("b", b, &link{hub: server, meanwhile: func() {}}, func() time.Time { return at })
			sync := func(r *Replica) {
				t.Helper()
				if _, err := r.Sync(t.Context(), nil); err != nil {
					t.Fatalf("clock off by %v, set right %v: %v", off, corrected, err)
				}
				at = at.Add(time.Minute)
			}
			k := fieldKey{"kit/x", "name"}
			a.edit(k, json.RawMessage(`"typed"`), at.Add(skew))
			if err := machine.Write(t.Context(), k.object, map[string]json.RawMessage{k.field: json.RawMessage(`"decided"`)}); err != nil {
				t.Fatal(err)
			}
			if corrected {
				skew = 0
			}
			sync(machine)
			sync(other)
			b.edit(k, json.RawMessage(`"later"`), at)
			sync(other)
			sync(machine)
			c := a.state.cells[k]
			if string(a.state.fields[k]) != `"later"` || len(c.Heads) != 1 || c.Newest().Time().After(at) {
				t.Errorf("clock off by %v, set right %v: the machine shows %s of %v", off, corrected, a.state.fields[k], c)
			}
		}
	}
}
