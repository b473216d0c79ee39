// Package cloud is the application's side of an account: signing in and out, the queue of sounds
// that wait to be analysed in the cloud, and keeping the library in sync with the person's other
// machines.
//
// Everything else works without it. It sends nothing that a person did not choose, writes no
// token anywhere but into the vault, and draws nothing.
package cloud

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"sampleagent/app/settings"
	"sampleagent/library/catalog"
	"sampleagent/sync/client"
	"sampleagent/sync/replica"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
)

// Config is what a Cloud needs of the application around it.
type Config struct {
	DB       *catalog.DB
	Vault    session.Vault
	Settings func() settings.Cloud                        // accounts, and whether a person paused the cloud
	Change   func(func(c *settings.Cloud)) error          // changes and stores them
	Device   string                                       // this machine's name in the list of sessions
	Changed  func()                                       // the State changed
	Managed  func() string                                // the folder that fetched files go to
	Take     func(ctx context.Context, path string) error // gives a fetched file's sample its place
	Done     func(name, text string)                      // a sound's analysis has ended: worth a system notification
}

// State is what the window shows of the account.
type State struct {
	Account   session.Account   // zero: nobody is signed in
	Others    []session.Account // signed in on this machine too; Switch goes to one
	Kept      bool              // the sign-in outlives the program
	SignedOut bool              // the server ended the sign-in: revoked, expired, or the account is gone
	Details   *wire.Account     // tier, limits, usage; nil until the server has answered
	Online    bool              // the last request was answered
	Paused    bool              // a person stopped the cloud's work on this machine
	Syncs     bool              // this library is kept in sync with the account's other machines
	Busy      bool              // a sync runs
	Moved     replica.Result    // what the running sync, or the last one that moved anything, moved
	LastSync  time.Time
	LastMove  time.Time // when the last one that moved anything ended
	Keeping   Keeping
	Problem   string // why something stopped, for a person; "" when all is well
}

// CanSync says whether the plan keeps machines in sync, as far as the server has told.
func (s State) CanSync() bool { return s.Details != nil && s.Details.Limits.Sync }

// Cloud is safe for concurrent use.
type Cloud struct {
	conf Config
	http *http.Client
	wake chan struct{} // something was queued, or changed

	mu       sync.Mutex
	session  *session.Session
	sessions map[session.Account]*session.Session // signed in since the program began; some are kept nowhere else
	client   *client.Client
	state    State
	old      bool   // the account may have changed on the server
	fullAs   string // the plan as which uploads were refused for a full quota, "" for none
	speed    speed
	keeping  Keeping
	news     map[string]bool // server's jobs that live events named; nil while there are none
	askedAll time.Time

	asking    sync.Mutex // one question after the account at a time: an older answer never covers a newer one
	switching sync.Mutex // whether and with whom the library is kept in sync changes by one at a time
	syncing   sync.Mutex // one sync at a time; guards known
	known     string     // the name under which this library may write without asking
	working   sync.Mutex // one upload at a time
	fetching  sync.Mutex // one fetched file at a time

	sending    sync.Mutex      // one kept file at a time; guards unreadable
	unreadable map[string]bool // files to be kept that this run could not read
}

// New resumes the account of the last time, if there was one. It asks nobody yet.
func New(conf Config) *Cloud {
	c := &Cloud{conf: conf, http: client.NewHTTP(), wake: make(chan struct{}, 1), sessions: map[session.Account]*session.Session{}, unreadable: map[string]bool{}}
	if a := conf.Settings().Account; a != (session.Account{}) {
		c.enter(session.Resume(a, conf.Vault, c.http))
	}
	return c
}

// enter makes s the account in use.
func (c *Cloud) enter(s *session.Session) {
	c.mu.Lock()
	c.sessions[s.Account] = s
	c.session, c.client = s, client.New(s.Account.Server, s, c.http)
	c.state = State{Account: s.Account, Kept: s.Kept}
	c.mu.Unlock()
	c.changed()
}

// changed tells the window, and Run that there may be something to do.
func (c *Cloud) changed() {
	c.tell()
	c.poke()
}

func (c *Cloud) tell() {
	if c.conf.Changed != nil {
		c.conf.Changed()
	}
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
	stored := c.conf.Settings()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state
	s.Paused, s.Keeping = stored.Paused, c.keeping
	s.Others = slices.DeleteFunc(slices.Clone(stored.Others), func(a session.Account) bool { return a == s.Account })
	for a := range c.sessions {
		if a != s.Account && !slices.Contains(s.Others, a) {
			s.Others = append(s.Others, a)
		}
	}
	slices.SortFunc(s.Others, func(a, b session.Account) int { return strings.Compare(a.Email+a.Server, b.Email+b.Server) })
	return s
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

// note keeps what a request's end says about the connection and the account.
func (c *Cloud) note(account session.Account, err error) {
	var file *fs.PathError
	if errors.Is(err, context.Canceled) || errors.Is(err, errLeft) || errors.Is(err, errChanged) || errors.As(err, &file) {
		return // a person's wish, or a file's own trouble
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
		c.state.Problem, c.state.SignedOut = "", false
	case errors.Is(err, session.ErrSignedOut):
		c.state.SignedOut = true
		c.state.Problem = "The server has ended this sign-in. Everything on this machine stays as it is; sign in again to go on."
	default:
		c.state.Problem = err.Error()
	}
}

// Pauses of the background: how long local edits gather before they are sent, how long after
// trouble the next try is made, how often is asked where live events do not come through.
const (
	gather    = 300 * time.Millisecond
	firstTry  = 2 * time.Second
	lastTry   = 30 * time.Second
	pollEvery = time.Minute
)

// Run does the account's work in the background until ctx ends: uploads what is queued, follows
// jobs, and keeps in sync. Nothing of it blocks the window.
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
		pause, passing := pollEvery, passes(err)
		if passing {
			pause, wait = wait, min(2*wait, lastTry)
		} else {
			wait = firstTry
		}
		if !c.rest(ctx, pause, !passing) {
			return
		}
	}
}

// passes says whether trouble may be gone after a while by itself. Where somebody has to sign in first,
// that is waited for instead, and what then waits is done at once.
func passes(err error) bool {
	return err != nil && !errors.Is(err, ErrNobody) && !errors.Is(err, session.ErrSignedOut)
}

// rest waits for something to do: after trouble the whole pause, else until poked. It is false
// when the program ends.
func (c *Cloud) rest(ctx context.Context, pause time.Duration, interruptible bool) bool {
	ended := time.Now()
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
	// What changes right after another change is seldom the last: it gathers. The first goes at once.
	wait := gather - time.Since(ended)
	if wait <= 0 {
		return true
	}
	timer.Reset(wait)
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
	if c.stale() {
		if err := c.Refresh(ctx); err != nil {
			return err
		}
	}
	if c.conf.Settings().Paused {
		return nil
	}
	err := c.Work(ctx, nil)
	if stops(err) {
		return err
	}
	synced, askErr := c.Syncs(ctx)
	if askErr != nil || !synced || !c.State().CanSync() {
		return errors.Join(err, askErr)
	}
	if _, syncErr := c.sync(ctx, false, nil); syncErr != nil && !errors.Is(syncErr, errLeft) {
		return errors.Join(err, syncErr)
	}
	return errors.Join(err, c.SendKept(ctx))
}

// stops says whether trouble concerns everything that is to be done, not only one part of it.
func stops(err error) bool {
	return errors.Is(err, client.ErrUnreachable) || errors.Is(err, session.ErrSignedOut) || errors.Is(err, session.ErrNoKeyring) || errors.Is(err, context.Canceled)
}

// listen follows live events; when they do not come through, round's polling does the work.
func (c *Cloud) listen(ctx context.Context) {
	var last int64
	wait := firstTry
	for ctx.Err() == nil {
		client, account, err := c.signedIn()
		if err == nil {
			err = client.Events(ctx, last, c.poke, func(e wire.Event) error {
				if c.State().Account != account {
					return ErrNobody
				}
				last, wait = e.Seq, firstTry
				c.heard(e)
				switch e.Kind {
				case wire.EventAccountUpdated, wire.EventSampleProcessed, wire.EventSampleDeleted, wire.EventQuota:
					c.forgetDetails(account)
				}
				c.poke()
				return nil
			})
		}
		c.deaf()
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
		c.old = true
	}
}

// asked says that the account is being asked for.
func (c *Cloud) asked(account session.Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Account == account {
		c.old = false
	}
}

// full notes that the quota of a plan was found used up. The account is asked for once more: its plan
// may have grown while jobs were being told to wait.
func (c *Cloud) full(plan string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fullAs, c.old = plan, true
}

// plan is the account's plan as far as it is known.
func (c *Cloud) plan() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Details == nil {
		return ""
	}
	return c.state.Details.Tier
}

// stale says whether the account is to be asked for.
func (c *Cloud) stale() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.old || c.state.Details == nil
}

// heard notes what a live event was about, so that only that job is asked after.
func (c *Cloud) heard(e wire.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.news == nil {
		c.news = map[string]bool{}
	}
	if e.Data.JobID != "" {
		c.news[e.Data.JobID] = true
	}
}

// deaf says that live events do not come through now: every job is asked after.
func (c *Cloud) deaf() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.news = nil
}

// asksAfter decides which of the server's jobs are asked after now: those that live events
// named; all of them every pollEvery, and where there are no live events.
func (c *Cloud) asksAfter() func(remote string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	news := c.news
	if news == nil || time.Since(c.askedAll) >= pollEvery {
		c.askedAll = time.Now()
		return func(string) bool { return true }
	}
	c.news = map[string]bool{}
	return func(remote string) bool { return news[remote] }
}

// ErrUnreachable says that no answer came from the server: what was queued waits.
var ErrUnreachable = client.ErrUnreachable
