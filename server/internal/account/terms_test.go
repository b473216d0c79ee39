package account_test

import (
	"testing"
	"time"

	"sampleagent/server/internal/plan"
)

// A contract changes what everything reads, in its time only, and leaves a row that says who and why.
func TestContracts(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, err := w.Authenticate(ctx, w.signIn(t, "eve@example.org").AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		id := p.User.ID
		if err := w.SetTier(ctx, id, plan.Enterprise, plan.Overrides{}, "admin:x", "signed"); err != nil {
			t.Fatal(err)
		}
		limits := func() plan.Limits {
			t.Helper()
			u, err := w.DB.User(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			l, err := w.Limits(u)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		terms, err := plan.ParseTerms([]string{"uploads=50000", "month_cents=24900"})
		if err != nil {
			t.Fatal(err)
		}
		c := plan.Contract{Tier: plan.Enterprise, Terms: terms, From: w.now.Add(24 * time.Hour), To: w.now.Add(48 * time.Hour)}
		if _, err := w.Agree(ctx, id, c, "admin:x", " "); err == nil {
			t.Error("agreed without a reason")
		}
		if _, err := w.Agree(ctx, id, c, "admin:x", "contract 17"); err != nil {
			t.Fatal(err)
		}
		base, _ := plan.For(plan.Enterprise)
		if got := limits(); got.Uploads != base.Uploads {
			t.Errorf("before it begins: %d", got.Uploads)
		}
		w.now = w.now.Add(25 * time.Hour)
		if got := limits(); got.Uploads != 50_000 || got.MonthCents != 24_900 || got.FileBytes != base.FileBytes {
			t.Errorf("in its time: %+v", got)
		}
		w.now = w.now.Add(24 * time.Hour)
		if got := limits(); got.Uploads != base.Uploads {
			t.Errorf("after its end: %d", got.Uploads)
		}
		lane := plan.Queue("acme")
		bad := plan.Contract{Tier: plan.Enterprise, Terms: plan.Overrides{Queue: &lane}}
		if _, err := w.Agree(ctx, id, bad, "admin:x", "own lane"); err == nil {
			t.Error("a lane without workers was agreed: its jobs would wait for ever")
		}
		w.Lanes = map[plan.Queue]int{lane: 1}
		own, err := w.Agree(ctx, id, bad, "admin:x", "own lane")
		if err != nil {
			t.Fatal(err)
		}
		if got := limits(); got.Queue != lane {
			t.Errorf("lane %s", got.Queue)
		}
		// Its tier left, its terms do not count; back again, they do.
		if err := w.SetTier(ctx, id, plan.Pro, plan.Overrides{}, "admin:x", "downgrade"); err != nil {
			t.Fatal(err)
		}
		if got := limits(); got.Queue != plan.QueuePro {
			t.Errorf("as pro: lane %s", got.Queue)
		}
		if err := w.SetTier(ctx, id, plan.Enterprise, plan.Overrides{}, "admin:x", "back"); err != nil {
			t.Fatal(err)
		}
		if err := w.EndContract(ctx, id, own, "admin:y", "they left"); err != nil {
			t.Fatal(err)
		}
		if got := limits(); got.Queue != plan.QueueEnterprise {
			t.Errorf("ended: lane %s", got.Queue)
		}
		if err := w.EndContract(ctx, id, own, "admin:y", "again"); err == nil {
			t.Error("ended twice")
		}
		rows, err := w.DB.Contracts(ctx, id)
		if err != nil || len(rows) != 2 || rows[0].EndedBy != "admin:y" || rows[0].EndedWhy != "they left" || rows[1].Reason != "contract 17" || rows[1].Actor != "admin:x" || *rows[1].Terms.V.Uploads != 50_000 {
			t.Errorf("%v %+v", err, rows)
		}
	})
}
