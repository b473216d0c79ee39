// Package controller reads the MIDI controllers that are plugged in and says which notes are
// struck. On Linux it reads ALSA's raw MIDI devices as the files they are; on other systems it
// finds none.
//
// It knows bytes of MIDI; it must never know pads, kits or sound.
package controller

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"gitlab.com/gomidi/midi/v2"
	"gitlab.com/gomidi/midi/v2/drivers"
)

// Dir is where this system has its raw MIDI devices; "" when it has none that are files.
func Dir() string {
	if runtime.GOOS == "linux" {
		return "/dev/snd"
	}
	return ""
}

// Note is a key or pad that was struck or let go.
type Note struct {
	Channel  int // 1 to 16
	Key      int // 0 to 127, 60 is middle C
	Velocity int // 1 to 127; 0: let go
}

// lookEvery is how long a controller that was plugged in may take to be noticed.
const lookEvery = time.Second

// Watch reads every controller below dir, those too that are plugged in later, until ctx ends.
// struck is called for each note, changed with the names of the controllers that are being read
// whenever they change; both from one goroutine at a time.
func Watch(ctx context.Context, dir string, struck func(Note), changed func(names []string)) {
	w := &watch{open: map[string]*os.File{}, struck: struck}
	defer w.close()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	said := ""
	for {
		w.look(dir)
		if names := w.names(); strings.Join(names, "\n") != said {
			said = strings.Join(names, "\n")
			w.turn.Lock()
			changed(names)
			w.turn.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

type watch struct {
	struck func(Note)
	turn   sync.Mutex // one note at a time

	mu     sync.Mutex
	open   map[string]*os.File
	closed bool
	wg     sync.WaitGroup
}

// Plugged is a controller that is plugged in.
type Plugged struct {
	Name string
	Err  error // why it cannot be opened; syscall.EBUSY when a program, this one too, reads it already
}

// List finds the controllers below dir that are plugged in, without reading any.
func List(dir string) []Plugged {
	var out []Plugged
	for _, path := range devices(dir) {
		f, err := open(path)
		if err == nil {
			err = f.Close()
		}
		out = append(out, Plugged{nameOf(path), err})
	}
	return out
}

// devices are ALSA's raw MIDI devices below dir, in the order of their names.
func devices(dir string) []string {
	found, err := filepath.Glob(filepath.Join(dir, "midiC*D*"))
	if err != nil {
		return nil // only a wrong pattern is an error, and this one is right
	}
	return found
}

// open does not block, so that closing the file ends a read that waits.
func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// look opens what is new. A device that cannot be opened, since another program reads it or the
// rights are missing, is tried again the next time.
func (w *watch) look(dir string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range devices(dir) {
		if w.open[path] != nil || w.closed {
			continue
		}
		f, err := open(path)
		if err != nil {
			continue
		}
		w.open[path] = f
		w.wg.Go(func() { w.read(path, f) })
	}
}

// read hands on the notes of a device until it is unplugged.
func (w *watch) read(path string, f *os.File) {
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.open[path] == f {
			delete(w.open, path)
		}
		_ = f.Close() // only read from
	}()
	r := drivers.NewReader(drivers.ListenConfig{}, func(b []byte, _ int32) {
		if n, ok := noteOf(b); ok {
			w.turn.Lock()
			defer w.turn.Unlock()
			w.struck(n)
		}
	})
	buf := make([]byte, 256)
	for {
		n, err := f.Read(buf)
		r.EachMessage(buf[:n], 0)
		if errors.Is(err, syscall.EAGAIN) {
			continue
		}
		if err != nil || n == 0 {
			return
		}
	}
}

func noteOf(b []byte) (Note, bool) {
	var channel, key, velocity uint8
	m := midi.Message(b)
	switch {
	case m.GetNoteStart(&channel, &key, &velocity):
	case m.GetNoteEnd(&channel, &key):
		velocity = 0
	default:
		return Note{}, false
	}
	return Note{int(channel) + 1, int(key), int(velocity)}, true
}

// names are the controllers as the system calls them.
func (w *watch) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for path := range w.open {
		out = append(out, nameOf(path))
	}
	slices.Sort(out)
	return out
}

// nameOf asks ALSA for the name of the card that a device belongs to.
func nameOf(path string) string {
	device := filepath.Base(path) // midiC1D0
	card, _, _ := strings.Cut(strings.TrimPrefix(device, "midiC"), "D")
	b, err := os.ReadFile("/proc/asound/card" + card + "/id")
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return device + " (its name cannot be read)"
		}
		return device
	}
	return strings.TrimSpace(string(b))
}

func (w *watch) close() {
	w.mu.Lock()
	w.closed = true
	for _, f := range w.open {
		_ = f.Close() // ends the read; only read from
	}
	w.mu.Unlock()
	w.wg.Wait()
}
