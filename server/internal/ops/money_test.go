package ops_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/server/internal/testbed/fakestripe"
	"sampleagent/sync/wire"
)

const stripeSecret = "whsec_of_tests"

// shop is a server that sells, with a provider that keeps state and an AI that answers.
type shop struct {
	*world
	stripe    *fakestripe.Stripe
	delivered int
	aiFails   atomic.Bool
}

func openShop(t *testing.T, database string, settings ...setting) *shop {
	t.Helper()
	return openShopAt(t, database, time.Now(), nil, settings...)
}

// openShopAt begins at a time; on may bind the server to the provider's clock.
func openShopAt(t *testing.T, database string, at time.Time, on func(*fakestripe.Stripe) setting, settings ...setting) *shop {
	t.Helper()
	s := &shop{}
	var stop func()
	s.stripe, stop = fakestripe.New(at)
	t.Cleanup(stop)
	ai := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			return // doctor asks whether the key is accepted
		}
		if s.aiFails.Load() {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		answer := `{"mood":["moody"],"genre":"trip hop","era":"1990s","energy":0.4,"danceability":0.5,"acousticness":null,"instrumentalness":1,"texture":["dusty"],"descriptors":["worn"],` +
			`"tags":["vinyl"],"best_use":"verse","works_with":["sub bass"],"one_line":"A worn loop for late hours.","confidence":0.7}`
		var asked struct{ Model string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		cost := 0.0002 // dollars, the small model
		if strings.Contains(asked.Model, "sonnet") {
			cost = 0.00435
			answer = strings.Replace(answer, `"vinyl"`, `"vinyl","basement"`, 1)
		}
		b, err := json.Marshal(map[string]any{"id": "gen", "choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": answer}}},
			"usage": map[string]any{"prompt_tokens": 700, "completion_tokens": 150, "cost": cost}})
		if err != nil {
			t.Error(err)
		}
		w.Write(b)
	}))
	t.Cleanup(ai.Close)
	if on != nil {
		settings = append(settings, on(s.stripe))
	}
	s.world = start(t, database, append([]setting{env("STRIPE_KEY", "sk_test_1", "STRIPE_WEBHOOK_SECRET", stripeSecret, "STRIPE_URL", s.stripe.URL, "OPENROUTER_KEY", "key", "OPENROUTER_URL", ai.URL, "VIBE_RATE", "1000")}, settings...)...)
	if _, err := s.Bills.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// deliver brings what the provider has to say since the last time.
func (s *shop) deliver() {
	s.t.Helper()
	for _, e := range s.stripe.Events()[s.delivered:] {
		signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: e.Body, Secret: stripeSecret})
		req, err := http.NewRequest(http.MethodPost, s.url+"/api/billing/webhook", bytes.NewReader(e.Body))
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Stripe-Signature", signed.Header)
		resp, err := s.client.Do(req)
		if err != nil {
			s.t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			s.t.Errorf("%s answered %d", e.Type, resp.StatusCode)
		}
		s.delivered++
	}
}

// pay opens the payment page and fills it in; its messages are not delivered yet.
func (s *shop) pay(u *user, every string) (subscription string) {
	s.t.Helper()
	var link wire.BillingLink
	if resp := u.call("POST", "/api/billing/checkout", wire.CheckoutRequest{Every: every}, &link); resp.StatusCode != http.StatusOK || !strings.HasPrefix(link.URL, s.stripe.URL+"/pay/") {
		s.t.Fatalf("checkout %d %s", resp.StatusCode, link.URL)
	}
	if subscription = s.stripe.Pay(strings.TrimPrefix(link.URL, s.stripe.URL+"/pay/")); subscription == "" {
		s.t.Fatal("not paid")
	}
	return subscription
}

func (u *user) account() wire.Account {
	u.w.t.Helper()
	var a wire.Account
	u.call("GET", "/api/account", nil, &a)
	return a
}

// The way from free to pro and back, over HTTP and the queue, on both databases; the new tier is told
// live within seconds of the provider's message (A54, A60).
func TestUpgradeOverTheWire(t *testing.T) {
	for name, database := range map[string]func(*testing.T) string{"SQLite": func(*testing.T) string { return "" }, "PostgreSQL": func(t *testing.T) string { return testbed.Postgres(t) }} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t, database(t))
			ada := s.signIn("ada@example.org", plan.Free)
			a := ada.account()
			if a.Billing != "on" || a.Tier != "free" || len(a.Offers) != 3 || !a.Offers[1].Checkout || a.Offers[1].Tier != "pro" || a.Offers[2].Checkout || !a.Offers[0].Current {
				t.Fatalf("%+v", a)
			}
			var p wire.Problem
			if resp := ada.call("POST", "/api/billing/portal", nil, &p); resp.StatusCode != http.StatusConflict {
				t.Errorf("portal before a purchase: %d %+v", resp.StatusCode, p)
			}
			events := s.listen(ada)
			s.pay(ada, "month")
			paid := time.Now()
			s.deliver()
			s.waitFor("pro", func() bool { return ada.account().Tier == "pro" })
			select {
			case <-events:
			case <-time.After(patience):
				t.Error("no live event")
			}
			t.Logf("pro %.1f s after the message", time.Since(paid).Seconds())
			if a = ada.account(); a.Plan.Every != "month" || a.Plan.RenewsAt == nil || !a.Plan.Manage || !a.Offers[1].Current || a.Limits.Uploads != 1000 {
				t.Errorf("%+v", a.Plan)
			}
			s.waitFor("mail", func() bool { return len(s.mails("ada@example.org")) >= 2 })
			var link wire.BillingLink
			if ada.call("POST", "/api/billing/portal", nil, &link); !strings.HasPrefix(link.URL, s.stripe.URL+"/portal/") {
				t.Errorf("portal %+v", link)
			}
			var bills struct{ Items []wire.Invoice }
			if ada.call("GET", "/api/billing/invoices", nil, &bills); len(bills.Items) != 1 || bills.Items[0].Cents != 999 || bills.Items[0].URL == "" {
				t.Errorf("bills %+v", bills)
			}
			if resp := ada.call("POST", "/api/billing/cancel", nil, nil); resp.StatusCode != http.StatusNoContent {
				t.Errorf("cancel %d", resp.StatusCode)
			}
			if a = ada.account(); a.Tier != "pro" || a.Plan.EndsAt == nil || a.Plan.RenewsAt != nil {
				t.Errorf("cancelled: %+v", a.Plan)
			}
			s.stripe.Advance(s.stripe.Now().AddDate(0, 1, 1))
			s.deliver()
			s.waitFor("free", func() bool { return ada.account().Tier == "free" })
			if a = ada.account(); a.Plan.Every != "" || !a.Offers[1].Checkout {
				t.Errorf("%+v", a)
			}
		})
	}
}

// listen opens the account's live stream and passes on that the account changed.
func (w *world) listen(u *user) <-chan struct{} {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+wire.PathEvents, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+u.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { resp.Body.Close() })
	changed := make(chan struct{}, 100)
	lines := bufio.NewScanner(resp.Body)
	lines.Scan() // the first line is there once we listen
	go func() {
		for lines.Scan() {
			if lines.Text() == "event: "+wire.EventAccountUpdated {
				changed <- struct{}{}
			}
		}
	}()
	return changed
}

// A message that is too large, forged or old changes nothing.
func TestWebhookDoor(t *testing.T) {
	s := openShop(t, "", idle)
	for name, c := range map[string]struct {
		body   []byte
		header string
		want   int
	}{
		"unsigned": {[]byte(`{}`), "", 400},
		"forged":   {[]byte(`{}`), "t=1,v1=00", 400},
		"large":    {bytes.Repeat([]byte("a"), 300<<10), "t=1,v1=00", 413},
	} {
		req, err := http.NewRequest(http.MethodPost, s.url+"/api/billing/webhook", bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Stripe-Signature", c.header)
		resp, err := s.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, c.want)
		}
	}
	n, err := s.DB.NewStripeEvents(t.Context(), time.Now().Add(time.Hour))
	if err != nil || n != 0 {
		t.Errorf("%d stored, %v", n, err)
	}
}

// Deep analyses: refused to free with the way up, within the share for nothing, beyond it a cent
// each on the bill; what fails costs nothing; a second click costs nothing (A82).
func TestDeepAnalysis(t *testing.T) {
	s := openShop(t, "")
	free := s.signIn("free@example.org", plan.Free)
	sample := func(u *user, seed int) string {
		t.Helper()
		_, ok, p := u.upload(fmt.Sprintf("loop%d.wav", seed), wav(t, 0.5, seed))
		if ok.JobID == "" {
			t.Fatalf("%+v", p)
		}
		return *u.waitJob(ok.JobID).SampleID
	}
	offer := func(u *user, id string) (o wire.DeepOffer) {
		t.Helper()
		u.call("GET", "/api/samples/"+id+"/deep-analysis", nil, &o)
		return o
	}
	id := sample(free, 1)
	if o := offer(free, id); o.Possible || !o.Upgrade || o.Why == "" {
		t.Errorf("free: %+v", o)
	}
	var p wire.Problem
	if resp := free.call("POST", "/api/samples/"+id+"/deep-analysis", nil, &p); resp.StatusCode != http.StatusForbidden || p.Code != wire.CodeTier || !p.Upgrade {
		t.Errorf("free: %d %+v", resp.StatusCode, p)
	}

	ada := s.signIn("ada@example.org", plan.Free)
	s.pay(ada, "month")
	s.deliver()
	s.waitFor("pro", func() bool { return ada.account().Tier == "pro" })
	id = sample(ada, 2)
	if o := offer(ada, id); !o.Possible || o.Left != 100 || o.PriceMicro != 0 || o.State != "" {
		t.Errorf("pro: %+v", o)
	}
	ask := func(want int) {
		t.Helper()
		var p wire.Problem
		if resp := ada.call("POST", "/api/samples/"+id+"/deep-analysis", nil, &p); resp.StatusCode != want {
			t.Errorf("asked: %d, want %d: %+v", resp.StatusCode, want, p)
		}
	}
	s.aiFails.Store(true) // so that it stays open for a while
	ask(http.StatusAccepted)
	ask(http.StatusConflict) // a second click
	basement := func() (page wire.SamplePage) {
		t.Helper()
		ada.call("GET", "/api/samples?q=basement", nil, &page)
		return page
	}
	if page := basement(); len(page.Items) != 0 {
		t.Errorf("found by a word that only the large model says: %+v", page.Items)
	}
	if o := offer(ada, id); o.Possible || o.State != store.DeepAsked || o.Left != 99 {
		t.Errorf("asked: %+v", o)
	}
	s.aiFails.Store(false)
	s.waitFor("deep analysis", func() bool { return offer(ada, id).State == store.DeepDone })
	var got wire.Sample
	if ada.call("GET", "/api/samples/"+id, nil, &got); got.Vibe == nil || !got.Vibe.Deep || got.Vibe.Source != wire.VibeFromAI {
		t.Errorf("%+v", got.Vibe)
	}
	if page := basement(); len(page.Items) != 1 || page.Items[0].ID != id {
		t.Errorf("a deep analysis does not renew what its sample is found by: %+v", page.Items)
	}
	if err := s.DB.Write(t.Context(), func(tx *store.Tx) error {
		row, err := tx.User(t.Context(), ada.id)
		if err != nil {
			return err
		}
		l, err := row.Limits(s.Now())
		if err != nil {
			return err
		}
		_, err = tx.Take(t.Context(), ada.id, "deep", l.UploadWindow(s.Now(), row.PeriodStart.Time()), 99, -1)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if o := offer(ada, id); !o.Possible || o.Left != 0 || o.PriceMicro != plan.DeepMicro {
		t.Errorf("beyond the share: %+v", o)
	}
	for n := range 3 {
		ask(http.StatusAccepted)
		s.waitFor("paid analysis", func() bool {
			rows, err := s.DB.MeterEventsOf(t.Context(), ada.id, time.Time{}, s.Now().Add(time.Hour))
			return err == nil && len(rows) == n+1 && rows[n].State == store.MeterSent && offer(ada, id).State == store.DeepDone
		})
	}
	if a := ada.account(); a.Plan.Deep != (wire.DeepUse{Share: 100, Used: 100, Billed: 3, PriceMicro: 10_000}) {
		t.Errorf("%+v", a.Plan.Deep)
	}
	s.stripe.Advance(s.stripe.Now().AddDate(0, 1, 1))
	s.deliver()
	s.waitFor("bill", func() bool {
		bills, err := s.DB.InvoicesOf(t.Context(), ada.id, 1)
		return err == nil && len(bills) == 1 && bills[0].TotalCents == 1002 && bills[0].DeepCount == 3
	})
	// Beyond the share and not paying (pro as a gift): refused, with the time at which it starts again.
	gift := s.signIn("gift@example.org", plan.Pro)
	id = sample(gift, 3)
	if err := s.DB.Write(t.Context(), func(tx *store.Tx) error {
		row, err := tx.User(t.Context(), gift.id)
		if err != nil {
			return err
		}
		l, err := row.Limits(s.Now())
		if err != nil {
			return err
		}
		_, err = tx.Take(t.Context(), gift.id, "deep", l.UploadWindow(s.Now(), row.PeriodStart.Time()), 100, -1)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if resp := gift.call("POST", "/api/samples/"+id+"/deep-analysis", nil, &p); resp.StatusCode != http.StatusTooManyRequests || p.ResetAt == nil || resp.Header.Get("Retry-After") == "" {
		t.Errorf("gift: %d %+v", resp.StatusCode, p)
	}
}

// Without settings the server runs, and everybody who might want to pay or sell is told (A100).
func TestBillingIsOff(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Free)
	a := ada.account()
	if a.Billing != "off" || len(a.Offers) != 3 || a.Offers[1].Checkout || !strings.Contains(a.Offers[1].Why, "off") {
		t.Errorf("%+v", a.Offers)
	}
	var p wire.Problem
	if resp := ada.call("POST", "/api/billing/checkout", wire.CheckoutRequest{Every: "month"}, &p); resp.StatusCode != http.StatusForbidden || p.Code != wire.CodeOff {
		t.Errorf("%d %+v", resp.StatusCode, p)
	}
	for _, path := range []string{"/pricing", "/account"} {
		for _, v := range []*visitor{w.browser("ada@example.org", plan.Free), w.visitor("", "")} {
			if _, page := v.get(path); path == "/pricing" || v.id != "" {
				if main := page[strings.Index(page, "<main"):]; !strings.Contains(main, "Billing is off") {
					t.Errorf("%s does not say that billing is off", path)
				}
			}
		}
	}
	said := false
	for _, f := range w.Examine(t.Context()) {
		said = said || f.Part == "billing" && f.State == "off"
	}
	if !said {
		t.Error("the doctor does not say that billing is off")
	}
}

// The doctor sees products that are missing and a key that is refused.
func TestDoctorLooksAtStripe(t *testing.T) {
	s := openShop(t, "", idle)
	finding := func(w *world) ops.Finding {
		t.Helper()
		for _, f := range w.Examine(t.Context()) {
			if f.Part == "billing" {
				return f
			}
		}
		t.Fatal("no word about billing")
		return ops.Finding{}
	}
	if f := finding(s.world); f.State != "ok" {
		t.Errorf("%+v", f)
	}
	empty, stop := fakestripe.New(time.Now())
	defer stop()
	w := start(t, "", idle, env("STRIPE_KEY", "sk_test_1", "STRIPE_WEBHOOK_SECRET", stripeSecret, "STRIPE_URL", empty.URL))
	if f := finding(w); f.State != "wrong" || !strings.Contains(f.Detail, "admin billing setup") {
		t.Errorf("%+v", f)
	}
	bad := start(t, "", idle, env("STRIPE_KEY", "no", "STRIPE_WEBHOOK_SECRET", stripeSecret, "STRIPE_URL", empty.URL))
	if f := finding(bad); f.State != "wrong" || !strings.Contains(f.Detail, "stripe_key") {
		t.Errorf("%+v", f)
	}
}
