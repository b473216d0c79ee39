package search

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"

	"sampleagent/library/catalog"
)

// neighbour is a sample and how like another it sounds: the cosine of their embeddings, 1 for
// the same.
type neighbour struct {
	Row        catalog.Row
	Similarity float32
}

// similar finds what sounds nearest to the sample of q.like among a set.
func similar(ctx context.Context, db *catalog.DB, q Query, among *catalog.Set) ([]catalog.Row, error) {
	s, err := db.SampleByID(ctx, q.like.id)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, &Error{Offset: q.like.offset, Word: q.like.word, Reason: "there is no sample with this id"}
	}
	if err != nil {
		return nil, err
	}
	if q.root == nil {
		among = nil
	}
	near, err := nearestTo(ctx, db, s.Row, among, likeLimit)
	if err != nil {
		return nil, err
	}
	rows := make([]catalog.Row, len(near))
	for i, n := range near {
		rows[i] = n.Row
	}
	return rows, nil
}

// nearestTo lists up to limit samples by how like row they sound, the nearest first, row itself
// left out: of those in among, or of the whole library for nil. A sample that has not been
// analysed has no neighbours.
func nearestTo(ctx context.Context, db *catalog.DB, row catalog.Row, among *catalog.Set, limit int) ([]neighbour, error) {
	v, err := db.Vectors(ctx)
	if err != nil {
		return nil, err
	}
	at, ok := slices.BinarySearch(v.Rows, row)
	if !ok || len(v.Rows) < 2 {
		return nil, nil
	}
	target := v.At(at)
	parts := runtime.GOMAXPROCS(0)
	found := make([][]neighbour, parts)
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() {
			var top topList
			top.limit = limit
			for i := p * len(v.Rows) / parts; i < (p+1)*len(v.Rows)/parts; i++ {
				if r := v.Rows[i]; i != at && (among == nil || among.Has(r)) {
					top.add(neighbour{r, dot(target, v.At(i))})
				}
			}
			found[p] = top.sorted()
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all := slices.Concat(found...)
	slices.SortFunc(all, nearer)
	return all[:min(limit, len(all))], nil
}

// nearer puts the more similar first, and of equals the one imported first.
func nearer(a, b neighbour) int {
	return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Row, b.Row))
}

// topList keeps the best of what is added. It collects twice the limit before it throws the
// worse half away, which costs a constant time for each.
type topList struct {
	limit int
	list  []neighbour
	floor neighbour // the worst that can still get in
	full  bool
}

func (t *topList) add(n neighbour) {
	if t.full && nearer(n, t.floor) > 0 {
		return
	}
	t.list = append(t.list, n)
	if len(t.list) >= 2*t.limit {
		t.cut()
	}
}

func (t *topList) cut() {
	slices.SortFunc(t.list, nearer)
	if len(t.list) >= t.limit {
		t.list = t.list[:t.limit]
		t.full = t.limit > 0
		if t.full {
			t.floor = t.list[t.limit-1]
		}
	}
}

func (t *topList) sorted() []neighbour {
	t.cut()
	return t.list
}

// dot is the inner product; four sums let the processor work on four at once.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}
