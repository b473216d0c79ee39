package web

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"strconv"
	"time"

	"sampleagent/server/internal/api"
	"sampleagent/server/internal/billing"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

func (p *pages) landing(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, "landing", p.Tenants.Here(r.Context()).Name, nil)
}

// meter is how much of something is used.
type meter struct {
	Name, Used, Of string
	Share          int64 // percent
	Note           template.HTML
}

// meters are what an account has used of its plan.
func meters(a *wire.Account) []meter {
	m := []meter{count("Uploads", a.Usage.Uploads, a.Limits.Uploads)}
	if a.Limits.Uploads >= 0 {
		left := "none"
		if n := a.Limits.Uploads - a.Usage.Uploads; n > 0 {
			left = strconv.FormatInt(n, 10)
		}
		m[0].Note = template.HTML(left+" left until ") + when(a.Usage.UploadsResetAt) // safe: a word or a number
	}
	m = append(m, meter{Name: "Storage", Used: size(a.Usage.StorageBytes), Of: size(a.Limits.StorageBytes), Share: share(a.Usage.StorageBytes, a.Limits.StorageBytes)})
	if a.AI == "on" && a.Limits.AIMicroUSD > 0 {
		m = append(m, meter{Name: "AI, 30 days", Used: fmt.Sprintf("$%.2f", float64(a.Usage.AIMicroUSD)/1e6), Of: fmt.Sprintf("$%.2f", float64(a.Limits.AIMicroUSD)/1e6), Share: share(a.Usage.AIMicroUSD, a.Limits.AIMicroUSD)})
	}
	if d := a.Plan.Deep; d.Share > 0 && a.AI == "on" {
		deep := count("Deep analyses this month", d.Used, d.Share)
		if d.Billed > 0 {
			deep.Note = template.HTML(fmt.Sprintf("and %d beyond, %s on the next bill", d.Billed, dollars(d.Billed*d.PriceMicro/10_000))) // safe: numbers
		}
		m = append(m, deep)
	}
	if a.Limits.APIRequests != 0 {
		m = append(m, count("API requests today", a.Usage.APIRequests, a.Limits.APIRequests))
	}
	return m
}

func count(name string, used, limit int64) meter {
	m := meter{Name: name, Used: strconv.FormatInt(used, 10), Share: share(used, limit)}
	if limit >= 0 {
		m.Of = strconv.FormatInt(limit, 10)
	}
	return m
}

// accountData is the account page.
type accountData struct {
	Account     *wire.Account
	Meters      []meter
	Preferences *store.Preferences
	Bills       []wire.Invoice // the newest
	Ask         bool           // delete was pressed: ask once more
}

func (p *pages) account(w http.ResponseWriter, r *http.Request) {
	who := api.Principal(r.Context())
	details, err := p.API.Describe(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	prefs, err := p.API.DB.Preferences(r.Context(), who.User.ID)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	bills, err := p.API.DB.InvoicesOf(r.Context(), who.User.ID, 6)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	data := accountData{Account: details, Meters: meters(details), Preferences: prefs, Ask: r.URL.Query().Has("delete")}
	for i := range bills {
		data.Bills = append(data.Bills, billing.WireInvoice(&bills[i]))
	}
	p.show(w, r, http.StatusOK, "account", "Account", data)
}

// securityData is where somebody is signed in, and what happened to the account.
type securityData struct {
	Sessions []wire.Session
	Log      []store.Audit
	Older    string
}

func (p *pages) security(w http.ResponseWriter, r *http.Request) {
	const most = 25
	who := api.Principal(r.Context())
	sessions, err := p.Accounts.Sessions(r.Context(), who)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	for i := range sessions {
		sessions[i].Device = browser(sessions[i].Device)
	}
	log, err := p.API.DB.AuditLog(r.Context(), who.User.ID, r.URL.Query().Get("before"), most+1)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	data := securityData{Sessions: sessions, Log: log[:min(len(log), most)]}
	if len(log) > most {
		data.Older = log[most-1].ID
	}
	p.show(w, r, http.StatusOK, "security", "Security", data)
}

// toldData is what the account was told of, and which of it by mail.
type toldData struct {
	Told   []told
	Older  int64
	Notify wire.Notify
}

// told is one notification.
type told struct {
	Text, More, Link string
	At               time.Time
}

// toldKinds are the events that somebody wants to read of; the others only move pages.
var toldKinds = []string{wire.EventSampleProcessed, wire.EventSampleFailed, wire.EventSampleExpiring, wire.EventQuota, wire.EventExportReady}

func (p *pages) notifications(w http.ResponseWriter, r *http.Request) {
	const most = 30
	u := api.Principal(r.Context()).User
	before, err := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	if err != nil {
		before = math.MaxInt64
	}
	rows, err := p.API.DB.EventsOf(r.Context(), u.ID, toldKinds, before, most+1)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	data := toldData{Notify: wire.Notify{Processed: u.NotifyProcessed, Failed: u.NotifyFailed, Expiring: u.NotifyExpiring, Quota: u.NotifyQuota}}
	for i, e := range rows {
		if i == most {
			data.Older = rows[most-1].Seq
			break
		}
		d := e.Data.V
		t := told{Text: named(eventNames, e.Kind), More: d.Name, At: e.CreatedAt.Time()}
		switch {
		case d.SampleID != "":
			t.Link = "/samples/" + d.SampleID
		case d.JobID != "":
			t.Link = "/jobs/" + d.JobID
		case e.Kind == wire.EventQuota:
			t.Link = "/account"
		}
		data.Told = append(data.Told, t)
	}
	p.show(w, r, http.StatusOK, "notifications", "Notifications", data)
}

func (p *pages) accountChange(w http.ResponseWriter, r *http.Request) {
	ctx, who, ip := r.Context(), api.Principal(r.Context()), api.ClientIP(r.Context())
	notice, back := "saved", "/account"
	on := func(name string) *bool { v := r.FormValue(name) == "on"; return &v }
	var err error
	switch r.PathValue("what") {
	case "notify":
		back = "/account/notifications"
		err = p.Accounts.Change(ctx, who, wire.AccountPatch{Notify: &wire.NotifyPatch{
			Processed: on("processed"), Failed: on("failed"), Expiring: on("expiring"), Quota: on("quota")}})
	case "preferences":
		err = p.API.DB.Write(ctx, func(tx *store.Tx) error {
			prefs, err := tx.Preferences(ctx, who.User.ID)
			if err != nil {
				return err
			}
			prefs.AutoVibe, prefs.BatchAutoAnalyze = *on("vibe"), *on("batch")
			return tx.SavePreferences(ctx, prefs, p.Accounts.Now())
		})
	case "revoke":
		notice, back = "revoked", "/account/security"
		err = p.Accounts.Revoke(ctx, who, r.FormValue("session"), ip)
	case "revoke-others":
		notice, back = "others", "/account/security"
		err = p.Accounts.RevokeOthers(ctx, who, ip)
	case "trial":
		notice = "trial"
		err = p.Accounts.StartTrial(ctx, who, ip)
	case "delete":
		if r.FormValue("email") != who.User.Email {
			http.Redirect(w, r, "/account?delete", http.StatusSeeOther)
			return
		}
		if err = p.Accounts.Delete(ctx, who.User.ID, "user:"+who.User.ID, ip); err == nil {
			http.Redirect(w, r, "/?notice=deleted-account", http.StatusSeeOther)
			return
		}
	default:
		err = notFound()
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, back+"?notice="+notice, http.StatusSeeOther)
}
