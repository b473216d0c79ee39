// Package boost holds small ensembles of regression trees: their evaluation, which the ear
// uses, and their training by gradient boosting (Friedman, Greedy function approximation, 2001;
// second-order leaves as in Chen & Guestrin, XGBoost, KDD 2016), which only the train command
// uses. It knows rows of numbers, never what they mean.
package boost

import (
	"encoding/json"
	"fmt"
)

// Model is a sum of trees for each output.
type Model struct {
	Inputs  int       `json:"inputs"`
	Outputs int       `json:"outputs"`
	Base    []float64 `json:"base"`  // what each output starts from
	Trees   []Tree    `json:"trees"` // output k owns trees k, k+Outputs, k+2*Outputs...
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
	return &m, nil
}

// Score evaluates output k for the inputs x.
func (m *Model) Score(k int, x []float32) float64 {
	s := m.Base[k]
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
