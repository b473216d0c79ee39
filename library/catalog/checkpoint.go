package catalog

import (
	"context"
	"database/sql"
	"sync"
)

// checkpoints carries the write-ahead log into the library's file in the background, on a connection
// of its own. Left to itself SQLite does so inside the commit that fills the log, and whoever makes
// that edit waits for the disk.
//
// Nothing depends on it but the size of the log: what is in the log is in the library, also after
// the program was killed.
type checkpoints struct {
	conn *sql.DB // exactly one connection
	wake chan struct{}
	stop context.CancelFunc
	done sync.WaitGroup
}

// Sizes of the log, in pages of 4 KiB.
const (
	// From here on it is carried over. A page that many transactions wrote is so written once, and
	// beginning the log anew, which waits for the disk inside somebody's commit, is seldom.
	fullLog = 8000
	// From here on the writers' turn is taken for a moment: they leave no pause.
	longLog = 4 * fullLog
)

func (db *DB) startCheckpoints() {
	ctx, stop := context.WithCancel(context.Background())
	c := &db.checkpoints
	c.conn = sql.OpenDB(newConnector(db.path, ""))
	c.conn.SetMaxOpenConns(1)
	c.wake, c.stop = make(chan struct{}, 1), stop
	c.done.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.wake:
				// A log that cannot be carried over now (a full disk, a reader that holds on to what is
				// there) is tried again after the next change. That change itself says where no room is.
				_ = db.checkpoint(ctx)
			}
		}
	})
}

// written says that the log has grown.
func (c *checkpoints) written() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// close ends the background and its connection.
func (c *checkpoints) close() error {
	if c.conn == nil {
		return nil
	}
	c.stop()
	c.done.Wait()
	return c.conn.Close()
}

// wal is how long the log is and how much of it is in the file, in pages.
type wal struct{ busy, log, carried int }

// PASSIVE waits for nobody and holds nobody up; NOOP only counts (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
func (w *wal) run(ctx context.Context, on interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, mode string) error {
	return on.QueryRowContext(ctx, `PRAGMA wal_checkpoint(`+mode+`)`).Scan(&w.busy, &w.log, &w.carried)
}

// checkpoint carries the log over where it is long enough. The log begins anew only when all of it
// has been carried over as somebody begins to write, and whoever writes on and on is always some
// pages ahead: so bulk work pauses for the last of them, while an edit still has its turn.
func (db *DB) checkpoint(ctx context.Context) error {
	var now wal
	if err := now.run(ctx, db.checkpoints.conn, "NOOP"); err != nil || now.log < fullLog {
		return err
	}
	if err := now.run(ctx, db.checkpoints.conn, "PASSIVE"); err != nil {
		return err
	}
	db.bulk.Lock()
	defer db.bulk.Unlock()
	if err := now.run(ctx, db.checkpoints.conn, "PASSIVE"); err != nil || now.log < longLog {
		return err
	}
	turn, err := db.w.Conn(ctx)
	if err != nil {
		return err
	}
	defer turn.Close()
	return now.run(ctx, turn, "PASSIVE")
}
