package ops_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// beside is a second server on the same database and data folder, as another process would be:
// own connections, own counters in memory.
func beside(w *world) setting {
	return func(c *config.Config, o *ops.Options) {
		c.Data, c.DatabaseURL = w.Config.Data, w.Config.DatabaseURL
		o.Role.Work = false
	}
}

// The day of requests is a row: two servers that answer at once let through exactly what is left.
func TestTheDayOfRequestsIsExactAcrossServers(t *testing.T) {
	for _, database := range []string{"SQLite", "PostgreSQL"} {
		t.Run(database, func(t *testing.T) {
			address := ""
			if database == "PostgreSQL" {
				address = testbed.Postgres(t)
			}
			one := start(t, address, idle)
			two := start(t, address, beside(one))
			ada := one.signIn("ada@example.org", plan.Pro)
			var k wire.Key
			ada.call("POST", "/api/keys", wire.KeyRequest{Name: "k", Scopes: []string{"read"}}, &k)
			if err := one.DB.Write(t.Context(), takeKind(t, one, ada, "api", 970)); err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var all sync.WaitGroup
			statuses := map[int]int{}
			for i := range 64 {
				robot := &user{w: []*world{one, two}[i%2], token: k.Secret}
				all.Go(func() {
					var p wire.Problem
					resp := robot.call("GET", "/api/account", nil, &p)
					mu.Lock()
					defer mu.Unlock()
					statuses[resp.StatusCode]++
					if resp.StatusCode != http.StatusTooManyRequests {
						return
					}
					midnight := plan.Day(one.Now()).End
					if p.Code != wire.CodeAPICalls || p.ResetAt == nil || !p.ResetAt.Equal(midnight) || p.Limit == nil || *p.Limit != 1000 || resp.Header.Get("Retry-After") == "" {
						t.Errorf("the refusal says %+v, Retry-After %q; want reset at %s", p, resp.Header.Get("Retry-After"), midnight)
					}
				})
			}
			all.Wait()
			if statuses[200] != 30 || statuses[429] != 34 {
				t.Errorf("970 of 1000 were used, 64 asked at once: %v", statuses)
			}
			var list struct{ Items []wire.Key }
			ada.call("GET", "/api/keys", nil, &list)
			if len(list.Items) != 1 || list.Items[0].RequestsToday != 30 || list.Items[0].LastUsedAt == nil {
				t.Errorf("the key's own count: %+v", list.Items)
			}
			// The next UTC day starts anew, in both.
			one.later(24 * time.Hour)
			two.later(24 * time.Hour)
			robot := &user{w: two, token: k.Secret}
			if resp := robot.call("GET", "/api/account", nil, nil); resp.StatusCode != 200 {
				t.Errorf("the next day: %d", resp.StatusCode)
			}
		})
	}
}

func TestEnterpriseKeysHaveNoDayButABurst(t *testing.T) {
	w := start(t, "", idle, env("REQUESTS_PER_MINUTE", "40"))
	eve := w.signIn("eve@example.org", plan.Enterprise)
	var k wire.Key
	eve.call("POST", "/api/keys", wire.KeyRequest{Name: "k", Scopes: []string{"read"}}, &k)
	if err := w.DB.Write(t.Context(), takeKind(t, w, eve, "api", 100_000)); err != nil {
		t.Fatal(err)
	}
	if _, p := (&user{w: w, token: k.Secret}).askUntilRefused(40); p.Code != wire.CodeTooFast || p.ResetAt == nil {
		t.Errorf("the refusal says %+v", p)
	}
}

// askUntilRefused asks until it was too often, which must be after about as many requests as a
// minute has, however slow the machine is.
func (u *user) askUntilRefused(perMinute float64) (*http.Response, wire.Problem) {
	u.w.t.Helper()
	began := time.Now()
	for n := 0.0; ; n++ {
		var p wire.Problem
		resp := u.call("GET", "/api/account", nil, &p)
		switch most := 1 + perMinute*(1+time.Since(began).Minutes()); {
		case resp.StatusCode == http.StatusTooManyRequests && n >= perMinute-2:
			return resp, p
		case resp.StatusCode != http.StatusOK || n > most:
			u.w.t.Fatalf("with %g a minute, after %g requests: %d %+v", perMinute, n, resp.StatusCode, p)
		}
	}
}

// A key that ended, was revoked, or whose account no longer has the plan is refused with a reason.
func TestKeysEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ada := w.signIn("ada@example.org", plan.Pro)
		soon := w.Now().Add(time.Hour)
		var k, open wire.Key
		ada.call("POST", "/api/keys", wire.KeyRequest{Name: "soon", Scopes: []string{"upload"}, ExpiresAt: &soon}, &k)
		ada.call("POST", "/api/keys", wire.KeyRequest{Name: "open", Scopes: []string{"read"}}, &open)
		var p wire.Problem
		if resp := ada.call("POST", "/api/keys", wire.KeyRequest{Name: "x", Scopes: []string{"root"}}, &p); resp.StatusCode != 422 {
			t.Errorf("an unknown scope: %d", resp.StatusCode)
		}
		past := w.Now().Add(-time.Hour)
		if resp := ada.call("POST", "/api/keys", wire.KeyRequest{Name: "x", Scopes: []string{"read"}, ExpiresAt: &past}, &p); resp.StatusCode != 422 {
			t.Errorf("a key that has ended before it is made: %d", resp.StatusCode)
		}
		robot := &user{w: w, token: k.Secret}
		if status, _, p := robot.upload("a.wav", wav(t, 0.1, 1)); status != 202 {
			t.Errorf("upload with an upload key: %d %+v", status, p)
		}
		if resp := robot.call("GET", "/api/samples", nil, &p); resp.StatusCode != 403 || p.Code != wire.CodeScope {
			t.Errorf("reading with an upload key: %d %s", resp.StatusCode, p.Code)
		}
		w.later(2 * time.Hour)
		ada.token = "" // access tokens end after 15 minutes
		if resp := robot.call("GET", "/api/account", nil, &p); resp.StatusCode != 401 || !strings.Contains(p.Detail, "ended") {
			t.Errorf("a key that has ended: %d %s", resp.StatusCode, p.Detail)
		}
		if err := w.Accounts.SetTier(ctx, ada.id, plan.Free, plan.Overrides{}, "admin:test", "test"); err != nil {
			t.Fatal(err)
		}
		robot.token = open.Secret
		p = wire.Problem{}
		if resp := robot.call("GET", "/api/account", nil, &p); resp.StatusCode != 403 || p.Code != wire.CodeTier || !p.Upgrade {
			t.Errorf("a key of an account that is free now: %d %+v", resp.StatusCode, p)
		}
		row, err := w.DB.APIKeys(ctx, ada.id)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range row {
			if strings.Contains(r.Hash, "sa_live_") || len(r.Hash) != 64 || !strings.HasPrefix(k.Secret+open.Secret, "sa_live_") || len(r.Prefix) != len("sa_live_")+6 {
				t.Errorf("kept of a key: %+v", r)
			}
		}
	}, idle)
}

func TestKeysPage(t *testing.T) {
	w := start(t, "", idle)
	b := w.browser("ada@example.org", plan.Pro)
	if _, page := b.get("/account/keys"); !strings.Contains(page, "No keys yet") || !strings.Contains(page, "of 1000") {
		t.Errorf("empty: %s", page)
	}
	if status, page := b.post("/account/keys", "name", "x"); status != 422 || !strings.Contains(page, "at least one scope") {
		t.Errorf("without a scope: %d", status)
	}
	status, page := b.post("/account/keys", "name", "studio", "scope", "read", "scope", "export", "days", "30")
	if status != 201 || strings.Count(page, "sa_live_") < 2 || !strings.Contains(page, "shown this once") {
		t.Fatalf("%d %s", status, page)
	}
	_, page = b.get("/account/keys")
	keys, err := w.DB.APIKeys(t.Context(), b.id)
	if err != nil || len(keys) != 1 || keys[0].ExpiresAt == 0 {
		t.Fatal(err, keys)
	}
	if !strings.Contains(page, keys[0].Prefix) || strings.Count(page, "sa_live_") != 1 || !strings.Contains(page, "read, export") {
		t.Errorf("the list shows more than a prefix, or less: %s", page)
	}
	if status, page = b.post("/account/keys/" + keys[0].ID + "/revoke"); status != 200 || !strings.Contains(page, "is revoked") {
		t.Errorf("%d %s", status, page)
	}
	free := w.browser("bo@example.org", plan.Free)
	if status, page := free.get("/account/keys"); status != 403 || !strings.Contains(page, "See the plans") {
		t.Errorf("a free account: %d %s", status, page)
	}
}
