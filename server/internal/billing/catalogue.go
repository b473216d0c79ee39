package billing

import (
	"context"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v85"

	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// Names by which our things are found at the provider again.
const (
	productPro  = "sample_agent_pro"
	productDeep = "sample_agent_deep_analysis"
	meterName   = "sample_agent_deep_analysis"
	markKey     = "made_by"
	markValue   = "sample-agent"
)

// priceKey is the lookup key of a price.
func priceKey(product, every string) string { return product + "_" + every }

// wanted is a price as the tier table says it.
type wanted struct {
	key, product, every string
	cents               int64
	metered             bool
}

func wantedPrices() ([]wanted, error) {
	pro, err := plan.For(plan.Pro)
	if err != nil {
		return nil, err
	}
	const deep = plan.DeepMicro / 10_000 // micro-dollars to cents
	return []wanted{
		{priceKey(productPro, Monthly), productPro, Monthly, pro.MonthCents, false},
		{priceKey(productPro, Yearly), productPro, Yearly, pro.YearCents, false},
		{priceKey(productDeep, Monthly), productDeep, Monthly, deep, true},
		{priceKey(productDeep, Yearly), productDeep, Yearly, deep, true},
	}, nil
}

// catalogue is what of it the provider has.
type catalogue struct {
	prices map[string]string // lookup key -> id
	cents  map[string]int64
	meter  string
}

func (c *catalogue) complete() error {
	all, err := wantedPrices()
	if err != nil {
		return err
	}
	for _, w := range all {
		switch {
		case c.prices[w.key] == "":
			return fmt.Errorf("Stripe has no price %s; run: sample-agent-server admin billing setup", w.key) //nolint:staticcheck // a name
		case c.cents[w.key] != w.cents:
			return fmt.Errorf("Stripe's price %s is %d cents and the plan's %d; run: sample-agent-server admin billing setup", w.key, c.cents[w.key], w.cents) //nolint:staticcheck // a name
		}
	}
	if c.meter == "" {
		return fmt.Errorf("Stripe has no meter %s; run: sample-agent-server admin billing setup", meterName) //nolint:staticcheck // a name
	}
	return nil
}

func (s *Service) fetchCatalogue(ctx context.Context) (*catalogue, error) {
	all, err := wantedPrices()
	if err != nil {
		return nil, err
	}
	c := &catalogue{prices: map[string]string{}, cents: map[string]int64{}}
	p := &stripe.PriceListParams{Active: stripe.Bool(true)}
	for _, w := range all {
		p.LookupKeys = append(p.LookupKeys, stripe.String(w.key))
	}
	for price, err := range s.stripe.V1Prices.List(ctx, p).All(ctx) {
		if err != nil {
			return nil, fmt.Errorf("list prices: %w", err)
		}
		c.prices[price.LookupKey], c.cents[price.LookupKey] = price.ID, price.UnitAmount
	}
	for m, err := range s.stripe.V1BillingMeters.List(ctx, &stripe.BillingMeterListParams{Status: stripe.String("active")}).All(ctx) {
		if err != nil {
			return nil, fmt.Errorf("list meters: %w", err)
		}
		if m.EventName == meterName {
			c.meter = m.ID
		}
	}
	return c, nil
}

// prices is the catalogue, fetched once when it is whole.
func (s *Service) prices(ctx context.Context) (*catalogue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known != nil {
		return s.known, nil
	}
	c, err := s.fetchCatalogue(ctx)
	if err != nil {
		return nil, s.provider(ctx, "prices", err)
	}
	if err := c.complete(); err != nil {
		s.Log.ErrorContext(ctx, "nobody can pay", "why", err)
		return nil, problem(http.StatusServiceUnavailable, wire.CodeUnavailable, "The operator has not finished setting up payments; try again later.")
	}
	s.known = c
	return c, nil
}

// Setup makes products, prices, the meter and the portal at Stripe as the tier table has them. It
// may run any number of times: what is there is found by its name, and a price that has changed is
// replaced for new subscriptions. It returns what it did, a line each.
func (s *Service) Setup(ctx context.Context) ([]string, error) {
	if !s.On() {
		return nil, fmt.Errorf("billing is off; set stripe_key and stripe_webhook_secret")
	}
	var did []string
	say := func(format string, args ...any) { did = append(did, fmt.Sprintf(format, args...)) }
	for _, p := range []struct{ id, name string }{{productPro, "Sample Agent Pro"}, {productDeep, "Deep analysis"}} {
		made, err := s.product(ctx, p.id, p.name)
		if err != nil {
			return did, err
		}
		say("product %s: %s", p.id, made)
	}
	have, err := s.fetchCatalogue(ctx)
	if err != nil {
		return did, err
	}
	made := "there"
	if have.meter == "" {
		m, err := s.stripe.V1BillingMeters.Create(ctx, &stripe.BillingMeterCreateParams{DisplayName: stripe.String("Deep analyses"), EventName: stripe.String(meterName),
			DefaultAggregation: &stripe.BillingMeterCreateDefaultAggregationParams{Formula: stripe.String("sum")},
			CustomerMapping:    &stripe.BillingMeterCreateCustomerMappingParams{EventPayloadKey: stripe.String("stripe_customer_id"), Type: stripe.String("by_id")},
			ValueSettings:      &stripe.BillingMeterCreateValueSettingsParams{EventPayloadKey: stripe.String("value")}})
		if err != nil {
			return did, fmt.Errorf("make the meter: %w", err)
		}
		have.meter, made = m.ID, "made"
	}
	say("meter %s: %s", meterName, made)
	all, err := wantedPrices()
	if err != nil {
		return did, err
	}
	for _, w := range all {
		made, err := s.price(ctx, have, w)
		if err != nil {
			return did, err
		}
		say("price %s, %d cents: %s", w.key, w.cents, made)
	}
	made, err = s.setupPortal(ctx)
	if err != nil {
		return did, err
	}
	say("portal: %s", made)
	s.mu.Lock()
	s.known = nil
	s.mu.Unlock()
	return did, nil
}

func (s *Service) product(ctx context.Context, id, name string) (string, error) {
	_, err := s.stripe.V1Products.Retrieve(ctx, id, nil)
	if err == nil {
		return "there", nil
	}
	if !missing(err) {
		return "", fmt.Errorf("look for product %s: %w", id, err)
	}
	if _, err := s.stripe.V1Products.Create(ctx, &stripe.ProductCreateParams{ID: &id, Name: &name, Metadata: map[string]string{markKey: markValue}}); err != nil {
		return "", fmt.Errorf("make product %s: %w", id, err)
	}
	return "made", nil
}

func (s *Service) price(ctx context.Context, have *catalogue, w wanted) (string, error) {
	made := "made"
	if have.prices[w.key] != "" {
		if have.cents[w.key] == w.cents {
			return "there", nil
		}
		made = fmt.Sprintf("was %d cents, made anew for new subscriptions", have.cents[w.key])
	}
	p := &stripe.PriceCreateParams{Product: &w.product, Currency: stripe.String("usd"), UnitAmount: &w.cents, LookupKey: &w.key, TransferLookupKey: stripe.Bool(true),
		Recurring: &stripe.PriceCreateRecurringParams{Interval: &w.every}}
	if w.metered {
		p.Recurring.UsageType, p.Recurring.Meter = stripe.String("metered"), &have.meter
	}
	if _, err := s.stripe.V1Prices.Create(ctx, p); err != nil {
		return "", fmt.Errorf("make price %s: %w", w.key, err)
	}
	return made, nil
}

// setupPortal lets customers see bills, change their card and cancel at the end of what is paid.
// Going from months to years is our own page's: the portal cannot do it for plans with usage.
func (s *Service) setupPortal(ctx context.Context) (string, error) {
	yes := stripe.Bool(true)
	id, err := s.findPortal(ctx)
	if err != nil {
		return "", err
	}
	if id != "" {
		_, err := s.stripe.V1BillingPortalConfigurations.Update(ctx, id, &stripe.BillingPortalConfigurationUpdateParams{Features: &stripe.BillingPortalConfigurationUpdateFeaturesParams{
			InvoiceHistory:      &stripe.BillingPortalConfigurationUpdateFeaturesInvoiceHistoryParams{Enabled: yes},
			PaymentMethodUpdate: &stripe.BillingPortalConfigurationUpdateFeaturesPaymentMethodUpdateParams{Enabled: yes},
			SubscriptionCancel:  &stripe.BillingPortalConfigurationUpdateFeaturesSubscriptionCancelParams{Enabled: yes, Mode: stripe.String("at_period_end")},
		}})
		if err != nil {
			return "", fmt.Errorf("set the portal up: %w", err)
		}
		return "there", nil
	}
	_, err = s.stripe.V1BillingPortalConfigurations.Create(ctx, &stripe.BillingPortalConfigurationCreateParams{
		BusinessProfile:  &stripe.BillingPortalConfigurationCreateBusinessProfileParams{Headline: stripe.String("Sample Agent")},
		DefaultReturnURL: stripe.String(s.Public + "/account"), Metadata: map[string]string{markKey: markValue},
		Features: &stripe.BillingPortalConfigurationCreateFeaturesParams{
			CustomerUpdate:      &stripe.BillingPortalConfigurationCreateFeaturesCustomerUpdateParams{Enabled: yes, AllowedUpdates: stripe.StringSlice([]string{"address", "tax_id"})},
			InvoiceHistory:      &stripe.BillingPortalConfigurationCreateFeaturesInvoiceHistoryParams{Enabled: yes},
			PaymentMethodUpdate: &stripe.BillingPortalConfigurationCreateFeaturesPaymentMethodUpdateParams{Enabled: yes},
			SubscriptionCancel:  &stripe.BillingPortalConfigurationCreateFeaturesSubscriptionCancelParams{Enabled: yes, Mode: stripe.String("at_period_end")},
		}})
	if err != nil {
		return "", fmt.Errorf("make the portal: %w", err)
	}
	return "made", nil
}

// findPortal is the id of our portal's configuration; "" when there is none.
func (s *Service) findPortal(ctx context.Context) (string, error) {
	for c, err := range s.stripe.V1BillingPortalConfigurations.List(ctx, &stripe.BillingPortalConfigurationListParams{Active: stripe.Bool(true)}).All(ctx) {
		if err != nil {
			return "", fmt.Errorf("list portals: %w", err)
		}
		if c.Metadata[markKey] == markValue {
			return c.ID, nil
		}
	}
	return "", nil
}
