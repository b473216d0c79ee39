package app

import (
	"context"
	"fmt"

	"sampleagent/app/history"
	"sampleagent/library/catalog"
)

// Collections lists all collections, parents before children.
func (a *App) Collections(ctx context.Context) ([]catalog.Collection, error) {
	return a.db.Collections(ctx)
}

// CollectionRows lists what lies in a collection that is filled by hand, in its order.
func (a *App) CollectionRows(ctx context.Context, id string) ([]catalog.Row, error) {
	return a.db.CollectionRows(ctx, id)
}

// members runs a change of a collection's content as a command.
func (a *App) members(ctx context.Context, id, name string, change func(context.Context) error) error {
	a.editing.Lock()
	defer a.editing.Unlock()
	before, err := a.db.CollectionRows(ctx, id)
	if err != nil {
		return err
	}
	return a.history.Do(ctx, history.Command{
		Name: name, Do: change,
		Undo: func(ctx context.Context) error { return a.db.SetCollectionOrder(ctx, id, before) },
	})
}

// AddToCollection puts samples at the end of a collection.
func (a *App) AddToCollection(ctx context.Context, id string, rows []catalog.Row) error {
	return a.members(ctx, id, fmt.Sprintf("Add %s to collection", samples(len(rows))), func(ctx context.Context) error { return a.db.AddToCollection(ctx, id, rows) })
}

// RemoveFromCollection takes samples out of a collection.
func (a *App) RemoveFromCollection(ctx context.Context, id string, rows []catalog.Row) error {
	return a.members(ctx, id, fmt.Sprintf("Take %s out of collection", samples(len(rows))), func(ctx context.Context) error { return a.db.RemoveFromCollection(ctx, id, rows) })
}

// OrderCollection makes rows, in their order, a collection's content.
func (a *App) OrderCollection(ctx context.Context, id string, rows []catalog.Row) error {
	return a.members(ctx, id, "Order collection", func(ctx context.Context) error { return a.db.SetCollectionOrder(ctx, id, rows) })
}

// ChangeCollection writes name, description, place and query of a collection.
func (a *App) ChangeCollection(ctx context.Context, c catalog.Collection) error {
	a.editing.Lock()
	defer a.editing.Unlock()
	all, err := a.db.Collections(ctx)
	if err != nil {
		return err
	}
	for _, before := range all {
		if before.ID == c.ID {
			return a.history.Do(ctx, history.Command{
				Name: "Edit collection " + c.Name,
				Do:   func(ctx context.Context) error { return a.db.SetCollection(ctx, c) },
				Undo: func(ctx context.Context) error { return a.db.SetCollection(ctx, before) },
			})
		}
	}
	return fmt.Errorf("collection %s: %w", c.Name, catalog.ErrNotFound)
}

func samples(n int) string { return counted(n, "sample") }

// NewCollection makes a collection inside parent ("" for the top); a query makes it smart. Errors:
// catalog.ErrOutOfRange for an empty name, catalog.ErrExists for a sibling of that name.
func (a *App) NewCollection(ctx context.Context, parent, name string, smart *string) (catalog.Collection, error) {
	a.editing.Lock()
	defer a.editing.Unlock()
	var made catalog.Collection
	var gone *catalog.Taken // after an undo
	err := a.history.Do(ctx, history.Command{
		Name: "New collection " + name,
		Do: func(ctx context.Context) (err error) {
			if gone != nil {
				return a.db.PutBack(ctx, *gone)
			}
			made, err = a.db.NewCollection(ctx, parent, name, smart)
			return err
		},
		Undo: func(ctx context.Context) error {
			t, err := a.db.TakeOutCollection(ctx, made.ID)
			if err == nil {
				gone = &t
			}
			return err
		},
	})
	return made, err
}

// DeleteCollection removes a collection and those inside it; the samples stay.
func (a *App) DeleteCollection(ctx context.Context, id string) error {
	return a.takeOut(ctx, "Delete collection", func(ctx context.Context) (catalog.Taken, error) { return a.db.TakeOutCollection(ctx, id) })
}

// Remove takes samples out of the library; their files stay where they are.
func (a *App) Remove(ctx context.Context, rows []catalog.Row) error {
	return a.takeOut(ctx, "Remove "+samples(len(rows)), func(ctx context.Context) (catalog.Taken, error) { return a.db.TakeOut(ctx, rows) })
}

// takeOut runs a removal as a command that puts back what it took.
func (a *App) takeOut(ctx context.Context, name string, take func(context.Context) (catalog.Taken, error)) error {
	a.editing.Lock()
	defer a.editing.Unlock()
	var gone catalog.Taken
	return a.history.Do(ctx, history.Command{
		Name: name,
		Do:   func(ctx context.Context) (err error) { gone, err = take(ctx); return err },
		Undo: func(ctx context.Context) error { return a.db.PutBack(ctx, gone) },
	})
}
