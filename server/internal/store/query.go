package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Q runs the named queries, on the database or inside a transaction.
type Q struct {
	x        executor
	postgres bool
}

type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

var numbered sync.Map // text with ? -> text with $1, $2...

// bind turns ? into $1, $2... for PostgreSQL. No query of ours has a ? in a literal.
func (q Q) bind(text string) string {
	if !q.postgres {
		return text
	}
	if done, ok := numbered.Load(text); ok {
		return done.(string)
	}
	var b strings.Builder
	n := 0
	for _, c := range text {
		if c == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(c)
	}
	numbered.Store(text, b.String())
	return b.String()
}

// exec returns how many rows changed.
func (q Q) exec(ctx context.Context, text string, args ...any) (int64, error) {
	r, err := q.x.ExecContext(ctx, q.bind(text), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// must is exec for a change that has to hit a row: none is ErrNotFound.
func (q Q) must(ctx context.Context, text string, args ...any) error {
	n, err := q.exec(ctx, text, args...)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// one reads one value.
func (q Q) one(ctx context.Context, to any, text string, args ...any) error {
	err := q.x.QueryRowContext(ctx, q.bind(text), args...).Scan(to)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// each calls f for each row; f scans it.
func (q Q) each(ctx context.Context, f func(scan func(...any) error) error, text string, args ...any) error {
	rows, err := q.x.QueryContext(ctx, q.bind(text), args...)
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

// which says which of some ids the query gives; each @ids in it stands for all of them.
func (q Q) which(ctx context.Context, ids []string, text string) (map[string]bool, error) {
	known := map[string]bool{}
	if len(ids) == 0 {
		return known, nil
	}
	var args []any
	for range strings.Count(text, "@ids") {
		for _, id := range ids {
			args = append(args, id)
		}
	}
	err := q.each(ctx, func(scan func(...any) error) error {
		var id string
		if err := scan(&id); err != nil {
			return err
		}
		known[id] = true
		return nil
	}, strings.ReplaceAll(text, "@ids", marks(len(ids))), args...)
	return known, err
}

// marks are n parameters of a query.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// table joins a struct with `db` tags to a table's columns.
type table[T any] struct {
	name    string
	columns []string
	fields  []int
}

func tableOf[T any](name string) table[T] {
	t := table[T]{name: name}
	typ := reflect.TypeFor[T]()
	for i := range typ.NumField() {
		if c := typ.Field(i).Tag.Get("db"); c != "" {
			t.columns = append(t.columns, c)
			t.fields = append(t.fields, i)
		}
	}
	return t
}

// insert writes all columns of row; tail may hold an ON CONFLICT clause.
func (t table[T]) insert(ctx context.Context, q Q, row *T, tail string) (int64, error) {
	v := reflect.ValueOf(row).Elem()
	args := make([]any, len(t.fields))
	for i, f := range t.fields {
		args[i] = v.Field(f).Interface()
	}
	text := "INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") VALUES (" + marks(len(args)) + ") " + tail
	n, err := q.exec(ctx, text, args...)
	if err != nil {
		return 0, fmt.Errorf("insert into %s: %w", t.name, err)
	}
	return n, nil
}

func (t table[T]) pointers(row *T) []any {
	v := reflect.ValueOf(row).Elem()
	to := make([]any, len(t.fields))
	for i, f := range t.fields {
		to[i] = v.Field(f).Addr().Interface()
	}
	return to
}

// selectList is the columns for a SELECT, each after prefix ("s." or "").
func (t table[T]) selectList(prefix string) string {
	return prefix + strings.Join(t.columns, ", "+prefix)
}

// get reads one row; where begins with WHERE.
func (t table[T]) get(ctx context.Context, q Q, where string, args ...any) (*T, error) {
	row := new(T)
	err := q.x.QueryRowContext(ctx, q.bind("SELECT "+t.selectList("")+" FROM "+t.name+" "+where), args...).Scan(t.pointers(row)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	return row, nil
}

// list reads all rows; where begins with WHERE or ORDER BY.
func (t table[T]) list(ctx context.Context, q Q, where string, args ...any) ([]T, error) {
	var all []T
	err := q.each(ctx, func(scan func(...any) error) error {
		all = append(all, *new(T))
		return scan(t.pointers(&all[len(all)-1])...)
	}, "SELECT "+t.selectList("")+" FROM "+t.name+" "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", t.name, err)
	}
	return all, nil
}

// Millis is a time as unix milliseconds; 0 is never.
type Millis int64

// At turns a time into Millis; the zero time is never.
func At(t time.Time) Millis {
	if t.IsZero() {
		return 0
	}
	return Millis(t.UnixMilli())
}

// Time is the time in UTC; never is the zero time.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// Pointer is Time, or nil for never.
func (m Millis) Pointer() *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}

// JSON is a value kept as JSON text.
type JSON[T any] struct{ V T }

// Value implements driver.Valuer.
func (j JSON[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(j.V)
	return string(b), err
}

// Scan implements sql.Scanner.
func (j *JSON[T]) Scan(from any) error {
	switch v := from.(type) {
	case string:
		return json.Unmarshal([]byte(v), &j.V)
	case []byte:
		return json.Unmarshal(v, &j.V)
	}
	return fmt.Errorf("JSON column holds %T", from)
}

// List is a JSON list that is never null.
type List[T any] []T

// Value implements driver.Valuer.
func (l List[T]) Value() (driver.Value, error) {
	if l == nil {
		return "[]", nil
	}
	b, err := json.Marshal([]T(l))
	return string(b), err
}

// Scan implements sql.Scanner.
func (l *List[T]) Scan(from any) error {
	switch v := from.(type) {
	case string:
		return json.Unmarshal([]byte(v), (*[]T)(l))
	case []byte:
		return json.Unmarshal(v, (*[]T)(l))
	}
	return fmt.Errorf("JSON column holds %T", from)
}

// NewID is a fresh text id: a UUIDv7, so ids sort by time.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }
