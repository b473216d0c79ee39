package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/api"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// exportsData is the page of exports with the form for a new one.
type exportsData struct {
	Items   []wire.Export
	Kits    []wire.ExportKit
	Samples []wire.Sample
	More    bool // samples that the form does not list
	Ask     wire.ExportRequest
	Wrong   string
	Live    bool // something is being built: the page looks again by itself
}

// formSamples is how many samples the form offers, the newest first.
const formSamples = 100

func (p *pages) exports(w http.ResponseWriter, r *http.Request) {
	p.showExports(w, r, http.StatusOK, exportsData{Ask: wire.ExportRequest{Kit: r.URL.Query().Get("kit")}})
}

func (p *pages) showExports(w http.ResponseWriter, r *http.Request, status int, d exportsData) {
	ctx, who := r.Context(), api.Principal(r.Context())
	if !who.Limits.Exports {
		p.fail(w, r, &wire.Problem{Status: http.StatusForbidden, Code: wire.CodeTier, Title: "Cards from the cloud are part of pro",
			Detail: "Pro builds a card for the SP-404MK2 from a synced kit or from samples, as a zip to unpack onto the card. The desktop writes cards for everybody.", Upgrade: true})
		return
	}
	var err error
	if d.Items, err = p.API.Exports.List(ctx, who.User.ID); err == nil {
		d.Kits, err = p.API.Exports.Kits(ctx, who.User.ID)
	}
	var page wire.SamplePage
	if err == nil {
		page, err = p.Jobs.Samples(ctx, who.User.ID, store.SampleFilter{Sort: "-created"}, "", formSamples)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	for _, s := range page.Items {
		if s.HasAudio {
			d.Samples = append(d.Samples, s)
		}
	}
	d.More = page.Next != ""
	for _, e := range d.Items {
		d.Live = d.Live || !e.Status.Final()
	}
	p.show(w, r, status, "exports", "Exports", d)
}

func (p *pages) exportMake(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.fail(w, r, &wire.Problem{Status: http.StatusBadRequest, Code: wire.CodeBadRequest, Title: "That form cannot be read"})
		return
	}
	f := r.PostForm
	ask := wire.ExportRequest{Form: f.Get("form"), Format: f.Get("format"), Name: strings.TrimSpace(f.Get("name"))}
	if ask.Kit = f.Get("kit"); ask.Kit == "" {
		ask.Samples = f["sample"]
	}
	who := api.Principal(r.Context())
	e, err := p.API.Exports.Create(r.Context(), who.User, who.Limits, ask)
	if err != nil {
		problem := p.asProblem(r.Context(), err)
		p.showExports(w, r, problem.Status, exportsData{Ask: ask, Wrong: problem.Detail})
		return
	}
	http.Redirect(w, r, "/exports/"+e.ID, http.StatusSeeOther)
}

func (p *pages) export(w http.ResponseWriter, r *http.Request) {
	e, err := p.API.Exports.Get(r.Context(), api.Principal(r.Context()).User.ID, chi.URLParam(r, "id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "export", e.Name, e)
}

func (p *pages) exportDownload(w http.ResponseWriter, r *http.Request) {
	l, err := p.API.Exports.Download(r.Context(), api.Principal(r.Context()).User.ID, chi.URLParam(r, "id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, l.URL, http.StatusSeeOther)
}

func (p *pages) exportChange(w http.ResponseWriter, r *http.Request) {
	who, id := api.Principal(r.Context()), chi.URLParam(r, "id")
	to := "/exports/" + id
	var err error
	switch chi.URLParam(r, "what") {
	case "rebuild":
		_, err = p.API.Exports.Rebuild(r.Context(), who.User, who.Limits, id)
	case "delete":
		to = "/exports?notice=export-removed"
		err = p.API.Exports.Delete(r.Context(), who.User.ID, id)
	default:
		err = notFound()
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
