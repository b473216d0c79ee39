package ops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// behind puts a valve before the part at an address and gives the address that leads through it.
func behind(t *testing.T, address string) (*testbed.Valve, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	v := testbed.NewValve(t, u.Host)
	u.Host = v.Address()
	return v, u.String()
}

// crash is called between the steps of jobs.
func crash(f func(step string)) setting {
	return func(_ *config.Config, o *ops.Options) { o.Crash = f }
}

// oneUpload demands that an upload was counted once and its object is there.
func (u *user) oneUpload(t *testing.T, id string) {
	t.Helper()
	j, err := u.w.DB.JobByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.w.Objects.Stat(t.Context(), j.FileKey); err != nil {
		t.Errorf("the job's object: %v", err)
	}
	if used := u.account().Usage; used.Uploads != 1 || used.StorageBytes != j.Size {
		t.Errorf("%d uploads and %d bytes counted, not 1 and %d", used.Uploads, used.StorageBytes, j.Size)
	}
}

// The connection to PostgreSQL breaks around the commit of an upload. Broken before it, the transaction
// is repeated. Broken after it, unheard, the upload may be accepted: its object stays, and the client
// is told of the job at once, or when it asks again with its key.
func TestTheDatabaseBreaksAroundACommit(t *testing.T) {
	for name, c := range map[string]struct {
		lost string // the statement whose answer is not heard
		away bool   // and the database is away after it
	}{
		"begin": {"begin", false}, "commit": {"commit", false}, "commit, then away": {"commit", true},
	} {
		t.Run(name, func(t *testing.T) {
			v, database := behind(t, testbed.Postgres(t))
			var armed atomic.Bool
			v.Gone = c.away
			v.Sees = func(sent []byte) bool {
				return bytes.Contains(sent, []byte(c.lost+"\x00")) && armed.CompareAndSwap(true, false)
			}
			w := start(t, database, idle, crash(func(step string) {
				if step == "object stored" {
					armed.Store(true)
				}
			}))
			ada := w.signIn("ada@example.org", plan.Free)
			content := wav(t, 0.2, 1)
			status, ok, p := ada.upload("a.wav", content, wire.HeaderIdempotency, "one")
			if c.away {
				if status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, "database") {
					t.Errorf("%d %+v", status, p)
				}
				v.Open()
				status, ok, p = ada.upload("a.wav", content, wire.HeaderIdempotency, "one")
			}
			if status != http.StatusAccepted || armed.Load() {
				t.Fatalf("%d %+v, still armed: %v", status, p, armed.Load())
			}
			ada.oneUpload(t, ok.JobID)
		})
	}
}

// While a part is away, uploads are refused with its name, nothing is counted, readiness says so, and
// a browser sees a page; when it is back the same upload is taken.
func TestUploadsWhileAPartIsAway(t *testing.T) {
	s3 := bucket(t)
	store, endpoint := behind(t, s3[1])
	s3[1] = endpoint
	database, address := behind(t, testbed.Postgres(t))
	w := start(t, address, idle, env(s3...))
	ada := w.signIn("ada@example.org", plan.Free)
	content := wav(t, 0.2, 1)
	refused := func(part, named string) {
		t.Helper()
		status, _, p := ada.upload("a.wav", content, wire.HeaderIdempotency, "one")
		if status != http.StatusServiceUnavailable || p.Code != wire.CodeUnavailable || !strings.Contains(p.Detail, named) {
			t.Errorf("without %s: %d %+v", part, status, p)
		}
		if body := string(fetch(t, w.url+"/readyz", "")); !strings.Contains(body, `"`+part+`":"not ready"`) {
			t.Errorf("without %s readiness says %s", part, body)
		}
		if s := get(t, w.url+"/healthz"); s != 200 {
			t.Errorf("alive without %s: %d", part, s)
		}
	}
	store.Shut()
	refused("objects", "store of sounds")
	store.Open()
	database.Shut()
	refused("database", "database")
	resp, page := w.ask("GET", "/jobs", "", "Accept", "text/html", "Authorization", "Bearer "+ada.token)
	if resp.StatusCode != 503 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || !strings.Contains(page, "cannot reach its database") {
		t.Errorf("a page without a database: %d %s %.300s", resp.StatusCode, resp.Header.Get("Content-Type"), page)
	}
	database.Open()
	status, ok, p := ada.upload("a.wav", content, wire.HeaderIdempotency, "one")
	if status != http.StatusAccepted {
		t.Fatalf("with all parts back: %d %+v", status, p)
	}
	ada.oneUpload(t, ok.JobID)

	// An answer of the store that breaks off is not taken for a damaged file.
	var d wire.DirectUpload
	content = wav(t, 0.2, 2)
	ada.call("POST", "/api/uploads", announce("b.wav", content), &d)
	if status := putTo(t, d, content); status != 200 {
		t.Fatalf("put: %d", status)
	}
	whole := w.Jobs.Objects
	w.Jobs.Objects = halfObjects{whole}
	if resp := ada.call("POST", d.Complete, nil, nil); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("half an answer of the store: %d", resp.StatusCode)
	}
	w.Jobs.Objects = whole
	if resp := ada.call("POST", d.Complete, nil, nil); resp.StatusCode != http.StatusAccepted {
		t.Errorf("completed when it is whole: %d", resp.StatusCode)
	}
}

// halfObjects breaks off what is read.
type halfObjects struct{ object.Store }

func (h halfObjects) Get(ctx context.Context, key string) (object.Reader, object.Info, error) {
	r, info, err := h.Store.Get(ctx, key)
	return brokenOff{r}, info, err
}

type brokenOff struct{ object.Reader }

func (brokenOff) Read([]byte) (int, error) {
	return 0, fmt.Errorf("%w: connection reset", object.ErrAway)
}

// awayObjects is an object store that fails some times as a whole.
type awayObjects struct {
	object.Store
	fails atomic.Int64
}

func (a *awayObjects) Get(ctx context.Context, key string) (object.Reader, object.Info, error) {
	if a.fails.Add(-1) >= 0 {
		return nil, object.Info{}, fmt.Errorf("%w: connection refused", object.ErrAway)
	}
	return a.Store.Get(ctx, key)
}

// A job waits for as long as the object store is away, however often it is tried, and says so.
func TestJobsWaitWhileTheStoreIsAway(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const fails = 7
		objects := &awayObjects{Store: w.Objects}
		objects.fails.Store(fails)
		w.Jobs.Objects = objects
		ada := w.signIn("ada@example.org", plan.Pro)
		_, ok, _ := ada.upload("a.wav", wav(t, 0.2, 1))
		told := false
		w.waitFor("the job", func() bool {
			j := ada.job(ok.JobID)
			told = told || j.Status == wire.Pending && j.Error != nil && strings.Contains(*j.Error, "goes on by itself")
			asSQL(t, w.Config.Data, w.Config.DatabaseURL, "UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE kind = 'analyze_sample' AND state = 'scheduled'") // the pause is over
			return j.Status.Final()
		})
		if j, err := w.DB.JobByID(t.Context(), ok.JobID); err != nil || j.Status != wire.Completed || j.Failures != 0 || j.Attempts != fails+1 || !told {
			t.Errorf("%+v %v, told: %v", j, err, told)
		}
	})
}

// The data folder's disk is full: uploads are refused and say so, nothing is counted or left, readiness
// says so; with room again the server goes on by itself.
func TestAFullDisk(t *testing.T) {
	data := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", data).CombinedOutput(); err != nil {
		t.Skipf("only root mounts a small disk: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", data).CombinedOutput(); err != nil {
			t.Errorf("%s", out)
		}
	})
	w := start(t, "", func(c *config.Config, _ *ops.Options) { c.Data = data })
	ada := w.signIn("ada@example.org", plan.Pro)
	filler := filepath.Join(data, "filler")
	fill := func(leave int64) {
		t.Helper()
		f, err := os.Create(filler)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(f, zeros{}) // until the disk is full
		end, err := f.Seek(0, io.SeekEnd)
		if err := errors.Join(err, f.Truncate(end-leave), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	large := wav(t, 30, 1) // 480 KB
	// Full while the body comes in, at the copy of it, and at the database's commit.
	for _, leave := range []int64{100 << 10, 600 << 10, 0} {
		fill(leave)
		content := large
		if leave == 0 {
			content = wav(t, 0.1, 2)
		}
		status, _, p := ada.upload("a.wav", content)
		if status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, "disk is full") {
			t.Errorf("with %d bytes left: %d %+v", leave, status, p)
		}
		if leave == 0 {
			if body := string(fetch(t, w.url+"/readyz", "")); !strings.Contains(body, `"objects":"not ready"`) {
				t.Errorf("readiness says %s", body)
			}
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		if used := ada.account().Usage; used.Uploads != 0 || used.StorageBytes != 0 {
			t.Errorf("with %d bytes left %d uploads and %d bytes were counted", leave, used.Uploads, used.StorageBytes)
		}
	}
	status, ok, p := ada.upload("a.wav", large)
	if status != http.StatusAccepted {
		t.Fatalf("with room: %d %+v", status, p)
	}
	if j := ada.waitJob(ok.JobID); j.Status != wire.Completed {
		t.Errorf("%+v", j)
	}
	if c, err := w.Jobs.Check(t.Context(), w.Now().Add(time.Hour), true); err != nil || c.Orphans+c.Missing+c.Counters != 0 {
		t.Errorf("%+v %v", c, err)
	}
	if s := get(t, w.url+"/readyz"); s != 200 {
		t.Errorf("ready: %d", s)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// A stop waits for an upload that is on its way, and lets jobs end beside it.
func TestAStopFinishesUploads(t *testing.T) {
	reached, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w := start(t, "", func(c *config.Config, _ *ops.Options) { c.ShutdownTimeout = patience }, crash(func(step string) {
		if step == wire.StepAnalyze {
			once.Do(func() { close(reached); <-release })
		}
	}))
	ada := w.signIn("ada@example.org", plan.Pro)
	_, first, _ := ada.upload("a.wav", wav(t, 0.2, 1))
	<-reached
	body, rest := io.Pipe()
	req, err := http.NewRequest("POST", w.url+"/api/upload", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	form := append(append([]byte("--b\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"b.wav\"\r\n\r\n"), wav(t, 0.2, 2)...), "\r\n--b--\r\n"...)
	var ok wire.Accepted
	answered := make(chan int, 1)
	go func() { answered <- ada.do(req, &ok).StatusCode }()
	if _, err := rest.Write(form[:1000]); err != nil {
		t.Fatal(err)
	}
	w.waitFor("the upload has begun", func() bool {
		held, err := filepath.Glob(filepath.Join(w.Config.Data, "work", "*"))
		return err == nil && len(held) > 0
	})
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.stop() }()
	w.waitFor("no new requests", func() bool { _, err := http.Get(w.url + "/healthz"); return err != nil })
	close(release)
	w.waitFor("the job ends beside the upload", func() bool {
		j, err := w.DB.JobByID(t.Context(), first.JobID)
		return err == nil && j.Status == wire.Completed
	})
	if _, err := rest.Write(form[1000:]); err != nil {
		t.Fatal(err)
	}
	if err := rest.Close(); err != nil {
		t.Fatal(err)
	}
	if status := <-answered; status != http.StatusAccepted {
		t.Errorf("an upload during the stop: %d", status)
	}
	<-stopped
}

// removing does something whenever an object is removed.
type removing struct {
	object.Store
	meanwhile func(key string)
}

func (r removing) Delete(ctx context.Context, key string) error {
	r.meanwhile(key)
	return r.Store.Delete(ctx, key)
}

// A failed job is tried again at the moment at which its file is removed: it is refused, and never
// waits for a file that is gone.
func TestNobodyRetriesWhatIsRemoved(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Pro)
	_, ok, _ := ada.upload("a.wav", wav(t, 0.2, 1))
	if resp := ada.call("DELETE", "/api/jobs/"+ok.JobID, nil, nil); resp.StatusCode != 200 {
		t.Fatalf("cancelled: %d", resp.StatusCode)
	}
	tried := 0
	w.Jobs.Objects = removing{w.Objects, func(string) {
		if tried = ada.call("POST", "/api/jobs/"+ok.JobID+"/retry", nil, nil).StatusCode; tried == http.StatusAccepted {
			t.Error("a job was revived whose file is being removed")
		}
	}}
	w.later(25 * time.Hour)
	ada.token = w.signIn(ada.email, plan.Pro).token
	if _, err := w.Jobs.Sweep(t.Context()); err != nil || tried != http.StatusConflict {
		t.Errorf("%v, tried again: %d", err, tried)
	}
}

// An error that thousands meet is told a few times a minute, another one beside it at once.
func TestTheLogStaysCalm(t *testing.T) {
	var b bytes.Buffer
	log := ops.NewLog(&b, &config.Config{LogLevel: "info"})
	for i := range 1000 {
		log.Error("request failed", "error", fmt.Errorf("store uploads-pending/%d.wav: dial tcp 127.0.0.1:9000: connect: connection refused", i))
	}
	log.Error("request failed", "error", errors.New("another"))
	for range 10 {
		log.Warn("orphan removed", "key", "k")
	}
	if text := b.String(); strings.Count(text, "refused") != 3 || strings.Count(text, "another") != 1 || strings.Count(text, "orphan") != 10 {
		t.Errorf("%s", text)
	}
	// After a minute it is told again, with how often it was left out.
	b.Reset()
	r := slog.NewRecord(time.Now().Add(time.Minute), slog.LevelError, "request failed", 0)
	r.AddAttrs(slog.Any("error", errors.New("dial tcp 127.0.0.1:9000: connect: connection refused")))
	if err := log.Handler().Handle(t.Context(), r); err != nil || !strings.Contains(b.String(), "same_before=997") {
		t.Errorf("%s %v", b.String(), err)
	}
}
