package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/api"
	"sampleagent/server/internal/job"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// uploadData is the upload page: what the plan allows and what of it is left.
type uploadData struct {
	Account *wire.Account
	Meters  []meter
	Wrong   *wire.Problem
}

func (p *pages) uploadForm(w http.ResponseWriter, r *http.Request) { p.showUpload(w, r, nil) }

func (p *pages) showUpload(w http.ResponseWriter, r *http.Request, wrong *wire.Problem) {
	details, err := p.API.Describe(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	status := http.StatusOK
	if wrong != nil {
		status = wrong.Status
	}
	p.show(w, r, status, "upload", "Upload", uploadData{details, meters(details), wrong})
}

// upload is the form's way without JavaScript: the same streamed intake as the API's.
func (p *pages) upload(w http.ResponseWriter, r *http.Request) {
	form, err := r.MultipartReader()
	if err != nil {
		p.showUpload(w, r, &wire.Problem{Status: http.StatusBadRequest, Title: "No file", Detail: "Choose a file first."})
		return
	}
	var last *store.Job
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.showUpload(w, r, &wire.Problem{Status: http.StatusBadRequest, Title: "Upload broken", Detail: "The upload broke off; try again."})
			return
		}
		if part.FormName() != "audio" || part.FileName() == "" {
			continue
		}
		j, _, err := p.Jobs.Submit(r.Context(), api.Who(r.Context()), job.Incoming{Name: part.FileName(), Body: part, Length: -1})
		if err != nil {
			problem := p.asProblem(r.Context(), err)
			problem.Title = part.FileName()
			p.showUpload(w, r, problem)
			return
		}
		last = j
	}
	if last == nil {
		p.showUpload(w, r, &wire.Problem{Status: http.StatusBadRequest, Title: "No file", Detail: "Choose a file first."})
		return
	}
	http.Redirect(w, r, "/jobs/"+last.ID, http.StatusSeeOther)
}

// jobsData is a page of jobs.
type jobsData struct {
	Items []wire.Job
	Next  string
	Free  bool
}

func (p *pages) jobs(w http.ResponseWriter, r *http.Request) {
	who := api.Principal(r.Context())
	page, err := p.Jobs.Jobs(r.Context(), who.User.ID, "", "", r.URL.Query().Get("cursor"), 25)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "jobs", "Jobs", jobsData{page.Items, page.Next, who.Limits.Queue == "free"})
}

// jobData is one job's page.
type jobData struct {
	Job  wire.Job
	Free bool
}

func (p *pages) job(w http.ResponseWriter, r *http.Request) {
	who := api.Principal(r.Context())
	row, err := p.API.DB.Job(r.Context(), who.User.ID, chi.URLParam(r, "id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	view, err := p.Jobs.View(r.Context(), row)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "job", view.Name, jobData{view, who.Limits.Queue == "free"})
}

func (p *pages) jobChange(w http.ResponseWriter, r *http.Request) {
	id, notice := chi.URLParam(r, "id"), ""
	var err error
	switch chi.URLParam(r, "what") {
	case "cancel":
		notice = "cancelled"
		_, err = p.Jobs.Cancel(r.Context(), api.Principal(r.Context()).User.ID, id)
	case "retry":
		notice = "retried"
		_, err = p.Jobs.Retry(r.Context(), api.Who(r.Context()), id)
	default:
		err = notFound()
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/jobs/"+url.PathEscape(id)+"?notice="+notice, http.StatusSeeOther)
}

// samplesData is a page of samples and the search that found them.
type samplesData struct {
	Items  []wire.Sample
	Query  url.Values
	Next   string
	Search bool
	Kinds  []string
}

func (p *pages) samples(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := store.SampleFilter{Text: q.Get("q"), Kind: q.Get("kind"), Sort: "-created"}
	if v, err := strconv.ParseFloat(q.Get("bpm"), 64); err == nil {
		f.BPMMin, f.BPMMax, f.HalfDouble = v*0.98, v*1.02, true
	}
	if key := q.Get("key"); key != "" {
		f.Keys = []string{key}
	}
	page, err := p.Jobs.Samples(r.Context(), api.Principal(r.Context()).User.ID, f, q.Get("cursor"), 40)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	data := samplesData{Items: page.Items, Query: q, Kinds: []string{"one-shot", "loop", "music"}, Search: q.Get("q") != "" || q.Get("kind") != "" || q.Get("bpm") != "" || q.Get("key") != ""}
	if page.Next != "" {
		next := r.URL.Query()
		next.Set("cursor", page.Next)
		data.Next = "/samples?" + next.Encode()
	}
	p.show(w, r, http.StatusOK, "samples", "Samples", data)
}

// sampleData is one sample's page with links that live as long as it is looked at.
type sampleData struct {
	Sample   *wire.Sample
	Deep     *wire.DeepOffer // nil: not offered
	Play     string
	Download string
}

func (p *pages) sample(w http.ResponseWriter, r *http.Request) {
	user, id := api.Principal(r.Context()).User.ID, chi.URLParam(r, "id")
	s, err := p.Jobs.Sample(r.Context(), user, id)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	data := sampleData{Sample: s}
	if p.Features().On(plan.FeatureLarge) {
		if data.Deep, err = p.Jobs.DeepOffer(r.Context(), api.Who(r.Context()), id); err != nil {
			p.fail(w, r, err)
			return
		}
	}
	if s.HasAudio {
		links := []struct {
			to  *string
			get func() (*wire.Link, error)
		}{
			{&data.Play, func() (*wire.Link, error) { return p.Jobs.Play(r.Context(), user, id) }},
			{&data.Download, func() (*wire.Link, error) { return p.Jobs.Download(r.Context(), user, id) }},
		}
		for _, l := range links {
			link, err := l.get()
			if err != nil {
				p.fail(w, r, err)
				return
			}
			*l.to = link.URL
		}
	}
	p.show(w, r, http.StatusOK, "sample", s.Title, data)
}

func (p *pages) sampleDelete(w http.ResponseWriter, r *http.Request) {
	if err := p.Jobs.Delete(r.Context(), api.Principal(r.Context()).User.ID, chi.URLParam(r, "id")); err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/samples?notice=deleted", http.StatusSeeOther)
}
