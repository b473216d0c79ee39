// Package account is who somebody is: sign-in by a code or link in a mail, by an outside
// OpenID provider, and for the desktop by the browser with PKCE; sessions, tokens and API
// keys; what an account may do; its deletion and its audit log.
//
// Tokens are opaque and live as hashes. The package must never know how a request came in,
// what a page looks like, or what a job does.
package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Lengths of life.
const (
	RefreshLife = 30 * 24 * time.Hour
	WebLife     = 30 * 24 * time.Hour
	CodeLife    = 10 * time.Minute
	GrantLife   = 2 * time.Minute

	// RefreshGrace is how long a refresh token may be used again: replies get lost, and two
	// windows refresh at once. Later use means that somebody else has the token.
	RefreshGrace = 60 * time.Second
)

// Mails asks for mails in a transaction.
type Mails interface {
	// SignIn sends the code and link of a login code, which follow from its id, in the name of the
	// tenant at whose host it was asked for.
	SignIn(ctx context.Context, tx *store.Tx, email, codeID, tenantID string) error
	// Reused tells a user that a refresh token was used twice and its session was ended.
	Reused(ctx context.Context, tx *store.Tx, u *store.User, device string) error
}

// Service is the accounts of one database.
type Service struct {
	DB     *store.DB
	Secret []byte // of signed links and derived tokens
	Mails  Mails
	Admins []string // addresses, lower case
	Now    func() time.Time
	// AccessLife is how long an access token is valid before it must be renewed.
	AccessLife time.Duration
	Lanes      map[plan.Queue]int // that jobs can wait in, with this process's workers
	// Features are what the operator offers now.
	Features func() plan.Features

	// Leaving is told, in the transaction, of an account that is deleted, so that it pays no
	// longer. May be nil.
	Leaving func(ctx context.Context, tx *store.Tx, u *store.User) error
}

// Limits is what an account may do now, of what the operator offers.
func (s *Service) Limits(u *store.User) (plan.Limits, error) {
	l, err := u.Limits(s.Now())
	return l.In(s.Features()), err
}

// IsAdmin says whether an account is an operator's.
func (s *Service) IsAdmin(u *store.User) bool {
	return slices.Contains(s.Admins, u.Email)
}

func problem(status int, code wire.Code, detail string) *wire.Problem {
	return &wire.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// errSignedOut is the answer to every token that does not count.
func errSignedOut() error {
	return problem(http.StatusUnauthorized, wire.CodeSignedOut, "You are not signed in. Sign in and try again.")
}

// random is n fresh random bytes as URL-safe text.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

func hash(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}

// derive is a value that only holders of the server's secret can compute.
func (s *Service) derive(purpose, from string) []byte {
	h := hmac.New(sha256.New, s.Secret)
	h.Write([]byte(purpose + "\x00" + from))
	return h.Sum(nil)
}

// cleanEmail is an address in the one form we keep, or an error that says what is wrong.
func cleanEmail(text string) (string, error) {
	a, err := mail.ParseAddress(strings.TrimSpace(text))
	if err != nil || a.Name != "" || len(a.Address) > 254 || strings.ContainsAny(a.Address, "\r\n\x00\"") {
		return "", problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "This is not an e-mail address.")
	}
	if !strings.Contains(a.Address[strings.LastIndexByte(a.Address, '@'):], ".") && !strings.HasSuffix(a.Address, "@localhost") {
		return "", problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "The part after @ of this address is not complete.")
	}
	return strings.ToLower(a.Address), nil
}

// userFor is the account of an address whose owner has proved it, made if it is new; then it
// belongs to the tenant at whose host it was asked for.
func (s *Service) userFor(ctx context.Context, tx *store.Tx, email, tenantID, ip string) (*store.User, error) {
	u, err := tx.UserByEmail(ctx, email)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return u, err
	}
	now := s.Now()
	u = &store.User{
		ID: store.NewID(), Email: email, Tier: plan.Free, CreatedAt: store.At(now), UpdatedAt: store.At(now), LastSeenAt: store.At(now),
		UnsubscribeToken: random(24), TenantID: tenantID, NotifyProcessed: true, NotifyFailed: true, NotifyExpiring: true, NotifyQuota: true,
	}
	if err := tx.CreateUser(ctx, u); err != nil {
		return nil, err
	}
	if u, err = tx.UserByEmail(ctx, email); err != nil {
		return nil, err
	}
	return u, s.audit(ctx, tx, u.ID, "user:"+u.ID, "account.created", "", ip, nil)
}

func (s *Service) audit(ctx context.Context, tx *store.Tx, userID, actor, action, subject, ip string, detail map[string]string) error {
	return tx.AddAudit(ctx, &store.Audit{UserID: userID, Actor: actor, Action: action, Subject: subject, IP: ip,
		Detail: store.JSON[map[string]string]{V: detail}, CreatedAt: store.At(s.Now())})
}

// Principal is who a request comes from and what it may do.
type Principal struct {
	User      *store.User
	Limits    plan.Limits
	SessionID string   // "" for an API key
	KeyID     string   // "" for a session
	Kind      string   // web, desktop, api
	Scopes    []string // of an API key; sessions may do all
}

// Prefixes tell kinds of tokens apart, also for scanners that look for leaked secrets.
const (
	accessPrefix  = "sa_at_"
	refreshPrefix = "sa_rt_"
	webPrefix     = "sa_web_"
	keyPrefix     = "sa_live_"
	grantPrefix   = "sa_ac_"
)

// Authenticate finds out who a token names. Every token that does not count gives the same 401,
// but an access token that has just ended says so, so that the client refreshes it.
func (s *Service) Authenticate(ctx context.Context, token string) (*Principal, error) {
	now := s.Now()
	p := &Principal{}
	if strings.HasPrefix(token, keyPrefix) {
		var err error
		if p, err = s.byKey(ctx, token, now); err != nil {
			return nil, err
		}
	} else {
		t, err := s.DB.Token(ctx, hash(token))
		if err != nil {
			return nil, signedOutOr(err)
		}
		if t.Kind == "refresh" {
			return nil, errSignedOut()
		}
		if t.ExpiresAt <= store.At(now) {
			return nil, problem(http.StatusUnauthorized, wire.CodeTokenExpired, "The access token has expired; refresh it.")
		}
		session, err := s.DB.Session(ctx, t.SessionID)
		if err != nil {
			return nil, signedOutOr(err)
		}
		if session.RevokedAt != 0 {
			return nil, errSignedOut()
		}
		p.SessionID, p.Kind = session.ID, session.Kind
		if p.User, err = s.DB.User(ctx, t.UserID); err != nil {
			return nil, signedOutOr(err)
		}
		if err := s.touch(ctx, p.User, session, t, now); err != nil {
			return nil, err
		}
	}
	if p.User.BlockedAt != 0 {
		return nil, problem(http.StatusForbidden, wire.CodeBlocked, "This account is blocked. Write to the operator.")
	}
	var err error
	if p.Limits, err = s.Limits(p.User); err != nil {
		return nil, err
	}
	if p.KeyID != "" && p.Limits.APIRequests == 0 {
		return nil, s.noKeys()
	}
	return p, nil
}

// touch notes use once a minute (session) and once an hour (account), and moves the end of a
// web session that is used.
func (s *Service) touch(ctx context.Context, u *store.User, session *store.Session, t *store.Token, now time.Time) error {
	if now.Sub(session.LastUsedAt.Time()) <= time.Minute {
		return nil
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if t.Kind == "web" {
			if err := tx.ExtendToken(ctx, t.Hash, now.Add(WebLife)); err != nil {
				return err
			}
		}
		if err := tx.Seen(ctx, u.ID, now); err != nil {
			return err
		}
		return tx.TouchSession(ctx, session.ID, now, now.Add(RefreshLife))
	})
}

func signedOutOr(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errSignedOut()
	}
	return err
}
