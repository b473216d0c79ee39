package app

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/audio/analysis"
	"sampleagent/audio/codec/codectest"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

func folders(t *testing.T) *settings.Folders {
	d := t.TempDir()
	return &settings.Folders{Config: filepath.Join(d, "config"), Data: filepath.Join(d, "data"), Cache: filepath.Join(d, "cache"), State: filepath.Join(d, "state")}
}

func open(t *testing.T, o Options) *App {
	t.Helper()
	if o.Folders == nil {
		o.Folders = folders(t)
	}
	a, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// tone writes a sine as a WAV file.
func tone(t *testing.T, path string, seconds, hz float64) string {
	t.Helper()
	const rate = 44100
	b := &pcm.Buffer{Rate: rate, Channels: 1}
	for i := range int(seconds * rate) {
		b.Samples = append(b.Samples, float32(0.5*math.Sin(2*math.Pi*hz*float64(i)/rate)))
	}
	return codectest.WAV(t, path, b)
}

// seed puts n short tones into the library as if they had been analysed: loops of 90 BPM in A
// minor.
func seed(t *testing.T, a *App, n int) []catalog.Row {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	var files []catalog.NewFile
	for i := range n {
		path := tone(t, filepath.Join(dir, fmt.Sprintf("tone %02d.wav", i+1)), 0.25, 220)
		fi, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, catalog.NewFile{Path: path, Size: fi.Size(), ModTime: fi.ModTime()})
	}
	rows, err := a.db.List(ctx, "test", files)
	if err != nil {
		t.Fatal(err)
	}
	var done []catalog.Analysis
	for i, r := range rows {
		kind, bpm, key, sure, length := analysis.LoopKind, 90.0, "A minor", 0.9, 0.25
		from := analysis.FromSound
		done = append(done, catalog.Analysis{Row: r, Size: files[i].Size, ModTime: files[i].ModTime, Report: &analysis.Report{
			Path: files[i].Path, OK: true, Kind: &kind, BPM: &bpm, BPMConfidence: &sure, BPMSource: &from,
			Key: &key, KeyConfidence: &sure, KeySource: &from, Duration: &length, Engine: "test",
		}})
	}
	if err := a.db.Store(ctx, done); err != nil {
		t.Fatal(err)
	}
	return rows
}

func sampleOf(t *testing.T, a *App, r catalog.Row) catalog.Sample {
	t.Helper()
	s, err := a.Sample(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eventually waits for what happens in the background.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s: not within 20 s", what)
}

func TestEveryEditCanBeUndoneAndRedone(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	rows := seed(t, a, 3)
	one := rows[:1]
	shows := func(s catalog.Sample) string {
		return fmt.Sprint(s.Name, "|", s.BPM, s.BPMSource, "|", s.Key, s.KeySource, "|", s.Kind, "|", s.Class, "|", s.Tags, s.Rating, s.Favourite, s.Note)
	}
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"Set tempo to 92.5", func() error { return a.SetTempo(ctx, one, 92.5) }},
		{"No tempo", func() error { return a.SetTempo(ctx, one, 0) }},
		{"Half tempo", func() error { return a.HalveTempo(ctx, one) }},
		{"Double tempo of 3 samples", func() error { return a.DoubleTempo(ctx, rows) }},
		{"Set key to F# major", func() error { return a.SetKey(ctx, one, "Gb") }},
		{"No key", func() error { return a.SetKey(ctx, one, " ") }},
		{"Set kind to one-shot", func() error { return a.SetKind(ctx, one, analysis.OneShot) }},
		{"Set class to kick", func() error { return a.SetClass(ctx, one, "kick") }},
		{`Rename to "Deep one"`, func() error { return a.Rename(ctx, one[0], "Deep one") }},
		{"Tag dusty, warm of 3 samples", func() error { return a.AddTags(ctx, rows, "dusty", "warm") }},
		{"Rate 4", func() error { return a.SetRating(ctx, one, 4) }},
		{"Favourite", func() error { return a.SetFavourite(ctx, one, true) }},
		{"Edit note", func() error { return a.SetNote(ctx, one[0], "from the attic") }},
	} {
		before := shows(sampleOf(t, a, one[0]))
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		after := shows(sampleOf(t, a, one[0]))
		if before == after {
			t.Errorf("%s changed nothing: %s", c.name, after)
		}
		if undo, _ := a.History(); undo != c.name {
			t.Errorf("the command is called %q, want %q", undo, c.name)
		}
		if name, err := a.Undo(ctx); err != nil || name != c.name {
			t.Errorf("undo: %q, %v", name, err)
		}
		if got := shows(sampleOf(t, a, one[0])); got != before {
			t.Errorf("undo of %s gave\n%s, want\n%s", c.name, got, before)
		}
		if _, err := a.Redo(ctx); err != nil {
			t.Errorf("redo: %v", err)
		}
		if got := shows(sampleOf(t, a, one[0])); got != after {
			t.Errorf("redo of %s gave\n%s, want\n%s", c.name, got, after)
		}
		if _, err := a.Undo(ctx); err != nil {
			t.Error(err)
		}
	}
	if err := a.SetTempo(ctx, one, 4000); err == nil {
		t.Error("4000 BPM was accepted")
	}
	if undo, _ := a.History(); undo != "" {
		t.Errorf("a refused edit can be undone: %q", undo)
	}
}

func TestCollectionsKeepTheirOrderThroughUndo(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	rows := seed(t, a, 4)
	c, err := a.NewCollection(ctx, "", "Drums", nil)
	if err != nil {
		t.Fatal(err)
	}
	content := func() string {
		got, err := a.CollectionRows(ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(got)
	}
	if err := a.AddToCollection(ctx, c.ID, []catalog.Row{rows[2], rows[0]}); err != nil {
		t.Fatal(err)
	}
	two := content()
	if err := a.OrderCollection(ctx, c.ID, []catalog.Row{rows[0], rows[3], rows[2]}); err != nil {
		t.Fatal(err)
	}
	three := content()
	if err := a.RemoveFromCollection(ctx, c.ID, rows[3:]); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{three, two, "[]"} {
		if _, err := a.Undo(ctx); err != nil || content() != want {
			t.Errorf("undo gave %s, want %s (%v)", content(), want, err)
		}
	}
}

// Between an edit of a collection and its undo a sync or another program changes it too.
func TestAnUndoLeavesACollectionsOtherChanges(t *testing.T) {
	a := open(t, Options{})
	rows := seed(t, a, 5)
	ctx := t.Context()
	c, err := a.NewCollection(ctx, "", "Mine", nil)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.AddToCollection(ctx, c.ID, rows[:3]))
	must(a.RemoveFromCollection(ctx, c.ID, rows[1:2]))
	must(a.ChangeCollection(ctx, c.ID, func(c *catalog.Collection) { c.Name = "Drums" }))
	others := func(now []catalog.Row) []catalog.Row { // one out, one in
		return append(slices.DeleteFunc(now, func(r catalog.Row) bool { return r == rows[2] }), rows[4])
	}
	_, _, err = a.db.EditMembers(ctx, c.ID, others)
	must(err)
	_, _, err = a.db.EditCollection(ctx, c.ID, func(c *catalog.Collection) { c.Description = "theirs" })
	must(err)
	for range 2 {
		_, err := a.Undo(ctx)
		must(err)
	}
	now, err := a.CollectionRows(ctx, c.ID)
	must(err)
	all, err := a.Collections(ctx)
	must(err)
	if !slices.Equal(now, []catalog.Row{rows[0], rows[1], rows[4]}) || all[0].Name != "Mine" || all[0].Description != "theirs" {
		t.Errorf("%v in %q, %q", now, all[0].Name, all[0].Description)
	}
	// The window's order was read before the others' edit.
	must(a.OrderCollection(ctx, c.ID, []catalog.Row{rows[2], rows[1], rows[0]}))
	if now, err = a.CollectionRows(ctx, c.ID); err != nil || !slices.Equal(now, []catalog.Row{rows[1], rows[0], rows[4]}) {
		t.Errorf("%v %v", now, err)
	}
}

func TestWhatIsRemovedComesBack(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	rows := seed(t, a, 3)
	parent, err := a.NewCollection(ctx, "", "Drums", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.AddToCollection(ctx, parent.ID, rows); err != nil {
		t.Fatal(err)
	}
	if err := a.Remove(ctx, rows[:2]); err != nil {
		t.Fatal(err)
	}
	if err := a.DeleteCollection(ctx, parent.ID); err != nil {
		t.Fatal(err)
	}
	n := func() string {
		c, err := a.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all, err := a.Collections(ctx)
		if err != nil {
			t.Fatal(err)
		}
		in, err := a.CollectionRows(ctx, parent.ID)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(c.Total, len(all), len(in))
	}
	steps := []string{n()}
	for range 4 {
		if _, err := a.Undo(ctx); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, n())
	}
	for range 4 {
		if _, err := a.Redo(ctx); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, n())
	}
	want := []string{"1 0 0", "1 1 1", "3 1 3", "3 1 0", "3 0 0", "3 1 0", "3 1 3", "1 1 1", "1 0 0"}
	if !slices.Equal(steps, want) {
		t.Errorf("samples, collections, members: %q\nwant %q", steps, want)
	}
}

func TestTapTempo(t *testing.T) {
	a := open(t, Options{})
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	jitter := []int{0, 9, -7, 4, -8, 6, 0, -3} // ms
	var bpm float64
	var n int
	for i, j := range jitter {
		bpm, n = a.Tap(at.Add(time.Duration(i*500+j) * time.Millisecond))
	}
	if n != 8 || math.Abs(bpm-120) > 0.5 {
		t.Errorf("%d taps at 120 BPM gave %.2f", n, bpm)
	}
	if bpm, n = a.Tap(at.Add(10 * time.Second)); n != 1 || bpm != 0 {
		t.Errorf("after a pause: %v from %d taps", bpm, n)
	}
}

func TestEventsTellOfChangesAndCloseEndsThem(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	sub := a.Subscribe()
	var mu sync.Mutex
	seen := map[string]int{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range sub.C() {
			mu.Lock()
			seen[fmt.Sprintf("%T", e)]++
			mu.Unlock()
		}
	}()
	rows := seed(t, a, 1)
	if err := a.SetRating(ctx, rows, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := a.NewKit(ctx, "K"); err != nil {
		t.Fatal(err)
	}
	if err := a.UpdateSettings(func(s *settings.Settings) { s.Playback.Volume = 0.3 }); err != nil {
		t.Fatal(err)
	}
	a.Stop()
	a.Tell(event.Info, "hello %d", 1)
	for _, want := range []string{"event.LibraryChanged", "event.HistoryChanged", "event.KitChanged", "event.KitsChanged", "event.SettingsChanged", "event.TransportChanged", "event.Message"} {
		eventually(t, want, func() bool { mu.Lock(); defer mu.Unlock(); return seen[want] > 0 })
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
}

func TestTwoProgramsOnOneLibrary(t *testing.T) {
	ctx := context.Background()
	f := folders(t)
	a := open(t, Options{Folders: f, Background: true})
	rows := seed(t, a, 1)
	b := open(t, Options{Folders: f})
	sub := a.Subscribe()
	defer sub.Close()
	// What changes before the first look is part of what later looks are compared with, so there
	// is one edit after the other.
	edit, bpm, deadline := time.NewTicker(pollEvery), 77.0, time.After(2*time.Minute)
	defer edit.Stop()
	for {
		select {
		case e := <-sub.C():
			if c, ok := e.(event.LibraryChanged); ok && c.Many {
				if got := sampleOf(t, a, rows[0]).BPM; got < 77 || got > bpm {
					t.Errorf("tempo %v", got)
				}
				return
			}
		case <-edit.C:
			if err := b.SetTempo(ctx, rows, bpm); err != nil {
				t.Fatal(err)
			}
			bpm++
		case <-deadline:
			t.Fatal("the other program's edit was not seen")
		}
	}
}
