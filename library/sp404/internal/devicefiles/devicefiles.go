// Package devicefiles finds the real files of the device that tests read. They lie beside the
// repository and are never copied into it. Only tests import this package.
package devicefiles

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is the folder of device files: in the folder that SAMPLE_AGENT_SHARED names, else in
// ../shared beside the repository's root. Without it the test is skipped.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SAMPLE_AGENT_SHARED")
	if dir == "" {
		dir = filepath.Join(Root(t), "..", "shared")
	}
	dir = filepath.Join(dir, "fixtures", "sp404mk2")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no device files at %s: set SAMPLE_AGENT_SHARED", dir)
	}
	return dir
}

// Root is the repository's root: the folder with go.mod above the test.
func Root(t testing.TB) string {
	t.Helper()
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if filepath.Dir(at) == at {
			t.Skip("no go.mod above the test")
		}
		at = filepath.Dir(at)
	}
}
