package catalog

import (
	"context"
	"database/sql"
	"time"
)

// Folder is a folder that is watched: what appears in it is imported.
type Folder struct {
	Path      string // absolute
	Copy      bool   // files are copied into the managed folder
	Tags      bool   // names of sub-folders become tags
	AddedAt   time.Time
	ScannedAt time.Time // when it was last gone through; zero for never
}

// Folders lists the watched folders by path.
func (db *DB) Folders(ctx context.Context) ([]Folder, error) {
	out, err := list(ctx, db.r, `SELECT path, copy, tags, added_at, scanned_at FROM folders ORDER BY path`, nil, func(scan func(...any) error) (f Folder, err error) {
		var added, scanned sql.NullInt64
		err = scan(&f.Path, &f.Copy, &f.Tags, &added, &scanned)
		f.AddedAt, f.ScannedAt = fromMillis(added), fromMillis(scanned)
		return f, err
	})
	return out, plain(err)
}

// PutFolder adds a watched folder or changes its options.
func (db *DB) PutFolder(ctx context.Context, f Folder) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Folders = true
		_, err := tx.ExecContext(ctx, `INSERT INTO folders (path, copy, tags, added_at, scanned_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (path) DO UPDATE SET copy = excluded.copy, tags = excluded.tags, scanned_at = coalesce(excluded.scanned_at, scanned_at)`,
			f.Path, f.Copy, f.Tags, db.stamp(), millis(f.ScannedAt))
		return err
	})
}

// RemoveFolder stops watching a folder; its samples stay. Error: ErrNotFound.
func (db *DB) RemoveFolder(ctx context.Context, path string) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Folders = true
		res, err := tx.ExecContext(ctx, `DELETE FROM folders WHERE path = ?`, path)
		return found(res, err, "folder "+path)
	})
}

// Failure is something an import could not take that is no sample: a folder that cannot be
// opened, a link that leads nowhere. A sound file that cannot be read is a sample in the state
// Failed instead.
type Failure struct {
	Path   string
	Reason string
	Job    string
	At     time.Time
}

// Failures lists them by path.
func (db *DB) Failures(ctx context.Context) ([]Failure, error) {
	out, err := list(ctx, db.r, `SELECT path, reason, job, at FROM failures ORDER BY path`, nil, func(scan func(...any) error) (f Failure, err error) {
		var at sql.NullInt64
		err = scan(&f.Path, &f.Reason, &f.Job, &at)
		f.At = fromMillis(at)
		return f, err
	})
	return out, plain(err)
}

// PutFailures notes failures, each in place of an older one of its path, and drops those at or
// below the folders in cleared, which have been gone through again.
func (db *DB) PutFailures(ctx context.Context, cleared []string, all []Failure) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		for _, root := range cleared {
			// Paths below root sort between root + "/" and root + "0", the byte after the slash.
			res, err := tx.ExecContext(ctx, `DELETE FROM failures WHERE path = ?1 OR path >= ?1 || '/' AND path < ?1 || '0'`, root)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n > 0 {
				c.Failures = true
			}
		}
		for _, f := range all {
			c.Failures = true
			if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO failures (path, reason, job, at) VALUES (?, ?, ?, ?)`, f.Path, f.Reason, f.Job, db.stamp()); err != nil {
				return err
			}
		}
		return nil
	})
}
