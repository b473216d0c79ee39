package replica

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

func TestMain(m *testing.M) { testbed.Main(m) }

var now = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)

func account(t *testing.T, db *store.DB) string {
	t.Helper()
	id := store.NewID()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.CreateUser(t.Context(), &store.User{ID: id, Email: id + "@example.org", Tier: plan.Pro, UnsubscribeToken: id})
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func cell(field, actor string, at time.Time, value string) wire.Cell {
	return wire.Cell{Object: "sample/x", Field: field}.Write(wire.Dot{Clock: wire.At(at), Actor: actor}, json.RawMessage(value))
}

func TestPushMergesAndPullPages(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		s, user, other := New(db, func() time.Time { return now }), account(t, db), account(t, db)
		var cells []wire.Cell
		for i := range 5 {
			cells = append(cells, cell(fmt.Sprint("tag/", i), "a", now, `true`))
		}
		if pushed, err := s.Push(t.Context(), user, cells); err != nil || pushed.Seq != 5 {
			t.Fatal(pushed, err)
		}
		// The same once more changes nothing; a concurrent value joins.
		if pushed, err := s.Push(t.Context(), user, cells); err != nil || pushed.Seq != 5 {
			t.Fatal(pushed, err)
		}
		if pushed, err := s.Push(t.Context(), user, []wire.Cell{cell("tag/0", "b", now.Add(time.Second), `false`)}); err != nil || pushed.Seq != 6 {
			t.Fatal(pushed, err)
		}
		var got []wire.Cell
		var since int64
		for {
			page, err := s.Pull(t.Context(), user, "a", since, 2)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.Cells...)
			since = page.Next
			if !page.More {
				break
			}
		}
		last := got[len(got)-1]
		if len(got) != 5 || since != 6 || last.Field != "tag/0" || string(last.Value()) != "false" || len(last.Alternates()) != 1 {
			t.Fatalf("%d cells up to %d: %+v", len(got), since, got)
		}
		if page, err := s.Pull(t.Context(), other, "a", 0, 10); err != nil || len(page.Cells) != 0 {
			t.Fatalf("another account sees %v, %v", page, err)
		}
		events, err := db.Events(t.Context(), user, 0, 10)
		if err != nil || len(events) != 2 || events[1].Kind != wire.EventSync || events[1].Data.V.Version != 6 {
			t.Fatalf("%+v, %v", events, err)
		}
	})
}

// A machine that pulls while others push never skips a number that is committed later.
func TestConcurrentPushesAreNumberedInOrder(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		s, user := New(db, func() time.Time { return now }), account(t, db)
		const machines, pushes = 8, 10
		var group sync.WaitGroup
		for m := range machines {
			group.Go(func() {
				for p := range pushes {
					if _, err := s.Push(t.Context(), user, []wire.Cell{cell(fmt.Sprintf("f/%d/%d", m, p), fmt.Sprint(m), now, `1`)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { group.Wait(); close(done) }()
		seen, since := 0, int64(0)
		for last := false; ; {
			page, err := s.Pull(t.Context(), user, "a", since, 3)
			if err != nil {
				t.Fatal(err)
			}
			seen += len(page.Cells)
			since = page.Next
			if page.More || len(page.Cells) > 0 {
				continue
			}
			if last {
				break
			}
			select {
			case <-done:
				last = true
			case <-time.After(time.Millisecond):
			}
		}
		if seen != machines*pushes {
			t.Fatalf("saw %d of %d", seen, machines*pushes)
		}
	})
}

// A machine learns how far its own name has written, and that a person had everything deleted.
func TestOwnClockAndEpoch(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		s, user := New(db, func() time.Time { return now }), account(t, db)
		if _, err := s.Push(t.Context(), user, []wire.Cell{cell("f", "a", now, `1`), cell("g", "a", now.Add(time.Second), `2`), cell("h", "b", now, `3`)}); err != nil {
			t.Fatal(err)
		}
		page, err := s.Pull(t.Context(), user, "a", 0, 10)
		if err != nil || page.Own != wire.At(now.Add(time.Second)) || page.Epoch != 0 {
			t.Fatalf("%+v, %v", page, err)
		}
		if page, err = s.Pull(t.Context(), user, "stranger", 0, 10); err != nil || page.Own != 0 {
			t.Fatalf("%+v, %v", page, err)
		}
		held, err := s.Held(t.Context(), user)
		if err != nil || held.Fields != 3 {
			t.Fatalf("%+v, %v", held, err)
		}
		if err := s.Drop(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		page, err = s.Pull(t.Context(), user, "a", 0, 10)
		if err != nil || len(page.Cells) != 0 || page.Epoch != 1 || page.Own != 0 {
			t.Fatalf("%+v, %v", page, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		s, user := New(db, func() time.Time { return now }), account(t, db)
		for name, c := range map[string]wire.Cell{
			"nameless":            {Field: "f", Context: wire.Context{"a": 1}},
			"two days ahead":      cell("f", "a", now.Add(48*time.Hour), `1`),
			"value not in JSON":   cell("f", "a", now, `{`),
			"no replica behind":   {Object: "o", Field: "f"},
			"outside its context": {Object: "o", Field: "f", Context: wire.Context{"a": 1}, Heads: []wire.Head{{Dot: wire.Dot{Clock: 2, Actor: "a"}, Value: json.RawMessage("1")}}},
		} {
			var p *wire.Problem
			_, err := s.Push(t.Context(), user, []wire.Cell{cell("good", "a", now, `1`), c})
			if !errors.As(err, &p) || p.Code != wire.CodeInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		if page, err := s.Pull(t.Context(), user, "a", 0, 10); err != nil || len(page.Cells) != 0 {
			t.Fatalf("a refused push left %v, %v", page, err)
		}
	})
	for _, c := range []struct {
		limits plan.Limits
		header string
		want   wire.Code
	}{
		{plan.Limits{Sync: true}, "1", ""},
		{plan.Limits{Sync: true}, "0", wire.CodeProtocol},
		{plan.Limits{Sync: true}, "", wire.CodeProtocol},
		{plan.Limits{}, "1", wire.CodeTier},
	} {
		err := Allow(c.limits, c.header)
		var p *wire.Problem
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &p) || p.Code != c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
