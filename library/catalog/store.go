package catalog

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"sampleagent/audio/analysis"
	"sampleagent/audio/key"
)

// Known is what an import compares a file on disk with.
type Known struct {
	Row     Row
	Path    string
	Size    int64
	ModTime time.Time
	State   State
	SHA256  string
}

// KnownFiles calls f for every sample in the library, in no order that matters.
func (db *DB) KnownFiles(ctx context.Context, f func(Known)) error {
	err := query(ctx, db.r, `SELECT row, path, size, mtime, state, sha256 FROM samples`, nil, func(scan func(...any) error) error {
		var k Known
		var path, state, sum sql.RawBytes
		var mtime int64
		if err := scan(&k.Row, &path, &k.Size, &mtime, &state, &sum); err != nil {
			return err
		}
		k.Path, k.ModTime, k.State, k.SHA256 = string(path), time.Unix(0, mtime), stateOf(state), string(sum)
		f(k)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read known files: %w", plain(err))
	}
	return nil
}

// stateOf saves a hundred thousand small strings.
func stateOf(b []byte) State {
	switch string(b) {
	case string(Analysed):
		return Analysed
	case string(Listed):
		return Listed
	case string(Missing):
		return Missing
	}
	return Failed
}

// NewFile is a file found on disk.
type NewFile struct {
	Path     string // absolute
	Size     int64
	ModTime  time.Time
	Tags     []string // from its folders, when asked for
	Managed  bool
	Original string // where a managed copy came from
}

// List adds files as samples in the state Listed, in one transaction, and returns their rows.
// A path that is there already is left as it is, with row 0.
func (db *DB) List(ctx context.Context, importID string, files []NewFile) ([]Row, error) {
	rows := make([]Row, len(files))
	err := db.bulkTx(ctx, func(tx *sql.Tx, c *Change) error {
		// With a context that can end, the driver runs each statement on a goroutine of its own,
		// which costs more than the statement. It is asked once a file instead.
		done, ctx := ctx, context.WithoutCancel(ctx)
		insert, err := tx.PrepareContext(ctx, `INSERT INTO samples (id, path, name, name_key, name_words, folder, state, size, mtime, added_at, import_id, managed)
			VALUES (?, ?, ?, ?, ?, ?, 'listed', ?, ?, ?, ?, ?) ON CONFLICT (path) DO NOTHING`)
		if err != nil {
			return err
		}
		defer insert.Close()
		source, err := tx.PrepareContext(ctx, `INSERT INTO sources (row, type, original_filename) VALUES (?, 'batch_import', ?)`)
		if err != nil {
			return err
		}
		defer source.Close()
		at := db.stamp()
		for i, f := range files {
			if err := done.Err(); err != nil {
				return err
			}
			id, err := uuid.NewV7()
			if err != nil {
				return err
			}
			name := displayName(f.Path)
			res, err := insert.ExecContext(ctx, id.String(), f.Path, name, NameKey(name), hiddenWords(name), folderWords(f.Path),
				f.Size, f.ModTime.UnixNano(), at, importID, f.Managed)
			if err != nil {
				return fmt.Errorf("list %s: %w", f.Path, err)
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				if err != nil {
					return err
				}
				continue
			}
			last, err := res.LastInsertId()
			if err != nil {
				return err
			}
			rows[i] = Row(last)
			c.Added = append(c.Added, rows[i])
			original := f.Original
			if original == "" {
				original = f.Path
			}
			if _, err := source.ExecContext(ctx, last, displayName(original)); err != nil {
				return err
			}
			if len(f.Tags) > 0 {
				c.Tags = true
				if err := addTags(ctx, tx, rows[i:i+1], f.Tags); err != nil {
					return err
				}
			}
		}
		return reindex(ctx, tx, c.Added)
	})
	return rows, err
}

// reindex writes the full text of rows anew.
func reindex(ctx context.Context, tx *sql.Tx, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO sample_fts (rowid, name, folder, tags, sound, note, cloud, origin)
		SELECT row, name, folder, tags, sound, note, cloud, origin FROM sample_text WHERE row IN (SELECT value FROM json_each(?))`, set(rows))
	return err
}

// Relist says that files have other bytes than before (or that they are to be analysed again):
// their samples go back to Listed and keep id, tags and everything typed by hand.
func (db *DB) Relist(ctx context.Context, files []Known) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		for _, f := range files {
			if _, err := tx.ExecContext(ctx, `UPDATE samples SET state = 'listed', error = '', tries = 0, size = ?, mtime = ? WHERE row = ?`,
				f.Size, f.ModTime.UnixNano(), f.Row); err != nil {
				return err
			}
			c.Updated = append(c.Updated, f.Row)
		}
		return nil
	})
}

// Reanalyse puts samples back in the queue, whether or not their files have changed.
func (db *DB) Reanalyse(ctx context.Context, rows []Row) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated = rows
		_, err := tx.ExecContext(ctx, `UPDATE samples SET state = 'listed', error = '', tries = 0, engine = '' WHERE state <> 'missing' AND row IN (SELECT value FROM json_each(?))`, set(rows))
		return err
	})
}

// Move is a sample whose file has another place now.
type Move struct {
	Row     Row
	To      string
	Size    int64
	ModTime time.Time
}

// MoveFiles gives samples their new paths. A name that was the old file's name becomes the new
// one's. A sample that was missing has its former state again.
func (db *DB) MoveFiles(ctx context.Context, moves []Move) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		for _, m := range moves {
			name := displayName(m.To)
			if _, err := tx.ExecContext(ctx, `UPDATE samples SET path = ?, size = ?, mtime = ?, folder = ?, state = `+stateBefore+` WHERE row = ?`,
				m.To, m.Size, m.ModTime.UnixNano(), folderWords(m.To), m.Row); err != nil {
				return fmt.Errorf("move to %s: %w", m.To, err)
			}
			if _, err := tx.ExecContext(ctx, `UPDATE samples SET name = ?, name_key = ?, name_words = ? WHERE row = ?
				AND NOT EXISTS (SELECT 1 FROM edits WHERE row = samples.row AND field = 'name')`, name, NameKey(name), hiddenWords(name), m.Row); err != nil {
				return err
			}
			c.Updated = append(c.Updated, m.Row)
		}
		return reindex(ctx, tx, c.Updated)
	})
}

// stateBefore is the state of a missing file that is back.
const stateBefore = `CASE WHEN state <> 'missing' THEN state WHEN error <> '' THEN 'failed' WHEN engine <> '' THEN 'analysed' ELSE 'listed' END`

// SetMissing says that the files of samples are gone, SetFound that they are back unchanged.
func (db *DB) SetMissing(ctx context.Context, rows []Row) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated = rows
		_, err := tx.ExecContext(ctx, `UPDATE samples SET state = 'missing' WHERE row IN (SELECT value FROM json_each(?))`, set(rows))
		return err
	})
}

// SetFound undoes SetMissing.
func (db *DB) SetFound(ctx context.Context, rows []Row) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated = rows
		_, err := tx.ExecContext(ctx, `UPDATE samples SET state = `+stateBefore+` WHERE row IN (SELECT value FROM json_each(?))`, set(rows))
		return err
	})
}

// Waiting lists up to limit samples in the state Listed with rows above after, in the order of
// import: the queue of the analysis, which a crash cannot lose. Of the samples, only Row, ID,
// Path, Size, ModTime, SHA256 and Engine are filled.
func (db *DB) Waiting(ctx context.Context, after Row, limit int) ([]Waiting, error) {
	return list(ctx, db.r, `SELECT row, id, path, size, mtime, sha256, engine, tries FROM samples WHERE state = 'listed' AND state <> 'analysed' AND row > ? ORDER BY row LIMIT ?`,
		[]any{after, limit}, func(scan func(...any) error) (w Waiting, err error) {
			var mtime int64
			err = scan(&w.Row, &w.ID, &w.Path, &w.Size, &mtime, &w.SHA256, &w.Engine, &w.Tries)
			w.ModTime = time.Unix(0, mtime)
			return w, err
		})
}

// Waiting is a sample in the queue of the analysis.
type Waiting struct {
	Row      Row
	ID, Path string
	Size     int64
	ModTime  time.Time
	SHA256   string // of the bytes analysed before, "" for none
	Engine   string // that analysed them
	Tries    int    // analyses begun and never ended
}

// Brief is what an import tells of a sample.
type Brief struct{ ID, Error string }

// Briefs reads the ids and errors of samples.
func (db *DB) Briefs(ctx context.Context, rows []Row) (map[Row]Brief, error) {
	out := make(map[Row]Brief, len(rows))
	if len(rows) == 0 {
		return out, nil
	}
	err := query(ctx, db.r, `SELECT row, id, error FROM samples WHERE row IN (SELECT value FROM json_each(?))`, []any{set(rows)}, func(scan func(...any) error) error {
		var r Row
		var b Brief
		err := scan(&r, &b.ID, &b.Error)
		out[r] = b
		return err
	})
	return out, plain(err)
}

// Claim notes that the analysis of rows begins. A file that ends the program each time it is
// read is recognised by its count of tries.
func (db *DB) Claim(ctx context.Context, rows []Row) error {
	return db.tx(ctx, func(tx *sql.Tx, _ *Change) error {
		_, err := tx.ExecContext(ctx, `UPDATE samples SET tries = tries + 1 WHERE row IN (SELECT value FROM json_each(?))`, set(rows))
		return err
	})
}

// Unclaim takes Claim back for rows whose analysis was put off.
func (db *DB) Unclaim(ctx context.Context, rows []Row) error {
	return db.tx(ctx, func(tx *sql.Tx, _ *Change) error {
		_, err := tx.ExecContext(ctx, `UPDATE samples SET tries = max(0, tries - 1) WHERE row IN (SELECT value FROM json_each(?))`, set(rows))
		return err
	})
}

// Analysis is the outcome for one file.
type Analysis struct {
	Row       Row
	Size      int64 // of the bytes that were analysed
	ModTime   time.Time
	Report    *analysis.Report
	Embedding []float32
	Overview  []byte // pairs of int8 (min, max)
	Peaks     []byte // audio/waveform's form
	Source    Source // what the tags say; fields already filled in the library stay
	CopyFrom  Row    // not 0: the same bytes are analysed there; all but Row, Size and ModTime is taken from it
	Unchanged bool   // the bytes are those analysed before; only Size and ModTime are new
	Gone      bool   // the file vanished
	Remote    bool   // the file is on another machine, which analysed it
}

// Store writes outcomes in one transaction. Values typed by hand stay.
func (db *DB) Store(ctx context.Context, batch []Analysis) error {
	return db.bulkTx(ctx, func(tx *sql.Tx, c *Change) error {
		c.vectors = true
		done, ctx := ctx, context.WithoutCancel(ctx) // see List
		for i := range batch {
			if err := done.Err(); err != nil {
				return err
			}
			a := &batch[i]
			if err := db.store(ctx, tx, a); err != nil {
				return fmt.Errorf("store row %d: %w", a.Row, err)
			}
			c.Updated = append(c.Updated, a.Row)
		}
		return reindex(ctx, tx, c.Updated)
	})
}

func (db *DB) store(ctx context.Context, tx *sql.Tx, a *Analysis) error {
	switch {
	case a.Gone:
		_, err := tx.ExecContext(ctx, `UPDATE samples SET state = 'missing', tries = 0 WHERE row = ?`, a.Row)
		return err
	case a.Unchanged:
		_, err := tx.ExecContext(ctx, `UPDATE samples SET state = 'analysed', error = '', tries = 0, size = ?, mtime = ? WHERE row = ?`, a.Size, a.ModTime.UnixNano(), a.Row)
		return err
	case a.CopyFrom != 0:
		return db.copyAnalysis(ctx, tx, a)
	}
	r := a.Report
	text, err := json.Marshal(r)
	if err != nil { // a number that is none: one bad report must not stop the batch
		reason := "the analysis gave values that cannot be stored: " + err.Error()
		r = &analysis.Report{Path: r.Path, Error: &reason, SHA256: r.SHA256, Engine: r.Engine}
		if text, err = json.Marshal(r); err != nil {
			return err
		}
	}
	state, reason, engine := Analysed, "", r.Engine
	if !r.OK {
		state, engine = Failed, "" // the same bytes are worth another try
		if reason = "cannot be read"; r.Error != nil {
			reason = *r.Error
		}
	}
	if a.Remote {
		state = Missing
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO reports (row, json) VALUES (?, ?)`, a.Row, string(text)); err != nil {
		return err
	}
	if err := storeFeatures(ctx, tx, a.Row, r); err != nil {
		return err
	}
	if err := storeBlobs(ctx, tx, a); err != nil {
		return err
	}
	if err := fillSource(ctx, tx, a.Row, a.Source); err != nil {
		return err
	}
	return db.settle(ctx, tx, a.Row, r, `state = ?, error = ?, tries = 0, size = ?, mtime = ?, engine = ?, sha256 = ?, content = ?,
		format = ?, rate = ?, channels = ?, bit_depth = ?, frames = ?, duration = ?, lufs = ?, peak = ?, beats = ?, `,
		state, reason, a.Size, a.ModTime.UnixNano(), engine, value(r.SHA256), content(value(r.SHA256)), value(r.Format), r.SampleRate, r.Channels, r.BitDepth, r.Frames,
		r.Duration, finite(r.IntegratedLUFS), finite(r.SamplePeakDBFS), r.BeatsInLoop)
}

func storeFeatures(ctx context.Context, tx *sql.Tx, row Row, r *analysis.Report) error {
	if !r.OK {
		_, err := tx.ExecContext(ctx, `DELETE FROM features WHERE row = ?`, row)
		return err
	}
	var s [7]any
	if p := r.Spectral; p != nil {
		s = [7]any{p.CentroidMean, p.BandwidthMean, p.RolloffMean, p.FlatnessMean, p.ZCRMean, p.RMSMean, p.HarmonicRatio}
	}
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO features (row, true_peak, silence_start, silence_end, onsets, tuning,
		centroid, bandwidth, rolloff, flatness, zcr, rms, harmonic) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row, finite(r.TruePeakDBTP), r.SilenceStart, r.SilenceEnd, len(r.Onsets), r.TuningCents, s[0], s[1], s[2], s[3], s[4], s[5], s[6])
	return err
}

func storeBlobs(ctx context.Context, tx *sql.Tx, a *Analysis) error {
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO waveforms (row, overview, peaks) VALUES (?, ?, ?)`, a.Row, a.Overview, a.Peaks); err != nil {
		return err
	}
	if len(a.Embedding) == 0 {
		_, err := tx.ExecContext(ctx, `DELETE FROM embeddings WHERE row = ?`, a.Row)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO embeddings (row, vector) VALUES (?, ?)`, a.Row, packVector(a.Embedding))
	return err
}

// copyAnalysis takes over what is known of the same bytes at another path. What the name of the
// file says is the one thing that may differ, so values from the name are not copied: the
// caller analyses such a file itself.
func (db *DB) copyAnalysis(ctx context.Context, tx *sql.Tx, a *Analysis) error {
	if _, err := tx.ExecContext(ctx, `UPDATE samples SET (state, error, engine, sha256, content, format, rate, channels, bit_depth, frames, duration, lufs, peak, beats) =
		(SELECT state, error, engine, sha256, content, format, rate, channels, bit_depth, frames, duration, lufs, peak, beats FROM samples WHERE row = ?),
		tries = 0, size = ?, mtime = ? WHERE row = ?`, a.CopyFrom, a.Size, a.ModTime.UnixNano(), a.Row); err != nil {
		return err
	}
	for _, q := range []string{
		`INSERT OR REPLACE INTO reports (row, json) SELECT ?, json FROM reports WHERE row = ?`,
		`INSERT OR REPLACE INTO features SELECT ?, true_peak, silence_start, silence_end, onsets, tuning, centroid, bandwidth, rolloff, flatness, zcr, rms, harmonic FROM features WHERE row = ?`,
		`INSERT OR REPLACE INTO waveforms (row, overview, peaks) SELECT ?, overview, peaks FROM waveforms WHERE row = ?`,
		`INSERT OR REPLACE INTO embeddings (row, vector) SELECT ?, vector FROM embeddings WHERE row = ?`,
	} {
		if _, err := tx.ExecContext(ctx, q, a.Row, a.CopyFrom); err != nil {
			return err
		}
	}
	r, err := original(ctx, tx, a.Row)
	if err != nil {
		return err
	}
	return db.settle(ctx, tx, a.Row, r, "")
}

// settle decides which values win and writes them: a person's over the report's, and what the cloud
// heard where it was surer. more is further
// columns to write in the same statement, as `name = ?, ` each: one UPDATE moves the indexes once.
func (db *DB) settle(ctx context.Context, tx *sql.Tx, row Row, r *analysis.Report, more string, args ...any) error {
	var path, before, heard string
	if err := tx.QueryRowContext(ctx, `SELECT path, name, coalesce((SELECT heard FROM clouds WHERE row = s.row), '') FROM samples s WHERE row = ?`, row).Scan(&path, &before, &heard); err != nil {
		return err
	}
	if heard != "" {
		var h Heard
		if err := json.Unmarshal([]byte(heard), &h); err != nil {
			return fmt.Errorf("what the cloud heard of row %d: %w", row, err)
		}
		r = h.over(r)
	}
	kind, class, keyName := string(value(r.Kind)), value(r.Class), value(r.Key)
	bpm, bpmConf, bpmSource := value(r.BPM), value(r.BPMConfidence), value(r.BPMSource)
	keyConf, keySource, classConf := value(r.KeyConfidence), value(r.KeySource), value(r.ClassConfidence)
	name := displayName(path)
	err := query(ctx, tx, `SELECT field, value FROM edits WHERE row = ?`, []any{row}, func(scan func(...any) error) error {
		var f Field
		var v string
		if err := scan(&f, &v); err != nil {
			return err
		}
		switch f {
		case FieldName:
			name = v
		case FieldKind:
			kind = v
		case FieldClass:
			class, classConf = v, 1
		case FieldKey:
			keyName, keyConf, keySource = v, 1, analysis.FromHand
		case FieldBPM:
			n, err := parseBPM(v)
			if err != nil {
				return err
			}
			bpm, bpmConf, bpmSource = n, 1, analysis.FromHand
		}
		return nil
	})
	if err != nil {
		return err
	}
	if bpm == 0 && bpmSource != analysis.FromHand {
		bpmConf, bpmSource = 0, ""
	}
	if keyName == "" && keySource != analysis.FromHand {
		keyConf, keySource = 0, ""
	}
	if name != before { // half of the indexes hold the name
		more += `name = ?, name_key = ?, name_words = ?, `
		args = append(args, name, NameKey(name), hiddenWords(name))
	}
	k, _ := key.Parse(keyName) // the zero key for what names none
	args = append(args, kind, class, classConf, known(bpm), bpmConf, bpmSource, keyName, int(k), keyConf, keySource, soundWords(kind, class, k), row)
	_, err = tx.ExecContext(ctx, `UPDATE samples SET `+more+`kind = ?, class = ?, class_conf = ?, bpm = ?, bpm_conf = ?, bpm_source = ?,
		key = ?, key_slot = ?, key_conf = ?, key_source = ?, sound_words = ? WHERE row = ?`, args...)
	return err
}

// ByContent finds an analysed sample with these bytes other than row; 0 when there is none.
func (db *DB) ByContent(ctx context.Context, sha256 string, other Row) (Row, error) {
	var found Row
	err := query(ctx, db.r, `SELECT row FROM samples WHERE content = ? AND sha256 = ? AND row <> ? AND state = 'analysed' ORDER BY row LIMIT 1`,
		[]any{content(sha256), sha256, other}, func(scan func(...any) error) error { return scan(&found) })
	return found, plain(err)
}

// content is the number under which a hash is looked up; nil for no hash.
func content(sha256 string) any {
	b, err := hex.DecodeString(sha256)
	if err != nil || len(b) < 8 {
		return nil
	}
	return int64(binary.BigEndian.Uint64(b))
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// finite is a level as the tables hold it: nothing for minus infinity.
func finite(p *float64) any {
	if p == nil || math.IsInf(*p, 0) || math.IsNaN(*p) {
		return nil
	}
	return *p
}

// unpackVector is the inverse of packVector.
func unpackVector(b []byte) []float32 {
	var v []float32
	for ; len(b) >= 4; b = b[4:] {
		v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return v
}

func packVector(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}
