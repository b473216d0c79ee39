package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sampleagent/audio/analysis"
)

const sampleColumns = `s.row, s.id, s.path, s.name, s.size, s.mtime, s.added_at, s.sha256, s.state, s.error,
	s.format, s.rate, s.channels, s.bit_depth, s.frames, s.duration, s.kind, s.class, s.class_conf,
	s.bpm, s.bpm_conf, s.bpm_source, s.key, s.key_conf, s.key_source, s.lufs, s.peak, s.beats,
	s.favourite, s.rating, s.note, s.last_played, s.engine, s.managed, w.overview,
	s.state = 'missing' AND EXISTS (SELECT 1 FROM cloud_audio a WHERE a.sha256 = s.sha256)`

func scanSample(scan func(...any) error) (s Sample, err error) {
	var mtime, added int64
	var played, rate, channels, bits, frames, beats sql.NullInt64
	var duration, bpm sql.NullFloat64
	err = scan(&s.Row, &s.ID, &s.Path, &s.Name, &s.Size, &mtime, &added, &s.SHA256, &s.State, &s.Error,
		&s.Format, &rate, &channels, &bits, &frames, &duration, &s.Kind, &s.Class, &s.ClassConf,
		&bpm, &s.BPMConf, &s.BPMSource, &s.Key, &s.KeyConf, &s.KeySource, &s.LUFS, &s.PeakDBFS, &beats,
		&s.Favourite, &s.Rating, &s.Note, &played, &s.Engine, &s.Managed, &s.Overview, &s.InCloud)
	s.ModTime, s.AddedAt, s.LastPlayed = time.Unix(0, mtime), time.UnixMilli(added), fromMillis(played)
	s.Rate, s.Channels, s.BitDepth, s.Beats = int(rate.Int64), int(channels.Int64), int(bits.Int64), int(beats.Int64)
	s.Frames, s.Duration, s.BPM = frames.Int64, duration.Float64, bpm.Float64
	return s, err
}

// readChunk is how many samples one statement fetches: enough for any window of a list, few
// enough that a cancelled reader stops soon.
const readChunk = 1000

// Samples reads the samples of rows, in the order asked. Rows that are gone are left out, a row
// asked twice comes twice.
func (db *DB) Samples(ctx context.Context, rows []Row) ([]Sample, error) {
	out := make([]Sample, 0, len(rows))
	for part := range slices.Chunk(rows, readChunk) {
		found, err := db.samplesWhere(ctx, db.r, `s.row IN (SELECT value FROM json_each(?))`, set(part))
		if err != nil {
			return nil, fmt.Errorf("read samples: %w", plain(err))
		}
		at := make(map[Row]int, len(found))
		for i := range found {
			at[found[i].Row] = i
		}
		for _, r := range part {
			if i, ok := at[r]; ok {
				out = append(out, found[i])
			}
		}
	}
	return out, nil
}

// samplesWhere reads what the condition on table s finds, with tags and hand edits, by row.
func (db *DB) samplesWhere(ctx context.Context, on queryer, condition string, args ...any) ([]Sample, error) {
	found, err := list(ctx, on, `SELECT `+sampleColumns+` FROM samples s LEFT JOIN waveforms w ON w.row = s.row WHERE `+condition+` ORDER BY s.row`, args, scanSample)
	if err != nil || len(found) == 0 {
		return found, err
	}
	at := make(map[Row]*Sample, len(found))
	rows := make([]Row, len(found))
	for i := range found {
		at[found[i].Row] = &found[i]
		rows[i] = found[i].Row
	}
	rowSet := set(rows)
	err = query(ctx, on, `SELECT st.row, t.name FROM sample_tags st JOIN tags t USING (tag)
		WHERE st.row IN (SELECT value FROM json_each(?)) ORDER BY t.name`, []any{rowSet}, func(scan func(...any) error) error {
		var r Row
		var name string
		if err := scan(&r, &name); err != nil {
			return err
		}
		at[r].Tags = append(at[r].Tags, name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = query(ctx, on, `SELECT row, field FROM edits WHERE row IN (SELECT value FROM json_each(?)) ORDER BY row, field`, []any{rowSet}, func(scan func(...any) error) error {
		var r Row
		var f Field
		if err := scan(&r, &f); err != nil {
			return err
		}
		at[r].ByHand = append(at[r].ByHand, f)
		return nil
	})
	return found, err
}

func (db *DB) oneSample(ctx context.Context, what, condition string, arg any) (Sample, error) {
	found, err := db.samplesWhere(ctx, db.r, condition, arg)
	if err != nil {
		return Sample{}, fmt.Errorf("sample %s: %w", what, plain(err))
	}
	if len(found) == 0 {
		return Sample{}, fmt.Errorf("sample %s: %w", what, ErrNotFound)
	}
	return found[0], nil
}

// Sample reads one sample. Error: ErrNotFound.
func (db *DB) Sample(ctx context.Context, row Row) (Sample, error) {
	return db.oneSample(ctx, fmt.Sprintf("in row %d", row), `s.row = ?`, row)
}

// SampleByID reads the sample with the text id. Error: ErrNotFound.
func (db *DB) SampleByID(ctx context.Context, id string) (Sample, error) {
	return db.oneSample(ctx, id, `s.id = ?`, id)
}

// SampleByPath reads the sample of the file at the absolute path. Error: ErrNotFound.
func (db *DB) SampleByPath(ctx context.Context, path string) (Sample, error) {
	return db.oneSample(ctx, path, `s.path = ?`, path)
}

// SamplesByID reads the samples with the ids, in the order asked; unknown ids are left out.
func (db *DB) SamplesByID(ctx context.Context, ids []string) ([]Sample, error) {
	texts, err := words(ids)
	if err != nil {
		return nil, err
	}
	found, err := db.samplesWhere(ctx, db.r, `s.id IN (SELECT value FROM json_each(?))`, texts)
	if err != nil {
		return nil, fmt.Errorf("read samples: %w", plain(err))
	}
	at := make(map[string]int, len(found))
	for i := range found {
		at[found[i].ID] = i
	}
	out := make([]Sample, 0, len(found))
	for _, id := range ids {
		if i, ok := at[id]; ok {
			out = append(out, found[i])
		}
	}
	return out, nil
}

// All lists every row in the order of import.
func (db *DB) All(ctx context.Context) ([]Row, error) {
	return db.Rows(ctx, `SELECT row FROM samples ORDER BY row`)
}

// Counts is how many samples there are in each state. Elsewhere are those whose file has never been
// on this machine; Missing are the others whose file is not here.
type Counts struct{ Total, Listed, Analysed, Failed, Missing, Elsewhere int }

// Counts counts the samples.
func (db *DB) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	// The states that are rare have an index; the common one is the rest.
	err := query(ctx, db.r, `SELECT '', count(*) FROM samples UNION ALL
		SELECT state, count(*) FROM samples WHERE state <> 'analysed' GROUP BY state UNION ALL
		SELECT 'elsewhere', count(*) FROM samples WHERE `+WhereRemote, nil, func(scan func(...any) error) error {
		var s State
		var n int
		if err := scan(&s, &n); err != nil {
			return err
		}
		switch s {
		case "":
			c.Total = n
		case Listed:
			c.Listed = n
		case Failed:
			c.Failed = n
		case Missing:
			c.Missing = n
		case "elsewhere":
			c.Elsewhere = n
		}
		return nil
	})
	c.Analysed = c.Total - c.Listed - c.Failed - c.Missing
	c.Missing -= c.Elsewhere
	return c, plain(err)
}

// Original is the report as the file and the ear gave it, before any hand edit. Error:
// ErrNotFound when the sample has not been analysed.
func (db *DB) Original(ctx context.Context, row Row) (*analysis.Report, error) {
	return original(ctx, db.r, row)
}

func original(ctx context.Context, on queryer, row Row) (*analysis.Report, error) {
	found, err := list(ctx, on, `SELECT json FROM reports WHERE row = ?`, []any{row}, func(scan func(...any) error) (*analysis.Report, error) {
		var text []byte
		if err := scan(&text); err != nil {
			return nil, err
		}
		rep := new(analysis.Report)
		return rep, json.Unmarshal(text, rep)
	})
	if err != nil {
		return nil, fmt.Errorf("report of row %d: %w", row, plain(err))
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("report of row %d: %w", row, ErrNotFound)
	}
	return found[0], nil
}

// Report is everything known about a sample, with the values that win and where they came from.
// A sample that has not been analysed has only its path.
func (db *DB) Report(ctx context.Context, row Row) (*analysis.Report, error) {
	s, err := db.Sample(ctx, row)
	if err != nil {
		return nil, err
	}
	all, err := db.Reports(ctx, []Sample{s})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Reports is Report for many samples that were read before, in their order: for lists of all.
func (db *DB) Reports(ctx context.Context, samples []Sample) ([]*analysis.Report, error) {
	out := make([]*analysis.Report, len(samples))
	at := make(map[Row][]int, len(samples))
	rows := make([]Row, len(samples))
	for i, s := range samples {
		rows[i] = s.Row
		at[s.Row] = append(at[s.Row], i)
	}
	err := query(ctx, db.r, `SELECT row, json FROM reports WHERE row IN (SELECT value FROM json_each(?))`, []any{set(rows)}, func(scan func(...any) error) error {
		var row Row
		var text sql.RawBytes
		if err := scan(&row, &text); err != nil {
			return err
		}
		for _, i := range at[row] {
			out[i] = new(analysis.Report)
			if err := json.Unmarshal(text, out[i]); err != nil {
				return fmt.Errorf("row %d: %w", row, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reports: %w", plain(err))
	}
	for i := range samples {
		out[i] = samples[i].report(out[i])
	}
	return out, nil
}

// report puts what a person said over what was found; rep is nil when nothing was.
func (s *Sample) report(rep *analysis.Report) *analysis.Report {
	if rep == nil {
		rep = &analysis.Report{}
		if s.State == Failed {
			rep.Error = &s.Error
		}
	}
	rep.Path = s.Path
	for _, f := range s.ByHand {
		hand := analysis.FromHand
		switch f {
		case FieldBPM:
			rep.BPM, rep.BPMConfidence, rep.BPMSource = pointer(s.BPM), pointer(s.BPMConf), &hand
		case FieldKey:
			rep.Key, rep.KeyConfidence, rep.KeySource = pointer(s.Key), pointer(s.KeyConf), &hand
		case FieldKind:
			rep.Kind = pointer(s.Kind)
		case FieldClass:
			rep.Class, rep.ClassConfidence = pointer(s.Class), pointer(s.ClassConf)
		}
	}
	return rep
}

// pointer is nil for what is not known.
func pointer[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// Peaks is the waveform as audio/waveform stored it; nil when there is none yet.
func (db *DB) Peaks(ctx context.Context, row Row) ([]byte, error) {
	var b []byte
	err := query(ctx, db.r, `SELECT peaks FROM waveforms WHERE row = ?`, []any{row}, func(scan func(...any) error) error { return scan(&b) })
	return b, plain(err)
}

// SetPeaks stores a waveform that was built after the analysis.
func (db *DB) SetPeaks(ctx context.Context, row Row, overview, peaks []byte) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated = []Row{row}
		_, err := tx.ExecContext(ctx, `INSERT INTO waveforms (row, overview, peaks) VALUES (?, ?, ?)
			ON CONFLICT (row) DO UPDATE SET overview = excluded.overview, peaks = excluded.peaks`, row, overview, peaks)
		return err
	})
}

// Remove takes samples out of the library; their files stay.
func (db *DB) Remove(ctx context.Context, rows []Row) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Removed, c.Tags, c.Collections, c.vectors = rows, true, true, true
		_, err := tx.ExecContext(ctx, `DELETE FROM samples WHERE row IN (SELECT value FROM json_each(?))`, set(rows))
		return err
	})
}

// Played notes that a sample was heard now.
func (db *DB) Played(ctx context.Context, row Row) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated = []Row{row}
		_, err := tx.ExecContext(ctx, `UPDATE samples SET last_played = ? WHERE row = ?`, db.stamp(), row)
		return err
	})
}
