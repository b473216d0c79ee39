package web

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/api"
	"sampleagent/server/internal/billing"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// pricingData is the page of plans: for a visitor what there is, for somebody what would change.
type pricingData struct {
	Account *wire.Account // nil for a visitor
	Offers  []wire.Offer
	Meters  []meter
}

func (p *pages) pricing(w http.ResponseWriter, r *http.Request) {
	var data pricingData
	var err error
	if who := api.Principal(r.Context()); who != nil && who.KeyID == "" {
		if data.Account, err = p.API.Describe(r.Context()); err == nil {
			data.Offers, data.Meters = data.Account.Offers, meters(data.Account)
		}
	} else {
		var free plan.Limits
		if free, err = plan.For(plan.Free); err == nil {
			data.Offers, err = billing.Offers(p.Features(), free.In(p.Features()))
		}
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "pricing", "Plans", data)
}

// bought is where the payment page leads back to. The state is fetched now, so the new plan shows
// even before its message has come.
func (p *pages) bought(w http.ResponseWriter, r *http.Request) {
	who := api.Principal(r.Context())
	if err := p.API.Bills.Refresh(r.Context(), who.User); err != nil {
		p.Log.WarnContext(r.Context(), "plan not fetched after the payment; its message will come", "error", err)
	}
	details, err := p.freshAccount(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "done", "Thank you", details)
}

// freshAccount is the account as it is after a change that this request made.
func (p *pages) freshAccount(r *http.Request) (*wire.Account, error) {
	who := api.Principal(r.Context())
	u, err := p.API.DB.User(r.Context(), who.User.ID)
	if err != nil {
		return nil, err
	}
	who.User = u
	if who.Limits, err = p.Accounts.Limits(u); err != nil {
		return nil, err
	}
	return p.API.Describe(r.Context())
}

func (p *pages) yearForm(w http.ResponseWriter, r *http.Request) {
	s, err := p.API.Bills.Preview(r.Context(), api.Principal(r.Context()).User)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "year", "Pay by the year", s)
}

func (p *pages) billingChange(w http.ResponseWriter, r *http.Request) {
	ctx, u := r.Context(), api.Principal(r.Context()).User
	to := "/account"
	var err error
	switch r.PathValue("what") {
	case "checkout":
		to, err = p.API.Bills.Checkout(ctx, u, r.FormValue("every"))
	case "portal":
		to, err = p.API.Bills.Portal(ctx, u, "/account")
	case "cancel":
		to, err = "/account?notice=ending", p.API.Bills.Cancel(ctx, u)
	case "keep":
		to, err = "/account?notice=kept", p.API.Bills.KeepPlan(ctx, u)
	case "year":
		to, err = "/account?notice=yearly", p.API.Bills.GoYearly(ctx, u)
	default:
		err = notFound()
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *pages) sampleDeep(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if err := p.Jobs.Deep(r.Context(), api.Who(r.Context()), id); err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/samples/"+url.PathEscape(id)+"?notice=deep", http.StatusSeeOther)
}
