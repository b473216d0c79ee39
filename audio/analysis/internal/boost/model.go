// Package boost holds small learned scorers, a linear part beside regression trees and sometimes a forest:
// their evaluation, which the ear uses, and their training, which only the train command uses (the trees by
// gradient boosting: Friedman, Greedy function approximation, 2001; second-order leaves as in Chen & Guestrin,
// XGBoost, KDD 2016). The linear part holds where nothing like the training was heard, the trees
// know the exceptions. It knows rows of numbers, never what they mean.
package boost

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Model is a linear part and a sum of trees for each output, and where outputs are classes there may be a
// forest.
type Model struct {
	Inputs  int       `json:"inputs"`
	Outputs int       `json:"outputs"`
	Linear  *Linear   `json:"linear,omitempty"`
	Base    []float64 `json:"base"`  // what each output starts from
	Trees   []Tree    `json:"trees"` // output k owns trees k, k+Outputs, k+2*Outputs...
	Forest  *Forest   `json:"forest,omitempty"`
}

// Linear weighs the inputs' distances from their usual values, none counted as more than reach.
type Linear struct {
	Mean    []float32   `json:"mean"`
	Spread  []float32   `json:"spread"`  // standard deviations; 0 for what never varies
	Weights [][]float32 `json:"weights"` // by output: one for each input
	Offset  []float64   `json:"offset"`  // by output
}

// reach is how many standard deviations an input counts at most.
const reach = 4

func (l *Linear) score(k int, x []float32) float64 {
	s := float32(0)
	for j, w := range l.Weights[k] {
		if d := l.Spread[j]; d > 0 {
			s += w * max(-reach, min(reach, (x[j]-l.Mean[j])/d))
		}
	}
	return float64(s) + l.Offset[k]
}

func (l *Linear) fits(inputs, outputs int) bool {
	ok := len(l.Mean) == inputs && len(l.Spread) == inputs && len(l.Weights) == outputs && len(l.Offset) == outputs
	for _, w := range l.Weights {
		ok = ok && len(w) == inputs
	}
	return ok
}

// Clone is a copy that can be scaled on its own.
func (m *Model) Clone() *Model {
	c := &Model{Inputs: m.Inputs, Outputs: m.Outputs, Base: slices.Clone(m.Base)}
	if l := m.Linear; l != nil {
		c.Linear = &Linear{Mean: l.Mean, Spread: l.Spread, Offset: slices.Clone(l.Offset)}
		for _, w := range l.Weights {
			c.Linear.Weights = append(c.Linear.Weights, slices.Clone(w))
		}
	}
	for _, t := range m.Trees {
		c.Trees = append(c.Trees, Tree{Feature: t.Feature, Left: t.Left, Value: slices.Clone(t.Value)})
	}
	if f := m.Forest; f != nil {
		c.Forest = &Forest{Weight: f.Weight, Trees: f.Trees}
	}
	return c
}

// Scale multiplies all scores by a factor: under 1 it makes the shares of a softmax humbler.
func (m *Model) Scale(by float64) {
	for k := range m.Base {
		m.Base[k] *= by
	}
	if l := m.Linear; l != nil {
		for k := range l.Weights {
			l.Offset[k] *= by
			for j := range l.Weights[k] {
				l.Weights[k][j] *= float32(by)
			}
		}
	}
	for _, t := range m.Trees {
		for n, f := range t.Feature {
			if f < 0 {
				t.Value[n] *= float32(by)
			}
		}
	}
	if m.Forest != nil {
		m.Forest.Weight *= by
	}
}

// Tree is a binary decision tree in arrays. Node 0 is the root; a node with Feature -1 is a leaf
// of Value; others go Left when the input is at most Value, else to Left+1.
type Tree struct {
	Feature []int16   `json:"f"`
	Left    []int16   `json:"l"`
	Value   []float32 `json:"v"`
}

// Parse reads a model as the train command writes it and checks that walking it stays inside.
func Parse(b []byte) (*Model, error) {
	var m Model
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("boost: %w", err)
	}
	if m.Outputs < 1 || len(m.Base) != m.Outputs || len(m.Trees)%m.Outputs != 0 {
		return nil, fmt.Errorf("boost: %d outputs, %d bases and %d trees do not fit", m.Outputs, len(m.Base), len(m.Trees))
	}
	if m.Linear != nil && !m.Linear.fits(m.Inputs, m.Outputs) {
		return nil, fmt.Errorf("boost: the linear part does not fit %d inputs and %d outputs", m.Inputs, m.Outputs)
	}
	for i, t := range m.Trees {
		n := len(t.Feature)
		if n == 0 || len(t.Left) != n || len(t.Value) != n {
			return nil, fmt.Errorf("boost: tree %d is not whole", i)
		}
		for k, f := range t.Feature {
			if f >= 0 && (int(f) >= m.Inputs || int(t.Left[k]) <= k || int(t.Left[k])+1 >= n) {
				return nil, fmt.Errorf("boost: tree %d: node %d leads outside", i, k)
			}
		}
	}
	if m.Forest != nil {
		if m.Outputs < 2 {
			return nil, errors.New("boost: a forest has classes, not one output")
		}
		if err := m.Forest.check(m.Inputs, m.Outputs); err != nil {
			return nil, err
		}
	}
	return &m, nil
}

// Scores evaluates all outputs for the inputs x.
func (m *Model) Scores(x []float32) []float64 {
	s := make([]float64, m.Outputs)
	for k := range s {
		s[k] = m.output(k, x)
	}
	if m.Forest != nil {
		m.Forest.addTo(s, x)
	}
	return s
}

// Score evaluates a model of one output.
func (m *Model) Score(x []float32) float64 { return m.output(0, x) }

func (m *Model) output(k int, x []float32) float64 {
	s := m.Base[k]
	if m.Linear != nil {
		s += m.Linear.score(k, x)
	}
	for i := k; i < len(m.Trees); i += m.Outputs {
		s += float64(m.Trees[i].eval(x))
	}
	return s
}

func (t *Tree) eval(x []float32) float32 {
	n := int16(0)
	for {
		f := t.Feature[n]
		if f < 0 {
			return t.Value[n]
		}
		if x[f] <= t.Value[n] {
			n = t.Left[n]
		} else {
			n = t.Left[n] + 1
		}
	}
}
