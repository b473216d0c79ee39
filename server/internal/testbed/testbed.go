// Package testbed starts the real parts that the server's tests run against: PostgreSQL, an S3
// server, a mail inbox. Only tests import it.
//
// A part that is not installed skips the test on a laptop, with a message that says how to get
// it, and fails it when CI is set. Parts live on random ports of loopback in temporary folders
// and die with the test process.
package testbed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver

	"sampleagent/server/internal/store"
)

// Main runs a package's tests and stops the parts they started. Use it as TestMain.
func Main(m *testing.M) {
	code := m.Run()
	stopAll()
	os.Exit(code)
}

var (
	running sync.Mutex
	stops   []func()
)

func atEnd(f func()) {
	running.Lock()
	defer running.Unlock()
	stops = append(stops, f)
}

func stopAll() {
	running.Lock()
	defer running.Unlock()
	for _, f := range slices.Backward(stops) {
		f()
	}
	stops = nil
}

// missing skips on a laptop and fails in CI.
func missing(t testing.TB, what, how string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing in CI: %s", what, how)
	}
	t.Skipf("%s is missing: %s", what, how)
}

// Needs skips, or in CI fails, where a program of the system is missing.
func Needs(t testing.TB, program, how string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing(t, program, how)
	}
}

// Tool is the path of a program that make builds into the cache folder.
func Tool(t testing.TB, name string) string {
	t.Helper()
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(home, ".cache")
	}
	path := filepath.Join(cache, "sample-agent", "bin", name)
	if _, err := os.Stat(path); err != nil {
		missing(t, name, "make tools builds it into "+filepath.Dir(path))
	}
	return path
}

// FreePort is a port of loopback that was free a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start runs a program until the test process ends, however it ends.
func start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	started := make(chan error, 1)
	dieWithUs(cmd.SysProcAttr)
	go func() {
		runtime.LockOSThread() // the parent-death signal is tied to the thread that forks
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		cmd.Wait() //nolint:errcheck // it is killed at the end
	}()
	return <-started
}

func waitFor(what string, ready func() error) error {
	var err error
	for range 2400 { // a minute: a busy machine fails no test
		if err = ready(); err == nil {
			return nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	return fmt.Errorf("%s did not start: %w", what, err)
}

var postgres = sync.OnceValues(startPostgres)

var errNoPostgres = errors.New("no PostgreSQL")

func startPostgres() (string, error) {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		if path, err := exec.LookPath("initdb"); err == nil {
			bins = []string{filepath.Dir(path)}
		} else {
			return "", errNoPostgres
		}
	}
	bin := bins[len(bins)-1]
	dir, err := os.MkdirTemp("", "sample-agent-pg")
	if err != nil {
		return "", err
	}
	atEnd(func() { _ = os.RemoveAll(dir) })
	var as *syscall.Credential
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			return "", errNoPostgres
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			return "", err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "probe", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	initdb.Dir = dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return "", err
	}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=200")
	server.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	server.Dir = dir
	if err := start(server); err != nil {
		return "", err
	}
	atEnd(func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // it may have ended
		time.Sleep(100 * time.Millisecond)
	})
	address := fmt.Sprintf("postgres://probe@127.0.0.1:%d/postgres?sslmode=disable", port)
	db, err := sql.Open("pgx", address)
	if err != nil {
		return "", err
	}
	defer db.Close()
	return address, waitFor("PostgreSQL", db.Ping)
}

var databases struct {
	sync.Mutex
	n        int
	template bool
}

// Postgres is the address of a fresh, migrated database.
func Postgres(t testing.TB) string {
	t.Helper()
	admin, err := postgres()
	if errors.Is(err, errNoPostgres) {
		missing(t, "PostgreSQL", "install the package postgresql")
	}
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", admin)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	databases.Lock()
	defer databases.Unlock()
	named := func(name string) string { return strings.Replace(admin, "/postgres?", "/"+name+"?", 1) }
	if !databases.template { // migrate once, copy for each test
		if _, err := db.Exec("CREATE DATABASE migrated"); err != nil {
			t.Fatal(err)
		}
		m, err := store.Open(t.Context(), named("migrated"), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(m.Migrate(t.Context()), m.Close()); err != nil {
			t.Fatal(err)
		}
		databases.template = true
	}
	databases.n++
	name := fmt.Sprintf("test%d", databases.n)
	if _, err := db.Exec("CREATE DATABASE " + name + " TEMPLATE migrated"); err != nil {
		t.Fatal(err)
	}
	return named(name)
}

// SQLite is a fresh, migrated database in a temporary folder.
func SQLite(t testing.TB) *store.DB {
	t.Helper()
	folder := t.TempDir()
	SQLiteIn(t, folder)
	return open(t, "", folder)
}

// migrated is the file of an empty SQLite database: migrated once, copied for each test.
var migrated = sync.OnceValues(func() (content []byte, err error) {
	folder, err := os.MkdirTemp("", "sample-agent-db")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	db, err := store.Open(context.Background(), "", folder)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(db.Migrate(context.Background()), db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(folder, store.SQLiteFile))
})

// SQLiteIn puts an empty, migrated database into a folder that has none.
func SQLiteIn(t testing.TB, folder string) {
	t.Helper()
	path := filepath.Join(folder, store.SQLiteFile)
	if _, err := os.Stat(path); err == nil {
		return
	}
	content, err := migrated()
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, address, folder string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), address, folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return db
}

// OnBoth runs a test on SQLite and on PostgreSQL.
func OnBoth(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { f(t, SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, open(t, Postgres(t), "")) })
}

// S3 is the address and keys of a running S3 server with a bucket folder; versitygw checks
// signatures and their ends.
func S3(t testing.TB) (endpoint, accessKey, secretKey string) {
	t.Helper()
	gw := Tool(t, "versitygw")
	endpoint, err := s3(gw)
	if err != nil {
		t.Fatal(err)
	}
	return endpoint, s3Access, s3Secret
}

const s3Access, s3Secret = "testaccess", "testsecret123"

var s3once struct {
	sync.Once
	endpoint string
	err      error
}

func s3(gw string) (string, error) {
	s3once.Do(func() {
		dir, err := os.MkdirTemp("", "sample-agent-s3")
		if err != nil {
			s3once.err = err
			return
		}
		atEnd(func() { _ = os.RemoveAll(dir) })
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s3once.err = err
			return
		}
		address := l.Addr().String()
		if s3once.err = l.Close(); s3once.err != nil {
			return
		}
		cmd := exec.Command(gw, "--port", address, "posix", dir)
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s3Access, "ROOT_SECRET_KEY="+s3Secret)
		if err := start(cmd); err != nil {
			s3once.err = err
			return
		}
		atEnd(func() { _ = cmd.Process.Kill() })
		s3once.endpoint = "http://" + address
		s3once.err = waitFor("versitygw", func() error {
			c, err := net.Dial("tcp", address)
			if err == nil {
				err = c.Close()
			}
			return err
		})
	})
	return s3once.endpoint, s3once.err
}

// Inbox is a running mail server: the address mails are sent to, and that of its API.
func Inbox(t testing.TB) (smtp, api string) {
	t.Helper()
	bin := Tool(t, "mailpit")
	smtpAddr, httpAddr := fmt.Sprintf("127.0.0.1:%d", FreePort(t)), fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	cmd := exec.Command(bin, "--listen", httpAddr, "--smtp", smtpAddr, "--disable-version-check", "--database", filepath.Join(t.TempDir(), "mails.db"))
	if err := start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	if err := waitFor("mailpit", func() error {
		r, err := http.Get("http://" + httpAddr + "/api/v1/messages")
		if err != nil {
			return err
		}
		defer r.Body.Close()
		_, err = io.Copy(io.Discard, r.Body)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return "smtp://" + smtpAddr, "http://" + httpAddr
}

// Shared is a path inside the folder of test material beside the repository; the test is
// skipped when it is missing.
func Shared(t testing.TB, path ...string) string {
	t.Helper()
	root := os.Getenv("SAMPLE_AGENT_SHARED")
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for dir != "/" {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				break
			}
			dir = filepath.Dir(dir)
		}
		root = filepath.Join(dir, "..", "shared")
	}
	full := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("test material %s is not there; set SAMPLE_AGENT_SHARED", full)
	}
	return full
}
