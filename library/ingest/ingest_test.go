//go:build sqlite_fts5 || fts5

package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/codec"
	"sampleagent/library/catalog"
)

func openNew(t testing.TB) *catalog.DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "library.db"))
}

func openAt(t testing.TB, path string) *catalog.DB {
	t.Helper()
	db, err := catalog.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wav is a file of 0.1 s with a tone that depends on seed: other seeds, other bytes.
func wav(seed int) []byte {
	const rate, frames = 8000, 800
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*2)
	b = append(b, 2, 0, 16, 0, 'd', 'a', 't', 'a')
	b = binary.LittleEndian.AppendUint32(b, frames*2)
	for i := range frames {
		v := 8000 * math.Sin(2*math.Pi*float64(100+seed)*float64(i)/rate) * math.Exp(-float64(i)/200)
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(v)))
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, data, 0o644))
}

// heard collects outcomes by path below root.
type heard struct {
	root string
	by   map[string]Outcome
	all  []Outcome
}

func (h *heard) file(o Outcome) {
	rel, err := filepath.Rel(h.root, o.Path)
	if err != nil {
		rel = o.Path
	}
	h.by[rel] = o
	h.all = append(h.all, o)
}

func (h *heard) String() string {
	var lines []string
	for p, o := range h.by {
		lines = append(lines, p+": "+string(o.What))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func importAll(t testing.TB, db *catalog.DB, root string, o Options, paths ...string) (*heard, Summary) {
	t.Helper()
	h := &heard{root: root, by: map[string]Outcome{}}
	o.File = h.file
	if len(paths) == 0 {
		paths = []string{root}
	}
	sum, err := Run(t.Context(), db, paths, o)
	if err != nil {
		t.Fatal(err)
	}
	return h, sum
}

func check(t testing.TB, h *heard, want map[string]What) {
	t.Helper()
	for p, w := range want {
		if got := h.by[p].What; got != w {
			t.Errorf("%s: %q, want %q", p, got, w)
		}
	}
	if len(h.all) != len(want) {
		t.Errorf("%d outcomes, want %d:\n%v", len(h.all), len(want), h)
	}
}

func TestAFolderIsImportedWithAllItHolds(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "Kicks", "kick.wav"), wav(1))
	write(t, filepath.Join(root, "Kicks", "deep", "sub 90bpm Am.wav"), wav(2))
	write(t, filepath.Join(root, "no extension"), wav(3))
	write(t, filepath.Join(root, "od\xff\xfe'd \"%_ name.wav"), wav(4))
	write(t, filepath.Join(root, "._kick.wav"), []byte("mac"))
	write(t, filepath.Join(root, ".hidden", "x.wav"), wav(5))
	write(t, filepath.Join(root, "empty.wav"), nil)
	write(t, filepath.Join(root, "readme.txt"), []byte("hello"))
	write(t, filepath.Join(root, "letter.dat"), []byte("hello, this is no sound"))
	write(t, filepath.Join(root, "broken.wav"), []byte("RIFF, or so it says, but no"))
	write(t, filepath.Join(root, "cut.wav"), wav(6)[:100])
	must(t, os.MkdirAll(filepath.Join(root, "folder.wav"), 0o755))
	must(t, os.Symlink(root, filepath.Join(root, "loop")))
	must(t, os.Symlink(filepath.Join(root, "Kicks"), filepath.Join(root, "Kicks", "again")))
	must(t, os.Symlink("/nowhere/at/all.wav", filepath.Join(root, "dangling.wav")))
	db := openNew(t)
	h, sum := importAll(t, db, root, Options{FolderTags: true})
	check(t, h, map[string]What{"Kicks/kick.wav": Added, "Kicks/deep/sub 90bpm Am.wav": Added, "no extension": Added, "od\xff\xfe'd \"%_ name.wav": Added,
		"broken.wav": Failed, "cut.wav": Added, "dangling.wav": Refused})
	if sum.Failed() != 2 || !strings.Contains(h.by["broken.wav"].Err, "broken.wav") {
		t.Errorf("failures: %+v", sum.Failures)
	}
	for p, o := range h.by {
		if o.What == Refused {
			continue
		}
		s, err := db.SampleByID(t.Context(), o.ID)
		if err != nil || s.Row != o.Row || s.Path != filepath.Join(root, p) {
			t.Errorf("%s: %+v, %v", p, s, err)
		}
		if o.What == Added && (s.State != catalog.Analysed || len(s.SHA256) != 64 || s.Frames == 0 || len(s.Overview) != 2*overviewColumns) {
			t.Errorf("%s: %+v", p, s)
		}
	}
	s, err := db.SampleByPath(t.Context(), filepath.Join(root, "Kicks", "deep", "sub 90bpm Am.wav"))
	must(t, err)
	if s.Key != "A minor" || s.KeySource != analysis.FromName || !slices.Equal(s.Tags, []string{filepath.Base(root), "deep", "Kicks"}) {
		t.Errorf("%+v", s)
	}
	if f, err := db.Failures(t.Context()); err != nil || len(f) != 1 || f[0].Reason != "link leads nowhere" {
		t.Errorf("%+v, %v", f, err)
	}
	must(t, os.Remove(filepath.Join(root, "dangling.wav")))
	h, sum = importAll(t, db, root, Options{})
	if sum.Count[Unchanged] != 5 || sum.Count[Failed] != 1 || sum.Count[Refused] != 0 || h.by["broken.wav"].Err == "" {
		t.Errorf("again: %v\n%v", sum.Count, h)
	}
	if f, _ := db.Failures(t.Context()); len(f) != 0 {
		t.Errorf("a failure that is mended is still there: %+v", f)
	}
	if jobs, _ := db.Jobs(t.Context(), jobKind, 10); len(jobs) != 2 || jobs[0].State != catalog.JobCompleted {
		t.Errorf("jobs: %+v", jobs)
	}
}

func TestMovedChangedGoneAndBack(t *testing.T) {
	root := t.TempDir()
	at := func(p string) string { return filepath.Join(root, p) }
	for i, n := range []string{"moved.wav", "renamed.wav", "changed.wav", "touched.wav", "gone.wav", "same.wav"} {
		write(t, at(n), wav(i))
	}
	db := openNew(t)
	first, _ := importAll(t, db, root, Options{})
	rows := []catalog.Row{first.by["moved.wav"].Row, first.by["changed.wav"].Row}
	must(t, db.SetField(t.Context(), rows, catalog.FieldBPM, "93"))
	must(t, db.AddTags(t.Context(), rows, "mine"))

	must(t, os.MkdirAll(at("sub"), 0o755))
	must(t, os.Rename(at("moved.wav"), at("sub/moved.wav")))
	must(t, os.Rename(at("renamed.wav"), at("other name.wav")))
	write(t, at("changed.wav"), wav(77))
	must(t, os.Chtimes(at("changed.wav"), time.Now(), time.Now().Add(time.Hour)))
	must(t, os.Chtimes(at("touched.wav"), time.Now(), time.Now().Add(time.Hour)))
	must(t, os.Rename(at("gone.wav"), filepath.Join(t.TempDir(), "gone.wav")))
	write(t, at("new.wav"), wav(88))
	h, _ := importAll(t, db, root, Options{})
	check(t, h, map[string]What{"sub/moved.wav": Moved, "other name.wav": Moved, "changed.wav": Changed, "touched.wav": Unchanged, "gone.wav": Missing, "same.wav": Unchanged, "new.wav": Added})
	for now, before := range map[string]string{"sub/moved.wav": "moved.wav", "other name.wav": "renamed.wav", "changed.wav": "changed.wav", "gone.wav": "gone.wav"} {
		if h.by[now].ID == "" || h.by[now].ID != first.by[before].ID {
			t.Errorf("%s has the id %q, was %q", now, h.by[now].ID, first.by[before].ID)
		}
	}
	for _, r := range rows {
		s, err := db.Sample(t.Context(), r)
		if err != nil || s.BPM != 93 || s.BPMSource != analysis.FromHand || !slices.Equal(s.Tags, []string{"mine"}) || s.State != catalog.Analysed {
			t.Errorf("typed values are lost: %+v, %v", s, err)
		}
	}
	write(t, at("gone.wav"), wav(4))
	must(t, os.Remove(at("same.wav")))
	h, _ = importAll(t, db, root, Options{})
	if h.by["gone.wav"].What != Changed && h.by["gone.wav"].What != Unchanged && h.by["gone.wav"].What != Restored {
		t.Errorf("back: %v", h.by["gone.wav"])
	}
	if s, err := db.SampleByPath(t.Context(), at("gone.wav")); err != nil || s.State != catalog.Analysed || s.ID != first.by["gone.wav"].ID {
		t.Errorf("%+v, %v", s, err)
	}
	// A file that went missing and turns up elsewhere is the same sample.
	write(t, at("elsewhere/was same.wav"), wav(5))
	h, _ = importAll(t, db, root, Options{})
	if o := h.by["elsewhere/was same.wav"]; o.What != Moved || o.ID != first.by["same.wav"].ID {
		t.Errorf("missing and found elsewhere: %+v", o)
	}
	// The folder itself goes away.
	must(t, os.RemoveAll(root))
	_, sum := importAll(t, db, root, Options{})
	if sum.Count[Missing] != 7 || sum.Count[Refused] != 0 && sum.Count[Refused] != 1 {
		t.Errorf("the folder is gone: %v", sum.Count)
	}
}

// counting counts what is really analysed.
func counting(n *atomic.Int64) func(ctx context.Context, path string, o analysis.Options) (*analysis.Report, *codec.Tags, error) {
	return func(ctx context.Context, path string, o analysis.Options) (*analysis.Report, *codec.Tags, error) {
		n.Add(1)
		return analysis.File(ctx, path, o)
	}
}

func TestTheSameBytesTwiceAreAnalysedOnce(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "a.wav"), wav(1))
	db := openNew(t)
	var n atomic.Int64
	importAll(t, db, root, Options{Analyse: counting(&n)})
	write(t, filepath.Join(root, "b.wav"), wav(1))
	write(t, filepath.Join(root, "c 120bpm loop.wav"), wav(1))
	h, _ := importAll(t, db, root, Options{Analyse: counting(&n)})
	check(t, h, map[string]What{"a.wav": Unchanged, "b.wav": Added, "c 120bpm loop.wav": Added})
	if n.Load() != 2 { // a, and c, whose name says something else
		t.Errorf("%d analyses", n.Load())
	}
	a, err := db.SampleByPath(t.Context(), filepath.Join(root, "a.wav"))
	must(t, err)
	b, err := db.SampleByPath(t.Context(), filepath.Join(root, "b.wav"))
	must(t, err)
	if b.ID == a.ID || b.SHA256 != a.SHA256 || b.Frames != a.Frames || b.State != catalog.Analysed || b.Class != a.Class || string(b.Overview) != string(a.Overview) {
		t.Errorf("%+v\n%+v", a, b)
	}
	rep, err := db.Report(t.Context(), b.Row)
	if err != nil || rep.Path != b.Path {
		t.Errorf("%+v, %v", rep, err)
	}
	write(t, filepath.Join(root, "d.wav"), wav(1))
	h, _ = importAll(t, db, root, Options{SkipDuplicates: true})
	if o := h.by["d.wav"]; o.What != Duplicate || o.From == "" {
		t.Errorf("skip duplicates: %+v", o)
	}
	if c, _ := db.Counts(t.Context()); c.Total != 3 {
		t.Errorf("%+v", c)
	}
}

func TestFilesThatVanishOrCannotBeRead(t *testing.T) {
	root := t.TempDir()
	for i := range 6 {
		write(t, filepath.Join(root, fmt.Sprintf("%d.wav", i)), wav(i))
	}
	db := openNew(t)
	h, sum := importAll(t, db, root, Options{Workers: 1, Analyse: func(ctx context.Context, path string, o analysis.Options) (*analysis.Report, *codec.Tags, error) {
		switch filepath.Base(path) {
		case "0.wav": // the last file vanishes while the first is heard
			must(t, os.Remove(filepath.Join(root, "5.wav")))
		case "1.wav":
			return nil, nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("input/output error")}
		case "2.wav":
			panic("index out of range")
		case "3.wav":
			return &analysis.Report{OK: true, BPM: ptr(math.NaN())}, nil, nil
		}
		return analysis.File(ctx, path, o)
	}}, root, filepath.Join(root, "never was.wav"))
	if h.by["5.wav"].What != Missing || h.by["1.wav"].What != Failed || h.by["2.wav"].What != Failed || h.by["0.wav"].What != Added || h.by["4.wav"].What != Added {
		t.Errorf("%v", h)
	}
	if o := h.by["never was.wav"]; o.What != Refused || o.Err != "is not there" {
		t.Errorf("a path that is not there: %+v", o)
	}
	if s, _ := db.SampleByPath(t.Context(), filepath.Join(root, "3.wav")); s.State != catalog.Failed {
		t.Errorf("a report that cannot be stored: %+v", s)
	}
	if sum.Failed() != 4 {
		t.Errorf("%+v", sum.Failures)
	}
}

func ptr[T any](v T) *T { return &v }

func TestCancelKeepsWhatIsDoneAndResumeDoesTheRest(t *testing.T) {
	root := t.TempDir()
	const files = 60
	for i := range files {
		write(t, filepath.Join(root, fmt.Sprintf("%03d.wav", i)), wav(i))
	}
	db := openNew(t)
	var n atomic.Int64
	analyse := counting(&n)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, db, []string{root}, Options{Analyse: func(ctx context.Context, path string, o analysis.Options) (*analysis.Report, *codec.Tags, error) {
		if n.Load() == 20 {
			cancel()
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return analyse(ctx, path, o)
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want context.Canceled", err)
	}
	c, err := db.Counts(t.Context())
	must(t, err)
	if c.Total != files || c.Analysed == 0 || c.Listed == 0 || c.Failed != 0 {
		t.Fatalf("after the cancel: %+v", c)
	}
	jobs, err := Unfinished(t.Context(), db)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%+v, %v", jobs, err)
	}
	w, err := db.Waiting(t.Context(), 0, 100)
	must(t, err)
	for _, w := range w {
		if w.Tries != 0 {
			t.Errorf("%s was put off and counts as tried %d times", w.Path, w.Tries)
		}
	}
	before := n.Load()
	sum, err := Resume(t.Context(), db, Options{Analyse: analyse})
	must(t, err)
	if int(n.Load()-before) != c.Listed || sum.Count[Added] != c.Listed || sum.Count[Unchanged] != c.Analysed {
		t.Errorf("resume heard %d of %d: %v", n.Load()-before, c.Listed, sum.Count)
	}
	if jobs, _ := Unfinished(t.Context(), db); len(jobs) != 0 {
		t.Errorf("still unfinished: %+v", jobs)
	}
}

// Two imports of one folder at once: the slower one tells of every file all the same.
func TestAnotherImportListsTheFilesMeanwhile(t *testing.T) {
	db, dir := openNew(t), t.TempDir()
	for i := range 3 {
		write(t, filepath.Join(dir, fmt.Sprint(i, ".wav")), wav(i))
	}
	write(t, filepath.Join(dir, "broken.wav"), []byte("RIFF and nothing"))
	var other sync.Once
	h, _ := importAll(t, db, dir, Options{Checkpoint: func(ctx context.Context) (err error) {
		other.Do(func() { _, err = Run(ctx, db, []string{dir}, Options{}) })
		return err
	}})
	if got := h.String(); got != "0.wav: unchanged\n1.wav: unchanged\n2.wav: unchanged\nbroken.wav: failed" {
		t.Error(got)
	}
	for _, o := range h.all {
		if o.ID == "" || (o.What == Failed) != (o.Err != "") {
			t.Errorf("%+v", o)
		}
	}
}

func TestADroppedImportIsNotResumed(t *testing.T) {
	root := t.TempDir()
	for i := range 5 {
		write(t, filepath.Join(root, fmt.Sprintf("%d.wav", i)), wav(i))
	}
	db := openNew(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := Run(ctx, db, []string{root}, Options{Checkpoint: func(ctx context.Context) error { cancel(ErrDropped); return ctx.Err() }})
	if !errors.Is(err, ErrDropped) {
		t.Fatalf("%v, want ErrDropped", err)
	}
	if jobs, _ := Unfinished(t.Context(), db); len(jobs) != 0 {
		t.Errorf("%+v", jobs)
	}
	sum, err := Run(t.Context(), db, []string{root}, Options{})
	if err != nil || sum.Count[Added] != 5 {
		t.Errorf("%v, %v", sum, err)
	}
}

func TestPauseStopsBetweenFiles(t *testing.T) {
	root := t.TempDir()
	for i := range 30 {
		write(t, filepath.Join(root, fmt.Sprintf("%d.wav", i)), wav(i))
	}
	db := openNew(t)
	var gate sync.RWMutex
	var n atomic.Int64
	analyse := counting(&n)
	done := make(chan error, 1)
	paused := make(chan struct{})
	var once sync.Once
	go func() {
		_, err := Run(t.Context(), db, []string{root}, Options{
			Checkpoint: func(ctx context.Context) error { gate.RLock(); defer gate.RUnlock(); return ctx.Err() },
			Analyse: func(ctx context.Context, path string, o analysis.Options) (*analysis.Report, *codec.Tags, error) {
				if n.Load() == 5 {
					once.Do(func() { gate.Lock(); close(paused) })
				}
				return analyse(ctx, path, o)
			}})
		done <- err
	}()
	<-paused
	time.Sleep(300 * time.Millisecond) // whatever was begun ends
	at := n.Load()
	time.Sleep(300 * time.Millisecond)
	if n.Load() != at || at > 15 {
		t.Errorf("%d files were heard while paused, %d in all", n.Load()-at, at)
	}
	gate.Unlock()
	must(t, <-done)
	if n.Load() != 30 {
		t.Errorf("%d files were heard", n.Load())
	}
}

func TestCopiesGoIntoTheManagedFolder(t *testing.T) {
	from, managed := t.TempDir(), filepath.Join(t.TempDir(), "managed")
	write(t, filepath.Join(from, "Pack", "Kicks", "k.wav"), wav(1))
	write(t, filepath.Join(from, "Pack", "s.wav"), wav(2))
	pack := filepath.Join(from, "Pack")
	db := openNew(t)
	h, _ := importAll(t, db, managed, Options{Copy: managed, FolderTags: true}, pack)
	check(t, h, map[string]What{"Pack/Kicks/k.wav": Added, "Pack/s.wav": Added})
	s, err := db.SampleByID(t.Context(), h.by["Pack/Kicks/k.wav"].ID)
	if err != nil || !s.Managed || !slices.Equal(s.Tags, []string{"Kicks", "Pack"}) || h.by["Pack/Kicks/k.wav"].From != filepath.Join(pack, "Kicks", "k.wav") {
		t.Errorf("%+v, %v", s, err)
	}
	h, _ = importAll(t, db, managed, Options{Copy: managed}, pack)
	check(t, h, map[string]What{"Pack/Kicks/k.wav": Unchanged, "Pack/s.wav": Unchanged})
	write(t, filepath.Join(pack, "s.wav"), wav(3))
	must(t, os.Chtimes(filepath.Join(pack, "s.wav"), time.Now(), time.Now().Add(time.Hour)))
	h, _ = importAll(t, db, managed, Options{Copy: managed}, pack)
	if h.by["Pack/s (2).wav"].What != Added {
		t.Errorf("a changed original: %v", h)
	}
	got, err := os.ReadFile(filepath.Join(managed, "Pack", "s.wav"))
	if err != nil || string(got) != string(wav(2)) {
		t.Error("the first copy was replaced")
	}
	must(t, os.RemoveAll(pack))
	if c, _ := db.Counts(t.Context()); c.Missing != 0 || c.Total != 3 {
		t.Errorf("%+v", c)
	}
}

func TestProgressIsToldAndEndsAtTheEnd(t *testing.T) {
	root := t.TempDir()
	for i := range 20 {
		write(t, filepath.Join(root, fmt.Sprintf("%d.wav", i)), wav(i))
	}
	write(t, filepath.Join(root, "bad.wav"), []byte("nothing"))
	var last Progress
	calls := 0
	_, err := Run(t.Context(), openNew(t), []string{root}, Options{Progress: func(p Progress) { last, calls = p, calls+1 }})
	must(t, err)
	if last.Step != Analysing || last.Found != 21 || last.Total != 21 || last.Done != 21 || last.Failed != 1 || last.Bytes != last.TotalBytes || last.Bytes == 0 || last.Current == "" {
		t.Errorf("%+v", last)
	}
}

func TestAFullDiskStopsTheImportAndItGoesOnLater(t *testing.T) {
	root := t.TempDir()
	for i := range 40 {
		write(t, filepath.Join(root, fmt.Sprintf("%d.wav", i)), wav(i))
	}
	path := filepath.Join(t.TempDir(), "library.db")
	db := openAt(t, path)
	must(t, db.LimitPages(t.Context(), 80))
	_, err := Run(t.Context(), db, []string{root}, Options{})
	if !errors.Is(err, catalog.ErrDiskFull) {
		t.Fatalf("%v, want ErrDiskFull", err)
	}
	if n := strings.Count(err.Error(), catalog.ErrDiskFull.Error()); n != 1 {
		t.Errorf("said %d times: %v", n, err)
	}
	must(t, db.LimitPages(t.Context(), 1<<30))
	_, err = Run(t.Context(), db, []string{root}, Options{})
	must(t, err)
	if c, err := db.Counts(t.Context()); err != nil || c.Analysed != 40 {
		t.Errorf("%+v, %v", c, err)
	}
	if bad, err := db.IntegrityCheck(t.Context()); err != nil || len(bad) > 0 {
		t.Errorf("%v, %v", bad, err)
	}
}

func TestReanalyse(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "a.wav"), wav(1))
	write(t, filepath.Join(root, "b.wav"), wav(2))
	db := openNew(t)
	importAll(t, db, root, Options{})
	rows, err := db.All(t.Context())
	must(t, err)
	must(t, db.Reanalyse(t.Context(), rows[:1]))
	var n atomic.Int64
	sum, err := Waiting(t.Context(), db, Options{Analyse: counting(&n)})
	if err != nil || n.Load() != 1 || sum.Count[Changed] != 1 {
		t.Errorf("%d analyses, %+v, %v", n.Load(), sum, err)
	}
}

func TestFindListsInOrderWithoutALibrary(t *testing.T) {
	root := t.TempDir()
	for _, n := range []string{"b.wav", "a/z.wav", "a/readme.txt", "c.bin"} {
		write(t, filepath.Join(root, n), wav(1))
	}
	var got []string
	failures, err := Find(t.Context(), []string{root, filepath.Join(root, "c.bin"), filepath.Join(root, "none")}, func(f Found) error {
		rel, _ := filepath.Rel(root, f.Path)
		got = append(got, rel)
		return nil
	})
	must(t, err)
	if want := []string{"a/z.wav", "b.wav", "c.bin"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if len(failures) != 1 {
		t.Errorf("%+v", failures)
	}
}
