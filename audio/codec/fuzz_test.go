package codec

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sampleagent/audio/key"
	"sampleagent/audio/pcm"
)

// fuzzLimits keep a fuzzed file from being merely large.
var fuzzLimits = Limits{Bytes: 8 << 20}

// tryDecode decodes hostile bytes and checks what must hold whatever they are. Our own readers
// may not panic at all, not even behind the recover.
func tryDecode(t *testing.T, data []byte, ours bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c, err := Decode(ctx, bytes.NewReader(data), fuzzLimits)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("decoding takes too long")
	}
	if err != nil {
		if ours && strings.Contains(err.Error(), "gave up") {
			t.Fatal(err)
		}
		return
	}
	n := len(c.Audio.Samples)
	if n == 0 || n%c.Channels != 0 || int64(4*n) > fuzzLimits.Bytes || c.Frames != int64(c.Audio.Frames()) || c.Audio.Rate != c.Rate || c.Audio.Channels != c.Channels {
		t.Fatalf("%+v with %d samples", c.Info, n)
	}
	if _, _, err := Probe(bytes.NewReader(data)); err != nil {
		t.Fatalf("decodes but does not probe: %v", err)
	}
	// In pieces, it is the same sound.
	s, err := Open(bytes.NewReader(data), fuzzLimits)
	if err != nil {
		t.Fatal(err)
	}
	buf, at := make([]float32, 997*c.Channels), 0
	for {
		n, err := s.Read(buf)
		if at+n > len(c.Audio.Samples) {
			t.Fatal("the stream is longer than the clip")
		}
		for i, v := range buf[:n] {
			if o := c.Audio.Samples[at+i]; o != v && (o == o || v == v) {
				t.Fatalf("sample %d is %v in the stream and %v in the clip", at+i, v, o)
			}
		}
		at += n
		if err != nil {
			if !errors.Is(err, io.EOF) && !c.Truncated {
				t.Fatalf("the stream ends in %v, the clip does not", err)
			}
			break
		}
	}
	if at != len(c.Audio.Samples) {
		t.Fatalf("the stream has %d samples, the clip %d", at, len(c.Audio.Samples))
	}
}

func seed(f *testing.F, encode func(w io.Writer, b *pcm.Buffer) error) []byte {
	f.Helper()
	var out bytes.Buffer
	if err := encode(&out, noise(44100, 2, 300)); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	return out.Bytes()
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzWAV(f *testing.F) {
	for _, o := range []PCMOptions{{}, {Bits: 8}, {Bits: 24}, {Bits: 32}, {Float: true}, {Float: true, Bits: 64}} {
		seed(f, func(w io.Writer, b *pcm.Buffer) error {
			return EncodeWAV(w, b, WAVOptions{PCMOptions: o, RootNote: 60, Loops: []Loop{{1, 9}}, Marks: []Mark{{5, "five"}}})
		})
	}
	f.Add(wavFile(extensible(3, 44100, 32, 3), chunkLE("acid", make([]byte, 24)), chunkLE("data", make([]byte, 48))))
	f.Add(wavFile(plainFmt(1, 2, 44100, 16), chunkLE("LIST", append([]byte("INFO"), chunkLE("INAM", []byte("x\x00"))...)), chunkLE("bext", make([]byte, 602)), chunkLE("data", make([]byte, 400))))
	f.Add(append(append([]byte("RF64\xff\xff\xff\xffWAVE"), chunkLE("ds64", make([]byte, 28))...), append(plainFmt(1, 1, 44100, 16), "data\xff\xff\xff\xff\x01\x02\x03"...)...))
	f.Add(wavFile(plainFmt(0x55, 2, 44100, 0), chunkLE("data", golden(f, "tone.mp3"))))
	f.Fuzz(func(t *testing.T, b []byte) { tryDecode(t, b, !bytes.Contains(b, []byte{waveMP3, 0})) })
}

func FuzzAIFF(f *testing.F) {
	for _, o := range []PCMOptions{{}, {Bits: 8}, {Bits: 24}, {Bits: 32}, {Float: true}, {Float: true, Bits: 64}} {
		seed(f, func(w io.Writer, b *pcm.Buffer) error {
			return EncodeAIFF(w, b, AIFFOptions{PCMOptions: o, RootNote: 60, Loops: []Loop{{1, 9}}, Marks: []Mark{{5, "five"}}})
		})
	}
	f.Fuzz(func(t *testing.T, b []byte) { tryDecode(t, b, true) })
}

func FuzzFLAC(f *testing.F) {
	seed(f, func(w io.Writer, b *pcm.Buffer) error { return EncodeFLAC(w, b, FLACOptions{Bits: 16}) })
	seed(f, func(w io.Writer, b *pcm.Buffer) error {
		for i := range b.Samples {
			b.Samples[i] = 0.25
		}
		return EncodeFLAC(w, b, FLACOptions{Comments: []Text{{"BPM", "120"}}})
	})
	f.Add(flac32(8, []int32{1 << 30, -1 << 31, 5}, []int32{-1 << 31, 1<<31 - 1, 7}))
	f.Fuzz(func(t *testing.T, b []byte) {
		tryDecode(t, b, true)
		ignoreChecksums = true
		defer func() { ignoreChecksums = false }()
		tryDecode(t, b, true)
	})
}

func FuzzMP3(f *testing.F) {
	f.Add(golden(f, "tone.mp3"))
	f.Add(golden(f, "tone-22050-mono.mp3"))
	f.Fuzz(func(t *testing.T, b []byte) { tryDecode(t, b, false) })
}

func FuzzVorbis(f *testing.F) {
	f.Add(golden(f, "tone.ogg"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tryDecode(t, b, false)
		ignoreChecksums = true
		defer func() { ignoreChecksums = false }()
		tryDecode(t, b, false)
	})
}

func FuzzTags(f *testing.F) {
	f.Add(byte(0), id3Tag(3, id3Frame(3, "TBPM", "\x00120"), id3Frame(3, "TKEY", "\x01\xff\xfeA\x00m\x00"), id3Frame(3, "COMM", "\x00eng\x00hello")))
	f.Add(byte(0), id3Tag(4, id3Frame(4, "TXXX", "\x03KEY\x00F#m")))
	f.Add(byte(0), id3Tag(2, []byte("TBP\x00\x00\x04\x00120")))
	f.Add(byte(1), vorbisComments("BPM=120", "INITIALKEY=8A"))
	f.Add(byte(2), append([]byte("INFO"), chunkLE("INAM", []byte("name\x00"))...))
	f.Add(byte(3), append([]byte("adtl"), chunkLE("labl", []byte("\x01\x00\x00\x00name\x00"))...))
	f.Add(byte(4), []byte("\x00\x02\x00\x01\x00\x00\x00\x05\x04name\x00"))
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		tags := newTags()
		switch kind % 6 {
		case 0:
			readID3(b, &tags)
		case 1:
			readVorbisComment(b, &tags)
		case 2, 3:
			var r riffTags
			for _, id := range []string{"LIST", "acid", "smpl", "cue ", "bext", "id3 "} {
				r.chunk(id, b, binary.LittleEndian, &tags)
			}
			r.finish(&tags)
		default:
			var a aiffTags
			for _, id := range []string{"MARK", "INST", "NAME", "AUTH", "basc", "ID3 "} {
				a.chunk(id, b, &tags)
			}
			a.finish(&tags, Info{Frames: 100, Rate: 44100})
		}
		checkTags(t, tags)
	})
}

func checkTags(t *testing.T, tags Tags) {
	t.Helper()
	if tags.BPM != 0 && !(tags.BPM >= minBPM && tags.BPM <= maxBPM) || (tags.BPM == 0) != (tags.BPMOrigin == "") {
		t.Fatalf("tempo %v from %q", tags.BPM, tags.BPMOrigin)
	}
	if (tags.Key == "") != (tags.KeyOrigin == "") || tags.Key != "" && !realKey(tags.Key) {
		t.Fatalf("key %q from %q", tags.Key, tags.KeyOrigin)
	}
	if tags.RootNote < -1 || tags.RootNote > 127 || len(tags.Marks) > maxMarks || len(tags.Loops) > maxMarks {
		t.Fatalf("%+v", tags)
	}
	for _, s := range []string{tags.Title, tags.Artist, tags.Album, tags.Genre, tags.Comment, tags.Date} {
		if len(s) > maxText || s != clean(s) {
			t.Fatalf("text %q", s)
		}
	}
}

func realKey(k string) bool {
	parsed, ok := key.Parse(k)
	return ok && parsed.String() == k
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"Amen_165bpm_F#min.wav", "SP404 120 Am", "B flat min 92,5 bpm", "8A - 128", "♭♯#Ab♭m", "120.5.3 bpm", `C:\x\A.aif`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		bpm, name := ParseName(s)
		if bpm != 0 && !(bpm >= minBPM && bpm <= maxBPM) || name != "" && !realKey(name) {
			t.Fatalf("%v %q", bpm, name)
		}
	})
}
