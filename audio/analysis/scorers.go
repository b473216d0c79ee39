package analysis

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"

	"sampleagent/audio/analysis/internal/boost"
	"sampleagent/audio/pcm"
)

// weights are written by `go run ./audio/analysis/train` from the labelled development set; each
// file says from which data and how well it did on files it had not seen.
//
//go:embed weights/*.json
var weights embed.FS

// Scorers are the learned parts of the ear: small ensembles of trees that choose among
// proposals and say how sure that is.
type Scorers struct {
	kind      scorer // traits -> one-shot, loop, music
	class     scorer // traits -> what one-shot
	loopClass scorer // traits -> what loop
	tempo     scorer // a beat's features -> its score among the proposals
	tempoSure scorer // -> is the chosen beat right
	key       scorer // a key's features -> its score among the 24
	keySure   scorer // -> is the chosen key right
}

// scorer is a model with the names of its outputs.
type scorer struct {
	Names []string     `json:"names,omitempty"`
	Model *boost.Model `json:"model"`
}

var builtin = func() *Scorers {
	s, err := LoadScorers(weights, "weights")
	if err != nil {
		panic(err) // the files are part of the program and are tested
	}
	return s
}()

// LoadScorers reads the weights in a folder of a file system; the train and eval commands use it for
// weights that have not seen a family of sounds.
func LoadScorers(fsys fs.FS, dir string) (*Scorers, error) {
	var s Scorers
	for _, f := range []struct {
		name   string
		into   *scorer
		inputs int
	}{
		{"kind", &s.kind, traitCount}, {"class", &s.class, traitCount}, {"loopclass", &s.loopClass, traitCount},
		{"tempo", &s.tempo, tempoFeatures}, {"temposure", &s.tempoSure, sureFeatures},
		{"key", &s.key, keyFeatures}, {"keysure", &s.keySure, sureFeatures},
	} {
		b, err := fs.ReadFile(fsys, dir+"/"+f.name+".json")
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

// shares evaluates all outputs and turns them into shares of one (softmax).
func (s *scorer) shares(dst, x []float32) []float32 {
	dst = dst[:0]
	top := math.Inf(-1)
	for k := range s.Model.Outputs {
		v := s.Model.Score(k, x)
		top = max(top, v)
		dst = append(dst, float32(v))
	}
	sum := 0.0
	for _, v := range dst {
		sum += math.Exp(float64(v) - top)
	}
	for k, v := range dst {
		dst[k] = float32(math.Exp(float64(v)-top) / sum)
	}
	return dst
}

// chance is the logistic of a single output.
func (s *scorer) chance(x []float32) float64 {
	return 1 / (1 + math.Exp(-s.Model.Score(0, x)))
}

// Builtin gives the scorers that the program ships with.
func Builtin() *Scorers { return builtin }
