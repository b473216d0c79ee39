package midi

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"

	"sampleagent/audio/pcm"
)

// Hit is a one-shot of a font.
type Hit struct {
	Class string // as the labelled set names it
	Name  string // font-free: kit and instrument, or program and pitch
	Sound *pcm.Buffer
}

// drumClass is what the instruments of General MIDI's drum kits are; whistles and the like are none.
var drumClass = map[int]string{
	35: "kick", 36: "kick", 37: "snare", 38: "snare", 39: "clap", 40: "snare",
	41: "tom", 43: "tom", 45: "tom", 47: "tom", 48: "tom", 50: "tom", 42: "hat", 44: "hat", 46: "hat",
	49: "cymbal", 51: "cymbal", 52: "cymbal", 53: "cymbal", 55: "cymbal", 57: "cymbal", 59: "cymbal",
	54: "percussion", 56: "percussion", 58: "percussion", 60: "percussion", 61: "percussion", 62: "percussion",
	63: "percussion", 64: "percussion", 65: "percussion", 66: "percussion", 67: "percussion", 68: "percussion",
	69: "percussion", 70: "percussion", 73: "percussion", 74: "percussion", 75: "percussion", 76: "percussion",
	77: "percussion", 78: "percussion", 79: "percussion", 80: "percussion", 81: "percussion", 82: "percussion",
	83: "percussion", 85: "percussion",
}

const (
	orchestra = 48 // this kit has kettledrums from 41 to 53 and its hats elsewhere
	room      = 5  // seconds for a hit to ring in
)

// Hits plays every instrument of every drum kit softly and loudly, and notes of the melodic programs. What
// several kits share comes once.
func (f Font) Hits(ctx context.Context) ([]Hit, error) {
	kits, err := f.Kits()
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(128, 1))
	var all []Hit
	known := map[[sha256.Size]byte]bool{}
	for _, k := range kits {
		var notes []Note
		for pitch := 35; pitch <= 85; pitch++ {
			if drumClass[pitch] == "" || k == orchestra && pitch >= 41 && pitch <= 53 {
				continue
			}
			for _, v := range [...]int{64, 112} {
				notes = append(notes, Note{float64(len(notes) * room), 1, k, pitch, v, true})
			}
		}
		list, err := f.apart(ctx, notes)
		if err != nil {
			return nil, err
		}
		for _, h := range list {
			if s := likeness(h.Sound.Samples); !known[s] {
				known[s] = true
				all = append(all, h)
			}
		}
	}
	const effects = 112 // from here on programs are percussion and noises
	for from := 0; from < effects; from += 8 {
		var notes []Note
		for p := from; p < from+8; p++ {
			for range 3 {
				pitch := 50 + r.IntN(35)
				if melodicClass(p) == "bass" {
					pitch = 26 + r.IntN(20)
				}
				notes = append(notes, Note{float64(len(notes) * room), []float64{.1, .25, .5, 1, 1.5}[r.IntN(5)], p, pitch, 60 + r.IntN(60), false})
			}
		}
		list, err := f.apart(ctx, notes)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func melodicClass(program int) string {
	if program >= 32 && program < 40 {
		return "bass"
	}
	return "tonal"
}

// apart plays notes that lie room apart and cuts them from one another; a note that is silent (a kit need
// not have all instruments) is none.
func (f Font) apart(ctx context.Context, notes []Note) ([]Hit, error) {
	b, err := f.Play(ctx, notes)
	if err != nil {
		return nil, err
	}
	var list []Hit
	for _, n := range notes {
		from := int(n.At * playRate)
		x := trim(b.Slice(from, from+(room*playRate-playRate/10)).Samples)
		if len(x) < playRate/50 {
			continue
		}
		class := melodicClass(n.Program)
		if n.Drum {
			class = drumClass[n.Pitch]
		}
		list = append(list, Hit{class, name(n), &pcm.Buffer{Rate: playRate, Channels: 1, Samples: x}})
	}
	return list, nil
}

// likeness is equal for the same sound at another place of a song.
func likeness(x []float32) [sha256.Size]byte {
	const part = 2048
	coarse := make([]byte, 0, part)
	for i := range min(part, len(x)) {
		coarse = append(coarse, byte(int8(math.Round(float64(x[i])*8))))
	}
	return sha256.Sum256(coarse)
}

// trim cuts what is 40 dB below the peak before a sound and 60 dB below it behind.
func trim(x []float32) []float32 {
	peak := float32(0)
	for _, v := range x {
		peak = max(peak, v, -v)
	}
	if peak < .001 {
		return nil
	}
	from, to := -1, 0
	for i, v := range x {
		if a := max(v, -v); a > peak/100 && from < 0 {
			from = i
		} else if a > peak/1000 {
			to = i + 1
		}
	}
	out := append([]float32(nil), x[max(0, from-playRate/1000):max(to, from)]...)
	for i := range out {
		out[i] *= .9 / peak
	}
	return out
}

func name(n Note) string {
	if n.Drum {
		return fmt.Sprintf("kit %d, %d at %d", n.Program, n.Pitch, n.Velocity)
	}
	return fmt.Sprintf("program %d, %d for %g s", n.Program, n.Pitch, n.Length)
}
