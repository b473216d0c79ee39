package ops_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/codec"
	"sampleagent/server/internal/config"
	"sampleagent/server/internal/job"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// rich gives a user of a tier a contract without a count of uploads and with much room.
func (w *world) rich(email string, tier plan.Tier) *user {
	u := w.signIn(email, tier)
	many, room := int64(-1), int64(1<<50)
	if err := w.Accounts.SetTier(context.Background(), u.id, tier, plan.Overrides{Uploads: &many, StorageBytes: &room}, "admin:test", "bench"); err != nil {
		w.t.Fatal(err)
	}
	return u
}

func percentile(d []time.Duration, p float64) time.Duration {
	slices.Sort(d)
	return d[min(int(float64(len(d))*p), len(d)-1)]
}

// BenchmarkUploads accepts files of 1 MB from 50 clients. No worker runs.
func BenchmarkUploads(b *testing.B) {
	run := func(b *testing.B, w *world) {
		u := w.rich("ada@example.org", plan.Enterprise)
		content := make([]byte, 1<<20)
		copy(content, wav(b, 65, 1))
		var mu sync.Mutex
		var took []time.Duration
		var peak atomic.Uint64
		b.SetBytes(int64(len(content)))
		b.ResetTimer()
		var next atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				for next.Add(1) <= int64(b.N) {
					began := time.Now()
					if status, _, p := u.upload("a.wav", content); status != 202 {
						b.Errorf("%d %+v", status, p)
						return
					}
					mu.Lock()
					took = append(took, time.Since(began))
					if len(took)%50 == 0 {
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						peak.Store(max(peak.Load(), m.HeapInuse))
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		b.StopTimer()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "uploads/s")
		b.ReportMetric(float64(percentile(took, 0.5).Milliseconds()), "p50-ms")
		b.ReportMetric(float64(percentile(took, 0.99).Milliseconds()), "p99-ms")
		b.ReportMetric(float64(peak.Load())/1e6, "heap-MB")
	}
	b.Run("SQLite and folder", func(b *testing.B) { run(b, start(b, "", idle)) })
	b.Run("PostgreSQL and S3", func(b *testing.B) { run(b, start(b, testbed.Postgres(b), idle, inBucket(b))) })
}

// inBucket keeps a server's objects in a bucket of a real S3 server.
func inBucket(t testing.TB) setting { return env(bucket(t)...) }

// bucket makes a bucket and gives its settings.
func bucket(t testing.TB) []string {
	t.Helper()
	endpoint, access, secret := testbed.S3(t)
	s, err := object.NewS3(endpoint, "us-east-1", fmt.Sprintf("bucket%d", time.Now().UnixNano()), access, secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.MakeBucket(t.Context()); err != nil {
		t.Fatal(err)
	}
	return []string{"S3_ENDPOINT", endpoint, "S3_REGION", "us-east-1", "S3_BUCKET", s.Bucket(), "S3_ACCESS_KEY", access, "S3_SECRET_KEY", secret}
}

// BenchmarkProBehindFree queues many free jobs and then a pro job every 200 ms: how long until
// each starts.
func BenchmarkProBehindFree(b *testing.B) {
	run := func(b *testing.B, database string) {
		free := 10_000
		if testing.Short() {
			free = 500
		}
		w := start(b, database, func(c *config.Config, o *ops.Options) { o.Role.Work = false })
		u, pro := w.rich("free@example.org", plan.Free), w.rich("pro@example.org", plan.Pro)
		who := func(u *user) job.Who {
			row, err := w.DB.User(b.Context(), u.id)
			if err != nil {
				b.Fatal(err)
			}
			l, err := w.Accounts.Limits(row)
			if err != nil {
				b.Fatal(err)
			}
			return job.Who{User: row, Limits: l}
		}
		content := wav(b, 2, 1)
		for i := range free {
			if _, _, err := w.Jobs.Submit(b.Context(), who(u), job.Incoming{Name: fmt.Sprint(i, ".wav"), Body: bytes.NewReader(content), Length: -1}); err != nil {
				b.Fatal(err)
			}
		}
		worker := openWorker(b, w)
		var waits []time.Duration
		b.ResetTimer()
		for i := range b.N {
			j, _, err := w.Jobs.Submit(b.Context(), who(pro), job.Incoming{Name: fmt.Sprint(i, ".wav"), Body: bytes.NewReader(content), Length: -1})
			if err != nil {
				b.Fatal(err)
			}
			w.waitFor("pro job", func() bool {
				row, err := w.DB.JobByID(b.Context(), j.ID)
				if err != nil {
					b.Fatal(err)
				}
				if row.StartedAt != 0 {
					waits = append(waits, row.StartedAt.Time().Sub(row.CreatedAt.Time()))
				}
				return row.StartedAt != 0
			})
			time.Sleep(200 * time.Millisecond)
		}
		b.StopTimer()
		worker()
		b.ReportMetric(float64(percentile(waits, 0.5).Milliseconds()), "p50-ms")
		b.ReportMetric(float64(percentile(waits, 1).Milliseconds()), "worst-ms")
	}
	b.Run("SQLite", func(b *testing.B) { run(b, "") })
	b.Run("PostgreSQL", func(b *testing.B) { run(b, testbed.Postgres(b)) })
}

// openWorker starts a second server on the same database that only works.
func openWorker(b *testing.B, w *world) (stop func()) {
	b.Helper()
	s, err := ops.Open(context.Background(), w.Config, w.Log, ops.Options{Role: ops.Role{Work: true}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, nil) }()
	return func() {
		cancel()
		<-done
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}
}

// BenchmarkListOf100000 reads pages of a library of 100,000 samples over HTTP.
func BenchmarkListOf100000(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { listOfMany(b, start(b, "", idle)) })
	b.Run("PostgreSQL", func(b *testing.B) { listOfMany(b, start(b, testbed.Postgres(b), idle)) })
}

func listOfMany(b *testing.B, w *world) {
	rows := 100_000
	if testing.Short() {
		rows = 2000
	}
	u := w.signIn("ada@example.org", plan.Pro)
	for at := 0; at < rows; at += 5000 {
		if err := w.DB.Write(b.Context(), func(tx *store.Tx) error {
			for i := at; i < min(at+5000, rows); i++ {
				s := store.Sample{ID: store.NewID(), UserID: u.id, JobID: fmt.Sprint("j", i), Version: 1, Filename: fmt.Sprintf("sound %d.wav", i), Title: fmt.Sprintf("%s sound %d", []string{"Dusty", "Bright", "Deep"}[i%3], i),
					BPM: 60 + float64(i%120), Key: []string{"A minor", "C major", "F# minor"}[i%3], Duration: float64(i % 30), CreatedAt: store.Millis(1_700_000_000_000 + int64(i)), Tags: []string{"dusty", "loop"}}
				s.Search = s.SearchText(nil)
				if _, err := tx.AddSample(b.Context(), &s); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	if w.DB.Postgres() != nil { // as PostgreSQL does by itself within a minute
		if _, err := w.DB.Postgres().Exec(b.Context(), "ANALYZE samples"); err != nil {
			b.Fatal(err)
		}
	}
	for name, query := range map[string]string{"newest": "", "by tempo": "?sort=bpm&bpm_min=88&bpm_max=92", "text": "?q=dusty+9999", "key": "?key=A+minor&sort=title",
		"frequent word": "?q=dusty", "one letter": "?q=d", "two letters nowhere": "?q=zq", "frequent words never together": "?q=bright+deep&sort=title"} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if resp := u.call("GET", "/api/samples"+query, nil, nil); resp.StatusCode != http.StatusOK {
					b.Fatal(resp.StatusCode)
				}
				took = append(took, time.Since(began))
			}
			b.ReportMetric(float64(percentile(took, 0.99).Microseconds())/1000, "p99-ms")
		})
	}
}

// cpu is the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkJobsBesideAnalyze compares the processor time of whole jobs, from accepted to
// completed with all that the server does for them, with that of what `sample-agent analyze --json`
// does for the same files: what a core carries, whatever else runs on the machine. What a worker
// takes to start and stop with nothing to do is no job's, and is taken off. The two take turns in one
// process, and the median of their ratios counts.
func BenchmarkJobsBesideAnalyze(b *testing.B) {
	paths, err := filepath.Glob(filepath.Join(testbed.Shared(b, "datasets", "audio"), "*.flac"))
	if err != nil || len(paths) < 60 {
		b.Skip("no labelled sounds")
	}
	for _, c := range []struct {
		name    string
		paths   []string
		workers int
	}{
		{"60 labelled sounds, one worker", paths[:60], 1},
		{"60 labelled sounds, two workers", paths[:60], 2},
		{"12 sounds of a minute, one worker", repeated(b, paths[:12], 60), 1},
		{"12 sounds of a minute, two workers", repeated(b, paths[:12], 60), 2},
	} {
		b.Run(c.name, func(b *testing.B) { jobsBeside(b, c.paths, c.workers) })
	}
}

// repeated writes files of so many seconds that hold the sounds again and again.
func repeated(b *testing.B, paths []string, seconds int) (long []string) {
	b.Helper()
	for _, p := range paths {
		clip, err := codec.DecodeFile(b.Context(), p, codec.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		once := clip.Audio.Samples
		for n := seconds * clip.Rate * clip.Channels; len(clip.Audio.Samples) < n; {
			clip.Audio.Samples = append(clip.Audio.Samples, once[:min(len(once), n-len(clip.Audio.Samples))]...)
		}
		f, err := os.Create(filepath.Join(b.TempDir(), filepath.Base(p)))
		if err != nil {
			b.Fatal(err)
		}
		if err := errors.Join(codec.EncodeFLAC(f, &clip.Audio, codec.FLACOptions{}), f.Close()); err != nil {
			b.Fatal(err)
		}
		long = append(long, f.Name())
	}
	return long
}

func jobsBeside(b *testing.B, paths []string, workers int) {
	// As many workers as the bare analysis has: other numbers would blur the ratio.
	w := start(b, "", idle, env("PRO_WORKERS", fmt.Sprint(workers), "FREE_WORKERS", "1", "ENTERPRISE_WORKERS", "1"))
	row, err := w.DB.User(b.Context(), w.rich("ada@example.org", plan.Pro).id)
	if err != nil {
		b.Fatal(err)
	}
	limits, err := w.Accounts.Limits(row)
	if err != nil {
		b.Fatal(err)
	}
	var ratios []float64
	var allBare, allStart, allWhole time.Duration
	for b.Loop() {
		began := cpu(b)
		stop := openWorker(b, w)
		time.Sleep(200 * time.Millisecond) // it leads and has looked at its queues
		stop()
		start := cpu(b) - began
		began = cpu(b)
		var next atomic.Int64
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for i := next.Add(1) - 1; i < int64(len(paths)); i = next.Add(1) - 1 {
					report, _, _ := analysis.File(b.Context(), paths[i], analysis.Options{})
					if line, err := json.Marshal(report); err != nil || !report.OK {
						b.Error(string(line), err)
					}
				}
			})
		}
		all.Wait()
		bare := cpu(b) - began
		var ids []string
		for _, p := range paths {
			f, err := os.Open(p)
			if err != nil {
				b.Fatal(err)
			}
			j, _, err := w.Jobs.Submit(b.Context(), job.Who{User: row, Limits: limits}, job.Incoming{Name: filepath.Base(p), Body: f, Length: -1})
			if err = errors.Join(err, f.Close()); err != nil {
				b.Fatal(err)
			}
			ids = append(ids, j.ID)
		}
		began = cpu(b)
		stop = openWorker(b, w)
		slices.Reverse(ids) // the last first: looking costs too
		for _, id := range ids {
			w.waitFor("job", func() bool {
				j, err := w.DB.JobByID(b.Context(), id)
				if err != nil || j.Status == wire.Failed {
					b.Fatal(j, err)
				}
				if j.Status != wire.Completed {
					time.Sleep(200 * time.Millisecond)
				}
				return j.Status == wire.Completed
			})
		}
		stop()
		whole := cpu(b) - began - start
		ratios = append(ratios, whole.Seconds()/bare.Seconds())
		allBare, allStart, allWhole = allBare+bare, allStart+start, allWhole+whole
	}
	slices.Sort(ratios)
	n := float64(b.N * len(paths))
	b.ReportMetric(ratios[len(ratios)/2], "job/analyze")
	b.ReportMetric(allBare.Seconds()*1000/n, "analyze-cpu-ms")
	b.ReportMetric(allWhole.Seconds()*1000/n, "job-cpu-ms")
	b.ReportMetric(allStart.Seconds()*1000/float64(b.N), "worker-start-cpu-ms")
}
