package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Kit is a kit as the library keeps it: JSON that package kit reads and writes, and which
// sample lies on which pad. One pad holds one sample.
type Kit struct {
	ID         string
	Name       string
	Data       json.RawMessage // the kit but for its pads
	Pads       []Pad
	CreatedAt  time.Time
	ModifiedAt time.Time
}

// Pad is a pad that is filled.
type Pad struct {
	Bank     int    // 0 to 9 for A to J
	Pad      int    // 0 to 15
	SampleID string // text id; the sample may be gone from the library
	Data     json.RawMessage
}

// Kits lists all kits by name, without their pads.
func (db *DB) Kits(ctx context.Context) ([]Kit, error) {
	out, err := list(ctx, db.r, `SELECT id, name, data, created_at, modified_at FROM kits ORDER BY name COLLATE NOCASE, id`, nil, scanKit)
	return out, plain(err)
}

func scanKit(scan func(...any) error) (k Kit, err error) {
	var created, modified sql.NullInt64
	err = scan(&k.ID, &k.Name, (*[]byte)(&k.Data), &created, &modified)
	k.CreatedAt, k.ModifiedAt = fromMillis(created), fromMillis(modified)
	return k, err
}

// Kit reads the kit with the id or, when no id is like that, the one of that name. Errors:
// ErrNotFound; ErrNotPossible when several kits have the name.
func (db *DB) Kit(ctx context.Context, idOrName string) (Kit, error) {
	all, err := list(ctx, db.r, `SELECT id, name, data, created_at, modified_at FROM kits WHERE id = ?1 OR name = ?1 COLLATE NOCASE
		ORDER BY id = ?1 DESC, name = ?1 DESC, created_at LIMIT 2`, []any{idOrName}, scanKit)
	if err != nil {
		return Kit{}, fmt.Errorf("kit %s: %w", idOrName, plain(err))
	}
	if len(all) == 0 {
		return Kit{}, fmt.Errorf("kit %s: %w", idOrName, ErrNotFound)
	}
	k := all[0]
	if len(all) > 1 && k.ID != idOrName && (k.Name == all[1].Name || k.Name != idOrName) {
		return Kit{}, fmt.Errorf("kit %s: %w: several kits have this name, use the id", idOrName, ErrNotPossible)
	}
	k.Pads, err = kitPads(ctx, db.r, k.ID)
	return k, plain(err)
}

func kitPads(ctx context.Context, on queryer, kit string) ([]Pad, error) {
	return list(ctx, on, `SELECT bank, pad, sample_id, data FROM kit_pads WHERE kit = ? ORDER BY bank, pad`, []any{kit}, func(scan func(...any) error) (p Pad, err error) {
		err = scan(&p.Bank, &p.Pad, &p.SampleID, (*[]byte)(&p.Data))
		return p, err
	})
}

// PutKit stores a kit whole, new or in place of the one with its ID. Two entries for one pad
// are an error: ErrExists.
func (db *DB) PutKit(ctx context.Context, k Kit) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error { return db.putKit(ctx, tx, c, k) })
}

// EditKit stores what change makes of the kit. Nobody, another program neither, writes between the
// reading and the storing. Error: ErrNotFound, or change's, which stores nothing.
func (db *DB) EditKit(ctx context.Context, id string, change func(Kit) (Kit, error)) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		found, err := list(ctx, tx, `SELECT id, name, data, created_at, modified_at FROM kits WHERE id = ?`, []any{id}, scanKit)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("kit %s: %w", id, ErrNotFound)
		}
		k := found[0]
		if k.Pads, err = kitPads(ctx, tx, id); err != nil {
			return err
		}
		if k, err = change(k); err != nil {
			return err
		}
		return db.putKit(ctx, tx, c, k)
	})
}

func (db *DB) putKit(ctx context.Context, tx *sql.Tx, c *Change, k Kit) error {
	if len(k.Data) == 0 {
		k.Data = json.RawMessage("{}")
	}
	c.Kits = append(c.Kits, k.ID)
	now := db.stamp()
	if _, err := tx.ExecContext(ctx, `INSERT INTO kits (id, name, data, created_at, modified_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, data = excluded.data, modified_at = excluded.modified_at`,
		k.ID, k.Name, string(k.Data), now, now); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM kit_pads WHERE kit = ?`, k.ID); err != nil {
		return err
	}
	seen := map[[2]int]bool{}
	for _, p := range k.Pads {
		if at := [2]int{p.Bank, p.Pad}; seen[at] {
			return fmt.Errorf("kit %s, bank %d pad %d: %w", k.Name, p.Bank, p.Pad, ErrExists)
		} else {
			seen[at] = true
		}
		data := p.Data
		if len(data) == 0 {
			data = json.RawMessage("{}")
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO kit_pads (kit, bank, pad, sample_id, data) VALUES (?, ?, ?, ?, ?)`,
			k.ID, p.Bank, p.Pad, p.SampleID, string(data)); err != nil {
			return fmt.Errorf("kit %s, bank %d pad %d: %w", k.Name, p.Bank, p.Pad, err)
		}
	}
	return nil
}

// RemoveKit removes a kit. Error: ErrNotFound.
func (db *DB) RemoveKit(ctx context.Context, id string) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Kits = []string{id}
		res, err := tx.ExecContext(ctx, `DELETE FROM kits WHERE id = ?`, id)
		return found(res, err, "kit "+id)
	})
}
