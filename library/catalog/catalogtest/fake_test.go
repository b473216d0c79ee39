//go:build sqlite_fts5 || fts5

package catalogtest

import (
	"path/filepath"
	"testing"

	"sampleagent/library/catalog"
)

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		db, err := catalog.Open(b.Context(), filepath.Join(b.TempDir(), "library.db"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Fill(b.Context(), db, Options{Count: 10000, Seed: 1}); err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}
