package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"sampleagent/app/history"
	"sampleagent/audio/analysis"
	"sampleagent/audio/key"
	"sampleagent/library/catalog"
)

// edit runs change on samples as a command that can be undone.
func (a *App) edit(ctx context.Context, rows []catalog.Row, name, merge string, change func(context.Context) error) error {
	if len(rows) == 0 {
		return nil
	}
	a.editing.Lock()
	defer a.editing.Unlock()
	before, err := a.db.Snapshot(ctx, rows)
	if err != nil {
		return err
	}
	var after *catalog.Snapshot
	return a.history.Do(ctx, history.Command{
		Name: name, Merge: merge,
		Do: func(ctx context.Context) error {
			if after != nil {
				return a.db.Restore(ctx, before, *after)
			}
			if err := change(ctx); err != nil {
				return err
			}
			s, err := a.db.Snapshot(ctx, rows)
			if err != nil {
				return err
			}
			after = &s
			return nil
		},
		Undo: func(ctx context.Context) error { return a.db.Restore(ctx, *after, before) },
	})
}

// of says which samples an edit is about: "", or " of 12 samples".
func of(rows []catalog.Row) string {
	if len(rows) == 1 {
		return ""
	}
	return fmt.Sprintf(" of %d samples", len(rows))
}

func (a *App) setField(ctx context.Context, rows []catalog.Row, f catalog.Field, value, name string) error {
	return a.edit(ctx, rows, name, "", func(ctx context.Context) error { return a.db.SetField(ctx, rows, f, value) })
}

// SetTempo stores a tempo by hand; 0 says that the samples have none. It wins over everything
// found, now and later. Error: catalog.ErrOutOfRange.
func (a *App) SetTempo(ctx context.Context, rows []catalog.Row, bpm float64) error {
	if bpm == 0 {
		return a.setField(ctx, rows, catalog.FieldBPM, "", "No tempo"+of(rows))
	}
	text := strconv.FormatFloat(bpm, 'f', -1, 64)
	return a.setField(ctx, rows, catalog.FieldBPM, text, fmt.Sprintf("Set tempo to %.4g%s", bpm, of(rows)))
}

// HalveTempo and DoubleTempo put the octave of a tempo right.
func (a *App) HalveTempo(ctx context.Context, rows []catalog.Row) error {
	return a.edit(ctx, rows, "Half tempo"+of(rows), "", func(ctx context.Context) error { return a.db.ScaleTempo(ctx, rows, 0.5) })
}

// DoubleTempo is HalveTempo the other way.
func (a *App) DoubleTempo(ctx context.Context, rows []catalog.Row) error {
	return a.edit(ctx, rows, "Double tempo"+of(rows), "", func(ctx context.Context) error { return a.db.ScaleTempo(ctx, rows, 2) })
}

// SetKey stores a key by hand, written as Am, "F# major" or 8A; "" says that there is none.
// Error: catalog.ErrOutOfRange.
func (a *App) SetKey(ctx context.Context, rows []catalog.Row, typed string) error {
	if strings.TrimSpace(typed) == "" {
		return a.setField(ctx, rows, catalog.FieldKey, "", "No key"+of(rows))
	}
	name := typed
	if k, ok := key.Typed(typed); ok {
		name = k.String()
	}
	return a.setField(ctx, rows, catalog.FieldKey, typed, fmt.Sprintf("Set key to %s%s", name, of(rows)))
}

// SetKind stores the kind by hand; "" says unknown.
func (a *App) SetKind(ctx context.Context, rows []catalog.Row, kind analysis.Kind) error {
	return a.setField(ctx, rows, catalog.FieldKind, string(kind), fmt.Sprintf("Set kind to %s%s", kind, of(rows)))
}

// SetClass stores the class by hand; "" says unknown.
func (a *App) SetClass(ctx context.Context, rows []catalog.Row, class string) error {
	return a.setField(ctx, rows, catalog.FieldClass, class, fmt.Sprintf("Set class to %s%s", class, of(rows)))
}

// Revert forgets what a person said of a field; the value found comes back.
func (a *App) Revert(ctx context.Context, rows []catalog.Row, f catalog.Field) error {
	what := map[catalog.Field]string{catalog.FieldBPM: "tempo"}[f]
	if what == "" {
		what = string(f)
	}
	return a.edit(ctx, rows, "Use the found "+what+of(rows), "", func(ctx context.Context) error { return a.db.Revert(ctx, rows, f) })
}

// Rename gives a sample another name in the library; its file keeps its own.
func (a *App) Rename(ctx context.Context, row catalog.Row, name string) error {
	return a.setField(ctx, []catalog.Row{row}, catalog.FieldName, name, fmt.Sprintf("Rename to %q", strings.TrimSpace(name)))
}

// AddTags gives samples tags.
func (a *App) AddTags(ctx context.Context, rows []catalog.Row, tags ...string) error {
	return a.edit(ctx, rows, fmt.Sprintf("Tag %s%s", strings.Join(tags, ", "), of(rows)), "", func(ctx context.Context) error { return a.db.AddTags(ctx, rows, tags...) })
}

// RemoveTags takes tags off samples.
func (a *App) RemoveTags(ctx context.Context, rows []catalog.Row, tags ...string) error {
	return a.edit(ctx, rows, fmt.Sprintf("Remove tag %s%s", strings.Join(tags, ", "), of(rows)), "", func(ctx context.Context) error { return a.db.RemoveTags(ctx, rows, tags...) })
}

// SetRating gives 0 to 5 stars. Error: catalog.ErrOutOfRange.
func (a *App) SetRating(ctx context.Context, rows []catalog.Row, stars int) error {
	return a.edit(ctx, rows, fmt.Sprintf("Rate %d%s", stars, of(rows)), "", func(ctx context.Context) error { return a.db.SetRating(ctx, rows, stars) })
}

// SetFavourite marks favourites, or takes the mark away.
func (a *App) SetFavourite(ctx context.Context, rows []catalog.Row, on bool) error {
	name := "Favourite"
	if !on {
		name = "No favourite"
	}
	return a.edit(ctx, rows, name+of(rows), "", func(ctx context.Context) error { return a.db.SetFavourite(ctx, rows, on) })
}

// SetNote writes a note; changes that follow each other closely are one undo.
func (a *App) SetNote(ctx context.Context, row catalog.Row, text string) error {
	rows := []catalog.Row{row}
	return a.edit(ctx, rows, "Edit note", fmt.Sprintf("note %d", row), func(ctx context.Context) error { return a.db.SetNote(ctx, rows, text) })
}

// SetSource writes where samples come from and their licence.
func (a *App) SetSource(ctx context.Context, rows []catalog.Row, s catalog.Source) error {
	return a.edit(ctx, rows, "Edit source"+of(rows), "", func(ctx context.Context) error { return a.db.SetSource(ctx, rows, s) })
}

// Undo takes back the last edit and returns its name. Error: history.ErrNothingToUndo.
func (a *App) Undo(ctx context.Context) (string, error) {
	a.editing.Lock()
	defer a.editing.Unlock()
	return a.history.Undo(ctx)
}

// Redo does again what was last undone and returns its name. Error: history.ErrNothingToRedo.
func (a *App) Redo(ctx context.Context) (string, error) {
	a.editing.Lock()
	defer a.editing.Unlock()
	return a.history.Redo(ctx)
}

// History names what could be undone and redone; "" means nothing.
func (a *App) History() (undo, redo string) { return a.history.Names() }

// tapper measures a tempo from taps.
type tapper struct {
	mu   sync.Mutex
	taps []time.Time
}

const (
	tapPause = 2 * time.Second // a longer pause starts anew: 30 BPM
	mostTaps = 16
)

// Tap notes a tap and gives the tempo of the series so far: the slope of the least-squares line
// through the taps, so that one bad tap counts little. bpm is 0 until the second tap.
func (a *App) Tap(at time.Time) (bpm float64, taps int) { return a.tapper.tap(at) }

func (t *tapper) tap(at time.Time) (float64, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.taps); n > 0 && (at.Sub(t.taps[n-1]) > tapPause || at.Before(t.taps[n-1])) {
		t.taps = nil
	}
	t.taps = append(t.taps, at)
	if len(t.taps) > mostTaps {
		t.taps = t.taps[len(t.taps)-mostTaps:]
	}
	n := len(t.taps)
	if n < 2 {
		return 0, n
	}
	var sx, sy, sxx, sxy float64
	for i, v := range t.taps {
		x, y := float64(i), v.Sub(t.taps[0]).Seconds()
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	beat := (float64(n)*sxy - sx*sy) / (float64(n)*sxx - sx*sx)
	if beat <= 0 {
		return 0, n
	}
	return 60 / beat, n
}
