package analysis

import (
	"cmp"
	"math"
	"slices"
)

// keyProfile is what degrees of a scale weigh, from the tonic upward.
type keyProfile struct{ major, minor [12]float64 }

// Temperley 2005, bgate and the others as listed in the repository angelfaraldo/edmkey (Faraldo, Jordà,
// Herrera, A multi-profile method for key estimation in EDM, AES 2017; Temperley, Music and
// Probability, 2007). Temperley suits acoustic music; bgate's zeroes keep noise from voting.
var (
	temperley = keyProfile{
		[12]float64{.748, .060, .488, .082, .670, .460, .096, .715, .104, .366, .057, .400},
		[12]float64{.712, .084, .474, .618, .049, .460, .105, .747, .404, .067, .133, .330},
	}
	bgate = keyProfile{
		[12]float64{1, 0, .42, 0, .53, .37, 0, .77, 0, .38, .21, .30},
		[12]float64{1, 0, .36, .39, 0, .38, 0, .74, .27, 0, .42, .23},
	}
	gomez = keyProfile{
		[12]float64{.82, 0, .55, 0, .53, .30, .08, 1, 0, .38, 0, .47},
		[12]float64{.81, 0, .53, .54, 0, .27, .07, 1, .27, .07, .10, .36},
	}
	krumhansl = keyProfile{
		[12]float64{6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
		[12]float64{6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17},
	}
	edma = keyProfile{
		[12]float64{1, .2875, .5020, .4048, .6050, .5614, .3205, .7966, .3159, .4506, .4202, .3889},
		[12]float64{1, .3096, .4415, .5827, .3262, .4948, .2889, .7804, .4328, .2903, .5331, .3217},
	}
	shaath = keyProfile{
		[12]float64{6.6, 2, 3.5, 2.3, 4.6, 4, 2.5, 5.2, 2.4, 3.7, 2.3, 3.4},
		[12]float64{6.5, 2.7, 3.5, 5.4, 2.6, 3.5, 2.5, 5.2, 4, 2.7, 4.3, 3.2},
	}
)

var noteNames = [12]string{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}

// keyName names key k: 0 to 11 major from C, 12 to 23 minor.
func keyName(k int) string {
	if k < 12 {
		return noteNames[k] + " major"
	}
	return noteNames[k-12] + " minor"
}

// semitones is the number of semitone bands from C2.
const semitones = 12 * pitchOctaves

// tonality is the pitch content of a sound and what follows from it.
type tonality struct {
	grams    [][semitones]float32 // per frame, percussion damped
	raw      [][semitones]float32
	sum      [semitones]float64
	chroma   [12]float64 // all octaves, unit sum
	bass     [12]float64 // below 262 Hz
	middle   [12]float64 // octaves 3 to 5
	last     [12]float64 // the last frames with sound
	loudest  [12]float64
	begin    [12]float64 // the first frames with sound
	lastBass [12]float64 // the last frames, below 262 Hz

	beginBass [12]float64 // the first frames, below 262 Hz
	plain     [12]float64 // all octaves, percussion and partials left in
	soft      [12]float64 // of square roots: how often rather than how loud
	tuning    float64     // semitones
	agreed    float64     // how sharply the peaks agree on it, 0 to 1
	harmonic  float64     // share of what is left after damping percussion
	entropy   float64     // of the chroma, 0 to 1
	frames    int         // with sound

	lowest    float64 // lowest semitone that carries weight, above C2
	strongest float64 // strongest semitone
	glide     float64 // semitones from the first frames' strongest to the last ones'
	peakShare float64 // of the magnitude in the strongest semitone
	topScore  float64 // the best profile correlation
	nextScore float64
	steady    float64 // similarity of one frame's chroma to the next, 0 to 1
	lowShare  float64 // of the magnitude below 131 Hz

	scores [24]float64 // correlation with the blended profiles
	order  [24]int     // best first
	// weights are the scorer's shares
	weights [24]float64
	levels  []float64
	sorted  []float32
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
	*t = tonality{grams: t.grams, raw: t.raw, tuning: t.tuning, agreed: t.agreed, harmonic: t.harmonic, levels: t.levels, sorted: t.sorted}
	if top == 0 {
		t.entropy = 1
		return
	}
	lastFrame := 0
	for i := range t.grams {
		if t.levels[i] < top*1e-5 {
			continue
		}
		t.frames++
		lastFrame = i
		for s, v := range t.grams[i] {
			t.sum[s] += float64(v)
		}
	}
	t.discount(&t.sum)
	for i := range t.raw {
		if t.levels[i] < top*1e-5 {
			continue
		}
		for s, v := range t.raw[i] {
			t.plain[s%12] += float64(v)
			t.soft[s%12] += math.Sqrt(float64(t.grams[i][s]))
		}
	}
	for s, v := range t.sum {
		t.chroma[s%12] += v
		if s < 24 {
			t.bass[s%12] += v
		}
		if s >= 12 && s < 48 {
			t.middle[s%12] += v
		}
	}
	collect := func(dst *[12]float64, i int) {
		var sum [semitones]float64
		for s, v := range t.grams[i] {
			sum[s] = float64(v)
		}
		t.discount(&sum)
		for s, v := range sum {
			dst[s%12] += v
		}
	}
	for i := max(0, lastFrame-7); i <= lastFrame; i++ {
		collect(&t.last, i)
		for s, v := range t.grams[i][:24] {
			t.lastBass[s%12] += float64(v)
		}
	}
	for i, left := 0, 8; i < len(t.levels) && left > 0; i++ {
		if t.levels[i] >= top*1e-3 {
			collect(&t.begin, i)
			for s, v := range t.grams[i][:24] {
				t.beginBass[s%12] += float64(v)
			}
			left--
		}
	}
	for i, l := range t.levels {
		if l > top*0.35 {
			collect(&t.loudest, i)
		}
	}
	for _, c := range []*[12]float64{&t.chroma, &t.bass, &t.middle, &t.last, &t.loudest, &t.begin, &t.lastBass, &t.beginBass, &t.plain, &t.soft} {
		unitSum(c)
	}
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
func (t *tonality) discount(sum *[semitones]float64) {
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

// match compares the chroma with the profiles and puts the keys in order.
func (t *tonality) match() {
	for k := range 24 {
		a := correlate(&t.chroma, &temperley, k)
		b := correlate(&t.chroma, &bgate, k)
		t.scores[k] = 0.7*a + 0.3*b
		t.order[k] = k
	}
	slices.SortStableFunc(t.order[:], func(a, b int) int {
		switch {
		case t.scores[a] > t.scores[b]:
			return -1
		case t.scores[a] < t.scores[b]:
			return 1
		}
		return 0
	})
	t.topScore, t.nextScore = t.scores[t.order[0]], t.scores[t.order[1]]
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
	p.weighKeys()
	var x [sureFeatures]float32
	sureOfKey(&x, t.weights[:], j.kinds, p.traits[:])
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

// weighKeys scores the 24 keys and sorts them, best first.
func (p *pass) weighKeys() {
	t := &p.tonal
	var x [keyFeatures]float32
	for k := range 24 {
		t.describe(k, &x)
		t.weights[k] = p.judge.key.Model.Score(0, x[:])
	}
	copy(t.weights[:], softmax(t.weights[:]))
	slices.SortStableFunc(t.order[:], func(a, b int) int { return cmp.Compare(t.weights[b], t.weights[a]) })
}
