package billing_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/billing"
	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/server/internal/testbed/fakestripe"
)

// Each check of a property has a database of its own: 25 unless -rapid.checks says otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	testbed.Main(m)
}

const secret = "whsec_of_tests"

var start = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// world is billing on a real database against a provider that keeps state; both have one clock.
type world struct {
	*billing.Service
	stripe  *fakestripe.Stripe
	letters *letters
}

// letters notes which mails were asked for.
type letters struct {
	mu   sync.Mutex
	sent []string
}

func (l *letters) note(u *store.User, what string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, what)
	return nil
}

func (l *letters) PlanBegun(_ context.Context, _ *store.Tx, u *store.User) error {
	return l.note(u, "begun")
}
func (l *letters) PlanEnding(_ context.Context, _ *store.Tx, u *store.User, at time.Time) error {
	return l.note(u, "ending "+at.Format(time.DateOnly))
}
func (l *letters) PlanEnded(_ context.Context, _ *store.Tx, u *store.User, until time.Time, over int64) error {
	return l.note(u, fmt.Sprintf("ended, kept until %s, %d over", until.Format(time.DateOnly), over))
}
func (l *letters) PaymentFailed(_ context.Context, _ *store.Tx, u *store.User, _ string, nth int) error {
	return l.note(u, fmt.Sprintf("failed %d", nth))
}

type tester interface {
	Helper()
	Fatal(...any)
	Errorf(string, ...any)
}

// newWorld has products and prices set up.
func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	stripe, stop := fakestripe.New(start)
	t.Cleanup(stop)
	return connect(t, db, stripe)
}

func connect(t tester, db *store.DB, stripe *fakestripe.Stripe) *world {
	t.Helper()
	q, err := queue.New(db, queue.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{stripe: stripe, letters: &letters{}}
	w.Service = &billing.Service{DB: db, Queue: q, Letters: w.letters, Log: slog.New(slog.DiscardHandler), Now: stripe.Now, Public: "https://sounds.example", Secret: secret,
		Accounts: &account.Service{DB: db, Secret: []byte("secret of the server, 32 bytes.."), Features: plan.All.Features, Now: stripe.Now}}
	w.Connect("sk_test_1", stripe.URL, 0)
	if _, err := w.Setup(context.Background()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) newUser(t tester) *store.User {
	t.Helper()
	id := store.NewID()
	u := &store.User{ID: id, Email: id + "@example.org", Tier: plan.Free, CreatedAt: store.At(w.Now()), UpdatedAt: store.At(w.Now()), UnsubscribeToken: id}
	if err := w.DB.Write(context.Background(), func(tx *store.Tx) error { return tx.CreateUser(context.Background(), u) }); err != nil {
		t.Fatal(err)
	}
	return u
}

func (w *world) user(t tester, id string) *store.User {
	t.Helper()
	u, err := w.DB.User(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// open opens a payment page and returns its session's id.
func (w *world) open(t tester, u *store.User, every string) string {
	t.Helper()
	if _, err := w.Checkout(context.Background(), w.user(t, u.ID), every); err != nil {
		t.Fatal(err)
	}
	all := w.stripe.All("checkout.session")
	return all[len(all)-1]["id"].(string)
}

// buy pays for a plan and delivers what the provider says of it.
func (w *world) buy(t tester, u *store.User, every string) (subscription string) {
	t.Helper()
	subscription = w.stripe.Pay(w.open(t, u, every))
	if subscription == "" {
		t.Fatal("not paid")
	}
	w.deliverAll(t)
	return subscription
}

// receive brings a message to the door, signed now.
func (w *world) receive(e fakestripe.Event) error {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: e.Body, Secret: secret})
	return w.Receive(context.Background(), e.Body, signed.Header)
}

// deliverAll receives and handles every message so far, again and again as it comes.
func (w *world) deliverAll(t tester) {
	t.Helper()
	for _, e := range w.stripe.Events() {
		if err := w.receive(e); err != nil {
			t.Fatal(err)
		}
		if err := w.Handle(context.Background(), e.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// pass moves both clocks and delivers.
func (w *world) pass(t tester, days int) {
	t.Helper()
	w.stripe.Advance(w.stripe.Now().AddDate(0, 0, days))
	w.deliverAll(t)
}

func (w *world) tier(t tester, u *store.User) plan.Tier {
	t.Helper()
	return w.user(t, u.ID).EffectiveTier(w.Now())
}
