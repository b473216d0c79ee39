package object

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A copy over an object that is there takes its place and begins its own age, as one to a free key does.
func TestCopyOverAnother(t *testing.T) {
	l, err := NewLocal(t.TempDir(), "http://localhost", []byte("secret"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	for key, sound := range map[string]string{"a/one": "sound", "b/two": "other"} {
		if err := l.Put(t.Context(), key, strings.NewReader(sound), 5, About{}); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(l.path(key), old, old); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []string{"b/two", "c/three", "c/three"} {
		if err := l.Copy(t.Context(), "a/one", to); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(l.path(to))
		if err != nil || string(got) != "sound" {
			t.Errorf("%s: %q %v", to, got, err)
		}
		if info, err := l.Stat(t.Context(), to); err != nil || info.Modified.Before(old.Add(time.Minute)) {
			t.Errorf("%s is from %v, %v", to, info.Modified, err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(l.dir, "tmp")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// Where a file system knows no second names, the bytes are copied.
func TestCopyOfBytes(t *testing.T) {
	l, err := NewLocal(t.TempDir(), "http://localhost", []byte("secret"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.copyBytes(t.Context(), "a/none", "b/one"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a copy of nothing: %v", err)
	}
	if err := l.Put(t.Context(), "a/one", strings.NewReader("sound"), 5, About{}); err != nil {
		t.Fatal(err)
	}
	if err := l.copyBytes(t.Context(), "a/one", "b/one"); err != nil {
		t.Fatal(err)
	}
	if err := l.Delete(t.Context(), "a/one"); err != nil {
		t.Fatal(err)
	}
	r, _, err := l.Get(t.Context(), "b/one")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "sound" {
		t.Errorf("%q %v", got, err)
	}
}
