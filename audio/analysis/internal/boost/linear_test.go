package boost

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// lines are rows of three classes parted by straight lines, with an input that never varies.
func lines(n int) (x [][]float32, class []int, w []float64) {
	r := rand.New(rand.NewPCG(7, 8))
	for range n {
		a, b := r.Float32()*2-1, r.Float32()*2-1
		k := 0
		if a > 0.3 {
			k = 1
		} else if b > 0.3 {
			k = 2
		}
		x, class, w = append(x, []float32{100 * a, b, 5}), append(class, k), append(w, 1)
	}
	return x, class, w
}

func rightOf(m *Model, x [][]float32, class []int) (n int) {
	for i := range x {
		if s := m.Scores(x[i]); slices.Index(s, slices.Max(s)) == class[i] {
			n++
		}
	}
	return n
}

func TestLinearPartLearnsLines(t *testing.T) {
	x, class, w := lines(600)
	m, err := TrainLinear(x, 3, 0.1, Classes(class, w))
	if err != nil {
		t.Fatal(err)
	}
	if n := rightOf(m, x, class); n < 560 {
		t.Errorf("%d of 600 right", n)
	}
	again, err := TrainLinear(x, 3, 0.1, Classes(class, w))
	if err != nil || !reflect.DeepEqual(m, again) {
		t.Errorf("the same rows gave another model: %v", err)
	}
	held, err := TrainLinear(x, 3, 1000, Classes(class, w))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := math.Abs(float64(held.Linear.Weights[1][0])), math.Abs(float64(m.Linear.Weights[1][0])); a > b/4 {
		t.Errorf("a weight held back is %g, a free one %g", a, b)
	}
	if far := []float32{1e9, 0, 5}; m.Scores(far)[1] > m.Scores([]float32{400, 0, 5})[1]+1e-6 {
		t.Error("an input out of all measure counts for more than the reach")
	}
}

func TestJoinedModelReadsBackTheSame(t *testing.T) {
	x, class, w := lines(300)
	linear, err := TrainLinear(x, 3, 1, Classes(class, w))
	if err != nil {
		t.Fatal(err)
	}
	trees := Train(x, Settings{Rounds: 20, Depth: 2, Rate: 0.2, Lambda: 1, MinHess: 1, Rows: 1, Columns: 1, Outputs: 3, Seed: 1}, Classes(class, w))
	want := (linear.Scores(x[0])[1] + trees.Scores(x[0])[1]) / 2
	m := Join(linear, trees)
	if got := m.Scores(x[0])[1]; math.Abs(got-want) > 1e-5 {
		t.Errorf("joined score %g, want %g", got, want)
	}
	c := m.Clone()
	c.Scale(0.5)
	if got := c.Scores(x[0])[1]; math.Abs(got-want/2) > 1e-5 {
		t.Errorf("scaled score %g, want %g", got, want/2)
	}
	if got := m.Scores(x[0])[1]; math.Abs(got-want) > 1e-5 {
		t.Errorf("scaling a clone changed the original: %g, want %g", got, want)
	}
	readsBack(t, m, 2, x[3])
}

// The gradient that the objectives give is the slope of the loss that they give.
func TestGradientsAreSlopes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for name, c := range map[string]struct {
		loss    Objective
		outputs int
	}{
		"choice":  {Choice([][2]int{{0, 3}, {3, 6}}, []float64{0, 1, 0, 1, 0, 0}, []float64{1, 2}), 1},
		"classes": {Classes([]int{0, 2, 1, 1, 0, 2}, []float64{1, 2, 1, 1, 3, 1}), 3},
		"yes no":  {YesNo([]float64{0, 1, 1, 0, 1, 0}, []float64{1, 2, 1, 1, 3, 1}), 1},
	} {
		table := func() [][]float64 {
			v := make([][]float64, c.outputs)
			for k := range v {
				v[k] = make([]float64, 6)
			}
			return v
		}
		scores, grad, hess, unused := table(), table(), table(), table()
		for k := range scores {
			for i := range scores[k] {
				scores[k][i] = r.NormFloat64() * 3
			}
		}
		c.loss(scores, grad, hess)
		const d = 1e-5
		for k := range scores {
			for i := range scores[k] {
				at := scores[k][i]
				scores[k][i] = at + d
				up := c.loss(scores, unused, hess)
				scores[k][i] = at - d
				down := c.loss(scores, unused, hess)
				scores[k][i] = at
				if slope := (up - down) / (2 * d); math.Abs(slope-grad[k][i]) > 1e-4 {
					t.Errorf("%s, output %d, row %d: gradient %g, slope %g", name, k, i, grad[k][i], slope)
				}
			}
		}
	}
}
