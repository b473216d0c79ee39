// Package job is an upload's life: taken in and checked, queued by its plan's lane, analysed
// by a worker with the same engine as the desktop, kept as a sample, and in the end removed.
//
// The file and the row and the queue entry are written so that a process may die at any
// moment: nothing is lost, nothing is done twice. The package must never know HTTP or HTML.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/riverqueue/river"
	"golang.org/x/sync/semaphore"

	"sampleagent/server/internal/job/lane"
	"sampleagent/server/internal/notify"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/vibe"
	"sampleagent/sync/wire"
)

// Queue is what this package needs of the job queue.
type Queue interface {
	Insert(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) (int64, error)
	Cancel(ctx context.Context, tx *store.Tx, id int64) error
	Withdraw(ctx context.Context, tx *store.Tx, id int64) (bool, error)
}

// Service runs uploads and samples.
type Service struct {
	DB      *store.DB
	Objects object.Store
	Queue   Queue
	Notify  *notify.Service
	Vibe    *vibe.Service
	Meter   Meter                                  // of what goes beyond a plan's share; nil: nothing does
	Limits  func(*store.User) (plan.Limits, error) // what an account may do now
	Temp    string                                 // folder for files in work
	Workers map[plan.Queue]int                     // over all processes, for estimates
	Log     *slog.Logger
	Now     func() time.Time

	// Memory bounds what all workers of the process decode at once, in bytes.
	Memory *semaphore.Weighted

	// Crash is called between the steps of a job; tests end the process there. May be nil.
	Crash func(step string)
}

// MemoryBudget is how many bytes of decoded sound a process holds at once.
const MemoryBudget = 1 << 30

// Who is the account that asks, with what it may do.
type Who struct {
	User   *store.User
	Limits plan.Limits
}

func problem(status int, code wire.Code, format string, args ...any) *wire.Problem {
	return &wire.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

func limited(p *wire.Problem, limit int64, unit string, upgrade bool) *wire.Problem {
	p.Limit, p.Unit, p.Upgrade = &limit, unit, upgrade
	return p
}

// AnalyzeArgs is a job queue entry: work on one upload.
type AnalyzeArgs struct {
	JobID   string  `json:"job_id"`
	Seconds float64 `json:"seconds"` // of sound, as the header says
}

// Kind names the entry.
func (AnalyzeArgs) Kind() string { return "analyze_sample" }

// queueAttempts leaves room for rescues beside the three tries of our own: a killed worker
// costs an attempt of the queue, not one of the job's.
const queueAttempts = 10

// maxFailures is how often an error that may pass is tried (A44).
const maxFailures = 3

// enqueue writes a job's queue entry and joins the two.
func (s *Service) enqueue(ctx context.Context, tx *store.Tx, j *store.Job) error {
	id, err := s.Queue.Insert(ctx, tx, AnalyzeArgs{j.ID, j.Duration}, &river.InsertOpts{
		Queue: string(j.Queue), Priority: int(j.Priority), MaxAttempts: queueAttempts,
	})
	if err != nil {
		return err
	}
	j.QueueID = id
	return tx.SetQueueID(ctx, j.ID, id)
}

// Cancel ends a job that waits or runs. It gives the storage back, and the upload too when the
// work had not begun.
func (s *Service) Cancel(ctx context.Context, userID, id string) (*store.Job, error) {
	var job *store.Job
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		j, err := tx.Job(ctx, userID, id)
		if err != nil {
			return err
		}
		ended, err := tx.EndJob(ctx, id, wire.Cancelled, wire.CodeCancelled, "You cancelled it.", 0, s.Now())
		if err != nil {
			return err
		}
		if !ended {
			return problem(http.StatusConflict, wire.CodeConflict, "This job has ended already.")
		}
		if err := s.Queue.Cancel(ctx, tx, j.QueueID); err != nil {
			return err
		}
		kinds := []string{quota.Storage}
		if j.StartedAt == 0 {
			kinds = append(kinds, quota.Upload)
		}
		if err := quota.Refund(ctx, tx, id, "cancelled", s.Now(), kinds...); err != nil {
			return err
		}
		if err := s.Notify.Event(ctx, tx, userID, wire.EventJobUpdated, wire.EventData{JobID: id, Status: wire.Cancelled, BatchID: j.BatchID}); err != nil {
			return err
		}
		if j.BatchID != "" {
			err = s.Notify.BatchDone(ctx, tx, userID, j.BatchID)
		} else {
			err = s.Notify.Ended(ctx, tx, userID)
		}
		if err != nil {
			return err
		}
		job, err = tx.Job(ctx, userID, id)
		return err
	})
	return job, err
}

// Retry makes a failed or cancelled job wait again, while its file is kept. It costs an upload
// again, since the first was given back.
func (s *Service) Retry(ctx context.Context, who Who, id string) (*store.Job, error) {
	gone := problem(http.StatusConflict, wire.CodeConflict, "This job cannot be tried again; upload the file once more.")
	var job *store.Job
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		j, err := tx.Job(ctx, who.User.ID, id)
		if err != nil {
			return err
		}
		if (j.Status != wire.Failed && j.Status != wire.Cancelled) || j.CleanedAt != 0 {
			return gone
		}
		// What had started keeps its upload; what was given back is taken again.
		rows, err := tx.LedgerOf(ctx, id)
		if err != nil {
			return err
		}
		if err := quota.Refund(ctx, tx, id, "retry", s.Now(), quota.Upload, quota.Storage); err != nil {
			return err
		}
		if len(rows) > 40 {
			return gone
		}
		if j.Size > who.Limits.FileBytes { // the plan is smaller than when the file came
			return tooLarge(who.Limits)
		}
		if tooLong(j.Duration, who.Limits) {
			return durationProblem(j.Duration, who.Limits)
		}
		if err := quota.Reserve(ctx, tx, who.User, who.Limits, s.Now(), quota.Item{JobID: id, Bytes: j.Size}); err != nil {
			return err
		}
		live, err := tx.LiveJobs(ctx, who.User.ID, who.Limits.Queue)
		if err != nil {
			return err
		}
		j.Tier, j.Queue, j.Priority = who.Limits.Tier, who.Limits.Queue, lane.Priority(live, who.Limits.PerUser)
		j.DeadlineAt = store.At(s.Now().Add(who.Limits.Promise))
		if revived, err := tx.ReviveJob(ctx, j, s.Now()); err != nil || !revived {
			return errors.Join(err, gone)
		}
		if err := s.enqueue(ctx, tx, j); err != nil {
			return err
		}
		if err := s.Notify.Event(ctx, tx, who.User.ID, wire.EventJobUpdated, wire.EventData{JobID: id, Status: wire.Pending, BatchID: j.BatchID}); err != nil {
			return err
		}
		job, err = tx.Job(ctx, who.User.ID, id)
		return err
	})
	return job, err
}

// step is a point at which tests end the process.
func (s *Service) step(name string) {
	if s.Crash != nil {
		s.Crash(name)
	}
}

// tempFile is a fresh file that is removed by the returned function.
func (s *Service) tempFile() (*os.File, func(), error) {
	if err := os.MkdirAll(s.Temp, 0o700); err != nil {
		return nil, nil, fmt.Errorf("folder for files in work: %w", err)
	}
	f, err := os.CreateTemp(s.Temp, "work")
	if err != nil {
		return nil, nil, fmt.Errorf("file in work: %w", err)
	}
	return f, func() {
		_ = f.Close() // closed before, as a rule
		if err := os.Remove(f.Name()); err != nil {
			s.Log.Warn("file in work left for the sweeper", "error", err)
		}
	}, nil
}
