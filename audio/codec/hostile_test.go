package codec

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"sampleagent/audio/pcm"
)

// TestOddWAV: what libraries refuse, misread or crash on.
func TestOddWAV(t *testing.T) {
	data := []byte{1, 0, 2, 0, 3, 0, 4, 0} // 1, 2, 3, 4 at 16 bits
	want := []float32{1. / 32768, 2. / 32768, 3. / 32768, 4. / 32768}
	pcm16 := plainFmt(1, 1, 44100, 16)
	dataSize := func(n int, rest ...byte) []byte { return join([]byte("data"), u32(n), rest) }
	float := func(v ...float32) (b []byte) {
		for _, f := range v {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
		}
		return b
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, c := range []struct {
		name      string
		file      []byte
		want      []float32
		truncated bool
		err       error
	}{
		{"plain", wavFile(pcm16, chunkLE("data", data)), want, false, nil},
		{"size 0xFFFFFFFF", wavFile(pcm16, dataSize(unknownSize, data...)), want, false, nil},
		{"size 0", wavFile(pcm16, dataSize(0, data...)), want, false, nil},
		{"size too large", wavFile(pcm16, dataSize(100, data...)), want, true, nil},
		{"size negative", wavFile(pcm16, dataSize(0x80000001, data...)), want, true, nil},
		{"half a frame more", wavFile(pcm16, dataSize(9, append(data, 7)...)), want, false, nil},
		{"RIFF size wrong", join([]byte("RIFF\xff\xff\xff\x7fWAVE"), pcm16, chunkLE("data", data)), want, false, nil},
		{"RIFF size 0", join([]byte("RIFF\x00\x00\x00\x00WAVE"), pcm16, chunkLE("data", data)), want, false, nil},
		{"odd chunk padded", wavFile(pcm16, chunkLE("junk", []byte("abc")), chunkLE("data", data)), want, false, nil},
		{"odd chunk not padded", wavFile(pcm16, []byte("junk\x03\x00\x00\x00abc"), chunkLE("data", data)), want, false, nil},
		{"fmt behind data", wavFile(chunkLE("data", data), pcm16), want, false, nil},
		{"two data chunks", wavFile(pcm16, chunkLE("data", data), chunkLE("data", []byte{9, 9})), want, false, nil},
		{"empty data then data", wavFile(pcm16, dataSize(0), chunkLE("data", data)), want, false, nil},
		{"unknown chunk of negative size", wavFile(pcm16, chunkLE("data", data), []byte("evil\xff\xff\xff\xff")), want, false, nil},
		{"block align 0", wavFile(patch(pcm16, 8+12, 0, 0), chunkLE("data", data)), want, false, nil},
		{"block align odd", wavFile(patch(pcm16, 8+12, 5, 0), chunkLE("data", data)), want, false, nil},
		{"extensible", wavFile(extensible(1, 44100, 16, 1), chunkLE("data", data)), want, false, nil},
		{"extensible without its end", wavFile(plainFmt(waveExtensible, 1, 44100, 16), chunkLE("data", data)), want, false, nil},
		{"extensible float", wavFile(extensible(1, 44100, 32, 3), chunkLE("data", float(0.5, -2))), []float32{0.5, -2}, false, nil},
		{"float with NaN", wavFile(plainFmt(3, 1, 44100, 32), chunkLE("data", float(nan, inf, 1e30))), []float32{nan, inf, 1e30}, false, nil},
		{"20 bits in 3 bytes", wavFile(plainFmt(1, 1, 44100, 20), chunkLE("data", []byte{0, 0, 0x40})), []float32{0.5}, false, nil},
		{"24 bits in 4 bytes", wavFile(patch(plainFmt(1, 1, 44100, 24), 8+12, 4, 0), chunkLE("data", []byte{0, 0, 0, 0x40})), []float32{0.5}, false, nil},
		{"big-endian RIFX", rifx(), []float32{1. / 32768}, false, nil},
		{"ID3 before RIFF", join(id3Tag(3, id3Frame(3, "TIT2", "\x00x")), wavFile(pcm16, chunkLE("data", data))), want, false, nil},
		{"RF64", join([]byte("RF64\xff\xff\xff\xffWAVE"), chunkLE("ds64", join(u32(99), u32(0), u32(8), u32(0), make([]byte, 12))), pcm16, dataSize(unknownSize, append(data, 9, 9)...)), want, false, nil},
		{"BW64 cut", join([]byte("BW64\xff\xff\xff\xffWAVE"), chunkLE("ds64", join(u32(99), u32(0), u32(8), u32(1), make([]byte, 12))), pcm16, dataSize(unknownSize, data...)), want, true, nil},
		{"RF64 without ds64", join([]byte("RF64\xff\xff\xff\xffWAVE"), pcm16, dataSize(unknownSize, data...)), want, false, nil},

		{"no data", wavFile(pcm16), nil, false, ErrNoAudio},
		{"empty data", wavFile(pcm16, dataSize(0)), nil, false, ErrNoAudio},
		{"less than a frame", wavFile(pcm16, dataSize(1, 7)), nil, false, ErrNoAudio},
		{"no fmt", wavFile(chunkLE("data", data)), nil, false, ErrDamaged},
		{"fmt too short", wavFile(chunkLE("fmt ", []byte{1, 0, 1, 0}), chunkLE("data", data)), nil, false, ErrDamaged},
		{"no channels", wavFile(plainFmt(1, 0, 44100, 16), chunkLE("data", data)), nil, false, ErrDamaged},
		{"65535 channels", wavFile(plainFmt(1, 65535, 44100, 8), chunkLE("data", make([]byte, 70000))), nil, false, ErrTooLarge},
		{"rate 0", wavFile(plainFmt(1, 1, 0, 16), chunkLE("data", data)), nil, false, ErrDamaged},
		{"rate 4 GHz", wavFile(plainFmt(1, 1, math.MaxUint32, 16), chunkLE("data", data)), nil, false, ErrDamaged},
		{"ADPCM", wavFile(plainFmt(0x11, 1, 44100, 4), chunkLE("data", data)), nil, false, ErrUnsupported},
		{"unknown tag", wavFile(plainFmt(0x1234, 1, 44100, 16), chunkLE("data", data)), nil, false, ErrUnsupported},
		{"float of 16 bits", wavFile(plainFmt(3, 1, 44100, 16), chunkLE("data", data)), nil, false, ErrUnsupported},
		{"only the form", []byte("RIFF\x04\x00\x00\x00WAVE"), nil, false, ErrDamaged},
		{"cut in fmt", wavFile(pcm16)[:20], nil, false, ErrDamaged},
		{"nothing", nil, nil, false, ErrEmpty},
		{"text", []byte("these are just words, and not few of them either"), nil, false, ErrUnknownFormat},
		{"zeros", make([]byte, 5000), nil, false, ErrUnknownFormat},
		{"RIFF of pictures", []byte("RIFF\x10\x00\x00\x00WEBPVP8 \x00\x00\x00\x00"), nil, false, ErrUnknownFormat},
	} {
		t.Run(c.name, func(t *testing.T) { checkDecode(t, c.file, c.want, c.truncated, c.err) })
	}
}

func checkDecode(t *testing.T, file []byte, want []float32, truncated bool, wantErr error) {
	t.Helper()
	got, err := Decode(context.Background(), bytes.NewReader(file), Limits{})
	if wantErr != nil {
		if !errors.Is(err, wantErr) {
			t.Fatalf("error is %v, want %v", err, wantErr)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	sameSamples(t, got.Audio.Samples, want)
	if got.Truncated != truncated {
		t.Errorf("truncated is %v", got.Truncated)
	}
}

// patch is b with the bytes from at on replaced.
func patch(b []byte, at int, with ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], with)
	return b
}

func rifx() []byte {
	be := binary.BigEndian
	f := be.AppendUint16(nil, 1)
	f = be.AppendUint16(f, 1)
	f = be.AppendUint32(f, 44100)
	f = be.AppendUint32(f, 88200)
	f = be.AppendUint16(f, 2)
	f = be.AppendUint16(f, 16)
	return join([]byte("RIFX\x00\x00\x00\x40WAVE"), chunkBE("fmt ", f), chunkBE("data", []byte{0, 1}))
}

func TestOddAIFF(t *testing.T) {
	data := []byte{0, 1, 0, 2}
	want := []float32{1. / 32768, 2. / 32768}
	swapped := []byte{1, 0, 2, 0}
	for _, c := range []struct {
		name      string
		file      []byte
		want      []float32
		truncated bool
		err       error
	}{
		{"AIFF", aiffFile("AIFF", comm(1, 2, 16, 44100, ""), ssnd(data)), want, false, nil},
		{"NONE", aiffFile("AIFC", comm(1, 2, 16, 44100, "NONE"), ssnd(data)), want, false, nil},
		{"twos", aiffFile("AIFC", comm(1, 2, 16, 44100, "twos"), ssnd(data)), want, false, nil},
		{"sowt", aiffFile("AIFC", comm(1, 2, 16, 44100, "sowt"), ssnd(swapped)), want, false, nil},
		{"in24 that says 16", aiffFile("AIFC", comm(1, 1, 16, 44100, "in24"), ssnd([]byte{0x40, 0, 0})), []float32{0.5}, false, nil},
		{"in32", aiffFile("AIFC", comm(1, 1, 16, 44100, "in32"), ssnd([]byte{0x40, 0, 0, 0})), []float32{0.5}, false, nil},
		{"42ni", aiffFile("AIFC", comm(1, 1, 24, 44100, "42ni"), ssnd([]byte{0, 0, 0x40})), []float32{0.5}, false, nil},
		{"23ni", aiffFile("AIFC", comm(1, 1, 32, 44100, "23ni"), ssnd([]byte{0, 0, 0, 0x40})), []float32{0.5}, false, nil},
		{"raw", aiffFile("AIFC", comm(1, 3, 8, 44100, "raw "), ssnd([]byte{0x80, 0xC0, 0})), []float32{0, 0.5, -1}, false, nil},
		{"FL32", aiffFile("AIFC", comm(1, 1, 32, 44100, "FL32"), ssnd([]byte{0x3F, 0, 0, 0})), []float32{0.5}, false, nil},
		{"fl64", aiffFile("AIFC", comm(1, 1, 16, 44100, "fl64"), ssnd([]byte{0x3F, 0xE0, 0, 0, 0, 0, 0, 0})), []float32{0.5}, false, nil},
		{"12 bits", aiffFile("AIFF", comm(1, 1, 12, 44100, ""), ssnd([]byte{0x40, 0})), []float32{0.5}, false, nil},
		{"frames too many", aiffFile("AIFF", comm(1, 99, 16, 44100, ""), ssnd(data)), want, true, nil},
		{"frames 0", aiffFile("AIFF", comm(1, 0, 16, 44100, ""), ssnd(data)), want, false, nil},
		{"frames fewer", aiffFile("AIFF", comm(1, 1, 16, 44100, ""), ssnd(data)), want[:1], false, nil},
		{"SSND size 0", aiffFile("AIFF", comm(1, 2, 16, 44100, ""), join([]byte("SSND\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), data)), want, false, nil},
		{"SSND size ff", aiffFile("AIFF", comm(1, 0, 16, 44100, ""), join([]byte("SSND\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00"), data)), want, false, nil},
		{"SSND offset", aiffFile("AIFF", comm(1, 2, 16, 44100, ""), chunkBE("SSND", join([]byte{0, 0, 0, 2, 0, 0, 0, 0}, []byte{9, 9}, data))), want, false, nil},
		{"SSND before COMM", aiffFile("AIFF", ssnd(data), comm(1, 2, 16, 44100, "")), want, false, nil},

		{"SSND offset too far", aiffFile("AIFF", comm(1, 2, 16, 44100, ""), chunkBE("SSND", join([]byte{0xFF, 0, 0, 2, 0, 0, 0, 0}, data))), nil, false, ErrNoAudio},
		{"no SSND", aiffFile("AIFF", comm(1, 2, 16, 44100, "")), nil, false, ErrNoAudio},
		{"no COMM", aiffFile("AIFF", ssnd(data)), nil, false, ErrDamaged},
		{"ima4", aiffFile("AIFC", comm(1, 2, 16, 44100, "ima4"), ssnd(data)), nil, false, ErrUnsupported},
		{"no channels", aiffFile("AIFF", comm(0, 2, 16, 44100, ""), ssnd(data)), nil, false, ErrDamaged},
		{"rate not a number", aiffFile("AIFF", patch(comm(1, 2, 16, 44100, ""), 16, 0x7F, 0xFF), ssnd(data)), nil, false, ErrDamaged},
		{"0 bits", aiffFile("AIFF", comm(1, 2, 0, 44100, ""), ssnd(data)), nil, false, ErrUnsupported},
		{"40 bits", aiffFile("AIFF", comm(1, 2, 40, 44100, ""), ssnd(data)), nil, false, ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) { checkDecode(t, c.file, c.want, c.truncated, c.err) })
	}
}

func TestExtended80(t *testing.T) {
	for _, rate := range []uint32{1, 8000, 11025, 22050, 44100, 48000, 96000, 192000, 1 << 30} {
		var b [10]byte
		putExtended80(b[:], rate)
		if got := extended80(b[:]); got != int(rate) {
			t.Errorf("%d comes back as %d", rate, got)
		}
	}
	// From the AIFF specification's neighbour, SANE: 44100 is 400E AC44 0000 0000 0000.
	var b [10]byte
	putExtended80(b[:], 44100)
	if !bytes.Equal(b[:], []byte{0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0}) {
		t.Errorf("44100 is % x", b)
	}
}

// TestLies: files that claim more than they hold must not cost more than they hold and 64 MiB.
func TestLies(t *testing.T) {
	var flac bytes.Buffer
	if err := EncodeFLAC(&flac, noise(44100, 2, 1000), FLACOptions{Bits: 16}); err != nil {
		t.Fatal(err)
	}
	var silent bytes.Buffer
	if err := EncodeFLAC(&silent, &pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 20_000_000)}, FLACOptions{Bits: 16}); err != nil {
		t.Fatal(err)
	}
	var long bytes.Buffer // more than is believed at once
	if err := EncodeFLAC(&long, noise(44100, 2, 5<<20), FLACOptions{Bits: 8}); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"wav data of 4 GiB":          wavFile(plainFmt(1, 2, 44100, 16), join([]byte("data"), u32(0xFFFFFFF0), make([]byte, 400))),
		"rf64 of an exabyte":         join([]byte("RF64\xff\xff\xff\xffWAVE"), chunkLE("ds64", bytes.Repeat([]byte{0x0F}, 28)), plainFmt(1, 2, 44100, 16), []byte("data\xff\xff\xff\xff"), make([]byte, 400)),
		"wav chunk of 4 GiB":         join([]byte("RIFF\x00\x00\x00\x00WAVE"), plainFmt(1, 2, 44100, 16), chunkLE("data", make([]byte, 400)), []byte("LIST\xff\xff\xff\xffINFO")),
		"wav cue of 4 billion":       wavFile(plainFmt(1, 2, 44100, 16), chunkLE("cue ", []byte{255, 255, 255, 255}), chunkLE("data", make([]byte, 400))),
		"aiff of 4 billion frames":   aiffFile("AIFF", comm(2, math.MaxUint32, 16, 44100, ""), join([]byte("SSND\xff\xff\xff\xf0\x00\x00\x00\x00\x00\x00\x00\x00"), make([]byte, 400))),
		"flac of 68 billion frames":  claimFrames(flac.Bytes(), 1<<36-1),
		"flac of 17 million, silent": claimFrames(silent.Bytes(), 0),
		"flac that says too little":  claimFrames(silent.Bytes(), 5),
		"flac that says the truth":   silent.Bytes(),
		"flac of noise, lying":       claimFrames(long.Bytes(), 1<<33),
		"flac of noise, true":        long.Bytes(),
		"ogg of 2^62 frames":         oggClaim(golden(t, "tone.ogg"), 1<<62),
	} {
		t.Run(name, func(t *testing.T) {
			limit := uint64(64 << 20)
			peak := heapDuring(func() {
				c, err := Decode(context.Background(), bytes.NewReader(file), Limits{})
				if err == nil {
					limit += uint64(4 * len(c.Audio.Samples))
				}
			})
			if peak > limit {
				t.Errorf("the heap grew by %d MiB, at most %d MiB are right", peak>>20, limit>>20)
			}
		})
	}
}

// oggClaim sets the position of the last page.
func oggClaim(b []byte, frames int64) []byte {
	b = bytes.Clone(b)
	page := b[bytes.LastIndex(b, []byte("OggS")):]
	binary.LittleEndian.PutUint64(page[6:], uint64(frames))
	clear(page[22:26])
	binary.LittleEndian.PutUint32(page[22:], oggCRC(page))
	return b
}

// heapDuring is how far the heap grew while f ran, looked at each millisecond: what is asked for
// at once stays longer than that, because the collector has to come by. The metric, unlike
// runtime.ReadMemStats, does not stop the program that it looks at.
func heapDuring(f func()) uint64 {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	now := func() uint64 {
		metrics.Read(heap)
		return heap[0].Value.Uint64()
	}
	runtime.GC()
	before, peak := now(), uint64(0)
	look := func() {
		if n := now(); n > before {
			peak = max(peak, n-before)
		}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				look()
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	look()
	return peak
}

func TestLimits(t *testing.T) {
	var file bytes.Buffer
	if err := EncodeWAV(&file, noise(44100, 2, 1000), WAVOptions{}); err != nil {
		t.Fatal(err)
	}
	var flac bytes.Buffer
	if err := EncodeFLAC(&flac, noise(44100, 2, 1000), FLACOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		lim Limits
		err error
	}{
		"frames, enough":   {Limits{Frames: 1000}, nil},
		"frames, one less": {Limits{Frames: 999}, ErrTooLarge},
		"bytes, enough":    {Limits{Bytes: 8000}, nil},
		"bytes, one less":  {Limits{Bytes: 7999}, ErrTooLarge},
		"channels":         {Limits{Channels: 1}, ErrTooLarge},
	} {
		for _, b := range [][]byte{file.Bytes(), flac.Bytes(), claimFrames(flac.Bytes(), 0)} {
			if _, err := Decode(context.Background(), bytes.NewReader(b), c.lim); !errors.Is(err, c.err) {
				t.Errorf("%s: %v, want %v", name, err, c.err)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	var file bytes.Buffer
	if err := EncodeFLAC(&file, noise(44100, 2, 100_000), FLACOptions{Bits: 16}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Decode(ctx, bytes.NewReader(file.Bytes()), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// failing is a disk that gives up.
type failing struct {
	*bytes.Reader
	from int64
}

var errDisk = errors.New("the disk gave up")

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errDisk
	}
	return f.Reader.ReadAt(p, off)
}

// TestFailingDisk: a failure of the disk is an error and never passes for a short file.
func TestFailingDisk(t *testing.T) {
	b := noise(44100, 2, 200_000)
	var wav, aiff, flac bytes.Buffer
	for _, err := range []error{EncodeWAV(&wav, b, WAVOptions{}), EncodeAIFF(&aiff, b, AIFFOptions{}), EncodeFLAC(&flac, b, FLACOptions{Bits: 16})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, file := range map[string][]byte{
		"wav": wav.Bytes(), "aiff": aiff.Bytes(), "flac": flac.Bytes(), "mp3": golden(t, "tone.mp3"), "ogg": golden(t, "tone.ogg"),
	} {
		for _, part := range []int64{0, 1, 5, 9} {
			r := &failing{bytes.NewReader(file), int64(len(file)) * part / 10}
			if c, err := Decode(context.Background(), r, Limits{}); !errors.Is(err, errDisk) {
				t.Errorf("%s that fails after %d tenths: %v %v", name, part, c != nil, err)
			}
		}
	}
}

// onlySeeks hides that a reader also gives offsets.
type onlySeeks struct{ io.ReadSeeker }

func TestReadSeekerOnly(t *testing.T) {
	var file bytes.Buffer
	b := noise(44100, 2, 70_000)
	if err := EncodeWAV(&file, b, WAVOptions{PCMOptions: PCMOptions{Float: true}, Marks: []Mark{{7, "seven"}}}); err != nil {
		t.Fatal(err)
	}
	c, err := Decode(context.Background(), onlySeeks{bytes.NewReader(file.Bytes())}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	sameSamples(t, c.Audio.Samples, b.Samples)
	if !slices.Equal(c.Marks, []Mark{{7, "seven"}}) {
		t.Errorf("marks are %v", c.Marks)
	}
}

func TestDecodeFileErrors(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad file.wav")
	if err := os.WriteFile(bad, []byte("nothing to hear here"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{bad, filepath.Join(dir, "missing.wav"), dir} {
		c, err := DecodeFile(context.Background(), path, Limits{})
		if c != nil || err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	_, sum, err := OpenFileSum(context.Background(), bad, Limits{})
	if want := sha256.Sum256([]byte("nothing to hear here")); sum != hex.EncodeToString(want[:]) || !errors.Is(err, ErrUnknownFormat) {
		t.Errorf("sum %q, %v", sum, err)
	}
}

// TestSums: the sum is that of the bytes, below and above the size up to which a file is read once.
func TestSums(t *testing.T) {
	for _, frames := range []int{1000, smallFile} {
		b := &pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, frames)}
		path := filepath.Join(t.TempDir(), "a.wav")
		writeWAV(t, path, b, WAVOptions{PCMOptions: PCMOptions{Bits: 8}})
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := sha256.Sum256(file)
		s, sum, err := OpenFileSum(context.Background(), path, Limits{})
		if err != nil || sum != hex.EncodeToString(want[:]) || s.Frames != int64(frames) {
			t.Fatalf("%d frames: %s %v", frames, sum, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSkip(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"a.wav": 5, "empty.wav": 0, "._a.wav": 5, ".hidden": 5} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"a.wav": "", "empty.wav": "empty file", "._a.wav": "macOS resource file", ".hidden": "hidden file", ".": "not a file",
	} {
		path := filepath.Join(dir, name)
		fi, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if reason, skip := Skip(path, fi); reason != want || skip != (want != "") {
			t.Errorf("%s: %q %v, want %q", name, reason, skip, want)
		}
	}
	if reason, skip := Skip("x/._b.aif", nil); !skip || reason != "macOS resource file" {
		t.Errorf("by name alone: %q %v", reason, skip)
	}
}
