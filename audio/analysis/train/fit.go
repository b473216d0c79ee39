package main

import (
	"fmt"
	"math"
	"strings"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/boost"
	"sampleagent/audio/analysis/internal/labset"
)

// trainer fits all scorers to its examples.
type trainer struct {
	items    []labset.Item
	held     map[int]bool
	examples []example
	drawn    []drawnHit
	only     string // the scorers to fit, by commas; all when empty
}

func (t *trainer) wants(name string) bool {
	return t.only == "" || strings.Contains(","+t.only+",", ","+name+",")
}

var (
	kindNames  = []string{"one-shot", "loop", "music"}
	classNames = []string{"kick", "snare", "hat", "clap", "cymbal", "tom", "percussion", "bass", "tonal"}
	loopNames  = []string{"drums", "bass", "chords", "melody"}
)

// The shapes of the ensembles, chosen by the scores on unseen sources.
var (
	tempoShape = boost.Settings{Rounds: 220, Depth: 4, Rate: 0.08, Lambda: 3, MinHess: 1, Rows: 0.6, Columns: 0.4, Seed: 1}
	keyShape   = boost.Settings{Rounds: 120, Depth: 3, Rate: 0.08, Lambda: 4, MinHess: 1, Rows: 0.6, Columns: 0.4, Seed: 2}
	kindShape  = boost.Settings{Rounds: 80, Depth: 3, Rate: 0.1, Lambda: 4, MinHess: 1, Rows: 0.6, Columns: 0.3, Seed: 3, Outputs: 3}
	classShape = boost.Settings{Rounds: 160, Depth: 3, Rate: 0.08, Lambda: 3, MinHess: 0.5, Rows: 0.4, Columns: 0.12, Seed: 4, Outputs: 9}
	loopShape  = boost.Settings{Rounds: 60, Depth: 3, Rate: 0.1, Lambda: 4, MinHess: 1, Rows: 0.6, Columns: 0.3, Seed: 5, Outputs: 4}
	sureShape  = boost.Settings{Rounds: 60, Depth: 3, Rate: 0.08, Lambda: 8, MinHess: 3, Rows: 0.6, Columns: 0.5, Seed: 6}
)

// drawnWeight is what a drawn hit counts beside a copy of a real one.
const drawnWeight = 1.5

// innerFolds is how many parts the confidence scorers' own cross-validation has: they must learn
// from choices on sounds that the choosers had not seen.
const innerFolds = 4

func (t *trainer) write(dir string) error {
	familySize := map[string]float64{}
	for _, e := range t.examples {
		familySize[t.items[e.Item].Family]++
	}
	// A family counts by the root of its size, so that none is drowned.
	weight := func(e *example) float64 {
		w := math.Sqrt(200 / familySize[t.items[e.Item].Family])
		if e.Original { // nothing was done to it: the commonest case
			w *= 2
		}
		return w
	}

	if t.wants("class") {
		if err := t.save(dir, "class", weightsFile{Model: t.fitClass("one-shot", classNames, classShape), Names: classNames}); err != nil {
			return err
		}
	}
	if t.wants("loopclass") {
		if err := t.save(dir, "loopclass", weightsFile{Model: t.fitClass("loop", loopNames, loopShape), Names: loopNames}); err != nil {
			return err
		}
	}
	if !t.wants("tempo") && !t.wants("key") && !t.wants("kind") {
		return nil
	}

	// First the choosers, once on all and once for each inner fold on the rest.
	type choosers struct{ tempo, key, kind *boost.Model }
	fit := func(use func(e *example) bool) choosers {
		var ex []*example
		for i := range t.examples {
			if use(&t.examples[i]) {
				ex = append(ex, &t.examples[i])
			}
		}
		return choosers{t.fitTempo(ex, weight), t.fitKey(ex, weight), t.fitKind(ex, weight)}
	}
	inner := make([]choosers, innerFolds)
	part := func(e *example) int { return labset.Part(t.items[e.Item], innerFolds) }
	for k := range inner {
		inner[k] = fit(func(e *example) bool { return part(e) != k })
	}
	whole := fit(func(*example) bool { return true })

	// Then what the choosers do on sounds they have not seen: lessons in confidence.
	var tx, kx [][]float32
	var ty, tw, ky, kw []float64
	var tempoRight, tempoAll, keyRight, keyAll, kindRight, kindAll float64
	for i := range t.examples {
		e := &t.examples[i]
		it := t.items[e.Item]
		if e.Evidence.Result.Kind == "" {
			continue
		}
		c := inner[part(e)]
		kinds := softmax(c.kind, e.Evidence.Traits)
		if e.Original {
			kindAll++
			if kindNames[argmax(kinds)] == it.Kind {
				kindRight++
			}
		}
		if len(e.Evidence.Tempo) > 0 && (it.Kind != "music" || e.BPM > 0) {
			ev := e.Evidence
			order := make([]float64, len(ev.Tempo))
			for k := range ev.Tempo {
				order[k] = c.tempo.Score(0, ev.Tempo[k].Features)
			}
			best := argmax(order)
			right := 0.0
			if e.BPM > 0 && math.Abs(ev.Tempo[best].Refined/e.BPM-1) < 0.04 {
				right = 1
			}
			tx = append(tx, analysis.SureOfTempo(&ev, order, kinds))
			ty = append(ty, right)
			tw = append(tw, weight(e))
			if e.Original && e.BPM > 0 {
				tempoAll++
				tempoRight += right
			}
		}
		unpitched := it.Kind == "one-shot" && it.Class != "bass" || it.Class == "drums"
		if it.Key != "" || unpitched {
			ev := e.Evidence
			order := make([]float64, len(ev.Key))
			for k := range ev.Key {
				order[k] = c.key.Score(0, ev.Key[k].Features)
			}
			best := argmax(order)
			right := 0.0
			if ev.Key[best].Key == e.Key {
				right = 1
			}
			kx = append(kx, analysis.SureOfKey(&ev, order, kinds))
			ky = append(ky, right)
			kw = append(kw, weight(e))
			if e.Original && it.Key != "" {
				keyAll++
				keyRight += right
			}
		}
	}
	sure := boost.Train(tx, sureShape, boost.YesNo(ty, tw))
	keySure := boost.Train(kx, sureShape, boost.YesNo(ky, kw))
	score := func(a, b float64) string { return fmt.Sprintf("%.3f of %.0f originals", a/max(1, b), b) }
	for _, f := range []struct {
		name string
		w    weightsFile
	}{
		{"tempo", weightsFile{Model: whole.tempo, Inner: score(tempoRight, tempoAll)}},
		{"key", weightsFile{Model: whole.key, Inner: score(keyRight, keyAll)}},
		{"kind", weightsFile{Model: whole.kind, Names: kindNames, Inner: score(kindRight, kindAll)}},
		{"temposure", weightsFile{Model: sure, Rows: len(tx)}},
		{"keysure", weightsFile{Model: keySure, Rows: len(kx)}},
	} {
		if err := t.save(dir, f.name, f.w); err != nil {
			return err
		}
	}
	fmt.Printf("%s: within: tempo %s, key %s, kind %s\n", dir, score(tempoRight, tempoAll), score(keyRight, keyAll), score(kindRight, kindAll))
	return nil
}

func (t *trainer) fitTempo(ex []*example, weight func(*example) float64) *boost.Model {
	var x [][]float32
	var right, w []float64
	var groups [][2]int
	for _, e := range ex {
		if e.BPM == 0 || len(e.Evidence.Tempo) < 2 {
			continue
		}
		from := len(x)
		any := false
		for _, c := range e.Evidence.Tempo {
			x = append(x, c.Features)
			y := 0.0
			if math.Abs(c.Refined/e.BPM-1) < 0.04 {
				y, any = 1, true
			}
			right = append(right, y)
		}
		if !any {
			x, right = x[:from], right[:from]
			continue
		}
		groups = append(groups, [2]int{from, len(x)})
		w = append(w, weight(e))
	}
	return boost.Train(x, tempoShape, boost.Choice(groups, right, w))
}

func (t *trainer) fitKey(ex []*example, weight func(*example) float64) *boost.Model {
	var x [][]float32
	var right, w []float64
	var groups [][2]int
	for _, e := range ex {
		if e.Key == "" {
			continue
		}
		from := len(x)
		for _, c := range e.Evidence.Key {
			x = append(x, c.Features)
			y := 0.0
			if c.Key == e.Key {
				y = 1
			}
			right = append(right, y)
		}
		groups = append(groups, [2]int{from, len(x)})
		w = append(w, weight(e))
	}
	return boost.Train(x, keyShape, boost.Choice(groups, right, w))
}

func (t *trainer) fitKind(ex []*example, weight func(*example) float64) *boost.Model {
	var x [][]float32
	var class []int
	var w []float64
	for _, e := range ex {
		if e.Evidence.Result.Kind == "" {
			continue
		}
		x = append(x, e.Evidence.Traits)
		class = append(class, index(kindNames, t.items[e.Item].Kind))
		w = append(w, weight(e))
	}
	return boost.Train(x, kindShape, boost.Classes(class, w))
}

func (t *trainer) fitClass(kind string, names []string, shape boost.Settings) *boost.Model {
	count := map[string]float64{}
	for _, e := range t.examples {
		count[t.items[e.Item].Class]++
	}
	var x [][]float32
	var class []int
	var w []float64
	for i := range t.examples {
		e := &t.examples[i]
		it := t.items[e.Item]
		k := index(names, it.Class)
		if it.Kind != kind || k < 0 || e.Evidence.Result.Kind == "" {
			continue
		}
		x = append(x, e.Evidence.Traits)
		class = append(class, k)
		w = append(w, math.Sqrt(100/count[it.Class]))
	}
	if kind == "one-shot" {
		for _, d := range t.drawn {
			x = append(x, d.traits)
			class = append(class, index(names, d.class))
			w = append(w, drawnWeight)
		}
	}
	return boost.Train(x, shape, boost.Classes(class, w))
}

func index(names []string, s string) int {
	for i, n := range names {
		if n == s {
			return i
		}
	}
	return -1
}

func argmax(v []float64) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

func softmax(m *boost.Model, x []float32) []float64 {
	v := make([]float64, m.Outputs)
	top, sum := math.Inf(-1), 0.0
	for k := range v {
		v[k] = m.Score(k, x)
		top = max(top, v[k])
	}
	for k := range v {
		v[k] = math.Exp(v[k] - top)
		sum += v[k]
	}
	for k := range v {
		v[k] /= sum
	}
	return v
}
