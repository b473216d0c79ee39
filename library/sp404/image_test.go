package sp404

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sampleagent/library/kit"
)

// tool runs a program of the system, or skips the test where it is not installed.
func tool(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	at, err := exec.LookPath(name)
	if err != nil {
		if at, err = exec.LookPath("/usr/sbin/" + name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
	cmd := exec.Command(at, args...)
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustTool(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := tool(t, name, args...)
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return out
}

// image is an empty file for a file system.
func image(t testing.TB, size int64) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "card.img")
	if err := os.WriteFile(p, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(p, size); err != nil {
		t.Fatal(err)
	}
	return p
}

// fatFS is a FAT32 image behind mtools: real FAT directories and clusters without mounting. Its
// root stands where root says.
type fatFS struct {
	t     testing.TB
	image string
	root  string
}

func (f fatFS) name(p string) string {
	rel, err := filepath.Rel(f.root, p)
	if err != nil {
		f.t.Fatal(err)
	}
	if rel == "." {
		return "::/"
	}
	return "::/" + filepath.ToSlash(rel)
}

func (f fatFS) run(name string, args ...string) error {
	out, err := tool(f.t, name, append([]string{"-i", f.image}, args...)...)
	switch {
	case err == nil:
		return nil
	case strings.Contains(out, "full"):
		return fmt.Errorf("%s: %w", strings.TrimSpace(out), syscall.ENOSPC)
	case strings.Contains(out, "not found"), strings.Contains(out, "No such"):
		return fmt.Errorf("%s: %w", strings.TrimSpace(out), fs.ErrNotExist)
	}
	return fmt.Errorf("%s: %s: %w", name, strings.TrimSpace(out), err)
}

func (f fatFS) Mkdir(p string) error      { return f.run("mmd", f.name(p)) }
func (f fatFS) Rename(a, b string) error  { return f.run("mren", f.name(a), f.name(b)) }
func (f fatFS) SyncDir(string) error      { return nil }
func (f fatFS) Free(string) (int64, bool) { return 0, false }
func (f fatFS) Writable(string) error     { return nil }
func (f fatFS) Remove(p string) error {
	fi, err := f.Stat(p)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		return f.run("mrd", f.name(p))
	}
	return f.run("mdel", f.name(p))
}

type fatFile struct {
	bytes.Buffer
	fs   fatFS
	path string
}

func (f fatFS) Create(p string) (io.WriteCloser, error) {
	if _, err := f.Stat(p); err == nil {
		return nil, fs.ErrExist
	}
	return &fatFile{fs: f, path: p}, nil
}

func (w *fatFile) Close() error {
	tmp := filepath.Join(w.fs.t.TempDir(), "one")
	if err := os.WriteFile(tmp, w.Bytes(), 0o600); err != nil {
		return err
	}
	return w.fs.run("mcopy", tmp, w.fs.name(w.path))
}

func (f fatFS) Open(p string) (io.ReadCloser, error) {
	fi, err := f.Stat(p)
	if err != nil {
		return nil, err
	}
	if fi.IsDir() {
		return nil, fs.ErrInvalid
	}
	tmp := filepath.Join(f.t.TempDir(), "one")
	if err := f.run("mcopy", f.name(p), tmp); err != nil {
		return nil, err
	}
	return os.Open(tmp)
}

func (f fatFS) Stat(p string) (fs.FileInfo, error) {
	if f.name(p) == "::/" {
		return fatInfo{"/", true}, nil
	}
	list, err := f.ReadDir(filepath.Dir(p))
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if strings.EqualFold(e.Name(), filepath.Base(p)) {
			return e.Info()
		}
	}
	return nil, fmt.Errorf("%s: %w", p, fs.ErrNotExist)
}

func (f fatFS) ReadDir(p string) ([]fs.DirEntry, error) {
	out, err := tool(f.t, "mdir", "-i", f.image, "-b", f.name(p))
	if err != nil {
		if strings.Contains(out, "not found") || strings.Contains(out, "No such") {
			return nil, fmt.Errorf("%s: %w", p, fs.ErrNotExist)
		}
		return nil, fmt.Errorf("mdir: %s: %w", out, err)
	}
	var list []fs.DirEntry
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		name, dir := strings.CutSuffix(line, "/")
		if base := path.Base(strings.TrimPrefix(name, "::")); line != "" && base != "/" && base != path.Base(f.name(p)) {
			list = append(list, fs.FileInfoToDirEntry(fatInfo{base, dir}))
		}
	}
	return list, nil
}

type fatInfo struct {
	name string
	dir  bool
}

func (i fatInfo) Name() string       { return i.name }
func (i fatInfo) Size() int64        { return 0 }
func (i fatInfo) ModTime() time.Time { return time.Time{} }
func (i fatInfo) IsDir() bool        { return i.dir }
func (i fatInfo) Sys() any           { return nil }
func (i fatInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

// out copies the whole image to a folder.
func (f fatFS) out() string {
	f.t.Helper()
	dir := f.t.TempDir()
	mustTool(f.t, "mcopy", "-i", f.image, "-s", "-n", "::/", dir)
	return dir
}

// A kit written onto FAT32 comes off it with every name and byte, is replaced there, and stands
// when the image is full; the file system is sound afterwards.
func TestFAT32Image(t *testing.T) {
	img := image(t, 36<<20)
	mustTool(t, "mkfs.vfat", "-F", "32", "-s", "1", "-n", "SP404MK2", img)
	b := newBench(t)
	f := fatFS{t, img, b.card}
	b.opt.Form, b.opt.Files = FormBoth, f
	b.add("Ünïcödé & Co: kick?", tone(48000, 1, 5000, 50), 16, "A3")
	b.add("UNICODE and CO_ KICK", tone(48000, 1, 5000, 51), 16, "A4")
	b.add("a very long name indeed that FAT would shorten", tone(48000, 1, 5000, 52), 16, "J16")
	b.kit.Name = "CON"
	mustTool(t, "mmd", "-i", img, "::/BKUP")
	b.write()
	card := f.out()
	want := []string{"IMPORT/CON kit/A/03 Unicode and Co_ kick.wav", "IMPORT/CON kit/A/04 UNICODE and CO_ KICK.wav", "IMPORT/CON kit/J/16 a very long name ind.wav"}
	now := snapshot(t, card)
	for _, name := range want {
		if _, ok := now[name]; !ok {
			t.Errorf("%s is not on the card: %q", name, names(now))
		}
	}
	check := func(folders int) map[string]string {
		t.Helper()
		card := f.out()
		r, err := Verify(context.Background(), card, nil)
		if err != nil || !r.OK() || len(r.Folders) != folders {
			t.Fatalf("%+v, %v", r, err)
		}
		if out, err := tool(t, "fsck.fat", "-n", img); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return snapshot(t, card)
	}
	check(2)

	// Replaced by another version.
	if err := b.kit.Clear(0); err != nil {
		t.Fatal(err)
	}
	b.write()
	before := check(2)
	if _, ok := before["IMPORT/CON kit/A/01 kick.wav"]; ok {
		t.Error("a cleared pad is still on the card")
	}

	// Full: room for a part only.
	fillUp := filepath.Join(t.TempDir(), "filler")
	if err := os.WriteFile(fillUp, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	free := freeOfFAT(t, img)
	if err := os.Truncate(fillUp, free-40_000); err != nil {
		t.Fatal(err)
	}
	mustTool(t, "mcopy", "-i", img, fillUp, "::/filler.bin")
	if err := b.kit.Swap(1, 40); err != nil {
		t.Fatal(err)
	}
	_, err := b.plan().Write(context.Background(), nil)
	if !errors.Is(err, ErrFull) {
		t.Fatalf("a full card: %v", err)
	}
	mustTool(t, "mdel", "-i", img, "::/filler.bin")
	if after := check(2); !maps.Equal(before, after) {
		t.Errorf("a full card differs in %q", differ(after, before))
	}
}

func freeOfFAT(t *testing.T, img string) int64 {
	t.Helper()
	out := mustTool(t, "mdir", "-i", img, "::/")
	last := strings.TrimSpace(out[strings.LastIndex(strings.TrimSpace(out), "\n"):])
	var free int64
	for _, r := range strings.TrimSuffix(last, " bytes free") {
		if r >= '0' && r <= '9' {
			free = free*10 + int64(r-'0')
		}
	}
	return free
}

// mounted is a file system that the system itself mounts.
type mounted struct {
	dir     string
	remount func(readOnly bool)
}

// mountImage makes a file system in an image and mounts it: by the kernel, or by a driver in
// user space. Without the rights or the driver the test is skipped.
func mountImage(t *testing.T, size int64, mkfs []string, kernel string, user string) mounted {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting images takes root's rights")
	}
	img := image(t, size)
	mustTool(t, mkfs[0], append(mkfs[1:], img)...)
	out, err := tool(t, "losetup", "-f", "--show", img)
	if err != nil {
		t.Skipf("no loop device: %s", out)
	}
	loop := strings.TrimSpace(out)
	dir := t.TempDir()
	up := func(readOnly bool) error {
		mode := "rw"
		if readOnly {
			mode = "ro"
		}
		if _, err := tool(t, "mount", "-t", kernel, "-o", mode, loop, dir); err == nil {
			return nil
		}
		if user == "" {
			return fmt.Errorf("the kernel does not know %s", kernel)
		}
		if _, err := exec.LookPath("/usr/sbin/" + user); err != nil {
			return fmt.Errorf("neither the kernel nor %s mounts %s here", user, kernel)
		}
		out, err := tool(t, user, "-o", mode, loop, dir)
		if err != nil {
			return fmt.Errorf("%s: %s", user, out)
		}
		return nil
	}
	down := func() {
		for range 20 { // a driver in user space lets go a little later
			if _, err := tool(t, "umount", dir); err == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	if err := up(false); err != nil {
		mustTool(t, "losetup", "-d", loop)
		t.Skip(err)
	}
	t.Cleanup(func() {
		down()
		_, _ = tool(t, "losetup", "-d", loop)
	})
	return mounted{dir, func(readOnly bool) {
		down()
		if err := up(readOnly); err != nil {
			t.Fatal(err)
		}
	}}
}

// cardLife writes, verifies, replaces, and meets a full and a protected card on a file system
// that is really mounted.
func cardLife(t *testing.T, m mounted) {
	b := newBench(t)
	b.card = m.dir
	b.opt.Form = FormBoth
	b.kit.Name = "Ça va?"
	b.write()
	m.remount(false)
	if r := b.verify(); !r.OK() || len(r.Folders) != 2 {
		t.Fatalf("%+v", r)
	}
	if err := b.kit.Swap(0, 20); err != nil {
		t.Fatal(err)
	}
	b.write()
	m.remount(false)
	if r := b.verify(); !r.OK() {
		t.Fatalf("%+v", r)
	}
	before := snapshot(t, m.dir)

	// Full. The plan believes that there is room, as when something else writes at the same time.
	if err := b.kit.Swap(20, 40); err != nil {
		t.Fatal(err)
	}
	free, ok := freeBytes(m.dir)
	if !ok {
		t.Fatal("no free space is told")
	}
	filler := filepath.Join(m.dir, "filler.bin")
	if err := os.WriteFile(filler, make([]byte, max(0, free-100_000)), 0o644); err != nil {
		t.Fatal(err)
	}
	if p := b.plan(); p.Fits() {
		t.Errorf("the plan fits into %d bytes", p.Free)
	} else if _, err := p.Write(context.Background(), nil); !errors.Is(err, ErrDoesNotFit) {
		t.Errorf("%v", err)
	}
	p := b.plan()
	p.opt.Files = boundless{}
	if _, err := p.Write(context.Background(), nil); !errors.Is(err, ErrFull) {
		t.Errorf("a full card: %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if now := snapshot(t, m.dir); !maps.Equal(now, before) {
		t.Errorf("a full card differs in %q", differ(now, before))
	}

	planned := b.plan()
	m.remount(true)
	if _, err := planned.Write(context.Background(), nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a protected card: %v", err)
	}
	if _, err := NewPlan(context.Background(), b.kit, b.samples, m.dir, b.opt); !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "lock switch") {
		t.Errorf("the plan for a protected card: %v", err)
	}
	if r := b.verify(); !r.OK() {
		t.Errorf("%+v", r)
	}
	if k := readCard(t, m.dir).Kits; len(k) != 1 || k[0].Also == "" {
		t.Errorf("read: %+v", k)
	}
	if now := snapshot(t, m.dir); !maps.Equal(now, before) {
		t.Errorf("a protected card differs in %q", differ(now, before))
	}
	m.remount(false)
	b.write()
	if r := b.verify(); !r.OK() {
		t.Errorf("%+v", r)
	}
	if c := readCard(t, m.dir); c.Kits[0].Kit.Pad(kit.Slot(40)).Empty() {
		t.Error("the last version is not on the card")
	}
}

// boundless is a disk that does not say how full it is.
type boundless struct{ systemFS }

func (boundless) Free(string) (int64, bool) { return 0, false }

func TestExFATMounted(t *testing.T) {
	cardLife(t, mountImage(t, 16<<20, []string{"mkfs.exfat"}, "exfat", "mount.exfat-fuse"))
}

func TestFAT32Mounted(t *testing.T) {
	cardLife(t, mountImage(t, 36<<20, []string{"mkfs.vfat", "-F", "32", "-s", "1"}, "vfat", ""))
}

func TestMemoryDiskMounted(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting takes root's rights")
	}
	dir := t.TempDir()
	if out, err := tool(t, "mount", "-t", "tmpfs", "-o", "size=4m", "card", dir); err != nil {
		t.Skipf("no memory disk: %s", out)
	}
	t.Cleanup(func() { _, _ = tool(t, "umount", dir) })
	cardLife(t, mounted{dir, func(readOnly bool) {
		mode := "remount,rw"
		if readOnly {
			mode = "remount,ro"
		}
		mustTool(t, "mount", "-o", mode, dir)
	}})
}
