package catalog

import (
	"context"
	"fmt"
)

// IntegrityCheck reads the whole file and lists what is wrong with it: structure, foreign keys
// and the full-text index. An empty list means sound. It takes seconds for large libraries.
func (db *DB) IntegrityCheck(ctx context.Context) ([]string, error) {
	var found []string
	err := query(ctx, db.r, `PRAGMA integrity_check(20)`, nil, func(scan func(...any) error) error {
		var line string
		if err := scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			found = append(found, line)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("check library %s: %w", db.path, plain(err))
	}
	err = query(ctx, db.r, `SELECT "table", rowid, parent FROM pragma_foreign_key_check LIMIT 20`, nil, func(scan func(...any) error) error {
		var table, parent string
		var row int64
		if err := scan(&table, &row, &parent); err != nil {
			return err
		}
		found = append(found, fmt.Sprintf("row %d of %s points at nothing in %s", row, table, parent))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("check library %s: %w", db.path, plain(err))
	}
	return found, nil
}

// LimitPages bounds the file to so many pages of 4 KiB; what would make it larger fails with
// ErrDiskFull. It lasts until the library is closed. Tests of other packages fill a disk with it.
func (db *DB) LimitPages(ctx context.Context, pages int) error {
	_, err := db.w.ExecContext(ctx, fmt.Sprintf(`PRAGMA max_page_count = %d`, pages))
	return plain(err)
}
