package catalog

import (
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
	Cloud     *Cloud     // what the cloud said of it; nil: nothing
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
	rows, err := t.rowsOf(sha256)
	s = SyncSample{SHA256: sha256, Files: len(rows)}
	if err != nil || len(rows) == 0 {
		return s, false, err
	}
	row := rows[0]
	var path, tags, edits string
	var report, vector, overview []byte
	var size int64
	var told bool
	// One statement: a first sync reads a hundred thousand samples so.
	err = t.tx.QueryRowContext(t.ctx, `SELECT path, size, rating, favourite, note,
			EXISTS (SELECT 1 FROM kept WHERE object = 'sample/' || s.sha256),
			coalesce((SELECT info FROM cloud_audio a WHERE a.sha256 = s.sha256), ''),
			EXISTS (SELECT 1 FROM sync_joined j WHERE j.sha256 = s.sha256 AND hidden = 0),
			EXISTS (SELECT 1 FROM clouds WHERE row = s.row),
			(SELECT json_group_array(name) FROM (SELECT t.name FROM sample_tags st JOIN tags t USING (tag) WHERE st.row = s.row ORDER BY t.name)),
			(SELECT json_group_object(field, value) FROM edits WHERE row = s.row),
			CASE WHEN ?1 THEN (SELECT json FROM reports WHERE row = s.row) END,
			CASE WHEN ?1 THEN (SELECT vector FROM embeddings WHERE row = s.row) END,
			CASE WHEN ?1 THEN (SELECT overview FROM waveforms WHERE row = s.row) END
		FROM samples s WHERE row = ?2`, withFound, row).
		Scan(&path, &size, &s.Rating, &s.Favourite, &s.Note, &s.Kept, &s.Audio, &s.Joined, &told, &tags, &edits, &report, &vector, &overview)
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(tags), &s.Tags), json.Unmarshal([]byte(edits), &s.Edits))
	}
	if err != nil {
		return s, false, err
	}
	if err := query(t.ctx, t.tx, `SELECT `+sourceColumns+` FROM sources WHERE row = ?`, []any{row}, func(scan func(...any) error) error { return scan(s.Source.targets()...) }); err != nil {
		return s, false, err
	}
	if told || len(rows) > 1 {
		if s.Cloud, err = t.cloudOf(rows); err != nil {
			return s, false, err
		}
	}
	if report != nil {
		r := new(analysis.Report)
		if err := json.Unmarshal(report, r); err != nil {
			return s, false, fmt.Errorf("report of row %d: %w", row, err)
		}
		r.Path, r.Onsets, r.Beats, r.MFCCMean, r.MFCCStd, r.ChromaMean, r.ChromaStd, r.TookMS = "", nil, nil, nil, nil, nil, nil, 0
		s.Found = &SyncFound{Name: displayName(path), Size: size, Report: r, Embedding: unpackVector(vector), Overview: overview}
	}
	return s, true, nil
}

// cloudOf is what the cloud said of any of these samples, whose bytes are the same; nil: nothing.
func (t *SyncTx) cloudOf(rows []Row) (*Cloud, error) {
	for _, row := range rows {
		if c, ok, err := cloudOf(t.ctx, t.tx, row); err != nil || ok {
			return &c, err
		}
	}
	return nil, nil
}

// remote begins the path of a sample whose file is on another machine only.
const remote = "remote:"

// WhereRemote is true of those in SQL.
const WhereRemote = `path >= 'remote:' AND path < 'remote;'`

// remotePath is the path of a sample whose file is on another machine only. When the file is
// imported here, its content is recognised and the sample gets its place.
func remotePath(sha256, name string) string {
	return remote + sha256 + "/" + strings.NewReplacer("/", "_", "\x00", "").Replace(name)
}

// Remote says whether a sample's file has never been on this machine.
func (s *Sample) Remote() bool { return s.State == Missing && strings.HasPrefix(s.Path, remote) }

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

// rowsOf lists the samples with these bytes, the one imported first first. It is asked for every
// sample of a first sync: with ORDER BY, SQLite would plan the statement anew each time.
func (t *SyncTx) rowsOf(sha256 string) ([]Row, error) {
	rows, err := list(t.ctx, t.tx, `SELECT row FROM samples WHERE content = ? AND sha256 = ?`, []any{content(sha256), sha256},
		func(scan func(...any) error) (r Row, err error) { return r, scan(&r) })
	slices.Sort(rows)
	return rows, err
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
	name := displayName(path)
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
	analysed := Analysis{Row: Row(last), Remote: true, Size: s.Found.Size, ModTime: time.Unix(0, 0), Report: &report, Embedding: s.Found.Embedding, Overview: s.Found.Overview}
	if err := t.db.store(t.ctx, t.tx, &analysed); err != nil {
		return 0, err
	}
	t.change.Added = append(t.change.Added, Row(last))
	t.change.vectors = true
	return Row(last), nil
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
	if s.Cloud != nil {
		if err := t.db.putCloud(t.ctx, t.tx, row, *s.Cloud); err != nil {
			return err
		}
	}
	if fresh && len(s.Edits) == 0 {
		return nil // settled when it was listed, and again by what the cloud heard
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
	rows, err := t.rowsOf(sha256)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return id, t.tx.QueryRowContext(t.ctx, `SELECT id FROM samples WHERE row = ?`, rows[0]).Scan(&id)
}

// SampleSHA is the hash of a sample's bytes, "" when it is not known (yet).
func (t *SyncTx) SampleSHA(id string) (sum string, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT sha256 FROM samples WHERE id = ?`, id).Scan(&sum)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return sum, err
}
