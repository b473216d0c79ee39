package boost

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestLearnsClassesFromRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var x [][]float32
	var class []int
	var w []float64
	for range 600 {
		a, b := r.Float32()*2-1, r.Float32()*2-1
		k := 0
		if a > 0 && b > 0 {
			k = 1
		} else if a*b < 0 {
			k = 2
		}
		x, class, w = append(x, []float32{a, b, r.Float32()}), append(class, k), append(w, 1)
	}
	s := Settings{Rounds: 40, Depth: 2, Rate: 0.3, Lambda: 1, MinHess: 1, Rows: 1, Columns: 1, Outputs: 3, Seed: 1}
	m := Train(x, s, Classes(class, w))
	if n := rightOf(m, x, class); n < 570 {
		t.Errorf("%d of 600 right", n)
	}
	if again := Train(x, s, Classes(class, w)); !reflect.DeepEqual(m, again) {
		t.Error("the same rows gave another model")
	}
	readsBack(t, m, 1, x[0])
}

func TestChoosesWithinGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var x [][]float32
	var right, w []float64
	var groups [][2]int
	for range 200 {
		from := len(x)
		at := r.IntN(4)
		shift := r.Float32() * 10 // what a group has in common must not matter
		for k := range 4 {
			v := r.Float32()
			y := 0.0
			if k == at {
				v, y = v+1, 1
			}
			x, right = append(x, []float32{v, shift}), append(right, y)
		}
		groups, w = append(groups, [2]int{from, len(x)}), append(w, 1)
	}
	m := Train(x, Settings{Rounds: 30, Depth: 2, Rate: 0.2, Lambda: 1, MinHess: 0.5, Rows: 1, Columns: 1, Seed: 1}, Choice(groups, right, w))
	hit := 0
	for _, g := range groups {
		best := g[0]
		for i := g[0]; i < g[1]; i++ {
			if m.Score(x[i]) > m.Score(x[best]) {
				best = i
			}
		}
		if right[best] == 1 {
			hit++
		}
	}
	if hit < 195 {
		t.Errorf("%d of 200 groups right", hit)
	}
}

func TestParseRefusesWhatLeadsOutside(t *testing.T) {
	for _, s := range []string{
		``, `{}`, `{"inputs":1,"outputs":1,"base":[]}`,
		`{"inputs":1,"outputs":1,"base":[0],"trees":[{"f":[],"l":[],"v":[]}]}`,
		`{"inputs":1,"outputs":1,"base":[0],"trees":[{"f":[1],"l":[1],"v":[0]}]}`,
		`{"inputs":1,"outputs":1,"base":[0],"trees":[{"f":[0],"l":[1],"v":[0]}]}`,
		`{"inputs":1,"outputs":1,"base":[0],"trees":[{"f":[0,-1,-1],"l":[0,0,0],"v":[0,0,0]}]}`,
		`{"inputs":2,"outputs":1,"base":[0],"linear":{"mean":[0,0],"spread":[1],"weights":[[1,1]],"offset":[0]}}`,
		`{"inputs":2,"outputs":1,"base":[0],"linear":{"mean":[0,0],"spread":[1,1],"weights":[[1]],"offset":[0]}}`,
		`{"inputs":1,"outputs":2,"base":[0,0],"trees":[{"f":[-1],"l":[0],"v":[0]}]}`,
		`{"inputs":1,"outputs":1,"base":[0],"forest":{"trees":[]}}`,
		// Little-endian: AAAAAA== is 0, //8= is -1, /v8= -2, /f8= -3, AQA= 1.
		bush(`"i":"AA==","c":"AAAAAA==","l":"//8=","r":"/f8=","s":"AAAAAA=="`), // a third leaf of two
		bush(`"i":"AA==","c":"AAAAAA==","l":"//8=","r":"AQA=","s":"AAAAAA=="`),
		bush(`"i":"AA==","c":"AAAAAA==","l":"AAA=","r":"//8=","s":"AAAAAA=="`), // round and round
		bush(`"i":"AQ==","c":"AAAAAA==","l":"//8=","r":"/v8=","s":"AAAAAA=="`),
		bush(`"i":"AA==","c":"","l":"//8=","r":"/v8=","s":"AAAAAA=="`),
		bush(`"i":"","c":"","l":"","r":"","s":""`),
	} {
		if _, err := Parse([]byte(s)); err == nil {
			t.Errorf("%s: no error", s)
		}
	}
	if _, err := Parse([]byte(bush(`"i":"AA==","c":"AAAAAA==","l":"//8=","r":"/v8=","s":"AAAAAA=="`))); err != nil {
		t.Error(err)
	}
}

// bush is a model of one input and two classes whose forest is one tree.
func bush(fields string) string {
	return `{"inputs":1,"outputs":2,"base":[0,0],"forest":{"weight":1,"trees":[{` + fields + `}]}}`
}

// readsBack says that a stored model scores a row as before.
func readsBack(t *testing.T, m *Model, output int, row []float32) {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(back.Scores(row)[output]-m.Scores(row)[output]) > 1e-6 {
		t.Error("a model read back scores differently")
	}
}
