package store

import (
	"context"
	"math"
	"strings"
	"time"

	"sampleagent/server/internal/plan"
)

// Kinds of counters and ledger rows.
const (
	KindUploads = "uploads"
	KindStorage = "storage"
	KindInvalid = "invalid"
	KindAPI     = "api"
	KindKey     = "key:" // and the key's id: requests of one API key, beside KindAPI
)

// States of a ledger row.
const (
	LedgerReserved = "reserved"
	LedgerUsed     = "used"
	LedgerRefunded = "refunded"
)

// Ledger is one reservation: what the counters are derived from.
type Ledger struct {
	ID          string `db:"id"`
	UserID      string `db:"user_id"`
	Kind        string `db:"kind"`
	Amount      int64  `db:"amount"`
	WindowStart Millis `db:"window_start"`
	JobID       string `db:"job_id"`
	State       string `db:"state"`
	Reason      string `db:"reason"`
	CreatedAt   Millis `db:"created_at"`
	SettledAt   Millis `db:"settled_at"`
}

var ledger = tableOf[Ledger]("ledger")

// AddLedger writes a row.
func (tx *Tx) AddLedger(ctx context.Context, l *Ledger) error {
	_, err := ledger.insert(ctx, tx.Q, l, "")
	return err
}

// LedgerOf lists the rows of a job.
func (q Q) LedgerOf(ctx context.Context, jobID string) ([]Ledger, error) {
	return ledger.list(ctx, q, "WHERE job_id = ? ORDER BY kind", jobID)
}

// SettleLedger moves a row from one of its live states; false if it was moved meanwhile, so
// that nothing is given back twice.
func (tx *Tx) SettleLedger(ctx context.Context, id, state, reason string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE ledger SET state = ?, reason = ?, settled_at = ? WHERE id = ? AND state <> ? AND state <> ?",
		state, reason, At(now), id, LedgerRefunded, state)
	return n > 0, err
}

// UseLedger settles what a job has reserved.
func (tx *Tx) UseLedger(ctx context.Context, jobID string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE ledger SET state = ?, settled_at = ? WHERE job_id = ? AND state = ?", LedgerUsed, At(now), jobID, LedgerReserved)
	return err
}

// Take counts amount in a window unless that would pass limit (limit < 0: no limit). The
// check and the count are one UPDATE.
func (tx *Tx) Take(ctx context.Context, userID, kind string, w plan.Window, amount, limit int64) (bool, error) {
	if _, err := tx.exec(ctx, `INSERT INTO quota_windows (user_id, kind, window_start, window_end, used)
		VALUES (?, ?, ?, ?, 0) ON CONFLICT (user_id, kind, window_start) DO NOTHING`, userID, kind, At(w.Start), At(w.End)); err != nil {
		return false, err
	}
	if limit < 0 {
		limit = math.MaxInt64
	}
	n, err := tx.exec(ctx, `UPDATE quota_windows SET used = used + ? WHERE user_id = ? AND kind = ? AND window_start = ?
		AND used + ? <= ?`, amount, userID, kind, At(w.Start), amount, limit)
	return n > 0, err
}

// Give takes amount back from a window, never below 0.
func (tx *Tx) Give(ctx context.Context, userID, kind string, windowStart Millis, amount int64) error {
	_, err := tx.exec(ctx, `UPDATE quota_windows SET used = CASE WHEN used > ? THEN used - ? ELSE 0 END
		WHERE user_id = ? AND kind = ? AND window_start = ?`, amount, amount, userID, kind, windowStart)
	return err
}

// Credit gives uploads of a window beyond the plan's: the count goes down, below 0 if need be,
// and the ledger says so.
func (tx *Tx) Credit(ctx context.Context, userID string, w plan.Window, n int64, reason string, now time.Time) error {
	if _, err := tx.Take(ctx, userID, KindUploads, w, 0, plan.Unlimited); err != nil {
		return err
	}
	if err := tx.must(ctx, "UPDATE quota_windows SET used = used - ? WHERE user_id = ? AND kind = ? AND window_start = ?", n, userID, KindUploads, At(w.Start)); err != nil {
		return err
	}
	return tx.AddLedger(ctx, &Ledger{ID: NewID(), UserID: userID, Kind: KindUploads, Amount: -n, WindowStart: At(w.Start), State: LedgerUsed, Reason: reason, CreatedAt: At(now), SettledAt: At(now)})
}

// Used is the count of a window.
func (q Q) Used(ctx context.Context, userID, kind string, w plan.Window) (int64, error) {
	var n int64
	err := q.one(ctx, &n, "SELECT COALESCE(SUM(used), 0) FROM quota_windows WHERE user_id = ? AND kind = ? AND window_start = ?", userID, kind, At(w.Start))
	return n, err
}

// KeyRequests are the requests of this UTC day by API key.
func (q Q) KeyRequests(ctx context.Context, userID string, now time.Time) (map[string]int64, error) {
	by := map[string]int64{}
	err := q.each(ctx, func(scan func(...any) error) error {
		var kind string
		var n int64
		err := scan(&kind, &n)
		by[strings.TrimPrefix(kind, KindKey)] = n
		return err
	}, "SELECT kind, used FROM quota_windows WHERE user_id = ? AND kind LIKE 'key:%' AND window_start = ?", userID, At(plan.Day(now).Start))
	return by, err
}

// TakeStorage adds bytes to an account unless that would pass limit.
func (tx *Tx) TakeStorage(ctx context.Context, userID string, bytes, limit int64) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE users SET storage_bytes = storage_bytes + ? WHERE id = ? AND storage_bytes + ? <= ? AND deleted_at = 0", bytes, userID, bytes, limit)
	return n > 0, err
}

// GiveStorage takes bytes back from an account, never below 0.
func (tx *Tx) GiveStorage(ctx context.Context, userID string, bytes int64) error {
	_, err := tx.exec(ctx, "UPDATE users SET storage_bytes = CASE WHEN storage_bytes > ? THEN storage_bytes - ? ELSE 0 END WHERE id = ?", bytes, bytes, userID)
	return err
}

// Counter is a counter beside what the ledger says it should be.
type Counter struct {
	UserID      string
	Kind        string
	WindowStart Millis
	Have, Want  int64
}

// WrongCounters lists counters that differ from their ledger.
func (q Q) WrongCounters(ctx context.Context) ([]Counter, error) {
	var wrong []Counter
	scan := func(kind string) func(func(...any) error) error {
		return func(scan func(...any) error) error {
			c := Counter{Kind: kind}
			if err := scan(&c.UserID, &c.WindowStart, &c.Have, &c.Want); err != nil {
				return err
			}
			wrong = append(wrong, c)
			return nil
		}
	}
	if err := q.each(ctx, scan(KindUploads), `SELECT w.user_id, w.window_start, w.used, CAST(COALESCE(SUM(l.amount), 0) AS BIGINT)
		FROM quota_windows w LEFT JOIN ledger l ON l.user_id = w.user_id AND l.kind = w.kind AND l.window_start = w.window_start AND l.state <> 'refunded'
		WHERE w.kind = 'uploads' GROUP BY w.user_id, w.window_start, w.used HAVING w.used <> CAST(COALESCE(SUM(l.amount), 0) AS BIGINT)`); err != nil {
		return nil, err
	}
	err := q.each(ctx, scan(KindStorage), `SELECT u.id, 0, u.storage_bytes, CAST(COALESCE(SUM(l.amount), 0) AS BIGINT)
		FROM users u LEFT JOIN ledger l ON l.user_id = u.id AND l.kind = 'storage' AND l.state <> 'refunded'
		WHERE u.deleted_at = 0 GROUP BY u.id, u.storage_bytes HAVING u.storage_bytes <> CAST(COALESCE(SUM(l.amount), 0) AS BIGINT)`)
	return wrong, err
}

// RepairCounter sets a counter to what the ledger says at this moment.
func (tx *Tx) RepairCounter(ctx context.Context, c Counter) error {
	if c.Kind == KindStorage {
		_, err := tx.exec(ctx, `UPDATE users SET storage_bytes = (SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM ledger
			WHERE user_id = users.id AND kind = 'storage' AND state <> 'refunded') WHERE id = ?`, c.UserID)
		return err
	}
	_, err := tx.exec(ctx, `UPDATE quota_windows SET used = (SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM ledger l
		WHERE l.user_id = quota_windows.user_id AND l.kind = quota_windows.kind AND l.window_start = quota_windows.window_start AND l.state <> 'refunded')
		WHERE user_id = ? AND kind = ? AND window_start = ?`, c.UserID, c.Kind, c.WindowStart)
	return err
}

// Usage is one AI call: reserved before it, settled after it.
type Usage struct {
	ID           string `db:"id"`
	UserID       string `db:"user_id"`
	JobID        string `db:"job_id"`
	SampleID     string `db:"sample_id"`
	Provider     string `db:"provider"`
	RequestID    string `db:"request_id"` // the provider's
	Model        string `db:"model"`
	Operation    string `db:"operation"`
	Tier         string `db:"tier"`
	State        string `db:"state"` // reserved, settled, released
	InputTokens  int64  `db:"input_tokens"`
	OutputTokens int64  `db:"output_tokens"`
	TotalTokens  int64  `db:"total_tokens"`
	CostMicro    int64  `db:"cost_micro"`
	CostSource   string `db:"cost_source"` // provider, price table
	PriceVersion string `db:"price_version"`
	TookMS       int64  `db:"took_ms"`
	Error        string `db:"error"`
	CreatedAt    Millis `db:"created_at"`
	SettledAt    Millis `db:"settled_at"`
}

var usage = tableOf[Usage]("api_usage")

// Spent is what a user's AI calls cost, and may still cost, since a time.
func (q Q) Spent(ctx context.Context, userID string, since time.Time) (int64, error) {
	var n int64
	err := q.one(ctx, &n, "SELECT CAST(COALESCE(SUM(cost_micro), 0) AS BIGINT) FROM api_usage WHERE user_id = ? AND created_at > ? AND state <> 'released'", userID, At(since))
	return n, err
}

// ReserveUsage writes a call with its worst price unless that passes the cap over all calls
// since a time. Concurrent reservations of one user wait for each other.
func (tx *Tx) ReserveUsage(ctx context.Context, u *Usage, since time.Time, limit int64) (bool, error) {
	if _, err := tx.LockUser(ctx, u.UserID); err != nil {
		return false, err
	}
	spent, err := tx.Spent(ctx, u.UserID, since)
	if err != nil || spent+u.CostMicro > limit {
		return false, err
	}
	_, err = usage.insert(ctx, tx.Q, u, "")
	return err == nil, err
}

// SettleUsage writes what a call cost in the end.
func (tx *Tx) SettleUsage(ctx context.Context, u *Usage) error {
	return tx.must(ctx, `UPDATE api_usage SET state = ?, request_id = ?, input_tokens = ?, output_tokens = ?, total_tokens = ?,
		cost_micro = ?, cost_source = ?, took_ms = ?, error = ?, settled_at = ? WHERE id = ? AND state = 'reserved'`,
		u.State, u.RequestID, u.InputTokens, u.OutputTokens, u.TotalTokens, u.CostMicro, u.CostSource, u.TookMS, u.Error, u.SettledAt, u.ID)
}

// SettleForgottenUsage keeps the worst price of calls whose process died: the provider may
// have charged them.
func (tx *Tx) SettleForgottenUsage(ctx context.Context, before, now time.Time) (int64, error) {
	return tx.exec(ctx, "UPDATE api_usage SET state = 'settled', cost_source = 'price table', error = 'process ended before the answer', settled_at = ? WHERE state = 'reserved' AND created_at < ?", At(now), At(before))
}

// UsageByDay sums a user's calls by UTC day, model and operation.
func (q Q) UsageByDay(ctx context.Context, userID string, since time.Time) ([]UsageDay, error) {
	var days []UsageDay
	err := q.each(ctx, func(scan func(...any) error) error {
		var d UsageDay
		if err := scan(&d.Day, &d.Model, &d.Operation, &d.CostSource, &d.Calls, &d.InputTokens, &d.OutputTokens, &d.CostMicro); err != nil {
			return err
		}
		days = append(days, d)
		return nil
	}, `SELECT created_at / 86400000, model, operation, cost_source, COUNT(*), CAST(SUM(input_tokens) AS BIGINT), CAST(SUM(output_tokens) AS BIGINT), CAST(SUM(cost_micro) AS BIGINT)
		FROM api_usage WHERE user_id = ? AND created_at >= ? AND state = 'settled'
		GROUP BY created_at / 86400000, model, operation, cost_source ORDER BY 1 DESC, 2, 3`, userID, At(since))
	return days, err
}

// UsageDay is a sum of calls.
type UsageDay struct {
	Day                                         int64 // days since 1970-01-01
	Model, Operation, CostSource                string
	Calls, InputTokens, OutputTokens, CostMicro int64
}

// UsageOf lists a user's calls, newest first.
func (q Q) UsageOf(ctx context.Context, userID string, limit int) ([]Usage, error) {
	return usage.list(ctx, q, "WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT ?", userID, limit)
}
