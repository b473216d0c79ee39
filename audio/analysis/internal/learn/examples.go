// Package learn fits the ear's scorers: it hears the labelled sounds and copies of them, and fits weights
// to what the ear noticed. It serves the train and eval commands; the program never needs it.
package learn

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/hits"
	"sampleagent/audio/analysis/internal/kits"
	"sampleagent/audio/analysis/internal/labset"
	"sampleagent/audio/analysis/internal/midi"
	"sampleagent/audio/codec"
	"sampleagent/audio/key"
	"sampleagent/audio/pcm"
)

// Example is one copy of one file as the scorers are told about it.
type Example struct {
	Item     int
	How      string
	Original bool
	BPM      float64
	Key      string
	Evidence analysis.Evidence
}

const (
	copies      = 4   // of each file, played faster or slower
	drawnHits   = 300 // of each class
	kitHearings = 4   // of each hit of a kit: as it is and worn in three ways
	drawnLoops  = 160
	unheard     = 500 // drawn loops to learn how sure to be
	songs       = 500 // loops that sound fonts play: half to learn tempos from, half to learn how sure to be
)

// Hear hears all that there is to learn from: the labelled files and their copies, drawn hits and loops,
// hits and loops that sound fonts play, and hits of kits. With a cache, a file, it takes what was heard of
// the files from there as long as the ear hears the same.
func Hear(cache string) (*Set, error) {
	dir, err := labset.Find()
	if err != nil {
		return nil, err
	}
	s := &Set{}
	if s.Items, err = labset.Load(dir); err != nil {
		return nil, err
	}
	if s.Examples, err = gather(s.Items, cache); err != nil {
		return nil, err
	}
	if s.Drawn, err = drawHits(drawnHits); err != nil {
		return nil, err
	}
	if s.Played, err = playHits(); err != nil {
		return nil, err
	}
	if s.Kits, err = hearKits(); err != nil {
		return nil, err
	}
	if s.Loops, err = drawLoops(drawnLoops, 909); err != nil {
		return nil, err
	}
	if s.Unheard, err = drawLoops(unheard, 910); err != nil {
		return nil, err
	}
	played, err := playLoops(songs)
	for i, l := range played {
		if i%2 == 0 {
			s.Songs = append(s.Songs, l)
		} else {
			s.Unheard = append(s.Unheard, l)
		}
	}
	return s, err
}

// gather hears all copies of all items. What is in the cache is only taken while every
// twentieth item, heard again, gives the same.
func gather(items []labset.Item, cache string) ([]Example, error) {
	if cache != "" {
		list, err := recall(items, cache)
		if err != nil || list != nil {
			return list, err
		}
	}
	per := make([][]Example, len(items))
	err := each(len(items), func(i int) (err error) {
		per[i], err = hear(items[i], i)
		return err
	})
	if err != nil {
		return nil, err
	}
	list := slices.Concat(per...)
	if cache == "" {
		return list, nil
	}
	f, err := os.Create(cache)
	if err != nil {
		return nil, err
	}
	return list, errors.Join(gob.NewEncoder(f).Encode(list), f.Close())
}

// recall reads a cache; nil when there is none or the ear has changed since.
func recall(items []labset.Item, cache string) ([]Example, error) {
	f, err := os.Open(cache)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []Example
	if err := gob.NewDecoder(f).Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w", cache, err)
	}
	if len(list) != len(items)*(1+len(labset.Perturbations)+copies) {
		return nil, nil
	}
	for _, e := range list {
		if !e.Original || e.Item%20 != 0 {
			continue
		}
		b, err := items[e.Item].Read()
		if err != nil {
			return nil, err
		}
		now, err := analysis.Notice(context.Background(), b)
		if err != nil {
			return nil, err
		}
		if !reflect.DeepEqual(now, &e.Evidence) {
			return nil, nil
		}
	}
	return list, nil
}

// each does n things on all cores and gives the first error.
func each(n int, do func(i int) error) error {
	work := make(chan int)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for i := range work {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
	return errors.Join(errs...)
}

// Drawn is a one-shot without a label as the scorers are told about it: made, played or of a kit.
type Drawn struct {
	Class  string
	Source string // of a kit's: the instrument
	Traits []float32
}

// playHits hears the one-shots of the system's General MIDI sound fonts, each as it is and worn.
func playHits() ([]Drawn, error) {
	fonts, err := midi.Fonts()
	if err != nil {
		return nil, err
	}
	var played []midi.Hit
	for _, f := range fonts {
		list, err := f.Hits(context.Background())
		if err != nil {
			return nil, err
		}
		played = append(played, list...)
	}
	list := make([]Drawn, 2*len(played))
	err = each(len(list), func(i int) error {
		h, b := played[i/2], played[i/2].Sound
		if i%2 == 1 {
			b = worn(b, rand.New(rand.NewPCG(707, uint64(i))))
		}
		e, err := analysis.Notice(context.Background(), b)
		if err == nil {
			list[i] = Drawn{Class: h.Class, Traits: e.Traits}
		}
		return err
	})
	return slices.DeleteFunc(list, func(d Drawn) bool { return len(d.Traits) == 0 }), err
}

// worn is a copy at another speed, every other one harmed, of another colour.
func worn(b *pcm.Buffer, r *rand.Rand) *pcm.Buffer {
	b = labset.Speed(b, math.Exp2((r.Float64()-0.5)/2))
	if r.IntN(2) == 0 {
		b = labset.Perturb(b, labset.Perturbations[r.IntN(len(labset.Perturbations))], r.Uint64())
	}
	tilt(b.Samples, r.Float64()*1.4-0.5)
	return b
}

// hearKits hears the one-shots of the kits that packages install, each as it is and worn.
func hearKits() ([]Drawn, error) {
	found, err := kits.Hits()
	if err != nil {
		return nil, err
	}
	list := make([]Drawn, kitHearings*len(found))
	err = each(len(list), func(i int) error {
		h := found[i/kitHearings]
		b, err := h.Read(context.Background())
		if errors.Is(err, codec.ErrUnsupported) {
			return nil // two of the files that end in .ogg are WAV with Vorbis inside
		}
		if err != nil {
			return err
		}
		if i%kitHearings > 0 {
			b = worn(b, rand.New(rand.NewPCG(606, uint64(i))))
		}
		e, err := analysis.Notice(context.Background(), b)
		if err == nil {
			list[i] = Drawn{h.Class, h.Source, e.Traits}
		}
		return err
	})
	return slices.DeleteFunc(list, func(d Drawn) bool { return len(d.Traits) == 0 }), err
}

// drawHits makes and hears as many hits of every class.
func drawHits(of int) ([]Drawn, error) {
	list := make([]Drawn, of*len(classNames))
	err := each(len(list), func(i int) error {
		r := rand.New(rand.NewPCG(808, uint64(i)))
		class := classNames[i%len(classNames)]
		b := hits.Draw(class, r)
		if r.IntN(3) == 0 {
			b = labset.Perturb(b, labset.Perturbations[r.IntN(len(labset.Perturbations))], r.Uint64())
		}
		e, err := analysis.Notice(context.Background(), b)
		if err == nil {
			list[i] = Drawn{Class: class, Traits: e.Traits}
		}
		return err
	})
	return slices.DeleteFunc(list, func(d Drawn) bool { return len(d.Traits) == 0 }), err
}

// MadeLoop is a drawn or played loop as the scorers are told about it.
type MadeLoop struct {
	Class    string
	BPM      float64
	Evidence analysis.Evidence
}

func drawLoops(n int, seed uint64) ([]MadeLoop, error) {
	return hearLoops(n, func(i int) hits.Loop { return hits.DrawLoop(rand.New(rand.NewPCG(seed, uint64(i)))) })
}

// playLoops has the sound fonts play n loops, as many each.
func playLoops(n int) ([]MadeLoop, error) {
	fonts, err := midi.Fonts()
	if err != nil {
		return nil, err
	}
	per := make([][]hits.Loop, len(fonts))
	err = each(len(fonts), func(i int) (err error) {
		per[i], err = fonts[i].Loops(context.Background(), n/len(fonts), uint64(1001+i))
		return err
	})
	if err != nil {
		return nil, err
	}
	played := slices.Concat(per...)
	return hearLoops(len(played), func(i int) hits.Loop { return played[i] })
}

func hearLoops(n int, loop func(i int) hits.Loop) ([]MadeLoop, error) {
	list := make([]MadeLoop, n)
	err := each(n, func(i int) error {
		l := loop(i)
		e, err := analysis.Notice(context.Background(), l.Sound)
		if err == nil {
			list[i] = MadeLoop{l.Class, l.BPM, *e}
		}
		return err
	})
	return slices.DeleteFunc(list, func(l MadeLoop) bool { return len(l.Evidence.Traits) == 0 }), err
}

// hear makes the copies of one item and examines them.
func hear(it labset.Item, index int) ([]Example, error) {
	b, err := it.Read()
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(uint64(index), 1))
	var list []Example
	add := func(b *pcm.Buffer, how string, bpm float64, key string) error {
		e, err := analysis.Notice(context.Background(), b)
		if err != nil {
			return fmt.Errorf("%s (%s): %w", it.Path, how, err)
		}
		list = append(list, Example{index, how, how == "", bpm, key, *e})
		return nil
	}
	if err := add(b, "", it.BPM, it.Key); err != nil {
		return nil, err
	}
	for k, how := range labset.Perturbations {
		if err := add(labset.Perturb(b, how, uint64(index*100+k)), how, it.BPM, it.Key); err != nil {
			return nil, err
		}
	}
	for range copies {
		factor, how := stretch(it, r)
		c := labset.Speed(b, factor)
		if r.IntN(2) == 0 {
			p := labset.Perturbations[r.IntN(len(labset.Perturbations))]
			c = labset.Perturb(c, p, r.Uint64())
			how += ", " + p
		}
		tilt(c.Samples, r.Float64()*1.4-0.5)
		if r.IntN(4) == 0 {
			dull(c.Samples, 5000+9000*r.Float64(), float64(c.Rate))
		}
		gain := float32(math.Pow(10, -r.Float64()*20/20))
		for i := range c.Samples {
			c.Samples[i] *= gain
		}
		if err := add(c, how, it.BPM*factor, turn(it.Key, factor)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// tilt raises (or lowers) the highs above 1.5 kHz by a share of themselves, as another microphone or
// a shelf would.
func tilt(x []float32, share float64) {
	g, low := float32(share), float32(0)
	for i, v := range x {
		low += 0.19 * (v - low)
		x[i] = v + g*(v-low)
	}
}

// dull takes off the highs, as tape, old samplers and strong compression do.
func dull(x []float32, hz, rate float64) {
	k := float32(1 - math.Exp(-2*math.Pi*hz/rate))
	a, b := float32(0), float32(0)
	for i, v := range x {
		a += k * (v - a)
		b += k * (a - b)
		x[i] = b
	}
}

// stretch chooses how much faster a copy is played. Drum loops of middling tempo become breaks
// of 150 to 180 BPM every fourth time: that is how breaks are made.
func stretch(it labset.Item, r *rand.Rand) (factor float64, how string) {
	for {
		lo, hi := -4.5, 4.5 // semitones
		if it.Kind == "one-shot" {
			lo, hi = -3, 3
		}
		if it.Class == "drums" && it.BPM >= 85 && it.BPM <= 135 && r.IntN(4) == 0 {
			target := 150 + 30*r.Float64()
			return target / it.BPM, "break"
		}
		step := lo + (hi-lo)*r.Float64()
		if it.Key != "" { // near a whole semitone, so that the key stays one
			step = math.Round(step) + 0.6*(r.Float64()-0.5)
		}
		factor = math.Exp2(step / 12)
		if it.BPM == 0 || (it.BPM*factor > 62 && it.BPM*factor < 182) {
			return factor, "speed"
		}
	}
}

// turn is a key after playing faster by factor; "" stays "".
func turn(name string, factor float64) string {
	k, ok := key.Parse(name)
	if !ok {
		return ""
	}
	return key.New(k.Tonic()+int(math.Round(12*math.Log2(factor))), k.Minor()).String()
}

var (
	kindNames  = []string{"one-shot", "loop", "music"}
	classNames = []string{"kick", "snare", "hat", "clap", "cymbal", "tom", "percussion", "bass", "tonal"}
	loopNames  = []string{"drums", "bass", "chords", "melody"}
)
