package ui

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"sampleagent/app"
	"sampleagent/library/catalog"
	"sampleagent/library/search"
	"sampleagent/ui/browser"
	"sampleagent/ui/kit"
)

// ID is the program's name for the system.
const ID = "app.sampleagent.desktop"

// Run opens the window on an application that is open, and returns when it was closed. It must be
// called on the main goroutine, as the systems demand.
// The options are those the application was opened with; the check of this machine needs them.
func Run(ctx context.Context, a *app.App, o app.Options) error {
	f := fyneapp.NewWithID(ID)
	w := newWindow(&core{App: a, options: o}, f, fyne.Do)
	stop := context.AfterFunc(ctx, func() { w.pump.post(w.close) })
	defer stop()
	w.win.ShowAndRun()
	return nil
}

// core serves Core from the application: the few methods whose types the screens keep their own
// words for.
type core struct {
	*app.App
	options app.Options
}

// Doctor checks this machine.
func (c *core) Doctor(ctx context.Context) []app.Check { return app.Doctor(ctx, c.options) }

// Search implements browser.Core: an error in the query becomes one that points at the word.
func (c *core) Search(ctx context.Context, query string, sort browser.Sort) ([]catalog.Row, error) {
	rows, err := c.App.Search(ctx, query, search.Sort{By: search.By(sort.By), Desc: sort.Down})
	var wrong *search.Error
	if errors.As(err, &wrong) {
		text := wrong.Reason
		if wrong.Suggestion != "" {
			text += " – did you mean " + wrong.Suggestion + "?"
		}
		return nil, &browser.QueryError{Text: text, Start: wrong.Offset, End: wrong.Offset + len(wrong.Word)}
	}
	return rows, err
}

// Count is how many samples a query finds.
func (c *core) Count(ctx context.Context, query string) (int, error) {
	rows, err := c.App.Search(ctx, query, search.Sort{By: search.Import})
	return len(rows), err
}

// KitList implements kit.Core.
func (c *core) KitList(ctx context.Context) ([]kit.Info, error) {
	all, err := c.Kits(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]kit.Info, len(all))
	for i, k := range all {
		list[i] = kit.Info{ID: k.ID, Name: k.Name, Filled: k.Filled}
	}
	return list, nil
}

// FillBank implements kit.Core.
func (c *core) FillBank(ctx context.Context, id string, bank int, query string) (kit.Fill, error) {
	f, err := c.App.FillBank(ctx, id, bank, query)
	if err != nil {
		return kit.Fill{}, err
	}
	note := plural(len(f.Placed), "sample", "samples") + " put on bank " + bankLetter(bank)
	if f.Left != "" {
		note += "; " + f.Left
	}
	return kit.Fill{Placed: len(f.Placed), Note: note}, nil
}
