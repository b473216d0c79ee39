package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// guessMS is the work of a job while none has been measured.
const guessMS = 4000

// Estimate is when a waiting or running job is likely to be done.
type Estimate struct {
	Position         int64 // jobs before it; -1 when it runs
	Earliest, Latest time.Time
}

// Estimate measures the lane and says where a live job stands. Latest passes the deadline only
// when even Earliest does.
func (s *Service) Estimate(ctx context.Context, j *store.Job) (Estimate, error) {
	mean, n, err := s.DB.LaneSpeed(ctx, j.Queue, 50)
	if err != nil {
		return Estimate{}, err
	}
	if n == 0 || mean <= 0 {
		mean = guessMS
	}
	e := Estimate{Position: -1}
	now := s.Now()
	wait := time.Duration(0)
	if j.Status == wire.Pending {
		if e.Position, err = s.DB.Ahead(ctx, j); err != nil {
			return e, err
		}
		workers := max(s.Workers[j.Queue], 1)
		wait = time.Duration(float64(e.Position) / float64(workers) * mean * float64(time.Millisecond))
	}
	work := time.Duration(mean * float64(time.Millisecond))
	e.Earliest = now.Add(wait + work)
	e.Latest = now.Add(2*(wait+work) + 15*time.Second)
	if deadline := j.DeadlineAt.Time(); e.Latest.After(deadline) {
		e.Latest = deadline
		if e.Earliest.After(deadline) {
			e.Latest = e.Earliest
		}
	}
	return e, nil
}

// View is a job as its owner sees it now.
func (s *Service) View(ctx context.Context, j *store.Job) (wire.Job, error) {
	w := wire.Job{
		ID: j.ID, Status: j.Status, Queue: string(j.Queue), Name: j.OriginalName, Size: j.Size, SHA256: j.SHA256,
		Deadline: j.DeadlineAt.Time(), Attempts: int(j.Attempts), CreatedAt: j.CreatedAt.Time(),
		StartedAt: j.StartedAt.Pointer(), CompletedAt: j.CompletedAt.Pointer(),
	}
	if j.BatchID != "" {
		w.BatchID = &j.BatchID
	}
	if j.Step != "" {
		w.Step = &j.Step
	}
	if j.Status == wire.Completed {
		w.SampleID = &j.SampleID
	}
	if j.ErrorCode != "" {
		w.ErrorCode = &j.ErrorCode
	}
	if j.Error != "" && j.Status != wire.Completed {
		w.Error = &j.Error
	}
	w.CanRetry = (j.Status == wire.Failed || j.Status == wire.Cancelled) && j.CleanedAt == 0
	if !j.Status.Final() {
		e, err := s.Estimate(ctx, j)
		if err != nil {
			return w, err
		}
		w.EstimatedEarliest, w.EstimatedCompletion = &e.Earliest, &e.Latest
		if e.Position >= 0 {
			w.Position = &e.Position
		}
	}
	return w, nil
}

// Accepted is the answer to an upload.
func (s *Service) Accepted(ctx context.Context, j *store.Job, tellsBy string) (wire.Accepted, error) {
	e, err := s.Estimate(ctx, j)
	if err != nil {
		return wire.Accepted{}, err
	}
	return wire.Accepted{JobID: j.ID, Status: j.Status, Queue: string(j.Queue), EstimatedCompletion: e.Latest, Message: message(j, e, s.Now()) + tellsBy}, nil
}

func message(j *store.Job, e Estimate, now time.Time) string {
	switch {
	case j.Status.Final():
		return "Uploaded before; this job has ended."
	case j.Queue == plan.QueueFree:
		return fmt.Sprintf("Queued, %d before you. The free plan promises 24 hours; now it looks like %s.", max(e.Position, 0), span(e, now))
	case j.Queue == plan.QueueEnterprise:
		return "Queued. Normally ready within a minute; now it looks like " + span(e, now) + "."
	}
	return "Queued. Normally ready within 5 minutes; now it looks like " + span(e, now) + "."
}

func span(e Estimate, now time.Time) string {
	d := e.Latest.Sub(now)
	switch {
	case d < 90*time.Second:
		return "about a minute"
	case d < 90*time.Minute:
		return fmt.Sprintf("%.0f minutes at most", d.Minutes())
	}
	return fmt.Sprintf("%.0f hours at most", d.Hours())
}

// Jobs is a page of a user's jobs, newest first.
func (s *Service) Jobs(ctx context.Context, userID string, status wire.JobStatus, batchID, cursor string, limit int) (wire.JobPage, error) {
	rows, err := s.DB.Jobs(ctx, userID, status, batchID, cursor, limit+1)
	if err != nil {
		return wire.JobPage{}, err
	}
	page := wire.JobPage{Items: []wire.Job{}}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = rows[limit-1].ID
	}
	for i := range rows {
		w, err := s.View(ctx, &rows[i])
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, w)
	}
	return page, nil
}

// Batch is how far a user's batch has come.
func (s *Service) Batch(ctx context.Context, userID, id string) (*wire.Batch, error) {
	b, err := s.DB.Batch(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	open, by, err := s.DB.BatchCounts(ctx, id)
	if err != nil {
		return nil, err
	}
	jobs := int64(0)
	for _, n := range by {
		jobs += n
	}
	return &wire.Batch{ID: b.ID, Name: b.Name, Files: int(b.Files), Waiting: int(open), Running: int(by[wire.Pending] + by[wire.Processing]),
		Completed: int(by[wire.Completed]), Failed: int(b.Files - open - jobs + by[wire.Failed] + by[wire.Cancelled] + by[wire.Expired]), CreatedAt: b.CreatedAt.Time()}, nil
}

// notFound says whether err means that a row is not there or not the asker's.
func notFound(err error) bool { return errors.Is(err, store.ErrNotFound) }
