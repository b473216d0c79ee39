package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/httprate"

	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// CookieName is the browser's session cookie.
const CookieName = "sa_session"

type idKey struct{}

// RequestID is the id of the request in logs and problems.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

type ipKey struct{}

// ClientIP is the address of the client, seen through trusted proxies only.
func ClientIP(ctx context.Context) string {
	ip, _ := ctx.Value(ipKey{}).(string)
	return ip
}

type relayedKey struct{}

// OnThisMachine says that a request was made on the server's own machine: by its address, and
// with no word of a proxy that we do not know, behind which anybody may be.
func OnThisMachine(ctx context.Context) bool {
	a, err := netip.ParseAddr(ClientIP(ctx))
	return err == nil && a.IsLoopback() && !Relayed(ctx)
}

// Relayed says that a proxy which is not trusted passed the request on: its client's address is
// the proxy's.
func Relayed(ctx context.Context) bool { return ctx.Value(relayedKey{}) != nil }

// relays are the headers by which proxies say that they pass a request on.
var relays = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"}

// Identify gives each request an id and its client's address. header is believed only from
// the networks in trusted; of its list the last address that is not itself trusted counts.
func Identify(trusted []netip.Prefix, header string) func(http.Handler) http.Handler {
	believed := func(text string) bool {
		a, err := netip.ParseAddr(strings.TrimSpace(text))
		return err == nil && slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ip, _, err := net.SplitHostPort(r.RemoteAddr)
			if err != nil {
				ip = r.RemoteAddr
			}
			ctx := r.Context()
			if !believed(ip) {
				if slices.ContainsFunc(append(relays, header), func(h string) bool { return r.Header.Get(h) != "" }) {
					ctx = context.WithValue(ctx, relayedKey{}, true)
				}
			} else {
				for _, hop := range slices.Backward(strings.Split(strings.Join(r.Header.Values(header), ","), ",")) {
					if a, err := netip.ParseAddr(strings.TrimSpace(hop)); err == nil {
						ip = a.Unmap().String()
						if !believed(ip) {
							break
						}
					}
				}
			}
			id := store.NewID()
			w.Header().Set("X-Request-Id", id)
			ctx = context.WithValue(context.WithValue(ctx, idKey{}, id), ipKey{}, ip)
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// Authenticate finds out who a request comes from, by bearer token or cookie. It refuses only
// broken limits; operations refuse nobody. A cookie counts for changes only from our own pages.
func (a *API) Authenticate(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, fromCookie := bearer(r)
		if token == "" {
			next.ServeHTTP(w, r)
			return
		}
		var who any
		p, err := a.Accounts.Authenticate(r.Context(), token)
		if err == nil && fromCookie {
			if crossOrigin.Check(r) != nil {
				err = &wire.Problem{Type: "about:blank", Title: "Forbidden", Status: http.StatusForbidden, Code: wire.CodeScope, Detail: "This request does not come from our own pages."}
			}
		}
		if err == nil && p.KeyID != "" {
			err = a.DB.Write(r.Context(), func(tx *store.Tx) error {
				return quota.APICall(r.Context(), tx, p.User.ID, p.KeyID, p.Limits, a.Accounts.Now())
			})
		}
		who = p
		if err != nil {
			var known *wire.Problem
			if !errors.As(err, &known) {
				a.Refuse(w, r, err)
				return
			}
			who = err
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, who)))
	})
}

func bearer(r *http.Request) (token string, fromCookie bool) {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return t, false
	}
	if c, err := r.Cookie(CookieName); err == nil {
		return c.Value, true
	}
	return "", false
}

// Refuse writes err as problem details, or as a page to a browser that asked for one.
func (a *API) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := a.Problem(r.Context(), err)
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", retrySeconds(p))
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if a.Page != nil && !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html") {
		a.Page(w, r, p)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	if err := writeJSON(w, p); err != nil {
		a.Log.DebugContext(r.Context(), "answer not written", "error", err)
	}
}

func writeJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

// Burst limits the requests of one account, or of one address for nobody's.
func (a *API) Burst(next http.Handler) http.Handler {
	return httprate.LimitBy(a.PerMinute, time.Minute,
		func(r *http.Request) (string, error) {
			if p := Principal(r.Context()); p != nil {
				return "user " + p.User.ID, nil
			}
			return "address " + ClientIP(r.Context()), nil
		},
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			limit, reset := int64(a.PerMinute), time.Now().UTC().Truncate(time.Minute).Add(time.Minute)
			a.Refuse(w, r, &wire.Problem{Type: "about:blank", Title: "Too Many Requests", Status: http.StatusTooManyRequests, Code: wire.CodeTooFast,
				Detail: "Too many requests in one minute; wait a little.", Limit: &limit, Unit: "requests a minute", ResetAt: &reset, RetryAfter: time.Until(reset)})
		}))(next)
}

// Headers sets what every answer has. Pages add their own content security policy.
func Headers(production bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			// Not no-referrer: browsers then name no origin with our own forms either, and over http they
			// say nothing else by which a form of another site can be told from ours.
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			if production {
				h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
			}
			if strings.HasPrefix(r.URL.Path, "/api/") {
				h.Set("Cache-Control", "no-store")
				h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Logged writes one line for each request: never a query, which may hold a token.
func Logged(log *slog.Logger, observe func(route, method string, status int, took time.Duration), route func(*http.Request) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			rec := &recorder{ResponseWriter: w, status: http.StatusOK}
			next.ServeHTTP(rec, r)
			took := time.Since(began)
			name := route(r)
			if observe != nil {
				observe(name, r.Method, rec.status, took)
			}
			level := slog.LevelInfo
			switch {
			case strings.HasPrefix(name, "/healthz"), strings.HasPrefix(name, "/readyz"), strings.HasPrefix(name, "/metrics"):
				level = slog.LevelDebug
			case rec.status == http.StatusServiceUnavailable: // what is away has a line of its own
				level = slog.LevelWarn
			case rec.status >= 500:
				level = slog.LevelError
			}
			log.Log(r.Context(), level, "request", "method", r.Method, "route", name, "status", rec.status, "bytes", rec.bytes,
				"took_ms", took.Milliseconds(), "ip", ClientIP(r.Context()))
		})
	}
}

type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// IDs adds the request's id to each line of a log.
type IDs struct{ slog.Handler }

// Handle adds the id.
func (h IDs) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the wrapping.
func (h IDs) WithAttrs(attrs []slog.Attr) slog.Handler { return IDs{h.Handler.WithAttrs(attrs)} }

// WithGroup keeps the wrapping.
func (h IDs) WithGroup(name string) slog.Handler { return IDs{h.Handler.WithGroup(name)} }

// etag is a validator of a value's JSON.
func etag(v any) (string, error) {
	h := sha256.New()
	if err := writeJSON(h, v); err != nil {
		return "", err
	}
	return `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`, nil
}
