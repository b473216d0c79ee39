package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"sampleagent/library/catalog"
	"sampleagent/library/kit"
)

// members are the names of a collection's samples in their order.
func (m *machine) members(id string) []string {
	m.t.Helper()
	rows, err := m.db.CollectionRows(m.t.Context(), id)
	m.do(err)
	all, err := m.db.Samples(m.t.Context(), rows)
	m.do(err)
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = strings.TrimSuffix(s.Name, ".wav")
	}
	return out
}

// lists are the names of all collections in the order in which they are shown, with their parents.
func (m *machine) lists() (out []string) {
	m.t.Helper()
	all, err := m.db.Collections(m.t.Context())
	m.do(err)
	for _, c := range all {
		out = append(out, c.Parent+"/"+c.Name)
	}
	return out
}

// reorder moves one sample of a collection to another place.
func (m *machine) reorder(id string, r *rand.Rand) error {
	_, _, err := m.db.EditMembers(m.t.Context(), id, func(now []catalog.Row) []catalog.Row {
		if len(now) < 2 {
			return now
		}
		from := r.IntN(len(now))
		row := now[from]
		now = slices.Delete(now, from, from+1)
		return slices.Insert(now, r.IntN(len(now)+1), row)
	})
	return err
}

// Two machines without a network move samples in one collection, put in and take out, move collections
// among their siblings and swap pads; then both show the same orders, with everything in them once.
func TestOrdersChangedOnTwoMachinesEndTheSame(t *testing.T) {
	ctx, h, r := t.Context(), newHub(), rand.New(rand.NewPCG(11, 3))
	a, b := newMachine(t, h, t.TempDir(), "a"), newMachine(t, h, t.TempDir(), "b")
	both := []*machine{a, b}
	var rows []catalog.Row
	for i := range 8 {
		rows = append(rows, a.add(fmt.Sprint("s", i)))
	}
	list, err := a.db.NewCollection(ctx, "", "Set", nil)
	a.do(err)
	a.do(a.db.AddToCollection(ctx, list.ID, rows))
	var folders []string
	for i := range 5 {
		c, err := a.db.NewCollection(ctx, list.ID, fmt.Sprint("part ", i), nil)
		a.do(err)
		folders = append(folders, c.ID)
	}
	first, _ := a.find("s0")
	k := kit.Kit{ID: "k1", Name: "Live"}
	for p := range 4 {
		a.do(k.SetSample(pad(0, p+1), first.ID))
		a.do(k.Change([]kit.Slot{pad(0, p+1)}, func(s kit.Settings) (kit.Settings, error) { return s.Set(kit.Volume, 10*p+10) }))
	}
	a.putKit(k)
	meet := func() {
		for range 2 {
			a.sync()
			b.sync()
		}
		a.sync()
	}
	meet()
	in := map[string]bool{}
	for _, name := range a.members(list.ID) {
		in[name] = true
	}
	for round := range 40 {
		for i, m := range both {
			for range 1 + r.IntN(3) {
				switch r.IntN(6) {
				case 0: // each machine puts in and takes out samples of its own
					name := fmt.Sprint("s", i+2*r.IntN(4))
					if in[name] {
						_, _, err := m.db.EditMembers(ctx, list.ID, func(now []catalog.Row) []catalog.Row {
							return slices.DeleteFunc(now, func(row catalog.Row) bool { return row == m.row(name) })
						})
						m.do(err)
					} else {
						m.do(m.db.AddToCollection(ctx, list.ID, []catalog.Row{m.row(name)}))
					}
					in[name] = !in[name]
				case 1:
					_, _, err := m.db.EditCollection(ctx, folders[r.IntN(len(folders))], func(c *catalog.Collection) {
						c.Position = r.IntN(len(folders))
						if r.IntN(2) == 0 { // perhaps into one that the other machine puts into this one
							c.Parent = append(folders, list.ID, "")[r.IntN(len(folders)+2)]
						}
					})
					if !errors.Is(err, catalog.ErrNotPossible) { // into itself
						m.do(err)
					}
				case 2: // each machine swaps pads of its own
					k := m.kit("k1")
					m.do(k.Swap(pad(0, 2*i+1), pad(0, 2*i+2)))
					m.putKit(k)
				default:
					m.do(m.reorder(list.ID, r))
				}
			}
		}
		meet()
		x, y := a.members(list.ID), b.members(list.ID)
		if !slices.Equal(x, y) {
			t.Fatalf("round %d: one shows %v, the other %v", round, x, y)
		}
		// What one machine takes out while the other moves it stays: nobody has lost it.
		for name, is := range in {
			if is && !slices.Contains(x, name) {
				t.Fatalf("round %d: %s is lost from %v", round, name, x)
			}
			in[name] = slices.Contains(x, name)
		}
		if once := slices.Compact(slices.Sorted(slices.Values(x))); len(once) != len(x) {
			t.Fatalf("round %d: something is twice in %v", round, x)
		}
		if x, y := a.lists(), b.lists(); !slices.Equal(x, y) || len(x) != 1+len(folders) {
			t.Fatalf("round %d: collections stand as %v and %v", round, x, y)
		}
		var volumes []string
		for p := range 4 {
			one, other := a.kit("k1"), b.kit("k1")
			x, y := one.Pad(pad(0, p+1)), other.Pad(pad(0, p+1))
			if x.Settings != y.Settings {
				t.Fatalf("round %d: pad %d is %v and %v", round, p+1, x, y)
			}
			volumes = append(volumes, fmt.Sprint(x.Settings.Get(kit.Volume)))
		}
		slices.Sort(volumes)
		if got := strings.Join(volumes, " "); got != "10 20 30 40" {
			t.Fatalf("round %d: the pads' volumes are %s", round, got)
		}
	}
}

// Each machine puts one collection into the other: both show the same one at the top, and when it is
// moved out on one machine the other's wish is seen.
func TestCollectionsPutIntoOneAnother(t *testing.T) {
	ctx, h := t.Context(), newHub()
	a, b := newMachine(t, h, t.TempDir(), "a"), newMachine(t, h, t.TempDir(), "b")
	day, err := a.db.NewCollection(ctx, "", "Day", nil)
	a.do(err)
	night, err := a.db.NewCollection(ctx, "", "Night", nil)
	a.do(err)
	meet := func(want ...string) {
		t.Helper()
		for range 2 {
			a.sync()
			b.sync()
		}
		for _, m := range []*machine{a, b} {
			if got := m.lists(); !slices.Equal(got, want) {
				t.Errorf("a machine shows %q, want %q", got, want)
			}
		}
	}
	into := func(m *machine, id, parent string) {
		t.Helper()
		_, _, err := m.db.EditCollection(ctx, id, func(c *catalog.Collection) { c.Parent = parent })
		m.do(err)
	}
	meet("/Day", "/Night")
	into(a, day.ID, night.ID)
	into(b, night.ID, day.ID)
	meet("/Day", day.ID+"/Night")
	_, _, err = a.db.EditCollection(ctx, day.ID, func(c *catalog.Collection) { c.Description = "renaming or describing moves nothing" })
	a.do(err)
	meet("/Day", day.ID+"/Night")
	into(b, night.ID, "")
	meet("/Night", night.ID+"/Day")
	_, err = b.db.TakeOutCollection(ctx, night.ID) // and what is in it
	b.do(err)
	meet()
	outOfTheBin := func(m *machine, id string) {
		t.Helper()
		m.do(m.replica.Write(ctx, "collection/"+id, map[string]json.RawMessage{"deleted": nil}))
	}
	outOfTheBin(a, day.ID)
	meet("/Day")
	outOfTheBin(b, night.ID)
	meet("/Night", night.ID+"/Day")
}

// Somebody edits on both machines while collections and kits are taken up, sent and merged, without a
// pause between syncs: both end the same, with everything that was edited.
func TestEditsWhileASyncRunsAreAllThere(t *testing.T) {
	ctx, h := t.Context(), newHub()
	a, b := newMachine(t, h, t.TempDir(), "a"), newMachine(t, h, t.TempDir(), "b")
	var rows []catalog.Row
	for i := range 6 {
		rows = append(rows, a.add(fmt.Sprint("s", i)))
	}
	list, err := a.db.NewCollection(ctx, "", "Set", nil)
	a.do(err)
	a.do(a.db.AddToCollection(ctx, list.ID, rows))
	a.sync()
	b.sync()
	const edits = 60
	var group sync.WaitGroup
	for i, m := range []*machine{a, b} {
		name := string(rune('a' + i))
		first := m.row("s0")
		done := make(chan struct{})
		group.Go(func() {
			defer close(done)
			r := rand.New(rand.NewPCG(uint64(i), 9))
			for n := range edits {
				err := errors.Join(m.reorder(list.ID, r), m.db.AddTags(ctx, []catalog.Row{first}, fmt.Sprint(name, n)))
				c, e := m.db.NewCollection(ctx, list.ID, fmt.Sprint(name, n), nil)
				if err = errors.Join(err, e); err == nil {
					err = m.db.AddToCollection(ctx, c.ID, []catalog.Row{first})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for ended := false; !ended; {
				select {
				case <-done:
					ended = true
				default:
				}
				if _, err := m.replica.Sync(ctx, nil); err != nil {
					t.Error(err)
				}
				m.server.stop()
			}
		})
	}
	group.Wait()
	for range 2 {
		a.sync()
		b.sync()
	}
	if x, y := a.members(list.ID), b.members(list.ID); !slices.Equal(x, y) || len(x) != len(rows) {
		t.Errorf("the collection is %v and %v", x, y)
	}
	if x, y := a.lists(), b.lists(); !slices.Equal(x, y) || len(x) != 1+2*edits {
		t.Errorf("%d collections and %d, want %d", len(x), len(y), 1+2*edits)
	}
	for _, m := range []*machine{a, b} {
		if s, _ := m.find("s0"); len(s.Tags) != 2*edits {
			t.Errorf("%d tags, want %d", len(s.Tags), 2*edits)
		}
	}
}
