package web

import (
	"net/http"

	"sampleagent/server/internal/api"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

func (p *pages) landing(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, "landing", "Sample Agent", p.offers())
}

func (p *pages) pricing(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, "pricing", "Plans", p.offers())
}

// offer is a tier as a visitor reads it.
type offer struct {
	Name   string
	Limits plan.Limits
	Month  int
	Year   int
	From   bool // by contract, from Month on
	Soon   string
}

// offers are the tiers that this server offers.
func (p *pages) offers() []offer {
	var out []offer
	on := p.Features()
	for _, l := range plan.Tiers() {
		if l.Tier == plan.Trial || !on.On(plan.FeaturePro) && l.Tier != plan.Free {
			continue
		}
		l = l.In(on)
		o := offer{Name: string(l.Tier), Limits: l, Month: int(l.MonthCents), Year: int(l.YearCents), From: l.Contact}
		switch {
		case l.Promise.Hours() >= 1:
			o.Soon = "within 12 to 24 hours"
		case l.Promise.Minutes() > 1:
			o.Soon = "normally under 5 minutes"
		default:
			o.Soon = "normally under 1 minute"
		}
		out = append(out, o)
	}
	return out
}

// accountData is the account page.
type accountData struct {
	Account  *wire.Account
	Sessions []wire.Session
	Ask      bool // delete was pressed: ask once more
}

func (p *pages) account(w http.ResponseWriter, r *http.Request) {
	who := api.Principal(r.Context())
	details, err := p.Accounts.Describe(r.Context(), who, p.API.AI, p.API.Billing)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	sessions, err := p.Accounts.Sessions(r.Context(), who)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "account", "Account", accountData{details, sessions, r.URL.Query().Has("delete")})
}

func (p *pages) accountChange(w http.ResponseWriter, r *http.Request) {
	ctx, who, ip := r.Context(), api.Principal(r.Context()), api.ClientIP(r.Context())
	notice := "saved"
	var err error
	switch r.PathValue("what") {
	case "notify":
		on := func(name string) *bool { v := r.FormValue(name) == "on"; return &v }
		err = p.Accounts.Change(ctx, who, wire.AccountPatch{Notify: &wire.NotifyPatch{
			Processed: on("processed"), Failed: on("failed"), Expiring: on("expiring"), Quota: on("quota")}})
	case "revoke":
		notice = "revoked"
		err = p.Accounts.Revoke(ctx, who, r.FormValue("session"), ip)
	case "trial":
		notice = "trial"
		err = p.Accounts.StartTrial(ctx, who, ip)
	case "delete":
		if r.FormValue("email") != who.User.Email {
			http.Redirect(w, r, "/account?delete", http.StatusSeeOther)
			return
		}
		if err = p.Accounts.Delete(ctx, who.User.ID, "user:"+who.User.ID, ip); err == nil {
			http.Redirect(w, r, "/?notice=signed-out", http.StatusSeeOther)
			return
		}
	default:
		err = notFound()
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/account?notice="+notice, http.StatusSeeOther)
}
