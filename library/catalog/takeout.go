package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Taken is what Remove or TakeOutCollection took out of the library, kept so that it can be put
// back as it was: undo.
type Taken struct {
	rows        []Row
	tables      []takenTable
	tags        map[Row][]string
	collections []string // ids; nil when samples were taken
}

type takenTable struct {
	name    string
	columns []string
	values  [][]any
}

// ofSamples are the tables with a sample's row, the samples first. Tags are kept by name, since
// a tag may be gone or renamed by the time it comes back.
var ofSamples = []string{"samples", "features", "reports", "waveforms", "embeddings", "edits", "sources", "clouds", "collection_samples"}

// TakeOut is Remove that can be taken back.
func (db *DB) TakeOut(ctx context.Context, rows []Row) (Taken, error) {
	t := Taken{rows: rows, tags: map[Row][]string{}}
	err := db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Removed, c.Tags, c.Collections, c.vectors = rows, true, true, true
		for _, name := range ofSamples {
			table, err := dump(ctx, tx, name, `row IN (SELECT value FROM json_each(?))`, set(rows))
			if err != nil {
				return err
			}
			t.tables = append(t.tables, table)
		}
		err := query(ctx, tx, `SELECT st.row, t.name FROM sample_tags st JOIN tags t USING (tag) WHERE st.row IN (SELECT value FROM json_each(?))`, []any{set(rows)}, func(scan func(...any) error) error {
			var r Row
			var name string
			err := scan(&r, &name)
			t.tags[r] = append(t.tags[r], name)
			return err
		})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM samples WHERE row IN (SELECT value FROM json_each(?))`, set(rows))
		return err
	})
	return t, err
}

// TakeOutCollection removes a collection and the ones inside it, so that they can be put back.
// Error: ErrNotFound.
func (db *DB) TakeOutCollection(ctx context.Context, id string) (Taken, error) {
	var t Taken
	err := db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Collections = true
		var err error
		t.collections, err = list(ctx, tx, `WITH RECURSIVE inside (id, depth) AS (
				SELECT id, 0 FROM collections WHERE id = ?1
				UNION ALL SELECT c.id, depth + 1 FROM collections c JOIN inside i ON c.parent = i.id)
			SELECT id FROM inside ORDER BY depth`, []any{id}, func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
		if err != nil {
			return err
		}
		if len(t.collections) == 0 {
			return fmt.Errorf("collection %s: %w", id, ErrNotFound)
		}
		// Parents before children, so that they can be put back in this order.
		for _, one := range t.collections {
			table, err := dump(ctx, tx, "collections", `id = ?`, one)
			if err != nil {
				return err
			}
			t.tables = append(t.tables, table)
		}
		for _, one := range t.collections {
			table, err := dump(ctx, tx, "collection_samples", `collection = ?`, one)
			if err != nil {
				return err
			}
			t.tables = append(t.tables, table)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM collections WHERE id = ?`, id)
		return err
	})
	return t, err
}

// PutBack brings back what was taken out: the same rows and ids, with everything found and typed.
// Memberships in collections that are gone by now are left out. Error: ErrExists when a file was
// imported again in between, and then nothing is put back.
func (db *DB) PutBack(ctx context.Context, t Taken) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Added, c.Collections, c.Tags, c.vectors = t.rows, true, len(t.tags) > 0, true
		for _, table := range t.tables {
			if err := table.insert(ctx, tx); err != nil {
				return err
			}
		}
		for row, names := range t.tags {
			if err := addTags(ctx, tx, []Row{row}, names); err != nil {
				return err
			}
		}
		return reindex(ctx, tx, t.rows)
	})
}

// dump reads rows of a table with all their columns.
func dump(ctx context.Context, tx *sql.Tx, table, condition string, arg any) (takenTable, error) {
	t := takenTable{name: table}
	rows, err := tx.QueryContext(ctx, `SELECT * FROM `+table+` WHERE `+condition, arg)
	if err != nil {
		return t, err
	}
	defer rows.Close()
	if t.columns, err = rows.Columns(); err != nil {
		return t, err
	}
	for rows.Next() {
		values := make([]any, len(t.columns))
		targets := make([]any, len(values))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return t, err
		}
		t.values = append(t.values, values)
	}
	return t, rows.Err()
}

func (t takenTable) insert(ctx context.Context, tx *sql.Tx) error {
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(t.columns)), ", ")
	statement := `INSERT INTO ` + t.name + ` ("` + strings.Join(t.columns, `", "`) + `") `
	at := func(column string) int {
		for i, c := range t.columns {
			if c == column {
				return i
			}
		}
		return -1
	}
	for _, v := range t.values {
		switch t.name {
		case "samples":
			var there int
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM samples WHERE path = ? OR id = ?`, v[at("path")], v[at("id")]).Scan(&there); err != nil {
				return err
			}
			if there > 0 {
				return fmt.Errorf("%v: %w: it was imported again", v[at("path")], ErrExists)
			}
		case "collection_samples":
			// Either side may be gone by now.
			var there int
			err := tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM collections WHERE id = ?) * (SELECT count(*) FROM samples WHERE row = ?)`,
				v[at("collection")], v[at("row")]).Scan(&there)
			if err != nil {
				return err
			}
			if there == 0 {
				continue
			}
		}
		if _, err := tx.ExecContext(ctx, statement+`VALUES (`+marks+`)`, v...); err != nil {
			return fmt.Errorf("put back into %s: %w", t.name, err)
		}
	}
	return nil
}
