package catalog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Migrations are numbered files that only go forward; a file that has shipped never changes.
//
//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks the file as ours in SQLite's header (PRAGMA application_id): "SAMP".
const applicationID = 0x53414D50

type migration struct {
	number int
	name   string
	sql    string
}

// readMigrations lists the files in order and refuses a gap or a twin in the numbers.
func readMigrations(fsys fs.FS) ([]migration, error) {
	names, err := fs.Glob(fsys, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	out := make([]migration, 0, len(names))
	for i, name := range names {
		digits, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		n, err := strconv.Atoi(digits)
		if err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s should have the number %d", name, i+1)
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		out = append(out, migration{n, name, string(text)})
	}
	return out, nil
}

func (db *DB) migrate(ctx context.Context) error {
	all, err := readMigrations(migrations)
	if err != nil {
		return err
	}
	have, err := db.check(ctx)
	if err != nil {
		return err
	}
	if have > len(all) {
		return fmt.Errorf("%w (library is at %d, program at %d)", ErrNewer, have, len(all))
	}
	if have == len(all) {
		return db.writable(ctx)
	}
	if have > 0 {
		if err := db.backup(ctx, fmt.Sprintf("%s.before-%d", db.path, len(all))); err != nil {
			return fmt.Errorf("keep a copy before the update: %w", err)
		}
	}
	return db.apply(ctx, all)
}

// check says at which migration the file is, 0 for an empty one.
func (db *DB) check(ctx context.Context) (int, error) {
	var version, app, tables int
	row := db.w.QueryRowContext(ctx, `SELECT (SELECT user_version FROM pragma_user_version),
		(SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)`)
	if err := row.Scan(&version, &app, &tables); err != nil {
		return 0, err
	}
	if app != applicationID && (tables > 0 || version > 0 || app != 0) {
		return 0, fmt.Errorf("%w but a database of another program", ErrNotLibrary)
	}
	return version, nil
}

// writable finds out now, rather than in the middle of an import, that nothing can be written.
func (db *DB) writable(ctx context.Context) error {
	_, err := db.w.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d`, applicationID))
	return err
}

// apply runs what is missing of all migrations, with their number, in one transaction: nobody sees
// a library between two of them. Two programs that open a new library at once take turns: the
// second finds the work done.
func (db *DB) apply(ctx context.Context, all []migration) error {
	tx, err := db.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	err = func() error {
		var have int
		if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&have); err != nil {
			return err
		}
		for _, m := range all[min(have, len(all)):] {
			// PRAGMA takes no parameters; both numbers are ours.
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("%s;\nPRAGMA user_version = %d;\nPRAGMA application_id = %d;", m.sql, m.number, applicationID)); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
		return nil
	}()
	if err != nil {
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
			err = errors.Join(err, rerr)
		}
		return err
	}
	return tx.Commit()
}

// backup writes a whole copy of the library to path, replacing an older copy of that name once
// the new one is whole. Several programs may do so at once.
func (db *DB) backup(ctx context.Context, path string) error {
	part := path + "." + rand.Text()
	_, err := db.w.ExecContext(ctx, `VACUUM INTO ?`, part)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		if rerr := os.Remove(part); !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}
	return err
}

// Backup writes a compact copy of the library to path while it stays in use.
func (db *DB) Backup(ctx context.Context, path string) error {
	if err := db.backup(ctx, path); err != nil {
		return fmt.Errorf("copy library to %s: %w", path, plain(err))
	}
	return nil
}
