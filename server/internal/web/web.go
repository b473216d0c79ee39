// Package web is what a browser sees: pages made on the server from the same use cases as the
// API. Every page works without JavaScript; three small scripts of ours add upload progress,
// regions that update themselves and a waveform.
//
// HTMX and Alpine were asked for and are not here: third-party code is not copied into the
// repository, and no Go module or Debian package that is served carries their files. What they
// would do is morph() and live in static/app.js.
//
// It holds no rule of its own and no SQL.
package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/api"
	"sampleagent/server/internal/cost"
	"sampleagent/server/internal/feature"
	"sampleagent/server/internal/job"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/tenant"
	"sampleagent/sync/wire"
)

//go:embed templates/*.html static/*
var files embed.FS

// Options are what the pages show and call.
type Options struct {
	API        *api.API
	Accounts   *account.Service
	Jobs       *job.Service
	Log        *slog.Logger
	Features   func() plan.Features            // that are on
	Operators  func(http.Handler) http.Handler // lets nobody else in: 404
	Cost       *cost.Service
	Switches   *feature.Switches
	Tenants    *tenant.Service
	Production bool   // strangers can reach us: cookies over https only
	MediaHost  string // origin of signed links when objects are elsewhere, "" for here
	Outbox     string // folder of mails when there is no mail server, "" otherwise; shown on loopback only
	Outside    Outside
	OutsideAs  string // what the button for it says; "" without one
}

// Outside is a sign-in at another service.
type Outside interface {
	// Begin is the address the browser is sent to, and what Finish must be given back.
	Begin(ctx context.Context) (address, memory string, err error)
	// Finish reads the answer that the service sent the browser back with.
	Finish(ctx context.Context, answer url.Values, memory string) (account.Outside, error)
}

type pages struct {
	Options
	templates map[string]*template.Template
}

// Mount adds the pages to a router whose middleware holds api.Authenticate.
func Mount(r chi.Router, o Options) error {
	p := &pages{Options: o, templates: map[string]*template.Template{}}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return err
	}
	assets, err := versions()
	if err != nil {
		return err
	}
	funcs := template.FuncMap{"asset": func(name string) string { return assets[name] }}
	for _, name := range names {
		if name == "templates/layout.html" {
			continue
		}
		t, err := template.New("layout.html").Funcs(helpers).Funcs(funcs).ParseFS(files, "templates/layout.html", name)
		if err != nil {
			return fmt.Errorf("page %s: %w", name, err)
		}
		p.templates[strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".html")] = t
	}
	o.API.Page = p.refuse
	static, err := fs.Sub(files, "static")
	if err != nil {
		return err
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r.Method(method, "/static/*", http.StripPrefix("/static/", cached(http.FileServerFS(static))))
	}
	r.Get("/static/", func(w http.ResponseWriter, r *http.Request) { p.fail(w, r, notFound()) }) // no list of them
	r.Get("/", p.landing)
	r.Get("/pricing", p.pricing)
	r.Get("/signin", p.signInForm)
	r.Post("/signin", small(p.signInMail))
	r.Post("/signin/code", small(p.signInCode))
	r.Get("/auth/link", p.linkForm)
	r.Post("/auth/link", small(p.linkUse))
	r.Get(wire.PathAuthorize, p.authorizeForm)
	r.Post(wire.PathAuthorize, small(p.authorizeAnswer))
	r.Get("/unsubscribe/{token}", p.unsubscribeForm)
	r.Get("/outbox", p.outbox)
	if o.OutsideAs != "" {
		r.Get("/auth/oidc", p.outsideBegin)
		r.Get("/auth/oidc/callback", p.outsideEnd)
	}
	r.Group(func(r chi.Router) {
		r.Use(p.signedInOnly)
		r.Post("/signout", p.signOut)
		r.Get("/upload", p.uploadForm)
		r.Post("/upload", p.upload)
		r.Get("/jobs", p.jobs)
		r.Get("/jobs/{id}", p.job)
		r.Post("/jobs/{id}/{what}", p.jobChange)
		r.Get("/samples", p.samples)
		r.Get("/samples/{id}", p.sample)
		r.Post("/samples/{id}/delete", p.sampleDelete)
		r.With(p.behind(plan.FeatureLarge)).Post("/samples/{id}/deep", p.sampleDeep)
		r.Get("/billing/done", p.bought)
		r.Get("/billing/year", p.yearForm)
		r.Post("/billing/{what}", small(p.billingChange))
		r.Get("/account", p.account)
		r.Get("/account/security", p.security)
		r.Get("/account/notifications", p.notifications)
		r.Get("/account/webhooks", p.hooks)
		r.Post("/account/webhooks", small(p.hookAdd))
		r.Get("/account/webhooks/{id}", p.hook)
		r.Post("/account/webhooks/{id}/{what}", small(p.hookChange))
		r.Post("/account/{what}", small(p.accountChange))
		r.Group(func(r chi.Router) {
			r.Use(p.behind(plan.FeatureExport))
			r.Get("/exports", p.exports)
			r.Post("/exports", small(p.exportMake))
			r.Get("/exports/{id}", p.export)
			r.Get("/exports/{id}/download", p.exportDownload)
			r.Post("/exports/{id}/{what}", small(p.exportChange))
		})
		r.Group(func(r chi.Router) {
			r.Use(p.behind(plan.FeatureKeys))
			r.Get("/account/keys", p.keys)
			r.Post("/account/keys", small(p.keyMake))
			r.Post("/account/keys/{id}/revoke", small(p.keyRevoke))
		})
	})
	p.adminRoutes(r)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			p.API.Refuse(w, r, notFound())
			return
		}
		p.fail(w, r, notFound())
	})
	return nil
}

func notFound() error {
	return &wire.Problem{Status: http.StatusNotFound, Code: wire.CodeNotFound, Title: "Not found", Detail: "There is no such page, or it is not yours."}
}

// maxForm is the largest form that is no upload, bytes.
const maxForm = 16 << 10

var crossOrigin = http.NewCrossOriginProtection()

// small bounds what a handler reads of a form, and refuses one that another site's page sent:
// it would sign its visitor in as somebody else.
func small(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if crossOrigin.Check(r) != nil {
			http.Error(w, "This form does not come from our own pages.", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next(w, r)
	}
}

// versions are the addresses of our files, with a part that changes when the file does: an old
// script never meets a new page.
func versions() (map[string]string, error) {
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, e := range entries {
		b, err := fs.ReadFile(files, "static/"+e.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		all[e.Name()] = "/static/" + e.Name() + "?v=" + hex.EncodeToString(sum[:6])
	}
	return all, nil
}

// cached lets browsers keep our files; see versions.
func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		next.ServeHTTP(w, r)
	})
}

// view is what every page is drawn from.
type view struct {
	Title   string
	Path    string
	Brand   *tenant.Brand      // in whose name
	User    *account.Principal // nil for nobody
	Billing bool
	AI      bool
	Outbox  bool
	Notice  string
	Nav     []link // of somebody who is signed in
	Tabs    []link // of the account's pages
	Data    any
}

// link is an entry of a list of pages.
type link struct {
	Path, Name string
	Here       bool         // it is, or leads to, the page that is shown
	Feature    plan.Feature // that must be on, "" for none
}

var (
	mainPages = []link{{Path: "/upload", Name: "Upload"}, {Path: "/jobs", Name: "Jobs"}, {Path: "/samples", Name: "Samples"},
		{Path: "/exports", Name: "Exports", Feature: plan.FeatureExport}, {Path: "/account", Name: "Account"}}
	accountPages = []link{{Path: "/account", Name: "Overview"}, {Path: "/account/notifications", Name: "Notifications"},
		{Path: "/account/webhooks", Name: "Webhooks"}, {Path: "/account/keys", Name: "API keys", Feature: plan.FeatureKeys}, {Path: "/account/security", Name: "Security"}}
)

// at lists those of some links whose feature is on, and marks the longest that path is or lies
// below.
func (p *pages) at(links []link, path string) []link {
	out := slices.DeleteFunc(slices.Clone(links), func(l link) bool { return l.Feature != "" && !p.Features().On(l.Feature) })
	best := -1
	for i, l := range out {
		if (path == l.Path || strings.HasPrefix(path, l.Path+"/")) && (best < 0 || len(l.Path) > len(out[best].Path)) {
			best = i
		}
	}
	if best >= 0 {
		out[best].Here = true
	}
	return out
}

// show draws a page.
func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) {
	v := view{Title: title, Path: r.URL.Path, Brand: p.Tenants.Here(r.Context()), User: api.Principal(r.Context()), Billing: p.API.Bills.On() && p.Features().On(plan.FeatureBilling), AI: p.API.AI && p.Features().On(plan.FeatureAI),
		Outbox: p.hasOutbox(r), Notice: notices[r.URL.Query().Get("notice")], Data: data}
	if v.User != nil {
		v.Nav = p.at(mainPages, v.Path)
		if v.Brand.Own() && p.Accounts.IsAdmin(v.User.User) {
			v.Nav = append(v.Nav, link{Path: "/admin", Name: "Operator", Here: v.Path == "/admin" || strings.HasPrefix(v.Path, "/admin/")})
		}
		if strings.HasPrefix(v.Path, "/admin") {
			v.Tabs = p.at(adminPages, v.Path)
		}
		if v.Path == "/account" || strings.HasPrefix(v.Path, "/account/") {
			v.Tabs = p.at(accountPages, v.Path)
		}
	}
	var page bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&page, "layout.html", v); err != nil {
		p.Log.ErrorContext(r.Context(), "page not drawn", "page", name, "error", err)
		http.Error(w, "This page could not be drawn.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	media := "'self'"
	if p.MediaHost != "" {
		media += " " + p.MediaHost
	}
	pay := ""
	if p.API.Bills.On() {
		pay = " https://checkout.stripe.com https://billing.stripe.com"
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src "+media+
		"; connect-src "+media+"; form-action 'self' http://127.0.0.1:*"+pay+"; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // the browser has gone
}

// notices are short sentences after a change, named in the address so that a reload is harmless.
var notices = map[string]string{
	"signed-out":      "You are signed out.",
	"not-done":        "You were signed out, so what you sent was not done. Do it again now.",
	"deleted-account": "The account is deleted, with everything in the cloud.",
	"cancelled":       "The job is cancelled.",
	"retried":         "The sound is in the queue again.",
	"deleted":         "The sample is deleted.",
	"saved":           "Saved.",
	"revoked":         "That session is ended.",
	"key-revoked":     "The key is revoked; programs that use it are refused from now on.",
	"others":          "All other sessions are ended.",
	"tested":          "A test event is on its way.",
	"resent":          "The event is on its way again.",
	"removed":         "The webhook is removed.",
	"switched":        "The webhook is switched.",
	"export-removed":  "The export is removed.",
	"trial":           "Your day of instant processing has begun.",
	"not-bought":      "Nothing was bought and nothing was charged.",
	"ending":          "Pro lasts until the end of the paid period; until then you can undo the cancellation.",
	"kept":            "Your plan goes on.",
	"yearly":          "You pay by the year from now on. The receipt is in your mail.",
	"deep":            "The large model is listening; what it says appears here.",
}

// fail draws a refusal as a page.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	p.refuse(w, r, p.API.Problem(r.Context(), err))
}

func (p *pages) refuse(w http.ResponseWriter, r *http.Request, problem *wire.Problem) {
	if problem.Title == "" {
		problem.Title = http.StatusText(problem.Status)
	}
	if problem.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(problem.RetryAfter.Seconds())))
	}
	p.show(w, r, problem.Status, "problem", problem.Title, problem)
}

// signedInOnly sends a stranger to the sign-in page and back.
func (p *pages) signedInOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u := api.Principal(r.Context()); u == nil || u.KeyID != "" {
			http.Redirect(w, r, "/signin?next="+url.QueryEscape(comingFrom(r)), http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// comingFrom is where a stranger is led back to after the sign-in: to the page asked for, or to that of
// the form, which is not carried out and whose page then says so.
func comingFrom(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host {
		from = &url.URL{Path: "/"}
	}
	q := from.Query()
	q.Set("notice", "not-done")
	return inside((&url.URL{Path: from.Path, RawQuery: q.Encode()}).RequestURI())
}

// behind refuses pages of what an operator has switched off.
func (p *pages) behind(f plan.Feature) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := p.API.Offered(f); err != nil {
				p.fail(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// inside is a path of this site, whatever a link may say.
func inside(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return "/upload"
	}
	return next
}

// asProblem is err as a form shows it.
func (p *pages) asProblem(ctx context.Context, err error) *wire.Problem {
	var known *wire.Problem
	if errors.As(err, &known) {
		return known
	}
	return p.API.Problem(ctx, err)
}
