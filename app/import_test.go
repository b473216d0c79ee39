package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sampleagent/app/settings"
	"sampleagent/app/task"
	"sampleagent/library/catalog"
	"sampleagent/library/ingest"
	"sampleagent/library/search"
)

// finish waits for a task.
func finish(t *testing.T, a *App, id task.ID) task.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	st, err := a.WaitTask(ctx, id)
	if err != nil {
		t.Fatalf("%v; the task is %s at %d of %d", err, st.State, st.Done, st.Total)
	}
	return st
}

func count(t *testing.T, a *App) catalog.Counts {
	t.Helper()
	c, err := a.Counts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnImportIsATaskThatListsItsFailures(t *testing.T) {
	a := open(t, Options{})
	dir := t.TempDir()
	for i := range 5 {
		tone(t, filepath.Join(dir, fmt.Sprintf("%d.wav", i)), 0.3, 200+float64(i))
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.wav"), []byte("RIFF and no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	id, err := a.Import(dir)
	if err != nil {
		t.Fatal(err)
	}
	st := finish(t, a, id)
	if st.State != task.Done || st.Total != 6 || st.Done != 6 || st.FailureCount != 1 || !strings.HasSuffix(st.Failures[0].Item, "broken.wav") || st.Failures[0].Reason == "" {
		t.Errorf("%+v", st)
	}
	if st.Summary != "5 added, 1 could not be read." {
		t.Errorf("summary %q", st.Summary)
	}
	if c := count(t, a); c.Analysed != 5 || c.Failed != 1 {
		t.Errorf("%+v", c)
	}
	again, err := a.Import(dir)
	if err != nil {
		t.Fatal(err)
	}
	if st := finish(t, a, again); !strings.HasPrefix(st.Summary, "5 unchanged") && !strings.HasPrefix(st.Summary, "6 unchanged") {
		t.Errorf("the second time: %q", st.Summary)
	}
	if _, err := a.Import(); err == nil {
		t.Error("nothing was imported without a word")
	}
}

func TestAnImportGoesOnAtTheNextStartUnlessItWasCancelled(t *testing.T) {
	ctx := context.Background()
	f := folders(t)
	a := open(t, Options{Folders: f})
	if err := a.UpdateSettings(func(s *settings.Settings) { s.Library.Jobs = 1 }); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const n = 30
	for i := range n {
		tone(t, filepath.Join(dir, fmt.Sprintf("%02d.wav", i)), 4, 100+10*float64(i))
	}
	id, err := a.Import(dir)
	if err != nil {
		t.Fatal(err)
	}
	// All are listed before they are heard.
	eventually(t, "all listed", func() bool { return count(t, a).Total == n })
	a.PauseTask(id)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = open(t, Options{Folders: f, Background: true})
	eventually(t, "the import goes on", func() bool { return len(a.Tasks()) > 0 })
	for _, st := range a.Tasks() {
		finish(t, a, st.ID)
	}
	if c := count(t, a); c.Analysed != n {
		t.Errorf("after the second start: %+v", c)
	}

	more := t.TempDir()
	for i := range n {
		tone(t, filepath.Join(more, fmt.Sprintf("%02d.wav", i)), 4, 500+10*float64(i))
	}
	if id, err = a.Import(more); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all listed", func() bool { return count(t, a).Total == 2*n })
	a.CancelTask(id)
	if st := finish(t, a, id); st.State != task.Cancelled {
		t.Errorf("cancelled: %s, %s", st.State, st.Err)
	}
	if open, err := ingest.Unfinished(ctx, a.db); err != nil || len(open) > 0 {
		t.Errorf("a cancelled import would go on: %v %v", open, err)
	}
	if c := count(t, a); c.Total != 2*n {
		t.Errorf("what was listed is gone: %+v", c)
	}
}

func TestPreferencesOfImportsAct(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	dir := filepath.Join(t.TempDir(), "Vinyl")
	tone(t, filepath.Join(dir, "drums", "a.wav"), 0.3, 300)
	tone(t, filepath.Join(dir, "drums", "same as a.wav"), 0.3, 300)
	managed := filepath.Join(t.TempDir(), "managed")
	err := a.UpdateSettings(func(s *settings.Settings) {
		s.Library = settings.Library{CopyImports: true, ManagedFolder: managed, FolderTags: true, SkipDuplicates: true}
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := a.Import(dir)
	if err != nil {
		t.Fatal(err)
	}
	st := finish(t, a, id)
	rows, err := a.Search(ctx, "", search.Sort{})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d samples (%v): %s", len(rows), err, st.Summary)
	}
	s := sampleOf(t, a, rows[0])
	if !strings.HasPrefix(s.Path, managed) || fmt.Sprint(s.Tags) != "[drums Vinyl]" {
		t.Errorf("%s %v", s.Path, s.Tags)
	}
}

func TestWatchedFoldersBringInWhatAppears(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{Background: true})
	dir := t.TempDir()
	tone(t, filepath.Join(dir, "there.wav"), 0.2, 300)
	if err := a.Watch(ctx, dir); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what was there", func() bool { return count(t, a).Analysed == 1 })
	tone(t, filepath.Join(dir, "later", "deep", "new.wav"), 0.2, 400)
	deadline := time.Now().Add(2 * time.Minute)
	for count(t, a).Analysed != 2 {
		if time.Now().After(deadline) {
			t.Fatalf("a new file did not come in: %+v, tasks %+v", count(t, a), a.Tasks())
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := a.Unwatch(ctx, dir); err != nil || len(a.WatchedFolders()) != 0 {
		t.Errorf("%v %v", err, a.WatchedFolders())
	}
	if err := a.Unwatch(ctx, dir); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("unwatched twice: %v", err)
	}
	if err := a.Watch(ctx, filepath.Join(dir, "there.wav")); err == nil {
		t.Error("a file is watched as a folder")
	}
}

func TestTheFirstStartImportsTheDemoSounds(t *testing.T) {
	f := folders(t)
	data, err := os.ReadFile(tone(t, filepath.Join(t.TempDir(), "x.wav"), 0.2, 220))
	if err != nil {
		t.Fatal(err)
	}
	demo := fstest.MapFS{"drums/kick.wav": {Data: data}, "broken.wav": {Data: []byte("RIFF")}}
	a := open(t, Options{Folders: f, Background: true, Demo: demo})
	eventually(t, "the demo", func() bool { c := count(t, a); return c.Analysed == 1 && c.Failed == 1 })
	for _, st := range a.Tasks() { // an import that was stopped before its end would go on
		finish(t, a, st.ID)
	}
	if err := a.Remove(t.Context(), []catalog.Row{1, 2}); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = open(t, Options{Folders: f, Background: true, Demo: demo})
	time.Sleep(50 * time.Millisecond)
	if c := count(t, a); c.Total != 0 {
		t.Errorf("sounds that were removed came back: %+v", c)
	}
	id, err := a.ImportDemo() // when asked for
	if err != nil {
		t.Fatal(err)
	}
	finish(t, a, id)
	if c := count(t, a); c.Analysed != 1 {
		t.Errorf("%+v", c)
	}
}
