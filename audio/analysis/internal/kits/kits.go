// Package kits finds one-shots whose makers say what they are: the drum kits of Debian's package
// hydrogen-drumkits and the recordings of its lmms-common, for the ear to learn from. It serves the train
// and eval commands only; nothing of the kits is kept in the program.
package kits

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// Hit is a one-shot of a kit.
type Hit struct {
	Class  string // as the labelled set names it
	Source string // the instrument that was struck: its hits, soft and loud, are one source
	path   string
}

// Hits lists the one-shots of all kits, the same list on every run.
func Hits() ([]Hit, error) {
	list, err := drumKits("/usr/share/hydrogen/data/drumkits")
	if err != nil {
		return nil, err
	}
	more, err := named("/usr/share/lmms/samples")
	if err != nil {
		return nil, err
	}
	return append(list, more...), nil
}

// Read decodes the hit, its channels mixed to one.
func (h Hit) Read(ctx context.Context) (*pcm.Buffer, error) {
	clip, err := codec.DecodeFile(ctx, h.path, codec.Limits{})
	if err != nil {
		return nil, err
	}
	b := &clip.Audio
	mono := make([]float32, b.Frames())
	for i := range mono {
		for _, v := range b.Samples[i*b.Channels : (i+1)*b.Channels] {
			mono[i] += v / float32(b.Channels)
		}
	}
	return &pcm.Buffer{Rate: b.Rate, Channels: 1, Samples: mono}, nil
}

// drumKits lists the instruments of all Hydrogen kits in a folder. A file that several instruments share
// comes once.
func drumKits(dir string) ([]Hit, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "drumkit.xml"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no drum kits in %s: install hydrogen-drumkits", dir)
	}
	if err != nil {
		return nil, err
	}
	var list []Hit
	known := map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var kit struct {
			Instruments []struct {
				Name   string   `xml:"name"`
				File   string   `xml:"filename"` // of old kits
				Layers []string `xml:"layer>filename"`
			} `xml:"instrumentList>instrument"`
		}
		if err := xml.Unmarshal(b, &kit); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		folder := filepath.Dir(f)
		for _, in := range kit.Instruments {
			source := filepath.Base(folder) + "/" + in.Name
			class := classOf(source)
			for _, name := range append(in.Layers, in.File) {
				path := filepath.Join(folder, name)
				if class == "" || name == "" || known[path] {
					continue
				}
				known[path] = true
				if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
					continue // a kit may name what it lacks
				}
				list = append(list, Hit{class, source, path})
			}
		}
	}
	return list, nil
}

// named lists the one-shots of LMMS, which their files' names and folders describe.
func named(dir string) ([]Hit, error) {
	var list []Hit
	for _, folder := range [...]string{"drums", "basses", "instruments", "latin"} {
		files, err := filepath.Glob(filepath.Join(dir, folder, "*.ogg"))
		if err == nil && len(files) == 0 {
			err = fmt.Errorf("no sounds in %s: install lmms-common", filepath.Join(dir, folder))
		}
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			source := folder + "/" + strings.TrimSuffix(filepath.Base(f), ".ogg")
			if class := classOf(source); class != "" {
				list = append(list, Hit{class, source, f})
			}
		}
	}
	return list, nil
}

// classes are what names say, the first that fits; "" is left out. Names are those of a kit's instruments
// after the kit's.
var classes = []struct {
	name  *regexp.Regexp
	class string
}{
	// Two kits whose names are places on a keyboard, whatever sounds there; rolls; sticks struck together;
	// lines that a bass synthesiser may or may not have played.
	{regexp.MustCompile(`(?i)^(audiophob|rumpf_kit)|roll$|^forzeestereo/stick$|/(synth|techno_synth|matrix1000)_`), ""},
	{regexp.MustCompile(`(?i)/.*(kick|bass ?drum)`), "kick"},
	{regexp.MustCompile(`(?i)/.*(clap|snap)`), "clap"},
	{regexp.MustCompile(`(?i)/.*(snare|rim|stick|super opaco)`), "snare"},
	{regexp.MustCompile(`(?i)/.*(\bo?hh\b|hat)`), "hat"},
	{regexp.MustCompile(`(?i)/(.*\b)?tom`), "tom"},
	{regexp.MustCompile(`(?i)/.*(crash|ride|china|splash|cymbal|paiste bell)`), "cymbal"},
	{regexp.MustCompile(`(?i)/.*(cowbell|tambourine|agogo|maraca|shaker|bongo|clav|wood|conga|cajon|djembe|sangban|dununba|kenkeni|waterglass)`), "percussion"},
	{regexp.MustCompile(`(?i)^(drums|basses|instruments)/.*bass`), "bass"},
	{regexp.MustCompile(`^(instruments|latin)/`), "tonal"},
}

func classOf(source string) string {
	for _, c := range classes {
		if c.name.MatchString(source) {
			return c.class
		}
	}
	return ""
}
