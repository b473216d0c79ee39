// Package cloud is the application's side of an account: signing in and out, the queue of sounds
// that wait to be analysed in the cloud, and keeping the library in step with the person's other
// machines.
//
// Everything else works without it. It sends nothing that a person did not choose, writes no
// token anywhere but into the vault, and draws nothing.
package cloud

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"sampleagent/library/catalog"
	"sampleagent/sync/client"
	"sampleagent/sync/replica"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
)

// Config is what a Cloud needs of the application around it.
type Config struct {
	DB      *catalog.DB
	Vault   session.Vault
	Account session.Account             // who was signed in at the last end; zero for nobody
	Keep    func(session.Account) error // remembers who is signed in; zero for nobody
	Device  string                      // this machine's name in the list of sessions
	Changed func()                      // the State changed
	Done    func(name, text string)     // a sound's analysis has ended: worth a system notification
}

// State is what the window shows of the account.
type State struct {
	Account  session.Account // zero: nobody is signed in
	Kept     bool            // the sign-in outlives the program
	Details  *wire.Account   // tier, limits, usage; nil until the server has answered
	Online   bool            // the last request was answered
	Syncing  bool            // the plan syncs, and this machine takes part
	LastSync time.Time
	Problem  string // why something stopped, for a person; "" when all is well
}

// Cloud is safe for concurrent use.
type Cloud struct {
	conf Config
	http *http.Client
	wake chan struct{} // something was queued, or changed

	mu      sync.Mutex
	session *session.Session
	client  *client.Client
	state   State

	syncing sync.Mutex // one sync at a time
}

// New resumes the account of the last time, if there was one. It asks nobody yet.
func New(conf Config) *Cloud {
	c := &Cloud{conf: conf, http: client.NewHTTP(), wake: make(chan struct{}, 1)}
	if conf.Account != (session.Account{}) {
		c.enter(session.Resume(conf.Account, conf.Vault, c.http))
	}
	return c
}

func (c *Cloud) enter(s *session.Session) {
	c.mu.Lock()
	c.session, c.client = s, client.New(s.Account.Server, s, c.http)
	c.state = State{Account: s.Account, Kept: s.Kept}
	c.mu.Unlock()
	c.changed()
}

func (c *Cloud) changed() {
	if c.conf.Changed != nil {
		c.conf.Changed()
	}
	c.poke()
}

// poke lets Run look at once whether there is something to do.
func (c *Cloud) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// State is how things stand.
func (c *Cloud) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// ErrNobody says that nobody is signed in.
var ErrNobody = errors.New("nobody is signed in")

func (c *Cloud) signedIn() (*client.Client, session.Account, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client == nil {
		return nil, session.Account{}, ErrNobody
	}
	return c.client, c.state.Account, nil
}

// SignIn signs in to a server through the browser that open starts. Who was signed in before is
// signed out here (not on the server).
func (c *Cloud) SignIn(ctx context.Context, server string, open func(address string) error) error {
	s, err := session.SignIn(ctx, server, c.conf.Device, c.conf.Vault, c.http, open)
	if err != nil {
		return err
	}
	if s.Kept {
		if err := c.conf.Keep(s.Account); err != nil {
			return errors.Join(err, s.SignOut(ctx))
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
	c.mu.Unlock()
	if s == nil {
		return ErrNobody
	}
	c.changed()
	return errors.Join(s.SignOut(ctx), c.conf.Keep(session.Account{}), c.conf.DB.StopSync(ctx))
}

// Refresh asks the server for the account's tier, limits and usage.
func (c *Cloud) Refresh(ctx context.Context) error {
	client, account, err := c.signedIn()
	if err != nil {
		return err
	}
	details, err := client.Account(ctx)
	c.note(account, err)
	if err != nil {
		return err
	}
	c.mu.Lock()
	if c.state.Account == account {
		c.state.Details, c.state.Syncing = details, details.Limits.Sync
		if !details.Limits.Sync {
			c.state.Problem = "" // an account without sync is not a fault
		}
	}
	c.mu.Unlock()
	c.changed()
	return nil
}

// note keeps what a request's end says about the connection.
func (c *Cloud) note(account session.Account, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Account != account {
		return
	}
	var problem *wire.Problem
	c.state.Online = err == nil || errors.As(err, &problem)
	switch {
	case err == nil:
		c.state.Problem = ""
	case problem != nil && problem.Code == wire.CodeTier:
		c.state.Syncing = false
		c.state.Problem = problem.Detail
	default:
		c.state.Problem = err.Error()
	}
}

// Sync brings the library in step with the person's other machines.
func (c *Cloud) Sync(ctx context.Context, progress func(replica.Result)) (replica.Result, error) {
	c.syncing.Lock()
	defer c.syncing.Unlock()
	client, account, err := c.signedIn()
	if err != nil {
		return replica.Result{}, err
	}
	stored, err := c.conf.DB.StartSync(ctx, account.Server+"|"+account.ID)
	if err != nil {
		return replica.Result{}, err
	}
	result, err := replica.New(stored.Actor, library{c.conf.DB}, client, time.Now).Sync(ctx, progress)
	c.note(account, err)
	if err == nil {
		c.mu.Lock()
		c.state.LastSync = time.Now()
		c.mu.Unlock()
	}
	if c.conf.Changed != nil {
		c.conf.Changed()
	}
	return result, err
}

// Pauses of the background: how long local edits gather before they are sent, how long after
// trouble the next try is made, how often is asked where live events do not come through.
const (
	gather    = 300 * time.Millisecond
	firstTry  = 2 * time.Second
	lastTry   = 5 * time.Minute
	pollEvery = time.Minute
)

// Run does the account's work in the background until ctx ends: uploads what is queued, follows
// jobs, and keeps in step. Nothing of it blocks the window.
func (c *Cloud) Run(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	edits := c.conf.DB.Watch(ctx)
	group.Go(func() {
		for range edits {
			c.poke()
		}
	})
	group.Go(func() { c.listen(ctx) })
	wait := firstTry
	for {
		err := c.round(ctx)
		pause := pollEvery
		if err != nil && !errors.Is(err, ErrNobody) && !errors.Is(err, session.ErrSignedOut) {
			pause, wait = wait, min(2*wait, lastTry)
		} else {
			wait = firstTry
		}
		if !c.rest(ctx, pause, err == nil) {
			return
		}
	}
}

// rest waits for something to do: after trouble the whole pause, else until poked. It is false
// when the program ends.
func (c *Cloud) rest(ctx context.Context, pause time.Duration, interruptible bool) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	wake := c.wake
	if !interruptible {
		wake = nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	case <-wake:
	}
	// What changed a moment ago seldom changed alone.
	timer.Reset(gather)
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// round does all that waits.
func (c *Cloud) round(ctx context.Context) error {
	if _, _, err := c.signedIn(); err != nil {
		return err
	}
	if c.State().Details == nil {
		if err := c.Refresh(ctx); err != nil {
			return err
		}
	}
	if err := c.Work(ctx, nil); err != nil {
		return err
	}
	if !c.State().Syncing {
		return nil
	}
	_, err := c.Sync(ctx, nil)
	return err
}

// listen follows live events; when they do not come through, round's polling does the work.
func (c *Cloud) listen(ctx context.Context) {
	var last int64
	wait := firstTry
	for ctx.Err() == nil {
		client, account, err := c.signedIn()
		if err == nil {
			err = client.Events(ctx, last, func(e wire.Event) error {
				if c.State().Account != account {
					return ErrNobody
				}
				last, wait = e.Seq, firstTry
				if e.Kind == wire.EventAccountUpdated {
					c.forgetDetails(account)
				}
				c.poke()
				return nil
			})
		}
		if errors.Is(err, ErrNobody) {
			last, wait = 0, firstTry
		} else {
			wait = min(2*wait, lastTry)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// forgetDetails lets the next round ask for the account anew.
func (c *Cloud) forgetDetails(account session.Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Account == account {
		c.state.Details = nil
	}
}

// ErrUnreachable says that no answer came from the server: what was queued waits.
var ErrUnreachable = client.ErrUnreachable
