package edit

import "slices"

// chopAt divides a sound at the given frames, in any order. What lies before the first cut is a
// region too. A cut closer than least frames to the one before it, or to the end, is left out.
func chopAt(frames int, cuts []int, least int) []region {
	if frames <= 0 {
		return nil
	}
	least = max(least, 1)
	sorted := slices.Clone(cuts)
	slices.Sort(sorted)
	out := []region{{0, frames}}
	for _, c := range sorted {
		last := &out[len(out)-1]
		if c-last.From < least || frames-c < least {
			continue
		}
		last.To = c
		out = append(out, region{c, frames})
	}
	return out
}
