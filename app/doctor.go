package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/zalando/go-keyring"

	"sampleagent/app/settings"
	"sampleagent/audio/controller"
	"sampleagent/library/catalog"
)

// Check is one thing that was looked at.
type Check struct {
	Name   string // "display"
	OK     bool
	State  string // what was found, in a few words
	Advice string // what to do about it; "" when nothing needs doing
}

// keyringService is the application's ID, as the desktop knows it.
const keyringService = "app.sampleagent.desktop"

// probeTime bounds each look at something that may hang: a display, a keyring behind an unlock
// dialog, a server.
const probeTime = 4 * time.Second

// HasDisplay says whether a window could be shown: on Linux and its kin a display must be named.
func HasDisplay() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// checkDisplay looks whether the display that is named answers.
func checkDisplay(ctx context.Context) Check {
	c := Check{Name: "display"}
	if !HasDisplay() {
		c.State = "none: DISPLAY and WAYLAND_DISPLAY are not set"
		c.Advice = "Start it from a desktop session for the window; every command works without one."
		return c
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		c.OK, c.State = true, "the system's own"
		return c
	}
	var tried []string
	try := func(label, network, address string) bool {
		ctx, cancel := context.WithTimeout(ctx, probeTime)
		defer cancel()
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			tried = append(tried, fmt.Sprintf("%s does not answer", label))
			return false
		}
		_ = conn.Close() // only a look
		c.OK, c.State = true, label
		return true
	}
	if w := os.Getenv("WAYLAND_DISPLAY"); w != "" {
		socket := w
		if !filepath.IsAbs(w) {
			socket = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), w)
		}
		if try("Wayland "+w, "unix", socket) {
			return c
		}
	}
	if d := os.Getenv("DISPLAY"); d != "" {
		host, number, _ := strings.Cut(d, ":")
		number, _, _ = strings.Cut(number, ".")
		network, address := "unix", "/tmp/.X11-unix/X"+number
		if host != "" && host != "unix" {
			network, address = "tcp", net.JoinHostPort(host, fmt.Sprint(6000+atoi(number)))
		}
		if try("X11 "+d, network, address) {
			return c
		}
		// Linux also has the socket without a file.
		if network == "unix" && try("X11 "+d, network, "@"+address) {
			return c
		}
	}
	c.State = tried[0]
	c.Advice = "Check DISPLAY and WAYLAND_DISPLAY, or start it from the desktop; every command works without a window."
	return c
}

func atoi(s string) int {
	n := 0
	for _, r := range s {
		if r < '0' || r > '9' || n > 1000 {
			break
		}
		n = 10*n + int(r-'0')
	}
	return n
}

// listenTime is how long a device may take to show that it is none.
const listenTime = 1500 * time.Millisecond

// checkSound opens the sound device; open nil means that this build has none.
func checkSound(open func() (Sound, error)) Check {
	c := Check{Name: "sound"}
	if open == nil {
		c.State, c.Advice = "this build has no sound", "Everything works except playback."
		return c
	}
	type answer struct {
		s   Sound
		err error
	}
	got := make(chan answer, 1)
	go func() {
		s, err := open()
		got <- answer{s, err}
	}()
	var a answer
	select {
	case a = <-got:
	case <-time.After(probeTime):
		c.State, c.Advice = "the sound system does not answer", "Restart the sound system (PipeWire, PulseAudio or ALSA)."
		return c
	}
	if a.s != nil {
		// Some systems open without a device: only after a while is it seen that nobody asks for
		// sound.
		name, silent := a.s.Device()
		for began := time.Now(); !silent && time.Since(began) < listenTime; {
			time.Sleep(listenTime / 15)
			name, silent = a.s.Device()
		}
		_ = a.s.Close() // only a look
		if !silent {
			c.OK, c.State = true, name
			return c
		}
	}
	c.State = "no sound device"
	if a.err != nil {
		c.State = fmt.Sprintf("no sound device (%v)", a.err)
	}
	c.Advice = "Connect one, or start PipeWire or PulseAudio; everything works except playback."
	return c
}

// checkControllers looks for MIDI controllers below a folder of devices; "" means that this system
// has none that are files. To have none is no fault.
func checkControllers(dir string) Check {
	c := Check{Name: "midi", OK: true}
	if dir == "" {
		c.State = "controllers are read on Linux only"
		return c
	}
	var found []string
	for _, p := range controller.List(dir) {
		switch {
		case p.Err == nil:
			found = append(found, p.Name)
		case errors.Is(p.Err, syscall.EBUSY):
			found = append(found, p.Name+" (in use)")
		default:
			c.OK = false
			c.Advice = "Let your account use sound devices (sudo usermod -aG audio $USER, then sign in again), or plug the controller in again."
			found = append(found, fmt.Sprintf("%s cannot be opened (%v)", p.Name, p.Err))
		}
	}
	if c.State = strings.Join(found, ", "); c.State == "" {
		c.State = "no controller is plugged in"
	}
	return c
}

// checkKeyring looks whether secrets could be kept. It writes nothing.
func checkKeyring(ctx context.Context) Check {
	c := Check{Name: "keyring"}
	got := make(chan error, 1)
	// The library has no context: behind an unlock dialog this goroutine waits for the person.
	go func() {
		_, err := keyring.Get(keyringService, "doctor")
		got <- err
	}()
	var err error
	select {
	case err = <-got:
	case <-time.After(probeTime):
		err = errors.New("it does not answer; it may be waiting to be unlocked")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil || errors.Is(err, keyring.ErrNotFound) {
		c.OK, c.State = true, "works"
		return c
	}
	c.State = fmt.Sprintf("not usable (%v)", firstLine(err))
	c.Advice = "Unlock or start the system's keyring (gnome-keyring, KWallet); without it a sign-in lasts only until the program ends."
	return c
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

// ServerVariable names the server and wins over the settings.
const ServerVariable = "SAMPLE_AGENT_SERVER"

// CheckServer asks the server at base whether it is healthy; "" means that none is set.
func CheckServer(ctx context.Context, base string) Check {
	c := Check{Name: "server"}
	if base == "" {
		c.OK, c.State = true, "none is set"
		c.Advice = "Everything local works. For the cloud, set " + ServerVariable + " or the server in the preferences."
		return c
	}
	fix := "Check the address in " + ServerVariable + " or in the preferences, and that the server runs."
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		c.State, c.Advice = fmt.Sprintf("%q is not an address such as https://example.org", base), fix
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath("healthz").String(), nil)
	if err != nil {
		c.State, c.Advice = err.Error(), fix
		return c
	}
	start := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		c.State, c.Advice = fmt.Sprintf("%s cannot be reached (%v)", u.Redacted(), err), fix
		return c
	}
	_ = resp.Body.Close() // the status is all we want
	if resp.StatusCode != http.StatusOK {
		c.State, c.Advice = fmt.Sprintf("%s answers %s", u.Redacted(), resp.Status), fix
		return c
	}
	c.OK, c.State = true, fmt.Sprintf("%s answers in %d ms", u.Redacted(), time.Since(start).Milliseconds())
	return c
}

// Doctor looks at everything the program needs of the machine. It opens the library but changes
// nothing in it, and makes none where there is none.
func Doctor(ctx context.Context, o Options) []Check {
	folders := settings.SystemFolders()
	if o.Folders != nil {
		folders = *o.Folders
	}
	prefs, library, server := settings.Look(folders.File()), o.Library, os.Getenv(ServerVariable)
	if library == "" {
		library = prefs.Library.File
	}
	if library == "" {
		library = folders.Library()
	}
	if server == "" {
		server = prefs.Cloud.Server
	}
	looks := []func() Check{
		func() Check { return checkDisplay(ctx) },
		func() Check { return checkSound(o.Sound) },
		func() Check { return checkControllers(controller.Dir()) },
		func() Check { return checkKeyring(ctx) },
		func() Check { return checkLibrary(ctx, library) },
		func() Check { return CheckServer(ctx, server) },
	}
	out := make([]Check, len(looks))
	var wg sync.WaitGroup
	for i, look := range looks {
		wg.Go(func() { out[i] = look() })
	}
	wg.Wait()
	return out
}

// Doctor looks at the machine this application runs on.
func (a *App) Doctor(ctx context.Context) []Check {
	return Doctor(ctx, Options{Library: a.db.Path(), Folders: &a.folders, Sound: func() (Sound, error) { return a.player.borrow(), nil }})
}

// checkLibrary reads the whole library file and says what is wrong with it.
func checkLibrary(ctx context.Context, path string) Check {
	c := Check{Name: "library"}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		c.OK, c.State = true, "none yet at "+path
		c.Advice = "It is made by the first import."
		return c
	}
	c.Advice = "If it is damaged, put a backup in its place, or move it away and import again; your sound files are not in it."
	db, err := catalog.Open(ctx, path)
	if err != nil {
		c.State = err.Error()
		return c
	}
	defer db.Close()
	wrong, err := db.IntegrityCheck(ctx)
	if err != nil {
		c.State = err.Error()
		return c
	}
	if len(wrong) > 0 {
		c.State = fmt.Sprintf("%s: %d faults, the first: %s", path, len(wrong), wrong[0])
		return c
	}
	n, err := db.Counts(ctx)
	if err != nil {
		c.State = err.Error()
		return c
	}
	c.OK, c.Advice, c.State = true, "", fmt.Sprintf("sound, %d samples (%d unreadable, %d missing) at %s", n.Total, n.Failed, n.Missing, path)
	return c
}
