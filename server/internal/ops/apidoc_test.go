package ops_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

var update = flag.Bool("update", false, "rewrite docs/api.md")

// TestAPIDocument keeps docs/api.md as the OpenAPI document says it is.
func TestAPIDocument(t *testing.T) {
	w := start(t, "", idle)
	var b bytes.Buffer
	b.WriteString("# The API\n\nMade from the OpenAPI 3.1 document that the server serves at `/openapi.json`; `go test ./server/internal/ops -run APIDocument -update` writes it. ")
	b.WriteString("Refusals are `application/problem+json` with `code`, and where it fits `limit`, `used`, `unit`, `reset_at`, `upgrade`. ")
	b.WriteString("API keys, with examples: [keys.md](keys.md). Scopes: `public` needs no sign-in, `session` needs the session of a browser or the desktop, the others are also open to an API key with that scope.\n\n| call | scope | does |\n| --- | --- | --- |\n")
	paths := w.API.OpenAPI().Paths
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				fmt.Fprintf(&b, "| `%s %s` | %s | %s |\n", op.Method, path, op.Metadata["scope"], strings.ReplaceAll(op.Summary, "|", "/"))
			}
		}
	}
	file := filepath.Join("..", "..", "..", "docs", "api.md")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(have, b.Bytes()) {
		t.Errorf("docs/api.md is not what the server serves; run with -update (%v)", err)
	}
}
