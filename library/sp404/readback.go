package sp404

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// readBack reads every file from the medium and compares.
func (w *writer) readBack(ctx context.Context) error {
	w.at.Files = 0
	var all []written
	for _, f := range w.files {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b written) int {
		if a.unit != b.unit {
			return a.unit - b.unit
		}
		return strings.Compare(a.rel, b.rel)
	})
	for _, f := range all {
		at := w.abs(f.rel)
		if f.unit >= 0 {
			at = filepath.Join(w.abs(w.units[f.unit].rel)+newSuffix, filepath.FromSlash(f.rel))
		}
		w.step(Verifying, filepath.Base(at))
		n, sum, err := sumFile(ctx, w.fs, at, func(n int64) {
			w.at.Bytes += n
			w.report(w.at)
		})
		if err != nil {
			return err
		}
		if n != f.bytes || sum != f.sum {
			return fmt.Errorf("%w: %s; the card may be failing", ErrNotVerified, f.rel)
		}
		w.at.Files++
	}
	return nil
}

// sumFile reads a file through and gives its size and SHA-256.
func sumFile(ctx context.Context, fsys FileSystem, at string, tick func(int64)) (int64, string, error) {
	f, err := fsys.Open(at)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, pourSize)
	var total int64
	for {
		if err := ctx.Err(); err != nil {
			return total, "", err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		total += int64(n)
		if tick != nil {
			tick(int64(n))
		}
		if errors.Is(err, io.EOF) {
			return total, hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return total, "", err
		}
	}
}

func sha(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
