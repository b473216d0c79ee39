package hits

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestEveryDesignIsAUsableSound(t *testing.T) {
	for class, list := range designs {
		for i, design := range list {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for range 2 {
				v := &voice{r: r}
				design(v)
				b := v.finish()
				peak, sum := 0.0, 0.0
				for _, y := range b.Samples {
					peak = max(peak, math.Abs(float64(y)))
					sum += float64(y) * float64(y)
				}
				if !(peak > 0.05 && peak <= 1.001) || math.IsNaN(sum) {
					t.Errorf("%s %d: peak %g, energy %g", class, i, peak, sum)
				}
				if s := b.Seconds(); s < 0.005 || s > float64(longest)/rate+0.01 {
					t.Errorf("%s %d: %.3f s", class, i, s)
				}
			}
		}
	}
}

func TestTheSameStateDrawsTheSameSound(t *testing.T) {
	for class := range designs {
		a := Draw(class, rand.New(rand.NewPCG(4, 5)))
		b := Draw(class, rand.New(rand.NewPCG(4, 5)))
		if !slices.Equal(a.Samples, b.Samples) {
			t.Errorf("%s: two sounds from one state", class)
		}
	}
}

func TestDrawnLoopsAreUsable(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	whole := 0
	for range 24 {
		l := DrawLoop(r)
		peak := float32(0)
		for _, y := range l.Sound.Samples {
			peak = max(peak, y, -y)
		}
		if !(peak > 0.1 && peak < 1.2) || l.BPM < 55 || l.BPM > 185 || l.Sound.Seconds() < 0.5 || l.Sound.Seconds() > 12 {
			t.Errorf("%s at %g BPM: %.2f s, peak %g", l.Class, l.BPM, l.Sound.Seconds(), peak)
		}
		if n := l.Sound.Seconds() * l.BPM / 240; math.Abs(n-math.Round(n)) < 1e-3 {
			whole++
		}
	}
	if whole < 4 || whole > 20 {
		t.Errorf("%d of 24 loops are whole bars", whole)
	}
}
