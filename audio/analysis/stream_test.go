package analysis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// wavOf is a sound as a WAV file of floats: nothing is lost.
func wavOf(t *testing.T, b *pcm.Buffer) []byte {
	t.Helper()
	var f bytes.Buffer
	if err := codec.EncodeWAV(&f, b, codec.WAVOptions{PCMOptions: codec.PCMOptions{Bits: 32, Float: true}}); err != nil {
		t.Fatal(err)
	}
	return f.Bytes()
}

func open(t *testing.T, file []byte, lim codec.Limits) *codec.Stream {
	t.Helper()
	s, err := codec.Open(bytes.NewReader(file), lim)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sameResult names each field in which two results differ.
func sameResult(t *testing.T, whole, parts *Result) {
	t.Helper()
	for i := range reflect.TypeOf(*whole).NumField() {
		a, b := reflect.ValueOf(*whole).Field(i), reflect.ValueOf(*parts).Field(i)
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			t.Errorf("%s: %+v as a whole, %+v while it is decoded", reflect.TypeOf(*whole).Field(i).Name, reflect.Indirect(a), reflect.Indirect(b))
		}
	}
}

// A file heard while it is decoded gives, bit for bit, what its frames give as a whole, and every
// frame is handed on once and in order.
func TestStreamHearsTheSame(t *testing.T) {
	turned := tune(22050, 2, 70)
	for i := 1; i < len(turned.Samples); i += 2 {
		turned.Samples[i] *= -1
	}
	quiet := tune(22050, 1, 75) // the head says little of what comes
	for i := range 61 * 22050 {
		quiet.Samples[i] *= 0.01
	}
	for name, b := range map[string]*pcm.Buffer{
		"one sample": tune(44100, 1, 1.0/44100), "shorter than a block": tune(44100, 2, 0.1), "a loop": tune(48000, 2, 8),
		"longer than the head": tune(22050, 2, 95), "phase turned round": turned, "quiet head": quiet,
		"a head of many channels": tune(96000, 16, 8), "a whole number of windows": tune(8192, 1, 64),
	} {
		t.Run(name, func(t *testing.T) {
			whole, err := Analyze(context.Background(), b)
			if err != nil {
				t.Fatal(err)
			}
			s := open(t, wavOf(t, b), codec.Limits{})
			at := 0
			parts, err := Stream(context.Background(), s, func(piece *pcm.Buffer) {
				if piece.Rate != b.Rate || piece.Channels != b.Channels || !sameSamples(piece.Samples, b.Samples[at:at+len(piece.Samples)]) {
					t.Errorf("other samples from frame %d", at/b.Channels)
				}
				at += len(piece.Samples)
			})
			if err != nil {
				t.Fatal(err)
			}
			if at != len(b.Samples) || s.Frames != int64(b.Frames()) || s.Truncated {
				t.Errorf("%d of %d samples were handed on; %+v", at, len(b.Samples), s.Info)
			}
			sameResult(t, whole, parts)
		})
	}
}

func sameSamples(a, b []float32) bool {
	for i, v := range a {
		if math.Float32bits(v) != math.Float32bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

// Every format is heard as its decoded frames are, also where its header does not say how long it is,
// and where it ends too early.
func TestStreamOfEveryFormat(t *testing.T) {
	b := tune(44100, 2, 3)
	files := map[string][]byte{"tune.wav": wavOf(t, b)}
	var aiff, flac bytes.Buffer
	if err := errors.Join(codec.EncodeAIFF(&aiff, b, codec.AIFFOptions{}), codec.EncodeFLAC(&flac, b, codec.FLACOptions{})); err != nil {
		t.Fatal(err)
	}
	files["tune.aiff"], files["tune.flac"] = aiff.Bytes(), flac.Bytes()
	for _, name := range []string{"tone.mp3", "tone.ogg"} {
		file, err := os.ReadFile(filepath.Join("..", "codec", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	heard := map[codec.Format]int{}
	for name, file := range files {
		for _, cut := range []int{0, len(file) / 3} {
			part := file[:len(file)-cut]
			clip, derr := codec.Decode(context.Background(), bytes.NewReader(part), codec.Limits{})
			s, err := codec.Open(bytes.NewReader(part), codec.Limits{})
			var res *Result
			if err == nil {
				res, err = Stream(context.Background(), s, nil)
			}
			what := fmt.Sprintf("%s less %d bytes", name, cut)
			if (err == nil) != (derr == nil) {
				t.Errorf("%s: decoded with %v, heard with %v", what, derr, err)
			}
			if err != nil {
				continue
			}
			heard[s.Format]++
			if s.Info != clip.Info {
				t.Errorf("%s: %+v decoded, %+v heard", what, clip.Info, s.Info)
			}
			whole, err := Analyze(context.Background(), &clip.Audio)
			if err != nil {
				t.Fatal(err)
			}
			sameResult(t, whole, res)
		}
	}
	for _, f := range []codec.Format{codec.WAV, codec.AIFF, codec.FLAC, codec.MP3, codec.Vorbis} {
		if heard[f] == 0 {
			t.Errorf("no %s was heard", f)
		}
	}
}

// What is no damage is an error, also when most of the file was heard.
func TestStreamFails(t *testing.T) {
	file := wavOf(t, tune(22050, 1, 70))
	cancelled, cancel := context.WithCancel(context.Background())
	if _, err := Stream(cancelled, open(t, file, codec.Limits{}), func(*pcm.Buffer) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := codec.Open(bytes.NewReader(file), codec.Limits{Frames: 69 * 22050}); !errors.Is(err, codec.ErrTooLarge) {
		t.Errorf("too long by its own bytes: %v", err)
	}
	broken := errors.New("input/output error")
	s, err := codec.Open(&failing{bytes.NewReader(file), int64(len(file) - 100_000), broken}, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Stream(context.Background(), s, nil); !errors.Is(err, broken) {
		t.Errorf("a disk that fails: %v", err)
	}
}

// failing is a file whose bytes from one on cannot be read.
type failing struct {
	*bytes.Reader
	from int64
	err  error
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, f.err
	}
	return f.Reader.ReadAt(p, off)
}

func (f *failing) Read([]byte) (int, error) { return 0, io.ErrNoProgress } // ReadAt is used
