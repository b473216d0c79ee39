package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sampleagent/audio/codec"
)

// found is a file to analyse, or the reason why a place could not be looked at.
type found struct {
	path string
	err  error
}

// files gives the named files and, in order of their names, the sound files in the named folders.
// A file that is named is always given; in folders hidden and empty files are passed over, and
// those that neither begin nor are named like a sound.
func files(ctx context.Context, paths []string) iter.Seq[found] {
	return func(yield func(found) bool) {
		for _, p := range paths {
			fi, err := os.Stat(p)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				if !yield(found{p, plainPath(err)}) {
					return
				}
			case !fi.IsDir():
				if !yield(found{p, nil}) {
					return
				}
			case !folder(ctx, p, yield):
				return
			}
		}
	}
}

func folder(ctx context.Context, root string, yield func(found) bool) bool {
	stop := errors.New("stop")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return stop
		}
		if err != nil {
			if !yield(found{path, plainPath(err)}) {
				return stop
			}
			return nil
		}
		if path != root && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		fi, err := os.Stat(path) // follows links to files
		if err != nil {
			if !yield(found{path, plainPath(err)}) {
				return stop
			}
			return nil
		}
		if _, skip := codec.Skip(path, fi); skip || !fi.Mode().IsRegular() || !isSound(path) {
			return nil
		}
		if !yield(found{path, nil}) {
			return stop
		}
		return nil
	})
	return err == nil
}

// extensions are names of sound files; one of them makes a file worth a complaint when it cannot
// be read.
var extensions = []string{".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".mp3", ".ogg", ".oga"}

// isSound looks at the name first, then at how the file begins.
func isSound(path string) bool {
	if slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return false // not named like a sound and not readable: not ours to complain about
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	_, ok := codec.Sniff(head[:n])
	return ok
}

// plainPath leaves the path out of a path error: it is printed beside it.
func plainPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
