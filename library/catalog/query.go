package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// queryer is a connection pool or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

// query calls f for each row of the answer, and closes it in every case.
func query(ctx context.Context, on queryer, q string, args []any, f func(scan func(...any) error) error) error {
	rows, err := on.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// list collects the answer's rows as made by f.
func list[T any](ctx context.Context, on queryer, q string, args []any, f func(scan func(...any) error) (T, error)) ([]T, error) {
	var out []T
	err := query(ctx, on, q, args, func(scan func(...any) error) error {
		v, err := f(scan)
		if err == nil {
			out = append(out, v)
		}
		return err
	})
	return out, err
}

// set is rows as one parameter, for `IN (SELECT value FROM json_each(?))`: one statement for
// any number of rows.
func set(rows []Row) string {
	b := make([]byte, 0, 8*len(rows)+2)
	b = append(b, '[')
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(r), 10)
	}
	return string(append(b, ']'))
}

// words is set for texts.
func words(texts []string) (string, error) {
	b, err := json.Marshal(texts)
	return string(b), err
}

// Rows runs a read-only statement whose one column is rows of samples, and returns them in its
// order. It is the door for package search; the statement's tables are those of migrations.
//
// The rows come out of SQLite as one text, because stepping through a hundred thousand rows
// across the C border costs ten times what finding them does.
func (db *DB) Rows(ctx context.Context, statement string, args ...any) ([]Row, error) {
	var packed sql.RawBytes
	rows, err := db.r.QueryContext(ctx, `SELECT group_concat(row, ',') FROM (`+statement+`)`, args...)
	if err != nil {
		return nil, plain(err)
	}
	defer rows.Close()
	var out []Row
	if rows.Next() {
		if err := rows.Scan(&packed); err != nil {
			return nil, plain(err)
		}
		if out, err = unpack(packed); err != nil {
			return nil, err
		}
	}
	return out, plain(rows.Err())
}

func unpack(b []byte) ([]Row, error) {
	if len(b) == 0 {
		return nil, nil
	}
	out := make([]Row, 0, len(b)/5+1)
	n := Row(0)
	for _, c := range b {
		switch {
		case c == ',':
			out = append(out, n)
			n = 0
		case '0' <= c && c <= '9':
			n = n*10 + Row(c-'0')
		default:
			return nil, fmt.Errorf("catalog: %q is no row", b)
		}
	}
	return append(out, n), nil
}

func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func fromMillis(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMilli(n.Int64)
}

// known turns 0 into NULL: a tempo or length of 0 is one that is not known.
func known[T int | int64 | float64](v T) any {
	if v == 0 {
		return nil
	}
	return v
}
