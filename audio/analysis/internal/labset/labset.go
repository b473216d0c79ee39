// Package labset reads the labelled sounds that the ear is tuned and scored on and makes
// perturbed copies of them. It serves the eval and train commands and tests; the program
// itself never needs it.
package labset

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/mewkiz/flac"

	"sampleagent/audio/pcm"
)

// Item is one labelled file.
type Item struct {
	Path   string // relative to the data set
	Kind   string // "loop", "one-shot", "music"
	BPM    float64
	Key    string // "A# minor", "" when none is claimed
	Family string
	Source string // groups files cut from one kit or style, for cross-validation
	Class  string // of one-shots; drums, bass, chords, melody for loops, "" when not plain
	Sound  string // the class that a one-shot plainly sounds like; mostly its Class
	dir    string
}

// Find gives the folder of the labelled data set: SAMPLE_AGENT_SHARED or ../shared beside the
// module's root.
func Find() (string, error) {
	if s := os.Getenv("SAMPLE_AGENT_SHARED"); s != "" {
		return filepath.Join(s, "datasets"), nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			d := filepath.Join(dir, "..", "shared", "datasets")
			if _, err := os.Stat(d); err != nil {
				return "", fmt.Errorf("the labelled sounds are not beside the repository: %w", err)
			}
			return d, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working folder")
		}
		dir = up
	}
}

// Load lists the files whose sound is in the data set.
func Load(dir string) ([]Item, error) {
	f, err := os.Open(filepath.Join(dir, "manifest.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("manifest.csv: %w", err)
	}
	col := map[string]int{}
	for i, h := range head {
		col[h] = i
	}
	var items []Item
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return nil, fmt.Errorf("manifest.csv: %w", err)
		}
		if row[col["redistributable"]] != "1" {
			continue
		}
		it := Item{Path: row[col["path"]], Kind: row[col["kind"]], Family: row[col["family"]], dir: dir}
		if it.Kind == "oneshot" {
			it.Kind = "one-shot"
		}
		if s := row[col["bpm"]]; s != "" {
			if it.BPM, err = strconv.ParseFloat(s, 64); err != nil {
				return nil, fmt.Errorf("manifest.csv: %s: %w", it.Path, err)
			}
		}
		if it.Key, err = sharpKey(row[col["key"]]); err != nil {
			return nil, fmt.Errorf("manifest.csv: %s: %w", it.Path, err)
		}
		it.Class, it.Source = describe(it)
		it.Sound = it.Class
		for part, class := range misread {
			if strings.Contains(it.Path, part) {
				it.Sound = class
			}
		}
		items = append(items, it)
	}
}

var flats = map[string]string{"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#", "Cb": "B", "Fb": "E", "E#": "F", "B#": "C"}

func sharpKey(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	note, mode, ok := strings.Cut(s, " ")
	if !ok || (mode != "major" && mode != "minor") {
		return "", fmt.Errorf("%q is not a key", s)
	}
	if n := flats[note]; n != "" {
		note = n
	}
	return note + " " + mode, nil
}

// misread are parts of names from which the data set took a wrong class: a spoken phrase became a hat by
// the letters of "That", bass drums became basses. Scores count the labels as they are; only what is learned
// from them is put right.
var misread = map[string]string{"Vocals-That-s": "tonal", "sonicpi-drum_bass_": "kick"}

// describe derives class and source from the file's name, which is where the labels are.
func describe(it Item) (class, source string) {
	name := strings.TrimSuffix(filepath.Base(it.Path), ".flac")
	switch it.Family {
	case "os":
		rest := strings.TrimPrefix(name, "os-")
		for _, c := range [...]struct{ prefix, class string }{
			{"bass-", "bass"}, {"clap-", "clap"}, {"cymbal-", "cymbal"}, {"hihat-", "hat"}, {"kick-", "kick"},
			{"perc-", "percussion"}, {"snare-", "snare"}, {"tom-", "tom"}, {"tonal-or-other-", "tonal"},
		} {
			if strings.HasPrefix(rest, c.prefix) {
				return c.class, "os-" + variation.ReplaceAllString(rest, "")
			}
		}
		return "", "os"
	case "orin-drums", "groove":
		class = "drums"
	case "orin-bass":
		class = "bass"
	case "orin-chords":
		class = "chords"
	case "stargate":
		switch {
		case strings.Contains(name, "Drums"), strings.Contains(name, "beat"):
			class = "drums"
		case strings.Contains(name, "Bass"):
			class = "bass"
		case strings.Contains(name, "Chord"), strings.Contains(name, "Guitar"):
			class = "chords"
		case strings.Contains(name, "Melody"):
			class = "melody"
		}
	case "sonicpi":
		class = "drums"
	}
	// Styles of one arranger file come in several keys and sections.
	parts := strings.Split(name, "-")
	source = strings.Join(parts[:min(4, len(parts))], "-")
	if it.Family == "nott" || it.Family == "chorale" || it.Family == "stargate" || it.Family == "sonicpi" || it.Family == "orin-drums" {
		source = name
	}
	return class, source
}

// variation is what tells takes of one sound apart at the end of a name: velocity, repetition,
// microphone, running number.
var variation = regexp.MustCompile(`(_?(v|vl|rr|Hit|hit)?[0-9]+|_(Mid|Sum))+$`)

// Read decodes the item's sound.
func (it Item) Read() (*pcm.Buffer, error) {
	s, err := flac.ParseFile(filepath.Join(it.dir, it.Path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", it.Path, err)
	}
	defer s.Close()
	ch := int(s.Info.NChannels)
	b := &pcm.Buffer{Rate: int(s.Info.SampleRate), Channels: ch, Samples: make([]float32, 0, int(s.Info.NSamples)*ch)}
	scale := float32(1) / float32(int(1)<<(s.Info.BitsPerSample-1))
	for {
		f, err := s.ParseNext()
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", it.Path, err)
		}
		for i := range f.Subframes[0].Samples {
			for c := range ch {
				b.Samples = append(b.Samples, float32(f.Subframes[c].Samples[i])*scale)
			}
		}
	}
}

// Part puts an item into one of n parts by its source, so that files of one source stay together.
func Part(it Item, n int) int {
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range []byte(it.Source) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return int((h >> 17) % uint64(n))
}

// SourceFold names the fifth of the sources that the item belongs to.
func SourceFold(it Item) string { return fmt.Sprintf("fifth %d", Part(it, 5)+1) }

// FamilyFold names the item's family; for one-shots the collection that the sound comes from.
func FamilyFold(it Item) string {
	if it.Family != "os" {
		return it.Family
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(it.Source, "os-"), "tonal-or-other-")
	for _, name := range [...]string{"hydrogen", "sonicpi", "freesound", "fugue", "karoryfer", "microlag", "sgossner"} {
		if strings.Contains(rest, "-"+name) || strings.HasPrefix(rest, name) {
			return "hits of " + name
		}
	}
	return "other hits"
}
