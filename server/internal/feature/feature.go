// Package feature says what this server offers: what its phase and settings switch on, and what
// an operator has switched since. A switch lies in the database, so that all processes follow.
//
// It must never know what a feature does.
package feature

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/recent"
	"sampleagent/server/internal/store"
)

// Switches are the features of one server.
type Switches struct {
	DB  *store.DB
	Set plan.Features // of phase and settings
	Log *slog.Logger
	Now func() time.Time

	known recent.Answer[plan.Features]
}

// Features are what is on now. When the database cannot be asked the last answer stands.
func (s *Switches) Features() plan.Features {
	f, err := s.known.Get(func(ctx context.Context) (plan.Features, error) {
		rows, err := s.DB.Flags(ctx)
		return over(s.Set, rows), err
	})
	if err != nil {
		s.Log.Warn("features not read; the last answer stands", "error", err)
	}
	if f == nil {
		return s.Set
	}
	return f
}

func over(base plan.Features, rows []store.Flag) plan.Features {
	f := plan.Features{}
	for name, on := range base {
		f[name] = on
	}
	for _, r := range rows {
		f[plan.Feature(r.Name)] = r.On
	}
	return f
}

// State is a feature as an operator sees it.
type State struct {
	Name plan.Feature
	On   bool
	By   string // who switched it; "" for phase and settings
	Why  string
	At   time.Time
}

// All lists every feature.
func (s *Switches) All(ctx context.Context) ([]State, error) {
	rows, err := s.DB.Flags(ctx)
	if err != nil {
		return nil, err
	}
	var all []State
	for _, name := range plan.AllFeatures {
		st := State{Name: name, On: s.Set.On(name)}
		for _, r := range rows {
			if r.Name == string(name) {
				st.On, st.By, st.Why, st.At = r.On, r.Actor, r.Reason, r.CreatedAt.Time()
			}
		}
		all = append(all, st)
	}
	return all, nil
}

// Turn switches a feature on or off, or back to what phase and settings say.
func (s *Switches) Turn(ctx context.Context, name, state, actor, reason string) error {
	f, err := plan.ParseFeature(name)
	if err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return fmt.Errorf("say why %s is switched, for the audit log", f)
	}
	if state != "on" && state != "off" && state != "default" {
		return fmt.Errorf("%q: say on, off or default", state)
	}
	now := s.Now()
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.DropFlag(ctx, string(f)); err != nil {
			return err
		}
		if state != "default" {
			if err := tx.AddFlag(ctx, &store.Flag{Name: string(f), On: state == "on", Actor: actor, Reason: reason, CreatedAt: store.At(now)}); err != nil {
				return err
			}
		}
		return tx.AddAudit(ctx, &store.Audit{Actor: actor, Action: "feature.switched", Subject: string(f), CreatedAt: store.At(now),
			Detail: store.JSON[map[string]string]{V: map[string]string{"to": state, "reason": reason}}})
	})
	s.known.Forget()
	return err
}
