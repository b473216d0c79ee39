package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// Origin names the state that this database grew from; see settle.
func (q Q) Origin(ctx context.Context) (name string, err error) {
	err = q.one(ctx, &name, "SELECT name FROM origin")
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return name, err
}

// settle gives a database that was restored from a copy, or is new, an origin of its own. A copy is
// known by where it lies: nobody can tell it from what is in it.
func (db *DB) settle(ctx context.Context) error {
	place, err := db.place(ctx)
	if err != nil {
		return fmt.Errorf("where the database lies: %w", err)
	}
	return db.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO origin (one, name, place) VALUES (1, ?, ?)
			ON CONFLICT (one) DO UPDATE SET name = excluded.name, place = excluded.place WHERE origin.place <> excluded.place`, NewID(), place)
		return err
	})
}

// place is where the database lies, in a form that a copy of it does not share: the file itself, or
// the tables as PostgreSQL numbers them, which a restored dump makes anew.
func (db *DB) place(ctx context.Context) (string, error) {
	if !db.postgres {
		return filePlace(db.file)
	}
	var database, table, timeline int64
	err := db.writer.QueryRowContext(ctx, `SELECT d.oid::bigint, 'sync_cells'::regclass::oid::bigint FROM pg_database d WHERE d.datname = current_database()`).Scan(&database, &table)
	if err != nil {
		return "", err
	}
	// A restore to a point in time begins a timeline. Not every service lets us ask.
	err = db.writer.QueryRowContext(ctx, "SELECT timeline_id FROM pg_control_checkpoint()").Scan(&timeline)
	if refused := new(pgconn.PgError); errors.As(err, &refused) && refused.Code == insufficientPrivilege {
		err = nil
	}
	return fmt.Sprintf("database %d, table %d, timeline %d", database, table, timeline), err
}

const insufficientPrivilege = "42501" // PostgreSQL, appendix A
