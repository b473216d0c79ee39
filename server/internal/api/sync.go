package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/replica"
	"sampleagent/sync/wire"
)

// maxPushBytes bounds one push; a first sync comes in many.
const maxPushBytes = 64 << 20

// syncRoutes keep the machines of an account in step.
func (a *API) syncRoutes() {
	service := replica.New(a.DB, a.Accounts.Now)
	push := Behind(plan.FeatureSync, Op(http.MethodPost, wire.PathSyncPush, Write, "Bring changes of one machine; all are stored or none"))
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
	pull := Behind(plan.FeatureSync, Op(http.MethodGet, wire.PathSyncPull, Read, "Ask for the changes after a number"))
	pull.Errors = append(pull.Errors, 426)
	Register(a, pull, func(ctx context.Context, in *struct {
		Protocol string `header:"Sample-Agent-Sync" maxLength:"20"`
		Since    int64  `query:"since" minimum:"0"`
		Actor    string `query:"actor" maxLength:"100" doc:"the replica that asks"`
		Limit    int    `query:"limit" minimum:"1" maximum:"2000" default:"2000"`
	}) (*Body[wire.SyncPage], error) {
		if err := replica.Allow(Principal(ctx).Limits, in.Protocol); err != nil {
			return nil, err
		}
		return body(service.Pull(ctx, Principal(ctx).User.ID, in.Actor, in.Since, in.Limit))
	})
	// What is kept can be seen and deleted with any plan.
	Register(a, Op(http.MethodGet, wire.PathSync, Read, "What is kept to hold the account's machines in step"), func(ctx context.Context, _ *struct{}) (*Body[wire.SyncHeld], error) {
		return body(service.Held(ctx, Principal(ctx).User.ID))
	})
	Register(a, Op(http.MethodDelete, wire.PathSync, Session, "Delete all of it; every machine keeps its library"), func(ctx context.Context, _ *struct{}) (*None, error) {
		userID := Principal(ctx).User.ID
		err := service.Drop(ctx, userID)
		if err == nil {
			a.Notify.Bell.Ring(userID)
		}
		return &None{}, err
	})
}
