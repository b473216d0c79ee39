package ops_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/cost"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

func operators(c *config.Config, _ *ops.Options) { c.Admins = []string{"op@example.org"} }

// Operators find, change, credit and block accounts, each change with a reason in the audit log;
// others are told that there is no such page.
func TestOperatorsLookAfterAccounts(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		op, eve := w.browser("op@example.org", plan.Free), w.browser("eve@example.org", plan.Enterprise)
		mine := "/admin/users/" + ada.id
		for _, path := range []string{"/admin", mine, "/admin/cost", "/admin/cost.csv", "/admin/cost/days.svg", "/admin/margin", "/admin/features", "/admin/queue/"} {
			if status, page := eve.get(path); status != 404 || strings.Contains(page, "Operator") {
				t.Errorf("%s for others: %d", path, status)
			}
			if status, _ := w.visitor("", "").get(path); status != 404 {
				t.Errorf("%s for nobody: %d", path, status)
			}
			if status, page := op.get(path); status != 200 {
				t.Errorf("%s for operators: %d %.300s", path, status, page)
			}
		}
		if _, page := op.get("/admin?q=ADA"); !strings.Contains(page, "ada@example.org") || strings.Contains(page, "eve@") {
			t.Error("finding by a part of the address")
		}
		if status, _ := eve.post(mine+"/tier", "tier", "enterprise", "reason", "mine"); status != 404 {
			t.Errorf("another's change: %d", status)
		}
		if status, page := op.post(mine+"/tier", "tier", "pro", "reason", " "); status != 422 || !strings.Contains(page, "say why") {
			t.Errorf("without a reason: %d", status)
		}
		op.post(mine+"/tier", "tier", "enterprise", "reason", "signed")
		op.post(mine+"/contract", "terms", "uploads=7 storage_bytes=2GB", "from", "2020-01-01", "to", "2999-01-01", "reason", "contract 17")
		if status, page := op.post(mine+"/contract", "terms", "speed=9", "reason", "x"); status != 422 || !strings.Contains(page, "no such term") {
			t.Errorf("a term that is none: %d", status)
		}
		var me wire.Account
		ada.call("GET", "/api/account", nil, &me)
		if me.Tier != "enterprise" || me.Limits.Uploads != 7 || me.Limits.StorageBytes != 2<<30 {
			t.Errorf("%+v", me.Limits)
		}
		op.post(mine+"/credit", "uploads", "5", "reason", "our fault")
		ada.call("GET", "/api/account", nil, &me)
		if me.Usage.Uploads != -5 {
			t.Errorf("after a credit of 5: %d used", me.Usage.Uploads)
		}
		if wrong, err := w.DB.WrongCounters(t.Context()); err != nil || len(wrong) != 0 {
			t.Errorf("the checker would take the credit back: %v %+v", err, wrong)
		}
		op.post(mine+"/block", "reason", "abuse")
		var p wire.Problem
		if resp := ada.call("GET", "/api/account", nil, &p); resp.StatusCode != 401 && (resp.StatusCode != 403 || p.Code != wire.CodeBlocked) {
			t.Errorf("blocked: %d %s", resp.StatusCode, p.Code)
		}
		if row, err := w.DB.User(t.Context(), ada.id); err != nil || row.BlockedAt == 0 || row.Tier != plan.Enterprise {
			t.Errorf("blocking deleted something: %v %+v", err, row)
		}
		op.post(mine+"/unblock", "reason", "cleared")
		log, err := w.DB.AuditLog(t.Context(), ada.id, "", 50)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, a := range log {
			if a.Actor == "admin:op@example.org" {
				seen[a.Action] = a.Detail.V["reason"]
			}
		}
		for action, reason := range map[string]string{"tier.changed": "signed", "contract.agreed": "contract 17", "credit.given": "our fault", "account.blocked": "abuse", "account.unblocked": "cleared"} {
			if seen[action] != reason {
				t.Errorf("%s: %q in the log, want %q", action, seen[action], reason)
			}
		}
	}, idle, operators)
}

// No operator gets another's session or sounds: every route, asked by an operator for Ada's
// things, answers as to any stranger, and no page of theirs holds a token or a link to a sound.
func TestOperatorsCannotActAsOthers(t *testing.T) {
	w := start(t, "", operators)
	ada := w.signIn("ada@example.org", plan.Pro)
	things := ada.things(t)
	operator := w.signIn("op@example.org", plan.Pro)
	for path, item := range w.API.OpenAPI().Paths {
		if !strings.Contains(path, "{") || item.Get == nil {
			continue
		}
		if resp := operator.call("GET", fill(path, things), nil, nil); resp.StatusCode == 200 || resp.StatusCode == 302 {
			t.Errorf("GET %s of Ada's for an operator: %d", path, resp.StatusCode)
		}
	}
	b := w.browser("op@example.org", plan.Pro)
	_, page := b.get("/admin/users/" + ada.id)
	for _, secret := range []string{"/objects/", "sa_web_", "sa_at_", "sa_live_", "X-Amz", "/samples/", things["session"]} {
		if strings.Contains(page, secret) {
			t.Errorf("the page of an account holds %q", secret)
		}
	}
	for _, what := range []string{"signin", "impersonate", "session", "login", "token"} {
		if status, _ := b.post("/admin/users/"+ada.id+"/"+what, "reason", "x"); status != 404 {
			t.Errorf("/%s exists: %d", what, status)
		}
	}
}

// Usage is measured as it happens, priced by the price of its day, and adds up.
func TestCostAddsUp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ada := w.signIn("ada@example.org", plan.Pro)
		_, ok, _ := ada.upload("a.wav", wav(t, 0.4, 1))
		ada.waitJob(ok.JobID)
		if err := w.Cost.Measure(ctx); err != nil { // the first only sets the mark
			t.Fatal(err)
		}
		stored, err := w.DB.User(ctx, ada.id)
		if err != nil {
			t.Fatal(err)
		}
		w.shift.Add(int64(10 * time.Hour))
		if err := w.Cost.Measure(ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.Meter.Flush(ctx, w.DB, w.Now()); err != nil {
			t.Fatal(err)
		}
		if err := w.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.AddPayment(ctx, &store.Payment{ID: "txn_1", UserID: ada.id, Kind: "charge", GrossCents: 999, FeeCents: 59, NetCents: 940, Currency: "usd", Source: "ch_1", CreatedAt: store.At(w.Now())})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		from, to := plan.Day(w.Now()).Start.AddDate(0, 0, -1), plan.Day(w.Now()).End
		r, err := w.Cost.Over(ctx, from, to)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := float64(r.Total.StorageByteHours), float64(stored.StorageBytes)*10; math.Abs(got-want) > want/100 {
			t.Errorf("%.0f byte-hours of %d bytes in 10 hours", got, stored.StorageBytes)
		}
		if r.Total.WriteCalls < 2 || r.Total.ReadCalls < 1 || r.Total.ComputeMS < 1 {
			t.Errorf("an upload was not measured: %+v", r.Total)
		}
		if r.Total.Revenue != 9_990_000 || r.Total.Fee != 590_000 || r.Total.Margin() != r.Total.Revenue-r.Total.Cost() {
			t.Errorf("money: %+v", r.Total)
		}
		for name, lines := range map[string][]cost.Line{"days": r.Days, "tiers": r.Tiers, "users": r.Users} {
			var sum, paid int64
			for _, l := range lines {
				sum += l.Cost()
				paid += l.Revenue
			}
			if sum != r.Total.Cost() || paid != r.Total.Revenue {
				t.Errorf("%s add up to %d and %d, the total is %d and %d", name, sum, paid, r.Total.Cost(), r.Total.Revenue)
			}
		}
		if len(r.Estimates) != 6 {
			t.Errorf("%d prices are called estimates; nobody has confirmed any of 6", len(r.Estimates))
		}
		// A new price holds from its day, the old one before it, and is no estimate.
		if err := w.Cost.SetPrice(ctx, cost.Storage, 2000, plan.Day(w.Now()).End, "invoice", "admin:op"); err != nil {
			t.Fatal(err)
		}
		if err := w.Cost.SetPrice(ctx, cost.Compute, 5, plan.Day(w.Now()).Start.AddDate(0, 0, -3), " ", "admin:op"); err == nil {
			t.Error("a price without a source")
		}
		again, err := w.Cost.Over(ctx, from, to.Add(-time.Nanosecond))
		if err != nil || again.Total.Storage > r.Total.Storage {
			t.Errorf("tomorrow's price counts today: %v %d > %d", err, again.Total.Storage, r.Total.Storage)
		}
		// A budget warns once at each threshold.
		w.Cost.Admins = []string{"op@example.org"}
		if err := w.Cost.SetBudget(ctx, "total", 0.7, "admin:op"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := w.Cost.Alert(ctx); err != nil {
				t.Fatal(err)
			}
		}
		w.waitFor("two mails: at 50 and 80 %", func() bool { return len(w.mails("op@example.org")) >= 2 })
		if n := len(w.mails("op@example.org")); n != 2 {
			t.Errorf("%d mails", n)
		}
	})
}

// The calculator needs no script: its inputs are in the address, and it warns below cost.
func TestMarginCalculator(t *testing.T) {
	w := start(t, "", idle, operators)
	op := w.browser("op@example.org", plan.Free)
	if _, page := op.get("/admin/margin"); strings.Contains(page, "Below cost") || !strings.Contains(page, `value="9.99"`) || !strings.Contains(page, "$0.59") {
		t.Errorf("as it begins: %s", page)
	}
	if _, page := op.get("/admin/margin?price=9.99&ai=9.5"); !strings.Contains(page, "Below cost") {
		t.Error("no warning at $9.50 of AI for $9.99")
	}
	a := cost.Assumed()
	a.FreePer = 0
	month, err := w.Cost.Calculate(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if want := a.PriceDollars - (month.Storage + month.Requests + month.Compute + month.AI + 0.58971); math.Abs(month.Margin-want) > 1e-4 || !month.Estimates {
		t.Errorf("margin %.4f, want %.4f", month.Margin, want)
	}
	a.Yearly, a.PriceDollars = true, 8.25
	year, err := w.Cost.Calculate(t.Context(), a)
	if err != nil || math.Abs(year.Fee-(8.25*0.029+0.30/12)) > 1e-9 {
		t.Errorf("a year's fee a month: %v %.4f", err, year.Fee)
	}
}

// TestOperatorPicturesInABrowser looks at the pages of this part in a real Chromium.
func TestOperatorPicturesInABrowser(t *testing.T) {
	w := start(t, "", operators)
	ctx := t.Context()
	ada := w.signIn("ada@example.org", plan.Pro)
	demo, err := filepath.Glob("../../../assets/demo/*Loops/*.flac")
	if err != nil || len(demo) < 4 {
		t.Fatal(err, len(demo))
	}
	var ids []string
	for _, path := range demo[:4] {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, ok, p := ada.upload(filepath.Base(path), b)
		j := ada.waitJob(ok.JobID)
		if j.SampleID == nil {
			t.Fatalf("%+v %+v", j, p)
		}
		ids = append(ids, *j.SampleID)
	}
	var e wire.Export
	ada.call("POST", "/api/exports", wire.ExportRequest{Samples: ids, Name: "Basement Tape", Form: "both"}, &e)
	ada.waitExport(e.ID)
	ada.robot("read", "upload")
	// Thirty days that look like days: what was counted is written as the meter writes it.
	if err := w.DB.Write(ctx, func(tx *store.Tx) error {
		for d := range int64(30) {
			at := w.Now().AddDate(0, 0, -int(d))
			for kind, n := range map[string]int64{cost.KindStorage: (90 - 2*d) << 38, cost.KindWrites: 9000 + 700*(d%5), cost.KindReads: 50_000} {
				if err := tx.AddUsedDay(ctx, &store.UsedDay{Day: at.Unix() / 86400, UserID: ada.id, Tier: "pro", Kind: kind, Amount: n}); err != nil {
					return err
				}
			}
			if d%6 == 0 {
				id := "txn_" + at.Format("0102")
				if _, err := tx.AddPayment(ctx, &store.Payment{ID: id, UserID: ada.id, Kind: "charge", GrossCents: 999, FeeCents: 59, NetCents: 940, Currency: "usd", Source: id, CreatedAt: store.At(at)}); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Cost.SetBudget(ctx, "total", 120, "admin:op@example.org"); err != nil {
		t.Fatal(err)
	}
	many := int64(50_000)
	if err := w.Accounts.SetTier(ctx, w.signIn("acme@example.org", plan.Free).id, plan.Enterprise, plan.Overrides{Uploads: &many}, "admin:op@example.org", "contract 17"); err != nil {
		t.Fatal(err)
	}
	acme, err := w.DB.UserByEmail(ctx, "acme@example.org")
	if err != nil {
		t.Fatal(err)
	}
	v := &chromium{t: t, w: w, home: w.url, ctx: testbed.Browser(t, 5*time.Minute)}
	as := func(visitor *visitor) {
		v.open("/pricing")
		tell(v, network.SetCookie, network.SetCookieParams{Name: "sa_session", Value: visitor.cookie, URL: w.url})
	}
	as(w.browser("ada@example.org", plan.Pro))
	for name, path := range map[string]string{"keys": "/account/keys", "exports": "/exports", "export": "/exports/" + e.ID} {
		v.open(path)
		v.shoot(name)
	}
	as(w.browser("op@example.org", plan.Free))
	for name, path := range map[string]string{"operator": "/admin", "contract": "/admin/users/" + acme.ID, "cost": "/admin/cost", "margin": "/admin/margin", "features": "/admin/features"} {
		v.open(path)
		if name == "cost" {
			v.until("pictures", `[...document.images].every(i => i.complete && i.naturalWidth > 0)`)
		}
		v.shoot(name)
	}
}
