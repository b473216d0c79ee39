package cloud

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	app "sampleagent/app/cloud"
	"sampleagent/app/event"
	"sampleagent/library/catalog"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
	"sampleagent/ui/theme"
)

var now = time.Date(2026, 11, 26, 14, 0, 0, 0, time.Local)

func free() *wire.Account {
	return &wire.Account{Tier: "free", Limits: wire.Limits{Uploads: 10, UploadsPer: "day", FileBytes: 10 << 20, Seconds: 60, StorageBytes: 100 << 20, RetentionDays: 30, PromiseSecs: 86400},
		Usage: wire.Usage{Uploads: 9, UploadsResetAt: now.Add(10 * time.Hour), StorageBytes: 50 << 20}}
}

// account is the application's account as a test wants it.
type account struct {
	Core  // what a test does not expect panics
	state app.State
	jobs  []app.Job
	wait  chan error // what SignIn ends with
	calls []string
	fail  error
}

func (a *account) State() app.State                                       { return a.state }
func (a *account) Jobs(context.Context, int) ([]app.Job, error)           { return a.jobs, nil }
func (a *account) Sessions(context.Context) ([]wire.Session, error)       { return nil, nil }
func (a *account) PendingEdits(context.Context) (int, error)              { return 3, nil }
func (a *account) Bin(context.Context) ([]app.Deleted, error)             { return nil, nil }
func (a *account) Conflicts(context.Context, int) ([]app.Conflict, error) { return nil, nil }
func (a *account) Cancel(_ context.Context, id string) error {
	a.calls = append(a.calls, "cancel "+id)
	return a.fail
}
func (a *account) SetPaused(on bool) error                                  { a.state.Paused = on; return nil }
func (a *account) SetSync(_ context.Context, on bool) error                 { a.state.Syncs = on; return nil }
func (a *account) SignOut(context.Context) error                            { a.state = app.State{}; return nil }
func (a *account) Queue(_ context.Context, rows []catalog.Row) (int, error) { return len(rows), nil }
func (a *account) Preview(_ context.Context, rows []catalog.Row, tell func(app.Preview)) (app.Preview, error) {
	p := app.Preview{Files: len(rows), Packed: 1, Left: -1, Fits: 1}
	tell(p)
	p.Packed, p.Fits = len(rows), len(rows)
	return p, nil
}
func (a *account) SignIn(ctx context.Context, server string, open func(string) error) error {
	if err := open(server + "/auth/authorize?x=y"); err != nil {
		return err
	}
	select {
	case err := <-a.wait:
		if err == nil {
			a.state = app.State{Account: session.Account{Server: server, ID: "u1", Email: "p@example.org"}, Online: true}
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rig runs a model with its background in goroutines and their results on the test's.
type rig struct {
	*Model
	a      *account
	todo   chan func()
	opened []string
}

func newRig(t *testing.T, a *account) *rig {
	r := &rig{a: a, todo: make(chan func(), 100)}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r.Model = NewModel(a, func(work func(context.Context) func()) {
		go func() {
			if apply := work(ctx); apply != nil {
				r.todo <- apply
			}
		}()
	}, func(address string) error { r.opened = append(r.opened, address); return errors.New("no browser here") })
	r.now = func() time.Time { return now }
	return r
}

func (r *rig) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for !done() {
		select {
		case f := <-r.todo:
			f()
		case <-time.After(2 * time.Minute):
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// The browser is waited for, its link can be copied even where none opens, and the waiting can be
// given up.
func TestSignInWaitsAndCanBeGivenUp(t *testing.T) {
	r := newRig(t, &account{wait: make(chan error, 1)})
	r.SignIn("https://example.org")
	r.until(t, "the link", func() bool {
		link, waits := r.SigningIn()
		return waits && link == "https://example.org/auth/authorize?x=y"
	})
	r.CancelSignIn()
	r.until(t, "the end", func() bool { _, waits := r.SigningIn(); return !waits })
	if r.SignedIn() || r.Err() != "" {
		t.Fatalf("signed in %v, error %q", r.SignedIn(), r.Err())
	}
	r.SignIn("https://example.org")
	r.a.wait <- errors.New("the server did not sign you in: access_denied")
	r.until(t, "the refusal", func() bool { return strings.Contains(r.Err(), "access_denied") })
	r.SignIn("https://example.org")
	r.a.wait <- nil
	r.until(t, "the account", r.SignedIn)
	if r.Tab() != Account || r.Page("/pricing") != "https://example.org/pricing" {
		t.Fatalf("tab %s", r.Tab())
	}
	r.SignOut()
	r.until(t, "nobody", func() bool { return !r.SignedIn() })
}

func TestStatusSaysWhatStops(t *testing.T) {
	who := session.Account{Server: "https://example.org", ID: "u1", Email: "p@example.org"}
	waits := []app.Job{{State: catalog.JobPending, Next: now.Add(10 * time.Hour)}, {State: catalog.JobPending, Next: now.Add(10 * time.Hour)}, {State: catalog.JobCompleted}}
	for _, c := range []struct {
		state app.State
		jobs  []app.Job
		want  string
		tone  any
	}{
		{app.State{}, nil, "not signed in", theme.TextDim},
		{app.State{Account: who, SignedOut: true, Problem: "gone"}, nil, "sign in again", theme.Bad},
		{app.State{Account: who, Paused: true, Online: true}, nil, "paused", theme.Warn},
		{app.State{Account: who, Problem: "no route to host"}, nil, "offline: queued sounds and edits wait", theme.Warn},
		{app.State{Account: who, Online: true, Problem: "the plan does not sync"}, nil, "the plan does not sync", theme.Bad},
		{app.State{Account: who, Online: true}, waits, "2 sounds wait until tomorrow 00:00", theme.Warn},
		{app.State{Account: who, Online: true, Syncs: true, LastSync: now.Add(-time.Minute)}, nil, "synced 60 s ago", theme.Good},
		{app.State{Account: who, Online: true}, nil, "online", theme.Good},
	} {
		if got := Status(c.state, c.jobs, now); !strings.Contains(got.Text, c.want) || got.Colour != c.tone {
			t.Errorf("%+v: %+v, want %q", c.state, got, c.want)
		}
	}
}

func TestUsesAndTerms(t *testing.T) {
	uses := Uses(free(), now)
	if len(uses) != 2 || uses[0].Text != "9 of 10 today" || uses[0].Share != 0.9 || uses[0].Reset != "again from tomorrow 00:00" || uses[1].Share != 0.5 || uses[1].Reset != "audio is deleted after 30 days" {
		t.Errorf("%+v", uses)
	}
	if got := Terms(free()); got != "files to 10.0 MB · sounds to 1 min · ready within 24 h" {
		t.Error(got)
	}
	open := free()
	open.Limits.Uploads, open.AI, open.Limits.AIMicroUSD, open.Usage.AIMicroUSD = -1, "on", 100_000, 25_000
	if uses = Uses(open, now); uses[0].Share >= 0 || uses[2].Text != "$0.03 of $0.10" && uses[2].Text != "$0.02 of $0.10" {
		t.Errorf("%+v", uses)
	}
}

func TestJobLines(t *testing.T) {
	place, eta := int64(3), now.Add(4*time.Hour)
	for _, c := range []struct {
		job          app.Job
		step, detail string
		retry        bool
	}{
		{app.Job{State: catalog.JobPending}, "waits to be sent", "", false},
		{app.Job{State: catalog.JobPending, Next: now.Add(time.Hour), Error: "10 of 10 uploads are used"}, "waits until 15:00", "10 of 10 uploads are used", false},
		{app.Job{State: catalog.JobProcessing, Step: "uploading", Sent: 5 << 20, Size: 10 << 20, Speed: 1 << 20}, "uploading", "5.0 MB of 10.0 MB · 1.0 MB/s · 5 s left", false},
		{app.Job{State: catalog.JobProcessing, Step: "pending", Remote: &wire.Job{Position: &place, EstimatedCompletion: &eta}}, "in the queue", "3 before it · ready in about 4 h", false},
		{app.Job{State: catalog.JobProcessing, Step: wire.StepVibe, Remote: &wire.Job{}}, "being described", "", false},
		{app.Job{State: catalog.JobFailed, Error: "too long"}, "failed", "too long", true},
		{app.Job{State: catalog.JobCompleted}, "done", "", false},
	} {
		l := lineOf(c.job, now)
		if l.Step != c.step || l.Detail != c.detail || l.CanRetry != c.retry || l.CanCancel == c.job.State.Final() {
			t.Errorf("%+v: %+v", c.job, l)
		}
	}
}

func TestWhatMovesComesFirst(t *testing.T) {
	job := func(id string, s catalog.JobState, step string, remote bool) app.Job {
		j := app.Job{ID: id, State: s, Step: step}
		if remote {
			j.Remote = &wire.Job{}
		}
		return j
	}
	got := inOrder([]app.Job{ // newest first
		job("waits2", catalog.JobPending, "", false), job("waits1", catalog.JobPending, "", false), job("up", catalog.JobProcessing, "uploading", false),
		job("new", catalog.JobCompleted, "", true), job("there", catalog.JobProcessing, "queued", true), job("old", catalog.JobCancelled, "", false), job("failed", catalog.JobFailed, "", false)})
	var ids []string
	for _, j := range got {
		ids = append(ids, j.ID)
	}
	if want := []string{"there", "up", "waits1", "waits2", "failed", "new", "old"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
}

// Before anything is sent the dialog says how many go, what waits until when, and what is refused.
func TestPreviewLines(t *testing.T) {
	text := func(p app.Preview) string {
		var out []string
		for _, l := range previewLines(p, "free", now) {
			out = append(out, l.Text)
		}
		return strings.Join(out, "\n")
	}
	p := app.Preview{Files: 14, Packed: 14, Fits: 12, Later: 3, Left: 9, Known: true, ResetAt: now.Add(10 * time.Hour), Raw: 20 << 20, Bytes: 12 << 20}
	if got := text(p); got != "12 of 14 sounds can be sent\n12.0 MB go up as lossless FLAC, instead of 20.0 MB\n9 go up now; 3 wait until tomorrow 00:00, when the free plan's uploads begin anew" {
		t.Error(got)
	}
	if got := text(app.Preview{Files: 2, Packed: 2, Known: true, Left: 4}); !strings.HasPrefix(got, "None of the 2 sounds can be sent") {
		t.Error(got)
	}
	if got := text(app.Preview{Files: 2, Packed: 2, Fits: 2, Left: -1}); !strings.Contains(got, "does not answer now") {
		t.Error(got)
	}
}

func TestQueueDialogCountsUpAndSends(t *testing.T) {
	r := newRig(t, &account{state: app.State{Account: session.Account{ID: "u1"}, Details: free()}})
	q := NewQueue(r.a, r.run, []catalog.Row{1, 2, 3})
	r.until(t, "the preview", func() bool { return q.Preview().Packed == 3 })
	if !q.Ready() || q.Preview().Fits != 3 {
		t.Fatalf("%+v", q.Preview())
	}
	sent := 0
	q.Send(func(n int, err error) { sent = n })
	r.until(t, "the queue", func() bool { return sent == 3 })
}

func TestFailedCommandIsTold(t *testing.T) {
	r := newRig(t, &account{state: app.State{Account: session.Account{ID: "u1"}}, fail: errors.New("the server does not know this job")})
	r.Cancel("j1")
	r.until(t, "the reason", func() bool { return r.Err() != "" })
	if r.Err() != "the server does not know this job" || !slices.Equal(r.a.calls, []string{"cancel j1"}) {
		t.Fatalf("%q, %v", r.Err(), r.a.calls)
	}
	r.Open(Sync)
	r.until(t, "the edits that wait", func() bool { return r.Pending() == 3 })
}

func TestHintAndEnds(t *testing.T) {
	s := app.State{Details: free()}
	if Hint(s, nil) != "" || Hint(s, []app.Job{{State: catalog.JobPending}}) == "" {
		t.Error("the hint is for those who wait")
	}
	s.Details.Tier = "pro"
	if Hint(s, []app.Job{{State: catalog.JobPending}}) != "" {
		t.Error("pro is told to upgrade")
	}
	title, text := Ended([]event.CloudDone{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}})
	if title != "4 sounds have come back from the cloud" || text != "a, b, c and 1 more" {
		t.Errorf("%q %q", title, text)
	}
	if title, text = Ended([]event.CloudDone{{Name: "a", Text: "dusty"}}); title != "a" || text != "dusty" {
		t.Errorf("%q %q", title, text)
	}
}
