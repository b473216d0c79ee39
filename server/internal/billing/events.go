package billing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/riverqueue/river"
	"github.com/stripe/stripe-go/v85/webhook"

	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// MaxEvent is the largest message that is read, bytes; Stripe's are a few thousand.
const MaxEvent = 256 << 10

// tolerance is how old a signature may be.
const tolerance = 5 * time.Minute

// EventArgs is a job queue entry: act on a message.
type EventArgs struct {
	EventID string `json:"event_id"`
}

// Kind names the entry.
func (EventArgs) Kind() string { return "stripe_event" }

// InsertOpts sets the lane and the tries: the nightly run makes up for what fails for days.
func (EventArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: string(plan.QueueSystem), Priority: 1, MaxAttempts: 15}
}

// Receive takes a message of Stripe: its signature is checked, it is stored once with its entry in
// the job queue, and acted on later. A nil error means that it is safe here.
func (s *Service) Receive(ctx context.Context, body []byte, signature string) error {
	if !s.On() {
		return problem(http.StatusNotFound, wire.CodeOff, "Billing is off on this server.")
	}
	// The version of the endpoint may differ from the library's: of the message only the customer is read.
	e, err := webhook.ConstructEventWithOptions(body, signature, s.Secret, webhook.ConstructEventOptions{Tolerance: tolerance, IgnoreAPIVersionMismatch: true})
	if err != nil {
		s.Log.WarnContext(ctx, "message refused", "error", err)
		return problem(http.StatusBadRequest, wire.CodeBadRequest, "This is not signed with our secret, or too old.")
	}
	customer, err := customerOf(e.Data.Raw)
	if err != nil {
		return problem(http.StatusBadRequest, wire.CodeBadRequest, "This message cannot be read.")
	}
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		first, err := tx.AddStripeEvent(ctx, &store.StripeEvent{ID: e.ID, Type: string(e.Type), Customer: customer, Payload: string(body), State: store.EventNew,
			CreatedAt: seconds(e.Created), ReceivedAt: store.At(now)})
		if err != nil || !first {
			return err
		}
		_, err = s.Queue.Insert(ctx, tx, EventArgs{e.ID}, nil)
		return err
	})
}

// customerOf is the customer that a message is about; "" when it names none.
func customerOf(object json.RawMessage) (string, error) {
	var o struct {
		ID       string          `json:"id"`
		Object   string          `json:"object"`
		Customer json.RawMessage `json:"customer"`
	}
	if err := json.Unmarshal(object, &o); err != nil {
		return "", err
	}
	if o.Object == "customer" {
		return o.ID, nil
	}
	return idOf(o.Customer), nil
}

// idOf is the id in a field that holds one, or the whole object; "" when it holds neither.
func idOf(field json.RawMessage) string {
	var whole struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(field, &whole.ID) == nil || json.Unmarshal(field, &whole) == nil {
		return whole.ID
	}
	return ""
}

// Handle acts on a stored message: it fetches the customer's state and writes it. It may be called
// any number of times, and cut anywhere.
func (s *Service) Handle(ctx context.Context, eventID string) error {
	e, err := s.DB.StripeEvent(ctx, eventID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || e.State == store.EventDone {
		return err
	}
	customer := e.Customer
	if customer == "" {
		if customer, err = s.disputed(ctx, e); err != nil {
			return err
		}
	}
	if customer != "" {
		ours, err := s.bind(ctx, customer)
		if err != nil {
			return err
		}
		if ours {
			if _, err := s.Sync(ctx, customer); err != nil {
				return err
			}
		}
	}
	if err := s.step("written"); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error { return tx.StripeEventDone(ctx, eventID, s.Now()) })
}

// disputed is the customer of a dispute's charge: the message names only the charge.
func (s *Service) disputed(ctx context.Context, e *store.StripeEvent) (string, error) {
	var m struct {
		Data struct {
			Object struct {
				Charge json.RawMessage `json:"charge"`
			} `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(e.Payload), &m); err != nil {
		return "", fmt.Errorf("message %s: %w", e.ID, err)
	}
	charge := idOf(m.Data.Object.Charge)
	if charge == "" {
		return "", nil // of no charge either: nothing to do with an account
	}
	c, err := s.stripe.V1Charges.Retrieve(ctx, charge, nil)
	if missing(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("fetch charge: %w", err)
	}
	if c.Customer == nil {
		return "", nil
	}
	return c.Customer.ID, nil
}

type eventWorker struct {
	river.WorkerDefaults[EventArgs]
	s *Service
}

func (*eventWorker) Timeout(*river.Job[EventArgs]) time.Duration { return 35 * time.Second }

func (w *eventWorker) Work(ctx context.Context, rj *river.Job[EventArgs]) error {
	if !w.s.On() {
		return errOff
	}
	if err := w.s.Handle(ctx, rj.Args.EventID); err != nil {
		return err
	}
	return w.s.DB.Write(ctx, func(tx *store.Tx) error { return queue.Complete(ctx, tx, rj) })
}

var errOff = errors.New("billing was switched off; set stripe_key again")

// Workers adds the workers of this package. They are added without billing too, so that no entry
// of a process with it is thrown away by one without.
func (s *Service) Workers(w *river.Workers) {
	river.AddWorker(w, &eventWorker{s: s})
	river.AddWorker(w, &meterWorker{s: s})
	river.AddWorker(w, &leaveWorker{s: s})
	river.AddWorker(w, &nightWorker{s: s})
}
