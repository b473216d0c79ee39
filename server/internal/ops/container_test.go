package ops_test

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"sampleagent/server/internal/config"
)

// No container is built where tests run; what its file says must hold all the same: the program is
// built from a package that is there, with the tags that it needs, runs as a user of its own whose
// folder lasts, and its settings are settings that lead to the port it shows (A45).
func TestTheContainerFileHolds(t *testing.T) {
	top := filepath.Join("..", "..", "..")
	b, err := os.ReadFile(filepath.Join(top, "server", "deploy", "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	file := strings.ReplaceAll(string(b), "\\\n", " ")
	line := func(word string) string {
		t.Helper()
		m := regexp.MustCompile(`(?m)^`+word+` (.*)$`).FindAllStringSubmatch(file, -1)
		if len(m) == 0 {
			t.Fatalf("no %s", word)
		}
		return m[len(m)-1][1]
	}
	built := regexp.MustCompile(`go build -tags (\S+) -trimpath -o (\S+) (\S+)`).FindStringSubmatch(file)
	if built == nil || !strings.Contains(built[1], "sqlite_fts5") || !strings.Contains(line("COPY"), built[2]) {
		t.Errorf("builds %q, copies %q", built, line("COPY"))
	} else if _, err := os.Stat(filepath.Join(top, built[3], "main.go")); err != nil {
		t.Error(err)
	}
	if !strings.Contains(file, "useradd") || !strings.Contains(file, " "+line("USER")) || line("USER") == "root" {
		t.Errorf("runs as %q", line("USER"))
	}
	env := map[string]string{}
	for _, pair := range strings.Fields(line("ENV")) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	c, err := config.Load(pflag.NewFlagSet("", pflag.ContinueOnError), func(k string) string { return env[k] })
	if err != nil {
		t.Fatal(err)
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port != line("EXPOSE") || c.Data != line("VOLUME") || c.Origin("listen") == "default" || c.Origin("data") == "default" {
		t.Errorf("listens on %s and shows %s, keeps %s and mounts %s", c.Listen, line("EXPOSE"), c.Data, line("VOLUME"))
	}
	if line("ENTRYPOINT") != `["sample-agent-server"]` || line("CMD") != `["serve"]` {
		t.Errorf("starts %s %s", line("ENTRYPOINT"), line("CMD"))
	}
}
