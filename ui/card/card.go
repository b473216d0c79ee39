// Package card is the dialogs of the SD card. One writes a kit: where to, what would happen, how
// far it is, and whether all of it can be read back. The other reads a card or a backup of one:
// which projects and kits are there, and which of them come into the library.
//
// Model and Reader are the dialogs as data; View and ReadView draw them. Nothing is written before
// a person has seen the plan, and the package itself writes nothing.
package card

import (
	"context"
	"fmt"

	"sampleagent/app/task"
	"sampleagent/app/words"
	"sampleagent/ui/browser"
)

// Options say what is to be written.
type Options struct {
	KitID    string
	Dir      string // the card, or any folder
	Form     string // "import", "project" or "both"
	Format   string // "wav" or "aiff"
	Project  int    // 1 to 16 to replace that project folder; 0: the kit's own, or a free one
	Template string // a PADCONF.BIN of the user's own device, for the project form; "" for none
}

// File is a line of the plan.
type File struct {
	Pad       string // "A1"
	Source    string
	Target    string // below the card's folder
	Bytes     int64
	Converted string // what is changed, "" for nothing
	Renamed   string // the name it had, "" when it keeps it
	Warning   string
}

// Plan is what would be written. Handle is the application's own plan, handed back to Write.
type Plan struct {
	Files    []File
	Bytes    int64
	Free     int64 // below 0: not known
	Needs    int64 // more than Bytes: files take whole clusters, and old ones stay until the new are whole
	Fits     bool
	Targets  []string // folders that are written whole
	Replaces []string // files there now that would be replaced or removed
	Keeps    []string // files there now that stay
	Warnings []string
	Handle   any
}

// Core is what the dialog needs of the application.
type Core interface {
	PlanKit(ctx context.Context, o Options) (*Plan, error)
	WritePlan(p *Plan) (task.ID, error)
	LookDir(ctx context.Context, dir string) (*Found, error)
	TakeDir(dir string, folders []string, loose bool) (task.ID, error)
	VerifyDir(ctx context.Context, dir string) (problems []string, files int, err error)
}

// Step is how far the dialog is.
type Step int

// The steps.
const (
	Choosing Step = iota // no folder yet, or none that can be planned
	Planning
	Planned
	Writing
	Written
	Failed
)

// Model is the dialog as data. All methods belong to the UI goroutine.
type Model struct {
	OnChanged func()

	core Core
	run  browser.Background

	options Options
	step    Step
	plan    *Plan
	err     string
	id      task.ID
	task    task.Status
	asked   int
	verify  string // what reading back found
	sound   bool   // verified
}

// NewModel begins with what was chosen last time.
func NewModel(core Core, run browser.Background, o Options) *Model {
	if o.Form == "" {
		o.Form = "import"
	}
	if o.Format == "" {
		o.Format = "wav"
	}
	m := &Model{core: core, run: run, options: o}
	if o.Dir != "" {
		m.replan()
	}
	return m
}

// Options are the choices so far.
func (m *Model) Options() Options { return m.options }

// Step is how far it is.
func (m *Model) Step() Step { return m.step }

// Plan is what would be written, nil before it is known.
func (m *Model) Plan() *Plan { return m.plan }

// Err says why there is no plan or why writing failed.
func (m *Model) Err() string { return m.err }

// Progress is the running task.
func (m *Model) Progress() task.Status { return m.task }

// Verified says what reading everything back found, and whether all was well.
func (m *Model) Verified() (text string, sound bool) { return m.verify, m.sound }

// Set changes the choices and plans anew.
func (m *Model) Set(change func(o *Options)) {
	before := m.options
	change(&m.options)
	if m.options != before {
		m.replan()
	}
}

// Open plans for a folder; for the same one again, since a card may be there by now.
func (m *Model) Open(dir string) {
	m.options.Dir = dir
	m.replan()
}

func (m *Model) changed() {
	if m.OnChanged != nil {
		m.OnChanged()
	}
}

func (m *Model) replan() {
	if m.step == Writing {
		return
	}
	m.asked++
	m.plan, m.err, m.verify = nil, "", ""
	if m.options.Dir == "" {
		m.step = Choosing
		m.changed()
		return
	}
	m.step = Planning
	m.changed()
	asked, o := m.asked, m.options
	m.run(func(ctx context.Context) func() {
		p, err := m.core.PlanKit(ctx, o)
		return func() {
			if asked != m.asked {
				return
			}
			if err != nil {
				m.step, m.err = Choosing, err.Error()
			} else {
				m.step, m.plan = Planned, p
			}
			m.changed()
		}
	})
}

// Ready says whether the plan can be carried out, and if not, why, before anything is written.
func (m *Model) Ready() (ok bool, why string) {
	switch {
	case m.plan == nil:
		return false, ""
	case len(m.plan.Files) == 0:
		return false, "The kit has no sample on any pad."
	case !m.plan.Fits:
		why = fmt.Sprintf("There is not enough room: %s are needed, %s are free.", words.Size(m.plan.Needs), words.Size(m.plan.Free))
		if len(m.plan.Replaces) > 0 {
			why += " The former files stay until the new ones are whole."
		}
		return false, why
	}
	return true, ""
}

// Write carries the plan out.
func (m *Model) Write() {
	if ok, _ := m.Ready(); !ok || m.step == Writing {
		return
	}
	id, err := m.core.WritePlan(m.plan)
	if err != nil {
		m.step, m.err = Failed, err.Error()
		m.changed()
		return
	}
	m.step, m.id, m.err = Writing, id, ""
	m.task = task.Status{ID: id, State: task.Waiting}
	m.changed()
}

// Task takes the state of a task; that of another is left alone.
func (m *Model) Task(t task.Status) {
	if m.step != Writing || t.ID != m.id {
		return
	}
	m.task = t
	switch t.State {
	case task.Done:
		m.step, m.verify, m.sound = Written, t.Summary, true
		if m.verify == "" {
			m.verify = "Everything was read back and compared."
		}
	case task.Failed:
		m.step, m.err = Failed, t.Err
	case task.Cancelled:
		m.step, m.err = Failed, "Cancelled. What was on the card before is as it was."
	}
	m.changed()
}

// Running is the task that writes, "" when none does.
func (m *Model) Running() task.ID {
	if m.step == Writing {
		return m.id
	}
	return ""
}

// Verify reads everything in the folder back and compares it with its list.
func (m *Model) Verify() {
	dir := m.options.Dir
	m.run(func(ctx context.Context) func() {
		problems, files, err := m.core.VerifyDir(ctx, dir)
		return func() {
			m.sound = err == nil && len(problems) == 0
			switch {
			case err != nil:
				m.verify = err.Error()
			case len(problems) > 0:
				m.verify = fmt.Sprintf("%d of %d files are not as they were written. First: %s", len(problems), files, problems[0])
			default:
				m.verify = fmt.Sprintf("All %d files are on the card as they were written.", files)
			}
			m.changed()
		}
	})
}
