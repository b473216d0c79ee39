package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sampleagent/sync/session"
)

func open(t *testing.T, path string) (*Store, []string) {
	t.Helper()
	st, notices, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return st, notices
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNoFileMeansDefaultsAndWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "settings.toml")
	st, notices := open(t, path)
	if d := cmp.Diff(Default(), st.Get()); d != "" || len(notices) != 0 {
		t.Errorf("%v\n%s", notices, d)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("opening made a file")
	}
}

func TestEveryValueComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "settings.toml")
	st, _ := open(t, path)
	err := st.Update(func(s *Settings) {
		*s = Settings{
			Library:  Library{File: "/x/y.db", CopyImports: true, ManagedFolder: "/m", FolderTags: true, SkipDuplicates: true, Jobs: 3},
			Playback: Playback{AutoPlay: false, Loop: true, LoopLoops: false, Volume: 0.25, FollowTempo: true, SessionTempo: 93.5, FollowKey: true, SessionKey: "F# minor"},
			Search:   Search{Sort: "bpm", Descending: true, Recent: 5, Past: []string{"kick \"punchy\"", "äöü"}},
			Card:     Card{Format: "aiff", Dir: "/media/card"},
			Cloud:    Cloud{Server: "https://example.test", Account: session.Account{Server: "https://a", ID: "1", Email: "a@x"}, Others: []session.Account{{Server: "https://b", ID: "2", Email: "b@x"}}, Paused: true, Machine: "m1"},
			Window:   Window{Width: 1000, Height: 700, FullScreen: true, Splits: map[string]float64{"main": 0.3}, Theme: "dark", Tab: "kit", Kit: "k1", Bank: 9},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	again, notices := open(t, path)
	if d := cmp.Diff(st.Get(), again.Get()); d != "" || len(notices) > 0 {
		t.Errorf("%v\n%s", notices, d)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".settings-*"))
	if len(left) > 0 {
		t.Errorf("temporary files left: %v", left)
	}
}

func TestKeysOfOthersAreKept(t *testing.T) {
	path := write(t, "future = 1\n[playback]\nvolume = 0.5\nsurround = true\n[window.splits]\nold = 0.4\n")
	st, notices := open(t, path)
	if len(notices) > 0 || st.Get().Playback.Volume != 0.5 {
		t.Fatalf("%v %+v", notices, st.Get().Playback)
	}
	if err := st.Update(func(s *Settings) {
		s.Playback.Volume = 0.6
		delete(s.Window.Splits, "old")
		s.Window.Splits["new"] = 0.7
	}); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(path)
	for _, want := range []string{"future = 1", "surround = true", "volume = 0.6", "new = 0.7"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the file lacks %q:\n%s", want, raw)
		}
	}
	if strings.Contains(string(raw), "old = ") {
		t.Errorf("a removed splitter is still there:\n%s", raw)
	}
}

func TestABrokenFileIsSetAside(t *testing.T) {
	path := write(t, "[playback\nvolume = 0.5\n")
	st, notices := open(t, path)
	if len(notices) != 1 || !strings.Contains(notices[0], "line 1") || !strings.Contains(notices[0], ".broken-") {
		t.Errorf("notices %q", notices)
	}
	if d := cmp.Diff(Default(), st.Get()); d != "" {
		t.Error(d)
	}
	aside, _ := filepath.Glob(path + ".broken-*")
	if len(aside) != 1 {
		t.Fatalf("set aside: %v", aside)
	}
	if raw, _ := os.ReadFile(aside[0]); !strings.Contains(string(raw), "[playback\n") {
		t.Errorf("it holds %q", raw)
	}
}

func TestOneWrongValueCostsOnlyItself(t *testing.T) {
	path := write(t, "[playback]\nvolume = \"loud\"\nsession_tempo = 900\nloop = true\n[library]\njobs = 2\nfolder_tags = 7\n")
	st, notices := open(t, path)
	got := st.Get()
	if got.Playback.Volume != 0.8 || got.Playback.SessionTempo != 90 || !got.Playback.Loop || got.Library.Jobs != 2 || got.Library.FolderTags {
		t.Errorf("%+v %+v", got.Playback, got.Library)
	}
	all := strings.Join(notices, "\n")
	for _, want := range []string{"playback.volume", "library.folder_tags", "playback.session_tempo is 900; it may be 40 to 200"} {
		if !strings.Contains(all, want) {
			t.Errorf("notices lack %q:\n%s", want, all)
		}
	}
}

func TestWhatIsOutOfRangeIsRefusedAndChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "settings.toml")
	st, _ := open(t, path)
	for name, change := range map[string]func(*Settings){
		"volume": func(s *Settings) { s.Playback.Volume = 1.5 },
		"tempo":  func(s *Settings) { s.Playback.SessionTempo = 20 },
		"format": func(s *Settings) { s.Card.Format = "mp3" },
		"theme":  func(s *Settings) { s.Window.Theme = "pink" },
		"jobs":   func(s *Settings) { s.Library.Jobs = -1 },
		"splits": func(s *Settings) { s.Window.Splits["x"] = 2 },
	} {
		if err := st.Update(change); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if d := cmp.Diff(Default(), st.Get()); d != "" {
		t.Error(d)
	}
}

func TestAFileThatCannotBeWrittenChangesNothing(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// The folder of the settings is a file: no system lets us write below it.
	st := &Store{path: filepath.Join(blocked, "settings.toml"), now: Default(), unknown: map[string]any{}}
	err := st.Update(func(s *Settings) { s.Playback.Volume = 0.1 })
	if err == nil || !strings.Contains(err.Error(), st.path) {
		t.Errorf("error %v", err)
	}
	if st.Get().Playback.Volume != 0.8 {
		t.Error("the value changed though it was not saved")
	}
}

func TestWhatGetGaveIsTheCallersOwn(t *testing.T) {
	st, _ := open(t, filepath.Join(t.TempDir(), "settings.toml"))
	st.Get().Window.Splits["mine"] = 0.5
	if len(st.Get().Window.Splits) != 0 {
		t.Error("a caller changed the store")
	}
}
