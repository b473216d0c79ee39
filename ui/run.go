package ui

import (
	"context"
	"errors"
	"fmt"
	"os"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"sampleagent/app"
	"sampleagent/app/task"
	"sampleagent/library/catalog"
	"sampleagent/library/search"
	"sampleagent/library/sp404"
	"sampleagent/ui/browser"
	"sampleagent/ui/card"
	"sampleagent/ui/kit"
	"sampleagent/ui/pad"
)

// ID is the program's name for the system.
const ID = "app.sampleagent.desktop"

// Run opens the window on an application that is open, and returns when it was closed. It must be
// called on the main goroutine, as the systems demand.
func Run(ctx context.Context, a *app.App) error {
	// Fyne makes its folder below the system's cache folder, which a new account does not have. If
	// it cannot be made, Fyne says so.
	if dir, err := os.UserCacheDir(); err == nil {
		_ = os.MkdirAll(dir, 0o700)
	}
	if err := speakEnglish(); err != nil {
		return fmt.Errorf("the language of the window: %w", err)
	}
	f := fyneapp.NewWithID(ID)
	w := newWindow(&core{App: a}, f, fyne.Do)
	stop := context.AfterFunc(ctx, func() { w.pump.post(w.close) })
	defer stop()
	w.win.ShowAndRun()
	return nil
}

// core serves Core from the application: the few methods whose types the screens keep their own
// words for.
type core struct{ *app.App }

// Search implements browser.Core: the best match is the newest where nothing else ranks what is found,
// and an error in the query becomes one that points at the word.
func (c *core) Search(ctx context.Context, query string, sort browser.Sort) ([]catalog.Row, error) {
	order := search.Sort{By: search.By(sort.By), Desc: sort.Down}
	if q, err := search.Parse(query); err == nil && order.By == search.Relevance && !q.Ranked() {
		order = search.Sort{By: search.Added, Desc: true}
	}
	rows, err := c.App.Search(ctx, query, order)
	var wrong *search.Error
	if errors.As(err, &wrong) {
		text := wrong.Reason
		if wrong.Suggestion != "" {
			text += " – did you mean " + wrong.Suggestion + "?"
		}
		return nil, &browser.QueryError{Text: text, Start: wrong.Offset, End: wrong.Offset + len(wrong.Word)}
	}
	return rows, err
}

// KitList implements kit.Core.
func (c *core) KitList(ctx context.Context) ([]kit.Info, error) {
	all, err := c.Kits(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]kit.Info, len(all))
	for i, k := range all {
		list[i] = kit.Info{ID: k.ID, Name: k.Name, Filled: k.Filled}
	}
	return list, nil
}

// PadSound implements pad.Core.
func (c *core) PadSound(ctx context.Context, sampleID string) (*pad.Sound, error) {
	s, err := c.SampleSound(ctx, sampleID)
	if err != nil {
		return nil, err
	}
	return &pad.Sound{Audio: s.Audio, Peaks: s.Peaks, Onsets: s.Onsets, Beats: s.Beats}, nil
}

// PlanKit implements card.Core.
func (c *core) PlanKit(ctx context.Context, o card.Options) (*card.Plan, error) {
	form := sp404.Form(o.Form)
	p, err := c.PlanCard(ctx, app.CardOptions{Kit: o.KitID, Dir: o.Dir, Form: form, Format: sp404.AudioFormat(o.Format), Template: o.Template, Project: o.Project})
	if err != nil {
		return nil, err
	}
	plan := &card.Plan{
		Bytes: p.Bytes, Free: p.Free, Needs: p.Needs(), Fits: p.Fits(), Targets: p.Targets, Replaces: p.Replaces, Keeps: p.Keeps, Warnings: p.Warnings, Handle: p,
	}
	for _, f := range p.Files {
		line := card.File{Source: f.Source, Target: f.Target, Bytes: f.Bytes, Converted: f.Converted, Renamed: f.RenamedFrom, Warning: f.Warning}
		if f.Pad != nil {
			line.Pad = f.Pad.String()
		}
		if f.Error != "" {
			line.Warning = "left out: " + f.Error
		}
		plan.Files = append(plan.Files, line)
	}
	return plan, nil
}

// LookDir implements card.Core.
func (c *core) LookDir(ctx context.Context, dir string) (*card.Found, error) {
	found, err := c.LookAtCard(ctx, dir)
	if err != nil {
		return nil, err
	}
	out := &card.Found{Loose: len(found.Loose)}
	for _, p := range found.Problems {
		out.Problems = append(out.Problems, p.File+": "+p.Reason)
	}
	for _, k := range found.Kits {
		name := k.Kit.Name
		if name == "" {
			name = k.Folder
		}
		marks := 0
		for _, s := range k.Kit.Filled() {
			if len(k.Kit.Pad(s).Settings.Marks()) > 1 {
				marks++
			}
		}
		out.Kits = append(out.Kits, card.FoundKit{
			Folder: k.Folder, Also: k.Also, Name: name, Project: k.Project, Pads: len(k.Kit.Filled()), Patterns: len(k.Kit.Patterns()),
			Chopped: marks, BPM: k.Kit.Tempo.Float(), Warnings: k.Warnings,
		})
	}
	return out, nil
}

// TakeDir implements card.Core.
func (c *core) TakeDir(dir string, folders []string, loose bool) (task.ID, error) {
	return c.ReadCard(dir, app.CardChoice{Folders: folders, NoLoose: !loose})
}

// WritePlan implements card.Core.
func (c *core) WritePlan(p *card.Plan) (task.ID, error) {
	plan, ok := p.Handle.(*sp404.Plan)
	if !ok {
		return "", errors.New("this plan was not made by the application")
	}
	return c.WriteCard(plan)
}

// VerifyDir implements card.Core.
func (c *core) VerifyDir(ctx context.Context, dir string) (problems []string, files int, err error) {
	r, err := c.VerifyCard(ctx, dir, nil)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range r.Findings {
		problems = append(problems, f.File+": "+f.Reason)
	}
	for _, h := range r.Halted {
		problems = append(problems, h+": writing was interrupted")
	}
	return problems, r.Files, nil
}
