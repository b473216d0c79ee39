package edit

import (
	"math"
	"slices"
)

// ChopEvery divides a sound of so many frames into regions of equal length; the last may be
// shorter. A length below one frame gives the whole sound.
func ChopEvery(frames, length int) []Region {
	if length < 1 {
		length = frames
	}
	var out []Region
	for at := 0; at < frames; at += length {
		out = append(out, Region{at, min(at+length, frames)})
	}
	return out
}

// ChopGrid divides a sound into so many parts that differ by one frame at most, as 16 pads of one
// loop want it. More parts than frames give one part a frame.
func ChopGrid(frames, parts int) []Region {
	parts = min(max(parts, 1), frames)
	out := make([]Region, 0, max(parts, 0))
	for i := range max(parts, 0) {
		out = append(out, Region{
			int(int64(frames) * int64(i) / int64(parts)),
			int(int64(frames) * int64(i+1) / int64(parts)),
		})
	}
	return out
}

// ChopAt divides a sound at the given frames, in any order. What lies before the first cut is a
// region too. A cut closer than least frames to the one before it, or to the end, is left out.
func ChopAt(frames int, cuts []int, least int) []Region {
	if frames <= 0 {
		return nil
	}
	least = max(least, 1)
	sorted := slices.Clone(cuts)
	slices.Sort(sorted)
	out := []Region{{0, frames}}
	for _, c := range sorted {
		last := &out[len(out)-1]
		if c-last.From < least || frames-c < least {
			continue
		}
		last.To = c
		out = append(out, Region{c, frames})
	}
	return out
}

// ChopOnsets divides a sound at onsets in seconds. Sound that lies before the first onset goes
// with it when it is shorter than least, so that a loop with a little lead-in starts on its
// first beat's region.
func ChopOnsets(frames, rate int, onsets []float64, least int) []Region {
	cuts := make([]int, 0, len(onsets))
	for _, s := range onsets {
		if f := math.Round(s * float64(rate)); f >= 0 && f < float64(frames) {
			cuts = append(cuts, int(f))
		}
	}
	return ChopAt(frames, cuts, least)
}
