package web

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/api"
	"sampleagent/server/internal/cost"
	"sampleagent/server/internal/feature"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/tenant"
	"sampleagent/sync/wire"
)

var adminPages = []link{{Path: "/admin", Name: "Accounts"}, {Path: "/admin/cost", Name: "Cost and margin"}, {Path: "/admin/margin", Name: "Calculator"},
	{Path: "/admin/tenants", Name: "Tenants", Feature: plan.FeatureWhiteLabel}, {Path: "/admin/features", Name: "Features"}, {Path: "/admin/queue/", Name: "Queue"}}

// adminRoutes are for operators: what accounts are and use, never what is in them. No page here
// opens another's session or sound.
func (p *pages) adminRoutes(r chi.Router) {
	r.Group(func(r chi.Router) {
		r.Use(p.Operators)
		r.Get("/admin", p.adminUsers)
		r.Get("/admin/users/{id}", p.adminUser)
		r.Post("/admin/users/{id}/{what}", small(p.adminUserChange))
		r.Get("/admin/tenants", p.adminTenants)
		r.Post("/admin/users/{id}/tenant", p.adminTenantSet)
		r.Get("/admin/cost", p.adminCost)
		r.Get("/admin/cost.csv", p.adminCSV)
		r.Get("/admin/cost/{chart}.svg", p.adminChart)
		r.Post("/admin/cost/{what}", small(p.adminCostChange))
		r.Get("/admin/margin", p.adminMargin)
		r.Get("/admin/features", p.adminFeatures)
		r.Post("/admin/features", small(p.adminFeatureTurn))
	})
}

// operator is who acts, for the audit log.
func operator(r *http.Request) string { return "admin:" + api.Principal(r.Context()).User.Email }

type adminUsersData struct {
	Query string
	Users []store.User
	Now   time.Time
}

// Tier is what an account has now.
func (d adminUsersData) Tier(u store.User) plan.Tier { return u.EffectiveTier(d.Now) }

func (p *pages) adminUsers(w http.ResponseWriter, r *http.Request) {
	d := adminUsersData{Query: r.URL.Query().Get("q"), Now: p.Accounts.Now()}
	var err error
	if d.Users, err = p.API.DB.FindUsers(r.Context(), d.Query, 50); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "admin", "Accounts", d)
}

type adminUserData struct {
	User      *store.User
	Limits    plan.Limits
	Usage     wire.Usage
	Jobs      []wire.Job
	Audit     []store.Audit
	Contracts []store.Contract
	Tiers     []plan.Limits
	Tenant    *store.Tenant  // that it owns, nil for none
	Counts    bool           // its host leads here
	Tenants   []store.Tenant // that it may belong to
	Wrong     string
	Now       time.Time
}

func (p *pages) adminUser(w http.ResponseWriter, r *http.Request) { p.showUser(w, r, "") }

func (p *pages) showUser(w http.ResponseWriter, r *http.Request, wrong string) {
	ctx, id, status := r.Context(), chi.URLParam(r, "id"), http.StatusOK
	d := adminUserData{Wrong: wrong, Tiers: plan.Tiers(), Now: p.Accounts.Now()}
	var err error
	if d.User, err = p.API.DB.User(ctx, id); err == nil {
		d.Limits, err = p.Accounts.Limits(d.User)
	}
	var me *wire.Account
	if err == nil {
		if me, err = p.Accounts.Describe(ctx, &account.Principal{User: d.User, Limits: d.Limits}, false, false); err == nil {
			d.Usage = me.Usage
		}
	}
	if err == nil {
		var page wire.JobPage
		page, err = p.Jobs.Jobs(ctx, id, "", "", "", 20)
		d.Jobs = page.Items
	}
	if err == nil {
		d.Audit, err = p.API.DB.AuditLog(ctx, id, "", 30)
	}
	if err == nil {
		d.Contracts, err = p.API.DB.Contracts(ctx, id)
	}
	if err == nil {
		d.Tenants, err = p.API.DB.Tenants(ctx)
	}
	for i := range d.Tenants {
		if d.Tenants[i].OwnerID == id {
			d.Tenant, d.Counts = &d.Tenants[i], tenant.Counts(&d.Tenants[i], d.Now)
		}
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if wrong != "" {
		status = http.StatusUnprocessableEntity
	}
	p.show(w, r, status, "admin-user", d.User.Email, d)
}

func (p *pages) adminUserChange(w http.ResponseWriter, r *http.Request) {
	ctx, id, actor, reason := r.Context(), chi.URLParam(r, "id"), operator(r), strings.TrimSpace(r.FormValue("reason"))
	err := errors.New("say why, for the audit log")
	if reason != "" {
		switch chi.URLParam(r, "what") {
		case "tier":
			err = p.Accounts.SetTier(ctx, id, plan.Tier(r.FormValue("tier")), plan.Overrides{}, actor, reason)
		case "block":
			err = p.Accounts.Block(ctx, id, true, actor, reason)
		case "unblock":
			err = p.Accounts.Block(ctx, id, false, actor, reason)
		case "credit":
			var n int64
			if n, err = strconv.ParseInt(r.FormValue("uploads"), 10, 64); err == nil {
				err = p.Accounts.Credit(ctx, id, n, actor, reason)
			}
		case "contract":
			err = p.agree(r, id, actor, reason)
		case "tenant-remove":
			err = p.Tenants.Remove(ctx, id, actor, reason)
		case "tenant-join":
			err = p.Tenants.Join(ctx, id, r.FormValue("host"), actor, reason)
		case "end":
			err = p.Accounts.EndContract(ctx, id, r.FormValue("contract"), actor, reason)
		default:
			p.fail(w, r, notFound())
			return
		}
	}
	p.userChanged(w, r, err)
}

// userChanged answers a form of an account's page: the page again, with what was wrong.
func (p *pages) userChanged(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, store.ErrNotFound):
		p.fail(w, r, err)
	case err != nil:
		p.showUser(w, r, err.Error())
	default:
		http.Redirect(w, r, "/admin/users/"+chi.URLParam(r, "id")+"?notice=saved", http.StatusSeeOther)
	}
}

// agree reads the form of a contract: terms one a line, dates as days.
func (p *pages) agree(r *http.Request, id, actor, reason string) error {
	terms, err := plan.ParseTerms(strings.Fields(r.FormValue("terms")))
	if err != nil {
		return err
	}
	c := plan.Contract{Tier: plan.Enterprise, Terms: terms}
	for name, to := range map[string]*time.Time{"from": &c.From, "to": &c.To} {
		if text := r.FormValue(name); text != "" {
			if *to, err = time.Parse(time.DateOnly, text); err != nil {
				return fmt.Errorf("%q is not a day like 2026-12-31", text)
			}
		}
	}
	_, err = p.Accounts.Agree(r.Context(), id, c, actor, reason)
	return err
}

type adminCostData struct {
	Report  *cost.Report
	Prices  []cost.Price
	Budgets []store.Budget
	Emails  map[string]string
	Days    int
}

// span is the stretch of days that a page is about: the last 30 unless the address says otherwise.
func (p *pages) span(r *http.Request) (from, to time.Time, days int) {
	days, err := strconv.Atoi(r.URL.Query().Get("days"))
	if err != nil || days < 1 || days > 366 {
		days = 30
	}
	to = plan.Day(p.Accounts.Now()).End
	return to.AddDate(0, 0, -days), to, days
}

func (p *pages) adminCost(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	from, to, days := p.span(r)
	d := adminCostData{Days: days, Emails: map[string]string{}}
	var err error
	if d.Report, err = p.Cost.Over(ctx, from, to); err == nil {
		d.Prices, err = p.Cost.Prices(ctx)
	}
	if err == nil {
		d.Budgets, err = p.API.DB.Budgets(ctx)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	d.Report.Users = d.Report.Users[:min(20, len(d.Report.Users))]
	for _, l := range d.Report.Users {
		u, err := p.API.DB.User(ctx, l.UserID)
		if err == nil {
			d.Emails[l.UserID] = u.Email
		} else if !errors.Is(err, store.ErrNotFound) {
			p.fail(w, r, err)
			return
		}
	}
	p.show(w, r, http.StatusOK, "admin-cost", "Cost and margin", d)
}

// dollarText is micro-dollars as dollars, small amounts with more digits.
func dollarText(micro int64) string {
	d := float64(micro) / 1e6
	if d != 0 && d < 0.1 && d > -0.1 {
		return fmt.Sprintf("$%.4f", d)
	}
	return strings.Replace(fmt.Sprintf("$%.2f", d), "$-", "-$", 1)
}

// termsText is a contract's terms as they are typed.
func termsText(o plan.Overrides) (string, error) {
	b, err := json.Marshal(o)
	return strings.Trim(strings.NewReplacer(`"`, "", ",", " ", ":", "=").Replace(string(b)), "{}"), err
}

func (p *pages) adminCSV(w http.ResponseWriter, r *http.Request) {
	from, to, _ := p.span(r)
	rep, err := p.Cost.Over(r.Context(), from, to)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="cost.csv"`)
	c := csv.NewWriter(w)
	row := func(by, key string, l cost.Line) {
		n := func(v int64) string { return strconv.FormatInt(v, 10) }
		_ = c.Write([]string{by, key, n(l.StorageByteHours), n(l.WriteCalls), n(l.ReadCalls), n(l.ComputeMS), n(l.Storage), n(l.Requests), n(l.Compute), n(l.AI), n(l.Fee), n(l.Cost()), n(l.Revenue), n(l.Margin())}) // Flush tells
	}
	_ = c.Write([]string{"by", "key", "storage_byte_hours", "write_requests", "read_requests", "compute_ms", "storage_micro_usd", "requests_micro_usd", "compute_micro_usd", "ai_micro_usd", "fees_micro_usd", "cost_micro_usd", "revenue_micro_usd", "margin_micro_usd"}) // Flush tells
	row("total", from.Format(time.DateOnly)+"/"+to.Format(time.DateOnly), rep.Total)
	for _, l := range rep.Days {
		row("day", l.Day.Format(time.DateOnly), l)
	}
	for _, l := range rep.Tiers {
		row("tier", l.Tier, l)
	}
	for _, l := range rep.Models {
		row("model", l.Model, l)
	}
	for _, l := range rep.Users {
		row("user", l.UserID, l)
	}
	c.Flush()
	if err := c.Error(); err != nil {
		p.Log.DebugContext(r.Context(), "csv not written", "error", err)
	}
}

// adminChart draws a picture of the days; the same figures stand in a table beside it.
func (p *pages) adminChart(w http.ResponseWriter, r *http.Request) {
	from, to, _ := p.span(r)
	rep, err := p.Cost.Over(r.Context(), from, to)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	var svg bytes.Buffer
	look := lookOf(r.URL.Query().Get("theme"), r.URL.Query().Get("size"))
	switch chi.URLParam(r, "chart") {
	case "days":
		err = drawDays(&svg, rep, look)
	case "revenue":
		err = drawMoney(&svg, rep, look)
	default:
		err = notFound()
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(svg.Bytes()) // the browser has gone
}

func (p *pages) adminCostChange(w http.ResponseWriter, r *http.Request) {
	ctx, actor := r.Context(), operator(r)
	value, err := strconv.ParseFloat(r.FormValue("dollars"), 64)
	if err == nil {
		switch chi.URLParam(r, "what") {
		case "price":
			var from time.Time
			if from, err = time.Parse(time.DateOnly, r.FormValue("from")); err == nil {
				err = p.Cost.SetPrice(ctx, cost.Item(r.FormValue("item")), value, from, r.FormValue("source"), actor)
			}
		case "budget":
			err = p.Cost.SetBudget(ctx, r.FormValue("scope"), value, actor)
		default:
			p.fail(w, r, notFound())
			return
		}
	}
	if err != nil {
		p.fail(w, r, &wire.Problem{Status: http.StatusUnprocessableEntity, Code: wire.CodeInvalid, Title: "Not saved", Detail: err.Error()})
		return
	}
	http.Redirect(w, r, "/admin/cost?notice=saved", http.StatusSeeOther)
}

type adminMarginData struct {
	Ask cost.Assumptions
	Out *cost.Outcome
}

func (p *pages) adminMargin(w http.ResponseWriter, r *http.Request) {
	ask := cost.Assumed().Read(r.URL.Query())
	out, err := p.Cost.Calculate(r.Context(), ask)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "admin-margin", "Margin calculator", adminMarginData{ask, out})
}

func (p *pages) adminFeatures(w http.ResponseWriter, r *http.Request) {
	all, err := p.Switches.All(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "admin-features", "Features", struct{ All []feature.State }{all})
}

func (p *pages) adminFeatureTurn(w http.ResponseWriter, r *http.Request) {
	if err := p.Switches.Turn(r.Context(), r.FormValue("name"), r.FormValue("state"), operator(r), r.FormValue("reason")); err != nil {
		p.fail(w, r, &wire.Problem{Status: http.StatusUnprocessableEntity, Code: wire.CodeInvalid, Title: "Not switched", Detail: err.Error()})
		return
	}
	http.Redirect(w, r, "/admin/features?notice=saved", http.StatusSeeOther)
}
