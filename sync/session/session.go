// Package session signs a person in from the system's browser and keeps the tokens of an account
// fresh: an access token in memory, the refresh token in the system keyring.
//
// It never sees a password, never writes a token to a file or a log, and knows nothing of what
// the tokens are used for.
package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"sampleagent/sync/wire"
)

// Account names who is signed in where. It holds no secret and may be stored in the settings.
type Account struct {
	Server string `toml:"server" json:"server"` // https://host, no trailing slash
	ID     string `toml:"id" json:"id"`
	Email  string `toml:"email" json:"email"`
}

// key is under which a vault keeps the account's refresh token.
func (a Account) key() string { return a.Server + "|" + a.ID }

// ErrSignedOut says that the server no longer knows the sign-in: it was revoked, it expired, or
// there never was one. Signing in again is the cure.
var ErrSignedOut = errors.New("signed out: sign in again")

// Session is one signed-in account. It is safe for concurrent use.
type Session struct {
	Account Account
	// Kept says whether the sign-in outlives the program; false where there is no keyring.
	Kept bool

	http  *http.Client
	vault Vault
	now   func() time.Time

	mu      sync.Mutex
	access  string
	expires time.Time
	locked  time.Time // when the vault last did not answer
}

// askAgain is how long a vault that did not answer is left alone: the system puts a locked one's
// question to the person each time.
const askAgain = 5 * time.Minute

// early is how long before its end an access token is replaced, so that a request under way
// does not lose it.
const early = 30 * time.Second

// Resume is the session of an account that signed in earlier. It asks nobody yet: the first
// Token does.
func Resume(a Account, v Vault, client *http.Client) *Session {
	return &Session{Account: a, Kept: true, http: client, vault: v, now: time.Now}
}

// Token is an access token that is valid for at least some seconds. It is ErrSignedOut when the
// server refuses to renew; any other error may pass.
func (s *Session) Token(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.access != "" && s.now().Add(early).Before(s.expires) {
		return s.access, nil
	}
	return s.renew(ctx)
}

// Renew replaces an access token that the server has refused. Callers that were refused with the
// same stale token together cause one renewal.
func (s *Session) Renew(ctx context.Context, stale string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.access != stale && s.access != "" {
		return s.access, nil
	}
	return s.renew(ctx)
}

// renew trades the stored refresh token for new tokens. Another process of the same person may
// have traded it a moment ago: the server then gives this one the same successor, and a token
// that is refused although the vault meanwhile holds another is tried again with that one.
func (s *Session) renew(ctx context.Context) (string, error) {
	if left := s.locked.Add(askAgain).Sub(s.now()); left > 0 {
		return "", fmt.Errorf("%w: it is asked again in %v", ErrNoKeyring, left.Round(time.Second))
	}
	refresh, err := s.vault.Get(ctx, s.Account.key())
	if errors.Is(err, ErrNotFound) {
		return "", ErrSignedOut
	}
	if errors.Is(err, ErrNoKeyring) {
		s.locked = s.now()
	}
	if err != nil {
		return "", err
	}
	for {
		tokens, err := trade(ctx, s.http, s.Account.Server, wire.TokenRequest{Grant: wire.GrantRefresh, RefreshToken: refresh, ClientID: wire.DesktopClient})
		var problem *wire.Problem
		if errors.As(err, &problem) && problem.Status == http.StatusUnauthorized {
			newer, vaultErr := s.vault.Get(ctx, s.Account.key())
			if vaultErr == nil && newer != refresh {
				refresh = newer
				continue
			}
			s.access = ""
			return "", fmt.Errorf("%w (%s)", ErrSignedOut, problem.Detail)
		}
		if err != nil {
			return "", err
		}
		if err := s.vault.Set(ctx, s.Account.key(), tokens.RefreshToken); err != nil {
			return "", fmt.Errorf("keep the renewed sign-in of %s: %w", s.Account.Email, err)
		}
		s.accept(tokens)
		return s.access, nil
	}
}

func (s *Session) accept(t *wire.Tokens) {
	s.access = t.AccessToken
	// The server's word on the length, this machine's clock for the end: its clock may be wrong.
	s.expires = s.now().Add(time.Duration(t.ExpiresIn) * time.Second)
}

// SignOut tells the server to forget the sign-in and removes it from the vault. The local part
// is done even where the server cannot be reached; the error says so.
func (s *Session) SignOut(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	refresh, err := s.vault.Get(ctx, s.Account.key())
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	revokeErr := revoke(ctx, s.http, s.Account.Server, refresh)
	s.access = ""
	if err := s.vault.Delete(ctx, s.Account.key()); err != nil {
		return err
	}
	if revokeErr != nil {
		return fmt.Errorf("signed out here, but %s was not told: %w", s.Account.Server, revokeErr)
	}
	return nil
}
