package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Collection is a list a person keeps. One with a Query is smart: it holds what the query finds
// at the moment one looks.
type Collection struct {
	ID          string
	Parent      string // id, "" at the top
	Name        string
	Description string
	Position    int     // among those with the same parent, from 0
	Query       *string // the rule of a smart one, in the language of package search
	Count       int     // samples put in by hand; 0 for smart ones
	CreatedAt   time.Time
	ModifiedAt  time.Time
}

// Smart says whether the collection is filled by its query.
func (c Collection) Smart() bool { return c.Query != nil }

// Collections lists them all, parents before children, each family in its own order.
func (db *DB) Collections(ctx context.Context) ([]Collection, error) {
	out, err := list(ctx, db.r, `WITH RECURSIVE tree (id, path) AS (
			SELECT id, printf('%08d', position) || id FROM collections WHERE parent IS NULL
			UNION ALL SELECT c.id, tree.path || '/' || printf('%08d', c.position) || c.id FROM collections c JOIN tree ON c.parent = tree.id)
		SELECT c.id, coalesce(c.parent, ''), c.name, c.description, c.position, c.query, c.created_at, c.modified_at,
			(SELECT count(*) FROM collection_samples cs WHERE cs.collection = c.id)
		FROM tree JOIN collections c USING (id) ORDER BY tree.path`, nil, func(scan func(...any) error) (c Collection, err error) {
		var created, modified sql.NullInt64
		err = scan(&c.ID, &c.Parent, &c.Name, &c.Description, &c.Position, &c.Query, &created, &modified, &c.Count)
		c.CreatedAt, c.ModifiedAt = fromMillis(created), fromMillis(modified)
		return c, err
	})
	return out, plain(err)
}

// NewCollection makes a collection at the end of its parent's ("" for the top); a query makes
// it smart. Errors: ErrOutOfRange for an empty name, ErrNotFound for the parent, ErrExists for
// a sibling of that name.
func (db *DB) NewCollection(ctx context.Context, parent, name string, smart *string) (Collection, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Collection{}, err
	}
	now := db.stamp()
	c := Collection{ID: id.String(), Parent: parent, Name: strings.TrimSpace(name), Query: smart, CreatedAt: time.UnixMilli(now), ModifiedAt: time.UnixMilli(now)}
	err = db.tx(ctx, func(tx *sql.Tx, ch *Change) error {
		ch.Collections = true
		if err := checkCollection(ctx, tx, c.ID, c.Parent, c.Name); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(position) + 1, 0) FROM collections WHERE parent IS ?`, null(parent)).Scan(&c.Position); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO collections (id, parent, name, position, query, created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			c.ID, null(parent), c.Name, c.Position, c.Query, now, now)
		return err
	})
	return c, err
}

// SetCollection writes name, description, parent, position and query of a collection that is
// there; its siblings make room. Errors as of NewCollection, and ErrNotPossible for a parent
// that lies inside it.
func (db *DB) SetCollection(ctx context.Context, c Collection) error {
	_, _, err := db.EditCollection(ctx, c.ID, func(now *Collection) { *now = c })
	return err
}

// EditCollection changes a collection as it stands, in one transaction, and gives it before and
// after, without its times and count. Errors as of SetCollection.
func (db *DB) EditCollection(ctx context.Context, id string, change func(*Collection)) (before, after Collection, err error) {
	err = db.tx(ctx, func(tx *sql.Tx, ch *Change) error {
		ch.Collections = true
		before.ID = id
		err := tx.QueryRowContext(ctx, `SELECT coalesce(parent, ''), name, description, position, query FROM collections WHERE id = ?`, id).
			Scan(&before.Parent, &before.Name, &before.Description, &before.Position, &before.Query)
		if errors.Is(err, sql.ErrNoRows) {
			err = fmt.Errorf("collection %s: %w", id, ErrNotFound)
		}
		if err != nil {
			return err
		}
		after = before
		change(&after)
		after.ID, after.Name = id, strings.TrimSpace(after.Name)
		return db.setCollection(ctx, tx, &after)
	})
	return before, after, err
}

func (db *DB) setCollection(ctx context.Context, tx *sql.Tx, c *Collection) error {
	if err := checkCollection(ctx, tx, c.ID, c.Parent, c.Name); err != nil {
		return err
	}
	siblings, err := list(ctx, tx, `SELECT id FROM collections WHERE parent IS ? AND id <> ? ORDER BY position, id`, []any{null(c.Parent), c.ID},
		func(scan func(...any) error) (id string, err error) { return id, scan(&id) })
	if err != nil {
		return err
	}
	c.Position = min(max(c.Position, 0), len(siblings))
	for i, id := range siblings {
		if i >= c.Position {
			i++
		}
		if _, err := tx.ExecContext(ctx, `UPDATE collections SET position = ? WHERE id = ? AND position <> ?`, i, id, i); err != nil {
			return err
		}
	}
	res, err := tx.ExecContext(ctx, `UPDATE collections SET parent = ?, name = ?, description = ?, position = ?, query = ?, modified_at = ? WHERE id = ?`,
		null(c.Parent), c.Name, c.Description, c.Position, c.Query, db.stamp(), c.ID)
	return found(res, err, "collection "+c.Name)
}

// A name that a sibling has is refused, but not where it has it already: two machines may have given
// one to two collections.
func checkCollection(ctx context.Context, tx *sql.Tx, id, parent, name string) error {
	if name == "" {
		return fmt.Errorf("collection: %w: its name is empty", ErrOutOfRange)
	}
	var twin, parents, circle int
	err := tx.QueryRowContext(ctx, `WITH RECURSIVE above (id, parent) AS (
			SELECT id, parent FROM collections WHERE id = ?2
			UNION SELECT c.id, c.parent FROM collections c JOIN above ON c.id = above.parent)
		SELECT (SELECT count(*) FROM collections WHERE parent IS ?2 AND id <> ?1 AND name = ?3 COLLATE NOCASE
				AND NOT EXISTS (SELECT 1 FROM collections WHERE id = ?1 AND parent IS ?2 AND name = ?3)),
			(SELECT count(*) FROM above), (SELECT count(*) FROM above WHERE id = ?1)`, id, null(parent), name).Scan(&twin, &parents, &circle)
	switch {
	case err != nil:
		return err
	case twin > 0:
		return fmt.Errorf("collection %q: %w", name, ErrExists)
	case parent != "" && parents == 0:
		return fmt.Errorf("collection %s: %w", parent, ErrNotFound)
	case circle > 0:
		return fmt.Errorf("collection %q: %w: it would lie inside itself", name, ErrNotPossible)
	}
	return nil
}

// AddToCollection puts samples at the end of a collection; those in it already stay where they
// are. Errors: ErrNotFound, ErrNotPossible for a smart one.
func (db *DB) AddToCollection(ctx context.Context, id string, rows []Row) error {
	return db.tx(ctx, func(tx *sql.Tx, ch *Change) error {
		ch.Collections = true
		if err := byHand(ctx, tx, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO collection_samples (collection, row, position, added_at)
			SELECT ?1, s.row, (SELECT coalesce(max(position) + 1, 0) FROM collection_samples WHERE collection = ?1) + j.key, ?2
			FROM json_each(?3) j JOIN samples s ON s.row = j.value WHERE true ON CONFLICT DO NOTHING`, id, db.stamp(), set(rows))
		return err
	})
}

// EditMembers changes the content of a collection as it stands, in one transaction, and gives it
// before and after. Errors as of AddToCollection.
func (db *DB) EditMembers(ctx context.Context, id string, change func(now []Row) []Row) (before, after []Row, err error) {
	err = db.tx(ctx, func(tx *sql.Tx, ch *Change) error {
		ch.Collections = true
		if err := byHand(ctx, tx, id); err != nil {
			return err
		}
		before, err = list(ctx, tx, collectionRows, []any{id}, func(scan func(...any) error) (r Row, err error) { return r, scan(&r) })
		if err != nil {
			return err
		}
		after = change(slices.Clone(before))
		if _, err := tx.ExecContext(ctx, `DELETE FROM collection_samples WHERE collection = ? AND row NOT IN (SELECT value FROM json_each(?))`, id, set(after)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO collection_samples (collection, row, position, added_at)
			SELECT ?, s.row, j.key, ? FROM json_each(?) j JOIN samples s ON s.row = j.value WHERE true
			ON CONFLICT (collection, row) DO UPDATE SET position = excluded.position`, id, db.stamp(), set(after))
		return err
	})
	return before, after, err
}

func byHand(ctx context.Context, tx *sql.Tx, id string) error {
	smart, err := list(ctx, tx, `SELECT query IS NOT NULL FROM collections WHERE id = ?`, []any{id}, func(scan func(...any) error) (b bool, err error) { return b, scan(&b) })
	switch {
	case err != nil:
		return err
	case len(smart) == 0:
		return fmt.Errorf("collection %s: %w", id, ErrNotFound)
	case smart[0]:
		return fmt.Errorf("collection %s: %w: it is smart, its query fills it", id, ErrNotPossible)
	}
	return nil
}

// CollectionRows lists what was put into a collection by hand, in its order. What a smart one
// holds is found by package search.
func (db *DB) CollectionRows(ctx context.Context, id string) ([]Row, error) {
	return db.Rows(ctx, collectionRows, id)
}

const collectionRows = `SELECT row FROM collection_samples WHERE collection = ? ORDER BY position, row`

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// found makes a statement that touched nothing an ErrNotFound.
func found(res sql.Result, err error, what string) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	return err
}
