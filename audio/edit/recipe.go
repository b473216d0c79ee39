package edit

import (
	"fmt"
	"strings"

	"sampleagent/audio/pcm"
)

// Recipe says how a new sound is made of another. What it asks for is done in the order of the
// fields; the zero value changes nothing.
type Recipe struct {
	From, To  float64 // s: the part that is kept; To 0 is the end
	Reverse   bool
	Normalise bool    // to Peak
	Peak      float64 // dBFS
	FadeIn    float64 // s, from the kept part's start
	FadeOut   float64 // s, to its end
}

// snapRadius is how far a cut inside the sound moves to a zero crossing, so that it does not
// click and nobody hears that it moved.
const snapRadius = 0.001 // s

// Apply makes the sound. Error: nothing is left of it.
func (r Recipe) Apply(b *pcm.Buffer) (*pcm.Buffer, error) {
	frame := func(seconds float64) int {
		return SnapZero(b, int(seconds*float64(b.Rate)+0.5), int(snapRadius*float64(b.Rate)))
	}
	from, to := 0, b.Frames()
	if r.From > 0 {
		from = frame(r.From)
	}
	if r.To > 0 && r.To < float64(b.Frames())/float64(b.Rate) {
		to = frame(r.To)
	}
	if from >= to {
		return nil, fmt.Errorf("nothing is left between %.3f s and %.3f s: choose a longer part", r.From, r.To)
	}
	out := trim(b, from, to)
	if r.Reverse {
		out = reverse(out)
	}
	if r.Normalise {
		out = normalise(out, r.Peak)
	}
	if r.FadeIn > 0 {
		out = fadeIn(out, int(r.FadeIn*float64(b.Rate)))
	}
	if r.FadeOut > 0 {
		out = fadeOut(out, int(r.FadeOut*float64(b.Rate)))
	}
	return out, nil
}

// Words says what is done, as they stand in the name of the new file: "trim reverse".
func (r Recipe) Words() string {
	var words []string
	for _, w := range []struct {
		word string
		done bool
	}{{"trim", r.From > 0 || r.To > 0}, {"reverse", r.Reverse}, {"normalise", r.Normalise}, {"fade", r.FadeIn > 0 || r.FadeOut > 0}} {
		if w.done {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, " ")
}

// Parts are recipes that keep one part each between r's start, the cuts (in seconds, in any
// order) and r's end, and do all else that r says to every part. Cuts closer than least seconds
// to another or to an end are left out. length is the sound's, in seconds.
func (r Recipe) Parts(length float64, cuts []float64, least float64) []Recipe {
	const perSecond = 1e6 // chopAt counts in whole frames
	from, to := r.From, r.To
	if to <= 0 || to > length {
		to = length
	}
	var at []int
	for _, c := range cuts {
		if c > from && c < to {
			at = append(at, int((c-from)*perSecond))
		}
	}
	var out []Recipe
	for _, g := range chopAt(int((to-from)*perSecond), at, int(least*perSecond)) {
		part := r
		part.From, part.To = from+float64(g.From)/perSecond, from+float64(g.To)/perSecond
		if g.To == int((to-from)*perSecond) {
			part.To = r.To // the very end, not a rounding of it
		}
		out = append(out, part)
	}
	return out
}
