package cloud

import (
	"os"
	"path/filepath"
	"testing"

	"sampleagent/sync/wire"
)

// Every demo sound comes back as it was, and plain PCM shrinks.
func TestDemoSoundsComeBack(t *testing.T) {
	forms := map[string]int{}
	err := filepath.WalkDir("../../assets/demo", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		as, err := storedForm(t.Context(), path, sumOf(file))
		if err != nil {
			return err
		}
		forms[as.form+filepath.Ext(path)]++
		if as.form == wire.KeptPacked && as.size >= int64(len(file)) {
			t.Errorf("%s: %d bytes as %d", path, len(file), as.size)
		}
		return nil
	})
	if err != nil || forms["flac.wav"] < 5 || forms["flac.aif"] < 1 || forms["original.flac"] < 1 {
		t.Fatalf("%v, %v", forms, err)
	}
	if _, err := storedForm(t.Context(), "../../assets/demo/One Shots/Brick Kick.wav", sumOf(nil)); err == nil {
		t.Fatal("a file that has changed was taken")
	}
}
