package learn

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/boost"
	"sampleagent/audio/analysis/internal/labset"
)

// weights are all scorers of an ear by the names of their files.
type weights map[string]file

// file is what stands in a file of weights.
type file struct {
	Made  string       `json:"made"`
	Data  string       `json:"data"`
	Score string       `json:"on_unseen_sources,omitempty"`
	Names []string     `json:"names,omitempty"`
	Model *boost.Model `json:"model"`
}

// with joins choosers and what says how sure they are.
func (c *choosers) with(sure confidence) weights {
	return weights{
		"tempo":     {Model: c.tempo},
		"kind":      {Model: cooled(c.kind, sure.kind), Names: kindNames},
		"class":     {Model: cooled(c.class, sure.class), Names: classNames},
		"loopclass": {Model: c.loop, Names: loopNames},
		"temposure": {Model: sure.tempo}, "keysure": {Model: sure.key},
	}
}

// cooled is a copy whose scores are multiplied.
func cooled(m *boost.Model, by float64) *boost.Model {
	c := m.Clone()
	c.Scale(by)
	return c
}

func (w weights) scorers() (*analysis.Scorers, error) {
	return analysis.ParseScorers(func(name string) ([]byte, error) { return json.Marshal(w[name]) })
}

// Fitted is what came of fitting all scorers to a set.
type Fitted struct {
	Sources, Families *Protocol // what the figures come from
	Shipped           *analysis.Scorers
	weights           weights
}

// Fit fits the scorers to the whole set, and once more for each part of both protocols.
func (s *Set) Fit() (*Fitted, error) {
	whole, err := s.fit(func(*Example) bool { return true }, nil)
	if err != nil {
		return nil, err
	}
	var f Fitted
	if f.Sources, err = s.leaveOut(labset.SourceFold, whole); err != nil {
		return nil, err
	}
	if f.Families, err = s.leaveOut(labset.FamilyFold, whole); err != nil {
		return nil, err
	}
	sure, err := f.Sources.confidence(func(*Example) bool { return true }, whole)
	if err != nil {
		return nil, err
	}
	f.weights = whole.with(sure)
	f.Shipped, err = f.weights.scorers()
	return &f, err
}

// Save writes the shipped scorers into a folder, each with what its choices were worth on sources it
// had not heard.
func (f *Fitted) Save(dir string) error {
	score := f.Sources.scores()
	for name, w := range f.weights {
		w.Made = "make train"
		w.Data = fmt.Sprintf("%d labelled files of shared/datasets, development split; %d drawn hits, %d played hits, %d of kits and %d drawn and played loops", len(f.Sources.set.Items), len(f.Sources.set.Drawn), len(f.Sources.set.Played), len(f.Sources.set.Kits), len(f.Sources.set.Loops)+len(f.Sources.set.Songs)+len(f.Sources.set.Unheard))
		w.Score = score[name]
		b, err := json.Marshal(w)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), append(b, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// scores says how often each chooser alone, without the gates, was right about files that nothing was
// done to and whose source it had not heard.
func (p *Protocol) scores() map[string]string {
	type count struct{ right, of int }
	counts := map[string]*count{"tempo": {}, "keysure": {}, "kind": {}, "class": {}}
	add := func(name string, ok bool) {
		counts[name].of++
		if ok {
			counts[name].right++
		}
	}
	for i := range p.set.Examples {
		e, o := &p.set.Examples[i], &p.outcome[i]
		if !e.Original || !isHeard(e) {
			continue
		}
		it := p.set.Items[e.Item]
		add("kind", kindNames[argmax(o.kind)] == it.Kind)
		if it.Kind == "loop" && e.BPM > 0 {
			add("tempo", len(o.tempo) > 0 && isRight(e.Evidence.Tempo[argmax(o.tempo)].Refined, e.BPM))
		}
		if it.Key != "" && len(e.Evidence.Key) > 0 {
			_, best := e.Evidence.SureOfKey(softmax(o.kind))
			add("keysure", e.Evidence.Key[best].Key == it.Key)
		}
		if p.set.isShot(e) {
			add("class", classNames[argmax(o.class)] == it.Class)
		}
	}
	out := map[string]string{}
	for name, c := range counts {
		out[name] = fmt.Sprintf("%d of %d right", c.right, c.of)
	}
	return out
}
