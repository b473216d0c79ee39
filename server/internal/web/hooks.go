package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/api"
	"sampleagent/sync/wire"
)

// choice is an event that a webhook may want.
type choice struct {
	Name string
	On   bool
}

func choices(on []string) []choice {
	var all []choice
	for _, e := range wire.WebhookEvents {
		all = append(all, choice{e, slices.Contains(on, e)})
	}
	return all
}

// hooksData is the list of webhooks and the form for another.
type hooksData struct {
	Hooks  []wire.Webhook
	URL    string
	Chosen []choice
	Wrong  string
}

func (p *pages) hooks(w http.ResponseWriter, r *http.Request) {
	p.showHooks(w, r, http.StatusOK, hooksData{Chosen: choices([]string{wire.EventSampleProcessed, wire.EventSampleFailed})})
}

func (p *pages) showHooks(w http.ResponseWriter, r *http.Request, status int, data hooksData) {
	var err error
	if data.Hooks, err = p.API.Notify.Hooks(r.Context(), api.Principal(r.Context()).User.ID); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, status, "webhooks", "Webhooks", data)
}

func (p *pages) hookAdd(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.fail(w, r, badForm())
		return
	}
	in := wire.WebhookRequest{URL: r.PostForm.Get("url"), Events: r.PostForm["event"]}
	h, err := p.API.Notify.AddHook(r.Context(), api.Principal(r.Context()).User.ID, in, p.Production, api.ClientIP(r.Context()))
	if err != nil {
		problem := p.asProblem(r.Context(), err)
		p.showHooks(w, r, problem.Status, hooksData{URL: in.URL, Chosen: choices(in.Events), Wrong: problem.Detail})
		return
	}
	// The secret is shown in this answer and nowhere else, so there is no redirect.
	p.showHook(w, r, http.StatusCreated, hookData{Hook: h, Secret: h.Secret})
}

// hookData is one webhook with its deliveries. Secret is there once.
type hookData struct {
	Hook    *wire.Webhook
	Tries   []wire.WebhookTry
	Chosen  []choice
	Secret  string
	Rotated bool
	Wrong   string
}

func (p *pages) hook(w http.ResponseWriter, r *http.Request) {
	p.showHook(w, r, http.StatusOK, hookData{})
}

func (p *pages) showHook(w http.ResponseWriter, r *http.Request, status int, data hookData) {
	ctx, user := r.Context(), api.Principal(r.Context()).User.ID
	if data.Hook == nil {
		hooks, err := p.API.Notify.Hooks(ctx, user)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		i := slices.IndexFunc(hooks, func(h wire.Webhook) bool { return h.ID == chi.URLParam(r, "id") })
		if i < 0 {
			p.fail(w, r, notFound())
			return
		}
		data.Hook = &hooks[i]
	}
	var err error
	if data.Tries, err = p.API.Notify.Tries(ctx, user, data.Hook.ID); err != nil {
		p.fail(w, r, err)
		return
	}
	if data.Chosen == nil {
		data.Chosen = choices(data.Hook.Events)
	}
	p.show(w, r, status, "webhook", "Webhook", data)
}

func (p *pages) hookChange(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.fail(w, r, badForm())
		return
	}
	ctx, user, id, ip, n := r.Context(), api.Principal(r.Context()).User.ID, chi.URLParam(r, "id"), api.ClientIP(r.Context()), p.API.Notify
	back, notice := "/account/webhooks/"+url.PathEscape(id), "saved"
	var err error
	switch chi.URLParam(r, "what") {
	case "change":
		address, events := r.PostForm.Get("url"), r.PostForm["event"]
		if _, err = n.ChangeHook(ctx, user, id, wire.WebhookPatch{URL: &address, Events: &events}, p.Production, ip); err != nil {
			if problem := p.asProblem(ctx, err); problem.Status == http.StatusUnprocessableEntity {
				p.showHook(w, r, problem.Status, hookData{Wrong: problem.Detail, Chosen: choices(events)})
				return
			}
		}
	case "on", "off":
		on := chi.URLParam(r, "what") == "on"
		notice = "switched"
		_, err = n.ChangeHook(ctx, user, id, wire.WebhookPatch{Enabled: &on}, p.Production, ip)
	case "rotate":
		h, err := n.RotateHook(ctx, user, id, ip)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		p.showHook(w, r, http.StatusOK, hookData{Hook: h, Secret: h.Secret, Rotated: true})
		return
	case "test":
		notice = "tested"
		err = n.Test(ctx, user, id)
	case "resend":
		notice = "resent"
		err = n.Resend(ctx, user, id, r.PostForm.Get("delivery"))
	case "delete":
		back, notice = "/account/webhooks", "removed"
		err = n.RemoveHook(ctx, user, id, ip)
	default:
		err = notFound()
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, back+"?notice="+notice, http.StatusSeeOther)
}

func badForm() error {
	return &wire.Problem{Status: http.StatusBadRequest, Code: wire.CodeBadRequest, Title: "That form cannot be read"}
}
