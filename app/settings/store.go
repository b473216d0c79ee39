package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Store is the settings in memory and their file. Its methods may be called from any goroutine.
type Store struct {
	path string

	mu      sync.Mutex
	now     Settings
	unknown map[string]any // the file as it was read, for keys that are not ours
}

// Open reads the file. A file that is missing means the defaults. Notices say in plain words what
// was wrong with the file and what was done about it; an error means that it could not even be
// set aside.
func Open(path string) (st *Store, notices []string, err error) {
	st = &Store{path: path, now: Default(), unknown: map[string]any{}}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read settings %s: %w", path, err)
	}
	tree := map[string]any{}
	if err := toml.Unmarshal(raw, &tree); err != nil {
		aside, moveErr := setAside(path)
		if moveErr != nil {
			return nil, nil, fmt.Errorf("settings %s cannot be read (%v) nor set aside: %w", path, reason(err), moveErr)
		}
		return st, []string{fmt.Sprintf("The settings file could not be read (%v). It was kept as %s, and the defaults are used.", reason(err), aside)}, nil
	}
	st.unknown = tree
	st.now, notices = read(tree)
	for _, w := range st.now.mend(true) {
		notices = append(notices, fmt.Sprintf("Settings: %s. The default is used.", w))
	}
	return st, notices, nil
}

// read turns a file's tree into Settings. A single value of the wrong type costs only that value.
func read(tree map[string]any) (Settings, []string) {
	var notices []string
	tree = clone(tree)
	for {
		s := Default()
		raw, err := toml.Marshal(tree)
		if err == nil {
			err = toml.Unmarshal(raw, &s)
		}
		if err == nil {
			if s.Window.Splits == nil {
				s.Window.Splits = map[string]float64{}
			}
			return s, notices
		}
		var bad *toml.DecodeError
		if !errors.As(err, &bad) || len(bad.Key()) == 0 || !remove(tree, bad.Key()) {
			return Default(), append(notices, fmt.Sprintf("The settings could not be understood (%v); the defaults are used.", err))
		}
		notices = append(notices, fmt.Sprintf("Settings: %s has the wrong type (%v). The default is used.", strings.Join(bad.Key(), "."), reason(err)))
	}
}

// reason is the first line of a TOML error, with its place in the file.
func reason(err error) string {
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		row, col := bad.Position()
		return fmt.Sprintf("line %d, column %d: %s", row, col, strings.TrimPrefix(bad.Error(), "toml: "))
	}
	return err.Error()
}

// setAside renames a broken file so that nothing in it is lost.
func setAside(path string) (string, error) {
	stamp := time.Now().Format("20060102-150405")
	for n := 0; n < 100; n++ {
		aside := fmt.Sprintf("%s.broken-%s", path, stamp)
		if n > 0 {
			aside = fmt.Sprintf("%s-%d", aside, n)
		}
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, os.Rename(path, aside)
		}
	}
	return "", fmt.Errorf("too many broken settings files beside %s", path)
}

// Get gives the present settings; the value is the caller's own.
func (st *Store) Get() Settings {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.now.clone()
}

// Update changes settings and saves them. When a value is out of range or the file cannot be
// written, nothing changes.
func (st *Store) Update(change func(*Settings)) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	next := st.now.clone()
	change(&next)
	if err := next.Check(); err != nil {
		return err
	}
	if err := st.save(next); err != nil {
		return fmt.Errorf("save settings %s: %w", st.path, err)
	}
	st.now = next.clone()
	return nil
}

// save writes a new file beside the old and renames it, so that a crash leaves one of the two.
func (st *Store) save(s Settings) error {
	raw, err := toml.Marshal(s)
	if err != nil {
		return err
	}
	ours := map[string]any{}
	if err := toml.Unmarshal(raw, &ours); err != nil {
		return err
	}
	tree := clone(st.unknown)
	overlay(tree, ours)
	if raw, err = toml.Marshal(tree); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(st.path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(st.path), ".settings-*")
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), st.path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the error that matters is the first
		return err
	}
	return nil
}

// tables in which every key is a person's own, so that a removed one stays removed.
var ownTables = map[string]bool{"window.splits": true}

// overlay puts ours over the tree and keeps what ours does not know.
func overlay(tree, ours map[string]any) { overlayAt("", tree, ours) }

func overlayAt(at string, tree, ours map[string]any) {
	for k, v := range ours {
		name := strings.TrimPrefix(at+"."+k, ".")
		sub, isTable := v.(map[string]any)
		old, wasTable := tree[k].(map[string]any)
		if isTable && wasTable && !ownTables[name] {
			overlayAt(name, old, sub)
			continue
		}
		tree[k] = v
	}
}

func clone(tree map[string]any) map[string]any {
	out := make(map[string]any, len(tree))
	for k, v := range tree {
		if sub, ok := v.(map[string]any); ok {
			v = clone(sub)
		}
		out[k] = v
	}
	return out
}

// remove deletes the key at a path and says whether it was there.
func remove(tree map[string]any, path []string) bool {
	for len(path) > 1 {
		sub, ok := tree[path[0]].(map[string]any)
		if !ok {
			break // the table itself has the wrong type
		}
		tree, path = sub, path[1:]
	}
	_, ok := tree[path[0]]
	delete(tree, path[0])
	return ok
}

// Look reads the settings without setting a broken file aside; what cannot be read has its
// default. It is for a look around that must change nothing.
func Look(path string) Settings {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Default()
	}
	tree := map[string]any{}
	if err := toml.Unmarshal(raw, &tree); err != nil {
		return Default()
	}
	s, _ := read(tree)
	s.mend(true)
	return s
}
