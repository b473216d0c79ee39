package ops_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/server/internal/api"
	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

func TestReadinessMeansSomething(t *testing.T) {
	w := start(t, "", idle)
	if s := get(t, w.url+"/readyz"); s != 200 {
		t.Fatalf("%d", s)
	}
	objects := filepath.Join(w.Config.Data, "objects")
	if err := os.RemoveAll(objects); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(objects, nil, 0o600); err != nil { // a file where the folder was
		t.Fatal(err)
	}
	if s := get(t, w.url+"/readyz"); s != 503 {
		t.Errorf("without objects: %d", s)
	}
	if body := string(fetch(t, w.url+"/readyz", "")); strings.Contains(body, w.Config.Data) || !strings.Contains(body, `"objects":"not ready"`) {
		t.Errorf("it says %s", body)
	}
	if err := w.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if body := string(fetch(t, w.url+"/readyz", "")); !strings.Contains(body, `"database":"not ready"`) {
		t.Errorf("without a database it says %s", body)
	}
	if s := get(t, w.url+"/healthz"); s != 200 {
		t.Errorf("alive: %d", s)
	}
}

func TestAServerWithoutItsBucketIsNotReady(t *testing.T) {
	endpoint, access, secret := testbed.S3(t)
	w := start(t, "", idle, env("S3_ENDPOINT", endpoint, "S3_REGION", "us-east-1", "S3_BUCKET", "never-made", "S3_ACCESS_KEY", access, "S3_SECRET_KEY", secret))
	if body := string(fetch(t, w.url+"/readyz", "")); !strings.Contains(body, `"objects":"not ready"`) {
		t.Error(body)
	}
}

func TestGracefulStop(t *testing.T) {
	// A job that ends within the time is finished; live streams end at once.
	reached, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	hold := func(c *config.Config, o *ops.Options) {
		c.ShutdownTimeout = patience
		o.Crash = func(step string) {
			if step == wire.StepAnalyze {
				once.Do(func() { close(reached) })
				<-release
			}
		}
	}
	w := start(t, "", hold)
	ada := w.signIn("ada@example.org", plan.Pro)
	_, ok, _ := ada.upload("a.wav", wav(t, 0.3, 1))
	<-reached
	req, err := http.NewRequest("GET", w.url+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ada.token)
	stream, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	data := w.Config.Data
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.stop() }()
	_, _ = io.Copy(io.Discard, stream.Body) // until it is cut, though the job goes on
	close(release)
	<-stopped
	if _, err := http.Get(w.url + "/healthz"); err == nil {
		t.Error("it still answers")
	}
	again := start(t, "", idle, func(c *config.Config, _ *ops.Options) { c.Data = data })
	if j, err := again.DB.JobByID(t.Context(), ok.JobID); err != nil || j.Status != wire.Completed {
		t.Errorf("%+v %v", j, err)
	}
}

func TestAnInterruptedJobIsDoneByTheNextProcess(t *testing.T) {
	reached := make(chan struct{})
	var once sync.Once
	w := start(t, "", func(c *config.Config, o *ops.Options) {
		c.ShutdownTimeout = 300 * time.Millisecond
		o.Crash = func(step string) {
			if step == wire.StepAnalyze {
				once.Do(func() { close(reached) })
				time.Sleep(1500 * time.Millisecond) // longer than the stop waits
			}
		}
	})
	ada := w.signIn("ada@example.org", plan.Pro)
	_, ok, _ := ada.upload("a.wav", wav(t, 0.3, 1))
	<-reached
	data := w.Config.Data
	w.stop()
	again := start(t, "", func(c *config.Config, _ *ops.Options) { c.Data = data })
	if j := (&user{w: again, token: ada.token}).waitJob(ok.JobID); j.Status != wire.Completed {
		t.Errorf("%+v", j)
	}
	if rows, err := again.DB.Samples(t.Context(), ada.id, store.SampleFilter{}, 10); err != nil || len(rows) != 1 {
		t.Errorf("%d samples, %v", len(rows), err)
	}
}

func TestTooManyRequestsAreProblemDetails(t *testing.T) {
	w := start(t, "", idle)
	w.API.PerMinute = 5
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	ada := w.signIn("ada@example.org", plan.Free)
	w.url = server.URL
	if resp, p := ada.askUntilRefused(5); resp.Header.Get("Retry-After") == "" || resp.Header.Get("Content-Type") != "application/problem+json" || p.Code != wire.CodeTooFast || p.ResetAt == nil || *p.Limit != 5 {
		t.Errorf("%v %+v", resp.Header, p)
	}
	// Another account is not slowed down by it, and health never is.
	if resp := w.signIn("bob@example.org", plan.Free).call("GET", "/api/account", nil, nil); resp.StatusCode != 200 {
		t.Errorf("another account: %d", resp.StatusCode)
	}
	for range 10 {
		if s := get(t, w.url+"/healthz"); s != 200 {
			t.Fatalf("health: %d", s)
		}
	}
}

func TestOnlyTrustedProxiesSayWhoAsks(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct{ peer, header, want string }{
		{"203.0.113.9:1", "", "203.0.113.9"},
		{"203.0.113.9:1", "198.51.100.1", "203.0.113.9"}, // a stranger's header
		{"10.1.1.1:1", "198.51.100.1", "198.51.100.1"},
		{"10.1.1.1:1", "6.6.6.6, 198.51.100.1", "198.51.100.1"}, // what the client itself wrote stands left
		{"10.1.1.1:1", "198.51.100.1, 10.2.2.2", "198.51.100.1"},
		{"10.1.1.1:1", "198.51.100.1, nonsense", "198.51.100.1"},
		{"10.1.1.1:1", "10.2.2.2", "10.2.2.2"},
		{"[::ffff:10.1.1.1]:1", "198.51.100.1", "198.51.100.1"},
		{"[fd00::1]:1", "2001:db8::5", "2001:db8::5"},
		{"10.1.1.1:1", "", "10.1.1.1"},
	} {
		var got string
		h := api.Identify(trusted, "X-Forwarded-For")(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = api.ClientIP(r.Context()) }))
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.header != "" {
			r.Header.Set("X-Forwarded-For", c.header)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s with %q: %s, want %s", c.peer, c.header, got, c.want)
		}
	}
}

func TestSecurityHeadersEverywhere(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Pro)
	_, ok, _ := ada.upload("a.wav", wav(t, 0.3, 1))
	sample := ada.waitJob(ok.JobID).SampleID
	var link wire.Link
	ada.call("GET", "/api/samples/"+*sample+"/download", nil, &link)
	for _, address := range []string{w.url + "/", w.url + "/signin", w.url + "/static/app.js", w.url + "/api/account", w.url + "/nothing", w.url + "/openapi.json", w.url + "/healthz", link.URL} {
		resp, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", address, name, got)
			}
		}
		if resp.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: https is demanded of a server that has none", address)
		}
		if resp.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s has no id", address)
		}
	}
	resp, err := http.Get(link.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if d := resp.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a user's file is served as %q, %q", d, resp.Header.Get("Content-Security-Policy"))
	}
	secure := start(t, "", idle, env("PUBLIC_URL", "https://sounds.example.org", "SECRET", strings.Repeat("s", 32)))
	if resp, err = http.Get(secure.url + "/"); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS behind https")
	}
	if s := get(t, secure.url+"/outbox"); s != 404 {
		t.Errorf("mails are shown to strangers: %d", s)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Free)
	big := `{"url":"https://example.org/` + strings.Repeat("x", 300<<10) + `","events":["sample.processed"]}`
	req, err := http.NewRequest("POST", w.url+"/api/webhooks", strings.NewReader(big))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	var p wire.Problem
	if resp := ada.do(req, &p); resp.StatusCode != 413 || p.Code != wire.CodeTooLarge {
		t.Errorf("%d %+v", resp.StatusCode, p)
	}
}

// The share of jobs within their promise is a metric, and who may read it is bounded.
func TestMetricsOfPromises(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Free)
	end := func(name string, after time.Duration) {
		t.Helper()
		_, ok, _ := ada.upload(name, wav(t, 0.2, 1))
		w.later(after)
		defer w.later(0)
		if err := w.finishAs(ok.JobID, 1500); err != nil {
			t.Fatal(err)
		}
	}
	end("a.wav", time.Hour)
	end("b.wav", 23*time.Hour)
	end("late.wav", 25*time.Hour)
	ada.upload("waits.wav", wav(t, 0.2, 2))
	text := string(fetch(t, w.url+"/metrics", ""))
	for _, want := range []string{
		`sample_agent_jobs_completed_day{in_time="yes",lane="free"} 2`, `sample_agent_jobs_completed_day{in_time="no",lane="free"} 1`,
		`sample_agent_jobs_waiting{lane="free"} 1`, `sample_agent_jobs_running{lane="free"} 0`, `sample_agent_work_seconds_mean{lane="free"} 1.5`,
		`sample_agent_workers{lane="pro"} 4`, `sample_agent_oldest_waiting_seconds{lane="free"}`, `sample_agent_users{tier="free"} 1`, `sample_agent_burst_workers 0`,
		`sample_agent_http_seconds_bucket{method="POST",route="/api/upload",status="202"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, ada.email) || strings.Contains(text, ada.id) {
		t.Error("metrics name a user")
	}
	closed := start(t, "", idle, env("METRICS_ALLOW", "192.0.2.0/24", "ADMINS", "root@example.org"))
	if s := get(t, closed.url+"/metrics"); s != 404 {
		t.Errorf("a stranger reads them: %d", s)
	}
	if resp := closed.signIn("eve@example.org", plan.Pro).call("GET", "/metrics", nil, nil); resp.StatusCode != 404 {
		t.Errorf("a user reads them: %d", resp.StatusCode)
	}
	root := closed.signIn("root@example.org", plan.Free)
	req, err := http.NewRequest("GET", closed.url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp := root.do(req, nil); resp.StatusCode != 200 {
		t.Errorf("an operator: %d", resp.StatusCode)
	}
}

func TestTracesGoWhereTheSettingSays(t *testing.T) {
	got := make(chan []byte, 20)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s %v", r.URL.Path, err)
		}
		got <- b
	}))
	defer collector.Close()
	w := start(t, "", idle, env("OTLP_ENDPOINT", collector.URL+"/v1/traces"))
	ada := w.signIn("ada@example.org", plan.Free)
	ada.call("GET", "/api/account", nil, nil)
	w.stop() // what is left is sent at the end
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		select {
		case b := <-got: // protocol buffers hold strings as they are
			if bytes.Contains(b, []byte("GET /api/account")) && bytes.Contains(b, []byte("sample-agent-server")) {
				if bytes.Contains(b, []byte(ada.token)) {
					t.Error("a trace holds a token")
				}
				return
			}
		case <-ctx.Done():
			t.Fatal("no trace of the request")
		}
	}
}
