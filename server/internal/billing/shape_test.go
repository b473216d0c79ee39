package billing

import (
	"log/slog"
	"testing"
	"time"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
)

// Every request that we make has the shape that Stripe's own mock asks for, and every answer of it is
// read.
func TestShapesAreStripes(t *testing.T) {
	db := testbed.SQLite(t)
	s := &Service{DB: db, Log: slog.New(slog.DiscardHandler), Now: time.Now, Public: "https://sounds.example", Secret: "whsec_1",
		Accounts: &account.Service{DB: db, Features: plan.All.Features, Now: time.Now}}
	s.Connect("sk_test_123", testbed.StripeMock(t), 0)
	ctx := t.Context()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	did, err := s.Setup(ctx)
	must("setup", err)
	if len(did) != 8 {
		t.Errorf("setup did %q", did)
	}
	u := &store.User{ID: store.NewID(), Email: "ada@example.org", Tier: plan.Free, UnsubscribeToken: "x"}
	must("user", db.Write(ctx, func(tx *store.Tx) error { return tx.CreateUser(ctx, u) }))
	customer, err := s.customer(ctx, u)
	must("customer", err)
	prices := &catalogue{prices: map[string]string{}, meter: "mtr_1"}
	all, err := wantedPrices()
	must("prices", err)
	for _, w := range all {
		prices.prices[w.key] = "price_1"
	}
	s.known = prices
	for _, every := range []string{Monthly, Yearly} {
		_, err := s.newSession(ctx, u, customer, every, prices)
		must("checkout "+every, err)
	}
	t2, err := s.fetch(ctx, customer, u.ID)
	must("fetch", err)
	if t2.sub == nil || len(t2.invoices) == 0 {
		t.Errorf("fetched %+v", t2)
	}
	must("subscription", db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.SaveSubscription(ctx, &store.Subscription{UserID: u.ID, Customer: customer, Subscription: t2.sub.ID, Status: "active"})
		return err
	}))
	_, err = s.Portal(ctx, u, "/account")
	must("portal", err)
	must("meter", db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.AddMeterEvent(ctx, &store.MeterEvent{ID: "use-1", UserID: u.ID, Customer: customer, Quantity: 1, State: store.MeterPending, CreatedAt: store.At(time.Now())})
		return err
	}))
	must("usage", s.Send(ctx, "use-1"))
	_, err = s.arrived(ctx, &store.MeterEvent{Customer: customer, Quantity: 1, TriedAt: store.At(time.Now())}, time.Now())
	must("sums of the meter", err)
	must("end", s.End(ctx, customer))
	_, err = s.disputed(ctx, &store.StripeEvent{Payload: `{"data":{"object":{"object":"dispute","charge":"ch_1"}}}`})
	must("dispute", err)
	_, err = s.bind(ctx, "cus_unknown")
	must("customer of a message", err)
}
