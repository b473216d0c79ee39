package cloud

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"sampleagent/app/settings"
	"sampleagent/library/catalog"
	"sampleagent/sync/replica"
	"sampleagent/sync/session"
)

// syncName is how the library remembers which account it is kept in sync with.
func syncName(a session.Account) string { return a.Server + "|" + a.ID }

// Syncs says whether this library is kept in sync with the account in use. It is a person's
// choice: signing in alone sends nothing.
func (c *Cloud) Syncs(ctx context.Context) (bool, error) {
	_, account, err := c.signedIn()
	if err != nil {
		return false, err
	}
	return c.syncsWith(ctx, account)
}

func (c *Cloud) syncsWith(ctx context.Context, account session.Account) (bool, error) {
	stored, ok, err := c.conf.DB.Sync(ctx)
	return ok && stored.Account == syncName(account), err
}

// SetSync begins to keep this library in sync with the account's other machines, or stops it.
// Stopping forgets what of the library was sent, not the library.
func (c *Cloud) SetSync(ctx context.Context, on bool) error {
	_, account, err := c.signedIn()
	if err != nil {
		return err
	}
	if on {
		_, err = c.beginSync(ctx, account, true)
	} else {
		err = c.endSync(ctx, "")
	}
	if err == nil {
		c.showSync(account, on)
	}
	c.changed()
	return err
}

// beginSync resumes keeping in sync with an account, or begins it: that is a person's wish. Error:
// errLeft where it is to be resumed and was ended, perhaps a moment ago. The installation has a name of
// its own, so that a library file that was copied from another machine is told from its original.
func (c *Cloud) beginSync(ctx context.Context, account session.Account, begin bool) (catalog.Sync, error) {
	c.switching.Lock()
	defer c.switching.Unlock()
	if !begin {
		if in, err := c.syncsWith(ctx, account); err != nil || !in {
			return catalog.Sync{}, errors.Join(err, errLeft)
		}
	}
	machine := c.conf.Settings().Machine
	if machine == "" {
		machine = rand.Text()
		if err := c.conf.Change(func(k *settings.Cloud) { k.Machine = machine }); err != nil {
			return catalog.Sync{}, err
		}
	}
	return c.conf.DB.StartSync(ctx, syncName(account), machine)
}

// endSync ends keeping in sync with an account, "" for whichever it is.
func (c *Cloud) endSync(ctx context.Context, account string) error {
	c.switching.Lock()
	defer c.switching.Unlock()
	if account != "" {
		stored, ok, err := c.conf.DB.Sync(ctx)
		if err != nil || !ok || stored.Account != account {
			return err
		}
	}
	return c.conf.DB.StopSync(ctx)
}

func (c *Cloud) showSync(account session.Account, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Account == account {
		c.state.Syncs = on
	}
}

// Sync brings the library in sync with the person's other machines, and keeps it so from now on.
func (c *Cloud) Sync(ctx context.Context, progress func(replica.Result)) (replica.Result, error) {
	return c.sync(ctx, true, progress)
}

// sync is Sync; without begin only where it was begun. Error: errLeft, also where that ends on the way.
func (c *Cloud) sync(ctx context.Context, begin bool, progress func(replica.Result)) (replica.Result, error) {
	c.syncing.Lock()
	defer c.syncing.Unlock()
	remote, account, err := c.signedIn()
	if err != nil {
		return replica.Result{}, err
	}
	stored, err := c.beginSync(ctx, account, begin)
	if err != nil {
		return replica.Result{}, err
	}
	c.showSync(account, true)
	c.moved(account, replica.Result{}, true)
	server := &ahead{Server: remote}
	defer server.stop()
	r := c.replica(stored, server)
	result, err := r.Sync(ctx, func(r replica.Result) {
		c.moved(account, r, true)
		if progress != nil {
			progress(r)
		}
	})
	c.known = r.Known()
	if errors.Is(err, replica.ErrDropped) {
		err = errors.Join(err, c.endSync(ctx, stored.Account), c.conf.DB.DropCloudAudio(ctx))
		c.showSync(account, false)
	}
	c.note(account, err)
	c.moved(account, result, false)
	if err == nil {
		c.mu.Lock()
		c.state.LastSync = time.Now()
		c.mu.Unlock()
	}
	c.tell()
	return result, err
}

// replica is this library as the server knows it. The caller holds syncing and keeps its Known.
func (c *Cloud) replica(stored catalog.Sync, server replica.Server) *replica.Replica {
	r := replica.New(stored.Actor, library{c.conf.DB, stored.Account}, server, time.Now)
	r.Trust(c.known)
	return r
}

// moved shows how far a sync is. One that moves nothing is not worth a redraw.
func (c *Cloud) moved(account session.Account, r replica.Result, busy bool) {
	c.mu.Lock()
	show := c.state.Account == account
	if show {
		c.state.Busy = busy
		if r.Sent+r.Received > 0 {
			c.state.Moved = r // one that moved nothing says nothing
			if !busy {
				c.state.LastMove = time.Now()
			}
		}
	}
	c.mu.Unlock()
	if show && busy && r.Sent+r.Received > 0 {
		c.tell()
	}
}
