package boost

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// TrainLinear fits a linear part alone to rows x by minimising the loss and half of shrink times
// the sum of the squared weights. The same input gives the same model.
func TrainLinear(x [][]float32, outputs int, shrink float64, loss Objective) (*Model, error) {
	n, d := len(x), len(x[0])
	l := usual(x)
	z := make([]float32, n*d) // the inputs as distances
	for i, row := range x {
		for j, v := range row {
			if l.Spread[j] > 0 {
				z[i*d+j] = max(-reach, min(reach, (v-l.Mean[j])/l.Spread[j]))
			}
		}
	}
	table := func() [][]float64 {
		t := make([][]float64, outputs)
		for k := range t {
			t[k] = make([]float64, n)
		}
		return t
	}
	scores, grad, hess := table(), table(), table()
	// The parameters: for each output d weights and an offset.
	var at []float64 // where scores and grad were taken last
	sum := 0.0
	value := func(w []float64) float64 {
		if slices.Equal(w, at) {
			return sum
		}
		at = append(at[:0], w...)
		for k := range outputs {
			own := w[k*(d+1) : (k+1)*(d+1)]
			for i := range n {
				s := own[d]
				for j, v := range z[i*d : (i+1)*d] {
					s += own[j] * float64(v)
				}
				scores[k][i] = s
			}
		}
		sum = loss(scores, grad, hess)
		for q, v := range w {
			if q%(d+1) < d {
				sum += shrink / 2 * v * v
			}
		}
		return sum
	}
	slope := func(g, w []float64) {
		value(w)
		for k := range outputs {
			own := g[k*(d+1) : (k+1)*(d+1)]
			for j := range d {
				own[j] = shrink * w[k*(d+1)+j]
			}
			own[d] = 0
			for i, e := range grad[k] {
				if math.Abs(e) < 1e-7 {
					continue
				}
				for j, v := range z[i*d : (i+1)*d] {
					own[j] += e * float64(v)
				}
				own[d] += e
			}
		}
	}
	r, err := optimize.Minimize(optimize.Problem{Func: value, Grad: slope}, make([]float64, outputs*(d+1)),
		&optimize.Settings{MajorIterations: 40, GradientThreshold: 1e-3}, &optimize.LBFGS{})
	if r == nil {
		return nil, fmt.Errorf("boost: fit the linear part: %w", err)
	}
	// An end by the number of steps or by a line search that finds nothing better is an end.
	for k := range outputs {
		own := r.X[k*(d+1) : (k+1)*(d+1)]
		w := make([]float32, d)
		for j := range w {
			w[j] = float32(own[j])
		}
		l.Weights = append(l.Weights, w)
		l.Offset = append(l.Offset, own[d])
	}
	return &Model{Inputs: d, Outputs: outputs, Linear: l, Base: make([]float64, outputs)}, nil
}

// usual takes each input's mean and standard deviation.
func usual(x [][]float32) *Linear {
	n, d := float64(len(x)), len(x[0])
	l := &Linear{Mean: make([]float32, d), Spread: make([]float32, d)}
	for j := range d {
		var s, ss float64
		for i := range x {
			s += float64(x[i][j])
		}
		mean := s / n
		for i := range x {
			e := float64(x[i][j]) - mean
			ss += e * e
		}
		l.Mean[j] = float32(mean)
		if sd := math.Sqrt(ss / n); sd > 1e-6 {
			l.Spread[j] = float32(sd)
		}
	}
	return l
}

// Join makes one model of a linear one and trees: half of each one's scores.
func Join(linear, trees *Model) *Model {
	m := &Model{Inputs: trees.Inputs, Outputs: trees.Outputs, Linear: linear.Linear, Base: trees.Base, Trees: trees.Trees}
	m.Scale(0.5)
	return m
}
