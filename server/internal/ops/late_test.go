package ops_test

import (
	"testing"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// A worker that stands still for longer than its time (a paused machine, SIGSTOP) has lost its job to
// another. When it goes on and fails, it must not take the job from the one that works on it.
func TestALateWorkerTakesNothingFromTheNext(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Pro)
		_, ok, _ := ada.upload("a.wav", wav(t, 0.3, 1))
		worker := func(g *barrier) *world {
			return start(t, w.Config.DatabaseURL, g.setting(1), func(c *config.Config, _ *ops.Options) { c.Data = w.Config.Data })
		}
		stuck := newBarrier("copied")
		late := worker(stuck)
		objects := &flaky{Store: w.Objects}
		late.Jobs.Objects = objects
		w.waitFor("the first works", func() bool { return ada.job(ok.JobID).Attempts == 1 && stuck.held.Load() == 1 })
		rescue(t, w.Config.Data, w.Config.DatabaseURL)
		working := newBarrier(wire.StepAnalyze)
		next := worker(working)
		w.waitFor("the next works", func() bool { return working.held.Load() == 1 })
		objects.mu.Lock()
		objects.fails = 1
		objects.mu.Unlock()
		close(stuck.open)
		late.stop() // waits for what runs
		close(working.open)
		if j := ada.waitJob(ok.JobID); j.Status != wire.Completed || j.Attempts != 2 {
			t.Errorf("%+v", j)
		}
		next.stop()
		var page wire.SamplePage
		if ada.call("GET", "/api/samples", nil, &page); len(page.Items) != 1 {
			t.Errorf("%d samples", len(page.Items))
		}
		if row, err := w.DB.JobByID(t.Context(), ok.JobID); err != nil || row.Failures != 0 {
			t.Errorf("%+v %v", row, err)
		}
	}, idle)
}
