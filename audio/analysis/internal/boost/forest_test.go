package boost

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// squares are rows of three classes, two of them in two corners each, with an input that says nothing.
func squares(n int, seed uint64) (x [][]float32, class []int, w []float64) {
	r := rand.New(rand.NewPCG(seed, 2))
	for range n {
		a, b := r.Float32()*2-1, r.Float32()*2-1
		k := 0
		if a > 0 && b > 0 {
			k = 1
		} else if a*b < 0 {
			k = 2
		}
		x, class, w = append(x, []float32{a, b, r.Float32()}), append(class, k), append(w, 1)
	}
	return x, class, w
}

func grow(t *testing.T, x [][]float32, class []int, w []float64, s ForestSettings) *Model {
	t.Helper()
	f, err := TrainForest(x, class, w, 3, s)
	if err != nil {
		t.Fatal(err)
	}
	return &Model{Inputs: len(x[0]), Outputs: 3, Base: make([]float64, 3), Forest: f}
}

func TestForestKnowsRowsThatItHasNotSeen(t *testing.T) {
	x, class, w := squares(600, 1)
	s := ForestSettings{Trees: 40, Inputs: 2, Leaf: 2, Weight: 1, Seed: 1}
	m := grow(t, x, class, w, s)
	unseen, are, _ := squares(600, 9)
	if n := rightOf(m, unseen, are); n < 570 {
		t.Errorf("%d of 600 right", n)
	}
	if again := grow(t, x, class, w, s); !reflect.DeepEqual(m, again) {
		t.Error("the same rows gave another forest")
	}
	readsBack(t, m, 2, x[3])
	want := m.Scores(x[0])[1]
	c := m.Clone()
	c.Scale(0.5)
	if got := c.Scores(x[0])[1]; math.Abs(got-want/2) > 1e-9 || m.Scores(x[0])[1] != want {
		t.Errorf("scaled score %g, want %g; the original's %g, want %g", got, want/2, m.Scores(x[0])[1], want)
	}
}

// Where no leaf may be small no tree has many, and all together say what the weights say.
func TestLeavesWeighTheirRows(t *testing.T) {
	x, class, w := squares(400, 3)
	var sum [3]float64
	for i, k := range class {
		w[i] = float64(1 + k)
		sum[k] += w[i]
	}
	m := grow(t, x, class, w, ForestSettings{Trees: 60, Inputs: 3, Leaf: 100, Weight: 1, Seed: 2})
	var shares [3]float64
	for _, row := range x {
		for k, s := range m.Scores(row) {
			shares[k] += math.Exp(s) / float64(len(x))
		}
	}
	all := sum[0] + sum[1] + sum[2]
	for k := range shares {
		if math.Abs(shares[k]-sum[k]/all) > 0.05 {
			t.Errorf("class %d has %.3f of the leaves and %.3f of the weight", k, shares[k], sum[k]/all)
		}
	}
	for _, b := range m.Forest.Trees {
		if len(b.Input) > 3 || len(b.Shares) != 3*(len(b.Input)+1) {
			t.Fatalf("%d cuts of 400 rows leave 100 on every side, %d shares", len(b.Input), len(b.Shares))
		}
	}
	alike := grow(t, x, make([]int, len(x)), w, ForestSettings{Trees: 1, Inputs: 3, Leaf: 1, Weight: 1})
	if s := alike.Scores(x[0]); s[0] < -1e-9 || s[1] > -5 {
		t.Errorf("where all rows are of one class the others have %v", s)
	}
}
