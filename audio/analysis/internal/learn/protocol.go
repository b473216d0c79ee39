package learn

import (
	"math"
	"slices"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/boost"
	"sampleagent/audio/analysis/internal/labset"
)

// Protocol is a way of judging every sound by scorers that have not heard it nor its like. The
// choosers of each part were fitted without the part. The scorers of confidence were fitted, without
// the part again, to how such choosers did on the other parts.
type Protocol struct {
	set     *Set
	of      func(labset.Item) string
	parts   []string
	fitted  map[string]*choosers
	outcome []outcome // by example
}

// outcome is what choosers that had not heard an example make of it.
type outcome struct{ tempo, kind, class []float64 }

// LeaveOut fits the choosers without each part in turn. whole are those fitted to everything.
func (s *Set) leaveOut(of func(labset.Item) string, whole *choosers) (*Protocol, error) {
	p := &Protocol{set: s, of: of, fitted: map[string]*choosers{}, outcome: make([]outcome, len(s.Examples))}
	for _, it := range s.Items {
		if !slices.Contains(p.parts, of(it)) {
			p.parts = append(p.parts, of(it))
		}
	}
	slices.Sort(p.parts)
	fits := make([]*choosers, len(p.parts))
	err := each(len(p.parts), func(i int) (err error) {
		fits[i], err = s.fit(func(e *Example) bool { return of(s.Items[e.Item]) != p.parts[i] }, whole)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, name := range p.parts {
		p.fitted[name] = fits[i]
	}
	return p, each(len(s.Examples), func(i int) error {
		e := &s.Examples[i]
		if !isHeard(e) {
			return nil
		}
		c, o := p.fitted[of(s.Items[e.Item])], &p.outcome[i]
		o.tempo = tempoScores(c.tempo, &e.Evidence)
		o.kind = c.kind.Scores(e.Evidence.Traits)
		o.class = c.class.Scores(e.Evidence.Traits)
		return nil
	})
}

// confidence fits what says how sure the answers are to the outcomes of the examples that keep lets
// through, and how sure tempos are also to what by makes of drawn loops that nobody has heard.
func (p *Protocol) confidence(keep func(*Example) bool, by *choosers) (c confidence, err error) {
	s := p.set
	var tempo, key struct {
		x   [][]float32
		yes []float64
		use []*Example
	}
	addTempo := func(e *analysis.Evidence, bpm float64, scores, kind []float64) {
		right := 0.0
		if isRight(e.Tempo[argmax(scores)].Refined, bpm) {
			right = 1
		}
		tempo.x, tempo.yes = append(tempo.x, e.SureOfTempo(scores, kind)), append(tempo.yes, right)
	}
	var kinds, classes cooler
	for i := range s.Examples {
		e, o := &s.Examples[i], &p.outcome[i]
		if !isHeard(e) || !keep(e) {
			continue
		}
		it := s.Items[e.Item]
		kinds.add(o.kind, index(kindNames, it.Kind))
		if s.isShot(e) {
			classes.add(o.class, index(classNames, it.Sound))
		}
		kind := softmax(o.kind)
		if len(o.tempo) > 0 && (it.Kind != "music" || e.BPM > 0) {
			addTempo(&e.Evidence, e.BPM, o.tempo, kind)
			tempo.use = append(tempo.use, e)
		}
		if len(e.Evidence.Key) > 0 && (it.Key != "" || Unpitched(it)) {
			x, best := e.Evidence.SureOfKey(kind)
			right := 0.0
			if e.Evidence.Key[best].Key == e.Key {
				right = 1
			}
			key.x, key.yes, key.use = append(key.x, x), append(key.yes, right), append(key.use, e)
		}
	}
	weights := s.weights(tempo.use)
	for i := range s.Unheard {
		l := &s.Unheard[i]
		if len(l.Evidence.Tempo) == 0 {
			continue
		}
		addTempo(&l.Evidence, l.BPM, tempoScores(by.tempo, &l.Evidence), softmax(by.kind.Scores(l.Evidence.Traits)))
		weights = append(weights, madeSureWeight)
	}
	if c.tempo, err = tempoSureShape.fit(tempo.x, boost.YesNo(tempo.yes, weights)); err != nil {
		return c, err
	}
	if c.key, err = keySureShape.fit(key.x, boost.YesNo(key.yes, s.weights(key.use))); err != nil {
		return c, err
	}
	c.kind, c.class = kinds.factor(), classes.factor()
	return c, nil
}

// tempoScores are a chooser's scores of the proposed beats.
func tempoScores(m *boost.Model, e *analysis.Evidence) (v []float64) {
	for i := range e.Tempo {
		v = append(v, m.Score(e.Tempo[i].Features))
	}
	return v
}

// Unpitched sounds have no key: hits but bass and tonal ones, and drum loops.
func Unpitched(it labset.Item) bool {
	return it.Kind == "one-shot" && it.Class != "bass" && it.Class != "tonal" || it.Class == "drums"
}

// confidence has the scorers of tempo's and key's, and the factors by which kind's and class's scores
// are made as sure as they are right.
type confidence struct {
	tempo, key  *boost.Model
	kind, class float64
}

// cooler finds the factor for scores that makes their shares honest (temperature scaling, Guo et
// al., On calibration of modern neural networks, ICML 2017).
type cooler struct {
	scores [][]float64
	class  []int
}

func (c *cooler) add(scores []float64, class int) {
	c.scores, c.class = append(c.scores, scores), append(c.class, class)
}

func (c *cooler) factor() float64 {
	best, least := 1.0, math.Inf(1)
	for f := 0.2; f <= 2.5; f *= 1.05 {
		loss := 0.0
		for i, v := range c.scores {
			scaled := make([]float64, len(v))
			for k := range v {
				scaled[k] = f * v[k]
			}
			loss -= math.Log(softmax(scaled)[c.class[i]] + 1e-6)
		}
		if loss < least {
			best, least = f, loss
		}
	}
	return best
}

// Judges gives the scorers for each part: those that have not heard it.
func (p *Protocol) Judges() (map[string]*analysis.Scorers, error) {
	list := make([]*analysis.Scorers, len(p.parts))
	err := each(len(p.parts), func(i int) error {
		by := p.fitted[p.parts[i]]
		sure, err := p.confidence(func(e *Example) bool { return p.of(p.set.Items[e.Item]) != p.parts[i] }, by)
		if err != nil {
			return err
		}
		list[i], err = by.with(sure).scorers()
		return err
	})
	judges := map[string]*analysis.Scorers{}
	for i, name := range p.parts {
		judges[name] = list[i]
	}
	return judges, err
}
