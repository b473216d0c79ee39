package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/stripe/stripe-go/v85"

	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// MeterArgs is a job queue entry: tell Stripe of metered usage.
type MeterArgs struct {
	ID string `json:"id"`
}

// Kind names the entry.
func (MeterArgs) Kind() string { return "meter_event" }

// InsertOpts sets the lane and the tries; what they do not reach the nightly run does.
func (MeterArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: string(plan.QueueSystem), Priority: 2, MaxAttempts: 12}
}

// Meters says whether usage of an account can be billed: it pays a subscription of ours.
func (s *Service) Meters(u *store.User) bool {
	return s.On() && u.StripeSubscription != "" && Paying(u.SubscriptionStatus)
}

// Meter writes one unit of usage in the transaction of what it bills; id is that thing's. It is
// told to Stripe from the queue, so it is neither lost with this process nor counted twice.
func (s *Service) Meter(ctx context.Context, tx *store.Tx, u *store.User, id, sampleID string, priceMicro int64) error {
	m := &store.MeterEvent{ID: id, UserID: u.ID, Customer: u.StripeCustomer, SampleID: sampleID, Quantity: 1, PriceMicro: priceMicro, State: store.MeterPending, CreatedAt: store.At(s.Now())}
	first, err := tx.AddMeterEvent(ctx, m)
	if err != nil || !first {
		return err
	}
	_, err = s.Queue.Insert(ctx, tx, MeterArgs{id}, nil)
	return err
}

// sureFor is how long the provider is trusted to know an identifier again; it promises 24 hours.
const sureFor = 20 * time.Hour

// errUnsettled says that other usage of the customer is on its way; the sums say nothing until it
// has arrived.
var errUnsettled = errors.New("other usage of this customer is on its way")

// Send tells the provider of usage. The provider drops a repeated identifier for a day; what
// stayed unsure for longer is looked up in the meter's sums before it is sent again.
func (s *Service) Send(ctx context.Context, id string) error {
	m, err := s.DB.MeterEvent(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || m.State == store.MeterSent {
		return err
	}
	now := s.Now()
	if m.TriedAt != 0 && now.Sub(m.TriedAt.Time()) > sureFor {
		arrived, err := s.arrived(ctx, m, now)
		if err != nil {
			return err
		}
		if arrived {
			return s.DB.Write(ctx, func(tx *store.Tx) error { return tx.SentMeterEvent(ctx, id, now) })
		}
	}
	if err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.TryMeterEvent(ctx, id, now) }); err != nil {
		return err
	}
	if err := s.step("tried"); err != nil {
		return err
	}
	// The time is that of this try, not of the use: the bill of an earlier period may be closed.
	p := &stripe.BillingMeterEventCreateParams{EventName: stripe.String(meterName), Identifier: &m.ID, Timestamp: stripe.Int64(now.Unix()),
		Payload: map[string]string{"stripe_customer_id": m.Customer, "value": strconv.FormatInt(m.Quantity, 10)}}
	if _, err = s.stripe.V1BillingMeterEvents.Create(ctx, p); err != nil && !known(err) {
		return fmt.Errorf("tell usage %s: %w", id, err)
	}
	if err := s.step("sent"); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error { return tx.SentMeterEvent(ctx, id, now) })
}

// known says that the provider has the identifier already.
func known(err error) bool {
	var e *stripe.Error
	return errors.As(err, &e) && e.HTTPStatusCode == 400 && strings.Contains(e.Msg, "already exists")
}

// arrived compares the meter's sum since ever with what we know to have arrived: more there means
// that usage we are unsure of is among it. Which one does not matter, they cost the same. It is
// asked only while nothing younger is on its way, whose arrival could be taken for this one's.
func (s *Service) arrived(ctx context.Context, m *store.MeterEvent, now time.Time) (bool, error) {
	c, err := s.prices(ctx)
	if err != nil {
		return false, err
	}
	before, err := s.DB.Told(ctx, m.Customer, now.Add(-sureFor))
	if err != nil {
		return false, err
	}
	from, to := before.Since.Time().Truncate(time.Minute), now.Truncate(time.Minute).Add(time.Minute)
	there := int64(0)
	p := &stripe.BillingMeterEventSummaryListParams{ID: &c.meter, Customer: &m.Customer, StartTime: stripe.Int64(from.Unix()), EndTime: stripe.Int64(to.Unix())}
	for sum, err := range s.stripe.V1BillingMeterEventSummaries.List(ctx, p).All(ctx) {
		if err != nil {
			return false, fmt.Errorf("sums of the meter: %w", err)
		}
		there += int64(sum.AggregatedValue)
	}
	after, err := s.DB.Told(ctx, m.Customer, now.Add(-sureFor))
	if err == nil && (after != before || after.Unsure > 0) {
		err = errUnsettled
	}
	return there >= after.Sent+m.Quantity, err
}

// SendPending tells the provider of everything that waits: of one customer, or with "" of all.
func (s *Service) SendPending(ctx context.Context, customer string) (int, error) {
	n := 0
	rows, all := s.DB.PendingMeterEvents(ctx, s.Now().Add(time.Millisecond), 5000)
	slices.Reverse(rows) // the youngest first: older ones are looked up when these have arrived
	for _, m := range rows {
		if customer != "" && m.Customer != customer {
			continue
		}
		if err := s.Send(ctx, m.ID); err != nil {
			all = errors.Join(all, err)
			continue
		}
		n++
	}
	return n, all
}

type meterWorker struct {
	river.WorkerDefaults[MeterArgs]
	s *Service
}

func (*meterWorker) Timeout(*river.Job[MeterArgs]) time.Duration { return 35 * time.Second }

func (w *meterWorker) Work(ctx context.Context, rj *river.Job[MeterArgs]) error {
	if !w.s.On() {
		return errOff
	}
	if err := w.s.Send(ctx, rj.Args.ID); err != nil {
		return err
	}
	return w.s.DB.Write(ctx, func(tx *store.Tx) error { return queue.Complete(ctx, tx, rj) })
}
