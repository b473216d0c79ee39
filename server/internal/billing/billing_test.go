package billing_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/billing"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/server/internal/testbed/fakestripe"
	"sampleagent/sync/wire"
)

func refused(t *testing.T, err error, status int, code wire.Code) {
	t.Helper()
	var p *wire.Problem
	if !errors.As(err, &p) || p.Status != status || p.Code != code {
		t.Errorf("%v, want %d %s", err, status, code)
	}
}

// Setup finds what it made, and replaces a price that has changed (A54).
func TestSetupIsIdempotent(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t)) // has run it once
	for range 2 {
		did, err := w.Setup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range did {
			if !strings.HasSuffix(line, ": there") {
				t.Error(line)
			}
		}
	}
	cents := map[any]any{}
	for _, p := range w.stripe.All("price") {
		cents[p["lookup_key"]] = p["unit_amount"]
	}
	if len(cents) != 4 || cents["sample_agent_pro_month"] != int64(999) || cents["sample_agent_pro_year"] != int64(9900) || cents["sample_agent_deep_analysis_month"] != int64(1) {
		t.Errorf("prices %v", cents)
	}
	if err := w.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestBuyRenewCancelReturn(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		u := w.newUser(t)
		sub := w.buy(t, u, billing.Monthly)
		if w.tier(t, u) != plan.Pro {
			t.Fatal("paid and not pro")
		}
		_, err := w.Checkout(t.Context(), w.user(t, u.ID), billing.Yearly)
		refused(t, err, http.StatusConflict, wire.CodeConflict) // nobody buys twice
		w.pass(t, 70)                                           // 31 January -> 28 February -> 31 March
		row := w.user(t, u.ID)
		if want := time.Date(2026, 4, 30, 12, 0, 0, 0, time.UTC); row.Tier != plan.Pro || !row.PeriodEnd.Time().Equal(want) {
			t.Errorf("%s until %s, want %s", row.Tier, row.PeriodEnd.Time(), want)
		}
		bills, err := db.InvoicesOf(t.Context(), u.ID, 10)
		if err != nil || len(bills) != 3 {
			t.Errorf("%d bills, %v", len(bills), err)
		}
		money, err := db.PaymentsOf(t.Context(), u.ID)
		if err != nil || len(money) != 3 || money[0].GrossCents != 999 || money[0].FeeCents != 59 || money[0].NetCents != 940 || money[0].Invoice != bills[2].ID {
			t.Errorf("%+v, %v", money, err)
		}

		if err := w.Cancel(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		s, err := db.Subscription(t.Context(), u.ID)
		if err != nil || s.EndsAt != s.PeriodEnd || w.tier(t, u) != plan.Pro {
			t.Errorf("%+v %v: cancelled, and pro until the end of what is paid", s, err)
		}
		if err := w.KeepPlan(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		w.pass(t, 25)
		if w.tier(t, u) != plan.Pro {
			t.Error("the cancellation was taken back")
		}
		w.stripe.CancelLater(sub, true) // in the portal
		w.deliverAll(t)
		w.pass(t, 40)
		if w.tier(t, u) != plan.Free {
			t.Error("still pro after the end")
		}
		w.buy(t, u, billing.Yearly) // cancel and return
		if row = w.user(t, u.ID); row.Tier != plan.Pro || row.PeriodEnd.Time().Year() != 2027 {
			t.Errorf("%+v", row)
		}
		if s, err = db.Subscription(t.Context(), u.ID); err != nil || s.BilledEvery != billing.Yearly || s.EndsAt != 0 {
			t.Errorf("%+v %v", s, err)
		}
		want := []string{"begun", "ending 2026-04-30", "ending 2026-05-31", "ended, kept until 2026-07-15, 0 over", "begun"}
		if !slices.Equal(w.letters.sent, want) {
			t.Errorf("mails %q, want %q", w.letters.sent, want)
		}
	})
}

// Two windows with a payment page each: only the later one can be paid.
// Who pays for pro and is given a contract keeps the contract when the subscription is renewed.
func TestARenewalEndsNoContract(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	u := w.newUser(t)
	w.buy(t, u, billing.Monthly)
	if err := w.Accounts.SetTier(t.Context(), u.ID, plan.Enterprise, plan.Overrides{}, "admin:test", "test"); err != nil {
		t.Fatal(err)
	}
	before := w.user(t, u.ID).PeriodEnd
	w.pass(t, 40)
	if row := w.user(t, u.ID); row.Tier != plan.Enterprise || row.PeriodEnd == before {
		t.Errorf("%s until %s after a renewal", row.Tier, row.PeriodEnd.Time())
	}
}

// With the key of another Stripe account no subscription is known; that makes nobody free.
func TestTheKeyOfAnotherAccountFreesNobody(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	u := w.newUser(t)
	w.buy(t, u, billing.Monthly)
	other, stop := fakestripe.New(start)
	defer stop()
	w.Connect("sk_test_2", other.URL, 0)
	if _, err := w.Sync(t.Context(), w.user(t, u.ID).StripeCustomer); err == nil {
		t.Error("a subscription that Stripe does not know is no error")
	}
	if w.tier(t, u) != plan.Pro {
		t.Errorf("the account is %s", w.tier(t, u))
	}
}

func TestNobodyBuysTwice(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	u := w.newUser(t)
	first := w.open(t, u, billing.Monthly)
	second := w.open(t, u, billing.Yearly)
	if w.stripe.Pay(first) != "" {
		t.Error("a page that was left can still be paid")
	}
	if w.stripe.Pay(second) == "" {
		t.Error("the last page cannot be paid")
	}
	w.deliverAll(t)
	if n := len(w.stripe.All("customer")); n != 1 {
		t.Errorf("%d customers", n)
	}
}

// Going to the year is at once, with what is left of the month credited (A60), and deep analyses of
// the month are on the same bill.
func TestMonthBecomesYear(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	u := w.newUser(t)
	w.buy(t, u, billing.Monthly)
	w.stripe.Advance(start.Add(14 * 24 * time.Hour)) // half of 28 days
	w.use(t, u, 3)
	row := w.user(t, u.ID)
	if _, err := w.SendPending(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	p, err := w.Preview(t.Context(), row)
	if err != nil || p.CreditCents != 500 || p.YearCents != 9900 || p.DeepCents != 3 || p.DueCents != 9403 {
		t.Fatalf("%+v, %v", p, err)
	}
	w.stripe.Card(row.StripeCustomer, false)
	refused(t, w.GoYearly(t.Context(), row), http.StatusPaymentRequired, wire.CodePayment)
	if s, err := w.DB.Subscription(t.Context(), u.ID); err != nil || s.BilledEvery != billing.Monthly {
		t.Errorf("a declined card changed %+v, %v", s, err)
	}
	w.stripe.Card(row.StripeCustomer, true)
	if err := w.GoYearly(t.Context(), row); err != nil {
		t.Fatal(err)
	}
	s, err := w.DB.Subscription(t.Context(), u.ID)
	if err != nil || s.BilledEvery != billing.Yearly || !s.PeriodEnd.Time().Equal(start.AddDate(1, 0, 14)) {
		t.Errorf("%+v, %v", s, err)
	}
	money, err := w.DB.PaymentsOf(t.Context(), u.ID)
	if err != nil || len(money) != 2 || money[1].GrossCents != 9403 {
		t.Errorf("%+v, %v", money, err)
	}
	refused(t, w.GoYearly(t.Context(), row), http.StatusConflict, wire.CodeConflict)
}

// A declined card: pro goes on while it is tried again, three mails, then free with everything kept.
func TestFailedPayment(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		u := w.newUser(t)
		w.buy(t, u, billing.Monthly)
		customer := w.user(t, u.ID).StripeCustomer
		w.stripe.Card(customer, false)
		night := func(days int) {
			t.Helper()
			for range days {
				w.pass(t, 1)
				if _, err := w.Reconcile(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		night(28)
		if row := w.user(t, u.ID); row.Tier != plan.Pro || row.SubscriptionStatus != "past_due" {
			t.Errorf("%s %s", row.Tier, row.SubscriptionStatus)
		}
		night(4)
		w.stripe.Card(customer, true) // a new card in time
		night(5)
		if row := w.user(t, u.ID); row.Tier != plan.Pro || row.SubscriptionStatus != "active" {
			t.Errorf("%s %s", row.Tier, row.SubscriptionStatus)
		}
		w.stripe.Card(customer, false)
		night(45)
		if w.tier(t, u) != plan.Free {
			t.Error("pro and never paid")
		}
		// The first bill was paid on its third try, 8 days after the first.
		want := []string{"begun", "failed 1", "failed 2", "failed 3", "failed 1", "failed 2", "failed 3", "ended"}
		var got []string
		for _, m := range w.letters.sent {
			m, _, _ = strings.Cut(m, ",")
			got = append(got, m)
		}
		if !slices.Equal(got, want) {
			t.Errorf("mails %q, want %q", got, want)
		}
	})
}

func TestRefundsAndDisputesAreInTheBooks(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	u := w.newUser(t)
	w.buy(t, u, billing.Yearly)
	bills, err := w.DB.InvoicesOf(t.Context(), u.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	row := w.user(t, u.ID)
	for range 2 { // a command that is run again gives nothing twice
		if cents, err := w.Refund(t.Context(), row, bills[0].ID, 1000, "admin:test", "late"); err != nil || cents != 1000 {
			t.Fatal(cents, err)
		}
	}
	if _, err := w.Refund(t.Context(), row, "in_other", 0, "admin:test", "late"); err == nil {
		t.Error("refunded a bill of nobody")
	}
	w.stripe.Dispute(w.stripe.All("charge")[0]["id"].(string))
	w.deliverAll(t) // the dispute's message names only the charge
	money, err := w.DB.PaymentsOf(t.Context(), u.ID)
	if err != nil || len(money) != 3 {
		t.Fatalf("%+v, %v", money, err)
	}
	slices.SortFunc(money, func(a, b store.Payment) int { return strings.Compare(a.Kind, b.Kind) })
	for i, want := range []store.Payment{
		{Kind: store.PaymentCharge, GrossCents: 9900, FeeCents: 317, NetCents: 9583},
		{Kind: store.PaymentDispute, GrossCents: -9900, FeeCents: 1500, NetCents: -11400},
		{Kind: store.PaymentRefund, GrossCents: -1000, FeeCents: 0, NetCents: -1000},
	} {
		if m := money[i]; m.Kind != want.Kind || m.GrossCents != want.GrossCents || m.FeeCents != want.FeeCents || m.NetCents != want.NetCents {
			t.Errorf("%+v, want %+v", m, want)
		}
	}
	log, err := w.DB.AuditLog(t.Context(), u.ID, "", 10)
	if err != nil || !slices.ContainsFunc(log, func(a store.Audit) bool { return a.Action == "payment.refunded" && a.Actor == "admin:test" }) {
		t.Errorf("audit %+v, %v", log, err)
	}
}

// What an operator gave is not billing's to take away.
func TestContractsAndGiftsStay(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	gift, contract := w.newUser(t), w.newUser(t)
	if err := w.Accounts.SetTier(t.Context(), gift.ID, plan.Pro, plan.Overrides{}, "admin:test", "for the beta"); err != nil {
		t.Fatal(err)
	}
	w.open(t, gift, billing.Monthly) // looked at the payment page and left
	if err := w.Accounts.SetTier(t.Context(), contract.ID, plan.Enterprise, plan.Overrides{}, "admin:test", "signed"); err != nil {
		t.Fatal(err)
	}
	_, err := w.Checkout(t.Context(), w.user(t, contract.ID), billing.Monthly)
	refused(t, err, http.StatusConflict, wire.CodeConflict)
	if _, err := w.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, b := w.tier(t, gift), w.tier(t, contract); a != plan.Pro || b != plan.Enterprise {
		t.Errorf("%s %s", a, b)
	}
}

// Messages: forged, old, repeated, of strangers, and of a customer whose binding was never written.
func TestMessages(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	u := w.newUser(t)
	w.stripe.Pay(w.open(t, u, billing.Monthly))
	e := w.stripe.Events()[1]
	forged := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: e.Body, Secret: "whsec_other"})
	refused(t, w.Receive(t.Context(), e.Body, forged.Header), http.StatusBadRequest, wire.CodeBadRequest)
	old := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: e.Body, Secret: secret, Timestamp: time.Now().Add(-6 * time.Minute)})
	refused(t, w.Receive(t.Context(), e.Body, old.Header), http.StatusBadRequest, wire.CodeBadRequest)
	changed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: e.Body, Secret: secret})
	refused(t, w.Receive(t.Context(), append([]byte(" "), e.Body...), changed.Header), http.StatusBadRequest, wire.CodeBadRequest)
	for range 3 {
		if err := w.receive(e); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := w.DB.NewStripeEvents(t.Context(), w.Now().Add(time.Second))
	if err != nil || waiting != 1 {
		t.Errorf("%d stored, %v", waiting, err)
	}
	body := []byte(`{"id":"evt_strange","object":"event","type":"customer.updated","created":1,"data":{"object":{"object":"customer","id":"cus_of_somebody_else"}}}`)
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: secret})
	if err := errors.Join(w.Receive(t.Context(), body, signed.Header), w.Handle(t.Context(), "evt_strange")); err != nil {
		t.Error(err)
	}
	// The process died between making the customer and writing it down: its messages bind it.
	lost, err := w.DB.Subscription(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	other := connect(t, testbed.SQLite(t), w.stripe)
	if err := other.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.CreateUser(t.Context(), u) }); err != nil {
		t.Fatal(err)
	}
	other.deliverAll(t)
	if found, err := other.DB.Subscription(t.Context(), u.ID); err != nil || found.Customer != lost.Customer || other.tier(t, u) != plan.Pro {
		t.Errorf("%+v, %v", found, err)
	}
}

// A deleted account pays nothing any more, and its last bill is still in the books.
func TestDeletedAccountStopsPaying(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	w.Accounts.Leaving = w.Leave
	u := w.newUser(t)
	w.buy(t, u, billing.Monthly)
	customer := w.user(t, u.ID).StripeCustomer
	w.use(t, u, 60)
	if err := w.Accounts.Delete(t.Context(), u.ID, "user:"+u.ID, ""); err != nil {
		t.Fatal(err)
	}
	var queued int64
	for _, h := range w.queued(t) {
		queued += h.Count
	}
	if queued == 0 {
		t.Error("nothing in the queue ends the subscription")
	}
	if err := w.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.DropUser(t.Context(), u.ID) }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SendPending(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := w.End(t.Context(), customer); err != nil {
		t.Fatal(err)
	}
	w.deliverAll(t)
	for _, s := range w.stripe.All("subscription") {
		if s["status"] != "canceled" {
			t.Errorf("subscription %v", s)
		}
	}
	money, err := w.DB.PaymentsOf(t.Context(), u.ID)
	if err != nil || len(money) != 2 || money[1].GrossCents != 60 {
		t.Errorf("%+v, %v", money, err)
	}
}

// The trial is one for each address, also after deleting the account and with a +tag (A58, B34).
func TestTrialOnceForEachAddress(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	try := func(email string) error {
		id := store.NewID()
		u := &store.User{ID: id, Email: email, Tier: plan.Free, UnsubscribeToken: id}
		if err := w.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.CreateUser(t.Context(), u) }); err != nil {
			t.Fatal(err)
		}
		err := w.Accounts.StartTrial(t.Context(), &account.Principal{User: u}, "")
		if err == nil {
			if l, err := w.user(t, id).Limits(w.Now()); err != nil || l.Queue != plan.QueuePro || l.StorageBytes != 100*plan.MiB {
				t.Errorf("%+v %v", l, err)
			}
		}
		return errors.Join(err, w.Accounts.Delete(t.Context(), id, "user:"+id, ""))
	}
	if err := try("ada@example.org"); err != nil {
		t.Fatal(err)
	}
	refused(t, try("ada@example.org"), http.StatusConflict, wire.CodeConflict)
	refused(t, try("ada+two@example.org"), http.StatusConflict, wire.CodeConflict)
	if err := try("bob@example.org"); err != nil {
		t.Error(err)
	}
}

func TestOffWithoutSettings(t *testing.T) {
	w := newWorld(t, testbed.SQLite(t))
	u := w.newUser(t)
	off := &billing.Service{DB: w.DB, Accounts: w.Accounts, Now: w.Now}
	_, err := off.Checkout(t.Context(), u, billing.Monthly)
	refused(t, err, http.StatusForbidden, wire.CodeOff)
	_, err = off.Portal(t.Context(), u, "/account")
	refused(t, err, http.StatusForbidden, wire.CodeOff)
	refused(t, off.Receive(t.Context(), nil, ""), http.StatusNotFound, wire.CodeOff)
	if off.On() || off.Meters(u) || off.Refresh(t.Context(), u) != nil {
		t.Error("not off")
	}
	w.Accounts.Features = plan.FreeOnly.Features
	_, err = w.Checkout(t.Context(), u, billing.Monthly)
	refused(t, err, http.StatusForbidden, wire.CodeOff)
}

// A fetch that was overtaken, by a change and by somebody who has written it, is made again.
func TestAnOvertakenFetchIsMadeAgain(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		u := w.newUser(t)
		sub := w.buy(t, u, billing.Monthly)
		customer, fetches := w.user(t, u.ID).StripeCustomer, 0
		w.Crash = func(step string) error {
			if step != "fetched" {
				return nil
			}
			if fetches++; fetches == 1 { // between the fetch and its writing
				w.stripe.CancelLater(sub, true)
				if _, err := w.Sync(t.Context(), customer); err != nil {
					t.Error(err)
				}
			}
			return nil
		}
		s, err := w.Sync(t.Context(), customer)
		if err != nil || s.EndsAt == 0 || fetches != 3 {
			t.Errorf("%+v after %d fetches, %v", s, fetches, err)
		}
		if kept, err := db.Subscription(t.Context(), u.ID); err != nil || kept.EndsAt == 0 {
			t.Errorf("an old state is kept: %+v, %v", kept, err)
		}
	})
}
