package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"sampleagent/audio/analysis"
)

// Sync is how far this library is in step with an account.
type Sync struct {
	Account string // server and user, as the caller names them
	Actor   string // this installation's name in that account
	Cursor  int64
	machine string // where that was
}

// Sync reads the state; ok is false while no account syncs.
func (db *DB) Sync(ctx context.Context) (s Sync, ok bool, err error) {
	all, err := list(ctx, db.r, `SELECT account, actor, cursor, machine FROM sync_state`, nil, func(scan func(...any) error) (s Sync, err error) {
		return s, scan(&s.Account, &s.Actor, &s.Cursor, &s.machine)
	})
	if err != nil || len(all) == 0 {
		return Sync{}, false, plain(err)
	}
	return all[0], true, nil
}

// StartSync begins to keep this library in step with an account and returns its state. For an
// account other than the last one everything starts anew: the whole library is to be sent, each
// object with the time of its last edit. A library that was in step on another machine (a copied
// file) goes on under a new name: two machines that write under one would cover each other's edits.
func (db *DB) StartSync(ctx context.Context, account, machine string) (Sync, error) {
	s, ok, err := db.Sync(ctx)
	if err != nil {
		return s, err
	}
	if ok && s.Account == account {
		if s.machine == machine {
			return s, nil
		}
		err := db.SyncUpdate(ctx, func(tx *SyncTx) error {
			if s.Actor, err = tx.Rename(); err != nil {
				return err
			}
			_, err := tx.tx.ExecContext(ctx, `UPDATE sync_state SET machine = ?`, machine)
			return err
		})
		return s, err
	}
	actor, err := uuid.NewRandom()
	if err != nil {
		return Sync{}, err
	}
	s = Sync{Account: account, Actor: actor.String(), machine: machine}
	if err := db.StopSync(ctx); err != nil {
		return s, err
	}
	// The account stands in the last of these transactions: cut before it, all begins anew. From then
	// on triggers mark what changes; what an import analysed since its row was passed comes with it.
	for last := Row(0); ; {
		done := false
		err := db.tx(ctx, func(tx *sql.Tx, _ *Change) (err error) {
			if last, done, err = markSamples(ctx, tx, last); err != nil || !done {
				return err
			}
			for _, q := range []string{
				`INSERT INTO sync_dirty SELECT 'sample/' || sha256, added_at FROM samples s
					WHERE sha256 <> '' AND NOT EXISTS (SELECT 1 FROM sync_dirty WHERE object = 'sample/' || s.sha256) ON CONFLICT DO NOTHING`,
				`INSERT INTO sync_dirty SELECT 'collection/' || id, modified_at FROM collections`,
				`INSERT INTO sync_dirty SELECT 'kit/' || id, modified_at FROM kits`,
			} {
				if _, err := tx.ExecContext(ctx, q); err != nil {
					return err
				}
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO sync_state (one, account, actor, machine) VALUES (1, ?, ?, ?)`, s.Account, s.Actor, machine)
			return err
		})
		if err != nil || done {
			return s, err
		}
	}
}

// markAtOnce is how many rows of the sync's tables one transaction writes or deletes at most, so
// that a person's edit never waits long for it.
const markAtOnce = 1000

// markSamples marks the next samples after a row as to be sent, with the time of their last edit.
func markSamples(ctx context.Context, tx *sql.Tx, after Row) (last Row, done bool, err error) {
	var next sql.NullInt64
	if err := tx.QueryRowContext(ctx, `SELECT max(row) FROM (SELECT row FROM samples WHERE row > ? ORDER BY row LIMIT ?)`, after, markAtOnce).Scan(&next); err != nil {
		return after, false, err
	}
	if !next.Valid {
		return after, true, nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO sync_dirty SELECT 'sample/' || s.sha256, max(s.added_at, coalesce((SELECT max(at) FROM edits e WHERE e.row = s.row), 0))
		FROM samples s WHERE s.row > ? AND s.row <= ? AND s.sha256 <> '' ON CONFLICT (object) DO UPDATE SET at = max(at, excluded.at)`, after, next.Int64)
	return Row(next.Int64), false, err
}

// StopSync forgets the account. The library itself stays as it is.
func (db *DB) StopSync(ctx context.Context) error {
	// The account first: from then on nothing is marked any more.
	for _, q := range []string{
		`DELETE FROM sync_state WHERE one <= ?`,
		`DELETE FROM sync_cells WHERE (object, field) IN (SELECT object, field FROM sync_cells LIMIT ?)`,
		`DELETE FROM sync_dirty WHERE object IN (SELECT object FROM sync_dirty LIMIT ?)`,
		`DELETE FROM sync_joined WHERE sha256 IN (SELECT sha256 FROM sync_joined LIMIT ?)`,
	} {
		for n := int64(markAtOnce); n == markAtOnce; {
			err := db.tx(ctx, func(tx *sql.Tx, _ *Change) error {
				res, err := tx.ExecContext(ctx, q, markAtOnce)
				if err == nil {
					n, err = res.RowsAffected()
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// SyncTx is one transaction of the sync. What it writes to samples, collections and kits marks
// nothing as changed by a person.
type SyncTx struct {
	ctx    context.Context
	begun  time.Time
	db     *DB
	tx     *sql.Tx
	change *Change
}

// SyncUpdate runs f in one transaction.
func (db *DB) SyncUpdate(ctx context.Context, f func(*SyncTx) error) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		// Statements that could be cancelled each cost a goroutine; the whole transaction is short.
		return f(&SyncTx{ctx: context.WithoutCancel(ctx), begun: time.Now(), db: db, tx: tx, change: c})
	})
}

// Full says that others who write should have their turn.
func (t *SyncTx) Full() bool { return time.Since(t.begun) > syncTurn }

// syncTurn is how long a transaction of the sync goes on taking in more: a person's edit that
// waits for it is not felt.
const syncTurn = 20 * time.Millisecond

// Dirty is an object that a person changed, and when.
type Dirty struct {
	Object string
	At     time.Time
}

// Dirty lists objects changed by a person since Clean, oldest first.
func (t *SyncTx) Dirty(limit int) ([]Dirty, error) {
	return list(t.ctx, t.tx, `SELECT object, at FROM sync_dirty ORDER BY at, object LIMIT ?`, []any{limit}, func(scan func(...any) error) (d Dirty, err error) {
		var at int64
		err = scan(&d.Object, &at)
		d.At = time.UnixMilli(at)
		return d, err
	})
}

// DirtyAt is when an object was changed, if it is dirty.
func (t *SyncTx) DirtyAt(object string) (time.Time, bool, error) {
	var at int64
	err := t.tx.QueryRowContext(t.ctx, `SELECT at FROM sync_dirty WHERE object = ?`, object).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return time.UnixMilli(at), err == nil, err
}

// Clean takes the mark from an object.
func (t *SyncTx) Clean(object string) error {
	_, err := t.tx.ExecContext(t.ctx, `DELETE FROM sync_dirty WHERE object = ?`, object)
	return err
}

// Cell is a stored cell: its field and its JSON.
type Cell struct {
	Object, Field string
	JSON          []byte
}

func scanCell(scan func(...any) error) (c Cell, err error) {
	return c, scan(&c.Object, &c.Field, &c.JSON)
}

// Cells lists the cells of an object.
func (t *SyncTx) Cells(object string) ([]Cell, error) {
	return list(t.ctx, t.tx, `SELECT object, field, cell FROM sync_cells WHERE object = ?`, []any{object}, scanCell)
}

// Holders lists the objects that have a cell of this field, which begins with "item/".
func (t *SyncTx) Holders(field string) ([]string, error) {
	return list(t.ctx, t.tx, `SELECT object FROM sync_cells WHERE field = ? AND field LIKE 'item/%'`, []any{field}, func(scan func(...any) error) (o string, err error) { return o, scan(&o) })
}

// PutCell stores a cell.
func (t *SyncTx) PutCell(c Cell, unsent bool) error {
	_, err := t.tx.ExecContext(t.ctx, `INSERT INTO sync_cells (object, field, cell, unsent) VALUES (?, ?, ?, ?)
		ON CONFLICT (object, field) DO UPDATE SET cell = excluded.cell, unsent = excluded.unsent`, c.Object, c.Field, string(c.JSON), unsent)
	return err
}

// Unsent lists cells that the server does not know yet, samples before the kits and collections
// that name them: a machine that knows a kit's sounds puts it together once.
func (t *SyncTx) Unsent(limit int) ([]Cell, error) {
	return list(t.ctx, t.tx, `SELECT object, field, cell FROM sync_cells WHERE unsent = 1 ORDER BY object DESC, field DESC LIMIT ?`, []any{limit}, scanCell)
}

// Sent marks cells as known to the server, but for those that have changed since.
func (t *SyncTx) Sent(cells []Cell) error {
	for _, c := range cells {
		if _, err := t.tx.ExecContext(t.ctx, `UPDATE sync_cells SET unsent = 0 WHERE object = ? AND field = ? AND cell = ?`, c.Object, c.Field, string(c.JSON)); err != nil {
			return err
		}
	}
	return nil
}

// Cursor is how far the server's changes are known here.
func (t *SyncTx) Cursor() (n int64, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(cursor), 0) FROM sync_state`).Scan(&n)
	return n, err
}

// SetCursor stores it.
func (t *SyncTx) SetCursor(n int64) error {
	_, err := t.tx.ExecContext(t.ctx, `UPDATE sync_state SET cursor = ?`, n)
	return err
}

// Clock is the newest write under this library's name; SetClock stores it.
func (t *SyncTx) Clock() (n uint64, err error) {
	var stored int64
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(clock), 0) FROM sync_state`).Scan(&stored)
	return uint64(stored), err
}

// SetClock stores it.
func (t *SyncTx) SetClock(n uint64) error {
	_, err := t.tx.ExecContext(t.ctx, `UPDATE sync_state SET clock = ?`, int64(n))
	return err
}

// Rename gives this library a new name among the account's machines; nothing was written under
// it yet.
func (t *SyncTx) Rename() (string, error) {
	actor, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	_, err = t.tx.ExecContext(t.ctx, `UPDATE sync_state SET actor = ?, clock = 0`, actor.String())
	return actor.String(), err
}

// Epoch is the server's count of deletions of everything, below 0 before it is known.
func (t *SyncTx) Epoch() (n int64, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(epoch), -1) FROM sync_state`).Scan(&n)
	return n, err
}

// SetEpoch stores it.
func (t *SyncTx) SetEpoch(n int64) error {
	_, err := t.tx.ExecContext(t.ctx, `UPDATE sync_state SET epoch = ?`, n)
	return err
}

// quietly runs f and leaves the dirty mark of object as it was before.
func (t *SyncTx) quietly(object string, f func() error) error {
	at, dirty, err := t.DirtyAt(object)
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	if !dirty {
		return t.Clean(object)
	}
	_, err = t.tx.ExecContext(t.ctx, `INSERT OR REPLACE INTO sync_dirty VALUES (?, ?)`, object, at.UnixMilli())
	return err
}

// SyncSample is what machines tell each other of a sample: what a person said of it, and what
// was found, so that a machine without the file can show and search it.
type SyncSample struct {
	SHA256    string
	Rating    int
	Favourite bool
	Note      string
	Tags      []string
	Edits     map[Field]string
	Source    Source
	Kept      bool       // its audio is to be in the cloud
	Audio     string     // what is stored there for it, JSON; "" for nothing
	Joined    bool       // its cells and the library have agreed before
	Files     int        // of the library that have these bytes; 0: none yet
	Found     *SyncFound // nil: not asked for, or not known
}

// SyncFound is what is known of a file by its bytes.
type SyncFound struct {
	Name      string           `json:"name"` // the file's name where it was found
	Size      int64            `json:"size"`
	Report    *analysis.Report `json:"report"` // without the long lists
	Embedding []float32        `json:"embedding,omitempty"`
	Overview  []byte           `json:"overview,omitempty"`
}

// Sample reads a sample by its bytes; ok is false when the library has none. Of several files
// with the same bytes the one imported first speaks.
func (t *SyncTx) Sample(sha256 string, withFound bool) (s SyncSample, ok bool, err error) {
	s = SyncSample{SHA256: sha256}
	var row Row
	var path, tags, edits string
	var report, vector, overview []byte
	var size int64
	// One statement: a first sync reads a hundred thousand samples so.
	err = t.tx.QueryRowContext(t.ctx, `SELECT row, path, size, rating, favourite, note,
			EXISTS (SELECT 1 FROM kept WHERE object = 'sample/' || ?2),
			coalesce((SELECT info FROM cloud_audio WHERE sha256 = ?2), ''),
			EXISTS (SELECT 1 FROM sync_joined WHERE sha256 = ?2 AND hidden = 0),
			(SELECT count(*) FROM samples WHERE content = ?1 AND sha256 = ?2),
			(SELECT json_group_array(name) FROM (SELECT t.name FROM sample_tags st JOIN tags t USING (tag) WHERE st.row = s.row ORDER BY t.name)),
			(SELECT json_group_object(field, value) FROM edits WHERE row = s.row),
			CASE WHEN ?3 THEN (SELECT json FROM reports WHERE row = s.row) END,
			CASE WHEN ?3 THEN (SELECT vector FROM embeddings WHERE row = s.row) END,
			CASE WHEN ?3 THEN (SELECT overview FROM waveforms WHERE row = s.row) END
		FROM samples s WHERE content = ?1 AND sha256 = ?2 ORDER BY row LIMIT 1`, content(sha256), sha256, withFound).
		Scan(&row, &path, &size, &s.Rating, &s.Favourite, &s.Note, &s.Kept, &s.Audio, &s.Joined, &s.Files, &tags, &edits, &report, &vector, &overview)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(tags), &s.Tags), json.Unmarshal([]byte(edits), &s.Edits))
	}
	if err != nil {
		return s, false, err
	}
	if err := query(t.ctx, t.tx, `SELECT `+sourceColumns+` FROM sources WHERE row = ?`, []any{row}, func(scan func(...any) error) error { return scan(s.Source.targets()...) }); err != nil {
		return s, false, err
	}
	if report != nil {
		r := new(analysis.Report)
		if err := json.Unmarshal(report, r); err != nil {
			return s, false, fmt.Errorf("report of row %d: %w", row, err)
		}
		r.Path, r.Onsets, r.Beats, r.MFCCMean, r.MFCCStd, r.ChromaMean, r.ChromaStd, r.TookMS = "", nil, nil, nil, nil, nil, nil, 0
		s.Found = &SyncFound{Name: DisplayName(path), Size: size, Report: r, Embedding: unpackVector(vector), Overview: overview}
	}
	return s, true, nil
}

// remotePath is the path of a sample whose file is on another machine only. When the file is
// imported here, its content is recognised and the sample gets its place.
func remotePath(sha256, name string) string {
	return "remote:" + sha256 + "/" + strings.NewReplacer("/", "_", "\x00", "").Replace(name)
}

// Remote says whether a sample's file has never been on this machine.
func (s *Sample) Remote() bool { return s.State == Missing && strings.HasPrefix(s.Path, "remote:") }

// PutSample makes the library hold what s says of a sample. One that is not here is listed
// without its file when s says what was found, unless a person took it out of this library.
// s.Files is as Sample told it.
func (t *SyncTx) PutSample(s SyncSample) (added bool, err error) {
	err = t.quietly("sample/"+s.SHA256, func() error {
		var rows []Row
		if s.Files > 0 {
			if rows, err = t.rowsOf(s.SHA256); err != nil {
				return err
			}
		} else {
			row, err := t.listRemote(s)
			if err != nil || row == 0 {
				return err
			}
			rows, added = []Row{row}, true
		}
		for _, row := range rows {
			if err := t.putSample(row, s, added); err != nil {
				return err
			}
		}
		t.change.Updated = append(t.change.Updated, rows...)
		t.change.Tags = true
		return reindex(t.ctx, t.tx, rows)
	})
	return added, err
}

func (t *SyncTx) rowsOf(sha256 string) ([]Row, error) {
	return list(t.ctx, t.tx, `SELECT row FROM samples WHERE content = ? AND sha256 = ? ORDER BY row`, []any{content(sha256), sha256},
		func(scan func(...any) error) (r Row, err error) { return r, scan(&r) })
}

func (t *SyncTx) listRemote(s SyncSample) (Row, error) {
	var hidden bool
	if err := t.tx.QueryRowContext(t.ctx, `SELECT EXISTS (SELECT 1 FROM sync_joined WHERE sha256 = ? AND hidden = 1)`, s.SHA256).Scan(&hidden); err != nil {
		return 0, err
	}
	if hidden || s.Found == nil || s.Found.Report == nil || content(s.SHA256) == nil {
		return 0, nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return 0, err
	}
	path := remotePath(s.SHA256, s.Found.Name)
	name := DisplayName(path)
	res, err := t.tx.ExecContext(t.ctx, `INSERT INTO samples (id, path, name, name_key, name_words, folder, state, size, mtime, added_at)
		VALUES (?, ?, ?, ?, ?, '', 'missing', ?, 0, ?)`, id.String(), path, name, NameKey(name), hiddenWords(name), s.Found.Size, t.db.stamp())
	if err != nil {
		return 0, err
	}
	last, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	report := *s.Found.Report
	report.Path, report.SHA256 = path, &s.SHA256
	analysed := Analysis{Row: Row(last), Size: s.Found.Size, ModTime: time.Unix(0, 0), Report: &report, Embedding: s.Found.Embedding, Overview: s.Found.Overview}
	if err := t.db.store(t.ctx, t.tx, &analysed); err != nil {
		return 0, err
	}
	t.change.Added = append(t.change.Added, Row(last))
	t.change.vectors = true
	_, err = t.tx.ExecContext(t.ctx, `UPDATE samples SET state = 'missing' WHERE row = ?`, last)
	return Row(last), err
}

// putSample writes what s says of a row; fresh is a row that listRemote made just now.
func (t *SyncTx) putSample(row Row, s SyncSample, fresh bool) error {
	if !fresh || s.Rating != 0 || s.Favourite || s.Note != "" {
		if _, err := t.tx.ExecContext(t.ctx, `UPDATE samples SET rating = ?, favourite = ?, note = ? WHERE row = ?`, min(max(s.Rating, 0), 5), s.Favourite, s.Note, row); err != nil {
			return err
		}
	}
	if !fresh {
		for _, q := range []string{`DELETE FROM edits WHERE row = ?`, `DELETE FROM sample_tags WHERE row = ?`} {
			if _, err := t.tx.ExecContext(t.ctx, q, row); err != nil {
				return err
			}
		}
	}
	for f, v := range s.Edits {
		if n, err := normal(f, v); err == nil { // a newer program's field or value is kept as a cell and not shown
			if err := t.db.putEdit(t.ctx, t.tx, row, f, n); err != nil {
				return err
			}
		}
	}
	if err := addTags(t.ctx, t.tx, []Row{row}, s.Tags); err != nil {
		return err
	}
	if !fresh || s.Source != (Source{}) {
		if err := putSource(t.ctx, t.tx, row, s.Source); err != nil {
			return err
		}
	}
	if fresh && len(s.Edits) == 0 {
		return nil // settled when it was listed
	}
	return t.db.resettle(t.ctx, t.tx, row)
}

// Join notes that a sample's cells and the library agree.
func (t *SyncTx) Join(sha256 string) error {
	_, err := t.tx.ExecContext(t.ctx, `INSERT OR REPLACE INTO sync_joined VALUES (?, 0)`, sha256)
	return err
}

// SampleID is the id under which this library knows a sample's bytes, "" when it does not.
func (t *SyncTx) SampleID(sha256 string) (id string, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT id FROM samples WHERE content = ? AND sha256 = ? ORDER BY row LIMIT 1`, content(sha256), sha256).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, err
}

// SampleSHA is the hash of a sample's bytes, "" when it is not known (yet).
func (t *SyncTx) SampleSHA(id string) (sum string, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT sha256 FROM samples WHERE id = ?`, id).Scan(&sum)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return sum, err
}

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

// PutCollection makes the library hold a collection with these members. A parent that is not
// here (yet), or that would close a circle, leaves it at the top. A name that a sibling has gets
// a number: two machines may both have made one.
func (t *SyncTx) PutCollection(c Collection, members []string) error {
	return t.quietly("collection/"+c.ID, func() error {
		t.change.Collections = true
		if err := checkCollection(t.ctx, t.tx, c.ID, c.Parent, "·"); err != nil {
			c.Parent = ""
		}
		base := c.Name
		if base == "" {
			base = "Collection"
		}
		c.Name = base
		for n := 2; ; n++ {
			err := checkCollection(t.ctx, t.tx, c.ID, c.Parent, c.Name)
			if err == nil {
				break
			}
			if !errors.Is(err, ErrExists) {
				return err
			}
			c.Name = fmt.Sprintf("%s %d", base, n)
		}
		now := t.db.stamp()
		if _, err := t.tx.ExecContext(t.ctx, `INSERT INTO collections (id, parent, name, description, position, query, created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, name = excluded.name, description = excluded.description,
				position = excluded.position, query = excluded.query, modified_at = excluded.modified_at`,
			c.ID, null(c.Parent), c.Name, c.Description, c.Position, c.Query, now, now); err != nil {
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
	return list(t.ctx, t.tx, `SELECT DISTINCT kit FROM kit_pads WHERE sample_id = ? ORDER BY kit`, []any{sampleID}, func(scan func(...any) error) (id string, err error) { return id, scan(&id) })
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
