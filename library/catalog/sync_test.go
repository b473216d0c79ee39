//go:build sqlite_fts5 || fts5

package catalog

import (
	"path/filepath"
	"sync"
	"testing"
)

// A window and a command may sign in at the same moment, or be the first on another machine.
func TestProgramsThatEnterAtOnceWriteUnderOneName(t *testing.T) {
	const programs = 6
	path := filepath.Join(t.TempDir(), "library.db")
	var dbs [programs]*DB
	for n := range dbs {
		db, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		dbs[n] = db
	}
	before := ""
	for _, machine := range []string{"studio", "laptop"} {
		var states [programs]Sync
		var all sync.WaitGroup
		for n, db := range dbs {
			all.Go(func() {
				var err error
				if states[n], err = db.StartSync(t.Context(), "producer", machine); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		held, ok, err := dbs[0].Sync(t.Context())
		if err != nil || !ok || held.Actor == before {
			t.Fatalf("on the %s the library is kept in sync as %+v, %t, %v", machine, held, ok, err)
		}
		for n, s := range states {
			if s.Actor != held.Actor {
				t.Errorf("on the %s program %d writes as %q, the library is %q", machine, n, s.Actor, held.Actor)
			}
		}
		before = held.Actor
	}
}
