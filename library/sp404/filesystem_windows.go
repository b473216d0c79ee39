package sp404

import (
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// freeBytes is what a user may still write to the volume of a folder.
func freeBytes(path string) (int64, bool) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(p, &free, nil, nil); err != nil {
		return 0, false
	}
	return int64(free), true
}

// writable asks whether the volume of a folder is locked; rights only show when something is written.
func writable(path string) error {
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(path) + `\`)
	if err != nil {
		return err
	}
	var flags uint32
	if err := windows.GetVolumeInformation(root, nil, 0, nil, nil, &flags, nil, 0); err == nil && flags&windows.FILE_READ_ONLY_VOLUME != 0 {
		return &fs.PathError{Op: "write to", Path: path, Err: windows.ERROR_WRITE_PROTECT}
	}
	return nil
}

// dropCache does nothing: Windows reads removable drives back from its cache only while the
// file stays open.
func dropCache(*os.File) {}

// syncDir does nothing: Windows has no handle for it and flushes names with the files.
func syncDir(string) error { return nil }

// What the system says of a full, a protected and a removed card.
var (
	fullErrors     = []error{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_FILE_TOO_LARGE}
	readOnlyErrors = []error{windows.ERROR_WRITE_PROTECT}
	goneErrors     = []error{windows.ERROR_NOT_READY, windows.ERROR_DEV_NOT_EXIST, windows.ERROR_NO_SUCH_DEVICE, windows.ERROR_DEVICE_NOT_CONNECTED, windows.ERROR_IO_DEVICE}
)
