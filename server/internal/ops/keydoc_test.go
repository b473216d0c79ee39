package ops_test

import (
	"bytes"
	"context"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// The examples of docs/keys.md are run as they stand there: the shell's in one shell, one after
// the other, the Go program by the go command.
func TestKeyExamples(t *testing.T) {
	for _, program := range []string{"bash", "curl", "jq", "go"} {
		testbed.Needs(t, program, "apt-get install curl jq")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "keys.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string][]string{}
	for _, m := range regexp.MustCompile("(?s)```(\\w+)\n(.*?)```").FindAllSubmatch(text, -1) {
		blocks[string(m[1])] = append(blocks[string(m[1])], string(m[2]))
	}
	if len(blocks) != 2 || len(blocks["bash"]) != 4 || len(blocks["go"]) != 1 {
		t.Fatalf("%d kinds of examples, %d of the shell, %d of Go: this test must know each", len(blocks), len(blocks["bash"]), len(blocks["go"]))
	}
	scopes := "| scope | it may |\n| --- | --- |\n"
	for _, s := range account.Scopes {
		scopes += fmt.Sprintf("| `%s` | %s |\n", s.Name, s.Allows)
	}
	if !strings.Contains(string(text), "<!-- scopes -->\n"+scopes+"<!-- end of scopes -->") {
		t.Errorf("the scopes are not those of the server; they are\n%s", scopes)
	}
	pro, err := plan.For(plan.Pro)
	if err != nil || pro.APIRequests != 1000 || !strings.Contains(string(text), "1,000 requests a day") || !strings.Contains(string(text), "`"+string(wire.CodeAPICalls)+"`") || !strings.Contains(string(text), "`"+string(wire.CodeTooFast)+"`") {
		t.Errorf("%v: the limits are not those of the server: %d a day, codes %s and %s", err, pro.APIRequests, wire.CodeAPICalls, wire.CodeTooFast)
	}

	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Pro)
	var k wire.Key
	ada.call("POST", "/api/keys", wire.KeyRequest{Name: "examples", Scopes: []string{"read", "upload", "export"}}, &k)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kick.wav"), wav(t, 0.4, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "KEY="+k.Secret, "SERVER="+w.url, "GOFLAGS=", "GO111MODULE=on", "GOWORK=off", "CGO_ENABLED=0")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
		return out.String()
	}
	out := run("bash", "-euo", "pipefail", "-c", strings.Join(blocks["bash"], "\n"))
	for _, want := range []string{`"email": "ada@example.org"`, `"tier": "pro"`, `"of": 1000`, `"title": "kick"`} {
		if !strings.Contains(out, want) {
			t.Errorf("the shell's examples do not print %s:\n%s", want, out)
		}
	}
	if zip, err := os.ReadFile(filepath.Join(dir, "card.zip")); err != nil || !bytes.HasPrefix(zip, []byte("PK")) {
		t.Errorf("the card: %v, %d bytes", err, len(zip))
	}
	program := filepath.Join(dir, "main.go")
	if err := os.WriteFile(program, []byte(blocks["go"][0]), 0o600); err != nil {
		t.Fatal(err)
	}
	loop := firstOf(t, "../../../assets/demo/*Loops/*.flac")
	loop, err = filepath.Abs(loop)
	if err != nil {
		t.Fatal(err)
	}
	if out := run("go", "run", program, loop); !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(filepath.Base(loop)) + `: \d+\.\d BPM`).MatchString(out) {
		t.Errorf("the Go program prints %q", out)
	}
	if formatted, err := format.Source([]byte(blocks["go"][0])); err != nil || string(formatted) != blocks["go"][0] {
		t.Errorf("the Go program is not formatted: %v", err)
	}
	var keys struct{ Items []wire.Key }
	ada.call("GET", "/api/keys", nil, &keys)
	if len(keys.Items) != 1 || keys.Items[0].RequestsToday < 10 {
		t.Errorf("the key was used %+v", keys.Items)
	}
}
