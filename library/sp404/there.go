package sp404

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// lookAtCard finds what lies in the target folders now.
func (p *Plan) lookAtCard() error {
	for _, u := range p.units {
		at := standing(p.opt.Files, p.abs(u.rel))
		there, err := exists(p.opt.Files, at)
		if err != nil {
			return explain(err, p.Dir, false)
		}
		u.replaces = there
		if !there {
			continue
		}
		now, err := listFiles(p.opt.Files, at)
		if err != nil {
			return explain(err, p.Dir, false)
		}
		ours, known, err := p.oursIn(u, at)
		if err != nil {
			return explain(err, p.Dir, false)
		}
		for _, rel := range now {
			name := u.rel + "/" + rel
			switch {
			case systemFile(path.Base(rel)):
			case !known && u.project && !strings.HasPrefix(strings.ToUpper(rel), "PICTURE/"):
				p.Replaces = append(p.Replaces, name) // a foreign project that the user named
			case ours[rel], p.writes(name):
				p.Replaces = append(p.Replaces, name)
			default:
				fi, err := p.opt.Files.Stat(filepath.Join(at, filepath.FromSlash(rel)))
				if err != nil {
					return explain(err, p.Dir, false)
				}
				p.kept += fi.Size()
				u.keeps = append(u.keeps, rel)
				p.Keeps = append(p.Keeps, name)
			}
		}
		if !known {
			p.warn("%s holds a project that was not written from this kit. It would be replaced.", u.rel)
		}
	}
	return nil
}

// oursIn are the files that the manifest lists; known says that the folder is this kit's.
func (p *Plan) oursIn(u *unit, at string) (map[string]bool, bool, error) {
	var m *manifest
	var err error
	if u.project {
		m, err = readProjectManifest(p.opt.Files, p.Dir, u.rel)
	} else {
		m, err = readImportManifest(p.opt.Files, at)
	}
	if ours, err := p.isOurs(m, err); err != nil || !ours {
		return nil, false, err
	}
	ours := map[string]bool{manifestName: !u.project}
	for _, f := range m.Files {
		ours[f.Path] = true
	}
	return ours, true, nil
}

func (p *Plan) writes(target string) bool {
	return slices.ContainsFunc(p.Files, func(f File) bool { return f.Error == "" && strings.EqualFold(f.Target, target) })
}
