package ui

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
)

// places is what the sidebar is made of; it is read in the background.
type places struct {
	counts      catalog.Counts
	favourites  int
	recent      int
	duplicates  int
	pinned      int
	collections []catalog.Collection
	inside      map[string]int // samples of each collection
	folders     []string
	inFolder    map[string]int
	tags        []catalog.Tag
}

// mostTags is how many tags the sidebar shows, the most used first.
const mostTags = 12

// readPlaces reads the sidebar anew. While one reading is under way, one more is enough.
func (w *window) readPlaces() {
	if w.placing {
		w.placeAgain = true
		return
	}
	w.placing = true
	w.pump.run(func(ctx context.Context) func() {
		p, err := w.findPlaces(ctx)
		return func() {
			w.placing = false
			if err != nil {
				w.fail(err)
			} else {
				w.placesOf = p
				w.lastCount = p.counts
				w.list.SetTotal(p.counts.Total)
				w.side.SetPlaces(w.placeLines(p))
			}
			if w.placeAgain {
				w.placeAgain = false
				w.readPlaces()
			}
		}
	})
}

func (w *window) findPlaces(ctx context.Context) (p places, err error) {
	c := w.core
	if p.counts, err = c.Counts(ctx); err != nil {
		return p, err
	}
	count := func(query string) int {
		n, cerr := c.Count(ctx, query)
		if cerr != nil {
			return -1 // a smart collection with a broken rule: the number is left out
		}
		return n
	}
	p.favourites, p.recent, p.duplicates = count("is:favourite"), count("added:7d"), count("is:duplicate")
	if pins := c.Settings().Window.Pinned; len(pins) > 0 {
		p.pinned = count(pinQuery(pins))
	}
	if p.collections, err = c.Collections(ctx); err != nil {
		return p, err
	}
	p.inside = map[string]int{}
	for _, col := range p.collections {
		p.inside[col.ID] = count(inQuery(p.collections, col))
	}
	p.folders = c.WatchedFolders()
	p.inFolder = map[string]int{}
	for _, f := range p.folders {
		p.inFolder[f] = count(pathQuery(f))
	}
	p.tags, err = c.AllTags(ctx)
	return p, err
}

// inQuery finds a collection by the path of its names, which tells twins apart.
func inQuery(all []catalog.Collection, c catalog.Collection) string {
	name := c.Name
	for parent := c.Parent; parent != ""; {
		found := false
		for _, p := range all {
			if p.ID == parent {
				name, parent, found = p.Name+"/"+name, p.Parent, true
				break
			}
		}
		if !found {
			break
		}
	}
	return `in:"` + quoted(name) + `"`
}

func pinQuery(ids []string) string { return "id:" + strings.Join(ids, ",") }

func pathQuery(dir string) string { return `path:"` + quoted(dir+string(filepath.Separator)) + `"` }

// quoted escapes quotes inside quotes.
func quoted(s string) string {
	var b []rune
	for _, r := range s {
		if r == '"' {
			b = append(b, '\\')
		}
		b = append(b, r)
	}
	return string(b)
}

func (w *window) placeLines(p places) []browser.Place {
	lines := []browser.Place{
		{Section: true, Title: "LIBRARY", ID: "s-library"},
		{ID: "all", Title: "All samples", Icon: "all", Count: p.counts.Total},
		{ID: "fav", Title: "Favourites", Icon: "heart", Count: p.favourites, Query: "is:favourite", Drop: true},
		{ID: "recent", Title: "Added this week", Icon: "clock", Count: p.recent, Query: "added:7d"},
	}
	optional := func(id, title, icon, query string, n int, colour fyne.ThemeColorName) {
		if n > 0 {
			lines = append(lines, browser.Place{ID: id, Title: title, Icon: icon, Count: n, Query: query, Colour: colour})
		}
	}
	optional("pinned", "Pinned", "pin", pinQuery(w.core.Settings().Window.Pinned), p.pinned, "")
	optional("twins", "Same file twice", "similar", "is:duplicate", p.duplicates, "")
	if p.counts.Total > 1 { // not counted: comparing all sounds takes seconds in a large library
		lines = append(lines, browser.Place{ID: "sounds", Title: "Same sound twice", Icon: "similar", Count: -1, Query: "is:twin"})
	}
	if n := p.counts.Listed; n > 0 {
		// Without an import at work they stay so: one was cancelled half-way.
		title, colour := "Not analysed yet", theme.Warn
		for _, t := range w.core.Tasks() {
			if !t.State.Final() {
				title, colour = "Being analysed", theme.Accent
			}
		}
		lines = append(lines, browser.Place{ID: "waiting", Title: title, Icon: "clock", Count: n, Query: "is:waiting", Colour: colour, Menu: []*fyne.MenuItem{
			fyne.NewMenuItem("Analyse now", func() { w.analyse("is:waiting") }),
		}})
	}
	optional("failed", "Could not be read", "warning", "is:failed", p.counts.Failed, theme.Bad)
	optional("missing", "Files gone", "warning", "is:missing", p.counts.Missing, theme.Warn)
	optional("elsewhere", "Elsewhere", "cloud", "is:elsewhere", p.counts.Elsewhere, "")

	lines = append(lines, browser.Place{Section: true, Title: "COLLECTIONS", ID: "s-collections", Add: w.newCollection})
	if len(p.collections) == 0 {
		lines = append(lines, browser.Place{ID: "none", Title: "New collection…", Icon: "plus", Count: -1, Add: w.newCollection})
	}
	depth := map[string]int{}
	for _, c := range p.collections {
		if c.Parent != "" {
			depth[c.ID] = depth[c.Parent] + 1
		}
		icon := "collection"
		if c.Smart() {
			icon = "smart"
		}
		lines = append(lines, browser.Place{
			ID: "c-" + c.ID, Title: c.Name, Icon: icon, Count: p.inside[c.ID], Query: inQuery(p.collections, c), Depth: depth[c.ID], Drop: !c.Smart(),
			Menu: w.collectionMenu(c),
		})
	}
	lines = append(lines, browser.Place{Section: true, Title: "WATCHED FOLDERS", ID: "s-folders", Add: w.watchFolder})
	for _, f := range p.folders {
		lines = append(lines, browser.Place{
			ID: "f-" + f, Title: filepath.Base(f), Icon: "folder", Count: p.inFolder[f], Query: pathQuery(f),
			Menu: []*fyne.MenuItem{
				fyne.NewMenuItem("Look for changes now", func() { w.importPaths(f) }),
				fyne.NewMenuItem("Stop watching", func() {
					w.edit(func(ctx context.Context) error { return w.core.Unwatch(ctx, f) })
				}),
			},
		})
	}
	if len(p.folders) == 0 {
		lines = append(lines, browser.Place{ID: "watch", Title: "Watch a folder…", Icon: "plus", Count: -1, Add: w.watchFolder})
	}
	if len(p.tags) > 0 {
		lines = append(lines, browser.Place{Section: true, Title: "TAGS", ID: "s-tags"})
		for i, t := range mostUsed(p.tags) {
			if i == mostTags {
				break
			}
			lines = append(lines, browser.Place{ID: "t-" + t.Name, Title: t.Name, Icon: "tag", Count: t.Count, Query: `tag:"` + quoted(t.Name) + `"`})
		}
	}
	return lines
}

// mostUsed orders tags by use; equal ones stay in the order of the alphabet.
func mostUsed(tags []catalog.Tag) []catalog.Tag {
	return slices.SortedStableFunc(slices.Values(tags), func(a, b catalog.Tag) int { return cmp.Compare(b.Count, a.Count) })
}

// goTo narrows the list to a place of the sidebar.
func (w *window) goTo(p browser.Place) {
	if p.Query == "" {
		w.list.SetScope(browser.Scope{})
		return
	}
	scope := browser.Scope{Title: p.Title, Query: p.Query, Copies: p.ID == "twins" || p.ID == "sounds"}
	if id, ok := strings.CutPrefix(p.ID, "c-"); ok && p.Drop {
		scope.Collection = id
	}
	w.list.SetScope(scope)
}
