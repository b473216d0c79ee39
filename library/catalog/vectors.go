package catalog

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Vectors is the embeddings of the whole library in one block of memory, for nearest-neighbour
// search. It never changes after it was made.
type Vectors struct {
	Dim  int       // numbers in a vector
	Rows []Row     // ascending
	Data []float32 // len(Rows) × Dim, row by row, each of unit length

	Seconds []float32 // lengths of the sounds of Rows

	mu    sync.Mutex
	asked bool
	twins [][]Row
}

// Twins keeps what find makes of v, so that it is asked only once: groups of samples that sound the
// same, which takes seconds to find in a large library.
func (v *Vectors) Twins(find func() ([][]Row, error)) ([][]Row, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.asked {
		groups, err := find()
		if err != nil {
			return nil, err
		}
		v.twins, v.asked = groups, true
	}
	return v.twins, nil
}

// At is the vector of Rows[i].
func (v *Vectors) At(i int) []float32 { return v.Data[i*v.Dim : (i+1)*v.Dim] }

type vectorCache struct {
	version atomic.Uint64 // rises when embeddings change
	mu      sync.Mutex
	at      uint64
	have    *Vectors
}

// Vectors loads the embeddings, or returns those loaded before when nothing has changed since.
// Vectors of another length than most (from another engine) are left out.
func (db *DB) Vectors(ctx context.Context) (*Vectors, error) {
	c := &db.vectors
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.version.Load()
	if c.have != nil && c.at == at {
		return c.have, nil
	}
	v, err := db.loadVectors(ctx)
	if err != nil {
		return nil, plain(err)
	}
	c.have, c.at = v, at
	return v, nil
}

// loadVectors reads the embeddings in runs, each of which comes out of SQLite as one value: see Rows.
func (db *DB) loadVectors(ctx context.Context) (*Vectors, error) {
	v := new(Vectors)
	bytes, n, last := 0, 0, 0
	err := query(ctx, db.r, `SELECT length(vector), count(*), (SELECT max(row) FROM embeddings) FROM embeddings GROUP BY 1 ORDER BY 2 DESC LIMIT 1`, nil, func(scan func(...any) error) error { return scan(&bytes, &n, &last) })
	if err != nil {
		return nil, err
	}
	v.Dim = bytes / 4
	v.Rows, v.Seconds, v.Data = make([]Row, 0, n), make([]float32, 0, n), make([]float32, 0, n*v.Dim)
	const run = 4096
	for from := 0; from <= last; from += run {
		err := query(ctx, db.r, `SELECT group_concat(row), group_concat(seconds), group_concat(vector, '') FROM (
				SELECT e.row, coalesce(s.duration, 0) AS seconds, e.vector FROM embeddings e JOIN samples s ON s.row = e.row
				WHERE e.row >= ? AND e.row < ? AND length(e.vector) = ? ORDER BY e.row)`, []any{from, from + run, bytes}, func(scan func(...any) error) error {
			var rows, seconds, vectors sql.RawBytes
			if err := scan(&rows, &seconds, &vectors); err != nil {
				return err
			}
			return v.add(rows, seconds, vectors)
		})
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

// add takes one run: numbers with commas between them, and the vectors one after the other.
func (v *Vectors) add(rows, seconds, vectors []byte) error {
	some, err := unpack(rows)
	if err != nil {
		return err
	}
	if len(vectors) != 4*v.Dim*len(some) {
		return fmt.Errorf("catalog: %d bytes are not %d embeddings of %d numbers", len(vectors), len(some), v.Dim)
	}
	v.Rows = append(v.Rows, some...)
	for len(vectors) > 0 {
		v.Data = append(v.Data, math.Float32frombits(binary.LittleEndian.Uint32(vectors)))
		vectors = vectors[4:]
	}
	if len(some) == 0 {
		return nil
	}
	for text := range strings.SplitSeq(string(seconds), ",") {
		f, err := strconv.ParseFloat(text, 32)
		if err != nil {
			return err
		}
		v.Seconds = append(v.Seconds, float32(f))
	}
	return nil
}
