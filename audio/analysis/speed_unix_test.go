//go:build unix

package analysis

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sampleagent/audio/analysis/internal/labset"
	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// cpuTime is the processor time of this process so far, or of its ended children. On a machine
// that others use too it says what the clock cannot.
func cpuTime(tb testing.TB, who int) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// labelled is the development set: paths, decoded sounds, and their length in seconds.
func labelled(b *testing.B) (paths []string, sounds []*pcm.Buffer, seconds float64) {
	b.Helper()
	dir, err := labset.Find()
	if err != nil {
		b.Skip(err)
	}
	items, err := labset.Load(dir)
	if err != nil {
		b.Skip(err)
	}
	for _, it := range items {
		buf, err := it.Read()
		if err != nil {
			b.Fatal(err)
		}
		paths = append(paths, filepath.Join(dir, it.Path))
		sounds = append(sounds, buf)
		seconds += buf.Seconds()
	}
	return paths, sounds, seconds
}

// BenchmarkEar is the full Result over the whole development set on one core, in seconds of
// sound per second of processor time ("x"): analysed only, and with decoding.
func BenchmarkEar(b *testing.B) {
	paths, sounds, seconds := labelled(b)
	run := func(name string, one func(i int) error) {
		b.Run(name, func(b *testing.B) {
			before := cpuTime(b, syscall.RUSAGE_SELF)
			for b.Loop() {
				for i := range sounds {
					if err := one(i); err != nil {
						b.Fatal(err)
					}
				}
			}
			used := cpuTime(b, syscall.RUSAGE_SELF) - before
			b.ReportMetric(seconds*float64(b.N)/used.Seconds(), "x")
		})
	}
	run("analyse", func(i int) error {
		_, err := Analyze(context.Background(), sounds[i])
		return err
	})
	run("decode-and-analyse", func(i int) error {
		clip, err := codec.DecodeFile(context.Background(), paths[i], codec.Limits{})
		if err != nil {
			return err
		}
		_, err = Analyze(context.Background(), &clip.Audio)
		return err
	})
}

// BenchmarkPeers runs what the system has of the peers' single answers over the same sounds, those
// of 44.1 kHz joined into one file so that starting a process does not count: aubio's tempo alone and
// that of bpm-tools, reading the file included.
func BenchmarkPeers(b *testing.B) {
	_, sounds, _ := labelled(b)
	all := &pcm.Buffer{Rate: 44100, Channels: 1}
	for _, s := range sounds {
		if s.Rate == all.Rate {
			all.Samples = append(all.Samples, s.Mono(nil)...)
		}
	}
	path := filepath.Join(b.TempDir(), "all.wav")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := codec.EncodeWAV(f, all, codec.WAVOptions{}); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	for _, peer := range []struct{ program, line string }{
		{"aubiotrack", `aubiotrack -i "$1"`},
		{"bpm", `sox "$1" -t raw -r 44100 -e float -c 1 - | bpm`},
	} {
		b.Run(peer.program, func(b *testing.B) {
			if _, err := exec.LookPath(peer.program); err != nil {
				b.Skip(err)
			}
			before := cpuTime(b, syscall.RUSAGE_CHILDREN)
			n := 0
			for b.Loop() {
				if out, err := exec.Command("sh", "-c", peer.line, "sh", path).Output(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
				n++
			}
			used := cpuTime(b, syscall.RUSAGE_CHILDREN) - before
			b.ReportMetric(all.Seconds()*float64(n)/used.Seconds(), "x")
		})
	}
}

// together does n things on so many workers and gives the time by the clock.
func together(b *testing.B, workers, n int, one func(i int) error) time.Duration {
	b.Helper()
	began := time.Now()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := one(i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

// BenchmarkTwoCores compares one worker with two on the development set, by the clock.
func BenchmarkTwoCores(b *testing.B) {
	_, sounds, _ := labelled(b)
	hear := func(i int) error {
		_, err := Analyze(context.Background(), sounds[i])
		return err
	}
	var one, two time.Duration
	for b.Loop() {
		one += together(b, 1, len(sounds), hear)
		two += together(b, 2, len(sounds), hear)
	}
	b.ReportMetric(one.Seconds()/two.Seconds(), "times-one-core")
}

// BenchmarkThousandOneShots analyses a thousand files of 0.3 s, as a library has them, with opening, hashing and
// decoding: seconds by the clock with two workers, and of processor time.
func BenchmarkThousandOneShots(b *testing.B) {
	_, sounds, _ := labelled(b)
	for name, encode := range map[string]func(io.Writer, *pcm.Buffer) error{
		"wav":  func(w io.Writer, s *pcm.Buffer) error { return codec.EncodeWAV(w, s, codec.WAVOptions{}) },
		"flac": func(w io.Writer, s *pcm.Buffer) error { return codec.EncodeFLAC(w, s, codec.FLACOptions{}) },
	} {
		b.Run(name, func(b *testing.B) {
			var paths []string
			dir := b.TempDir()
			for i := range 1000 {
				s := sounds[i%len(sounds)]
				n := min(s.Rate*3/10, s.Frames())
				f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.%s", i, name)))
				if err != nil {
					b.Fatal(err)
				}
				if err := encode(f, &pcm.Buffer{Rate: s.Rate, Channels: s.Channels, Samples: s.Samples[:n*s.Channels]}); err != nil {
					b.Fatal(err)
				}
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
				paths = append(paths, f.Name())
			}
			before := cpuTime(b, syscall.RUSAGE_SELF)
			var clock time.Duration
			for b.Loop() {
				clock += together(b, 2, len(paths), func(i int) error {
					_, _, err := File(context.Background(), paths[i], Options{})
					return err
				})
			}
			used := cpuTime(b, syscall.RUSAGE_SELF) - before
			b.ReportMetric(clock.Seconds()/float64(b.N), "clock-s")
			b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s")
		})
	}
}
