// Package cloud is the screen of the account: signing in, what of the plan is used, the sounds on
// their way through the cloud, keeping machines in sync, and what the server knows of a person.
//
// Model is the screen as data, View draws it. Nothing here waits: what asks a server runs in the
// background and comes back on the UI goroutine.
package cloud

import (
	"context"
	"errors"
	"slices"
	"time"

	app "sampleagent/app/cloud"
	"sampleagent/library/catalog"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
	"sampleagent/ui/browser"
)

// Core is what the screen needs of the account; *cloud.Cloud of the application is one.
type Core interface {
	State() app.State
	SignIn(ctx context.Context, server string, open func(address string) error) error
	SignOut(ctx context.Context) error
	Switch(ctx context.Context, a session.Account) error
	Refresh(ctx context.Context) error
	SetPaused(on bool) error
	Sessions(ctx context.Context) ([]wire.Session, error)
	EndSession(ctx context.Context, id string) error

	Preview(ctx context.Context, rows []catalog.Row, progress func(app.Preview)) (app.Preview, error)
	Queue(ctx context.Context, rows []catalog.Row) (int, error)
	Jobs(ctx context.Context, limit int) ([]app.Job, error)
	Cancel(ctx context.Context, id string) error
	Retry(ctx context.Context, id string) error

	SetSync(ctx context.Context, on bool) error
	PendingEdits(ctx context.Context) (int, error)
	Bin(ctx context.Context) ([]app.Deleted, error)
	Restore(ctx context.Context, object string) error
	Conflicts(ctx context.Context, limit int) ([]app.Conflict, error)
	Resolve(ctx context.Context, x app.Conflict, other bool) error
	Held(ctx context.Context) (app.Held, error)
	DeleteSound(ctx context.Context, id string) error
	DropSync(ctx context.Context) error
}

// Tab is a page of the screen.
type Tab string

// The pages of somebody who is signed in.
const (
	Account Tab = "account"
	Jobs    Tab = "jobs"
	Sync    Tab = "sync"
	Privacy Tab = "privacy"
)

// Tabs in their order, with their titles.
var Tabs = []struct {
	Tab   Tab
	Title string
}{{Account, "Account"}, {Jobs, "Analyses"}, {Sync, "Sync"}, {Privacy, "What the cloud knows"}}

// mostJobs is how many jobs are listed, the newest first.
const mostJobs = 100

// Model is the screen as data. All methods belong to the UI goroutine.
type Model struct {
	OnChanged func()
	OnNote    func(text string) // something was done

	core Core
	run  browser.Background
	open func(address string) error // starts the system's browser
	now  func() time.Time

	tab    Tab
	state  app.State
	err    string
	asking map[string]bool // what the server is being asked for

	signing context.CancelFunc // not nil while the browser is waited for
	link    string             // where the browser was sent

	jobs      []app.Job
	jobsAgain bool
	jobsBusy  bool
	jobsRead  bool
	syncBusy  bool
	syncAgain bool
	sessions  []wire.Session
	pending   int
	bin       []app.Deleted
	conflicts []app.Conflict
	held      *app.Held
}

// NewModel shows an account; open starts the system's browser.
func NewModel(core Core, run browser.Background, open func(address string) error) *Model {
	return &Model{core: core, run: run, open: open, now: time.Now, tab: Account, state: core.State(), asking: map[string]bool{}}
}

func (m *Model) changed() {
	if m.OnChanged != nil {
		m.OnChanged()
	}
}

// Now is the time that the screen counts from.
func (m *Model) Now() time.Time { return m.now() }

// State is the account as last told.
func (m *Model) State() app.State { return m.state }

// SignedIn says whether there is an account.
func (m *Model) SignedIn() bool { return m.state.Account != (session.Account{}) }

// Tab is the page shown.
func (m *Model) Tab() Tab { return m.tab }

// Err says what went wrong last; "" for nothing.
func (m *Model) Err() string { return m.err }

// Jobs are the newest jobs.
func (m *Model) Jobs() []app.Job { return m.jobs }

// NoJobs says that there are none; false while they have not been read.
func (m *Model) NoJobs() bool { return m.jobsRead && len(m.jobs) == 0 }

// Sessions is where the account is signed in.
func (m *Model) Sessions() []wire.Session { return m.sessions }

// Bin is what was deleted and can come back.
func (m *Model) Bin() []app.Deleted { return m.bin }

// Conflicts are fields that two machines changed at once.
func (m *Model) Conflicts() []app.Conflict { return m.conflicts }

// Pending is how many things have edits that the server does not know.
func (m *Model) Pending() int { return m.pending }

// Held is what the server keeps; nil before it has told.
func (m *Model) Held() *app.Held { return m.held }

// Open shows a page and reads what it needs.
func (m *Model) Open(tab Tab) {
	m.tab, m.err = tab, ""
	m.Refresh()
}

// Refresh reads the state and the page's data anew; the application's CloudChanged calls it.
func (m *Model) Refresh() {
	m.state = m.core.State()
	m.changed()
	if !m.SignedIn() {
		return
	}
	m.readJobs()
	if m.tab == Sync {
		m.readSync()
	}
	if m.tab == Account && m.sessions == nil {
		m.readSessions()
	}
	if m.tab == Privacy && m.held == nil {
		m.readHeld()
	}
}

// readJobs reads the jobs; while one reading is under way, one more is enough.
func (m *Model) readJobs() {
	if m.jobsBusy {
		m.jobsAgain = true
		return
	}
	m.jobsBusy = true
	m.run(func(ctx context.Context) func() {
		jobs, err := m.core.Jobs(ctx, mostJobs)
		return func() {
			m.jobsBusy = false
			if err == nil {
				m.jobs, m.jobsRead = inOrder(jobs), true
			}
			m.told(err)
			if m.jobsAgain {
				m.jobsAgain = false
				m.readJobs()
			}
		}
	})
}

// inOrder puts what moves first: on the server, going up, waiting; then what has ended, the newest
// first, but what failed before all else of it: somebody may want to send it again. The jobs come newest first.
func inOrder(jobs []app.Job) []app.Job {
	rank := func(j app.Job) int {
		switch {
		case j.State.Final():
			return 3
		case j.Remote != nil:
			return 0
		case j.Step == "uploading":
			return 1
		}
		return 2
	}
	out := slices.Clone(jobs)
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b app.Job) int { return rank(a) - rank(b) })
	ended := slices.IndexFunc(out, func(j app.Job) bool { return j.State.Final() })
	if ended >= 0 {
		slices.Reverse(out[ended:])
		failed := func(j app.Job) int {
			if j.State == catalog.JobFailed {
				return 0
			}
			return 1
		}
		slices.SortStableFunc(out[ended:], func(a, b app.Job) int { return failed(a) - failed(b) })
	}
	return out
}

// readSync reads the page of keeping in sync; while one reading is under way, one more is enough.
func (m *Model) readSync() {
	if m.syncBusy {
		m.syncAgain = true
		return
	}
	m.syncBusy = true
	m.run(func(ctx context.Context) func() {
		pending, err := m.core.PendingEdits(ctx)
		bin, binErr := m.core.Bin(ctx)
		conflicts, conflictErr := m.core.Conflicts(ctx, 50)
		return func() {
			m.pending, m.bin, m.conflicts = pending, bin, conflicts
			m.syncBusy = false
			m.told(errors.Join(err, binErr, conflictErr))
			if m.syncAgain {
				m.syncAgain = false
				m.readSync()
			}
		}
	})
}

func (m *Model) readSessions() {
	if m.asking["sessions"] {
		return
	}
	m.asking["sessions"] = true
	m.run(func(ctx context.Context) func() {
		all, err := m.core.Sessions(ctx)
		return func() {
			m.asking["sessions"] = false
			if err == nil {
				m.sessions = all
			}
			m.changed() // a server that does not answer is told by the state
		}
	})
}

func (m *Model) readHeld() {
	if m.asking["held"] {
		return
	}
	m.asking["held"] = true
	m.run(func(ctx context.Context) func() {
		held, err := m.core.Held(ctx)
		return func() {
			m.asking["held"] = false
			if err == nil {
				m.held = &held
			}
			m.told(err)
		}
	})
}

// told shows how something ended.
func (m *Model) told(err error) {
	switch {
	case err == nil || errors.Is(err, context.Canceled) || errors.Is(err, app.ErrNobody):
	default:
		m.err = err.Error()
	}
	m.changed()
}

// do runs a person's command in the background.
func (m *Model) do(what func(ctx context.Context) error, after func()) {
	m.err = ""
	m.changed()
	m.run(func(ctx context.Context) func() {
		err := what(ctx)
		return func() {
			m.state = m.core.State()
			if err == nil && after != nil {
				after()
			}
			m.told(err)
		}
	})
}

// ---- signing in and out

// SigningIn says whether the browser is waited for; link is where it was sent.
func (m *Model) SigningIn() (link string, yes bool) { return m.link, m.signing != nil }

// SignIn opens the browser and waits for it to come back.
func (m *Model) SignIn(server string) {
	if m.signing != nil {
		return
	}
	life, cancel := context.WithCancel(context.Background())
	m.signing, m.link, m.err = cancel, "", ""
	m.changed()
	m.run(func(ctx context.Context) func() {
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
		err := m.core.SignIn(life, server, func(address string) error {
			m.run(func(context.Context) func() {
				return func() {
					m.link = address
					m.changed()
				}
			})
			// Where no browser opens, the link can be copied: that is no reason to give up.
			_ = m.open(address)
			return nil
		})
		return func() {
			m.signing, m.link = nil, ""
			m.state = m.core.State()
			m.sessions, m.held, m.jobs = nil, nil, nil
			m.told(err)
			if err == nil {
				m.Open(Account)
			}
		}
	})
}

// CancelSignIn gives the waiting up.
func (m *Model) CancelSignIn() {
	if m.signing != nil {
		m.signing()
	}
}

// OpenAgain sends the browser to the link once more.
func (m *Model) OpenAgain() {
	if m.link != "" {
		m.Browse(m.link)
	}
}

// Browse opens an address in the system's browser.
func (m *Model) Browse(address string) {
	m.run(func(context.Context) func() {
		err := m.open(address)
		return func() { m.told(err) }
	})
}

// Page is the address of one of the server's pages.
func (m *Model) Page(path string) string { return m.state.Account.Server + path }

// SignOut ends the sign-in; the library stays.
func (m *Model) SignOut() {
	m.do(m.core.SignOut, func() { m.sessions, m.held, m.jobs, m.tab = nil, nil, nil, Account })
}

// Switch goes to another account.
func (m *Model) Switch(a session.Account) {
	m.do(func(ctx context.Context) error { return m.core.Switch(ctx, a) }, func() {
		m.sessions, m.held = nil, nil
		m.Refresh()
	})
}

// EndSession signs another machine out.
func (m *Model) EndSession(id string) {
	m.do(func(ctx context.Context) error { return m.core.EndSession(ctx, id) }, m.readSessions)
}

// SetPaused stops the cloud's work on this machine or lets it go on.
func (m *Model) SetPaused(on bool) {
	m.do(func(context.Context) error { return m.core.SetPaused(on) }, nil)
}

// ---- jobs

// Cancel gives a job up.
func (m *Model) Cancel(id string) {
	m.do(func(ctx context.Context) error { return m.core.Cancel(ctx, id) }, m.readJobs)
}

// Retry queues a job's sound once more.
func (m *Model) Retry(id string) {
	m.do(func(ctx context.Context) error { return m.core.Retry(ctx, id) }, m.readJobs)
}

// ---- in sync

// SetSync begins or ends keeping this library in sync.
func (m *Model) SetSync(on bool) {
	m.do(func(ctx context.Context) error { return m.core.SetSync(ctx, on) }, m.readSync)
}

// Restore brings something back from the bin.
func (m *Model) Restore(d app.Deleted) {
	m.do(func(ctx context.Context) error { return m.core.Restore(ctx, d.Object) }, func() {
		m.note(d.Name + " is back, on every machine")
		m.readSync()
	})
}

// Resolve settles a conflict.
func (m *Model) Resolve(x app.Conflict, other bool) {
	m.do(func(ctx context.Context) error { return m.core.Resolve(ctx, x, other) }, m.readSync)
}

// ---- what the server keeps

// DeleteSound removes an analysed sound from the server.
func (m *Model) DeleteSound(id string) {
	m.do(func(ctx context.Context) error { return m.core.DeleteSound(ctx, id) }, m.readHeld)
}

// DropSync deletes everything that was sent to keep machines in sync.
func (m *Model) DropSync() {
	m.do(m.core.DropSync, func() {
		m.note("Deleted from the cloud; the library on this machine is untouched")
		m.readHeld()
	})
}

func (m *Model) note(text string) {
	if m.OnNote != nil {
		m.OnNote(text)
	}
}
