package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/stripe/stripe-go/v85"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// truth is what the provider says of a customer at one moment.
type truth struct {
	sub      *stripe.Subscription // nil: never had one
	several  int                  // subscriptions that are being paid
	invoices []*store.Invoice
	payments []*store.Payment
}

// errOvertaken says that somebody wrote a newer state while we fetched ours.
var errOvertaken = errors.New("a newer state was written meanwhile")

// maxOvertaken is how often a fetch is made again; each time somebody else has just written.
const maxOvertaken = 20

// Sync fetches a customer's state and writes it: subscription, tier, bills, movements of money.
// However many run at once, the last one that writes fetched after every other write, so the
// newest state stays.
func (s *Service) Sync(ctx context.Context, customer string) (*store.Subscription, error) {
	for range maxOvertaken {
		have, err := s.DB.SubscriptionOfCustomer(ctx, customer)
		if err != nil {
			return nil, err
		}
		t, err := s.fetch(ctx, customer, have.UserID)
		if err != nil {
			return nil, err
		}
		if err := s.step("fetched"); err != nil {
			return nil, err
		}
		var saved *store.Subscription
		err = s.DB.Write(ctx, func(tx *store.Tx) error {
			saved, err = s.write(ctx, tx, *have, t)
			return err
		})
		if errors.Is(err, errOvertaken) {
			continue
		}
		return saved, err
	}
	return nil, fmt.Errorf("customer %s: %w, %d times", customer, errOvertaken, maxOvertaken)
}

func (s *Service) fetch(ctx context.Context, customer, userID string) (*truth, error) {
	t := &truth{}
	for sub, err := range s.stripe.V1Subscriptions.List(ctx, &stripe.SubscriptionListParams{Customer: &customer, Status: stripe.String("all")}).All(ctx) {
		if err != nil {
			return nil, fmt.Errorf("fetch subscriptions: %w", err)
		}
		if Paying(string(sub.Status)) {
			t.several++
		}
		if t.sub == nil || better(sub, t.sub) {
			t.sub = sub
		}
	}
	intents := map[string]string{} // payment intent -> bill
	p := &stripe.InvoiceListParams{Customer: &customer}
	p.AddExpand("data.payments")
	for v, err := range s.stripe.V1Invoices.List(ctx, p).All(ctx) {
		if err != nil {
			return nil, fmt.Errorf("fetch bills: %w", err)
		}
		t.invoices = append(t.invoices, bill(v, userID))
		if v.Payments != nil {
			for _, pay := range v.Payments.Data {
				if pay.Payment != nil && pay.Payment.PaymentIntent != nil {
					intents[pay.Payment.PaymentIntent.ID] = v.ID
				}
			}
		}
	}
	var err error
	t.payments, err = s.fetchPayments(ctx, customer, userID, intents)
	return t, err
}

// firstBill is the reason of a subscription's first bill: if its payment fails, the payment page
// says so and nothing has begun.
const firstBill = "subscription_create"

// better says that a tells more of the account than b: what is paid before what is over, then the
// older of two that are paid (the second was a mistake), the newer of two that are over.
func better(a, b *stripe.Subscription) bool {
	pa, pb := Paying(string(a.Status)), Paying(string(b.Status))
	switch {
	case pa != pb:
		return pa
	case pa:
		return a.Created < b.Created
	}
	return a.Created > b.Created
}

func bill(v *stripe.Invoice, userID string) *store.Invoice {
	b := &store.Invoice{ID: v.ID, UserID: userID, Number: v.Number, Status: string(v.Status), Reason: string(v.BillingReason), Currency: string(v.Currency), TotalCents: v.Total,
		PaidCents: v.AmountPaid, DueCents: v.AmountRemaining, PeriodStart: seconds(v.PeriodStart), PeriodEnd: seconds(v.PeriodEnd), CreatedAt: seconds(v.Created),
		Attempts: v.AttemptCount, NextAttemptAt: seconds(v.NextPaymentAttempt), URL: v.HostedInvoiceURL, PDF: v.InvoicePDF}
	if v.StatusTransitions != nil {
		b.PaidAt = seconds(v.StatusTransitions.PaidAt)
	}
	if v.Lines != nil {
		for _, l := range v.Lines.Data {
			if ofDeep(l) {
				b.DeepCents, b.DeepCount = b.DeepCents+l.Amount, b.DeepCount+l.Quantity
			} else {
				b.PlanCents += l.Amount
			}
		}
	}
	return b
}

// ofDeep says that a bill's line is for deep analyses.
func ofDeep(l *stripe.InvoiceLineItem) bool {
	return l.Pricing != nil && l.Pricing.PriceDetails != nil && l.Pricing.PriceDetails.Product == productDeep
}

func seconds(unix int64) store.Millis { return store.Millis(unix * 1000) }

// fetchPayments lists every movement of money of a customer: charges, refunds, disputes.
func (s *Service) fetchPayments(ctx context.Context, customer, userID string, intents map[string]string) ([]*store.Payment, error) {
	var all []*store.Payment
	p := &stripe.ChargeListParams{Customer: &customer}
	p.AddExpand("data.balance_transaction")
	p.AddExpand("data.refunds.data.balance_transaction")
	for c, err := range s.stripe.V1Charges.List(ctx, p).All(ctx) {
		if err != nil {
			return nil, fmt.Errorf("fetch payments: %w", err)
		}
		invoice := ""
		if c.PaymentIntent != nil {
			invoice = intents[c.PaymentIntent.ID]
		}
		add := func(kind, source string, b *stripe.BalanceTransaction) {
			// Without one the money has not moved yet; the next run finds it.
			if b != nil && b.Currency != "" {
				all = append(all, &store.Payment{ID: b.ID, UserID: userID, Kind: kind, GrossCents: b.Amount, FeeCents: b.Fee, NetCents: b.Net,
					Currency: string(b.Currency), Invoice: invoice, Source: source, CreatedAt: seconds(b.Created)})
			}
		}
		add(store.PaymentCharge, c.ID, c.BalanceTransaction)
		if c.Refunds != nil {
			for _, r := range c.Refunds.Data {
				add(store.PaymentRefund, r.ID, r.BalanceTransaction)
			}
		}
		if c.Disputed {
			for d, err := range s.stripe.V1Disputes.List(ctx, &stripe.DisputeListParams{Charge: &c.ID}).All(ctx) {
				if err != nil {
					return nil, fmt.Errorf("fetch disputes: %w", err)
				}
				for _, b := range d.BalanceTransactions {
					add(store.PaymentDispute, d.ID, b)
				}
			}
		}
	}
	return all, nil
}

// planItem is the item of a subscription that is the plan, not its usage.
func planItem(sub *stripe.Subscription) *stripe.SubscriptionItem {
	if sub.Items == nil {
		return nil
	}
	for _, it := range sub.Items.Data {
		if it.Price != nil && it.Price.Recurring != nil && it.Price.Recurring.UsageType != stripe.PriceRecurringUsageTypeMetered {
			return it
		}
	}
	return nil
}

// write keeps a fetched state: all of it in one transaction, or nothing when it was overtaken.
func (s *Service) write(ctx context.Context, tx *store.Tx, have store.Subscription, t *truth) (*store.Subscription, error) {
	now := s.Now()
	next := store.Subscription{UserID: have.UserID, Customer: have.Customer, Version: have.Version, SyncedAt: store.At(now)}
	if t.sub == nil && have.Subscription != "" {
		// Stripe forgets no subscription: nobody is made free for a wrong setting.
		return nil, fmt.Errorf("customer %s: Stripe does not know subscription %s; is stripe_key that of another account?", have.Customer, have.Subscription)
	}
	if t.sub != nil {
		next.Subscription, next.Status = t.sub.ID, string(t.sub.Status)
		if it := planItem(t.sub); it != nil {
			next.BilledEvery = string(it.Price.Recurring.Interval)
			next.PeriodStart, next.PeriodEnd = seconds(it.CurrentPeriodStart), seconds(it.CurrentPeriodEnd)
		}
		switch {
		case t.sub.EndedAt != 0:
			next.EndsAt = seconds(t.sub.EndedAt)
		case t.sub.CancelAt != 0:
			next.EndsAt = seconds(t.sub.CancelAt)
		case t.sub.CancelAtPeriodEnd:
			next.EndsAt = next.PeriodEnd
		}
	}
	saved, err := tx.SaveSubscription(ctx, &next)
	if err != nil {
		return nil, err
	}
	if !saved {
		return nil, errOvertaken
	}
	for _, p := range t.payments {
		if _, err := tx.AddPayment(ctx, p); err != nil {
			return nil, err
		}
	}
	for _, v := range t.invoices {
		if err := tx.SaveInvoice(ctx, v); err != nil {
			return nil, err
		}
	}
	if t.several > 1 {
		s.Log.ErrorContext(ctx, "a customer pays twice; cancel and refund the newer subscription", "customer", have.Customer, "subscriptions", t.several)
	}
	u, err := tx.User(ctx, have.UserID)
	if errors.Is(err, store.ErrNotFound) { // deleted: only the books are kept
		return &next, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.settle(ctx, tx, u, &have, &next); err != nil {
		return nil, err
	}
	for _, v := range t.invoices {
		if v.Status == "open" && v.Attempts > 0 && v.Reason != firstBill {
			if _, err := s.remindIn(ctx, tx, v.ID, 0); err != nil { // the first at once, later ones at night
				return nil, err
			}
		}
	}
	next.Version++
	return &next, nil
}

// settle gives the account what its subscription says, and tells its user of what has changed. A
// contract, and pro that an operator gave, are not billing's to take away.
func (s *Service) settle(ctx context.Context, tx *store.Tx, u *store.User, have, next *store.Subscription) error {
	before, start, status, from := u.Tier, u.PeriodStart, u.SubscriptionStatus, u.StripeSubscription
	tier := before
	paying := Paying(next.Status)
	u.SubscriptionStatus = next.Status
	if paying {
		u.PeriodStart, u.PeriodEnd, u.StripeSubscription = next.PeriodStart, next.PeriodEnd, next.Subscription
		if tier != plan.Enterprise {
			tier = plan.Pro
		}
	} else if u.StripeSubscription != "" {
		u.StripeSubscription = ""
		if tier == plan.Pro {
			tier = plan.Free
		}
	}
	if tier != before || u.PeriodStart != start || u.SubscriptionStatus != status || u.StripeSubscription != from || have.EndsAt != next.EndsAt || have.BilledEvery != next.BilledEvery {
		if err := s.Accounts.MoveTier(ctx, tx, u, tier, "billing", next.Subscription+" is "+next.Status); err != nil {
			return err
		}
	}
	switch {
	case before != plan.Pro && tier == plan.Pro:
		return s.Letters.PlanBegun(ctx, tx, u)
	case before == plan.Pro && tier == plan.Free:
		l, err := u.Limits(s.Now())
		if err != nil {
			return err
		}
		return s.Letters.PlanEnded(ctx, tx, u, s.Now().AddDate(0, 0, l.RetentionDays), max(0, u.StorageBytes-l.StorageBytes))
	case paying && have.EndsAt == 0 && next.EndsAt != 0:
		return s.Letters.PlanEnding(ctx, tx, u, next.EndsAt.Time())
	}
	return nil
}

// bind finds or makes the binding of a customer that we do not know: its account's id is with it.
// False when it is not one of ours.
func (s *Service) bind(ctx context.Context, customer string) (bool, error) {
	_, err := s.DB.SubscriptionOfCustomer(ctx, customer)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return err == nil, err
	}
	c, err := s.stripe.V1Customers.Retrieve(ctx, customer, nil)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("fetch customer: %w", err)
	}
	u, err := s.DB.User(ctx, c.Metadata["user_id"])
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.AddCustomer(ctx, u.ID, customer) }); err != nil {
		return false, err
	}
	bound, err := s.DB.Subscription(ctx, u.ID)
	return err == nil && bound.Customer == customer, err
}

// Refresh fetches an account's state now, for the page after the payment.
func (s *Service) Refresh(ctx context.Context, u *store.User) error {
	if !s.On() || u.StripeCustomer == "" {
		return nil
	}
	_, err := s.Sync(ctx, u.StripeCustomer)
	return err
}
