package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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

// Restore takes samples from one snapshot to another: what differs between the two is written as
// it is in to, and everything else stays, whoever has changed it since. Samples that are gone by
// now are left out.
func (db *DB) Restore(ctx context.Context, from, to Snapshot) error {
	was := map[Row]editable{}
	for _, e := range from.samples {
		was[e.row] = e
	}
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Tags = true
		for _, e := range to.samples {
			var here bool
			if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM samples WHERE row = ?)`, e.row).Scan(&here); err != nil {
				return err
			}
			if !here {
				continue
			}
			if err := db.restore(ctx, tx, was[e.row], e); err != nil {
				return err
			}
			c.Updated = append(c.Updated, e.row)
		}
		if err := forgetTags(ctx, tx); err != nil {
			return err
		}
		return reindex(ctx, tx, c.Updated)
	})
}

func (db *DB) restore(ctx context.Context, tx *sql.Tx, from, to editable) error {
	run := func(when bool, q string, args ...any) error {
		if !when {
			return nil
		}
		_, err := tx.ExecContext(ctx, q, args...)
		return err
	}
	if err := errors.Join(
		run(from.rating != to.rating, `UPDATE samples SET rating = ? WHERE row = ?`, to.rating, to.row),
		run(from.favourite != to.favourite, `UPDATE samples SET favourite = ? WHERE row = ?`, to.favourite, to.row),
		run(from.note != to.note, `UPDATE samples SET note = ? WHERE row = ?`, to.note, to.row),
	); err != nil {
		return err
	}
	for f := range from.edits {
		if _, still := to.edits[f]; !still {
			if err := run(true, `DELETE FROM edits WHERE row = ? AND field = ?`, to.row, f); err != nil {
				return err
			}
		}
	}
	for f, v := range to.edits {
		if before, had := from.edits[f]; !had || before != v {
			if err := db.putEdit(ctx, tx, to.row, f, v); err != nil {
				return err
			}
		}
	}
	for _, tag := range from.tags {
		if !slices.Contains(to.tags, tag) {
			if err := run(true, `DELETE FROM sample_tags WHERE row = ? AND tag = (SELECT tag FROM tags WHERE name = ?)`, to.row, tag); err != nil {
				return err
			}
		}
	}
	added := slices.DeleteFunc(slices.Clone(to.tags), func(tag string) bool { return slices.Contains(from.tags, tag) })
	if err := addTags(ctx, tx, []Row{to.row}, added); err != nil {
		return err
	}
	if from.source != to.source {
		if err := putSource(ctx, tx, to.row, to.source); err != nil {
			return err
		}
	}
	return db.resettle(ctx, tx, to.row)
}
