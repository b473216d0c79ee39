package api

import (
	"context"
	"net/http"

	"sampleagent/sync/wire"
)

func (a *API) hookRoutes() {
	user := func(ctx context.Context) string { return Principal(ctx).User.ID }
	Register(a, Op(http.MethodGet, "/api/webhooks", Session, "Addresses that want events"), func(ctx context.Context, _ *struct{}) (*Items[wire.Webhook], error) {
		return items(a.Notify.Hooks(ctx, user(ctx)))
	})
	op := Op(http.MethodPost, "/api/webhooks", Session, "Add one; its secret is in this answer only")
	op.DefaultStatus = http.StatusCreated
	Register(a, op, func(ctx context.Context, in *In[wire.WebhookRequest]) (*Body[wire.Webhook], error) {
		return body(a.Notify.AddHook(ctx, user(ctx), in.Body, a.Production, ClientIP(ctx)))
	})
	Register(a, Op(http.MethodPatch, "/api/webhooks/{id}", Session, "Change its address or events, or switch it on or off"), func(ctx context.Context, in *struct {
		ByID
		In[wire.WebhookPatch]
	}) (*Body[wire.Webhook], error) {
		return body(a.Notify.ChangeHook(ctx, user(ctx), in.ID, in.Body, a.Production, ClientIP(ctx)))
	})
	Register(a, Op(http.MethodDelete, "/api/webhooks/{id}", Session, "Remove one"), func(ctx context.Context, in *ByID) (*None, error) {
		return &None{}, a.Notify.RemoveHook(ctx, user(ctx), in.ID, ClientIP(ctx))
	})
	Register(a, Op(http.MethodPost, "/api/webhooks/{id}/rotate", Session, "Replace its secret; the new one is in this answer only, and the old one also signs for another day"), func(ctx context.Context, in *ByID) (*Body[wire.Webhook], error) {
		return body(a.Notify.RotateHook(ctx, user(ctx), in.ID, ClientIP(ctx)))
	})
	accepted := Op(http.MethodPost, "/api/webhooks/{id}/test", Session, "Send a test event, and switch it on again if it was off")
	accepted.DefaultStatus = http.StatusAccepted
	Register(a, accepted, func(ctx context.Context, in *ByID) (*None, error) {
		return &None{}, a.Notify.Test(ctx, user(ctx), in.ID)
	})
	Register(a, Op(http.MethodGet, "/api/webhooks/{id}/deliveries", Session, "Its last 100 deliveries"), func(ctx context.Context, in *ByID) (*Items[wire.WebhookTry], error) {
		return items(a.Notify.Tries(ctx, user(ctx), in.ID))
	})
	resend := Op(http.MethodPost, "/api/webhooks/{id}/deliveries/{delivery}/resend", Session, "Deliver an event again")
	resend.DefaultStatus = http.StatusAccepted
	Register(a, resend, func(ctx context.Context, in *struct {
		ByID
		Delivery string `path:"delivery" maxLength:"80"`
	}) (*None, error) {
		return &None{}, a.Notify.Resend(ctx, user(ctx), in.ID, in.Delivery)
	})
}
