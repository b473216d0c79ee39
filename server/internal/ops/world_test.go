package ops_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

func TestMain(m *testing.M) {
	if os.Getenv("SAMPLE_AGENT_TEST_CHILD") != "" {
		child()
		return
	}
	testbed.Main(m)
}

// world is a whole server on a real port, with workers unless asked otherwise.
type world struct {
	*ops.Server
	t      testing.TB
	url    string
	base   time.Duration // see awayFromMidnight
	shift  atomic.Int64  // of the server's clock
	log    *bytes.Buffer
	stop   func()
	client *http.Client
}

type setting func(*config.Config, *ops.Options)

func env(pairs ...string) setting {
	return func(c *config.Config, _ *ops.Options) {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m["SAMPLE_AGENT_"+pairs[i]] = pairs[i+1]
		}
		m["SAMPLE_AGENT_LISTEN"], m["SAMPLE_AGENT_DATA"] = c.Listen, c.Data
		if c.DatabaseURL != "" {
			m["SAMPLE_AGENT_DATABASE_URL"] = c.DatabaseURL
		}
		fresh, err := config.Load(nil, func(k string) string { return m[k] })
		if err != nil {
			panic(err)
		}
		*c = *fresh
	}
}

func idle(_ *config.Config, o *ops.Options) { o.Role.Work = false }

// lockedBuffer keeps the log for tests that look at it.
type lockedBuffer struct {
	ch chan struct{}
	b  *bytes.Buffer
}

func (l lockedBuffer) Write(p []byte) (int, error) {
	l.ch <- struct{}{}
	defer func() { <-l.ch }()
	return l.b.Write(p)
}

func start(t testing.TB, database string, settings ...setting) *world {
	t.Helper()
	w := &world{t: t, log: &bytes.Buffer{}, client: &http.Client{Timeout: patience}}
	base := []string{"DATABASE_URL", database, "REQUESTS_PER_MINUTE", "1000000", "MAIL_RATE", "1000", "LOG_LEVEL", "warn"}
	c := &config.Config{Listen: fmt.Sprintf("127.0.0.1:%d", testbed.FreePort(t)), Data: t.TempDir(), DatabaseURL: database}
	o := ops.Options{Role: ops.Role{Serve: true, Work: true}, Poll: 50 * time.Millisecond, Now: func() time.Time { return time.Now().Add(time.Duration(w.shift.Load())) }}
	env(base...)(c, &o)
	w.awayFromMidnight()
	for _, s := range settings {
		s(c, &o)
	}
	if c.Origin("requests_per_minute") == "default" {
		c.RequestsPerMinute = 1_000_000
	}
	c.MailRate = 1000
	if c.Origin("log_level") == "default" {
		c.LogLevel = "warn"
	}
	if c.DatabaseURL == "" {
		testbed.SQLiteIn(t, c.Data)
	}
	log := ops.NewLog(lockedBuffer{make(chan struct{}, 1), w.log}, c)
	var err error
	if w.Server, err = ops.Open(context.Background(), c, log, o); err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + c.Listen
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	up := make(chan string, 1)
	go func() { done <- w.Run(ctx, func(a string) { up <- a }) }()
	select {
	case <-up:
	case err := <-done:
		t.Fatal(err)
	}
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(w.stop)
	return w
}

// awayFromMidnight sets the clock on into the next UTC day when that is near: what counts by days
// is not tested across its end by chance.
func (w *world) awayFromMidnight() {
	if left := time.Until(plan.Day(time.Now()).End); left < 15*time.Minute {
		w.base = left + time.Second
	}
	w.later(0)
}

// later sets the server's clock to so long after the test's start.
func (w *world) later(d time.Duration) { w.shift.Store(int64(w.base + d)) }

// onBoth runs a test on SQLite with a folder and on PostgreSQL with an S3 server.
func onBoth(t *testing.T, f func(t *testing.T, w *world), settings ...setting) {
	t.Run("SQLite", func(t *testing.T) { f(t, start(t, "", settings...)) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, start(t, testbed.Postgres(t), settings...)) })
}

// user is somebody who is signed in.
type user struct {
	w     *world
	email string
	token string
	id    string
}

var subject = regexp.MustCompile(`(?m)^Subject: (\d{6}) is your`)

// mails are those in the outbox to an address, oldest first.
func (w *world) mails(to string) []string {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.Config.Data, "mails", "*.eml"))
	if err != nil {
		w.t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			w.t.Fatal(err)
		}
		if strings.Contains(string(b), "To: <"+to+">") {
			found = append(found, string(b))
		}
	}
	return found
}

// patience is how long a test waits for what must come: far longer than it ever takes, so that
// a busy machine fails no test.
const patience = 5 * time.Minute

func (w *world) waitFor(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	w.t.Fatalf("%s: not within %s\n%s", what, patience, w.log.String())
}

// signIn makes an account of a tier. Without workers the code comes straight from the service.
func (w *world) signIn(email string, tier plan.Tier) *user {
	w.t.Helper()
	ctx := context.Background()
	sum := 0 // an address has so many codes an hour
	for _, c := range []byte(email) {
		sum += int(c)
	}
	if err := w.Accounts.RequestCode(ctx, email, fmt.Sprintf("192.0.2.%d", sum%250)); err != nil {
		w.t.Fatal(err)
	}
	codes, err := w.DB.LiveLoginCodes(ctx, email, w.Now())
	if err != nil || len(codes) == 0 {
		w.t.Fatal(err, len(codes))
	}
	tokens, err := w.Accounts.Exchange(ctx, wire.TokenRequest{Grant: wire.GrantEmailCode, Email: email, Code: w.Accounts.CodeOf(codes[0].ID)}, "192.0.2.9")
	if err != nil {
		w.t.Fatal(err)
	}
	u := &user{w: w, email: email, token: tokens.AccessToken}
	row, err := w.DB.UserByEmail(ctx, email)
	if err != nil {
		w.t.Fatal(err)
	}
	u.id = row.ID
	if tier != plan.Free {
		if err := w.Accounts.SetTier(ctx, row.ID, tier, plan.Overrides{}, "admin:test", "test"); err != nil {
			w.t.Fatal(err)
		}
	}
	return u
}

// call sends JSON and reads JSON. out may be nil.
func (u *user) call(method, path string, in, out any, headers ...string) *http.Response {
	u.w.t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			u.w.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, u.w.url+path, body)
	if err != nil {
		u.w.t.Fatal(err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return u.do(req, out)
}

func (u *user) do(req *http.Request, out any) *http.Response {
	u.w.t.Helper()
	if u.token != "" {
		req.Header.Set("Authorization", "Bearer "+u.token)
	}
	resp, err := u.w.client.Do(req)
	if err != nil {
		u.w.t.Error(err)
		return &http.Response{}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		u.w.t.Error(err)
	}
	if out != nil && len(b) > 0 {
		if err := json.Unmarshal(b, out); err != nil {
			u.w.t.Errorf("%s %s: %v: %s", req.Method, req.URL.Path, err, b)
		}
	}
	return resp
}

// upload sends a file; the answer is a wire.Accepted or a wire.Problem.
func (u *user) upload(name string, content []byte, headers ...string) (status int, ok wire.Accepted, p wire.Problem) {
	u.w.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile("audio", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		u.w.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, u.w.url+"/api/upload", &b)
	if err != nil {
		u.w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	var raw json.RawMessage
	resp := u.do(req, &raw)
	if resp.StatusCode == http.StatusAccepted {
		err = json.Unmarshal(raw, &ok)
	} else {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		u.w.t.Errorf("upload answered %d %s", resp.StatusCode, raw)
	}
	return resp.StatusCode, ok, p
}

func (u *user) job(id string) wire.Job {
	u.w.t.Helper()
	var j wire.Job
	u.call("GET", "/api/jobs/"+id, nil, &j)
	return j
}

func (u *user) waitJob(id string) wire.Job {
	u.w.t.Helper()
	var j wire.Job
	u.w.waitFor("job "+id, func() bool { j = u.job(id); return j.Status.Final() })
	return j
}

// wav is a decaying tone of some seconds: small, decodable, different for each seed.
func wav(t testing.TB, seconds float64, seed int) []byte {
	t.Helper()
	const rate = 8000
	n := int(seconds * rate)
	b := &pcm.Buffer{Rate: rate, Channels: 1, Samples: make([]float32, n)}
	for i := range b.Samples {
		x := float64(i) / rate
		b.Samples[i] = float32(0.5 * math.Exp(-3*math.Mod(x, 0.5)) * math.Sin(2*math.Pi*(110+float64(seed%400))*x))
	}
	var out bytes.Buffer
	if err := codec.EncodeWAV(&out, b, codec.WAVOptions{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
