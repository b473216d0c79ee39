//go:build unix

package controller

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// plug makes a device of a named pipe and returns the end of it that a controller writes to.
func plug(t *testing.T, dir, name string) *os.File {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

type heard struct {
	mu    sync.Mutex
	notes []Note
	names []string
}

func (h *heard) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		h.mu.Lock()
		done := ok()
		h.mu.Unlock()
		if done {
			return
		}
	}
	t.Fatalf("%s: in vain; notes %v, names %v", what, h.notes, h.names)
}

func send(t *testing.T, f *os.File, b ...byte) {
	t.Helper()
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
}

func TestControllersAreHeardAndMayComeAndGo(t *testing.T) {
	dir := t.TempDir()
	first := plug(t, dir, "midiC91D0")
	h := &heard{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Watch(ctx, dir,
			func(n Note) { h.mu.Lock(); defer h.mu.Unlock(); h.notes = append(h.notes, n) },
			func(names []string) { h.mu.Lock(); defer h.mu.Unlock(); h.names = names })
	}()
	h.eventually(t, "a controller", func() bool { return slices.Equal(h.names, []string{"midiC91D0"}) })

	// Running status, a clock in the middle of a note, a system exclusive, a note on of velocity 0.
	send(t, first, 0x99, 36, 100, 38, 0xF8, 90)
	send(t, first, 0xF0, 0x41, 0x10, 0xF7, 0x89, 36, 64)
	send(t, first, 0x9F, 48)
	send(t, first, 127, 48, 0, 0xB0, 1, 2)
	want := []Note{{10, 36, 100}, {10, 38, 90}, {10, 36, 0}, {16, 48, 127}, {16, 48, 0}}
	h.eventually(t, "notes", func() bool { return slices.Equal(h.notes, want) })

	second := plug(t, dir, "midiC92D0")
	h.eventually(t, "a second one", func() bool { return len(h.names) == 2 })
	if err := os.Remove(filepath.Join(dir, "midiC91D0")); err != nil {
		t.Fatal(err)
	}
	first.Close() // unplugged: the reader comes to an end
	h.eventually(t, "the second alone", func() bool { return slices.Equal(h.names, []string{"midiC92D0"}) })
	send(t, second, 0x90, 60, 1)
	h.eventually(t, "its note", func() bool { return len(h.notes) == 6 && h.notes[5] == Note{1, 60, 1} })

	cancel()
	select {
	case <-ended:
	case <-time.After(2 * time.Minute):
		t.Fatal("watching does not end")
	}
}

func TestListNamesWhatIsPluggedIn(t *testing.T) {
	dir := t.TempDir()
	if got := List(dir); len(got) != 0 {
		t.Errorf("nothing is plugged in: %+v", got)
	}
	plug(t, dir, "midiC93D0")
	if err := os.Symlink(filepath.Join(dir, "unplugged"), filepath.Join(dir, "midiC94D0")); err != nil {
		t.Fatal(err)
	}
	got := List(dir)
	if len(got) != 2 || got[0] != (Plugged{Name: "midiC93D0"}) || got[1].Name != "midiC94D0" || !errors.Is(got[1].Err, os.ErrNotExist) {
		t.Errorf("%+v", got)
	}
}

// Whatever bytes come, nothing panics and every note is one of MIDI.
func FuzzBytes(f *testing.F) {
	f.Add([]byte{0x99, 36, 100, 38, 0xF8, 90, 0xF0, 1, 0xF7, 0x80, 36, 64})
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "midiC0D0")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		w := &watch{open: map[string]*os.File{path: file}, struck: func(n Note) {
			if n.Channel < 1 || n.Channel > 16 || n.Key < 0 || n.Key > 127 || n.Velocity < 0 || n.Velocity > 127 {
				t.Fatalf("%+v", n)
			}
		}}
		w.read(path, file)
	})
}
