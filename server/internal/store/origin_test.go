package store_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
)

// originOf opens a database as a server does when it starts.
func originOf(t *testing.T, address, folder string) string {
	t.Helper()
	db, err := store.Open(t.Context(), address, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	name, err := db.Origin(t.Context())
	if err != nil || name == "" {
		t.Fatalf("%q, %v", name, err)
	}
	return name
}

// A database that was restored from a copy, in whichever way, has an origin of its own, once; started
// again where it lies it keeps it.
func TestARestoredDatabaseHasAnotherOrigin(t *testing.T) {
	names := map[string]string{}
	fresh := func(how, address, folder string) {
		t.Helper()
		name := originOf(t, address, folder)
		if before, known := names[name]; known {
			t.Errorf("%s: the origin is that of %s", how, before)
		}
		names[name] = how
		if again := originOf(t, address, folder); again != name {
			t.Errorf("%s: started again it has another origin", how)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("SQLite", func(t *testing.T) {
		folder, other := t.TempDir(), t.TempDir()
		file := filepath.Join(folder, store.SQLiteFile)
		fresh("a new one", "", folder)
		copied, err := os.ReadFile(file)
		must(err)
		must(os.WriteFile(filepath.Join(other, store.SQLiteFile), copied, 0o600))
		fresh("a copied file", "", other)
		must(os.Remove(file))
		must(os.WriteFile(file, copied, 0o600))
		fresh("a copied file in the place of the first", "", folder)
		db, err := store.Open(t.Context(), "", folder)
		must(err)
		backup := filepath.Join(t.TempDir(), "backup.db")
		must(db.Snapshot(t.Context(), backup))
		must(db.Close())
		copied, err = os.ReadFile(backup)
		must(err)
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
		must(err)
		_, err = f.Write(copied)
		must(err)
		must(f.Close())
		fresh("a backup written over the file that was there", "", folder)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		address := testbed.Postgres(t) // itself a copy
		fresh("a new one", address, "")
		dump := filepath.Join(t.TempDir(), "dump")
		for _, args := range [][]string{{"pg_dump", "--format=custom", "--file=" + dump, "--dbname=" + address}, {"pg_restore", "--clean", "--if-exists", "--no-owner", "--dbname=" + address, dump}} {
			if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		fresh("a dump restored over it", address, "")
	})
}
