package catalog

import (
	"context"
	"database/sql"
	"errors"
)

// PendingSync says how much waits to be sent: objects that a person changed and that are not
// cells yet, and cells that the server does not know.
func (db *DB) PendingSync(ctx context.Context) (n int, err error) {
	err = db.r.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM sync_dirty) + (SELECT count(DISTINCT object) FROM sync_cells WHERE unsent = 1)`).Scan(&n)
	return n, plain(err)
}

// Conflicts lists cells that hold more than one value: two machines wrote without knowing of
// each other.
//
// What machines have said is nothing to choose from, nor is a place in an order, which is seen where
// it is.
func (db *DB) Conflicts(ctx context.Context, limit int) ([]Cell, error) {
	out, err := list(ctx, db.r, `SELECT object, field, cell FROM sync_cells WHERE json_array_length(cell, '$.heads') > 1
		AND field NOT IN ('found', 'cloud', 'audio', 'position', 'parent') AND field NOT LIKE 'item/%' ORDER BY object, field LIMIT ?`, []any{limit}, scanCell)
	return out, plain(err)
}

// NameOf is what a person calls an object of the sync: a sample's, kit's or collection's name.
// ErrNotFound where it is not in the library.
func (t *SyncTx) NameOf(kind, id string) (name string, err error) {
	q := map[string]string{
		"sample": `SELECT name FROM samples WHERE sha256 = ? ORDER BY row LIMIT 1`, "kit": `SELECT name FROM kits WHERE id = ?`,
		"collection": `SELECT name FROM collections WHERE id = ?`,
	}[kind]
	if q == "" {
		return "", ErrNotFound
	}
	err = t.tx.QueryRowContext(t.ctx, q, id).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return name, err
}
