//go:build (sqlite_fts5 || fts5) && unix

package search

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"syscall"
	"testing"
	"time"

	"sampleagent/library/catalog"
	"sampleagent/library/catalog/catalogtest"
)

// big is a library of 100,000 invented samples, made once for all benchmarks of a run.
var big = sync.OnceValues(func() (*catalog.DB, error) {
	dir, err := os.MkdirTemp("", "sample-agent-bench")
	if err != nil {
		return nil, err
	}
	bigDir = dir
	ctx := context.Background()
	db, err := catalog.Open(ctx, filepath.Join(dir, "library.db"))
	if err != nil {
		return nil, err
	}
	start := time.Now()
	rows, err := catalogtest.Fill(ctx, db, catalogtest.Options{Count: 100_000, Seed: 1})
	if err != nil {
		return nil, err
	}
	fi, err := os.Stat(db.Path())
	if err != nil {
		return nil, err
	}
	fmt.Printf("filled %d rows in %v, %d MiB\n", len(rows), time.Since(start).Round(time.Millisecond), fi.Size()>>20)
	if err := db.AddTags(ctx, rows[:200], "rare"); err != nil {
		return nil, err
	}
	c, err := db.NewCollection(ctx, "", "Mine", nil)
	if err == nil {
		err = db.AddToCollection(ctx, c.ID, rows[1000:1500])
	}
	if err != nil {
		return nil, err
	}
	if _, err := db.NewCollection(ctx, "", "Slow loops", ptr("kind:loop bpm:<90")); err != nil {
		return nil, err
	}
	return db, db.MergeText(ctx) // as the library itself does a moment later
})

var bigDir string // of big, once it is made

func TestMain(m *testing.M) {
	code := m.Run()
	if bigDir != "" {
		if err := os.RemoveAll(bigDir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// cpu is the processor time of this program so far: what a query costs on a machine that does
// other work as well.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// benchQueries are what people type, from narrow to all.
var benchQueries = []struct {
	q    string
	sort Sort
}{
	{"", Sort{}},
	{"", Sort{By: Name}},
	{"", Sort{By: Tempo, Desc: true}},
	{"k", Sort{}},
	{"wav", Sort{}},
	{"ki", Sort{}},
	{"kick", Sort{}},
	{"kick punchy", Sort{}},
	{"kick", Sort{By: Length}},
	{"dusty drums loop", Sort{By: Tempo}},
	{"12345", Sort{}},
	{`"boom bap"`, Sort{}},
	{"bpm:88-92 kind:loop", Sort{}},
	{"bpm:~90 kind:loop", Sort{By: Tempo}},
	{"key:Am~", Sort{By: Name}},
	{"key:Am~ bpm:88-92 warm", Sort{}},
	{"tag:dusty -vocal", Sort{}},
	{"tag:rare", Sort{By: Name}},
	{"class:kick,snare len:<0.3", Sort{By: Length}},
	{"kick | snare | hat", Sort{By: Name}},
	{"-kick", Sort{}},
	{"rate:96k bits:24", Sort{}},
	{"centroid:>3k kind:one-shot", Sort{By: Name}},
	{"path:basement", Sort{By: Name}},
	{"in:Mine", Sort{}},
	{`in:"Slow loops"`, Sort{By: Tempo}},
	{"is:failed", Sort{}},
	{"is:duplicate", Sort{}},
	{"has:bpm added:today", Sort{By: Added, Desc: true}},
	{"like:", Sort{}},
	{"like: kind:loop", Sort{}},
}

// The benchmarks take the median and the worst query over 100,000 samples: asked before; asked
// before, after which a sample was heard; never asked, as while one types; and the first query of
// a program, which also lists the library in an order for the first time.
func BenchmarkSearch(b *testing.B) { benchmarkSearch(b, func(*catalog.DB) error { return nil }) }

func BenchmarkSearchAfterChange(b *testing.B) {
	benchmarkSearch(b, func(db *catalog.DB) error { return db.Played(b.Context(), 4242) })
}

func BenchmarkSearchNew(b *testing.B) {
	benchmarkSearch(b, func(db *catalog.DB) error { db.Forget(false); return nil })
}

func BenchmarkSearchCold(b *testing.B) {
	benchmarkSearch(b, func(db *catalog.DB) error { db.Forget(true); return nil })
}

// BenchmarkFirstLike is what the first like: of a program takes beside the search: loading the
// embeddings of the whole library.
func BenchmarkFirstLike(b *testing.B) {
	db, err := big()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		again, err := catalog.Open(b.Context(), db.Path())
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if v, err := again.Vectors(b.Context()); err != nil || len(v.Rows) != 100_000 {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := again.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func benchmarkSearch(b *testing.B, before func(*catalog.DB) error) {
	db, err := big()
	if err != nil {
		b.Fatal(err)
	}
	s, err := db.Sample(b.Context(), 777)
	if err != nil {
		b.Fatal(err)
	}
	medians := map[string]time.Duration{}
	for _, c := range benchQueries {
		name := c.q + " by " + string(c.sort.By)
		text := c.q
		if len(text) >= 5 && text[:5] == "like:" {
			text = "like:" + s.ID + text[5:]
		}
		b.Run(name, func(b *testing.B) {
			var times []time.Duration
			found := 0
			spent := cpu()
			for b.Loop() {
				b.StopTimer()
				if err := before(db); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				start := time.Now()
				q, err := Parse(text)
				if err != nil {
					b.Fatal(err)
				}
				rows, err := Run(b.Context(), db, q, c.sort, 0)
				if err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
				found = len(rows)
			}
			sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
			b.ReportMetric(float64((cpu()-spent).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			medians[name] = times[len(times)/2]
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms-median")
			b.ReportMetric(float64(found), "found")
		})
	}
	var all []time.Duration
	worst, slowest := time.Duration(0), ""
	for name, d := range medians {
		all = append(all, d)
		if d > worst {
			worst, slowest = d, name
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	fmt.Printf("%d queries: median %v, worst %v (%s)\n", len(all), all[len(all)/2], worst, slowest)
}
