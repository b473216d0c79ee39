package codec

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// flac32 is a FLAC file of 32 bits and two channels in one verbatim frame, which no encoder here
// writes. assign is the frame's channel assignment.
func flac32(assign int, left, right []int32) []byte {
	info := make([]byte, 34)
	binary.BigEndian.PutUint64(info[10:], 44100<<44|1<<41|31<<36|uint64(len(left)))
	head := append([]byte("fLaC\x80\x00\x00\x22"), info...)
	var w bitWriter
	w.write(0xFFF8, 16)
	w.write(7, 4)
	w.write(9, 4)
	w.write(uint64(assign), 4)
	w.write(7, 3)
	w.write(0, 1)
	w.write(0, 8)
	w.write(uint64(len(left)-1), 16)
	w.write(uint64(crc8(w.b)), 8)
	for ch := range 2 {
		w.write(1<<1, 8) // verbatim
		for i, l := range left {
			r := right[i]
			side := uint64(int64(l) - int64(r))
			switch {
			case assign == 8 && ch == 1, assign == 9 && ch == 0, assign == 10 && ch == 1:
				w.write(side>>1, 32)
				w.write(side, 1)
			case assign == 10:
				w.write(uint64((int64(l)+int64(r))>>1), 32)
			case ch == 0:
				w.write(uint64(l), 32)
			default:
				w.write(uint64(r), 32)
			}
		}
	}
	w.align()
	w.write(uint64(crc16(w.b)), 16)
	return append(head, w.b...)
}

func TestFLAC32(t *testing.T) {
	left := []int32{0, 1 << 30, math.MinInt32, math.MaxInt32, -7, 123456789}
	right := []int32{-1, math.MinInt32, math.MaxInt32, math.MinInt32, 9, -987654321}
	for _, assign := range []int{1, 8, 9, 10} {
		t.Run(fmt.Sprint(assign), func(t *testing.T) {
			c := roundTrip(t, flac32(assign, left, right))
			if c.BitDepth != 32 || c.Frames != int64(len(left)) {
				t.Fatalf("%+v", c.Info)
			}
			for i := range left {
				l, r := float32(left[i])/(1<<31), float32(right[i])/(1<<31)
				if c.Audio.Samples[2*i] != l || c.Audio.Samples[2*i+1] != r {
					t.Errorf("frame %d is %v, want %v %v", i, c.Audio.Samples[2*i:2*i+2], l, r)
				}
			}
		})
	}
}

// TestFLACSum: the checksum that EncodeFLAC writes is the one of the sound.
func TestFLACSum(t *testing.T) {
	b := noise(44100, 2, 5000)
	var file bytes.Buffer
	if err := EncodeFLAC(&file, b, FLACOptions{Bits: 16}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.flac")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if want := md5.Sum(ffmpeg(t, "-i", path, "-f", "s16le", "-")); !bytes.Equal(file.Bytes()[26:42], want[:]) {
		t.Errorf("%x, want %x", file.Bytes()[26:42], want)
	}
}

// TestFLACDamage: what comes before the damage is given, with Truncated set.
func TestFLACDamage(t *testing.T) {
	b := noise(44100, 2, 20_000)
	var file bytes.Buffer
	if err := EncodeFLAC(&file, b, FLACOptions{Bits: 16}); err != nil {
		t.Fatal(err)
	}
	good := file.Bytes()
	whole := roundTrip(t, good)
	for name, c := range map[string]struct {
		bytes     []byte
		truncated bool
		least     int
	}{
		"cut":               {good[:len(good)/2], true, 4096},
		"flipped":           {flip(good, len(good)*2/3), true, 8192},
		"ID3v1 behind":      {append(bytes.Clone(good), append([]byte("TAG"), make([]byte, 125)...)...), false, 20_000},
		"junk behind":       {append(bytes.Clone(good), "some words that somebody appended"...), false, 20_000},
		"ID3v2 before":      {join(id3Tag(3, id3Frame(3, "TIT2", "\x00x")), good), false, 20_000},
		"claims too much":   {claimFrames(good, 100_000), true, 20_000},
		"claims the absurd": {claimFrames(good, 1<<35), false, 20_000},
		"claims nothing":    {claimFrames(good, 0), false, 20_000},
		"claims too few":    {claimFrames(good, 10), false, 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			got := roundTrip(t, c.bytes)
			if got.Truncated != c.truncated || got.Frames < int64(c.least) {
				t.Errorf("%+v", got.Info)
			}
			sameSamples(t, got.Audio.Samples, whole.Audio.Samples[:len(got.Audio.Samples)])
		})
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x10
	return b
}

// claimFrames sets the number of frames in STREAMINFO.
func claimFrames(b []byte, frames uint64) []byte {
	b = bytes.Clone(b)
	v := binary.BigEndian.Uint64(b[18:])
	binary.BigEndian.PutUint64(b[18:], v&^(1<<36-1)|frames)
	return b
}
