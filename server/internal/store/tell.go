package store

import (
	"context"
	"time"

	"sampleagent/sync/wire"
)

// Event is a live event of an account.
type Event struct {
	UserID    string               `db:"user_id"`
	Seq       int64                `db:"seq"`
	Kind      string               `db:"kind"`
	Data      JSON[wire.EventData] `db:"data"`
	CreatedAt Millis               `db:"created_at"`
}

var events = tableOf[Event]("events")

// AddEvent writes an event with the account's next number. The number is taken under the
// account's row lock, so that a reader who saw n never misses a smaller one.
func (tx *Tx) AddEvent(ctx context.Context, userID, kind string, data wire.EventData, now time.Time) (int64, error) {
	var seq int64
	if err := tx.one(ctx, &seq, "UPDATE users SET event_seq = event_seq + 1 WHERE id = ? RETURNING event_seq", userID); err != nil {
		return 0, err
	}
	_, err := events.insert(ctx, tx.Q, &Event{userID, seq, kind, JSON[wire.EventData]{data}, At(now)}, "")
	return seq, err
}

// Events lists an account's events after a number.
func (q Q) Events(ctx context.Context, userID string, after int64, limit int) ([]Event, error) {
	return events.list(ctx, q, "WHERE user_id = ? AND seq > ? ORDER BY seq LIMIT ?", userID, after, limit)
}

// EventsOf lists an account's events of some kinds before a number, newest first.
func (q Q) EventsOf(ctx context.Context, userID string, kinds []string, before int64, limit int) ([]Event, error) {
	args := []any{userID, before}
	for _, k := range kinds {
		args = append(args, k)
	}
	return events.list(ctx, q, "WHERE user_id = ? AND seq < ? AND kind IN ("+marks(len(kinds))+") ORDER BY seq DESC LIMIT ?", append(args, limit)...)
}

// EventSeq is the number of an account's newest event.
func (q Q) EventSeq(ctx context.Context, userID string) (seq int64, err error) {
	err = q.one(ctx, &seq, "SELECT event_seq FROM users WHERE id = ?", userID)
	return seq, err
}

// DropEvents removes events older than a time.
func (tx *Tx) DropEvents(ctx context.Context, before time.Time) (int64, error) {
	return tx.exec(ctx, "DELETE FROM events WHERE created_at < ?", At(before))
}

// Webhook is an address that wants events.
type Webhook struct {
	ID             string       `db:"id"`
	UserID         string       `db:"user_id"`
	URL            string       `db:"url"`
	Secret         string       `db:"secret"`
	Events         List[string] `db:"events"`
	CreatedAt      Millis       `db:"created_at"`
	DisabledAt     Millis       `db:"disabled_at"`
	DisabledReason string       `db:"disabled_reason"`
	LastSuccessAt  Millis       `db:"last_success_at"`
	LastFailureAt  Millis       `db:"last_failure_at"`
	FailingSince   Millis       `db:"failing_since"`
	PreviousSecret string       `db:"previous_secret"` // signs too until PreviousUntil
	PreviousUntil  Millis       `db:"previous_until"`
}

var webhooks = tableOf[Webhook]("webhooks")

// AddWebhook writes a webhook.
func (tx *Tx) AddWebhook(ctx context.Context, w *Webhook) error {
	_, err := webhooks.insert(ctx, tx.Q, w, "")
	return err
}

// Webhook reads a user's webhook.
func (q Q) Webhook(ctx context.Context, userID, id string) (*Webhook, error) {
	return webhooks.get(ctx, q, "WHERE id = ? AND user_id = ?", id, userID)
}

// Webhooks lists a user's webhooks.
func (q Q) Webhooks(ctx context.Context, userID string) ([]Webhook, error) {
	return webhooks.list(ctx, q, "WHERE user_id = ? ORDER BY created_at, id", userID)
}

// DeleteWebhook removes a user's webhook and its log.
func (tx *Tx) DeleteWebhook(ctx context.Context, userID, id string) error {
	return tx.must(ctx, "DELETE FROM webhooks WHERE id = ? AND user_id = ?", id, userID)
}

// ChangeWebhook writes where a user's webhook is, what it wants and whether it is on.
func (tx *Tx) ChangeWebhook(ctx context.Context, w *Webhook) error {
	return tx.must(ctx, "UPDATE webhooks SET url = ?, events = ?, disabled_at = ?, disabled_reason = ?, failing_since = ? WHERE id = ? AND user_id = ?",
		w.URL, w.Events, w.DisabledAt, w.DisabledReason, w.FailingSince, w.ID, w.UserID)
}

// RotateWebhook gives a user's webhook a new secret; the former one signs too until a time.
func (tx *Tx) RotateWebhook(ctx context.Context, userID, id, secret string, until time.Time) error {
	return tx.must(ctx, "UPDATE webhooks SET previous_secret = secret, previous_until = ?, secret = ? WHERE id = ? AND user_id = ?", At(until), secret, id, userID)
}

// EnableWebhook switches a disabled webhook on again.
func (tx *Tx) EnableWebhook(ctx context.Context, userID, id string) error {
	return tx.must(ctx, "UPDATE webhooks SET disabled_at = 0, disabled_reason = '', failing_since = 0 WHERE id = ? AND user_id = ?", id, userID)
}

// WebhookWorked notes a delivery.
func (tx *Tx) WebhookWorked(ctx context.Context, id string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE webhooks SET last_success_at = ?, failing_since = 0 WHERE id = ?", At(now), id)
	return err
}

// WebhookFailed notes a failed try.
func (tx *Tx) WebhookFailed(ctx context.Context, id string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE webhooks SET last_failure_at = ?, failing_since = CASE WHEN failing_since = 0 THEN ? ELSE failing_since END WHERE id = ?", At(now), At(now), id)
	return err
}

// DisableWebhook switches a webhook off; false if it was off.
func (tx *Tx) DisableWebhook(ctx context.Context, id, why string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE webhooks SET disabled_at = ?, disabled_reason = ? WHERE id = ? AND disabled_at = 0", At(now), why, id)
	return n > 0, err
}

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID        string `db:"id"`
	WebhookID string `db:"webhook_id"`
	UserID    string `db:"user_id"`
	Event     string `db:"event"`
	Body      string `db:"body"`
	State     string `db:"state"` // pending, delivered, failed
	Tries     int64  `db:"tries"`
	Status    int64  `db:"status"` // HTTP status of the last try
	Error     string `db:"error"`
	CreatedAt Millis `db:"created_at"`
	LastTryAt Millis `db:"last_try_at"`
}

var deliveries = tableOf[Delivery]("webhook_deliveries")

// AddDelivery writes a delivery.
func (tx *Tx) AddDelivery(ctx context.Context, d *Delivery) error {
	_, err := deliveries.insert(ctx, tx.Q, d, "")
	return err
}

// Delivery reads a delivery, for workers.
func (q Q) Delivery(ctx context.Context, id string) (*Delivery, error) {
	return deliveries.get(ctx, q, "WHERE id = ?", id)
}

// Deliveries lists the newest deliveries of a user's webhook.
func (q Q) Deliveries(ctx context.Context, userID, webhookID string, limit int) ([]Delivery, error) {
	return deliveries.list(ctx, q, "WHERE webhook_id = ? AND user_id = ? ORDER BY created_at DESC, id DESC LIMIT ?", webhookID, userID, limit)
}

// SaveTry writes the outcome of a try.
func (tx *Tx) SaveTry(ctx context.Context, d *Delivery) error {
	return tx.must(ctx, "UPDATE webhook_deliveries SET state = ?, tries = ?, status = ?, error = ?, last_try_at = ? WHERE id = ?",
		d.State, d.Tries, d.Status, d.Error, d.LastTryAt, d.ID)
}

// Mail is a mail that was asked for; its text lives only in the job queue.
type Mail struct {
	ID        string `db:"id"`
	UserID    string `db:"user_id"`
	Kind      string `db:"kind"`
	Recipient string `db:"recipient"`
	State     string `db:"state"` // gathering, pending, sent, failed, off
	Error     string `db:"error"`
	CreatedAt Millis `db:"created_at"`
	SentAt    Millis `db:"sent_at"`
	About     string `db:"about"`    // ids of the first that it gathered
	Gathered  int64  `db:"gathered"` // how many in all; 0: it gathers nothing
	QueueID   int64  `db:"queue_id"` // of a gathering one
}

// States of a mail that others act on.
const (
	MailGathering = "gathering" // more may join it
	MailSent      = "sent"
)

// mailNames is how many ids a gathering mail keeps: more than it lists are only counted.
const mailNames = 20

var mails = tableOf[Mail]("mails")

// AddMail writes a mail.
func (tx *Tx) AddMail(ctx context.Context, m *Mail) error {
	_, err := mails.insert(ctx, tx.Q, m, "")
	return err
}

// MailDone writes how sending ended.
func (tx *Tx) MailDone(ctx context.Context, id, state, why string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE mails SET state = ?, error = ?, sent_at = ? WHERE id = ?", state, why, At(now), id)
	return err
}

// Mail reads a mail, for workers.
func (q Q) Mail(ctx context.Context, id string) (*Mail, error) {
	return mails.get(ctx, q, "WHERE id = ?", id)
}

// JoinMail adds a thing to a user's gathering mail of a kind and gives its entry in the job queue;
// ErrNotFound without one.
func (tx *Tx) JoinMail(ctx context.Context, userID, kind, about string) (queueID int64, err error) {
	err = tx.one(ctx, &queueID, "UPDATE mails SET gathered = gathered + 1, about = CASE WHEN gathered < ? THEN about || ' ' || ? ELSE about END "+
		"WHERE user_id = ? AND kind = ? AND state = '"+MailGathering+"' RETURNING queue_id", mailNames, about, userID, kind)
	return queueID, err
}

// GatheringMail is the entry in the job queue of a user's gathering mail of a kind; ErrNotFound
// without one.
func (q Q) GatheringMail(ctx context.Context, userID, kind string) (queueID int64, err error) {
	err = q.one(ctx, &queueID, "SELECT queue_id FROM mails WHERE user_id = ? AND kind = ? AND state = '"+MailGathering+"'", userID, kind)
	return queueID, err
}

// CloseMail ends a mail's gathering.
func (tx *Tx) CloseMail(ctx context.Context, id string) error {
	_, err := tx.exec(ctx, "UPDATE mails SET state = 'pending' WHERE id = ? AND state = '"+MailGathering+"'", id)
	return err
}

// LastMail is when a user was last sent a kind of mail.
func (q Q) LastMail(ctx context.Context, userID, kind string) (at Millis, err error) {
	err = q.one(ctx, &at, "SELECT CAST(COALESCE(MAX(created_at), 0) AS BIGINT) FROM mails WHERE user_id = ? AND kind = ?", userID, kind)
	return at, err
}

// SweepTold removes logs of mails and deliveries older than a time.
func (tx *Tx) SweepTold(ctx context.Context, before time.Time) (int64, error) {
	n, err := tx.exec(ctx, "DELETE FROM mails WHERE created_at < ?", At(before))
	if err != nil {
		return n, err
	}
	m, err := tx.exec(ctx, "DELETE FROM webhook_deliveries WHERE created_at < ? AND state <> 'pending'", At(before))
	return n + m, err
}

// QueueHealth is how the job queue's own table stands.
type QueueHealth struct {
	Queue, State string
	Count        int64
}

// QueueHealth counts the job queue's entries.
func (q Q) QueueHealth(ctx context.Context) ([]QueueHealth, error) {
	var all []QueueHealth
	err := q.each(ctx, func(scan func(...any) error) error {
		var h QueueHealth
		if err := scan(&h.Queue, &h.State, &h.Count); err != nil {
			return err
		}
		all = append(all, h)
		return nil
	}, "SELECT queue, CAST(state AS TEXT), COUNT(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled') GROUP BY queue, state")
	return all, err
}
