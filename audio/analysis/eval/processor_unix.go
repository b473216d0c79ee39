//go:build unix

package main

import (
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// processor is the processor time of this process that f takes.
func processor(f func() error) (time.Duration, error) {
	var a, b syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &a); err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &b); err != nil {
		return 0, err
	}
	return spent(&b) - spent(&a), nil
}

func spent(r *syscall.Rusage) time.Duration {
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// child is the processor time of a shell line.
func child(line string) (time.Duration, error) {
	c := exec.Command("sh", "-c", line)
	c.Stdout = io.Discard
	if err := c.Run(); err != nil {
		return 0, err
	}
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime(), nil
}

// cpu names the processor as the system does.
func cpu() string {
	b, err := exec.Command("sh", "-c", "grep -m1 'model name' /proc/cpuinfo | cut -d: -f2").Output()
	if err != nil {
		return "an unnamed processor"
	}
	return strings.TrimSpace(string(b))
}
