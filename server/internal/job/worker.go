package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/riverqueue/river"
	"golang.org/x/sync/errgroup"

	"sampleagent/audio/codec"
	"sampleagent/server/internal/job/lane"
	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/vibe"
	"sampleagent/sync/wire"
)

// workTime bounds the work on a sound of five minutes; a killed worker's job is rescued within
// it and some 35 s (server-notes.md), so it decides how soon a pro job starts again.
const workTime = 40 * time.Second

// RescueAfter is the queue's setting that goes with workTime.
const RescueAfter = workTime + time.Second

// timeout is how long a worker may work on so many seconds of sound.
func timeout(seconds float64) time.Duration {
	if seconds <= 300 {
		return workTime
	}
	return workTime + time.Duration((seconds-300)/8*float64(time.Second))
}

type analyzer struct {
	river.WorkerDefaults[AnalyzeArgs]
	s *Service
}

// AddWorkers adds the workers of this package.
func (s *Service) AddWorkers(w *river.Workers) {
	river.AddWorker(w, &analyzer{s: s})
	river.AddWorker(w, &sweeper{s: s})
	river.AddWorker(w, &checker{s: s})
	river.AddWorker(w, &promoter{s: s})
	river.AddWorker(w, &deepWorker{s: s})
}

func (*analyzer) Timeout(job *river.Job[AnalyzeArgs]) time.Duration { return timeout(job.Args.Seconds) }

// NextRetry pauses 5, 20 and 80 s, and no longer after that: more attempts are of killed workers.
func (*analyzer) NextRetry(job *river.Job[AnalyzeArgs]) time.Time {
	pause := 5 * time.Second
	for range min(max(job.Attempt-1, 0), 2) {
		pause *= 4
	}
	return time.Now().Add(pause)
}

// permanent is a failure that no further try can change: the file is what it is.
type permanent struct{ *wire.Problem }

func (p permanent) Error() string { return p.Problem.Error() }

// errEnded says that the job was cancelled or its account deleted while we worked.
var errEnded = errors.New("the job has ended meanwhile")

// errTakenOver says that we stood still for so long that another worker was given the job.
var errTakenOver = errors.New("another worker has the job now")

// Work does one job: fetch, decode, analyse, describe, store, finish.
func (a *analyzer) Work(ctx context.Context, rj *river.Job[AnalyzeArgs]) error {
	s := a.s
	began := time.Now()
	j, who, err := s.begin(ctx, rj.Args.JobID)
	if err == nil {
		err = s.settle(ctx, rj, j, began, s.work(ctx, rj, j, who, began))
	}
	switch {
	case errors.Is(err, errEnded):
		return s.over(ctx, rj)
	case errors.Is(err, errTakenOver):
		// The other's entry is ours: it must not end with us, and waits longer than the other works.
		s.Log.WarnContext(ctx, "another worker had taken the job over", "job", j.ID)
		return river.JobSnooze(RescueAfter)
	case errors.Is(err, errGiveWay):
		return river.JobSnooze(lane.GiveWay)
	}
	return err
}

// settle decides what a failed try is to the job: its end, or a wait for the next try.
func (s *Service) settle(ctx context.Context, rj *river.Job[AnalyzeArgs], j *store.Job, began time.Time, err error) error {
	if err == nil || errors.Is(err, errEnded) || errors.Is(err, errTakenOver) {
		return err
	}
	var p permanent
	if errors.As(err, &p) {
		return s.fail(ctx, rj, j, p.Code, p.Detail, true, began)
	}
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return err // the process stops, or the user cancelled: the queue knows
	}
	if passing(err) && s.Now().Sub(j.CreatedAt.Time()) < longestWait {
		s.Log.WarnContext(ctx, "job waits for what is away", "job", j.ID, "error", err)
		if err := s.park(ctx, j, false, "The server cannot reach its store just now; the job goes on by itself."); err != nil {
			return err
		}
		return river.JobSnooze(awayPause)
	}
	if j.Failures+1 < maxFailures && rj.Attempt < rj.MaxAttempts {
		s.Log.WarnContext(ctx, "job will be tried again", "job", j.ID, "failures", j.Failures+1, "error", err)
		return errors.Join(err, s.park(ctx, j, true, "A try failed; the next one follows by itself."))
	}
	s.Log.ErrorContext(ctx, "job failed", "job", j.ID, "error", err)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.fail(ctx, rj, j, wire.CodeWorkerTimeout, "The analysis took too long. We have been notified; try again later.", false, began)
	}
	if errors.Is(err, errLost) {
		return s.fail(ctx, rj, j, wire.CodeObjectLost, "The stored file is not what was uploaded. Upload it again.", false, began)
	}
	return s.fail(ctx, rj, j, wire.CodeInternal, "The server failed three times. It did not count as an upload; try again later.", false, began)
}

// errGiveWay says that the job's user has enough running while others wait.
var errGiveWay = errors.New("others of this lane come first")

// begin marks a job as running, if its user has not enough running while others wait. All of
// it is one transaction under the account's row, so that workers who begin at once see each
// other.
func (s *Service) begin(ctx context.Context, id string) (j *store.Job, who Who, err error) {
	err = s.DB.Note(ctx, func(tx *store.Tx) (err error) {
		if j, err = tx.JobByID(ctx, id); notFound(err) {
			return errEnded
		} else if err != nil {
			return err
		}
		u, err := tx.LockUser(ctx, j.UserID)
		if notFound(err) {
			return errEnded
		} else if err != nil {
			return err
		}
		limits, err := s.Limits(u)
		if err != nil {
			return err
		}
		limits.Seconds = max(limits.Seconds, j.Duration) // accepted, whatever the plan is by now
		who = Who{u, limits}
		running, err := tx.RunningJobs(ctx, j.UserID, j.Queue, j.ID)
		if err != nil {
			return err
		}
		if lane.HasShare(running, limits.PerUser) {
			others, err := tx.OthersWait(ctx, j.UserID, j.Queue)
			if err != nil {
				return err
			}
			if others {
				return errGiveWay
			}
		}
		if j.Attempts, err = tx.StartJob(ctx, j.ID, s.Now()); err != nil {
			return err
		}
		if j.Attempts == 0 {
			return errEnded
		}
		return s.Notify.Event(ctx, tx, j.UserID, wire.EventJobUpdated, wire.EventData{JobID: j.ID, Status: wire.Processing, Step: wire.StepFetch, BatchID: j.BatchID})
	})
	return j, who, err
}

// over finishes the queue entry of a job that has ended by itself.
func (s *Service) over(ctx context.Context, rj *river.Job[AnalyzeArgs]) error {
	ctx = context.WithoutCancel(ctx)
	return s.DB.Write(ctx, func(tx *store.Tx) error { return queue.Complete(ctx, tx, rj) })
}

// mine runs f in a transaction if the job is still this attempt's. The account's row is locked, as
// where an attempt begins: the two never pass each other.
func (s *Service) mine(ctx context.Context, j *store.Job, f func(tx *store.Tx) error) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockUser(ctx, j.UserID); notFound(err) {
			return errEnded
		} else if err != nil {
			return err
		}
		if err := works(ctx, tx.Q, j); err != nil {
			return err
		}
		return f(tx)
	})
}

// While the database or the object store is away no job is at fault: it waits, and tries are counted
// only once it has waited for as long as any plan promises.
const (
	awayPause   = 15 * time.Second
	longestWait = 24 * time.Hour
)

// passing says that an error is not the job's: what it needs is away.
func passing(err error) bool { return errors.Is(err, object.ErrAway) || store.Away(err) }

// park makes a job wait for its next try; failed counts this one.
func (s *Service) park(ctx context.Context, j *store.Job, failed bool, why string) error {
	ctx = context.WithoutCancel(ctx)
	return s.mine(ctx, j, func(tx *store.Tx) error {
		if err := tx.ParkJob(ctx, j.ID, failed, why, s.Now()); err != nil {
			return err
		}
		return s.Notify.Event(ctx, tx, j.UserID, wire.EventJobUpdated, wire.EventData{JobID: j.ID, Status: wire.Pending, BatchID: j.BatchID})
	})
}

// fail ends a job for good, gives its quota back and tells its user, in one transaction with
// the end of the queue entry.
func (s *Service) fail(ctx context.Context, rj *river.Job[AnalyzeArgs], j *store.Job, code wire.Code, why string, invalid bool, began time.Time) error {
	ctx = context.WithoutCancel(ctx)
	return s.mine(ctx, j, func(tx *store.Tx) error {
		if err := s.failIn(ctx, tx, j, code, why, invalid, time.Since(began)); err != nil {
			return err
		}
		return queue.Complete(ctx, tx, rj)
	})
}

func (s *Service) failIn(ctx context.Context, tx *store.Tx, j *store.Job, code wire.Code, why string, invalid bool, took time.Duration) error {
	ended, err := tx.EndJob(ctx, j.ID, wire.Failed, code, why, took.Milliseconds(), s.Now())
	if err != nil || !ended {
		return err
	}
	if err := quota.Refund(ctx, tx, j.ID, string(code), s.Now(), quota.Upload, quota.Storage); err != nil {
		return err
	}
	if invalid {
		if err := quota.Invalid(ctx, tx, j.UserID, s.Now()); err != nil {
			return err
		}
	}
	j.Error, j.ErrorCode = why, code
	if err := s.Notify.Failed(ctx, tx, j, code, why); err != nil {
		return err
	}
	if j.BatchID != "" {
		return s.Notify.BatchDone(ctx, tx, j.UserID, j.BatchID)
	}
	return nil
}

func (s *Service) work(ctx context.Context, rj *river.Job[AnalyzeArgs], j *store.Job, who Who, began time.Time) error {
	steps := s.steps(ctx, j)
	defer steps.end()
	upload, err := s.fetch(ctx, j)
	if err != nil {
		return err
	}
	defer upload.Close()
	h, err := s.hear(ctx, j, upload, who, steps)
	if err != nil {
		return err
	}
	v, vibeTook, err := s.describe(ctx, j, who, h, steps)
	if err != nil {
		return err
	}
	if err := steps.at(wire.StepStore); err != nil {
		return err
	}
	sample := h.sample(j, who, s.Now())
	if err := s.keep(ctx, j, sample, h, upload); err != nil {
		return err
	}
	s.step("kept")
	steps.end()
	if err := s.finish(ctx, rj, j, sample, h, v, vibeTook, began); err != nil {
		return err
	}
	s.step("finished")
	// The pending object goes last. If we die here the checker removes it.
	if err := s.Objects.Delete(context.WithoutCancel(ctx), j.FileKey); err != nil {
		s.Log.WarnContext(ctx, "pending object left for the checker", "job", j.ID, "error", err)
	}
	return nil
}

var errLost = errors.New("the stored upload is not what was uploaded")

// fetch opens the upload where it lies, or brings it into a temporary file where seeking would
// cost a request each, and compares its hash.
func (s *Service) fetch(ctx context.Context, j *store.Job) (object.Reader, error) {
	r, _, err := s.Objects.Get(ctx, j.FileKey)
	if errors.Is(err, object.ErrNotFound) {
		// A restored database may be older than the objects: then the job was done before, and
		// its sound is where it was kept.
		r, _, err = s.Objects.Get(ctx, object.Processed(j.UserID, j.SampleID, j.Format))
	}
	if errors.Is(err, object.ErrNotFound) {
		if err := s.Objects.Ready(ctx); err != nil { // nothing is there
			return nil, err
		}
		return nil, errLost
	}
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	to := io.Writer(h)
	upload := r
	if !object.Near(r) {
		defer r.Close()
		f, done, err := s.tempFile()
		if err != nil {
			return nil, err
		}
		upload = &workFile{f, done}
		to = io.MultiWriter(f, h)
	}
	n, err := io.Copy(to, io.LimitReader(r, j.Size+1))
	if err == nil && (n != j.Size || hex.EncodeToString(h.Sum(nil)) != j.SHA256) {
		err = errLost
	}
	if err == nil {
		_, err = upload.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fetch %s: %w", j.FileKey, err), upload.Close())
	}
	return upload, nil
}

// workFile is a temporary file that goes when it is closed.
type workFile struct {
	*os.File
	done func()
}

func (f *workFile) Close() error {
	f.done()
	return nil
}

func (s *Service) describe(ctx context.Context, j *store.Job, who Who, h *hearing, steps *steps) (*wire.Vibe, time.Duration, error) {
	if !j.Options.V.Vibe {
		return nil, 0, nil
	}
	if err := steps.at(wire.StepVibe); err != nil {
		return nil, 0, err
	}
	ask := vibe.Ask{User: who.User, Limits: who.Limits, JobID: j.ID, SampleID: j.SampleID, Facts: h.facts(j.OriginalName), Model: j.Options.V.Model}
	if s.Vibe.On() {
		prefs, err := s.DB.Preferences(ctx, j.UserID)
		if err != nil {
			return nil, 0, err
		}
		ask.MaxMicro = prefs.MaxCostMicro
	}
	return s.Vibe.Describe(ctx, ask)
}

// keep writes the sample's objects under keys that no link was signed for, and reads the copy
// of the original back. A repeated try writes the same keys again. The two are written at once:
// most of their time is waiting for the store.
func (s *Service) keep(ctx context.Context, j *store.Job, sample *store.Sample, h *hearing, upload object.Reader) error {
	if sample.PreviewKey == "" {
		return s.keepOriginal(ctx, j, sample, upload)
	}
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return s.keepOriginal(ctx, j, sample, upload) })
	parts.Go(func() error { return s.keepPreview(ctx, j, sample, h) })
	return parts.Wait()
}

func (s *Service) keepOriginal(ctx context.Context, j *store.Job, sample *store.Sample, upload object.Reader) error {
	// Without the upload the copy must be there already (see fetch); it is compared below.
	if err := s.Objects.Copy(ctx, j.FileKey, sample.FileKey); err != nil && !errors.Is(err, object.ErrNotFound) {
		return err
	}
	s.step("copied")
	r, _, err := s.Objects.Get(ctx, sample.FileKey)
	if err != nil {
		return err
	}
	if object.Same(r, upload) { // whose hash was compared when it was fetched
		return r.Close()
	}
	sum := sha256.New()
	_, err = io.Copy(sum, r)
	if err = errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("verify %s: %w", sample.FileKey, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != j.SHA256 {
		return fmt.Errorf("verify %s: the copy differs", sample.FileKey)
	}
	return nil
}

func (s *Service) keepPreview(ctx context.Context, j *store.Job, sample *store.Sample, h *hearing) error {
	f, done, err := s.tempFile()
	if err != nil {
		return err
	}
	defer done()
	if err := codec.EncodeWAV(f, h.small, codec.WAVOptions{}); err != nil {
		return fmt.Errorf("preview of %s: %w", j.ID, err)
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("preview of %s: %w", j.ID, err)
	}
	return s.Objects.Put(ctx, sample.PreviewKey, f, size, object.About{ContentType: "audio/wav", Owner: j.UserID, Tier: string(j.Tier)})
}

// finish writes everything that is known in one transaction with the end of the queue entry.
func (s *Service) finish(ctx context.Context, rj *river.Job[AnalyzeArgs], j *store.Job, sample *store.Sample, h *hearing, v *wire.Vibe, vibeTook time.Duration, began time.Time) error {
	now := s.Now()
	if v != nil && v.Genre != nil && sample.Genre == "" {
		sample.Genre = *v.Genre
	}
	sample.Search = sample.SearchText(v)
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		ended, err := tx.EndJob(ctx, j.ID, wire.Completed, "", "", time.Since(began).Milliseconds(), now)
		if err != nil {
			return err
		}
		if !ended {
			return errEnded
		}
		added, err := tx.AddSample(ctx, sample)
		if err != nil {
			return err
		}
		if !added {
			return fmt.Errorf("job %s has a sample already", j.ID)
		}
		if err := tx.AddFeatures(ctx, h.features(sample.ID, now)); err != nil {
			return err
		}
		if v != nil {
			if err := tx.AddVibe(ctx, &store.Vibe{ID: store.NewID(), SampleID: sample.ID, UserID: j.UserID, Source: v.Source, Model: v.Model, Reason: v.Reason,
				Deep: v.Deep, Vibe: store.JSON[wire.Vibe]{V: *v}, Confidence: v.Confidence, TookMS: vibeTook.Milliseconds(), CreatedAt: store.At(now)}); err != nil {
				return err
			}
		}
		if err := quota.Use(ctx, tx, j.ID, now); err != nil {
			return err
		}
		if err := s.Notify.Processed(ctx, tx, j, sample); err != nil {
			return err
		}
		if j.BatchID != "" {
			if err := s.Notify.BatchDone(ctx, tx, j.UserID, j.BatchID); err != nil {
				return err
			}
		}
		return queue.Complete(ctx, tx, rj)
	})
}

// clean notes that the pending object of a job that ended without a sample is gone, and removes it:
// in this order, so that nobody tries the job again without it. sweepLeft removes what stays.
func (s *Service) clean(ctx context.Context, j *store.Job) error {
	cleaned := false
	if err := s.DB.Note(ctx, func(tx *store.Tx) (err error) {
		cleaned, err = tx.CleanedJob(ctx, j.ID, s.Now())
		return err
	}); err != nil || !cleaned {
		return err
	}
	s.step("cleaned")
	return s.Objects.Delete(ctx, j.FileKey)
}

// SweepTemp removes files in work that a killed process left, older than two hours.
func (s *Service) SweepTemp() error {
	entries, err := os.ReadDir(s.Temp)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("folder for files in work: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && time.Since(info.ModTime()) > 2*time.Hour {
			err = os.Remove(s.Temp + string(os.PathSeparator) + e.Name())
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("folder for files in work: %w", err)
		}
	}
	return nil
}
