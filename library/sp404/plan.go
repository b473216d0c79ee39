package sp404

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"sampleagent/audio/dsp"
	"sampleagent/library/kit"
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
	// Make lets the folder be made by the writing when only the one that it lies in is there.
	// Never where the system mounts cards: a folder missing there is a card that is not plugged in.
	Make bool

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

	opt    Options
	ground string // the folder that is there: Dir, or the one in which Dir will be made
	units  []*unit
	jobs   []*job
	kept   int64             // bytes of Keeps, which are copied
	alike  map[kit.Slot]bool // names that are cut to what another of the bank is cut to
}

// Experimental says that the plan writes a form which nobody has confirmed on a device.
func (p *Plan) Experimental() bool { return p.Form != FormImport }

// BackupAdvice is what a person must be told before a project is imported on the device.
const BackupAdvice = "Make a BACKUP on the device first: importing a project replaces the whole slot. This form is experimental until it has been confirmed on hardware."

// Fits says whether there is room: everything is written before anything old goes. Unknown room
// counts as enough.
func (p *Plan) Fits() bool { return p.Free < 0 || p.Needs() <= p.Free }

// Needs is the room in bytes that the files take, each rounded up to the clusters of a large card.
func (p *Plan) Needs() int64 {
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
	p := &Plan{Kit: k, Dir: dir, Form: o.Form, opt: o, Free: -1, ground: dir}
	fi, err := o.Files.Stat(dir)
	if parent := filepath.Dir(filepath.Clean(dir)); errors.Is(err, fs.ErrNotExist) && o.Make && !mountsCards(parent) {
		p.ground = parent
		fi, err = o.Files.Stat(p.ground)
	}
	if err != nil {
		return nil, explain(err, dir, false)
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("%s is a file; choose the card's folder", p.ground)
	}
	if err := o.Files.Writable(p.ground); err != nil {
		return nil, explain(err, dir, false)
	}
	if free, ok := o.Files.Free(p.ground); ok {
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
		p.warn("There is not enough room: %s are needed while the old files are still there, %s are free.", megabytes(p.Needs()), megabytes(p.Free))
	}
	return p, nil
}

func (p *Plan) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}
