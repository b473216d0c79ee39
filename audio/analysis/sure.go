package analysis

import "math"

// What the scorers of confidence are told. Few things, so that they hold for sounds unlike those they
// learned from. Order is part of the weights' format.
const (
	tempoSureFeatures = 5
	keySureFeatures   = 16
)

// sureOfTempo describes how the choice of a beat came about: the proposals' tempos, weights and features, and
// the chances of the kinds. It gives the chosen one's place.
func sureOfTempo(x *[tempoSureFeatures]float32, bpm, weight []float64, features func(i int) []float32, kinds []float64) (best int) {
	best = argmax(weight)
	put := putter(x[:])
	sum := 0.0
	for i, w := range weight {
		if math.Abs(bpm[i]/bpm[best]-1) < 0.04 {
			sum += w
		}
	}
	put(logShare(sum))
	put(math.Abs(math.Log2(bpm[best] / 110)))
	put(disorder(weight))
	// Where thirds of the beat fit as well as quarters, it may be one of three, or of a beat and a half.
	chosen := features(best)
	put(float64(chosen[offQuarters] - chosen[offThirds]))
	put(kinds[0])
	return best
}

// sureOfKey does the same for a key; weight has all 24, match is how well each key's profile fits.
func sureOfKey(x *[keySureFeatures]float32, weight, match, kinds []float64, traits []float32) (best int) {
	best = argmax(weight)
	second := 0.0
	for k, w := range weight {
		if k != best {
			second = max(second, w)
		}
	}
	put := putter(x[:])
	put(logShare(weight[best]))
	put(logShare(second))
	put(disorder(weight))
	likest := argmax(match)
	if likest == best {
		put(1)
	} else {
		put(0)
	}
	put(match[best])
	put(match[best] - match[likest])
	put(kinds[0])
	put(kinds[2])
	put(float64(traits[traitLength]))
	for k := traitPitch; k < traitPitch+6; k++ { // from the harmonic share to what the spectrum says of it
		put(float64(traits[k]))
	}
	put(float64(traits[traitSteady]))
	return best
}

// putter fills x in order.
func putter(x []float32) func(v float64) {
	i := 0
	return func(v float64) {
		x[i] = float32(v)
		i++
	}
}

func logShare(share float64) float64 { return math.Log(share + 1e-4) }

// disorder is the entropy of shares of one.
func disorder(shares []float64) (e float64) {
	for _, v := range shares {
		e -= v * math.Log(v+1e-9)
	}
	return e
}
