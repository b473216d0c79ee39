package analysis

import "slices"

// judgement is what traits alone say.
type judgement struct {
	kinds     []float64 // chances of one-shot, loop, music
	kind      Kind
	kindSure  float64
	class     string
	classSure float64

	classes, loopClasses []float64 // chances, were it a one-shot and were it none
}

// kindNames are the kind scorer's outputs.
var kindNames = [3]Kind{OneShot, LoopKind, Music}

// plainlyMusic is how sure the ear must be to call something music: who looks for loops must find
// them all, and a piece of music among them does no harm.
const plainlyMusic = 0.99

func (sc *Scorers) judge(traits []float32) (j judgement) {
	j.kinds = sc.kind.shares(traits)
	best := argmax(j.kinds)
	if kindNames[best] == Music && j.kinds[best] < plainlyMusic {
		best = slices.Index(kindNames[:], LoopKind)
	}
	j.kind, j.kindSure = kindNames[best], j.kinds[best]
	j.classes, j.loopClasses = sc.class.shares(traits), sc.loopClass.shares(traits)
	names, shares := sc.class.Names, j.classes
	if j.kind != OneShot {
		names, shares = sc.loopClass.Names, j.loopClasses
	}
	best = argmax(shares)
	j.class, j.classSure = names[best], shares[best]
	return j
}

// answer fills in what the scorers say.
func (p *pass) answer(r *Result) {
	j := p.judge.judge(p.traits[:])
	r.Kind, r.KindConfidence = j.kind, j.kindSure
	r.Class, r.ClassConfidence = j.class, j.classSure
	r.Embedding = j.embed(p.sounds)
	p.answerTempo(r, &j)
	p.answerKey(r, &j)
}
