// Command render writes the demo sounds: `go run ./audio/synth/render assets/demo`.
//
// They are what a real folder looks like: several formats, rates and depths, one file that is
// broken and one that is silent.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/audio/synth"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: render FOLDER")
		os.Exit(2)
	}
	if err := render(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func render(dir string) error {
	for i, s := range synth.OneShots(44100) {
		depth := codec.PCMOptions{Bits: 16}
		switch i % 6 {
		case 2:
			depth.Bits = 24
		case 4:
			depth = codec.PCMOptions{Bits: 32, Float: true}
		}
		encode := func(w io.Writer, b *pcm.Buffer) error {
			return codec.EncodeWAV(w, b, codec.WAVOptions{PCMOptions: depth})
		}
		name := s.Name + ".wav"
		if i%6 == 5 {
			encode = func(w io.Writer, b *pcm.Buffer) error { return codec.EncodeAIFF(w, b, codec.AIFFOptions{}) }
			name = s.Name + ".aif"
		}
		if err := write(filepath.Join(dir, "One Shots", name), s.Audio, encode); err != nil {
			return err
		}
	}
	// A hit that is already what the device wants, so that a card shows one file untouched.
	ready := synth.OneShots(48000)[0]
	if err := write(filepath.Join(dir, "One Shots", ready.Name+" 48k.wav"), ready.Audio, plainWAV); err != nil {
		return err
	}
	flac := func(w io.Writer, b *pcm.Buffer) error { return codec.EncodeFLAC(w, b, codec.FLACOptions{Bits: 16}) }
	for folder, sounds := range map[string][]synth.Sound{"Drum Loops": synth.DrumLoops(44100), "Tonal Loops": synth.TonalLoops(44100)} {
		for _, s := range sounds {
			if err := write(filepath.Join(dir, folder, s.Name+".flac"), s.Audio, flac); err != nil {
				return err
			}
		}
	}
	silent := &pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 44100)}
	if err := write(filepath.Join(dir, "Odds", "Silent Take.wav"), silent, plainWAV); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "Odds", "Broken Download.wav"), []byte("RIFF\x24\x00\x00\x00WAVEfmt <html>404 Not Found</html>\n"), 0o644)
}

func plainWAV(w io.Writer, b *pcm.Buffer) error { return codec.EncodeWAV(w, b, codec.WAVOptions{}) }

func write(path string, b *pcm.Buffer, encode func(io.Writer, *pcm.Buffer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := encode(f, b); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
