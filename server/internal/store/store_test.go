package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

func TestMain(m *testing.M) { testbed.Main(m) }

var now = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)

func newUser(t *testing.T, db *store.DB, tier plan.Tier) *store.User {
	t.Helper()
	id := store.NewID()
	u := &store.User{ID: id, Email: id + "@example.org", Tier: tier, CreatedAt: store.At(now), UpdatedAt: store.At(now), UnsubscribeToken: id, NotifyProcessed: true, Contracts: store.List[plan.Contract]{{ID: "c", Tier: tier, From: now.UTC()}}}
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.CreateUser(t.Context(), u) }); err != nil {
		t.Fatal(err)
	}
	return u
}

func write(t *testing.T, db *store.DB, f func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// fill sets every field of a row to a value of its own, so that a forgotten column shows.
func fill(row any) {
	v := reflect.ValueOf(row).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i).Addr().Interface().(type) {
		case *string:
			*f = fmt.Sprintf("%s-%d", v.Type().Field(i).Name, i)
		case **string:
			s := fmt.Sprintf("p%d", i)
			*f = &s
		case *int64:
			*f = int64(1000 + i)
		case **int64:
			n := int64(2000 + i)
			*f = &n
		case *float64:
			*f = float64(i) + 0.5
		case **float64:
			n := float64(i) + 0.25
			*f = &n
		case *bool:
			*f = true
		case *store.Millis:
			*f = store.Millis(1_700_000_000_000 + int64(i))
		case *store.List[float64]:
			*f = store.List[float64]{1.5, float64(i)}
		case *store.List[float32]:
			*f = store.List[float32]{0.25, float32(i)}
		case *store.List[string]:
			*f = store.List[string]{"a", "b"}
		case *store.List[wire.BPMCandidate]:
			*f = store.List[wire.BPMCandidate]{{BPM: 90, Weight: 0.75}}
		case *store.JSON[store.JobOptions]:
			f.V = store.JobOptions{Vibe: true, Model: plan.Large}
		}
	}
}

func TestEveryColumnComesBack(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		u := newUser(t, db, plan.Pro)
		var job store.Job
		fill(&job)
		job.UserID, job.Status, job.Tier, job.Queue = u.ID, wire.Pending, plan.Pro, plan.QueuePro
		var s store.Sample
		fill(&s)
		s.UserID, s.DeletedAt = u.ID, 0
		var f store.Features
		fill(&f)
		f.SampleID = s.ID
		write(t, db, func(tx *store.Tx) error {
			_, err := tx.AddJob(ctx, &job)
			_, err2 := tx.AddSample(ctx, &s)
			return errors.Join(err, err2, tx.AddFeatures(ctx, &f))
		})
		if got, err := db.Job(ctx, u.ID, job.ID); err != nil || !reflect.DeepEqual(*got, job) {
			t.Errorf("job %v:\n%+v\n%+v", err, got, job)
		}
		if got, err := db.Sample(ctx, u.ID, s.ID); err != nil || !reflect.DeepEqual(*got, s) {
			t.Errorf("sample %v:\n%+v\n%+v", err, got, s)
		}
		if got, err := db.Features(ctx, s.ID); err != nil || !reflect.DeepEqual(*got, f) {
			t.Errorf("features %v:\n%+v\n%+v", err, got, f)
		}
		if got, err := db.User(ctx, u.ID); err != nil || !reflect.DeepEqual(*got, *u) {
			t.Errorf("user %v:\n%+v\n%+v", err, got, u)
		}
		if _, err := db.Job(ctx, "someone else", job.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a foreign job: %v", err)
		}
	})
}

func TestSixtyFourTakersTakeTen(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		u := newUser(t, db, plan.Free)
		var taken, refused atomic.Int64
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				if err := db.Write(t.Context(), func(tx *store.Tx) error {
					ok, err := tx.Take(t.Context(), u.ID, store.KindUploads, plan.Day(now), 1, 10)
					if err == nil && ok {
						tx.AfterCommit(func() { taken.Add(1) })
					} else if err == nil {
						tx.AfterCommit(func() { refused.Add(1) })
					}
					return err
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if taken.Load() != 10 || refused.Load() != 54 {
			t.Errorf("%d taken, %d refused", taken.Load(), refused.Load())
		}
	})
}

func TestFiftyCallsNeverPassTheBudget(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		u := newUser(t, db, plan.Free)
		var reserved atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if err := db.Write(ctx, func(tx *store.Tx) error {
					ok, err := tx.ReserveUsage(ctx, &store.Usage{ID: store.NewID(), UserID: u.ID, State: "reserved", CostMicro: 9_000, CreatedAt: store.At(now), PriceVersion: "t", Model: "m", Operation: "vibe", Provider: "p"},
						now.AddDate(0, 0, -30), 100_000)
					if ok {
						tx.AfterCommit(func() { reserved.Add(1) })
					}
					return err
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		spent, err := db.Spent(ctx, u.ID, now.AddDate(0, 0, -30))
		if err != nil || reserved.Load() != 11 || spent != 99_000 {
			t.Errorf("%d reserved, %d spent, %v", reserved.Load(), spent, err)
		}
	})
}

func TestEventsHaveNoGaps(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		u := newUser(t, db, plan.Free)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 10 {
					if err := db.Write(ctx, func(tx *store.Tx) error {
						_, err := tx.AddEvent(ctx, u.ID, wire.EventJobUpdated, wire.EventData{JobID: "x"}, now)
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		events, err := db.Events(ctx, u.ID, 0, 1000)
		if err != nil || len(events) != 80 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		for i, e := range events {
			if e.Seq != int64(i+1) || e.Data.V.JobID != "x" {
				t.Fatalf("event %d has number %d", i, e.Seq)
			}
		}
	})
}

func TestJobStatesOnlyGoForward(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		u := newUser(t, db, plan.Free)
		job := store.Job{ID: store.NewID(), UserID: u.ID, Status: wire.Pending, Tier: plan.Free, Queue: plan.QueueFree, SampleID: "s", CreatedAt: store.At(now), DeadlineAt: store.At(now.Add(time.Hour)), IdempotencyKey: "k"}
		again := job
		again.ID = store.NewID()
		write(t, db, func(tx *store.Tx) error {
			first, err := tx.AddJob(ctx, &job)
			second, err2 := tx.AddJob(ctx, &again)
			if !first || second {
				t.Errorf("idempotency: first %v, second %v", first, second)
			}
			started, err3 := tx.StartJob(ctx, job.ID, now)
			ended, err4 := tx.EndJob(ctx, job.ID, wire.Cancelled, wire.CodeCancelled, "by hand", 0, now)
			late, err5 := tx.EndJob(ctx, job.ID, wire.Completed, "", "", 0, now)
			restarted, err6 := tx.StartJob(ctx, job.ID, now)
			if started != 1 || !ended || late || restarted != 0 {
				t.Errorf("started %v, ended %v, ended again %v, started again %v", started, ended, late, restarted)
			}
			return errors.Join(err, err2, err3, err4, err5, err6)
		})
		write(t, db, func(tx *store.Tx) error {
			// Revived by its user: whoever worked on it before the cancel must not take the new attempt for his.
			revived, err := tx.ReviveJob(ctx, &job, now)
			attempt, err2 := tx.StartJob(ctx, job.ID, now)
			ended, err3 := tx.EndJob(ctx, job.ID, wire.Cancelled, wire.CodeCancelled, "by hand", 0, now)
			if !revived || attempt != 2 || !ended {
				t.Errorf("revived %v, attempt %d, ended %v", revived, attempt, ended)
			}
			return errors.Join(err, err2, err3)
		})
		unclean, err := db.UncleanJobs(ctx, now.Add(time.Second), 10)
		if err != nil || len(unclean) != 1 {
			t.Errorf("%d to clean, %v", len(unclean), err)
		}
		for name, check := range map[string]func() error{
			"lanes":   func() error { _, err := db.Lanes(ctx, now.Add(-time.Hour)); return err },
			"speed":   func() error { _, _, err := db.LaneSpeed(ctx, plan.QueueFree, 10); return err },
			"lost":    func() error { _, err := db.LostJobs(ctx, now, 10); return err },
			"due":     func() error { _, err := db.JobsDue(ctx, plan.QueueFree, now, 10); return err },
			"ahead":   func() error { _, err := db.Ahead(ctx, &job); return err },
			"others":  func() error { _, err := db.OthersWait(ctx, u.ID, plan.QueueFree); return err },
			"known":   func() error { _, err := db.KnownJobs(ctx, []string{job.ID, "x"}); return err },
			"samples": func() error { _, err := db.KnownSamples(ctx, []string{"s"}); return err },
			"queue":   func() error { _, err := db.QueueHealth(ctx); return err },
			"usage":   func() error { _, err := db.UsageByDay(ctx, u.ID, now.AddDate(0, -1, 0)); return err },
			"mail":    func() error { _, err := db.LastMail(ctx, u.ID, "x"); return err },
			"schema": func() error {
				schema, err := db.Schema(ctx)
				if err == nil && schema != store.CurrentSchema {
					return errors.New("old")
				}
				return err
			},
		} {
			if err := check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestCheckerFindsAndRepairsCounters(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		u := newUser(t, db, plan.Free)
		w := plan.Day(now)
		write(t, db, func(tx *store.Tx) error {
			for i := range 3 {
				state := store.LedgerUsed
				if i == 0 {
					state = store.LedgerRefunded
				}
				if err := tx.AddLedger(ctx, &store.Ledger{ID: store.NewID(), UserID: u.ID, Kind: store.KindUploads, Amount: 1, WindowStart: store.At(w.Start), State: state}); err != nil {
					return err
				}
			}
			_, err := tx.Take(ctx, u.ID, store.KindUploads, w, 7, -1)
			_, err2 := tx.TakeStorage(ctx, u.ID, 55, 100)
			return errors.Join(err, err2)
		})
		wrong, err := db.WrongCounters(ctx)
		if err != nil || len(wrong) != 2 {
			t.Fatalf("%v, %v", wrong, err)
		}
		write(t, db, func(tx *store.Tx) error {
			return errors.Join(tx.RepairCounter(ctx, wrong[0]), tx.RepairCounter(ctx, wrong[1]))
		})
		if wrong, err = db.WrongCounters(ctx); err != nil || len(wrong) != 0 {
			t.Errorf("still wrong: %v, %v", wrong, err)
		}
		if used, err := db.Used(ctx, u.ID, store.KindUploads, w); err != nil || used != 2 {
			t.Errorf("used %d, %v", used, err)
		}
	})
}

func TestSamplePagesAndFilters(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		u, other := newUser(t, db, plan.Pro), newUser(t, db, plan.Pro)
		write(t, db, func(tx *store.Tx) error {
			for i := range 30 {
				s := store.Sample{ID: fmt.Sprintf("s%02d", i), UserID: u.ID, JobID: fmt.Sprint("j", i), Version: 1, Filename: "f.wav", Title: fmt.Sprintf("Kick 100%% %d", i%7),
					BPM: float64(60 + i), Duration: float64(i), Key: "A minor", CreatedAt: store.At(now.Add(time.Duration(i/3) * time.Second)), Tags: []string{"dusty", fmt.Sprint("t", i%2)}}
				if i%2 == 0 {
					s.Key = "C major"
				}
				s.Search = s.SearchText(nil)
				if i == 29 {
					s.UserID = other.ID
				}
				if _, err := tx.AddSample(ctx, &s); err != nil {
					return err
				}
			}
			return nil
		})
		for _, sort := range []string{"", "created", "title", "-title", "bpm", "-duration"} {
			seen := map[string]bool{}
			f := store.SampleFilter{Sort: sort}
			for {
				page, err := db.Samples(ctx, u.ID, f, 4)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range page {
					if seen[s.ID] {
						t.Errorf("sort %q: %s twice", sort, s.ID)
					}
					seen[s.ID] = true
				}
				if len(page) < 4 {
					break
				}
				last := page[len(page)-1]
				f.AfterID, f.AfterValue = last.ID, last.AfterOf(sort)
			}
			if len(seen) != 29 {
				t.Errorf("sort %q: %d of 29", sort, len(seen))
			}
		}
		for _, c := range []struct {
			f    store.SampleFilter
			want int
		}{
			{store.SampleFilter{Text: "kick 100%"}, 29},
			{store.SampleFilter{Text: "kick 100_"}, 0},
			{store.SampleFilter{BPMMin: 60, BPMMax: 62}, 3},
			{store.SampleFilter{BPMMin: 120, BPMMax: 122, HalfDouble: true}, 2},
			{store.SampleFilter{Keys: []string{"C major"}}, 15},
			{store.SampleFilter{Tag: "t1", DurationMax: 5}, 3},
			{store.SampleFilter{Favourite: true}, 0},
		} {
			got, err := db.Samples(ctx, u.ID, c.f, 100)
			if err != nil || len(got) != c.want {
				t.Errorf("%+v: %d, want %d, %v", c.f, len(got), c.want, err)
			}
		}
	})
}

func TestWriteRollsBackWhole(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		u := newUser(t, db, plan.Free)
		stop := errors.New("stop")
		committed := false
		err := db.Write(ctx, func(tx *store.Tx) error {
			tx.AfterCommit(func() { committed = true })
			if _, err := tx.TakeStorage(ctx, u.ID, 5, 10); err != nil {
				return err
			}
			return stop
		})
		got, _ := db.User(ctx, u.ID)
		if !errors.Is(err, stop) || committed || got.StorageBytes != 0 {
			t.Errorf("%v, committed %v, %d bytes", err, committed, got.StorageBytes)
		}
	})
}

// Who goes away in the middle of a transaction leaves nothing of it, whether a statement follows or
// only the end.
func TestACancelledWriteLeavesNothing(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		u := newUser(t, db, plan.Free)
		for _, more := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			err := db.Write(ctx, func(tx *store.Tx) error {
				if _, err := tx.TakeStorage(ctx, u.ID, 5, 10); err != nil {
					return err
				}
				cancel()
				if more {
					_, err := tx.TakeStorage(ctx, u.ID, 5, 10)
					return err
				}
				return nil
			})
			got, readErr := db.User(t.Context(), u.ID)
			if !errors.Is(err, context.Canceled) || readErr != nil || got.StorageBytes != 0 {
				t.Errorf("a statement follows %v: %v, %v, %+v", more, err, readErr, got)
			}
		}
	})
}

func TestTheDataFolderMayHaveAnyName(t *testing.T) {
	for _, name := range []string{"a#01", "a?b=c", "100 %41", "ä ö"} {
		folder := filepath.Join(t.TempDir(), name)
		db, err := store.Open(t.Context(), "", folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Migrate(t.Context()), db.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(folder, store.SQLiteFile)); err != nil {
			t.Errorf("%q: the database is elsewhere: %v", name, err)
		}
	}
}

// Processes of two versions run side by side while one takes over from the other: no step of the
// schema takes away or renames what the older program reads.
func TestStepsOnlyAdd(t *testing.T) {
	const since = 42 // that one still replaced a table
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	takes := regexp.MustCompile(`(?i)\b(DROP|RENAME|DELETE\s+FROM|TRUNCATE|ALTER\s+COLUMN)\b`)
	for _, file := range files {
		n, err := strconv.Atoi(filepath.Base(file)[:4])
		if err != nil {
			t.Fatal(err)
		}
		if n <= since {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(b), "-- +goose Down")
		for line := range strings.Lines(up) {
			code, _, _ := strings.Cut(line, "--")
			if takes.MatchString(strings.ReplaceAll(code, "DROP INDEX", "")) { // an index holds nothing that is read
				t.Errorf("%s: %s", file, line)
			}
		}
	}
}

// A process that stands still in a transaction holds up the others for a while, not for ever.
func TestAStillTransactionIsEnded(t *testing.T) {
	address := testbed.Postgres(t)
	open := func(address string) *store.DB {
		t.Helper()
		db, err := store.Open(t.Context(), address, "")
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
	var limit string
	if err := open(address).Postgres().QueryRow(t.Context(), "SHOW idle_in_transaction_session_timeout").Scan(&limit); err != nil || limit != "15s" {
		t.Errorf("%s %v", limit, err)
	}
	db := open(address + "&idle_in_transaction_session_timeout=200")
	u := newUser(t, db, plan.Free)
	locked, still, tries := make(chan struct{}), make(chan struct{}), 0
	ended := make(chan error, 1)
	go func() {
		ended <- db.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.LockUser(t.Context(), u.ID); err != nil {
				return err
			}
			if tries++; tries == 1 {
				close(locked)
				<-still
			}
			_, err := tx.LockUser(t.Context(), u.ID)
			return err
		})
	}()
	<-locked
	// Whoever comes meanwhile gets the row.
	if err := db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.LockUser(t.Context(), u.ID)
		return err
	}); err != nil {
		t.Error(err)
	}
	close(still)
	if err := <-ended; err != nil || tries != 2 {
		t.Errorf("the one that stood still: %v at try %d", err, tries)
	}
}
