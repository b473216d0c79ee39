package account

import (
	"context"
	"net/http"
	"slices"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Scopes of API keys, in the order in which a form offers them. Write holds upload: whoever may
// change everything may add to it.
const (
	ScopeRead   = "read"
	ScopeUpload = "upload"
	ScopeWrite  = "write"
	ScopeExport = "export"
)

// Scopes are all that a key may be given, with what each allows.
var Scopes = []struct{ Name, Allows string }{
	{ScopeRead, "see jobs, samples, usage and the account, and download sounds"},
	{ScopeUpload, "send sounds to be analysed"},
	{ScopeWrite, "upload, and change or delete jobs, samples and synced data"},
	{ScopeExport, "build, download and remove exports for the SP-404MK2"},
}

// May says whether a principal has a scope.
func (p *Principal) May(scope string) bool {
	return p.KeyID == "" || slices.Contains(p.Scopes, scope) || scope == ScopeUpload && slices.Contains(p.Scopes, ScopeWrite)
}

// noKeys is the refusal of a plan without API keys, for making one and for using one that was
// made under a larger plan.
func (s *Service) noKeys() error {
	if !s.Features().On(plan.FeatureKeys) {
		return problem(http.StatusForbidden, wire.CodeOff, "This server does not offer API keys at present.")
	}
	x := problem(http.StatusForbidden, wire.CodeTier, "API keys are part of the pro plan.")
	x.Upgrade = true
	return x
}

// maxKeys is how many keys of an account may be alive at once.
const maxKeys = 50

// NewKey makes an API key; its secret is in the answer and nowhere else.
func (s *Service) NewKey(ctx context.Context, p *Principal, r wire.KeyRequest, ip string) (*wire.Key, error) {
	if p.Limits.APIRequests == 0 {
		return nil, s.noKeys()
	}
	for _, scope := range r.Scopes {
		if !slices.ContainsFunc(Scopes, func(known struct{ Name, Allows string }) bool { return known.Name == scope }) {
			return nil, problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "A scope is read, upload, write or export.")
		}
	}
	now := s.Now()
	if r.Name == "" || len(r.Scopes) == 0 {
		return nil, problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "A key needs a name and at least one scope.")
	}
	if r.ExpiresAt != nil && !r.ExpiresAt.After(now) {
		return nil, problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "The key would already have expired; choose a later time.")
	}
	secret := keyPrefix + random(32)
	k := &store.APIKey{ID: store.NewID(), UserID: p.User.ID, Name: cut(r.Name, 100), Prefix: secret[:len(keyPrefix)+6], Hash: hash(secret), Scopes: r.Scopes, CreatedAt: store.At(now)}
	if r.ExpiresAt != nil {
		k.ExpiresAt = store.At(*r.ExpiresAt)
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockUser(ctx, p.User.ID); err != nil {
			return err
		}
		all, err := tx.APIKeys(ctx, p.User.ID)
		if err != nil {
			return err
		}
		alive := 0
		for _, other := range all {
			if other.Alive(now) {
				alive++
			}
		}
		if alive >= maxKeys {
			return problem(http.StatusConflict, wire.CodeConflict, "This account has 50 API keys; revoke one that is no longer used.")
		}
		if err := tx.AddAPIKey(ctx, k); err != nil {
			return err
		}
		return s.audit(ctx, tx, p.User.ID, "user:"+p.User.ID, "key.created", k.ID, ip, map[string]string{"name": k.Name})
	})
	if err != nil {
		return nil, err
	}
	w := wireKey(k, 0)
	w.Secret = secret
	return &w, nil
}

func wireKey(k *store.APIKey, today int64) wire.Key {
	return wire.Key{ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: k.Scopes, CreatedAt: k.CreatedAt.Time(), LastUsedAt: k.LastUsedAt.Pointer(),
		ExpiresAt: k.ExpiresAt.Pointer(), RevokedAt: k.RevokedAt.Pointer(), RequestsToday: today}
}

// Keys lists a user's API keys with what each has used of the day.
func (s *Service) Keys(ctx context.Context, p *Principal) ([]wire.Key, error) {
	rows, err := s.DB.APIKeys(ctx, p.User.ID)
	if err != nil {
		return nil, err
	}
	today, err := s.DB.KeyRequests(ctx, p.User.ID, s.Now())
	list := make([]wire.Key, 0, len(rows))
	for i := range rows {
		list = append(list, wireKey(&rows[i], today[rows[i].ID]))
	}
	return list, err
}

// RevokeKey ends an API key.
func (s *Service) RevokeKey(ctx context.Context, p *Principal, id, ip string) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RevokeAPIKey(ctx, p.User.ID, id, now); err != nil {
			return err
		}
		return s.audit(ctx, tx, p.User.ID, "user:"+p.User.ID, "key.revoked", id, ip, nil)
	})
}

// byKey is who a key names, with its use noted once a minute.
func (s *Service) byKey(ctx context.Context, token string, now time.Time) (*Principal, error) {
	k, err := s.DB.APIKeyByHash(ctx, hash(token))
	if err != nil {
		return nil, signedOutOr(err)
	}
	if !k.Alive(now) {
		return nil, problem(http.StatusUnauthorized, wire.CodeSignedOut, "This API key has ended; make a new one.")
	}
	p := &Principal{KeyID: k.ID, Kind: "api", Scopes: k.Scopes}
	if p.User, err = s.DB.User(ctx, k.UserID); err != nil {
		return nil, signedOutOr(err)
	}
	if now.Sub(k.LastUsedAt.Time()) > time.Minute {
		err = s.DB.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Seen(ctx, p.User.ID, now); err != nil {
				return err
			}
			return tx.TouchAPIKey(ctx, k.ID, now)
		})
	}
	return p, err
}
