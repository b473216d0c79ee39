package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"sampleagent/server/internal/job/lane"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/replica"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// How long things are kept after they have ended (B01, B35).
const (
	keepFailed  = 24 * time.Hour // a failed upload's bytes, for a retry
	keepOrphans = 72 * time.Hour // objects that no row knows
	keepEvents  = 7 * 24 * time.Hour
	keepLogs    = 90 * 24 * time.Hour // of mails and deliveries
	lostAfter   = 2 * time.Minute     // a live job without a queue entry
)

// SweepArgs is a job queue entry: remove what has ended.
type SweepArgs struct{}

// Kind names the entry.
func (SweepArgs) Kind() string { return "sweep" }

// CheckArgs is a job queue entry: compare objects, rows and counters in both directions.
type CheckArgs struct{}

// Kind names the entry.
func (CheckArgs) Kind() string { return "check_consistency" }

// PromoteArgs is a job queue entry: look after free jobs near their deadline.
type PromoteArgs struct{}

// Kind names the entry.
func (PromoteArgs) Kind() string { return "promote" }

// Periodic are the entries that the queue's leader makes by itself.
func Periodic() []*river.PeriodicJob {
	every := func(d time.Duration, args river.JobArgs, atStart bool) *river.PeriodicJob {
		opts := &river.InsertOpts{Queue: string(plan.QueueSystem), MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: d}}
		return river.NewPeriodicJob(river.PeriodicInterval(d), func() (river.JobArgs, *river.InsertOpts) { return args, opts }, &river.PeriodicJobOpts{RunOnStart: atStart})
	}
	return []*river.PeriodicJob{
		every(5*time.Minute, SweepArgs{}, true),
		every(24*time.Hour, CheckArgs{}, false),
		every(lane.PromoteEvery, PromoteArgs{}, true),
	}
}

type sweeper struct {
	river.WorkerDefaults[SweepArgs]
	s *Service
}

func (*sweeper) Timeout(*river.Job[SweepArgs]) time.Duration { return 10 * time.Minute }

func (w *sweeper) Work(ctx context.Context, _ *river.Job[SweepArgs]) error {
	swept, err := w.s.Sweep(ctx)
	if swept != (Swept{}) {
		w.s.Log.InfoContext(ctx, "swept", "result", fmt.Sprintf("%+v", swept))
	}
	return err
}

// Swept counts what a sweep did.
type Swept struct {
	Uploads, Pending, Lost, Samples, Expired, Warned, Kept, Users, Usage int
}

// String is for operators.
func (n Swept) String() string {
	return fmt.Sprintf("removed: %d uploads that never came, %d pending files, %d samples, %d sounds at their end, %d kept files, %d accounts; %d warned of their sounds' end, %d jobs ended that no worker ended, %d calls settled that nobody settled",
		n.Uploads, n.Pending, n.Samples, n.Expired, n.Kept, n.Users, n.Warned, n.Lost, n.Usage)
}

// batchSize is how many rows a sweep takes at a time.
const batchSize = 200

// Sweep removes what has ended. It is the truth of retention; a bucket's lifecycle rules are
// only the net below it. What fails is tried again by the next sweep.
func (s *Service) Sweep(ctx context.Context) (Swept, error) {
	var n Swept
	var all error
	for _, part := range []func(context.Context, *Swept) error{
		s.sweepUploads, s.sweepPending, s.sweepLost, s.sweepDeep, s.sweepDeleted, s.sweepOver, s.settleKept, s.warnExpiring, s.warnKept, s.sweepExpired, s.sweepKept, s.sweepUsers, s.sweepLogs,
	} {
		all = errors.Join(all, part(ctx, &n))
	}
	return n, all
}

func (s *Service) sweepUploads(ctx context.Context, n *Swept) error {
	// An address may be used until its last second: the sweeper waits a minute more.
	stale, err := s.DB.StaleUploads(ctx, s.Now().Add(-time.Minute), batchSize)
	for i := range stale {
		if e := s.drop(ctx, &stale[i], "address ended unused"); e != nil {
			err = errors.Join(err, e)
			continue
		}
		n.Uploads++
	}
	return err
}

func (s *Service) sweepPending(ctx context.Context, n *Swept) error {
	unclean, err := s.DB.UncleanJobs(ctx, s.Now().Add(-keepFailed), batchSize)
	for i := range unclean {
		if e := s.clean(ctx, &unclean[i]); e != nil {
			err = errors.Join(err, e)
			continue
		}
		n.Pending++
	}
	return errors.Join(err, s.sweepLeft(ctx, n))
}

// sweepLeft removes pending objects that a worker left which died after it had finished their jobs.
func (s *Service) sweepLeft(ctx context.Context, n *Swept) error {
	left, err := s.tidy(ctx, object.PendingPrefix, time.Now(), func(ctx context.Context, ids []string) (map[string]bool, error) {
		cleaned, err := s.DB.CleanedJobs(ctx, ids)
		needed := map[string]bool{}
		for _, id := range ids {
			needed[id] = !cleaned[id]
		}
		return needed, err
	}, true)
	n.Pending += left.wrong
	return err
}

// sweepLost ends jobs whose queue entry has ended without them: workers that died on its last
// attempt.
func (s *Service) sweepLost(ctx context.Context, n *Swept) error {
	lost, err := s.DB.LostJobs(ctx, s.Now().Add(-lostAfter), batchSize)
	for i := range lost {
		j := &lost[i]
		e := s.DB.Write(ctx, func(tx *store.Tx) error {
			return s.failIn(ctx, tx, j, wire.CodeInternal, "The server stopped several times during this job. It did not count as an upload; try again later.", false, 0)
		})
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		n.Lost++
	}
	return err
}

func (s *Service) sweepDeleted(ctx context.Context, n *Swept) error {
	deleted, err := s.DB.DeletedSamples(ctx, batchSize)
	for i := range deleted {
		e := s.removeObjects(ctx, &deleted[i])
		s.step("sample emptied")
		if e == nil {
			e = s.DB.Write(ctx, func(tx *store.Tx) error { return tx.DropSample(ctx, deleted[i].ID) })
		}
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		n.Samples++
	}
	return err
}

// warnings are how many days before audio ends its account is told.
var warnings = []int{7, 1}

// warnExpiring sends one mail a user before audio ends.
func (s *Service) warnExpiring(ctx context.Context, n *Swept) error {
	return warn(ctx, s, n, s.DB.ExpiringSamples, func(r *store.Sample) (user, id string) { return r.UserID, r.ID }, (*store.Tx).WarnedSample, s.Notify.Expiring)
}

// warnKept does the same for what is kept for other machines.
func (s *Service) warnKept(ctx context.Context, n *Swept) error {
	return warn(ctx, s, n, s.DB.ExpiringAudio, func(r *store.SyncAudio) (user, id string) { return r.UserID, r.ID }, (*store.Tx).WarnedAudio,
		func(ctx context.Context, tx *store.Tx, userID string, fresh []store.SyncAudio, days int) error {
			return s.Notify.KeptEnds(ctx, tx, userID, len(fresh), days)
		})
}

// warn tells each user once of each warning what of theirs ends. expiring lists what ends before a
// time without its warning, noted notes a warning and says whether it is the first.
func warn[T any](ctx context.Context, s *Service, n *Swept, expiring func(ctx context.Context, before time.Time, days, limit int) ([]T, error), ids func(*T) (user, id string),
	noted func(tx *store.Tx, ctx context.Context, id string, days int, now time.Time) (bool, error), tell func(ctx context.Context, tx *store.Tx, userID string, fresh []T, days int) error) (all error) {
	for _, days := range warnings {
		rows, err := expiring(ctx, s.Now().AddDate(0, 0, days), days, 5000)
		all = errors.Join(all, err, eachUser(rows, func(r *T) string { user, _ := ids(r); return user }, func(userID string, mine []T) error {
			err := s.DB.Write(ctx, func(tx *store.Tx) error {
				var fresh []T
				for i := range mine {
					_, id := ids(&mine[i])
					first, err := noted(tx, ctx, id, days, s.Now())
					if err != nil {
						return err
					}
					if first {
						fresh = append(fresh, mine[i])
					}
				}
				if len(fresh) == 0 {
					return nil
				}
				return tell(ctx, tx, userID, fresh, days)
			})
			if err == nil {
				n.Warned += len(mine)
				s.step("warned")
			}
			return err
		}))
	}
	return all
}

// eachUser calls f with the rows of each user; rows of one user lie together. An error of one does
// not stop the others.
func eachUser[T any](rows []T, user func(*T) string, f func(userID string, mine []T) error) (all error) {
	for len(rows) > 0 {
		id, end := user(&rows[0]), 1
		for end < len(rows) && user(&rows[end]) == id {
			end++
		}
		all = errors.Join(all, f(id, rows[:end]))
		rows = rows[end:]
	}
	return all
}

// sweepExpired removes audio whose time is over. What is known of the sound stays.
func (s *Service) sweepExpired(ctx context.Context, n *Swept) error {
	rows, err := s.DB.ExpiredSamples(ctx, s.Now(), batchSize)
	for i := range rows {
		r := &rows[i]
		e := s.DB.Write(ctx, func(tx *store.Tx) error {
			gone, err := tx.RemovedAudio(ctx, r.ID, s.Now())
			if err != nil || !gone {
				return err
			}
			if err := quota.Refund(ctx, tx, r.JobID, "audio ended", s.Now(), quota.Storage); err != nil {
				return err
			}
			return s.Notify.Event(ctx, tx, r.UserID, wire.EventSampleUpdated, wire.EventData{SampleID: r.ID, Version: r.Version + 1})
		})
		s.step("audio ended")
		if e == nil {
			e = s.removeObjects(ctx, r)
		}
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		n.Expired++
	}
	return err
}

// kept is what accounts keep for their other machines.
func (s *Service) kept() *replica.Audio { return replica.NewAudio(s.DB, s.Objects, s.Now) }

func (s *Service) sweepKept(ctx context.Context, n *Swept) (err error) {
	n.Kept, err = s.kept().Sweep(ctx)
	return err
}

// sweepUsers removes everything of deleted accounts.
func (s *Service) sweepUsers(ctx context.Context, n *Swept) error {
	users, err := s.DB.DeletedUsers(ctx, 20)
	for _, u := range users {
		e := s.removeUser(ctx, u.ID)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		n.Users++
	}
	return err
}

func (s *Service) removeUser(ctx context.Context, userID string) error {
	for _, prefix := range []string{object.PendingPrefix, object.ProcessedPrefix, object.ExportPrefix, object.KeptPrefix} {
		for o, err := range s.Objects.List(ctx, prefix+userID+"/") {
			if err != nil {
				return err
			}
			if err := s.Objects.Delete(ctx, o.Key); err != nil {
				return err
			}
		}
	}
	s.step("account emptied")
	return s.DB.Write(ctx, func(tx *store.Tx) error { return tx.DropUser(ctx, userID) })
}

func (s *Service) sweepLogs(ctx context.Context, n *Swept) error {
	now := s.Now()
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		forgotten, err := tx.SettleForgottenUsage(ctx, now.Add(-10*time.Minute), now)
		n.Usage = int(forgotten)
		if err != nil {
			return err
		}
		if _, err := tx.SweepAuth(ctx, now.Add(-24*time.Hour)); err != nil {
			return err
		}
		if _, err := tx.DropSyncPushes(ctx, now.Add(-replica.KeepPushes).UnixMicro()); err != nil {
			return err
		}
		if _, err := tx.DropEvents(ctx, now.Add(-keepEvents)); err != nil {
			return err
		}
		_, err = tx.SweepTold(ctx, now.Add(-keepLogs))
		return err
	})
	err = errors.Join(err, s.SweepTemp())
	if local, ok := s.Objects.(interface{ SweepTemporary() error }); ok {
		err = errors.Join(err, local.SweepTemporary())
	}
	return err
}

type promoter struct {
	river.WorkerDefaults[PromoteArgs]
	s *Service
}

func (*promoter) Timeout(*river.Job[PromoteArgs]) time.Duration { return 50 * time.Second }

func (w *promoter) Work(ctx context.Context, _ *river.Job[PromoteArgs]) error {
	n, err := w.s.Promote(ctx)
	if n > 0 {
		w.s.Log.InfoContext(ctx, "promoted free jobs near their deadline", "jobs", n)
	}
	return err
}

// Promote moves free jobs near their deadline behind the pro jobs that wait, so that a promise
// holds even when pro jobs never stop coming (B11).
func (s *Service) Promote(ctx context.Context) (int, error) {
	due, err := s.DB.JobsDue(ctx, plan.QueueFree, s.Now().Add(lane.PromoteBefore), lane.PromoteMost)
	n := 0
	for i := range due {
		j := &due[i]
		e := s.DB.Write(ctx, func(tx *store.Tx) error {
			free, err := s.Queue.Withdraw(ctx, tx, j.QueueID)
			if err != nil || !free {
				return err
			}
			j.Queue, j.Priority = lane.PromoteTo, lane.PromotePriority
			id, err := s.Queue.Insert(ctx, tx, AnalyzeArgs{j.ID, j.Duration}, &river.InsertOpts{Queue: string(j.Queue), Priority: int(j.Priority), MaxAttempts: queueAttempts})
			if err != nil {
				return err
			}
			moved, err := tx.PromoteJob(ctx, j.ID, j.Queue, j.Priority, id, s.Now())
			if err == nil && !moved {
				return errEnded
			}
			return err
		})
		if errors.Is(e, errEnded) {
			continue
		}
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		n++
	}
	return n, err
}
