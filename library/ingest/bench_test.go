//go:build (sqlite_fts5 || fts5) && unix

package ingest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sampleagent/library/catalog"
	"sampleagent/library/catalog/catalogtest"
)

// BenchmarkReimport goes through a folder of 100,000 files that are all known: what every start
// with watched folders does. The files are real, with one byte each; the library is invented.
func BenchmarkReimport(b *testing.B) {
	const count = 100_000
	root := b.TempDir()
	mod := time.Unix(1_700_000_000, 0)
	o := catalogtest.Options{Count: count, Seed: 1, Root: root, Size: func(int) (int64, time.Time) { return 1, mod }}
	made := map[string]bool{}
	for i := range count {
		path := o.Path(i)
		if dir := filepath.Dir(path); !made[dir] {
			made[dir] = true
			must(b, os.MkdirAll(dir, 0o755))
		}
		must(b, os.WriteFile(path, []byte{1}, 0o644))
		must(b, os.Chtimes(path, mod, mod))
	}
	db, err := catalog.Open(context.Background(), filepath.Join(b.TempDir(), "library.db"))
	must(b, err)
	defer db.Close()
	start := time.Now()
	_, err = catalogtest.Fill(b.Context(), db, o)
	must(b, err)
	fmt.Printf("filled %d rows in %v\n", count, time.Since(start).Round(time.Millisecond))
	before := cpu()
	for b.Loop() {
		sum, err := Run(b.Context(), db, []string{root}, Options{})
		must(b, err)
		if sum.Count[Unchanged] != count || sum.Failed() > 0 {
			b.Fatalf("%v", sum.Count)
		}
	}
	b.ReportMetric(float64((cpu()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}

// cpu is the processor time of this program so far: what a benchmark costs on a machine that
// does other work as well.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkList is the time until 20,000 new files can be seen and searched: no analysis.
func BenchmarkList(b *testing.B) {
	const count = 20_000
	var spent time.Duration
	for b.Loop() {
		b.StopTimer()
		root := b.TempDir()
		o := catalogtest.Options{Count: count, Seed: 1, Root: root}
		for i := range count {
			write(b, o.Path(i), []byte{byte(i)})
		}
		db, err := catalog.Open(context.Background(), filepath.Join(b.TempDir(), "library.db"))
		must(b, err)
		b.StartTimer()
		before := cpu()
		ctx, cancel := context.WithCancelCause(b.Context())
		_, err = Run(ctx, db, []string{root}, Options{Progress: func(p Progress) {
			if p.Step == Analysing {
				cancel(ErrDropped)
			}
		}})
		b.StopTimer()
		spent += cpu() - before
		if err == nil {
			b.Fatal("the import was not stopped before the analysis")
		}
		cancel(nil)
		must(b, db.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds(), "files/s")
	b.ReportMetric(float64(count)*float64(b.N)/spent.Seconds(), "files/cpu-s")
}
