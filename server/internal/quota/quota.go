// Package quota reserves what a plan gives: uploads of a window, bytes of storage, refused
// files, API requests. A reservation is a conditional UPDATE and its ledger row in the
// caller's transaction, so a limit holds however many ask at once. Every refusal says the
// limit, how much is used and when it starts again.
//
// It must never know what is uploaded, or through which door.
package quota

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Item is one file that wants to come in.
type Item struct {
	JobID string
	Bytes int64
}

// Peek says whether files with bytes in all would be refused now, without reserving: for an
// early answer, before bytes are stored. A nil problem promises nothing.
func Peek(ctx context.Context, q store.Q, u *store.User, l plan.Limits, now time.Time, files, bytes int64) (*wire.Problem, error) {
	w := l.UploadWindow(now, u.PeriodStart.Time())
	if l.Uploads >= 0 {
		used, err := q.Used(ctx, u.ID, store.KindUploads, w)
		if err != nil {
			return nil, err
		}
		if used+files > l.Uploads {
			return uploadsGone(l, w, used, now), nil
		}
	}
	if u.StorageBytes+bytes > l.StorageBytes {
		return storageFull(l, u.StorageBytes, now), nil
	}
	return invalidLeft(ctx, q, u, l, now)
}

func invalidLeft(ctx context.Context, q store.Q, u *store.User, l plan.Limits, now time.Time) (*wire.Problem, error) {
	day := plan.Day(now)
	refused, err := q.Used(ctx, u.ID, store.KindInvalid, day)
	if err != nil || refused < l.InvalidPerDay {
		return nil, err
	}
	return limit(wire.CodeInvalidAttempts, l.InvalidPerDay, refused, "files", day.End, now,
		fmt.Sprintf("%d files that are not sound were refused today; uploads start again at %s.", refused, clock(day.End))), nil
}

// Reserve takes an upload and its bytes for each item, all or none. A refusal is a
// *wire.Problem as error.
func Reserve(ctx context.Context, tx *store.Tx, u *store.User, l plan.Limits, now time.Time, items ...Item) error {
	w := l.UploadWindow(now, u.PeriodStart.Time())
	var bytes int64
	for _, it := range items {
		bytes += it.Bytes
	}
	ok, err := tx.Take(ctx, u.ID, store.KindUploads, w, int64(len(items)), l.Uploads)
	if err != nil {
		return err
	}
	if !ok {
		used, err := tx.Used(ctx, u.ID, store.KindUploads, w)
		if err != nil {
			return err
		}
		return uploadsGone(l, w, used, now)
	}
	if err := takeStorage(ctx, tx, u, l, bytes, now); err != nil {
		return err
	}
	for _, it := range items {
		for _, row := range []store.Ledger{
			{Kind: store.KindUploads, Amount: 1, WindowStart: store.At(w.Start)},
			{Kind: store.KindStorage, Amount: it.Bytes},
		} {
			row.ID, row.UserID, row.JobID, row.State, row.CreatedAt = store.NewID(), u.ID, it.JobID, store.LedgerReserved, store.At(now)
			if err := tx.AddLedger(ctx, &row); err != nil {
				return err
			}
		}
	}
	return nil
}

// ReserveStorage takes the bytes of a file that is no upload for analysis. A refusal is a
// *wire.Problem as error.
func ReserveStorage(ctx context.Context, tx *store.Tx, u *store.User, l plan.Limits, now time.Time, it Item) error {
	if err := takeStorage(ctx, tx, u, l, it.Bytes, now); err != nil {
		return err
	}
	return tx.AddLedger(ctx, &store.Ledger{ID: store.NewID(), UserID: u.ID, Kind: store.KindStorage, Amount: it.Bytes, JobID: it.JobID, State: store.LedgerReserved, CreatedAt: store.At(now)})
}

func takeStorage(ctx context.Context, tx *store.Tx, u *store.User, l plan.Limits, bytes int64, now time.Time) error {
	ok, err := tx.TakeStorage(ctx, u.ID, bytes, l.StorageBytes)
	if err != nil || ok {
		return err
	}
	fresh, err := tx.User(ctx, u.ID)
	if err != nil {
		return err
	}
	return storageFull(l, fresh.StorageBytes, now)
}

// Use settles a job's reservations: the sample is there.
func Use(ctx context.Context, tx *store.Tx, jobID string, now time.Time) error {
	return tx.UseLedger(ctx, jobID, now)
}

// What Refund gives back.
const (
	Upload  = store.KindUploads
	Storage = store.KindStorage
)

// Refund gives back a job's reservations of some kinds; what was given back stays so.
func Refund(ctx context.Context, tx *store.Tx, jobID, reason string, now time.Time, kinds ...string) error {
	rows, err := tx.LedgerOf(ctx, jobID)
	if err != nil {
		return err
	}
	for _, r := range rows {
		for _, k := range kinds {
			if r.Kind != k || r.State == store.LedgerRefunded {
				continue
			}
			moved, err := tx.SettleLedger(ctx, r.ID, store.LedgerRefunded, reason, now)
			if err != nil {
				return err
			}
			if !moved {
				continue
			}
			if k == Storage {
				err = tx.GiveStorage(ctx, r.UserID, r.Amount)
			} else {
				err = tx.Give(ctx, r.UserID, r.Kind, r.WindowStart, r.Amount)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Invalid counts a file that was refused for what it is. It never refuses itself: the next
// upload is (B04).
func Invalid(ctx context.Context, tx *store.Tx, userID string, now time.Time) error {
	_, err := tx.Take(ctx, userID, store.KindInvalid, plan.Day(now), 1, -1)
	return err
}

// APICall counts a request with an API key, against the account's day and beside it for the
// key alone; a refusal is a *wire.Problem as error. The row of the day is one conditional
// UPDATE: however many processes answer, no request passes the limit.
func APICall(ctx context.Context, tx *store.Tx, userID, keyID string, l plan.Limits, now time.Time) error {
	day := plan.Day(now)
	ok, err := tx.Take(ctx, userID, store.KindAPI, day, 1, l.APIRequests)
	if err != nil {
		return err
	}
	if ok {
		_, err = tx.Take(ctx, userID, store.KindKey+keyID, day, 1, plan.Unlimited)
		return err
	}
	return limit(wire.CodeAPICalls, l.APIRequests, l.APIRequests, "requests", day.End, now,
		fmt.Sprintf("The %d API requests of today are used; they start again at %s.", l.APIRequests, clock(day.End)))
}

// Usage is what an account has used of its plan.
func Usage(ctx context.Context, q store.Q, u *store.User, l plan.Limits, now time.Time) (wire.Usage, error) {
	w, day := l.UploadWindow(now, u.PeriodStart.Time()), plan.Day(now)
	uploads, err := q.Used(ctx, u.ID, store.KindUploads, w)
	if err != nil {
		return wire.Usage{}, err
	}
	api, err := q.Used(ctx, u.ID, store.KindAPI, day)
	if err != nil {
		return wire.Usage{}, err
	}
	ai, err := q.Spent(ctx, u.ID, now.AddDate(0, 0, -plan.BudgetDays))
	if err != nil {
		return wire.Usage{}, err
	}
	samples, _, err := q.SampleStats(ctx, u.ID)
	return wire.Usage{
		Uploads: uploads, UploadsResetAt: w.End, StorageBytes: u.StorageBytes, Samples: samples,
		AIMicroUSD: ai, APIRequests: api, APIResetAt: day.End,
	}, err
}

func uploadsGone(l plan.Limits, w plan.Window, used int64, now time.Time) *wire.Problem {
	per := "today"
	if l.Period == plan.PerPeriod {
		per = "this month"
	}
	p := limit(wire.CodeUploads, l.Uploads, used, "uploads", w.End, now,
		fmt.Sprintf("%d of %d uploads are used %s; they start again at %s.", used, l.Uploads, per, clock(w.End)))
	p.Upgrade = l.Tier == plan.Free || l.Tier == plan.Trial
	return p
}

// storageFull has no time at which room comes back by itself: reset_at is the next day, when
// the sweeper may have removed what ended.
func storageFull(l plan.Limits, used int64, now time.Time) *wire.Problem {
	p := limit(wire.CodeStorage, l.StorageBytes, used, "bytes", plan.Day(now).End, now,
		fmt.Sprintf("The cloud storage of your plan is full: %s of %s are used. Remove samples you no longer need, or choose a larger plan.", size(used), size(l.StorageBytes)))
	p.Upgrade = l.Tier != plan.Enterprise
	return p
}

func limit(code wire.Code, limit, used int64, unit string, reset, now time.Time, detail string) *wire.Problem {
	return &wire.Problem{
		Type: "about:blank", Title: http.StatusText(http.StatusTooManyRequests), Status: http.StatusTooManyRequests, Code: code,
		Detail: detail, Limit: &limit, Used: &used, Unit: unit, ResetAt: &reset, RetryAfter: reset.Sub(now),
	}
}

func clock(t time.Time) string { return t.UTC().Format("15:04 UTC on 2 January") }

func size(b int64) string {
	if b >= 1024*plan.MiB {
		return fmt.Sprintf("%.1f GB", float64(b)/(1024*plan.MiB))
	}
	return fmt.Sprintf("%.1f MB", float64(b)/plan.MiB)
}
