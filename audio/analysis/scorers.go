package analysis

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"sync"

	"sampleagent/audio/analysis/internal/boost"
	"sampleagent/audio/pcm"
)

// weights are written by `make train` from the labelled development set; each
// file says from which data and how well it did on files it had not seen.
//
//go:embed weights/*.json
var weights embed.FS

// Scorers are the learned parts of the ear: small models, of lines and trees, that choose
// among proposals and say how sure that is.
type Scorers struct {
	kind      scorer // traits -> one-shot, loop, music
	class     scorer // traits -> what one-shot
	loopClass scorer // traits -> what loop
	tempo     scorer // a beat's features -> its score among the proposals
	tempoSure scorer // -> is the chosen beat right
	keySure   scorer // -> is the chosen key right
}

// scorer is a model with the names of its outputs.
type scorer struct {
	Names []string     `json:"names,omitempty"`
	Model *boost.Model `json:"model"`
}

// builtin is parsed when it is first asked: the train command, which makes the files, hears without.
var builtin = sync.OnceValue(func() *Scorers {
	s, err := ParseScorers(func(name string) ([]byte, error) { return weights.ReadFile("weights/" + name + ".json") })
	if err != nil {
		panic(err) // the files are part of the program and are tested
	}
	return s
})

// ParseScorers reads the weights by their names; the train and eval commands use it for weights that have
// not heard a part of the sounds.
func ParseScorers(read func(name string) ([]byte, error)) (*Scorers, error) {
	var s Scorers
	for _, f := range []struct {
		name   string
		into   *scorer
		inputs int
	}{
		{"kind", &s.kind, traitCount}, {"class", &s.class, traitCount}, {"loopclass", &s.loopClass, traitCount},
		{"tempo", &s.tempo, tempoFeatures}, {"temposure", &s.tempoSure, tempoSureFeatures},
		{"keysure", &s.keySure, keySureFeatures},
	} {
		b, err := read(f.name)
		if err != nil {
			return nil, fmt.Errorf("weights of the ear: %w", err)
		}
		var raw struct {
			Names []string        `json:"names"`
			Model json.RawMessage `json:"model"`
		}
		if err := json.Unmarshal(b, &raw); err != nil {
			return nil, fmt.Errorf("weights of the ear: %s: %w", f.name, err)
		}
		m, err := boost.Parse(raw.Model)
		if err != nil {
			return nil, fmt.Errorf("weights of the ear: %s: %w", f.name, err)
		}
		if m.Inputs != f.inputs {
			return nil, fmt.Errorf("weights of the ear: %s is for %d inputs, the ear has %d", f.name, m.Inputs, f.inputs)
		}
		*f.into = scorer{raw.Names, m}
	}
	return &s, nil
}

// Analyze is the package's Analyze with these scorers.
func (sc *Scorers) Analyze(ctx context.Context, b *pcm.Buffer) (*Result, error) {
	p := passes.Get().(*pass)
	defer passes.Put(p)
	p.judge = sc
	return p.hear(ctx, b)
}

// shares evaluates all outputs and turns them into shares of one.
func (s *scorer) shares(x []float32) []float64 {
	return softmax(s.Model.Scores(x))
}

// softmax turns scores into shares of one.
func softmax(scores []float64) []float64 {
	p := make([]float64, len(scores))
	top, sum := scores[argmax(scores)], 0.0
	for i, s := range scores {
		p[i] = math.Exp(s - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// argmax is the place of the first greatest value.
func argmax(v []float64) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

// chance is the logistic of a single output.
func (s *scorer) chance(x []float32) float64 {
	return 1 / (1 + math.Exp(-s.Model.Score(x)))
}
