package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"sampleagent/library/catalog"
)

// Bounds within which two sounds are one. Measured with ear/7 on 225 labelled and demo sounds with
// copies of each (MP3, Vorbis, 48 kHz at half the level, 48 kHz with silence up to 100 ms) and on 668
// sounds of fourteen drum kits: of 2,246 pairs of one sound 2,180 are found; of some 350,000 pairs of
// sounds of different kits three are taken for one, neighbouring toms. A key that both have and that
// differs keeps sounds apart.
const (
	sameCosine = 0.98  // of the embeddings
	sameLength = 0.005 // difference of the lengths, as a part...
	sameMillis = 0.012 // ...or in seconds: what encoders add
	sameCourse = 0.8   // correlation of the small waveforms
)

// twins lists groups of samples that sound the same, whatever their bytes, formats and levels:
// each group and the groups in the order of import. Samples that have not been analysed are in
// none.
func twins(ctx context.Context, db *catalog.DB) ([][]catalog.Row, error) {
	v, err := db.Vectors(ctx)
	if err != nil {
		return nil, fmt.Errorf("find what sounds the same: %w", err)
	}
	groups, err := v.Twins(func() ([][]catalog.Row, error) { return groupTwins(ctx, db, v) })
	if err != nil {
		return nil, fmt.Errorf("find what sounds the same: %w", err)
	}
	return groups, nil
}

func groupTwins(ctx context.Context, db *catalog.DB, v *catalog.Vectors) ([][]catalog.Row, error) {
	pairs, err := nearPairs(ctx, v)
	if err != nil {
		return nil, err
	}
	if pairs, err = sameShape(ctx, db, pairs); err != nil {
		return nil, err
	}
	// Join pairs into groups: each sample points towards the first of its group.
	first := map[catalog.Row]catalog.Row{}
	var head func(r catalog.Row) catalog.Row
	head = func(r catalog.Row) catalog.Row {
		up, ok := first[r]
		if !ok || up == r {
			return r
		}
		top := head(up)
		first[r] = top
		return top
	}
	for _, p := range pairs {
		a, b := head(p[0]), head(p[1])
		first[max(a, b)], first[min(a, b)] = min(a, b), min(a, b)
	}
	groups := map[catalog.Row][]catalog.Row{}
	for r := range first {
		groups[head(r)] = append(groups[head(r)], r)
	}
	out := make([][]catalog.Row, 0, len(groups))
	for _, g := range groups {
		slices.Sort(g)
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b []catalog.Row) int { return cmp.Compare(a[0], b[0]) })
	return out, nil
}

// nearPairs finds pairs of about one length whose embeddings agree.
func nearPairs(ctx context.Context, v *catalog.Vectors) ([][2]catalog.Row, error) {
	order := make([]int, len(v.Rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(v.Seconds[a], v.Seconds[b]) })
	var out [][2]catalog.Row
	for i, a := range order {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		longest := v.Seconds[a] + max(sameMillis, v.Seconds[a]*sameLength)
		at := v.At(a)
		for _, b := range order[i+1:] {
			if v.Seconds[b] > longest {
				break
			}
			if dot(at, v.At(b)) >= sameCosine {
				out = append(out, [2]catalog.Row{v.Rows[a], v.Rows[b]})
			}
		}
	}
	return out, nil
}

// sameShape keeps the pairs whose small waveforms run alike.
func sameShape(ctx context.Context, db *catalog.DB, pairs [][2]catalog.Row) ([][2]catalog.Row, error) {
	need := make([]catalog.Row, 0, 2*len(pairs))
	for _, p := range pairs {
		need = append(need, p[0], p[1])
	}
	samples, err := db.Samples(ctx, catalog.SetOf(need).List())
	if err != nil {
		return nil, err
	}
	shapes := make(map[catalog.Row]shape, len(samples))
	for _, s := range samples {
		shapes[s.Row] = shape{s.SHA256, course(s.Overview), s.Key}
	}
	return slices.DeleteFunc(pairs, func(p [2]catalog.Row) bool { return !shapes[p[0]].same(shapes[p[1]]) }), nil
}

// shape is what tells sounds of one colour apart: how they run, and their key.
type shape struct {
	sum    string
	course []float64
	key    string
}

func (a shape) same(b shape) bool {
	switch {
	case a.sum == b.sum:
		return true
	case len(a.course) == 0 || len(a.course) != len(b.course):
		return false
	case a.key != "" && b.key != "" && a.key != b.key:
		return false
	}
	return correlation(a.course, b.course) >= sameCourse
}

// course is how far a small waveform swings in each of its columns.
func course(overview []byte) []float64 {
	out := make([]float64, len(overview)/2)
	for i := range out {
		out[i] = float64(int8(overview[2*i+1])) - float64(int8(overview[2*i]))
	}
	return out
}

// correlation is Pearson's; 1 for two that do not vary at all.
func correlation(a, b []float64) float64 {
	var ma, mb float64
	for i := range a {
		ma += a[i]
		mb += b[i]
	}
	ma /= float64(len(a))
	mb /= float64(len(b))
	var ab, aa, bb float64
	for i := range a {
		x, y := a[i]-ma, b[i]-mb
		ab += x * y
		aa += x * x
		bb += y * y
	}
	if aa == 0 && bb == 0 {
		return 1
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// duplicates lists groups of samples of the same bytes.
func duplicates(ctx context.Context, db *catalog.DB) ([][]catalog.Row, error) {
	const from = ` FROM doubles d CROSS JOIN samples s ON s.content = d.content`
	var rows, heads []catalog.Row
	var both errgroup.Group
	both.Go(func() (err error) {
		rows, err = db.Rows(ctx, `SELECT s.row AS row`+from+` ORDER BY d.content, s.row`)
		return err
	})
	both.Go(func() (err error) {
		heads, err = db.Rows(ctx, `SELECT min(s.row) AS row`+from+` GROUP BY d.content`)
		return err
	})
	if err := both.Wait(); err != nil {
		return nil, err
	}
	begins := catalog.SetOf(heads)
	out := make([][]catalog.Row, 0, len(heads))
	start := 0
	for i := range rows {
		if i > 0 && begins.Has(rows[i]) {
			out = append(out, rows[start:i])
			start = i
		}
	}
	if len(rows) > 0 {
		out = append(out, rows[start:])
	}
	return out, nil
}

// copies is how a query that finds sounds which are there more than once groups them; nil for any
// other query.
func (q Query) copies() func(context.Context, *catalog.DB) ([][]catalog.Row, error) {
	conditions, ok := q.root.(allOf)
	if !ok {
		conditions = allOf{q.root}
	}
	for _, c := range conditions {
		switch c {
		case property{"is", "twin"}:
			return twins
		case property{"is", "duplicate"}:
			return duplicates
		}
	}
	return nil
}

// gather brings the members of each group together, where the first of them stands.
func gather(rows []catalog.Row, groups [][]catalog.Row) []catalog.Row {
	last := catalog.Row(0)
	for _, r := range rows {
		last = max(last, r)
	}
	group := make([]int, last+1) // of each row, from 1 on: rows are dense
	for i, g := range groups {
		for _, r := range g {
			if r <= last {
				group[r] = i + 1
			}
		}
	}
	members := make([]int, len(groups)+1)
	for _, r := range rows {
		members[group[r]]++
	}
	// The first member of a group reserves the room for all of it.
	out := make([]catalog.Row, len(rows))
	next := make([]int, len(groups)+1) // where a group goes on, from 1 on
	free := 0
	for _, r := range rows {
		g := group[r]
		if g == 0 { // it has come since the groups were made
			out[free] = r
			free++
			continue
		}
		if next[g] == 0 {
			next[g] = free + 1
			free += members[g]
		}
		out[next[g]-1] = r
		next[g]++
	}
	return out
}
