package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
)

// Collection reads a collection and, in order, the hashes of what was put into it by hand.
func (t *SyncTx) Collection(id string) (c Collection, members []string, ok bool, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT id, coalesce(parent, ''), name, description, position, query FROM collections WHERE id = ?`, id).
		Scan(&c.ID, &c.Parent, &c.Name, &c.Description, &c.Position, &c.Query)
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil, false, nil
	}
	if err != nil {
		return c, nil, false, err
	}
	members, err = list(t.ctx, t.tx, `SELECT s.sha256 FROM collection_samples cs JOIN samples s ON s.row = cs.row WHERE cs.collection = ? AND s.sha256 <> '' ORDER BY cs.position, cs.row`,
		[]any{id}, func(scan func(...any) error) (sum string, err error) { return sum, scan(&sum) })
	return c, members, true, err
}

// Nesting is in which collection each lies, as the cells say; "" for the top. Collections that are not
// cells yet are absent.
func (t *SyncTx) Nesting() (map[string]string, error) {
	out := map[string]string{}
	_, err := list(t.ctx, t.tx, `SELECT substr(object, 12), field, coalesce(json_extract(cell, '$.heads[0].value'), '') FROM sync_cells
		WHERE field IN ('parent', 'position') AND object > 'collection/' AND object < 'collection0'`, nil,
		func(scan func(...any) error) (struct{}, error) {
			var id, field, value string
			err := scan(&id, &field, &value)
			if field == "parent" {
				out[id] = value
			} else if _, seen := out[id]; !seen {
				out[id] = ""
			}
			return struct{}{}, err
		})
	return out, err
}

// Parents is in which collection each lies in the library; "" for the top.
func (t *SyncTx) Parents() (map[string]string, error) {
	out := map[string]string{}
	_, err := list(t.ctx, t.tx, `SELECT id, coalesce(parent, '') FROM collections`, nil, func(scan func(...any) error) (struct{}, error) {
		var id, parent string
		err := scan(&id, &parent)
		out[id] = parent
		return struct{}{}, err
	})
	return out, err
}

// Place puts a collection into another, "" for the top, where it stands by its position.
func (t *SyncTx) Place(id, parent string) error {
	return t.quietly("collection/"+id, func() error {
		t.change.Collections = true
		_, err := t.tx.ExecContext(t.ctx, `UPDATE collections SET parent = ? WHERE id = ?`, null(parent), id)
		return err
	})
}

// PutCollection makes the library hold a collection with these members. It stays in the parent that
// it has, and is at the top when it is new: see Place. It may have the name of a sibling: two machines
// may both have made one, and every machine shows both so.
func (t *SyncTx) PutCollection(c Collection, members []string) error {
	return t.quietly("collection/"+c.ID, func() error {
		t.change.Collections = true
		if c.Name == "" {
			c.Name = "Collection"
		}
		now := t.db.stamp()
		if _, err := t.tx.ExecContext(t.ctx, `INSERT INTO collections (id, name, description, position, query, created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
				position = excluded.position, query = excluded.query, modified_at = excluded.modified_at`,
			c.ID, c.Name, c.Description, c.Position, c.Query, now, now); err != nil {
			return err
		}
		// Members whose hash is not known here stay where they are: they cannot have been named.
		if _, err := t.tx.ExecContext(t.ctx, `DELETE FROM collection_samples WHERE collection = ? AND row IN (SELECT row FROM samples WHERE sha256 <> '')`, c.ID); err != nil {
			return err
		}
		for i, sum := range members {
			rows, err := t.rowsOf(sum)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				continue
			}
			if _, err := t.tx.ExecContext(t.ctx, `INSERT OR REPLACE INTO collection_samples (collection, row, position, added_at) VALUES (?, ?, ?, ?)`, c.ID, rows[0], i, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveCollection removes a collection that was deleted elsewhere.
func (t *SyncTx) RemoveCollection(id string) error {
	return t.quietly("collection/"+id, func() error {
		t.change.Collections = true
		if _, err := t.tx.ExecContext(t.ctx, `UPDATE collections SET parent = NULL WHERE parent = ?`, id); err != nil {
			return err
		}
		_, err := t.tx.ExecContext(t.ctx, `DELETE FROM collections WHERE id = ?`, id)
		return err
	})
}

// Kit reads a kit's stored form.
func (t *SyncTx) Kit(id string) (data json.RawMessage, name string, ok bool, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT data, name FROM kits WHERE id = ?`, id).Scan((*[]byte)(&data), &name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", false, nil
	}
	return data, name, err == nil, err
}

// KitsWith lists the kits that hold a sample, by the id that stands on their pads.
func (t *SyncTx) KitsWith(sampleID string) ([]string, error) {
	kits, err := list(t.ctx, t.tx, `SELECT kit FROM kit_pads WHERE sample_id = ?`, []any{sampleID}, func(scan func(...any) error) (id string, err error) { return id, scan(&id) })
	slices.Sort(kits) // here, for the reason of rowsOf
	return slices.Compact(kits), err
}

// PutKit stores a kit.
func (t *SyncTx) PutKit(k Kit) error {
	return t.quietly("kit/"+k.ID, func() error { return t.db.putKit(t.ctx, t.tx, t.change, k) })
}

// RemoveKit removes a kit that was deleted elsewhere.
func (t *SyncTx) RemoveKit(id string) error {
	return t.quietly("kit/"+id, func() error {
		t.change.Kits = append(t.change.Kits, id)
		_, err := t.tx.ExecContext(t.ctx, `DELETE FROM kits WHERE id = ?`, id)
		return err
	})
}

// Binned lists objects of a kind ("kit", "collection") that were deleted on some machine and can
// be brought back, with the cells that remember them.
func (db *DB) Binned(ctx context.Context, kind string) ([]string, error) {
	out, err := list(ctx, db.r, `SELECT object FROM sync_cells WHERE field = 'deleted' AND object > ?1 || '/' AND object < ?1 || '0' AND json_array_length(cell, '$.heads') > 0`,
		[]any{kind}, func(scan func(...any) error) (o string, err error) { return o, scan(&o) })
	slices.Sort(out)
	return out, plain(err)
}
