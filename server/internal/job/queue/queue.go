// Package queue joins the River job queue to our transactions: an entry is written, and a job
// is finished, in the transaction that writes our rows, on SQLite and on PostgreSQL alike.
//
// It must never know what a job does.
package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
	"riverqueue.com/riverui"

	"sampleagent/server/internal/store"
)

// Options say what a process works on. Without Queues it only inserts.
type Options struct {
	Workers  *river.Workers
	Queues   map[string]int // name -> workers at once in this process
	Periodic []*river.PeriodicJob
	Logger   *slog.Logger

	// Gather is the least time between two looks at a queue, where it is longer than usual: what
	// came meanwhile is then taken by one look, which costs as much as ending a short entry.
	// Looks follow at once on an entry that comes alone.
	Gather map[string]time.Duration

	// RescueAfter is when the job of a killed worker is given to another; it must be above the
	// longest Timeout of any worker. The rescuer looks every 30 s.
	RescueAfter time.Duration
	// Poll is how often a queue is looked at when no notice came; 0 is River's own.
	Poll time.Duration
	// StopTimeout is how long running jobs may go on when the process ends.
	StopTimeout time.Duration
}

// Queue is this process's end of the job queue.
type Queue struct {
	pg   *river.Client[pgx.Tx]
	lite *river.Client[*sql.Tx]
	db   *store.DB
	o    Options
}

// New makes a queue on an open, migrated database.
func New(db *store.DB, o Options) (*Queue, error) {
	q := &Queue{db: db, o: o}
	var err error
	if db.Postgres() != nil {
		q.pg, err = river.NewClient(riverpgxv5.New(db.Postgres()), o.config(o.Queues, true))
	} else {
		q.lite, err = river.NewClient(riversqlite.New(db.SQLite()), o.config(o.Queues, true))
	}
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return q, nil
}

// fetchPause is the least time between two looks at a queue: a worker that is done with a short sound
// stands still for what is left of it, and waking the process again costs more than a look.
const fetchPause = 2 * time.Millisecond

func (o Options) config(queues map[string]int, periodic bool) *river.Config {
	c := &river.Config{
		Workers: o.Workers, Logger: o.Logger, RescueStuckJobsAfter: o.RescueAfter, JobTimeout: o.RescueAfter,
		FetchPollInterval: o.Poll, FetchCooldown: fetchPause,
		CompletedJobRetentionPeriod: time.Hour, SoftStopTimeout: o.StopTimeout,
	}
	if len(queues) > 0 {
		c.Queues = map[string]river.QueueConfig{}
		for name, n := range queues {
			if n > 0 {
				c.Queues[name] = river.QueueConfig{MaxWorkers: n, FetchCooldown: o.Gather[name]}
			}
		}
	}
	if periodic {
		c.PeriodicJobs = o.Periodic
	}
	return c
}

// Insert writes an entry in tx and returns its id; 0 when a unique one was there.
func (q *Queue) Insert(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) (int64, error) {
	var r *rivertype.JobInsertResult
	var err error
	if q.pg != nil {
		r, err = q.pg.InsertTx(ctx, tx.Postgres(), args, opts)
	} else {
		r, err = q.lite.InsertTx(ctx, tx.SQLite(), args, opts)
	}
	if err != nil {
		return 0, fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	if r.UniqueSkippedAsDuplicate {
		return 0, nil
	}
	return r.Job.ID, nil
}

// Cancel ends an entry: one that waits at once, one that runs by cancelling its context.
func (q *Queue) Cancel(ctx context.Context, tx *store.Tx, id int64) error {
	var err error
	if q.pg != nil {
		_, err = q.pg.JobCancelTx(ctx, tx.Postgres(), id)
	} else {
		_, err = q.lite.JobCancelTx(ctx, tx.SQLite(), id)
	}
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil
	}
	return err
}

// Now makes an entry that waits for its time due.
func (q *Queue) Now(ctx context.Context, tx *store.Tx, id int64) error {
	var err error
	if q.pg != nil {
		_, err = q.pg.JobRetryTx(ctx, tx.Postgres(), id)
	} else {
		_, err = q.lite.JobRetryTx(ctx, tx.SQLite(), id)
	}
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil
	}
	return err
}

// Withdraw removes an entry that does not run; false if it runs or is gone.
func (q *Queue) Withdraw(ctx context.Context, tx *store.Tx, id int64) (bool, error) {
	var err error
	if q.pg != nil {
		_, err = q.pg.JobDeleteTx(ctx, tx.Postgres(), id)
	} else {
		_, err = q.lite.JobDeleteTx(ctx, tx.SQLite(), id)
	}
	if errors.Is(err, rivertype.ErrNotFound) || errors.Is(err, rivertype.ErrJobRunning) {
		return false, nil
	}
	return err == nil, err
}

// Complete finishes a running job in tx: its results and its end are one commit.
func Complete[T river.JobArgs](ctx context.Context, tx *store.Tx, job *river.Job[T]) error {
	var err error
	if tx.Postgres() != nil {
		_, err = river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx.Postgres(), job)
	} else {
		_, err = river.JobCompleteTx[*riversqlite.Driver](ctx, tx.SQLite(), job)
	}
	if err != nil {
		return fmt.Errorf("finish %s: %w", job.Kind, err)
	}
	return nil
}

// Start begins to work. ctx only bounds the start.
func (q *Queue) Start(ctx context.Context) error {
	if q.pg != nil {
		return q.pg.Start(context.WithoutCancel(ctx))
	}
	return q.lite.Start(context.WithoutCancel(ctx))
}

// Stop lets running jobs end until ctx does, then interrupts them; interrupted jobs wait again.
func (q *Queue) Stop(ctx context.Context) error {
	stop, kill := q.lite.Stop, q.lite.StopAndCancel
	if q.pg != nil {
		stop, kill = q.pg.Stop, q.pg.StopAndCancel
	}
	return stopOrKill(ctx, stop, kill)
}

func stopOrKill(ctx context.Context, stop, kill func(context.Context) error) error {
	if err := stop(ctx); err == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return kill(hard)
}

// Burst starts n further workers of one queue in this process and returns how to end them:
// they drain while the others go on.
func (q *Queue) Burst(ctx context.Context, name string, n int) (stop func(context.Context) error, err error) {
	queues := map[string]int{name: n}
	if q.pg != nil {
		c, err := river.NewClient(riverpgxv5.New(q.db.Postgres()), q.o.config(queues, true))
		if err != nil {
			return nil, fmt.Errorf("burst workers: %w", err)
		}
		return func(ctx context.Context) error { return stopOrKill(ctx, c.Stop, c.StopAndCancel) }, c.Start(context.WithoutCancel(ctx))
	}
	c, err := river.NewClient(riversqlite.New(q.db.SQLite()), q.o.config(queues, true))
	if err != nil {
		return nil, fmt.Errorf("burst workers: %w", err)
	}
	return func(ctx context.Context) error { return stopOrKill(ctx, c.Stop, c.StopAndCancel) }, c.Start(context.WithoutCancel(ctx))
}

// UI is River's own pages under a path prefix. It has no sign-in: mount it behind one.
func (q *Queue) UI(ctx context.Context, prefix string) (http.Handler, error) {
	opts := &riverui.HandlerOpts{Logger: q.o.Logger, Prefix: prefix, JobListHideArgsByDefault: true}
	if q.pg != nil {
		opts.Endpoints = riverui.NewEndpoints(q.pg, nil)
	} else {
		opts.Endpoints = riverui.NewEndpoints(q.lite, nil)
	}
	h, err := riverui.NewHandler(opts)
	if err != nil {
		return nil, fmt.Errorf("queue pages: %w", err)
	}
	return h, h.Start(ctx)
}
