package card

import (
	"context"
	"fmt"

	"sampleagent/app/task"
	"sampleagent/ui/browser"
)

// Found is what lies on a card or in a backup of one.
type Found struct {
	Kits     []FoundKit
	Loose    int      // sounds that belong to none of them
	Problems []string // what could not be read
}

// FoundKit is a project of the device, or a kit that this program wrote as loose samples.
type FoundKit struct {
	Folder   string // below the card's folder
	Also     string // where the same kit lies in the other form; "" for nowhere
	Name     string
	Project  bool
	Pads     int
	Patterns int
	Chopped  int // pads with marks
	BPM      float64
	Warnings []string
}

// ReadStep is how far reading is.
type ReadStep int

// The steps of reading.
const (
	NoCard ReadStep = iota // no folder yet, or none that can be read
	Looking
	Shown
	Taking
	Taken
	NotTaken
)

// Reader is the dialog that reads a card, as data. All methods belong to the UI goroutine.
type Reader struct {
	OnChanged func()

	core  Core
	run   browser.Background
	dir   string
	step  ReadStep
	found *Found
	take  []bool // each of found.Kits, then the loose sounds
	text  string // what is wrong, or what came of it
	id    task.ID
	task  task.Status
	asked int
}

// NewReader looks into a folder, if there is one.
func NewReader(core Core, run browser.Background, dir string) *Reader {
	r := &Reader{core: core, run: run}
	r.Open(dir)
	return r
}

// Dir is the folder that is looked at.
func (r *Reader) Dir() string { return r.dir }

// Step is how far it is.
func (r *Reader) Step() ReadStep { return r.step }

// Found is what is there, nil before it is known.
func (r *Reader) Found() *Found { return r.found }

// Text says what is wrong, or what came of it.
func (r *Reader) Text() string { return r.text }

// Progress is the running task.
func (r *Reader) Progress() task.Status { return r.task }

// Running is the task that reads, "" when none does.
func (r *Reader) Running() task.ID {
	if r.step == Taking {
		return r.id
	}
	return ""
}

func (r *Reader) changed() {
	if r.OnChanged != nil {
		r.OnChanged()
	}
}

// Open looks into a folder: a card, a backup of one, or a project's own.
func (r *Reader) Open(dir string) {
	if r.step == Taking {
		return
	}
	r.asked++
	asked := r.asked
	r.dir, r.found, r.take, r.text, r.step = dir, nil, nil, "", NoCard
	if dir == "" {
		r.changed()
		return
	}
	r.step = Looking
	r.changed()
	r.run(func(ctx context.Context) func() {
		f, err := r.core.LookDir(ctx, dir)
		return func() {
			if asked != r.asked {
				return
			}
			switch {
			case err != nil:
				r.step, r.text = NoCard, err.Error()
			case len(f.Kits) == 0 && f.Loose == 0:
				r.step, r.text = NoCard, "Nothing of the device is in this folder: no project, and no sound below IMPORT or EXPORT."
			default:
				r.step, r.found = Shown, f
				r.take = make([]bool, r.Lines())
				for i := range f.Kits {
					r.take[i] = true
				}
			}
			r.changed()
		}
	})
}

// Lines is how many lines there are to choose from: kits and projects, and one for the sounds that
// belong to none.
func (r *Reader) Lines() int {
	if r.found == nil {
		return 0
	}
	n := len(r.found.Kits)
	if r.found.Loose > 0 {
		n++
	}
	return n
}

// Chosen says whether a line is taken.
func (r *Reader) Chosen(i int) bool { return i >= 0 && i < len(r.take) && r.take[i] }

// Choose takes a line or leaves it.
func (r *Reader) Choose(i int) {
	if i >= 0 && i < len(r.take) && r.step == Shown {
		r.take[i] = !r.take[i]
		r.changed()
	}
}

// Count is how many kits are chosen, and whether the loose sounds are.
func (r *Reader) Count() (kits int, loose bool) {
	for i, on := range r.take {
		if on && i < len(r.found.Kits) {
			kits++
		}
	}
	return kits, r.found != nil && r.Chosen(len(r.found.Kits))
}

// Take brings what is chosen into the library.
func (r *Reader) Take() {
	kits, loose := r.Count()
	if r.step != Shown || kits == 0 && !loose {
		return
	}
	folders := []string{}
	for i, k := range r.found.Kits {
		if r.take[i] {
			folders = append(folders, k.Folder)
		}
	}
	id, err := r.core.TakeDir(r.dir, folders, loose)
	if err != nil {
		r.step, r.text = NotTaken, err.Error()
		r.changed()
		return
	}
	r.step, r.id, r.text, r.task = Taking, id, "", task.Status{ID: id, State: task.Waiting}
	r.changed()
}

// Task takes the state of a task; that of another is left alone.
func (r *Reader) Task(t task.Status) {
	if r.step != Taking || t.ID != r.id {
		return
	}
	r.task = t
	switch t.State {
	case task.Done:
		r.step, r.text = Taken, t.Summary
		if t.FailureCount > 0 {
			r.text += fmt.Sprintf(" %d things are to be looked at.", t.FailureCount)
		}
	case task.Failed:
		r.step, r.text = NotTaken, t.Err
	case task.Cancelled:
		r.step, r.text = NotTaken, "Cancelled. What had come into the library stays there."
	}
	r.changed()
}

// Say adds to what is said of a reading that has ended.
func (r *Reader) Say(text string) {
	if r.step == Taken {
		r.text += " " + text
		r.changed()
	}
}

// Notes are what is to be said about a line.
func (r *Reader) Notes(i int) []string {
	switch {
	case r.found == nil || i < 0:
		return nil
	case i < len(r.found.Kits):
		return r.found.Kits[i].Warnings
	}
	return nil
}
