package api

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/job"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

func (a *API) uploadRoutes(r chi.Router) {
	op := Op(http.MethodPost, "/api/upload", Upload, "Upload a sound as multipart/form-data; the bytes are streamed")
	op.Errors = append(op.Errors, 409, 413, 415)
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
		Type: "object", Required: []string{"audio"}, Properties: map[string]*huma.Schema{
			"vibe":  {Type: "string", Enum: []any{"true", "false"}, Description: "before audio: ask how it feels; absent: as the preferences say"},
			"model": {Type: "string", Enum: []any{"small", "large"}, Description: "before audio"},
			"audio": {Type: "string", Format: "binary"},
		}}}}}
	op.Parameters = []*huma.Param{{Name: wire.HeaderIdempotency, In: "header", Schema: &huma.Schema{Type: "string"}}}
	registry := a.huma.OpenAPI().Components.Schemas
	op.Responses = map[string]*huma.Response{"202": {Description: "Accepted", Content: map[string]*huma.MediaType{
		"application/json": {Schema: huma.SchemaFromType(registry, reflectType[wire.Accepted]())}}}}
	a.raw(r, op, a.upload)

	created := Op(http.MethodPost, "/api/uploads", Upload, "Ask for a signed address to PUT a file to")
	created.DefaultStatus = http.StatusCreated
	Register(a, created, func(ctx context.Context, in *struct {
		Key  string `header:"Idempotency-Key" maxLength:"255"`
		Body wire.UploadRequest
	}) (*Body[wire.DirectUpload], error) {
		return body(a.Jobs.Announce(ctx, Who(ctx), in.Body, in.Key))
	})
	complete := Op(http.MethodPost, "/api/uploads/{id}/complete", Upload, "The bytes have arrived: queue the job")
	complete.DefaultStatus = http.StatusAccepted
	Register(a, complete, func(ctx context.Context, in *ByID) (*Body[wire.Accepted], error) {
		j, err := a.Jobs.Complete(ctx, Who(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return a.accepted(ctx, j)
	})
	batch := behind(plan.FeatureBatch, Op(http.MethodPost, "/api/batches", Upload, "Ask for up to 100 signed addresses, all or none"))
	batch.DefaultStatus = http.StatusCreated
	Register(a, batch, func(ctx context.Context, in *In[wire.BatchRequest]) (*Body[wire.BatchAccepted], error) {
		return body(a.Jobs.AnnounceBatch(ctx, Who(ctx), in.Body))
	})
	Register(a, Op(http.MethodGet, "/api/batches/{id}", Read, "How far a batch has come"), func(ctx context.Context, in *ByID) (*Body[wire.Batch], error) {
		return body(a.Jobs.Batch(ctx, Principal(ctx).User.ID, in.ID))
	})
}

// raw adds an operation that speaks HTTP by itself, with the same guard as the others.
func (a *API) raw(r chi.Router, op huma.Operation, h func(http.ResponseWriter, *http.Request) error) {
	a.huma.OpenAPI().AddOperation(&op)
	r.Method(op.Method, op.Path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := a.allowed(r.Context(), &op)
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			a.Refuse(w, r, err)
		}
	}))
}

func badRequest(detail string) error {
	return &wire.Problem{Type: "about:blank", Title: "Bad Request", Status: http.StatusBadRequest, Code: wire.CodeBadRequest, Detail: detail}
}

// upload streams the part "audio" into the use case. Nothing of it is parsed before its size
// is bounded, and memory does not grow with it.
func (a *API) upload(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	who := Who(ctx)
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" || params["boundary"] == "" {
		return badRequest("Send the file as multipart/form-data in the part “audio”.")
	}
	in := job.Incoming{Length: r.ContentLength, IdempotencyKey: r.Header.Get(wire.HeaderIdempotency)}
	body := http.MaxBytesReader(w, r.Body, who.Limits.FileBytes+128<<10)
	parts := multipart.NewReader(body, params["boundary"])
	for {
		part, err := parts.NextPart()
		var big *http.MaxBytesError
		switch {
		case errors.As(err, &big):
			return &wire.Problem{Type: "about:blank", Title: "Request Entity Too Large", Status: http.StatusRequestEntityTooLarge, Code: wire.CodeTooLarge,
				Detail: "The file is larger than your plan takes.", Limit: &who.Limits.FileBytes, Unit: "bytes", Upgrade: who.Limits.Tier != plan.Enterprise}
		case errors.Is(err, io.EOF):
			return badRequest("The form has no part “audio”.")
		case err != nil:
			return badRequest("The form cannot be read; send it again.")
		}
		if part.FormName() != "audio" {
			if err := field(part, &in); err != nil {
				return err
			}
			continue
		}
		in.Name, in.Body = part.FileName(), part
		j, replayed, err := a.Jobs.Submit(ctx, who, in)
		if err != nil {
			return err
		}
		out, err := a.accepted(ctx, j)
		if err != nil {
			return err
		}
		if replayed {
			w.Header().Set("Idempotency-Replayed", "true")
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/api/jobs/"+j.ID)
		w.WriteHeader(http.StatusAccepted)
		return writeJSON(w, out.Body)
	}
}

func field(part *multipart.Part, in *job.Incoming) error {
	value, err := io.ReadAll(io.LimitReader(part, 300))
	if err != nil {
		return badRequest("The form cannot be read; send it again.")
	}
	switch part.FormName() {
	case "vibe":
		v, err := strconv.ParseBool(string(value))
		if err != nil {
			return badRequest("The field “vibe” is true or false.")
		}
		in.Vibe = &v
	case "source_sha256":
		if !isHash(string(value)) {
			return badRequest("The field “source_sha256” is 64 lower-case hex digits.")
		}
		in.SourceSHA256 = string(value)
	case "model":
		in.Model = plan.Model(value)
	}
	return nil
}

func isHash(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == 32 && strings.ToLower(text) == text
}

func (a *API) accepted(ctx context.Context, j *store.Job) (*Body[wire.Accepted], error) {
	tells := " Follow it at /api/jobs/" + j.ID + "."
	if Principal(ctx).User.NotifyProcessed {
		tells = " We write you when it is ready."
	}
	w, err := a.Jobs.Accepted(ctx, j, tells)
	return &Body[wire.Accepted]{w}, err
}
