package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Outside is a sign-in that an OpenID provider vouches for.
type Outside struct {
	Issuer, Subject, Email string
	EmailVerified          bool
}

// OIDC signs in at any OpenID provider by the authorization code flow with state, nonce and
// PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636). The provider is asked for its addresses and
// keys at the first sign-in, so that the server starts while it is away.
type OIDC struct {
	Issuer, ClientID, ClientSecret string
	Redirect                       string // our address that it answers to
	Client                         *http.Client

	mu       sync.Mutex
	provider *oidc.Provider
}

// outsideTime bounds each conversation with the provider.
const outsideTime = 15 * time.Second

// discover reads the provider's configuration once; a failure is tried again the next time.
func (o *OIDC) discover(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	// The provider keeps this context for its keys: it must outlive the request.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.client()), o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("sign-in service %s: %w", o.Issuer, err)
	}
	o.provider = p
	return p, nil
}

func (o *OIDC) client() *http.Client {
	if o.Client != nil {
		return o.Client
	}
	return &http.Client{Timeout: outsideTime}
}

// Check says whether the provider can be reached and is who it says.
func (o *OIDC) Check(ctx context.Context) error {
	_, err := o.discover(ctx)
	return err
}

func (o *OIDC) config(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: o.Redirect, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}
}

// Begin is where the browser is sent, and what Finish must be given back by the same browser.
func (o *OIDC) Begin(ctx context.Context) (address, memory string, err error) {
	p, err := o.discover(ctx)
	if err != nil {
		return "", "", errors.Join(problem(http.StatusBadGateway, wire.CodeOff, "The sign-in service does not answer. Sign in by e-mail code, or try again later."), err)
	}
	state, nonce, verifier := random(24), random(24), oauth2.GenerateVerifier()
	return o.config(p).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), strings.Join([]string{state, nonce, verifier}, " "), nil
}

// Finish reads the provider's answer: code for ID token, whose signature, issuer, audience,
// end and nonce must hold.
func (o *OIDC) Finish(ctx context.Context, answer url.Values, memory string) (Outside, error) {
	refused := func(detail string, err error) (Outside, error) {
		return Outside{}, errors.Join(problem(http.StatusForbidden, wire.CodeBlocked, detail), err)
	}
	kept := strings.Fields(memory)
	if len(kept) != 3 || subtle.ConstantTimeCompare([]byte(kept[0]), []byte(answer.Get("state"))) != 1 {
		return refused("The answer does not belong to a sign-in of this browser. Start again.", nil)
	}
	if answer.Get("error") != "" || answer.Get("code") == "" {
		return refused("The sign-in service did not let you in. Start again.", nil)
	}
	p, err := o.discover(ctx)
	if err != nil {
		return refused("The sign-in service does not answer. Try again later.", err)
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.client()), outsideTime)
	defer cancel()
	tokens, err := o.config(p).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(kept[2]))
	if err != nil {
		return refused("The sign-in service refused its own code. Start again.", err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: o.ClientID}).Verify(ctx, raw)
	if err != nil {
		return refused("The sign-in service's answer is not valid.", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(kept[1])) != 1 {
		return refused("The sign-in service's answer belongs to another sign-in. Start again.", nil)
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil {
		return refused("The sign-in service's answer cannot be read.", err)
	}
	return Outside{Issuer: id.Issuer, Subject: id.Subject, Email: claims.Email, EmailVerified: claims.Verified}, nil
}

// CheckOutside is the account of an outside sign-in: by issuer and subject, or, for a verified
// address, by that (server-notes.md).
func (s *Service) CheckOutside(ctx context.Context, o Outside, ip string) (*store.User, error) {
	var u *store.User
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		var err error
		u, err = tx.UserByIdentity(ctx, o.Issuer, o.Subject)
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if !o.EmailVerified {
			return problem(http.StatusForbidden, wire.CodeBlocked, "Your sign-in service has not verified your e-mail address. Verify it there, or sign in by e-mail code.")
		}
		email, err := cleanEmail(o.Email)
		if err != nil {
			return err
		}
		if u, err = s.userFor(ctx, tx, email, "", ip); err != nil {
			return err
		}
		if err := tx.AddIdentity(ctx, o.Issuer, o.Subject, u.ID, s.Now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, u.ID, "user:"+u.ID, "identity.joined", o.Subject, ip, map[string]string{"by": o.Issuer})
	})
	return u, err
}
