package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"sampleagent/app/history"
	"sampleagent/app/settings"
	"sampleagent/app/task"
	"sampleagent/library/catalog"
	"sampleagent/library/ingest"
	"sampleagent/library/kit"
	"sampleagent/library/sp404"
)

// CardOptions say what goes to a card and how.
type CardOptions struct {
	Kit      string // id or name
	Dir      string // the card, or any folder
	Make     bool   // the folder may be made, if the one that it lies in is there
	Form     sp404.Form
	Format   sp404.AudioFormat // "" = what the settings say
	Template string            // file of a PADCONF.BIN of the person's own device; "" = none
	Project  int               // 1 to 16 to replace that project; 0 = the kit's own, or a free one
}

// PlanCard works out every file that writing a kit would make, replace and leave out. It writes
// nothing. Errors: sp404.ErrEmptyKit, sp404.ErrNoProject.
func (a *App) PlanCard(ctx context.Context, o CardOptions) (*sp404.Plan, error) {
	k, err := a.Kit(ctx, o.Kit)
	if err != nil {
		return nil, err
	}
	away, err := a.fetchKit(ctx, k)
	if err != nil {
		return nil, err
	}
	found, err := a.PadSamples(ctx, k)
	if err != nil {
		return nil, err
	}
	all := make(map[string]sp404.Sample, len(found))
	for id, s := range found {
		source, err := a.db.Source(ctx, s.Row)
		if err != nil {
			return nil, err
		}
		all[id] = sp404.Sample{ID: id, Name: s.Name, Path: s.Path, BPM: s.BPM, Credit: source.AttributionText()}
	}
	plan := sp404.Options{Form: o.Form, Format: o.Format, Project: o.Project, Make: o.Make}
	if plan.Format == "" {
		plan.Format = sp404.AudioFormat(a.settings.Get().Card.Format)
	}
	if o.Template != "" {
		if plan.Template, err = os.ReadFile(o.Template); err != nil {
			return nil, fmt.Errorf("template: %w", err)
		}
	}
	p, err := sp404.NewPlan(ctx, k, all, o.Dir, plan)
	if err == nil {
		p.Warnings = append(p.Warnings, away...)
	}
	return p, err
}

// cardKind is the lane of work on cards: one at a time.
const cardKind = "card"

// WriteCard carries a plan out as a task: everything is written beside its place, read back and
// compared, then put in place. However it ends, the task's summary says what is on the card; its
// result is a *sp404.Outcome.
func (a *App) WriteCard(plan *sp404.Plan) (task.ID, error) {
	return a.tasks.Start(cardKind, "Write kit "+plan.Kit.Name, func(ctx context.Context, h *task.Handle) error {
		for _, f := range plan.Failed() {
			h.Fail(fmt.Sprintf("%s %s", f.Pad, f.Source), f.Error)
		}
		ended := a.beginExport(ctx, plan)
		out, err := plan.Write(ctx, func(p sp404.Progress) {
			// No files: they are gone through twice, and their number would begin anew.
			h.Progress(0, 0, p.Bytes, p.TotalBytes, fmt.Sprintf("%s %s", p.Stage, p.Current))
		})
		ended(err)
		if err != nil {
			h.Finish(err.Error(), nil)
			return err
		}
		h.Finish(fmt.Sprintf("%d files written and verified.", out.Files), out)
		// Only a convenience: the card is written whether or not its folder is remembered.
		if err := a.UpdateSettings(func(s *settings.Settings) { s.Card.Dir = plan.Dir }); err != nil {
			h.Fail("settings", err.Error())
		}
		return nil
	})
}

// VerifyCard compares everything that was written to a card with what is there; it changes
// nothing. progress may be nil. Error: sp404.ErrNotWritten.
func (a *App) VerifyCard(ctx context.Context, dir string, progress func(sp404.Progress)) (*sp404.Report, error) {
	return sp404.Verify(ctx, dir, progress)
}

// CardRead is what came of taking a card into the library.
type CardRead struct {
	Kits     []KitInfo
	Sounds   int // brought into the library
	Problems []sp404.ReadNote
}

// LookAtCard finds everything on a card, a backup of one or a project folder. It changes nothing.
func (a *App) LookAtCard(ctx context.Context, dir string) (*sp404.Card, error) {
	return sp404.Read(ctx, dir)
}

// CardChoice says what of a card is taken. The zero value takes everything.
type CardChoice struct {
	Folders []string // of kits and projects, as sp404.ReadKit.Folder names them; nil: all
	NoLoose bool     // sounds that belong to no kit stay on the card
}

func (c CardChoice) takes(folder string) bool {
	return c.Folders == nil || slices.Contains(c.Folders, folder)
}

// ReadCardNow takes a card into the library: its sounds are copied into the managed folder and
// imported, its kits become kits. A kit that this program wrote, and that is still in the
// library, comes back as a copy. What cannot be read is listed and stops nothing. progress may
// be nil.
func (a *App) ReadCardNow(ctx context.Context, dir string, choice CardChoice, progress func(done, total int, current string)) (*CardRead, error) {
	card, err := sp404.Read(ctx, dir)
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(int, int, string) {}
	}
	card.Kits = slices.DeleteFunc(card.Kits, func(k sp404.ReadKit) bool { return !choice.takes(k.Folder) })
	if choice.NoLoose {
		card.Loose = nil
	}
	out := &CardRead{Problems: card.Problems}
	for _, k := range card.Kits {
		for _, w := range k.Warnings {
			out.problem(k.Folder, w)
		}
	}
	sounds := cardSounds(card)
	if len(card.Kits)+len(sounds) == 0 {
		return out, fmt.Errorf("%s: nothing of the device was found", dir)
	}
	ids, err := a.importSounds(ctx, sounds, out, progress)
	if err != nil {
		return out, err
	}
	for _, found := range card.Kits {
		if err := a.takeKit(ctx, found, ids, out); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (r *CardRead) problem(file, reason string) {
	r.Problems = append(r.Problems, sp404.ReadNote{File: file, Reason: reason})
}

// cardSounds lists the sounds of a card's kits and those that belong to none, each once.
func cardSounds(card *sp404.Card) (sounds []sp404.Sound) {
	seen := map[string]bool{}
	add := func(all []sp404.Sound) {
		for _, s := range all {
			if !seen[s.ID] {
				seen[s.ID] = true
				sounds = append(sounds, s)
			}
		}
	}
	for _, k := range card.Kits {
		add(k.Sounds)
	}
	add(card.Loose)
	return sounds
}

// importSounds copies sounds into a managed folder and the library, and says by Sound.ID which
// samples they became. Those that cannot be read become out's problems.
func (a *App) importSounds(ctx context.Context, sounds []sp404.Sound, out *CardRead, progress func(done, total int, current string)) (map[string]string, error) {
	// A folder of its own for each reading: a card that changed overwrites nothing.
	into := filepath.Join(a.managedFolder(), "Cards", time.Now().Format("2006-01-02 150405.000"))
	files := map[string]string{} // Sound.ID -> file in the managed folder
	for i, s := range sounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		progress(i, len(sounds), s.ID)
		file, err := takeSound(ctx, s, into)
		if err != nil {
			out.problem(s.ID, err.Error())
			continue
		}
		files[s.ID] = file
	}
	if len(files) > 0 {
		o := a.ingestOptions()
		o.Copy, o.SkipDuplicates = "", false // they are copies already, and every pad needs its own
		if _, err := ingest.Run(ctx, a.db, []string{into}, o); err != nil {
			return nil, err
		}
	}
	ids := map[string]string{}
	for sound, file := range files {
		s, err := a.db.SampleByPath(ctx, file)
		if err != nil {
			out.problem(sound, err.Error())
			continue
		}
		if s.State == catalog.Failed {
			out.problem(sound, s.Error)
		}
		ids[sound] = s.ID
		out.Sounds++
	}
	return ids, nil
}

// takeKit makes a kit of a card one of the library, under a name that is free; ids are the samples
// that its sounds became.
func (a *App) takeKit(ctx context.Context, found sp404.ReadKit, ids map[string]string, out *CardRead) error {
	k := found.Kit
	k.MapSamples(func(_ kit.Slot, id string) string { return ids[id] })
	if k.Name == "" {
		k.Name = path.Base(found.Folder)
	}
	name, err := a.freeKitName(ctx, k.Name)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	k.Name, k.ID = name, id.String()
	a.editing.Lock()
	err = a.history.Do(ctx, history.Command{
		Name: "Read kit " + k.Name,
		Do:   func(ctx context.Context) error { return a.putKit(ctx, k) },
		Undo: func(ctx context.Context) error { return a.db.RemoveKit(ctx, k.ID) },
	})
	a.editing.Unlock()
	if err == nil {
		out.Kits = append(out.Kits, KitInfo{ID: k.ID, Name: k.Name, Filled: len(k.Filled()), Modified: time.Now()})
	}
	return err
}

// freeKitName is the name, with a number behind it when a kit has it already: commands name kits.
func (a *App) freeKitName(ctx context.Context, name string) (string, error) {
	all, err := a.db.Kits(ctx)
	if err != nil {
		return "", err
	}
	taken := func(n string) bool {
		return slices.ContainsFunc(all, func(k catalog.Kit) bool { return strings.EqualFold(k.Name, n) })
	}
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s %d", name, n)
	}
	return free, nil
}

// takeSound copies a sound of a card into a folder, as a file that every program can read.
func takeSound(ctx context.Context, s sp404.Sound, into string) (string, error) {
	target := filepath.Join(into, filepath.FromSlash(s.ID))
	device := strings.EqualFold(path.Ext(s.ID), ".smp")
	name, ext := fileName(s.Name), filepath.Ext(target)
	switch {
	case device: // the device's own form becomes WAV, under the name that the device shows
		target = strings.TrimSpace(strings.TrimSuffix(target, ext)+" "+name) + ".wav"
	case s.Pad != nil && name != "": // written by this program: the name it had before, if no other pad has it
		before := filepath.Join(filepath.Dir(target), name+ext)
		if _, err := os.Stat(before); errors.Is(err, fs.ErrNotExist) {
			target = before
		}
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	f, err := os.Create(target)
	if err != nil {
		return "", err
	}
	if device {
		err = s.WriteWAV(ctx, f)
	} else {
		var src *os.File
		if src, err = os.Open(s.Path); err == nil {
			_, err = io.Copy(f, src)
			err = errors.Join(err, src.Close())
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(target))
	}
	return target, nil
}

// fileName is a name without what file systems refuse.
func fileName(name string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return -1
		}
		return r
	}, name))
}

// ReadCard is ReadCardNow as a task; its result is a *CardRead.
func (a *App) ReadCard(dir string, choice CardChoice) (task.ID, error) {
	return a.tasks.Start(cardKind, "Read "+filepath.Base(dir), func(ctx context.Context, h *task.Handle) error {
		out, err := a.ReadCardNow(ctx, dir, choice, func(done, total int, current string) {
			h.Progress(int64(done), int64(total), 0, 0, current)
		})
		if out != nil {
			for _, p := range out.Problems {
				h.Fail(p.File, p.Reason)
			}
			h.Finish(fmt.Sprintf("%s and %s came into the library.", counted(len(out.Kits), "kit"), counted(out.Sounds, "sound")), out)
		}
		return err
	})
}
