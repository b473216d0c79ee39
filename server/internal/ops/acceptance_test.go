package ops_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAcceptanceTable keeps docs/acceptance.md true: each test that it names is there, each of
// the server's lines, of the desktop's side of the cloud and of the road has one.
func TestAcceptanceTable(t *testing.T) {
	top := filepath.Join("..", "..", "..")
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	have := map[string]bool{}
	for _, part := range []string{"app", "audio", "library", "main_test.go", "server", "sync", "ui"} {
		if err := filepath.WalkDir(filepath.Join(top, part), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := os.ReadFile(path)
			for _, m := range declared.FindAllSubmatch(b, -1) {
				have[string(m[1])] = true
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	table, err := os.ReadFile(filepath.Join(top, "docs", "acceptance.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z]\w+`).FindAllString(string(table), -1) {
		if !have[name] {
			t.Errorf("no test is called %s", name)
		}
	}
	server, rest, hasDesktop := strings.Cut(string(table), "\n## The desktop")
	desktop, road, hasRoad := strings.Cut(rest, "\n## The road")
	if !hasDesktop || !hasRoad {
		t.Fatal("the desktop or the road has no table")
	}
	for text, wanted := range map[string][]string{server: serverLines, desktop: desktopLines, road: roadLines} {
		lines := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^\| ([ABCRS]\d+[a-z]?) \|[^|]+\|[^|]*(?:Test|Benchmark|`+"`make "+`)`).FindAllStringSubmatch(text, -1) {
			lines[m[1]] = true
		}
		for _, want := range wanted {
			if !lines[want] {
				t.Errorf("line %s has no test", want)
			}
		}
	}
}

// roadLines are what was asked of the road from a folder to a card: nine parts of the work, and what
// is shown of it.
var roadLines = strings.Fields(`R1a R1b R1c R2a R3a R3b R3c R3d R3e R3f R4a R4b R4c R5a R5b R5c
	R6a R6b R6c R6d R6e R6f R6g R6h R6i R7a R7b R7c R7d R8a R9a R9b R9c R9d R10a`)

// desktopLines are those of the desktop's side of the cloud, and what was asked of it in eight parts.
var desktopLines = strings.Fields(`A65 A66 A67 A68 A87 A88 A101 B13 B31
	C1a C1b C1c C1d C1e C2a C2b C2c C2d C2e C2f C2g C3a C3b C3c C3d C3e C3f C3g C4a C5a C5b C5c C6a C6b C6c C7a C7b C7c C7d C8a`)

// serverLines are the lines of the acceptance table that the server must keep, and what was asked of
// it in eleven parts, of its speed and of what is shown.
var serverLines = strings.Fields(`A1 A2 A3 A4 A5 A10 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 A23 A24 A25
	A30 A31 A32 A33 A34 A35 A36 A37 A38 A39 A40 A41 A42 A43 A44 A45 A46 A50 A51 A52 A53 A54 A55 A56 A57 A58 A59 A60
	A70 A71 A72 A73 A74 A75 A76 A77 A80 A81 A82 A83 A84 A85 A86 A88 A91 A92 A95 A96 A97 A98 A99 A100 A101 A102
	B25 B26 B27 B28 B29 B30 B31 B32 B33 B34 B35 B36 B37 B38 B39
	S1a S1b S1c S1d S2a S2b S2c S2d S3a S3b S4a S4b S4c S4d S5a S5b
	S5c S6a S6b S7a S7b S7c S8a S8b S9a S10a S11a S11b S12a S12b S13a`)
