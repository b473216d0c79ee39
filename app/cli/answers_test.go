package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/app"
	"sampleagent/audio/codec/codectest"
	"sampleagent/library/search"
	"sampleagent/sync/wire"
)

// held keeps the next answer to a path on its way until released.
func (n *network) held(path string) (arrived <-chan struct{}, release func()) {
	at, free := make(chan struct{}), make(chan struct{})
	var once sync.Once
	n.onAnswer(func(r *http.Response) {
		if r.Request.URL.Path == path {
			once.Do(func() { close(at); <-free })
		}
	})
	return at, sync.OnceFunc(func() { close(free) })
}

// soon is how long something is watched that must not happen. It makes a test sharper, never wrong.
const soon = 300 * time.Millisecond

func (s *hostServer) tier(name string) {
	s.admin("tier", "producer@example.org", name, "--reason", "test")
}

// signInPro signs machines of one person in, whose plan is then pro.
func (s *hostServer) signInPro(desks ...*desk) {
	s.t.Helper()
	for _, d := range desks {
		d.signIn("producer@example.org")
		s.tier("pro")
	}
}

func tierOf(a *app.App) string {
	if d := a.Cloud().State().Details; d != nil {
		return d.Tier
	}
	return ""
}

// Two questions after the account at once: what the window shows in the end is the newer answer.
func TestAnOlderAnswerNeverCoversANewer(t *testing.T) {
	s := newServer(t)
	between := networkTo(t, s)
	a := openDesk(t, s, between.url, false, nil) // as pro
	arrived, release := between.held(wire.PathAccount)
	defer release()
	ask := func() <-chan error {
		done := make(chan error, 1)
		go func() { done <- a.Cloud().Refresh(t.Context()) }()
		return done
	}
	older := ask()
	<-arrived
	s.tier("free")
	newer := ask()
	var second error
	select {
	case second = <-newer:
		release()
	case <-time.After(soon):
		release()
		second = <-newer
	}
	if first := <-older; first != nil || second != nil {
		t.Fatal(first, second)
	}
	if tierOf(a) != "free" {
		t.Errorf("the plan shown is %s", tierOf(a))
	}
}

// What another machine changed before live events came through is seen when they do, not at the next
// look around a minute later.
func TestWhatChangedBeforeLiveEventsIsSeenAtOnce(t *testing.T) {
	s := newServer(t)
	between := networkTo(t, s)
	arrived, release := between.held(wire.PathEvents)
	defer release()
	one, two := openDesk(t, s, s.url, false, nil), openDesk(t, s, between.url, true, nil)
	if err := two.Cloud().SetSync(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	<-arrived
	s.eventually("the laptop is never in sync", func() bool { return !two.Cloud().State().LastSync.IsZero() })
	k, err := one.NewKit(t.Context(), "Night")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Cloud().Sync(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	released := time.Now()
	release()
	s.eventually("the kit never comes", func() bool { _, err := two.Kit(t.Context(), k.ID); return err == nil })
	const lookAround = time.Minute // app/cloud asks by itself only then
	if took := time.Since(released); took > lookAround*3/4 {
		t.Errorf("the kit came %v after live events did", took)
	}
}

// A plan that grows while the server says that the day is full: what was told to wait until tomorrow
// goes up at once.
func TestAPlanThatGrowsDuringARefusalSendsAtOnce(t *testing.T) {
	s := newServer(t)
	between := networkTo(t, s)
	a := openDesk(t, s, between.url, false, nil)
	s.tier("free")
	dir := t.TempDir()
	const sounds = 12 // a free day has 10
	for i := range sounds {
		codectest.WAV(t, filepath.Join(dir, string(rune('a'+i))+".wav"), clicks(0.5, 100+float64(i)))
	}
	if _, err := a.ImportNow(t.Context(), []string{dir}, app.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	rows, err := a.Search(t.Context(), "", search.Sort{})
	if err != nil {
		t.Fatal(err)
	}
	c := a.Cloud()
	if err := c.Refresh(t.Context()); err != nil || tierOf(a) != "free" {
		t.Fatal(tierOf(a), err)
	}
	if n, err := c.Queue(t.Context(), rows); n != sounds || err != nil {
		t.Fatal(n, err)
	}
	var grown sync.Once
	between.onAnswer(func(r *http.Response) {
		if r.Request.URL.Path == wire.PathUpload && r.StatusCode == http.StatusTooManyRequests {
			grown.Do(func() {
				s.tier("pro")
				if err := c.Refresh(t.Context()); err != nil || tierOf(a) != "pro" {
					t.Error(tierOf(a), err)
				}
			})
		}
	})
	if err := c.Work(t.Context(), nil); err != nil || unsent(t, a) != 2 {
		t.Fatalf("%d wait, %v", unsent(t, a), err)
	}
	if err := c.Refresh(t.Context()); err != nil { // the next round's
		t.Fatal(err)
	}
	if err := c.Work(t.Context(), nil); err != nil || unsent(t, a) != 0 {
		t.Errorf("as pro %d still wait, %v", unsent(t, a), err)
	}
}

// One wrong name among several stops nothing and is told; commands end with what the contract says.
func TestQueueDoesWhatItCan(t *testing.T) {
	s := newServer(t)
	studio := newDesk(t, s, "studio")
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.wav"), filepath.Join(dir, "not there.wav")
	codectest.WAV(t, good, clicks(1, 120))
	studio.do("import", "--quiet", good)
	studio.signIn("producer@example.org")
	if err := os.Remove(good); err != nil { // gone since the import: its job fails
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"cloud", "queue", "--json", bad}, statusNothing, "is not in the library"},
		{[]string{"cloud", "queue", "--json", bad, bad}, statusNothing, "none of these is in"},
		{[]string{"cloud", "queue", "--json", bad, good}, statusSome, "is not in the library"},
		{[]string{"cloud", "fetch", "--json", bad}, statusNothing, "is not in the library"},
		{[]string{"cloud", "nonsense"}, statusNothing, "Usage"},
		{[]string{"cloud"}, statusNothing, "signin"},
	} {
		_, err := studio.try(c.args...)
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != c.status || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %d", err, c.status)
		}
	}
	if jobs := studio.jobs(); len(jobs) != 1 || jobs[0]["state"] != "failed" || !strings.Contains(fmt.Sprint(jobs[0]["error"]), "send it again") || jobs[0]["step"] != nil {
		t.Errorf("the jobs are %v", jobs)
	}
}
