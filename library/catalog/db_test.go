//go:build sqlite_fts5 || fts5

package catalog

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sampleagent/audio/analysis"
)

func openNew(t testing.TB) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "library.db"))
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

// add lists files of the given names and returns their rows.
func add(t testing.TB, db *DB, names ...string) []Row {
	t.Helper()
	var files []NewFile
	for i, n := range names {
		files = append(files, NewFile{Path: "/sounds/" + n, Size: int64(100 + i), ModTime: time.Unix(1700000000, int64(i))})
	}
	rows, err := db.List(t.Context(), "", files)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func ptr[T any](v T) *T { return &v }

// loopReport is a report with a value in every field that the tables hold.
func loopReport(path string) *analysis.Report {
	return &analysis.Report{
		Path: path, OK: true, Format: ptr("wav"), SampleRate: ptr(44100), Channels: ptr(2), BitDepth: ptr(24), Frames: ptr(int64(88200)), Duration: ptr(2.0),
		SHA256: ptr("aa" + path), Kind: ptr(analysis.LoopKind), Class: ptr("drums"), ClassConfidence: ptr(0.8),
		BPM: ptr(120.0), BPMConfidence: ptr(0.9), BPMSource: ptr(analysis.FromSound), Key: ptr("A minor"), KeyConfidence: ptr(0.7), KeySource: ptr(analysis.FromSound),
		BeatsInLoop: ptr(4), IntegratedLUFS: ptr(-14.5), SamplePeakDBFS: ptr(-0.5), Spectral: &analysis.Spectral{CentroidMean: 1500}, Engine: "test-1",
	}
}

func store(t testing.TB, db *DB, rows ...Row) {
	t.Helper()
	var batch []Analysis
	for _, r := range rows {
		s, err := db.Sample(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, Analysis{Row: r, Size: s.Size, ModTime: s.ModTime, Report: loopReport(s.Path), Embedding: []float32{1, 0}, Overview: []byte{1, 255}, Peaks: []byte("peaks")})
	}
	if err := db.Store(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// texts asks the full-text index.
func texts(t testing.TB, db *DB, match string) []Row {
	t.Helper()
	rows, err := db.Rows(t.Context(), `SELECT rowid AS row FROM sample_fts WHERE sample_fts MATCH ? ORDER BY rowid`, match)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestOpenMakesAndReopensALibrary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd #name? 100% ü", "library.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	rows := add(t, db, "a.wav")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("library is not where it was asked for: %v", err)
	}
	db, err = Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := db.Sample(t.Context(), rows[0])
	if err != nil || s.Path != "/sounds/a.wav" || s.State != Listed {
		t.Errorf("after reopening: %+v, %v", s, err)
	}
	if bad, err := db.IntegrityCheck(t.Context()); err != nil || len(bad) > 0 {
		t.Errorf("check found %v, %v", bad, err)
	}
}

func TestOpenSaysWhatIsWrongWithTheFile(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte("this is a letter and not a database, and long enough to have a header of one hundred bytes, surely it is by now"), 0o644); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "foreign.db")
	raw := sql.OpenDB(newConnector(foreign, ""))
	if _, err := raw.Exec(`CREATE TABLE recipes (name TEXT)`); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	newer := filepath.Join(dir, "newer.db")
	db, err := Open(t.Context(), newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.w.Exec(`PRAGMA user_version = 9999`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for _, c := range []struct {
		path string
		want error
	}{{text, ErrNotLibrary}, {foreign, ErrNotLibrary}, {newer, ErrNewer}, {dir, ErrNotLibrary}} {
		db, err := Open(t.Context(), c.path)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", filepath.Base(c.path), err, c.want)
		}
		if err == nil {
			db.Close()
		}
	}
}

func TestADamagedFileIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("sound number %d.wav", i))
	}
	add(t, db, names...)
	db.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 4; i < len(b)/2; i++ {
		b[i] ^= 0x5a
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err = Open(t.Context(), path)
	if err != nil {
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("%v, want ErrDamaged", err)
		}
		return
	}
	defer db.Close()
	bad, err := db.IntegrityCheck(t.Context())
	if err != nil && !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	if err == nil && len(bad) == 0 {
		t.Error("a file with a quarter of its bytes changed passes the check")
	}
}

func TestAFullDiskIsSaidAndLeavesTheLibraryWhole(t *testing.T) {
	db := openNew(t)
	rows := add(t, db, "before.wav")
	var pages int
	if err := db.w.QueryRow(`PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if _, err := db.w.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+2)); err != nil {
		t.Fatal(err)
	}
	var files []NewFile
	for i := range 2000 {
		files = append(files, NewFile{Path: fmt.Sprintf("/sounds/%d.wav", i), Size: 1})
	}
	if _, err := db.List(t.Context(), "", files); !errors.Is(err, ErrDiskFull) {
		t.Fatalf("%v, want ErrDiskFull", err)
	}
	all, err := db.All(t.Context())
	if err != nil || len(all) != 1 || all[0] != rows[0] {
		t.Errorf("after the failed batch: %v, %v", all, err)
	}
	if bad, err := db.IntegrityCheck(t.Context()); err != nil || len(bad) > 0 {
		t.Errorf("check found %v, %v", bad, err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	db := openNew(t)
	add(t, db, "a.wav")
	if _, err := db.r.Exec(`DELETE FROM samples`); err == nil {
		t.Error("a reader deleted the samples")
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	all, err := readMigrations(migrations)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d migrations, %v", len(all), err)
	}
}
