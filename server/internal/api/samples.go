package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"sampleagent/audio/key"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

func reflectType[T any]() reflect.Type { return reflect.TypeFor[T]() }

// Tagged is an answer with an ETag, or 304 without a body.
type Tagged[T any] struct {
	Status int
	ETag   string `header:"ETag"`
	Cache  string `header:"Cache-Control"`
	Body   *T
}

func tagged[T any](v *T, tag, have string) *Tagged[T] {
	out := &Tagged[T]{Status: http.StatusOK, ETag: tag, Cache: "private, no-cache", Body: v}
	for _, t := range strings.Split(have, ",") {
		if t = strings.TrimPrefix(strings.TrimSpace(t), "W/"); t == tag || t == "*" {
			out.Status, out.Body = http.StatusNotModified, nil
		}
	}
	return out
}

// IfNone is a request that may be answered 304.
type IfNone struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"200"`
}

func (a *API) jobRoutes() {
	user := func(ctx context.Context) string { return Principal(ctx).User.ID }
	Register(a, Op(http.MethodGet, "/api/jobs", Read, "Jobs, newest first"), func(ctx context.Context, in *struct {
		Status string `query:"status" enum:"pending,processing,completed,failed,cancelled,expired"`
		Batch  string `query:"batch" maxLength:"80"`
		Cursor string `query:"cursor" maxLength:"80"`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}) (*Body[wire.JobPage], error) {
		page, err := a.Jobs.Jobs(ctx, user(ctx), wire.JobStatus(in.Status), in.Batch, in.Cursor, in.Limit)
		return &Body[wire.JobPage]{page}, err
	})
	Register(a, Op(http.MethodGet, "/api/jobs/{id}", Read, "One job, with its place and estimate as they are now"), func(ctx context.Context, in *ByID) (*Body[wire.Job], error) {
		j, err := a.DB.Job(ctx, user(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return a.jobBody(ctx, j)
	})
	Register(a, Op(http.MethodDelete, "/api/jobs/{id}", Write, "Cancel a job"), func(ctx context.Context, in *ByID) (*Body[wire.Job], error) {
		j, err := a.Jobs.Cancel(ctx, user(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return a.jobBody(ctx, j)
	})
	retry := Op(http.MethodPost, "/api/jobs/{id}/retry", Write, "Try a failed or cancelled job again")
	retry.DefaultStatus = http.StatusAccepted
	Register(a, retry, func(ctx context.Context, in *ByID) (*Body[wire.Job], error) {
		j, err := a.Jobs.Retry(ctx, Who(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return a.jobBody(ctx, j)
	})
}

func (a *API) jobBody(ctx context.Context, j *store.Job) (*Body[wire.Job], error) {
	w, err := a.Jobs.View(ctx, j)
	return &Body[wire.Job]{w}, err
}

// SampleQuery is what a list of samples may be narrowed by.
type SampleQuery struct {
	IfNone
	Text         string    `query:"q" maxLength:"200" doc:"all words, also as parts of words and in any case, must be in title, file name, genre, class, kind, tags, note or description"`
	BPMMin       float64   `query:"bpm_min" minimum:"0"`
	BPMMax       float64   `query:"bpm_max" minimum:"0"`
	HalfDouble   bool      `query:"half_double" doc:"tempo also at half and double time"`
	Key          []string  `query:"key" maxItems:"24" doc:"A minor; several separated by commas"`
	Compatible   bool      `query:"compatible" doc:"also keys that go with these"`
	Kind         string    `query:"kind" enum:"one-shot,loop,music"`
	Class        string    `query:"class" maxLength:"40"`
	Genre        string    `query:"genre" maxLength:"60"`
	Tag          string    `query:"tag" maxLength:"40"`
	DurationMin  float64   `query:"duration_min" minimum:"0"`
	DurationMax  float64   `query:"duration_max" minimum:"0"`
	RatingMin    int64     `query:"rating_min" minimum:"0" maximum:"5"`
	Favourite    bool      `query:"favourite"`
	UpdatedSince time.Time `query:"updated_since"`
	Sort         string    `query:"sort" maxLength:"20" doc:"created, title, bpm, duration; - in front for the other way round; default -created"`
	Cursor       string    `query:"cursor" maxLength:"600"`
	Limit        int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Filter is the query as the store takes it.
func (q *SampleQuery) Filter() store.SampleFilter {
	keys := q.Key
	if q.Compatible {
		for _, k := range q.Key {
			named, _ := key.Parse(k)
			for _, other := range named.Compatible() {
				keys = append(keys, other.String())
			}
		}
	}
	return store.SampleFilter{Text: q.Text, BPMMin: q.BPMMin, BPMMax: q.BPMMax, HalfDouble: q.HalfDouble, Keys: keys, Kind: q.Kind, Class: q.Class, Genre: q.Genre,
		Tag: strings.ToLower(q.Tag), DurationMin: q.DurationMin, DurationMax: q.DurationMax, RatingMin: q.RatingMin, Favourite: q.Favourite, UpdatedSince: q.UpdatedSince, Sort: q.Sort}
}

// LinkOut is a link as JSON, or with ?redirect=true the way there.
type LinkOut struct {
	Status   int
	Location string `header:"Location"`
	Body     *wire.Link
}

// LinkIn asks for a link.
type LinkIn struct {
	ByID
	Redirect bool `query:"redirect" doc:"answer 302 with the address instead of JSON"`
}

func (a *API) sampleRoutes() {
	user := func(ctx context.Context) string { return Principal(ctx).User.ID }
	Register(a, Op(http.MethodGet, "/api/samples", Read, "Processed samples, by page"), func(ctx context.Context, in *SampleQuery) (*Tagged[wire.SamplePage], error) {
		page, err := a.Jobs.Samples(ctx, user(ctx), in.Filter(), in.Cursor, in.Limit)
		if err != nil {
			return nil, err
		}
		tag, err := etag(page)
		if err != nil {
			return nil, err
		}
		return tagged(&page, tag, in.IfNoneMatch), nil
	})
	Register(a, Op(http.MethodGet, "/api/samples/{id}", Read, "One sample with everything that was measured"), func(ctx context.Context, in *struct {
		ByID
		IfNone
	}) (*Tagged[wire.Sample], error) {
		s, err := a.Jobs.Sample(ctx, user(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return tagged(s, versionTag(s.Version), in.IfNoneMatch), nil
	})
	patch := Op(http.MethodPatch, "/api/samples/{id}", Write, "Change title, tempo, key, genre, tags, note, rating or favourite")
	patch.Errors = append(patch.Errors, 412)
	Register(a, patch, func(ctx context.Context, in *struct {
		ByID
		IfMatch string `header:"If-Match" maxLength:"60" doc:"the ETag the change is based on"`
		Body    wire.SamplePatch
	}) (*Tagged[wire.Sample], error) {
		version := int64(0)
		if in.IfMatch != "" && in.IfMatch != "*" {
			n, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(in.IfMatch, "W/"), `"v`), 10, 64)
			if err != nil {
				return nil, &wire.Problem{Type: "about:blank", Title: "Precondition Failed", Status: http.StatusPreconditionFailed, Code: wire.CodeStale, Detail: "If-Match is not an ETag of this sample."}
			}
			version = n
		}
		s, err := a.Jobs.Patch(ctx, user(ctx), in.ID, version, in.Body)
		if err != nil {
			return nil, err
		}
		return tagged(s, versionTag(s.Version), ""), nil
	})
	Register(a, Op(http.MethodDelete, "/api/samples/{id}", Write, "Remove a sample and its audio"), func(ctx context.Context, in *ByID) (*None, error) {
		return &None{}, a.Jobs.Delete(ctx, user(ctx), in.ID)
	})
	for name, get := range map[string]func(context.Context, string, string) (*wire.Link, error){
		"play": a.Jobs.Play, "download": a.Jobs.Download,
	} {
		op := Op(http.MethodGet, "/api/samples/{id}/"+name, Read, map[string]string{
			"play": "A link of 15 minutes to what a browser plays, with ranges", "download": "A link of 15 minutes to the file as it was uploaded"}[name])
		op.Errors = append(op.Errors, 410)
		Register(a, op, func(ctx context.Context, in *LinkIn) (*LinkOut, error) {
			l, err := get(ctx, user(ctx), in.ID)
			if err != nil {
				return nil, err
			}
			if in.Redirect {
				return &LinkOut{Status: http.StatusFound, Location: l.URL}, nil
			}
			return &LinkOut{Status: http.StatusOK, Body: l}, nil
		})
	}
	peaks := Op(http.MethodGet, "/api/samples/{id}/peaks", Read, "The waveform as pages draw it")
	peaks.Errors = append(peaks.Errors, 410)
	Register(a, peaks, func(ctx context.Context, in *struct {
		ByID
		IfNone
	}) (*Tagged[wire.Peaks], error) {
		p, err := a.Jobs.Peaks(ctx, user(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return tagged(p, strconv.Quote(in.ID), in.IfNoneMatch), nil // a sound does not change
	})
	Register(a, behind(plan.FeatureLarge, Op(http.MethodGet, "/api/samples/{id}/deep-analysis", Read, "What asking the large model about a sample costs, and how the last time went")),
		func(ctx context.Context, in *ByID) (*Body[wire.DeepOffer], error) {
			return body(a.Jobs.DeepOffer(ctx, Who(ctx), in.ID))
		})
	deep := behind(plan.FeatureLarge, Op(http.MethodPost, "/api/samples/{id}/deep-analysis", Write, "Ask the large model about a sample"))
	deep.DefaultStatus = http.StatusAccepted
	Register(a, deep, func(ctx context.Context, in *ByID) (*None, error) {
		return &None{}, a.Jobs.Deep(ctx, Who(ctx), in.ID)
	})
}

func versionTag(v int64) string { return `"v` + strconv.FormatInt(v, 10) + `"` }
