package ops_test

import (
	"testing"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// takeKind uses up n of a day's counter.
func takeKind(t *testing.T, w *world, u *user, kind string, n int64) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		_, err := tx.Take(t.Context(), u.id, kind, plan.Day(w.Now()), n, -1)
		return err
	}
}

// nilTake uses up n of a pro month's uploads.
func nilTake(t *testing.T, w *world, u *user, n int64) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		row, err := tx.User(t.Context(), u.id)
		if err != nil {
			return err
		}
		l, err := row.Limits(w.Now())
		if err != nil {
			return err
		}
		_, err = tx.Take(t.Context(), u.id, store.KindUploads, l.UploadWindow(w.Now(), row.PeriodStart.Time()), n, -1)
		return err
	}
}
