package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// copyIn makes sure that the managed folder has a copy of f, and returns its path: below a
// folder named like the root, at the same place as in the root. A copy that is there already is
// recognised by size and time, or by its bytes; another file of that name is never replaced.
func (l *lister) copyIn(ctx context.Context, f Found) (string, error) {
	rel, err := filepath.Rel(filepath.Dir(f.Root), f.Path)
	if err != nil {
		return "", wrap("copy", f.Path, err)
	}
	target := filepath.Join(l.o.Copy, rel)
	ext := filepath.Ext(target)
	stem := strings.TrimSuffix(target, ext)
	sum := ""
	for n := 2; ; n++ {
		fi, err := os.Stat(target)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return "", wrap("copy", f.Path, err)
		}
		if fi.Size() == f.Info.Size() && fi.Mode().IsRegular() {
			if fi.ModTime().Equal(f.Info.ModTime()) {
				return target, nil
			}
			if sum == "" {
				if sum, err = hashFile(ctx, f.Path); err != nil {
					return "", wrap("copy", f.Path, err)
				}
			}
			if there, err := hashFile(ctx, target); err == nil && there == sum {
				return target, nil
			}
		}
		target = fmt.Sprintf("%s (%d)%s", stem, n, ext)
	}
	if err := copyFile(ctx, f.Path, target, f.Info); err != nil {
		return "", wrap("copy", f.Path, err)
	}
	return target, nil
}

// copyFile copies with a hidden name and renames at the end, so that a copy is whole or not
// there. Its time is that of the original.
func copyFile(ctx context.Context, from, to string, fi fs.FileInfo) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	part := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".part")
	out, err := os.Create(part)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	_, err = io.Copy(out, contextReader{ctx, in})
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chtimes(part, fi.ModTime(), fi.ModTime())
	}
	if err == nil {
		err = os.Rename(part, to)
	}
	return err
}
