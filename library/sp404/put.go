package sp404

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func (w *writer) makeFolders(u *unit) error {
	if err := w.makeParents(path.Dir(u.rel)); err != nil {
		return err
	}
	place := w.abs(u.rel) + newSuffix
	if err := w.fs.Mkdir(place); err != nil {
		return err
	}
	if u.project {
		// A real export has all three; whether one may be missing is not known.
		for _, name := range []string{"SMPL", "PTN", "PICTURE"} {
			if err := w.fs.Mkdir(filepath.Join(place, name)); err != nil {
				return err
			}
		}
		return w.makeParents(manifestFolder)
	}
	return nil
}

// makeParents makes folders that stay, and remembers which were not there.
func (w *writer) makeParents(rel string) error {
	at := ""
	for _, name := range strings.Split(rel, "/") {
		at = path.Join(at, name)
		there, err := exists(w.fs, w.abs(at))
		if err != nil {
			return err
		}
		if !there {
			if err := w.fs.Mkdir(w.abs(at)); err != nil {
				return err
			}
			w.created = append(w.created, w.abs(at))
		}
	}
	return nil
}

// put writes one file of a unit and notes its size and sum.
func (w *writer) put(ctx context.Context, unit int, rel string, index int, c content) error {
	at := filepath.Join(w.abs(w.units[unit].rel)+newSuffix, filepath.FromSlash(rel))
	if err := mkdirAll(w.fs, filepath.Dir(at)); err != nil {
		return err
	}
	n, sum, err := w.putAt(ctx, at, c)
	if err != nil {
		return err
	}
	w.files[index] = written{rel, unit, n, sum}
	return nil
}

func (w *writer) putAt(ctx context.Context, at string, c content) (int64, string, error) {
	w.step(Converting, filepath.Base(at))
	f, err := w.fs.Create(at)
	if err != nil {
		return 0, "", err
	}
	h := sha256.New()
	n, err := w.pour(ctx, f, h, c)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, "", err
	}
	w.at.Files++
	w.report(w.at)
	return n, hex.EncodeToString(h.Sum(nil)), nil
}

const pourSize = 1 << 20

// pour copies content to a file and a sum, piece by piece, so that it can be cancelled.
func (w *writer) pour(ctx context.Context, f, h io.Writer, c content) (int64, error) {
	var total int64
	piece := func(b []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, _ = h.Write(b) // a hash never fails
		n, err := f.Write(b)
		total += int64(n)
		w.at.Bytes += int64(n)
		w.report(w.at)
		return err
	}
	if c.open == nil {
		for part := range slices.Chunk(c.bytes, pourSize) {
			if err := piece(part); err != nil {
				return total, err
			}
		}
		return total, nil
	}
	src, err := c.open()
	if err != nil {
		return 0, err
	}
	defer src.Close()
	buf := make([]byte, pourSize)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if err := piece(buf[:n]); err != nil {
				return total, err
			}
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// writeOthers writes what the program makes, what stays of the former folder, and the manifest.
func (w *writer) writeOthers(ctx context.Context, n int, u *unit) error {
	for _, m := range u.others {
		b, err := m.bytes(&w.result)
		if err != nil {
			return err
		}
		if err := w.put(ctx, n, m.rel, m.index, content{bytes: b}); err != nil {
			return err
		}
	}
	for i, rel := range u.keeps {
		// Read through the card's own file system: it may be the one that fails.
		from := filepath.Join(w.abs(u.rel), filepath.FromSlash(rel))
		c := content{open: func() (io.ReadCloser, error) { return w.fs.Open(from) }}
		if err := w.put(ctx, n, rel, -1-i-n<<20, c); err != nil {
			return err
		}
	}
	b, rel, err := w.manifestOf(n, u)
	if err != nil {
		return err
	}
	if !u.project {
		return w.put(ctx, n, rel, u.manifest.index, content{bytes: b})
	}
	at := w.abs(rel)
	there, err := exists(w.fs, at)
	if err != nil {
		return err
	}
	if there {
		// The name is that of the content: this run would write the same, unless the former one
		// was killed in the middle of it.
		var m *manifest
		if old, rerr := readSmall(w.fs, at, maxManifest); rerr != nil {
			return rerr
		} else if m, rerr = decodeManifest(old); rerr == nil && len(m.Files) > 0 {
			w.loose = append(w.loose, at)
			return nil
		}
		if err := w.fs.Remove(at); err != nil {
			return err
		}
	}
	w.loose, w.loosened = append(w.loose, at), append(w.loosened, at)
	_, sum, err := w.putAt(ctx, at, content{bytes: b})
	if err != nil {
		return err
	}
	w.files[u.manifest.index] = written{rel, -1, int64(len(b)), sum}
	w.Files[u.manifest.index].Target = rel
	return nil
}

func (w *writer) manifestOf(n int, u *unit) ([]byte, string, error) {
	m := manifest{Version: manifestVersion, Form: w.formOf(u), Folder: u.rel, Written: w.opt.Now().UTC().Truncate(time.Second), Kit: w.Kit}
	padconfSum := ""
	for i, f := range w.Files {
		got, ok := w.files[i]
		if !ok || got.unit != n {
			continue
		}
		if got.rel == "PADCONF.BIN" {
			padconfSum = got.sum
		}
		m.Files = append(m.Files, manifestFile{got.rel, got.bytes, got.sum, f.Pad, baseName(f.Source), f.Converted, f.Credit})
	}
	b, err := m.encode()
	if err != nil || !u.project {
		return b, manifestName, err
	}
	content, err := m.contentSum()
	if err != nil {
		return nil, "", err
	}
	return b, projectManifest(u.rel, padconfSum, content), nil
}
