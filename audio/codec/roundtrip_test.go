package codec

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/audio/pcm"
)

// anyPCM is a sound of integers of so many bits: noise, tones, silence, constants, extremes.
func anyPCM(t *rapid.T, bits, maxChannels int) *pcm.Buffer {
	b := &pcm.Buffer{
		Rate:     rapid.SampledFrom([]int{8000, 22050, 44100, 48000, 96000, 192000}).Draw(t, "rate"),
		Channels: rapid.IntRange(1, maxChannels).Draw(t, "channels"),
	}
	frames := rapid.IntRange(1, 9000).Draw(t, "frames")
	b.Samples = make([]float32, frames*b.Channels)
	full := float64(int64(1) << (bits - 1))
	shape := rapid.SampledFrom([]string{"noise", "tone", "silence", "constant", "extremes", "coarse", "correlated"}).Draw(t, "shape")
	seed := rapid.Uint32().Draw(t, "seed")
	random := func() float64 {
		seed = seed*1664525 + 1013904223
		return float64(int32(seed)) / (1 << 31)
	}
	common := 0.0
	for i := range b.Samples {
		frame, ch := i/b.Channels, i%b.Channels
		var v float64
		switch shape {
		case "noise":
			v = random()
		case "tone":
			v = 0.8*math.Sin(float64(frame)*0.02*float64(ch+1)) + 0.01*random()
		case "constant":
			v = -0.25
		case "extremes":
			v = 1
			if random() < 0 {
				v = -1
			}
		case "coarse":
			v = math.Round(random()*8) / 8
		case "correlated":
			if ch == 0 {
				common = random()
			}
			v = 0.9*common + 0.001*random()
		}
		b.Samples[i] = float32(min(max(math.Round(v*full), -full), full-1) / full)
	}
	return b
}

func roundTrip(t rapid.TB, file []byte) *Clip {
	c, err := Decode(context.Background(), bytes.NewReader(file), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func anyMarks(t *rapid.T, frames int) ([]Loop, []Mark) {
	var loops []Loop
	if rapid.Bool().Draw(t, "looped") && frames > 1 {
		from := rapid.IntRange(0, frames-1).Draw(t, "from")
		loops = append(loops, Loop{int64(from), int64(rapid.IntRange(from+1, frames).Draw(t, "to"))})
	}
	var marks []Mark
	for range rapid.IntRange(0, 5).Draw(t, "marks") {
		marks = append(marks, Mark{int64(rapid.IntRange(0, frames).Draw(t, "at")), rapid.StringMatching(`[a-zA-Z0-9äß]{0,9}`).Draw(t, "name")})
	}
	slices.SortStableFunc(marks, byFrame)
	return loops, marks
}

func TestWAVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.SampledFrom([]int{8, 16, 24}).Draw(t, "bits")
		b := anyPCM(t, bits, 9)
		o := WAVOptions{PCMOptions: PCMOptions{Bits: bits}, RootNote: rapid.IntRange(0, 127).Draw(t, "root")}
		if rapid.Bool().Draw(t, "float") {
			o.Bits, o.Float = 32*rapid.IntRange(1, 2).Draw(t, "width"), true
		}
		o.Loops, o.Marks = anyMarks(t, b.Frames())
		var file bytes.Buffer
		if err := EncodeWAV(&file, b, o); err != nil {
			t.Fatal(err)
		}
		c := roundTrip(t, file.Bytes())
		same(t, c, b, o.Loops, o.Marks, o.RootNote)
		if c.BitDepth != o.Bits || c.Float != o.Float {
			t.Fatalf("%+v", c.Info)
		}
	})
}

func TestAIFFRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.SampledFrom([]int{8, 16, 24}).Draw(t, "bits")
		b := anyPCM(t, bits, 9)
		o := AIFFOptions{PCMOptions: PCMOptions{Bits: bits}, RootNote: rapid.IntRange(0, 127).Draw(t, "root")}
		if rapid.Bool().Draw(t, "float") {
			o.Bits, o.Float = 32*rapid.IntRange(1, 2).Draw(t, "width"), true
		}
		o.Loops, o.Marks = anyMarks(t, b.Frames())
		var file bytes.Buffer
		if err := EncodeAIFF(&file, b, o); err != nil {
			t.Fatal(err)
		}
		same(t, roundTrip(t, file.Bytes()), b, o.Loops, o.Marks, o.RootNote)
	})
}

func same(t *rapid.T, c *Clip, b *pcm.Buffer, loops []Loop, marks []Mark, root int) {
	if c.Rate != b.Rate || c.Channels != b.Channels || c.Truncated || !slices.Equal(c.Audio.Samples, b.Samples) {
		t.Fatalf("other sound came back: %+v", c.Info)
	}
	if !slices.Equal(c.Loops, loops) || !slices.Equal(c.Marks, marks) {
		t.Fatalf("loops %v of %v, marks %v of %v", c.Loops, loops, c.Marks, marks)
	}
	if root > 0 && c.RootNote != root {
		t.Fatalf("root note %d of %d", c.RootNote, root)
	}
}

func TestFLACRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.SampledFrom([]int{8, 16, 24}).Draw(t, "bits")
		b := anyPCM(t, bits, 8)
		o := FLACOptions{Comments: []Text{{"BPM", "92.5"}, {"KEY", "F#m"}}}
		if rapid.Bool().Draw(t, "stated") {
			o.Bits = bits
		}
		var file bytes.Buffer
		if err := EncodeFLAC(&file, b, o); err != nil {
			t.Fatal(err)
		}
		c := roundTrip(t, file.Bytes())
		same(t, c, b, nil, nil, 0)
		if c.BPM != 92.5 || c.Key != "F# minor" {
			t.Fatalf("%+v", c.Tags)
		}
	})
}

// TestEncodersAgree lets ffmpeg read what our encoders write; its FLAC decoder checks the sums.
func TestEncodersAgree(t *testing.T) {
	dir := t.TempDir()
	for _, bits := range []int{16, 24} {
		for _, channels := range []int{1, 2, 6} {
			b := noise(44100, channels, 10_001)
			write := map[string]func(*os.File) error{
				"a.wav":  func(f *os.File) error { return EncodeWAV(f, b, WAVOptions{PCMOptions: PCMOptions{Bits: bits}}) },
				"a.aiff": func(f *os.File) error { return EncodeAIFF(f, b, AIFFOptions{PCMOptions: PCMOptions{Bits: bits}}) },
				"a.flac": func(f *os.File) error { return EncodeFLAC(f, b, FLACOptions{Bits: bits}) },
			}
			var first []float32
			for _, name := range []string{"a.wav", "a.aiff", "a.flac"} {
				path := filepath.Join(dir, name)
				f, err := os.Create(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := write[name](f); err != nil {
					t.Fatal(err)
				}
				f.Close()
				got := floats(ffmpeg(t, "-err_detect", "crccheck+bitstream+buffer+explode", "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "-"))
				sameSamples(t, decodeFile(t, path).Audio.Samples, got)
				if first == nil {
					first = got
				}
				sameSamples(t, got, first) // the same dither in all three
			}
		}
	}
}

// TestPlainHeader: the header of the card's WAV files is the 44 bytes that every device reads.
func TestPlainHeader(t *testing.T) {
	b := &pcm.Buffer{Rate: 48000, Channels: 2, Samples: []float32{0, 0.5, -1, 0.25}}
	var file bytes.Buffer
	if err := EncodeWAV(&file, b, WAVOptions{}); err != nil {
		t.Fatal(err)
	}
	want := "RIFF\x2c\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x80\xbb\x00\x00\x00\xee\x02\x00\x04\x00\x10\x00data\x08\x00\x00\x00" +
		"\x00\x00\x00\x40\x00\x80\x00\x20"
	if file.String() != want {
		t.Errorf("%q, want %q", file.String(), want)
	}
}

// sparse is a huge file of which only the beginning was written.
type sparse struct {
	head []byte
	size int64
	pos  int64
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), s.size-off)))
	clear(p[:n])
	if off < int64(len(s.head)) {
		copy(p[:n], s.head[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (s *sparse) Read(p []byte) (int, error) {
	n, err := s.ReadAt(p, s.pos)
	s.pos += int64(n)
	return n, err
}

func (s *sparse) Seek(off int64, whence int) (int64, error) {
	s.pos = off + [...]int64{0, s.pos, s.size}[whence]
	return s.pos, nil
}

// TestHugeWAV: sizes on both sides of 4 GiB are written so that they read back; what is beyond
// the limits is refused without being read.
func TestHugeWAV(t *testing.T) {
	b := &pcm.Buffer{Rate: 48000, Channels: 2}
	for data, id := range map[int64]string{1 << 32: "RF64", 1<<32 - 36: "RF64", 1<<32 - 40: "RIFF", 5 << 32: "RF64"} {
		head := wavHead(b, codingS16, data, 0)
		file := &sparse{head: head, size: int64(len(head)) + data}
		info, _, err := Probe(file)
		if err != nil || info.Frames != data/4 || info.Truncated || string(head[:4]) != id {
			t.Errorf("%d bytes as %s: %+v %v", data, head[:4], info, err)
		}
		if _, err := Decode(context.Background(), file, Limits{}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes: %v", data, err)
		}
	}
}

// TestStreamLong reads 100 million frames of a sparse file in pieces, as the analysis of long
// files does.
func TestStreamLong(t *testing.T) {
	b := &pcm.Buffer{Rate: 48000, Channels: 1}
	const frames = 100 << 20
	head := wavHead(b, codingU8, frames, 0)
	s, err := Open(&sparse{head: head, size: int64(len(head)) + frames}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	buf, total := make([]float32, 1<<16), 0
	for {
		n, err := s.Read(buf)
		total += n
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if total != frames || s.Frames != frames {
		t.Errorf("%d frames of %d", total, frames)
	}
}

func BenchmarkEncodeFLAC(b *testing.B) {
	s := noise(44100, 2, 44100*10)
	var size int
	b.SetBytes(int64(2 * len(s.Samples)))
	for b.Loop() {
		var out bytes.Buffer
		if err := EncodeFLAC(&out, s, FLACOptions{Bits: 16}); err != nil {
			b.Fatal(err)
		}
		size = out.Len()
	}
	b.ReportMetric(float64(size)/float64(2*len(s.Samples)), "ratio")
}
