package sp404

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"math/cmplx"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"

	"sampleagent/audio/codec"
	"sampleagent/audio/dsp"
	"sampleagent/audio/pcm"
	"sampleagent/library/sp404/internal/devicefiles"
)

// soxRate has sox resample a sound at its very high quality, in 32-bit float from end to end.
func soxRate(t testing.TB, b *pcm.Buffer, to int) []float32 {
	t.Helper()
	in, out := filepath.Join(t.TempDir(), "in.raw"), filepath.Join(t.TempDir(), "out.raw")
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, b.Samples); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, raw.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	form := func(rate int) []string {
		return []string{"-t", "raw", "-e", "float", "-b", "32", "-c", fmt.Sprint(b.Channels), "-r", fmt.Sprint(rate)}
	}
	args := append(append(append([]string{"-D"}, form(b.Rate)...), in), append(form(to), out, "rate", "-v", fmt.Sprint(to))...)
	mustTool(t, "sox", args...)
	done, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, len(done)/4)
	if err := binary.Read(bytes.NewReader(done), binary.LittleEndian, x); err != nil {
		t.Fatal(err)
	}
	return x
}

// sweep is a sine that rises from 20 Hz to high in so many seconds, at any rate the same sound.
func sweep(rate int, high, seconds float64) []float32 {
	k := math.Log(high/20) / seconds
	x := make([]float32, int(seconds*float64(rate)))
	for i := range x {
		t := float64(i) / float64(rate)
		x[i] = float32(0.5 * math.Sin(2*math.Pi*20*(math.Exp(k*t)-1)/k))
	}
	return x
}

// apart is how far a lies from b in dB below b's power, without the ends.
func apart(a, b []float32) float64 {
	n := min(len(a), len(b))
	var diff, power float64
	for i := n / 50; i < n-n/50; i++ {
		d := float64(a[i]) - float64(b[i])
		diff += d * d
		power += float64(b[i]) * float64(b[i])
	}
	return 10 * math.Log10((diff+1e-300)/power)
}

// spectraApart is how far the magnitudes of two sounds' spectra lie apart below a frequency, in dB
// below the power of b: what an ear could tell, whatever the phases.
func spectraApart(a, b []float32, rate int, below float64) float64 {
	const size = 4096
	fft := fourier.NewFFT(size)
	var diff, power float64
	x, y := make([]float64, size), make([]float64, size)
	for at := 0; at+size <= min(len(a), len(b)); at += size / 2 {
		for i := range size {
			w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/size)
			x[i], y[i] = w*float64(a[at+i]), w*float64(b[at+i])
		}
		ca, cb := fft.Coefficients(nil, x), fft.Coefficients(nil, y)
		for k := range int(below / float64(rate) * size) {
			d := cmplx.Abs(ca[k]) - cmplx.Abs(cb[k])
			diff += d * d
			power += cmplx.Abs(cb[k]) * cmplx.Abs(cb[k])
		}
	}
	return 10 * math.Log10((diff+1e-300)/power)
}

// beyondSixteen is how far below the signal an error is lost under the device's sixteen bits: their
// own rounding lies at -92 dB of the sweep's -6 dBFS, and this is 33 dB below that.
const beyondSixteen = -125

// On sweeps both are compared with the sweep computed at 48 kHz. Ours stops at the rounding of
// float32, which is far below what sixteen bits can hold.
//
//	go test ./library/sp404 -run BesideSox -v
func TestSweepsBesideSox(t *testing.T) {
	for _, rate := range []int{32000, 44100, 88200, 96000} {
		high := 0.9 * float64(min(rate, 48000)) / 2
		in := &pcm.Buffer{Rate: rate, Channels: 1, Samples: sweep(rate, high, 5)}
		want := sweep(48000, high, 5)
		ours, err := dsp.Resample(context.Background(), in, 48000)
		if err != nil {
			t.Fatal(err)
		}
		us, them := apart(ours.Samples, want), apart(soxRate(t, in, 48000), want)
		t.Logf("%6d Hz, sweep to %.0f Hz: ours %.1f dB, sox rate -v %.1f dB", rate, high, us, them)
		if us > beyondSixteen {
			t.Errorf("%d Hz: %.1f dB from the sweep", rate, us)
		}
	}
}

// On music both have no truth to be compared with: their spectra must be the same to the ear, and
// to more than sixteen bits.
func TestMusicBesideSox(t *testing.T) {
	dir := filepath.Join(devicefiles.Dir(t), "..", "..", "datasets", "audio")
	var worst, sum float64 = -999, 0
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || n == 12 {
			return err
		}
		c, err := codec.DecodeFile(context.Background(), path, codec.Limits{})
		if err != nil || c.Audio.Rate != 44100 || c.Audio.Frames() < 44100 {
			return err
		}
		ours, err := dsp.Resample(context.Background(), &c.Audio, 48000)
		if err != nil {
			return err
		}
		theirs := soxRate(t, &c.Audio, 48000)
		mono := func(x []float32) []float32 {
			out := make([]float32, len(x)/c.Audio.Channels)
			for i := range out {
				out[i] = x[i*c.Audio.Channels]
			}
			return out
		}
		e := spectraApart(mono(ours.Samples), mono(theirs), 48000, 20000)
		worst, sum, n = max(worst, e), sum+e, n+1
		return nil
	})
	if os.IsNotExist(err) || n == 0 && err == nil {
		t.Skip("the labelled files are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files of 44.1 kHz: spectra below 20 kHz apart by %.1f dB in the mean, %.1f dB at worst", n, sum/float64(n), worst)
	if worst > -90 {
		t.Errorf("a spectrum lies %.1f dB from that of sox", worst)
	}
}
