// Package api is the server's JSON over HTTP: routes, their OpenAPI document, sign-in of
// requests, limits on requests, problem details, live events. It turns requests into calls of
// the use cases in account, billing, job and notify, and their values into answers.
//
// It holds no rule of its own: what is allowed is decided by those packages.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/billing"
	"sampleagent/server/internal/export"
	"sampleagent/server/internal/job"
	"sampleagent/server/internal/notify"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// API serves /api and /openapi.json.
type API struct {
	Accounts *account.Service
	Jobs     *job.Service
	Exports  *export.Service
	Notify   *notify.Service
	DB       *store.DB
	Log      *slog.Logger

	Bills      *billing.Service
	AI         bool // switched on, for people
	Production bool // strangers can reach us: https only
	PerMinute  int  // requests of one account or address
	Streams    int  // live event streams of one account
	// Page draws a refusal for a browser that asked for a page; nil: all get problem details.
	Page func(w http.ResponseWriter, r *http.Request, p *wire.Problem)
	// Ending is done when the process stops: live streams end then, other requests go on. May be nil.
	Ending <-chan struct{}

	huma huma.API
}

// Version is that of the OpenAPI document.
const Version = "1.0.0"

// Extra adds routes of other packages (billing, sync, exports) to the same document.
type Extra interface{ Register(a *API) }

// huma keeps the form of errors for the whole process: it is set before the first server starts,
// since several may run in one.
func init() { huma.NewError = newError }

// Mount adds all routes to r, whose middleware must hold Authenticate.
func (a *API) Mount(r chi.Router, extras ...Extra) {
	config := huma.DefaultConfig("Sample Agent", Version)
	config.DocsPath, config.SchemasPath = "", "" // its page loads a script from elsewhere
	config.CreateHooks = nil                     // no $schema in answers
	config.Info.Description = "Upload sounds, have them analysed, keep them at hand. Errors are application/problem+json with a machine-readable code."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "An access token or an API key."},
	}
	a.huma = humachi.New(r, config)
	a.huma.UseMiddleware(a.guard)
	a.authRoutes()
	a.accountRoutes()
	a.keyRoutes()
	a.uploadRoutes(r)
	a.jobRoutes()
	a.sampleRoutes()
	a.hookRoutes()
	a.syncRoutes(r)
	a.billingRoutes(r)
	a.exportRoute(r)
	a.cardRoutes()
	a.eventRoute(r)
	for _, e := range extras {
		e.Register(a)
	}
}

// OpenAPI is the document of all routes.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// Scopes that an operation may ask for. Session is for browsers and the desktop only: an API
// key cannot change who is signed in.
const (
	Public  = "public"
	Session = "session"
	Read    = account.ScopeRead
	Upload  = account.ScopeUpload
	Write   = account.ScopeWrite
	Export  = account.ScopeExport
)

// Op describes an operation: POST /api/x with the scope it needs.
func Op(method, path, scope, summary string) huma.Operation {
	o := huma.Operation{Method: method, Path: path, Summary: summary, OperationID: operationID(method, path),
		Metadata: map[string]any{"scope": scope}, Errors: []int{400, 422, 429, 500}, MaxBodyBytes: 256 << 10}
	if scope != Public {
		o.Security = []map[string][]string{{"bearer": {}}}
		o.Errors = append(o.Errors, 401, 403, 404)
	}
	return o
}

func operationID(method, path string) string {
	words := strings.FieldsFunc(strings.TrimPrefix(path, "/api"), func(r rune) bool { return r == '/' || r == '{' || r == '}' || r == '-' || r == '_' })
	return strings.ToLower(method) + "-" + strings.Join(words, "-")
}

// Register adds an operation whose handler returns our errors.
func Register[I, O any](a *API, op huma.Operation, handler func(context.Context, *I) (*O, error)) {
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.answer(ctx, err)
		}
		return out, nil
	})
}

// answer is err as a client may see it.
func (a *API) answer(ctx context.Context, err error) error {
	p := a.Problem(ctx, err)
	if p.RetryAfter > 0 {
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {retrySeconds(p)}})
	}
	return p
}

func retrySeconds(p *wire.Problem) string {
	return strconv.Itoa(max(int(p.RetryAfter.Seconds()+0.999), 1))
}

// Problem turns any error into what is told of it: ours as they are, missing rows as 404, all
// else as 500, or 503 where a part of the server is away, with a line in the log.
func (a *API) Problem(ctx context.Context, err error) *wire.Problem {
	var p *wire.Problem
	switch {
	case errors.As(err, &p):
		copied := *p
		copied.Instance = RequestID(ctx)
		return &copied
	case errors.Is(err, store.ErrNotFound):
		return &wire.Problem{Type: "about:blank", Title: "Not Found", Status: http.StatusNotFound, Code: wire.CodeNotFound, Detail: "There is no such thing here, or it is not yours.", Instance: RequestID(ctx)}
	case errors.Is(err, context.Canceled):
		return &wire.Problem{Type: "about:blank", Title: "Client Closed Request", Status: 499, Code: wire.CodeBadRequest, Instance: RequestID(ctx)}
	}
	a.Log.ErrorContext(ctx, "request failed", "error", err)
	if what := away(err); what != "" {
		return &wire.Problem{Type: "about:blank", Title: "Service Unavailable", Status: http.StatusServiceUnavailable, Code: wire.CodeUnavailable,
			Detail: what + " just now. Try again in a minute.", Instance: RequestID(ctx), RetryAfter: awayRetry}
	}
	return &wire.Problem{Type: "about:blank", Title: "Internal Server Error", Status: http.StatusInternalServerError, Code: wire.CodeInternal,
		Detail: "The server failed. We have been told; try again later.", Instance: RequestID(ctx)}
}

// awayRetry is when a client asks again for what failed because a part of the server was away.
const awayRetry = 30 * time.Second

// away names, for users, the part of the server that an error says is away; "" when it says none.
func away(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), store.Full(err):
		return "The server's disk is full"
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EIO):
		return "The server cannot write to its disk"
	case errors.Is(err, object.ErrAway):
		return "The server cannot reach its store of sounds"
	case store.Away(err):
		return "The server cannot reach its database"
	}
	return ""
}

// newError makes huma's own refusals (validation, broken JSON) look like ours. Values of the
// request are left out: they may be secrets.
func newError(status int, msg string, errs ...error) huma.StatusError {
	p := &wire.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: msg, Code: wire.CodeBadRequest}
	switch {
	case status == http.StatusUnprocessableEntity:
		p.Code = wire.CodeInvalid
	case status == http.StatusRequestEntityTooLarge:
		p.Code = wire.CodeTooLarge
	case status == http.StatusUnsupportedMediaType:
		p.Code = wire.CodeFormat
	case status >= 500:
		p.Code = wire.CodeInternal
	}
	for _, e := range errs {
		var d huma.ErrorDetailer
		switch {
		case e == nil:
		case errors.As(e, &d):
			p.Errors = append(p.Errors, wire.FieldError{Location: d.ErrorDetail().Location, Message: d.ErrorDetail().Message})
		case status < 500:
			p.Errors = append(p.Errors, wire.FieldError{Message: e.Error()})
		}
	}
	return p
}

// guard refuses operations that need a principal who is not there or may not.
func (a *API) guard(ctx huma.Context, next func(huma.Context)) {
	if err := a.allowed(ctx.Context(), ctx.Operation()); err != nil {
		a.write(ctx, err)
		return
	}
	next(ctx)
}

func (a *API) write(ctx huma.Context, err error) {
	p := a.Problem(ctx.Context(), err)
	if p.RetryAfter > 0 {
		ctx.SetHeader("Retry-After", retrySeconds(p))
	}
	if p.Status == http.StatusUnauthorized {
		ctx.SetHeader("WWW-Authenticate", "Bearer")
	}
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(p.Status)
	if err := writeJSON(ctx.BodyWriter(), p); err != nil {
		a.Log.DebugContext(ctx.Context(), "answer not written", "error", err)
	}
}

// behind is an operation of a feature: while an operator has switched that off, it is refused.
func behind(f plan.Feature, op huma.Operation) huma.Operation {
	op.Metadata["feature"] = f
	return op
}

// allowed says whether the request's principal may call an operation that is offered.
func (a *API) allowed(ctx context.Context, op *huma.Operation) error {
	scope, _ := op.Metadata["scope"].(string)
	if err := a.may(ctx, scope); err != nil {
		return err
	}
	if f, ok := op.Metadata["feature"].(plan.Feature); ok {
		return a.Offered(f)
	}
	return nil
}

// Offered refuses what an operator has switched off.
func (a *API) Offered(f plan.Feature) error {
	if a.Accounts.Features().On(f) {
		return nil
	}
	return &wire.Problem{Type: "about:blank", Title: "Forbidden", Status: http.StatusForbidden, Code: wire.CodeOff, Detail: "This server does not offer this (" + string(f) + ") at present."}
}

// may says whether the request's principal has a scope.
func (a *API) may(ctx context.Context, scope string) error {
	if scope == Public {
		return nil
	}
	who := ctx.Value(whoKey{})
	if err, ok := who.(error); ok {
		return err
	}
	p, ok := who.(*account.Principal)
	if !ok {
		return &wire.Problem{Type: "about:blank", Title: "Unauthorized", Status: http.StatusUnauthorized, Code: wire.CodeSignedOut, Detail: "You are not signed in. Sign in and try again."}
	}
	if scope == Session && p.KeyID != "" {
		return &wire.Problem{Type: "about:blank", Title: "Forbidden", Status: http.StatusForbidden, Code: wire.CodeScope, Detail: "API keys cannot do this; use the web page or the desktop."}
	}
	if scope != Session && !p.May(scope) {
		return &wire.Problem{Type: "about:blank", Title: "Forbidden", Status: http.StatusForbidden, Code: wire.CodeScope, Detail: "This API key was not given the right to " + scope + "."}
	}
	return nil
}

type whoKey struct{}

// Principal is who the request comes from; nil for nobody.
func Principal(ctx context.Context) *account.Principal {
	p, _ := ctx.Value(whoKey{}).(*account.Principal)
	return p
}

// Who is the request's account for the use cases of job. Only after guard.
func Who(ctx context.Context) job.Who {
	p := Principal(ctx)
	return job.Who{User: p.User, Limits: p.Limits}
}
