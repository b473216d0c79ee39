package app

import (
	"context"
	"fmt"
	"slices"

	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
	"sampleagent/library/kit"
	"sampleagent/library/search"
)

// Filled is what came of filling a bank.
type Filled struct {
	Placed []kit.Slot
	Found  int    // samples the query found
	Left   string // what is left to say: "no sample was left for 3 more"
}

// mostCandidates is how many results of a query are weighed for a bank.
const mostCandidates = 1000

// FillBank puts what a query finds on a bank's empty pads: drums on their usual pads, loops of
// one tempo and sounds of one key first, then what is left in the order of the results. Samples
// that lie in the bank already, and files that cannot be read or are gone, are passed over.
func (a *App) FillBank(ctx context.Context, id string, bank int, query string) (Filled, error) {
	return a.fillBank(ctx, id, bank, query, "", "", true)
}

// FillBankAs fills by a template of kit.Templates only; seed is a sample's id to start from, or
// "". Pads for which nothing fits stay empty.
func (a *App) FillBankAs(ctx context.Context, id string, bank int, t kit.Template, query, seed string) (Filled, error) {
	return a.fillBank(ctx, id, bank, query, t, seed, false)
}

// ProposeBank works out what a template would put on a bank, and changes nothing. It also gives
// the samples that the proposal speaks of, by their id. A seed need not be found by the query.
func (a *App) ProposeBank(ctx context.Context, id string, bank int, t kit.Template, query string, o kit.FillOptions) (*kit.Proposal, map[string]catalog.Sample, error) {
	k, err := a.Kit(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	found, all, err := a.candidates(ctx, query, &k, bank, t, o.Seed)
	if err != nil {
		return nil, nil, err
	}
	p, err := k.Fill(t, bank, found, o)
	if err != nil {
		return nil, nil, err
	}
	samples := map[string]catalog.Sample{}
	for _, s := range all {
		samples[s.ID] = s
	}
	return p, samples, nil
}

// ApplyPicks puts picks of a proposal on the pads.
func (a *App) ApplyPicks(ctx context.Context, id string, bank int, picks []kit.Pick) error {
	return a.EditKit(ctx, id, "Fill bank "+kit.BankName(bank), "", func(k *kit.Kit) error { return k.Apply(picks) })
}

// weighed are the samples that count whether the query finds them or not: the seed, and what a
// bank that is to be completed has.
func weighed(k *kit.Kit, bank int, t kit.Template, seed string) []string {
	var out []string
	if seed != "" {
		out = append(out, seed)
	}
	if t == kit.Complete {
		for _, id := range onBank(k, bank) {
			if id != seed {
				out = append(out, id)
			}
		}
	}
	return out
}

// onBank are the samples that lie on a bank's pads, each once.
func onBank(k *kit.Kit, bank int) []string {
	var out []string
	for _, s := range kit.BankSlots(bank) {
		if id := k.Pad(s).SampleID; id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func (a *App) fillBank(ctx context.Context, id string, bank int, query string, t kit.Template, seed string, rest bool) (Filled, error) {
	now, err := a.Kit(ctx, id)
	if err != nil {
		return Filled{}, err
	}
	found, samples, err := a.candidates(ctx, query, &now, bank, t, seed)
	if err != nil {
		return Filled{}, err
	}
	out := Filled{Found: len(samples)}
	err = a.EditKit(ctx, id, "Fill bank "+kit.BankName(bank), "", func(k *kit.Kit) error {
		out.Placed = nil
		if t == "" {
			t = templateFor(found)
		}
		if t != "" && len(found) > 0 {
			p, err := k.Fill(t, bank, found, kit.FillOptions{Seed: seed})
			if err != nil {
				return err
			}
			if err := k.Apply(p.Picks); err != nil {
				return err
			}
			for _, c := range p.Picks {
				out.Placed = append(out.Placed, c.Slot)
			}
		}
		if rest {
			placed, err := placeInOrder(k, bank, samples)
			if err != nil {
				return err
			}
			out.Placed = append(out.Placed, placed...)
		}
		slices.Sort(out.Placed)
		for _, s := range out.Placed {
			if i := slices.IndexFunc(samples, func(c catalog.Sample) bool { return c.ID == k.Pad(s).SampleID }); i >= 0 {
				if err := ownTempo(k, s, samples[i]); err != nil {
					return err
				}
			}
		}
		left := 0
		for _, s := range kit.BankSlots(bank) {
			if p := k.Pad(s); p.Empty() {
				left++
			}
		}
		switch {
		case left == 0 && len(out.Placed) == 0:
			out.Left = "no pad of it was empty"
		case left == 0:
			out.Left = "the bank is full"
		case len(out.Placed) == 0:
			out.Left = "the search found no sample for it"
		default:
			out.Left = fmt.Sprintf("no sample was left for %d more", left)
		}
		return nil
	})
	return out, err
}

// placeInOrder puts samples that are not in the bank yet on its empty pads.
func placeInOrder(k *kit.Kit, bank int, samples []catalog.Sample) ([]kit.Slot, error) {
	there := map[string]bool{}
	var empty, placed []kit.Slot
	for _, s := range kit.BankSlots(bank) {
		if p := k.Pad(s); p.Empty() {
			empty = append(empty, s)
		} else {
			there[p.SampleID] = true
		}
	}
	for _, s := range samples {
		if len(empty) == 0 {
			break
		}
		if there[s.ID] {
			continue
		}
		there[s.ID] = true
		if err := k.SetSample(empty[0], s.ID); err != nil {
			return nil, err
		}
		placed, empty = append(placed, empty[0]), empty[1:]
	}
	return placed, nil
}

// withoutCopies leaves out files with the same bytes as one before them, or as one of those that
// stay. The last of these is the one that is kept.
func withoutCopies(samples, stay []catalog.Sample) []catalog.Sample {
	kept := map[string]string{} // bytes -> id
	for _, s := range stay {
		kept[s.SHA256] = s.ID
	}
	return slices.DeleteFunc(samples, func(s catalog.Sample) bool {
		if s.SHA256 == "" {
			return false // not read yet
		}
		id, known := kept[s.SHA256]
		if !known {
			kept[s.SHA256] = s.ID
		}
		return known && id != s.ID
	})
}

// candidates are what a query finds and can be played, in its order, each sound once however
// often it lies in the library, and the samples that count in any case, with what a filling weighs.
func (a *App) candidates(ctx context.Context, query string, k *kit.Kit, bank int, t kit.Template, seed string) ([]kit.Candidate, []catalog.Sample, error) {
	rows, err := a.SearchFirst(ctx, query, search.Sort{}, mostCandidates)
	if err != nil {
		return nil, nil, err
	}
	samples, err := a.db.Samples(ctx, rows)
	if err != nil {
		return nil, nil, err
	}
	also := slices.DeleteFunc(weighed(k, bank, t, seed), func(id string) bool {
		return slices.ContainsFunc(samples, func(s catalog.Sample) bool { return s.ID == id })
	})
	more, err := a.db.SamplesByID(ctx, also)
	if err != nil {
		return nil, nil, err
	}
	samples = append(samples, more...)
	samples = slices.DeleteFunc(samples, func(s catalog.Sample) bool { return s.State == catalog.Failed || s.State == catalog.Missing })
	stay, err := a.db.SamplesByID(ctx, onBank(k, bank))
	if err != nil {
		return nil, nil, err
	}
	for _, s := range samples {
		if s.ID == seed {
			stay = append(stay, s)
		}
	}
	samples = withoutCopies(samples, stay)
	reports, err := a.db.Reports(ctx, samples)
	if err != nil {
		return nil, nil, err
	}
	vectors := map[catalog.Row][]float32{}
	if t == kit.Alike || len(also) > 0 || t == kit.Complete {
		all, err := a.db.Vectors(ctx)
		if err != nil {
			return nil, nil, err
		}
		for i, row := range all.Rows {
			vectors[row] = all.At(i)
		}
	}
	out := make([]kit.Candidate, len(samples))
	for i, s := range samples {
		out[i] = kit.Candidate{
			ID: s.ID, Name: s.Name, Kind: string(s.Kind), Class: s.Class, ClassConf: s.ClassConf, BPM: s.BPM, Key: s.Key,
			Seconds: s.Duration, Onsets: reports[i].Onsets, Vector: vectors[s.Row], Rating: s.Rating, Favourite: s.Favourite,
		}
		if sp := reports[i].Spectral; sp != nil {
			out[i].Bright = sp.CentroidMean
		}
	}
	return out, samples, nil
}

// templateFor chooses by what most of the candidates are: hits make a drum kit, loops go by one
// tempo, tonal sounds by one key. "" when nothing stands out.
func templateFor(found []kit.Candidate) kit.Template {
	drums := map[string]bool{"kick": true, "snare": true, "hat": true, "clap": true, "cymbal": true, "tom": true, "percussion": true}
	var hits, loops, tonal int
	for _, c := range found {
		switch {
		case c.Kind == string(analysis.LoopKind) && c.BPM > 0:
			loops++
		case drums[c.Class]:
			hits++
		case c.Key != "":
			tonal++
		}
	}
	switch half := (len(found) + 1) / 2; {
	case len(found) == 0:
		return ""
	case hits >= half:
		return kit.DrumKit
	case loops >= half:
		return kit.OneTempo
	case tonal >= half:
		return kit.OneKey
	}
	return ""
}
