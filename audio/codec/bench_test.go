package codec

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkDecode gives MB/s of decoded 16-bit sound and, as ffmpeg/us, the time that ffmpeg
// takes for the same file, its start included, by ours.
func BenchmarkDecode(b *testing.B) {
	dir := b.TempDir()
	in := filepath.Join(dir, "in.wav")
	s := noise(44100, 2, 44100*60)
	for i := range s.Samples {
		s.Samples[i] *= 0.4
	}
	writeWAV(b, in, s, WAVOptions{PCMOptions: PCMOptions{Float: true}})
	for _, k := range []struct {
		name string
		args []string
	}{
		{"a16.wav", []string{"-c:a", "pcm_s16le"}},
		{"a24.wav", []string{"-c:a", "pcm_s24le"}},
		{"a32f.wav", []string{"-c:a", "pcm_f32le"}},
		{"a24.aiff", []string{"-c:a", "pcm_s24be"}},
		{"a16.flac", []string{"-sample_fmt", "s16"}},
		{"a24.flac", []string{"-sample_fmt", "s32", "-bits_per_raw_sample", "24"}},
		{"a.mp3", []string{"-b:a", "192k"}},
		{"a.ogg", []string{"-c:a", "libvorbis", "-q:a", "5"}},
	} {
		path := filepath.Join(dir, k.name)
		ffmpeg(b, append(append([]string{"-i", in}, k.args...), path)...)
		b.Run(k.name, func(b *testing.B) {
			b.SetBytes(int64(2 * len(s.Samples)))
			for b.Loop() {
				if _, err := DecodeFile(context.Background(), path, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
			start := time.Now()
			const runs = 3
			for range runs {
				if err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", path, "-f", "null", "-c:a", "pcm_f32le", "-").Run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(time.Since(start).Seconds()/runs/(b.Elapsed().Seconds()/float64(b.N)), "ffmpeg/us")
		})
	}
}

// BenchmarkShort is a one-shot of 0.3 s, of which libraries are full.
func BenchmarkShort(b *testing.B) {
	var file bytes.Buffer
	if err := EncodeWAV(&file, noise(44100, 1, 13230), WAVOptions{}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(context.Background(), bytes.NewReader(file.Bytes()), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseName(b *testing.B) {
	for b.Loop() {
		ParseName("/packs/Some Vendor/XX_Drum_Loop_120bpm_F#min_01.wav")
	}
}
