package api

import (
	"context"
	"net/http"

	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// cardRoutes are exports: cards for the SP-404MK2 that are built in the cloud.
func (a *API) cardRoutes() {
	user := func(ctx context.Context) string { return Principal(ctx).User.ID }
	list := behind(plan.FeatureExport, Op(http.MethodGet, "/api/exports", Export, "Exports, newest first"))
	Register(a, list, func(ctx context.Context, _ *struct{}) (*Items[wire.Export], error) {
		return items(a.Exports.List(ctx, user(ctx)))
	})
	kits := behind(plan.FeatureExport, Op(http.MethodGet, "/api/exports/kits", Export, "Synced kits that can be exported"))
	Register(a, kits, func(ctx context.Context, _ *struct{}) (*Items[wire.ExportKit], error) {
		return items(a.Exports.Kits(ctx, user(ctx)))
	})
	create := behind(plan.FeatureExport, Op(http.MethodPost, "/api/exports", Export, "Build a card of a synced kit, or of samples, as a zip"))
	create.DefaultStatus = http.StatusAccepted
	create.Errors = append(create.Errors, 410)
	Register(a, create, func(ctx context.Context, in *In[wire.ExportRequest]) (*Body[wire.Export], error) {
		p := Principal(ctx)
		return body(a.Exports.Create(ctx, p.User, p.Limits, in.Body))
	})
	get := behind(plan.FeatureExport, Op(http.MethodGet, "/api/exports/{id}", Export, "One export, with a report of every file"))
	Register(a, get, func(ctx context.Context, in *ByID) (*Body[wire.Export], error) {
		return body(a.Exports.Get(ctx, user(ctx), in.ID))
	})
	download := behind(plan.FeatureExport, Op(http.MethodGet, "/api/exports/{id}/download", Export, "A link of 15 minutes to the zip"))
	download.Errors = append(download.Errors, 409, 410)
	Register(a, download, func(ctx context.Context, in *LinkIn) (*LinkOut, error) {
		l, err := a.Exports.Download(ctx, user(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		if in.Redirect {
			return &LinkOut{Status: http.StatusFound, Location: l.URL}, nil
		}
		return &LinkOut{Status: http.StatusOK, Body: l}, nil
	})
	again := behind(plan.FeatureExport, Op(http.MethodPost, "/api/exports/{id}/rebuild", Export, "Build an export again that was removed after 7 days, or that failed"))
	again.DefaultStatus = http.StatusAccepted
	again.Errors = append(again.Errors, 409)
	Register(a, again, func(ctx context.Context, in *ByID) (*Body[wire.Export], error) {
		p := Principal(ctx)
		return body(a.Exports.Rebuild(ctx, p.User, p.Limits, in.ID))
	})
	remove := behind(plan.FeatureExport, Op(http.MethodDelete, "/api/exports/{id}", Export, "Remove an export and its zip"))
	Register(a, remove, func(ctx context.Context, in *ByID) (*None, error) {
		return &None{}, a.Exports.Delete(ctx, user(ctx), in.ID)
	})
}
