package midi

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"sampleagent/audio/analysis/internal/hits"
)

const (
	longestLoop   = 11  // s, at least one bar
	loopLead      = 0.5 // s before the first loop of a song
	loopApart     = 2.5 // s for a loop to ring in before the next one
	loopsTogether = 12  // in one song, which may have 15 programs
)

// Loops plays n loops in styles of all kinds, by chance: whole bars, played a little unevenly, and worn as drawn
// ones are. The same seed gives the same loops.
func (f Font) Loops(ctx context.Context, n int, seed uint64) ([]hits.Loop, error) {
	kits, err := f.Kits()
	if err != nil {
		return nil, err
	}
	var all []hits.Loop
	for from := 0; from < n; from += loopsTogether {
		var song []Note
		var starts, lengths []float64
		var loops []hits.Loop
		var rs []*rand.Rand
		at := loopLead
		for i := from; i < min(n, from+loopsTogether); i++ {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			loop, notes, length := draw(r, kits)
			for k := range notes {
				notes[k].At = max(0, notes[k].At+at)
			}
			song = append(song, notes...)
			starts, lengths, loops, rs = append(starts, at), append(lengths, length), append(loops, loop), append(rs, r)
			at += length + loopApart
		}
		b, err := f.Play(ctx, song)
		if err != nil {
			return nil, err
		}
		for i, l := range loops {
			lo := int(math.Round(starts[i] * playRate))
			hi := lo + int(math.Round(lengths[i]*playRate))
			for len(b.Samples) < hi {
				b.Samples = append(b.Samples, 0)
			}
			x := make([]float64, hi-lo)
			for k := range x {
				x[k] = float64(b.Samples[lo+k])
			}
			l.Sound = hits.Take(x, rs[i])
			all = append(all, l)
		}
	}
	return all, nil
}

// draw chooses style, tempo and notes; the last is the length, s.
func draw(r *rand.Rand, kits []int) (hits.Loop, []Note, float64) {
	var s style
	l := hits.Loop{Class: "drums"}
	drums := r.IntN(2) == 0
	if drums {
		s = drumStyles[r.IntN(len(drumStyles))]
	} else {
		s = lineStyles[r.IntN(len(lineStyles))]
	}
	l.BPM = math.Round(s.lo * math.Pow(s.hi/s.lo, r.Float64()))
	bar := 60 / l.BPM * float64(s.beats)
	bars := 1 << r.IntN(4)
	for bars > 1 && float64(bars)*bar > longestLoop {
		bars /= 2
	}
	if drums {
		return l, drumNotes(r, s, bar, bars, kits[r.IntN(len(kits))]), bar * float64(bars)
	}
	l.Class, _, _ = strings.Cut(s.bar, " ")
	return l, lineNotes(r, s, l.Class, bar, bars), bar * float64(bars)
}

// drumNotes plays bars with looseness, swing, dropped strokes and sometimes a fill.
func drumNotes(r *rand.Rand, s style, bar float64, bars, kit int) (notes []Note) {
	fields := strings.Fields(s.bar)
	rows := map[int]string{}
	for i := 0; i+1 < len(fields); i += 2 {
		rows[drumKeys[fields[i]]] = fields[i+1]
	}
	keys := slices.Sorted(maps.Keys(rows))
	if len(keys) > 2 && r.IntN(6) == 0 { // a voice is missing
		keys = slices.Delete(keys, 2, 3)
	}
	loose, swing := r.Float64()*.012, 0.0
	if r.IntN(4) == 0 { // of sixteenths: up to a triplet's
		swing = .33 * r.Float64()
	}
	drop := .06 * r.Float64()
	busy := r.IntN(3) == 0
	for _, key := range keys {
		row := rows[key]
		if key == drumKeys["H"] && r.IntN(4) == 0 { // another voice plays the hat's row
			key = [...]int{44, 51, 46, 54, 70}[r.IntN(5)]
		}
		maybe := r.IntN(2) == 0
		level := .7 + .3*r.Float64()
		step := bar / float64(len(row))
		quarter := step * float64(s.beats) / bar // beats a step
		for i := range bars * len(row) {
			c := row[i%len(row)]
			if c == '.' && busy && i >= bars*len(row)-len(row)/4 && (key == drumKeys["S"] || key == drumKeys["K"]) && r.IntN(3) == 0 {
				c = 'x'
			}
			v := map[byte]int{'X': 112, 'x': 88, 'o': 42, '?': 88}[c]
			if v == 0 || c == '?' && !maybe || r.Float64() < drop {
				continue
			}
			at := float64(i) * step
			if quarter < .3 && i%2 == 1 {
				at += swing * step
			}
			v = int(float64(v)*level) + r.IntN(17) - 8
			notes = append(notes, Note{at + math.Abs(r.NormFloat64())*loose, .1, kit, key, max(1, min(127, v)), true})
		}
	}
	return notes
}

// chordShapes are semitones over the root.
var chordShapes = [...][4]int{{0, 4, 7, 12}, {0, 3, 7, 12}, {0, 4, 7, 10}, {0, 3, 7, 10}, {0, 7, 12, 16}, {0, 4, 7, 11}}

// lineNotes plays bars of chords, bass or melody on one instrument.
func lineNotes(r *rand.Rand, s style, class string, bar float64, bars int) (notes []Note) {
	_, row, _ := strings.Cut(s.bar, " ")
	programs := linePrograms[class]
	program := programs[r.IntN(len(programs))]
	root := 45 + r.IntN(14)
	switch class {
	case "bass":
		root = 28 + r.IntN(14)
	case "melody":
		root += 12
	}
	shape := chordShapes[r.IntN(len(chordShapes))]
	held := r.IntN(2) == 0 // one chord all along
	step := bar / float64(len(row))
	loose, gap := r.Float64()*.012, .4+.6*r.Float64()
	accent := r.IntN(30)
	perBeat := len(row) / s.beats
	strum := r.Float64() * .02
	shift := 0
	for i := range bars * len(row) {
		if !held && i%len(row) == 0 {
			shift = [...]int{0, 5, 7, -3, -2, 3}[r.IntN(6)]
		}
		c := row[i%len(row)]
		if c == '.' || c == '-' {
			continue
		}
		length := step
		for j := i + 1; j < bars*len(row) && row[j%len(row)] == '-'; j++ {
			length += step
		}
		length *= gap
		at := float64(i)*step + math.Abs(r.NormFloat64())*loose
		v := 70 + r.IntN(20)
		if perBeat > 0 && i%perBeat == 0 {
			v += accent
		}
		v = min(127, v)
		if c == 'c' || c == 'x' {
			for k, d := range shape {
				if c == 'x' && k > 1 {
					break
				}
				notes = append(notes, Note{at + strum*float64(k), length, program, root + shift + d, v, false})
			}
			continue
		}
		notes = append(notes, Note{at, length, program, root + shift + shape[c-'0'], v, false})
	}
	return notes
}
