package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
)

type checker struct {
	river.WorkerDefaults[CheckArgs]
	s *Service
}

func (*checker) Timeout(*river.Job[CheckArgs]) time.Duration { return time.Hour }

func (w *checker) Work(ctx context.Context, _ *river.Job[CheckArgs]) error {
	found, err := w.s.Check(ctx, w.s.Now().Add(-keepOrphans), false)
	w.s.Log.InfoContext(ctx, "checked", "result", fmt.Sprintf("%+v", found))
	return err
}

// Checked is what a check found and repaired.
type Checked struct {
	Objects  int // looked at
	Orphans  int // objects that no row knew, removed
	Missing  int // samples whose audio is not there; told in the log, marked as removed
	Counters int // that differed from the ledger, set right
}

// String is for operators.
func (c Checked) String() string {
	return fmt.Sprintf("%d objects looked at; %d without a row removed, %d sounds of samples missing, %d counters set right", c.Objects, c.Orphans, c.Missing, c.Counters)
}

// difference is what one look at objects or rows found.
type difference struct {
	what          string
	looked, wrong int
}

// Crashes leave a few differences. More than a tenth is a database beside another's objects, or
// beside a bucket that is not filled yet: repaired, it would lose what is whole.
func (d difference) tooMuch() error {
	const few = 3
	if d.wrong <= few || d.wrong*10 <= d.looked {
		return nil
	}
	return fmt.Errorf("%d of %d %s: does this database belong to these objects? Nothing of it was repaired; if it does, run admin check --all", d.wrong, d.looked, d.what)
}

// Check compares objects with rows and counters with the ledger, in both directions, and
// repairs. Objects younger than before are left alone: their row may be about to be written.
// Where more than a tenth differs, only all makes it repair.
func (s *Service) Check(ctx context.Context, before time.Time, all bool) (Checked, error) {
	var c Checked
	var failed error
	for prefix, known := range map[string]func(context.Context, []string) (map[string]bool, error){
		object.PendingPrefix: s.DB.KnownJobs, object.ProcessedPrefix: s.DB.KnownSamples, object.KeptPrefix: s.DB.KnownAudio,
	} {
		d, err := repaired(all, func(repair bool) (difference, error) { return s.tidy(ctx, prefix, before, known, repair) })
		c.Objects += d.looked
		c.Orphans += d.wrong
		failed = errors.Join(failed, err)
	}
	for _, missing := range []func(repair bool) (difference, error){
		func(repair bool) (difference, error) { return s.missingAudio(ctx, repair) },
		func(repair bool) (difference, error) {
			looked, n, err := s.kept().Missing(ctx, repair)
			return difference{"files kept for machines have no object", looked, n}, err
		},
	} {
		d, err := repaired(all, missing)
		c.Missing += d.wrong
		failed = errors.Join(failed, err)
	}
	wrong, err := s.DB.WrongCounters(ctx)
	failed = errors.Join(failed, err)
	for _, w := range wrong {
		s.Log.WarnContext(ctx, "counter repaired", "user", w.UserID, "kind", w.Kind, "was", w.Have, "is", w.Want)
		if err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.RepairCounter(ctx, w) }); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		c.Counters++
	}
	return c, failed
}

// repaired looks, and repairs what was found unless it is too much; it gives what was repaired.
func repaired(all bool, look func(repair bool) (difference, error)) (difference, error) {
	found, err := look(false)
	if err == nil && !all {
		err = found.tooMuch()
	}
	if err != nil || found.wrong == 0 {
		return difference{looked: found.looked}, err
	}
	return look(true)
}

// tidy finds, and removes where it repairs, the objects under a prefix that are older than before
// and whose ids are not known.
func (s *Service) tidy(ctx context.Context, prefix string, before time.Time, known func(context.Context, []string) (map[string]bool, error), repair bool) (d difference, all error) {
	d.what = "objects under " + prefix + " have no row"
	var group []object.Info
	flush := func() {
		if len(group) == 0 {
			return
		}
		n, err := s.removeOrphans(ctx, group, known, repair)
		d.wrong += n
		all = errors.Join(all, err)
		group = group[:0]
	}
	for o, err := range s.Objects.List(ctx, prefix) {
		if err != nil {
			all = errors.Join(all, err)
			break
		}
		d.looked++
		if o.Modified.Before(before) {
			group = append(group, o)
		}
		if len(group) == 100 {
			flush()
		}
	}
	flush()
	return d, all
}

func (s *Service) removeOrphans(ctx context.Context, group []object.Info, known func(context.Context, []string) (map[string]bool, error), repair bool) (int, error) {
	ids := make([]string, len(group))
	for i, o := range group {
		ids[i] = object.IDOf(o.Key)
	}
	alive, err := known(ctx, ids)
	if err != nil {
		return 0, err
	}
	n := 0
	for i, o := range group {
		if alive[ids[i]] {
			continue
		}
		n++
		if !repair {
			continue
		}
		if err := s.Objects.Delete(ctx, o.Key); err != nil {
			return n - 1, err
		}
		s.step("orphan removed")
		s.Log.WarnContext(ctx, "orphan removed", "key", o.Key)
	}
	return n, nil
}

// missingAudio finds samples whose audio is gone; where it repairs, it says so in them and gives
// the storage back.
func (s *Service) missingAudio(ctx context.Context, repair bool) (difference, error) {
	d := difference{what: "sounds of samples have no object"}
	after := ""
	for {
		users, err := s.DB.Users(ctx, after, 200)
		if err != nil || len(users) == 0 {
			return d, err
		}
		for _, u := range users {
			after = u.ID
			have := map[string]bool{}
			for o, err := range s.Objects.List(ctx, object.ProcessedPrefix+u.ID+"/") {
				if err != nil {
					return d, err
				}
				have[o.Key] = true
			}
			f := store.SampleFilter{Sort: "created"}
			for {
				rows, err := s.DB.Samples(ctx, u.ID, f, 500)
				if err != nil {
					return d, err
				}
				for i := range rows {
					r := &rows[i]
					if r.AudioRemovedAt != 0 {
						continue
					}
					d.looked++
					if have[r.FileKey] {
						continue
					}
					if _, err := s.Objects.Stat(ctx, r.FileKey); !errors.Is(err, object.ErrNotFound) {
						continue // written while we listed
					}
					if !repair {
						d.wrong++
						continue
					}
					s.Log.ErrorContext(ctx, "audio of a sample is missing", "sample", r.ID, "key", r.FileKey)
					if err := s.DB.Write(ctx, func(tx *store.Tx) error {
						if _, err := tx.RemovedAudio(ctx, r.ID, s.Now()); err != nil {
							return err
						}
						return quota.Refund(ctx, tx, r.JobID, "audio missing", s.Now(), quota.Storage)
					}); err != nil {
						return d, err
					}
					d.wrong++
				}
				if len(rows) < 500 {
					break
				}
				last := rows[len(rows)-1]
				f.AfterID, f.AfterValue = last.ID, last.AfterOf(f.Sort)
			}
		}
	}
}
