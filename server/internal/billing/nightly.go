package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/stripe/stripe-go/v85"

	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// NightArgs is a job queue entry: compare all accounts with Stripe, tell what was not told, remind.
type NightArgs struct{}

// Kind names the entry.
func (NightArgs) Kind() string { return "billing_reconcile" }

// LeaveArgs is a job queue entry: end what a deleted account was paying.
type LeaveArgs struct {
	Customer string `json:"customer"`
}

// Kind names the entry.
func (LeaveArgs) Kind() string { return "billing_leave" }

// InsertOpts sets the lane and the tries: nobody may go on paying for what is gone.
func (LeaveArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: string(plan.QueueSystem), Priority: 1, MaxAttempts: 25}
}

// Periodic is the nightly run, made by the queue's leader; also at its start, once a day.
func Periodic() []*river.PeriodicJob {
	const day = 24 * time.Hour
	opts := &river.InsertOpts{Queue: string(plan.QueueSystem), MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: day}}
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(day), func() (river.JobArgs, *river.InsertOpts) { return NightArgs{}, opts },
		&river.PeriodicJobOpts{RunOnStart: true})}
}

// Night counts what a nightly run did.
type Night struct {
	Customers int // compared
	Changed   int // whose state differed: a message was lost or late
	Told      int // usages that had not been told
	Reminded  int
	Dropped   int64 // old messages
}

// keepEvents is how long messages that were acted on are kept.
const keepEvents = 60 * 24 * time.Hour

// Reconcile fetches every customer, tells what was not told, reminds of what is not paid. What fails
// for one account does not stop the others.
func (s *Service) Reconcile(ctx context.Context) (Night, error) {
	var n Night
	var all error
	after := ""
	for {
		rows, err := s.DB.Subscriptions(ctx, after, 200)
		if err != nil {
			return n, errors.Join(all, err)
		}
		for i := range rows {
			before := &rows[i]
			after = before.UserID
			now, err := s.Sync(ctx, before.Customer)
			if err != nil {
				all = errors.Join(all, fmt.Errorf("customer %s: %w", before.Customer, err))
				continue
			}
			n.Customers++
			if now.Status != before.Status || now.PeriodEnd != before.PeriodEnd || now.EndsAt != before.EndsAt {
				n.Changed++
			}
		}
		if len(rows) < 200 {
			break
		}
	}
	told, err := s.SendPending(ctx, "")
	n.Told, all = told, errors.Join(all, err)
	reminded, err := s.Remind(ctx)
	n.Reminded, all = reminded, errors.Join(all, err)
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		n.Dropped, err = tx.DropStripeEvents(ctx, s.Now().Add(-keepEvents))
		return err
	})
	return n, errors.Join(all, err)
}

// reminders are the days after a bill on which its failed payment is told of.
var reminders = []int{0, 3, 7}

// Remind mails the owners of bills whose payment failed: at once, after 3 and after 7 days.
func (s *Service) Remind(ctx context.Context) (int, error) {
	n := 0
	rows, all := s.DB.UnpaidInvoices(ctx, len(reminders), 5000)
	for i := range rows {
		sent, err := s.remind(ctx, &rows[i])
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		if sent {
			n++
		}
	}
	return n, all
}

func (s *Service) remind(ctx context.Context, v *store.Invoice) (bool, error) {
	now := s.Now()
	if now.Before(v.CreatedAt.Time().AddDate(0, 0, reminders[v.Reminders])) {
		return false, nil
	}
	sent := false
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		sent, err = s.remindIn(ctx, tx, v.ID, v.Reminders)
		return err
	})
	return sent, err
}

// remindIn sends the mail that follows so many; false if it was sent meanwhile or the bill is paid.
func (s *Service) remindIn(ctx context.Context, tx *store.Tx, invoice string, before int64) (bool, error) {
	sent, err := tx.Reminded(ctx, invoice, before, s.Now())
	if err != nil || !sent {
		return false, err
	}
	v, err := tx.Invoice(ctx, invoice)
	if err != nil {
		return false, err
	}
	u, err := tx.User(ctx, v.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil // deleted: nobody to remind
	}
	if err != nil {
		return false, err
	}
	return true, s.Letters.PaymentFailed(ctx, tx, u, invoice, int(before)+1)
}

// Leave writes, in the transaction that deletes an account, that its subscription is to end.
func (s *Service) Leave(ctx context.Context, tx *store.Tx, u *store.User) error {
	if u.StripeCustomer == "" {
		return nil
	}
	_, err := s.Queue.Insert(ctx, tx, LeaveArgs{u.StripeCustomer}, nil)
	return err
}

// End ends all subscriptions of a customer at once; what was used is billed.
func (s *Service) End(ctx context.Context, customer string) error {
	for sub, err := range s.stripe.V1Subscriptions.List(ctx, &stripe.SubscriptionListParams{Customer: &customer}).All(ctx) {
		if err != nil {
			return fmt.Errorf("fetch subscriptions: %w", err)
		}
		_, err := s.stripe.V1Subscriptions.Cancel(ctx, sub.ID, &stripe.SubscriptionCancelParams{InvoiceNow: stripe.Bool(true)})
		if err != nil && !missing(err) {
			return fmt.Errorf("end subscription %s: %w", sub.ID, err)
		}
	}
	return nil
}

type leaveWorker struct {
	river.WorkerDefaults[LeaveArgs]
	s *Service
}

func (*leaveWorker) Timeout(*river.Job[LeaveArgs]) time.Duration { return 35 * time.Second }

func (w *leaveWorker) Work(ctx context.Context, rj *river.Job[LeaveArgs]) error {
	if !w.s.On() {
		return errOff
	}
	if err := w.s.End(ctx, rj.Args.Customer); err != nil {
		return err
	}
	return w.s.DB.Write(ctx, func(tx *store.Tx) error { return queue.Complete(ctx, tx, rj) })
}

type nightWorker struct {
	river.WorkerDefaults[NightArgs]
	s *Service
}

func (*nightWorker) Timeout(*river.Job[NightArgs]) time.Duration { return time.Hour }

func (w *nightWorker) Work(ctx context.Context, _ *river.Job[NightArgs]) error {
	if !w.s.On() {
		return nil
	}
	n, err := w.s.Reconcile(ctx)
	w.s.Log.InfoContext(ctx, "billing compared", "result", fmt.Sprintf("%+v", n))
	return err
}
