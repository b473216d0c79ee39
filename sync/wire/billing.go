package wire

import "time"

// CheckoutRequest asks for the address of the payment page for pro.
type CheckoutRequest struct {
	Every string `json:"every" enum:"month,year" doc:"how often pro is paid"`
}

// BillingLink is a page of the payment provider, for a browser.
type BillingLink struct {
	URL string `json:"url"`
}

// Plan is what an account pays.
type Plan struct {
	Every    string     `json:"every" enum:",month,year" doc:"empty: nothing is paid"`
	RenewsAt *time.Time `json:"renews_at"`
	EndsAt   *time.Time `json:"ends_at" doc:"cancelled: the plan lasts until then"`
	Unpaid   *Invoice   `json:"unpaid" doc:"a bill whose payment failed"`
	Manage   bool       `json:"manage" doc:"POST /api/billing/portal leads to bills and card"`
	Deep     DeepUse    `json:"deep"`
}

// DeepUse is what of the plan's deep analyses is used in this billing month.
type DeepUse struct {
	Share      int64 `json:"share"`
	Used       int64 `json:"used"`
	Billed     int64 `json:"billed" doc:"beyond the share, at price_micro_usd each"`
	PriceMicro int64 `json:"price_micro_usd"`
}

// Invoice is a bill.
type Invoice struct {
	ID        string    `json:"id"`
	Number    string    `json:"number"`
	Status    string    `json:"status" enum:"open,paid,void,uncollectible"`
	Cents     int64     `json:"total_cents"`
	Currency  string    `json:"currency"`
	CreatedAt time.Time `json:"created_at"`
	URL       string    `json:"url"`
	PDF       string    `json:"pdf"`
}

// Offer is a plan that an account could have.
type Offer struct {
	Tier       string    `json:"tier" enum:"free,pro,enterprise"`
	MonthCents int64     `json:"month_cents"`
	YearCents  int64     `json:"year_cents" doc:"0: not offered"`
	ByContract bool      `json:"by_contract" doc:"month_cents is the least; write to the operator"`
	Features   []Feature `json:"features"`
	Current    bool      `json:"current"`
	Checkout   bool      `json:"checkout" doc:"POST /api/billing/checkout leads to its payment page"`
	Why        string    `json:"why" doc:"why it cannot be bought here and now"`
}

// Feature is one thing that a plan gives, in words, and whether it is more than the account has.
type Feature struct {
	Name  string `json:"name"`
	Value string `json:"value" doc:"empty: the plan does not have it"`
	Now   string `json:"now" doc:"what the account has"`
	More  bool   `json:"more"`
	Less  bool   `json:"less"`
}

// DeepOffer is what a deep analysis of a sample costs, before a user asks for one.
type DeepOffer struct {
	Possible   bool      `json:"possible"`
	Why        string    `json:"why" doc:"why not"`
	Upgrade    bool      `json:"upgrade" doc:"a larger plan has it"`
	Share      int64     `json:"share"`
	Left       int64     `json:"left" doc:"of the share until reset_at"`
	PriceMicro int64     `json:"price_micro_usd" doc:"0: of the share"`
	ResetAt    time.Time `json:"reset_at"`
	State      string    `json:"state" enum:",asked,done,failed" doc:"of the last one"`
	Reason     string    `json:"reason" doc:"of a failure"`
}
