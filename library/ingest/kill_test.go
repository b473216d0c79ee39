//go:build (sqlite_fts5 || fts5) && unix

package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/codec"
	"sampleagent/library/catalog"
)

const (
	childLibrary = "SAMPLE_AGENT_TEST_CHILD_LIBRARY"
	childRoot    = "SAMPLE_AGENT_TEST_CHILD_ROOT"
	childLog     = "SAMPLE_AGENT_TEST_CHILD_LOG"
	childKiller  = "SAMPLE_AGENT_TEST_CHILD_KILLER" // a file that ends the program when it is read
)

// TestMain lets the test binary be the program that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(childLibrary); path != "" {
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child imports, and notes each file it begins to hear.
func child(path string) error {
	ctx := context.Background()
	db, err := catalog.Open(ctx, path)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(os.Getenv(childLog), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = Run(ctx, db, []string{os.Getenv(childRoot)}, Options{Workers: 2, Analyse: func(ctx context.Context, path string, o analysis.Options) (*analysis.Report, *codec.Tags, error) {
		if _, err := fmt.Fprintln(log, path); err != nil {
			return nil, nil, err
		}
		if filepath.Base(path) == os.Getenv(childKiller) {
			os.Exit(3)
		}
		time.Sleep(5 * time.Millisecond)
		return analysis.File(ctx, path, o)
	}})
	if err != nil {
		return err
	}
	return db.Close()
}

func startChild(t *testing.T, library, root, log string, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childLibrary+"="+library, childRoot+"="+root, childLog+"="+log)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	return cmd
}

func logged(t *testing.T, log string) []string {
	t.Helper()
	b, err := os.ReadFile(log)
	if os.IsNotExist(err) {
		return nil
	}
	must(t, err)
	return strings.Fields(string(b))
}

// TestKilledAgainAndAgainNothingIsLostOrRepeated kills a real program in the middle of an import
// until one comes through.
func TestKilledAgainAndAgainNothingIsLostOrRepeated(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	const files = 250
	for i := range files {
		write(t, filepath.Join(root, fmt.Sprintf("%02d", i%7), fmt.Sprintf("%03d.wav", i)), wav(i))
	}
	library := filepath.Join(dir, "library.db")
	ids := map[string]string{}    // by path: never change once given
	finished := map[string]bool{} // analysed in an earlier round
	rng := rand.New(rand.NewPCG(5, 6))
	kills := 0
	for round := 0; ; round++ {
		if round > 60 {
			t.Fatal("no import came through")
		}
		log := filepath.Join(dir, fmt.Sprintf("log%d", round))
		cmd := startChild(t, library, root, log)
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		var err error
		through := false
		// Killed a moment after it has begun some files, so that a busy machine gets on as well.
		for files := rng.IntN(60); err == nil && !through && len(logged(t, log)) < files; {
			select {
			case err = <-ended:
				through = true
			case <-time.After(5 * time.Millisecond):
			}
		}
		if !through {
			select {
			case err = <-ended:
				through = true
			case <-time.After(time.Duration(rng.IntN(100)) * time.Millisecond):
				if kerr := cmd.Process.Kill(); !errors.Is(kerr, os.ErrProcessDone) {
					must(t, kerr)
				}
				if err = <-ended; err == nil { // it was done just before
					through = true
				} else {
					kills++
				}
			}
		}
		for _, path := range logged(t, log) {
			if finished[path] {
				t.Errorf("round %d: %s was analysed again", round, path)
			}
		}
		db, oerr := catalog.Open(t.Context(), library)
		must(t, oerr)
		rows, rerr := db.All(t.Context())
		must(t, rerr)
		samples, serr := db.Samples(t.Context(), rows)
		must(t, serr)
		paths := map[string]bool{}
		for _, s := range samples {
			if paths[s.Path] {
				t.Errorf("%s is there twice", s.Path)
			}
			paths[s.Path] = true
			if id, ok := ids[s.Path]; ok && id != s.ID {
				t.Errorf("%s has another id than before", s.Path)
			}
			ids[s.Path] = s.ID
			if s.State == catalog.Failed {
				t.Errorf("%s failed: %s", s.Path, s.Error)
			}
			if s.State == catalog.Analysed {
				finished[s.Path] = true
			}
		}
		for path := range ids {
			if !paths[path] {
				t.Errorf("round %d: %s is lost", round, path)
			}
		}
		if bad, err := db.IntegrityCheck(t.Context()); err != nil || len(bad) > 0 {
			t.Errorf("round %d: %v, %v", round, bad, err)
		}
		must(t, db.Close())
		if through {
			must(t, err)
			break
		}
	}
	if len(finished) != files {
		t.Errorf("%d of %d files are analysed", len(finished), files)
	}
	if kills < 3 {
		t.Errorf("only %d kills: the test shows nothing", kills)
	}
	t.Logf("%d kills", kills)
}

// TestAFileThatEndsTheProgramIsGivenUp and costs no other file its analysis.
func TestAFileThatEndsTheProgramIsGivenUp(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	for i := range 12 {
		write(t, filepath.Join(root, fmt.Sprintf("%02d.wav", i)), wav(i))
	}
	library := filepath.Join(dir, "library.db")
	rounds := 0
	for ; rounds <= hopelessTries; rounds++ {
		if err := startChild(t, library, root, filepath.Join(dir, "log"), childKiller+"=03.wav").Wait(); err == nil {
			break
		}
	}
	db := openAt(t, library)
	c, err := db.Counts(t.Context())
	if err != nil || c != (catalog.Counts{Total: 12, Analysed: 11, Failed: 1}) {
		t.Errorf("after %d rounds: %+v, %v", rounds, c, err)
	}
	s, err := db.SampleByPath(t.Context(), filepath.Join(root, "03.wav"))
	if err != nil || !strings.Contains(s.Error, "the program ended 5 times") {
		t.Errorf("%+v, %v", s, err)
	}
}
