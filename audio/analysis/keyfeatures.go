package analysis

// What the scorer is told about a key. Order is part of the weights' format.
const keyFeatures = 60

var (
	majorScale = [7]int{0, 2, 4, 5, 7, 9, 11}
	minorScale = [7]int{0, 2, 3, 5, 7, 8, 10}
)

// describe fills in the features of key k.
func (t *tonality) describe(k int, x *[keyFeatures]float32) {
	i := 0
	put := func(v float64) {
		x[i] = float32(v)
		i++
	}
	tonic, minor := k%12, k >= 12
	at := func(c *[12]float64, d int) float64 { return c[(tonic+d)%12] }
	third, other := 4, 3
	scale := &majorScale
	if minor {
		third, other = 3, 4
		scale = &minorScale
	}
	best := t.topScore
	put(t.scores[k])
	put(t.scores[k] - best)
	put(correlate(&t.chroma, &temperley, k))
	put(correlate(&t.chroma, &bgate, k))
	put(correlate(&t.middle, &temperley, k))
	put(correlate(&t.bass, &temperley, k))
	put(correlate(&t.last, &temperley, k))
	put(correlate(&t.loudest, &temperley, k))
	put(correlate(&t.begin, &temperley, k))
	if minor {
		put(1)
	} else {
		put(0)
	}
	for _, c := range [...]*[12]float64{&t.chroma, &t.bass, &t.last, &t.loudest, &t.begin} {
		put(at(c, 0))
		put(at(c, 7))
		put(at(c, third))
	}
	put(ratio(at(&t.middle, third), at(&t.middle, other)))
	put(ratio(at(&t.chroma, third), at(&t.chroma, other)))
	put(ratio(at(&t.last, third), at(&t.last, other)))
	put(at(&t.chroma, 11))
	put(at(&t.chroma, 10))
	put(at(&t.chroma, 9))
	put(at(&t.chroma, 8))
	put(at(&t.chroma, 5))
	put(at(&t.chroma, 2))
	put(at(&t.chroma, 6))
	in := 0.0
	for _, d := range scale {
		in += at(&t.chroma, d)
	}
	triad := at(&t.chroma, 0) + at(&t.chroma, third) + at(&t.chroma, 7)
	put(in)
	put(triad)
	put(t.entropy)
	put(t.harmonic)
	// The strongest bass note of the end is the tonic of what closes.
	put(at(&t.lastBass, 0))
	put(at(&t.lastBass, 7))
	put(at(&t.beginBass, 0))
	for _, p := range [...]*keyProfile{&gomez, &krumhansl, &edma, &shaath} {
		put(correlate(&t.chroma, p, k))
	}
	put(correlate(&t.loudest, &bgate, k))
	put(correlate(&t.middle, &bgate, k))
	put(correlate(&t.plain, &temperley, k))
	put(correlate(&t.plain, &bgate, k))
	put(correlate(&t.soft, &temperley, k))
	// Against the keys it is most often taken for.
	relative, parallel := (tonic+9)%12+12, tonic+12
	if minor {
		relative, parallel = (tonic+3)%12, tonic
	}
	put(t.scores[k] - t.scores[relative])
	put(t.scores[k] - t.scores[parallel])
	other = relative % 12
	for _, c := range [...]*[12]float64{&t.chroma, &t.bass, &t.lastBass, &t.beginBass, &t.loudest} {
		put(ratio(at(c, 0), c[other]))
	}
	put(t.steady)
}

// ratio is a/(a+b), a half when there is neither.
func ratio(a, b float64) float64 {
	if a+b <= 0 {
		return 0.5
	}
	return a / (a + b)
}
