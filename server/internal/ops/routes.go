package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/api"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/tenant"
	"sampleagent/server/internal/web"
)

// plainRoutes need no sign-in: health, metrics, signed objects, the OpenAPI document's path is
// the API's own.
func (s *Server) plainRoutes(r chi.Router) error {
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"status": alive})
	})
	r.Get("/readyz", func(w http.ResponseWriter, r *http.Request) {
		parts := s.ready(r.Context())
		status := http.StatusOK
		for _, p := range parts {
			if p != "ok" {
				status = http.StatusServiceUnavailable
			}
		}
		answer(w, status, parts)
	})
	r.Get(tenant.ProofPath, s.Tenants.ServeProof)
	r.With(s.Tenants.Branded).Get("/brand/style.css", s.Tenants.ServeStyle)
	r.With(s.Tenants.Branded).Get("/brand/logo.png", s.Tenants.ServeLogo)
	allowed, err := prefixes(s.Config.MetricsAllow)
	if err != nil {
		return err
	}
	metrics := s.metrics.handler(s)
	r.With(s.API.Authenticate).Get("/metrics", func(w http.ResponseWriter, r *http.Request) {
		a, err := netip.ParseAddr(api.ClientIP(r.Context()))
		inside := err == nil && !api.Relayed(r.Context()) && slices.ContainsFunc(allowed, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
		if p := api.Principal(r.Context()); !inside && (p == nil || !s.Accounts.IsAdmin(p.User)) {
			http.NotFound(w, r)
			return
		}
		metrics.ServeHTTP(w, r)
	})
	if local, ok := s.Meter.Store.(*object.Local); ok {
		r.Handle(object.LocalPath+"*", local)
	}
	return nil
}

const alive = "alive" // at /healthz

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone
}

// ready asks the parts without which nothing can be taken in, whether they can be written. What they say stays in the
// log: strangers learn only that something is wrong.
func (s *Server) ready(ctx context.Context) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	parts := map[string]string{}
	check := func(name string, err error) {
		parts[name] = "ok"
		if err != nil {
			parts[name] = "not ready"
			s.Log.WarnContext(ctx, "not ready", "part", name, "error", err)
		}
	}
	check("database", s.DB.Writable(ctx))
	check("objects", s.Objects.Ready(ctx))
	return parts
}

// branded notes by whose host a request came, so that its links lead back there.
func (s *Server) branded(next http.Handler) http.Handler {
	return s.Tenants.Branded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tenant.ID(r.Context()) != "" {
			r = r.WithContext(object.WithAddress(r.Context(), s.Tenants.Here(r.Context()).Address))
		}
		next.ServeHTTP(w, r)
	}))
}

// adminRoutes are for operators: River's pages.
func (s *Server) adminRoutes(r chi.Router) error {
	ui, err := s.Queue.UI(context.Background(), "/admin/queue")
	if err != nil {
		return err
	}
	r.With(s.OperatorsOnly).Handle("/admin/queue*", ui)
	return nil
}

// OperatorsOnly shows nobody else that there is something: 404. Nor does a tenant's host, which
// is in its owner's hands.
func (s *Server) OperatorsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := api.Principal(r.Context()); p == nil || p.KeyID != "" || !s.Accounts.IsAdmin(p.User) || tenant.ID(r.Context()) != "" {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// pages adds what browsers see.
func (s *Server) pages(r chi.Router) error {
	o := web.Options{API: s.API, Accounts: s.Accounts, Jobs: s.Jobs, Log: s.Log, Features: s.Features.Features, Operators: s.OperatorsOnly, Cost: s.Cost, Switches: s.Features, Tenants: s.Tenants, Production: s.Config.Production()}
	if s.outbox != nil {
		o.Outbox = s.outbox.Dir()
	}
	if s.outside != nil {
		o.Outside, o.OutsideAs = s.outside, s.Config.OIDCName
	}
	if s.Config.S3Endpoint != "" {
		u, err := url.Parse(s.Config.S3Endpoint)
		if err != nil {
			return fmt.Errorf("s3_endpoint: %w", err)
		}
		o.MediaHost = u.Scheme + "://" + u.Host
	}
	return web.Mount(r, o)
}
