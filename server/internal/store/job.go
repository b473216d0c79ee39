package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// JobOptions is what an upload asked for.
type JobOptions struct {
	SourceSHA256 string     `json:"source_sha256,omitempty"` // of the uploader's file, when other bytes are sent
	Vibe         bool       `json:"vibe"`                    // ask how it feels
	Model        plan.Model `json:"model,omitempty"`         // empty: the plan's usual one
}

// Job is an upload on its way to a sample.
type Job struct {
	ID             string           `db:"id"`
	UserID         string           `db:"user_id"`
	BatchID        string           `db:"batch_id"`
	Status         wire.JobStatus   `db:"status"`
	Step           string           `db:"step"`
	Tier           plan.Tier        `db:"tier"` // when it was accepted
	Queue          plan.Queue       `db:"queue"`
	Priority       int64            `db:"priority"` // 1 first, 4 last
	QueueID        int64            `db:"queue_id"` // in the job queue
	FileKey        string           `db:"file_key"`
	Format         string           `db:"format"`
	OriginalName   string           `db:"original_name"`
	Size           int64            `db:"size"`
	SHA256         string           `db:"sha256"`
	Duration       float64          `db:"duration"` // s, from the header; 0: not said there
	IdempotencyKey string           `db:"idempotency_key"`
	Options        JSON[JobOptions] `db:"options"`
	Attempts       int64            `db:"attempts"`  // starts, counted on through retries: a worker knows its own by the number
	Failures       int64            `db:"failures"`  // ends with an error that may pass
	SampleID       string           `db:"sample_id"` // given when the job is accepted
	ErrorCode      wire.Code        `db:"error_code"`
	Error          string           `db:"error"`
	CreatedAt      Millis           `db:"created_at"`
	UpdatedAt      Millis           `db:"updated_at"`
	StartedAt      Millis           `db:"started_at"`
	CompletedAt    Millis           `db:"completed_at"`
	DeadlineAt     Millis           `db:"deadline_at"`
	PromotedAt     Millis           `db:"promoted_at"`
	CleanedAt      Millis           `db:"cleaned_at"` // pending object removed
	WorkMS         int64            `db:"work_ms"`
}

var jobs = tableOf[Job]("processing_jobs")

// AddJob writes a job; false if the user's idempotency key has one.
func (tx *Tx) AddJob(ctx context.Context, j *Job) (bool, error) {
	n, err := jobs.insert(ctx, tx.Q, j, "ON CONFLICT DO NOTHING")
	return n > 0, err
}

// Job reads a user's job.
func (q Q) Job(ctx context.Context, userID, id string) (*Job, error) {
	return jobs.get(ctx, q, "WHERE id = ? AND user_id = ?", id, userID)
}

// JobByID reads any job, for workers.
func (q Q) JobByID(ctx context.Context, id string) (*Job, error) {
	return jobs.get(ctx, q, "WHERE id = ?", id)
}

// JobByIdempotency reads the job of a repeated upload.
func (q Q) JobByIdempotency(ctx context.Context, userID, key string) (*Job, error) {
	return jobs.get(ctx, q, "WHERE user_id = ? AND idempotency_key = ? AND idempotency_key <> ''", userID, key)
}

// Jobs lists a user's jobs, newest first, before a cursor ("" for the newest), of one status
// ("" for all).
func (q Q) Jobs(ctx context.Context, userID string, status wire.JobStatus, batchID, before string, limit int) ([]Job, error) {
	where, args := "WHERE user_id = ?", []any{userID}
	if status != "" {
		where, args = where+" AND status = ?", append(args, status)
	}
	if batchID != "" {
		where, args = where+" AND batch_id = ?", append(args, batchID)
	}
	if before != "" {
		where, args = where+" AND id < ?", append(args, before)
	}
	return jobs.list(ctx, q, where+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
}

// SetQueueID joins a job to its entry in the job queue.
func (tx *Tx) SetQueueID(ctx context.Context, id string, queueID int64) error {
	return tx.must(ctx, "UPDATE processing_jobs SET queue_id = ? WHERE id = ?", queueID, id)
}

// StartJob marks a waiting or interrupted job as processing and says which attempt this is; 0 if it has
// ended. What worked on it until now works for nobody.
func (tx *Tx) StartJob(ctx context.Context, id string, now time.Time) (attempt int64, err error) {
	err = tx.one(ctx, &attempt, `UPDATE processing_jobs SET status = 'processing', step = ?, attempts = attempts + 1, updated_at = ?,
		started_at = CASE WHEN started_at = 0 THEN ? ELSE started_at END
		WHERE id = ? AND status IN ('pending', 'processing') RETURNING attempts`, wire.StepFetch, At(now), At(now), id)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return attempt, err
}

// SetJobStep notes how far an attempt at a job is; false if it does not count any more.
func (tx *Tx) SetJobStep(ctx context.Context, id string, attempt int64, step string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE processing_jobs SET step = ?, updated_at = ? WHERE id = ? AND status = 'processing' AND attempts = ?", step, At(now), id, attempt)
	return n > 0, err
}

// JobRuns says which attempt at a job is being worked on; 0 if none is.
func (q Q) JobRuns(ctx context.Context, id string) (attempt int64, err error) {
	err = q.one(ctx, &attempt, "SELECT attempts FROM processing_jobs WHERE id = ? AND status = 'processing'", id)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return attempt, err
}

// ParkJob puts a running job back to waiting, after an error that may pass; failed counts it as the job's.
func (tx *Tx) ParkJob(ctx context.Context, id string, failed bool, why string, now time.Time) error {
	counted := 0
	if failed {
		counted = 1
	}
	_, err := tx.exec(ctx, "UPDATE processing_jobs SET status = 'pending', step = '', failures = failures + ?, error = ?, updated_at = ? WHERE id = ? AND status = 'processing'", counted, why, At(now), id)
	return err
}

// EndJob marks a live job as ended; false if it had ended. The pending object of a completed job goes
// right after it: if the process dies first, it is an object that no row knows.
func (tx *Tx) EndJob(ctx context.Context, id string, status wire.JobStatus, code wire.Code, why string, workMS int64, now time.Time) (bool, error) {
	cleaned := Millis(0)
	if status == wire.Completed {
		cleaned = At(now)
	}
	n, err := tx.exec(ctx, `UPDATE processing_jobs SET status = ?, step = '', error_code = ?, error = ?, work_ms = ?, completed_at = ?, updated_at = ?, cleaned_at = ?
		WHERE id = ? AND status IN ('pending', 'processing')`, status, code, why, workMS, At(now), At(now), cleaned, id)
	return n > 0, err
}

// ReviveJob makes a failed or cancelled job wait again, for a retry by the user.
func (tx *Tx) ReviveJob(ctx context.Context, j *Job, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE processing_jobs SET status = 'pending', step = '', error_code = '', error = '', failures = 0,
		started_at = 0, completed_at = 0, queue = ?, tier = ?, priority = ?, queue_id = ?, deadline_at = ?, promoted_at = 0, updated_at = ?
		WHERE id = ? AND status IN ('failed', 'cancelled') AND cleaned_at = 0`,
		j.Queue, j.Tier, j.Priority, j.QueueID, j.DeadlineAt, At(now), j.ID)
	return n > 0, err
}

// PromoteJob moves a waiting job to another lane.
func (tx *Tx) PromoteJob(ctx context.Context, id string, to plan.Queue, priority, queueID int64, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE processing_jobs SET queue = ?, priority = ?, queue_id = ?, promoted_at = ?, updated_at = ? WHERE id = ? AND status = 'pending'",
		to, priority, queueID, At(now), At(now), id)
	return n > 0, err
}

// JobsDue lists waiting jobs of a lane whose deadline is before a time.
func (q Q) JobsDue(ctx context.Context, queue plan.Queue, before time.Time, limit int) ([]Job, error) {
	return jobs.list(ctx, q, "WHERE status = 'pending' AND queue = ? AND deadline_at < ? ORDER BY deadline_at LIMIT ?", queue, At(before), limit)
}

// LiveJobs counts a user's unfinished jobs in a lane.
func (q Q) LiveJobs(ctx context.Context, userID string, queue plan.Queue) (n int64, err error) {
	err = q.one(ctx, &n, "SELECT COUNT(*) FROM processing_jobs WHERE user_id = ? AND queue = ? AND status IN ('pending', 'processing')", userID, queue)
	return n, err
}

// SinglesLeft says whether a user has unfinished jobs outside of batches.
func (q Q) SinglesLeft(ctx context.Context, userID string) (bool, error) {
	var n int64
	err := q.one(ctx, &n, "SELECT COUNT(*) FROM (SELECT 1 FROM processing_jobs WHERE user_id = ? AND status IN ('pending', 'processing') AND batch_id = '' LIMIT 1) o", userID)
	return n > 0, err
}

// RunningJobs counts a user's running jobs in a lane, without one that may run already.
func (q Q) RunningJobs(ctx context.Context, userID string, queue plan.Queue, but string) (n int64, err error) {
	err = q.one(ctx, &n, "SELECT COUNT(*) FROM processing_jobs WHERE user_id = ? AND queue = ? AND status = 'processing' AND id <> ?", userID, queue, but)
	return n, err
}

// OthersWait says whether another user has a job waiting in a lane.
func (q Q) OthersWait(ctx context.Context, userID string, queue plan.Queue) (bool, error) {
	var n int64
	err := q.one(ctx, &n, "SELECT COUNT(*) FROM (SELECT 1 FROM processing_jobs WHERE queue = ? AND status = 'pending' AND user_id <> ? LIMIT 1) o", queue, userID)
	return n > 0, err
}

// Ahead counts the jobs that start before a waiting one.
func (q Q) Ahead(ctx context.Context, j *Job) (n int64, err error) {
	err = q.one(ctx, &n, `SELECT COUNT(*) FROM processing_jobs WHERE queue = ? AND status = 'pending'
		AND (priority < ? OR (priority = ? AND (created_at < ? OR (created_at = ? AND id < ?))))`,
		j.Queue, j.Priority, j.Priority, j.CreatedAt, j.CreatedAt, j.ID)
	return n, err
}

// Lane is how a lane does.
type Lane struct {
	Queue           plan.Queue
	Waiting         int64
	Running         int64
	OldestWaitingAt Millis
	RecentDone      int64   // of the last ones measured
	MeanWorkMS      float64 // of those
	InTime, Late    int64   // of those that completed since `since`
}

// Lanes measures each lane; speed and promises over jobs completed since a time.
func (q Q) Lanes(ctx context.Context, since time.Time) (map[plan.Queue]*Lane, error) {
	lanes := map[plan.Queue]*Lane{}
	of := func(queue plan.Queue) *Lane {
		if lanes[queue] == nil {
			lanes[queue] = &Lane{Queue: queue}
		}
		return lanes[queue]
	}
	err := q.each(ctx, func(scan func(...any) error) error {
		var queue plan.Queue
		var status string
		var n int64
		var oldest Millis
		if err := scan(&queue, &status, &n, &oldest); err != nil {
			return err
		}
		if status == "pending" {
			of(queue).Waiting, of(queue).OldestWaitingAt = n, oldest
		} else {
			of(queue).Running = n
		}
		return nil
	}, "SELECT queue, status, COUNT(*), MIN(created_at) FROM processing_jobs WHERE status IN ('pending', 'processing') GROUP BY queue, status")
	if err != nil {
		return nil, fmt.Errorf("measure lanes: %w", err)
	}
	err = q.each(ctx, func(scan func(...any) error) error {
		var queue plan.Queue
		var n, inTime int64
		var mean float64
		if err := scan(&queue, &n, &mean, &inTime); err != nil {
			return err
		}
		l := of(queue)
		l.RecentDone, l.MeanWorkMS, l.InTime, l.Late = n, mean, inTime, n-inTime
		return nil
	}, `SELECT queue, COUNT(*), CAST(AVG(work_ms) AS DOUBLE PRECISION), CAST(SUM(CASE WHEN completed_at <= deadline_at THEN 1 ELSE 0 END) AS BIGINT)
		FROM processing_jobs WHERE status = 'completed' AND completed_at >= ? GROUP BY queue`, At(since))
	if err != nil {
		return nil, fmt.Errorf("measure lanes: %w", err)
	}
	return lanes, nil
}

// LaneSpeed is the mean work of the last jobs of a lane, in ms, and how many were measured.
func (q Q) LaneSpeed(ctx context.Context, queue plan.Queue, last int) (meanMS float64, n int64, err error) {
	err = q.each(ctx, func(scan func(...any) error) error { return scan(&meanMS, &n) },
		`SELECT CAST(COALESCE(AVG(work_ms), 0) AS DOUBLE PRECISION), COUNT(*) FROM (SELECT work_ms FROM processing_jobs
		WHERE queue = ? AND status = 'completed' ORDER BY completed_at DESC LIMIT ?) recent`, queue, last)
	return meanMS, n, err
}

// LostJobs lists live jobs whose entry in the job queue has ended or is gone: a worker was
// killed on its last try.
func (q Q) LostJobs(ctx context.Context, before time.Time, limit int) ([]Job, error) {
	return jobs.list(ctx, q, `WHERE status IN ('pending', 'processing') AND updated_at < ? AND NOT EXISTS
		(SELECT 1 FROM river_job r WHERE r.id = processing_jobs.queue_id AND r.state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))
		ORDER BY id LIMIT ?`, At(before), limit)
}

// UncleanJobs lists jobs that ended before a time and whose pending object may go.
func (q Q) UncleanJobs(ctx context.Context, before time.Time, limit int) ([]Job, error) {
	return jobs.list(ctx, q, "WHERE cleaned_at = 0 AND completed_at > 0 AND completed_at < ? ORDER BY completed_at LIMIT ?", At(before), limit)
}

// CleanedJob notes that a job's pending object is gone; false if the job lives again.
func (tx *Tx) CleanedJob(ctx context.Context, id string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE processing_jobs SET cleaned_at = ? WHERE id = ? AND cleaned_at = 0 AND status NOT IN ('pending', 'processing')", At(now), id)
	return n > 0, err
}

// KnownJobs says which of some ids are jobs or open uploads.
func (q Q) KnownJobs(ctx context.Context, ids []string) (map[string]bool, error) {
	return q.which(ctx, ids, "SELECT id FROM processing_jobs WHERE cleaned_at = 0 AND id IN (@ids) UNION SELECT job_id FROM uploads WHERE state = 'open' AND job_id IN (@ids)")
}

// CleanedJobs says which of some ids are jobs whose pending object is gone, or should be.
func (q Q) CleanedJobs(ctx context.Context, ids []string) (map[string]bool, error) {
	return q.which(ctx, ids, "SELECT id FROM processing_jobs WHERE cleaned_at > 0 AND id IN (@ids)")
}

// Upload is a direct upload that was promised an address.
type Upload struct {
	ID             string `db:"id"`
	UserID         string `db:"user_id"`
	BatchID        string `db:"batch_id"`
	JobID          string `db:"job_id"` // of the job it becomes
	FileKey        string `db:"file_key"`
	Name           string `db:"name"`
	Size           int64  `db:"size"`
	SHA256         string `db:"sha256"`
	SourceSHA256   string `db:"source_sha256"`
	ContentType    string `db:"content_type"`
	IdempotencyKey string `db:"idempotency_key"`
	State          string `db:"state"` // open, completed, expired
	CreatedAt      Millis `db:"created_at"`
	ExpiresAt      Millis `db:"expires_at"`
}

var uploads = tableOf[Upload]("uploads")

// AddUpload writes a direct upload; false if the user's idempotency key has one.
func (tx *Tx) AddUpload(ctx context.Context, u *Upload) (bool, error) {
	n, err := uploads.insert(ctx, tx.Q, u, "ON CONFLICT DO NOTHING")
	return n > 0, err
}

// Upload reads a user's direct upload.
func (q Q) Upload(ctx context.Context, userID, id string) (*Upload, error) {
	return uploads.get(ctx, q, "WHERE id = ? AND user_id = ?", id, userID)
}

// UploadByIdempotency reads the upload of a repeated request.
func (q Q) UploadByIdempotency(ctx context.Context, userID, key string) (*Upload, error) {
	return uploads.get(ctx, q, "WHERE user_id = ? AND idempotency_key = ? AND idempotency_key <> ''", userID, key)
}

// CloseUpload moves an open upload on; false if it was not open.
func (tx *Tx) CloseUpload(ctx context.Context, id, state string) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE uploads SET state = ? WHERE id = ? AND state = 'open'", state, id)
	return n > 0, err
}

// StaleUploads lists open uploads that ended before a time.
func (q Q) StaleUploads(ctx context.Context, before time.Time, limit int) ([]Upload, error) {
	return uploads.list(ctx, q, "WHERE state = 'open' AND expires_at < ? ORDER BY expires_at LIMIT ?", At(before), limit)
}

// Batch is a set of uploads accepted together.
type Batch struct {
	ID        string `db:"id"`
	UserID    string `db:"user_id"`
	Name      string `db:"name"`
	Files     int64  `db:"files"`
	CreatedAt Millis `db:"created_at"`
	ToldAt    Millis `db:"told_at"` // its summary was sent
}

var batches = tableOf[Batch]("batches")

// AddBatch writes a batch.
func (tx *Tx) AddBatch(ctx context.Context, b *Batch) error {
	_, err := batches.insert(ctx, tx.Q, b, "")
	return err
}

// Batch reads a user's batch.
func (q Q) Batch(ctx context.Context, userID, id string) (*Batch, error) {
	return batches.get(ctx, q, "WHERE id = ? AND user_id = ?", id, userID)
}

// BatchCounts counts a batch's jobs by status and its uploads that are still open.
func (q Q) BatchCounts(ctx context.Context, id string) (open int64, byStatus map[wire.JobStatus]int64, err error) {
	byStatus = map[wire.JobStatus]int64{}
	if err = q.one(ctx, &open, "SELECT COUNT(*) FROM uploads WHERE batch_id = ? AND state = 'open'", id); err != nil {
		return 0, nil, err
	}
	err = q.each(ctx, func(scan func(...any) error) error {
		var s wire.JobStatus
		var n int64
		if err := scan(&s, &n); err != nil {
			return err
		}
		byStatus[s] = n
		return nil
	}, "SELECT status, COUNT(*) FROM processing_jobs WHERE batch_id = ? AND batch_id <> '' GROUP BY status", id)
	return open, byStatus, err
}

// BatchTold marks a batch's summary as sent; false if it was sent.
func (tx *Tx) BatchTold(ctx context.Context, id string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE batches SET told_at = ? WHERE id = ? AND told_at = 0", At(now), id)
	return n > 0, err
}
