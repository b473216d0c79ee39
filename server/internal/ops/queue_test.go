package ops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// barrier holds every job at a step until it is opened; while pass is set it holds none.
type barrier struct {
	step string
	open chan struct{}
	pass atomic.Bool
	held atomic.Int64
}

func newBarrier(step string) *barrier { return &barrier{step: step, open: make(chan struct{})} }

func (g *barrier) setting(workers int) setting {
	return func(c *config.Config, o *ops.Options) {
		c.ProWorkers = workers
		o.Crash = func(step string) {
			if step == g.step && !g.pass.Load() {
				g.held.Add(1)
				<-g.open
			}
		}
	}
}

// running counts an account's running jobs.
func (u *user) running() int64 {
	u.w.t.Helper()
	n, err := u.w.DB.RunningJobs(context.Background(), u.id, plan.QueuePro, "")
	if err != nil {
		u.w.t.Fatal(err)
	}
	return n
}

// Six workers, somebody with ten jobs and somebody with two who came last: at most four run of
// the first (the plan's share), and both of the second, though the workers begin at once.
func TestWorkersAreSharedBetweenUsers(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		many, one := w.signIn("many@example.org", plan.Pro), w.signIn("one@example.org", plan.Pro)
		content := wav(t, 0.1, 1)
		for i := range 10 {
			many.upload(fmt.Sprint(i, ".wav"), content)
		}
		for i := range 2 {
			one.upload(fmt.Sprint(i, ".wav"), content)
		}
		g := newBarrier(wire.StepDecode)
		worker := start(t, w.Config.DatabaseURL, g.setting(6), func(c *config.Config, _ *ops.Options) { c.Data = w.Config.Data })
		defer close(g.open)
		w.waitFor("both of the second", func() bool { return one.running() == 2 })
		for range 20 {
			if n := many.running(); n > 4 {
				t.Fatalf("%d run of one user while another waits", n)
			}
			time.Sleep(20 * time.Millisecond)
		}
		w.waitFor("the first's share", func() bool { return many.running() == 4 })
		_ = worker
	}, idle)
}

func TestAUserAloneHasAllWorkers(t *testing.T) {
	g := newBarrier(wire.StepDecode)
	w := start(t, "", g.setting(6))
	defer close(g.open)
	ada := w.signIn("ada@example.org", plan.Pro)
	for i := range 6 {
		ada.upload(fmt.Sprint(i, ".wav"), wav(t, 0.1, i))
	}
	w.waitFor("six at once", func() bool { return ada.running() == 6 })
}

func TestCancelWhileRunning(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		g := newBarrier(wire.StepAnalyze)
		worker := start(t, w.Config.DatabaseURL, g.setting(2), func(c *config.Config, _ *ops.Options) { c.Data = w.Config.Data })
		ada := w.signIn("ada@example.org", plan.Pro)
		_, ok, _ := ada.upload("a.wav", wav(t, 0.3, 1))
		w.waitFor("it runs", func() bool { return ada.running() == 1 })
		var j wire.Job
		if resp := ada.call("DELETE", "/api/jobs/"+ok.JobID, nil, &j); resp.StatusCode != 200 || j.Status != wire.Cancelled {
			t.Fatalf("%d %+v", resp.StatusCode, j)
		}
		close(g.open)
		worker.stop() // waits for what runs
		if j = ada.job(ok.JobID); j.Status != wire.Cancelled || j.SampleID != nil {
			t.Errorf("%+v", j)
		}
		var page wire.SamplePage
		if ada.call("GET", "/api/samples", nil, &page); len(page.Items) != 0 {
			t.Error("a cancelled job became a sample")
		}
		// The work had begun, so the upload stays counted; the storage is free.
		var acc wire.Account
		if ada.call("GET", "/api/account", nil, &acc); acc.Usage.Uploads != 1 || acc.Usage.StorageBytes != 0 {
			t.Errorf("%+v", acc.Usage)
		}
		for o, err := range w.Objects.List(t.Context(), object.ProcessedPrefix) {
			t.Errorf("left behind: %v %v", o.Key, err)
		}
	}, idle)
}

// flaky is a store whose reads fail some times, as a bucket does that is away.
type flaky struct {
	object.Store
	mu    sync.Mutex
	fails int
}

func (f *flaky) Get(ctx context.Context, key string) (object.Reader, object.Info, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails > 0 {
		f.fails--
		return nil, object.Info{}, errors.New("connection reset")
	}
	return f.Store.Get(ctx, key)
}

// What may pass is tried three times with growing pauses. (Once for what the file is: TestTheWorkerCountsWhatTheHeaderHides.)
func TestRetryClasses(t *testing.T) {
	for _, c := range []struct {
		name    string
		fails   int
		content []byte
		status  wire.JobStatus
		code    wire.Code
		tries   int
		used    int64
	}{
		{"passes at the second try", 1, wav(t, 0.2, 1), wire.Completed, "", 2, 1},
		{"fails three times", 3, wav(t, 0.2, 2), wire.Failed, wire.CodeInternal, 3, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, "")
			w.Jobs.Objects = &flaky{Store: w.Objects, fails: c.fails}
			ada := w.signIn("ada@example.org", plan.Pro)
			status, ok, p := ada.upload("a.wav", c.content)
			if status != 202 {
				t.Fatalf("%d %+v", status, p)
			}
			var j wire.Job
			w.waitFor("end", func() bool { j = ada.job(ok.JobID); return j.Status.Final() })
			if j.Status != c.status || j.Attempts != c.tries || c.code != "" && (j.ErrorCode == nil || *j.ErrorCode != c.code) {
				t.Errorf("%+v %v", j, j.ErrorCode)
			}
			var acc wire.Account
			if ada.call("GET", "/api/account", nil, &acc); acc.Usage.Uploads != c.used {
				t.Errorf("%d uploads counted", acc.Usage.Uploads)
			}
			if rows, err := w.DB.LedgerOf(t.Context(), ok.JobID); err != nil || len(rows) == 0 {
				t.Errorf("%v %v", rows, err)
			}
			if c.code != wire.CodeInternal {
				return
			}
			// What failed for our fault says so, and its user may try it again.
			if j.Error == nil || !strings.Contains(*j.Error, "failed three times") {
				t.Errorf("the reason is %v", j.Error)
			}
			if resp := ada.call("POST", "/api/jobs/"+ok.JobID+"/retry", nil, nil); resp.StatusCode != 202 {
				t.Errorf("tried again: %d", resp.StatusCode)
			}
			if j := ada.waitJob(ok.JobID); j.Status != wire.Completed || j.SampleID == nil {
				t.Errorf("after another try: %+v", j)
			}
		})
	}
}

func TestBurstWorkersStartAndEnd(t *testing.T) {
	g := newBarrier(wire.StepDecode)
	w := start(t, "", g.setting(1), func(c *config.Config, _ *ops.Options) { c.BurstWorkers = 3 })
	ada := w.signIn("ada@example.org", plan.Pro)
	for i := range 8 {
		ada.upload(fmt.Sprint(i, ".wav"), wav(t, 0.1, i))
	}
	w.waitFor("the burst", func() bool { return ada.running() == 4 })
	if text := string(fetch(t, w.url+"/metrics", "")); !bytes.Contains([]byte(text), []byte("sample_agent_burst_workers 3")) {
		t.Error("the burst is not in the metrics")
	}
	close(g.open)
	w.waitFor("its end", func() bool {
		return bytes.Contains(fetch(t, w.url+"/metrics", ""), []byte("sample_agent_burst_workers 0"))
	})
	var page wire.JobPage
	if ada.call("GET", "/api/jobs?status=completed", nil, &page); len(page.Items) != 8 {
		t.Errorf("%d of 8 done", len(page.Items))
	}
}

// An estimate is a range from the lane's measured speed, made anew each time it is read, and
// never past the deadline while that can be held.
func TestEstimatesFollowTheMeasuredSpeed(t *testing.T) {
	now := time.Now() // stands still
	w := start(t, "", idle, func(_ *config.Config, o *ops.Options) { o.Now = func() time.Time { return now } })
	ada := w.signIn("ada@example.org", plan.Pro)
	speed := func(ms int64) {
		t.Helper()
		for i := range 50 { // the last fifty are measured
			_, ok, _ := ada.upload(fmt.Sprint(ms, i, ".wav"), wav(t, 0.1, i))
			if err := w.finishAs(ok.JobID, ms); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 8 {
		ada.upload(fmt.Sprint("before", i, ".wav"), wav(t, 0.1, i))
	}
	speed(1000)
	_, ok, _ := ada.upload("mine.wav", wav(t, 0.1, 1))
	wait := func() (earliest, latest time.Duration, position int64) {
		j := ada.job(ok.JobID)
		return j.EstimatedEarliest.Sub(w.Now()), j.EstimatedCompletion.Sub(w.Now()), *j.Position
	}
	early, late, at := wait()
	if at != 8 || early < 2*time.Second || early > 4*time.Second || late <= early || late > 30*time.Second {
		t.Errorf("at %d: between %s and %s", at, early, late)
	}
	speed(10_000)
	slower, later, _ := wait()
	if slower < 5*early || later <= slower {
		t.Errorf("ten times slower: between %s and %s, was %s", slower, later, early)
	}
	speed(200_000)
	if _, latest, _ := wait(); latest > 20*time.Minute {
		t.Errorf("%s", latest)
	}
}

// finishAs ends a job as if its work had taken so long.
func (w *world) finishAs(id string, ms int64) error {
	ctx := context.Background()
	return w.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.EndJob(ctx, id, wire.Completed, "", "", ms, w.Now())
		return err
	})
}

// A worker that died between the end of a job and the removal of its pending object left that object:
// the next sweep removes it, and no object of a job that waits or of an upload whose row comes yet.
func TestWhatACrashLeftGoesWithTheNextSweep(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		keys := map[string]string{"without a row": object.Pending(ada.id, store.NewID(), "wav")}
		for _, status := range []wire.JobStatus{wire.Completed, wire.Pending, wire.Failed} {
			now := store.At(w.Now())
			j := store.Job{ID: store.NewID(), UserID: ada.id, Status: status, Tier: plan.Free, Queue: plan.QueueFree, SampleID: store.NewID(), CreatedAt: now, UpdatedAt: now, DeadlineAt: now}
			j.FileKey = object.Pending(ada.id, j.ID, "wav")
			if status == wire.Completed {
				j.CompletedAt, j.CleanedAt = now, now
			}
			if status == wire.Failed {
				j.CompletedAt = now
			}
			keys[string(status)] = j.FileKey
			if err := w.DB.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.AddJob(t.Context(), &j); return err }); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range keys {
			if err := w.Objects.Put(t.Context(), key, strings.NewReader("x"), 1, object.About{ContentType: "audio/wav"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Jobs.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for what, key := range keys {
			_, err := w.Objects.Stat(t.Context(), key)
			if gone := errors.Is(err, object.ErrNotFound); gone != (what == string(wire.Completed)) {
				t.Errorf("%s: gone is %v (%v)", what, gone, err)
			}
		}
	}, idle)
}
