package ops_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// The goals of the phases are figures on the operators' page: who was here, who pays, what comes in
// a month (A95 to A97).
func TestGoalsAreMeasured(t *testing.T) {
	s := openShop(t, "", operators)
	s.signIn("gone@example.org", plan.Free)
	s.shift.Store(int64(40 * 24 * time.Hour)) // who was here only then is not active now
	s.signIn("here@example.org", plan.Free)
	for name, every := range map[string]string{"ada@example.org": "month", "bob@example.org": "month", "cleo@example.org": "year"} {
		u := s.signIn(name, plan.Free)
		s.pay(u, every)
		s.deliver()
		s.waitFor(name+" is pro", func() bool { return u.account().Tier == "pro" })
	}
	// Cancelled is paid until its end, and counts until then; pro as a gift pays nothing.
	s.signIn("gift@example.org", plan.Pro)
	day := plan.Day(s.Now())
	r, err := s.Cost.Over(t.Context(), day.Start, day.End)
	if err != nil {
		t.Fatal(err)
	}
	// 2 * 9.99 + 99 / 12 dollars.
	if r.Paying != 3 || r.MRRMicro != 28_230_000 || r.Active != 5 {
		t.Errorf("%d pay %d micro-dollars a month, %d are active", r.Paying, r.MRRMicro, r.Active)
	}
	_, page := s.browser("op@example.org", plan.Free).get("/admin/cost")
	for _, want := range []string{"$28.23", "3 paying", "6 <small>in 30 days"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// Phase 1 on a server that could do more: free accounts with the free limits, sign-in by mail,
// analysis, and no AI, payment, batch or key (A95).
func TestPhaseOneIsTheFirstProduct(t *testing.T) {
	s := openShop(t, "", func(c *config.Config, _ *ops.Options) { c.Phase = "1" })
	ada := s.signIn("ada@example.org", plan.Free)
	a := ada.account()
	if a.Limits.Uploads != 10 || a.Limits.UploadsPer != "day" || a.Limits.FileBytes != 10<<20 || a.Limits.Seconds != 60 || a.AI != "off" || a.Billing != "off" || len(a.Offers) != 1 || a.CanTrial {
		t.Errorf("%+v", a)
	}
	_, ok, p := ada.upload("loop.wav", wav(t, 0.5, 1))
	j := ada.waitJob(ok.JobID)
	if j.SampleID == nil {
		t.Fatalf("%+v %+v", j, p)
	}
	var got wire.Sample
	if ada.call("GET", "/api/samples/"+*j.SampleID, nil, &got); got.Vibe == nil || got.Vibe.Source != wire.VibeFromRules {
		t.Errorf("the AI was asked: %+v", got.Vibe)
	}
	if resp := ada.call("POST", "/api/billing/checkout", wire.CheckoutRequest{Every: "month"}, &p); resp.StatusCode != http.StatusForbidden || p.Code != wire.CodeOff {
		t.Errorf("buying: %d %+v", resp.StatusCode, p)
	}
}
