// Package codectest makes sound files for tests. It must never be part of the program.
package codectest

import (
	"os"
	"path/filepath"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// WAV writes b as a 16-bit file, with the folders it lies in, and returns its path.
func WAV(t testing.TB, path string, b *pcm.Buffer) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := codec.EncodeWAV(f, b, codec.WAVOptions{}); err != nil {
		t.Fatal(err)
	}
	return path
}
