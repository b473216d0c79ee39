package catalog

import (
	"context"
	"database/sql"
	"errors"
	"slices"
)

// SetKept says whether the audio of objects is to be kept in the cloud.
func (db *DB) SetKept(ctx context.Context, objects []string, on bool) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Many = true
		for _, object := range objects {
			if err := setKept(ctx, tx, object, on); err != nil {
				return err
			}
		}
		return nil
	})
}

func setKept(ctx context.Context, tx *sql.Tx, object string, on bool) error {
	q := `DELETE FROM kept WHERE object = ?`
	if on {
		q = `INSERT INTO kept VALUES (?) ON CONFLICT DO NOTHING`
	}
	_, err := tx.ExecContext(ctx, q, object)
	return err
}

// KeptFile is a file here whose audio is to be kept in the cloud and is not there yet.
type KeptFile struct{ SHA256, Path, Name string }

// ToKeep lists the files that a person chose to keep in the cloud and that are not there.
func (db *DB) ToKeep(ctx context.Context, limit int) ([]KeptFile, error) {
	out, err := list(ctx, db.r, `SELECT sha256, path, name FROM samples WHERE row IN (
			SELECT min(s.row) FROM samples s WHERE s.state = 'analysed' AND s.sha256 <> '' AND s.row IN (
				SELECT s2.row FROM kept k JOIN samples s2 ON k.object = 'sample/' || s2.sha256 WHERE k.object LIKE 'sample/%'
				UNION SELECT cs.row FROM kept k JOIN collection_samples cs ON k.object = 'collection/' || cs.collection
				UNION SELECT s3.row FROM kept k JOIN kit_pads p ON k.object = 'kit/' || p.kit JOIN samples s3 ON s3.id = p.sample_id)
			AND NOT EXISTS (SELECT 1 FROM cloud_audio a WHERE a.sha256 = s.sha256) GROUP BY s.sha256)
		ORDER BY row LIMIT ?`, []any{limit}, func(scan func(...any) error) (f KeptFile, err error) { return f, scan(&f.SHA256, &f.Path, &f.Name) })
	return out, plain(err)
}

// IsKept says whether a person chose to keep an object's audio in the cloud.
func (db *DB) IsKept(ctx context.Context, object string) (on bool, err error) {
	err = db.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM kept WHERE object = ?)`, object).Scan(&on)
	return on, plain(err)
}

// SetCloudAudio notes what is stored in the cloud for a file, "" for nothing.
func (db *DB) SetCloudAudio(ctx context.Context, sha256, info string) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		rows, err := list(ctx, tx, `SELECT row FROM samples WHERE content = ? AND sha256 = ?`, []any{content(sha256), sha256}, func(scan func(...any) error) (r Row, err error) { return r, scan(&r) })
		if err != nil {
			return err
		}
		c.Updated = append(c.Updated, rows...)
		return setCloudAudio(ctx, tx, sha256, info)
	})
}

func setCloudAudio(ctx context.Context, tx *sql.Tx, sha256, info string) error {
	if info == "" {
		_, err := tx.ExecContext(ctx, `DELETE FROM cloud_audio WHERE sha256 = ?`, sha256)
		return err
	}
	// Deleted and inserted, so that a change is marked as one.
	if _, err := tx.ExecContext(ctx, `DELETE FROM cloud_audio WHERE sha256 = ? AND info <> ?`, sha256, info); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO cloud_audio VALUES (?, ?) ON CONFLICT DO NOTHING`, sha256, info)
	return err
}

// CloudAudio is what is stored in the cloud for a file, "" for nothing.
func (db *DB) CloudAudio(ctx context.Context, sha256 string) (info string, err error) {
	out, err := list(ctx, db.r, `SELECT info FROM cloud_audio WHERE sha256 = ?`, []any{sha256}, func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
	if err == nil && len(out) > 0 {
		info = out[0]
	}
	return info, plain(err)
}

// DropCloudAudio forgets what the cloud keeps, and the choices too: the account's copy is gone.
func (db *DB) DropCloudAudio(ctx context.Context) error {
	return db.tx(ctx, func(tx *sql.Tx, _ *Change) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM cloud_audio`)
		_, err2 := tx.ExecContext(ctx, `DELETE FROM kept`)
		return errors.Join(err, err2)
	})
}

// InCloud says which of some samples have no file here and can be fetched from the cloud.
func (db *DB) InCloud(ctx context.Context, rows []Row) ([]Row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	out, err := list(ctx, db.r, `SELECT s.row FROM samples s JOIN cloud_audio a ON a.sha256 = s.sha256 WHERE s.state = 'missing' AND s.row IN (SELECT value FROM json_each(?))`, []any{set(rows)},
		func(scan func(...any) error) (r Row, err error) { return r, scan(&r) })
	slices.Sort(out)
	return out, plain(err)
}

// Kept says whether a person chose to keep an object's audio in the cloud.
func (t *SyncTx) Kept(object string) (on bool, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT EXISTS (SELECT 1 FROM kept WHERE object = ?)`, object).Scan(&on)
	return on, err
}

// PutKept stores that choice.
func (t *SyncTx) PutKept(object string, on bool) error {
	return t.quietly(object, func() error { return setKept(t.ctx, t.tx, object, on) })
}

// PutCloudAudio notes what is stored in the cloud for a file, "" for nothing.
func (t *SyncTx) PutCloudAudio(sha256, info string) error {
	return t.quietly("sample/"+sha256, func() error { return setCloudAudio(t.ctx, t.tx, sha256, info) })
}
