package analysis

import (
	"cmp"
	"math"
	"slices"

	"sampleagent/audio/key"
)

// keyProfile is what degrees of a scale weigh, from the tonic upward.
type keyProfile struct{ major, minor [12]float64 }

// Temperley 2005 and bgate as listed in the repository angelfaraldo/edmkey (Faraldo, Jordà, Herrera, A
// multi-profile method for key estimation in EDM, AES 2017; Temperley, Music and Probability, 2007).
// Temperley suits acoustic music; bgate's zeroes keep noise from voting.
var (
	temperley = keyProfile{
		[12]float64{.748, .060, .488, .082, .670, .460, .096, .715, .104, .366, .057, .400},
		[12]float64{.712, .084, .474, .618, .049, .460, .105, .747, .404, .067, .133, .330},
	}
	bgate = keyProfile{
		[12]float64{1, 0, .42, 0, .53, .37, 0, .77, 0, .38, .21, .30},
		[12]float64{1, 0, .36, .39, 0, .38, 0, .74, .27, 0, .42, .23},
	}
)

// keyName names key k: 0 to 11 major from C, 12 to 23 minor.
func keyName(k int) string {
	return key.New(k%12, k >= 12).String()
}

// semitones is the number of semitone bands from C2.
const semitones = 12 * pitchOctaves

// tonality is the pitch content of a sound and what follows from it.
type tonality struct {
	grams    [][semitones]float32 // per frame, percussion damped
	raw      [][semitones]float32
	chroma   [12]float64 // all octaves, unit sum
	chords   harmony
	tuning   float64 // semitones
	agreed   float64 // how sharply the peaks agree on it, 0 to 1
	harmonic float64 // share of what is left after damping percussion
	entropy  float64 // of the chroma, 0 to 1
	frames   int     // with sound

	lowest    float64 // lowest semitone that carries weight, above C2
	strongest float64 // strongest semitone
	glide     float64 // semitones from the first frames' strongest to the last ones'
	peakShare float64 // of the magnitude in the strongest semitone
	topScore  float64 // the best profile correlation
	nextScore float64
	steady    float64 // similarity of one frame's chroma to the next, 0 to 1
	lowShare  float64 // of the magnitude below 131 Hz

	matches [24]float64 // correlation with the blended profiles
	order   [24]int     // best first
	weights [24]float64 // the keys' shares
	levels  []float64
}

func (t *tonality) build(p *pitchFrames) {
	semi, agreed := p.tuning()
	t.tuning, t.agreed = semi, agreed
	shift := 0
	if agreed > 0.15 {
		shift = int(math.Round(semi * pitchPerOctave / 12))
	}
	n := len(p.frames)
	t.raw = slices.Grow(t.raw[:0], n)[:n]
	t.grams = slices.Grow(t.grams[:0], n)[:n]
	t.levels = t.levels[:0]
	top := 0.0
	for i := range p.frames {
		f := &p.frames[i]
		level := 0.0
		for s := range semitones {
			v := float32(0)
			for d := -1; d <= 1; d++ {
				if b := s*5 + shift + d; b >= 0 && b < pitchBins {
					v = max(v, f[b])
				}
			}
			t.raw[i][s] = v
			level += float64(v) * float64(v)
		}
		t.levels = append(t.levels, level)
		top = max(top, level)
	}
	t.damp()
	*t = tonality{grams: t.grams, raw: t.raw, tuning: t.tuning, agreed: t.agreed, harmonic: t.harmonic, levels: t.levels}
	if top == 0 {
		t.entropy = 1
		return
	}
	var sum [semitones]float64
	for i := range t.grams {
		if t.levels[i] < top*1e-5 {
			continue
		}
		t.frames++
		for s, v := range t.grams[i] {
			sum[s] += float64(v)
		}
		// A lead of noise must not count as the first chord.
		if t.levels[i] >= top*1e-3 {
			t.chords.frame(&t.grams[i], &t.raw[i])
		}
	}
	t.chords.finish()
	discount(&sum)
	for s, v := range sum {
		t.chroma[s%12] += v
	}
	unitSum(&t.chroma)
	for _, v := range t.chroma {
		if v > 0 {
			t.entropy -= v * math.Log(v)
		}
	}
	t.entropy /= math.Log(12)
	t.register()
	t.match()
}

// register says where in pitch the sound lies and how it moves, before percussion is damped.
func (t *tonality) register() {
	var sum [semitones]float64
	all := 0.0
	first, last := -1, -1
	var move, pairs float64
	before := -1
	quiet := 1e-4 * maxOf(t.levels)
	for i, l := range t.levels {
		if t.raw[i] == ([semitones]float32{}) || l <= 0 {
			continue
		}
		for s, v := range t.raw[i] {
			sum[s] += float64(v)
			all += float64(v)
		}
		if l > quiet {
			if first < 0 {
				first = loudestOf(&t.raw[i])
			}
			last = loudestOf(&t.raw[i])
			if before >= 0 {
				move += likeness(&t.raw[before], &t.raw[i])
				pairs++
			}
			before = i
		}
	}
	if all == 0 {
		return
	}
	best := 0
	for s, v := range sum {
		if v > sum[best] {
			best = s
		}
		if s < 12 {
			t.lowShare += v / all
		}
	}
	t.strongest, t.peakShare = float64(best), sum[best]/all
	t.lowest = t.strongest
	for s, v := range sum {
		if v > 0.3*sum[best] {
			t.lowest = float64(s)
			break
		}
	}
	if first >= 0 {
		t.glide = float64(last - first)
	}
	if pairs > 0 {
		t.steady = move / pairs
	}
}

func maxOf(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = max(m, v)
	}
	return m
}

func loudestOf(x *[semitones]float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// likeness is the cosine between two frames.
func likeness(a, b *[semitones]float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i] * b[i])
		aa += float64(a[i] * a[i])
		bb += float64(b[i] * b[i])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

func unitSum(c *[12]float64) {
	sum := 0.0
	for _, v := range c {
		sum += v
	}
	if sum > 0 {
		for i := range c {
			c[i] /= sum
		}
	}
}

// damp takes percussion out of the grams: what stands out in time is struck, what stands out
// in pitch sounds on (Fitzgerald, Harmonic/percussive separation using median filtering, DAFx
// 2010), with a soft mask.
func (t *tonality) damp() {
	const wide, tall = 4, 4 // frames and semitones to each side
	var all, kept float64
	n := len(t.raw)
	var w [2*wide + 1]float32
	for i := range n {
		for s := range semitones {
			v := t.raw[i][s]
			m := w[:0]
			for k := max(0, i-wide); k <= min(n-1, i+wide); k++ {
				m = append(m, t.raw[k][s])
			}
			h := median(m)
			m = w[:0]
			for k := max(0, s-tall); k <= min(semitones-1, s+tall); k++ {
				m = append(m, t.raw[i][k])
			}
			p := median(m)
			g := v
			if d := h*h + p*p; d > 0 {
				g = v * h * h / d
			}
			t.grams[i][s] = g
			all += float64(v * v)
			kept += float64(g * g)
		}
	}
	t.harmonic = 0
	if all > 0 {
		t.harmonic = kept / all
	}
}

// median of up to nine values; it sorts them.
func median(m []float32) float32 {
	for i := 1; i < len(m); i++ {
		for k := i; k > 0 && m[k] < m[k-1]; k-- {
			m[k], m[k-1] = m[k-1], m[k]
		}
	}
	return m[len(m)/2]
}

// discount takes from each semitone what is likely the 3rd and 5th partial of the notes 19 and
// 28 semitones below.
func discount(sum *[semitones]float64) {
	const h = 0.5
	from := *sum
	for s := range sum {
		v := from[s]
		if s >= 19 {
			v -= h * 0.6 * from[s-19]
		}
		if s >= 28 {
			v -= h * 0.4 * from[s-28]
		}
		sum[s] = max(0, v)
	}
}

// match compares the chroma with the profiles: how much of a scale there is. It names no key.
func (t *tonality) match() {
	t.topScore, t.nextScore = math.Inf(-1), math.Inf(-1)
	for k := range 24 {
		v := 0.7*correlate(&t.chroma, &temperley, k) + 0.3*correlate(&t.chroma, &bgate, k)
		t.matches[k] = v
		if v > t.topScore {
			t.topScore, t.nextScore = v, t.topScore
		} else {
			t.nextScore = max(t.nextScore, v)
		}
	}
}

// correlate is Pearson's correlation of a chroma with a profile turned to key k.
func correlate(c *[12]float64, p *keyProfile, k int) float64 {
	w := &p.major
	if k >= 12 {
		w = &p.minor
	}
	var mc, mw float64
	for i := range 12 {
		mc += c[i] / 12
		mw += w[i] / 12
	}
	var cw, cc, ww float64
	for i := range 12 {
		a, b := c[(i+k)%12]-mc, w[i]-mw
		cw += a * b
		cc += a * a
		ww += b * b
	}
	if cc <= 0 {
		return 0
	}
	return cw / math.Sqrt(cc*ww)
}

// answerKey names the key, unless the sound has none that could be told.
func (p *pass) answerKey(r *Result, j *judgement) {
	t := &p.tonal
	if t.agreed > 0.15 {
		cents := 100 * t.tuning
		r.TuningCents = &cents
	}
	if t.frames == 0 {
		return
	}
	t.weighKeys()
	var x [keySureFeatures]float32
	sureOfKey(&x, t.weights[:], t.matches[:], j.kinds, p.traits[:])
	sure := p.judge.keySure.chance(x[:])
	if sure < hasKey {
		return
	}
	name := keyName(t.order[0])
	r.Key, r.KeyConfidence = &name, sure
	sum := 0.0
	for _, k := range t.order[:4] {
		sum += t.weights[k]
	}
	for _, k := range t.order[:4] {
		r.KeyCandidates = append(r.KeyCandidates, KeyCandidate{keyName(k), t.weights[k] / sum})
	}
}

// hasKey is the confidence under which no key is named.
const hasKey = 0.18

// weighKeys turns the chords' scores into shares and sorts the keys, best first.
func (t *tonality) weighKeys() {
	scores := t.chords.scores()
	copy(t.weights[:], softmax(scores[:]))
	for k := range t.order {
		t.order[k] = k
	}
	slices.SortStableFunc(t.order[:], func(a, b int) int { return cmp.Compare(t.weights[b], t.weights[a]) })
}
