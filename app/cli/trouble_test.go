package cli

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sampleagent/app"
	"sampleagent/audio/codec/codectest"
	"sampleagent/library/catalog"
	"sampleagent/library/search"
	"sampleagent/sync/wire"
)

// network lies between a machine and the server, and can be troubled.
type network struct {
	url    string
	server *httptest.Server
	before atomic.Pointer[func(r *http.Request)]
	after  atomic.Pointer[func(r *http.Response)]
	token  atomic.Value // the last one that passed, as the header has it
}

func networkTo(t *testing.T, s *hostServer) *network {
	t.Helper()
	real, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	n := &network{}
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(real) },
		ModifyResponse: func(r *http.Response) error {
			if f := n.after.Load(); f != nil {
				(*f)(r)
			}
			return nil
		}}
	n.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := r.Header.Get("Authorization"); token != "" {
			n.token.Store(token)
		}
		if f := n.before.Load(); f != nil {
			(*f)(r)
		}
		proxy.ServeHTTP(w, r)
	}))
	n.url = n.server.URL
	t.Cleanup(func() { n.server.CloseClientConnections(); n.server.Close() })
	return n
}

// onRequest has f see each request on its way; it may change it, keep it waiting or drop it.
func (n *network) onRequest(f func(r *http.Request)) { n.before.Store(&f) }

// onAnswer has f see each answer on its way.
func (n *network) onAnswer(f func(r *http.Response)) { n.after.Store(&f) }

// expired waits until the server refuses a token because its time is over.
func (s *hostServer) expired(token string) {
	s.t.Helper()
	s.eventually("the token never expires", func() bool {
		r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+wire.PathAccount, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		r.Header.Set("Authorization", token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusUnauthorized
	})
}

// eventually waits for what has to happen, however slow the machine is.
func (s *hostServer) eventually(or string, happens func() bool) {
	s.t.Helper()
	for end := time.Now().Add(3 * time.Minute); !happens(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal(or)
		}
	}
}

// kits are the names of a machine's kits.
func (d *desk) kits() string { return d.do("kit", "list", "--json") }

// jobs are the server's jobs, as the account's owner sees them.
func (d *desk) jobs() []map[string]any {
	d.t.Helper()
	return objects(d.t, result{out: d.do("cloud", "jobs", "--json")})
}

// shortLife is a server whose access tokens live two seconds.
const shortLife = "SAMPLE_AGENT_ACCESS_LIFE=2s"

// A machine sleeps in the middle of its work, longer than its access token lives, while the server is
// started anew; its connections are gone when it wakes. It goes on by itself: others' changes come, its own are sent, and it says
// no word of trouble but that the server was away.
func TestAMachineThatSleptGoesOn(t *testing.T) {
	s := newServer(t, shortLife)
	studio, laptop := newDesk(t, s, "studio"), newDesk(t, s, "laptop")
	between := networkTo(t, s)
	studio.server = between.url
	s.signInPro(studio, laptop)
	laptop.do("kit", "new", "Before")
	laptop.do("cloud", "sync")
	studio.stay()
	s.eventually("the machine never was in sync", func() bool { return strings.Contains(studio.kits(), "Before") })

	if err := studio.watch.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	laptop.do("kit", "new", "Meanwhile")
	laptop.do("cloud", "sync")
	s.expired(between.token.Load().(string))
	s.kill()
	s.start()
	between.server.CloseClientConnections()
	if err := studio.watch.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.eventually("what changed meanwhile never came", func() bool { return strings.Contains(studio.kits(), "Meanwhile") })
	studio.do("kit", "new", "After")
	s.eventually("what was edited after waking never was sent", func() bool {
		laptop.do("cloud", "sync")
		return strings.Contains(laptop.kits(), "After")
	})
	said, err := os.ReadFile(studio.log.Name())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(said)) {
		if !strings.HasPrefix(line, "Synced: ") && !strings.Contains(line, "the server cannot be reached") {
			t.Errorf("it said %q", line)
		}
	}
}

// The access token dies while a file is on its way up: the server refuses it at the end, and the file
// goes up once more under a fresh one. It is one job.
func TestATokenThatExpiresOnTheWayUp(t *testing.T) {
	s := newServer(t, shortLife)
	between := networkTo(t, s)
	studio := newDesk(t, s, "studio")
	studio.server = between.url
	file := filepath.Join(t.TempDir(), secretName+".wav")
	codectest.WAV(t, file, clicks(2, 120))
	studio.do("import", "--quiet", file)
	studio.signIn("producer@example.org")
	var held sync.Once
	var uploads atomic.Int32
	between.onRequest(func(r *http.Request) {
		if r.URL.Path != wire.PathUpload {
			return
		}
		uploads.Add(1)
		held.Do(func() { s.expired(r.Header.Get("Authorization")) })
	})
	studio.do("cloud", "queue", file)
	if jobs := studio.jobs(); len(jobs) != 1 || jobs[0]["error"] != nil {
		t.Errorf("the jobs are %v", jobs)
	}
	if uploads.Load() != 2 {
		t.Errorf("it went up %d times", uploads.Load())
	}
}

// The network dies while a file goes up: the sound waits, which is said, and goes up when there is a
// network again. It is one job.
func TestTheNetworkDiesOnTheWayUp(t *testing.T) {
	s := newServer(t)
	between := networkTo(t, s)
	studio := newDesk(t, s, "studio")
	studio.server = between.url
	file := filepath.Join(t.TempDir(), secretName+".wav")
	noise := clicks(20, 120)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range noise.Samples { // cannot be packed: more than a connection holds
		noise.Samples[i] = float32(r.Float64() - 0.5)
	}
	codectest.WAV(t, file, noise)
	studio.do("import", "--quiet", file)
	studio.signIn("producer@example.org")
	var dead atomic.Bool
	between.onRequest(func(r *http.Request) {
		if r.URL.Path == wire.PathUpload && dead.Load() {
			_, _ = io.CopyN(io.Discard, r.Body, 256<<10)
			panic(http.ErrAbortHandler) // drops the connection
		}
	})
	dead.Store(true)
	studio.refuses("1 sample waits to be sent: the server cannot be reached", "cloud", "queue", file)
	db := studio.library()
	jobs, err := db.UnfinishedJobs(t.Context(), "cloud")
	if err != nil || len(jobs) != 1 || jobs[0].State != catalog.JobPending || !strings.Contains(jobs[0].Error, "cannot be reached") {
		t.Errorf("while the network is dead the jobs are %+v, %v", jobs, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	dead.Store(false)
	jobs2 := studio.jobs()
	if len(jobs2) != 1 || jobs2[0]["error"] != nil || jobs2[0]["state"] == "failed" {
		t.Errorf("with the network back the jobs are %v", jobs2)
	}
}

// A person signs all programs out in the browser: a program that was in sync stops, says what to do,
// and leaves the library as it is; signed in again, what was edited meanwhile is sent.
func TestASignInThatIsEndedElsewhere(t *testing.T) {
	s := newServer(t)
	studio, laptop := newDesk(t, s, "studio"), newDesk(t, s, "laptop")
	s.signInPro(studio, laptop)
	studio.do("kit", "new", "Before")
	studio.stay()
	s.eventually("the machine never was in sync", func() bool {
		laptop.do("cloud", "sync")
		return strings.Contains(laptop.kits(), "Before")
	})
	s.page(s.http.PostForm(s.url+"/account/revoke-others", nil))
	studio.do("kit", "new", "Meanwhile")
	s.eventually("it never says that it is signed out", func() bool {
		said, err := os.ReadFile(studio.log.Name())
		return err == nil && strings.Contains(string(said), "The server has ended this sign-in. Everything on this machine stays as it is; sign in again to go on.")
	})
	studio.refuses("sign in again", "cloud", "status")
	laptop.refuses("sign in again", "cloud", "sync")
	if !strings.Contains(studio.kits(), "Before") || !strings.Contains(studio.kits(), "Meanwhile") {
		t.Errorf("the library holds %s", studio.kits())
	}
	studio.kill()
	for _, d := range []*desk{studio, laptop} {
		d.signIn("producer@example.org")
		d.do("cloud", "sync")
	}
	if !strings.Contains(laptop.kits(), "Meanwhile") {
		t.Errorf("after signing in again the other machine has %s", laptop.kits())
	}
}

// The plan grows in the very moment in which the server says that the day is full: what is told to
// wait until tomorrow goes up at once all the same.
func TestThePlanGrowsWhileTheQuotaIsFoundFull(t *testing.T) {
	s := newServer(t)
	ctx, dir := t.Context(), t.TempDir()
	between := networkTo(t, s)
	a := openDesk(t, s, between.url, false, nil)
	tier := func(name string) {
		s.tier(name)
		if err := a.Cloud().Refresh(ctx); err != nil {
			t.Error(err)
		}
	}
	tier("free")
	const sounds = 12 // a free day has 10
	for i := range sounds {
		codectest.WAV(t, filepath.Join(dir, string(rune('a'+i))+".wav"), clicks(0.5, 100+float64(i)))
	}
	if _, err := a.ImportNow(ctx, []string{dir}, app.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	rows, err := a.Search(ctx, "", search.Sort{})
	if err != nil {
		t.Fatal(err)
	}
	if queued, err := a.Cloud().Queue(ctx, rows); err != nil || queued != sounds {
		t.Fatal(queued, err)
	}
	var grown sync.Once
	between.onAnswer(func(r *http.Response) {
		if r.StatusCode == http.StatusTooManyRequests {
			grown.Do(func() { tier("pro") })
		}
	})
	waiting := func() int {
		if err := a.Cloud().Work(ctx, nil); err != nil {
			t.Fatal(err)
		}
		return unsent(t, a)
	}
	if n := waiting(); n != sounds-10 {
		t.Fatalf("%d wait", n)
	}
	if err := a.Cloud().Refresh(ctx); err != nil { // as the background does when a quota was full
		t.Fatal(err)
	}
	if n := waiting(); n != 0 {
		t.Errorf("as pro %d sounds wait until tomorrow", n)
	}
}

// unsent counts the jobs that the server has not taken yet.
func unsent(t *testing.T, a *app.App) (n int) {
	t.Helper()
	jobs, err := a.Cloud().Jobs(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		if j.Remote == nil {
			n++
		}
	}
	return n
}
