package kit

import (
	"fmt"
	"maps"
	"math"
)

// BPM is a tempo of 40 to 200 beats per minute in steps of a hundredth. The zero value is 90,
// the device's default.
type BPM struct{ d int16 }

// NewBPM rounds to hundredths and refuses what the device cannot play.
func NewBPM(bpm float64) (BPM, error) {
	c := math.Round(bpm * 100)
	if !(c >= 4000 && c <= 20000) {
		return BPM{}, fmt.Errorf("a tempo of %g BPM is not possible: 40 to 200", bpm)
	}
	return BPM{int16(int(c) - 9000)}, nil
}

// Float is the tempo in beats per minute.
func (b BPM) Float() float64 { return float64(b.Hundredths()) / 100 }

// Hundredths is the tempo times 100, 4000 to 20000.
func (b BPM) Hundredths() int { return 9000 + int(b.d) }

// TempoSelect says whose tempo the device follows.
type TempoSelect uint8

// The choices of TempoSelect.
const (
	TempoOfBank TempoSelect = iota
	TempoOfProject
)

// String is "bank" or "project".
func (t TempoSelect) String() string {
	if t == TempoOfProject {
		return "project"
	}
	return "bank"
}

// parseTempoSelect reads "bank" or "project".
func parseTempoSelect(s string) (TempoSelect, error) {
	switch s {
	case "bank", "":
		return TempoOfBank, nil
	case "project":
		return TempoOfProject, nil
	}
	return TempoOfBank, fmt.Errorf("%q is not possible: bank or project", s)
}

// Bank holds what belongs to a bank as a whole. The zero value is a fresh bank: 90 BPM, volume
// 127, not protected.
type Bank struct {
	Tempo     BPM
	Protected bool
	quiet     uint8 // 127 - volume
}

// Volume is 0 to 127.
func (b Bank) Volume() int { return 127 - int(b.quiet) }

// WithVolume sets the bank's volume, 0 to 127.
func (b Bank) WithVolume(v int) (Bank, error) {
	if v < 0 || v > 127 {
		return b, fmt.Errorf("a bank volume of %d is not possible: 0 to 127", v)
	}
	b.quiet = uint8(127 - v)
	return b, nil
}

// Pad is a sample with its settings. A pad without a sample is empty and has none.
type Pad struct {
	SampleID string // the sample's ID in the library; "" is an empty pad
	Name     string // what the device shows; "" is the sample's own name
	Settings Settings
}

// Empty says that there is no sample on the pad.
func (p Pad) Empty() bool { return p.SampleID == "" }

// Kit is a project of the device. The zero value is an empty project; a copy is independent of
// its original.
type Kit struct {
	ID          string // never changes
	Name        string
	Tempo       BPM // the project's
	TempoSelect TempoSelect

	banks    [BankCount]Bank
	pads     [PadCount]Pad
	patterns map[Slot]Pattern // copied before every write, so that copies of a kit stay apart
}

// maxLinked is how many pads the device links in one group (manual, PAD LINK GROUPS).
const maxLinked = 4

// Bank is a bank's tempo, volume and protection; bank 0 is A. Out of range it is a fresh bank.
func (k *Kit) Bank(bank int) Bank {
	if bank < 0 || bank >= BankCount {
		return Bank{}
	}
	return k.banks[bank]
}

// SetBank replaces a bank's tempo, volume and protection; protected banks included, since this
// is how protection ends.
func (k *Kit) SetBank(bank int, b Bank) error {
	if bank < 0 || bank >= BankCount {
		return fmt.Errorf("there is no bank number %d", bank)
	}
	k.banks[bank] = b
	return nil
}

// Pad is what lies on a slot.
func (k *Kit) Pad(s Slot) Pad {
	if !s.Valid() {
		return Pad{}
	}
	return k.pads[s]
}

// Filled are the slots with a sample, in the device's order.
func (k *Kit) Filled() []Slot {
	var out []Slot
	for i := range k.pads {
		if !k.pads[i].Empty() {
			out = append(out, Slot(i))
		}
	}
	return out
}

// SampleIDs are the samples in use, each once, in pad order.
func (k *Kit) SampleIDs() []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range k.Filled() {
		if id := k.pads[s].SampleID; !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// MapSamples gives pads other samples, settings and all: what to says for a pad and its sample
// takes the sample's place, "" empties the pad. It is for kits that come from elsewhere, so
// protected banks are no exception.
func (k *Kit) MapSamples(to func(s Slot, id string) string) {
	for i := range k.pads {
		if p := &k.pads[i]; !p.Empty() {
			if p.SampleID = to(Slot(i), p.SampleID); p.Empty() {
				*p = Pad{}
			}
		}
	}
}

// edit runs change on a copy and takes it over only if the copy keeps the device's rules and
// touches no protected bank.
func (k *Kit) edit(touched []Slot, change func(*Kit)) error {
	for _, s := range touched {
		if !s.Valid() {
			return fmt.Errorf("there is no pad number %d", uint8(s))
		}
		if k.banks[s.Bank()].Protected {
			return fmt.Errorf("%w: %s; take the protection off first", ErrProtected, BankName(s.Bank()))
		}
	}
	next := *k
	change(&next)
	for _, s := range touched {
		if next.pads[s].Empty() {
			next.pads[s] = Pad{}
		}
	}
	if err := next.checkLinks(); err != nil {
		return err
	}
	*k = next
	return nil
}

func (k *Kit) checkLinks() error {
	var n [11]int
	for i := range k.pads {
		if g := k.pads[i].Settings.Get(PadLink); g > 0 && !k.pads[i].Empty() {
			if n[g]++; n[g] > maxLinked {
				return fmt.Errorf("pad link %s would have more than %d pads", groups[g], maxLinked)
			}
		}
	}
	return nil
}

// SetPad puts a pad on a slot; what was there is gone.
func (k *Kit) SetPad(s Slot, p Pad) error {
	return k.edit([]Slot{s}, func(n *Kit) { n.pads[s] = p })
}

// SetSample puts a sample on a slot. Another sample's settings do not pass to it: positions and
// tempo belong to the sound.
func (k *Kit) SetSample(s Slot, id string) error {
	if k.Pad(s).SampleID == id && s.Valid() {
		return nil
	}
	return k.SetPad(s, Pad{SampleID: id})
}

// Change sets settings of filled pads together: all, or none and an error.
func (k *Kit) Change(slots []Slot, change func(Settings) (Settings, error)) error {
	next := *k
	for _, s := range slots {
		p := next.Pad(s)
		if p.Empty() {
			return fmt.Errorf("pad %s is empty: put a sample on it first", s)
		}
		set, err := change(p.Settings)
		if err != nil {
			return fmt.Errorf("pad %s: %w", s, err)
		}
		p.Settings = set
		next.pads[s] = p
	}
	return k.edit(slots, func(n *Kit) { n.pads = next.pads })
}

// Clear empties pads.
func (k *Kit) Clear(slots ...Slot) error {
	return k.edit(slots, func(n *Kit) {
		for _, s := range slots {
			n.pads[s] = Pad{}
		}
	})
}

// Swap exchanges two pads, as the device's EXCHANGE does; either may be empty.
func (k *Kit) Swap(a, b Slot) error {
	return k.edit([]Slot{a, b}, func(n *Kit) { n.pads[a], n.pads[b] = n.pads[b], n.pads[a] })
}

// Move takes a pad to another slot; what was there is gone and the old place is empty.
func (k *Kit) Move(from, to Slot) error {
	return k.edit([]Slot{from, to}, func(n *Kit) {
		p := n.pads[from]
		n.pads[from] = Pad{}
		n.pads[to] = p
	})
}

// Copy puts a pad on another slot as well; what was there is gone. The copy leaves the pad link
// group when the group is full.
func (k *Kit) Copy(from, to Slot) error {
	if !from.Valid() {
		return fmt.Errorf("there is no pad number %d", uint8(from))
	}
	return k.edit([]Slot{to}, func(n *Kit) {
		n.pads[to] = n.pads[from]
		n.unlinkIfFull(to)
	})
}

// PutPads puts pads on a slot and those after it, as far as the bank goes, and says how many were
// put down; what was there is gone. Pads leave link groups that are full.
func (k *Kit) PutPads(first Slot, pads []Pad) (int, error) {
	n := min(len(pads), PadsPerBank-first.Pad()+1)
	slots := make([]Slot, 0, n)
	for i := range n {
		slots = append(slots, first+Slot(i))
	}
	return n, k.edit(slots, func(next *Kit) {
		for _, s := range slots {
			next.pads[s] = Pad{}
		}
		for i, s := range slots {
			next.pads[s] = pads[i]
			next.unlinkIfFull(s)
		}
	})
}

func (k *Kit) unlinkIfFull(s Slot) {
	if k.checkLinks() != nil {
		k.pads[s].Settings.set(PadLink, 0)
	}
}

// ClearBank empties a bank's pads and patterns; tempo and volume stay.
func (k *Kit) ClearBank(bank int) error {
	slots := BankSlots(bank)
	return k.edit(slots, func(n *Kit) {
		for _, s := range slots {
			n.pads[s] = Pad{}
			n.putPattern(s, Pattern{})
		}
	})
}

// SwapBanks exchanges two banks whole: pads, tempo, volume, patterns. Patterns elsewhere that
// play these pads follow them.
func (k *Kit) SwapBanks(a, b int) error {
	sa, sb := BankSlots(a), BankSlots(b)
	if len(sa) == 0 || len(sb) == 0 {
		return fmt.Errorf("there is no bank number %d or %d", a, b)
	}
	if a == b {
		return nil
	}
	return k.edit(append(append([]Slot{}, sa...), sb...), func(n *Kit) {
		n.banks[a], n.banks[b] = n.banks[b], n.banks[a]
		for i := range sa {
			x, y := sa[i], sb[i]
			n.pads[x], n.pads[y] = n.pads[y], n.pads[x]
			px, py := n.patterns[x], n.patterns[y]
			n.putPattern(x, py)
			n.putPattern(y, px)
		}
		n.remapPatterns(func(s Slot) Slot {
			switch s.Bank() {
			case a:
				return sb[s.Pad()-1]
			case b:
				return sa[s.Pad()-1]
			}
			return s
		})
	})
}

// CopyBank copies a bank's pads, tempo and volume over another; what was there is gone.
// Patterns stay where they are. Copies leave pad link groups that are full.
func (k *Kit) CopyBank(from, to int) error {
	sf, st := BankSlots(from), BankSlots(to)
	if len(sf) == 0 || len(st) == 0 {
		return fmt.Errorf("there is no bank number %d or %d", from, to)
	}
	if from == to {
		return nil
	}
	return k.edit(st, func(n *Kit) {
		n.banks[to] = n.banks[from]
		n.banks[to].Protected = false
		for _, s := range st {
			n.pads[s] = Pad{}
		}
		for i := range sf {
			n.pads[st[i]] = n.pads[sf[i]]
			n.unlinkIfFull(st[i])
		}
	})
}

// MoveBank takes a bank to another place; what was there is gone and the old place is fresh.
func (k *Kit) MoveBank(from, to int) error {
	if from == to {
		return nil
	}
	next := *k
	if err := next.ClearBank(to); err != nil {
		return err
	}
	next.banks[to] = Bank{}
	if err := next.SwapBanks(from, to); err != nil {
		return err
	}
	*k = next
	return nil
}

// Pattern is the pattern on a slot of the pattern pads.
func (k *Kit) Pattern(s Slot) (Pattern, bool) {
	p, ok := k.patterns[s]
	return p.clone(), ok
}

// Patterns are the slots that hold a pattern, in order.
func (k *Kit) Patterns() []Slot {
	var out []Slot
	for s := Slot(0); s < PadCount; s++ {
		if _, ok := k.patterns[s]; ok {
			out = append(out, s)
		}
	}
	return out
}

// SetPattern puts a pattern on a slot; what was there is gone.
func (k *Kit) SetPattern(s Slot, p Pattern) error {
	if err := p.Validate(); err != nil {
		return fmt.Errorf("pattern %s: %w", s, err)
	}
	return k.edit([]Slot{s}, func(n *Kit) { n.putPattern(s, p.clone()) })
}

// ClearPattern takes a pattern away.
func (k *Kit) ClearPattern(s Slot) error {
	return k.edit([]Slot{s}, func(n *Kit) { n.putPattern(s, Pattern{}) })
}

// putPattern stores a pattern, or removes it when it has no bars.
func (k *Kit) putPattern(s Slot, p Pattern) {
	next := maps.Clone(k.patterns)
	if p.Bars == 0 {
		delete(next, s)
	} else {
		if next == nil {
			next = map[Slot]Pattern{}
		}
		next[s] = p
	}
	if len(next) == 0 {
		next = nil
	}
	k.patterns = next
}

func (k *Kit) remapPatterns(to func(Slot) Slot) {
	for s, p := range k.patterns {
		q := p.clone()
		moved := false
		for i, n := range q.Notes {
			if m := to(n.Pad); m != n.Pad {
				q.Notes[i].Pad, moved = m, true
			}
		}
		if moved {
			q.Raw = nil
			k.putPattern(s, q)
		}
	}
}
