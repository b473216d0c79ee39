package ops_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// killSteps are the points of an upload's life at which a process kills itself.
var killSteps = []string{"object stored", "accepted", "bytes arrived", "completed", wire.StepDecode, wire.StepAnalyze, wire.StepVibe, wire.StepStore, "copied", "kept", "finished"}

// child is a whole server in a process of its own, which kills itself with SIGKILL the n-th
// time it comes to a step.
func child() {
	c, err := config.Load(nil, os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	step, left := os.Getenv("SAMPLE_AGENT_TEST_CHILD"), 0
	if _, err := fmt.Sscan(os.Getenv("SAMPLE_AGENT_TEST_NTH"), &left); err != nil {
		left = 1
	}
	var mu sync.Mutex
	o := ops.Options{Role: ops.Role{Serve: true, Work: true}, Poll: 20 * time.Millisecond, Crash: func(at string) {
		mu.Lock()
		defer mu.Unlock()
		if at != step {
			return
		}
		if left--; left == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Minute) // the signal is on its way
		}
	}}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := ops.Open(ctx, c, log, o)
	switch {
	case err != nil:
	case os.Getenv("SAMPLE_AGENT_TEST_DO") == "sweep":
		err = sweepAll(ctx, s)
	default:
		err = s.Run(ctx, nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// TestKilledAtEveryStep kills the server with SIGKILL at every step of an upload's life while
// uploads go on, and demands that nothing is lost, doubled or left behind. The short version
// gives interrupted jobs back itself, as the queue's rescuer would after a minute; with
// SAMPLE_AGENT_KILLS=200 the rescuer does it.
func TestKilledAtEveryStep(t *testing.T) {
	kills, real := len(killSteps), false
	if n, err := strconv.Atoi(os.Getenv("SAMPLE_AGENT_KILLS")); err == nil && n > 0 {
		kills, real = n, true
	}
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); killLoop(t, "", kills, real) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); killLoop(t, testbed.Postgres(t), kills, real) })
}

func killLoop(t *testing.T, database string, kills int, realRescue bool) {
	data, listen := t.TempDir(), fmt.Sprintf("127.0.0.1:%d", testbed.FreePort(t))
	environ := []string{"SAMPLE_AGENT_DATA=" + data, "SAMPLE_AGENT_LISTEN=" + listen, "SAMPLE_AGENT_DATABASE_URL=" + database,
		"SAMPLE_AGENT_PRO_WORKERS=3", "SAMPLE_AGENT_SHUTDOWN_TIMEOUT=5s", "SAMPLE_AGENT_REQUESTS_PER_MINUTE=1000000", "SAMPLE_AGENT_MAIL_RATE=1000"}
	token := prepare(t, data, database, listen)
	run := func(step string, nth int) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), append(environ, "SAMPLE_AGENT_TEST_CHILD="+step, "SAMPLE_AGENT_TEST_NTH="+strconv.Itoa(nth))...)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	ctx, endUploads := context.WithCancel(t.Context())
	accepted := make(map[string]bool)
	var mu sync.Mutex
	var clients sync.WaitGroup
	rng := rand.New(rand.NewPCG(1, uint64(kills)))
	for c := range 2 {
		clients.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				name, content := fmt.Sprintf("client %d file %d", c, i), wav(t, 0.2, 1000*c+i)
				var ids []string
				if c == 0 {
					ids = uploadUntilAccepted(ctx, listen, token, content, name)
				} else {
					ids = batchUntilAccepted(ctx, listen, token, content, name)
				}
				mu.Lock()
				for _, id := range ids {
					accepted[id] = true
				}
				mu.Unlock()
				select {
				case <-ctx.Done():
				case <-time.After(40 * time.Millisecond):
				}
			}
		})
	}
	began := time.Now()
	for k := range kills {
		if !realRescue {
			rescue(t, data, database)
		}
		cmd := run(killSteps[k%len(killSteps)], 1+rng.IntN(3))
		waitKilled(t, cmd, 20*time.Second)
	}
	endUploads()
	clients.Wait()
	killed := time.Since(began)
	if !realRescue {
		rescue(t, data, database)
	}
	cmd := run("never", 1)
	finish(t, cmd, listen, token)
	verify(t, data, database, listen, accepted)
	t.Logf("%d kills in %.0f s, %d uploads accepted: none lost, none doubled, nothing left", kills, killed.Seconds(), len(accepted))
}

// prepare makes a pro account and gives its token.
func prepare(t *testing.T, data, database, listen string) string {
	t.Helper()
	s := openIdle(t, data, database, listen)
	defer s.Close()
	w := &world{Server: s, t: t}
	u := w.signIn("ada@example.org", plan.Pro)
	many := int64(1_000_000)
	if err := s.Accounts.SetTier(t.Context(), u.id, plan.Pro, plan.Overrides{Uploads: &many}, "admin:test", "test"); err != nil {
		t.Fatal(err)
	}
	return u.token
}

func openIdle(t *testing.T, data, database, listen string) *ops.Server {
	t.Helper()
	m := map[string]string{"SAMPLE_AGENT_DATA": data, "SAMPLE_AGENT_DATABASE_URL": database, "SAMPLE_AGENT_LISTEN": listen}
	c, err := config.Load(nil, func(k string) string { return m[k] })
	if err != nil {
		t.Fatal(err)
	}
	s, err := ops.Open(t.Context(), c, slog.New(slog.DiscardHandler), ops.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rescue gives interrupted queue entries back, as the rescuer does.
func rescue(t *testing.T, data, database string) {
	t.Helper()
	asSQL(t, data, database, "UPDATE river_job SET state = 'available' WHERE state IN ('running', 'retryable')")
}

// asSQL changes a server's database behind its back.
func asSQL(t *testing.T, data, database, text string) {
	t.Helper()
	driver, address := "sqlite3", "file:"+filepath.Join(data, store.SQLiteFile)+"?_busy_timeout=10000"
	if database != "" {
		driver, address = "pgx", database
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
}

func waitKilled(t *testing.T, cmd *exec.Cmd, limit time.Duration) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(limit): // its step did not come: kill it where it is
		cmd.Process.Kill()
		<-ended
	}
	if st, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || st.Signal() != syscall.SIGKILL {
		t.Errorf("the server ended by itself: %s", cmd.ProcessState)
	}
}

// ask makes a request and reads its JSON; the status is 0 when no whole answer came.
func ask(ctx context.Context, method, address string, headers map[string]string, body []byte, out any) (status int) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || out != nil && json.Unmarshal(text, out) != nil {
		return 0
	}
	return resp.StatusCode
}

// until makes a request again and again until it has this answer; false when ctx ended.
func until(ctx context.Context, status int, request func() int) bool {
	for ctx.Err() == nil {
		if request() == status {
			return true
		}
		select {
		case <-ctx.Done():
		case <-time.After(30 * time.Millisecond):
		}
	}
	return false
}

// uploadUntilAccepted sends a file with one idempotency key until the server says 202.
func uploadUntilAccepted(ctx context.Context, listen, token string, content []byte, key string) (ids []string) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, _ := m.CreateFormFile("audio", key+".wav")
	part.Write(content)
	m.Close()
	headers := map[string]string{"Content-Type": m.FormDataContentType(), "Authorization": "Bearer " + token, wire.HeaderIdempotency: key}
	var ok wire.Accepted
	if until(ctx, http.StatusAccepted, func() int { return ask(ctx, "POST", "http://"+listen+"/api/upload", headers, b.Bytes(), &ok) }) {
		ids = append(ids, ok.JobID)
	}
	return ids
}

// batchUntilAccepted announces a batch of two, puts the bytes where the server said, and completes both.
func batchUntilAccepted(ctx context.Context, listen, token string, content []byte, name string) (ids []string) {
	headers := map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + token}
	body, _ := json.Marshal(wire.BatchRequest{Files: []wire.UploadRequest{announce(name+" a.wav", content), announce(name+" b.wav", content)}})
	var batch wire.BatchAccepted
	if !until(ctx, http.StatusCreated, func() int { return ask(ctx, "POST", "http://"+listen+"/api/batches", headers, body, &batch) }) {
		return nil
	}
	for _, d := range batch.Uploads {
		var ok wire.Accepted
		if until(ctx, http.StatusOK, func() int { return ask(ctx, d.Method, d.URL, d.Headers, content, nil) }) &&
			until(ctx, http.StatusAccepted, func() int { return ask(ctx, "POST", "http://"+listen+d.Complete, headers, nil, &ok) }) {
			ids = append(ids, ok.JobID)
		}
	}
	return ids
}

// finish lets a server that nobody kills do the rest.
func finish(t *testing.T, cmd *exec.Cmd, listen, token string) {
	t.Helper()
	w := &world{t: t, url: "http://" + listen, client: http.DefaultClient, log: &bytes.Buffer{}}
	u := &user{w: w, token: token}
	w.waitFor("server up", func() bool {
		resp, err := http.Get(w.url + "/healthz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return true
	})
	w.waitFor("all jobs", func() bool {
		time.Sleep(200 * time.Millisecond)
		var waiting, running wire.JobPage
		u.call("GET", "/api/jobs?status=pending&limit=1", nil, &waiting)
		u.call("GET", "/api/jobs?status=processing&limit=1", nil, &running)
		return len(waiting.Items)+len(running.Items) == 0
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("graceful stop: %v", err)
	}
}

// verify counts what is there against what was accepted.
func verify(t *testing.T, data, database, listen string, accepted map[string]bool) {
	t.Helper()
	ctx := t.Context()
	s := openIdle(t, data, database, listen)
	defer s.Close()
	s.Jobs.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	if _, err := s.Jobs.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	checked, err := s.Jobs.Check(ctx, time.Now().Add(48*time.Hour), true)
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.DB.UserByEmail(ctx, "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	samples := map[string]store.Sample{}
	keys := map[string]bool{}
	f := store.SampleFilter{Sort: "created"}
	for {
		rows, err := s.DB.Samples(ctx, u.ID, f, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if _, twice := samples[r.JobID]; twice {
				t.Errorf("job %s has two samples", r.JobID)
			}
			samples[r.JobID] = r
			keys[r.FileKey] = true
		}
		if len(rows) < 500 {
			break
		}
		last := rows[len(rows)-1]
		f.AfterID, f.AfterValue = last.ID, last.AfterOf(f.Sort)
	}
	for id := range accepted {
		if _, ok := samples[id]; !ok {
			j, err := s.DB.JobByID(ctx, id)
			t.Errorf("job %s was accepted and has no sample: %+v %v", id, j, err)
		}
	}
	names := map[string]bool{}
	for _, r := range samples {
		if names[r.Filename] {
			t.Errorf("%s is there twice", r.Filename)
		}
		names[r.Filename] = true
	}
	left := 0
	for _, prefix := range []string{object.PendingPrefix, object.ProcessedPrefix} {
		for o, err := range s.Objects.List(ctx, prefix) {
			if err != nil {
				t.Fatal(err)
			}
			if !keys[o.Key] {
				left++
				t.Errorf("left behind: %s", o.Key)
			}
			delete(keys, o.Key)
		}
	}
	if len(keys) != 0 {
		t.Errorf("%d objects of samples are missing", len(keys))
	}
	if checked.Missing != 0 || checked.Counters != 0 {
		t.Errorf("the checker had to repair: %+v", checked)
	}
	if u.StorageBytes == 0 {
		t.Error("no storage counted")
	}
}
