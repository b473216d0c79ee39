// Package tenant is under whose name the server appears: its own, or, at a tenant's host, that of
// an enterprise account, with name, logo and colours on pages and mails.
//
// A host counts once it has been shown to lead here, and only while its account may have one. The
// package must never know what a page or a mail says, or what its readers may do.
package tenant

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/recent"
	"sampleagent/server/internal/store"
)

// OwnName is the server's own.
const OwnName = "Sample Agent"

// Brand is a name with all that goes with it.
type Brand struct {
	ID      string // of the tenant, "" for the server's own
	Name    string
	Address string // where its pages are and links lead, without a slash at the end
	Light   Palette
	Dark    Palette
	Logo    []byte // PNG, nil for none
	Version string // of logo and style sheet, "" for the server's own
}

// Own says that it is the server's.
func (b *Brand) Own() bool { return b.ID == "" }

// own is the server's: colours as in static/app.css.
func own(address string) *Brand {
	return &Brand{Name: OwnName, Address: address, Light: palette(store.Colours{Accent: "#b34d05"}, 0), Dark: palette(store.Colours{Accent: "#ff8a3c"}, 1)}
}

// Service knows the tenants of one server.
type Service struct {
	DB     *store.DB
	Own    string // the server's address
	Secret []byte
	Limits func(*store.User) (plan.Limits, error) // what an account may do now
	Client interface {                            // asks hosts whether they lead here
		Do(*http.Request) (*http.Response, error)
	}
	Log *slog.Logger
	Now func() time.Time

	known recent.Answer[*brands]
}

// brands are those that count at a time.
type brands struct {
	own    *Brand
	byHost map[string]*Brand
	byID   map[string]*Brand
}

// address is that of a host's pages: the server's with another host.
func (s *Service) address(host string) string {
	u, err := url.Parse(s.Own)
	if err != nil {
		return s.Own // the settings were checked
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	return u.Scheme + "://" + host
}

func (s *Service) current() *brands {
	b, err := s.known.Get(s.load)
	if err != nil {
		s.Log.Warn("tenants not read; the last answer stands", "error", err)
	}
	if b == nil {
		return &brands{own: own(s.Own)}
	}
	return b
}

func (s *Service) load(ctx context.Context) (*brands, error) {
	b := &brands{own: own(s.Own), byHost: map[string]*Brand{}, byID: map[string]*Brand{}}
	rows, err := s.DB.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		t := &rows[i]
		owner, err := s.DB.User(ctx, t.OwnerID)
		if errors.Is(err, store.ErrNotFound) {
			continue // being deleted
		}
		if err != nil {
			return nil, err
		}
		l, err := s.Limits(owner)
		if err != nil {
			return nil, err
		}
		if !l.WhiteLabel || owner.BlockedAt != 0 {
			continue
		}
		brand, err := s.brand(t)
		if err != nil {
			return nil, err
		}
		b.byID[t.ID] = brand
		if Counts(t, s.Now()) {
			b.byHost[t.Host] = brand
		} else {
			brand.Address = s.Own
		}
	}
	return b, nil
}

// Counts says whether a tenant's host was shown to lead here, and not long ago.
func Counts(t *store.Tenant, now time.Time) bool {
	return t.ProvenAt != 0 && now.Sub(t.ProvenAt.Time()) < Trust
}

func (s *Service) brand(t *store.Tenant) (*Brand, error) {
	b := &Brand{ID: t.ID, Name: t.Name, Address: s.address(t.Host), Light: palette(t.Colours.V, 0), Dark: palette(t.Colours.V, 1)}
	if t.Logo != "" {
		var err error
		if b.Logo, err = base64.StdEncoding.DecodeString(t.Logo); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256([]byte(css(b.Light, b.Dark) + t.Logo))
	b.Version = hex.EncodeToString(sum[:6])
	return b, nil
}

// Of is the brand of an account's mails, by its tenant; the server's own when that does not count.
func (s *Service) Of(id string) *Brand {
	b := s.current()
	if t := b.byID[id]; t != nil {
		return t
	}
	return b.own
}

type hereKey struct{}

// Here is the brand that a request came by.
func (s *Service) Here(ctx context.Context) *Brand {
	if b, ok := ctx.Value(hereKey{}).(*Brand); ok {
		return b
	}
	return s.current().own
}

// Branded notes for each request by whose host it came. Hosts that are no tenant's are ours: no
// text of a request gets into a link.
func (s *Service) Branded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b := s.current().byHost[bare(r.Host)]; b != nil {
			r = r.WithContext(With(r.Context(), b))
		}
		next.ServeHTTP(w, r)
	})
}

// With is ctx for work in a brand's name.
func With(ctx context.Context, b *Brand) context.Context {
	return context.WithValue(ctx, hereKey{}, b)
}

// ID is the tenant by whose host a request came, "" for ours.
func ID(ctx context.Context) string {
	if b, ok := ctx.Value(hereKey{}).(*Brand); ok {
		return b.ID
	}
	return ""
}

// Address is that by which a request came, else the server's own, which the caller knows.
func Address(ctx context.Context, own string) string {
	if b, ok := ctx.Value(hereKey{}).(*Brand); ok {
		return b.Address
	}
	return own
}

// ServeStyle answers with the style sheet of the brand's colours, ServeLogo with its logo. Their
// addresses hold Version, so browsers keep them.
func (s *Service) ServeStyle(w http.ResponseWriter, r *http.Request) {
	b := s.Here(r.Context())
	if b.Own() {
		http.NotFound(w, r)
		return
	}
	s.asset(w, "text/css; charset=utf-8", []byte(css(b.Light, b.Dark)))
}

// ServeLogo answers with the brand's logo.
func (s *Service) ServeLogo(w http.ResponseWriter, r *http.Request) {
	b := s.Here(r.Context())
	if b.Logo == nil {
		http.NotFound(w, r)
		return
	}
	s.asset(w, "image/png", b.Logo)
}

func (s *Service) asset(w http.ResponseWriter, kind string, b []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(b) // the browser has gone
}
