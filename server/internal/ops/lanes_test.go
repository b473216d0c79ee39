package ops_test

import (
	"strings"
	"testing"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// An enterprise contract with a lane of its own: its jobs are done by that lane's workers while the
// lane of all other enterprise accounts has none, and the other way round in a process that has no
// workers for it; when the contract ends, jobs go where the plan says.
func TestOwnLanesHaveOwnWorkers(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		acme, other := w.signIn("acme@example.org", plan.Enterprise), w.signIn("other@example.org", plan.Enterprise)
		terms, err := plan.ParseTerms([]string{"queue=acme"})
		if err != nil {
			t.Fatal(err)
		}
		contract, err := w.Accounts.Agree(ctx, acme.id, plan.Contract{Tier: plan.Enterprise, Terms: terms}, "admin:op", "contract 17")
		if err != nil {
			t.Fatal(err)
		}
		send := func(u *user, seed int) wire.Job {
			t.Helper()
			_, ok, p := u.upload("a.wav", wav(t, 0.3, seed))
			if ok.JobID == "" {
				t.Fatalf("%+v", p)
			}
			return u.job(ok.JobID)
		}
		waits := send(other, 1)
		if waits.Queue != "enterprise" {
			t.Errorf("without a contract: %s", waits.Queue)
		}
		for seed := range 3 {
			if j := acme.waitJob(send(acme, 10+seed).ID); j.Status != wire.Completed || j.Queue != "acme" {
				t.Errorf("in the own lane: %s, %s", j.Status, j.Queue)
			}
		}
		if j := other.job(waits.ID); j.Status != wire.Pending {
			t.Errorf("a lane without workers did a job: %s", j.Status)
		}
		_, metrics := w.at("", "/metrics")
		if !strings.Contains(metrics, `="acme"`) {
			t.Error("no metric of the own lane")
		}
		// Another process has workers for the plan's lane, none for the own one.
		start(t, w.Config.DatabaseURL, beside(w), func(c *config.Config, o *ops.Options) {
			o.Role.Work, c.EnterpriseWorkers, c.FreeWorkers, c.ProWorkers, c.Lanes = true, 1, 0, 0, []string{"acme=0"}
		})
		if j := other.waitJob(waits.ID); j.Status != wire.Completed || j.Queue != "enterprise" {
			t.Errorf("in the plan's lane: %s, %s", j.Status, j.Queue)
		}
		if err := w.Accounts.EndContract(ctx, acme.id, contract, "admin:op", "over"); err != nil {
			t.Fatal(err)
		}
		if j := acme.waitJob(send(acme, 20).ID); j.Status != wire.Completed || j.Queue != "enterprise" {
			t.Errorf("after the contract: %s, %s", j.Status, j.Queue)
		}
	}, env("LANES", "acme=1", "FREE_WORKERS", "0", "PRO_WORKERS", "0", "ENTERPRISE_WORKERS", "0"))
}
