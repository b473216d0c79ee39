package learn

import (
	"math"
	"slices"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/boost"
	"sampleagent/audio/analysis/internal/labset"
)

// shape is how a scorer is fitted: how strongly the linear part is held back, and the trees. Without one
// of them it is the other alone.
type shape struct {
	shrink float64
	trees  boost.Settings
}

// Chosen by the scores on unseen sources and on unseen families together.
var (
	tempoShape = shape{30, boost.Settings{Rounds: 150, Depth: 2, Rate: 0.12, Lambda: 10, MinHess: 3, Rows: 0.5, Columns: 0.3, Seed: 1}}
	kindShape  = shape{20, boost.Settings{Rounds: 60, Depth: 3, Rate: 0.1, Lambda: 4, MinHess: 1, Rows: 0.6, Columns: 0.2, Seed: 3, Outputs: 3}}
	classShape = shape{10, boost.Settings{Rounds: 220, Depth: 2, Rate: 0.1, Lambda: 4, MinHess: 1, Rows: 0.5, Columns: 0.15, Seed: 4, Outputs: 9}}
	// The forest's shares are humbler than those of the rest, so that its seven tenths count half more.
	classForest = boost.ForestSettings{Trees: 80, Inputs: 30, Leaf: 2, Weight: 1.5 * forestSay, Seed: 4}

	loopShape = shape{20, boost.Settings{Rounds: 60, Depth: 3, Rate: 0.1, Lambda: 4, MinHess: 1, Rows: 0.6, Columns: 0.2, Seed: 5, Outputs: 4}}

	tempoSureShape = shape{0, boost.Settings{Rounds: 60, Depth: 1, Rate: 0.1, Lambda: 20, MinHess: 5, Rows: 0.6, Columns: 0.4, Seed: 6}}
	keySureShape   = shape{shrink: 100}
)

// forestSay is how much of the class is the forest's to say.
const forestSay = 0.7

// fit is the linear part and the trees, half of each.
func (s shape) fit(x [][]float32, loss boost.Objective) (*boost.Model, error) {
	if s.shrink == 0 {
		return boost.Train(x, s.trees, loss), nil
	}
	linear, err := boost.TrainLinear(x, max(1, s.trees.Outputs), s.shrink, loss)
	if err != nil || s.trees.Rounds == 0 {
		return linear, err
	}
	return boost.Join(linear, boost.Train(x, s.trees, loss)), nil
}

// What a drawn hit counts, where a copy of a real one counts about 0.25 for the class and 1 for the
// kind.
const (
	drawnWeight     = 0.6
	drawnKindWeight = 0.3
	madeLoopWeight  = 0.7
	madeSureWeight  = 1 // for the confidence of tempos

	// All played hits of a class together, and all of kits.
	playedWeight     = 60
	playedKindWeight = 60
	kitWeight        = 75
)

// playedShare is what one hit of a class is of all of them.
func playedShare(list []Drawn) map[string]float64 {
	share := map[string]float64{}
	for _, d := range list {
		share[d.Class]++
	}
	for c, n := range share {
		share[c] = 1 / n
	}
	return share
}

// sourceShare is what one hit of a kit is of its class: all sources count the same, and all hits of one.
func sourceShare(list []Drawn) []float64 {
	hits := map[string]float64{} // of a source
	for _, d := range list {
		hits[d.Source]++
	}
	sources := map[string]float64{} // of a class
	for _, d := range list {
		sources[d.Class] += 1 / hits[d.Source]
	}
	share := make([]float64, len(list))
	for i, d := range list {
		share[i] = 1 / hits[d.Source] / sources[d.Class]
	}
	return share
}

// Set is all that there is to learn from.
type Set struct {
	Items    []labset.Item
	Examples []Example
	Drawn    []Drawn
	Played   []Drawn    // by sound fonts
	Kits     []Drawn    // recorded
	Loops    []MadeLoop // drawn
	Songs    []MadeLoop // played by sound fonts: tempos are learned from them too
	Unheard  []MadeLoop // drawn and played, that no chooser learns from: how sure it may be is learned from them
}

// choosers are the scorers that decide; those of confidence learn from how these do.
type choosers struct{ tempo, kind, class, loop *boost.Model }

// fit fits the choosers to the examples that keep lets through. Where that leaves out nothing a
// chooser learns from, it is the one of whole.
func (s *Set) fit(keep func(*Example) bool, whole *choosers) (c *choosers, err error) {
	c = &choosers{}
	for _, f := range []struct {
		into  func(*choosers) **boost.Model
		learn func([]*Example) (*boost.Model, error)
		for_  func(*Example) bool
	}{
		{func(c *choosers) **boost.Model { return &c.tempo }, s.fitTempo, s.hasTempo},
		{func(c *choosers) **boost.Model { return &c.kind }, s.fitKind, isHeard},
		{func(c *choosers) **boost.Model { return &c.class }, s.fitClass, s.isShot},
		{func(c *choosers) **boost.Model { return &c.loop }, s.fitLoop, s.isLoop},
	} {
		var use []*Example
		all := true
		for i := range s.Examples {
			e := &s.Examples[i]
			if !f.for_(e) {
				continue
			}
			if keep(e) {
				use = append(use, e)
			} else {
				all = false
			}
		}
		if all && whole != nil {
			*f.into(c) = *f.into(whole)
			continue
		}
		if *f.into(c), err = f.learn(use); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func isHeard(e *Example) bool { return len(e.Evidence.Traits) > 0 }

func (s *Set) hasTempo(e *Example) bool { return e.BPM > 0 && len(e.Evidence.Tempo) > 1 }

func (s *Set) isShot(e *Example) bool {
	it := s.Items[e.Item]
	return isHeard(e) && it.Kind == "one-shot" && index(classNames, it.Class) >= 0
}

func (s *Set) isLoop(e *Example) bool {
	it := s.Items[e.Item]
	return isHeard(e) && it.Kind == "loop" && index(loopNames, it.Class) >= 0
}

// weights lets a family count by the root of its size, so that none is drowned, and a sound to
// which nothing was done twice: it is the commonest case.
func (s *Set) weights(use []*Example) []float64 {
	size := map[string]float64{}
	for _, e := range use {
		size[labset.FamilyFold(s.Items[e.Item])]++
	}
	w := make([]float64, len(use))
	for i, e := range use {
		w[i] = math.Sqrt(200 / size[labset.FamilyFold(s.Items[e.Item])])
		if e.Original {
			w[i] *= 2
		}
	}
	return w
}

// isRight says that a tempo is within 4 % of the label.
func isRight(bpm, label float64) bool { return label > 0 && math.Abs(bpm/label-1) < 0.04 }

func (s *Set) fitTempo(use []*Example) (*boost.Model, error) {
	var x [][]float32
	var right, w []float64
	var groups [][2]int
	add := func(e *analysis.Evidence, bpm, weight float64) {
		from, any := len(x), false
		for _, c := range e.Tempo {
			y := 0.0
			if isRight(c.Refined, bpm) {
				y, any = 1, true
			}
			x, right = append(x, c.Features), append(right, y)
		}
		if !any {
			x, right = x[:from], right[:from]
			return
		}
		groups, w = append(groups, [2]int{from, len(x)}), append(w, weight)
	}
	weight := s.weights(use)
	for i, e := range use {
		add(&e.Evidence, e.BPM, weight[i])
	}
	for _, l := range slices.Concat(s.Loops, s.Songs) {
		add(&l.Evidence, l.BPM, madeLoopWeight)
	}
	return tempoShape.fit(x, boost.Choice(groups, right, w))
}

func (s *Set) fitKind(use []*Example) (*boost.Model, error) {
	var x [][]float32
	var kind []int
	for _, e := range use {
		x, kind = append(x, e.Evidence.Traits), append(kind, index(kindNames, s.Items[e.Item].Kind))
	}
	w := s.weights(use)
	for _, d := range s.Drawn {
		x, kind, w = append(x, d.Traits), append(kind, 0), append(w, drawnKindWeight)
	}
	share := playedShare(s.Played)
	for _, d := range s.Played {
		x, kind, w = append(x, d.Traits), append(kind, 0), append(w, playedKindWeight*share[d.Class])
	}
	for _, l := range s.Loops {
		x, kind, w = append(x, l.Evidence.Traits), append(kind, 1), append(w, madeLoopWeight)
	}
	return kindShape.fit(x, boost.Classes(kind, w))
}

func (s *Set) fitClass(use []*Example) (*boost.Model, error) {
	x, class, w := s.classRows(use, classNames, 0.25)
	for _, d := range s.Drawn {
		x, class, w = append(x, d.Traits), append(class, index(classNames, d.Class)), append(w, drawnWeight)
	}
	share := playedShare(s.Played)
	for _, d := range s.Played {
		x, class, w = append(x, d.Traits), append(class, index(classNames, d.Class)), append(w, playedWeight*share[d.Class])
	}
	kits := sourceShare(s.Kits)
	for i, d := range s.Kits {
		x, class, w = append(x, d.Traits), append(class, index(classNames, d.Class)), append(w, kitWeight*kits[i])
	}
	m, err := classShape.fit(x, boost.Classes(class, w))
	if err != nil {
		return nil, err
	}
	m.Scale(1 - forestSay)
	m.Forest, err = boost.TrainForest(x, class, w, len(classNames), classForest)
	return m, err
}

func (s *Set) fitLoop(use []*Example) (*boost.Model, error) {
	x, class, w := s.classRows(use, loopNames, 1)
	for _, l := range s.Loops {
		x, class, w = append(x, l.Evidence.Traits), append(class, index(loopNames, l.Class)), append(w, madeLoopWeight)
	}
	return loopShape.fit(x, boost.Classes(class, w))
}

// classRows weighs examples so that a class counts by the root of its size.
func (s *Set) classRows(use []*Example, names []string, weight float64) (x [][]float32, class []int, w []float64) {
	count := map[int]float64{} // files
	for _, e := range use {
		if e.Original {
			count[index(names, s.Items[e.Item].Sound)]++
		}
	}
	for _, e := range use {
		k := index(names, s.Items[e.Item].Sound)
		x, class, w = append(x, e.Evidence.Traits), append(class, k), append(w, weight*math.Sqrt(13/count[k]))
	}
	return x, class, w
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

func softmax(v []float64) []float64 {
	p := make([]float64, len(v))
	top, sum := v[argmax(v)], 0.0
	for k := range v {
		p[k] = math.Exp(v[k] - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}
