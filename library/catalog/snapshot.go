package catalog

import (
	"context"
	"database/sql"
	"fmt"
)

// Snapshot is everything a person can edit of some samples at one moment. Taking one before and
// one after an edit gives undo and redo of any edit.
type Snapshot struct {
	samples []editable
}

// Rows lists the samples it holds.
func (s Snapshot) Rows() []Row {
	out := make([]Row, len(s.samples))
	for i, e := range s.samples {
		out[i] = e.row
	}
	return out
}

type editable struct {
	row       Row
	rating    int
	favourite bool
	note      string
	tags      []string
	edits     map[Field]string
	source    Source
}

// Snapshot reads the editable state of rows.
func (db *DB) Snapshot(ctx context.Context, rows []Row) (Snapshot, error) {
	samples, err := db.Samples(ctx, rows)
	if err != nil {
		return Snapshot{}, err
	}
	var out Snapshot
	at := map[Row]int{}
	for _, s := range samples {
		if _, twice := at[s.Row]; twice {
			continue
		}
		at[s.Row] = len(out.samples)
		out.samples = append(out.samples, editable{row: s.Row, rating: s.Rating, favourite: s.Favourite, note: s.Note, tags: s.Tags, edits: map[Field]string{}})
	}
	rowSet := set(rows)
	err = query(ctx, db.r, `SELECT row, field, value FROM edits WHERE row IN (SELECT value FROM json_each(?))`, []any{rowSet}, func(scan func(...any) error) error {
		var r Row
		var f Field
		var v string
		if err := scan(&r, &f, &v); err != nil {
			return err
		}
		if i, ok := at[r]; ok {
			out.samples[i].edits[f] = v
		}
		return nil
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("remember samples: %w", plain(err))
	}
	err = query(ctx, db.r, `SELECT row, `+sourceColumns+` FROM sources WHERE row IN (SELECT value FROM json_each(?))`, []any{rowSet}, func(scan func(...any) error) error {
		var r Row
		var s Source
		if err := scan(append([]any{&r}, s.targets()...)...); err != nil {
			return err
		}
		if i, ok := at[r]; ok {
			out.samples[i].source = s
		}
		return nil
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("remember samples: %w", plain(err))
	}
	return out, nil
}

// Restore writes a snapshot back. Samples that are gone by now are left out.
func (db *DB) Restore(ctx context.Context, s Snapshot) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Tags = true
		var rows []Row
		for _, e := range s.samples {
			res, err := tx.ExecContext(ctx, `UPDATE samples SET rating = ?, favourite = ?, note = ? WHERE row = ?`, e.rating, e.favourite, e.note, e.row)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				if err != nil {
					return err
				}
				continue
			}
			rows = append(rows, e.row)
			for _, q := range []string{`DELETE FROM edits WHERE row = ?`, `DELETE FROM sample_tags WHERE row = ?`} {
				if _, err := tx.ExecContext(ctx, q, e.row); err != nil {
					return err
				}
			}
			for f, v := range e.edits {
				if err := db.putEdit(ctx, tx, e.row, f, v); err != nil {
					return err
				}
			}
			if err := addTags(ctx, tx, []Row{e.row}, e.tags); err != nil {
				return err
			}
			if err := putSource(ctx, tx, e.row, e.source); err != nil {
				return err
			}
			if err := db.resettle(ctx, tx, e.row); err != nil {
				return err
			}
		}
		c.Updated = rows
		return reindex(ctx, tx, rows)
	})
}
