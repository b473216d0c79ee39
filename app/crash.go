package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"
)

const (
	crashFile   = "crash.txt"
	mostCrashes = 5
)

// CatchCrashes makes the Go runtime write every crash of this process, of any goroutine, to a
// file in folder as well as to standard error. It belongs on the first line of main. When an
// earlier run has crashed, its report is kept under its own name, and found names it.
func CatchCrashes(folder string) (found string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(folder, crashFile)
	if fi, err := os.Stat(path); err == nil && fi.Size() > 0 {
		kept := filepath.Join(folder, fi.ModTime().Format("crash-20060102-150405.000.txt"))
		if err := os.Rename(path, kept); err == nil {
			found = kept
		}
		forgetOldCrashes(folder)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return found, err
	}
	// The runtime duplicates the file; ours is no longer needed.
	return found, errors.Join(debug.SetCrashOutput(f, debug.CrashOptions{}), f.Close())
}

func forgetOldCrashes(folder string) {
	old, _ := filepath.Glob(filepath.Join(folder, "crash-*.txt"))
	slices.Sort(old)
	for len(old) > mostCrashes {
		_ = os.Remove(old[0]) // a report too many harms nobody
		old = old[1:]
	}
}

// CrashNotice is what a person is told about a crash of an earlier run.
func CrashNotice(report string) string {
	fi, err := os.Stat(report)
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return ""
	}
	return fmt.Sprintf("Sample Agent ended unexpectedly on %s. The report is in %s.", fi.ModTime().Format(time.DateTime), report)
}
