package codec

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sampleagent/audio/pcm"
)

// ffmpeg runs ffmpeg and returns its standard output; tests that need it are skipped where it is
// not installed.
func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed: apt-get install ffmpeg")
	}
	cmd := exec.Command("ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, errs.Bytes())
	}
	return out.Bytes()
}

// noise is a test sound that uses the whole range and every bit of a float.
func noise(rate, channels, frames int) *pcm.Buffer {
	b := &pcm.Buffer{Rate: rate, Channels: channels, Samples: make([]float32, frames*channels)}
	state := uint32(rate*31 + channels)
	for i := range b.Samples {
		state = state*1664525 + 1013904223
		tone := math.Sin(float64(i/channels) * 0.01 * float64(i%channels+1))
		b.Samples[i] = float32(0.7*tone + 0.29*(float64(state)/(1<<31)-1))
	}
	return b
}

func writeWAV(t testing.TB, path string, b *pcm.Buffer, o WAVOptions) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := EncodeWAV(f, b, o); err != nil {
		t.Fatal(err)
	}
}

func decodeFile(t testing.TB, path string) *Clip {
	t.Helper()
	c, err := DecodeFile(context.Background(), path, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sameSamples(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d samples, want %d", len(got), len(want))
	}
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !(got[i] == 0 && want[i] == 0) {
			t.Fatalf("sample %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func floats(b []byte) []float32 {
	s := make([]float32, len(b)/4)
	for i := range s {
		s[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return s
}

// TestBitExact holds our decode of every lossless kind against ffmpeg's, at several rates and
// channel counts. The files are written by ffmpeg, from noise of ours.
func TestBitExact(t *testing.T) {
	kinds := []struct {
		name, ext string
		args      []string
		bits      int
		float     bool
		most      int // channels
	}{
		{"wav-u8", "wav", []string{"-c:a", "pcm_u8"}, 8, false, 8},
		{"wav-s16", "wav", []string{"-c:a", "pcm_s16le"}, 16, false, 8},
		{"wav-s24", "wav", []string{"-c:a", "pcm_s24le"}, 24, false, 8},
		{"wav-s32", "wav", []string{"-c:a", "pcm_s32le"}, 32, false, 8},
		{"wav-f32", "wav", []string{"-c:a", "pcm_f32le"}, 32, true, 8},
		{"wav-f64", "wav", []string{"-c:a", "pcm_f64le"}, 64, true, 8},
		{"wav-alaw", "wav", []string{"-c:a", "pcm_alaw"}, 8, false, 2},
		{"wav-mulaw", "wav", []string{"-c:a", "pcm_mulaw"}, 8, false, 2},
		{"rf64-s24", "wav", []string{"-c:a", "pcm_s24le", "-rf64", "always"}, 24, false, 8},
		{"aiff-s8", "aiff", []string{"-c:a", "pcm_s8"}, 8, false, 8},
		{"aiff-s16", "aiff", []string{"-c:a", "pcm_s16be"}, 16, false, 8},
		{"aiff-s24", "aiff", []string{"-c:a", "pcm_s24be"}, 24, false, 8},
		{"aiff-s32", "aiff", []string{"-c:a", "pcm_s32be"}, 32, false, 8},
		{"aifc-sowt", "aiff", []string{"-c:a", "pcm_s16le"}, 16, false, 8},
		{"aifc-fl32", "aiff", []string{"-c:a", "pcm_f32be"}, 32, true, 8},
		{"aifc-fl64", "aiff", []string{"-c:a", "pcm_f64be"}, 64, true, 8},
		{"flac-s16", "flac", []string{"-c:a", "flac", "-sample_fmt", "s16"}, 16, false, 8},
		{"flac-s24", "flac", []string{"-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"}, 24, false, 8},
		{"flac-max", "flac", []string{"-c:a", "flac", "-sample_fmt", "s16", "-compression_level", "12"}, 16, false, 2},
		{"flac-min", "flac", []string{"-c:a", "flac", "-sample_fmt", "s16", "-compression_level", "0", "-ch_mode", "indep"}, 16, false, 2},
	}
	for _, form := range [...]struct{ rate, channels int }{{8000, 1}, {44100, 2}, {48000, 8}, {96000, 6}, {192000, 2}} {
		t.Run(fmt.Sprintf("%d/%dch", form.rate, form.channels), func(t *testing.T) {
			dir := t.TempDir()
			in := filepath.Join(dir, "in.wav")
			writeWAV(t, in, noise(form.rate, form.channels, 5003), WAVOptions{PCMOptions: PCMOptions{Float: true}})
			// One run writes all kinds, a second one reads them back.
			write, read, back := []string{"-i", in}, []string(nil), []string(nil)
			n := 0
			for _, k := range kinds {
				if form.channels <= k.most {
					path := filepath.Join(dir, k.name+"."+k.ext)
					write = append(append(write, k.args...), path)
					read = append(read, "-i", path)
					back = append(back, "-map", fmt.Sprint(n), "-f", "f32le", "-c:a", "pcm_f32le", path+".raw")
					n++
				}
			}
			ffmpeg(t, write...)
			ffmpeg(t, append(read, back...)...)
			for _, k := range kinds {
				if form.channels > k.most {
					continue
				}
				t.Run(k.name, func(t *testing.T) {
					path := filepath.Join(dir, k.name+"."+k.ext)
					c := decodeFile(t, path)
					if c.Rate != form.rate || c.Channels != form.channels || c.BitDepth != k.bits || c.Float != k.float || c.Frames != 5003 || c.Truncated {
						t.Fatalf("info is %+v", c.Info)
					}
					want, err := os.ReadFile(path + ".raw")
					if err != nil {
						t.Fatal(err)
					}
					sameSamples(t, c.Audio.Samples, floats(want))
				})
			}
		})
	}
}

// TestLossyAgree holds MP3 and Vorbis against ffmpeg: the same length, the same sound. Vorbis agrees
// but for the rounding of floats. go-mp3 gives 16 bits, cut off and not rounded, and is further off
// where attacks switch to short windows.
func TestLossyAgree(t *testing.T) {
	inputs := []struct {
		channels int
		clicks   bool // silence with hard attacks, which makes short windows
	}{{1, false}, {2, false}, {1, true}, {2, true}}
	kinds := []struct {
		name, ext string
		args      []string
		input     int
		format    Format
	}{
		{"mp3-cbr", "mp3", []string{"-c:a", "libmp3lame", "-b:a", "160k"}, 1, MP3},
		{"mp3-vbr", "mp3", []string{"-c:a", "libmp3lame", "-q:a", "2"}, 1, MP3},
		{"mp3-low", "mp3", []string{"-c:a", "libmp3lame", "-b:a", "32k"}, 1, MP3},
		{"mp3-plain-stereo", "mp3", []string{"-c:a", "libmp3lame", "-b:a", "64k", "-joint_stereo", "0"}, 3, MP3},
		{"mp3-mono", "mp3", []string{"-c:a", "libmp3lame", "-b:a", "64k"}, 0, MP3},
		{"mp3-clicks", "mp3", []string{"-c:a", "libmp3lame", "-b:a", "64k"}, 3, MP3},
		{"mp3-clicks-mono", "mp3", []string{"-c:a", "libmp3lame", "-q:a", "4"}, 2, MP3},
		{"mp3-no-tag", "mp3", []string{"-c:a", "libmp3lame", "-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0"}, 1, MP3},
		{"mp3-in-wav", "wav", []string{"-c:a", "libmp3lame", "-b:a", "128k"}, 1, WAV},
		{"vorbis", "ogg", []string{"-c:a", "libvorbis", "-q:a", "6"}, 1, Vorbis},
		{"vorbis-clicks", "ogg", []string{"-c:a", "libvorbis", "-q:a", "4"}, 3, Vorbis},
		{"vorbis-mono", "ogg", []string{"-c:a", "libvorbis", "-q:a", "1"}, 0, Vorbis},
	}
	for _, rate := range []int{8000, 22050, 44100} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			dir := t.TempDir()
			var write, read, back []string
			for n, in := range inputs {
				b := noise(rate, in.channels, rate/2)
				for i := range b.Samples {
					b.Samples[i] *= 0.5
					if in.clicks {
						b.Samples[i] *= float32(math.Exp(-float64(i/in.channels%3001) / 60))
					}
				}
				path := filepath.Join(dir, fmt.Sprintf("in%d.wav", n))
				writeWAV(t, path, b, WAVOptions{PCMOptions: PCMOptions{Float: true}})
				write = append(write, "-i", path)
			}
			for n, k := range kinds {
				path := filepath.Join(dir, k.name+"."+k.ext)
				write = append(append(append(write, "-map", fmt.Sprint(k.input)), k.args...), path)
				read = append(read, "-i", path)
				back = append(back, "-map", fmt.Sprint(n), "-f", "f32le", "-c:a", "pcm_f32le", path+".raw")
			}
			ffmpeg(t, write...)
			ffmpeg(t, append(read, back...)...)
			for _, k := range kinds {
				within := 2e-6
				if k.format != Vorbis {
					if rate < 32000 {
						continue // MPEG 2 is refused
					}
					within = 5e-2
				}
				t.Run(k.name, func(t *testing.T) {
					path := filepath.Join(dir, k.name+"."+k.ext)
					raw, err := os.ReadFile(path + ".raw")
					if err != nil {
						t.Fatal(err)
					}
					agrees(t, decodeFile(t, path), k.format, rate, inputs[k.input].channels, floats(raw), within)
				})
			}
		})
	}
}

func agrees(t *testing.T, c *Clip, format Format, rate, channels int, want []float32, within float64) {
	t.Helper()
	if c.Format != format || c.Rate != rate || c.Channels != channels || c.Truncated {
		t.Fatalf("info is %+v", c.Info)
	}
	got := c.Audio.Samples
	if format == Vorbis {
		// ffmpeg 5 is off at the end of streams of one page; the right length is the input's.
		if c.Frames != int64(rate/2) {
			t.Fatalf("%d frames of %d", c.Frames, rate/2)
		}
		n := min(len(got), len(want))
		got, want = got[:n], want[:n]
	}
	if len(got) != len(want) {
		t.Fatalf("%d frames, ffmpeg has %d", c.Frames, len(want)/channels)
	}
	peak := 1.0
	for _, v := range want {
		peak = max(peak, math.Abs(float64(v)))
	}
	within *= peak // floats of loud sounds are coarser
	power := 0.0
	for i := range want {
		d := math.Abs(float64(got[i] - want[i]))
		if d > within {
			t.Fatalf("sample %d differs from ffmpeg's by %g", i, d)
		}
		power += d * d
	}
	if rms := math.Sqrt(power / float64(len(want))); rms > 1e-3 {
		t.Errorf("differs from ffmpeg by %g on average", rms)
	}
}
