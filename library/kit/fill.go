package kit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Candidate is a sample that may go on a pad, with the facts on which the choice rests.
type Candidate struct {
	ID        string
	Name      string
	Kind      string  // "one-shot", "loop", "music" or ""
	Class     string  // "kick", "snare", "hat", "clap", "cymbal", "tom", "percussion", "bass", "tonal", "drums", "chords", "melody", "vocal"...
	ClassConf float64 // 0 to 1
	BPM       float64 // 0 when not known
	Key       string  // "A minor"; "" when not known
	Seconds   float64
	Bright    float64   // spectral centroid in Hz, 0 when not known
	Onsets    []float64 // s
	Vector    []float32 // timbre; of one length for all candidates, or nil
	Rating    int       // 0 to 5
	Favourite bool
}

// Template is a way to fill a bank.
type Template string

// The templates.
const (
	DrumKit     Template = "drum-kit"    // a drum kit on its usual pads
	Chops       Template = "chops"       // one loop, cut over the bank
	OneKey      Template = "one-key"     // sounds that go together in one key
	OneTempo    Template = "one-tempo"   // loops of one tempo
	Performance Template = "performance" // loops above, hits below, in one tempo and key
	Alike       Template = "alike"       // sounds like the seed
	Complete    Template = "complete"    // what fits what is on the bank already
)

// TemplateInfo says what a template does, for a menu.
type TemplateInfo struct {
	Template Template
	Label    string
	Help     string
}

// Templates are all templates in the order of a menu.
var Templates = []TemplateInfo{
	{DrumKit, "Drum kit", "Kick, snare, hats, clap, toms, cymbals and percussion on their usual pads"},
	{Chops, "Chops of a loop", "One loop cut at its transients over sixteen pads"},
	{OneKey, "One key", "Bass, chords and melodies that go together in one key"},
	{OneTempo, "One tempo", "Loops of one tempo, also at half and double"},
	{Performance, "Performance", "Drum loops, melodic loops, hits and extras, a row each"},
	{Alike, "Sounds like this", "The sounds nearest to the seed"},
	{Complete, "Complete this bank", "Fills the empty pads by what is on the bank already"},
}

// FillOptions guide a filling. The zero value fills empty pads and finds tempo and key itself.
type FillOptions struct {
	Seed    string  // ID of the candidate to start from
	BPM     float64 // tempo to aim at; 0: the seed's, the bank's sounds', or the most frequent
	Key     string  // key to aim at; "" likewise
	Replace bool    // filled pads may be chosen too; without it nothing is replaced
}

// Alternative is a candidate that was nearly chosen.
type Alternative struct {
	SampleID string
	Settings Settings // how the pad is set for it
	Reason   string
}

// Pick is what a filling proposes for a pad. Nothing happens before Apply.
type Pick struct {
	Slot       Slot
	Role       string // "open hat"
	SampleID   string
	Settings   Settings
	Reason     string
	Replaces   string        // the sample on the pad now; "" when the pad is empty
	Alternates []Alternative // of a chop: other loops to cut instead, for the whole bank
}

// Proposal is a filling of a bank.
type Proposal struct {
	Template Template
	Bank     int
	Picks    []Pick
	BPM      float64 // the tempo that was aimed at, 0 for none
	Key      string  // the key that was aimed at, "" for none
	Empty    []Slot  // pads for which nothing fits
}

const maxAlternates = 8

// Choose takes the n-th alternative (from 0) in the place of what was proposed, which becomes that
// alternative: choosing the same again brings it back.
func (p Pick) Choose(n int) Pick {
	if n < 0 || n >= len(p.Alternates) {
		return p
	}
	p.Alternates = slices.Clone(p.Alternates)
	a := p.Alternates[n]
	p.Alternates[n] = Alternative{p.SampleID, p.Settings, p.Reason}
	p.SampleID, p.Settings, p.Reason = a.SampleID, a.Settings, a.Reason
	return p
}

// Fill proposes sounds for a bank. It is a function of its arguments alone: the same candidates
// give the same proposal, in whatever order they come.
func (k *Kit) Fill(t Template, bank int, candidates []Candidate, o FillOptions) (*Proposal, error) {
	if bank < 0 || bank >= BankCount {
		return nil, fmt.Errorf("there is no bank number %d", bank)
	}
	if k.banks[bank].Protected {
		return nil, fmt.Errorf("%w: %s; take the protection off first", ErrProtected, BankName(bank))
	}
	f := &filling{kit: k, opt: o, all: slices.Clone(candidates), used: map[string]bool{}, byID: map[string]*Candidate{}, named: map[string]int{}, middles: map[string]middles{}}
	slices.SortFunc(f.all, func(a, b Candidate) int { return strings.Compare(a.ID, b.ID) })
	for i := range f.all {
		c := &f.all[i]
		f.byID[c.ID] = c
		if pad, ok := padOfName(c.Name, c.Class); ok {
			f.named[c.ID] = pad
		}
	}
	for _, s := range BankSlots(bank) {
		if p := k.pads[s]; p.Empty() || o.Replace {
			f.free = append(f.free, s)
		} else {
			f.used[p.SampleID] = true
			if c := f.byID[p.SampleID]; c != nil {
				f.there = append(f.there, c)
			}
		}
	}
	if o.Seed != "" {
		if f.seed = f.byID[o.Seed]; f.seed == nil {
			return nil, fmt.Errorf("the seed %s is not among the samples to choose from", o.Seed)
		}
	}
	if t == Complete {
		t = f.guess()
	}
	p := &Proposal{Template: t, Bank: bank}
	if t != DrumKit && t != Alike && t != Chops {
		f.aim(t)
		p.BPM, p.Key = f.bpm, f.key
	}
	roles, err := f.roles(t)
	if err != nil {
		return nil, err
	}
	if t == Chops {
		return p, f.chop(p)
	}
	suited := map[Slot][]suitor{}
	for _, s := range f.free {
		suited[s] = f.suitors(roles[s.Pad()-1])
	}
	p.Empty = f.free
	for r := named; r <= standIn; r++ {
		p.Empty = slices.DeleteFunc(p.Empty, func(s Slot) bool { return f.choose(p, s, roles[s.Pad()-1], suited[s], r) })
	}
	slices.SortFunc(p.Picks, func(a, b Pick) int { return cmp.Compare(a.Slot, b.Slot) })
	return p, nil
}

// Apply puts a proposal's picks on the pads: all or none. A pick may have been exchanged for
// one of its alternates before. What lies on a pad is replaced only where the pick says so.
func (k *Kit) Apply(picks []Pick) error {
	next := *k
	for _, c := range picks {
		if now := next.Pad(c.Slot).SampleID; now != c.Replaces {
			return fmt.Errorf("pad %s has changed since the proposal was made", c.Slot)
		}
		if err := next.SetPad(c.Slot, Pad{SampleID: c.SampleID, Settings: c.Settings}); err != nil {
			return err
		}
	}
	*k = next
	return nil
}

// filling is one run of Fill.
type filling struct {
	kit   *Kit
	opt   FillOptions
	all   []Candidate
	byID  map[string]*Candidate
	named map[string]int // by ID, after which pad of the drum kit, from 0
	used  map[string]bool
	free  []Slot
	there []*Candidate // on the bank and staying
	seed  *Candidate
	bpm   float64
	key   string

	middles map[string]middles // of classes, as far as they were asked for
}

// rank says how a sound belongs to a pad. Each rank is given out over the whole bank before the next,
// so that no pad takes what another waits for.
type rank int

const (
	named   rank = iota // after the pad: "Low Tom"; or the seed, where it fits at all
	itself              // what the pad is for
	standIn             // what may stand in for it
)

// fit is how a candidate suits a pad, and why.
type fit struct {
	rank   rank
	score  float64 // 0 or less: not at all
	reason string
}

// role is what a pad is for: how a candidate suits it and how the pad is set then.
type role struct {
	name     string
	fit      func(*Candidate) fit
	settings func(*Candidate) Settings
}

// suitor is a candidate for one pad.
type suitor struct {
	*Candidate
	fit
}

// suitors are all that suit a pad at all, the best first.
func (f *filling) suitors(r role) []suitor {
	var out []suitor
	for i := range f.all {
		c := &f.all[i]
		v := r.fit(c)
		if v.score <= 0 {
			continue
		}
		if c == f.seed {
			v.rank = named
		}
		v.score += f.taste(c)
		out = append(out, suitor{c, v})
	}
	slices.SortFunc(out, func(a, b suitor) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.score, a.score), strings.Compare(a.ID, b.ID))
	})
	return out
}

// choose puts the best of the suitors that are still free on a pad, if it is of a rank or one before
// it, and says whether it was.
func (f *filling) choose(p *Proposal, s Slot, r role, all []suitor, upTo rank) bool {
	left := make([]suitor, 0, 1+maxAlternates)
	for _, c := range all {
		if !f.used[c.ID] && len(left) < cap(left) {
			left = append(left, c)
		}
	}
	if len(left) == 0 || left[0].rank > upTo {
		return false
	}
	best := left[0]
	f.used[best.ID] = true
	pick := Pick{Slot: s, Role: r.name, SampleID: best.ID, Settings: r.settings(best.Candidate), Reason: best.reason, Replaces: f.kit.pads[s].SampleID}
	for _, c := range left[1:] {
		pick.Alternates = append(pick.Alternates, Alternative{c.ID, r.settings(c.Candidate), c.reason})
	}
	p.Picks = append(p.Picks, pick)
	return true
}

// taste is what a person likes and, with a seed, what sounds like it; less than any role decides.
func (f *filling) taste(c *Candidate) float64 {
	t := 0.02 * float64(c.Rating)
	if c.Favourite {
		t += 0.1
	}
	if f.seed != nil {
		if c == f.seed {
			t += 1
		}
		t += 0.2 * alike(f.seed.Vector, c.Vector)
	}
	return t
}

// alike is the cosine of two timbres, 0 when one is not known.
func alike(a, b []float32) float64 {
	if len(a) == 0 || len(a) != len(b) {
		return 0
	}
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// guess finds what a bank is about: drums, one tempo, or one key.
func (f *filling) guess() Template {
	of := f.there
	if f.seed != nil {
		of = append(slices.Clone(of), f.seed)
	}
	drums, tempo, key := 0, 0, 0
	for _, c := range of {
		switch {
		case c.Kind != "loop" && isDrum(c.Class):
			drums++
		case c.Kind == "loop" && c.BPM > 0:
			tempo++
		case c.Key != "":
			key++
		}
	}
	switch most := max(drums, tempo, key); {
	case most == 0 && f.seed != nil:
		return Alike
	case drums == most:
		return DrumKit
	case tempo == most:
		return OneTempo
	}
	return OneKey
}

func isDrum(class string) bool {
	switch class {
	case "kick", "snare", "hat", "clap", "cymbal", "tom", "percussion":
		return true
	}
	return false
}

// aim settles tempo and key: what was asked for, else the seed's, else what the bank has, else
// what most candidates have.
func (f *filling) aim(t Template) {
	f.bpm, f.key = f.opt.BPM, f.opt.Key
	from := []*Candidate{}
	if f.seed != nil {
		from = append(from, f.seed)
	}
	from = append(from, f.there...)
	for _, c := range from {
		if f.bpm == 0 {
			f.bpm = c.BPM
		}
		if f.key == "" {
			f.key = c.Key
		}
	}
	if f.bpm == 0 && t != OneKey {
		f.bpm = f.commonTempo()
	}
	if f.key == "" && t != OneTempo {
		f.key = f.commonKey()
	}
	if t == OneKey && f.opt.BPM == 0 {
		f.bpm = 0
	}
	if t == OneTempo && f.opt.Key == "" {
		f.key = ""
	}
}

func (f *filling) commonTempo() float64 {
	best, most := 0.0, 0
	for i := range f.all {
		if c := &f.all[i]; c.BPM > 0 {
			n := 0
			for j := range f.all {
				if s, _ := tempoMatch(c.BPM, f.all[j].BPM); s > 0 && f.all[j].Kind == "loop" {
					n++
				}
			}
			if n > most {
				best, most = c.BPM, n
			}
		}
	}
	return best
}

func (f *filling) commonKey() string {
	best, most := "", 0.0
	for i := range f.all {
		if c := &f.all[i]; c.Key != "" {
			n := 0.0
			for j := range f.all {
				s, _ := keyMatch(c.Key, f.all[j].Key)
				n += s
			}
			if n > most {
				best, most = c.Key, n
			}
		}
	}
	return best
}

// tempoMatch says how well a loop can follow a tempo: 1 for the same, less the more it must be
// stretched; half and double time count a little less. Beyond 8 percent nothing fits.
func tempoMatch(want, have float64) (float64, string) {
	if want <= 0 || have <= 0 {
		return 0, ""
	}
	best, why := 0.0, ""
	for _, m := range []struct {
		factor, weight float64
		word           string
	}{{1, 1, ""}, {2, 0.8, " at half time"}, {0.5, 0.8, " at double time"}} {
		off := have/(want*m.factor) - 1
		if s := m.weight * (1 - math.Abs(off)/0.08); s > best {
			best = s
			why = fmt.Sprintf("%s BPM%s", trimmed(have), m.word)
			if math.Abs(off) >= 0.005 {
				why += fmt.Sprintf(", %+.0f %% to stretch", -100*off/(1+off))
			}
		}
	}
	return best, why
}

func trimmed(v float64) string {
	return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%.1f", v), "0"), ".")
}
