package store

import (
	"context"
	"time"

	"sampleagent/sync/wire"
)

// Export is a card that an account asked for.
type Export struct {
	ID          string                   `db:"id"`
	UserID      string                   `db:"user_id"`
	Name        string                   `db:"name"`
	Tier        string                   `db:"tier"`
	Status      wire.ExportStatus        `db:"status"`
	Request     JSON[wire.ExportRequest] `db:"request"`
	FileKey     string                   `db:"file_key"`
	Size        int64                    `db:"size"`
	Files       int64                    `db:"files"`
	Report      List[wire.ExportFile]    `db:"report"`
	Warnings    List[string]             `db:"warnings"`
	Error       string                   `db:"error"`
	QueueID     int64                    `db:"queue_id"`
	WorkMS      int64                    `db:"work_ms"`
	CreatedAt   Millis                   `db:"created_at"`
	CompletedAt Millis                   `db:"completed_at"`
	ExpiresAt   Millis                   `db:"expires_at"`
	RemovedAt   Millis                   `db:"removed_at"`
}

var exports = tableOf[Export]("exports")

// AddExport writes an export.
func (tx *Tx) AddExport(ctx context.Context, e *Export) error {
	_, err := exports.insert(ctx, tx.Q, e, "")
	return err
}

// Export reads one of a user's.
func (q Q) Export(ctx context.Context, userID, id string) (*Export, error) {
	return exports.get(ctx, q, "WHERE id = ? AND user_id = ?", id, userID)
}

// Exports lists a user's, newest first.
func (q Q) Exports(ctx context.Context, userID string, limit int) ([]Export, error) {
	return exports.list(ctx, q, "WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT ?", userID, limit)
}

// LiveExports counts a user's exports that wait or are built.
func (q Q) LiveExports(ctx context.Context, userID string) (n int64, err error) {
	err = q.one(ctx, &n, "SELECT COUNT(*) FROM exports WHERE user_id = ? AND status IN ('pending', 'processing')", userID)
	return n, err
}

// BeginExport marks an export as being built; false if it has ended or is gone.
func (tx *Tx) BeginExport(ctx context.Context, id string) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE exports SET status = 'processing' WHERE id = ? AND status IN ('pending', 'processing')", id)
	return n > 0, err
}

// EndExport writes how building ended; false if the export was deleted meanwhile.
func (tx *Tx) EndExport(ctx context.Context, e *Export) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE exports SET status = ?, file_key = ?, size = ?, files = ?, report = ?, warnings = ?, error = ?, work_ms = work_ms + ?, completed_at = ?,
		expires_at = ?, removed_at = 0 WHERE id = ? AND status IN ('pending', 'processing')`,
		e.Status, e.FileKey, e.Size, e.Files, e.Report, e.Warnings, e.Error, e.WorkMS, e.CompletedAt, e.ExpiresAt, e.ID)
	return n > 0, err
}

// ReviveExport makes an export wait again; false if it does so already.
func (tx *Tx) ReviveExport(ctx context.Context, userID, id, tier string) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE exports SET status = 'pending', error = '', tier = ? WHERE id = ? AND user_id = ? AND status NOT IN ('pending', 'processing')", tier, id, userID)
	return n > 0, err
}

// SetExportQueue joins an export to its queue entry.
func (tx *Tx) SetExportQueue(ctx context.Context, id string, queueID int64) error {
	return tx.must(ctx, "UPDATE exports SET queue_id = ? WHERE id = ?", queueID, id)
}

// ExpiredExports lists exports whose zip is to be removed.
func (q Q) ExpiredExports(ctx context.Context, now time.Time, limit int) ([]Export, error) {
	return exports.list(ctx, q, "WHERE expires_at > 0 AND expires_at <= ? AND removed_at = 0 AND status = 'completed' ORDER BY expires_at LIMIT ?", At(now), limit)
}

// ExpireExport notes that the zip is gone.
func (tx *Tx) ExpireExport(ctx context.Context, id string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE exports SET status = 'expired', file_key = '', removed_at = ? WHERE id = ? AND status = 'completed' AND expires_at <= ?", At(now), id, At(now))
	return n > 0, err
}

// DeleteExport removes one of a user's.
func (tx *Tx) DeleteExport(ctx context.Context, userID, id string) error {
	return tx.must(ctx, "DELETE FROM exports WHERE id = ? AND user_id = ?", id, userID)
}

// LostExports lists exports that should be built and whose queue entry is gone.
func (q Q) LostExports(ctx context.Context, before time.Time, limit int) ([]Export, error) {
	return exports.list(ctx, q, `WHERE status IN ('pending', 'processing') AND created_at < ? AND NOT EXISTS
		(SELECT 1 FROM river_job r WHERE r.id = exports.queue_id AND r.state NOT IN ('completed', 'discarded', 'cancelled')) ORDER BY created_at LIMIT ?`, At(before), limit)
}

// KnownExports says which of some ids have an export whose zip is kept or being made.
func (q Q) KnownExports(ctx context.Context, ids []string) (map[string]bool, error) {
	return q.which(ctx, ids, "SELECT id FROM exports WHERE removed_at = 0 AND id IN (@ids)")
}

// SyncObject lists the cells of one object.
func (q Q) SyncObject(ctx context.Context, userID, object string) ([]SyncCell, error) {
	return syncCells.list(ctx, q, "WHERE user_id = ? AND object = ?", userID, object)
}

// SyncKitNames lists the cells that name kits or say that they were deleted.
func (q Q) SyncKitNames(ctx context.Context, userID string) ([]SyncCell, error) {
	return syncCells.list(ctx, q, "WHERE user_id = ? AND object >= 'kit/' AND object < 'kit0' AND field IN ('name', 'deleted') ORDER BY object", userID)
}

// SamplesByContent lists a user's samples with audio by the hash of the bytes that were sent, or
// of the file that these were made of.
func (q Q) SamplesByContent(ctx context.Context, userID string, sums []string) (map[string]*Sample, error) {
	found := map[string]*Sample{}
	for _, sum := range sums {
		rows, err := samples.list(ctx, q, "WHERE user_id = ? AND (sha256 = ? OR source_sha256 = ?) AND deleted_at = 0 AND audio_removed_at = 0 ORDER BY created_at LIMIT 1", userID, sum, sum)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			found[sum] = &rows[0]
		}
	}
	return found, nil
}
