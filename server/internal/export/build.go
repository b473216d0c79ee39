package export

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"sampleagent/library/kit"
	"sampleagent/library/sp404"
	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// BuildArgs is a job queue entry: build one export.
type BuildArgs struct {
	ExportID string `json:"export_id"`
	UserID   string `json:"user_id"`
}

// Kind names the entry.
func (BuildArgs) Kind() string { return "build_export" }

// SweepArgs is a job queue entry: remove zips whose time is over.
type SweepArgs struct{}

// Kind names the entry.
func (SweepArgs) Kind() string { return "sweep_exports" }

const (
	maxAttempts = 6 // rescues of killed workers count too
	maxFailures = 3 // of errors that may pass
	buildTime   = 10 * time.Minute
	lostAfter   = 2 * time.Minute
)

// AddWorkers adds the workers of this package.
func (s *Service) AddWorkers(w *river.Workers) {
	river.AddWorker(w, &builder{s: s})
	river.AddWorker(w, &sweeper{s: s})
}

// Periodic are the entries that the queue's leader makes by itself.
func Periodic() []*river.PeriodicJob {
	const every = 10 * time.Minute
	opts := &river.InsertOpts{Queue: string(plan.QueueSystem), MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: every}}
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(every), func() (river.JobArgs, *river.InsertOpts) { return SweepArgs{}, opts }, &river.PeriodicJobOpts{RunOnStart: true})}
}

type builder struct {
	river.WorkerDefaults[BuildArgs]
	s *Service
}

func (*builder) Timeout(*river.Job[BuildArgs]) time.Duration { return buildTime }

func (*builder) NextRetry(job *river.Job[BuildArgs]) time.Time {
	return time.Now().Add(time.Duration(job.Attempt) * 3 * time.Second)
}

// errOver says that there is nothing to build any more.
var errOver = errors.New("the export has ended meanwhile")

// refused is a failure that no further try can change.
type refused struct{ why string }

func (r refused) Error() string { return r.why }

func (b *builder) Work(ctx context.Context, rj *river.Job[BuildArgs]) error {
	s := b.s
	if err := s.One.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.One.Release(1)
	began := time.Now()
	e, err := s.DB.Export(ctx, rj.Args.UserID, rj.Args.ExportID)
	if errors.Is(err, store.ErrNotFound) || err == nil && e.Status.Final() {
		return s.over(ctx, rj)
	}
	if err != nil {
		return err
	}
	err = s.build(ctx, e)
	if err == nil {
		return s.end(ctx, rj, e, began)
	}
	if errors.Is(err, errOver) {
		return s.over(ctx, rj)
	}
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return err // the process stops, or the user deleted it: the queue knows
	}
	var no refused
	switch {
	case errors.As(err, &no):
		e.Error = no.why
	case errors.Is(err, context.DeadlineExceeded):
		e.Error = "Building took too long; export fewer or shorter sounds."
	case rj.Attempt < maxFailures:
		s.Log.WarnContext(ctx, "export will be tried again", "export", e.ID, "attempt", rj.Attempt, "error", err)
		return err
	default:
		s.Log.ErrorContext(ctx, "export failed", "export", e.ID, "error", err)
		e.Error = "The server failed three times; build it again later."
	}
	e.Status, e.FileKey, e.Size, e.Files = wire.ExportFailed, "", 0, 0
	return s.end(ctx, rj, e, began)
}

func (s *Service) over(ctx context.Context, rj *river.Job[BuildArgs]) error {
	ctx = context.WithoutCancel(ctx)
	return s.DB.Write(ctx, func(tx *store.Tx) error { return queue.Complete(ctx, tx, rj) })
}

// end writes how it ended, tells the user, and finishes the queue entry, in one transaction.
func (s *Service) end(ctx context.Context, rj *river.Job[BuildArgs], e *store.Export, began time.Time) error {
	ctx = context.WithoutCancel(ctx)
	s.step("stored")
	now := s.Now()
	e.WorkMS, e.CompletedAt, e.ExpiresAt = time.Since(began).Milliseconds(), store.At(now), 0
	if e.Status == wire.ExportCompleted {
		e.ExpiresAt = store.At(now.Add(Keep))
	}
	kept := false
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if kept, err = tx.EndExport(ctx, e); err != nil {
			return err
		}
		switch {
		case !kept:
		case e.Status == wire.ExportCompleted:
			err = s.Tell.ExportReady(ctx, tx, e.UserID, e.ID)
		default:
			err = s.changed(ctx, tx, e.UserID, e.ID)
		}
		if err != nil {
			return err
		}
		return queue.Complete(ctx, tx, rj)
	})
	if err != nil || kept {
		return err
	}
	// Deleted while it was built; or another worker was faster, and the zip is that one's.
	if _, err := s.DB.Export(ctx, e.UserID, e.ID); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.Objects.Delete(ctx, object.Export(e.UserID, e.ID, "zip"))
}

func (s *Service) step(name string) {
	if s.Crash != nil {
		s.Crash(name)
	}
}

// build makes the card and stores the zip; e is filled with what came of it.
func (s *Service) build(ctx context.Context, e *store.Export) error {
	alive := false
	if err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if alive, err = tx.BeginExport(ctx, e.ID); err != nil || !alive {
			return err
		}
		return s.changed(ctx, tx, e.UserID, e.ID)
	}); err != nil {
		return err
	}
	if !alive {
		return errOver
	}
	s.step("begun")
	k, sounds, err := s.kit(ctx, e)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Temp, 0o700); err != nil {
		return fmt.Errorf("folder for cards in work: %w", err)
	}
	work, err := os.MkdirTemp(s.Temp, "card")
	if err != nil {
		return fmt.Errorf("folder for a card: %w", err)
	}
	defer func() {
		if err := os.RemoveAll(work); err != nil {
			s.Log.Warn("a card's folder is left for the sweeper", "error", err)
		}
	}()
	samples, err := s.fetch(ctx, work, sounds)
	if err != nil {
		return err
	}
	card := filepath.Join(work, "card")
	if err := os.Mkdir(card, 0o700); err != nil {
		return err
	}
	if err := s.write(ctx, e, k, samples, card); err != nil {
		return err
	}
	s.step("written")
	e.FileKey = object.Export(e.UserID, e.ID, "zip")
	if e.Size, err = zipSize(card); err != nil {
		return err
	}
	if err := s.store(ctx, e, card); err != nil {
		return err
	}
	e.Status, e.Error = wire.ExportCompleted, ""
	return nil
}

// write plans and writes the card as the desktop does; what cannot be on it is in the report.
func (s *Service) write(ctx context.Context, e *store.Export, k kit.Kit, samples map[string]sp404.Sample, card string) error {
	p, err := sp404.NewPlan(ctx, k, samples, card, sp404.Options{Form: sp404.Form(e.Request.V.Form), Format: sp404.AudioFormat(e.Request.V.Format), Now: s.Now})
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return refused{"This card cannot be written: " + err.Error() + "."}
	}
	out, err := p.Write(ctx, nil)
	if err != nil {
		return fmt.Errorf("write card: %w", err)
	}
	e.Files, e.Report = int64(out.Files), nil
	e.Warnings = append(slices.Clone(p.Warnings), out.Warnings...)
	for _, f := range p.Files {
		r := wire.ExportFile{Target: f.Target, Bytes: f.Bytes, Converted: f.Converted, Warning: f.Warning, Error: f.Error}
		if f.Pad != nil {
			r.Pad = f.Pad.String()
		}
		e.Report = append(e.Report, r)
	}
	return nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// store streams the card as a zip: nothing of it is whole in memory or on the disk a second time.
func (s *Service) store(ctx context.Context, e *store.Export, card string) error {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := writeZip(w, card)
		w.CloseWithError(err)
		done <- err
	}()
	err := s.Objects.Put(ctx, e.FileKey, r, e.Size, object.About{ContentType: "application/zip", Owner: e.UserID})
	r.CloseWithError(errors.New("the store takes no more"))
	if zipErr := <-done; err == nil {
		err = zipErr
	}
	return err
}

// zipSize is how long the zip will be: the same walk into nowhere.
func zipSize(card string) (int64, error) {
	var n counter
	err := writeZip(&n, card)
	return int64(n), err
}

type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// writeZip packs a folder without compressing: sound does not get smaller, and the length is
// known before.
func writeZip(w io.Writer, dir string) error {
	z := zip.NewWriter(w)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, err := z.CreateHeader(&zip.FileHeader{Name: name + "/", Method: zip.Store, Modified: info.ModTime()})
			return err
		}
		entry, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: info.ModTime()})
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(entry, f)
		return err
	})
	return errors.Join(err, z.Close())
}

type sweeper struct {
	river.WorkerDefaults[SweepArgs]
	s *Service
}

func (*sweeper) Timeout(*river.Job[SweepArgs]) time.Duration { return 5 * time.Minute }

func (w *sweeper) Work(ctx context.Context, _ *river.Job[SweepArgs]) error {
	n, err := w.s.Sweep(ctx)
	if n > 0 {
		w.s.Log.InfoContext(ctx, "exports swept", "count", n)
	}
	return err
}

// Sweep removes zips whose time is over, zips that no row knows, folders of dead processes, and
// enqueues exports again whose entry is gone.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	n := 0
	expired, all := s.DB.ExpiredExports(ctx, s.Now(), 200)
	for i := range expired {
		e := &expired[i]
		gone := false
		err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
			if gone, err = tx.ExpireExport(ctx, e.ID, s.Now()); err != nil || !gone {
				return err
			}
			return s.changed(ctx, tx, e.UserID, e.ID)
		})
		if err == nil && gone {
			s.step("export expired")
			err = s.Objects.Delete(ctx, e.FileKey)
			n++
		}
		all = errors.Join(all, err)
	}
	lost, err := s.DB.LostExports(ctx, s.Now().Add(-lostAfter), 100)
	all = errors.Join(all, err)
	for i := range lost {
		all = errors.Join(all, s.revive(ctx, &lost[i]))
		n++
	}
	orphans, err := s.orphans(ctx)
	return n + orphans, errors.Join(all, err, s.sweepTemp())
}

func (s *Service) revive(ctx context.Context, e *store.Export) error {
	u, err := s.DB.User(ctx, e.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // the account is being removed
	}
	if err != nil {
		return err
	}
	l, err := s.Limits(u)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error { return s.enqueue(ctx, tx, e, l) })
}

// orphans removes zips older than they may get whose row says that they are gone, or is gone.
func (s *Service) orphans(ctx context.Context) (int, error) {
	n := 0
	for o, err := range s.Objects.List(ctx, object.ExportPrefix) {
		if err != nil {
			return n, err
		}
		if !o.Modified.Before(s.Now().Add(-time.Hour)) {
			continue
		}
		id := object.IDOf(o.Key)
		known, err := s.DB.KnownExports(ctx, []string{id})
		if err != nil {
			return n, err
		}
		if !known[id] {
			if err := s.Objects.Delete(ctx, o.Key); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// sweepTemp removes folders that a process left behind when it died.
func (s *Service) sweepTemp() error {
	entries, err := os.ReadDir(s.Temp)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range entries {
		if fi, err := d.Info(); err == nil && time.Since(fi.ModTime()) > 2*buildTime {
			if err := os.RemoveAll(filepath.Join(s.Temp, d.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
