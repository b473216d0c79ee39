package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Describe adds to an account what it pays and what it could have; limits are what it has.
func (s *Service) Describe(ctx context.Context, u *store.User, limits plan.Limits, a *wire.Account) error {
	on := s.Accounts.Features()
	a.Plan = wire.Plan{Deep: wire.DeepUse{Share: limits.DeepShare, PriceMicro: plan.DeepMicro}}
	month := limits.UploadWindow(s.Now(), u.PeriodStart.Time())
	used, err := s.DB.Used(ctx, u.ID, "deep", month)
	if err != nil {
		return err
	}
	billed, err := s.DB.MeterEventsOf(ctx, u.ID, month.Start, month.End)
	if err != nil {
		return err
	}
	a.Plan.Deep.Used, a.Plan.Deep.Billed = used, int64(len(billed))
	if err := s.describePlan(ctx, u, &a.Plan); err != nil {
		return err
	}
	a.Offers, err = Offers(on, limits)
	for i := range a.Offers {
		o := &a.Offers[i]
		o.Current = o.Tier == string(u.Tier)
		o.Checkout, o.Why = s.canBuy(u, o, on)
	}
	return err
}

func (s *Service) describePlan(ctx context.Context, u *store.User, p *wire.Plan) error {
	sub, err := s.DB.Subscription(ctx, u.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Manage = s.On() && sub.Subscription != ""
	if !Paying(sub.Status) {
		return nil
	}
	p.Every, p.EndsAt = sub.BilledEvery, sub.EndsAt.Pointer()
	if sub.EndsAt == 0 {
		p.RenewsAt = sub.PeriodEnd.Pointer()
	}
	bills, err := s.DB.InvoicesOf(ctx, u.ID, 5)
	for i := range bills {
		if bills[i].Status == "open" && bills[i].Attempts > 0 {
			v := WireInvoice(&bills[i])
			p.Unpaid = &v
		}
	}
	return err
}

// WireInvoice is a bill as clients see it.
func WireInvoice(v *store.Invoice) wire.Invoice {
	return wire.Invoice{ID: v.ID, Number: v.Number, Status: v.Status, Cents: v.TotalCents, Currency: v.Currency, CreatedAt: v.CreatedAt.Time(), URL: v.URL, PDF: v.PDF}
}

// canBuy says whether an offer can be bought with a click, or why not.
func (s *Service) canBuy(u *store.User, o *wire.Offer, on plan.Features) (bool, string) {
	switch {
	case o.Current || o.Tier == string(plan.Free):
		return false, ""
	case o.ByContract:
		return false, "By contract: write to the operator."
	case !s.On() || !on.On(plan.FeatureBilling):
		return false, "Billing is off on this server, so nobody can pay here."
	case u.Tier == plan.Enterprise:
		return false, "Your account has a contract."
	}
	return true, ""
}

// Offers are the tiers that are offered, compared with what somebody has now.
func Offers(on plan.Features, has plan.Limits) ([]wire.Offer, error) {
	now := map[string]plan.Row{}
	for _, r := range has.Rows() {
		now[r.Name] = r
	}
	var all []wire.Offer
	for _, l := range plan.Tiers() {
		if l.Tier == plan.Trial || l.Tier != plan.Free && !on.On(plan.FeaturePro) {
			continue
		}
		l = l.In(on)
		o := wire.Offer{Tier: string(l.Tier), MonthCents: l.MonthCents, YearCents: l.YearCents, ByContract: l.Contact}
		for _, r := range l.Rows() {
			have, ok := now[r.Name]
			if !ok {
				return nil, fmt.Errorf("the tiers differ in the row %s", r.Name)
			}
			o.Features = append(o.Features, wire.Feature{Name: r.Name, Value: r.Value, Now: have.Value, More: r.Rank > have.Rank, Less: r.Rank < have.Rank})
		}
		all = append(all, o)
	}
	// What no plan has is switched off: it is not named.
	named := map[string]bool{}
	for _, o := range all {
		for _, f := range o.Features {
			named[f.Name] = named[f.Name] || f.Value != "" || f.Now != ""
		}
	}
	for i := range all {
		all[i].Features = slices.DeleteFunc(all[i].Features, func(f wire.Feature) bool { return !named[f.Name] })
	}
	return all, nil
}
