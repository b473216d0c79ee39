package sp404

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// freeBytes is what a user may still write to the file system of a folder.
func freeBytes(path string) (int64, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * st.Bsize, true
}

// writable asks whether a folder can be written to: rights, and the lock of the card.
func writable(path string) error {
	if err := unix.Access(path, unix.W_OK); err != nil {
		return &fs.PathError{Op: "write to", Path: path, Err: err}
	}
	return nil
}

// dropCache asks the kernel to read the file from the medium and not from memory, so that
// reading back proves something. It is advice: where it is refused, nothing is lost.
func dropCache(f *os.File) {
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}

// syncDir makes the names in a folder last. Some file systems cannot; they order by themselves.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// What the system says of a full, a protected and a removed card.
var (
	fullErrors     = []error{unix.ENOSPC, unix.EDQUOT, unix.EFBIG}
	readOnlyErrors = []error{unix.EROFS}
	goneErrors     = []error{unix.EIO, unix.ENODEV, unix.ENXIO, unix.ENOMEDIUM, unix.ESTALE}
)
