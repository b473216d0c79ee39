package billing_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/server/internal/billing"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/server/internal/testbed/fakestripe"
	"sampleagent/sync/wire"
)

var errDied = errors.New("the process died here")

// Whatever happens at the provider, in whatever order and how often its messages come, wherever
// their handling is cut, and with several handled at once: in the end the account is in the state of
// its subscription, and the books hold every movement of money once.
func TestAnyOrderEndsInTheTruth(t *testing.T) {
	for _, kind := range []string{"SQLite", "PostgreSQL"} {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				db, leave := fresh(t, kind)
				defer leave()
				anyOrder(r, db)
			})
		})
	}
}

// fresh is an empty, migrated database and how to leave it.
func fresh(t *testing.T, kind string) (*store.DB, func()) {
	t.Helper()
	address, folder := "", ""
	if kind == "SQLite" {
		var err error
		if folder, err = os.MkdirTemp(t.TempDir(), "db"); err != nil {
			t.Fatal(err)
		}
		testbed.SQLiteIn(t, folder)
	} else {
		address = testbed.Postgres(t)
	}
	db, err := store.Open(t.Context(), address, folder)
	if err != nil {
		t.Fatal(err)
	}
	return db, func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func anyOrder(t *rapid.T, db *store.DB) {
	stripe, stop := fakestripe.New(start)
	defer stop()
	w := connect(t, db, stripe)
	u := w.newUser(t)
	luck := &luck{r: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "luck"), 1))}
	w.Crash = func(string) error {
		if luck.one(5) {
			return errDied
		}
		return nil
	}
	steps := rapid.SliceOfN(rapid.SampledFrom([]string{"buy month", "buy year", "cancel", "keep", "card", "days", "days", "refund", "dispute", "pay bill", "to year",
		"message", "message", "message", "two at once", "night", "use"}), 5, 40).Draw(t, "steps")
	for _, step := range steps {
		w.act(t, u, step, luck)
	}
	w.Crash = nil
	last := w.stripe.Events()
	luck.r.Shuffle(len(last), func(i, j int) { last[i], last[j] = last[j], last[i] })
	for _, e := range last {
		if err := errors.Join(w.receive(e), w.Handle(context.Background(), e.ID)); err != nil {
			t.Fatal(err)
		}
	}
	w.isTrue(t, u)
}

// luck is random and may be asked by several at once.
type luck struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (l *luck) n(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.IntN(n)
}

func (l *luck) one(in int) bool { return l.n(in) == 0 }

// act does one thing; refusals and cuts are part of it.
func (w *world) act(t *rapid.T, u *store.User, step string, l *luck) {
	ctx := context.Background()
	row := w.user(t, u.ID)
	last := func(kind string) string {
		if all := w.stripe.All(kind); len(all) > 0 {
			return all[len(all)-1]["id"].(string)
		}
		return ""
	}
	message := func() error {
		all := w.stripe.Events()
		if len(all) == 0 {
			return nil
		}
		e := all[l.n(len(all))]
		return errors.Join(w.receive(e), w.Handle(ctx, e.ID))
	}
	var err error
	switch step {
	case "buy month", "buy year":
		if _, err = w.Checkout(ctx, row, step[4:]); err == nil {
			w.stripe.Pay(last("checkout.session"))
		}
	case "cancel", "keep":
		w.stripe.CancelLater(last("subscription"), step == "cancel")
	case "card":
		if row.StripeCustomer != "" {
			w.stripe.Card(row.StripeCustomer, l.one(2))
		}
	case "days":
		w.stripe.Advance(w.Now().AddDate(0, 0, 1+l.n(20)))
	case "refund":
		rows, e := w.DB.PaymentsOf(ctx, u.ID)
		if e != nil {
			t.Fatal(e)
		}
		if len(rows) > 0 {
			_, err = w.Refund(ctx, row, rows[l.n(len(rows))].Invoice, int64(1+l.n(100)), "admin:test", "test")
			if err != nil && !errors.Is(err, errDied) {
				err = errDied // refunded whole before, or disputed: the provider's own refusal
			}
		}
	case "dispute":
		for _, c := range w.stripe.All("charge") {
			if c["status"] == "succeeded" && c["disputed"] == false && l.one(3) {
				w.stripe.Dispute(c["id"].(string))
			}
		}
	case "pay bill":
		for _, v := range w.stripe.All("invoice") {
			w.stripe.PayBill(v["id"].(string))
		}
	case "to year":
		err = w.GoYearly(ctx, row)
	case "message":
		err = message()
	case "two at once":
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				if err := message(); err != nil && !errors.Is(err, errDied) {
					t.Errorf("at once: %v", err)
				}
			})
		}
		group.Wait()
	case "night":
		_, err = w.Reconcile(ctx)
	case "use":
		if row.StripeCustomer != "" {
			w.use(t, u, 1)
		}
	}
	if err != nil && !errors.Is(err, errDied) && !refusal(err) {
		t.Fatal(step, err)
	}
}

// refusal says that err is an answer to a user; a cut in the middle of a request is told as 503.
func refusal(err error) bool {
	var p *wire.Problem
	return errors.As(err, &p)
}

// isTrue compares everything we keep of an account with what the provider says.
func (w *world) isTrue(t *rapid.T, u *store.User) {
	ctx := context.Background()
	status, tier := "", plan.Free
	for _, s := range w.stripe.All("subscription") {
		if status == "" || !billing.Paying(status) {
			status = s["status"].(string)
		}
	}
	if billing.Paying(status) {
		tier = plan.Pro
	}
	row := w.user(t, u.ID)
	if row.Tier != tier || row.SubscriptionStatus != status {
		t.Errorf("the account is %s and %q, want %s and %q", row.Tier, row.SubscriptionStatus, tier, status)
	}
	var want, have []string
	for _, b := range w.stripe.All("balance_transaction") {
		want = append(want, fmt.Sprintf("%v %v %v %v", b["id"], b["amount"], b["fee"], b["net"]))
	}
	rows, err := w.DB.PaymentsOf(ctx, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rows {
		have = append(have, fmt.Sprintf("%v %v %v %v", p.ID, p.GrossCents, p.FeeCents, p.NetCents))
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("the books have %q, want %q", have, want)
	}
	for _, v := range w.stripe.All("invoice") {
		b, err := w.DB.Invoice(ctx, v["id"].(string))
		if err != nil || b.Status != v["status"] || b.TotalCents != v["total"] || b.PaidCents != v["amount_paid"] || b.PlanCents+b.DeepCents != b.TotalCents {
			t.Errorf("bill %+v %v, want %v", b, err, v)
		}
	}
	for _, e := range w.stripe.Events() {
		if kept, err := w.DB.StripeEvent(ctx, e.ID); err != nil || kept.State != store.EventDone {
			t.Errorf("message %+v, %v", kept, err)
		}
	}
	begun, ended := 0, 0
	for _, m := range w.letters.sent {
		switch {
		case m == "begun":
			begun++
		case m[:5] == "ended":
			ended++
		}
	}
	if begun-ended != map[plan.Tier]int{plan.Pro: 1, plan.Free: 0}[tier] {
		t.Errorf("%d mails of beginnings, %d of ends, and the account is %s: %q", begun, ended, tier, w.letters.sent)
	}
}
