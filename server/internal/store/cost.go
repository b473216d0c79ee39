package store

import (
	"context"
	"errors"
	"time"
)

// UnitPrice is what one unit of something costs from a time on.
type UnitPrice struct {
	ID        string `db:"id"`
	Item      string `db:"item"`
	PricePico int64  `db:"price_pico"` // millionths of a micro-dollar
	FromAt    Millis `db:"from_at"`
	Source    string `db:"source"`
	Actor     string `db:"actor"`
	CreatedAt Millis `db:"created_at"`
}

var unitPrices = tableOf[UnitPrice]("unit_prices")

// AddUnitPrice writes a price.
func (tx *Tx) AddUnitPrice(ctx context.Context, p *UnitPrice) error {
	_, err := unitPrices.insert(ctx, tx.Q, p, "")
	return err
}

// UnitPrices lists all, the newest of an item last.
func (q Q) UnitPrices(ctx context.Context) ([]UnitPrice, error) {
	return unitPrices.list(ctx, q, "ORDER BY item, from_at, created_at")
}

// UsedDay is what an account used of one day.
type UsedDay struct {
	Day    int64  `db:"day"` // days since 1970-01-01
	UserID string `db:"user_id"`
	Tier   string `db:"tier"`
	Kind   string `db:"kind"`
	Amount int64  `db:"amount"`
}

var usedDays = tableOf[UsedDay]("usage_days")

// AddUsedDay adds to a day.
func (tx *Tx) AddUsedDay(ctx context.Context, d *UsedDay) error {
	_, err := usedDays.insert(ctx, tx.Q, d, "ON CONFLICT (day, user_id, tier, kind) DO UPDATE SET amount = usage_days.amount + excluded.amount")
	return err
}

// UsedDays lists what was counted in days [from, to).
func (q Q) UsedDays(ctx context.Context, from, to int64) ([]UsedDay, error) {
	return usedDays.list(ctx, q, "WHERE day >= ? AND day < ? ORDER BY day, user_id, kind", from, to)
}

// MoveMark sets a mark to now and says what it was; false when it was never set.
func (tx *Tx) MoveMark(ctx context.Context, name string, now time.Time) (was Millis, ok bool, err error) {
	// The row is locked first, so that of two processes one sees the other's time.
	if _, err := tx.exec(ctx, "INSERT INTO storage_marks (name, at) VALUES (?, 0) ON CONFLICT (name) DO UPDATE SET at = storage_marks.at", name); err != nil {
		return 0, false, err
	}
	if err := tx.one(ctx, &was, "SELECT at FROM storage_marks WHERE name = ?", name); err != nil {
		return 0, false, err
	}
	_, err = tx.exec(ctx, "UPDATE storage_marks SET at = ? WHERE name = ?", At(now), name)
	return was, was > 0, err
}

// Work is compute time, and AI spending, of an account on a day.
type Work struct {
	Day          int64
	UserID, Tier string
	Model        string // of AI, else ""
	MS, Micro    int64
}

// WorkDays sums the time that workers spent on jobs and exports that ended in a stretch of time.
func (q Q) WorkDays(ctx context.Context, from, to time.Time) ([]Work, error) {
	var all []Work
	err := q.each(ctx, func(scan func(...any) error) error {
		var w Work
		err := scan(&w.Day, &w.UserID, &w.Tier, &w.MS)
		all = append(all, w)
		return err
	}, `SELECT completed_at / 86400000, user_id, tier, CAST(SUM(work_ms) AS BIGINT) FROM (
			SELECT completed_at, user_id, tier, work_ms FROM processing_jobs WHERE completed_at >= ? AND completed_at < ?
			UNION ALL SELECT completed_at, user_id, tier, work_ms FROM exports WHERE completed_at >= ? AND completed_at < ?) w
		GROUP BY completed_at / 86400000, user_id, tier ORDER BY 1, 2, 3`, At(from), At(to), At(from), At(to))
	return all, err
}

// SpendDays sums what AI calls cost by day, account and model.
func (q Q) SpendDays(ctx context.Context, from, to time.Time) ([]Work, error) {
	var all []Work
	err := q.each(ctx, func(scan func(...any) error) error {
		var w Work
		err := scan(&w.Day, &w.UserID, &w.Tier, &w.Model, &w.Micro)
		all = append(all, w)
		return err
	}, `SELECT created_at / 86400000, user_id, tier, model, CAST(SUM(cost_micro) AS BIGINT) FROM api_usage
		WHERE created_at >= ? AND created_at < ? AND state = 'settled' GROUP BY created_at / 86400000, user_id, tier, model ORDER BY 1, 2, 3, 4`, At(from), At(to))
	return all, err
}

// Budget is what a scope (total, or a tier) may cost a month.
type Budget struct {
	Scope      string `db:"scope"`
	MonthMicro int64  `db:"month_micro"`
	Actor      string `db:"actor"`
	CreatedAt  Millis `db:"created_at"`
}

var budgets = tableOf[Budget]("budgets")

// SetBudget writes a scope's budget.
func (tx *Tx) SetBudget(ctx context.Context, b *Budget) error {
	_, err := budgets.insert(ctx, tx.Q, b, "ON CONFLICT (scope) DO UPDATE SET month_micro = excluded.month_micro, actor = excluded.actor, created_at = excluded.created_at")
	return err
}

// Budgets lists all.
func (q Q) Budgets(ctx context.Context) ([]Budget, error) {
	return budgets.list(ctx, q, "ORDER BY scope")
}

// AlertBudget notes an alert; false if it was sent this month.
func (tx *Tx) AlertBudget(ctx context.Context, scope, month string, percent int64, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "INSERT INTO budget_alerts (scope, month, percent, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (scope, month, percent) DO NOTHING", scope, month, percent, At(now))
	return n > 0, err
}

// PayingPlans counts the accounts whose subscription is paid, by how often it is billed.
func (q Q) PayingPlans(ctx context.Context) (map[string]int64, error) {
	by := map[string]int64{}
	err := q.each(ctx, func(scan func(...any) error) error {
		var every string
		var n int64
		err := scan(&every, &n)
		by[every] = n
		return err
	}, "SELECT billed_every, COUNT(*) FROM subscriptions WHERE status IN ('active', 'past_due') GROUP BY billed_every")
	return by, err
}

// TierOf is an account's tier as its row says, "" when it is gone.
func (q Q) TierOf(ctx context.Context, userID string) (tier string, err error) {
	if err = q.one(ctx, &tier, "SELECT tier FROM users WHERE id = ?", userID); errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return tier, err
}
