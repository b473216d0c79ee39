package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/labset"
	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// speed measures the ear beside other programs on the same sounds in one run and writes the table.
func speed(out string) error {
	dir, err := labset.Find()
	if err != nil {
		return err
	}
	items, err := labset.Load(dir)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "ear-speed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	var bufs []*pcm.Buffer
	var paths []string
	seconds := 0.0
	one := &pcm.Buffer{Rate: 44100, Channels: 1}
	for _, it := range items {
		b, err := it.Read()
		if err != nil {
			return err
		}
		bufs = append(bufs, b)
		paths = append(paths, filepath.Join(dir, it.Path))
		seconds += b.Seconds()
		one.Samples = append(one.Samples, b.Samples...)
	}
	joined := filepath.Join(tmp, "all.wav")
	if err := writeWAV(joined, one); err != nil {
		return err
	}

	var t strings.Builder
	fmt.Fprintf(&t, "# The ear\n\nWritten by `go run ./audio/analysis/eval -speed build/ear-speed.md` on %s, %d cores, %s. The sounds are the %d files of the labelled development set, %.0f s. Speed is seconds of sound per second of processor time: other work on the machine does not flatter or hurt it.\n\n", cpu(), runtime.NumCPU(), runtime.Version(), len(items), seconds)
	t.WriteString("| what | times real time, per core | |\n| --- | --- | --- |\n")
	row := func(what string, used time.Duration, note string) float64 {
		x := seconds / used.Seconds()
		fmt.Fprintf(&t, "| %s | %.0f | %s |\n", what, x, note)
		return x
	}
	// Once for warmth, then the full result, decoding excluded and included.
	hear := func(worker, workers int) error {
		for i := worker; i < len(bufs); i += workers {
			if _, err := analysis.Analyze(context.Background(), bufs[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := hear(0, 1); err != nil {
		return err
	}
	runtime.GC()
	used, err := processor(func() error { return hear(0, 1) })
	if err != nil {
		return err
	}
	ours := row("the full Result, decoding excluded", used, "tempo, key, loudness, onsets, spectral, MFCC, chroma, class, embedding")
	used, err = processor(func() error {
		for _, p := range paths {
			if _, _, err := analysis.File(context.Background(), p, analysis.Options{SoundOnly: true}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	row("the full Report of FLAC files", used, "reading, hashing and decoding included")
	for _, tool := range []struct{ name, note, line string }{
		{"aubio tempo", "tempo only, reading the WAV included", "aubio tempo " + joined},
		{"aubio onset", "onsets only", "aubio onset " + joined},
		{"aubio pitch", "pitch only", "aubio pitch " + joined},
		{"bpm (bpm-tools)", "tempo only, raw floats by sox", "sox " + joined + " -t raw -r 44100 -e float -c 1 - | bpm"},
		{"ffmpeg decoding alone", "of the joined WAV", "ffmpeg -v error -i " + joined + " -f null -"},
	} {
		if _, err := exec.LookPath(strings.Fields(tool.line)[0]); err != nil {
			continue
		}
		used, err := child(tool.line)
		if err != nil {
			fmt.Fprintf(&t, "| %s | could not run: %v | |\n", tool.name, err)
			continue
		}
		x := row(tool.name, used, tool.note)
		if strings.HasPrefix(tool.name, "aubio tempo") {
			fmt.Fprintf(&t, "| ratio of the full Result to aubio's tempo alone | %.2f | |\n", ours/x)
		}
	}
	t.WriteString("\nPublished figures on a like machine, for scale: librosa's comparable pass 20, its tempo alone 424, Essentia degara 24 (WebAssembly), libKeyFinder's key alone 747.\n\n")

	// Cores: the same work by one worker and by two, wall time, best of three.
	wall := func(workers int) (time.Duration, error) {
		best := time.Duration(math.MaxInt64)
		for range 3 {
			began := time.Now()
			var wg sync.WaitGroup
			var next atomic.Int64
			errs := make([]error, workers)
			for w := range workers {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for errs[w] == nil {
						i := int(next.Add(1)) - 1
						if i >= len(bufs) {
							return
						}
						_, errs[w] = analysis.Analyze(context.Background(), bufs[i])
					}
				}()
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil {
					return 0, err
				}
			}
			best = min(best, time.Since(began))
		}
		return best, nil
	}
	w1, err := wall(1)
	if err != nil {
		return err
	}
	w2, err := wall(2)
	if err != nil {
		return err
	}
	fmt.Fprintf(&t, "| | |\n| --- | --- |\n| the data set by one worker, wall time | %.2f s |\n| by two | %.2f s, %.2f times as fast |\n", w1.Seconds(), w2.Seconds(), w1.Seconds()/w2.Seconds())
	n, err := oneShots(tmp, items, bufs)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := files(n, 2); err != nil {
		return err
	}
	fmt.Fprintf(&t, "| 1,000 one-shots of 0.3 s, WAV files, decoding included, two workers, wall time | %.2f s |\n", time.Since(began).Seconds())
	for _, long := range []struct {
		name    string
		minutes int
	}{{"peak memory of the program for a 5-minute stereo file", 5}, {"for a one-hour stereo file", 60}} {
		p := filepath.Join(tmp, "long.wav")
		if err := writeLong(p, one, long.minutes); err != nil {
			return err
		}
		mb, took, err := memory(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(&t, "| %s | %.0f MB, %.1f s |\n", long.name, mb, took)
	}
	if out == "-" {
		fmt.Print(t.String())
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, []byte(t.String()), 0o644)
}

func writeWAV(path string, b *pcm.Buffer) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := codec.EncodeWAV(f, b, codec.WAVOptions{PCMOptions: codec.PCMOptions{Bits: 16}}); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// writeLong repeats a sound in stereo for so many minutes, without holding it all in memory.
func writeLong(path string, b *pcm.Buffer, minutes int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	frames := minutes * 60 * b.Rate
	head := make([]byte, 44)
	copy(head, "RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00")
	le := func(at int, v int) {
		head[at], head[at+1], head[at+2], head[at+3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
	le(4, 36+frames*4)
	le(24, b.Rate)
	le(28, b.Rate*4)
	head[32], head[34] = 4, 16
	copy(head[36:], "data")
	le(40, frames*4)
	if _, err := f.Write(head); err != nil {
		return err
	}
	var part bytes.Buffer
	for i := range frames {
		v := int16(b.Samples[i%len(b.Samples)] * 32767)
		part.Write([]byte{byte(v), byte(v >> 8), byte(v), byte(v >> 8)})
		if part.Len() > 1<<20 || i == frames-1 {
			if _, err := f.Write(part.Bytes()); err != nil {
				return err
			}
			part.Reset()
		}
	}
	return nil
}

// oneShots writes a thousand hits of 0.3 s.
func oneShots(dir string, items []labset.Item, bufs []*pcm.Buffer) ([]string, error) {
	var paths []string
	for k := 0; len(paths) < 1000; k++ {
		i := k % len(items)
		if items[i].Kind != "one-shot" {
			continue
		}
		n := int(0.3 * float64(bufs[i].Rate))
		b := &pcm.Buffer{Rate: bufs[i].Rate, Channels: 1, Samples: make([]float32, n)}
		copy(b.Samples, bufs[i].Samples)
		b.Samples[n-1] = float32(k) / 65536 // no two files alike
		p := filepath.Join(dir, fmt.Sprintf("hit-%04d.wav", len(paths)))
		if err := writeWAV(p, b); err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, nil
}

func files(paths []string, workers int) error {
	var wg sync.WaitGroup
	var next atomic.Int64
	errs := make([]error, workers)
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(paths) {
					return
				}
				_, _, errs[w] = analysis.File(context.Background(), paths[i], analysis.Options{SoundOnly: true})
			}
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// memory hears one file in a process of its own and reads its peak.
func memory(path string) (mb, seconds float64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	b, err := exec.Command(self, "-hear", path).Output()
	if err != nil {
		return 0, 0, fmt.Errorf("%s -hear: %w", self, err)
	}
	_, err = fmt.Sscan(string(b), &mb, &seconds)
	return mb, seconds, err
}

// hearOne prints the peak resident memory in MB and the seconds it took to hear one file.
func hearOne(path string) error {
	began := time.Now()
	if _, _, err := analysis.File(context.Background(), path, analysis.Options{SoundOnly: true}); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for _, l := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(l, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(v)[0], 64)
			if err != nil {
				return err
			}
			fmt.Printf("%.1f %.2f\n", kb/1024, took)
		}
	}
	return nil
}
