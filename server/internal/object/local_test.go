package object

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

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
