package web

import (
	"errors"
	"net/http"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/mileusna/useragent"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/api"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// signInData is the sign-in form at either of its two steps.
type signInData struct {
	Email string
	Next  string
	Wrong string
	Sent  bool

	Outside string // another service that signs in, "" for none
}

func (p *pages) signInForm(w http.ResponseWriter, r *http.Request) {
	next := inside(r.URL.Query().Get("next"))
	if api.Principal(r.Context()) != nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	p.show(w, r, http.StatusOK, "signin", "Sign in", signInData{Next: next, Outside: p.outsideAs(r)})
}

func (p *pages) signInMail(w http.ResponseWriter, r *http.Request) {
	data := signInData{Email: r.FormValue("email"), Next: inside(r.FormValue("next")), Outside: p.outsideAs(r)}
	if a, err := mail.ParseAddress(data.Email); err != nil || a.Address != data.Email {
		data.Wrong = "That is not an e-mail address."
		p.show(w, r, http.StatusUnprocessableEntity, "signin", "Sign in", data)
		return
	}
	if err := p.Accounts.RequestCode(r.Context(), data.Email, api.ClientIP(r.Context())); err != nil {
		problem := p.asProblem(r.Context(), err)
		data.Wrong = problem.Detail
		p.show(w, r, problem.Status, "signin", "Sign in", data)
		return
	}
	data.Sent = true
	p.show(w, r, http.StatusOK, "signin", "Enter the code", data)
}

func (p *pages) signInCode(w http.ResponseWriter, r *http.Request) {
	data := signInData{Email: r.FormValue("email"), Next: inside(r.FormValue("next")), Sent: true}
	u, err := p.Accounts.CheckCode(r.Context(), data.Email, r.FormValue("code"), api.ClientIP(r.Context()))
	if err != nil {
		problem := p.asProblem(r.Context(), err)
		data.Wrong = problem.Detail
		p.show(w, r, problem.Status, "signin", "Enter the code", data)
		return
	}
	p.enter(w, r, u, data.Next)
}

// linkForm asks for one press: programs that look at the links in mails must not use it up.
func (p *pages) linkForm(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, "link", "Sign in", r.URL.Query().Get("token"))
}

func (p *pages) linkUse(w http.ResponseWriter, r *http.Request) {
	u, err := p.Accounts.CheckLink(r.Context(), r.FormValue("token"), api.ClientIP(r.Context()))
	if ended := (*wire.Problem)(nil); errors.As(err, &ended) && ended.Code == wire.CodeWrongCode {
		p.show(w, r, ended.Status, "signin", "Sign in", signInData{Next: "/upload", Wrong: "This link was used or has ended. Here you get a new one.", Outside: p.outsideAs(r)})
		return
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.enter(w, r, u, "/upload")
}

// browserName is what a person calls their browser, for the list of sessions; "" when it is not
// known.
func browserName(userAgent string) string {
	b := useragent.Parse(userAgent)
	if b.Name == "" || b.OS == "" {
		return b.Name
	}
	return b.Name + " on " + b.OS
}

// enter signs the browser in.
func (p *pages) enter(w http.ResponseWriter, r *http.Request, u *store.User, next string) {
	cookie, err := p.Accounts.OpenWeb(r.Context(), u, browserName(r.UserAgent()), api.ClientIP(r.Context()))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: api.CookieName, Value: cookie, Path: "/", MaxAge: int(account.WebLife.Seconds()),
		HttpOnly: true, Secure: p.Production, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (p *pages) signOut(w http.ResponseWriter, r *http.Request) {
	who := api.Principal(r.Context())
	if err := p.Accounts.Revoke(r.Context(), who, who.SessionID, api.ClientIP(r.Context())); err != nil {
		p.fail(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: api.CookieName, Path: "/", MaxAge: -1, HttpOnly: true, Secure: p.Production, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/?notice=signed-out", http.StatusSeeOther)
}

// authorization is the desktop's request (RFC 6749 and 7636) as it stands in a query or form.
func authorization(v url.Values) wire.AuthorizeRequest {
	return wire.AuthorizeRequest{ClientID: v.Get("client_id"), RedirectURI: v.Get("redirect_uri"), State: v.Get("state"),
		CodeChallenge: v.Get("code_challenge"), Method: v.Get("code_challenge_method"), Device: v.Get("device")}
}

func (p *pages) authorizeForm(w http.ResponseWriter, r *http.Request) {
	request := authorization(r.URL.Query())
	// A request that is not ours gets no redirect: its address is not to be trusted.
	if err := account.CheckRequest(request); err != nil {
		p.fail(w, r, err)
		return
	}
	if who := api.Principal(r.Context()); who == nil || who.KeyID != "" {
		http.Redirect(w, r, "/signin?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	p.show(w, r, http.StatusOK, "authorize", "Let the desktop in", request)
}

func (p *pages) authorizeAnswer(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.fail(w, r, badForm())
		return
	}
	request := authorization(r.PostForm)
	if err := account.CheckRequest(request); err != nil {
		p.fail(w, r, err)
		return
	}
	who := api.Principal(r.Context())
	if who == nil || who.KeyID != "" {
		p.fail(w, r, &wire.Problem{Status: http.StatusUnauthorized, Code: wire.CodeSignedOut, Title: "Signed out", Detail: "Sign in and start again from the desktop."})
		return
	}
	if r.PostForm.Get("answer") != "yes" {
		back := request.RedirectURI + "?" + url.Values{"error": {"access_denied"}, "error_description": {"You pressed Cancel."}, "state": {request.State}}.Encode()
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	back, err := p.Accounts.Grant(r.Context(), who.User, request)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

func (p *pages) unsubscribeForm(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, "unsubscribe", "Stop mails", chi.URLParam(r, "token"))
}

// hasOutbox says that the reader may see the mails that wait for a mail server: whoever reads
// them can sign in as anybody, so only somebody in front of this machine, and no page elsewhere
// whose name its owner lets lead to this machine while a browser here shows it.
func (p *pages) hasOutbox(r *http.Request) bool {
	return p.Outbox != "" && !p.Production && api.OnThisMachine(r.Context()) && p.ownName(r.Host)
}

// ownName says that a request's host is ours: an address or a name of this machine, or that of the
// settings.
func (p *pages) ownName(host string) bool {
	if own, err := url.Parse(p.Tenants.Own); err == nil && strings.EqualFold(own.Host, host) {
		return true
	}
	name := (&url.URL{Host: host}).Hostname()
	a, err := netip.ParseAddr(name)
	return err == nil && a.IsLoopback() || strings.EqualFold(name, "localhost")
}

// outbox shows the mails that a server without a mail server wrote into a folder, newest first.
func (p *pages) outbox(w http.ResponseWriter, r *http.Request) {
	if !p.hasOutbox(r) {
		p.fail(w, r, notFound())
		return
	}
	names, err := filepath.Glob(filepath.Join(p.Outbox, "*.eml"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	slices.Sort(names)
	slices.Reverse(names)
	type letter struct{ Name, Text string }
	var letters []letter
	for _, name := range names[:min(len(names), 20)] {
		text, err := readLetter(name)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		letters = append(letters, letter{filepath.Base(name), text})
	}
	p.show(w, r, http.StatusOK, "outbox", "Outbox", letters)
}

// readLetter is the headers that matter and the plain text of a stored mail.
func readLetter(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	m, err := mail.ReadMessage(f)
	if err != nil {
		return "", err
	}
	return plainText(m)
}
