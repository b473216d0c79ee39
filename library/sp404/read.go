package sp404

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/library/kit"
	"sampleagent/library/sp404/padconf"
	"sampleagent/library/sp404/ptn"
	"sampleagent/library/sp404/smp"
)

// Card is what lies on a card, in a backup of one on the computer, or in a single project
// folder.
type Card struct {
	Dir      string     `json:"dir"`
	Kits     []ReadKit  `json:"kits"`     // loose samples that this program wrote, and projects
	Loose    []Sound    `json:"loose"`    // sounds below IMPORT and EXPORT that belong to no kit
	Problems []ReadNote `json:"problems"` // what could not be read
}

// ReadNote says what is the matter with a file or folder.
type ReadNote struct {
	File   string `json:"file"` // relative to Card.Dir
	Reason string `json:"reason"`
}

// ReadKit is a kit found on a card. Its pads name sounds by Sound.ID: whoever takes it into a
// library stores the sounds and calls Kit.MapSamples with the IDs they get there.
type ReadKit struct {
	Folder   string   `json:"folder"` // relative to Card.Dir
	Also     string   `json:"also"`   // the folder that holds the same kit in the other form; "" for none
	Project  bool     `json:"project"`
	Kit      kit.Kit  `json:"kit"` // without ID when it is a project of the device
	Sounds   []Sound  `json:"sounds"`
	Warnings []string `json:"warnings"`

	written string // the kit as its manifest has it; "" when the device made or changed it
}

// Sound is a sound on a card.
type Sound struct {
	ID     string  `json:"id"`   // its path relative to Card.Dir, with '/'
	Path   string  `json:"path"` // absolute
	Name   string  `json:"name"` // what the device or the manifest calls it
	BPM    float64 `json:"bpm,omitempty"`
	Frames int64   `json:"frames,omitempty"` // 0 when not looked at
	// Sample is the library's sample that the sound was made of, where this program wrote it.
	Sample string    `json:"sample,omitempty"`
	Pad    *kit.Slot `json:"pad,omitempty"`
}

// Decode reads the sound.
func (s Sound) Decode(ctx context.Context) (*pcm.Buffer, error) {
	if !strings.EqualFold(filepath.Ext(s.Path), ".smp") {
		c, err := codec.DecodeFile(ctx, s.Path, codec.Limits{})
		if err != nil {
			return nil, err
		}
		return &c.Audio, nil
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, _, err := smp.Decode(f, smp.MaxFrames(1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	return b, ctx.Err()
}

// WriteWAV writes the sound as a WAV file with the same samples: 48 kHz and 16 bits for what the
// device made, anything else byte for byte if it is a WAV file already.
func (s Sound) WriteWAV(ctx context.Context, w io.Writer) error {
	b, err := s.Decode(ctx)
	if err != nil {
		return err
	}
	o := codec.PCMOptions{Bits: cardBits}
	if !pcm.Exact(b.Samples, cardBits) {
		o = codec.PCMOptions{Float: true}
	}
	return codec.EncodeWAV(w, b, codec.WAVOptions{PCMOptions: o})
}

// How deep a project may lie below the folder that is read, as in a backup of several cards.
const maxDepth = 6

// Read finds everything on a card. It changes nothing and reads no sound.
func Read(ctx context.Context, dir string) (*Card, error) {
	fi, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("%s is a file; choose the card's folder", dir)
	}
	c := &Card{Dir: dir, Kits: []ReadKit{}, Loose: []Sound{}, Problems: []ReadNote{}}
	if err := c.walk(ctx, "", 0); err != nil {
		return c, err
	}
	c.joinForms()
	return c, nil
}

// joinForms makes one of a kit that lies on the card in both forms, unless one was changed since: that
// of which more is there, and of two whole ones the loose samples, which have the names they had.
func (c *Card) joinForms() {
	once := []ReadKit{}
	for _, k := range c.Kits {
		i := slices.IndexFunc(once, func(o ReadKit) bool {
			return k.written != "" && o.written == k.written && o.Project != k.Project && o.Also == ""
		})
		if i < 0 {
			once = append(once, k)
			continue
		}
		keep, drop := once[i], k
		if a, b := len(drop.Sounds)-len(drop.Warnings), len(keep.Sounds)-len(keep.Warnings); a > b || a == b && keep.Project {
			keep, drop = drop, keep
		}
		keep.Also = drop.Folder
		once[i] = keep
	}
	c.Kits = once
}

func (c *Card) problem(rel string, err error) {
	c.Problems = append(c.Problems, ReadNote{rel, err.Error()})
}

func (c *Card) walk(ctx context.Context, rel string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	at := filepath.Join(c.Dir, filepath.FromSlash(rel))
	list, err := os.ReadDir(at)
	if err != nil {
		c.problem(rel, err)
		return nil
	}
	for _, e := range list {
		switch {
		case e.IsDir():
		case strings.EqualFold(e.Name(), "PADCONF.BIN"):
			k, err := c.readProject(rel, at, e.Name())
			if err != nil {
				c.problem(path.Join(rel, e.Name()), err)
				return nil
			}
			c.Kits = append(c.Kits, *k)
			return nil
		case e.Name() == manifestName:
			m, err := readImportManifest(systemFS{}, at)
			if err != nil {
				c.problem(path.Join(rel, e.Name()), err)
				break
			}
			c.Kits = append(c.Kits, c.readImport(rel, at, m))
			return c.looseBesides(m, rel)
		}
	}
	for _, e := range list {
		name := path.Join(rel, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), ".") || systemFile(e.Name()) || strings.HasSuffix(e.Name(), newSuffix):
		case c.superseded(name):
		case e.IsDir():
			if depth < maxDepth {
				if err := c.walk(ctx, name, depth+1); err != nil {
					return err
				}
			}
		case isSound(e.Name()) && inTransfer(rel):
			c.Loose = append(c.Loose, c.sound(name, trimExt(e.Name())))
		}
	}
	return nil
}

// superseded says that an interrupted run left a folder behind whose successor is in place.
func (c *Card) superseded(rel string) bool {
	place, ok := strings.CutSuffix(filepath.Join(c.Dir, filepath.FromSlash(rel)), oldSuffix)
	return ok && standing(systemFS{}, place) == place
}

// inTransfer says that a folder is one of those in which the device and people exchange sounds.
func inTransfer(rel string) bool {
	top, _, _ := strings.Cut(rel, "/")
	return strings.EqualFold(top, "IMPORT") || strings.EqualFold(top, "EXPORT")
}

func isSound(name string) bool { return trimExt(name) != name }

func (c *Card) sound(rel, name string) Sound {
	return Sound{ID: rel, Path: filepath.Join(c.Dir, filepath.FromSlash(rel)), Name: name}
}

// readImport takes a kit out of the manifest: the kit with all its settings, and where its
// sounds lie now.
func (c *Card) readImport(rel, at string, m *manifest) ReadKit {
	k := ReadKit{Folder: rel, Kit: m.Kit, Sounds: []Sound{}, Warnings: []string{}}
	c.placeSounds(&k, at, m)
	return k
}

// placeSounds gives the pads of a kit of ours the files that its manifest lists.
func (c *Card) placeSounds(k *ReadKit, at string, m *manifest) {
	if b, err := json.Marshal(m.Kit); err == nil { // it was read from JSON
		k.written = string(b)
	}
	place := map[kit.Slot]string{}
	for _, f := range m.Files {
		if f.Pad == nil {
			continue
		}
		fi, err := os.Stat(filepath.Join(at, filepath.FromSlash(f.Path)))
		switch {
		case err != nil:
			k.Warnings = append(k.Warnings, fmt.Sprintf("%s: %s is not there", f.Pad, f.Path))
			continue
		case fi.Size() != f.Bytes:
			k.Warnings = append(k.Warnings, fmt.Sprintf("%s: %s has changed since it was written", f.Pad, f.Path))
		}
		s := c.sound(path.Join(k.Folder, f.Path), trimExt(f.Source))
		s.Pad, s.Sample = f.Pad, m.Kit.Pad(*f.Pad).SampleID
		place[*f.Pad] = s.ID
		k.Sounds = append(k.Sounds, s)
	}
	k.Kit.MapSamples(func(s kit.Slot, _ string) string { return place[s] })
}

// looseBesides lists sounds in a kit's folder that the manifest does not know.
func (c *Card) looseBesides(m *manifest, rel string) error {
	all, err := listFiles(systemFS{}, filepath.Join(c.Dir, filepath.FromSlash(rel)))
	if err != nil {
		c.problem(rel, err)
		return nil
	}
	for _, f := range all {
		base := path.Base(f)
		known := slices.ContainsFunc(m.Files, func(g manifestFile) bool { return strings.EqualFold(g.Path, f) })
		if !known && isSound(base) && !strings.HasPrefix(base, ".") {
			c.Loose = append(c.Loose, c.sound(path.Join(rel, f), trimExt(base)))
		}
	}
	return nil
}

// readProject reads a project folder of the device, or of ours: then what PADCONF.BIN has no
// place for comes from the manifest, unless the device has changed the project since.
func (c *Card) readProject(rel, at, padconfName string) (*ReadKit, error) {
	b, err := readSmall(systemFS{}, filepath.Join(at, padconfName), 1<<20)
	if err != nil {
		return nil, err
	}
	f, err := padconf.Decode(b)
	if err != nil {
		return nil, err
	}
	k := &ReadKit{Folder: rel, Project: true, Sounds: []Sound{}, Warnings: []string{}}
	if m, err := readProjectManifest(systemFS{}, c.Dir, rel); err == nil && m.has("PADCONF.BIN", sha(b)) {
		k.Kit = m.Kit
		c.placeSounds(k, at, m)
		return k, nil
	}
	c.projectSettings(k, f)
	for i := range kit.PadCount {
		if p := f.Pad(i); !p.Empty() {
			c.projectPad(k, at, kit.Slot(i), p)
		}
	}
	k.readPatterns(at)
	for b := range kit.BankCount {
		bank := k.Kit.Bank(b)
		bank.Protected = f.Project().Banks[b].Protected
		_ = k.Kit.SetBank(b, bank) // b is a bank
	}
	return k, nil
}

func (m *manifest) has(name, sum string) bool {
	return slices.ContainsFunc(m.Files, func(f manifestFile) bool { return f.Path == name && f.SHA256 == sum })
}

func (k *ReadKit) warn(format string, args ...any) {
	k.Warnings = append(k.Warnings, fmt.Sprintf(format, args...))
}

func (c *Card) projectSettings(k *ReadKit, f *padconf.File) {
	p := f.Project()
	k.Kit.Name = p.Name
	if k.Kit.Name == "" {
		k.Kit.Name = path.Base(k.Folder)
	}
	if k.Kit.Name == "." {
		k.Kit.Name = filepath.Base(c.Dir)
	}
	if p.UseProject {
		k.Kit.TempoSelect = kit.TempoOfProject
	}
	tempo := func(what string, hundredths int) kit.BPM {
		t, err := kit.NewBPM(float64(hundredths) / 100)
		if err != nil {
			k.warn("%s: %v; 90 BPM is taken", what, err)
		}
		return t
	}
	k.Kit.Tempo = tempo("project tempo", p.Tempo)
	for b, bank := range p.Banks {
		out, err := kit.Bank{Tempo: tempo("tempo of bank "+kit.BankName(b), bank.Tempo)}.WithVolume(bank.Volume)
		if err != nil {
			k.warn("bank %s: %v; 127 is taken", kit.BankName(b), err)
		}
		_ = k.Kit.SetBank(b, out) // b is a bank
	}
}

func (c *Card) projectPad(k *ReadKit, at string, slot kit.Slot, p padconf.Pad) {
	rel := "SMPL/" + smp.FileName(slot.Bank(), slot.Pad())
	s := c.sound(path.Join(k.Folder, rel), p.Name)
	s.BPM, s.Pad = float64(p.Tempo)/100, &slot
	h, err := smpHeader(s.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k.warn("%s: its sound %s is not there; the pad is left out", slot, rel)
		return
	case err != nil:
		k.warn("%s: %v; the pad is left out", slot, err)
		return
	case !h.DigestOK:
		k.warn("%s: the header of %s is not signed as the device does", slot, rel)
	}
	if h.FileBytes != int64(p.FileBytes) {
		k.warn("%s: the project says %d bytes, %s has %d", slot, p.FileBytes, rel, h.FileBytes)
	}
	s.Frames = h.Frames()
	set, warnings := padSettings(p, h.Channels)
	for _, w := range warnings {
		k.warn("%s: %s", slot, w)
	}
	if err := k.Kit.SetPad(slot, kit.Pad{SampleID: s.ID, Name: p.Name, Settings: set}); err != nil {
		k.warn("%s: %v; the pad is not linked", slot, err)
		set, err = set.Set(kit.PadLink, 0)
		if err == nil {
			err = k.Kit.SetPad(slot, kit.Pad{SampleID: s.ID, Name: p.Name, Settings: set})
		}
		if err != nil {
			k.warn("%s: %v; the pad is left out", slot, err)
			return
		}
	}
	k.Sounds = append(k.Sounds, s)
}

func smpHeader(path string) (smp.Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return smp.Header{}, err
	}
	defer f.Close()
	head := make([]byte, smp.HeaderSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return smp.Header{}, err
	}
	return smp.ReadHeader(head[:n])
}

// readPatterns takes PTN/PTN00001.BIN to PTN00160.BIN into the kit.
func (k *ReadKit) readPatterns(at string) {
	for i := range kit.PadCount {
		name := ptn.FileName(i)
		b, err := readSmall(systemFS{}, filepath.Join(at, "PTN", name), maxInspected)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var p kit.Pattern
		var warnings []string
		if err == nil {
			p, warnings, err = decodePattern(b)
		}
		if err == nil {
			err = k.Kit.SetPattern(kit.Slot(i), p)
		}
		if err != nil {
			k.warn("pattern %s (%s): %v", kit.Slot(i), name, err)
			continue
		}
		for _, w := range warnings {
			k.warn("pattern %s: %s", kit.Slot(i), w)
		}
	}
}
