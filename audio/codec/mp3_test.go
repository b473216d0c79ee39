package codec

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// TestIntensityStereo: no encoder at hand writes intensity stereo, so a plain stereo file gets the
// flags set by hand. That makes odd music, which ffmpeg must make of it too.
func TestIntensityStereo(t *testing.T) {
	for _, rate := range []int{22050, 44100} {
		for _, mode := range []byte{0x50, 0x60, 0x70} { // joint with intensity, with mid/side, with both
			t.Run(fmt.Sprintf("%d/%x", rate, mode), func(t *testing.T) {
				dir := t.TempDir()
				in, path := filepath.Join(dir, "in.wav"), filepath.Join(dir, "a.mp3")
				b := noise(rate, 2, rate/2)
				for i := range b.Samples {
					b.Samples[i] *= 0.3
					if i/2 > rate/4 {
						b.Samples[i] *= float32(math.Exp(-float64(i/2%3001) / 60)) // short windows as well
					}
					if i%2 == 1 {
						b.Samples[i] *= 0.01 // a quiet right side ends early, so that there is something to spread
					}
				}
				writeWAV(t, in, b, WAVOptions{PCMOptions: PCMOptions{Float: true}})
				ffmpeg(t, "-i", in, "-c:a", "libmp3lame", "-b:a", "64k", "-joint_stereo", "0", "-id3v2_version", "0", "-write_xing", "0", path)
				file, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for at := 0; ; {
					h, ok := parseMP3Header(file[at:])
					if !ok {
						break
					}
					file[at+3] = file[at+3]&0x0F | mode
					at += h.size
				}
				if err := os.WriteFile(path, file, 0o600); err != nil {
					t.Fatal(err)
				}
				want := floats(ffmpeg(t, "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "-"))
				got := decodeFile(t, path)
				if rate >= 32000 {
					agrees(t, got, MP3, rate, 2, want, 2e-6)
					return
				}
				// In MPEG 2 the flag also changes how long scale factors are, so that some granules
				// are damaged now, which every decoder mends in its own way. Most are not.
				const granule = 2 * 576
				good, all := 0, 0
				for at := 0; at+granule <= min(len(want), len(got.Audio.Samples)); at += granule {
					worst := 0.0
					for i := at; i < at+granule; i++ {
						worst = max(worst, math.Abs(float64(got.Audio.Samples[i]-want[i])))
					}
					if all++; worst < 4e-6 {
						good++
					}
				}
				if all < 15 || 10*good < 7*all {
					t.Errorf("%d of %d granules agree with ffmpeg", good, all)
				}
			})
		}
	}
}

// TestMP3Junk: rubbish before, between and behind frames costs no frame, and cut files give what
// they have.
func TestMP3Junk(t *testing.T) {
	good := golden(t, "tone.mp3")
	want := roundTrip(t, good)
	if want.Truncated || want.Frames != 6615 { // 0.15 s: the coder's delays are gone
		t.Fatalf("%+v", want.Info)
	}
	at := int(id3Length(good))
	first, _ := parseMP3Header(good[at:])
	second := at + first.size
	third, _ := parseMP3Header(good[second:])
	between := second + third.size
	for range 2 { // behind frames enough to be sure of the format
		h, _ := parseMP3Header(good[between:])
		between += h.size
	}
	for name, file := range map[string][]byte{
		"zeros before":  join(make([]byte, 100), good[at:]),
		"no tag":        good[at:],
		"two tags":      join(good[:at], good),
		"tag behind":    join(good, []byte("TAG"), make([]byte, 125)),
		"junk between":  join(good[:between], bytes.Repeat([]byte("rubbish "), 40), good[between:]),
		"sync in words": join(good, bytes.Repeat([]byte{0xFF, 0xFB, 0x90, 0}, 50)),
	} {
		t.Run(name, func(t *testing.T) {
			got := roundTrip(t, file)
			if got.Format != MP3 || got.Frames < want.Frames {
				t.Fatalf("%+v", got.Info)
			}
			sameSamples(t, got.Audio.Samples[:len(want.Audio.Samples)], want.Audio.Samples)
		})
	}
	cut := roundTrip(t, good[:len(good)*2/3])
	if !cut.Truncated || cut.Frames == 0 || cut.Frames >= want.Frames {
		t.Errorf("cut: %+v", cut.Info)
	}
}

// TestHuffmanTables: every code of every table, written and looked up.
func TestHuffmanTables(t *testing.T) {
	sizes := map[int]int{1: 4, 2: 9, 3: 9, 5: 16, 6: 16, 7: 36, 8: 36, 9: 36, 10: 64, 11: 64, 12: 64, 13: 256, 15: 256, 16: 256, 24: 256, 32: 16, 33: 16}
	for n, text := range mp3Codes {
		if len(text) != 3*sizes[n] {
			t.Errorf("table %d has %d codes, want %d", n, len(text)/3, sizes[n])
		}
		code := uint64(0)
		for i := 0; i < len(text); i += 3 {
			depth := uint(text[i]-'a') + 1
			var w bitWriter
			w.write(code>>(32-depth), depth)
			w.write(0xFFFF, 16)
			code += 1 << (32 - depth)
			var r bitReader
			r.reset(w.b, 0)
			if got := fmt.Sprintf("%02x", mp3Tables[n].look(&r)); got != text[i+1:i+3] || r.at() != int(depth) {
				t.Errorf("table %d: %s after %d bits, want %s after %d", n, got, r.at(), text[i+1:i+3], depth)
			}
		}
		if code != 1<<32 {
			t.Errorf("table %d is not complete", n)
		}
	}
	for row := range mp3LongBands {
		long, short := 0, 0
		for _, w := range mp3LongBands[row] {
			long += int(w)
		}
		for _, w := range mp3ShortBands[row] {
			short += int(w)
		}
		if long != 576 || short != 192 {
			t.Errorf("bands %d have %d and %d lines", row, long, short)
		}
	}
}

func TestDCT32(t *testing.T) {
	var in, out [32]float32
	for i := range in {
		in[i] = float32(math.Sin(float64(i * i)))
	}
	kept := in
	dct32(&in, &out)
	for j := range out {
		want := 0.0
		for k, v := range kept {
			want += float64(v) * math.Cos(float64(j)*float64(2*k+1)*math.Pi/64)
		}
		if math.Abs(float64(out[j])-want) > 1e-5 {
			t.Errorf("%d is %v, want %v", j, out[j], want)
		}
	}
}
