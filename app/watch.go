package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"sampleagent/app/event"
	"sampleagent/app/task"
	"sampleagent/library/catalog"
	"sampleagent/library/ingest"
)

// watcher imports what appears in watched folders. Folders that the system cannot watch are gone
// through now and then instead.
type watcher struct {
	a      *App
	wake   chan struct{} // of capacity 1: roots changed
	notify *fsnotify.Watcher

	mu    sync.Mutex
	roots []string
}

const (
	quiet   = 2 * time.Second // a folder is imported when nothing has changed in it for so long
	goround = 2 * time.Minute // how often folders that cannot be watched are gone through
)

// WatchedFolders lists the folders whose new files come in by themselves.
func (a *App) WatchedFolders() []string {
	a.watch.mu.Lock()
	defer a.watch.mu.Unlock()
	return slices.Clone(a.watch.roots)
}

// Watch imports a folder and from now on everything that appears in it.
func (a *App) Watch(ctx context.Context, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if fi, err := os.Stat(abs); err != nil {
		return err
	} else if !fi.IsDir() {
		return fmt.Errorf("watch %s: it is not a folder", abs)
	}
	if err := a.db.PutFolder(ctx, catalog.Folder{Path: abs}); err != nil {
		return err
	}
	if err := a.readFolders(ctx); err != nil {
		return err
	}
	a.watch.poke()
	_, err = a.Import(abs)
	return err
}

// Unwatch stops watching a folder; its samples stay. Error: catalog.ErrNotFound.
func (a *App) Unwatch(ctx context.Context, dir string) error {
	if err := a.db.RemoveFolder(ctx, dir); err != nil {
		return err
	}
	err := a.readFolders(ctx)
	a.watch.poke()
	return err
}

func (a *App) readFolders(ctx context.Context) error {
	all, err := a.db.Folders(ctx)
	if err != nil {
		return err
	}
	a.watch.mu.Lock()
	defer a.watch.mu.Unlock()
	a.watch.roots = nil
	for _, f := range all {
		a.watch.roots = append(a.watch.roots, f.Path)
	}
	return nil
}

func (w *watcher) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// startBackground goes on with imports that were stopped, and begins to watch.
func (a *App) startBackground(ctx context.Context) error {
	open, err := ingest.Unfinished(ctx, a.db)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		_, err := a.importTask("Resume the import", func(ctx context.Context, o ingest.Options) (ingest.Summary, error) {
			return ingest.Resume(ctx, a.db, o)
		})
		if err != nil {
			return err
		}
	}
	if err := a.readFolders(ctx); err != nil {
		return err
	}
	// Without it folders are gone through now and then.
	if a.watch.notify, err = fsnotify.NewWatcher(); err != nil {
		a.notices = append(a.notices, fmt.Sprintf("Watched folders are only checked from time to time: %v.", err))
	}
	a.wg.Go(a.watch.run)
	return nil
}

// run watches until the application ends.
func (w *watcher) run() {
	life := w.a.life
	var events <-chan fsnotify.Event
	var faults <-chan error
	if w.notify != nil {
		defer w.notify.Close()
		events, faults = w.notify.Events, w.notify.Errors
	}
	around := time.NewTicker(goround)
	defer around.Stop()
	due := time.NewTimer(0) // at the start every folder is gone through once
	defer due.Stop()

	dirty := map[string]bool{} // folders in which something changed
	unwatched := w.watchAll()
	for _, root := range w.a.WatchedFolders() {
		dirty[root] = true
	}
	for {
		select {
		case <-life.Done():
			return
		case <-w.wake:
			unwatched = w.watchAll()
		case <-around.C:
			for _, root := range unwatched {
				dirty[root] = true
			}
			due.Reset(0)
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if e.Op == fsnotify.Chmod || strings.HasPrefix(filepath.Base(e.Name), ".") {
				continue
			}
			if e.Has(fsnotify.Create) {
				// A new folder, with what is in it already. One that cannot be watched is still imported now.
				if err := w.add(e.Name); err != nil {
					w.a.Tell(event.Warning, "%s cannot be watched: %v.", e.Name, err)
				}
			}
			dirty[filepath.Dir(e.Name)] = true
			due.Reset(quiet)
		case err, ok := <-faults:
			if !ok {
				faults = nil
				continue
			}
			// Events were lost: everything may have changed.
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				for _, root := range w.a.WatchedFolders() {
					dirty[root] = true
				}
				due.Reset(quiet)
			}
		case <-due.C:
			if paths := w.topmost(dirty); len(paths) > 0 {
				w.importChanged(paths)
			}
			clear(dirty)
		}
	}
}

// watchAll makes the system's watches those of the present folders and returns the folders that
// cannot be watched.
func (w *watcher) watchAll() (unwatched []string) {
	roots := w.a.WatchedFolders()
	if w.notify == nil {
		return roots
	}
	for _, old := range w.notify.WatchList() {
		if !slices.ContainsFunc(roots, func(r string) bool { return inside(r, old) }) {
			_ = w.notify.Remove(old) // gone already is as good
		}
	}
	for _, root := range roots {
		if err := w.add(root); err != nil {
			unwatched = append(unwatched, root)
			w.a.Tell(event.Warning, "%s is only looked at now and then: %v.", root, err)
		}
	}
	return unwatched
}

// add watches a folder and those inside it. What is no folder is none of its business.
func (w *watcher) add(dir string) error {
	if w.notify == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == dir && !errors.Is(err, fs.ErrNotExist):
			return err
		case err != nil:
			return nil //nolint:nilerr // a folder inside that cannot be read is listed by the import
		case !d.IsDir():
			return nil
		case path != dir && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		}
		return w.notify.Add(path)
	})
}

// topmost leaves out folders that lie inside others, and those not watched any more.
func (w *watcher) topmost(dirty map[string]bool) []string {
	roots := w.a.WatchedFolders()
	var out []string
	for dir := range dirty {
		watched := slices.ContainsFunc(roots, func(r string) bool { return inside(r, dir) })
		covered := false
		for other := range dirty {
			covered = covered || other != dir && inside(other, dir)
		}
		if watched && !covered {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return out
}

func inside(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// importChanged imports folders; when nothing was new, the task leaves no trace.
func (w *watcher) importChanged(paths []string) {
	a := w.a
	var id task.ID
	known := make(chan struct{})
	id, err := a.importTask("Look through "+nameOf(paths), func(ctx context.Context, o ingest.Options) (ingest.Summary, error) {
		sum, err := ingest.Run(ctx, a.db, paths, o)
		if err == nil && !changed(sum) {
			<-known
			a.wg.Go(func() { // the task can be dismissed once it has ended
				if _, err := a.tasks.Wait(a.life, id); err == nil {
					a.tasks.Dismiss(id)
				}
			})
		}
		return sum, err
	})
	close(known)
	if err != nil && !errors.Is(err, task.ErrClosed) {
		a.Tell(event.Problem, "Could not check the watched folders: %v.", err)
	}
}
