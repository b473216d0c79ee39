package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// The committed demo sounds are what the generator makes, byte for byte, and take less than 8 MB.
func TestDemoIsUpToDate(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("floating-point sums differ in the last bit on other processors")
	}
	committed, fresh := "../../../assets/demo", t.TempDir()
	if err := render(fresh); err != nil {
		t.Fatal(err)
	}
	count := func(dir string) (n int) {
		err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				n++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if have, want := count(committed), count(fresh); have != want {
		t.Errorf("%d demo sounds are committed, the generator makes %d: run make demo-sounds", have, want)
	}
	total := 0
	err := filepath.WalkDir(fresh, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(fresh, path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		have, err := os.ReadFile(filepath.Join(committed, rel))
		if err != nil {
			return err
		}
		total += len(have)
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not what the generator makes: run make demo-sounds", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if total >= 8<<20 {
		t.Errorf("the demo sounds take %d bytes", total)
	}
}
