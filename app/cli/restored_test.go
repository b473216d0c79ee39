package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// backup copies all that the server keeps while it does not run; back puts it where it was.
func (s *hostServer) backup() (back func()) {
	s.t.Helper()
	data, copied := filepath.Join(s.dir, "data"), filepath.Join(s.t.TempDir(), "backup")
	s.kill()
	if err := os.CopyFS(copied, os.DirFS(data)); err != nil {
		s.t.Fatal(err)
	}
	s.start()
	return func() {
		s.t.Helper()
		s.kill()
		if err := os.RemoveAll(data); err != nil {
			s.t.Fatal(err)
		}
		if err := os.CopyFS(data, os.DirFS(copied)); err != nil {
			s.t.Fatal(err)
		}
		s.start()
	}
}

// A server that was restored from a backup is told again what it forgot, by any machine that knows
// it: a machine that is new there sees everything, although the one that wrote it has not come back.
// Sign-ins that are newer than the backup are asked for again.
func TestARestoredServerIsToldWhatItForgot(t *testing.T) {
	s := newServer(t)
	studio, laptop, third := newDesk(t, s, "studio"), newDesk(t, s, "laptop"), newDesk(t, s, "third")
	const email = "producer@example.org"
	studio.signIn(email)
	s.admin("tier", email, "pro", "--reason", "test")
	studio.do("kit", "new", "Before")
	studio.do("cloud", "sync")
	laptop.signIn(email)
	laptop.do("cloud", "sync")
	restore := s.backup()
	studio.do("kit", "new", "Written after the backup")
	studio.do("cloud", "sync")
	laptop.do("cloud", "sync")
	restore()

	third.signIn(email)
	third.do("kit", "new", "Written after the restore") // it comes first, and is numbered after the backup
	third.do("cloud", "sync")
	if strings.Contains(third.kits(), "Written after the backup") {
		t.Fatal("the server was not restored to before")
	}
	laptop.signIn(email)
	laptop.do("cloud", "sync")
	third.do("cloud", "sync")
	studio.signIn(email)
	studio.do("cloud", "sync")
	for _, d := range []*desk{studio, laptop, third} {
		for _, name := range []string{"Before", "Written after the backup", "Written after the restore"} {
			if got := d.kits(); strings.Count(got, name) != 1 {
				t.Errorf("%s has not %q once: %s", filepath.Base(d.home), name, got)
			}
		}
	}
}

// Two processes of one library keep it in step at once, as a window and a command do, and the library
// then goes on at another place: every edit is there once, on both machines.
func TestTwoProcessesOfOneLibraryThatThenMoves(t *testing.T) {
	s := newServer(t)
	studio, laptop := newDesk(t, s, "studio"), newDesk(t, s, "laptop")
	s.signInPro(studio, laptop)
	studio.do("kit", "new", "Kit 0")
	studio.stay()
	var group sync.WaitGroup
	const kits = 8
	for n := 1; n < kits; n++ {
		group.Go(func() {
			if _, err := studio.try("kit", "new", fmt.Sprint("Kit ", n)); err != nil {
				t.Error(err)
			}
			if _, err := studio.try("cloud", "sync"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	laptop.do("cloud", "sync")
	once := func(d *desk, args ...string) {
		t.Helper()
		got := d.do(append([]string{"kit", "list", "--json"}, args...)...)
		for n := range kits {
			if strings.Count(got, fmt.Sprintf("Kit %d", n)) != 1 {
				t.Errorf("%s has not kit %d once: %s", filepath.Base(d.home), n, got)
			}
		}
	}
	once(studio)
	once(laptop)

	studio.kill()
	was := studio.library()
	from := was.Path()
	if err := was.Close(); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "another disk", "sounds.db")
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	studio.do("kit", "new", "After the move", "--library", to)
	studio.do("cloud", "sync", "--library", to)
	laptop.do("cloud", "sync")
	laptop.do("kit", "new", "An answer")
	laptop.do("cloud", "sync")
	studio.do("cloud", "sync", "--library", to)
	once(studio, "--library", to)
	once(laptop)
	if got := studio.do("kit", "list", "--json", "--library", to); !strings.Contains(got, "An answer") || !strings.Contains(laptop.kits(), "After the move") {
		t.Errorf("after the move the machines differ: %s; %s", got, laptop.kits())
	}
}
