package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// JobState is how far a job has come; the words are the server's.
type JobState string

// The states. Pending and processing jobs survive the end of the program; the others are final.
const (
	JobPending    JobState = "pending"
	JobProcessing JobState = "processing"
	JobCompleted  JobState = "completed"
	JobFailed     JobState = "failed"
	JobCancelled  JobState = "cancelled"
	JobExpired    JobState = "expired"
)

// Final says that nothing more will happen.
func (s JobState) Final() bool { return s != JobPending && s != JobProcessing }

// Job is work that outlives the program: an import, an upload that waits for the network.
type Job struct {
	ID         string
	Kind       string // who does it: "import", "upload"...
	State      JobState
	Step       string // what it does right now, for people
	Payload    string // JSON, what to do
	Result     string // JSON, what came of it
	Error      string // why it failed
	Total      int    // items to do, 0 when not known
	Done       int    // items done, failed ones among them
	Failed     int
	Attempts   int // how often it was begun
	CreatedAt  time.Time
	StartedAt  time.Time
	FinishedAt time.Time
	NotBefore  time.Time // a retry waits until then
}

const jobColumns = `id, kind, state, step, payload, result, error, total, done, failed, attempts, created_at, started_at, finished_at, not_before`

func scanJob(scan func(...any) error) (j Job, err error) {
	var created, started, finished, before sql.NullInt64
	err = scan(&j.ID, &j.Kind, &j.State, &j.Step, &j.Payload, &j.Result, &j.Error, &j.Total, &j.Done, &j.Failed, &j.Attempts, &created, &started, &finished, &before)
	j.CreatedAt, j.StartedAt, j.FinishedAt = fromMillis(created), fromMillis(started), fromMillis(finished)
	if before.Int64 > 0 {
		j.NotBefore = fromMillis(before)
	}
	return j, err
}

// AddJob puts a job at the end of the queue.
func (db *DB) AddJob(ctx context.Context, kind, payload string) (Job, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Job{}, err
	}
	now := db.stamp()
	j := Job{ID: id.String(), Kind: kind, State: JobPending, Payload: payload, CreatedAt: time.UnixMilli(now)}
	err = db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Jobs = []string{j.ID}
		_, err := tx.ExecContext(ctx, `INSERT INTO jobs (id, kind, state, payload, created_at) VALUES (?, ?, 'pending', ?, ?)`, j.ID, kind, payload, now)
		return err
	})
	return j, err
}

// StartJob makes the job with the id processing, whichever its turn. Errors: ErrNotFound, and
// ErrNotPossible for a job that is final.
func (db *DB) StartJob(ctx context.Context, id string) error {
	return db.setJob(ctx, id, `state = 'processing', started_at = ?2, attempts = attempts + 1, error = ''`, db.stamp())
}

// JobProgress notes how far a job is.
func (db *DB) JobProgress(ctx context.Context, id, step string, total, done, failed int) error {
	return db.setJob(ctx, id, `step = ?2, total = ?3, done = ?4, failed = ?5`, step, total, done, failed)
}

// JobResult keeps what is known of a job that is not final yet.
func (db *DB) JobResult(ctx context.Context, id, step, result string) error {
	return db.setJob(ctx, id, `step = ?2, result = ?3`, step, result)
}

// EndJob makes a job final. reason is kept for a failed one, result for any. Errors as of
// StartJob.
func (db *DB) EndJob(ctx context.Context, id string, s JobState, result string, reason error) error {
	if !s.Final() {
		return fmt.Errorf("end job %s as %s: %w", id, s, ErrOutOfRange)
	}
	text := ""
	if reason != nil {
		text = reason.Error()
	}
	return db.setJob(ctx, id, `state = ?2, result = ?3, error = ?4, finished_at = ?5, step = ''`, s, result, text, db.stamp())
}

// RetryJob puts a job that is processing back into the queue, for when its reason may have
// passed.
func (db *DB) RetryJob(ctx context.Context, id string, at time.Time, reason error) error {
	text := ""
	if reason != nil {
		text = reason.Error()
	}
	return db.setJob(ctx, id, `state = 'pending', not_before = ?2, error = ?3, step = ''`, at.UnixMilli(), text)
}

func (db *DB) setJob(ctx context.Context, id, what string, args ...any) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Jobs = []string{id}
		res, err := tx.ExecContext(ctx, `UPDATE jobs SET `+what+` WHERE id = ?1 AND state IN ('pending', 'processing')`, append([]any{id}, args...)...)
		err = found(res, err, "job "+id)
		if errors.Is(err, ErrNotFound) {
			var state JobState
			if tx.QueryRowContext(ctx, `SELECT state FROM jobs WHERE id = ?`, id).Scan(&state) == nil {
				return fmt.Errorf("job %s: %w: it is %s", id, ErrNotPossible, state)
			}
		}
		return err
	})
}

// Jobs lists jobs, the newest first: those of kind, or of every kind for "".
func (db *DB) Jobs(ctx context.Context, kind string, limit int) ([]Job, error) {
	out, err := list(ctx, db.r, `SELECT `+jobColumns+` FROM jobs WHERE ?1 = '' OR kind = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2`, []any{kind, limit}, scanJob)
	return out, plain(err)
}

// Job reads one job. Error: ErrNotFound.
func (db *DB) Job(ctx context.Context, id string) (Job, error) {
	all, err := list(ctx, db.r, `SELECT `+jobColumns+` FROM jobs WHERE id = ?`, []any{id}, scanJob)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Job{}, fmt.Errorf("job %s: %w", id, plain(err))
	}
	return all[0], nil
}

// UnfinishedJobs lists what is pending or processing, the oldest first.
func (db *DB) UnfinishedJobs(ctx context.Context, kind string) ([]Job, error) {
	out, err := list(ctx, db.r, `SELECT `+jobColumns+` FROM jobs WHERE state IN ('pending', 'processing') AND kind = ? ORDER BY created_at, id`, []any{kind}, scanJob)
	return out, plain(err)
}
