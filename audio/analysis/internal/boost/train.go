package boost

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Settings of a training.
type Settings struct {
	Rounds  int
	Depth   int
	Rate    float64 // shrinkage
	Lambda  float64 // L2 on leaves
	MinHess float64 // least curvature in a leaf
	Rows    float64 // share of rows each tree sees
	Columns float64 // share of features each tree sees
	Outputs int     // 1 unless set
	Seed    uint64
}

// Objective gives, for scores [output][row], the loss, its gradient and its curvature.
type Objective func(scores, grad, hess [][]float64) (loss float64)

const bins = 64

// Train fits an ensemble to rows x. The same input gives the same model.
func Train(x [][]float32, s Settings, loss Objective) *Model {
	n := len(x)
	if s.Outputs == 0 {
		s.Outputs = 1
	}
	inputs := len(x[0])
	cuts := make([][]float32, inputs)
	binned := make([][]uint8, inputs)
	for f := range inputs {
		cuts[f] = quantiles(x, f)
		col := make([]uint8, n)
		for i := range x {
			k, _ := slices.BinarySearch(cuts[f], x[i][f])
			col[i] = uint8(k) // x <= cuts[k], or beyond all
		}
		binned[f] = col
	}
	m := &Model{Inputs: inputs, Outputs: s.Outputs, Base: make([]float64, s.Outputs)}
	alloc := func() [][]float64 {
		a := make([][]float64, s.Outputs)
		for k := range a {
			a[k] = make([]float64, n)
		}
		return a
	}
	scores, grad, hess := alloc(), alloc(), alloc()
	r := rand.New(rand.NewPCG(s.Seed, 77))
	g := &grower{x: x, cuts: cuts, binned: binned, s: s}
	rows := make([]int32, 0, n)
	for range s.Rounds {
		loss(scores, grad, hess)
		for k := range s.Outputs {
			rows = rows[:0]
			for i := range n {
				if s.Rows >= 1 || r.Float64() < s.Rows {
					rows = append(rows, int32(i))
				}
			}
			g.columns = g.columns[:0]
			for f := range inputs {
				if len(cuts[f]) > 0 && (s.Columns >= 1 || r.Float64() < s.Columns) {
					g.columns = append(g.columns, f)
				}
			}
			t := g.grow(rows, grad[k], hess[k])
			for i := range n {
				scores[k][i] += float64(t.eval(x[i]))
			}
			m.Trees = append(m.Trees, t)
		}
	}
	return m
}

func quantiles(x [][]float32, f int) []float32 {
	v := make([]float32, len(x))
	for i := range x {
		v[i] = x[i][f]
	}
	slices.Sort(v)
	var c []float32
	for b := 1; b < bins; b++ {
		q := v[len(v)*b/bins]
		if q < v[len(v)-1] && (len(c) == 0 || q > c[len(c)-1]) {
			c = append(c, q)
		}
	}
	return c
}

type grower struct {
	x       [][]float32
	cuts    [][]float32
	binned  [][]uint8
	s       Settings
	columns []int
}

func (g *grower) grow(rows []int32, grad, hess []float64) Tree {
	var t Tree
	t.Feature = append(t.Feature, -1)
	t.Left = append(t.Left, 0)
	t.Value = append(t.Value, 0)
	g.split(&t, 0, rows, grad, hess, g.s.Depth)
	return t
}

func (g *grower) split(t *Tree, node int, rows []int32, grad, hess []float64, depth int) {
	var sg, sh float64
	for _, i := range rows {
		sg += grad[i]
		sh += hess[i]
	}
	t.Value[node] = float32(-sg / (sh + g.s.Lambda) * g.s.Rate)
	if depth == 0 || sh < 2*g.s.MinHess {
		return
	}
	bestGain, bestF, bestCut := 1e-9, -1, 0
	base := sg * sg / (sh + g.s.Lambda)
	for _, f := range g.columns {
		var hg, hh [bins + 1]float64
		col := g.binned[f]
		for _, i := range rows {
			b := col[i]
			hg[b] += grad[i]
			hh[b] += hess[i]
		}
		var lg, lh float64
		for c := range g.cuts[f] {
			lg += hg[c]
			lh += hh[c]
			if lh < g.s.MinHess || sh-lh < g.s.MinHess {
				continue
			}
			rg, rh := sg-lg, sh-lh
			gain := lg*lg/(lh+g.s.Lambda) + rg*rg/(rh+g.s.Lambda) - base
			if gain > bestGain {
				bestGain, bestF, bestCut = gain, f, c
			}
		}
	}
	if bestF < 0 {
		return
	}
	var left, right []int32
	for _, i := range rows {
		if int(g.binned[bestF][i]) <= bestCut {
			left = append(left, i)
		} else {
			right = append(right, i)
		}
	}
	l := len(t.Feature)
	for range 2 {
		t.Feature = append(t.Feature, -1)
		t.Left = append(t.Left, 0)
		t.Value = append(t.Value, 0)
	}
	t.Feature[node], t.Left[node], t.Value[node] = int16(bestF), int16(l), g.cuts[bestF][bestCut]
	g.split(t, l, left, grad, hess, depth-1)
	g.split(t, l+1, right, grad, hess, depth-1)
}

// Choice is the loss of choosing one row of each group: the softmax over the group's scores
// against the share each row has of being right. Groups are ranges of rows; weight is each group's.
func Choice(groups [][2]int, right []float64, weight []float64) Objective {
	return func(scores, grad, hess [][]float64) (loss float64) {
		sc, g, h := scores[0], grad[0], hess[0]
		for k, gr := range groups {
			top := math.Inf(-1)
			for i := gr[0]; i < gr[1]; i++ {
				top = max(top, sc[i])
			}
			sum, want := 0.0, 0.0
			for i := gr[0]; i < gr[1]; i++ {
				sum += math.Exp(sc[i] - top)
				want += right[i]
			}
			for i := gr[0]; i < gr[1]; i++ {
				if want == 0 {
					g[i], h[i] = 0, 0
					continue
				}
				p := math.Exp(sc[i]-top) / sum
				g[i] = weight[k] * (p - right[i]/want)
				h[i] = weight[k] * max(p*(1-p), 1e-4)
				loss -= weight[k] * right[i] / want * (sc[i] - top - math.Log(sum))
			}
		}
		return loss
	}
}

// Classes is the multinomial loss: class of each row, its weight.
func Classes(class []int, weight []float64) Objective {
	return func(scores, grad, hess [][]float64) (loss float64) {
		p := make([]float64, len(scores))
		for i, c := range class {
			top := math.Inf(-1)
			for k := range scores {
				top = max(top, scores[k][i])
			}
			sum := 0.0
			for k := range scores {
				p[k] = math.Exp(scores[k][i] - top)
				sum += p[k]
			}
			for k := range scores {
				q := p[k] / sum
				y := 0.0
				if k == c {
					y = 1
				}
				grad[k][i] = weight[i] * (q - y)
				hess[k][i] = weight[i] * max(q*(1-q), 1e-4)
			}
			loss -= weight[i] * (scores[c][i] - top - math.Log(sum))
		}
		return loss
	}
}

// YesNo is the logistic loss of one output.
func YesNo(yes []float64, weight []float64) Objective {
	return func(scores, grad, hess [][]float64) (loss float64) {
		for i, y := range yes {
			q := 1 / (1 + math.Exp(-scores[0][i]))
			grad[0][i] = weight[i] * (q - y)
			hess[0][i] = weight[i] * max(q*(1-q), 1e-4)
			// ln(1+exp(s)) - y s, without overflow
			s := scores[0][i]
			loss += weight[i] * (max(s, 0) + math.Log1p(math.Exp(-math.Abs(s))) - y*s)
		}
		return loss
	}
}
