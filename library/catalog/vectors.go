package catalog

import (
	"context"
	"database/sql"
	"encoding/binary"
	"math"
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

	mu   sync.Mutex
	twin *Set
}

// Twins keeps what find makes of v, so that it is asked only once: the samples that sound the
// same as another one, which takes seconds to find in a large library.
func (v *Vectors) Twins(find func() (*Set, error)) (*Set, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.twin == nil {
		s, err := find()
		if err != nil {
			return nil, err
		}
		v.twin = s
	}
	return v.twin, nil
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
	v := new(Vectors)
	bytes, n := 0, 0
	err := query(ctx, db.r, `SELECT length(vector), count(*) FROM embeddings GROUP BY 1 ORDER BY 2 DESC LIMIT 1`, nil, func(scan func(...any) error) error { return scan(&bytes, &n) })
	if err != nil {
		return nil, plain(err)
	}
	v.Dim = bytes / 4
	v.Rows, v.Data = make([]Row, 0, n), make([]float32, 0, n*v.Dim)
	err = query(ctx, db.r, `SELECT e.row, coalesce(s.duration, 0), e.vector FROM embeddings e JOIN samples s ON s.row = e.row WHERE length(vector) = ? ORDER BY e.row`, []any{bytes}, func(scan func(...any) error) error {
		var r Row
		var seconds float64
		var b sql.RawBytes
		if err := scan(&r, &seconds, &b); err != nil {
			return err
		}
		v.Rows, v.Seconds = append(v.Rows, r), append(v.Seconds, float32(seconds))
		for i := range v.Dim {
			v.Data = append(v.Data, math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		}
		return nil
	})
	if err != nil {
		return nil, plain(err)
	}
	c.have, c.at = v, at
	return v, nil
}
