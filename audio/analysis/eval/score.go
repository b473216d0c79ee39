package main

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/labset"
	"sampleagent/audio/analysis/internal/learn"
	"sampleagent/audio/key"
)

// share is a count of successes.
type share struct{ hit, of float64 }

func (s *share) add(ok bool) {
	s.of++
	if ok {
		s.hit++
	}
}

func (s share) percent() float64 {
	if s.of == 0 {
		return math.NaN()
	}
	return 100 * s.hit / s.of
}

// tempoScore is one column of the tempo table.
type tempoScore struct {
	within4, factors, one, tenth, given share
}

func (t *tempoScore) add(a answer) {
	truth := a.item.BPM
	bpm := a.verdict.BPM
	t.given.add(bpm > 0)
	t.within4.add(within(bpm, truth))
	ok := false
	for _, m := range [...]float64{1. / 3, 0.5, 1, 2, 3} {
		ok = ok || within(bpm, truth*m)
	}
	t.factors.add(ok)
	t.one.add(math.Abs(bpm-truth) <= 1)
	t.tenth.add(math.Abs(bpm-truth) <= 0.1)
}

func within(bpm, truth float64) bool { return math.Abs(bpm/truth-1) <= 0.04 }

// said is one statement with its confidence.
type said struct {
	sure  float64
	right bool
}

// auc is the area under the receiver operating characteristic: the chance that a right answer
// is surer than a wrong one.
func auc(s []said) float64 {
	slices.SortFunc(s, func(a, b said) int { return cmp.Compare(a.sure, b.sure) })
	var rank, right, wrong float64
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j].sure == s[i].sure {
			j++
		}
		for k := i; k < j; k++ {
			if s[k].right {
				rank += float64(i+j+1) / 2
				right++
			} else {
				wrong++
			}
		}
		i = j
	}
	if right == 0 || wrong == 0 {
		return math.NaN()
	}
	return (rank - right*(right+1)/2) / (right * wrong)
}

// reliability counts, for fifths of confidence and for all, how sure and how often right.
func reliability(s []said) (rows [6]struct{ sure, right, n float64 }) {
	for _, v := range s {
		for _, k := range [...]int{min(4, int(v.sure*5)), 5} {
			rows[k].n++
			rows[k].sure += v.sure
			if v.right {
				rows[k].right++
			}
		}
	}
	return rows
}

// mirex is the weight of MIREX's key task: 1 for the key, 0.5 a fifth off, 0.3 relative, 0.2
// parallel.
func mirex(said, truth string) float64 {
	a, ok := key.Parse(said)
	b, okTruth := key.Parse(truth)
	d := (a.Tonic() - b.Tonic() + 12) % 12
	switch {
	case !ok || !okTruth:
		return 0
	case a == b:
		return 1
	case a.Minor() == b.Minor() && (d == 7 || d == 5):
		return 0.5
	case a.MajorTonic() == b.MajorTonic():
		return 0.3
	case d == 0:
		return 0.2
	}
	return 0
}

// figures is all that is counted under one protocol.
type figures struct {
	loops, harmed           tempoScore
	families, harms         map[string]*tempoScore
	oneShotTempo, loopTempo share
	tempoSaid, tempoSaidAll []said
	harmedTempoSaid         []said

	key                     share
	mirex                   float64
	keyFamilies             map[string]*share
	keySaid                 []said
	noKeyGiven              share
	harmedKey               share
	harmedClass             share
	harmedShotTempo         share
	loopIsLoop              share
	classFamilies           map[string]*share
	kind, kind2, harmed2    share
	kindSaid                []said
	class                   share
	classSaid               []said
	confusion               map[[2]string]int
	loopClass               share
	loopClassSaid           []said
	nearest                 share
	tempoErrors, keyErrors  mistakes
	kindErrors, classErrors mistakes
	falseTempo, falseKey    mistakes
}

// mistakes are the files that were misheard, by their names.
type mistakes map[string]misheard

type misheard struct{ label, heard string }

func (m mistakes) add(a answer, label, heard string, sure float64) {
	if sure > 0 {
		heard = fmt.Sprintf("%s (%.2f)", heard, sure)
	}
	m[strings.TrimSuffix(filepath.Base(a.item.Path), ".flac")] = misheard{label, heard}
}

func count(p *protocol) *figures {
	f := &figures{families: map[string]*tempoScore{}, harms: map[string]*tempoScore{}, keyFamilies: map[string]*share{}, confusion: map[[2]string]int{}, classFamilies: map[string]*share{}, tempoErrors: mistakes{}, keyErrors: mistakes{}, kindErrors: mistakes{}, classErrors: mistakes{}, falseTempo: mistakes{}, falseKey: mistakes{}}
	f.nearest = likeness(p.answers)
	for _, a := range p.answers {
		if a.how == "" {
			f.original(a)
		} else {
			f.copied(a)
		}
	}
	return f
}

func (f *figures) original(a answer) {
	it, r := a.item, a.verdict
	if it.Kind == "loop" {
		f.loopIsLoop.add(r.Kind == analysis.LoopKind)
		f.loops.add(a)
		if f.families[it.Family] == nil {
			f.families[it.Family] = &tempoScore{}
		}
		f.families[it.Family].add(a)
		f.loopTempo.add(r.BPM > 0)
		ok := within(r.BPM, it.BPM)
		if r.BPM > 0 {
			f.tempoSaid = append(f.tempoSaid, said{r.BPMConfidence, ok})
		}
		f.tempoSaidAll = append(f.tempoSaidAll, said{r.BPMConfidence, ok})
		if !ok {
			f.tempoErrors.add(a, fmt.Sprintf("%.6g", it.BPM), heardTempo(r), r.BPMConfidence)
		}
	}
	if it.Kind == "one-shot" {
		f.oneShotTempo.add(r.BPM > 0)
		if r.BPM > 0 {
			f.falseTempo.add(a, "none", heardTempo(r), r.BPMConfidence)
			f.tempoSaid = append(f.tempoSaid, said{r.BPMConfidence, false})
		}
		f.tempoSaidAll = append(f.tempoSaidAll, said{r.BPMConfidence, false})
		f.class.add(r.Kind == analysis.OneShot && r.Class == it.Class)
		family := labset.FamilyFold(it)
		if f.classFamilies[family] == nil {
			f.classFamilies[family] = &share{}
		}
		f.classFamilies[family].add(r.Kind == analysis.OneShot && r.Class == it.Class)
		if r.Kind == analysis.OneShot {
			f.classSaid = append(f.classSaid, said{r.ClassConfidence, r.Class == it.Class})
			f.confusion[[2]string{it.Class, r.Class}]++
			if r.Class != it.Class {
				f.classErrors.add(a, it.Class, r.Class, r.ClassConfidence)
			}
		} else {
			f.confusion[[2]string{it.Class, string(r.Kind)}]++
		}
	} else if it.Class != "" {
		f.loopClass.add(r.Class == it.Class)
		if r.Kind != analysis.OneShot && r.Class != "" {
			f.loopClassSaid = append(f.loopClassSaid, said{r.ClassConfidence, r.Class == it.Class})
		}
	}
	f.kind.add(string(r.Kind) == it.Kind)
	if it.Kind != "music" {
		ok := string(r.Kind) == it.Kind
		f.kind2.add(ok || it.Kind == "loop" && r.Kind == "music")
		if !ok {
			f.kindErrors.add(a, it.Kind, string(r.Kind), r.KindConfidence)
		}
	}
	f.kindSaid = append(f.kindSaid, said{r.KindConfidence, string(r.Kind) == it.Kind})
	key := r.Key
	if it.Key != "" {
		f.key.add(key == it.Key)
		f.mirex += mirex(key, it.Key)
		if f.keyFamilies[it.Family] == nil {
			f.keyFamilies[it.Family] = &share{}
		}
		f.keyFamilies[it.Family].add(key == it.Key)
		if key != it.Key {
			f.keyErrors.add(a, it.Key, cmp.Or(key, "nothing said"), r.KeyConfidence)
		}
		if key != "" {
			f.keySaid = append(f.keySaid, said{r.KeyConfidence, key == it.Key})
		}
	}
	if learn.Unpitched(it) {
		f.noKeyGiven.add(key != "")
		if key != "" {
			f.falseKey.add(a, "none", key, r.KeyConfidence)
			f.keySaid = append(f.keySaid, said{r.KeyConfidence, false})
		}
	}
}

func heardTempo(r analysis.Verdict) string {
	if r.BPM == 0 {
		return "nothing said"
	}
	return fmt.Sprintf("%.4g", r.BPM)
}

func (f *figures) copied(a answer) {
	it, r := a.item, a.verdict
	if it.Kind != "music" && r.BPM > 0 {
		f.harmedTempoSaid = append(f.harmedTempoSaid, said{r.BPMConfidence, within(r.BPM, it.BPM)})
	}
	switch it.Kind {
	case "loop":
		f.harmed.add(a)
		if f.harms[a.how] == nil {
			f.harms[a.how] = &tempoScore{}
		}
		f.harms[a.how].add(a)
	}
	if it.Kind != "music" {
		f.harmed2.add(string(r.Kind) == it.Kind || it.Kind == "loop" && r.Kind == "music")
	}
	if it.Key != "" {
		f.harmedKey.add(r.Key == it.Key)
	}
	if it.Kind == "one-shot" {
		f.harmedClass.add(r.Kind == analysis.OneShot && r.Class == it.Class)
		f.harmedShotTempo.add(r.BPM > 0)
	}
}

// likeness counts how often the one-shot that sounds most like another is of the same class.
func likeness(answers []answer) (same share) {
	var shots []answer
	for _, a := range answers {
		if a.how == "" && a.item.Kind == "one-shot" && len(a.verdict.Embedding) > 0 {
			shots = append(shots, a)
		}
	}
	for i, a := range shots {
		best, at := -2.0, -1
		for k, b := range shots {
			if c := analysis.Likeness(a.verdict.Embedding, b.verdict.Embedding); k != i && c > best {
				best, at = c, k
			}
		}
		same.add(at >= 0 && shots[at].item.Class == a.item.Class)
	}
	return same
}
