package analysis

import "math"

// What the scorers of confidence are told. Order is part of the weights' format.
const sureFeatures = 44

// related says that a tempo is another way of counting the same pulse.
func related(a, b float64) bool {
	for _, m := range [...]float64{1, 2, 3, 0.5, 1. / 3} {
		if math.Abs(a/b-m) < 0.04*m {
			return true
		}
	}
	return false
}

// sureOfTempo describes how the choice of a beat came about: the proposals' tempos and weights, the
// chosen one's features, and what the sound is like. It gives the chosen one's place.
func sureOfTempo(x *[sureFeatures]float32, bpm, weight []float64, chosen []float32, kinds []float64, traits []float32) (best int) {
	*x = [sureFeatures]float32{}
	best = argmax(weight)
	second, stranger, family := 0.0, 0.0, 0.0
	for i, w := range weight {
		if i != best {
			second = max(second, w)
		}
		if related(bpm[i], bpm[best]) {
			family += w
		} else {
			stranger = max(stranger, w)
		}
	}
	i := 0
	put := func(v float32) {
		x[i] = v
		i++
	}
	put(float32(weight[best]))
	put(float32(second))
	put(float32(stranger))
	put(float32(family))
	for _, v := range kinds {
		put(float32(v))
	}
	for _, k := range [...]int{0, 2, 3, 4, 14, 15, 16, 18, 19, 20, 21, 22, 25, 26, 27} {
		put(traits[k])
	}
	for _, k := range [...]int{0, 3, 5, 7, 8, 9, 10, 23, 24, 25, 40, 41, 43, 44, 45, 46, 47, 49, tempoFeatures - 1} {
		put(chosen[k])
	}
	return best
}

// sureOfKey does the same for a key; weight has all 24.
func sureOfKey(x *[sureFeatures]float32, weight []float64, kinds []float64, traits []float32) (best int) {
	*x = [sureFeatures]float32{}
	best = argmax(weight)
	second, stranger := 0.0, 0.0
	for k, w := range weight {
		if k == best {
			continue
		}
		second = max(second, w)
		if !relatedKey(k, best) {
			stranger = max(stranger, w)
		}
	}
	i := 0
	put := func(v float32) {
		x[i] = v
		i++
	}
	put(float32(weight[best]))
	put(float32(second))
	put(float32(stranger))
	for _, v := range kinds {
		put(float32(v))
	}
	for _, k := range [...]int{0, 1, 2, 3, 4, 6, 9, 10, 11, 13, 18} {
		put(traits[k])
	}
	for k := 22; k < 44; k++ {
		put(traits[k])
	}
	return best
}

// relatedKey says that two keys share most of their notes: relative, parallel, a fifth apart.
func relatedKey(a, b int) bool {
	if a/12 == b/12 {
		d := (a - b + 24) % 12
		return d == 0 || d == 5 || d == 7
	}
	if a >= 12 {
		a, b = b, a
	}
	d := (b - a + 24) % 12 // minor tonic above major tonic
	return d == 0 || d == 9
}
