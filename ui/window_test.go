package ui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"sampleagent/app"
	"sampleagent/app/settings"
	"sampleagent/library/catalog"
	"sampleagent/library/catalog/catalogtest"
	"sampleagent/ui/browser"
	"sampleagent/ui/shortcut"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// rig is the real window on a real application and a library of invented samples, without a
// display. What the pump wants done on the UI goroutine is done by the test, in settle.
type rig struct {
	*window
	a     *app.App
	mu    sync.Mutex
	todo  []func()
	where settings.Folders
}

func newRig(t testing.TB, samples int) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{where: settings.Folders{Config: filepath.Join(dir, "config"), Data: filepath.Join(dir, "data"), Cache: filepath.Join(dir, "cache"), State: filepath.Join(dir, "state")}}
	lib := filepath.Join(dir, "library.db")
	ctx := context.Background()
	db, err := catalog.Open(ctx, lib)
	if err != nil {
		t.Fatal(err)
	}
	if samples > 0 {
		if _, err := catalogtest.Fill(ctx, db, catalogtest.Options{Count: samples, Seed: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r.open(t, lib)
	return r
}

func (r *rig) open(t testing.TB, lib string) {
	t.Helper()
	a, err := app.Open(context.Background(), app.Options{Library: lib, Folders: &r.where})
	if err != nil {
		t.Fatal(err)
	}
	r.a = a
	r.window = newWindow(&core{App: a}, test.NewTempApp(t), func(f func()) {
		r.mu.Lock()
		r.todo = append(r.todo, f)
		r.mu.Unlock()
	})
	r.win.Resize(fyne.NewSize(1280, 800))
	t.Cleanup(func() {
		if !r.closing {
			r.close()
		}
		if err := r.a.Close(); err != nil {
			t.Error(err)
		}
	})
	r.settle(t)
}

// patience is for machines that do many other things beside a test.
const patience = 2 * time.Minute

// settle does what waits for the UI goroutine until no work is left and nothing has come for a
// while: events of the application come by themselves.
func (r *rig) settle(t testing.TB) {
	t.Helper()
	quiet := 0
	for end := time.Now().Add(patience); quiet < 6; {
		if r.work() {
			quiet = 0
		} else {
			quiet++
		}
		if time.Now().After(end) {
			t.Fatal("the window does not come to rest")
		}
		time.Sleep(frame)
	}
}

// work does what waits for the UI goroutine; false when there was nothing and nothing is under way.
func (r *rig) work() bool {
	r.mu.Lock()
	todo := r.todo
	r.todo = nil
	r.mu.Unlock()
	for _, f := range todo {
		f()
	}
	return len(todo) > 0 || r.pump.open.Load() > 0
}

func (r *rig) until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for: %s", what)
		}
		r.settle(t)
	}
}

// importDemo imports a copy of a demo sound, under a name that says nothing of it, and waits until it
// was heard.
func (r *rig) importDemo(t testing.TB, sound, as string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "assets", "demo", sound))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), as)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	r.importPaths(path)
	r.until(t, "the sound", func() bool { return r.lastCount.Analysed == 1 && r.search.Len() == 1 })
}

func (r *rig) key(k fyne.KeyName) {
	if f := r.focused(); f != nil {
		f.TypedKey(&fyne.KeyEvent{Name: k})
	}
}

func TestTheFirstStartSaysWhatToDo(t *testing.T) {
	r := newRig(t, 0)
	if r.search.Len() != 0 || r.lastCount.Total != 0 || !r.search.Ready() {
		t.Fatal("the library is not empty")
	}
	// Without samples neither card nor kit can be written, and the window says why.
	r.run(shortcut.WriteCard)
	if r.card != nil || r.toast.text.Text == "" {
		t.Error("a card is written without a kit")
	}
}

func TestFromSearchToPadByKeys(t *testing.T) {
	r := newRig(t, 300)
	if r.search.Len() != 300 {
		t.Fatalf("%d samples listed", r.search.Len())
	}
	r.run(shortcut.Find)
	if r.focused() != fyne.Focusable(r.list.Search) {
		t.Fatal("the search field has not the focus")
	}
	for _, letter := range "class:kick" {
		r.focused().TypedRune(letter)
	}
	r.until(t, "fewer rows", func() bool { return r.search.Len() > 0 && r.search.Len() < 300 })
	r.key(fyne.KeyDown)
	if r.focused() != fyne.Focusable(r.list.List) || r.list.List.Selection().Cursor() != 0 {
		t.Fatal("down does not go to the first row")
	}
	r.settle(t)
	r.key(fyne.KeyDown)
	r.until(t, "a kick under the cursor, in the inspector and to be heard", func() bool {
		s := r.list.Current()
		got := r.look.Sample()
		return s != nil && s.Class == "kick" && got != nil && got.Row == s.Row && r.core.Transport().Row == s.Row
	})
	s := r.list.Current()
	r.key(fyne.KeyReturn)
	r.until(t, "a filled pad", func() bool { k, _ := r.kits.Kit(); return len(k.Filled()) == 1 })
	k, open := r.kits.Kit()
	if !open || k.Pad(0).SampleID != s.ID {
		t.Errorf("pad A1 has %q, want %q", k.Pad(0).SampleID, s.ID)
	}
	if r.kits.Pad() != 1 {
		t.Errorf("pad %d is selected, want the next one", r.kits.Pad()+1)
	}
	r.run(shortcut.Undo)
	r.until(t, "an empty pad", func() bool { k, _ := r.kits.Kit(); return len(k.Filled()) == 0 })
}

// What was removed is neither shown nor chosen any more; undo lists it again.
func TestARemovedSampleIsNotLookedAt(t *testing.T) {
	r := newRig(t, 20)
	r.run(shortcut.FocusList)
	r.until(t, "a chosen row", func() bool { return len(r.chosen) == 1 && r.look.Sample() != nil })
	r.run(shortcut.SelectAll)
	r.until(t, "all chosen", func() bool { return len(r.chosen) == 20 })
	rows := r.chosen
	r.edit(func(ctx context.Context) error { return r.core.Remove(ctx, rows) })
	r.until(t, "nothing to look at", func() bool { return r.look.Sample() == nil && len(r.chosen) == 0 && r.search.Len() == 0 })
	r.run(shortcut.Undo)
	r.until(t, "all back, none chosen", func() bool { return r.search.Len() == 20 && len(r.chosen) == 0 && r.list.List.Selection().Count() == 0 })
}

func TestEditsAreShownAndCanBeUndone(t *testing.T) {
	r := newRig(t, 60)
	r.run(shortcut.FocusList)
	r.until(t, "a chosen row", func() bool { return len(r.chosen) == 1 })
	row := r.chosen[0]
	r.run(shortcut.Favourite)
	r.until(t, "a favourite", func() bool { s := r.list.Current(); return s != nil && s.Row == row && s.Favourite })
	r.run(shortcut.Rate4)
	r.until(t, "four stars", func() bool { s := r.look.Sample(); return s != nil && s.Rating == 4 })
	r.look.Edit(func(ctx context.Context, rows []catalog.Row) error { return r.core.SetTempo(ctx, rows, 92.5) })
	r.until(t, "the tempo by hand", func() bool {
		for _, v := range r.look.Sound() {
			if v.Name == "Tempo" && v.Text == "92.5 BPM" && v.Source == "hand" {
				return true
			}
		}
		return false
	})
	undo, _ := r.core.History()
	if undo == "" || r.undo.Off {
		t.Error("undo is not offered")
	}
	for range 3 {
		r.run(shortcut.Undo)
		r.settle(t)
	}
	r.until(t, "all undone", func() bool {
		s := r.look.Sample()
		return s != nil && s.Rating == 0 && !s.Favourite && s.BPM != 92.5
	})
}

func TestAWrongWordIsPointedAt(t *testing.T) {
	r := newRig(t, 20)
	r.list.SetQuery("kick bpmm:90")
	r.until(t, "an error", func() bool { return r.search.Err() != nil })
	e := r.search.Err()
	if got := r.search.Text()[e.Start:e.End]; got != "bpmm:90" && got != "bpmm:" && got != "bpmm" {
		t.Errorf("it points at %q", got)
	}
}

func TestPlacesNarrowTheList(t *testing.T) {
	r := newRig(t, 80)
	name := "Punchy"
	query := "class:snare"
	r.makeCollection("", name, &query, nil)
	r.until(t, "the collection", func() bool { return len(r.placesOf.collections) == 1 })
	c := r.placesOf.collections[0]
	inside := r.placesOf.inside[c.ID]
	if !c.Smart() || inside <= 0 {
		t.Fatalf("%+v holds %d", c, inside)
	}
	for _, p := range r.placeLines(r.placesOf) {
		if p.Title == name {
			r.goTo(p)
		}
	}
	r.until(t, "the collection's samples", func() bool { return r.search.Len() == inside })
	r.list.SetScope(browser.Scope{})
	r.until(t, "all again", func() bool { return r.search.Len() == 80 })
}

func TestADraggedRowLandsOnThePad(t *testing.T) {
	r := newRig(t, 40)
	r.run(shortcut.FocusList)
	r.until(t, "a chosen row", func() bool { return len(r.chosen) == 1 })
	pad := r.pads.Grid
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(pad).AddXY(pad.Size().Width-20, 20) // pad 4
	r.dragging(r.chosen, "one", at)
	r.letGo(r.chosen, at)
	r.until(t, "pad 4", func() bool { k, _ := r.kits.Kit(); return !k.Pad(3).Empty() })
	// Let go elsewhere, nothing happens.
	r.letGo(r.chosen, fyne.NewPos(600, 400))
	r.settle(t)
	if k, _ := r.kits.Kit(); len(k.Filled()) != 1 {
		t.Errorf("%d pads filled", len(k.Filled()))
	}
}

func TestTheWindowIsAsItWas(t *testing.T) {
	r := newRig(t, 30)
	r.list.SetQuery("kick")
	r.search.SetSort("tempo")
	r.kits.SetBank(3)
	r.dock.show("details")
	light := !theme.IsLight()
	r.run(shortcut.ToggleLight)
	r.until(t, "the other theme", func() bool { return theme.IsLight() == light })
	r.close()
	if err := r.a.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(context.Background(), app.Options{Library: filepath.Join(filepath.Dir(r.where.Config), "library.db"), Folders: &r.where})
	if err != nil {
		t.Fatal(err)
	}
	r.a = a
	w := newWindow(&core{App: a}, test.NewTempApp(t), func(f func()) { r.mu.Lock(); r.todo = append(r.todo, f); r.mu.Unlock() })
	r.window = w
	r.until(t, "the window's theme", func() bool { return theme.IsLight() == light })
	if w.search.Text() != "kick" || w.search.Sort().By != "tempo" || w.kits.Bank() != 3 || w.dock.tab != "details" || theme.IsLight() != light {
		t.Errorf("text %q, sort %+v, bank %d, tab %s, light %v", w.search.Text(), w.search.Sort(), w.kits.Bank(), w.dock.tab, theme.IsLight())
	}
}

// Without words the window lists the newest first, also what a filter finds.
func TestTheNewestComeFirstWithoutWords(t *testing.T) {
	r := newRig(t, 30)
	for _, query := range []string{"", "len:>0"} {
		got, err := r.core.Search(t.Context(), query, browser.Sort{})
		want, err2 := r.core.Search(t.Context(), query, browser.Sort{By: "added", Down: true})
		if err != nil || err2 != nil || len(got) == 0 || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v, %v", query, got, err, want, err2)
		}
	}
}

// A program that is killed begins with the kit that was open.
func TestTheOpenKitIsRememberedAtOnce(t *testing.T) {
	r := newRig(t, 3)
	for _, name := range []string{"First", "Second"} {
		r.kits.New(name)
		r.until(t, "the kit "+name, func() bool {
			k, open := r.kits.Kit()
			return open && k.Name == name && r.core.Settings().Window.Kit == k.ID
		})
	}
}

// The benchmark is the goal of issue 2: a library of 100,000 rows is ready at once.
func BenchmarkOpenHundredThousand(b *testing.B) {
	dir := b.TempDir()
	lib := filepath.Join(dir, "library.db")
	ctx := context.Background()
	db, err := catalog.Open(ctx, lib)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := catalogtest.Fill(ctx, db, catalogtest.Options{Count: 100_000, Seed: 1}); err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	where := settings.Folders{Config: filepath.Join(dir, "config"), Data: filepath.Join(dir, "data"), Cache: filepath.Join(dir, "cache"), State: filepath.Join(dir, "state")}
	for b.Loop() {
		a, err := app.Open(ctx, app.Options{Library: lib, Folders: &where})
		if err != nil {
			b.Fatal(err)
		}
		var mu sync.Mutex
		var todo []func()
		w := newWindow(&core{App: a}, test.NewTempApp(b), func(f func()) { mu.Lock(); todo = append(todo, f); mu.Unlock() })
		w.win.Resize(fyne.NewSize(1280, 800))
		for w.search.Sample(0) == nil {
			mu.Lock()
			now := todo
			todo = nil
			mu.Unlock()
			for _, f := range now {
				f()
			}
			time.Sleep(time.Millisecond)
		}
		b.StopTimer()
		w.close()
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func TestPinnedSamplesAreAtHand(t *testing.T) {
	r := newRig(t, 20)
	pinned := func() (p browser.Place) {
		for _, p := range r.placeLines(r.placesOf) {
			if p.ID == "pinned" {
				return p
			}
		}
		return p
	}
	r.selected(r.search.Rows([]int{3, 5}))
	r.run(shortcut.Pin)
	r.until(t, "two pins", func() bool { return pinned().Count == 2 })
	r.goTo(pinned())
	r.until(t, "the pinned samples", func() bool { return r.search.Len() == 2 })
	r.selected(r.search.Rows([]int{0}))
	r.run(shortcut.Pin)
	r.until(t, "one pin", func() bool { return pinned().Count == 1 })
}

func TestTheEndOfASoundShows(t *testing.T) {
	r := newRig(t, 0)
	path := filepath.Join(t.TempDir(), "Blip.wav")
	data, err := os.ReadFile(filepath.Join("..", "assets", "demo", "One Shots", "Closed Hat.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	r.importPaths(path)
	r.until(t, "the sound", func() bool { return r.search.Len() == 1 && r.search.Sample(0) != nil })
	r.core.Audition(r.search.Row(0), app.Audition{})
	// The bar is told of the start, and then only the clock of the window sees the end.
	r.until(t, "playing", func() bool { return r.core.Transport().State == app.Playing || r.cursor != nil })
	r.showTransport()
	for end := time.Now().Add(patience); r.core.Transport().State == app.Playing && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	r.tick()
	if r.cursor != nil || r.core.Transport().State == app.Playing {
		t.Error("the window still shows that it plays")
	}
}

func TestWhatACancelledImportLeftCanBeAnalysed(t *testing.T) {
	r := newRig(t, 0)
	r.importDemo(t, filepath.Join("One Shots", "Closed Hat.wav"), "Hat.wav")
	// As if it had been listed and never heard.
	db, err := catalog.Open(context.Background(), r.a.LibraryPath(filepath.Join(filepath.Dir(r.where.Data), "library.db")))
	if err != nil {
		t.Fatal(err)
	}
	err = db.Reanalyse(context.Background(), []catalog.Row{r.search.Row(0)})
	if cerr := db.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	r.readPlaces()
	waiting := func() (p browser.Place) {
		for _, p := range r.placeLines(r.placesOf) {
			if p.ID == "waiting" {
				return p
			}
		}
		return p
	}
	r.until(t, "one that waits", func() bool { return waiting().Count == 1 })
	if p := waiting(); p.Title != "Not analysed yet" || len(p.Menu) != 1 {
		t.Fatalf("%+v", p)
	}
	waiting().Menu[0].Action()
	r.until(t, "all heard", func() bool { return r.lastCount.Analysed == 1 && waiting().Count == 0 })
}

func TestWhereSamplesLieCanBeCopied(t *testing.T) {
	r := newRig(t, 5)
	r.run(shortcut.SelectAll)
	r.until(t, "five chosen", func() bool { return len(r.chosen) == 5 })
	r.run(shortcut.CopyPath)
	r.until(t, "five paths", func() bool {
		return strings.Count(r.app.Clipboard().Content(), "\n") == 4
	})
	s, err := r.core.Samples(t.Context(), r.chosen[:1])
	if err != nil {
		t.Fatal(err)
	}
	if got := r.app.Clipboard().Content(); !strings.HasPrefix(got, s[0].Path+"\n") {
		t.Errorf("copied %q", got)
	}
}

// A click on the sidebar's "New collection…" asks for a name that can be typed at once: Fyne takes the
// focus away after it has told of the button, down and up.
func TestANewCollectionIsNamedAtOnce(t *testing.T) {
	r := newRig(t, 3)
	list := r.side.Focusable().(*own.RowList)
	r.until(t, "the places", func() bool { return len(r.placeLines(r.placesOf)) > 0 && r.placesOf.counts.Total == 3 })
	line := slices.IndexFunc(r.placeLines(r.placesOf), func(p browser.Place) bool { return p.Title == "New collection…" })
	click := &desktop.MouseEvent{Button: desktop.MouseButtonPrimary}
	click.Position = fyne.NewPos(20, (float32(line)+0.5)*list.RowHeight)
	canvas := r.win.Canvas()
	list.MouseDown(click)
	canvas.Unfocus()
	list.MouseUp(click)
	canvas.Unfocus()
	named := func() bool { _, ok := canvas.Focused().(*own.Entry); return ok }
	r.until(t, "a name that can be typed", named)
	own.Escape(canvas)
	// The keyboard passes over it; Enter opens it.
	canvas.Focus(list)
	for range 20 {
		list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyUp})
	}
	for list.Selection().Cursor() < line {
		if own.DialogOpen(canvas) {
			t.Fatal("passing by asked for a name")
		}
		list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	}
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	r.until(t, "a name again", named)
}
