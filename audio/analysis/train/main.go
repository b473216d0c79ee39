// Command train fits the ear's scorers to the labelled development set and writes their weights.
//
//	go run ./audio/analysis/train [-folds audio/analysis/eval/folds.zip]
//
// Every file is heard as it is and as a number of copies: harmed as in labset, and played faster
// or slower; drawn hits join the one-shots. With -folds it also writes weights that have never heard one family of sounds (or
// one fifth of the sources, fold-0 to fold-4), which the eval command scores on just that
// part.
package main

import (
	"archive/zip"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/boost"
	"sampleagent/audio/analysis/internal/labset"
	"sampleagent/audio/pcm"
)

// example is one copy of one file as the scorers are told about it.
type example struct {
	Item     int
	How      string
	Original bool
	BPM      float64
	Key      string
	Evidence analysis.Evidence
}

func main() {
	out := flag.String("out", "audio/analysis/weights", "folder for the weights")
	folds := flag.String("folds", "", "folder for weights that left something out, for eval")
	cache := flag.String("cache", "", "file to keep the evidence in between runs")
	hits := flag.Int("hits", 40, "drawn hits of each class, beside the real ones")
	fit := flag.String("fit", "", "fit only these scorers, by commas (tempo,key,kind,class,loopclass)")
	only := flag.String("only", "", "write only the folds whose name begins so")
	copies := flag.Int("copies", 6, "played-faster-or-slower copies of each file")
	flag.Parse()
	if err := run(*out, *folds, *only, *cache, *fit, *copies, *hits); err != nil {
		log.Fatal(err)
	}
}

func run(out, folds, only, cache, fit string, copies, hits int) (err error) {
	dir, err := labset.Find()
	if err != nil {
		return err
	}
	items, err := labset.Load(dir)
	if err != nil {
		return err
	}
	examples, err := gather(items, cache, copies)
	if err != nil {
		return err
	}
	drawn, err := drawHits(hits)
	if err != nil {
		return err
	}
	all := &trainer{items: items, examples: examples, drawn: drawn, only: fit}
	if strings.HasSuffix(folds, ".zip") {
		tmp, err := os.MkdirTemp("", "ear-folds-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		defer func(name string) {
			if err == nil {
				err = pack(name, tmp)
			}
		}(folds)
		folds = tmp
	}
	if folds != "" {
		var wg sync.WaitGroup
		slots := make(chan struct{}, runtime.NumCPU())
		errs := make(chan error, 100)
		for name, held := range Folds(items) {
			if !strings.HasPrefix(name, only) {
				continue
			}
			wg.Add(1)
			slots <- struct{}{}
			go func() {
				defer func() { <-slots; wg.Done() }()
				t := &trainer{items: items, held: held, drawn: drawn, only: fit}
				for _, e := range examples {
					if !held[e.Item] {
						t.examples = append(t.examples, e)
					}
				}
				errs <- t.write(filepath.Join(folds, name))
			}()
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				return err
			}
		}
	}
	return all.write(out)
}

// pack writes a folder as a zip file.
func pack(name, dir string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	z := zip.NewWriter(f)
	if err := z.AddFS(os.DirFS(dir)); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(z.Close(), f.Close())
}

// Folds names the parts that are left out in turn.
func Folds(items []labset.Item) map[string]map[int]bool {
	f := map[string]map[int]bool{}
	for i, it := range items {
		for _, name := range []string{labset.FamilyFold(it), labset.SourceFold(it)} {
			if f[name] == nil {
				f[name] = map[int]bool{}
			}
			f[name][i] = true
		}
	}
	return f
}

// gather hears all copies of all items.
func gather(items []labset.Item, cache string, copies int) ([]example, error) {
	var list []example
	if cache != "" {
		if f, err := os.Open(cache); err == nil {
			defer f.Close()
			if err := gob.NewDecoder(f).Decode(&list); err != nil {
				return nil, fmt.Errorf("%s: %w", cache, err)
			}
			return list, nil
		}
	}
	per := make([][]example, len(items))
	work := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	for range runtime.NumCPU() {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range work {
				ex, err := hear(items[i], i, copies)
				mu.Lock()
				if err != nil && first == nil {
					first = err
				}
				per[i] = ex
				mu.Unlock()
			}
		}()
	}
	for i := range items {
		work <- i
	}
	close(work)
	wg.Wait()
	if first != nil {
		return nil, first
	}
	for _, p := range per {
		list = append(list, p...)
	}
	if cache != "" {
		f, err := os.Create(cache)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := gob.NewEncoder(f).Encode(list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// drawnHit is a made sound as the scorers are told about it.
type drawnHit struct {
	class  string
	traits []float32
}

func drawHits(each int) ([]drawnHit, error) {
	r := rand.New(rand.NewPCG(808, 909))
	var list []drawnHit
	for _, class := range classNames {
		for range each {
			b := drawHit(class, r)
			if r.IntN(3) == 0 {
				b = labset.Perturb(b, labset.Perturbations[r.IntN(len(labset.Perturbations))], r.Uint64())
			}
			e, err := analysis.Examine(context.Background(), b)
			if err != nil {
				return nil, err
			}
			if e.Result.Kind != "" {
				list = append(list, drawnHit{class, e.Traits})
			}
		}
	}
	return list, nil
}

// hear makes the copies of one item and examines them.
func hear(it labset.Item, index, copies int) ([]example, error) {
	b, err := it.Read()
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(uint64(index), 1))
	var list []example
	add := func(b *pcm.Buffer, how string, bpm float64, key string) error {
		e, err := analysis.Examine(context.Background(), b)
		if err != nil {
			return fmt.Errorf("%s (%s): %w", it.Path, how, err)
		}
		list = append(list, example{index, how, how == "", bpm, key, *e})
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

var notes = []string{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}

// turn is a key after playing faster by factor.
func turn(key string, factor float64) string {
	if key == "" {
		return ""
	}
	i := slices.IndexFunc(notes, func(n string) bool { return len(key) > len(n) && key[:len(n)+1] == n+" " })
	k := (i + int(math.Round(12*math.Log2(factor))) + 24) % 12
	return notes[k] + key[len(notes[i]):]
}

// weightsFile is what stands in a file beside the program.
type weightsFile struct {
	Made  string       `json:"made"`
	Data  string       `json:"data"`
	Rows  int          `json:"rows"`
	Names []string     `json:"names,omitempty"`
	Inner string       `json:"on_unseen_sources,omitempty"`
	Model *boost.Model `json:"model"`
}

func (t *trainer) save(dir, name string, w weightsFile) error {
	w.Made = "go run ./audio/analysis/train"
	w.Data = fmt.Sprintf("%d labelled files of shared/datasets, development split", len(t.items)-len(t.held))
	b, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".json"), append(b, '\n'), 0o644)
}
