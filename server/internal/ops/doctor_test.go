package ops_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/testbed"
)

// Each part that is set wrongly is named, with the setting to look at and without what is secret.
func TestDoctorSaysWhatIsWrong(t *testing.T) {
	// A port that is bound and does not answer as ours, for every part.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	go func() {
		for c, err := taken.Accept(); err == nil; c, err = taken.Accept() {
			c.Close()
		}
	}()
	dead := fmt.Sprintf("127.0.0.1:%d", testbed.FreePort(t))
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/key" && r.Header.Get("Authorization") != "Bearer right" { // as OpenRouter
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer provider.Close()
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/models" { // another provider
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer old.Close()
	endpoint, access, secret := testbed.S3(t)
	s3 := func(endpoint, secret string) []string {
		return []string{"--s3-endpoint", endpoint, "--s3-region", "us-east-1", "--s3-bucket", "nowhere", "--s3-access-key", access, "--s3-secret-key", secret}
	}
	postgres := testbed.Postgres(t)
	wrongDatabase := strings.Replace(postgres, "/test", "/wrong", 1)
	data, free := t.TempDir(), fmt.Sprintf("127.0.0.1:%d", testbed.FreePort(t))
	testbed.SQLiteIn(t, data)
	for name, c := range map[string]struct {
		args []string
		want string // part, state and a word of the detail
	}{
		"nothing":           {nil, "listen ok free"},
		"port taken":        {[]string{"--listen", taken.Addr().String()}, "listen wrong another program"},
		"no such address":   {[]string{"--listen", "192.0.2.1:80"}, "listen wrong correct listen"},
		"no database":       {[]string{"--database-url", wrongDatabase}, "start wrong database_url"},
		"database away":     {[]string{"--database-url", "postgres://probe:very-secret@" + dead + "/x"}, "start wrong database_url"},
		"no bucket":         {s3(endpoint, secret), "objects wrong s3_bucket"},
		"wrong secret":      {s3(endpoint, "very-secret"), "objects wrong s3_secret_key"},
		"S3 away":           {s3("http://"+dead, secret), "objects wrong s3_endpoint"},
		"mail away":         {[]string{"--smtp-url", "smtp://ada:very-secret@" + dead}, "mail wrong smtp_url"},
		"no mail server":    {[]string{"--smtp-url", "smtps://ada:very-secret@" + taken.Addr().String()}, "mail wrong smtp_url"},
		"wrong key":         {[]string{"--openrouter-url", provider.URL, "--openrouter-key", "very-secret"}, "AI wrong openrouter_key"},
		"right key":         {[]string{"--openrouter-url", provider.URL, "--openrouter-key", "right"}, "AI ok accepts"},
		"another provider":  {[]string{"--openrouter-url", old.URL, "--openrouter-key", "any"}, "AI ok accepts"},
		"provider away":     {[]string{"--openrouter-url", "http://" + dead, "--openrouter-key", "very-secret"}, "AI wrong openrouter_url"},
		"no data folder":    {[]string{"--data", "/dev/null/x"}, "start wrong data folder"},
		"mails to a folder": {[]string{"--public-url", "https://sounds.example"}, "mail delivery wrong smtp_url"},
		"no https":          {[]string{"--public-url", "http://sounds.example"}, "address wrong https"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			cmd := ops.Command(&out, &out)
			cmd.SetArgs(append([]string{"doctor", "--data", data, "--listen", free, "--log-level", "error"}, c.args...))
			if err := cmd.ExecuteContext(t.Context()); (err != nil) != strings.Contains(c.want, " wrong ") {
				t.Errorf("%v", err)
			}
			state := " ok "
			if strings.Contains(c.want, " wrong ") {
				state = " wrong "
			}
			part, word, _ := strings.Cut(c.want, state)
			said := false
			for line := range strings.Lines(out.String()) {
				f := strings.SplitN(line, "  ", 2)
				said = said || f[0] == part && strings.HasPrefix(strings.TrimSpace(f[1]), strings.TrimSpace(state)) && strings.Contains(line, word)
			}
			if !said || strings.Contains(out.String(), "very-secret") {
				t.Errorf("want %q of:\n%s", c.want, out.String())
			}
		})
	}
}
