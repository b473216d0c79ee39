package sp404

import (
	"encoding/json"
	"fmt"

	"sampleagent/library/kit"
)

// MarshalJSON prints a file as `card plan --json` does: null for what does not apply.
func (f File) MarshalJSON() ([]byte, error) {
	o := object{
		{"pad", f.Pad}, {"source", orNull(f.Source)}, {"target", f.Target}, {"bytes", f.Bytes},
		{"converted", orNull(f.Converted)}, {"renamed_from", orNull(f.RenamedFrom)}, {"warning", orNull(f.Warning)},
	}
	if f.Error != "" {
		o = append(o, member{"error", f.Error})
	}
	return json.Marshal(o)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// warnAboutSettings tells what of the kit the chosen form cannot carry.
func (p *Plan) warnAboutSettings() {
	var set, sync, mode int
	for _, s := range p.Kit.Filled() {
		st := p.Kit.Pad(s).Settings
		if st != (kit.Settings{}) {
			set++
		}
		if st.On(kit.BPMSync) {
			sync++
		}
		if st.Get(kit.TempoMode) != 0 {
			mode++
		}
	}
	if p.Form == FormImport {
		if set > 0 {
			p.warn("Settings of %s stay on the computer: loose samples cannot carry them. The project form can.", count(set, "pad"))
		}
		if n := len(p.Kit.Patterns()); n > 0 {
			p.warn("%s on the computer: loose samples cannot carry them. The project form can.", count(n, "pattern")+" stay"+plural(n))
		}
		return
	}
	p.warn(BackupAdvice)
	if sync > 0 {
		p.warn("BPM sync of %s is not written: which value means on is disputed.", count(sync, "pad"))
	}
	if mode > 0 {
		p.warn("The tempo mode of %s is not written: its place in the file is not known.", count(mode, "pad"))
	}
	if len(p.opt.Template) == 0 {
		p.warn("Built from constants. A PADCONF.BIN exported from your own device as template is safer.")
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func plural(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}

// megabytes are of 1024 × 1024 bytes, as everywhere in the program.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// Summary is the last object of `card plan --json` and `card write --json`.
type Summary struct {
	Files    int      `json:"files"`
	Bytes    int64    `json:"bytes"`
	Free     *int64   `json:"free"` // null when not known
	Replaces []string `json:"replaces"`
	Verified *bool    `json:"verified"` // null in a plan
	Warnings []string `json:"warnings"`
	Targets  []string `json:"targets"`
}

// Summary counts the plan's files and bytes.
func (p *Plan) Summary() Summary {
	s := Summary{Bytes: p.Bytes, Replaces: p.Replaces, Warnings: p.Warnings, Targets: p.Targets}
	for _, f := range p.Files {
		if f.Error == "" {
			s.Files++
		}
	}
	if p.Free >= 0 {
		s.Free = &p.Free
	}
	if s.Replaces == nil {
		s.Replaces = []string{}
	}
	if s.Warnings == nil {
		s.Warnings = []string{}
	}
	return s
}
