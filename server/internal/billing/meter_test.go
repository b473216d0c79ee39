package billing_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"sampleagent/server/internal/billing"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
)

// use bills n deep analyses as the worker that made them does.
func (w *world) use(t tester, u *store.User, n int) (ids []string) {
	t.Helper()
	for range n {
		id := store.NewID()
		row := w.user(t, u.ID)
		for range 2 { // a worker that runs twice writes one row
			if err := w.DB.Write(context.Background(), func(tx *store.Tx) error { return w.Meter(context.Background(), tx, row, id, "sample", plan.DeepMicro) }); err != nil {
				t.Fatal(err)
			}
		}
		ids = append(ids, id)
	}
	return ids
}

func (w *world) queued(t testing.TB) []store.QueueHealth {
	t.Helper()
	all, err := w.DB.QueueHealth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Answers get lost, processes die before and after each request, for days: every use is on a bill
// once (A82).
func TestUsageIsBilledOnce(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t, testbed.SQLite(t))
			u := w.newUser(t)
			w.buy(t, u, billing.Monthly)
			r := rand.New(rand.NewPCG(seed, 7))
			w.stripe.Break(func(_, path string) bool { return path == "/v1/billing/meter_events" && r.IntN(3) == 0 })
			w.Crash = func(string) error {
				if r.IntN(4) == 0 {
					return errors.New("the process died")
				}
				return nil
			}
			used := 0
			for range 60 {
				if n := r.IntN(4); n > 0 {
					w.use(t, u, n)
					used += n
				}
				for range r.IntN(3) {
					_, _ = w.SendPending(t.Context(), "") // fails as often as not
				}
				w.stripe.Advance(w.Now().Add(time.Duration(r.IntN(30)) * time.Hour))
			}
			w.stripe.Break(nil)
			w.Crash = nil
			if _, err := w.SendPending(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
			w.pass(t, 40)
			bills, err := w.DB.InvoicesOf(t.Context(), u.ID, 100)
			if err != nil {
				t.Fatal(err)
			}
			billed, cents := int64(0), int64(0)
			for _, b := range bills {
				billed, cents = billed+b.DeepCount, cents+b.DeepCents
			}
			if billed != int64(used) || cents != int64(used) {
				t.Errorf("%d used, %d billed for %d cents", used, billed, cents)
			}
			rows, err := w.DB.MeterEventsOf(t.Context(), u.ID, time.Time{}, w.Now().Add(time.Hour))
			if err != nil || len(rows) != used {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		})
	}
}
