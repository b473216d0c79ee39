package account

import (
	"context"
	"encoding/hex"
	"net/http"
	"strings"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Sessions lists where a user is signed in.
func (s *Service) Sessions(ctx context.Context, p *Principal) ([]wire.Session, error) {
	rows, err := s.DB.Sessions(ctx, p.User.ID, s.Now())
	if err != nil {
		return nil, err
	}
	list := make([]wire.Session, 0, len(rows))
	for _, r := range rows {
		list = append(list, wire.Session{ID: r.ID, Kind: r.Kind, Device: r.Device, CreatedAt: r.CreatedAt.Time(), LastUsedAt: r.LastUsedAt.Time(), Current: r.ID == p.SessionID})
	}
	return list, nil
}

// Revoke ends one of the user's sessions.
func (s *Service) Revoke(ctx context.Context, p *Principal, sessionID, ip string) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RevokeSession(ctx, p.User.ID, sessionID, "by the user", now); err != nil {
			return err
		}
		return s.audit(ctx, tx, p.User.ID, "user:"+p.User.ID, "session.revoked", sessionID, ip, nil)
	})
}

// RevokeOthers ends all of the user's sessions but this one.
func (s *Service) RevokeOthers(ctx context.Context, p *Principal, ip string) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RevokeAll(ctx, p.User.ID, p.SessionID, "by the user", now); err != nil {
			return err
		}
		return s.audit(ctx, tx, p.User.ID, "user:"+p.User.ID, "session.revoked_all", "", ip, nil)
	})
}

// Describe is the account as its owner sees it. ai and billing say what the server is set up for.
func (s *Service) Describe(ctx context.Context, p *Principal, ai, billing bool) (*wire.Account, error) {
	u := p.User
	usage, err := quota.Usage(ctx, s.DB.Q, u, p.Limits, s.Now())
	if err != nil {
		return nil, err
	}
	onOff, offered := map[bool]string{true: "on", false: "off"}, s.Features()
	return &wire.Account{
		ID: u.ID, Email: u.Email, Name: u.Name, Tier: string(u.EffectiveTier(s.Now())), TrialEndsAt: u.TrialEndsAt.Pointer(),
		CanTrial: u.Tier == plan.Free && u.TrialStartedAt == 0 && offered.On(plan.FeaturePro), CreatedAt: u.CreatedAt.Time(), ReadOnly: u.StorageBytes > p.Limits.StorageBytes,
		Limits: wireLimits(p.Limits), Usage: usage, AI: onOff[ai && offered.On(plan.FeatureAI)], Billing: onOff[billing && offered.On(plan.FeatureBilling)],
		Notify: wire.Notify{Processed: u.NotifyProcessed, Failed: u.NotifyFailed, Expiring: u.NotifyExpiring, Quota: u.NotifyQuota},
	}, nil
}

// wireLimits is a row of the tier table as clients see it.
func wireLimits(l plan.Limits) wire.Limits {
	return wire.Limits{
		Uploads: l.Uploads, UploadsPer: string(l.Period), FileBytes: l.FileBytes, Seconds: l.Seconds, StorageBytes: l.StorageBytes,
		RetentionDays: l.RetentionDays, Batch: l.Batch, AIMicroUSD: l.AIMicro, APIRequests: l.APIRequests, Exports: l.Exports,
		Sync: l.Sync, WhiteLabel: l.WhiteLabel, Queue: string(l.Queue), PromiseSecs: int64(l.Promise.Seconds()),
	}
}

// Change writes what a user may change of the account.
func (s *Service) Change(ctx context.Context, p *Principal, patch wire.AccountPatch) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, p.User.ID)
		if err != nil {
			return err
		}
		if patch.Name != nil {
			u.Name = cut(*patch.Name, 100)
		}
		if n := patch.Notify; n != nil {
			put(&u.NotifyProcessed, n.Processed)
			put(&u.NotifyFailed, n.Failed)
			put(&u.NotifyExpiring, n.Expiring)
			put(&u.NotifyQuota, n.Quota)
		}
		*p.User = *u
		return tx.SetProfile(ctx, u, s.Now())
	})
}

func put[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

// Unsubscribe switches all mails of the account that a mail's link names off.
func (s *Service) Unsubscribe(ctx context.Context, token string) (*store.User, error) {
	var u *store.User
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if u, err = tx.UserByUnsubscribe(ctx, token); err != nil {
			return err
		}
		u.NotifyProcessed, u.NotifyFailed, u.NotifyExpiring, u.NotifyQuota = false, false, false, false
		return tx.SetProfile(ctx, u, s.Now())
	})
	return u, err
}

// StartTrial begins the one day of trial of a free account (B34).
func (s *Service) StartTrial(ctx context.Context, p *Principal, ip string) error {
	l, err := plan.For(plan.Trial)
	if err != nil {
		return err
	}
	if p.User.Tier != plan.Free {
		return problem(http.StatusConflict, wire.CodeConflict, "The trial is for free accounts; yours has more already.")
	}
	if !s.Features().On(plan.FeaturePro) {
		return problem(http.StatusForbidden, wire.CodeOff, "This server does not offer the trial.")
	}
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		ok, err := tx.StartTrial(ctx, p.User.ID, now, now.Add(l.TrialLength))
		if err != nil {
			return err
		}
		// Also not after the account was deleted and made again, or with a +tag in the address.
		fresh, err := tx.UseTrial(ctx, hex.EncodeToString(s.derive("trial", withoutTag(p.User.Email))), now)
		if err != nil {
			return err
		}
		if !ok || !fresh {
			return problem(http.StatusConflict, wire.CodeConflict, "The trial of this account has been used.")
		}
		return s.audit(ctx, tx, p.User.ID, "user:"+p.User.ID, "trial.started", "", ip, nil)
	})
}

// withoutTag is an address without what follows + before the @: both reach the same person.
func withoutTag(email string) string {
	name, host, _ := strings.Cut(email, "@")
	name, _, _ = strings.Cut(name, "+")
	return name + "@" + host
}

// Delete ends an account at once: nobody is signed in as it any more, its address is free, and
// the sweeper removes its objects and rows.
func (s *Service) Delete(ctx context.Context, userID, actor, ip string) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if s.Leaving != nil {
			if err := s.Leaving(ctx, tx, u); err != nil {
				return err
			}
		}
		if err := tx.RevokeAll(ctx, userID, "", "account deleted", now); err != nil {
			return err
		}
		keys, err := tx.APIKeys(ctx, userID)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.RevokedAt == 0 {
				if err := tx.RevokeAPIKey(ctx, userID, k.ID, now); err != nil {
					return err
				}
			}
		}
		if err := tx.MarkDeleted(ctx, userID, now); err != nil {
			return err
		}
		return s.audit(ctx, tx, userID, actor, "account.deleted", "", ip, nil)
	})
}

// Block ends all sessions of an account and keeps it out, or lets it in again.
func (s *Service) Block(ctx context.Context, userID string, block bool, actor, reason string) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		at, action := store.Millis(0), "account.unblocked"
		if block {
			at, action = store.At(now), "account.blocked"
			if err := tx.RevokeAll(ctx, userID, "", "account blocked", now); err != nil {
				return err
			}
		}
		if err := tx.SetBlocked(ctx, userID, at); err != nil {
			return err
		}
		return s.audit(ctx, tx, userID, actor, action, "", "", map[string]string{"reason": reason})
	})
}
