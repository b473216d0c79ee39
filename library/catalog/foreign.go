package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// ReadForeign reads whole tables of another program's SQLite file, without writing to it: each
// row as column to text, without the columns that are NULL. Tables that are not there are left
// out. Errors: ErrNotLibrary for a file that is no database, ErrDamaged.
func ReadForeign(ctx context.Context, path string, tables []string) (map[string][]map[string]string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	c := newConnector(abs, "")
	// Without the settings of our own files: setting a journal mode writes.
	c.dsn = strings.SplitN(c.dsn, "?", 2)[0] + "?mode=ro&_query_only=1"
	db := sql.OpenDB(c)
	defer db.Close()
	there, err := list(ctx, db, `SELECT name FROM sqlite_schema WHERE type = 'table'`, nil, func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, plain(err))
	}
	out := map[string][]map[string]string{}
	for _, table := range tables {
		if !slices.Contains(there, table) {
			continue
		}
		if out[table], err = foreignTable(ctx, db, table); err != nil {
			return nil, fmt.Errorf("read %s: table %s: %w", path, table, plain(err))
		}
	}
	return out, nil
}

func foreignTable(ctx context.Context, db *sql.DB, table string) ([]map[string]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT * FROM "`+strings.ReplaceAll(table, `"`, `""`)+`"`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	out := []map[string]string{}
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		r := map[string]string{}
		for i, v := range values {
			if v.Valid {
				r[columns[i]] = v.String
			}
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
