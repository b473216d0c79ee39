package sp404

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// chooseTargets finds the folders: what this kit was written to before, else a free name. A
// folder that is not this kit's is never taken, unless the user named its number.
func (p *Plan) chooseTargets() error {
	if p.Form != FormProject {
		names, err := p.namesIn("IMPORT")
		if err != nil {
			return err
		}
		var failed error
		name := freeName(folderName(p.Kit.Name), func(lower string) bool {
			at, there := names[lower]
			if !there {
				return false
			}
			ours, err := p.oursInImport(at)
			failed = errors.Join(failed, err)
			return !ours && err == nil
		})
		if failed != nil {
			return explain(failed, p.Dir, false)
		}
		rel := "IMPORT/" + name
		if at, ok := names[strings.ToLower(name)]; ok {
			rel = "IMPORT/" + at // as it is spelt there
		}
		p.addUnit(&unit{rel: rel})
	}
	if p.Form != FormImport {
		rel, err := p.projectFolder()
		if err != nil {
			return err
		}
		p.addUnit(&unit{rel: rel, project: true})
	}
	return nil
}

func (p *Plan) addUnit(u *unit) {
	p.units = append(p.units, u)
	p.Targets = append(p.Targets, u.rel)
}

// namesIn maps lower-case names to names of a folder on the card. What an interrupted run left
// behind counts as the name that it stands for.
func (p *Plan) namesIn(rel string) (map[string]string, error) {
	list, err := p.opt.Files.ReadDir(p.abs(rel))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, explain(err, p.Dir, false)
	}
	out := map[string]string{}
	for _, e := range list {
		name := e.Name()
		if strings.HasSuffix(name, newSuffix) {
			continue
		}
		name = strings.TrimSuffix(name, oldSuffix)
		out[strings.ToLower(name)] = name
	}
	return out, nil
}

func (p *Plan) abs(rel string) string { return filepath.Join(p.Dir, filepath.FromSlash(rel)) }

func (p *Plan) oursInImport(name string) (bool, error) {
	return p.isOurs(readImportManifest(p.opt.Files, standing(p.opt.Files, p.abs("IMPORT/"+name))))
}

// isOurs says whether a manifest is this kit's. No manifest, or one that makes no sense, is
// nobody's; one that cannot be read is an error, or an old kit would be taken for a stranger's.
func (p *Plan) isOurs(m *manifest, err error) (bool, error) {
	var bad *manifestError
	switch {
	case err == nil:
		return m.Kit.ID == p.Kit.ID && p.Kit.ID != "", nil
	case errors.Is(err, fs.ErrNotExist), errors.As(err, &bad):
		return false, nil
	}
	return false, err
}

func (p *Plan) projectFolder() (string, error) {
	parent := "EXPORT/PROJECT"
	if p.opt.InImport {
		parent = "IMPORT"
	}
	name := func(n int) string { return fmt.Sprintf("PROJECT_%02d", n) }
	if n := p.opt.Project; n > 0 {
		return parent + "/" + name(n), nil
	}
	names, err := p.namesIn(parent)
	if err != nil {
		return "", err
	}
	free := ""
	for n := 1; n <= 16; n++ {
		rel := parent + "/" + name(n)
		if _, there := names[strings.ToLower(name(n))]; !there {
			if free == "" {
				free = rel
			}
			continue
		}
		ours, err := p.isOurs(readProjectManifest(p.opt.Files, p.Dir, rel))
		if err != nil {
			return "", explain(err, p.Dir, false)
		}
		if ours {
			return rel, nil
		}
	}
	if free == "" {
		return "", fmt.Errorf("%s: %w; choose one to replace", parent, ErrNoProject)
	}
	return free, nil
}
