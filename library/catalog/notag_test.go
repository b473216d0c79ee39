//go:build !sqlite_fts5 && !fts5

package catalog

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestABuildWithoutFullTextSaysSo(t *testing.T) {
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "library.db"))
	if !errors.Is(err, ErrNoFullText) {
		t.Fatalf("%v, want ErrNoFullText", err)
	}
}
