package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"sampleagent/audio/analysis"
)

// Heard is what the cloud's engine, which may be newer than this program's, heard of a sample.
// Confidences are 0 to 1; nil and "" are not known.
type Heard struct {
	BPM             *float64 `json:"bpm,omitempty"`
	BPMConfidence   float64  `json:"bpm_confidence,omitempty"`
	Key             string   `json:"key,omitempty"`
	KeyConfidence   float64  `json:"key_confidence,omitempty"`
	Kind            string   `json:"kind,omitempty"`
	Class           string   `json:"class,omitempty"`
	ClassConfidence float64  `json:"class_confidence,omitempty"`
}

// over is the report with what the cloud heard where this machine heard nothing or was less sure.
// What file and name say is not heard, and stays. A one-shot is given no tempo.
func (h Heard) over(r *analysis.Report) *analysis.Report {
	out, cloud := *r, analysis.FromCloud
	weaker := func(has bool, source *analysis.Source, confidence *float64, than float64) bool {
		return !has || value(source).Heard() && value(confidence) < than
	}
	if h.Kind != "" && r.Kind == nil {
		kind := analysis.Kind(h.Kind)
		out.Kind = &kind
	}
	if h.BPM != nil && value(out.Kind) != analysis.OneShot && weaker(r.BPM != nil, r.BPMSource, r.BPMConfidence, h.BPMConfidence) {
		out.BPM, out.BPMConfidence, out.BPMSource = h.BPM, &h.BPMConfidence, &cloud
	}
	if h.Key != "" && weaker(r.Key != nil, r.KeySource, r.KeyConfidence, h.KeyConfidence) {
		out.Key, out.KeyConfidence, out.KeySource = &h.Key, &h.KeyConfidence, &cloud
	}
	if h.Class != "" && (r.Class == nil || value(r.ClassConfidence) < h.ClassConfidence) {
		out.Class, out.ClassConfidence = &h.Class, &h.ClassConfidence
	}
	return &out
}

// heardOf reads what the cloud heard of a row.
func heardOf(ctx context.Context, on queryer, row Row) (h Heard, err error) {
	err = query(ctx, on, `SELECT heard FROM clouds WHERE row = ? AND heard <> ''`, []any{row}, func(scan func(...any) error) error {
		var text []byte
		return errors.Join(scan(&text), json.Unmarshal(text, &h))
	})
	if err != nil {
		err = fmt.Errorf("what the cloud heard of row %d: %w", row, err)
	}
	return h, err
}

// putHeard stores it and lets it count.
func (db *DB) putHeard(ctx context.Context, tx *sql.Tx, row Row, h Heard) error {
	if h == (Heard{}) {
		return nil
	}
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE clouds SET heard = ? WHERE row = ?`, string(text), row); err != nil {
		return err
	}
	return db.resettle(ctx, tx, row)
}
