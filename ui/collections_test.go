package ui

import (
	"context"
	"testing"

	"fyne.io/fyne/v2"

	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/shortcut"
)

func TestACollectionInItsOwnOrder(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, 30)
	c, err := r.a.NewCollection(ctx, "", "Set", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.search.SetSort("tempo")
	r.settle(t)
	rows := r.search.Rows([]int{4, 9, 2, 7})
	if err := r.a.AddToCollection(ctx, c.ID, rows); err != nil {
		t.Fatal(err)
	}
	r.until(t, "the collection", func() bool { return len(r.placesOf.collections) == 1 })
	for _, p := range r.placeLines(r.placesOf) {
		if p.ID == "c-"+c.ID {
			r.goTo(p)
		}
	}
	lists := func(want ...catalog.Row) func() bool {
		return func() bool {
			if r.search.Len() != len(want) {
				return false
			}
			for i, w := range want {
				if r.search.Row(i) != w {
					return false
				}
			}
			return true
		}
	}
	r.until(t, "the order in which they were added", lists(rows...))
	if !r.search.InOwnOrder() {
		t.Error("a collection is not shown in its own order")
	}
	r.list.List.Select(3)
	r.selected([]catalog.Row{rows[3]})
	r.run(shortcut.MoveUp)
	r.until(t, "one line up", lists(rows[0], rows[1], rows[3], rows[2]))
	r.reorder([]catalog.Row{rows[0], rows[1]}, 4)
	r.until(t, "two dragged to the end", lists(rows[3], rows[2], rows[0], rows[1]))
	r.run(shortcut.Undo)
	r.until(t, "undo", lists(rows[0], rows[1], rows[3], rows[2]))
	r.list.List.Select(0)
	r.selected([]catalog.Row{rows[0]})
	r.run(shortcut.Remove) // out of the collection, not out of the library
	r.until(t, "one taken out", lists(rows[1], rows[3], rows[2]))
	if n := r.lastCount.Total; n != 30 {
		t.Errorf("%d samples are left in the library", n)
	}
	// Elsewhere the former order is back.
	r.goTo(browser.Place{ID: "all"})
	if r.search.Sort() != (browser.Sort{By: "tempo"}) {
		t.Errorf("sorted by %+v outside", r.search.Sort())
	}
}

func TestASmartCollectionFollowsWhatIsEdited(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, 30)
	query := "tag:keeper"
	r.makeCollection("", "Keepers", &query, nil)
	r.until(t, "the collection", func() bool { return len(r.placesOf.collections) == 1 })
	for _, p := range r.placeLines(r.placesOf) {
		if p.ID == "c-"+r.placesOf.collections[0].ID {
			r.goTo(p)
		}
	}
	r.until(t, "nothing in it", func() bool { return r.search.Len() == 0 })
	all, err := r.core.Search(ctx, "", browser.Sort{By: "name"})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.a.AddTags(ctx, all[:3], "keeper"); err != nil {
		t.Fatal(err)
	}
	r.until(t, "three in it", func() bool { return r.search.Len() == 3 && r.placesOf.inside[r.placesOf.collections[0].ID] == 3 })
	r.list.List.SelectAll()
	if err := r.a.SetRating(ctx, all[:3], 5); err != nil {
		t.Fatal(err)
	}
	r.settle(t)
	if n := r.list.List.Selection().Count(); n != 3 {
		t.Errorf("after an edit %d of 3 are still chosen", n)
	}
	if err := r.a.RemoveTags(ctx, all[:1], "keeper"); err != nil {
		t.Fatal(err)
	}
	r.until(t, "two in it", func() bool { return r.search.Len() == 2 })
}

func TestCollectionsInsideOneAnother(t *testing.T) {
	r := newRig(t, 10)
	r.makeCollection("", "Drums", nil, nil)
	r.until(t, "the first", func() bool { return len(r.placesOf.collections) == 1 })
	r.makeCollection(r.placesOf.collections[0].ID, "Kicks", nil, nil)
	r.makeCollection("", "Keys", nil, nil)
	r.until(t, "all", func() bool { return len(r.placesOf.collections) == 3 })
	titles := func(items []*fyne.MenuItem) (out []string) {
		for _, i := range items {
			if !i.Disabled && i.Label != "" {
				out = append(out, i.Label)
			}
		}
		return out
	}
	var drums, kicks catalog.Collection
	for _, c := range r.placesOf.collections {
		switch c.Name {
		case "Drums":
			drums = c
		case "Kicks":
			kicks = c
		}
	}
	if kicks.Parent != drums.ID {
		t.Fatalf("%+v is not inside %+v", kicks, drums)
	}
	nothing := func(func(*catalog.Collection)) {}
	if got := titles(r.parentItems(drums, nothing)); len(got) != 1 || got[0] != "Keys" {
		t.Errorf("Drums can move into %v", got)
	}
	if got := titles(r.parentItems(kicks, nothing)); len(got) != 2 || got[0] != "The top" || got[1] != "Keys" {
		t.Errorf("Kicks can move into %v", got)
	}
	for _, i := range r.collectionMenu(drums) {
		if i.Label == "Move down" {
			i.Action()
		}
	}
	r.until(t, "Drums below Keys", func() bool { return r.placesOf.collections[0].Name == "Keys" })
}
