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
		first := now.UnixMicro() // numbers are times
		var cells []wire.Cell
		for i := range 5 {
			cells = append(cells, cell(fmt.Sprint("tag/", i), "a", now, `true`))
		}
		if pushed, err := s.Push(t.Context(), user, cells); err != nil || pushed.Seq != first+4 {
			t.Fatal(pushed, err)
		}
		// The same once more changes nothing; a concurrent value joins.
		if pushed, err := s.Push(t.Context(), user, cells); err != nil || pushed.Seq != first+4 {
			t.Fatal(pushed, err)
		}
		if pushed, err := s.Push(t.Context(), user, []wire.Cell{cell("tag/0", "b", now.Add(time.Second), `false`)}); err != nil || pushed.Seq != first+5 {
			t.Fatal(pushed, err)
		}
		var got []wire.Cell
		var since int64
		for {
			page, err := s.Pull(t.Context(), user, "a", since, 0, 2)
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
		if len(got) != 5 || since != first+5 || last.Field != "tag/0" || string(last.Value()) != "false" || len(last.Alternates()) != 1 {
			t.Fatalf("%d cells up to %d: %+v", len(got), since, got)
		}
		if page, err := s.Pull(t.Context(), other, "a", 0, 0, 10); err != nil || len(page.Cells) != 0 {
			t.Fatalf("another account sees %v, %v", page, err)
		}
		events, err := db.Events(t.Context(), user, 0, 10)
		if err != nil || len(events) != 2 || events[1].Kind != wire.EventSync || events[1].Data.V.Version != first+5 {
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
			page, err := s.Pull(t.Context(), user, "a", since, 0, 3)
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
		page, err := s.Pull(t.Context(), user, "a", 0, 0, 10)
		if err != nil || page.Own != wire.At(now.Add(time.Second)) || page.Epoch != 0 {
			t.Fatalf("%+v, %v", page, err)
		}
		if page, err = s.Pull(t.Context(), user, "stranger", 0, 0, 10); err != nil || page.Own != 0 {
			t.Fatalf("%+v, %v", page, err)
		}
		held, err := s.Held(t.Context(), user)
		if err != nil || held.Fields != 3 {
			t.Fatalf("%+v, %v", held, err)
		}
		if err := s.Drop(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		page, err = s.Pull(t.Context(), user, "a", 0, 0, 10)
		if err != nil || len(page.Cells) != 0 || page.Epoch != 1 || page.Own != 0 {
			t.Fatalf("%+v, %v", page, err)
		}
	})
}

// A machine that has seen a push which is not here learns that the server was restored from a backup,
// and no number is given out again after it.
func TestAPushThatIsNotHereSaysRestored(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		at := now
		s, user := New(db, func() time.Time { return at }), account(t, db)
		var pushes []int64
		for i := range 3 {
			pushed, err := s.Push(t.Context(), user, []wire.Cell{cell(fmt.Sprint("f", i), "a", now, `1`), cell(fmt.Sprint("g", i), "a", now, `1`)})
			if err != nil {
				t.Fatal(err)
			}
			pushes = append(pushes, pushed.Seq)
		}
		for mark, forgot := range map[int64]bool{0: false, pushes[0]: false, pushes[2]: false, pushes[1] - 1: true, pushes[2] + 7: true} {
			if page, err := s.Pull(t.Context(), user, "a", 0, mark, 1); err != nil || page.Forgot != forgot || page.Mark != pushes[2] || !page.Now.Equal(at) {
				t.Errorf("mark %d: %+v, %v", mark, page, err)
			}
		}
		if page, err := s.Pull(t.Context(), user, "a", pushes[2], pushes[2], 1); err != nil || page.Mark != pushes[2] {
			t.Errorf("an empty page: %+v, %v", page, err)
		}
		at = at.Add(time.Hour)
		pushed, err := s.Push(t.Context(), user, []wire.Cell{cell("later", "a", now, `1`)})
		if err != nil || pushed.Seq != at.UnixMicro() {
			t.Errorf("numbered %d, %v", pushed.Seq, err)
		}
		// Numbers are kept for a year. Who was away for longer is taken at its word.
		at = at.Add(KeepPushes)
		err = db.Write(t.Context(), func(tx *store.Tx) error {
			n, err := tx.DropSyncPushes(t.Context(), at.Add(-KeepPushes).UnixMicro())
			if n != 3 {
				t.Errorf("%d numbers dropped", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for mark, forgot := range map[int64]bool{pushes[2]: false, pushes[2] + 7: false, pushed.Seq: false, pushed.Seq + 1: true} {
			if page, err := s.Pull(t.Context(), user, "a", 0, mark, 1); err != nil || page.Forgot != forgot || page.Mark != pushed.Seq {
				t.Errorf("a year later, mark %d: %+v, %v", mark, page, err)
			}
		}
		// An account may hold so many cells, counted as they come.
		if held, err := s.Held(t.Context(), user); err != nil || held.Fields != 7 {
			t.Errorf("%+v, %v", held, err)
		}
		err = db.Write(t.Context(), func(tx *store.Tx) error {
			n, err := tx.SetSyncSeq(t.Context(), user, pushed.Seq+1, 0)
			if n != 7 {
				t.Errorf("%d cells counted", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
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
		if page, err := s.Pull(t.Context(), user, "a", 0, 0, 10); err != nil || len(page.Cells) != 0 {
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
