package job

import (
	"context"
	"errors"
	"time"

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
	excess, err := s.endOldest(ctx, tx, u.ID, u.StorageBytes-l.StorageBytes-ending, at)
	if err != nil {
		return err
	}
	return s.endOldestKept(ctx, tx, u.ID, excess, at)
}

// endOldest gives samples an end until no excess is left, and says how much is.
func (s *Service) endOldest(ctx context.Context, tx *store.Tx, userID string, excess int64, at time.Time) (int64, error) {
	for excess > 0 {
		rows, err := tx.OldestKept(ctx, userID, batchSize)
		if err != nil || len(rows) == 0 {
			return excess, err
		}
		for i := 0; i < len(rows) && excess > 0; i++ {
			if err := tx.EndAudio(ctx, rows[i].ID, at); err != nil {
				return excess, err
			}
			excess -= rows[i].Size
		}
	}
	return excess, nil
}

// endOldestKept does the same with what is kept for other machines, which goes last: a machine
// without its file has no other copy of it.
func (s *Service) endOldestKept(ctx context.Context, tx *store.Tx, userID string, excess int64, at time.Time) error {
	for excess > 0 {
		rows, err := tx.OldestAudio(ctx, userID, batchSize)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i := 0; i < len(rows) && excess > 0; i++ {
			if err := tx.EndKeptFile(ctx, rows[i].ID, at); err != nil {
				return err
			}
			excess -= rows[i].Size
		}
	}
	return nil
}

// settleKept gives what accounts keep for their other machines an end once their plan no longer
// keeps machines in step, and takes it away when they come back in time.
func (s *Service) settleKept(ctx context.Context, _ *Swept) error {
	for after := ""; ; {
		users, err := s.DB.KeepingUsers(ctx, after, batchSize)
		if err != nil || len(users) == 0 {
			return err
		}
		for i := range users {
			u := &users[i]
			after = u.ID
			l, err := u.Limits(s.Now()) // the plan itself, whatever is switched off just now
			if err != nil {
				return err
			}
			err = s.DB.Write(ctx, func(tx *store.Tx) error {
				switch {
				case !l.Sync:
					return tx.EndKept(ctx, u.ID, s.Now().AddDate(0, 0, graceDays))
				case u.OverQuotaSince == 0:
					return tx.KeepOn(ctx, u.ID)
				}
				return nil // sweepOver says what goes
			})
			if err != nil {
				return err
			}
		}
	}
}
