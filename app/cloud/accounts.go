package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sampleagent/app/settings"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
)

// SignIn signs in to a server through the browser that open starts. An account that was in use
// before stays signed in beside it; Switch goes back to it.
func (c *Cloud) SignIn(ctx context.Context, server string, open func(address string) error) error {
	s, err := session.SignIn(ctx, server, c.conf.Device, c.conf.Vault, c.http, open)
	if err != nil {
		return err
	}
	if s.Kept {
		if err := c.conf.Change(func(k *settings.Cloud) { use(k, s.Account) }); err != nil {
			return errors.Join(err, s.SignOut(ctx))
		}
	}
	c.enter(s)
	return c.Refresh(ctx)
}

// use makes a the account in use and keeps the one before among the others.
func use(k *settings.Cloud, a session.Account) {
	others := slices.DeleteFunc(slices.Clone(k.Others), func(o session.Account) bool { return o == a || o == k.Account })
	if k.Account != (session.Account{}) && k.Account != a {
		others = append(others, k.Account)
	}
	k.Account, k.Others = a, others
}

// Switch goes to another account that is signed in on this machine.
func (c *Cloud) Switch(ctx context.Context, a session.Account) error {
	c.mu.Lock()
	s := c.sessions[a]
	c.mu.Unlock()
	if s == nil {
		if !slices.Contains(c.conf.Settings().Others, a) {
			return fmt.Errorf("%s: %w", a.Email, ErrNobody)
		}
		s = session.Resume(a, c.conf.Vault, c.http)
	}
	if s.Kept {
		if err := c.conf.Change(func(k *settings.Cloud) { use(k, a) }); err != nil {
			return err
		}
	}
	c.enter(s)
	return c.Refresh(ctx)
}

// SignOut ends the sign-in. The library, its kits and everything the cloud said of sounds stay.
func (c *Cloud) SignOut(ctx context.Context) error {
	c.mu.Lock()
	s := c.session
	c.session, c.client, c.state = nil, nil, State{}
	if s != nil {
		delete(c.sessions, s.Account)
	}
	c.mu.Unlock()
	if s == nil {
		return ErrNobody
	}
	c.tell()
	err := errors.Join(s.SignOut(ctx), c.conf.Change(func(k *settings.Cloud) {
		k.Account = session.Account{}
		k.Others = slices.DeleteFunc(slices.Clone(k.Others), func(o session.Account) bool { return o == s.Account })
	}))
	err = errors.Join(err, c.endSync(ctx, syncName(s.Account)))
	c.tell()
	return err
}

// Refresh asks the server for the account's tier, limits and usage.
func (c *Cloud) Refresh(ctx context.Context) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	remote, account, err := c.signedIn()
	if err != nil {
		return err
	}
	c.asked(account) // what is heard of while the answer is on its way may be newer than it
	details, err := remote.Account(ctx)
	c.note(account, err)
	if err != nil {
		c.forgetDetails(account)
		c.tell()
		return err
	}
	syncs, err := c.Syncs(ctx)
	// The plan may have changed while this program did not run.
	room := details.Limits.Uploads < 0 || details.Usage.Uploads < details.Limits.Uploads
	c.mu.Lock()
	changed := c.state.Details == nil || c.state.Details.Tier != details.Tier || c.fullAs != "" && c.fullAs != details.Tier
	c.fullAs = ""
	c.mu.Unlock()
	if room && changed {
		err = errors.Join(err, c.hurry(ctx))
	}
	c.mu.Lock()
	if c.state.Account == account {
		c.state.Details, c.state.Syncs = details, syncs
		if syncs && !details.Limits.Sync {
			c.state.Problem = "The " + details.Tier + " plan does not include sync, so that has stopped. Everything on this machine stays as it is."
		}
	}
	c.mu.Unlock()
	c.tell()
	return err
}

// Sessions lists where the account is signed in.
func (c *Cloud) Sessions(ctx context.Context) ([]wire.Session, error) {
	remote, account, err := c.signedIn()
	if err != nil {
		return nil, err
	}
	all, err := remote.Sessions(ctx)
	c.note(account, err)
	return all, err
}

// EndSession signs another browser or machine out.
func (c *Cloud) EndSession(ctx context.Context, id string) error {
	remote, account, err := c.signedIn()
	if err != nil {
		return err
	}
	err = remote.EndSession(ctx, id)
	c.note(account, err)
	return err
}

// SetPaused stops the cloud's work on this machine, or lets it go on. What is queued stays
// queued, edits are sent later.
func (c *Cloud) SetPaused(on bool) error {
	err := c.conf.Change(func(k *settings.Cloud) { k.Paused = on })
	c.changed()
	return err
}
