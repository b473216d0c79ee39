package app

import (
	"context"
	"fmt"
	"os"

	"sampleagent/app/settings"
	"sampleagent/app/task"
	"sampleagent/library/sp404"
)

// CardOptions say what goes to a card and how.
type CardOptions struct {
	Kit      string // id or name
	Dir      string // the card, or any folder
	Form     sp404.Form
	Format   sp404.AudioFormat // "" = what the settings say
	Template string            // file of a PADCONF.BIN of the person's own device; "" = none
	Project  int               // 1 to 16 to replace that project; 0 = the kit's own, or a free one
}

// PlanCard works out every file that writing a kit would make, replace and leave out. It writes
// nothing. Errors: sp404.ErrEmptyKit, sp404.ErrNoProject.
func (a *App) PlanCard(ctx context.Context, o CardOptions) (*sp404.Plan, error) {
	k, err := a.Kit(ctx, o.Kit)
	if err != nil {
		return nil, err
	}
	found, err := a.PadSamples(ctx, k)
	if err != nil {
		return nil, err
	}
	all := make(map[string]sp404.Sample, len(found))
	for id, s := range found {
		all[id] = sp404.Sample{ID: id, Name: s.Name, Path: s.Path, BPM: s.BPM}
	}
	plan := sp404.Options{Form: o.Form, Format: o.Format, Project: o.Project}
	if plan.Format == "" {
		plan.Format = sp404.AudioFormat(a.settings.Get().Card.Format)
	}
	if o.Template != "" {
		if plan.Template, err = os.ReadFile(o.Template); err != nil {
			return nil, fmt.Errorf("template: %w", err)
		}
	}
	return sp404.NewPlan(ctx, k, all, o.Dir, plan)
}

// cardKind is the lane of work on cards: one at a time.
const cardKind = "card"

// WriteCard carries a plan out as a task: everything is written beside its place, read back and
// compared, then put in place. However it ends, the task's summary says what is on the card; its
// result is a *sp404.Outcome.
func (a *App) WriteCard(plan *sp404.Plan) (task.ID, error) {
	return a.tasks.Start(cardKind, "Write kit "+plan.Kit.Name, func(ctx context.Context, h *task.Handle) error {
		for _, f := range plan.Failed() {
			h.Fail(fmt.Sprintf("%s %s", f.Pad, f.Source), f.Error)
		}
		out, err := plan.Write(ctx, func(p sp404.Progress) {
			h.Progress(int64(p.Files), int64(p.TotalFiles), p.Bytes, p.TotalBytes, fmt.Sprintf("%s %s", p.Stage, p.Current))
		})
		if err != nil {
			h.Finish(err.Error(), nil)
			return err
		}
		h.Finish(fmt.Sprintf("%d files written and verified.", out.Files), out)
		// Only a convenience: the card is written whether or not its folder is remembered.
		if err := a.UpdateSettings(func(s *settings.Settings) { s.Card.Dir = plan.Dir }); err != nil {
			h.Fail("settings", err.Error())
		}
		return nil
	})
}

// VerifyCard compares everything that was written to a card with what is there; it changes
// nothing. progress may be nil. Error: sp404.ErrNotWritten.
func (a *App) VerifyCard(ctx context.Context, dir string, progress func(sp404.Progress)) (*sp404.Report, error) {
	return sp404.Verify(ctx, dir, progress)
}
