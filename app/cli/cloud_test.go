package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/audio/codec/codectest"
)

// The names of the sounds of this test: none may ever stand in a log.
const secretName = "Grandmother's Piano Take"

// hostServer is the real server program with no settings, that can be killed and started again.
type hostServer struct {
	t    testing.TB
	bin  string
	dir  string
	url  string
	env  []string // further settings
	cmd  *exec.Cmd
	log  *os.File
	jar  http.CookieJar
	http *http.Client
}

var serverProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sample-agent-test")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "sample-agent-server")
	cmd := exec.Command("go", "build", "-tags", "sqlite_fts5,migrated_fynedo", "-o", bin, "sampleagent/server")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return bin, nil
})

func newServer(t testing.TB, env ...string) *hostServer {
	t.Helper()
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		t.Skip("signing in for later commands needs a keyring: run through .ci/with-session")
	}
	bin, err := serverProgram()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	s := &hostServer{t: t, bin: bin, dir: t.TempDir(), url: "http://" + address, env: env}
	if s.log, err = os.Create(filepath.Join(s.dir, "log")); err != nil {
		t.Fatal(err)
	}
	if s.jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	s.http = &http.Client{Jar: s.jar, Timeout: 20 * time.Second}
	s.start()
	t.Cleanup(func() { s.kill(); s.log.Close() })
	return s
}

func (s *hostServer) start() {
	s.t.Helper()
	s.cmd = exec.Command(s.bin, "serve")
	s.cmd.Env = append(os.Environ(), "SAMPLE_AGENT_DATA="+filepath.Join(s.dir, "data"), "SAMPLE_AGENT_LISTEN="+strings.TrimPrefix(s.url, "http://"))
	s.cmd.Env = append(s.cmd.Env, s.env...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r, err := s.http.Get(s.url + "/readyz")
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			s.t.Fatalf("the server does not come up: %v", err)
		}
	}
}

func (s *hostServer) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait() // killed
		s.cmd = nil
	}
}

func (s *hostServer) admin(args ...string) {
	s.t.Helper()
	cmd := exec.Command(s.bin, append([]string{"admin"}, args...)...)
	cmd.Env = append(os.Environ(), "SAMPLE_AGENT_DATA="+filepath.Join(s.dir, "data"))
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
}

func (s *hostServer) page(r *http.Response, err error) string {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode >= 400 {
		s.t.Fatalf("%s: %v\n%s", r.Status, err, text)
	}
	return string(text)
}

var hidden = regexp.MustCompile(`name="([a-z_]+)" value="([^"]*)"`)

func fieldsOf(page string) url.Values {
	out := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	return out
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// letIn plays the person at the browser: signs in by the code of the mail if need be, and lets
// the desktop in.
func (s *hostServer) letIn(link, email string) {
	s.t.Helper()
	page := s.page(s.http.Get(link))
	if !strings.Contains(page, "Let the desktop in") {
		next := fieldsOf(page).Get("next")
		codes := func() []string { return sixDigits.FindAllString(s.page(s.http.Get(s.url+"/outbox")), -1) }
		former := codes()
		s.page(s.http.PostForm(s.url+"/signin", url.Values{"email": {email}, "next": {next}}))
		code := ""
		for end := time.Now().Add(time.Minute); code == "" && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			for _, c := range codes() {
				if !slices.Contains(former, c) {
					code = c
				}
			}
		}
		page = s.page(s.http.PostForm(s.url+"/signin/code", url.Values{"email": {email}, "code": {code}, "next": {next}}))
	}
	answer := fieldsOf(page)
	answer.Set("answer", "yes")
	if page = s.page(s.http.PostForm(s.url+"/auth/authorize", answer)); !strings.Contains(page, "You are signed in") {
		s.t.Fatalf("the browser did not come back:\n%s", page)
	}
}

// desk is one machine: folders of its own, its commands as processes.
type desk struct {
	t      *testing.T
	s      *hostServer
	server string // the address that it is told
	home   string
	watch  *exec.Cmd
	log    *os.File
}

func newDesk(t *testing.T, s *hostServer, name string) *desk {
	t.Helper()
	d := &desk{t: t, s: s, server: s.url, home: filepath.Join(t.TempDir(), name)}
	if err := os.MkdirAll(d.home, 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.log, err = os.Create(filepath.Join(d.home, "log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.kill(); d.log.Close() })
	return d
}

func (d *desk) command(args ...string) *exec.Cmd {
	cmd := start(d.t, d.home, args...)
	cmd.Env = append(cmd.Env, "SAMPLE_AGENT_SERVER="+d.server)
	return cmd
}

// try runs a command and gives what it printed.
func (d *desk) try(args ...string) (string, error) {
	var out, errs bytes.Buffer
	cmd := d.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), err
}

func (d *desk) do(args ...string) string {
	d.t.Helper()
	out, err := d.try(args...)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func (d *desk) signIn(email string) {
	d.t.Helper()
	cmd := d.command("cloud", "signin", "--print-link")
	said, err := cmd.StderrPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	text, buffer := "", make([]byte, 4096)
	link := regexp.MustCompile(`http://\S+authorize\S+`)
	for !link.MatchString(text) || !strings.HasSuffix(text, "\n") {
		n, err := said.Read(buffer)
		text += string(buffer[:n])
		if err != nil {
			d.t.Fatalf("no link: %v\n%s", err, text)
		}
	}
	d.s.letIn(link.FindString(text), email)
	rest, err := io.ReadAll(said)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		d.t.Fatalf("%v\n%s%s", err, text, rest)
	}
}

// stay keeps the machine in sync in a process of its own, as the window does.
func (d *desk) stay() {
	d.t.Helper()
	d.watch = d.command("cloud", "sync", "--watch")
	d.watch.Stdout, d.watch.Stderr = d.log, d.log
	if err := d.watch.Start(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) kill() {
	if d.watch != nil {
		_ = d.watch.Process.Kill()
		_ = d.watch.Wait() // killed
		d.watch = nil
	}
}

// What is kept in the cloud on one machine plays and goes to a card on the other, and what was not
// chosen never leaves.
func TestKeptAudioReachesTheOtherMachine(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	file, other := filepath.Join(dir, secretName+".wav"), filepath.Join(dir, "Not chosen.wav")
	codectest.WAV(t, file, clicks(2, 120))
	codectest.WAV(t, other, clicks(2, 97))
	studio, laptop := newDesk(t, s, "studio"), newDesk(t, s, "laptop")
	studio.do("import", "--quiet", file, other)
	studio.signIn("producer@example.org")
	s.tier("pro")
	if out, err := studio.try("cloud", "keep", file); err == nil || !strings.Contains(err.Error(), "sync this library first") {
		t.Fatalf("%v %s", err, out)
	}
	studio.do("kit", "new", "Night")
	studio.do("kit", "set", "Night", "A1", file)
	studio.do("cloud", "sync")
	var kept struct{ Kind, Name string }
	if err := json.Unmarshal([]byte(studio.do("cloud", "keep", "--json", "kit:Night")), &kept); err != nil || kept.Kind != "kit" || kept.Name != "Night" {
		t.Fatalf("%+v %v", kept, err)
	}
	laptop.signIn("producer@example.org")
	laptop.do("cloud", "sync")
	// What is not here has no path here, and says how to get it.
	var away struct {
		Path, Error *string
		OK          bool
	}
	if err := json.Unmarshal([]byte(laptop.do("search", "--json", "grandmother")), &away); err != nil || away.Path != nil || away.OK || !strings.Contains(*away.Error, "cloud fetch") {
		t.Fatalf("%+v %v", away, err)
	}
	if err := json.Unmarshal([]byte(laptop.do("kit", "show", "--json", "Night")), &away); err != nil || away.Path != nil {
		t.Fatalf("%+v %v", away, err)
	}
	card := filepath.Join(dir, "card")
	if err := os.MkdirAll(card, 0o755); err != nil {
		t.Fatal(err)
	}
	laptop.do("card", "write", "--kit", "Night", card)
	laptop.do("card", "verify", card)
	var found struct{ Path string }
	if err := json.Unmarshal([]byte(laptop.do("search", "--json", "grandmother")), &found); err != nil {
		t.Fatal(err)
	}
	here, err := os.ReadFile(found.Path)
	if err != nil {
		t.Fatal(err)
	}
	if was, err := os.ReadFile(file); err != nil || !bytes.Equal(here, was) || !strings.HasPrefix(found.Path, laptop.home) {
		t.Fatalf("%s: another file came, %v", found.Path, err)
	}
	if out, err := laptop.try("cloud", "fetch", sampleID(t, laptop, "chosen")); err == nil || !strings.Contains(err.Error(), "on another machine") {
		t.Fatalf("what was not chosen could be fetched: %v %s", err, out)
	}
}

func sampleID(t *testing.T, d *desk, query string) string {
	t.Helper()
	var found struct{ ID string }
	if err := json.Unmarshal([]byte(d.do("search", "--json", query)), &found); err != nil {
		t.Fatal(err)
	}
	return found.ID
}

// Signing in alone sends nothing of a library: a proxy between desktop and server counts.
func TestSigningInSendsNothing(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	file := filepath.Join(dir, secretName+".wav")
	codectest.WAV(t, file, clicks(2, 120))
	studio := newDesk(t, s, "studio")
	studio.do("import", "--quiet", file)
	studio.signIn("producer@example.org")
	s.tier("pro")
	studio.do("cloud", "status")
	studio.do("cloud", "jobs")
	if out, err := studio.try("search", "--json", ""); err != nil || !strings.Contains(out, "Grandmother") {
		t.Fatalf("%v %s", err, out)
	}
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range []string{"/api/sync", "/api/upload"} {
		if bytes.Contains(text, []byte("route="+route)) {
			t.Errorf("a library that nobody chose to send went to %s", route)
		}
	}
	data := filepath.Join(s.dir, "data")
	if err := filepath.WalkDir(data, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("Grandmother")) {
			t.Errorf("the server has the name of a file, in %s", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	// Downgraded, signed out or deleted: the library is whole.
	studio.do("kit", "new", "Night")
	studio.do("cloud", "sync")
	s.tier("free")
	if _, err := studio.try("cloud", "sync"); err == nil || !strings.Contains(err.Error(), "stays as it is") {
		t.Errorf("sync after the downgrade: %v", err)
	}
	var left struct{ Server, Email string }
	if err := json.Unmarshal([]byte(studio.do("cloud", "signout", "--json")), &left); err != nil || left.Server != s.url || left.Email != "producer@example.org" {
		t.Errorf("signed out of %+v: %v", left, err)
	}
	if out := studio.do("search", "--json", ""); !strings.Contains(out, "Grandmother") {
		t.Errorf("the library after signing out: %s", out)
	}
	studio.do("kit", "show", "Night")
}
