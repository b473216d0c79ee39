//go:build (sqlite_fts5 || fts5) && unix

package catalogtest

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sampleagent/library/catalog"
)

func BenchmarkFill(b *testing.B) {
	before := cpu()
	for b.Loop() {
		db, err := catalog.Open(b.Context(), filepath.Join(b.TempDir(), "library.db"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Fill(b.Context(), db, Options{Count: 10000, Seed: 1}); err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(10000*float64(b.N)/(cpu()-before).Seconds(), "rows/cpu-s")
}

func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
