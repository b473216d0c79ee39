package browser

import (
	"context"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// The keys stop at places and never at the titles between them.
func TestKeysInTheSidebarPassTitles(t *testing.T) {
	test.NewTempApp(t)
	var went []string
	s := NewSidebar(func(p Place) { went = append(went, p.ID) }, func(func(context.Context) func()) {})
	w := test.NewTempWindow(t, s.Root())
	w.Resize(fyne.NewSize(220, 400))
	s.SetPlaces([]Place{{Section: true, ID: "library"}, {ID: "all"}, {ID: "fav"}, {Section: true, ID: "collections"}, {ID: "mine"}})
	for _, k := range []fyne.KeyName{fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyUp, fyne.KeyUp, fyne.KeyUp, fyne.KeyEnd, fyne.KeyHome} {
		s.list.TypedKey(&fyne.KeyEvent{Name: k})
	}
	if want := []string{"all", "fav", "mine", "fav", "all", "all", "mine", "all"}; !slices.Equal(went, want) {
		t.Errorf("went to %v, want %v", went, want)
	}
}

// An empty place says what it is for, not that a search in its language found nothing.
func TestAnEmptyPlaceSaysHowToFillIt(t *testing.T) {
	test.NewTempApp(t)
	e := newEmptyState(&View{})
	for _, c := range []struct {
		in                        Scope
		typed, title, why, button string
	}{
		{Scope{Title: "Loops", Query: `in:"Loops"`, Collection: "c"}, "", "Loops is empty", "Drag samples onto its name in the sidebar,", "Show all samples"},
		{Scope{Title: "Favourites", Query: "is:favourite"}, "", "Nothing here", "No sample belongs to Favourites now.", "Show all samples"},
		{Scope{Title: "Loops", Query: `in:"Loops"`, Collection: "c"}, "kick", "Nothing found", "No sample of Loops fits  kick", "Clear the search"},
		{Scope{}, "kick", "Nothing found", "No sample fits  kick", "Clear the search"},
	} {
		e.show(false, c.in, c.typed)
		if e.title.Text != c.title || e.why.Text != c.why || e.clear.Text != c.button {
			t.Errorf("%+v: %q, %q, %q", c, e.title.Text, e.why.Text, e.clear.Text)
		}
	}
}

// While sounds are compared the list does not say that there are none; going there again changes nothing.
func TestThatSoundsAreComparedIsSaid(t *testing.T) {
	test.NewTempApp(t)
	m, _, bg := newTestModel(3)
	v := NewView(m, Actions{})
	v.SetTotal(3)
	same := Scope{Title: "Same sound twice", Query: "sample", Copies: true}
	v.SetScope(Scope{Title: "Favourites", Query: "nothing like it"})
	bg.settle()
	if !v.empty.Visible() {
		t.Fatal("an empty place does not say so")
	}
	v.SetScope(same)
	if v.empty.Visible() || v.count.Text != "comparing…" {
		t.Errorf("told %q", v.count.Text)
	}
	bg.settle()
	v.SetScope(same)
	if v.count.Text != "3 samples" {
		t.Errorf("found, and told %q", v.count.Text)
	}
}
