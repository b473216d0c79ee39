package billing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v85"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/tenant"
	"sampleagent/sync/wire"
)

// missing says that the provider has no such thing.
func missing(err error) bool {
	var e *stripe.Error
	return errors.As(err, &e) && e.HTTPStatusCode == http.StatusNotFound
}

// customer is the account's payment customer, made when it is first needed. Two requests at once
// make one: the provider knows the key.
func (s *Service) customer(ctx context.Context, u *store.User) (string, error) {
	sub, err := s.DB.Subscription(ctx, u.ID)
	if err == nil {
		return sub.Customer, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	p := &stripe.CustomerCreateParams{Email: &u.Email, Metadata: map[string]string{"user_id": u.ID}}
	p.SetIdempotencyKey("customer-" + u.ID)
	c, err := s.stripe.V1Customers.Create(ctx, p)
	if err != nil {
		return "", s.provider(ctx, "customer", err)
	}
	return c.ID, s.DB.Write(ctx, func(tx *store.Tx) error { return tx.AddCustomer(ctx, u.ID, c.ID) })
}

// Checkout is the address of the provider's page on which an account buys pro, paid every month or
// year. A session that was opened before is closed, so that nobody buys twice in two windows.
func (s *Service) Checkout(ctx context.Context, u *store.User, every string) (string, error) {
	if err := s.off(); err != nil {
		return "", err
	}
	if every != Monthly && every != Yearly {
		return "", problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "A plan is paid by the month or by the year.")
	}
	if u.Tier == plan.Enterprise {
		return "", problem(http.StatusConflict, wire.CodeConflict, "Your account has a contract; write to us to change it.")
	}
	prices, err := s.prices(ctx)
	if err != nil {
		return "", err
	}
	customer, err := s.customer(ctx, u)
	if err != nil {
		return "", err
	}
	sub, err := s.Sync(ctx, customer) // our copy may be a moment old
	if err != nil {
		return "", s.provider(ctx, "subscription", err)
	}
	if Paying(sub.Status) {
		return "", problem(http.StatusConflict, wire.CodeConflict, "You have pro already. Open the billing page to change how you pay.")
	}
	for open, err := range s.stripe.V1CheckoutSessions.List(ctx, &stripe.CheckoutSessionListParams{Customer: &customer, Status: stripe.String("open")}).All(ctx) {
		if err != nil {
			return "", s.provider(ctx, "open sessions", err)
		}
		if _, err := s.stripe.V1CheckoutSessions.Expire(ctx, open.ID, nil); err != nil {
			return "", s.provider(ctx, "close a session", err)
		}
	}
	return s.newSession(ctx, u, customer, every, prices)
}

func (s *Service) newSession(ctx context.Context, u *store.User, customer, every string, prices *catalogue) (string, error) {
	p := &stripe.CheckoutSessionCreateParams{
		Mode: stripe.String("subscription"), Customer: &customer, ClientReferenceID: &u.ID, AllowPromotionCodes: stripe.Bool(true),
		SuccessURL: stripe.String(tenant.Address(ctx, s.Public) + "/billing/done"), CancelURL: stripe.String(tenant.Address(ctx, s.Public) + "/pricing?notice=not-bought"),
		LineItems: []*stripe.CheckoutSessionCreateLineItemParams{
			{Price: stripe.String(prices.prices[priceKey(productPro, every)]), Quantity: stripe.Int64(1)},
			{Price: stripe.String(prices.prices[priceKey(productDeep, every)])},
		},
		SubscriptionData: &stripe.CheckoutSessionCreateSubscriptionDataParams{Metadata: map[string]string{"user_id": u.ID}},
	}
	session, err := s.stripe.V1CheckoutSessions.Create(ctx, p)
	if err != nil {
		return "", s.provider(ctx, "payment page", err)
	}
	return session.URL, nil
}

// Portal is the address of the provider's page with bills, card and the way out. back is a path of
// ours.
func (s *Service) Portal(ctx context.Context, u *store.User, back string) (string, error) {
	if err := s.off(); err != nil {
		return "", err
	}
	sub, err := s.DB.Subscription(ctx, u.ID)
	if errors.Is(err, store.ErrNotFound) {
		return "", problem(http.StatusConflict, wire.CodeConflict, "You have not bought anything yet, so there is nothing to manage.")
	}
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	portal := s.portal
	s.mu.Unlock()
	if portal == "" {
		if portal, err = s.findPortal(ctx); err != nil {
			return "", s.provider(ctx, "portal", err)
		}
		s.mu.Lock()
		s.portal = portal
		s.mu.Unlock()
	}
	p := &stripe.BillingPortalSessionCreateParams{Customer: &sub.Customer, ReturnURL: stripe.String(tenant.Address(ctx, s.Public) + back)}
	if portal != "" {
		p.Configuration = &portal
	}
	session, err := s.stripe.V1BillingPortalSessions.Create(ctx, p)
	if err != nil {
		return "", s.provider(ctx, "portal", err)
	}
	return session.URL, nil
}

// Switch is what going from months to years costs today.
type Switch struct {
	CreditCents int64 // for what of the month is left, not negative
	DeepCents   int64 // deep analyses that were not billed yet
	YearCents   int64
	DueCents    int64 // today
	RenewsAt    time.Time
	items       []item
	sub         string
}

type item struct{ id, price string }

// toYear finds the subscription that can go from months to years.
func (s *Service) toYear(ctx context.Context, u *store.User) (*stripe.Subscription, *Switch, error) {
	if err := s.off(); err != nil {
		return nil, nil, err
	}
	no := problem(http.StatusConflict, wire.CodeConflict, "Only a monthly plan that is paid up and renews can be changed to yearly.")
	have, err := s.DB.Subscription(ctx, u.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, no
	}
	if err != nil {
		return nil, nil, err
	}
	prices, err := s.prices(ctx)
	if err != nil {
		return nil, nil, err
	}
	sub, err := s.stripe.V1Subscriptions.Retrieve(ctx, have.Subscription, nil)
	if missing(err) {
		return nil, nil, no
	}
	if err != nil {
		return nil, nil, s.provider(ctx, "subscription", err)
	}
	plan := planItem(sub)
	if sub.Status != stripe.SubscriptionStatusActive || sub.CancelAtPeriodEnd || plan == nil || string(plan.Price.Recurring.Interval) != Monthly {
		return nil, nil, no
	}
	w := &Switch{sub: sub.ID}
	for _, it := range sub.Items.Data {
		product := productPro
		if it.Price.Recurring.UsageType == stripe.PriceRecurringUsageTypeMetered {
			product = productDeep
		}
		w.items = append(w.items, item{it.ID, prices.prices[priceKey(product, Yearly)]})
	}
	return sub, w, nil
}

// Preview says what going from months to years would cost now.
func (s *Service) Preview(ctx context.Context, u *store.User) (*Switch, error) {
	sub, w, err := s.toYear(ctx, u)
	if err != nil {
		return nil, err
	}
	d := &stripe.InvoiceCreatePreviewSubscriptionDetailsParams{ProrationBehavior: stripe.String("always_invoice")}
	for _, it := range w.items {
		d.Items = append(d.Items, &stripe.InvoiceCreatePreviewSubscriptionDetailsItemParams{ID: &it.id, Price: &it.price})
	}
	v, err := s.stripe.V1Invoices.CreatePreview(ctx, &stripe.InvoiceCreatePreviewParams{Customer: &sub.Customer.ID, Subscription: &sub.ID, SubscriptionDetails: d})
	if err != nil {
		return nil, s.provider(ctx, "preview", err)
	}
	for _, l := range v.Lines.Data {
		switch {
		case ofDeep(l):
			w.DeepCents += l.Amount
		case l.Amount < 0:
			w.CreditCents -= l.Amount
		default:
			w.YearCents += l.Amount
		}
	}
	w.DueCents, w.RenewsAt = v.AmountDue, s.Now().AddDate(1, 0, 0)
	return w, nil
}

// GoYearly turns a plan paid by the month into one by the year at once: what of the month is left
// is credited, the rest is charged to the card on file. A declined card changes nothing.
func (s *Service) GoYearly(ctx context.Context, u *store.User) error {
	sub, w, err := s.toYear(ctx, u)
	if err != nil {
		return err
	}
	// What was used by the month is told before, so that it is billed with it.
	if _, err := s.SendPending(ctx, sub.Customer.ID); err != nil {
		return s.provider(ctx, "usage", err)
	}
	p := &stripe.SubscriptionUpdateParams{ProrationBehavior: stripe.String("always_invoice"), PaymentBehavior: stripe.String("error_if_incomplete")}
	for _, it := range w.items {
		p.Items = append(p.Items, &stripe.SubscriptionUpdateItemParams{ID: &it.id, Price: &it.price})
	}
	if _, err := s.stripe.V1Subscriptions.Update(ctx, sub.ID, p); err != nil {
		return s.provider(ctx, "to the year", err)
	}
	if _, err := s.Sync(ctx, sub.Customer.ID); err != nil {
		return s.provider(ctx, "subscription", err)
	}
	return nil
}

// KeepPlan takes a cancellation back while the paid time lasts; Cancel makes one.
func (s *Service) KeepPlan(ctx context.Context, u *store.User) error { return s.atEnd(ctx, u, false) }

// Cancel ends the plan with the time that is paid. Nothing is lost until then.
func (s *Service) Cancel(ctx context.Context, u *store.User) error { return s.atEnd(ctx, u, true) }

func (s *Service) atEnd(ctx context.Context, u *store.User, cancel bool) error {
	if err := s.off(); err != nil {
		return err
	}
	sub, err := s.DB.Subscription(ctx, u.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !Paying(sub.Status) {
		return problem(http.StatusConflict, wire.CodeConflict, "You have no plan that is being paid.")
	}
	if err != nil {
		return err
	}
	if _, err := s.stripe.V1Subscriptions.Update(ctx, sub.Subscription, &stripe.SubscriptionUpdateParams{CancelAtPeriodEnd: &cancel}); err != nil {
		return s.provider(ctx, "cancel", err)
	}
	if _, err := s.Sync(ctx, sub.Customer); err != nil {
		return s.provider(ctx, "subscription", err)
	}
	return nil
}

// Refund gives back a bill's payment, or with cents > 0 a part of it. For operators.
func (s *Service) Refund(ctx context.Context, u *store.User, invoice string, cents int64, actor, reason string) (int64, error) {
	if !s.On() {
		return 0, errors.New("billing is off; set stripe_key and stripe_webhook_secret")
	}
	rows, err := s.DB.PaymentsOf(ctx, u.ID)
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		if r.Invoice != invoice || r.Kind != store.PaymentCharge {
			continue
		}
		p := &stripe.RefundCreateParams{Charge: stripe.String(r.Source), Metadata: map[string]string{"by": actor, "reason": reason}}
		if cents > 0 {
			p.Amount = &cents
		}
		// The same refund of the same day is one: a command that was repeated gives nothing twice.
		p.SetIdempotencyKey(fmt.Sprintf("refund-%s-%d-%s", r.Source, cents, s.Now().UTC().Format(time.DateOnly)))
		re, err := s.stripe.V1Refunds.Create(ctx, p)
		if err != nil {
			return 0, fmt.Errorf("refund %s: %w", invoice, err)
		}
		if _, err := s.Sync(ctx, u.StripeCustomer); err != nil {
			return re.Amount, err
		}
		return re.Amount, s.DB.Write(ctx, func(tx *store.Tx) error {
			return tx.AddAudit(ctx, &store.Audit{UserID: u.ID, Actor: actor, Action: "payment.refunded", Subject: invoice, CreatedAt: store.At(s.Now()),
				Detail: store.JSON[map[string]string]{V: map[string]string{"cents": fmt.Sprint(re.Amount), "reason": reason}}})
		})
	}
	return 0, fmt.Errorf("no payment of %s is known for the bill %s", u.Email, invoice)
}
