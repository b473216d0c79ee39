package catalog

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// checkpoints carries the write-ahead log into the library's file in the background, on a connection
// of its own. Left to itself SQLite does so inside the commit that fills the log, and whoever makes
// that edit waits for the disk. Once nothing has been written for a while it also merges the index of
// words: see MergeText.
//
// Nothing depends on it but the size of the log and how long a search for words takes: what is in the
// log is in the library, also after the program was killed.
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

// restBeforeMerge is how long nobody has written before the index of words is merged: an import
// stores what it heard several times a second.
const restBeforeMerge = 5 * time.Second

func (db *DB) startCheckpoints() {
	ctx, stop := context.WithCancel(context.Background())
	c := &db.checkpoints
	c.conn = sql.OpenDB(newConnector(db.path, ""))
	c.conn.SetMaxOpenConns(1)
	c.wake, c.stop = make(chan struct{}, 1), stop
	c.done.Go(func() {
		rest := time.NewTimer(restBeforeMerge)
		defer rest.Stop()
		for {
			// What cannot be done now (a full disk, a reader that holds on to what is there, another
			// program that writes) is tried again after the next change. That change itself says where
			// no room is.
			select {
			case <-ctx.Done():
				return
			case <-c.wake:
				_ = db.checkpoint(ctx)
				rest.Reset(restBeforeMerge)
			case <-rest.C:
				_ = db.MergeText(ctx)
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
