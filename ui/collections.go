package ui

import (
	"context"
	"fmt"
	"slices"

	"fyne.io/fyne/v2"

	"sampleagent/app/cloud"
	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/ui/theme"
)

// collectionMenu is what can be done with a collection of the sidebar.
func (w *window) collectionMenu(c catalog.Collection) []*fyne.MenuItem {
	change := func(edit func(*catalog.Collection)) {
		w.edit(func(ctx context.Context) error { return w.core.ChangeCollection(ctx, c.ID, edit) })
	}
	items := []*fyne.MenuItem{
		fyne.NewMenuItem("Rename…", func() {
			w.ask("Rename collection", "Name", c.Name, func(name string) { change(func(c *catalog.Collection) { c.Name = name }) })
		}),
	}
	if c.Smart() {
		items = append(items, fyne.NewMenuItem("Change the search…", func() {
			w.ask("What "+c.Name+" finds", "In the words of the search field", *c.Query, func(q string) {
				w.pump.run(func(ctx context.Context) func() {
					if _, err := w.core.Count(ctx, q); err != nil {
						return func() { w.fail(err) }
					}
					return func() { change(func(c *catalog.Collection) { c.Query = &q }) }
				})
			})
		}))
	} else {
		items = append(items, fyne.NewMenuItem("New collection inside…", func() {
			w.ask("New collection in "+c.Name, "Name", "", func(name string) { w.makeCollection(c.ID, name, nil, nil) })
		}))
	}
	into := fyne.NewMenuItem("Move into", nil)
	into.ChildMenu = fyne.NewMenu("", w.parentItems(c, change)...)
	items = append(items, fyne.NewMenuItemSeparator(), into)
	siblings := 0
	for _, o := range w.placesOf.collections {
		if o.Parent == c.Parent {
			siblings++
		}
	}
	if c.Position > 0 {
		items = append(items, fyne.NewMenuItem("Move up", func() { change(func(c *catalog.Collection) { c.Position-- }) }))
	}
	if c.Position < siblings-1 {
		items = append(items, fyne.NewMenuItem("Move down", func() { change(func(c *catalog.Collection) { c.Position++ }) }))
	}
	items = append(items, fyne.NewMenuItem("Keep its sounds in the cloud, or no longer", func() { w.toggleKept(c.Name, cloud.CollectionObject(c.ID)) }))
	return append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Delete…", func() {
		w.confirm("Delete "+c.Name+"?", "The samples stay in the library.", func() {
			w.edit(func(ctx context.Context) error { return w.core.DeleteCollection(ctx, c.ID) })
		})
	}))
}

// parentItems are the places a collection can move to: not into itself, nor into a smart one.
func (w *window) parentItems(c catalog.Collection, change func(func(*catalog.Collection))) []*fyne.MenuItem {
	to := func(title, parent string) *fyne.MenuItem {
		item := fyne.NewMenuItem(title, func() { change(func(c *catalog.Collection) { c.Parent, c.Position = parent, 1<<20 }) })
		item.Disabled = parent == c.Parent
		return item
	}
	items := []*fyne.MenuItem{to("The top", "")}
	inside := map[string]bool{c.ID: true}
	for _, o := range w.placesOf.collections { // parents come before children
		if inside[o.Parent] {
			inside[o.ID] = true
		}
		if !inside[o.ID] && !o.Smart() {
			items = append(items, to(o.Name, o.ID))
		}
	}
	return items
}

func (w *window) collectionItems(rows []catalog.Row) []*fyne.MenuItem {
	var items []*fyne.MenuItem
	for _, c := range w.placesOf.collections {
		if c.Smart() {
			continue
		}
		items = append(items, fyne.NewMenuItem(c.Name, func() {
			w.edit(func(ctx context.Context) error { return w.core.AddToCollection(ctx, c.ID, rows) })
		}))
	}
	return append(items, fyne.NewMenuItem("New collection…", func() {
		w.ask("New collection", "Name", "", func(name string) { w.makeCollection("", name, nil, rows) })
	}))
}

func (w *window) saveSearch() {
	query := w.search.Query()
	if query == "" {
		w.toast.show("Search for something first, then save it", theme.Text)
		return
	}
	w.ask("Save this search", "It becomes a collection that fills itself with:  "+query, "", func(name string) {
		w.makeCollection("", name, &query, nil)
	})
}

func (w *window) newCollection() {
	rows := w.chosen
	label := "Name"
	if len(rows) > 1 {
		label = fmt.Sprintf("Name; the %d selected samples go into it", len(rows))
	} else {
		rows = nil
	}
	w.ask("New collection", label, "", func(name string) { w.makeCollection("", name, nil, rows) })
}

func (w *window) makeCollection(parent, name string, query *string, rows []catalog.Row) {
	w.edit(func(ctx context.Context) error {
		c, err := w.core.NewCollection(ctx, parent, name, query)
		if err == nil && len(rows) > 0 {
			err = w.core.AddToCollection(ctx, c.ID, rows)
		}
		return err
	})
}

// takeOut takes samples out of the collection that is shown; false when none is.
func (w *window) takeOut(rows []catalog.Row) bool {
	scope := w.search.Scope()
	if scope.Collection == "" || len(rows) == 0 {
		return false
	}
	w.edit(func(ctx context.Context) error {
		if err := w.core.RemoveFromCollection(ctx, scope.Collection, rows); err != nil {
			return err
		}
		w.pump.post(func() {
			w.toast.show(words.Count(len(rows), "sample", "samples")+" taken out of "+scope.Title, theme.Text)
		})
		return nil
	})
	return true
}

// reorder moves rows of the collection that is shown before a line of the list.
func (w *window) reorder(rows []catalog.Row, before int) {
	lines := make([]int, 0, len(rows))
	for _, r := range rows {
		lines = append(lines, w.search.Line(r))
	}
	id, order := w.search.Scope().Collection, w.search.Moved(lines, before)
	w.edit(func(ctx context.Context) error { return w.core.OrderCollection(ctx, id, order) })
}

// shift moves the chosen rows of the collection that is shown one line up (-1) or down (1).
func (w *window) shift(by int) {
	if !w.search.InOwnOrder() || len(w.chosen) == 0 {
		w.toast.show("Open a collection in its own order first", theme.Text)
		return
	}
	lines := w.list.List.Selection().Rows()
	if len(lines) == 0 { // what is chosen is still that of the former view
		w.toast.show("Select samples of this collection first", theme.Text)
		return
	}
	first, last := slices.Min(lines), slices.Max(lines)
	if by < 0 && first > 0 {
		w.reorder(w.chosen, first-1)
	}
	if by > 0 && last+1 < w.search.Len() {
		w.reorder(w.chosen, last+2)
	}
}
