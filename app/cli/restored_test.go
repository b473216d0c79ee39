package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sampleagent/audio/codec/codectest"
	"sampleagent/library/catalog"
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

// A machine's folders and the server are both restored from copies of one moment, so that neither knows
// what the machine wrote after it, and another machine does: what is written anew covers none of it.
func TestALibraryAndTheServerRestoredTogether(t *testing.T) {
	s := newServer(t)
	studio, laptop := newDesk(t, s, "studio"), newDesk(t, s, "laptop")
	file := filepath.Join(t.TempDir(), "Kick.wav")
	codectest.WAV(t, file, clicks(1, 120))
	studio.do("import", "--quiet", file)
	s.signInPro(studio, laptop)
	id := sampleID(t, studio, "")
	note := func(text string) { studio.do("edit", id, "note", text); studio.do("cloud", "sync") }
	note("before")
	laptop.do("cloud", "sync")
	restore := s.backup()
	home := filepath.Join(t.TempDir(), "home")
	if err := os.CopyFS(home, os.DirFS(studio.home)); err != nil {
		t.Fatal(err)
	}
	note("forgotten by both")
	laptop.do("cloud", "sync")

	restore()
	if err := os.RemoveAll(studio.home); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(studio.home, os.DirFS(home)); err != nil {
		t.Fatal(err)
	}
	studio.signIn("producer@example.org")
	note("written after")
	laptop.signIn("producer@example.org")
	laptop.do("cloud", "sync")
	studio.do("cloud", "sync")
	for _, d := range []*desk{studio, laptop} {
		d.only(func(db *catalog.DB, s catalog.Sample) {
			var cells []catalog.Cell
			err := db.SyncUpdate(t.Context(), func(tx *catalog.SyncTx) (err error) {
				cells, err = tx.Cells("sample/" + s.SHA256)
				return err
			})
			at := slices.IndexFunc(cells, func(c catalog.Cell) bool { return c.Field == "note" })
			if err != nil || at < 0 || s.Note != "written after" || !strings.Contains(string(cells[at].JSON), "forgotten by both") {
				t.Errorf("%s shows %q, %v; its cells are %s", filepath.Base(d.home), s.Note, err, cells)
			}
		})
	}
}

// Two processes of one library keep it in sync at once, as a window and a command do, and the library
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
