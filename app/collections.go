package app

import (
	"context"
	"fmt"
	"slices"

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

// members changes a collection's content as it stands, as a command. Its undo takes back what it
// changed and leaves what others, a sync or another program, put in or took out since.
func (a *App) members(ctx context.Context, id, name string, change func(now []catalog.Row) []catalog.Row) error {
	a.editing.Lock()
	defer a.editing.Unlock()
	var before, after []catalog.Row
	return a.history.Do(ctx, history.Command{
		Name: name,
		Do: func(ctx context.Context) (err error) {
			before, after, err = a.db.EditMembers(ctx, id, change)
			return err
		},
		Undo: func(ctx context.Context) error {
			_, _, err := a.db.EditMembers(ctx, id, func(now []catalog.Row) []catalog.Row { return asBefore(before, after, now) })
			return err
		},
	})
}

// asBefore is a list after an edit is taken back: before, without what has left the list since,
// and then what has come since.
func asBefore(before, after, now []catalog.Row) []catalog.Row {
	was, left, is := among(before), among(after), among(now)
	var out []catalog.Row
	for _, r := range before {
		if is[r] || !left[r] {
			out = append(out, r)
		}
	}
	for _, r := range now {
		if !was[r] && !left[r] {
			out = append(out, r)
		}
	}
	return out
}

func among(rows []catalog.Row) map[catalog.Row]bool {
	set := make(map[catalog.Row]bool, len(rows))
	for _, r := range rows {
		set[r] = true
	}
	return set
}

// AddToCollection puts samples at the end of a collection; those in it already stay where they are.
func (a *App) AddToCollection(ctx context.Context, id string, rows []catalog.Row) error {
	return a.members(ctx, id, fmt.Sprintf("Add %s to collection", samples(len(rows))), func(now []catalog.Row) []catalog.Row {
		is := among(now)
		return append(now, slices.DeleteFunc(slices.Clone(rows), func(r catalog.Row) bool { return is[r] })...)
	})
}

// RemoveFromCollection takes samples out of a collection.
func (a *App) RemoveFromCollection(ctx context.Context, id string, rows []catalog.Row) error {
	return a.members(ctx, id, fmt.Sprintf("Take %s out of collection", samples(len(rows))), func(now []catalog.Row) []catalog.Row {
		out := among(rows)
		return slices.DeleteFunc(now, func(r catalog.Row) bool { return out[r] })
	})
}

// OrderCollection puts a collection's samples in the order of rows; what has come into it since
// they were read follows them.
func (a *App) OrderCollection(ctx context.Context, id string, rows []catalog.Row) error {
	return a.members(ctx, id, "Order collection", func(now []catalog.Row) []catalog.Row {
		is := among(now)
		return asBefore(slices.DeleteFunc(slices.Clone(rows), func(r catalog.Row) bool { return !is[r] }), nil, now)
	})
}

// ChangeCollection changes name, description, place or query of a collection as it stands. Its undo
// takes back what changed, and nothing else.
func (a *App) ChangeCollection(ctx context.Context, id string, change func(*catalog.Collection)) error {
	a.editing.Lock()
	defer a.editing.Unlock()
	var before, after catalog.Collection
	return a.history.Do(ctx, history.Command{
		Name: "Edit collection",
		Do: func(ctx context.Context) (err error) {
			before, after, err = a.db.EditCollection(ctx, id, change)
			return err
		},
		Undo: func(ctx context.Context) error {
			_, _, err := a.db.EditCollection(ctx, id, func(now *catalog.Collection) {
				undo(&now.Name, before.Name, after.Name)
				undo(&now.Description, before.Description, after.Description)
				undo(&now.Parent, before.Parent, after.Parent)
				undo(&now.Position, before.Position, after.Position)
				undo(&now.Query, before.Query, after.Query)
			})
			return err
		},
	})
}

// undo gives a value its former one where an edit changed it.
func undo[T comparable](now *T, before, after T) {
	if before != after {
		*now = before
	}
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
