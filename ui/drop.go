package ui

import (
	"context"
	"fmt"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"sampleagent/app"
	"sampleagent/app/task"
	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// dragging shows what travels, and where it would land.
func (w *window) dragging(rows []catalog.Row, names string, at fyne.Position) {
	origin := fyne.CurrentApp().Driver().AbsolutePositionForObject(w.over.Container)
	pad := w.pads.Grid.PadAtAbsolute(at)
	if !w.pads.Grid.Visible() || !w.dock.showsPads() {
		pad = -1
	}
	w.pads.Grid.SetTarget(pad)
	text := names
	if pad >= 0 {
		text += fmt.Sprintf("  on pad %s%d", bankLetter(w.kits.Bank()), pad+1)
	} else if p, ok := w.side.PlaceAt(at); ok {
		text += "  into " + p.Title
	}
	gap := -1
	if w.search.InOwnOrder() {
		gap = w.list.List.GapAt(at)
	}
	w.list.List.MarkGap(gap)
	w.over.Ghost(text, at.Subtract(origin))
}

// letGo puts what was dragged where it was let go: a pad, a collection, the favourites.
func (w *window) letGo(rows []catalog.Row, at fyne.Position) {
	w.over.EndGhost()
	pad := -1
	if w.dock.showsPads() {
		pad = w.pads.Grid.PadAtAbsolute(at)
	}
	w.pads.Grid.SetTarget(-1)
	place, onPlace := w.side.PlaceAt(at)
	w.side.EndDrag()
	w.list.List.MarkGap(-1)
	gap := w.list.List.GapAt(at)
	switch {
	case pad >= 0:
		w.kits.Place(pad, rows)
	case gap >= 0 && w.search.InOwnOrder():
		w.reorder(rows, gap)
	case onPlace && place.ID == "fav":
		w.edit(func(ctx context.Context) error { return w.core.SetFavourite(ctx, rows, true) })
	case onPlace && len(place.ID) > 2:
		id := place.ID[2:]
		w.edit(func(ctx context.Context) error {
			if err := w.core.AddToCollection(ctx, id, rows); err != nil {
				return err
			}
			w.pump.post(func() { w.toast.show(words.Count(len(rows), "sample", "samples")+" added to "+place.Title, theme.Text) })
			return nil
		})
	}
}

func bankLetter(bank int) string { return string(rune('A' + bank)) }

// dropped takes files and folders that another program let go over the window: wherever that
// was, they are imported. The pointer's position is not to be trusted during a system's drag.
func (w *window) dropped(_ fyne.Position, paths []string) { w.importPaths(paths...) }

func (w *window) importPaths(paths ...string) {
	if len(paths) == 0 {
		return
	}
	w.startTask(func() (task.ID, error) { return w.core.Import(paths...) })
}

// startTask starts long work away from the UI goroutine; the task itself is told by events.
func (w *window) startTask(start func() (task.ID, error)) {
	w.pump.run(func(context.Context) func() {
		if _, err := start(); err != nil {
			return func() { w.fail(err) }
		}
		return nil
	})
}

func (w *window) tryDemo() { w.startTask(w.core.ImportDemo) }

func (w *window) addFolder() {
	w.chooseFolder("Add folder", w.lastDir, func(dir string) { w.importPaths(dir) })
}

func (w *window) watchFolder() {
	w.chooseFolder("Watch folder", w.lastDir, func(dir string) {
		w.edit(func(ctx context.Context) error { return w.core.Watch(ctx, dir) })
	})
}

func (w *window) addFiles() {
	w.chooseFile("Add a file", app.SoundFiles(), func(path string) { w.importPaths(path) })
}

// bringOver asks for the database of the earlier system and where its files lie now.
func (w *window) bringOver() {
	w.chooseFile("Bring over an earlier library", nil, func(path string) {
		w.ask("Bring over "+filepath.Base(path), "The folder in which its files lie; empty: where it says they are", filepath.Dir(path), func(dir string) {
			w.startTask(func() (task.ID, error) {
				if dir == "" {
					return w.core.BringEarlier(path)
				}
				return w.core.BringEarlier(path, dir)
			})
		})
	})
}

// chooseFolder asks for a folder, beginning at one; nothing is called when none is chosen.
func (w *window) chooseFolder(confirm, from string, done func(dir string)) {
	d := dialog.NewFolderOpen(func(u fyne.ListableURI, err error) {
		if err != nil {
			w.fail(err)
			return
		}
		if u != nil {
			w.lastDir = u.Path()
			done(u.Path())
		}
	}, w.win)
	d.SetConfirmText(confirm)
	d.SetTitleText(confirm)
	w.show(d, from)
}

func (w *window) chooseFile(title string, extensions []string, done func(path string)) {
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil {
			w.fail(err)
			return
		}
		if r == nil {
			return
		}
		path := r.URI().Path()
		if err := r.Close(); err != nil {
			w.fail(err)
			return
		}
		w.lastDir = filepath.Dir(path)
		done(path)
	}, w.win)
	d.SetTitleText(title)
	if extensions != nil {
		d.SetFilter(storage.NewExtensionFileFilter(extensions))
	}
	w.show(d, w.lastDir)
}

// saveFile asks where a new file goes.
func (w *window) saveFile(name string, done func(path string)) {
	d := dialog.NewFileSave(func(u fyne.URIWriteCloser, err error) {
		if err != nil {
			w.fail(err)
			return
		}
		if u == nil {
			return
		}
		path := u.URI().Path()
		if err := u.Close(); err != nil {
			w.fail(err)
			return
		}
		done(path)
	}, w.win)
	d.SetFileName(name)
	w.show(d, w.lastDir)
}

// show shows a file dialog that begins at a folder, or where something was chosen last when that is
// not there. Without either it begins at home.
func (w *window) show(d *dialog.FileDialog, from string) {
	for _, at := range []string{from, w.lastDir} {
		if at == "" {
			continue
		}
		if dir, err := storage.ListerForURI(storage.NewFileURI(at)); err == nil {
			d.SetLocation(dir)
			break
		}
	}
	c := w.win.Canvas()
	before := c.Focused()
	c.Unfocus() // so that Esc comes to the window, and no letter to the list behind
	closed := own.Opened(c, d.Hide)
	d.SetOnClosed(func() {
		if closed() && before != nil {
			c.Focus(before)
		}
	})
	d.Show()
	d.Resize(w.dialogSize()) // Fyne 2.8.1 cannot do it before
}

func (w *window) dialogSize() fyne.Size {
	s := w.win.Canvas().Size()
	return fyne.NewSize(min(900, s.Width-60), min(620, s.Height-60))
}
