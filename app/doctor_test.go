package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"sampleagent/library/catalog"
)

func TestDoctorLooksAtAllAndChangesNothing(t *testing.T) {
	keyring.MockInit()
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv(ServerVariable, "")
	f := folders(t)
	got := Doctor(context.Background(), Options{Folders: f})
	var names, bad []string
	for _, c := range got {
		names = append(names, c.Name)
		if !c.OK {
			bad = append(bad, c.Name)
		}
		if c.State == "" || !c.OK && c.Advice == "" {
			t.Errorf("%+v says too little", c)
		}
	}
	if s := strings.Join(names, " "); s != "display sound midi keyring library server" {
		t.Errorf("looked at %s", s)
	}
	if s := strings.Join(bad, " "); s != "display sound" {
		t.Errorf("not working: %s", s)
	}
	if !strings.Contains(got[5].State, "none is set") {
		t.Errorf("no server: %+v", got[5])
	}
	if _, err := os.Stat(f.Data); err == nil {
		t.Error("looking made a library")
	}
}

func TestCheckDisplay(t *testing.T) {
	// A socket that answers, and one that is not there.
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, "wayland-7"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "wayland-7")
	if c := checkDisplay(context.Background()); !c.OK || c.State != "Wayland wayland-7" {
		t.Errorf("%+v", c)
	}
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("DISPLAY", ":4711")
	if c := checkDisplay(context.Background()); c.OK || !strings.Contains(c.State, "X11 :4711 does not answer") {
		t.Errorf("%+v", c)
	}
}

func TestCheckSound(t *testing.T) {
	r := newRecorder()
	if c := checkSound(func() (Sound, error) { return r, nil }); !c.OK || c.State != "test device" || r.closed != 1 {
		t.Errorf("%+v, closed %d times", c, r.closed)
	}
	if c := checkSound(func() (Sound, error) { return newSilence(), nil }); c.OK || c.Advice == "" {
		t.Errorf("%+v", c)
	}
	if c := checkSound(func() (Sound, error) { return nil, errors.New("no card") }); c.OK || !strings.Contains(c.State, "no card") {
		t.Errorf("%+v", c)
	}
}

func TestCheckControllers(t *testing.T) {
	dir := t.TempDir()
	if c := checkControllers(dir); !c.OK || c.State != "no controller is plugged in" {
		t.Errorf("%+v", c)
	}
	if err := os.WriteFile(filepath.Join(dir, "midiC95D0"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if c := checkControllers(dir); !c.OK || c.State != "midiC95D0" {
		t.Errorf("%+v", c)
	}
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "midiC96D0")); err != nil {
		t.Fatal(err)
	}
	if c := checkControllers(dir); c.OK || c.Advice == "" || !strings.Contains(c.State, "midiC95D0, midiC96D0 cannot be opened") {
		t.Errorf("%+v", c)
	}
}

func TestCheckServer(t *testing.T) {
	healthy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/base/healthz" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer healthy.Close()
	for base, want := range map[string]string{
		healthy.URL + "/base":  "answers in",
		healthy.URL:            "418",
		"http://127.0.0.1:1":   "cannot be reached",
		"ftp://example.org":    "is not an address",
		"example.org":          "is not an address",
		"https://user:pw@host": "xxxxx", // a password is never printed
	} {
		ctx := context.Background()
		if strings.Contains(base, "user") {
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			cancel()
		}
		c := CheckServer(ctx, base)
		if !strings.Contains(c.State, want) || strings.Contains(c.State, ":pw@") {
			t.Errorf("%s: %+v", base, c)
		}
		if c.OK != (want == "answers in") {
			t.Errorf("%s: ok %v", base, c.OK)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestCheckLibraryFindsDamage(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "library.db")
	db, err := catalog.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if c := checkLibrary(ctx, path); !c.OK || !strings.Contains(c.State, "0 samples") {
		t.Errorf("%+v", c)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	junk := make([]byte, 8192)
	for i := range junk {
		junk[i] = byte(i * 7)
	}
	if _, err := f.WriteAt(junk, 4096); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if c := checkLibrary(ctx, path); c.OK || c.Advice == "" {
		t.Errorf("a damaged library: %+v", c)
	}
	if err := os.WriteFile(path, []byte("this is a letter, not a library, and long enough to be one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := checkLibrary(ctx, path); c.OK || !strings.Contains(c.State, "not a Sample Agent library") {
		t.Errorf("a letter: %+v", c)
	}
}
