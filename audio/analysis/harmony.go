package analysis

import (
	"math"
)

// harmony hears a sound as a row of chords and asks of each of the 24 keys how likely it is to give
// such a row: a hidden Markov model for each key whose states are the 24 triads (after Noland &
// Sandler, Key estimation using a hidden Markov model, ISMIR 2006). A key has its usual chords, begins
// nearly always with its own, and a chord lasts or makes room for any other. Nothing of it is learned;
// its numbers were chosen on the development set, where others around them do as well, and hold for
// families that had no part in the choice (docs/ear-tries.md).
type harmony struct {
	sum    [semitones]float64 // of the block's frames, percussion damped
	low    [12]float64        // their bass, undamped
	frames int                // in the block
	blocks int
	state  [24][24]float64 // by key: chances of the chords, from the tonic up, major before minor
	likely [24]float64     // by key: the log of how likely all was
}

const (
	chordFrames = 3    // frames heard as one, 0.28 s
	chordTells  = 7.5  // what a likeness of 1 to a chord's notes counts, as a log
	bassTells   = 2.25 // what the strongest bass note counts for the chords on it
	chordStays  = 0.5
	tonicBegins = 0.85 // how often a piece begins with its tonic chord
	minorCounts = 1    // minor keys spread over more chords, which this makes up for
	bassNotes   = 24   // semitones from C2
)

// How much of a key's time belongs to each chord, by semitones above the tonic; before that is made a
// share of all, chords that are not its own have chordStrange.
var (
	majorChords = chordShares(
		[12]float64{0: .52, 2: .10, 4: .05, 5: .35, 7: .40, 9: .04, 10: .12},
		[12]float64{0: .03, 2: .22, 4: .15, 5: .06, 9: .24})
	minorChords = chordShares(
		[12]float64{0: .12, 2: .04, 3: .25, 5: .10, 7: .33, 8: .24, 10: .25},
		[12]float64{0: .52, 2: .04, 5: .28, 7: .17})
)

const chordStrange = .016

func chordShares(major, minor [12]float64) (p [24]float64) {
	copy(p[:12], major[:])
	copy(p[12:], minor[:])
	sum := 0.0
	for i := range p {
		p[i] = max(p[i], chordStrange)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// What the notes of a chord weigh, as a vector of length 1.
var triadRoot, triadThird, triadFifth = func() (root, third, fifth float64) {
	root, third, fifth = 1, .85, 1.1
	l := math.Sqrt(root*root + third*third + fifth*fifth)
	return root / l, third / l, fifth / l
}()

// frame takes a frame's magnitudes, with percussion damped and as they were.
func (h *harmony) frame(damped, raw *[semitones]float32) {
	for s, v := range damped {
		h.sum[s] += float64(v)
	}
	for s, v := range raw[:bassNotes] {
		h.low[s%12] += float64(v)
	}
	if h.frames++; h.frames == chordFrames {
		h.block()
	}
}

// finish hears what is left when that is all there was.
func (h *harmony) finish() {
	if h.blocks == 0 && h.frames > 0 {
		h.block()
	}
}

// block brings every key's chords up to what was just heard.
func (h *harmony) block() {
	var chords [24]float64
	h.hear(&chords)
	first := h.blocks == 0
	for k := range 24 {
		usual, own := &majorChords, 0
		if k >= 12 {
			usual, own = &minorChords, 12
		}
		state := &h.state[k]
		sum := 0.0
		for c := range state {
			before := chordStays*state[c] + (1-chordStays)*usual[c]
			if first {
				before = (1 - tonicBegins) * usual[c]
				if c == own {
					before += tonicBegins
				}
			}
			state[c] = before * chords[(c%12+k)%12+c/12*12]
			sum += state[c]
		}
		h.likely[k] += math.Log(sum)
		for c := range state {
			state[c] /= sum
		}
	}
	h.blocks++
	h.frames = 0
	clear(h.sum[:])
	clear(h.low[:])
}

// hear says how well each chord, from C up, major before minor, explains the block; the best has 1.
func (h *harmony) hear(chords *[24]float64) {
	discount(&h.sum)
	var notes [12]float64
	for s, v := range h.sum {
		notes[s%12] += v
	}
	length, bass := 0.0, 0.0
	for i, v := range notes {
		length += v
		notes[i] = math.Sqrt(v) // so that loud notes do not drown the others
		bass = max(bass, h.low[i])
	}
	length, bass = max(math.Sqrt(length), 1e-9), max(bass, 1e-9)
	top := math.Inf(-1)
	for c := range chords {
		root, third := c%12, 4-c/12
		like := triadRoot*notes[root] + triadThird*notes[(root+third)%12] + triadFifth*notes[(root+7)%12]
		chords[c] = chordTells*like/length + bassTells*h.low[root]/bass
		top = max(top, chords[c])
	}
	for c := range chords {
		chords[c] = math.Exp(chords[c] - top)
	}
}

// scores gives each key's, C major first, minor keys after the major ones.
func (h *harmony) scores() (s [24]float64) {
	if h.blocks == 0 {
		return s
	}
	for k := range s {
		s[k] = keyHeat * h.likely[k]
		if k >= 12 {
			s[k] += keyHeat * minorCounts
		}
	}
	return s
}

// keyHeat makes the scores' softmax about as sure as it is right: neighbouring blocks say the same thing
// twice.
const keyHeat = 0.3
