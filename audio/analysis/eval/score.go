package main

import (
	"cmp"
	"math"
	"slices"
	"strings"
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
	t.given.add(a.res.BPM != nil)
	bpm := 0.0
	if a.res.BPM != nil {
		bpm = *a.res.BPM
	}
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

// reliability counts, for tenths of confidence, how sure and how often right.
func reliability(s []said) (rows [5]struct{ sure, right, n float64 }) {
	for _, v := range s {
		k := min(4, int(v.sure*5))
		rows[k].n++
		rows[k].sure += v.sure
		if v.right {
			rows[k].right++
		}
	}
	return rows
}

var notes = []string{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}

// mirex is the weight of MIREX's key task: 1 for the key, 0.5 a fifth off, 0.3 relative, 0.2
// parallel.
func mirex(said, truth string) float64 {
	if said == "" {
		return 0
	}
	n, m, _ := strings.Cut(said, " ")
	tn, tm, _ := strings.Cut(truth, " ")
	d := (slices.Index(notes, n) - slices.Index(notes, tn) + 12) % 12
	switch {
	case d == 0 && m == tm:
		return 1
	case m == tm && (d == 7 || d == 5):
		return 0.5
	case m != tm && (tm == "major" && d == 9 || tm == "minor" && d == 3):
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

	key                  share
	mirex                float64
	keyFamilies          map[string]*share
	keySaid              []said
	noKeyGiven           share
	harmedKey            share
	kind, kind2, harmed2 share
	kindSaid             []said
	class                share
	classSaid            []said
	confusion            map[[2]string]int
	loopClass            share
	tempoErrors          []string
	keyErrors            []string
	kindErrors           []string
	classErrors          []string
	falseTempo, falseKey []string
}

func count(p *protocol) *figures {
	f := &figures{families: map[string]*tempoScore{}, harms: map[string]*tempoScore{}, keyFamilies: map[string]*share{}, confusion: map[[2]string]int{}}
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
	it, r := a.item, a.res
	if it.Kind == "loop" {
		f.loops.add(a)
		if f.families[it.Family] == nil {
			f.families[it.Family] = &tempoScore{}
		}
		f.families[it.Family].add(a)
		f.loopTempo.add(r.BPM != nil)
		ok := r.BPM != nil && within(*r.BPM, it.BPM)
		if r.BPM != nil {
			f.tempoSaid = append(f.tempoSaid, said{r.BPMConfidence, ok})
		}
		f.tempoSaidAll = append(f.tempoSaidAll, said{r.BPMConfidence, ok})
		if !ok {
			f.tempoErrors = append(f.tempoErrors, tempoError(a))
		}
	}
	if it.Kind == "one-shot" {
		f.oneShotTempo.add(r.BPM != nil)
		if r.BPM != nil {
			f.falseTempo = append(f.falseTempo, tempoError(a))
			f.tempoSaid = append(f.tempoSaid, said{r.BPMConfidence, false})
		}
		f.tempoSaidAll = append(f.tempoSaidAll, said{r.BPMConfidence, false})
		f.class.add(r.Kind == analysisOneShot && r.Class == it.Class)
		if r.Kind == analysisOneShot {
			f.classSaid = append(f.classSaid, said{r.ClassConfidence, r.Class == it.Class})
			f.confusion[[2]string{it.Class, r.Class}]++
			if r.Class != it.Class {
				f.classErrors = append(f.classErrors, classError(a))
			}
		} else {
			f.confusion[[2]string{it.Class, string(r.Kind)}]++
		}
	} else if it.Class != "" {
		f.loopClass.add(r.Class == it.Class)
	}
	f.kind.add(string(r.Kind) == it.Kind)
	if it.Kind != "music" {
		ok := string(r.Kind) == it.Kind
		f.kind2.add(ok || it.Kind == "loop" && r.Kind == "music")
		if !ok {
			f.kindErrors = append(f.kindErrors, kindError(a))
		}
	}
	f.kindSaid = append(f.kindSaid, said{r.KindConfidence, string(r.Kind) == it.Kind})
	key := ""
	if r.Key != nil {
		key = *r.Key
	}
	if it.Key != "" {
		f.key.add(key == it.Key)
		f.mirex += mirex(key, it.Key)
		if f.keyFamilies[it.Family] == nil {
			f.keyFamilies[it.Family] = &share{}
		}
		f.keyFamilies[it.Family].add(key == it.Key)
		if key != it.Key {
			f.keyErrors = append(f.keyErrors, keyError(a, key))
		}
		if key != "" {
			f.keySaid = append(f.keySaid, said{r.KeyConfidence, key == it.Key})
		}
	}
	if unpitched(a) {
		f.noKeyGiven.add(key != "")
		if key != "" {
			f.falseKey = append(f.falseKey, keyError(a, key))
			f.keySaid = append(f.keySaid, said{r.KeyConfidence, false})
		}
	}
}

// unpitched: hits but bass and tonal ones, and drum loops.
func unpitched(a answer) bool {
	it := a.item
	return it.Kind == "one-shot" && it.Class != "bass" && it.Class != "tonal" || it.Class == "drums"
}

func (f *figures) copied(a answer) {
	it, r := a.item, a.res
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
		f.harmedKey.add(r.Key != nil && *r.Key == it.Key)
	}
}
