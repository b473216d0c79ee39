package catalog

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Sync is how far this library is in sync with an account.
type Sync struct {
	Account string // server and user, as the caller names them
	Actor   string // this installation's name in that account
	Cursor  int64
	machine string // where that was
	marking *Row   // samples up to this one are marked as to be sent; nil: everything is
}

// Sync reads the state; ok is false while no account syncs.
func (db *DB) Sync(ctx context.Context) (s Sync, ok bool, err error) {
	all, err := list(ctx, db.r, `SELECT account, actor, cursor, machine, marking FROM sync_state`, nil, func(scan func(...any) error) (s Sync, err error) {
		return s, scan(&s.Account, &s.Actor, &s.Cursor, &s.machine, &s.marking)
	})
	if err != nil || len(all) == 0 {
		return Sync{}, false, plain(err)
	}
	return all[0], true, nil
}

// StartSync begins to keep this library in sync with an account, or goes on, and returns its
// state. For an account other than the last one everything starts anew: the whole library is to be
// sent, each object with the time of its last edit. A library that was in sync on another machine
// (a copied file) goes on under a new name: two machines that write under one would cover each
// other's edits.
func (db *DB) StartSync(ctx context.Context, account, machine string) (Sync, error) {
	s, ok, err := db.Sync(ctx)
	if err != nil {
		return s, err
	}
	if !ok || s.Account != account {
		if s, err = db.enterSync(ctx, account, machine); err != nil {
			return s, err
		}
	} else if s.machine != machine {
		err := db.SyncUpdate(ctx, func(tx *SyncTx) error {
			// Another program of this library may have renamed it just now.
			var now string
			if err := tx.tx.QueryRowContext(ctx, `SELECT actor, machine FROM sync_state`).Scan(&s.Actor, &now); err != nil || now == machine {
				return err
			}
			if s.Actor, err = tx.Rename(); err != nil {
				return err
			}
			_, err := tx.tx.ExecContext(ctx, `UPDATE sync_state SET machine = ?`, machine)
			return err
		})
		if err != nil {
			return s, err
		}
	}
	for s.marking != nil {
		if err := db.bulkTx(ctx, func(tx *sql.Tx, _ *Change) (err error) {
			s.marking, err = markNext(ctx, tx)
			return err
		}); err != nil {
			return s, err
		}
	}
	return s, nil
}

// enterSync notes the account. From then on triggers mark what changes; what was there before is
// marked by markNext.
func (db *DB) enterSync(ctx context.Context, account, machine string) (Sync, error) {
	actor, err := uuid.NewRandom()
	if err != nil {
		return Sync{}, err
	}
	if err := db.leaveSync(ctx, account); err != nil {
		return Sync{}, err
	}
	err = db.tx(ctx, func(tx *sql.Tx, _ *Change) error {
		// Another program of this library may just have entered: then we go on with what it noted.
		// What the last account kept of the audio is not this one's; what this one keeps its cells will tell.
		_, err := tx.ExecContext(ctx, `DELETE FROM cloud_audio WHERE NOT EXISTS (SELECT 1 FROM sync_state);
			INSERT INTO sync_state (one, account, actor, machine, marking) VALUES (1, ?, ?, ?, 0) ON CONFLICT (one) DO NOTHING`, account, actor.String(), machine)
		return err
	})
	if err != nil {
		return Sync{}, err
	}
	s, ok, err := db.Sync(ctx)
	if err == nil && (!ok || s.Account != account) {
		err = errors.New("sync: another program has just changed this library's account; try again")
	}
	return s, err
}

// markAtOnce is how many rows of the sync's tables one transaction writes or deletes at most, so
// that a person's edit never waits long for it. Nearly each lies on a page of its own.
const markAtOnce = 250

// markNext marks the next samples as to be sent, with the time of their last edit, and after the
// last of them collections and kits. Cut between two, it goes on where it was.
func markNext(ctx context.Context, tx *sql.Tx) (marking *Row, err error) {
	var after, last *Row
	if err := tx.QueryRowContext(ctx, `SELECT marking FROM sync_state`).Scan(&after); err != nil || after == nil {
		return nil, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT max(row) FROM (SELECT row FROM samples WHERE row > ? ORDER BY row LIMIT ?)`, *after, markAtOnce).Scan(&last); err != nil {
		return after, err
	}
	const newest = ` ON CONFLICT (object) DO UPDATE SET at = max(at, excluded.at)` // a trigger may have marked it
	if last != nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO sync_dirty SELECT 'sample/' || s.sha256, max(s.added_at, coalesce((SELECT max(at) FROM edits e WHERE e.row = s.row), 0))
			FROM samples s WHERE s.row > ? AND s.row <= ? AND s.sha256 <> ''`+newest, *after, *last)
	} else {
		_, err = tx.ExecContext(ctx, `INSERT INTO sync_dirty SELECT 'collection/' || id, modified_at FROM collections WHERE true`+newest+`;
			INSERT INTO sync_dirty SELECT 'kit/' || id, modified_at FROM kits WHERE true`+newest)
	}
	if err != nil {
		return after, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE sync_state SET marking = ?`, last)
	return last, err
}

// StopSync forgets the account. The library itself stays as it is.
func (db *DB) StopSync(ctx context.Context) error { return db.leaveSync(ctx, "") }

// leaveSync forgets any account but one, and what was kept for it.
func (db *DB) leaveSync(ctx context.Context, but string) error {
	// The account first: from then on nothing is marked any more.
	err := db.tx(ctx, func(tx *sql.Tx, _ *Change) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sync_state WHERE account <> ?`, but)
		return err
	})
	if err != nil {
		return err
	}
	// What another program of this library keeps for an account that it has just entered, stays.
	for _, q := range []string{
		`DELETE FROM sync_cells WHERE (object, field) IN (SELECT object, field FROM sync_cells WHERE NOT EXISTS (SELECT 1 FROM sync_state) LIMIT ?)`,
		`DELETE FROM sync_dirty WHERE object IN (SELECT object FROM sync_dirty WHERE NOT EXISTS (SELECT 1 FROM sync_state) LIMIT ?)`,
		`DELETE FROM sync_joined WHERE sha256 IN (SELECT sha256 FROM sync_joined WHERE NOT EXISTS (SELECT 1 FROM sync_state) LIMIT ?)`,
	} {
		for n := int64(markAtOnce); n == markAtOnce; {
			err := db.bulkTx(ctx, func(tx *sql.Tx, _ *Change) error {
				res, err := tx.ExecContext(ctx, q, markAtOnce)
				if err == nil {
					n, err = res.RowsAffected()
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// SyncTx is one transaction of the sync. What it writes to samples, collections and kits marks
// nothing as changed by a person.
type SyncTx struct {
	ctx    context.Context
	begun  time.Time
	db     *DB
	tx     *sql.Tx
	change *Change
}

// SyncUpdate runs f in one transaction.
func (db *DB) SyncUpdate(ctx context.Context, f func(*SyncTx) error) error {
	return db.bulkTx(ctx, func(tx *sql.Tx, c *Change) error {
		// Statements that could be cancelled each cost a goroutine; the whole transaction is short.
		return f(&SyncTx{ctx: context.WithoutCancel(ctx), begun: time.Now(), db: db, tx: tx, change: c})
	})
}

// Account is with whom the library is kept in sync, "" for nobody.
func (t *SyncTx) Account() (name string, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(account), '') FROM sync_state`).Scan(&name)
	return name, err
}

// Full says that others who write should have their turn.
func (t *SyncTx) Full() bool {
	took := time.Since(t.begun)
	return took > syncTurn || took > waitedFor && t.db.waiting.Load() > 0
}

// How long a transaction of the sync goes on taking in more. The first is what another program may
// have to wait; each transaction costs some milliseconds to end. The second is for an edit in this
// program, which is so not felt.
const (
	syncTurn  = 40 * time.Millisecond
	waitedFor = 5 * time.Millisecond
)

// Dirty is an object that a person changed, and when.
type Dirty struct {
	Object string
	At     time.Time
}

// Dirty lists objects changed by a person since Clean, oldest first.
func (t *SyncTx) Dirty(limit int) ([]Dirty, error) {
	return list(t.ctx, t.tx, `SELECT object, at FROM sync_dirty ORDER BY at, object LIMIT ?`, []any{limit}, func(scan func(...any) error) (d Dirty, err error) {
		var at int64
		err = scan(&d.Object, &at)
		d.At = time.UnixMilli(at)
		return d, err
	})
}

// DirtyAt is when an object was changed, if it is dirty.
func (t *SyncTx) DirtyAt(object string) (time.Time, bool, error) {
	var at int64
	err := t.tx.QueryRowContext(t.ctx, `SELECT at FROM sync_dirty WHERE object = ?`, object).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return time.UnixMilli(at), err == nil, err
}

// Clean takes the mark from an object.
func (t *SyncTx) Clean(object string) error {
	_, err := t.tx.ExecContext(t.ctx, `DELETE FROM sync_dirty WHERE object = ?`, object)
	return err
}

// Cell is a stored cell: its field and its JSON.
type Cell struct {
	Object, Field string
	JSON          []byte
}

func scanCell(scan func(...any) error) (c Cell, err error) {
	return c, scan(&c.Object, &c.Field, &c.JSON)
}

// Cells lists the cells of an object.
func (t *SyncTx) Cells(object string) ([]Cell, error) {
	return list(t.ctx, t.tx, `SELECT object, field, cell FROM sync_cells WHERE object = ?`, []any{object}, scanCell)
}

// Holders lists the objects that have a cell of this field, which begins with "item/".
func (t *SyncTx) Holders(field string) ([]string, error) {
	return list(t.ctx, t.tx, `SELECT object FROM sync_cells WHERE field = ? AND field LIKE 'item/%'`, []any{field}, func(scan func(...any) error) (o string, err error) { return o, scan(&o) })
}

// PutCell stores a cell.
func (t *SyncTx) PutCell(c Cell, unsent bool) error {
	_, err := t.tx.ExecContext(t.ctx, `INSERT INTO sync_cells (object, field, cell, unsent) VALUES (?, ?, ?, ?)
		ON CONFLICT (object, field) DO UPDATE SET cell = excluded.cell, unsent = excluded.unsent`, c.Object, c.Field, string(c.JSON), unsent)
	return err
}

// Unsent lists cells that the server does not know yet, samples before the kits and collections
// that name them: a machine that knows a kit's sounds puts it together once.
func (t *SyncTx) Unsent(limit int) ([]Cell, error) {
	return list(t.ctx, t.tx, `SELECT object, field, cell FROM sync_cells WHERE unsent = 1 ORDER BY object DESC, field DESC LIMIT ?`, []any{limit}, scanCell)
}

// Sent marks cells as known to the server, but for those that have changed since.
func (t *SyncTx) Sent(cells []Cell) error {
	for _, c := range cells {
		if _, err := t.tx.ExecContext(t.ctx, `UPDATE sync_cells SET unsent = 0 WHERE object = ? AND field = ? AND cell = ?`, c.Object, c.Field, string(c.JSON)); err != nil {
			return err
		}
	}
	return nil
}

// Cursor is how far the server's changes are known here.
func (t *SyncTx) Cursor() (n int64, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(cursor), 0) FROM sync_state`).Scan(&n)
	return n, err
}

// SetCursor stores it.
func (t *SyncTx) SetCursor(n int64) error {
	_, err := t.tx.ExecContext(t.ctx, `UPDATE sync_state SET cursor = ?`, n)
	return err
}

// Clock is the newest write under this library's name; SetClock stores it.
func (t *SyncTx) Clock() (n uint64, err error) {
	var stored int64
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(clock), 0) FROM sync_state`).Scan(&stored)
	return uint64(stored), err
}

// SetClock stores it.
func (t *SyncTx) SetClock(n uint64) error {
	_, err := t.tx.ExecContext(t.ctx, `UPDATE sync_state SET clock = ?`, int64(n))
	return err
}

// Rename gives this library a new name among the account's machines; nothing was written under
// it yet.
func (t *SyncTx) Rename() (string, error) {
	actor, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	_, err = t.tx.ExecContext(t.ctx, `UPDATE sync_state SET actor = ?`, actor.String())
	return actor.String(), err
}

// Epoch is the server's count of deletions of everything, below 0 before it is known.
func (t *SyncTx) Epoch() (n int64, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(epoch), -1) FROM sync_state`).Scan(&n)
	return n, err
}

// Origin is what the server's state was last known to have grown from, "" before it is known.
func (t *SyncTx) Origin() (name string, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(origin), '') FROM sync_state`).Scan(&name)
	return name, err
}

// SetOrigin stores it.
func (t *SyncTx) SetOrigin(name string) error {
	_, err := t.tx.ExecContext(t.ctx, `UPDATE sync_state SET origin = ?`, name)
	return err
}

// Mark is the newest push that the server is known to have had, 0 for none.
func (t *SyncTx) Mark() (n int64, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(mark), 0) FROM sync_state`).Scan(&n)
	return n, err
}

// SetMark stores it.
func (t *SyncTx) SetMark(n int64) error {
	_, err := t.tx.ExecContext(t.ctx, `UPDATE sync_state SET mark = ?`, n)
	return err
}

// ForgetSent marks the cells of the next objects after one as not known to the server, and says
// which was the last; "" when there are no more.
func (t *SyncTx) ForgetSent(after string) (last string, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(object), '') FROM (SELECT object FROM sync_cells WHERE object > ? ORDER BY object LIMIT ?)`, after, markAtOnce).Scan(&last)
	if err != nil || last == "" {
		return "", err
	}
	_, err = t.tx.ExecContext(t.ctx, `UPDATE sync_cells SET unsent = 1 WHERE object > ? AND object <= ?`, after, last)
	return last, err
}

// SetEpoch stores it.
func (t *SyncTx) SetEpoch(n int64) error {
	_, err := t.tx.ExecContext(t.ctx, `UPDATE sync_state SET epoch = ?`, n)
	return err
}

// quietly runs f and leaves the dirty mark of object as it was before.
func (t *SyncTx) quietly(object string, f func() error) error {
	at, dirty, err := t.DirtyAt(object)
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	if !dirty {
		return t.Clean(object)
	}
	_, err = t.tx.ExecContext(t.ctx, `INSERT OR REPLACE INTO sync_dirty VALUES (?, ?)`, object, at.UnixMilli())
	return err
}
