package kit

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// roles are the sixteen pads of a template.
func (f *filling) roles(t Template) ([PadsPerBank]role, error) {
	var out [PadsPerBank]role
	switch t {
	case DrumKit:
		for i := range out {
			out[i] = f.drum(drumPads[i])
		}
	case OneKey:
		for i := range out {
			out[i] = f.inKey([]string{"bass", "chords", "melody", "tonal"}[i/4])
		}
	case OneTempo:
		for i := range out {
			out[i] = f.inTempo("loop", nil)
		}
	case Performance:
		for i := range out {
			switch i / 4 {
			case 0:
				out[i] = f.inTempo("drum loop", []string{"drums", "percussion"})
			case 1:
				out[i] = f.inTempo("melodic loop", []string{"bass", "chords", "melody", "tonal", "vocal"})
			case 2:
				out[i] = f.drum(drumPads[i%4])
			default:
				out[i] = f.extra()
			}
		}
	case Alike:
		if f.seed == nil {
			return out, fmt.Errorf("%s needs a sound to start from", t)
		}
		for i := range out {
			out[i] = f.likeSeed()
		}
	case Chops:
	default:
		return out, fmt.Errorf("there is no template %q", t)
	}
	return out, nil
}

func oneShot(*Candidate) Settings {
	s, err := Settings{}.With(Change{OneShot, 1})
	if err != nil {
		return Settings{}
	}
	return s
}

// drum is a pad of the drum kit. What is named after it comes first, whatever its class; then its own
// class; what stands in is of another class, or of its own and named after another pad.
func (f *filling) drum(d drumPad) role {
	return role{
		name: d.Role,
		fit: func(c *Candidate) fit {
			if c.Kind == "loop" || c.Kind == "music" {
				return fit{}
			}
			pad, called := f.named[c.ID]
			if called && drumPads[pad].Role == d.Role {
				return fit{named, 1 + f.shape(d, c), f.praise(c, "its name")}
			}
			place := slices.Index(d.Classes, c.Class)
			if place < 0 || place > 0 && called {
				return fit{}
			}
			why := c.Class
			if c.ClassConf > 0 {
				why = fmt.Sprintf("%s, %.0f %% sure", c.Class, 100*c.ClassConf)
			}
			if c.Class == "hat" || c.Class == "cymbal" {
				if c.Seconds > f.middle(c.Class).seconds {
					why += ", long"
				} else {
					why += ", short"
				}
			}
			r := itself
			if place > 0 || called {
				r = standIn
			}
			return fit{r, 1 - 0.4*float64(place) + 0.5*c.ClassConf + f.shape(d, c), f.praise(c, why)}
		},
		settings: func(c *Candidate) Settings {
			s := oneShot(c)
			if c.Class == "hat" && strings.Contains(d.Role, "hat") {
				// Closing the hat ends the open one.
				if g, err := s.With(Change{MuteGroup, 1}); err == nil {
					s = g
				}
			}
			return s
		},
	}
}

// shape is what a long sound for a long pad counts, a low one for a low pad: both against the middle
// of the class.
func (f *filling) shape(d drumPad, c *Candidate) (score float64) {
	m := f.middle(c.Class)
	if (c.Class == "hat" || c.Class == "cymbal") && d.Longer == (c.Seconds > m.seconds) {
		score += 0.3
	}
	if slices.Contains(d.Classes, "tom") && c.Bright > 0 && m.bright > 0 && d.Low == (c.Bright < m.bright) {
		score += 0.3
	}
	return score
}

// middles are the median length in seconds and the median brightness in Hz of a class.
type middles struct{ seconds, bright float64 }

// middle is the middle of a class among the candidates.
func (f *filling) middle(class string) middles {
	if m, ok := f.middles[class]; ok {
		return m
	}
	var l, b []float64
	for i := range f.all {
		if c := &f.all[i]; c.Class == class && c.Kind != "loop" {
			l = append(l, c.Seconds)
			if c.Bright > 0 {
				b = append(b, c.Bright)
			}
		}
	}
	f.middles[class] = middles{median(l), median(b)}
	return f.middles[class]
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

// praise adds what a person would want to know.
func (f *filling) praise(c *Candidate, why string) string {
	if f.seed != nil && c != f.seed {
		if a := alike(f.seed.Vector, c.Vector); a > 0.8 {
			why += ", sounds like " + f.seed.Name
		}
	}
	switch {
	case c == f.seed:
		why += ", the seed"
	case c.Favourite:
		why += ", a favourite"
	case c.Rating >= 4:
		why += fmt.Sprintf(", %d stars", c.Rating)
	}
	return why
}

// inKey is a tonal sound; a row prefers a class and takes any that fits the key.
func (f *filling) inKey(class string) role {
	return role{
		name: class,
		fit: func(c *Candidate) fit {
			if c.Kind == "music" {
				return fit{}
			}
			score, why := keyMatch(f.key, c.Key)
			if score == 0 {
				return fit{}
			}
			if c.Class == class {
				score += 0.5
			}
			if t, _ := tempoMatch(f.bpm, c.BPM); f.bpm > 0 && c.Kind == "loop" {
				score += 0.3 * t
			}
			return fit{itself, score, f.praise(c, c.Key+": "+why)}
		},
		settings: f.playSettings,
	}
}

// inTempo is a loop that can follow the tempo, of given classes or of any.
func (f *filling) inTempo(name string, classes []string) role {
	return role{
		name: name,
		fit: func(c *Candidate) fit {
			if c.Kind != "loop" || classes != nil && !slices.Contains(classes, c.Class) {
				return fit{}
			}
			score, why := tempoMatch(f.bpm, c.BPM)
			if score == 0 {
				return fit{}
			}
			if f.key != "" && c.Key != "" && !isDrum(c.Class) && c.Class != "drums" {
				k, kwhy := keyMatch(f.key, c.Key)
				if k == 0 {
					return fit{}
				}
				score += 0.5 * k
				why += ", " + c.Key + ": " + kwhy
			}
			return fit{itself, score, f.praise(c, why)}
		},
		settings: f.playSettings,
	}
}

// extra is whatever adds to a performance: voices, effects, tonal hits in the key.
func (f *filling) extra() role {
	return role{
		name: "extra",
		fit: func(c *Candidate) fit {
			if c.Kind == "music" || c.Class == "" || isDrum(c.Class) || c.Class == "drums" {
				return fit{}
			}
			if c.Key == "" || f.key == "" {
				return fit{itself, 0.3, f.praise(c, c.Class)}
			}
			score, why := keyMatch(f.key, c.Key)
			if c.Kind == "loop" {
				score *= 0.5
			}
			return fit{itself, score, f.praise(c, c.Class+", "+c.Key+": "+why)}
		},
		settings: f.playSettings,
	}
}

func (f *filling) likeSeed() role {
	return role{
		name: "like " + f.seed.Name,
		fit: func(c *Candidate) fit {
			if c == f.seed {
				return fit{itself, 1, "the seed"}
			}
			a := alike(f.seed.Vector, c.Vector)
			if a <= 0 {
				if c.Class == "" || c.Class != f.seed.Class {
					return fit{}
				}
				return fit{itself, 0.1, "also " + c.Class}
			}
			return fit{itself, a, fmt.Sprintf("%.0f %% alike", 100*a)}
		},
		settings: f.playSettings,
	}
}

// playSettings lets loops loop at their tempo and hits play out.
func (f *filling) playSettings(c *Candidate) Settings {
	if c.Kind != "loop" {
		return oneShot(c)
	}
	changes := []Change{{Gate, 0}, {Loop, 1}}
	if t := int(math.Round(c.BPM * 100)); t >= Params[Tempo].Min && t <= Params[Tempo].Max {
		changes = append(changes, Change{Tempo, t})
	}
	s, err := Settings{}.With(changes...)
	if err != nil {
		return Settings{}
	}
	return s
}

// chop cuts one loop over the free pads: at its transients where it has enough, else in equal
// parts moved onto transients that are near.
func (f *filling) chop(p *Proposal) error {
	c := f.seed
	var others []Alternative
	if c == nil {
		for i := range f.all {
			if d := &f.all[i]; d.Kind == "loop" {
				if c == nil || f.chopScore(d) > f.chopScore(c) {
					c = d
				}
			}
		}
	}
	if c == nil {
		return fmt.Errorf("there is no loop to cut: choose one to start from")
	}
	for i := range f.all {
		if d := &f.all[i]; d.Kind == "loop" && d != c && len(others) < maxAlternates {
			others = append(others, Alternative{SampleID: d.ID, Reason: fmt.Sprintf("%s, %d transients", d.Name, len(d.Onsets))})
		}
	}
	frames := int(math.Round(c.Seconds * Rate))
	cuts, how := ChopPoints(frames, c.Onsets, len(f.free))
	if len(cuts) < 2 {
		return fmt.Errorf("%s is too short to be cut", c.Name)
	}
	p.BPM, p.Key = c.BPM, c.Key
	for i, s := range f.free {
		if i+1 >= len(cuts) {
			p.Empty = append(p.Empty, f.free[i:]...)
			break
		}
		changes := []Change{{Start, cuts[i]}, {End, cuts[i+1]}, {LoopTop, cuts[i]}, {OneShot, 1}, {MuteGroup, 1}}
		if t := int(math.Round(c.BPM * 100)); t >= Params[Tempo].Min && t <= Params[Tempo].Max {
			changes = append(changes, Change{Tempo, t})
		}
		set, err := Settings{}.With(changes...)
		if err != nil {
			return err
		}
		p.Picks = append(p.Picks, Pick{
			Slot: s, Role: fmt.Sprintf("chop %d", i+1), SampleID: c.ID, Settings: set,
			Reason: fmt.Sprintf("%s, %s", c.Name, how), Replaces: f.kit.pads[s].SampleID, Alternates: others,
		})
	}
	return nil
}

// chopScore prefers loops with enough transients, a tempo, and what a person likes.
func (f *filling) chopScore(c *Candidate) float64 {
	s := float64(min(len(c.Onsets), PadsPerBank)) + 10*f.taste(c)
	if c.BPM > 0 {
		s++
	}
	return s
}

// ChopPoints cuts a sound of so many frames at 48 kHz into at most n parts of at least
// MinRegion frames; onsets are in seconds. It gives the first frame of each part and the end of
// the last, and says how it cut.
func ChopPoints(frames int, onsets []float64, n int) (cuts []int, how string) {
	n = min(n, frames/MinRegion)
	if n < 1 || frames > MaxFrames {
		return nil, ""
	}
	var at []int
	for _, o := range onsets {
		if f := int(math.Round(o * Rate)); f >= 0 && f < frames {
			at = append(at, f)
		}
	}
	slices.Sort(at)
	grid := func(i int) int { return int(int64(frames) * int64(i) / int64(n)) }
	reach := frames / n / 4 // how far a cut may move onto a transient
	how = fmt.Sprintf("%d equal parts on its transients", n)
	if len(at) >= n {
		reach = frames / n
		how = "cut at its transients"
	}
	cuts = []int{0}
	for i := 1; i < n; i++ {
		cut := nearestTo(at, grid(i), reach)
		if last := cuts[len(cuts)-1]; cut-last < MinRegion {
			cut = max(grid(i), last+MinRegion)
		}
		if frames-cut < MinRegion {
			break
		}
		cuts = append(cuts, cut)
	}
	return append(cuts, frames), how
}

func nearestTo(sorted []int, want, reach int) int {
	best, dist := want, reach+1
	i, _ := slices.BinarySearch(sorted, want)
	for _, j := range []int{i - 1, i} {
		if j >= 0 && j < len(sorted) {
			if d := max(sorted[j]-want, want-sorted[j]); d < dist {
				best, dist = sorted[j], d
			}
		}
	}
	return best
}
