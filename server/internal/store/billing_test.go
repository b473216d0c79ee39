package store_test

import (
	"errors"
	"testing"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
)

// Every billing row comes back as it was written, and what must happen once happens once.
func TestBillingRows(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx, u := t.Context(), newUser(t, db, plan.Free)
		yes := func(what string, want bool, f func(tx *store.Tx) (bool, error)) {
			t.Helper()
			write(t, db, func(tx *store.Tx) error {
				got, err := f(tx)
				if err == nil && got != want {
					t.Errorf("%s: %v, want %v", what, got, want)
				}
				return err
			})
		}
		if _, err := db.Subscription(ctx, u.ID); !errors.Is(err, store.ErrNotFound) {
			t.Error(err)
		}
		for _, customer := range []string{"cus_1", "cus_2"} { // the first binding stays
			write(t, db, func(tx *store.Tx) error { return tx.AddCustomer(ctx, u.ID, customer) })
		}
		s, err := db.SubscriptionOfCustomer(ctx, "cus_1")
		if err != nil || s.UserID != u.ID {
			t.Fatal(s, err)
		}
		if bound, err := db.User(ctx, u.ID); err != nil || bound.StripeCustomer != "cus_1" {
			t.Error(bound, err)
		}
		fresh, stale := *s, *s
		fresh.Status, stale.Status = "active", "trialing"
		yes("a fetch", true, func(tx *store.Tx) (bool, error) { return tx.SaveSubscription(ctx, &fresh) })
		yes("a fetch that was overtaken", false, func(tx *store.Tx) (bool, error) { return tx.SaveSubscription(ctx, &stale) })
		if s, err = db.Subscription(ctx, u.ID); err != nil || s.Status != "active" || s.Version != 1 {
			t.Error(s, err)
		}

		p := &store.Payment{}
		fill(p)
		p.UserID, p.CreatedAt = u.ID, store.At(now)
		yes("a payment", true, func(tx *store.Tx) (bool, error) { return tx.AddPayment(ctx, p) })
		yes("the payment again", false, func(tx *store.Tx) (bool, error) { return tx.AddPayment(ctx, p) })
		if all, err := db.Payments(ctx, now, now.Add(time.Millisecond)); err != nil || len(all) != 1 || all[0] != *p {
			t.Errorf("%+v %v", all, err)
		}
		if all, err := db.Payments(ctx, now.Add(-time.Hour), now); err != nil || len(all) != 0 {
			t.Errorf("%+v %v", all, err)
		}

		v := &store.Invoice{}
		fill(v)
		v.UserID, v.Status, v.Reminders, v.CreatedAt = u.ID, "open", 0, store.At(now)
		write(t, db, func(tx *store.Tx) error { return tx.SaveInvoice(ctx, v) })
		yes("a reminder", true, func(tx *store.Tx) (bool, error) { return tx.Reminded(ctx, v.ID, 0, now) })
		yes("the same reminder", false, func(tx *store.Tx) (bool, error) { return tx.Reminded(ctx, v.ID, 0, now) })
		v.TotalCents++
		write(t, db, func(tx *store.Tx) error { return tx.SaveInvoice(ctx, v) })
		v.Reminders, v.RemindedAt = 1, store.At(now)
		if have, err := db.Invoice(ctx, v.ID); err != nil || *have != *v {
			t.Errorf("%+v\n%+v %v", have, v, err)
		}

		e := &store.StripeEvent{ID: "evt_1", Type: "invoice.paid", State: store.EventNew, ReceivedAt: store.At(now)}
		yes("a message", true, func(tx *store.Tx) (bool, error) { return tx.AddStripeEvent(ctx, e) })
		yes("the message again", false, func(tx *store.Tx) (bool, error) { return tx.AddStripeEvent(ctx, e) })

		d := &store.Deep{ID: store.NewID(), UserID: u.ID, SampleID: "s", State: store.DeepAsked, CreatedAt: store.At(now)}
		again := *d
		again.ID = store.NewID()
		yes("a deep analysis", true, func(tx *store.Tx) (bool, error) { return tx.AddDeep(ctx, d) })
		yes("a second click", false, func(tx *store.Tx) (bool, error) { return tx.AddDeep(ctx, &again) })
		yes("its end", true, func(tx *store.Tx) (bool, error) { return tx.EndDeep(ctx, d.ID, store.DeepDone, "", now) })
		yes("its end again", false, func(tx *store.Tx) (bool, error) { return tx.EndDeep(ctx, d.ID, store.DeepDone, "", now) })
		yes("another later", true, func(tx *store.Tx) (bool, error) { return tx.AddDeep(ctx, &again) })

		m := &store.MeterEvent{ID: d.ID, UserID: u.ID, Customer: "cus_1", Quantity: 1, PriceMicro: plan.DeepMicro, State: store.MeterPending, CreatedAt: store.At(now)}
		yes("usage", true, func(tx *store.Tx) (bool, error) { return tx.AddMeterEvent(ctx, m) })
		yes("usage again", false, func(tx *store.Tx) (bool, error) { return tx.AddMeterEvent(ctx, m) })
		for _, at := range []time.Time{now, now.Add(time.Hour)} {
			write(t, db, func(tx *store.Tx) error { return tx.TryMeterEvent(ctx, m.ID, at) })
		}
		told := func(want store.Told, young time.Time) {
			t.Helper()
			if have, err := db.Told(ctx, "cus_1", young); err != nil || have != want {
				t.Errorf("%+v %v, want %+v", have, err, want)
			}
		}
		told(store.Told{Since: store.At(now), Unsure: 1}, now)
		told(store.Told{Since: store.At(now)}, now.Add(time.Second))
		write(t, db, func(tx *store.Tx) error { return tx.SentMeterEvent(ctx, m.ID, now) })
		told(store.Told{Since: store.At(now), Sent: 1}, now)
		told(store.Told{Since: store.At(now), Sent: 1}, now.Add(time.Second))
		yes("a trial", true, func(tx *store.Tx) (bool, error) { return tx.UseTrial(ctx, "hash", now) })
		yes("a second trial", false, func(tx *store.Tx) (bool, error) { return tx.UseTrial(ctx, "hash", now) })

		// A payment outlives its account.
		write(t, db, func(tx *store.Tx) error { return tx.MarkDeleted(ctx, u.ID, now) })
		write(t, db, func(tx *store.Tx) error { return tx.DropUser(ctx, u.ID) })
		if all, err := db.PaymentsOf(ctx, u.ID); err != nil || len(all) != 1 {
			t.Errorf("%+v %v", all, err)
		}
		if _, err := db.Subscription(ctx, u.ID); err != nil { // its last bill may still be paid
			t.Error(err)
		}
	})
}
