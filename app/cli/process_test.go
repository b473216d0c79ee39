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
		wav(t, filepath.Join(dir, fmt.Sprintf("%03d.wav", i)), clicks(8, 120))
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
	if took := time.Since(begun); took > 3*time.Second {
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
