package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/api"
	"sampleagent/server/internal/quota"
	"sampleagent/sync/wire"
)

// keysData is the page of API keys.
type keysData struct {
	Keys   []wire.Key
	Fresh  *wire.Key // just made: the one time its secret is shown
	Wrong  string
	Name   string
	Chosen []string
	Days   int // until the new key ends; 0: never
	Usage  wire.Usage
	Limit  int64
	Scopes []struct{ Name, Allows string }
	Server string
	Now    time.Time
}

// Has says that a scope is ticked.
func (d keysData) Has(scope string) bool { return slices.Contains(d.Chosen, scope) }

// Dead says that a key can no longer be used.
func (d keysData) Dead(k wire.Key) bool {
	return k.RevokedAt != nil || k.ExpiresAt != nil && !k.ExpiresAt.After(d.Now)
}

func (p *pages) keys(w http.ResponseWriter, r *http.Request) {
	p.showKeys(w, r, http.StatusOK, keysData{Chosen: []string{account.ScopeRead}})
}

func (p *pages) showKeys(w http.ResponseWriter, r *http.Request, status int, d keysData) {
	ctx, who := r.Context(), api.Principal(r.Context())
	if who.Limits.APIRequests == 0 {
		p.fail(w, r, &wire.Problem{Status: http.StatusForbidden, Code: wire.CodeTier, Title: "API keys are part of pro",
			Detail: "With a key your own programs upload, search and export. The pro plan has 1,000 requests a day.", Upgrade: true})
		return
	}
	var err error
	if d.Keys, err = p.Accounts.Keys(ctx, who); err != nil {
		p.fail(w, r, err)
		return
	}
	d.Now = p.Accounts.Now()
	if d.Usage, err = quota.Usage(ctx, p.API.DB.Q, who.User, who.Limits, d.Now); err != nil {
		p.fail(w, r, err)
		return
	}
	d.Limit, d.Scopes, d.Server = who.Limits.APIRequests, account.Scopes, p.Tenants.Here(ctx).Address
	p.show(w, r, status, "keys", "API keys", d)
}

func (p *pages) keyMake(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.fail(w, r, &wire.Problem{Status: http.StatusBadRequest, Code: wire.CodeBadRequest, Title: "That form cannot be read"})
		return
	}
	d := keysData{Name: r.PostForm.Get("name"), Chosen: r.PostForm["scope"]}
	ask := wire.KeyRequest{Name: d.Name, Scopes: d.Chosen}
	if days, err := strconv.Atoi(r.PostForm.Get("days")); err == nil && days > 0 {
		d.Days = days
		ends := p.Accounts.Now().AddDate(0, 0, days)
		ask.ExpiresAt = &ends
	}
	fresh, err := p.Accounts.NewKey(r.Context(), api.Principal(r.Context()), ask, api.ClientIP(r.Context()))
	if err != nil {
		problem := p.asProblem(r.Context(), err)
		d.Wrong = problem.Detail
		p.showKeys(w, r, problem.Status, d)
		return
	}
	p.showKeys(w, r, http.StatusCreated, keysData{Fresh: fresh, Chosen: []string{account.ScopeRead}})
}

func (p *pages) keyRevoke(w http.ResponseWriter, r *http.Request) {
	if err := p.Accounts.RevokeKey(r.Context(), api.Principal(r.Context()), r.PathValue("id"), api.ClientIP(r.Context())); err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/account/keys?notice=key-revoked", http.StatusSeeOther)
}
