package ui

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
)

// showFile opens the folder of the current sample in the system's file manager, from where it can
// be dragged into other programs: Fyne has no dragging out of a window.
func (w *window) showFile() {
	s := w.list.Current()
	switch {
	case s == nil:
		w.toast.show("Select a sample first", theme.Text)
		return
	case s.State == catalog.Missing:
		w.toast.show(browser.Plain(s.Name)+" is not at "+s.Path, theme.Warn)
		return
	}
	path := filepath.ToSlash(filepath.Dir(s.Path))
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/Samples
	}
	if err := w.app.OpenURL(&url.URL{Scheme: "file", Path: path}); err != nil {
		w.fail(fmt.Errorf("%s cannot be opened: %w", filepath.Dir(s.Path), err))
	}
}

// copyPaths puts where the chosen samples lie on the clipboard, one a line.
func (w *window) copyPaths() {
	rows, ok := w.anyChosen()
	if !ok {
		return
	}
	w.pump.run(func(ctx context.Context) func() {
		found, err := w.core.Samples(ctx, rows)
		return func() {
			if err != nil {
				w.fail(err)
				return
			}
			var paths []string
			for _, s := range found {
				paths = append(paths, s.Path)
			}
			w.app.Clipboard().SetContent(strings.Join(paths, "\n"))
			w.toast.show("Copied: "+words.Count(len(paths), "path", "paths"), theme.Text)
		}
	})
}
