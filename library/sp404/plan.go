package sp404

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sampleagent/audio/dsp"
	"sampleagent/library/kit"
	"sampleagent/library/sp404/padconf"
	"sampleagent/library/sp404/ptn"
	"sampleagent/library/sp404/smp"
)

// Form says in which form a kit goes to a card.
type Form string

// The forms.
const (
	FormImport  Form = "import"  // route 1: loose samples under IMPORT, which the device imports one by one
	FormProject Form = "project" // routes 2 and 3: a whole project with all settings; experimental
	FormBoth    Form = "both"
)

// AudioFormat is the container of loose samples.
type AudioFormat string

// The formats of route 1; both 48 kHz, 16 bits.
const (
	WAV  AudioFormat = "wav"
	AIFF AudioFormat = "aiff"
)

// Options say how a kit is planned. The zero value is the import form as WAV.
type Options struct {
	Form   Form
	Format AudioFormat
	// Template is the user's own exported PADCONF.BIN: every byte of it that is not understood is
	// kept. Empty: built from constants.
	Template []byte
	// Project is the number of the project folder, 1 to 16, which is then replaced; 0 takes the
	// one that this kit was written to before, else the lowest free one.
	Project int
	// InImport puts the project folder below IMPORT, from where it can only be imported, instead
	// of EXPORT/PROJECT, from where it can be played as well.
	InImport bool

	Resample Resampler  // nil: audio/dsp's
	Files    FileSystem // nil: the system's
	Now      func() time.Time
}

// Errors that callers decide on.
var (
	ErrEmptyKit    = errors.New("the kit has no sample on any pad")
	ErrNoProject   = errors.New("all sixteen project folders on the card are taken")
	ErrDoesNotFit  = errors.New("there is not enough room on the card")
	ErrChanged     = errors.New("the card has changed since the plan was made")
	ErrFull        = errors.New("the card is full")
	ErrReadOnly    = errors.New("the card or folder cannot be written to")
	ErrGone        = errors.New("the card is gone")
	ErrNotVerified = errors.New("what was read back differs from what was written")
)

// File is one file that would be written.
type File struct {
	Pad         *kit.Slot // nil for a file that belongs to no pad
	Source      string    // "" for a file that the program makes
	Target      string    // relative to the card's folder, with '/' between
	Bytes       int64
	Converted   string // what is changed in the sound; "" when nothing is
	RenamedFrom string // the sample's name, where the card cannot have it as it is
	Warning     string
	Error       string // why the sample is left out; such a file is not written
	Credit      string // names the author and licence; the manifest keeps it
}

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

// Plan is what writing a kit to a card would do: every file, every byte, every warning.
type Plan struct {
	Kit      kit.Kit
	Dir      string // the card's folder
	Form     Form
	Targets  []string // the folders that are written whole, relative to Dir
	Files    []File   // in the order in which they are written
	Bytes    int64    // of all files
	Free     int64    // free bytes on the card; -1 when the system does not say
	Replaces []string // files there now that would be replaced or removed
	Keeps    []string // files in a target folder that are not ours and stay
	Warnings []string

	opt   Options
	units []*unit
	jobs  []*job
	kept  int64             // bytes of Keeps, which are copied
	alike map[kit.Slot]bool // names that are cut to what another of the bank is cut to
}

// Experimental says that the plan writes a form which nobody has confirmed on a device.
func (p *Plan) Experimental() bool { return p.Form != FormImport }

// BackupAdvice is what a person must be told before a project is imported on the device.
const BackupAdvice = "Make a BACKUP on the device first: importing a project replaces the whole slot. This form is experimental until it has been confirmed on hardware."

// Fits says whether there is room: everything is written before anything old goes. Unknown room
// counts as enough.
func (p *Plan) Fits() bool { return p.Free < 0 || p.needs() <= p.Free }

// needs is the room that the files take, each rounded up to the clusters of a large card.
func (p *Plan) needs() int64 {
	const cluster = 64 << 10
	n := int64(cluster)
	for _, f := range p.Files {
		if f.Error == "" {
			n += (f.Bytes + cluster - 1) / cluster * cluster
		}
	}
	return n + p.kept
}

// Failed are the files that are left out, with the reason in Error.
func (p *Plan) Failed() []File {
	var out []File
	for _, f := range p.Files {
		if f.Error != "" {
			out = append(out, f)
		}
	}
	return out
}

// unit is a folder that is written whole or not at all.
type unit struct {
	rel      string // relative to the card, with '/'
	project  bool
	replaces bool // there is one now, ours or, by the user's number, a foreign one
	keeps    []string
	others   []*made // files made by the program, written after the sounds
	manifest *made
}

// made is a file whose bytes the program makes once the sounds are written.
type made struct {
	rel   string // inside the unit
	index int    // in Plan.Files
	bytes func(*result) ([]byte, error)
}

// job is the sound of one pad and the files that it becomes.
type job struct {
	slot    kit.Slot
	src     *source
	targets []target
}

type target struct {
	unit   int
	rel    string // inside the unit
	format AudioFormat
	index  int // in Plan.Files
}

const smpFormat AudioFormat = "smp"

// NewPlan works out what writing a kit would do. It reads headers of the samples and looks at
// the card, and writes nothing. Samples that cannot be read are listed with the reason and left
// out.
func NewPlan(ctx context.Context, k kit.Kit, samples map[string]Sample, dir string, o Options) (*Plan, error) {
	if o.Form == "" {
		o.Form = FormImport
	}
	if o.Format == "" {
		o.Format = WAV
	}
	if o.Files == nil {
		o.Files = systemFS{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Resample == nil {
		o.Resample = dsp.Resample
	}
	switch {
	case o.Form != FormImport && o.Form != FormProject && o.Form != FormBoth:
		return nil, fmt.Errorf("a card has no form %q: import, project or both", o.Form)
	case o.Format != WAV && o.Format != AIFF:
		return nil, fmt.Errorf("a card has no format %q: wav or aiff", o.Format)
	case o.Project < 0 || o.Project > 16:
		return nil, fmt.Errorf("there is no project folder %d: 1 to 16", o.Project)
	case len(k.Filled()) == 0:
		return nil, fmt.Errorf("%s: %w", k.Name, ErrEmptyKit)
	}
	fi, err := o.Files.Stat(dir)
	if err != nil {
		return nil, explain(err, dir, false)
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("%s is a file; choose the card's folder", dir)
	}
	p := &Plan{Kit: k, Dir: dir, Form: o.Form, opt: o, Free: -1}
	if free, ok := o.Files.Free(dir); ok {
		p.Free = free
	}
	if strings.EqualFold(filepath.Base(dir), "IMPORT") || strings.EqualFold(filepath.Base(dir), "EXPORT") {
		p.warn("This folder is called %s. Choose the card's top folder, in which %s lies.", filepath.Base(dir), filepath.Base(dir))
	}
	if err := p.chooseTargets(); err != nil {
		return nil, err
	}
	if err := p.planSounds(ctx, samples); err != nil {
		return nil, err
	}
	if len(p.jobs) == 0 {
		return p, fmt.Errorf("none of the kit's samples can be read: %s", p.Failed()[0].Error)
	}
	if err := p.planMade(); err != nil {
		return nil, err
	}
	if err := p.lookAtCard(); err != nil {
		return nil, err
	}
	p.warnAboutSettings()
	for _, f := range p.Files {
		if f.Error == "" {
			p.Bytes += f.Bytes
		}
	}
	if !p.Fits() {
		p.warn("There is not enough room: %s are needed while the old files are still there, %s are free.", megabytes(p.needs()), megabytes(p.Free))
	}
	return p, nil
}

func (p *Plan) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}

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

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

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
