package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/codec/codectest"
	"sampleagent/audio/pcm"
	"sampleagent/audio/synth"
	"sampleagent/library/catalog"
)

// minute writes the demo's loops one after the other, a minute in stereo, as a WAV file of so many bits.
func minute(t *testing.T, file string, rate, bits int) {
	t.Helper()
	b := &pcm.Buffer{Rate: rate, Channels: 2}
	frames := 60 * rate
	for loops := slices.Concat(synth.TonalLoops(rate), synth.DrumLoops(rate)); len(b.Samples) < 2*frames; {
		for _, l := range loops {
			for i := range l.Audio.Samples {
				for range 2 / l.Audio.Channels { // a mono loop on both sides
					b.Samples = append(b.Samples, l.Audio.Samples[i])
				}
			}
		}
	}
	b.Samples = b.Samples[:2*frames]
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := codec.EncodeWAV(out, b, codec.WAVOptions{PCMOptions: codec.PCMOptions{Bits: bits}}); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// The free plan takes a minute and ten megabytes: a minute of music is larger than that as WAV, and
// goes up as FLAC that is not, with its rate, its bits and every sample as they were. A minute that does
// not get small enough is refused before it is sent, by the limit's name.
func TestAMinuteFitsTheFreePlan(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	const limit = 10 << 20
	t.Run("music", func(t *testing.T) {
		const rate, bits = 48000, 24
		a := openDesk(t, s, s.url, false, nil)
		s.tier("free")
		if err := a.Cloud().Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "Minute.wav")
		minute(t, file, rate, bits)
		was, err := codec.DecodeFile(ctx, file, codec.Limits{})
		info, statErr := os.Stat(file)
		if err != nil || statErr != nil || info.Size() <= limit || len(was.Audio.Samples) != 2*60*rate {
			t.Fatalf("%v %v: %d bytes", err, statErr, info.Size())
		}
		row := onlySound(t, a, file)
		p, err := a.Cloud().Preview(ctx, []catalog.Row{row}, nil)
		if err != nil || p.Fits != 1 || p.Bytes >= limit || p.Raw != info.Size() {
			t.Fatalf("%+v, %v", p, err)
		}
		t.Logf("%d bytes of WAV go up as %d", info.Size(), p.Bytes)
		if n, err := a.Cloud().Queue(ctx, []catalog.Row{row}); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if err := a.Cloud().Work(ctx, nil); err != nil {
			t.Fatal(err)
		}
		jobs, err := a.Cloud().Jobs(ctx, 1)
		if err != nil || jobs[0].Remote == nil {
			t.Fatalf("%+v, %v", jobs, err)
		}
		s.eventually("the server never has it", func() bool {
			found := false
			err := filepath.WalkDir(filepath.Join(s.dir, "data"), func(path string, e fs.DirEntry, err error) error {
				if errors.Is(err, fs.ErrNotExist) {
					return nil // jobs move objects while we look
				}
				if err != nil || found || !strings.HasSuffix(path, ".flac") {
					return err
				}
				kept, err := codec.DecodeFile(ctx, path, codec.Limits{})
				found = err == nil && kept.Audio.Rate == rate && kept.BitDepth == bits && slices.Equal(kept.Audio.Samples, was.Audio.Samples)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return found
		})
	})
	t.Run("noise", func(t *testing.T) {
		a := openDesk(t, s, s.url, false, nil)
		s.tier("free")
		if err := a.Cloud().Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "Noise.wav")
		codectest.WAV(t, file, noise(60, .9))
		row := onlySound(t, a, file)
		if n, err := a.Cloud().Queue(ctx, []catalog.Row{row}); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if err := a.Cloud().Work(ctx, nil); err != nil {
			t.Fatal(err)
		}
		jobs, err := a.Cloud().Jobs(ctx, 1)
		if err != nil || jobs[0].State != catalog.JobFailed || !strings.Contains(jobs[0].Error, "more than the 10.0 MB a file that the free plan takes") {
			t.Fatalf("%+v, %v", jobs, err)
		}
	})
}
