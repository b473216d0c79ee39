package app

import (
	"context"
	"fmt"

	"sampleagent/library/catalog"
	"sampleagent/library/kit"
	"sampleagent/library/search"
)

// Filled is what came of filling a bank.
type Filled struct {
	Placed []kit.Slot
	Found  int    // samples the query found that could be played
	Left   string // what is left to say: "no sample was left for 3 pads"
}

// FillBank puts what a query finds on a bank's empty pads, in the order of the results. Samples
// that lie in the bank already, and files that cannot be read or are gone, are passed over.
func (a *App) FillBank(ctx context.Context, id string, bank int, query string) (Filled, error) {
	rows, err := a.Search(ctx, query, search.Sort{})
	if err != nil {
		return Filled{}, err
	}
	var out Filled
	name := fmt.Sprintf("Fill bank %s", kit.BankName(bank))
	err = a.EditKit(ctx, id, name, "", func(k *kit.Kit) error {
		out = Filled{}
		there := map[string]bool{}
		var empty []kit.Slot
		for _, s := range kit.BankSlots(bank) {
			if p := k.Pad(s); p.Empty() {
				empty = append(empty, s)
			} else {
				there[p.SampleID] = true
			}
		}
		if len(empty) == 0 {
			out.Left = "no pad of it was empty"
			return nil
		}
		// Rows come in thousands, pads in sixteens: read as many as are needed.
		const step = 64
		for at := 0; at < len(rows) && len(out.Placed) < len(empty); at += step {
			found, err := a.db.Samples(ctx, rows[at:min(at+step, len(rows))])
			if err != nil {
				return err
			}
			for _, s := range found {
				if len(out.Placed) == len(empty) {
					break
				}
				if s.State == catalog.Failed || s.State == catalog.Missing || there[s.ID] {
					continue
				}
				there[s.ID] = true
				slot := empty[len(out.Placed)]
				if err := k.SetSample(slot, s.ID); err != nil {
					return err
				}
				if err := ownTempo(k, slot, s); err != nil {
					return err
				}
				out.Placed = append(out.Placed, slot)
			}
		}
		switch left := len(empty) - len(out.Placed); {
		case left == 0:
			out.Left = "the bank is full"
		case len(out.Placed) == 0:
			out.Left = "the search found no sample for it"
		default:
			out.Left = fmt.Sprintf("no sample was left for %d more", left)
		}
		return nil
	})
	out.Found = len(rows)
	return out, err
}
