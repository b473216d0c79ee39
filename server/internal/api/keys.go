package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

func (a *API) keyRoutes() {
	offered := func(method, path, summary string) huma.Operation {
		return behind(plan.FeatureKeys, Op(method, path, Session, summary))
	}
	Register(a, offered(http.MethodGet, "/api/keys", "API keys, without their secrets"), func(ctx context.Context, _ *struct{}) (*Items[wire.Key], error) {
		return items(a.Accounts.Keys(ctx, Principal(ctx)))
	})
	op := offered(http.MethodPost, "/api/keys", "Make an API key; its secret is in this answer only")
	op.DefaultStatus = http.StatusCreated
	Register(a, op, func(ctx context.Context, in *In[wire.KeyRequest]) (*Body[wire.Key], error) {
		return body(a.Accounts.NewKey(ctx, Principal(ctx), in.Body, ClientIP(ctx)))
	})
	Register(a, offered(http.MethodDelete, "/api/keys/{id}", "Revoke an API key"), func(ctx context.Context, in *ByID) (*None, error) {
		return &None{}, a.Accounts.RevokeKey(ctx, Principal(ctx), in.ID, ClientIP(ctx))
	})
}
