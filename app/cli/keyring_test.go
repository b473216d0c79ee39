package cli

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// privateKeyring starts a session bus with a keyring for this test alone, and gives what locks and
// unlocks it.
func privateKeyring(t *testing.T) (lock, unlock func()) {
	t.Helper()
	home := t.TempDir()
	for name, value := range map[string]string{"XDG_RUNTIME_DIR": filepath.Join(home, "run"), "XDG_DATA_HOME": home} {
		if err := os.MkdirAll(value, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, value)
	}
	t.Setenv("DISPLAY", "") // the question for the password can so not be put, which is an answer
	bus := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1")
	out, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Start(); err != nil {
		t.Skipf("no session bus: %v", err)
	}
	t.Cleanup(func() { _ = bus.Process.Kill(); _ = bus.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
	var keyring *exec.Cmd
	stop := func() { _ = keyring.Process.Kill(); _ = keyring.Wait() } // killed
	unlock = func() {                                                 // one that starts anew takes the password unasked
		t.Helper()
		if keyring != nil {
			stop()
		}
		keyring = exec.Command("gnome-keyring-daemon", "--foreground", "--replace", "--unlock", "--components=secrets")
		keyring.Stdin = strings.NewReader("test")
		if err := keyring.Start(); err != nil {
			t.Skipf("no keyring: %v", err)
		}
		ask(t, "GetNameOwner", "string:org.freedesktop.secrets")
	}
	unlock()
	t.Cleanup(func() { stop() })
	return func() {
		t.Helper()
		out, err := exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
			"org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}, unlock
}

// ask waits until the bus answers a question.
func ask(t *testing.T, method, about string) {
	t.Helper()
	var out []byte
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		out, err = exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus."+method, about).CombinedOutput()
		if err == nil {
			return
		}
	}
	t.Fatalf("%v: %s", err, out)
}

// The keyring is locked, and nobody answers its question: commands say so and change nothing, what is
// queued waits, and once it is unlocked all goes on without signing in again.
func TestALockedKeyring(t *testing.T) {
	s := newServer(t)
	lock, unlock := privateKeyring(t)
	studio := newDesk(t, s, "studio")
	s.signInPro(studio)
	studio.do("kit", "new", "Before")
	studio.do("cloud", "sync")
	lock()
	studio.refuses("keyring", "cloud", "status")
	studio.do("kit", "new", "While locked")
	studio.refuses("keyring", "cloud", "sync")
	if out := studio.do("kit", "list", "--json"); !strings.Contains(out, "While locked") {
		t.Errorf("the library holds %s", out)
	}
	unlock()
	studio.do("cloud", "status")
	studio.do("cloud", "sync")
	laptop := newDesk(t, s, "laptop")
	laptop.signIn("producer@example.org")
	laptop.do("cloud", "sync")
	if got := laptop.kits(); !strings.Contains(got, "While locked") {
		t.Errorf("the other machine has %s", got)
	}
}
