package smp

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/library/sp404/internal/devicefiles"
)

func TestRealHeaders(t *testing.T) {
	dir := devicefiles.Dir(t)
	for path, want := range map[string]int64{
		"Project16/P16_PROJECT_16/SMPL/BANK1-01.SMP": 96976,
		"Project16/P16_PROJECT_16/SMPL/BANK1-02.SMP": 165888,
		"ugc/smp-headers/BANK1-01.SMP.first512":      308716,
		"ugc/smp-headers/BANK2-01.SMP.first512":      294012,
	} {
		b, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		h, err := ReadHeader(b)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if h.FileBytes != want || h.Rate != 48000 || h.Channels != 2 || h.Bits != 16 || !h.DigestOK {
			t.Errorf("%s: %+v", path, h)
		}
		// Our header has the same first 48 bytes: all but the filler.
		ours, err := head(h.Frames(), h.Channels)
		if err != nil || !bytes.Equal(ours[:offFiller], b[:offFiller]) {
			t.Errorf("%s: our header differs (%v)", path, err)
		}
	}
}

// The device's own sound, decoded and written by us, is the device's file but for the filler.
func TestRealSoundRoundTrips(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(devicefiles.Dir(t), "Project16/P16_PROJECT_16/SMPL/BANK1-01.SMP"))
	if err != nil {
		t.Fatal(err)
	}
	buf, h, err := Decode(bytes.NewReader(b), 0)
	if err != nil || buf.Frames() != 24116 || h.Frames() != 24116 {
		t.Fatalf("%v: %d frames", err, buf.Frames())
	}
	ints := make([]int16, len(buf.Samples))
	for i, v := range buf.Samples {
		ints[i] = int16(v * 32768)
	}
	var out bytes.Buffer
	if err := Encode(&out, ints, 2); err != nil {
		t.Fatal(err)
	}
	if out.Len() != len(b) || !bytes.Equal(out.Bytes()[HeaderSize:], b[HeaderSize:]) || !bytes.Equal(out.Bytes()[:offFiller], b[:offFiller]) {
		t.Error("the sound written again differs")
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 2).Draw(t, "channels")
		frames := rapid.IntRange(0, 500).Draw(t, "frames")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		in := make([]int16, frames*channels)
		for i := range in {
			in[i] = int16(rng.Uint32())
		}
		var out bytes.Buffer
		if err := Encode(&out, in, channels); err != nil {
			t.Fatal(err)
		}
		buf, h, err := Decode(bytes.NewReader(out.Bytes()), 0)
		if err != nil || !h.DigestOK || h.FileBytes != int64(out.Len()) || buf.Frames() != frames || buf.Channels != channels {
			t.Fatalf("%+v, %v", h, err)
		}
		for i, v := range buf.Samples {
			if int16(v*32768) != in[i] {
				t.Fatalf("sample %d", i)
			}
		}
	})
}

func TestRefuses(t *testing.T) {
	good, err := head(10, 2)
	if err != nil {
		t.Fatal(err)
	}
	change := func(at int, v byte) []byte { b := bytes.Clone(good); b[at] = v; return b }
	for name, c := range map[string]struct {
		in     []byte
		offset int64
	}{
		"short":    {good[:511], 511},
		"magic":    {change(0, 'x'), 0},
		"channels": {change(0x0F, 3), offChannels},
		"bits":     {change(0x13, 24), offBits},
		"rate":     {change(0x08, 0xFF), offRate},
	} {
		_, err := ReadHeader(c.in)
		var fe *FormatError
		if !errors.As(err, &fe) || fe.Offset != c.offset {
			t.Errorf("%s: %v; want an error at byte %d", name, err, c.offset)
		}
	}
	if h, err := ReadHeader(change(0x20, ^good[0x20])); err != nil || h.DigestOK {
		t.Error("a wrong digest is not told")
	}
	if _, _, err := Decode(bytes.NewReader(good), 5); err == nil {
		t.Error("the limit of frames is not kept")
	}
	if Encode(&bytes.Buffer{}, make([]int16, 3), 2) == nil || Encode(&bytes.Buffer{}, make([]int16, 3), 3) == nil {
		t.Error("what cannot be written is written")
	}
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	if err := Encode(&b, []int16{1, -2, 3, -4}, 2); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:513])
	f.Fuzz(func(t *testing.T, in []byte) {
		buf, h, err := Decode(bytes.NewReader(in), 1<<20)
		if err != nil {
			return
		}
		if len(buf.Samples)*2 > len(in) || len(buf.Samples)%h.Channels != 0 {
			t.Fatal("more sound than the file has")
		}
	})
}
