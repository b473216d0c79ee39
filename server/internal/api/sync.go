package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/replica"
	"sampleagent/sync/wire"
)

// maxPushBytes bounds one push; a first sync comes in many.
const maxPushBytes = 64 << 20

// syncRoutes keep the machines of an account in sync.
func (a *API) syncRoutes(r chi.Router) {
	service, audio := replica.New(a.DB, a.Accounts.Now), replica.NewAudio(a.DB, a.Jobs.Objects, a.Accounts.Now)
	push := behind(plan.FeatureSync, Op(http.MethodPost, wire.PathSyncPush, Write, "Send the changes of one machine; all are stored or none"))
	push.MaxBodyBytes = maxPushBytes
	push.Errors = append(push.Errors, 426)
	registry := a.huma.OpenAPI().Components.Schemas
	push.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: huma.SchemaFromType(registry, reflectType[wire.SyncPush]())}}}
	Register(a, push, func(ctx context.Context, in *struct {
		Protocol string `header:"Sample-Agent-Sync" maxLength:"20"`
		RawBody  []byte
	}) (*Body[wire.SyncPushed], error) {
		if err := replica.Allow(Principal(ctx).Limits, in.Protocol); err != nil {
			return nil, err
		}
		var cells wire.SyncPush
		if err := json.Unmarshal(in.RawBody, &cells); err != nil || len(cells.Cells) > wire.MaxPush {
			return nil, badRequest("The changes cannot be read, or there are more than 500 of them.")
		}
		userID := Principal(ctx).User.ID
		done, err := service.Push(ctx, userID, cells.Cells)
		if err == nil {
			a.Notify.Bell.Ring(userID)
		}
		return body(done, err)
	})
	pull := behind(plan.FeatureSync, Op(http.MethodGet, wire.PathSyncPull, Read, "Ask for the changes after a number"))
	pull.Errors = append(pull.Errors, 426)
	pull.Middlewares = huma.Middlewares{packed()}
	Register(a, pull, func(ctx context.Context, in *struct {
		Protocol string `header:"Sample-Agent-Sync" maxLength:"20"`
		Since    int64  `query:"since" minimum:"0"`
		Mark     int64  `query:"mark" minimum:"0" doc:"the page's or the push's before: tells a server that was restored from a backup"`
		Actor    string `query:"actor" maxLength:"100" doc:"the replica that asks"`
		Limit    int    `query:"limit" minimum:"1" maximum:"2000" default:"2000"`
	}) (*Body[wire.SyncPage], error) {
		if err := replica.Allow(Principal(ctx).Limits, in.Protocol); err != nil {
			return nil, err
		}
		return body(service.Pull(ctx, Principal(ctx).User.ID, in.Actor, in.Since, in.Mark, in.Limit))
	})
	// What is kept can be seen and deleted with any plan.
	Register(a, Op(http.MethodGet, wire.PathSync, Read, "What is held to sync the account's machines"), func(ctx context.Context, _ *struct{}) (*Body[wire.SyncHeld], error) {
		return body(service.Held(ctx, Principal(ctx).User.ID))
	})
	Register(a, Op(http.MethodDelete, wire.PathSync, Session, "Delete all of it; every machine keeps its library"), func(ctx context.Context, _ *struct{}) (*None, error) {
		userID := Principal(ctx).User.ID
		err := errors.Join(service.Drop(ctx, userID), audio.DropAll(ctx, userID))
		if err == nil {
			a.Notify.Bell.Ring(userID)
		}
		return &None{}, err
	})
	a.audioRoutes(r, audio)
}

// packed sends an answer as gzip to who takes it: a first sync's pages are a third of their size then.
// Its fastest level costs little beside making the page.
func packed() func(huma.Context, func(huma.Context)) {
	const fastest = 1
	small := middleware.Compress(fastest, "application/json")
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humachi.Unwrap(ctx)
		small(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next(humachi.NewContext(ctx.Operation(), r, w))
		})).ServeHTTP(w, r.WithContext(ctx.Context()))
	}
}

// audioRoutes keep the files that a person chose for their other machines. Beginning one needs a
// plan that syncs; what is there can be fetched and deleted with any.
func (a *API) audioRoutes(r chi.Router, audio *replica.Audio) {
	type bySum struct {
		SHA256 string `path:"sha256" pattern:"^[0-9a-f]{64}$"`
	}
	user := func(ctx context.Context) string { return Principal(ctx).User.ID }
	begin := Op(http.MethodPost, wire.PathSyncAudio, Write, "Announce a file to be kept for the other machines, or ask how far it is")
	begin.Errors = append(begin.Errors, 413)
	Register(a, begin, func(ctx context.Context, in *In[wire.AudioRequest]) (*Body[wire.AudioState], error) {
		p := Principal(ctx)
		if err := replica.Allow(p.Limits, strconv.Itoa(wire.SyncProtocol)); err != nil {
			return nil, err
		}
		return body(audio.Begin(ctx, p.User, p.Limits, in.Body))
	})
	put := Op(http.MethodPut, wire.PathSyncAudio+"/{sha256}/parts/{n}", Write, "Send a part of 4 MiB, the last one shorter; a file of one part is whole with it")
	put.Parameters = []*huma.Param{{Name: "sha256", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}, {Name: "n", In: "path", Required: true, Schema: &huma.Schema{Type: "integer"}}}
	put.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	put.Responses = map[string]*huma.Response{"204": {Description: "Taken"}}
	a.raw(r, put, func(w http.ResponseWriter, r *http.Request) error {
		n, err := strconv.Atoi(chi.URLParam(r, "n"))
		if err != nil {
			return badRequest("A part has a number.")
		}
		if err := audio.Put(r.Context(), user(r.Context()), chi.URLParam(r, "sha256"), n, http.MaxBytesReader(w, r.Body, wire.AudioPart+1)); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	complete := Op(http.MethodPost, wire.PathSyncAudio+"/{sha256}/complete", Write, "All parts are there: look at every byte and keep the file")
	complete.Errors = append(complete.Errors, 409)
	Register(a, complete, func(ctx context.Context, in *bySum) (*None, error) {
		return &None{}, audio.Complete(ctx, user(ctx), in.SHA256)
	})
	Register(a, Op(http.MethodGet, wire.PathSyncAudio+"/{sha256}", Read, "A link of 15 minutes to a file's bytes, with ranges"), func(ctx context.Context, in *bySum) (*Body[wire.Link], error) {
		return body(audio.Link(ctx, user(ctx), in.SHA256))
	})
	Register(a, Op(http.MethodDelete, wire.PathSyncAudio+"/{sha256}", Write, "Delete a file from the cloud"), func(ctx context.Context, in *bySum) (*None, error) {
		return &None{}, audio.Delete(ctx, user(ctx), in.SHA256)
	})
}
