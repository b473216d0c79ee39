package tenant

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"sampleagent/server/internal/store"
)

// Change is what an operator sets; nil keeps what is there.
type Change struct {
	Name   *string
	Host   *string
	Accent *string
	Bar    *string // "" for none
	Logo   []byte  // a picture; empty and not nil for none
}

// defaultAccent is the colour of a tenant that chose none.
const defaultAccent = "#2f5bd0"

var errReason = errors.New("say why, for the audit log")

// Set gives an account that may have them an own name, logo, colours and host, or changes them,
// for operators. The host is looked at at once; whether it leads here stands in the row.
func (s *Service) Set(ctx context.Context, userID string, c Change, actor, reason string) (*store.Tenant, error) {
	if strings.TrimSpace(reason) == "" {
		return nil, errReason
	}
	var t *store.Tenant
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		l, err := s.Limits(u)
		if err != nil {
			return err
		}
		if !l.WhiteLabel {
			return fmt.Errorf("the plan of %s has no own name and host", u.Email)
		}
		t, err = tx.TenantOf(ctx, userID)
		fresh := errors.Is(err, store.ErrNotFound)
		if fresh {
			t, err = &store.Tenant{ID: store.NewID(), OwnerID: userID, Colours: store.JSON[store.Colours]{V: store.Colours{Accent: defaultAccent}}, CreatedAt: store.At(s.Now())}, nil
		}
		if err != nil {
			return err
		}
		if err := s.apply(ctx, tx, t, c); err != nil {
			return err
		}
		t.UpdatedAt = store.At(s.Now())
		if fresh {
			err = errors.Join(tx.AddTenant(ctx, t), tx.JoinTenant(ctx, userID, t.ID))
		} else {
			err = tx.SaveTenant(ctx, t)
		}
		if err != nil {
			return err
		}
		return s.audit(ctx, tx, userID, actor, "tenant.set", t.Host, map[string]string{"name": t.Name, "accent": t.Colours.V.Accent, "bar": t.Colours.V.Bar, "logo": had(t.Logo != ""), "reason": reason})
	})
	if err != nil {
		return nil, err
	}
	s.known.Forget()
	if err := s.Look(ctx, t); err != nil {
		return nil, err
	}
	return s.DB.TenantOf(ctx, userID)
}

func had(is bool) string {
	if is {
		return "yes"
	}
	return "none"
}

func (s *Service) apply(ctx context.Context, tx *store.Tx, t *store.Tenant, c Change) error {
	if c.Name != nil {
		t.Name = strings.TrimSpace(*c.Name)
	}
	if t.Name == "" || len([]rune(t.Name)) > 40 || strings.ContainsFunc(t.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("%q is not a name: 1 to 40 letters, digits or signs", t.Name)
	}
	if c.Host != nil {
		host, err := cleanHost(*c.Host, bare(strings.TrimPrefix(strings.TrimPrefix(s.Own, "https://"), "http://")))
		if err != nil {
			return err
		}
		if host != t.Host {
			t.Host, t.ProvenAt, t.LookedAt, t.Wrong = host, 0, 0, ""
		}
	}
	if t.Host == "" {
		return errors.New("say the host, like sounds.example.com")
	}
	all, err := tx.Tenants(ctx)
	if err != nil {
		return err
	}
	if err := free(t.Host, t.ID, all); err != nil {
		return err
	}
	if c.Accent != nil {
		if t.Colours.V.Accent, err = parseColour(*c.Accent); err != nil {
			return err
		}
	}
	if c.Bar != nil {
		if t.Colours.V.Bar = ""; strings.TrimSpace(*c.Bar) != "" {
			if t.Colours.V.Bar, err = parseColour(*c.Bar); err != nil {
				return err
			}
		}
	}
	if c.Logo != nil {
		if t.Logo = ""; len(c.Logo) > 0 {
			logo, err := readLogo(c.Logo)
			if err != nil {
				return err
			}
			t.Logo = base64.StdEncoding.EncodeToString(logo)
		}
	}
	return nil
}

// Remove takes an account's name and host away; accounts that belonged to it stay, under ours.
func (s *Service) Remove(ctx context.Context, userID, actor, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return errReason
	}
	defer s.known.Forget()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		t, err := tx.TenantOf(ctx, userID)
		if err != nil {
			return err
		}
		if err := tx.DropTenant(ctx, t.ID); err != nil {
			return err
		}
		return s.audit(ctx, tx, userID, actor, "tenant.removed", t.Host, map[string]string{"name": t.Name, "reason": reason})
	})
}

// Join lets an account belong to the tenant with a host, or with "" to none: its mails carry that
// name.
func (s *Service) Join(ctx context.Context, userID, host, actor, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return errReason
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		id := ""
		if host != "" {
			all, err := tx.Tenants(ctx)
			if err != nil {
				return err
			}
			for _, t := range all {
				if t.Host == bare(host) {
					id = t.ID
				}
			}
			if id == "" {
				return fmt.Errorf("no tenant has the host %s", host)
			}
		}
		if err := tx.JoinTenant(ctx, userID, id); err != nil {
			return err
		}
		return s.audit(ctx, tx, userID, actor, "tenant.joined", host, map[string]string{"reason": reason})
	})
}

func (s *Service) audit(ctx context.Context, tx *store.Tx, userID, actor, action, subject string, detail map[string]string) error {
	return tx.AddAudit(ctx, &store.Audit{UserID: userID, Actor: actor, Action: action, Subject: subject, CreatedAt: store.At(s.Now()), Detail: store.JSON[map[string]string]{V: detail}})
}
