package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(k string) string { return m[k] }
}

func TestFlagsWinOverEnvironmentOverFileOverDefaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "server.toml")
	toml := "listen = \"10.0.0.1:1\"\npro_workers = 7\nfree_workers = 3\nadmins = [\"a@x.org\", \"b@x.org\"]\n"
	if err := os.WriteFile(file, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	fs := pflag.NewFlagSet("t", pflag.ContinueOnError)
	Flags(fs)
	if err := fs.Parse([]string{"--config", file, "--listen", "127.0.0.1:3"}); err != nil {
		t.Fatal(err)
	}
	c, err := Load(fs, env("SAMPLE_AGENT_LISTEN", "127.0.0.1:2", "SAMPLE_AGENT_FREE_WORKERS", "5"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.FreeWorkers != 5 || c.ProWorkers != 7 || c.EnterpriseWorkers != 2 {
		t.Errorf("wrong values: %+v", c)
	}
	if len(c.Admins) != 2 || c.PublicURL != "http://127.0.0.1:3" {
		t.Errorf("admins %v, public url %s", c.Admins, c.PublicURL)
	}
	for key, want := range map[string]string{
		"listen": "--listen", "free_workers": "SAMPLE_AGENT_FREE_WORKERS", "pro_workers": file, "enterprise_workers": "default",
	} {
		if got := c.Origin(key); got != want {
			t.Errorf("origin of %s is %s, want %s", key, got, want)
		}
	}
}

func TestPrintMasksSecrets(t *testing.T) {
	c, err := Load(nil, env("SAMPLE_AGENT_OPENROUTER_KEY", "sk-or-abcdef", "SAMPLE_AGENT_DATABASE_URL", "postgres://u:hunter2@db/x"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"sk-or-abcdef", "hunter2"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("printed %s", secret)
		}
	}
	if !strings.Contains(out.String(), "postgres://u:xxxxx@db/x") || !strings.Contains(out.String(), "SAMPLE_AGENT_OPENROUTER_KEY") {
		t.Errorf("missing address or origin:\n%s", out.String())
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"PUBLIC_URL", "ftp://x", "public_url"},
		{"DATABASE_URL", "mysql://x", "database_url"},
		{"S3_BUCKET", "b", "all four or none"},
		{"SMTP_URL", "mail.example.org", "smtp_url"},
		{"STRIPE_KEY", "sk_live_1", "stripe_webhook_secret"},
		{"SECRET", "short", "needs 32"},
		{"PHASE", "4", "phase"},
		{"FREE_WORKERS", "11", "at most 10"},
		{"PRO_WORKERS", "51", "at most 50"},
		{"FREE_WORKERS", "-1", "whole number"},
		{"SHUTDOWN_TIMEOUT", "soon", "length of time"},
		{"TRUSTED_PROXIES", "nowhere", "trusted_proxies"},
	} {
		_, err := Load(nil, env("SAMPLE_AGENT_"+c.key, c.value))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: error %v, want one with %q", c.key, c.value, err, c.want)
		}
	}
	if _, err := Load(nil, env("SAMPLE_AGENT_PUBLIC_URL", "https://x.org", "SAMPLE_AGENT_OPENROUTER_KEY", "changeme")); err == nil {
		t.Error("an example secret was accepted in production")
	}
}

func TestUnknownKeyInFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "server.toml")
	if err := os.WriteFile(file, []byte("lisen = \"x\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(nil, env("SAMPLE_AGENT_CONFIG", file)); err == nil || !strings.Contains(err.Error(), "lisen") {
		t.Errorf("error %v", err)
	}
}

func TestMisspeltVariablesAreFound(t *testing.T) {
	got := Unknown([]string{"PATH=/bin", "SAMPLE_AGENT_DATABASE_URL=x", "SAMPLE_AGENT_DATABSE_URL=secret", "SAMPLE_AGENT_CONFIG=y", "SAMPLE_AGENT_SERVER=z"})
	if len(got) != 1 || got[0] != "SAMPLE_AGENT_DATABSE_URL" {
		t.Error(got)
	}
}
