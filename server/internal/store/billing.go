package store

import (
	"context"
	"time"
)

// Subscription is what the payment provider said of an account when it was last asked.
type Subscription struct {
	UserID       string `db:"user_id"`
	Customer     string `db:"customer"`
	Subscription string `db:"subscription"` // the provider's id; "" when there never was one
	Status       string `db:"status"`       // the provider's word: active, past_due, canceled, ...
	BilledEvery  string `db:"billed_every"` // month, year
	PeriodStart  Millis `db:"period_start"`
	PeriodEnd    Millis `db:"period_end"`
	EndsAt       Millis `db:"ends_at"` // cancelled, and paid until then
	Version      int64  `db:"version"`
	SyncedAt     Millis `db:"synced_at"`
}

var subscriptions = tableOf[Subscription]("subscriptions")

// Subscription reads an account's; ErrNotFound when it never was a customer.
func (q Q) Subscription(ctx context.Context, userID string) (*Subscription, error) {
	return subscriptions.get(ctx, q, "WHERE user_id = ?", userID)
}

// SubscriptionOfCustomer reads the one of a payment customer.
func (q Q) SubscriptionOfCustomer(ctx context.Context, customer string) (*Subscription, error) {
	return subscriptions.get(ctx, q, "WHERE customer = ?", customer)
}

// Subscriptions lists customers by user id after a given one.
func (q Q) Subscriptions(ctx context.Context, after string, limit int) ([]Subscription, error) {
	return subscriptions.list(ctx, q, "WHERE user_id > ? ORDER BY user_id LIMIT ?", after, limit)
}

// AddCustomer binds an account to a payment customer; the first binding stays.
func (tx *Tx) AddCustomer(ctx context.Context, userID, customer string) error {
	if _, err := subscriptions.insert(ctx, tx.Q, &Subscription{UserID: userID, Customer: customer}, "ON CONFLICT (user_id) DO NOTHING"); err != nil {
		return err
	}
	return tx.must(ctx, "UPDATE users SET stripe_customer = (SELECT customer FROM subscriptions WHERE user_id = users.id) WHERE id = ?", userID)
}

// SaveSubscription writes what was fetched unless somebody wrote since s was read: then false,
// and the fetch is worth nothing.
func (tx *Tx) SaveSubscription(ctx context.Context, s *Subscription) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE subscriptions SET subscription = ?, status = ?, billed_every = ?, period_start = ?, period_end = ?, ends_at = ?,
		synced_at = ?, version = version + 1 WHERE user_id = ? AND version = ?`,
		s.Subscription, s.Status, s.BilledEvery, s.PeriodStart, s.PeriodEnd, s.EndsAt, s.SyncedAt, s.UserID, s.Version)
	return n > 0, err
}

// Kinds of payments.
const (
	PaymentCharge  = "charge"
	PaymentRefund  = "refund"
	PaymentDispute = "dispute"
)

// Payment is one movement of money: a balance transaction of the payment provider. Amounts are in
// the currency's smallest unit; what goes back to a customer is negative. Net = Gross - Fee.
type Payment struct {
	ID         string `db:"id"` // the balance transaction's
	UserID     string `db:"user_id"`
	Kind       string `db:"kind"`
	GrossCents int64  `db:"gross_cents"`
	FeeCents   int64  `db:"fee_cents"`
	NetCents   int64  `db:"net_cents"`
	Currency   string `db:"currency"` // usd
	Invoice    string `db:"invoice"`
	Source     string `db:"source"` // charge, refund or dispute
	CreatedAt  Millis `db:"created_at"`
}

var payments = tableOf[Payment]("payments")

// AddPayment writes a movement; false if it is known.
func (tx *Tx) AddPayment(ctx context.Context, p *Payment) (bool, error) {
	n, err := payments.insert(ctx, tx.Q, p, "ON CONFLICT (id) DO NOTHING")
	return n > 0, err
}

// Payments lists the movements of a stretch of time, [from, to), oldest first.
func (q Q) Payments(ctx context.Context, from, to time.Time) ([]Payment, error) {
	return payments.list(ctx, q, "WHERE created_at >= ? AND created_at < ? ORDER BY created_at, id", At(from), At(to))
}

// PaymentsOf lists an account's movements, oldest first.
func (q Q) PaymentsOf(ctx context.Context, userID string) ([]Payment, error) {
	return payments.list(ctx, q, "WHERE user_id = ? ORDER BY created_at, id", userID)
}

// Invoice is a bill as it stood when it was last fetched.
type Invoice struct {
	ID            string `db:"id"`
	UserID        string `db:"user_id"`
	Number        string `db:"number"`
	Status        string `db:"status"` // draft, open, paid, void, uncollectible
	Reason        string `db:"reason"` // subscription_create, subscription_cycle, ...
	Currency      string `db:"currency"`
	TotalCents    int64  `db:"total_cents"`
	PaidCents     int64  `db:"paid_cents"`
	DueCents      int64  `db:"due_cents"`
	PlanCents     int64  `db:"plan_cents"`
	DeepCents     int64  `db:"deep_cents"`
	DeepCount     int64  `db:"deep_count"`
	PeriodStart   Millis `db:"period_start"`
	PeriodEnd     Millis `db:"period_end"`
	CreatedAt     Millis `db:"created_at"`
	PaidAt        Millis `db:"paid_at"`
	Attempts      int64  `db:"attempts"`
	NextAttemptAt Millis `db:"next_attempt_at"`
	URL           string `db:"url"`
	PDF           string `db:"pdf"`
	Reminders     int64  `db:"reminders"` // mails about its failed payment
	RemindedAt    Millis `db:"reminded_at"`
}

var invoices = tableOf[Invoice]("invoices")

// SaveInvoice writes what was fetched; the count of reminders stays.
func (tx *Tx) SaveInvoice(ctx context.Context, v *Invoice) error {
	_, err := invoices.insert(ctx, tx.Q, v, `ON CONFLICT (id) DO UPDATE SET number = excluded.number, status = excluded.status, total_cents = excluded.total_cents,
		paid_cents = excluded.paid_cents, due_cents = excluded.due_cents, plan_cents = excluded.plan_cents, deep_cents = excluded.deep_cents,
		deep_count = excluded.deep_count, period_start = excluded.period_start, period_end = excluded.period_end, paid_at = excluded.paid_at,
		attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at, url = excluded.url, pdf = excluded.pdf`)
	return err
}

// Invoice reads a bill.
func (q Q) Invoice(ctx context.Context, id string) (*Invoice, error) {
	return invoices.get(ctx, q, "WHERE id = ?", id)
}

// InvoicesOf lists an account's bills, newest first.
func (q Q) InvoicesOf(ctx context.Context, userID string, limit int) ([]Invoice, error) {
	return invoices.list(ctx, q, "WHERE user_id = ? AND status <> 'draft' ORDER BY created_at DESC, id DESC LIMIT ?", userID, limit)
}

// Invoices lists the bills made in a stretch of time, [from, to), oldest first.
func (q Q) Invoices(ctx context.Context, from, to time.Time) ([]Invoice, error) {
	return invoices.list(ctx, q, "WHERE created_at >= ? AND created_at < ? AND status <> 'draft' ORDER BY created_at, id", At(from), At(to))
}

// UnpaidInvoices lists open bills whose payment failed and of which some reminders were not sent. A
// subscription's first bill is none of them: the payment page says what went wrong.
func (q Q) UnpaidInvoices(ctx context.Context, reminders, limit int) ([]Invoice, error) {
	return invoices.list(ctx, q, "WHERE status = 'open' AND attempts > 0 AND reason <> 'subscription_create' AND reminders < ? ORDER BY created_at, id LIMIT ?", reminders, limit)
}

// Reminded counts a mail about a bill; false if it was counted meanwhile.
func (tx *Tx) Reminded(ctx context.Context, id string, before int64, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE invoices SET reminders = reminders + 1, reminded_at = ? WHERE id = ? AND reminders = ? AND status = 'open'", At(now), id, before)
	return n > 0, err
}

// StripeEvent is a message of the payment provider.
type StripeEvent struct {
	ID         string `db:"id"`
	Type       string `db:"type"`
	Customer   string `db:"customer"`
	Payload    string `db:"payload"`
	State      string `db:"state"`
	CreatedAt  Millis `db:"created_at"`
	ReceivedAt Millis `db:"received_at"`
	HandledAt  Millis `db:"handled_at"`
}

// States of a StripeEvent and a MeterEvent.
const (
	EventNew     = "new"
	EventDone    = "done"
	MeterPending = "pending"
	MeterSent    = "sent"
)

var stripeEvents = tableOf[StripeEvent]("stripe_events")

// AddStripeEvent stores a message; false if it is known.
func (tx *Tx) AddStripeEvent(ctx context.Context, e *StripeEvent) (bool, error) {
	n, err := stripeEvents.insert(ctx, tx.Q, e, "ON CONFLICT (id) DO NOTHING")
	return n > 0, err
}

// StripeEvent reads a message.
func (q Q) StripeEvent(ctx context.Context, id string) (*StripeEvent, error) {
	return stripeEvents.get(ctx, q, "WHERE id = ?", id)
}

// StripeEventDone notes that a message was acted on.
func (tx *Tx) StripeEventDone(ctx context.Context, id string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE stripe_events SET state = 'done', handled_at = ? WHERE id = ?", At(now), id)
	return err
}

// NewStripeEvents counts messages that nobody acted on since a time.
func (q Q) NewStripeEvents(ctx context.Context, before time.Time) (n int64, err error) {
	err = q.one(ctx, &n, "SELECT COUNT(*) FROM stripe_events WHERE state = 'new' AND received_at < ?", At(before))
	return n, err
}

// DropStripeEvents removes messages that were acted on before a time.
func (tx *Tx) DropStripeEvents(ctx context.Context, before time.Time) (int64, error) {
	return tx.exec(ctx, "DELETE FROM stripe_events WHERE state = 'done' AND handled_at < ?", At(before))
}

// States of a Deep.
const (
	DeepAsked  = "asked"
	DeepDone   = "done"
	DeepFailed = "failed"
)

// Deep is a deep analysis that a user asked for.
type Deep struct {
	ID          string `db:"id"`
	UserID      string `db:"user_id"`
	SampleID    string `db:"sample_id"`
	State       string `db:"state"`
	PriceMicro  int64  `db:"price_micro"` // as shown before; 0: of the plan's share
	WindowStart Millis `db:"window_start"`
	Reason      string `db:"reason"` // of a failure
	CreatedAt   Millis `db:"created_at"`
	DoneAt      Millis `db:"done_at"`
}

var deeps = tableOf[Deep]("deep_analyses")

// AddDeep writes a request; false if the sample has one that is not done.
func (tx *Tx) AddDeep(ctx context.Context, d *Deep) (bool, error) {
	n, err := deeps.insert(ctx, tx.Q, d, "ON CONFLICT (sample_id) WHERE state = 'asked' DO NOTHING")
	return n > 0, err
}

// Deep reads a request.
func (q Q) Deep(ctx context.Context, id string) (*Deep, error) {
	return deeps.get(ctx, q, "WHERE id = ?", id)
}

// DeepOf reads the newest request for a user's sample.
func (q Q) DeepOf(ctx context.Context, userID, sampleID string) (*Deep, error) {
	return deeps.get(ctx, q, "WHERE user_id = ? AND sample_id = ? ORDER BY created_at DESC, id DESC LIMIT 1", userID, sampleID)
}

// LostDeeps lists requests that were made before a time and have not ended.
func (q Q) LostDeeps(ctx context.Context, before time.Time, limit int) ([]Deep, error) {
	return deeps.list(ctx, q, "WHERE state = 'asked' AND created_at < ? ORDER BY created_at LIMIT ?", At(before), limit)
}

// EndDeep ends a request; false if it has ended.
func (tx *Tx) EndDeep(ctx context.Context, id, state, reason string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE deep_analyses SET state = ?, reason = ?, done_at = ? WHERE id = ? AND state = 'asked'", state, reason, At(now), id)
	return n > 0, err
}

// MeterEvent is metered usage on its way to the payment provider.
type MeterEvent struct {
	ID         string `db:"id"`
	UserID     string `db:"user_id"`
	Customer   string `db:"customer"`
	SampleID   string `db:"sample_id"`
	Quantity   int64  `db:"quantity"`
	PriceMicro int64  `db:"price_micro"` // of one
	State      string `db:"state"`
	CreatedAt  Millis `db:"created_at"` // when it was used
	TriedAt    Millis `db:"tried_at"`   // first sent; it may or may not have arrived
	SentAt     Millis `db:"sent_at"`
}

var meterEvents = tableOf[MeterEvent]("meter_events")

// AddMeterEvent writes usage; false if it is written.
func (tx *Tx) AddMeterEvent(ctx context.Context, m *MeterEvent) (bool, error) {
	n, err := meterEvents.insert(ctx, tx.Q, m, "ON CONFLICT (id) DO NOTHING")
	return n > 0, err
}

// MeterEvent reads one.
func (q Q) MeterEvent(ctx context.Context, id string) (*MeterEvent, error) {
	return meterEvents.get(ctx, q, "WHERE id = ?", id)
}

// PendingMeterEvents lists usage older than a time that was not told yet, oldest first.
func (q Q) PendingMeterEvents(ctx context.Context, before time.Time, limit int) ([]MeterEvent, error) {
	return meterEvents.list(ctx, q, "WHERE state = 'pending' AND created_at < ? ORDER BY created_at, id LIMIT ?", At(before), limit)
}

// MeterEventsOf lists an account's usage of a stretch of time, [from, to), oldest first.
func (q Q) MeterEventsOf(ctx context.Context, userID string, from, to time.Time) ([]MeterEvent, error) {
	return meterEvents.list(ctx, q, "WHERE user_id = ? AND created_at >= ? AND created_at < ? ORDER BY created_at, id", userID, At(from), At(to))
}

// TryMeterEvent notes, before it is first sent, that usage may reach the provider from now on.
func (tx *Tx) TryMeterEvent(ctx context.Context, id string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE meter_events SET tried_at = ? WHERE id = ? AND tried_at = 0", At(now), id)
	return err
}

// SentMeterEvent notes that the provider has it.
func (tx *Tx) SentMeterEvent(ctx context.Context, id string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE meter_events SET state = 'sent', sent_at = ? WHERE id = ? AND state = 'pending'", At(now), id)
	return err
}

// Told is how a customer's usage stands between us and the provider.
type Told struct {
	Since  Millis // the first try of all
	Sent   int64  // known to have arrived
	Unsure int64  // tried since a time, and nobody knows
}

// Told sums a customer's usage; what was first tried after young and is not known to have arrived
// is Unsure.
func (q Q) Told(ctx context.Context, customer string, young time.Time) (t Told, err error) {
	err = q.each(ctx, func(scan func(...any) error) error { return scan(&t.Since, &t.Sent, &t.Unsure) },
		`SELECT CAST(COALESCE(MIN(tried_at), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN state = 'sent' THEN quantity ELSE 0 END), 0) AS BIGINT),
			CAST(COALESCE(SUM(CASE WHEN state = 'pending' AND tried_at >= ? THEN quantity ELSE 0 END), 0) AS BIGINT)
		FROM meter_events WHERE customer = ? AND tried_at > 0`, At(young), customer)
	return t, err
}

// UseTrial notes that an address had its trial; false if it had.
func (tx *Tx) UseTrial(ctx context.Context, addressHash string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "INSERT INTO trials (address_hash, started_at) VALUES (?, ?) ON CONFLICT (address_hash) DO NOTHING", addressHash, At(now))
	return n > 0, err
}
