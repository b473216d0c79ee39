//go:build sqlite_fts5 || fts5

package catalog

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Programs that open a new library at once, and keep copies of it under one name at once, do not
// get in each other's way, and leave nothing beside it.
func TestManyOpenANewLibraryAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			db, err := Open(t.Context(), filepath.Join(dir, "library.db"))
			if err != nil {
				t.Error(err)
				return
			}
			for range 3 {
				if err := db.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
					t.Error(err)
				}
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "library.db" && e.Name() != "copy.db" {
			t.Errorf("%s was left", e.Name())
		}
	}
}
