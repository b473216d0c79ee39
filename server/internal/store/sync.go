package store

import (
	"context"
	"errors"
	"maps"
	"slices"

	"sampleagent/sync/wire"
)

// SyncCell is one field that an account's machines keep in sync.
type SyncCell struct {
	UserID string          `db:"user_id"`
	Object string          `db:"object"`
	Field  string          `db:"field"`
	Cell   JSON[wire.Cell] `db:"cell"`
	Seq    int64           `db:"seq"`
}

var syncCells = tableOf[SyncCell]("sync_cells")

// LockSync makes the account's other writers of cells wait until this transaction ends, and
// gives the number of the newest change. Numbers are so committed in their order: a machine
// that has seen n misses no smaller one.
func (tx *Tx) LockSync(ctx context.Context, userID string) (seq int64, err error) {
	err = tx.one(ctx, &seq, "UPDATE users SET sync_seq = sync_seq WHERE id = ? RETURNING sync_seq", userID)
	return seq, err
}

// SetSyncSeq stores the number of a push and adds to the count of cells, which it gives back; needs
// LockSync.
func (tx *Tx) SetSyncSeq(ctx context.Context, userID string, seq, added int64) (cells int64, err error) {
	if _, err := tx.exec(ctx, "INSERT INTO sync_pushes (user_id, seq) VALUES (?, ?)", userID, seq); err != nil {
		return 0, err
	}
	err = tx.one(ctx, &cells, "UPDATE users SET sync_seq = ?, sync_cells = sync_cells + ? WHERE id = ? RETURNING sync_cells", seq, added, userID)
	return cells, err
}

// SyncCell reads a cell; nil if there is none.
func (q Q) SyncCell(ctx context.Context, userID, object, field string) (*SyncCell, error) {
	c, err := syncCells.get(ctx, q, "WHERE user_id = ? AND object = ? AND field = ?", userID, object, field)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return c, err
}

// PutSyncCell writes a cell under a new number; needs LockSync.
func (tx *Tx) PutSyncCell(ctx context.Context, c *SyncCell) error {
	_, err := syncCells.insert(ctx, tx.Q, c, "ON CONFLICT (user_id, object, field) DO UPDATE SET cell = excluded.cell, seq = excluded.seq")
	return err
}

// SyncCells lists an account's cells after a number, in the order of their last change.
func (q Q) SyncCells(ctx context.Context, userID string, after int64, limit int) ([]SyncCell, error) {
	return syncCells.list(ctx, q, "WHERE user_id = ? AND seq > ? ORDER BY seq LIMIT ?", userID, after, limit)
}

// CountSyncCells says how many cells an account has.
func (q Q) CountSyncCells(ctx context.Context, userID string) (n int64, err error) {
	err = q.one(ctx, &n, "SELECT COUNT(*) FROM sync_cells WHERE user_id = ?", userID)
	return n, err
}

// NoteActors remembers the newest clock of each replica that has written.
func (tx *Tx) NoteActors(ctx context.Context, userID string, newest wire.Context) error {
	for _, actor := range slices.Sorted(maps.Keys(newest)) { // one order: two writers never wait for each other crosswise
		if _, err := tx.exec(ctx, `INSERT INTO sync_actors (user_id, actor, clock) VALUES (?, ?, ?)
			ON CONFLICT (user_id, actor) DO UPDATE SET clock = excluded.clock WHERE excluded.clock > sync_actors.clock`, userID, actor, int64(newest[actor])); err != nil {
			return err
		}
	}
	return nil
}

// SyncPush is the number of the first push at or after a number of a change, 0 if there is none.
func (q Q) SyncPush(ctx context.Context, userID string, from int64) (seq int64, err error) {
	err = q.one(ctx, &seq, "SELECT COALESCE(MIN(seq), 0) FROM sync_pushes WHERE user_id = ? AND seq >= ?", userID, from)
	return seq, err
}

// DropSyncPushes removes the numbers of pushes before one.
func (tx *Tx) DropSyncPushes(ctx context.Context, before int64) (int64, error) {
	return tx.exec(ctx, "DELETE FROM sync_pushes WHERE seq < ?", before)
}

// SyncSeq is the number of the newest push, 0 before the first.
func (q Q) SyncSeq(ctx context.Context, userID string) (seq int64, err error) {
	err = q.one(ctx, &seq, "SELECT sync_seq FROM users WHERE id = ?", userID)
	return seq, err
}

// SyncActor is the newest clock of a replica, 0 for one that never wrote, and the account's count
// of deletions of everything.
func (q Q) SyncActor(ctx context.Context, userID, actor string) (clock wire.Clock, epoch int64, err error) {
	var n int64
	err = q.one(ctx, &n, "SELECT clock FROM sync_actors WHERE user_id = ? AND actor = ?", userID, actor)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	if err != nil {
		return 0, 0, err
	}
	err = q.one(ctx, &epoch, "SELECT sync_epoch FROM users WHERE id = ?", userID)
	return wire.Clock(n), epoch, err
}

// SyncHeld counts what is kept of an account.
func (q Q) SyncHeld(ctx context.Context, userID string) (h wire.SyncHeld, err error) {
	for kind, to := range map[string]*int64{"sample/": &h.Samples, "collection/": &h.Collections, "kit/": &h.Kits} {
		if err := q.one(ctx, to, "SELECT COUNT(DISTINCT object) FROM sync_cells WHERE user_id = ? AND object >= ? AND object < ?", userID, kind, kind[:len(kind)-1]+"0"); err != nil {
			return h, err
		}
	}
	if h.Fields, err = q.CountSyncCells(ctx, userID); err != nil {
		return h, err
	}
	if err := q.one(ctx, &h.Audio, "SELECT COUNT(*) FROM sync_audio WHERE user_id = ? AND state = 'stored'", userID); err != nil {
		return h, err
	}
	err = q.one(ctx, &h.AudioBytes, "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM sync_audio WHERE user_id = ? AND state = 'stored'", userID)
	return h, err
}

// DropSync forgets all cells of an account and begins a new epoch.
func (tx *Tx) DropSync(ctx context.Context, userID string) error {
	for _, q := range []string{"DELETE FROM sync_cells WHERE user_id = ?", "DELETE FROM sync_actors WHERE user_id = ?", "UPDATE users SET sync_epoch = sync_epoch + 1, sync_cells = 0 WHERE id = ?"} {
		if _, err := tx.exec(ctx, q, userID); err != nil {
			return err
		}
	}
	return nil
}
