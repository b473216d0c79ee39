package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sampleagent/audio/codec/codectest"
)

// program builds the real program once, as make build does.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sample-agent-test")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "sample-agent")
	cmd := exec.Command("go", "build", "-tags", "sqlite_fts5,migrated_fynedo", "-o", bin, "./testdata/program")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return bin, nil
})

// start prepares the real program with folders of its own.
func start(t *testing.T, home string, args ...string) *exec.Cmd {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("signals are those of Unix")
	}
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "XDG_STATE_HOME="+home, "XDG_CACHE_HOME="+home)
	return cmd
}

func TestCtrlCStopsAnalyzeCleanly(t *testing.T) {
	dir := t.TempDir()
	for i := range 60 {
		codectest.WAV(t, filepath.Join(dir, fmt.Sprintf("%03d.wav", i)), clicks(8, 120))
	}
	cmd := start(t, t.TempDir(), "analyze", "--json", "--jobs", "1", dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("status %d (%v): %s", code, err, errs.String())
	}
	if !strings.Contains(errs.String(), "stopped") {
		t.Errorf("it says %q", errs.String())
	}
	all := first + string(rest)
	if !strings.HasSuffix(all, "\n") || strings.Count(all, "\n") >= 60 {
		t.Errorf("%d lines, the last one whole: %v", strings.Count(all, "\n"), strings.HasSuffix(all, "\n"))
	}
	for _, o := range objects(t, result{out: all}) {
		if o["ok"] != true {
			t.Errorf("a file that was under way was printed as a failure: %v", o["error"])
		}
	}
}

func TestAFullDiskIsSaid(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	dir := messy(t)
	cmd := start(t, t.TempDir(), "analyze", "--json", filepath.Join(dir, "drums"))
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &errs
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(errs.String(), "no space left") {
		t.Errorf("status %d: %s", code, errs.String())
	}
}

// soundsIn writes n sounds that take a while to hear.
func soundsIn(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		codectest.WAV(t, filepath.Join(dir, fmt.Sprintf("%03d.wav", i)), clicks(6, 90+float64(i)))
	}
	return dir
}

func TestAnImportStoppedByCtrlCOrKilledGoesOnWhereItWas(t *testing.T) {
	const n = 60
	dir, home := soundsIn(t, n), t.TempDir()
	library := filepath.Join(home, "library.db")
	ids := map[string]string{}
	for round, sig := range []os.Signal{syscall.SIGINT, syscall.SIGKILL} {
		cmd := start(t, home, "import", "--json", "--library", library, dir)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		var seen bytes.Buffer
		for i := 0; lines.Scan(); i++ {
			seen.WriteString(lines.Text() + "\n")
			if i == 20*round { // the second round has unchanged files to pass over first
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
		if sig == syscall.SIGINT {
			if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(errs.String(), "stopped") {
				t.Errorf("status %d: %s", code, errs.String())
			}
			for _, o := range objects(t, result{out: seen.String()}) {
				ids[o["path"].(string)] = o["id"].(string)
			}
		}
	}
	cmd := start(t, home, "import", "--json", "--library", library, dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	got := objects(t, result{out: string(out)})
	if len(got) != n {
		t.Errorf("%d of %d files", len(got), n)
	}
	seen := map[string]bool{}
	for _, o := range got {
		path, id := o["path"].(string), o["id"].(string)
		if seen[path] || o["ok"] != true {
			t.Errorf("%s: twice or not ok", path)
		}
		seen[path] = true
		if was, known := ids[path]; known && was != id {
			t.Errorf("%s had id %s and has %s now", path, was, id)
		}
	}
	if len(ids) == 0 || len(ids) == n {
		t.Logf("the first round printed %d files", len(ids))
	}
	check := start(t, home, "doctor", "--json", "--library", library)
	raw, _ := check.Output()
	if !strings.Contains(string(raw), fmt.Sprintf("sound, %d samples (0 unreadable", n)) {
		t.Errorf("the library after all this: %s", raw)
	}
}

func TestTwoImportsAtOnceIntoOneLibrary(t *testing.T) {
	const n = 12
	home := t.TempDir()
	library := filepath.Join(home, "library.db")
	dirs := []string{soundsIn(t, n), soundsIn(t, n)}
	var wg sync.WaitGroup
	for _, args := range [][]string{
		{"import", "--library", library, dirs[0]}, {"import", "--library", library, dirs[1]},
		{"import", "--library", library, dirs[0], dirs[1]}, {"kit", "new", "--library", library, "K"},
	} {
		cmd := start(t, home, args...)
		wg.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", args, err, out)
			}
		})
	}
	wg.Wait()
	out, err := start(t, home, "search", "--json", "--library", library, "").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := objects(t, result{out: string(out)})
	if len(all) != 2*n {
		t.Errorf("%d samples, want %d", len(all), 2*n)
	}
	for _, o := range all {
		if o["ok"] != true || o["duration"] == nil {
			t.Errorf("%v: %v %v", o["path"], o["ok"], o["error"])
		}
	}
}

func TestAFullDiskEndsAnImportWithAReason(t *testing.T) {
	small := smallDisk(t, "300k")
	cmd := start(t, t.TempDir(), "import", "--library", filepath.Join(small, "library.db"), soundsIn(t, 40))
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), "disk is full") {
		t.Errorf("status %d: %s", code, out)
	}
}
