// Package web is what browsers see: pages rendered here, without scripts where possible. It
// calls the same use cases as the API and holds no rule of its own.
//
// This file holds the frame of every page and the sign-in; further areas have files of their own.
package web

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/api"
	"sampleagent/server/internal/notify"
	"sampleagent/sync/wire"
)

//go:embed templates/*.html
var files embed.FS

// Pages serves browsers.
type Pages struct {
	Accounts   *account.Service
	API        *api.API
	Outbox     *notify.Outbox // nil with a mail server
	Production bool
	templates  map[string]*template.Template
}

// Mount adds the pages to r, whose middleware must hold API.Authenticate.
func (p *Pages) Mount(r chi.Router) error {
	p.templates = map[string]*template.Template{}
	names, err := files.ReadDir("templates")
	if err != nil {
		return err
	}
	for _, n := range names {
		if n.Name() == "frame.html" {
			continue
		}
		t, err := template.ParseFS(files, "templates/frame.html", "templates/"+n.Name())
		if err != nil {
			return err
		}
		p.templates[strings.TrimSuffix(n.Name(), ".html")] = t
	}
	r.Get("/signin", p.signin)
	r.Post("/signin", p.sendCode)
	r.Post("/signin/code", p.checkCode)
	r.Get("/auth/link", p.link)
	r.Post("/auth/link", p.useLink)
	r.Post("/signout", p.signout)
	r.Get("/auth/authorize", p.authorize)
	r.Post("/auth/authorize", p.grant)
	r.Get("/unsubscribe/{token}", p.unsubscribe)
	if p.Outbox != nil && !p.Production {
		r.Get("/mails", p.mails)
	}
	return nil
}

// page is what every template gets.
type page struct {
	Title string
	Email string // of who is signed in
	Data  any
}

// policy lets a page load nothing from elsewhere; styles stand in the page.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self' http://127.0.0.1:* http://[::1]:*; base-uri 'none'; frame-ancestors 'none'"

func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) {
	v := page{Title: title, Data: data}
	if who := api.Principal(r.Context()); who != nil {
		v.Email = who.User.Email
	}
	var b bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&b, "frame", v); err != nil {
		p.API.Refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the browser has gone
}

// note shows a short message.
func (p *Pages) note(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	p.show(w, r, status, "note", title, text)
}

// failed shows what a use case refused, or that the server failed.
func (p *Pages) failed(w http.ResponseWriter, r *http.Request, err error) {
	x := p.API.Problem(r.Context(), err)
	p.note(w, r, x.Status, x.Title, x.Detail)
}

// local is a path of this server to go on to, never an address elsewhere.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return "/"
	}
	return next
}

type signinData struct {
	Email, Next, Wrong string
	Sent, Mails        bool
}

func (p *Pages) signin(w http.ResponseWriter, r *http.Request) {
	next := local(r.URL.Query().Get("next"))
	if api.Principal(r.Context()) != nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	p.show(w, r, http.StatusOK, "signin", "Sign in", signinData{Next: next})
}

// sendCode asks for the mail and shows where to type the code.
func (p *Pages) sendCode(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	email, next := r.PostFormValue("email"), local(r.PostFormValue("next"))
	data := signinData{Email: email, Next: next, Sent: true, Mails: p.Outbox != nil && !p.Production}
	status := http.StatusOK
	if err := p.Accounts.RequestCode(r.Context(), email, api.ClientIP(r.Context())); err != nil {
		x := p.API.Problem(r.Context(), err)
		data.Sent, data.Wrong, status = false, x.Detail, x.Status
	}
	p.show(w, r, status, "signin", "Sign in", data)
}

func (p *Pages) checkCode(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	email, next := r.PostFormValue("email"), local(r.PostFormValue("next"))
	u, err := p.Accounts.CheckCode(r.Context(), email, r.PostFormValue("code"), api.ClientIP(r.Context()))
	if err == nil {
		err = p.open(w, r, func() (string, error) {
			return p.Accounts.OpenWeb(r.Context(), u, device(r), api.ClientIP(r.Context()))
		})
	}
	if err != nil {
		x := p.API.Problem(r.Context(), err)
		p.show(w, r, x.Status, "signin", "Sign in", signinData{Email: email, Next: next, Sent: true, Wrong: x.Detail, Mails: p.Outbox != nil && !p.Production})
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// open sets the session's cookie.
func (p *Pages) open(w http.ResponseWriter, _ *http.Request, token func() (string, error)) error {
	t, err := token()
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: api.CookieName, Value: t, Path: "/", MaxAge: int(account.WebLife.Seconds()), HttpOnly: true, Secure: p.Production, SameSite: http.SameSiteLaxMode})
	return nil
}

// device is a browser's name for the list of sessions.
func device(r *http.Request) string {
	agent := r.UserAgent()
	name := "Browser"
	for _, b := range []string{"Firefox", "Edg", "Chrome", "Safari"} {
		if strings.Contains(agent, b) {
			name = strings.Replace(b, "Edg", "Edge", 1)
			break
		}
	}
	for _, os := range []string{"Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux"} {
		if strings.Contains(agent, os) {
			return name + " on " + os
		}
	}
	return name
}

// link asks for a click before it uses a mail's link up: mail scanners open links too.
func (p *Pages) link(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, "link", "Sign in", r.URL.Query().Get("token"))
}

func (p *Pages) useLink(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	u, err := p.Accounts.CheckLink(r.Context(), r.PostFormValue("token"), api.ClientIP(r.Context()))
	if err == nil {
		err = p.open(w, r, func() (string, error) {
			return p.Accounts.OpenWeb(r.Context(), u, device(r), api.ClientIP(r.Context()))
		})
	}
	if err != nil {
		p.failed(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (p *Pages) signout(w http.ResponseWriter, r *http.Request) {
	if who := api.Principal(r.Context()); who != nil {
		if err := p.Accounts.Revoke(r.Context(), who, who.SessionID, api.ClientIP(r.Context())); err != nil {
			p.failed(w, r, err)
			return
		}
	}
	http.SetCookie(w, &http.Cookie{Name: api.CookieName, Path: "/", MaxAge: -1, HttpOnly: true, Secure: p.Production, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}

func request(v url.Values) wire.AuthorizeRequest {
	return wire.AuthorizeRequest{ClientID: v.Get("client_id"), RedirectURI: v.Get("redirect_uri"), State: v.Get("state"),
		CodeChallenge: v.Get("code_challenge"), Method: v.Get("code_challenge_method"), Device: v.Get("device")}
}

// authorize asks whether a desktop may sign in as who is signed in here.
func (p *Pages) authorize(w http.ResponseWriter, r *http.Request) {
	req := request(r.URL.Query())
	if err := account.CheckRequest(req); err != nil {
		p.failed(w, r, err)
		return
	}
	if api.Principal(r.Context()) == nil {
		http.Redirect(w, r, "/signin?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	if req.Device == "" {
		req.Device = "this computer"
	}
	p.show(w, r, http.StatusOK, "authorize", "Let the desktop in?", req)
}

func (p *Pages) grant(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		p.note(w, r, http.StatusBadRequest, "The form cannot be read", "Go back to the desktop and begin again.")
		return
	}
	req := request(r.PostForm)
	who := api.Principal(r.Context())
	if who == nil {
		p.note(w, r, http.StatusUnauthorized, "You are not signed in", "Go back to the desktop and begin again.")
		return
	}
	if err := account.CheckRequest(req); err != nil {
		p.failed(w, r, err)
		return
	}
	if r.PostFormValue("answer") != "yes" {
		http.Redirect(w, r, req.RedirectURI+"?"+url.Values{"error": {"access_denied"}, "state": {req.State}}.Encode(), http.StatusSeeOther)
		return
	}
	back, err := p.Accounts.Grant(r.Context(), who.User, req)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// unsubscribe shows a button: the address itself is posted to, as mail programs do.
func (p *Pages) unsubscribe(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, "unsubscribe", "No more mails", chi.URLParam(r, "token"))
}

// mails shows what would have been sent, newest first, on a server without a mail server that
// only this machine reaches.
func (p *Pages) mails(w http.ResponseWriter, r *http.Request) {
	names, err := filepath.Glob(filepath.Join(p.Outbox.Dir(), "*.eml"))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	slices.Sort(names)
	slices.Reverse(names)
	var mails []mailText
	for _, n := range names[:min(len(names), 30)] {
		m, err := readMail(n)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			p.failed(w, r, err)
			return
		}
		mails = append(mails, m)
	}
	p.show(w, r, http.StatusOK, "mails", "Mails", mails)
}
