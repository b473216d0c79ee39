package sp404

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sampleagent/library/kit"
)

// The manifest says what was written, so that it can be verified, and holds the kit with all its
// settings, so that reading the card back loses nothing. In a folder of loose samples it lies
// beside the banks. A project folder gets no file that the device does not write itself, so
// its manifest lies in SAMPLE-AGENT, named after the content of PADCONF.BIN: whichever project
// a crash leaves standing finds its own.
const (
	manifestName    = "sample-agent.json"
	manifestFolder  = "SAMPLE-AGENT"
	manifestVersion = 1
	maxManifest     = 64 << 20
)

type manifest struct {
	Version int            `json:"version"`
	Form    Form           `json:"form"`
	Folder  string         `json:"folder"` // relative to the card
	Written time.Time      `json:"written"`
	Kit     kit.Kit        `json:"kit"`
	Files   []manifestFile `json:"files"`
}

type manifestFile struct {
	Path      string    `json:"path"` // relative to Folder
	Bytes     int64     `json:"bytes"`
	SHA256    string    `json:"sha256"`
	Pad       *kit.Slot `json:"pad,omitempty"`
	Source    string    `json:"source,omitempty"` // the file's name, without its folder
	Converted string    `json:"converted,omitempty"`
	Credit    string    `json:"credit,omitempty"` // author and licence
}

func (m *manifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// manifestEstimate is how large the manifest will be: all but the sums is known.
func (p *Plan) manifestEstimate(u *unit) int64 {
	m := manifest{Version: manifestVersion, Form: p.formOf(u), Folder: u.rel, Written: p.opt.Now().UTC().Truncate(time.Second), Kit: p.Kit}
	for _, f := range p.Files {
		if f.Error == "" && strings.HasPrefix(f.Target, u.rel+"/") && f.Target != u.rel+"/"+manifestName {
			m.Files = append(m.Files, manifestFile{strings.TrimPrefix(f.Target, u.rel+"/"), f.Bytes, strings.Repeat("0", 64), f.Pad, baseName(f.Source), f.Converted, f.Credit})
		}
	}
	b, err := m.encode()
	if err != nil {
		return 0
	}
	return int64(len(b))
}

func (p *Plan) formOf(u *unit) Form {
	if u.project {
		return FormProject
	}
	return FormImport
}

// manifestError says that a manifest is there and makes no sense.
type manifestError struct{ reason string }

func (e *manifestError) Error() string { return manifestName + ": " + e.reason }

func decodeManifest(b []byte) (*manifest, error) {
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, &manifestError{err.Error()}
	}
	if m.Version < 1 || m.Version > manifestVersion {
		return nil, &manifestError{fmt.Sprintf("version %d; this program knows version %d", m.Version, manifestVersion)}
	}
	for _, f := range m.Files {
		if !fs.ValidPath(f.Path) || f.Bytes < 0 {
			return nil, &manifestError{fmt.Sprintf("names a file %q that cannot be", f.Path)}
		}
	}
	return &m, nil
}

func readSmall(fsys FileSystem, at string, most int64) ([]byte, error) {
	f, err := fsys.Open(at)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s is too large", at)
	}
	return b, err
}

// readImportManifest reads the manifest of a folder of loose samples.
func readImportManifest(fsys FileSystem, folder string) (*manifest, error) {
	b, err := readSmall(fsys, filepath.Join(folder, manifestName), maxManifest)
	if err != nil {
		return nil, err
	}
	return decodeManifest(b)
}

// contentSum tells two manifests with the same PADCONF.BIN apart.
func (m *manifest) contentSum() (string, error) {
	var b strings.Builder
	k, err := json.Marshal(m.Kit)
	if err != nil {
		return "", err
	}
	b.Write(k)
	for _, f := range m.Files {
		fmt.Fprintf(&b, "%s %s\n", f.SHA256, f.Path)
	}
	return sha([]byte(b.String())), nil
}

// projectManifest is where the manifest of a project folder lies; padconf and content are
// SHA-256 sums in hexadecimal, of its PADCONF.BIN and of its kit and files.
func projectManifest(rel, padconf, content string) string {
	return manifestPrefix(rel) + padconf[:8] + "-" + content[:8] + ".json"
}

func manifestPrefix(rel string) string {
	return manifestFolder + "/" + strings.ReplaceAll(rel, "/", "-") + "."
}

// projectManifests are the manifests of a project folder, relative to the card.
func projectManifests(fsys FileSystem, root, rel string) ([]string, error) {
	list, err := fsys.ReadDir(filepath.Join(root, manifestFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	prefix := path.Base(manifestPrefix(rel))
	var out []string
	for _, e := range list {
		if strings.HasPrefix(e.Name(), prefix) && strings.HasSuffix(e.Name(), ".json") {
			out = append(out, manifestFolder+"/"+e.Name())
		}
	}
	return out, nil
}

// readProjectManifest finds the manifest that belongs to the project folder as it stands. If the
// device has changed PADCONF.BIN since, it is the latest one written for that folder.
func readProjectManifest(fsys FileSystem, root, rel string) (*manifest, error) {
	names, err := projectManifests(fsys, root, rel)
	if err != nil {
		return nil, err
	}
	folder := standing(fsys, filepath.Join(root, filepath.FromSlash(rel)))
	sum := "?"
	b, err := readSmall(fsys, filepath.Join(folder, "PADCONF.BIN"), 1<<20)
	switch {
	case err == nil:
		sum = sha(b)[:8]
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	var same, all []*manifest
	var first error
	for _, name := range names {
		b, err := readSmall(fsys, filepath.Join(root, filepath.FromSlash(name)), maxManifest)
		var m *manifest
		if err == nil {
			m, err = decodeManifest(b)
		}
		var bad *manifestError
		if err != nil && !errors.As(err, &bad) {
			return nil, err
		}
		if err != nil {
			first = err
			continue
		}
		all = append(all, m)
		if strings.HasPrefix(name, manifestPrefix(rel)+sum+"-") {
			same = append(same, m)
		}
	}
	if len(same) > 1 { // an interrupted run with the same PADCONF.BIN and other sounds
		for _, m := range same {
			if m.matches(fsys, folder) {
				return m, nil
			}
		}
	}
	if len(same) > 0 {
		all = same
	}
	if len(all) > 0 {
		return slices.MaxFunc(all, func(a, b *manifest) int { return a.Written.Compare(b.Written) }), nil
	}
	if first != nil {
		return nil, first
	}
	return nil, fs.ErrNotExist
}

// matches reads all files of a folder and compares them.
func (m *manifest) matches(fsys FileSystem, folder string) bool {
	for _, f := range m.Files {
		n, sum, err := sumFile(context.Background(), fsys, filepath.Join(folder, filepath.FromSlash(f.Path)), nil)
		if err != nil || n != f.Bytes || sum != f.SHA256 {
			return false
		}
	}
	return true
}
