// Package cost says what the service costs and earns: unit prices with their date and source,
// usage as it was measured, revenue as it was paid, and what follows: cost by user, tier, model
// and day, margin, break-even, budgets.
//
// Every figure is measured or marked as an estimate. The package must never change what an
// account may do, and never ask a payment provider.
package cost

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sampleagent/server/internal/store"
)

// Item is something that has a unit price.
type Item string

// The items.
const (
	Storage Item = "storage_gb_month"  // a GB (1024^3 bytes) kept for 30 days
	Writes  Item = "write_requests"    // one request that writes or lists objects (class A)
	Reads   Item = "read_requests"     // one request that reads an object (class B)
	Compute Item = "compute_second"    // one second of a worker
	Percent Item = "fee_percent"       // of a payment, in percent
	Fixed   Item = "fee_fixed_payment" // of each payment
)

// Pico is a micro-dollar's millionth: the unit of prices.
const Pico = 1_000_000

// Price is a price in force.
type Price struct {
	Item     Item
	Pico     int64 // for one unit; of Percent: millionths of a percent
	From     time.Time
	Source   string
	Actor    string
	Estimate bool // nobody has confirmed it: it came with the program
}

// Dollars is the price in dollars, or percent.
func (p Price) Dollars() float64 {
	if p.Item == Percent {
		return float64(p.Pico) / 1e6
	}
	return float64(p.Pico) / 1e12
}

// defaults came with the program. They are list prices as the acceptance table remembers them
// (B26, B27), so they count as estimates until an operator writes what is really paid.
var defaults = []Price{
	{Item: Storage, Pico: 15_000 * Pico, Source: "R2 list price $0.015 a GB-month, from memory; verify"},
	{Item: Writes, Pico: 4_500_000, Source: "R2 class A $4.50 a million, from memory (B27); verify"},
	{Item: Reads, Pico: 360_000, Source: "R2 class B $0.36 a million, from memory (B27); verify"},
	{Item: Compute, Pico: 4 * Pico, Source: "a small cloud machine at about $10 a month, from memory; verify"},
	{Item: Percent, Pico: 2_900_000, Source: "2.9 % of a card payment (B26), from memory; verify"},
	{Item: Fixed, Pico: 300_000 * Pico, Source: "$0.30 of a card payment (B26), from memory; verify"},
}

// Mailer tells operators.
type Mailer interface {
	Budget(ctx context.Context, tx *store.Tx, to, text string) error
}

// Service measures and reports.
type Service struct {
	DB     *store.DB
	Mail   Mailer
	Admins []string
	Now    func() time.Time
}

// Prices are all prices, each item's oldest first.
func (s *Service) Prices(ctx context.Context) ([]Price, error) {
	rows, err := s.DB.UnitPrices(ctx)
	if err != nil {
		return nil, err
	}
	var all []Price
	for _, d := range defaults {
		d.Estimate = true
		all = append(all, d)
		for _, r := range rows {
			if r.Item == string(d.Item) {
				all = append(all, Price{Item: d.Item, Pico: r.PricePico, From: r.FromAt.Time(), Source: r.Source, Actor: r.Actor})
			}
		}
	}
	return all, nil
}

// At is the price of an item at a time.
func At(all []Price, item Item, at time.Time) Price {
	var now Price
	for _, p := range all {
		if p.Item == item && !p.From.After(at) {
			now = p
		}
	}
	return now
}

// SetPrice writes a price that holds from a time on. dollars is for one unit, or percent.
func (s *Service) SetPrice(ctx context.Context, item Item, dollars float64, from time.Time, source, actor string) error {
	if !slices.ContainsFunc(defaults, func(p Price) bool { return p.Item == item }) {
		return fmt.Errorf("no item is called %q", item)
	}
	scale := 1e12
	if item == Percent {
		scale = 1e6
	}
	if dollars < 0 || dollars > 1e6 {
		return fmt.Errorf("%g is not a price", dollars)
	}
	if strings.TrimSpace(source) == "" {
		return fmt.Errorf("say where the price of %s comes from", item)
	}
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.AddUnitPrice(ctx, &store.UnitPrice{ID: store.NewID(), Item: string(item), PricePico: int64(dollars*scale + 0.5), FromAt: store.At(from), Source: source, Actor: actor, CreatedAt: store.At(now)}); err != nil {
			return err
		}
		return tx.AddAudit(ctx, &store.Audit{Actor: actor, Action: "price.set", Subject: string(item), CreatedAt: store.At(now),
			Detail: store.JSON[map[string]string]{V: map[string]string{"price": fmt.Sprint(dollars), "source": source, "from": from.UTC().Format(time.DateOnly)}}})
	})
}

// Line is what one account, or all, cost and paid in a stretch of time; in micro-dollars.
type Line struct {
	Day                                 time.Time // of Report.Days
	UserID, Tier, Model                 string
	StorageByteHours                    int64
	WriteCalls, ReadCalls, ComputeMS    int64
	Storage, Requests, Compute, AI, Fee int64
	Revenue                             int64 // refunds taken off
}

// Cost is all that it cost.
func (l Line) Cost() int64 { return l.Storage + l.Requests + l.Compute + l.AI + l.Fee }

// Margin is what is left.
func (l Line) Margin() int64 { return l.Revenue - l.Cost() }

func (l *Line) add(o Line) {
	l.StorageByteHours += o.StorageByteHours
	l.WriteCalls += o.WriteCalls
	l.ReadCalls += o.ReadCalls
	l.ComputeMS += o.ComputeMS
	l.Storage += o.Storage
	l.Requests += o.Requests
	l.Compute += o.Compute
	l.AI += o.AI
	l.Fee += o.Fee
	l.Revenue += o.Revenue
}

// Report is a stretch of days.
type Report struct {
	From, To  time.Time
	Total     Line
	Days      []Line // one for each day
	Tiers     []Line
	Users     []Line // the dearest first
	Models    []Line // AI only
	Estimates []Price
	Active    int64 // accounts that were here in the last 30 days
	Accounts  map[string]int64
	MRRMicro  int64 // paid subscriptions, a year as twelve months
	Paying    int64
	// FreePerPaying is how many free accounts the margin of one paying account carries at the
	// measured cost of each; below 0: not known, since one of them has no cost or no revenue.
	FreePerPaying float64
}

const day = 24 * time.Hour

// picoOf is amount units at a price, in micro-dollars, rounded.
func picoOf(amount int64, p Price) int64 {
	return int64(float64(amount)*float64(p.Pico)/Pico + 0.5)
}

// Over reports the UTC days [from, to).
func (s *Service) Over(ctx context.Context, from, to time.Time) (*Report, error) {
	from, to = from.UTC().Truncate(day), to.UTC().Truncate(day)
	prices, err := s.Prices(ctx)
	if err != nil {
		return nil, err
	}
	r := &Report{From: from, To: to, FreePerPaying: -1}
	lines, err := s.lines(ctx, prices, from, to)
	if err != nil {
		return nil, err
	}
	days, tiers, users, models := map[int64]*Line{}, map[string]*Line{}, map[string]*Line{}, map[string]*Line{}
	for d := from; d.Before(to); d = d.Add(day) {
		days[d.Unix()] = &Line{Day: d}
	}
	for _, l := range lines {
		r.Total.add(l)
		if d := days[l.Day.Unix()]; d != nil {
			d.add(l)
		}
		into(tiers, l.Tier, l, func(x *Line) { x.Tier = l.Tier })
		into(users, l.UserID, l, func(x *Line) { x.UserID, x.Tier = l.UserID, l.Tier })
		if l.Model != "" {
			into(models, l.Model, l, func(x *Line) { x.Model = l.Model })
		}
	}
	r.Days, r.Tiers, r.Users, r.Models = flat(days), flat(tiers), flat(users), flat(models)
	slices.SortFunc(r.Days, func(a, b Line) int { return a.Day.Compare(b.Day) })
	slices.SortFunc(r.Tiers, func(a, b Line) int { return strings.Compare(a.Tier, b.Tier) })
	dearest := func(a, b Line) int { return int(min(max(b.Cost()-a.Cost(), -1), 1)) }
	slices.SortFunc(r.Users, dearest)
	slices.SortFunc(r.Models, dearest)
	for _, d := range defaults {
		if p := At(prices, d.Item, to); p.Estimate {
			r.Estimates = append(r.Estimates, p)
		}
	}
	return r, s.customers(ctx, r)
}

func into(all map[string]*Line, key string, l Line, name func(*Line)) {
	if all[key] == nil {
		all[key] = &Line{}
		name(all[key])
	}
	all[key].add(l)
}

func flat[K comparable](all map[K]*Line) []Line {
	out := make([]Line, 0, len(all))
	for _, l := range all {
		out = append(out, *l)
	}
	return out
}

// lines are the measured rows with their cost, each of one day and account.
func (s *Service) lines(ctx context.Context, prices []Price, from, to time.Time) ([]Line, error) {
	var out []Line
	used, err := s.DB.UsedDays(ctx, from.Unix()/86400, to.Unix()/86400)
	if err != nil {
		return nil, err
	}
	at := func(d int64) time.Time { return time.Unix(d*86400, 0).UTC() }
	for _, u := range used {
		l := Line{Day: at(u.Day), UserID: u.UserID, Tier: u.Tier}
		switch u.Kind {
		case KindStorage:
			l.StorageByteHours = u.Amount
			// A GB-month is 1024^3 bytes for 720 hours.
			l.Storage = int64(float64(u.Amount)/(1<<30)/720*float64(At(prices, Storage, l.Day).Pico)/Pico + 0.5)
		case KindWrites:
			l.WriteCalls, l.Requests = u.Amount, picoOf(u.Amount, At(prices, Writes, l.Day))
		case KindReads:
			l.ReadCalls, l.Requests = u.Amount, picoOf(u.Amount, At(prices, Reads, l.Day))
		}
		out = append(out, l)
	}
	work, err := s.DB.WorkDays(ctx, from, to)
	if err != nil {
		return nil, err
	}
	for _, w := range work {
		l := Line{Day: at(w.Day), UserID: w.UserID, Tier: w.Tier, ComputeMS: w.MS}
		l.Compute = int64(float64(w.MS)/1000*float64(At(prices, Compute, l.Day).Pico)/Pico + 0.5)
		out = append(out, l)
	}
	spend, err := s.DB.SpendDays(ctx, from, to)
	if err != nil {
		return nil, err
	}
	for _, w := range spend {
		out = append(out, Line{Day: at(w.Day), UserID: w.UserID, Tier: w.Tier, Model: w.Model, AI: w.Micro})
	}
	paid, err := s.DB.Payments(ctx, from, to)
	if err != nil {
		return nil, err
	}
	for _, p := range paid {
		tier, err := s.DB.TierOf(ctx, p.UserID)
		if err != nil {
			return nil, err
		}
		if tier == "" {
			tier = "deleted"
		}
		// Fees are those that the payment provider took, to the cent.
		out = append(out, Line{Day: p.CreatedAt.Time().Truncate(day), UserID: p.UserID, Tier: tier, Revenue: p.GrossCents * 10_000, Fee: p.FeeCents * 10_000})
	}
	return out, nil
}
