package ops_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// A hundred jobs are cancelled at once while workers begin, end and fail them: each is cancelled or
// had ended, the ledger says which, and nothing is left.
func TestAHundredCancelsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Pro)
		const jobs = 100
		ids := make([]string, jobs)
		for i := range ids {
			content := wav(t, 0.05, i)
			if i%10 == 0 { // this one fails for what it is
				content = flacBomb(t, 301)
			}
			status, ok, p := ada.upload(fmt.Sprint(i, ".wav"), content)
			if status != http.StatusAccepted {
				t.Fatalf("%d %+v", status, p)
			}
			ids[i] = ok.JobID
		}
		worker := start(t, w.Config.DatabaseURL, func(c *config.Config, _ *ops.Options) { c.Data, c.ProWorkers = w.Config.Data, 8 })
		defer worker.stop()
		w.waitFor("some work", func() bool { return ada.job(ids[0]).Status != wire.Pending })
		var all sync.WaitGroup
		var cancelled atomic.Int64
		for _, id := range ids {
			all.Go(func() {
				switch s := ada.call("DELETE", "/api/jobs/"+id, nil, nil).StatusCode; s {
				case http.StatusOK:
					cancelled.Add(1)
				case http.StatusConflict:
				default:
					t.Errorf("cancel: %d", s)
				}
			})
		}
		all.Wait()
		count := map[wire.JobStatus]int64{}
		for _, id := range ids {
			count[ada.waitJob(id).Status]++
		}
		if count[wire.Cancelled] != cancelled.Load() {
			t.Errorf("%d were cancelled, and %d said so", count[wire.Cancelled], cancelled.Load())
		}
		w.later(25 * time.Hour)
		if err := sweepAll(t.Context(), w.Server); err != nil {
			t.Fatal(err)
		}
		w.onlySampleObjects(t)
		rows, err := w.DB.Samples(t.Context(), ada.id, store.SampleFilter{}, 500)
		if err != nil || int64(len(rows)) != count[wire.Completed] {
			t.Errorf("%d samples of %d completed jobs, %v", len(rows), count[wire.Completed], err)
		}
	}, idle)
}

// A sound that a larger plan took in is analysed though the plan has become smaller meanwhile; tried
// again by hand, it is refused as a new one would be.
func TestThePlanShrinksWhileAJobWaits(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Pro)
	_, waits, _ := ada.upload("waits.wav", wav(t, 100, 1))
	_, given, _ := ada.upload("given up.wav", wav(t, 100, 2))
	ada.call("DELETE", "/api/jobs/"+given.JobID, nil, nil)
	if err := w.Accounts.SetTier(t.Context(), ada.id, plan.Free, plan.Overrides{}, "admin:test", "the contract ends"); err != nil {
		t.Fatal(err)
	}
	worker := start(t, "", func(c *config.Config, _ *ops.Options) { c.Data = w.Config.Data })
	defer worker.stop()
	if j := ada.waitJob(waits.JobID); j.Status != wire.Completed {
		t.Errorf("%+v", j)
	}
	var p wire.Problem
	if resp := ada.call("POST", "/api/jobs/"+given.JobID+"/retry", nil, &p); resp.StatusCode != http.StatusUnprocessableEntity || p.Code != wire.CodeTooLong {
		t.Errorf("tried again: %d %+v", resp.StatusCode, p)
	}
}

// An account is deleted while a job of it runs and an upload streams. Whoever signs in with the
// address finds an empty account, and nothing of the former is left.
func TestAnAccountIsDeletedInTheMiddle(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		gate := newBarrier(wire.StepStore)
		worker := start(t, w.Config.DatabaseURL, gate.setting(2), func(c *config.Config, _ *ops.Options) { c.Data = w.Config.Data })
		ada := w.signIn("ada@example.org", plan.Pro)
		ada.upload("runs.wav", wav(t, 0.2, 1))
		w.waitFor("it runs", func() bool { return gate.held.Load() == 1 })
		streams := newBarrier("object stored")
		w.Jobs.Crash = func(step string) {
			if step == streams.step {
				streams.held.Add(1)
				<-streams.open
			}
		}
		answered := make(chan int, 1)
		go func() { status, _, _ := ada.upload("streams.wav", wav(t, 0.2, 2)); answered <- status }()
		w.waitFor("it streams", func() bool { return streams.held.Load() == 1 })
		if resp := ada.call("DELETE", "/api/account", nil, nil); resp.StatusCode >= 300 {
			t.Fatalf("deleted: %d", resp.StatusCode)
		}
		again := w.signIn(ada.email, plan.Free)
		close(streams.open)
		if status := <-answered; status < 400 || status >= 500 {
			t.Errorf("an upload of an account that is gone: %d", status)
		}
		close(gate.open)
		worker.stop()
		var jobs wire.JobPage
		var samples wire.SamplePage
		again.call("GET", "/api/jobs", nil, &jobs)
		again.call("GET", "/api/samples", nil, &samples)
		if a := again.account(); again.id == ada.id || len(jobs.Items)+len(samples.Items) != 0 || a.Usage.StorageBytes+a.Usage.Uploads != 0 {
			t.Errorf("the new account has %d jobs, %d samples, %+v", len(jobs.Items), len(samples.Items), a.Usage)
		}
		if err := sweepAll(t.Context(), w.Server); err != nil {
			t.Fatal(err)
		}
		for o, err := range w.Objects.List(t.Context(), "") {
			t.Errorf("left: %s %v", o.Key, err)
		}
		if text := w.log.String() + worker.log.String(); strings.Contains(text, "request failed") || strings.Contains(text, "job failed") {
			t.Error(text)
		}
	}, idle)
}
