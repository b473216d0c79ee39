package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sampleagent/app/task"
	"sampleagent/library/catalog"
	"sampleagent/library/ingest"
)

// importKind is the lane of imports: one at a time, each on all cores.
const importKind = "import"

// ImportOptions are what a caller may want of one import beyond the preferences.
type ImportOptions struct {
	Copy     bool // copy files into the managed folder, whatever the preferences say
	Progress func(ingest.Progress)
	File     func(ingest.Outcome) // once for each file, after it is stored
}

// Import brings files and folders into the library as a task and returns at once. What is found
// is listed first and can be used while it is analysed. Cancelling the task drops the import;
// an import that ends because the program does goes on at the next start.
func (a *App) Import(paths ...string) (task.ID, error) {
	if len(paths) == 0 {
		return "", fmt.Errorf("nothing to import")
	}
	return a.importTask("Import "+nameOf(paths), func(ctx context.Context, o ingest.Options) (ingest.Summary, error) {
		return ingest.Run(ctx, a.db, paths, o)
	})
}

// nameOf says what is imported in a few words.
func nameOf(paths []string) string {
	if len(paths) == 1 {
		return filepath.Base(paths[0])
	}
	return fmt.Sprintf("%s and %d more", filepath.Base(paths[0]), len(paths)-1)
}

// Reanalyse hears samples again, as after a new version of the ear, and those for the first time
// that a cancelled import left waiting. Values typed by hand stay.
func (a *App) Reanalyse(ctx context.Context, rows []catalog.Row) (task.ID, error) {
	if len(rows) == 0 {
		return "", errors.New("nothing to analyse")
	}
	if err := a.db.Reanalyse(ctx, rows); err != nil {
		return "", err
	}
	return a.importTask("Analyse "+samples(len(rows)), func(ctx context.Context, o ingest.Options) (ingest.Summary, error) {
		return ingest.Waiting(ctx, a.db, o)
	})
}

// ImportNow is Import on the caller's goroutine. When ctx ends, what is done is kept, and the same
// import goes on where it was.
func (a *App) ImportNow(ctx context.Context, paths []string, o ImportOptions) (ingest.Summary, error) {
	opt := a.ingestOptions()
	if o.Copy {
		opt.Copy = a.managedFolder()
	}
	opt.Progress, opt.File = o.Progress, o.File
	return ingest.Run(ctx, a.db, paths, opt)
}

// ingestOptions are the preferences in the words of ingest.
func (a *App) ingestOptions() ingest.Options {
	lib := a.settings.Get().Library
	o := ingest.Options{FolderTags: lib.FolderTags, SkipDuplicates: lib.SkipDuplicates, Workers: lib.Jobs}
	if lib.CopyImports {
		o.Copy = a.managedFolder()
	}
	return o
}

func (a *App) managedFolder() string {
	if dir := a.settings.Get().Library.ManagedFolder; dir != "" {
		return dir
	}
	return a.folders.Samples()
}

// importTask runs an import as a task.
func (a *App) importTask(title string, run func(context.Context, ingest.Options) (ingest.Summary, error)) (task.ID, error) {
	return a.ingestTask(title, func(ctx context.Context, _ *task.Handle, o ingest.Options) (string, any, error) {
		sum, err := run(ctx, o)
		return ImportSummary(sum), sum, err
	})
}

// ingestTask runs what imports files as a task: its progress, its failures, and how it ends. run
// says in a few words, and as a value, what came of it.
func (a *App) ingestTask(title string, run func(context.Context, *task.Handle, ingest.Options) (string, any, error)) (task.ID, error) {
	return a.tasks.Start(importKind, title, func(ctx context.Context, h *task.Handle) error {
		// Only a person's cancelling drops an import for good; the end of the program does not.
		work, stop := context.WithCancelCause(context.WithoutCancel(ctx))
		defer stop(nil)
		defer context.AfterFunc(ctx, func() {
			cause := context.Cause(ctx)
			if errors.Is(cause, task.ErrCancelled) {
				cause = ingest.ErrDropped
			}
			stop(cause)
		})()

		o := a.ingestOptions()
		o.Checkpoint = h.Checkpoint
		o.Progress = func(p ingest.Progress) {
			current := p.Current
			if p.Step == ingest.Listing {
				current = fmt.Sprintf("%d files found", p.Found)
			}
			h.Progress(int64(p.Done), int64(p.Total), p.Bytes, p.TotalBytes, current)
		}
		o.File = func(f ingest.Outcome) {
			if f.What == ingest.Failed || f.What == ingest.Refused {
				h.Fail(f.Path, f.Err)
			}
		}
		said, result, err := run(work, h, o)
		h.Finish(said, result)
		if work.Err() != nil && err != nil {
			return context.Canceled
		}
		return err
	})
}

// ImportSummary says what an import did, for a person.
func ImportSummary(s ingest.Summary) string {
	var parts []string
	for _, w := range []struct {
		what  ingest.What
		words string
	}{
		{ingest.Added, "added"}, {ingest.Changed, "changed"}, {ingest.Moved, "moved"}, {ingest.Restored, "back again"},
		{ingest.Duplicate, "left out as doubles"}, {ingest.Unchanged, "unchanged"}, {ingest.Missing, "gone"},
	} {
		if n := s.Count[w.what]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w.words))
		}
	}
	if n := s.Failed(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d could not be read", n))
	}
	if len(parts) == 0 {
		return "No sound file was found."
	}
	return strings.Join(parts, ", ") + "."
}

// changed says whether an import found anything a person would want to hear of.
func changed(s ingest.Summary) bool {
	for w, n := range s.Count {
		if n > 0 && w != ingest.Unchanged {
			return true
		}
	}
	return false
}

// SoundFiles lists how the names of files end that an import takes for sound, whatever they hold.
func SoundFiles() []string { return ingest.Extensions() }

// ImportDemo unpacks the bundled sounds into the data folder and imports them.
func (a *App) ImportDemo() (task.ID, error) {
	if a.demo == nil {
		return "", fmt.Errorf("this build has no demo sounds")
	}
	dir := a.folders.Demo()
	if err := unpackDemo(a.demo, dir); err != nil {
		return "", fmt.Errorf("unpack the demo sounds: %w", err)
	}
	return a.importTask("Import the demo sounds", func(ctx context.Context, o ingest.Options) (ingest.Summary, error) {
		o.Copy = "" // they lie in the program's own folder already
		return ingest.Run(ctx, a.db, []string{dir}, o)
	})
}

// unpackDemo writes the files that are not there yet.
func unpackDemo(from fs.FS, dir string) error {
	return fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if _, err := os.Stat(target); err == nil {
			return nil
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}
