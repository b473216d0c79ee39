package analysis

import "math"

// embeddingSize is the number of values of an embedding: small enough that a hundred thousand of
// them are compared in milliseconds.
const embeddingSize = 41

// embedding describes how a sound sounds as a direction: sounds whose embeddings point the same way
// are alike. It is made of what Result holds already, brought to one scale, held within three
// deviations and set to unit length. Level and file format do not count; a sound and the same
// sound louder have one embedding. seconds is the length of the whole sound.
func embedding(r *Result, seconds float64) []float32 {
	if r.Spectral == nil || len(r.MFCCMean) != 13 || len(r.MFCCStd) != 13 {
		return nil
	}
	x := describe(r, seconds)
	out := make([]float32, embeddingSize)
	sum := 0.0
	for i, v := range x {
		s := embeddingScale[i]
		v = max(-3, min(3, (v-s.mean)/s.deviation)) * s.weight
		out[i] = float32(v)
		sum += v * v
	}
	if sum == 0 || math.IsNaN(sum) {
		return nil
	}
	for i := range out {
		out[i] /= float32(math.Sqrt(sum))
	}
	return out
}

// describe lays out what is compared.
func describe(r *Result, seconds float64) (x [embeddingSize]float64) {
	s := r.Spectral
	octaves := func(hz float64) float64 { return math.Log2(max(hz, 20) / 1000) }
	sounding := max(0.005, seconds-r.SilenceStart-r.SilenceEnd)
	hits := float64(len(r.Onsets))
	strongest := 0.0
	for _, v := range r.ChromaMean {
		strongest = max(strongest, v)
	}
	n := copy(x[:], []float64{
		math.Log2(sounding), math.Log2(hits + 1), math.Log2((hits + 1) / sounding),
		octaves(s.CentroidMean), octaves(s.CentroidStd), octaves(s.BandwidthMean), octaves(s.BandwidthStd), octaves(s.RolloffMean), octaves(s.RolloffStd),
		math.Log10(s.FlatnessMean + 1e-6), math.Log10(s.FlatnessStd + 1e-6), s.ZCRMean, s.ZCRStd, s.RMSStd / max(1e-9, s.RMSMean),
		s.HarmonicRatio, strongest,
	})
	n += copy(x[n:], r.MFCCMean[1:]) // the first is the level
	copy(x[n:], r.MFCCStd)
	return x
}
