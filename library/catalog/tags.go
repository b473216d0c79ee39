package catalog

import (
	"context"
	"database/sql"
	"strings"
)

// Tag is a word people sort sounds by, with how many samples have it.
type Tag struct {
	Name  string
	Count int
}

// Tags lists all tags in alphabetical order.
func (db *DB) Tags(ctx context.Context) ([]Tag, error) {
	out, err := list(ctx, db.r, `SELECT name, (SELECT count(*) FROM sample_tags st WHERE st.tag = t.tag) FROM tags t ORDER BY name`, nil,
		func(scan func(...any) error) (t Tag, err error) {
			err = scan(&t.Name, &t.Count)
			return t, err
		})
	return out, plain(err)
}

// cleanTag is a tag as it is stored: one line, single spaces. Small and capital letters are the
// same tag; the first spelling stays.
func cleanTag(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
}

// AddTags gives samples tags that they may have already. Empty tags are left out.
func (db *DB) AddTags(ctx context.Context, rows []Row, tags ...string) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated, c.Tags = rows, true
		if err := addTags(ctx, tx, rows, tags); err != nil {
			return err
		}
		return reindex(ctx, tx, rows)
	})
}

func addTags(ctx context.Context, tx *sql.Tx, rows []Row, tags []string) error {
	for _, t := range tags {
		if t = cleanTag(t); t == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO tags (name) VALUES (?) ON CONFLICT DO NOTHING`, t); err != nil {
			return err
		}
		// A join instead of the inner SELECT would be planned anew each time.
		if _, err := tx.ExecContext(ctx, `INSERT INTO sample_tags (tag, row) SELECT (SELECT tag FROM tags WHERE name = ?), row FROM samples
			WHERE row IN (SELECT value FROM json_each(?)) ON CONFLICT DO NOTHING`, t, set(rows)); err != nil {
			return err
		}
	}
	return nil
}

// RemoveTags takes tags off samples; a tag that no sample has any more is forgotten.
func (db *DB) RemoveTags(ctx context.Context, rows []Row, tags ...string) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated, c.Tags = rows, true
		for _, t := range tags {
			if _, err := tx.ExecContext(ctx, `DELETE FROM sample_tags WHERE tag = (SELECT tag FROM tags WHERE name = ?)
				AND row IN (SELECT value FROM json_each(?))`, cleanTag(t), set(rows)); err != nil {
				return err
			}
		}
		if err := forgetTags(ctx, tx); err != nil {
			return err
		}
		return reindex(ctx, tx, rows)
	})
}

func forgetTags(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM tags WHERE NOT EXISTS (SELECT 1 FROM sample_tags st WHERE st.tag = tags.tag)`)
	return err
}
