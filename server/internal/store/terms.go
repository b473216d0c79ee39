package store

import (
	"context"
	"time"

	"sampleagent/server/internal/plan"
)

// Contract is what was agreed with an account; the part that counts is also in the user's row,
// where every check reads it.
type Contract struct {
	ID        string               `db:"id"`
	UserID    string               `db:"user_id"`
	Tier      plan.Tier            `db:"tier"`
	Terms     JSON[plan.Overrides] `db:"terms"`
	FromAt    Millis               `db:"from_at"`
	ToAt      Millis               `db:"to_at"`
	Actor     string               `db:"actor"`
	Reason    string               `db:"reason"`
	CreatedAt Millis               `db:"created_at"`
	EndedAt   Millis               `db:"ended_at"`
	EndedBy   string               `db:"ended_by"`
	EndedWhy  string               `db:"ended_why"`
}

var contracts = tableOf[Contract]("contracts")

// AddContract writes a contract.
func (tx *Tx) AddContract(ctx context.Context, c *Contract) error {
	_, err := contracts.insert(ctx, tx.Q, c, "")
	return err
}

// EndContract ends a contract before its time; ErrNotFound if it has ended or is another's.
func (tx *Tx) EndContract(ctx context.Context, userID, id, by, why string, now time.Time) error {
	return tx.must(ctx, "UPDATE contracts SET ended_at = ?, ended_by = ?, ended_why = ? WHERE id = ? AND user_id = ? AND ended_at = 0", At(now), by, why, id, userID)
}

// Contracts lists an account's, newest first.
func (q Q) Contracts(ctx context.Context, userID string) ([]Contract, error) {
	return contracts.list(ctx, q, "WHERE user_id = ? ORDER BY created_at DESC, id DESC", userID)
}

// SetContracts writes what of an account's contracts still counts.
func (tx *Tx) SetContracts(ctx context.Context, userID string, list []plan.Contract, now time.Time) error {
	return tx.must(ctx, "UPDATE users SET overrides = ?, updated_at = ? WHERE id = ? AND deleted_at = 0", List[plan.Contract](list), At(now), userID)
}

// Flag is a feature that an operator switched.
type Flag struct {
	Name      string `db:"name"`
	On        bool   `db:"state"`
	Actor     string `db:"actor"`
	Reason    string `db:"reason"`
	CreatedAt Millis `db:"created_at"`
}

var flags = tableOf[Flag]("feature_flags")

// Flags lists all switches.
func (q Q) Flags(ctx context.Context) ([]Flag, error) {
	return flags.list(ctx, q, "ORDER BY name")
}

// AddFlag writes a switch.
func (tx *Tx) AddFlag(ctx context.Context, f *Flag) error {
	_, err := flags.insert(ctx, tx.Q, f, "")
	return err
}

// DropFlag forgets a switch, if there is one.
func (tx *Tx) DropFlag(ctx context.Context, name string) error {
	_, err := tx.exec(ctx, "DELETE FROM feature_flags WHERE name = ?", name)
	return err
}
