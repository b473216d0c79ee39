package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/key"
)

// Field names a value that is found by the program and may be put right by a person.
type Field string

// The fields.
const (
	FieldName  Field = "name"
	FieldBPM   Field = "bpm"
	FieldKey   Field = "key"
	FieldKind  Field = "kind"
	FieldClass Field = "class"
)

// Fields lists them all, in alphabetical order.
var Fields = []Field{FieldBPM, FieldClass, FieldKey, FieldKind, FieldName}

// Range of tempos that a person may type, BPM.
const (
	minBPM = 20
	maxBPM = 400
)

func parseBPM(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || math.IsNaN(n) || n < minBPM || n > maxBPM {
		return 0, fmt.Errorf("tempo %q: %w: a number from %d to %d", s, ErrOutOfRange, minBPM, maxBPM)
	}
	return n, nil
}

// normal checks a typed value and gives it the form the library holds.
func normal(f Field, v string) (string, error) {
	v = strings.TrimSpace(strings.ToValidUTF8(v, "�"))
	switch f {
	case FieldName:
		if v == "" {
			return "", fmt.Errorf("name: %w: it is empty", ErrOutOfRange)
		}
		return v, nil
	case FieldBPM:
		n, err := parseBPM(v)
		if err != nil || n == 0 {
			return "", err
		}
		return strconv.FormatFloat(n, 'f', -1, 64), nil
	case FieldKey:
		if v == "" {
			return "", nil
		}
		k, ok := key.Typed(v)
		if !ok {
			return "", fmt.Errorf("key %q: %w: write it as Am, F# major or 8A", v, ErrOutOfRange)
		}
		return k.String(), nil
	case FieldKind:
		switch k := analysis.Kind(strings.ToLower(v)); k {
		case "", analysis.OneShot, analysis.LoopKind, analysis.Music:
			return string(k), nil
		}
		return "", fmt.Errorf("kind %q: %w: one-shot, loop or music", v, ErrOutOfRange)
	case FieldClass:
		return strings.ToLower(v), nil
	}
	return "", fmt.Errorf("field %q: %w", f, ErrNotFound)
}

// SetField stores what a person says of samples; it wins over everything found, now and after
// every later analysis. An empty text says "has none" (but for a name). Error: ErrOutOfRange.
func (db *DB) SetField(ctx context.Context, rows []Row, f Field, v string) error {
	v, err := normal(f, v)
	if err != nil {
		return err
	}
	return db.edit(ctx, rows, func(tx *sql.Tx, r Row) error { return db.putEdit(ctx, tx, r, f, v) })
}

func (db *DB) putEdit(ctx context.Context, tx *sql.Tx, r Row, f Field, v string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO edits (row, field, value, at) SELECT row, ?, ?, ? FROM samples WHERE row = ?
		ON CONFLICT (row, field) DO UPDATE SET value = excluded.value, at = excluded.at`, f, v, db.stamp(), r)
	return err
}

// Revert drops what a person said of a field; the value found comes back.
func (db *DB) Revert(ctx context.Context, rows []Row, f Field) error {
	return db.edit(ctx, rows, func(tx *sql.Tx, r Row) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM edits WHERE row = ? AND field = ?`, r, f)
		return err
	})
}

// ScaleTempo multiplies tempos: 2 for double time, 0.5 for half. Samples without a tempo stay
// as they are. Error: ErrOutOfRange, and then none is changed.
func (db *DB) ScaleTempo(ctx context.Context, rows []Row, factor float64) error {
	return db.edit(ctx, rows, func(tx *sql.Tx, r Row) error {
		var bpm sql.NullFloat64
		err := tx.QueryRowContext(ctx, `SELECT bpm FROM samples WHERE row = ?`, r).Scan(&bpm)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !bpm.Valid {
			return nil
		}
		if err != nil {
			return err
		}
		v, err := normal(FieldBPM, strconv.FormatFloat(bpm.Float64*factor, 'f', -1, 64))
		if err != nil {
			return err
		}
		return db.putEdit(ctx, tx, r, FieldBPM, v)
	})
}

// edit runs f for each row and settles which values win then.
func (db *DB) edit(ctx context.Context, rows []Row, f func(tx *sql.Tx, r Row) error) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		for _, r := range rows {
			if err := f(tx, r); err != nil {
				return err
			}
			if err := db.resettle(ctx, tx, r); err != nil {
				return err
			}
		}
		c.Updated = rows
		return reindex(ctx, tx, rows)
	})
}

// resettle is settle with the report that is stored, or none.
func (db *DB) resettle(ctx context.Context, tx *sql.Tx, r Row) error {
	rep, err := original(ctx, tx, r)
	if errors.Is(err, ErrNotFound) {
		rep, err = &analysis.Report{}, nil
	}
	if err != nil {
		return err
	}
	err = db.settle(ctx, tx, r, rep, "")
	if errors.Is(err, sql.ErrNoRows) { // the sample is gone
		return nil
	}
	return err
}

// Value is one value of a sample as found and as typed.
type Value struct {
	Field      Field
	Found      string // as file, name or ear say; "" when they say nothing
	Source     analysis.Source
	Confidence float64 // of Found, 0 to 1
	Typed      *string // what a person said, nil for nothing; "" for "has none"
	TypedAt    time.Time
}

// Values lists what was found and what was typed for each of Fields: the inspector's two
// columns. Error: ErrNotFound.
func (db *DB) Values(ctx context.Context, row Row) ([]Value, error) {
	s, err := db.Sample(ctx, row)
	if err != nil {
		return nil, err
	}
	rep, err := db.Original(ctx, row)
	if errors.Is(err, ErrNotFound) {
		rep, err = &analysis.Report{}, nil
	}
	if err != nil {
		return nil, err
	}
	heard, err := heardOf(ctx, db.r, row)
	if err != nil {
		return nil, plain(err)
	}
	rep, classFrom := heard.over(rep), analysis.FromSound
	if heard.Class != "" && rep.Class == &heard.Class {
		classFrom = analysis.FromCloud
	}
	found := map[Field]Value{
		FieldName:  {Found: displayName(s.Path), Source: analysis.FromName, Confidence: 1},
		FieldKind:  {Found: string(value(rep.Kind)), Source: analysis.FromSound},
		FieldClass: {Found: value(rep.Class), Source: classFrom, Confidence: value(rep.ClassConfidence)},
		FieldKey:   {Found: value(rep.Key), Source: value(rep.KeySource), Confidence: value(rep.KeyConfidence)},
		FieldBPM:   {Source: value(rep.BPMSource), Confidence: value(rep.BPMConfidence)},
	}
	if rep.BPM != nil {
		v := found[FieldBPM]
		v.Found = strconv.FormatFloat(*rep.BPM, 'f', -1, 64)
		found[FieldBPM] = v
	}
	err = query(ctx, db.r, `SELECT field, value, at FROM edits WHERE row = ?`, []any{row}, func(scan func(...any) error) error {
		var f Field
		var text string
		var at sql.NullInt64
		if err := scan(&f, &text, &at); err != nil {
			return err
		}
		v := found[f]
		v.Typed, v.TypedAt = &text, fromMillis(at)
		found[f] = v
		return nil
	})
	out := make([]Value, 0, len(Fields))
	for _, f := range Fields {
		v := found[f]
		v.Field = f
		out = append(out, v)
	}
	return out, plain(err)
}

// SetRating gives samples 0 to 5 stars. Error: ErrOutOfRange.
func (db *DB) SetRating(ctx context.Context, rows []Row, stars int) error {
	if stars < 0 || stars > 5 {
		return fmt.Errorf("rating %d: %w: 0 to 5", stars, ErrOutOfRange)
	}
	return db.update(ctx, rows, false, `UPDATE samples SET rating = ? WHERE row IN (SELECT value FROM json_each(?))`, stars)
}

// SetFavourite marks samples as favourites, or not.
func (db *DB) SetFavourite(ctx context.Context, rows []Row, on bool) error {
	return db.update(ctx, rows, false, `UPDATE samples SET favourite = ? WHERE row IN (SELECT value FROM json_each(?))`, on)
}

// SetNote writes a person's note to samples.
func (db *DB) SetNote(ctx context.Context, rows []Row, note string) error {
	return db.update(ctx, rows, true, `UPDATE samples SET note = ? WHERE row IN (SELECT value FROM json_each(?))`, strings.ToValidUTF8(note, "�"))
}

func (db *DB) update(ctx context.Context, rows []Row, text bool, statement string, v any) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated = rows
		if _, err := tx.ExecContext(ctx, statement, v, set(rows)); err != nil {
			return err
		}
		if text {
			return reindex(ctx, tx, rows)
		}
		return nil
	})
}
