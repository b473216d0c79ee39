//go:build unix

package dsp

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sampleagent/audio/pcm"
)

// BenchmarkResampleBesideSox converts ten seconds of 44.1 kHz stereo to 48 kHz and, in the same
// run, has sox do it at `rate -v`; the ratio is sox's time over ours. Both are processor times, and
// from sox's a run without conversion is taken off, so that reading and writing do not count.
func BenchmarkResampleBesideSox(b *testing.B) {
	src := &pcm.Buffer{Rate: 44100, Channels: 2, Samples: noise(2*10*44100, 1)}
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Resample(context.Background(), src, 48000); err != nil {
			b.Fatal(err)
		}
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	ours := time.Duration(after.Utime.Nano()-before.Utime.Nano()) / time.Duration(b.N)
	b.ReportMetric(10/ours.Seconds(), "x-realtime")
	sox, err := exec.LookPath("sox")
	if err != nil {
		return
	}
	raw := filepath.Join(b.TempDir(), "in.raw")
	const copies = 16 // so that starting the process does not count
	f, err := os.Create(raw)
	if err != nil {
		b.Fatal(err)
	}
	bytes := make([]byte, 4*len(src.Samples))
	for i, v := range src.Samples {
		u := math.Float32bits(v / 2)
		bytes[4*i], bytes[4*i+1], bytes[4*i+2], bytes[4*i+3] = byte(u), byte(u>>8), byte(u>>16), byte(u>>24)
	}
	for range copies {
		if _, err := f.Write(bytes); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	run := func(effect ...string) time.Duration {
		args := []string{"-t", "raw", "-r", "44100", "-c", "2", "-e", "float", "-b", "32", raw, "-t", "raw", "-e", "float", "-b", "32", "/dev/null"}
		cmd := exec.Command(sox, append(args, effect...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatal(fmt.Errorf("%w: %s", err, out))
		}
		return cmd.ProcessState.UserTime()
	}
	theirs := (run("rate", "-v", "48000") - run()) / copies
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "times-sox")
}
