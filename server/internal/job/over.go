package job

import (
	"context"
	"errors"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// What is over the room of a smaller plan stays for graceDays; the mails go 7 days and 1 day before
// the oldest of it ends, so its end is fixed noticeDays before (B08).
const (
	graceDays  = 30
	noticeDays = 8
)

// sweepOver gives the oldest audio of accounts that have long stored more than their plan holds an
// end, just as much as is over. Warnings and removal are those of all audio that ends. An account
// that fits again, by removing sounds itself, keeps the rest.
func (s *Service) sweepOver(ctx context.Context, _ *Swept) error {
	users, err := s.DB.OverQuotaUsers(ctx, s.Now().AddDate(0, 0, noticeDays-graceDays), batchSize)
	for i := range users {
		err = errors.Join(err, s.DB.Write(ctx, func(tx *store.Tx) error { return s.trim(ctx, tx, users[i].ID) }))
	}
	return err
}

func (s *Service) trim(ctx context.Context, tx *store.Tx, userID string) error {
	u, err := tx.User(ctx, userID)
	if err != nil {
		return err
	}
	l, err := u.Limits(s.Now()) // the plan itself, whatever is switched off just now
	if err != nil {
		return err
	}
	if u.StorageBytes <= l.StorageBytes {
		if err := tx.SetOverQuota(ctx, u.ID, 0); err != nil {
			return err
		}
		return tx.SetExpiry(ctx, u.ID, l.RetentionDays, s.Now())
	}
	if l.RetentionDays > 0 {
		return nil // all audio of this plan has an end already
	}
	ending, err := tx.EndingBytes(ctx, u.ID)
	if err != nil {
		return err
	}
	at := u.OverQuotaSince.Time().AddDate(0, 0, graceDays)
	if soonest := s.Now().AddDate(0, 0, noticeDays); at.Before(soonest) {
		at = soonest
	}
	excess, err := endOldest(u.StorageBytes-l.StorageBytes-ending, func() ([]store.Sample, error) { return tx.OldestKept(ctx, u.ID, batchSize) },
		func(r *store.Sample) (int64, error) { return r.Size, tx.EndAudio(ctx, r.ID, at) })
	if err != nil {
		return err
	}
	// What is kept for other machines goes last: a machine without its file has no other copy of it.
	_, err = endOldest(excess, func() ([]store.SyncAudio, error) { return tx.OldestAudio(ctx, u.ID, batchSize) },
		func(r *store.SyncAudio) (int64, error) { return r.Size, tx.EndKeptFile(ctx, r.ID, at) })
	return err
}

// endOldest gives what list finds, the oldest that has none, an end until no excess is left, and
// says how much is. end says the size of what it ended.
func endOldest[T any](excess int64, list func() ([]T, error), end func(*T) (int64, error)) (int64, error) {
	for excess > 0 {
		rows, err := list()
		if err != nil || len(rows) == 0 {
			return excess, err
		}
		for i := 0; i < len(rows) && excess > 0; i++ {
			size, err := end(&rows[i])
			if err != nil {
				return excess, err
			}
			excess -= size
		}
	}
	return excess, nil
}

// settleKept gives what accounts keep for their other machines an end once their plan no longer
// keeps machines in sync, and takes it away when they come back in time.
func (s *Service) settleKept(ctx context.Context, _ *Swept) error {
	end := s.Now().AddDate(0, 0, graceDays)
	return errors.Join(
		s.eachKeeping(ctx, false, func(u *store.User, l plan.Limits) func(*store.Tx) error {
			if l.Sync {
				return nil
			}
			return func(tx *store.Tx) error { return tx.EndKept(ctx, u.ID, end) }
		}),
		s.eachKeeping(ctx, true, func(u *store.User, l plan.Limits) func(*store.Tx) error {
			if !l.Sync || u.OverQuotaSince != 0 { // sweepOver says what goes
				return nil
			}
			return func(tx *store.Tx) error { return tx.KeepOn(ctx, u.ID) }
		}),
	)
}

// eachKeeping goes through the accounts that keep files which have an end, or have none, and writes
// what do gives for them; nil is nothing to write.
func (s *Service) eachKeeping(ctx context.Context, ending bool, do func(*store.User, plan.Limits) func(*store.Tx) error) error {
	for after := ""; ; {
		users, err := s.DB.KeepingUsers(ctx, ending, after, batchSize)
		if err != nil || len(users) == 0 {
			return err
		}
		for i := range users {
			after = users[i].ID
			l, err := users[i].Limits(s.Now()) // the plan itself, whatever is switched off just now
			if err != nil {
				return err
			}
			if write := do(&users[i], l); write != nil {
				if err := s.DB.Write(ctx, write); err != nil {
					return err
				}
			}
		}
	}
}
