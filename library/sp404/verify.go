package sp404

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

// Fault is what is wrong with a file on the card.
type Fault string

// The faults.
const (
	Missing Fault = "missing"
	Changed Fault = "changed"
	Extra   Fault = "extra" // not written by this program; nothing is wrong with it as such
)

// Finding is a file that is not as it was written.
type Finding struct {
	File   string `json:"file"` // relative to the card's folder
	Fault  Fault  `json:"fault"`
	Reason string `json:"reason"`
}

// Report is what Verify found.
type Report struct {
	Folders  []string  // the folders that were checked
	Files    int       // files compared
	Bytes    int64     // bytes read
	Findings []Finding // nothing: all is as it was written
	Halted   []string  // folders in which a writing was interrupted; the next Write of the kit puts them right
}

// OK says that every file is as it was written and that nothing was added.
func (r *Report) OK() bool { return len(r.Findings) == 0 && len(r.Halted) == 0 }

// ErrNotWritten says that a folder holds nothing that this program wrote.
var ErrNotWritten = errors.New("nothing here was written by this program")

// Verify reads everything that this program wrote to a card and compares it with what was
// written. dir is the card's folder. It changes nothing.
func Verify(ctx context.Context, dir string, progress func(Progress)) (*Report, error) {
	return verify(ctx, systemFS{}, dir, progress)
}

func verify(ctx context.Context, fsys FileSystem, dir string, progress func(Progress)) (*Report, error) {
	if _, err := fsys.Stat(dir); err != nil {
		return nil, err
	}
	sets, halted, err := manifests(fsys, dir)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 && len(halted) == 0 {
		return nil, fmt.Errorf("%s: %w", dir, ErrNotWritten)
	}
	r := &Report{Halted: halted}
	at := Progress{Stage: Verifying}
	for _, s := range sets {
		at.TotalFiles += len(s.Files)
		for _, f := range s.Files {
			at.TotalBytes += f.Bytes
		}
	}
	for _, s := range sets {
		r.Folders = append(r.Folders, s.Folder)
		if err := r.check(ctx, fsys, dir, s, &at, progress); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Report) find(file string, f Fault, reason string) {
	r.Findings = append(r.Findings, Finding{file, f, reason})
}

func (r *Report) check(ctx context.Context, fsys FileSystem, dir string, m *manifest, at *Progress, progress func(Progress)) error {
	root := standing(fsys, filepath.Join(dir, filepath.FromSlash(m.Folder)))
	known := map[string]bool{strings.ToLower(manifestName): true}
	for _, f := range m.Files {
		known[strings.ToLower(f.Path)] = true
		name := m.Folder + "/" + f.Path
		at.Current = path.Base(f.Path)
		n, sum, err := sumFile(ctx, fsys, filepath.Join(root, filepath.FromSlash(f.Path)), func(n int64) {
			at.Bytes += n
			if progress != nil {
				progress(*at)
			}
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			r.find(name, Missing, "the file is not there")
		case err != nil:
			r.find(name, Changed, "the file cannot be read: "+err.Error())
		case n != f.Bytes:
			r.find(name, Changed, fmt.Sprintf("the file has %d bytes; %d were written", n, f.Bytes))
		case sum != f.SHA256:
			r.find(name, Changed, "the content is not what was written")
		}
		r.Files++
		r.Bytes += n
		at.Files++
	}
	now, err := listFiles(fsys, root)
	if err != nil {
		return err
	}
	for _, rel := range now {
		if !known[strings.ToLower(rel)] {
			r.find(m.Folder+"/"+rel, Extra, "the file was not written by this program")
		}
	}
	return nil
}

// manifests finds all manifests of a card, those of loose samples first, and the folders in
// which a writing was interrupted. dir may also be one kit's own folder.
func manifests(fsys FileSystem, dir string) (sets []*manifest, halted []string, err error) {
	if m, err := readImportManifest(fsys, dir); err == nil {
		m.Folder = "."
		return []*manifest{m}, nil, nil
	}
	for _, parent := range []string{"IMPORT", "EXPORT/PROJECT"} {
		list, err := fsys.ReadDir(filepath.Join(dir, filepath.FromSlash(parent)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		seen := map[string]bool{}
		for _, e := range list {
			name, old := strings.CutSuffix(e.Name(), oldSuffix)
			name, fresh := strings.CutSuffix(name, newSuffix)
			if old || fresh {
				halted = append(halted, parent+"/"+e.Name())
			}
			if seen[name] || fresh {
				continue
			}
			seen[name] = true
			m, err := manifestFor(fsys, dir, parent+"/"+name)
			switch {
			case err == nil:
				m.Folder = parent + "/" + name
				sets = append(sets, m)
			case !errors.Is(err, fs.ErrNotExist) && e.IsDir():
				return nil, nil, fmt.Errorf("%s/%s: %w", parent, name, err)
			}
		}
	}
	return sets, halted, nil
}

func manifestFor(fsys FileSystem, dir, rel string) (*manifest, error) {
	m, err := readImportManifest(fsys, standing(fsys, filepath.Join(dir, filepath.FromSlash(rel))))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	return readProjectManifest(fsys, dir, rel)
}
