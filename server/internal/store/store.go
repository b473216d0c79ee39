// Package store is the server's memory: one portable schema and its named queries, on one
// SQLite file or on one PostgreSQL, with the job queue's tables in the same database, so that
// a row and its queue entry are written in one transaction.
//
// Queries are written by hand beside their functions, once, with ? for parameters: the two
// databases differ in nothing else that we use, while generated code would be two packages
// with the same methods behind a third that joins them.
//
// It stores what others decided. It must never know a tier, a price, a request or a sound.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNotFound says that a row is not there, or not the asker's.
var ErrNotFound = errors.New("not found")

// ErrUnsure says that a transaction failed at its commit: its writes may be there.
var ErrUnsure = errors.New("it is not known whether this was written")

// DB is an open database. On SQLite all writes of the process share one connection: writers
// then wait in Go's fair queue instead of SQLite's sleeping one.
type DB struct {
	Q      // reads
	writer *sql.DB
	pool   *pgxpool.Pool // nil on SQLite
	file   string        // of SQLite
}

// SQLiteFile is the embedded database's name in the data folder.
const SQLiteFile = "sample-agent.db"

// Open opens postgres://... or, with an empty address, the SQLite file in folder. It does not
// change the schema; see Migrate.
func Open(ctx context.Context, address, folder string) (*DB, error) {
	if address != "" {
		return openPostgres(ctx, address)
	}
	return openSQLite(ctx, folder)
}

func openSQLite(ctx context.Context, folder string) (*DB, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	// The address of server-notes.md: two processes on one file never saw "database is locked".
	// Preparing a statement costs more than running most of ours, so they are kept.
	path := filepath.Join(folder, SQLiteFile)
	// Escaped: a folder may be called "a?b#c".
	address := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_journal_mode=WAL&_busy_timeout=10000&_synchronous=NORMAL&_foreign_keys=on&_stmt_cache_size=256"
	writer, err := sql.Open("sqlite3", address+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writer.Close())
	}
	var fullText bool
	if err := writer.QueryRowContext(ctx, "SELECT sqlite_compileoption_used('ENABLE_FTS5')").Scan(&fullText); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writer.Close())
	}
	if !fullText {
		return nil, errors.Join(errors.New("this program was built without full-text search; build it with -tags sqlite_fts5"), writer.Close())
	}
	reader, err := sql.Open("sqlite3", address+"&_query_only=on")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writer.Close())
	}
	reader.SetMaxOpenConns(8)
	reader.SetMaxIdleConns(8)
	return &DB{Q: Q{x: reader}, writer: writer, file: path}, nil
}

// Snapshot writes the SQLite database as it is now to a new file, while it is used.
func (db *DB) Snapshot(ctx context.Context, to string) error {
	if db.postgres {
		return errors.New("PostgreSQL is backed up by pg_dump")
	}
	// A connection of its own: neither our writers nor our readers wait.
	own, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: db.file}).EscapedPath()+"?_busy_timeout=10000")
	if err != nil {
		return fmt.Errorf("back up %s: %w", db.file, err)
	}
	_, err = own.ExecContext(ctx, "VACUUM INTO ?", to)
	if err = errors.Join(err, own.Close()); err == nil {
		err = homeless(ctx, to)
	}
	if err == nil {
		err = flush(to) // VACUUM INTO does not
	}
	if err != nil {
		return fmt.Errorf("back up %s: %w", db.file, err)
	}
	return nil
}

// homeless makes a copy one that lies nowhere: wherever it is put, it is noticed that it is a copy.
func homeless(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: file}).EscapedPath())
	if err != nil {
		return err
	}
	var older bool // than the table: a backup is made before a new program changes the schema
	err = db.QueryRowContext(ctx, "SELECT NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'origin')").Scan(&older)
	if err == nil && !older {
		_, err = db.ExecContext(ctx, "UPDATE origin SET place = ''")
	}
	return errors.Join(err, db.Close())
}

// flush makes a written file last through a loss of power.
func flush(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// A process that stands still (a paused machine, a dead network) in the middle of a transaction would
// hold its rows' locks for as long: PostgreSQL ends the transaction after this time without a
// statement. The address may set another.
const (
	idleSetting = "idle_in_transaction_session_timeout"
	idleLimit   = "15s" // no transaction of ours waits for anything but the database
)

func openPostgres(ctx context.Context, address string) (*DB, error) {
	conf, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("database_url: is not an address PostgreSQL understands")
	}
	if conf.MaxConns < 16 && !strings.Contains(address, "pool_max_conns") {
		conf.MaxConns = 16
	}
	if conf.ConnConfig.RuntimeParams[idleSetting] == "" {
		conf.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "SET "+idleSetting+" = '"+idleLimit+"'")
			return err
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, conf)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("PostgreSQL cannot be reached; check database_url: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	return &DB{Q: Q{x: db, postgres: true}, writer: db, pool: pool}, nil
}

// Close closes all connections.
func (db *DB) Close() error {
	err := db.writer.Close()
	if db.pool != nil {
		db.pool.Close()
		return err
	}
	return errors.Join(err, db.x.(*sql.DB).Close())
}

// Postgres is the pool for the job queue's driver; nil on SQLite.
func (db *DB) Postgres() *pgxpool.Pool { return db.pool }

// SQLite is the writing connection for the job queue's driver on SQLite.
func (db *DB) SQLite() *sql.DB { return db.writer }

// Kind is "SQLite" or "PostgreSQL", for people.
func (db *DB) Kind() string {
	if db.postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

// Writable tries whether the database can be changed, which an open one need not be.
func (db *DB) Writable(ctx context.Context) error {
	if db.postgres {
		var readOnly string
		err := db.one(ctx, &readOnly, "SELECT current_setting('transaction_read_only')")
		if err == nil && readOnly == "on" {
			err = errors.New("PostgreSQL only reads here: database_url leads to a standby, or to a user or database that is set to read-only")
		}
		return err
	}
	// A value that nobody uses: BEGIN IMMEDIATE alone is a reading transaction where the file cannot be written.
	_, err := db.writer.ExecContext(ctx, "PRAGMA user_version = 0")
	if cause := (sqlite3.Error{}); errors.As(err, &cause) && cause.Code == sqlite3.ErrReadonly {
		return fmt.Errorf("%s cannot be written: it belongs to another user, or its disk is read-only: %w", db.file, err)
	}
	return wrap(err, "write "+db.file)
}

// Migrate brings our schema and the job queue's to this program's version. It is safe when
// several processes start at once.
func (db *DB) Migrate(ctx context.Context) error {
	if err := db.Writable(ctx); err != nil {
		return err
	}
	if db.postgres {
		// Two processes that start together: one waits for the other.
		conn, err := db.writer.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		const lock = 7_404_2026 // any number of ours
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
			return fmt.Errorf("lock for migration: %w", err)
		}
		defer func() { // closing the connection would free it too
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lock)
		}()
	}
	provider, err := db.migrations()
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if db.postgres {
		m, err := rivermigrate.New(riverpgxv5.New(db.pool), nil)
		if err != nil {
			return fmt.Errorf("queue migrations: %w", err)
		}
		if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("migrate queue: %w", err)
		}
		return db.settle(ctx)
	}
	m, err := rivermigrate.New(riversqlite.New(db.writer), nil)
	if err != nil {
		return fmt.Errorf("queue migrations: %w", err)
	}
	if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate queue: %w", err)
	}
	return db.settle(ctx)
}

// migrations are the steps of the schema: the files, and what the databases differ in.
func (db *DB) migrations() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	if db.postgres {
		dialect = goose.DialectPostgres
	}
	// Parts of the server have ranges of numbers of their own: a lower one may come later.
	provider, err := goose.NewProvider(dialect, db.writer, files, goose.WithAllowOutofOrder(true), goose.WithGoMigrations(gramsMigration(db.postgres)))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return provider, nil
}

// Schema says how a database's schema is to this program's.
type Schema int

// The states of a schema. One that a newer program has changed is current: its steps only add.
const (
	NoSchema Schema = iota // the database is empty
	OlderSchema
	CurrentSchema
)

// Schema looks at the database and changes nothing.
func (db *DB) Schema(ctx context.Context) (Schema, error) {
	provider, err := db.migrations()
	if err != nil {
		return NoSchema, err
	}
	find := "SELECT COUNT(*) FROM sqlite_master WHERE name = 'goose_db_version'"
	if db.postgres {
		find = "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('goose_db_version')"
	}
	var tables, have int
	if err := db.one(ctx, &tables, find); err != nil {
		return NoSchema, fmt.Errorf("schema: %w", err)
	}
	if tables == 0 {
		return NoSchema, nil
	}
	if err := db.one(ctx, &have, "SELECT COUNT(*) FROM goose_db_version WHERE version_id > 0 AND is_applied"); err != nil {
		return NoSchema, fmt.Errorf("schema version: %w", err)
	}
	if have < len(provider.ListSources()) {
		return OlderSchema, nil
	}
	return CurrentSchema, nil
}

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Tx is a writing transaction: all queries, and what the job queue needs to join it.
type Tx struct {
	Q
	sqlite *sql.Tx
	pg     pgx.Tx
	after  []func()
}

// SQLite is the transaction for the queue's driver on SQLite, else nil.
func (tx *Tx) SQLite() *sql.Tx { return tx.sqlite }

// Postgres is the transaction for the queue's driver on PostgreSQL, else nil.
func (tx *Tx) Postgres() pgx.Tx { return tx.pg }

// AfterCommit runs f once the transaction is committed.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// Write runs f in a transaction and commits it when f returns nil; what it wrote then stays, even
// when the power goes. A transaction that the database asks to repeat (deadlock, busy), or whose
// connection broke before its commit, is repeated: f must have no effects of its own. When the
// commit itself fails, the error is ErrUnsure. Inside f use only tx: on SQLite any other write
// would wait for itself.
func (db *DB) Write(ctx context.Context, f func(tx *Tx) error) error { return db.write(ctx, true, f) }

// Note is Write for what nobody was promised and what is done again when it is missing, such as
// how far work is: SQLite does not flush it to the disk by itself, and it lasts with the next Write.
func (db *DB) Note(ctx context.Context, f func(tx *Tx) error) error { return db.write(ctx, false, f) }

func (db *DB) write(ctx context.Context, lasting bool, f func(tx *Tx) error) error {
	const tries = 5
	for try := 1; ; try++ {
		err := db.writeOnce(ctx, lasting, f)
		if err == nil || !repeatable(err) || try == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try*try) * 5 * time.Millisecond):
		}
	}
}

// errBroke says that the connection broke before the commit: nothing was written.
var errBroke = errors.New("the connection to the database broke")

func repeatable(err error) bool {
	if errors.Is(err, errBroke) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01" // serialization_failure, deadlock_detected
	}
	var lite sqlite3.Error
	return errors.As(err, &lite) && (lite.Code == sqlite3.ErrBusy || lite.Code == sqlite3.ErrLocked)
}

func (db *DB) writeOnce(ctx context.Context, lasting bool, f func(tx *Tx) error) (err error) {
	if db.postgres {
		return db.writePostgres(ctx, f)
	}
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	// Cancelled is looked at between statements, not by a watcher of each: one costs as much as a
	// statement, and would roll back under our feet.
	whole := context.WithoutCancel(ctx)
	if lasting {
		// With NORMAL a commit is flushed with the next checkpoint, with FULL at once together with
		// all before it. The queue's own statements on this connection stay at NORMAL.
		if _, err := conn.ExecContext(whole, "PRAGMA synchronous = FULL"); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		defer func() {
			if _, e := conn.ExecContext(whole, "PRAGMA synchronous = NORMAL"); e != nil {
				err = errors.Join(err, fmt.Errorf("after commit: %w", e))
			}
		}()
	}
	raw, err := conn.BeginTx(whole, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer raw.Rollback()
	tx := &Tx{Q: Q{x: unwatched{conn}}, sqlite: raw}
	if err := f(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("commit: %w: %w", ErrUnsure, err)
	}
	tx.committed()
	return nil
}

// unwatched runs the statements of a transaction, each to its end.
type unwatched struct{ conn *sql.Conn }

func (u unwatched) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return u.conn.ExecContext(context.WithoutCancel(ctx), query, args...)
}

func (u unwatched) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return u.conn.QueryContext(context.WithoutCancel(ctx), query, args...)
}

func (u unwatched) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return u.conn.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}

// writePostgres begins a pgx transaction on the connection under a database/sql one, so that
// our queries and the queue's driver speak on the same connection.
func (db *DB) writePostgres(ctx context.Context, f func(tx *Tx) error) error {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	var pg pgx.Tx
	if err := conn.Raw(func(driver any) error {
		c := driver.(*stdlib.Conn).Conn()
		if pg, err = c.Begin(context.WithoutCancel(ctx)); err != nil && c.IsClosed() {
			return errors.Join(errBroke, err)
		}
		return err
	}); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer pg.Rollback(context.WithoutCancel(ctx))
	// A statement that is cut off would close the connection while we still roll back on it.
	tx := &Tx{Q: Q{x: unwatched{conn}, postgres: true}, pg: pg}
	if err := f(tx); err != nil && pg.Conn().IsClosed() {
		return errors.Join(errBroke, err)
	} else if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := pg.Commit(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("commit: %w: %w", ErrUnsure, err)
	}
	tx.committed()
	return nil
}

func (tx *Tx) committed() {
	for _, f := range tx.after {
		f()
	}
}
