package sp404

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"sampleagent/library/kit"
)

// errDead is what a process gets that has been killed, and a card that has been pulled out.
var errDead = errors.New("killed")

// faultFS is the system's disk with a step that goes wrong. Steps are counted from 1.
type faultFS struct {
	systemFS
	mu    sync.Mutex
	steps int
	at    int   // the step that goes wrong; 0 never
	dead  bool  // from that step on nothing happens any more, as after kill -9
	err   error // what the step returns
	room  int64 // bytes that may be written; below 0 is no limit
	log   []string
}

func (f *faultFS) step(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps++
	f.log = append(f.log, what)
	if f.at > 0 && (f.steps == f.at || f.dead && f.steps > f.at) {
		return f.err
	}
	return nil
}

func (f *faultFS) Mkdir(path string) error {
	if err := f.step("mkdir " + path); err != nil {
		return err
	}
	return f.systemFS.Mkdir(path)
}

func (f *faultFS) Rename(from, to string) error {
	if err := f.step("rename " + from); err != nil {
		return err
	}
	return f.systemFS.Rename(from, to)
}

func (f *faultFS) Remove(path string) error {
	if err := f.step("remove " + path); err != nil {
		return err
	}
	return f.systemFS.Remove(path)
}

func (f *faultFS) SyncDir(path string) error {
	if err := f.step("sync " + path); err != nil {
		return err
	}
	return nil // the tests' disk needs none
}

func (f *faultFS) Open(path string) (io.ReadCloser, error) {
	if err := f.step("open " + path); err != nil {
		return nil, err
	}
	return os.Open(path)
}

func (f *faultFS) Create(path string) (io.WriteCloser, error) {
	if err := f.step("create " + path); err != nil {
		return nil, err
	}
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	return &faultFile{w, f}, nil
}

func (f *faultFS) ReadDir(path string) ([]fs.DirEntry, error) {
	if f.dead && f.at > 0 && f.steps >= f.at {
		return nil, f.err
	}
	return f.systemFS.ReadDir(path)
}

func (f *faultFS) Stat(path string) (fs.FileInfo, error) {
	if f.dead && f.at > 0 && f.steps >= f.at {
		return nil, f.err
	}
	return f.systemFS.Stat(path)
}

type faultFile struct {
	*os.File
	fs *faultFS
}

// Write writes half of what it is given before it goes wrong.
func (w *faultFile) Write(b []byte) (int, error) {
	if err := w.fs.step("write " + w.Name()); err != nil {
		n, _ := w.File.Write(b[:len(b)/2])
		return n, err
	}
	if w.fs.room >= 0 {
		if int64(len(b)) > w.fs.room {
			n, _ := w.File.Write(b[:w.fs.room])
			w.fs.room = 0
			return n, syscall.ENOSPC
		}
		w.fs.room -= int64(len(b))
	}
	return w.File.Write(b)
}

func (w *faultFile) Close() error {
	err := w.fs.step("close " + w.Name())
	if cerr := w.File.Close(); err == nil {
		err = cerr
	}
	return err
}

// memoryDir is a folder in memory where the system has one: these tests write hundreds of cards.
func memoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "card")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// copyTree copies a card.
func copyTree(t testing.TB, from string) string {
	t.Helper()
	to := memoryDir(t)
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// twoVersions is a card with a kit in both forms, and what that card is after the kit has been
// changed and written again.
func twoVersions(t *testing.T) (b *bench, before, after map[string]string) {
	b = newBench(t)
	b.opt.Form = FormBoth
	writeFile(t, filepath.Join(b.card, "BKUP", "01", "data"), writeText("backup"))
	writeFile(t, filepath.Join(b.card, "SP404MKII_APP0.bin"), writeText("firmware"))
	writeFile(t, filepath.Join(b.card, "IMPORT", "other.wav"), writeText("another's"))
	b.write()
	writeFile(t, filepath.Join(b.card, "IMPORT", "Demo", "A", "notes.txt"), writeText("mine"))
	before = snapshot(t, b.card)
	b.add("snare", tone(48000, 1, 7000, 180), 16, "A5")
	if err := b.kit.Clear(0); err != nil {
		t.Fatal(err)
	}
	if err := b.kit.Change([]kit.Slot{1}, func(s kit.Settings) (kit.Settings, error) { return s.WithText("volume=3", "loop=on") }); err != nil {
		t.Fatal(err)
	}
	first := b.card
	b.card = copyTree(t, first)
	b.write()
	after = snapshot(t, b.card)
	b.card = first
	return b, before, after
}

func writeText(s string) func(*bytes.Buffer) error {
	return func(w *bytes.Buffer) error { _, err := w.WriteString(s); return err }
}

// part is the files of one folder in a snapshot.
func part(m map[string]string, prefix string) map[string]string {
	out := map[string]string{}
	for name, content := range m {
		if strings.HasPrefix(name, prefix) {
			out[name] = content
		}
	}
	return out
}

// The places that are written whole.
var wholes = []string{"IMPORT/Demo/", "EXPORT/PROJECT/PROJECT_01/"}

// checkWhole says in which of the places a card has neither the former nor the new content.
func checkWhole(now, before, after map[string]string) error {
	for _, place := range wholes {
		got := part(now, place)
		if !maps.Equal(got, part(before, place)) && !maps.Equal(got, part(after, place)) {
			return fmt.Errorf("%s is neither old nor new: %q", place, names(got))
		}
	}
	for name, content := range before {
		if strings.HasPrefix(name, "BKUP") || strings.HasPrefix(name, "SP404MKII") || name == "IMPORT/other.wav" {
			if now[name] != content {
				return fmt.Errorf("%s has been touched", name)
			}
		}
	}
	return nil
}

func steps(t *testing.T, b *bench) int {
	t.Helper()
	c := *b
	c.card = copyTree(t, b.card)
	f := &faultFS{room: -1}
	if _, err := c.writeOn(f); err != nil {
		t.Fatal(err)
	}
	if f.steps < 60 {
		t.Fatalf("only %d steps: %q", f.steps, f.log)
	}
	return f.steps
}

// Killed at any step: the former kit or the new one stands whole, at the latest after the
// next run has cleared up; and that run then succeeds.
func TestKilledAtEveryStep(t *testing.T) {
	b, before, after := twoVersions(t)
	total := steps(t, b)
	for n := 1; n <= total; n++ {
		c := *b
		c.card = copyTree(t, b.card)
		_, err := c.writeOn(&faultFS{room: -1, at: n, dead: true, err: errDead})
		// What is on the card now, without clearing up: each place stands, or its former content
		// lies beside it whole.
		raw := snapshot(t, c.card)
		for _, place := range wholes {
			got := part(raw, place)
			if len(got) == 0 {
				for name, content := range part(raw, strings.TrimSuffix(place, "/")+oldSuffix+"/") {
					got[place+strings.TrimPrefix(name, strings.TrimSuffix(place, "/")+oldSuffix+"/")] = content
				}
			}
			if !maps.Equal(got, part(before, place)) && !maps.Equal(got, part(after, place)) {
				t.Fatalf("step %d: %s is neither old nor new before clearing up (%v)", n, place, err)
			}
		}
		for _, place := range wholes {
			if err := recoverUnit(systemFS{}, filepath.Join(c.card, place)); err != nil {
				t.Fatalf("step %d: %v", n, err)
			}
		}
		now := snapshot(t, c.card)
		if err := checkWhole(now, before, after); err != nil {
			t.Fatalf("step %d: %v", n, err)
		}
		for name := range now {
			if strings.Contains(name, newSuffix) || strings.Contains(name, oldSuffix) {
				t.Fatalf("step %d: %s is left behind", n, name)
			}
		}
		if n%7 == 0 || n > total-25 {
			if r, err := Verify(context.Background(), c.card, nil); err != nil || len(onlyNotes(r)) > 0 {
				t.Fatalf("step %d: verification says %v, %v", n, onlyNotes(r), err)
			}
		}
		if _, err := c.writeOn(&faultFS{room: -1}); err != nil {
			t.Fatalf("step %d: written again: %v", n, err)
		}
		if now := snapshot(t, c.card); !maps.Equal(now, after) {
			t.Fatalf("step %d: written again the card differs in %q", n, differ(now, after))
		}
	}
}

// writeOn plans on the healthy card and writes with the fault.
func (b *bench) writeOn(f FileSystem) (*Outcome, error) {
	b.t.Helper()
	p := b.plan()
	p.opt.Files = f
	return p.Write(context.Background(), nil)
}

// onlyNotes are the findings but for the file that the user put there.
func onlyNotes(r *Report) []Finding {
	if r == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Fault == Extra && f.File == "IMPORT/Demo/A/notes.txt" })
}

func differ(a, b map[string]string) []string {
	var out []string
	for name, content := range a {
		if other, ok := b[name]; !ok || other != content {
			out = append(out, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			out = append(out, "-"+name)
		}
	}
	slices.Sort(out)
	return out
}

// One step fails and the program lives: the error is told and the card is as it was, or, once
// all is in place, the new kit stands and what could not be removed is told.
func TestEveryStepFails(t *testing.T) {
	b, before, after := twoVersions(t)
	total := steps(t, b)
	for n := 1; n <= total; n++ {
		c := *b
		c.card = copyTree(t, b.card)
		f := &faultFS{room: -1, at: n, err: syscall.EIO}
		out, err := c.writeOn(f)
		now := snapshot(t, c.card)
		what := "?"
		if len(f.log) >= n {
			what = f.log[n-1]
		}
		if err != nil {
			if !maps.Equal(now, before) {
				t.Fatalf("step %d (%s) failed with %v and the card differs in %q", n, what, err, differ(now, before))
			}
			if !errors.Is(err, ErrGone) || !strings.Contains(err.Error(), "as it was") {
				t.Fatalf("step %d (%s): %v", n, what, err)
			}
			continue
		}
		if err := checkWhole(now, before, after); err != nil {
			t.Fatalf("step %d (%s): %v", n, what, err)
		}
		if !maps.Equal(now, after) && len(out.Warnings) == 0 {
			t.Fatalf("step %d (%s): the card differs in %q and nothing is said", n, what, differ(now, after))
		}
	}
}

func TestCancelledAtEveryStep(t *testing.T) {
	b, before, after := twoVersions(t)
	count := 0
	c := *b
	c.card = copyTree(t, b.card)
	if _, err := c.plan().Write(context.Background(), func(Progress) { count++ }); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= count; n += 1 + n/20 {
		c := *b
		c.card = copyTree(t, b.card)
		ctx, cancel := context.WithCancel(context.Background())
		seen := 0
		_, err := c.plan().Write(ctx, func(Progress) {
			if seen++; seen == n {
				cancel()
			}
		})
		cancel()
		now := snapshot(t, c.card)
		switch {
		case err == nil && !maps.Equal(now, after):
			t.Fatalf("call %d: no error, and the card differs in %q", n, differ(now, after))
		case err != nil && (!errors.Is(err, context.Canceled) || !maps.Equal(now, before)):
			t.Fatalf("call %d: %v; the card differs in %q", n, err, differ(now, before))
		}
	}
}

func TestFullCard(t *testing.T) {
	b, before, _ := twoVersions(t)
	for _, room := range []int64{0, 1, 500, 20000, 60000, 120000} {
		c := *b
		c.card = copyTree(t, b.card)
		_, err := c.writeOn(&faultFS{room: room})
		if !errors.Is(err, ErrFull) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		if now := snapshot(t, c.card); !maps.Equal(now, before) {
			t.Fatalf("room for %d bytes: the card differs in %q", room, differ(now, before))
		}
	}
}

type smallDisk struct{ systemFS }

func (smallDisk) Free(string) (int64, bool) { return 100_000, true }

func TestPlanThatDoesNotFitIsNotBegun(t *testing.T) {
	b := newBench(t)
	b.opt.Files = smallDisk{}
	p := b.plan()
	if p.Fits() || len(p.Warnings) == 0 {
		t.Errorf("%d of %d bytes fit; warnings %q", p.Needs(), p.Free, p.Warnings)
	}
	if _, err := p.Write(context.Background(), nil); !errors.Is(err, ErrDoesNotFit) {
		t.Errorf("%v", err)
	}
	if len(snapshot(t, b.card)) != 1 {
		t.Error("something was written")
	}
}

type protected struct{ systemFS }

func (protected) Mkdir(string) error                    { return syscall.EROFS }
func (protected) Create(string) (io.WriteCloser, error) { return nil, syscall.EROFS }
func (protected) Rename(string, string) error           { return syscall.EROFS }

// locked is a protected card of which the system knows it beforehand.
type locked struct{ protected }

func (locked) Writable(string) error { return syscall.EROFS }

func TestProtectedCard(t *testing.T) {
	b, before, _ := twoVersions(t)
	_, err := b.writeOn(protected{})
	if !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "lock switch") {
		t.Errorf("%v", err)
	}
	b.opt.Files = locked{}
	if _, err := NewPlan(context.Background(), b.kit, b.samples, b.card, b.opt); !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "lock switch") {
		t.Errorf("the plan says %v", err)
	}
	if now := snapshot(t, b.card); !maps.Equal(now, before) {
		t.Errorf("the card differs in %q", differ(now, before))
	}
}

// flaky gives back other bytes than were written.
type flaky struct{ systemFS }

func (flaky) Open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil || !strings.HasSuffix(path, ".SMP") {
		return f, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(f, strings.NewReader("x")), f}, nil
}

func TestCardThatDoesNotKeepWhatItGets(t *testing.T) {
	b, before, _ := twoVersions(t)
	_, err := b.writeOn(flaky{})
	if !errors.Is(err, ErrNotVerified) {
		t.Errorf("%v", err)
	}
	if now := snapshot(t, b.card); !maps.Equal(now, before) {
		t.Errorf("the card differs in %q", differ(now, before))
	}
}

func TestSampleThatGoesBadAfterThePlan(t *testing.T) {
	b, before, _ := twoVersions(t)
	p := b.plan()
	if err := os.WriteFile(b.samples["snare"].Path, []byte("RIFF"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := p.Write(context.Background(), nil)
	var source *SourceError
	if !errors.As(err, &source) || source.Slot.String() != "A5" || errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
	if err := os.Remove(b.samples["plain"].Path); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(context.Background(), nil); !errors.As(err, &source) || errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
	if now := snapshot(t, b.card); !maps.Equal(now, before) {
		t.Errorf("the card differs in %q", differ(now, before))
	}
}

// A folder that is not there yet is planned without being made, made by the writing, and taken
// away again when the writing fails at any step.
func TestFolderIsMade(t *testing.T) {
	b := newBench(t)
	parent := b.card
	b.card, b.opt.Make = filepath.Join(parent, "new"), true
	if p := b.plan(); p.Free < 0 {
		t.Error("nothing is known of the room")
	}
	f := &faultFS{room: -1}
	for n := 1; n == 1 || n <= f.steps; n++ {
		if out, err := b.writeOn(&faultFS{room: -1, at: n, err: syscall.ENOSPC}); err != nil {
			if there, _ := exists(systemFS{}, b.card); there {
				t.Fatalf("step %d: the folder stays after %v", n, err)
			}
		} else if f.steps == 0 || len(out.Warnings) == 0 {
			t.Fatalf("step %d failed and nothing says so", n)
		}
		if f.steps == 0 { // how many there are
			if _, err := b.writeOn(f); err != nil {
				t.Fatal(err)
			}
			if r := b.verify(); !r.OK() {
				t.Errorf("%+v", r.Findings)
			}
		}
		if err := os.RemoveAll(b.card); err != nil {
			t.Fatal(err)
		}
	}
}
