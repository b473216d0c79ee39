package sp404

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FileSystem is what writing a card needs of a disk. There are two: the system's, and in tests
// one that fails or dies at any step.
type FileSystem interface {
	Mkdir(path string) error
	Create(path string) (io.WriteCloser, error) // fails if the file exists; Close flushes to the medium
	Open(path string) (io.ReadCloser, error)    // reads from the medium where the system allows
	Stat(path string) (fs.FileInfo, error)
	ReadDir(path string) ([]fs.DirEntry, error)
	Rename(from, to string) error
	Remove(path string) error  // a file or an empty folder
	SyncDir(path string) error // makes names in the folder last
	Free(path string) (bytes int64, known bool)
	Writable(path string) error // why nothing can be written to the folder, as far as the system knows beforehand
}

// systemFS is the system's own.
type systemFS struct{}

func (systemFS) Mkdir(path string) error                    { return os.Mkdir(path, 0o755) }
func (systemFS) Stat(path string) (fs.FileInfo, error)      { return os.Stat(path) }
func (systemFS) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }
func (systemFS) Rename(from, to string) error               { return os.Rename(from, to) }
func (systemFS) Remove(path string) error                   { return os.Remove(path) }
func (systemFS) Free(path string) (int64, bool)             { return freeBytes(path) }
func (systemFS) Writable(path string) error                 { return writable(path) }

func (systemFS) Create(path string) (io.WriteCloser, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	return flushingFile{f}, nil
}

func (systemFS) Open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	dropCache(f)
	return f, nil
}

func (systemFS) SyncDir(path string) error { return syncDir(path) }

// flushingFile is on the medium when Close returns without an error.
type flushingFile struct{ *os.File }

func (f flushingFile) Close() error {
	err := f.Sync()
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}

// mountsCards says that the system puts the cards that are plugged in into this folder.
func mountsCards(dir string) bool {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	switch filepath.ToSlash(dir) {
	case "/media", "/mnt", "/run/media", "/Volumes":
		return true
	}
	switch filepath.ToSlash(filepath.Dir(dir)) {
	case "/media", "/run/media": // a folder for each user
		return true
	}
	return false
}

func mkdirAll(fsys FileSystem, path string) error {
	fi, err := fsys.Stat(path)
	switch {
	case err == nil && fi.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("%s is a file where a folder is needed", path)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if parent := filepath.Dir(path); parent != path {
		if err := mkdirAll(fsys, parent); err != nil {
			return err
		}
	}
	return fsys.Mkdir(path)
}

// removeAll removes a file or a folder with everything in it; nothing there is no error. It
// goes on after an error, to leave as little as possible, and returns the first.
func removeAll(fsys FileSystem, path string) error {
	fi, err := fsys.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var first error
	if err == nil && fi.IsDir() {
		list, err := fsys.ReadDir(path)
		first = err
		for _, e := range list {
			if err := removeAll(fsys, filepath.Join(path, e.Name())); err != nil && first == nil {
				first = err
			}
		}
	}
	if err := fsys.Remove(path); err != nil && first == nil && !errors.Is(err, fs.ErrNotExist) {
		first = err
	}
	return first
}

func exists(fsys FileSystem, path string) (bool, error) {
	_, err := fsys.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// listFiles names all files below a folder with '/' between, in order; a missing folder has
// none.
func listFiles(fsys FileSystem, root string) ([]string, error) {
	var out []string
	var walk func(rel string) error
	walk = func(rel string) error {
		list, err := fsys.ReadDir(filepath.Join(root, filepath.FromSlash(rel)))
		if err != nil {
			return err
		}
		for _, e := range list {
			name := e.Name()
			if rel != "" {
				name = rel + "/" + name
			}
			if e.IsDir() {
				if err := walk(name); err != nil {
					return err
				}
				continue
			}
			out = append(out, name)
		}
		return nil
	}
	if err := walk(""); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	slices.Sort(out)
	return out, nil
}

// systemFile says that a file was put there by an operating system and not by a person.
func systemFile(name string) bool {
	switch strings.ToLower(name) {
	case ".ds_store", "thumbs.db", "desktop.ini", ".spotlight-v100", ".fseventsd", ".trashes", "system volume information":
		return true
	}
	return strings.HasPrefix(name, "._")
}
