package boost

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Forest is a number of extremely randomised trees (Geurts, Ernst & Wehenkel, Extremely randomized trees,
// Machine Learning 63, 2006). Each was grown by itself, on cuts drawn by chance, so that their mean errs
// elsewhere than what was boosted.
type Forest struct {
	Weight float64 `json:"weight"` // of the logarithm of the shares among a model's scores
	Trees  []Bush  `json:"trees"`
}

// Bush is one tree of a forest. Node 0 is the root; an input that is at most Cut goes Left, others Right, to
// another node or, counted down from -1, to a leaf. A tree without nodes is its one leaf.
type Bush struct {
	Input  []byte          `json:"i"`
	Cut    packed[float32] `json:"c"`
	Left   packed[int16]   `json:"l"`
	Right  packed[int16]   `json:"r"`
	Shares []byte          `json:"s"` // by leaf and class, of 255
}

// packed numbers are the bytes of a file of weights, low ones first, as JSON has bytes: a forest has many.
type packed[T int16 | float32] []T

func (p packed[T]) MarshalJSON() ([]byte, error) {
	b, err := binary.Append(nil, binary.LittleEndian, []T(p))
	if err != nil {
		return nil, err
	}
	return json.Marshal(b)
}

func (p *packed[T]) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	var one T
	*p = make(packed[T], len(b)/binary.Size(one))
	_, err := binary.Decode(b, binary.LittleEndian, []T(*p))
	return err
}

// leastShare is what a class has that no leaf knows of.
const leastShare = 0.001

// addTo adds what the forest says to a model's scores.
func (f *Forest) addTo(scores []float64, x []float32) {
	sum := make([]int, len(scores))
	for i := range f.Trees {
		for k, s := range f.Trees[i].leaf(x, len(scores)) {
			sum[k] += int(s)
		}
	}
	for k, s := range sum {
		scores[k] += f.Weight * math.Log(float64(s)/float64(255*len(f.Trees))+leastShare)
	}
}

func (b *Bush) leaf(x []float32, classes int) []byte {
	n := int16(0)
	if len(b.Input) == 0 {
		n = -1
	}
	for n >= 0 {
		if x[b.Input[n]] <= b.Cut[n] {
			n = b.Left[n]
		} else {
			n = b.Right[n]
		}
	}
	at := int(-1-n) * classes
	return b.Shares[at : at+classes]
}

// check makes sure that walking the forest stays inside.
func (f *Forest) check(inputs, classes int) error {
	for i := range f.Trees {
		b := &f.Trees[i]
		n, leaves := len(b.Input), len(b.Shares)/classes
		if leaves == 0 || len(b.Cut) != n || len(b.Left) != n || len(b.Right) != n {
			return fmt.Errorf("boost: tree %d of the forest is not whole", i)
		}
		for k := range n {
			for _, to := range [...]int{int(b.Left[k]), int(b.Right[k])} {
				if int(b.Input[k]) >= inputs || to >= n || to >= 0 && to <= k || to < -leaves {
					return fmt.Errorf("boost: tree %d of the forest: node %d leads outside", i, k)
				}
			}
		}
	}
	return nil
}

// ForestSettings of a training.
type ForestSettings struct {
	Trees  int
	Inputs int // that are tried for each cut
	Leaf   int // least rows of a leaf
	Weight float64
	Seed   uint64
}

// TrainForest grows a forest on rows x of these classes and weights. The same input gives the same forest.
func TrainForest(x [][]float32, class []int, weight []float64, classes int, s ForestSettings) (*Forest, error) {
	if len(x[0]) > math.MaxUint8 {
		return nil, fmt.Errorf("boost: a forest of %d inputs", len(x[0]))
	}
	g := planter{class: class, weight: weight, classes: classes, s: s, r: rand.New(rand.NewPCG(s.Seed, 78))}
	for f := range x[0] {
		column := make([]float32, len(x))
		for i := range x {
			column[i] = x[i][f]
		}
		g.columns, g.order = append(g.columns, column), append(g.order, f)
	}
	f := &Forest{Weight: s.Weight}
	for range s.Trees {
		rows := make([]int32, len(x))
		for i := range rows {
			rows[i] = int32(i)
		}
		g.bush = Bush{}
		g.grow(rows)
		if len(g.bush.Input) > math.MaxInt16 {
			return nil, fmt.Errorf("boost: a tree of %d nodes", len(g.bush.Input))
		}
		f.Trees = append(f.Trees, g.bush)
	}
	return f, nil
}

// planter grows the trees of a forest.
type planter struct {
	columns [][]float32 // the rows' values by input
	class   []int
	weight  []float64
	classes int
	s       ForestSettings
	r       *rand.Rand
	order   []int // inputs, shuffled for every cut
	bush    Bush
}

// grow adds a node or a leaf for rows and says where it is.
func (g *planter) grow(rows []int32) int16 {
	input, cut := g.cut(rows)
	if input < 0 {
		return g.leaf(rows)
	}
	b, at := &g.bush, len(g.bush.Input)
	b.Input, b.Cut = append(b.Input, byte(input)), append(b.Cut, cut)
	b.Left, b.Right = append(b.Left, 0), append(b.Right, 0)
	column, n := g.columns[input], 0
	for i, row := range rows { // those that go left come first
		if column[row] <= cut {
			rows[i], rows[n] = rows[n], row
			n++
		}
	}
	b.Left[at] = g.grow(rows[:n])
	b.Right[at] = g.grow(rows[n:])
	return int16(at)
}

func (g *planter) leaf(rows []int32) int16 {
	shares, sum := make([]float64, g.classes), 0.0
	for _, i := range rows {
		shares[g.class[i]] += g.weight[i]
		sum += g.weight[i]
	}
	for _, s := range shares {
		g.bush.Shares = append(g.bush.Shares, byte(math.Round(255*s/sum)))
	}
	return int16(-len(g.bush.Shares) / g.classes)
}

// cut is the best, by Gini's impurity, of one cut drawn for each of some inputs that vary; input is -1 where
// rows are too few or of one class.
func (g *planter) cut(rows []int32) (input int, at float32) {
	input = -1
	if len(rows) < 2*g.s.Leaf || g.pure(rows) {
		return input, 0
	}
	g.r.Shuffle(len(g.order), func(i, j int) { g.order[i], g.order[j] = g.order[j], g.order[i] })
	best, tried := 0.0, 0
	for _, f := range g.order {
		if tried == g.s.Inputs {
			break
		}
		c, varies := g.draw(g.columns[f], rows)
		if !varies {
			continue
		}
		tried++
		if gain := g.gain(g.columns[f], rows, c); gain > best {
			input, at, best = f, c, gain
		}
	}
	return input, at
}

func (g *planter) pure(rows []int32) bool {
	return !slices.ContainsFunc(rows, func(i int32) bool { return g.class[i] != g.class[rows[0]] })
}

// draw takes a place between the least and the greatest value.
func (g *planter) draw(column []float32, rows []int32) (at float32, varies bool) {
	lo, hi := column[rows[0]], column[rows[0]]
	for _, i := range rows {
		lo, hi = min(lo, column[i]), max(hi, column[i])
	}
	at = lo + g.r.Float32()*(hi-lo)
	return at, at >= lo && at < hi
}

// gain is how much purer the sides of a cut are, less a constant; 0 where one has too few rows.
func (g *planter) gain(column []float32, rows []int32, cut float32) float64 {
	var sides [2][maxClasses]float64
	var n [2]int
	for _, i := range rows {
		side := 1
		if column[i] <= cut {
			side = 0
		}
		sides[side][g.class[i]] += g.weight[i]
		n[side]++
	}
	if min(n[0], n[1]) < g.s.Leaf {
		return 0
	}
	gain := 0.0
	for _, s := range sides {
		sum, squares := 0.0, 0.0
		for _, w := range s[:g.classes] {
			sum += w
			squares += w * w
		}
		gain += squares / sum
	}
	return gain
}

const maxClasses = 16
