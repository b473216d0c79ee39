package search

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/search.md")

// TestTheManualListsEveryField keeps docs/search.md equal to the table of fields.
func TestTheManualListsEveryField(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "search.md")
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- fields: made by `go test ./library/search -update` -->\n", "<!-- end of fields -->\n"
	head, rest, ok := strings.Cut(string(old), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the fields", file)
	}
	var b strings.Builder
	b.WriteString("| field | finds | examples |\n| --- | --- | --- |\n")
	for _, f := range Fields() {
		examples := "`" + strings.Join(f.Examples, "` `") + "`"
		fmt.Fprintf(&b, "| `%s:` | %s | %s |\n", f.Name, strings.ReplaceAll(f.Help, "|", `\|`), strings.ReplaceAll(examples, "|", `\|`))
	}
	want := head + begin + b.String() + end + tail
	if string(old) == want {
		return
	}
	if !*update {
		t.Fatalf("%s is not up to date: run go test ./library/search -update", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
