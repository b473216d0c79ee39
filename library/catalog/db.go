package catalog

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"
)

// DB is an open library. It is safe for use by many goroutines: readers never wait for the
// writer, writers take turns. Close it when done.
type DB struct {
	path        string
	w           *sql.DB // exactly one connection
	r           *sql.DB // a pool that cannot write
	feed        feed
	checkpoints checkpoints
	bulk        sync.Mutex // held by a transaction of bulkTx

	outside int64         // data_version of the file at the last Poll, under feed.mu
	waiting atomic.Int32  // writers of this program that wait for their turn
	version atomic.Uint64 // rises with every change, so that caches know they are old
	vectors vectorCache
	finds   findCache
	now     func() time.Time
}

// busyWait is how long a connection waits for another program's write to end. A batch of an
// import takes some milliseconds; whoever holds the lock longer is stuck.
const busyWait = 10 * time.Second

// Open opens the library in the file at path, making it and its folder when they are not there,
// and brings an older one up to date (a copy of it stays beside it). Errors: ErrNoFullText,
// ErrNotLibrary, ErrNewer, ErrDamaged, ErrDiskFull, ErrReadOnly, ErrBusy.
func Open(ctx context.Context, path string) (*DB, error) {
	db, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open library %s: %w", path, plain(err))
	}
	return db, nil
}

func open(ctx context.Context, path string) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if fi, err := os.Stat(abs); err == nil && fi.IsDir() {
		return nil, fmt.Errorf("%w: it is a folder", ErrNotLibrary)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return nil, readOnly(err)
	}
	db := &DB{path: abs, now: time.Now}
	db.w = sql.OpenDB(newConnector(abs, "_txlock=immediate"))
	db.w.SetMaxOpenConns(1)
	db.r = sql.OpenDB(newConnector(abs, "_query_only=1"))
	const readers = 4 // a search, a list, the inspector and an import
	db.r.SetMaxOpenConns(readers)
	db.r.SetMaxIdleConns(readers)
	// SQLite does not wait while another program makes the same new file, or closes it as the last
	// one: then it is tried again for as long as SQLite waits elsewhere.
	err = db.prepare(ctx)
	for began := time.Now(); errors.Is(plain(err), ErrBusy) && time.Since(began) < busyWait && ctx.Err() == nil; err = db.prepare(ctx) {
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		return nil, errors.Join(whyNotOpened(err, filepath.Dir(abs)), db.Close())
	}
	db.startCheckpoints()
	return db, nil
}

// prepare checks that the file is ours and brings its tables up to date.
func (db *DB) prepare(ctx context.Context) error {
	var fts bool
	if err := db.w.QueryRowContext(ctx, `SELECT sqlite_compileoption_used('ENABLE_FTS5')`).Scan(&fts); err != nil {
		return err
	}
	if !fts {
		return ErrNoFullText
	}
	return db.migrate(ctx)
}

// Path is the library's file, absolute.
func (db *DB) Path() string { return db.path }

// Version rises with every change made through db. Two equal versions mean equal contents as
// long as no other program writes to the file.
func (db *DB) Version() uint64 { return db.version.Load() }

// Close ends the change feeds, folds the write-ahead log into the file and closes it.
func (db *DB) Close() error {
	db.feed.close()
	err := errors.Join(db.checkpoints.close(), db.r.Close())
	// Best effort: another program that still reads keeps the log, which is no error.
	_, _ = db.w.Exec(`PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)`)
	if werr := db.w.Close(); err == nil {
		err = werr
	}
	if err != nil {
		return fmt.Errorf("close library %s: %w", db.path, plain(err))
	}
	return nil
}

// tx runs f in one write transaction, and tells the feed of what f reports as changed.
func (db *DB) tx(ctx context.Context, f func(tx *sql.Tx, c *Change) error) error {
	db.waiting.Add(1)
	tx, err := db.w.BeginTx(ctx, nil)
	db.waiting.Add(-1)
	if err != nil {
		return plain(err)
	}
	var c Change
	if err := f(tx, &c); err != nil {
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
			err = errors.Join(err, rerr)
		}
		return plain(givenUp(ctx, err))
	}
	if err := tx.Commit(); err != nil {
		return plain(givenUp(ctx, err))
	}
	db.checkpoints.written()
	if !c.empty() {
		db.changed(c)
		if c.vectors {
			db.vectors.version.Add(1)
		}
		db.feed.send(c)
	}
	return nil
}

// givenUp is why a transaction had ended before it was done with: database/sql rolls it back as soon as
// the caller gives up, and says only that.
func givenUp(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// bulkTx is tx for work of many transactions, one after the other: an import, a sync. Between two
// of them the log is carried into the file.
func (db *DB) bulkTx(ctx context.Context, f func(tx *sql.Tx, c *Change) error) error {
	db.bulk.Lock()
	defer db.bulk.Unlock()
	return db.tx(ctx, f)
}

// stamp is the current time as the tables hold it.
func (db *DB) stamp() int64 { return db.now().UnixMilli() }

// connector opens connections with the settings every one of them needs.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func newConnector(path, extra string) *connector {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}
	u.RawQuery = fmt.Sprintf("_journal_mode=WAL&_synchronous=NORMAL&_foreign_keys=on&_stmt_cache_size=64&_busy_timeout=%d&%s", busyWait.Milliseconds(), extra)
	return &connector{dsn: u.String(), driver: &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		// 16 MiB of pages for each connection: what a list and a search read stays in memory, and
		// a large library costs no more of it than a small one. No memory map: a library on a drive
		// that goes away would end the program instead of giving an error. The log is not carried into
		// the file by whoever commits: see checkpoints.
		_, err := c.Exec(`PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY`, nil)
		return err
	}}}
}

func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c *connector) Driver() driver.Driver                        { return c.driver }
