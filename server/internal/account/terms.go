package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// SetTier changes an account's tier, for operators. Terms that are given become a contract from
// now on. A downgrade keeps everything: what is over the new room is read-only until it is
// removed (B08).
func (s *Service) SetTier(ctx context.Context, userID string, tier plan.Tier, terms plan.Overrides, actor, reason string) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if terms != (plan.Overrides{}) {
			if err := s.agree(ctx, tx, u, plan.Contract{Tier: tier, Terms: terms, From: s.Now()}, actor, reason); err != nil {
				return err
			}
		}
		return s.MoveTier(ctx, tx, u, tier, actor, reason)
	})
}

// MoveTier is SetTier inside a transaction; what else was changed of u (contracts, billing) is
// written too.
func (s *Service) MoveTier(ctx context.Context, tx *store.Tx, u *store.User, tier plan.Tier, actor, reason string) error {
	if _, err := plan.For(tier); err != nil {
		return err
	}
	if tier == plan.Trial {
		return errors.New("a trial is started by its user, not set as tier")
	}
	now, before := s.Now(), u.Tier
	u.Tier = tier
	if before != tier && u.PeriodStart == 0 {
		u.PeriodStart = store.At(now)
	}
	if err := tx.SetTier(ctx, u, now); err != nil {
		return err
	}
	if err := s.resettle(ctx, tx, u); err != nil {
		return err
	}
	return s.audit(ctx, tx, u.ID, actor, "tier.changed", string(tier), "", map[string]string{"from": string(before), "reason": reason})
}

// resettle brings what follows from an account's limits into line with them.
func (s *Service) resettle(ctx context.Context, tx *store.Tx, u *store.User) error {
	now := s.Now()
	l, err := u.Limits(now)
	if err != nil {
		return err
	}
	if err := tx.SetExpiry(ctx, u.ID, l.RetentionDays, now); err != nil {
		return err
	}
	since := store.Millis(0)
	if u.StorageBytes > l.StorageBytes {
		if since = u.OverQuotaSince; since == 0 {
			since = store.At(now)
		}
	}
	if err := tx.SetOverQuota(ctx, u.ID, since); err != nil {
		return err
	}
	_, err = tx.AddEvent(ctx, u.ID, wire.EventAccountUpdated, wire.EventData{}, now)
	return err
}

// Agree adds a contract to an account: terms that hold between two times, while it is in the
// contract's tier. It returns the contract's id.
func (s *Service) Agree(ctx context.Context, userID string, c plan.Contract, actor, reason string) (string, error) {
	now := s.Now()
	if _, err := plan.For(c.Tier); err != nil {
		return "", err
	}
	switch {
	case strings.TrimSpace(reason) == "":
		return "", errors.New("say why, for the audit log")
	case c.Terms == (plan.Overrides{}):
		return "", errors.New("a contract needs at least one term")
	case !c.To.IsZero() && !c.To.After(c.From):
		return "", errors.New("the contract would end before it begins")
	case c.Terms.Queue != nil && !s.hasLane(*c.Terms.Queue):
		return "", fmt.Errorf("no lane is called %q; add it to the setting lanes first", *c.Terms.Queue)
	}
	if c.From.IsZero() {
		c.From = now
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if err := s.agree(ctx, tx, u, c, actor, reason); err != nil {
			return err
		}
		c.ID = u.Contracts[len(u.Contracts)-1].ID
		if err := tx.SetContracts(ctx, u.ID, u.Contracts, now); err != nil {
			return err
		}
		return s.resettle(ctx, tx, u)
	})
	return c.ID, err
}

func (s *Service) hasLane(q plan.Queue) bool {
	_, ok := s.Lanes[q]
	return ok
}

// agree writes a contract's row and adds it to u, without those that have ended.
func (s *Service) agree(ctx context.Context, tx *store.Tx, u *store.User, c plan.Contract, actor, reason string) error {
	c.ID = store.NewID()
	u.Contracts = append(current(u.Contracts, s.Now()), c)
	terms := store.JSON[plan.Overrides]{V: c.Terms}
	if err := tx.AddContract(ctx, &store.Contract{ID: c.ID, UserID: u.ID, Tier: c.Tier, Terms: terms, FromAt: store.At(c.From), ToAt: store.At(c.To),
		Actor: actor, Reason: reason, CreatedAt: store.At(s.Now())}); err != nil {
		return err
	}
	text, err := terms.Value()
	if err != nil {
		return err
	}
	detail := map[string]string{"tier": string(c.Tier), "terms": fmt.Sprint(text), "from": c.From.UTC().Format(time.RFC3339), "reason": reason}
	if !c.To.IsZero() {
		detail["to"] = c.To.UTC().Format(time.RFC3339)
	}
	return s.audit(ctx, tx, u.ID, actor, "contract.agreed", c.ID, "", detail)
}

func current(list []plan.Contract, now time.Time) []plan.Contract {
	var keep []plan.Contract
	for _, c := range list {
		if c.To.IsZero() || c.To.After(now) {
			keep = append(keep, c)
		}
	}
	return keep
}

// EndContract ends a contract now.
func (s *Service) EndContract(ctx context.Context, userID, id, actor, reason string) error {
	now := s.Now()
	if strings.TrimSpace(reason) == "" {
		return errors.New("say why, for the audit log")
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if err := tx.EndContract(ctx, userID, id, actor, reason, now); err != nil {
			return err
		}
		var keep []plan.Contract
		for _, c := range current(u.Contracts, now) {
			if c.ID != id {
				keep = append(keep, c)
			}
		}
		u.Contracts = keep
		if err := tx.SetContracts(ctx, userID, keep, now); err != nil {
			return err
		}
		if err := s.resettle(ctx, tx, u); err != nil {
			return err
		}
		return s.audit(ctx, tx, userID, actor, "contract.ended", id, "", map[string]string{"reason": reason})
	})
}

// Credit gives an account uploads of its running day or month beyond its plan.
func (s *Service) Credit(ctx context.Context, userID string, uploads int64, actor, reason string) error {
	if uploads < 1 || uploads > 100_000 {
		return fmt.Errorf("%d is not a credit: 1 to 100000 uploads", uploads)
	}
	if strings.TrimSpace(reason) == "" {
		return errors.New("say why, for the audit log")
	}
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		l, err := s.Limits(u)
		if err != nil {
			return err
		}
		if err := tx.Credit(ctx, u.ID, l.UploadWindow(now, u.PeriodStart.Time()), uploads, "credit: "+reason, now); err != nil {
			return err
		}
		return s.audit(ctx, tx, u.ID, actor, "credit.given", fmt.Sprint(uploads), "", map[string]string{"reason": reason})
	})
}
