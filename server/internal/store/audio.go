package store

import (
	"context"
	"time"
)

// States of a SyncAudio.
const (
	AudioOpen   = "open"
	AudioStored = "stored"
)

// SyncAudio is a file that an account keeps for its other machines.
type SyncAudio struct {
	ID        string `db:"id"`
	UserID    string `db:"user_id"`
	SHA256    string `db:"sha256"`
	Size      int64  `db:"size"`
	State     string `db:"state"`
	CreatedAt Millis `db:"created_at"`
	ExpiresAt Millis `db:"expires_at"`
	Warned7At Millis `db:"warned_7_at"`
	Warned1At Millis `db:"warned_1_at"`
}

var syncAudio = tableOf[SyncAudio]("sync_audio")

// AddAudio writes a new row; false where the account has these bytes already.
func (tx *Tx) AddAudio(ctx context.Context, a *SyncAudio) (bool, error) {
	n, err := syncAudio.insert(ctx, tx.Q, a, "ON CONFLICT (user_id, sha256) DO NOTHING")
	return n > 0, err
}

// Audio finds an account's file by its bytes.
func (q Q) Audio(ctx context.Context, userID, sha256 string) (*SyncAudio, error) {
	return syncAudio.get(ctx, q, "WHERE user_id = ? AND sha256 = ?", userID, sha256)
}

// AudioOf lists an account's files.
func (q Q) AudioOf(ctx context.Context, userID string) ([]SyncAudio, error) {
	return syncAudio.list(ctx, q, "WHERE user_id = ? ORDER BY created_at, id", userID)
}

// AudioAfter lists stored files of all accounts by id, for the checker.
func (q Q) AudioAfter(ctx context.Context, id string, limit int) ([]SyncAudio, error) {
	return syncAudio.list(ctx, q, "WHERE state = 'stored' AND id > ? ORDER BY id LIMIT ?", id, limit)
}

// StaleAudio lists uploads that were begun before a time and not ended.
func (q Q) StaleAudio(ctx context.Context, before time.Time, limit int) ([]SyncAudio, error) {
	return syncAudio.list(ctx, q, "WHERE state = 'open' AND created_at < ? ORDER BY created_at LIMIT ?", At(before), limit)
}

// StoredAudio says that the bytes are there; false if the row is gone or was stored meanwhile.
func (tx *Tx) StoredAudio(ctx context.Context, id string) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE sync_audio SET state = 'stored' WHERE id = ? AND state = 'open'", id)
	return n > 0, err
}

// DropAudio forgets a file; false if it is gone.
func (tx *Tx) DropAudio(ctx context.Context, id string) (bool, error) {
	n, err := tx.exec(ctx, "DELETE FROM sync_audio WHERE id = ?", id)
	return n > 0, err
}

// KnownAudio says which of some ids are files that an account keeps or uploads.
func (q Q) KnownAudio(ctx context.Context, ids []string) (map[string]bool, error) {
	return q.which(ctx, ids, "SELECT id FROM sync_audio WHERE id IN (@ids)")
}

// KeepingUsers lists accounts that keep files which have an end, or files which have none, by id,
// from after one on.
func (q Q) KeepingUsers(ctx context.Context, ending bool, after string, limit int) ([]User, error) {
	which := "expires_at = 0"
	if ending {
		which = "expires_at > 0"
	}
	return users.list(ctx, q, "WHERE id IN (SELECT user_id FROM sync_audio WHERE "+which+") AND deleted_at = 0 AND id > ? ORDER BY id LIMIT ?", after, limit)
}

// EndKept gives those of an account's files that have none an end.
func (tx *Tx) EndKept(ctx context.Context, userID string, at time.Time) error {
	_, err := tx.exec(ctx, "UPDATE sync_audio SET expires_at = ? WHERE user_id = ? AND expires_at = 0", At(at), userID)
	return err
}

// EndKeptFile gives one file an end.
func (tx *Tx) EndKeptFile(ctx context.Context, id string, at time.Time) error {
	_, err := tx.exec(ctx, "UPDATE sync_audio SET expires_at = ? WHERE id = ? AND expires_at = 0", At(at), id)
	return err
}

// KeepOn takes the end of an account's files away.
func (tx *Tx) KeepOn(ctx context.Context, userID string) error {
	_, err := tx.exec(ctx, "UPDATE sync_audio SET expires_at = 0, warned_7_at = 0, warned_1_at = 0 WHERE user_id = ? AND expires_at > 0", userID)
	return err
}

// OldestAudio lists an account's files that have no end, oldest first.
func (q Q) OldestAudio(ctx context.Context, userID string, limit int) ([]SyncAudio, error) {
	return syncAudio.list(ctx, q, "WHERE user_id = ? AND expires_at = 0 ORDER BY created_at, id LIMIT ?", userID, limit)
}

// ExpiringAudio lists files that end before a time and of whose end (7 or 1 days before) nothing
// was said.
func (q Q) ExpiringAudio(ctx context.Context, before time.Time, days, limit int) ([]SyncAudio, error) {
	return syncAudio.list(ctx, q, "WHERE expires_at > 0 AND expires_at < ? AND "+warned(days)+" = 0 ORDER BY user_id, id LIMIT ?", At(before), limit)
}

// WarnedAudio notes a warning; false if it was noted.
func (tx *Tx) WarnedAudio(ctx context.Context, id string, days int, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE sync_audio SET "+warned(days)+" = ? WHERE id = ? AND "+warned(days)+" = 0", At(now), id)
	return n > 0, err
}

// EndedAudio lists files whose time is over, as ExpiredSamples does: never without notice.
func (q Q) EndedAudio(ctx context.Context, now time.Time, limit int) ([]SyncAudio, error) {
	return syncAudio.list(ctx, q, "WHERE expires_at > 0 AND expires_at <= ? AND warned_1_at > 0 AND warned_1_at <= ? ORDER BY expires_at LIMIT ?",
		At(now), At(now.Add(-noticeTime)), limit)
}
