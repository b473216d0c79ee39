package app

import (
	"context"
	"encoding/json"
	"path"
	"time"

	"sampleagent/app/event"
	"sampleagent/library/catalog"
	"sampleagent/library/sp404"
)

// exportKind is the kind of a written card among the library's jobs.
const exportKind = "card"

// mostExports is how many written cards are remembered on the screen.
const mostExports = 100

// Export is a card that was written, or was to be.
type Export struct {
	ID     string            `json:"-"`
	At     time.Time         `json:"-"`
	Kit    string            `json:"kit"` // its name then
	KitID  string            `json:"kit_id"`
	Dir    string            `json:"dir"`
	Form   sp404.Form        `json:"form"`
	Format sp404.AudioFormat `json:"format"`
	Files  []ExportFile      `json:"files"`
	Bytes  int64             `json:"bytes"`
	Error  string            `json:"-"` // why it failed; "" for written and verified
}

// ExportFile is what became of one file.
type ExportFile struct {
	Pad       string `json:"pad,omitempty"`
	Source    string `json:"source,omitempty"`
	Target    string `json:"target"`
	Bytes     int64  `json:"bytes"`
	Converted string `json:"converted,omitempty"`
	Error     string `json:"error,omitempty"` // why it was left out
}

// Exports lists the cards that were written, the newest first.
func (a *App) Exports(ctx context.Context) ([]Export, error) {
	jobs, err := a.db.Jobs(ctx, exportKind, mostExports)
	if err != nil {
		return nil, err
	}
	all := make([]Export, 0, len(jobs))
	for _, j := range jobs {
		var e Export
		if err := json.Unmarshal([]byte(j.Payload), &e); err != nil {
			return nil, err
		}
		e.ID, e.At, e.Error = j.ID, j.CreatedAt, j.Error
		if !j.State.Final() {
			e.Error = "the program ended before it was written"
		}
		all = append(all, e)
	}
	return all, nil
}

// beginExport notes that a plan is being carried out; the result notes how it ended. That the
// history cannot be kept stops no card: it is told.
func (a *App) beginExport(ctx context.Context, p *sp404.Plan) (ended func(error)) {
	e := Export{Kit: p.Kit.Name, KitID: p.Kit.ID, Dir: p.Dir, Form: p.Form, Format: sp404.WAV, Bytes: p.Bytes}
	for _, f := range p.Files {
		x := ExportFile{Source: f.Source, Target: f.Target, Bytes: f.Bytes, Converted: f.Converted, Error: f.Error}
		if f.Pad != nil {
			x.Pad = f.Pad.String()
			if path.Ext(f.Target) == "."+string(sp404.AIFF) {
				e.Format = sp404.AIFF
			}
		}
		e.Files = append(e.Files, x)
	}
	fail := func(err error) {
		if err != nil {
			a.Tell(event.Warning, "Could not save what was written: %v.", err)
		}
	}
	payload, err := json.Marshal(e)
	if err != nil {
		fail(err)
		return func(error) {}
	}
	job, err := a.db.AddJob(ctx, exportKind, string(payload))
	if err != nil {
		fail(err)
		return func(error) {}
	}
	return func(how error) {
		state := catalog.JobCompleted
		if how != nil {
			state = catalog.JobFailed
		}
		fail(a.db.EndJob(context.WithoutCancel(ctx), job.ID, state, "", how))
	}
}
