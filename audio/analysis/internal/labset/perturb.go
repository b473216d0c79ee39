package labset

import (
	"math"
	"math/rand/v2"

	"sampleagent/audio/pcm"
)

// Kinds of harm done to a copy.
const (
	LeadIn    = "lead-in silence"
	LeadNoise = "lead-in noise"
	RingOut   = "ring-out"
	CutEnd    = "cut end"
	Noise     = "noise"
	Mixed     = "lead-in, ring-out and noise"
)

// Perturbations lists them in the order of the tables.
var Perturbations = []string{LeadIn, LeadNoise, RingOut, CutEnd, Noise, Mixed}

// Perturb makes a harmed copy of mono b; the same seed gives the same copy.
func Perturb(b *pcm.Buffer, how string, seed uint64) *pcm.Buffer {
	r := rand.New(rand.NewPCG(seed, 0x5eed))
	x := append([]float32(nil), b.Samples...)
	rms := level(x)
	switch how {
	case LeadIn:
		x = append(make([]float32, span(b, r, 0.03, 0.6)), x...)
	case LeadNoise:
		lead := make([]float32, span(b, r, 0.03, 0.6))
		hiss(lead, rms*db(-45-10*r.Float64()), r)
		x = append(lead, x...)
	case RingOut:
		x = ring(x, b.Rate, r)
	case CutEnd:
		cut := span(b, r, 0.05, 0.5)
		if most := len(x) / 5; cut > most {
			cut = most
		}
		x = x[:len(x)-cut]
	case Noise:
		hiss(x, rms*db(-20-15*r.Float64()), r)
	case Mixed:
		x = ring(x, b.Rate, r)
		x = append(make([]float32, span(b, r, 0.03, 0.4)), x...)
		hiss(x, rms*db(-35-15*r.Float64()), r)
	}
	return &pcm.Buffer{Rate: b.Rate, Channels: 1, Samples: x}
}

func span(b *pcm.Buffer, r *rand.Rand, lo, hi float64) int {
	return int((lo + (hi-lo)*r.Float64()) * float64(b.Rate))
}

func db(x float64) float64 { return math.Pow(10, x/20) }

func level(x []float32) float64 {
	s := 0.0
	for _, v := range x {
		s += float64(v) * float64(v)
	}
	return math.Sqrt(s / float64(max(1, len(x))))
}

func hiss(x []float32, rms float64, r *rand.Rand) {
	for i := range x {
		x[i] += float32(rms * r.NormFloat64())
	}
}

// ring lets the last quarter second die away as in a room: decaying echoes of the end.
func ring(x []float32, rate int, r *rand.Rand) []float32 {
	tail := int((0.3 + 0.9*r.Float64()) * float64(rate))
	n := min(len(x), rate/4)
	end := x[len(x)-n:]
	out := append(x, make([]float32, tail)...)
	base := len(x)
	t60 := 0.2 * float64(rate) * (1 + 2*r.Float64())
	for echo := 0; echo < 400; echo++ {
		at := int(math.Abs(r.NormFloat64()) * t60 * 0.5)
		g := float32(0.12 * math.Exp(-float64(at)/t60*2))
		if r.IntN(2) == 0 {
			g = -g
		}
		for i, v := range end {
			k := base - n + at + i
			if k >= base && k < len(out) {
				fade := float32(len(out)-k) / float32(tail)
				out[k] += v * g * fade
			}
		}
	}
	return out
}

// Speed plays mono b faster by factor (tempo and pitch rise together), by cubic interpolation: good
// enough to learn from.
func Speed(b *pcm.Buffer, factor float64) *pcm.Buffer {
	x := b.Samples
	n := int(float64(len(x)) / factor)
	y := make([]float32, n)
	at := func(i int) float64 {
		if i < 0 || i >= len(x) {
			return 0
		}
		return float64(x[i])
	}
	for i := range y {
		p := float64(i) * factor
		k := int(p)
		f := p - float64(k)
		a, b, c, d := at(k-1), at(k), at(k+1), at(k+2)
		y[i] = float32(b + 0.5*f*(c-a+f*(2*a-5*b+4*c-d+f*(3*(b-c)+d-a))))
	}
	return &pcm.Buffer{Rate: b.Rate, Channels: 1, Samples: y}
}
