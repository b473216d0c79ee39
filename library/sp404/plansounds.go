package sp404

import (
	"context"
	"fmt"
	"path"
	"strings"

	"sampleagent/library/kit"
	"sampleagent/library/sp404/padconf"
	"sampleagent/library/sp404/ptn"
	"sampleagent/library/sp404/smp"
)

func (p *Plan) planSounds(ctx context.Context, samples map[string]Sample) error {
	p.findAlike(samples)
	probed := map[string]*source{}
	failed := map[string]string{}
	for _, slot := range p.Kit.Filled() {
		if err := ctx.Err(); err != nil {
			return err
		}
		id := p.Kit.Pad(slot).SampleID
		src, why := probed[id], failed[id]
		if src == nil && why == "" {
			s, ok := samples[id]
			if !ok {
				why = "the sample is no longer in the library"
			} else if found, err := probe(ctx, s); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				why = err.Error()
			} else {
				src, probed[id] = found, found
			}
			failed[id] = why
		}
		if why != "" {
			p.Files = append(p.Files, File{Pad: &slot, Source: samples[id].Path, Target: "", Error: why, Warning: "left out"})
			continue
		}
		p.planSound(slot, src)
	}
	return nil
}

// findAlike finds the pads whose names would be the same when cut, though they differ.
func (p *Plan) findAlike(samples map[string]Sample) {
	p.alike = map[kit.Slot]bool{}
	type place struct {
		bank int
		name string
	}
	first := map[place]kit.Slot{}
	for _, slot := range p.Kit.Filled() {
		whole := p.padName(slot, &source{Sample: samples[p.Kit.Pad(slot).SampleID]})
		short := place{slot.Bank(), strings.ToLower(cut(plainName(whole), fileStem))}
		at, there := first[short]
		if !there {
			first[short] = slot
			continue
		}
		if other := p.padName(at, &source{Sample: samples[p.Kit.Pad(at).SampleID]}); other != whole {
			p.alike[at], p.alike[slot] = true, true
		}
	}
}

// padName is what a pad is called: by a person, else as its sample.
func (p *Plan) padName(slot kit.Slot, src *source) string {
	if n := p.Kit.Pad(slot).Name; n != "" {
		return n
	}
	return src.name()
}

// planSound adds the files of one pad.
func (p *Plan) planSound(slot kit.Slot, src *source) {
	j := &job{slot: slot, src: src}
	name := p.padName(slot, src)
	for n, u := range p.units {
		f := File{Pad: &slot, Source: src.Path, Credit: src.Credit}
		t := target{unit: n, index: len(p.Files)}
		changes := src.changes()
		size := src.outFrames() * int64(src.outChannels()) * 2
		if u.project {
			t.format = smpFormat
			t.rel = "SMPL/" + smp.FileName(slot.Bank(), slot.Pad())
			f.Bytes = smp.HeaderSize + size
			changes = append(changes, container(src)+" to SMP")
			if shown := displayName(name, padconf.MaxName, p.alike[slot]); shown != name {
				f.RenamedFrom = name
			}
		} else {
			t.format = p.opt.Format
			file := padFileName(slot.Pad(), name, p.alike[slot])
			t.rel = kit.BankName(slot.Bank()) + "/" + file + "." + string(p.opt.Format)
			if file[3:] != name {
				f.RenamedFrom = name
			}
			switch {
			case src.untouched(p.opt.Format):
				f.Bytes = src.size
			case p.opt.Format == AIFF:
				f.Bytes = aiffHead + size
			default:
				f.Bytes = wavHead + size
			}
			if container(src) != strings.ToUpper(string(p.opt.Format)) {
				changes = append(changes, container(src)+" to "+strings.ToUpper(string(p.opt.Format)))
			} else if len(changes) == 0 && !src.untouched(p.opt.Format) {
				changes = append(changes, "plain header")
			}
		}
		f.Converted = strings.Join(changes, ", ")
		f.Target = u.rel + "/" + t.rel
		f.Warning = p.soundWarning(src)
		p.Files = append(p.Files, f)
		j.targets = append(j.targets, t)
	}
	p.jobs = append(p.jobs, j)
}

func container(src *source) string { return strings.ToUpper(string(src.info.Format)) }

func (p *Plan) soundWarning(src *source) string {
	var out []string
	if src.info.Truncated {
		out = append(out, "the file is cut off; what is there is written")
	}
	if resampledFrames(src.frames, src.info.Rate) > maxFrames {
		out = append(out, "longer than the device's 16 minutes: the rest is left out")
	}
	return strings.Join(out, "; ")
}

// planMade adds the files that the program makes: project, patterns, manifest.
func (p *Plan) planMade() error {
	for _, u := range p.units {
		if u.project {
			if err := p.planProject(u); err != nil {
				return err
			}
		}
		u.manifest = p.addMade(u, "", 0, nil)
		rel := u.rel + "/" + manifestName
		if u.project {
			rel = manifestPrefix(u.rel) + "json"
		}
		p.Files[u.manifest.index].Target = rel
		p.Files[u.manifest.index].Bytes = p.manifestEstimate(u)
	}
	return nil
}

func (p *Plan) addMade(u *unit, rel string, size int64, bytes func(*result) ([]byte, error)) *made {
	m := &made{rel: rel, index: len(p.Files), bytes: bytes}
	p.Files = append(p.Files, File{Target: path.Join(u.rel, rel), Bytes: size})
	return m
}

func (p *Plan) planProject(u *unit) error {
	if len(p.opt.Template) > 0 {
		f, err := padconf.Decode(p.opt.Template)
		if err != nil {
			return fmt.Errorf("template: %w", err)
		}
		if _, err := f.Encode(); err != nil {
			return fmt.Errorf("template: %w", err)
		}
	}
	u.others = append(u.others, p.addMade(u, "PADCONF.BIN", padconf.Size, p.buildPadconf))
	for _, s := range p.Kit.Patterns() {
		b, err := p.buildPattern(s)
		if err != nil {
			return fmt.Errorf("pattern %s: %w", s, err)
		}
		u.others = append(u.others, p.addMade(u, "PTN/"+ptn.FileName(int(s)), int64(len(b)), func(*result) ([]byte, error) { return b, nil }))
	}
	return nil
}
