package cost

import (
	"context"
	"math"
	"net/url"
	"strconv"
	"time"

	"sampleagent/server/internal/plan"
)

// customers fills who is here and who pays.
func (s *Service) customers(ctx context.Context, r *Report) error {
	var err error
	if r.Active, err = s.DB.ActiveUsers(ctx, s.Now().AddDate(0, 0, -30)); err != nil {
		return err
	}
	tiers, err := s.DB.UsersByTier(ctx)
	if err != nil {
		return err
	}
	r.Accounts = map[string]int64{}
	for t, n := range tiers {
		r.Accounts[string(t)] = n
	}
	paying, err := s.DB.PayingPlans(ctx)
	if err != nil {
		return err
	}
	pro, err := plan.For(plan.Pro)
	if err != nil {
		return err
	}
	r.Paying = paying["month"] + paying["year"]
	r.MRRMicro = paying["month"]*pro.MonthCents*10_000 + paying["year"]*pro.YearCents*10_000/12
	var freeCost, paidMargin int64
	for _, l := range r.Tiers {
		switch plan.Tier(l.Tier) {
		case plan.Free, plan.Trial:
			freeCost += l.Cost()
		default:
			paidMargin += l.Margin()
		}
	}
	if free := r.Accounts[string(plan.Free)]; free > 0 && freeCost > 0 && r.Paying > 0 && paidMargin > 0 {
		r.FreePerPaying = (float64(paidMargin) / float64(r.Paying)) / (float64(freeCost) / float64(free))
	}
	return nil
}

// Assumptions are what the calculator is told: a paying account's month, and how many free ones
// it carries. Everything here is assumed, nothing measured.
type Assumptions struct {
	PriceDollars float64 // of a month
	Yearly       bool    // paid once a year: one fee for twelve months
	StorageGB    float64
	Uploads      float64
	ReadsPer     float64 // reads of objects for each upload
	ComputeSecs  float64 // for each upload
	AIDollars    float64
	FreePer      float64 // free accounts for each paying one
	FreeUploads  float64
	FreeGB       float64
	FreeAI       float64
	FeePercent   float64
	FeeFixed     float64
}

// Assumed is what the calculator begins with: the plan's price, and a month of moderate use.
func Assumed() Assumptions {
	pro, err := plan.For(plan.Pro)
	if err != nil {
		pro.MonthCents = 0 // the table has pro; a test holds it to that
	}
	return Assumptions{PriceDollars: float64(pro.MonthCents) / 100, StorageGB: 2, Uploads: 200, ReadsPer: 5, ComputeSecs: 2, AIDollars: 0.5,
		FreePer: 20, FreeUploads: 20, FreeGB: 0.05, FreeAI: 0.01, FeePercent: 2.9, FeeFixed: 0.30}
}

// field joins a name in an address to a number.
func (a *Assumptions) fields() map[string]*float64 {
	return map[string]*float64{"price": &a.PriceDollars, "gb": &a.StorageGB, "uploads": &a.Uploads, "reads": &a.ReadsPer, "seconds": &a.ComputeSecs, "ai": &a.AIDollars,
		"free": &a.FreePer, "free_uploads": &a.FreeUploads, "free_gb": &a.FreeGB, "free_ai": &a.FreeAI, "percent": &a.FeePercent, "fixed": &a.FeeFixed}
}

// Read takes what an address says over what is assumed; what is no number from 0 stays.
func (a Assumptions) Read(q url.Values) Assumptions {
	for name, to := range a.fields() {
		if v, err := strconv.ParseFloat(q.Get(name), 64); err == nil && v >= 0 && v < 1e9 && !math.IsNaN(v) {
			*to = v
		}
	}
	a.Yearly = q.Get("yearly") == "on"
	return a
}

// Outcome is a month of one paying account, in dollars.
type Outcome struct {
	Price, Storage, Requests, Compute, AI, Fee, Cost float64
	FreeEach, FreeAll                                float64
	Margin                                           float64 // after the free accounts
	Alone                                            float64 // before them
	BreakEven                                        float64 // free accounts that one paying account carries
	BelowCost                                        bool
	Estimates                                        bool // a unit price in it is an estimate
}

// Calculate is what a plan earns under assumptions, at the unit prices of now.
func (s *Service) Calculate(ctx context.Context, a Assumptions) (*Outcome, error) {
	prices, err := s.Prices(ctx)
	if err != nil {
		return nil, err
	}
	return calculate(a, prices, s.Now()), nil
}

func calculate(a Assumptions, prices []Price, now time.Time) *Outcome {
	o := &Outcome{Price: a.PriceDollars}
	of := func(item Item) float64 {
		p := At(prices, item, now)
		o.Estimates = o.Estimates || p.Estimate
		return p.Dollars()
	}
	gb, write, read, second := of(Storage), of(Writes), of(Reads), of(Compute)
	// An upload writes the pending object and the sample.
	const writesPer = 2
	o.Storage, o.Compute, o.AI = a.StorageGB*gb, a.Uploads*a.ComputeSecs*second, a.AIDollars
	o.Requests = a.Uploads * (writesPer*write + a.ReadsPer*read)
	months := 1.0
	if a.Yearly {
		months = 12
	}
	if a.PriceDollars > 0 {
		o.Fee = a.PriceDollars*a.FeePercent/100 + a.FeeFixed/months
	}
	o.Cost = o.Storage + o.Requests + o.Compute + o.AI + o.Fee
	o.FreeEach = a.FreeGB*gb + a.FreeUploads*(writesPer*write+a.ReadsPer*read) + a.FreeUploads*a.ComputeSecs*second + a.FreeAI
	o.FreeAll = o.FreeEach * a.FreePer
	o.Alone = o.Price - o.Cost
	o.Margin = o.Alone - o.FreeAll
	if o.FreeEach > 0 {
		o.BreakEven = max(0, o.Alone/o.FreeEach)
	}
	o.BelowCost = o.Margin < 0
	return o
}
