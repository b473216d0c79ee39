package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sampleagent/audio/codec"
)

// Found is a file that may be a sound.
type Found struct {
	Path string // absolute
	Root string // the path asked for, below which it was found
	Info fs.FileInfo
}

// Failure is something that could not be taken, and why.
type Failure struct {
	Path   string
	Reason string
}

// Find goes through paths and calls f for each file that may be a sound, in the order of names.
// Hidden, empty and foreign files are left out; a file asked for by its own name never is. Links
// are followed, each folder is entered once. What cannot be read is listed and does not stop the
// walk; an error of f or of ctx does.
func Find(ctx context.Context, paths []string, f func(Found) error) ([]Failure, error) {
	w := &walk{ctx: ctx, f: f, seen: map[string]bool{}, known: func(string) bool { return false }}
	err := w.all(paths)
	return w.failures, err
}

type walk struct {
	ctx      context.Context
	f        func(Found) error
	known    func(path string) bool // is in the library, so need not be looked into
	seen     map[string]bool        // real paths of folders
	failures []Failure
	folders  []string // roots that are folders and could be opened
	gone     []string // roots that are not there
	ignored  int      // files left out
}

func (w *walk) all(paths []string) error {
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return err
		}
		if err := w.root(abs); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) fail(path string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("is not there")
	} else if pe := new(fs.PathError); errors.As(err, &pe) {
		err = pe.Err
	}
	w.failures = append(w.failures, Failure{path, err.Error()})
}

func (w *walk) root(path string) error {
	fi, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			w.gone = append(w.gone, path)
		}
		w.fail(path, err)
		return w.ctx.Err()
	}
	if !fi.IsDir() {
		if !fi.Mode().IsRegular() {
			w.fail(path, errors.New("is neither a file nor a folder"))
			return nil
		}
		if fi.Size() == 0 {
			w.fail(path, codec.ErrEmpty)
			return nil
		}
		return w.f(Found{path, path, fi})
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		w.fail(path, err)
		return nil
	}
	w.folders = append(w.folders, path)
	return w.folder(path, path, real)
}

func (w *walk) folder(root, path, real string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.seen[real] {
		return nil
	}
	w.seen[real] = true
	entries, err := os.ReadDir(path)
	if err != nil {
		w.fail(path, err)
	}
	for _, e := range entries { // ReadDir gives what it could read beside its error
		if err := w.entry(root, path, real, e); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(root, dir, realDir string, e fs.DirEntry) error {
	path := filepath.Join(dir, e.Name())
	if _, skip := codec.Skip(path, nil); skip {
		w.ignored++
		return nil
	}
	fi, err := e.Info()
	if err == nil && fi.Mode()&fs.ModeSymlink != 0 {
		fi, err = os.Stat(path)
		if err != nil {
			err = errors.New("link leads nowhere")
		}
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) { // what vanished while we looked was not there
			w.fail(path, err)
		}
		return nil
	}
	if fi.IsDir() {
		real := filepath.Join(realDir, e.Name())
		if e.Type()&fs.ModeSymlink != 0 {
			if real, err = filepath.EvalSymlinks(path); err != nil {
				w.fail(path, err)
				return nil
			}
		}
		return w.folder(root, path, real)
	}
	if _, skip := codec.Skip(path, fi); skip || !w.known(path) && !soundLike(path) {
		w.ignored++
		return nil
	}
	return w.f(Found{path, root, fi})
}

// extensions of sound files: such a file is taken even when it cannot be read, so that one sees
// that it is broken. With any other name only the content counts.
var extensions = map[string]bool{".wav": true, ".wave": true, ".bwf": true, ".rf64": true, ".aif": true, ".aiff": true, ".aifc": true,
	".flac": true, ".mp3": true, ".ogg": true, ".oga": true}

// Extensions lists how the names of sound files end, for a dialog that offers them.
func Extensions() []string { return slices.Sorted(maps.Keys(extensions)) }

// foreign are the files that lie beside samples by the thousand and are none: not looked into.
var foreign = map[string]bool{".asd": true, ".txt": true, ".pdf": true, ".jpg": true, ".jpeg": true, ".png": true, ".gif": true, ".mid": true, ".midi": true,
	".zip": true, ".rar": true, ".7z": true, ".html": true, ".json": true, ".xml": true, ".db": true, ".ini": true, ".nfo": true, ".reapeaks": true, ".sfk": true, ".pk": true,
	".nki": true, ".sfz": true, ".adg": true, ".als": true, ".mp4": true, ".mov": true, ".bin": true, ".smp": true, ".rtf": true, ".doc": true, ".docx": true}

func soundLike(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	if extensions[ext] {
		return true
	}
	if foreign[ext] {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, codec.SniffLen)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	_, ok := codec.Sniff(head[:n])
	return ok
}

// below says whether path is root or lies in it.
func below(root, path string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(root, string(filepath.Separator)))
	return ok && (rest == "" || rest[0] == filepath.Separator)
}

// folderTags are the names of the folders between root and file, the root's own first.
func folderTags(root, path string) []string {
	rel, err := filepath.Rel(filepath.Dir(root), filepath.Dir(path))
	if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
		return nil
	}
	var out []string
	for _, part := range strings.Split(rel, string(filepath.Separator)) {
		out = append(out, strings.ToValidUTF8(strings.TrimSpace(strings.ReplaceAll(part, "_", " ")), ""))
	}
	return out
}

// gone says that err means the file is not there any more.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// missing says whether no file is at path; when it cannot be told, one is.
func missing(path string) bool {
	_, err := os.Stat(path)
	return gone(err)
}

func wrap(what, path string, err error) error { return fmt.Errorf("%s %s: %w", what, path, err) }
