package web

import (
	"encoding/base64"
	"net/http"
	"strings"

	"sampleagent/server/internal/api"
	"sampleagent/sync/wire"
)

// outsideCookie keeps, while the browser is at the other service, what its answer is checked
// with. It is sent only to the pages below its path.
const outsideCookie = "sa_outside"

// outsideAs is what the button for the other service says; "" at a tenant's host, since the
// service sends browsers back to ours only.
func (p *pages) outsideAs(r *http.Request) string {
	if !p.Tenants.Here(r.Context()).Own() {
		return ""
	}
	return p.OutsideAs
}

func (p *pages) outsideBegin(w http.ResponseWriter, r *http.Request) {
	if p.outsideAs(r) == "" {
		p.fail(w, r, notFound())
		return
	}
	address, memory, err := p.Outside.Begin(r.Context())
	if err != nil {
		p.Log.WarnContext(r.Context(), "outside sign-in not begun", "error", err)
		p.fail(w, r, err)
		return
	}
	value := base64.RawURLEncoding.EncodeToString([]byte(memory + "\n" + inside(r.URL.Query().Get("next"))))
	p.setOutsideCookie(w, value, 600)
	http.Redirect(w, r, address, http.StatusSeeOther)
}

func (p *pages) setOutsideCookie(w http.ResponseWriter, value string, seconds int) {
	// Lax: the answer comes by a link from the other service.
	http.SetCookie(w, &http.Cookie{Name: outsideCookie, Value: value, Path: "/auth/oidc", MaxAge: seconds, HttpOnly: true, Secure: p.Production, SameSite: http.SameSiteLaxMode})
}

func (p *pages) outsideEnd(w http.ResponseWriter, r *http.Request) {
	var memory, next string
	if c, err := r.Cookie(outsideCookie); err == nil {
		if b, err := base64.RawURLEncoding.DecodeString(c.Value); err == nil {
			memory, next, _ = strings.Cut(string(b), "\n")
		}
	}
	p.setOutsideCookie(w, "", -1)
	if memory == "" {
		p.fail(w, r, &wire.Problem{Status: http.StatusBadRequest, Code: wire.CodeBadRequest, Title: "Sign-in not finished", Detail: "It took longer than ten minutes, or was begun in another browser. Start again."})
		return
	}
	who, err := p.Outside.Finish(r.Context(), r.URL.Query(), memory)
	if err != nil {
		p.Log.WarnContext(r.Context(), "outside sign-in refused", "error", err)
		p.fail(w, r, err)
		return
	}
	u, err := p.Accounts.CheckOutside(r.Context(), who, api.ClientIP(r.Context()))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.enter(w, r, u, inside(next))
}
