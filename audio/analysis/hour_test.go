package analysis

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// repeated is a WAV file whose sound comes again and again.
type repeated struct {
	head, sound []byte
	size, at    int64
}

// repeat makes a file of so many times the sound, 16 bits, that takes the memory of once.
func repeat(t testing.TB, b *pcm.Buffer, times int) *repeated {
	t.Helper()
	var f bytes.Buffer
	if err := codec.EncodeWAV(&f, b, codec.WAVOptions{PCMOptions: codec.PCMOptions{Bits: 16}}); err != nil {
		t.Fatal(err)
	}
	file, bytesOnce := f.Bytes(), 2*len(b.Samples)
	from := bytes.Index(file, []byte("data")) + 8
	r := &repeated{head: bytes.Clone(file[:from]), sound: file[from : from+bytesOnce]}
	r.size = int64(from) + int64(bytesOnce)*int64(times)
	binary.LittleEndian.PutUint32(r.head[4:], uint32(r.size-8))
	binary.LittleEndian.PutUint32(r.head[from-4:], uint32(bytesOnce*times))
	return r
}

func (r *repeated) Read(p []byte) (n int, err error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.size-r.at)]
	for n < len(p) {
		if at := r.at - int64(len(r.head)); at < 0 {
			n += copy(p[n:], r.head[r.at:])
			r.at = int64(min(n, len(r.head)))
		} else {
			k := copy(p[n:], r.sound[at%int64(len(r.sound)):])
			n, r.at = n+k, r.at+int64(k)
		}
	}
	return n, nil
}

func (r *repeated) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("before the beginning")
	}
	r.at = offset
	return offset, nil
}

// hearHour hears an hour of a tune in windows and tells what was allocated for it, MB.
func hearHour(t testing.TB, rate, channels int) (*Result, float64) {
	t.Helper()
	s, err := codec.Open(repeat(t, tune(rate, channels, 8), 450), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p := new(pass)
	p.judge = builtin()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := p.stream(context.Background(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if want := int64(3600 * rate); s.Frames != want {
		t.Errorf("%d frames were heard of %d", s.Frames, want)
	}
	return r, float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20)
}

// An hour, at a rate at which it is quickly heard: it has a tempo, be it every second beat, and its key, and takes the memory of its curves
// (all of which count here, also what is freed again), not of its sound.
func TestAnHourIsHeardInWindows(t *testing.T) {
	if raced {
		t.Skip("pools lose things at random under the race detector, and one sound cannot race")
	}
	r, mb := hearHour(t, 8000, 1)
	checkFinite(t, r)
	if bpm := value(r.BPM); !(math.Abs(bpm-120) < 0.5 || math.Abs(bpm-60) < 0.5) || r.Key == nil || *r.Key != "A minor" || r.Kind == OneShot {
		t.Errorf("kind %s, tempo %v, key %v", r.Kind, value(r.BPM), r.KeyCandidates)
	}
	t.Logf("%.0f MB", mb)
	if mb > 200 {
		t.Errorf("an hour took %.0f MB", mb)
	}
}

// BenchmarkHour hears an hour of CD-quality stereo: the goal is 300 MB with the program itself, of which this
// counts all that is allocated on the way.
func BenchmarkHour(b *testing.B) {
	for b.Loop() {
		_, mb := hearHour(b, 44100, 2)
		b.ReportMetric(mb, "MB")
	}
	b.ReportMetric(3600*float64(b.N)/b.Elapsed().Seconds(), "x")
}
