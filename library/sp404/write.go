package sp404

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sampleagent/library/kit"
)

// Stage says what writing is doing.
type Stage string

// The stages, in order.
const (
	Converting Stage = "converting" // and writing what is converted
	Verifying  Stage = "verifying"
	Swapping   Stage = "swapping"
)

// Progress is how far writing has come. Bytes count what is written and what is read back.
type Progress struct {
	Stage      Stage
	Files      int
	TotalFiles int
	Bytes      int64
	TotalBytes int64
	Current    string // the file at hand
}

// Outcome is what writing did.
type Outcome struct {
	Files    int
	Bytes    int64
	Verified bool
	Replaced []string
	Warnings []string // beyond those of the plan: clipped peaks, old files that could not be removed
	Took     time.Duration
}

// WrittenSummary is the last object of `card write --json`.
func (p *Plan) WrittenSummary(o *Outcome) Summary {
	s := p.Summary()
	s.Files, s.Bytes, s.Verified = o.Files, o.Bytes, &o.Verified
	s.Warnings = append(slices.Clone(s.Warnings), o.Warnings...)
	if free, ok := p.opt.Files.Free(p.Dir); ok {
		s.Free = &free
	}
	return s
}

// result collects what the files turned out to be.
type result struct {
	sounds map[kit.Slot]sound
	files  map[int]written // by index in Plan.Files; below 0 what stays of the former folder
	notes  []string
}

type sound struct {
	frames   int64
	channels int
	name     string
	bpm      float64
}

type written struct {
	rel   string // inside the unit
	unit  int
	bytes int64
	sum   string
}

// Write carries the plan out: everything into folders beside their places, read back and
// compared, then all put in place. Until then a cancelled context, a full, protected or removed
// card or a sample that can no longer be read leave the card as it was; the error says what
// happened. An interruption by the system's end is put right by the next Write of the
// kit.
// progress may be nil; it is called from one goroutine at a time.
func (p *Plan) Write(ctx context.Context, progress func(Progress)) (*Outcome, error) {
	start := time.Now()
	if len(p.jobs) == 0 {
		return nil, ErrEmptyKit
	}
	w := &writer{Plan: p, fs: p.opt.Files, report: progress, result: result{sounds: map[kit.Slot]sound{}, files: map[int]written{}}}
	if w.report == nil {
		w.report = func(Progress) {}
	}
	out, err := w.run(ctx)
	if err != nil {
		return nil, err
	}
	out.Took = time.Since(start)
	return out, nil
}

// writer is one run of Write.
type writer struct {
	*Plan
	result
	fs      FileSystem
	report  func(Progress)
	at      Progress
	created []string // parent folders that were not there before
	// Manifests of projects lie outside of the units: all that belong to this run, and those of
	// them that it has written.
	loose, loosened []string
}

func (w *writer) run(ctx context.Context) (*Outcome, error) {
	if err := w.prepare(); err != nil {
		return nil, explain(err, w.Dir, false)
	}
	if err := w.fill(ctx); err != nil {
		return nil, explain(err, w.Dir, w.sweep() != nil && !isGone(err))
	}
	w.step(Swapping, "")
	places, old := w.places(), make([]bool, len(w.units))
	for i, u := range w.units {
		old[i] = u.replaces
	}
	if err := swap(w.fs, places, old); err != nil {
		// What could not be put back, the sweep must not take for rubbish.
		if rerr := w.recoverAll(); rerr != nil {
			return nil, explain(err, w.Dir, true)
		}
		return nil, explain(err, w.Dir, w.sweep() != nil)
	}
	out := &Outcome{Verified: true, Replaced: w.Replaces, Warnings: w.notes}
	for _, f := range w.files {
		out.Files++
		out.Bytes += f.bytes
	}
	for i, place := range places {
		if old[i] {
			if err := removeAll(w.fs, place+oldSuffix); err != nil {
				out.Warnings = append(out.Warnings, fmt.Sprintf("The former %s could not be removed whole (%v). Writing again will.", w.units[i].rel, err))
			}
		}
	}
	w.removeStaleManifests(out)
	return out, nil
}

// isGone says that there is no card to put in order: it comes back as it was before the swap.
func isGone(err error) bool { return errors.Is(explain(err, "", false), ErrGone) }

func (w *writer) places() []string {
	var out []string
	for _, u := range w.units {
		out = append(out, w.abs(u.rel))
	}
	return out
}

func (w *writer) recoverAll() error {
	for _, place := range w.places() {
		if err := recoverUnit(w.fs, place); err != nil {
			return err
		}
	}
	return nil
}

// prepare puts an interrupted run right, and checks that the card is as the plan saw it.
func (w *writer) prepare() error {
	if _, err := w.fs.Stat(w.ground); err != nil {
		return err
	}
	if err := w.recoverAll(); err != nil {
		return err
	}
	if free, ok := w.fs.Free(w.ground); ok && free < w.Needs() {
		return fmt.Errorf("%w: %s are needed while the old files are still there, %s are free", ErrDoesNotFit, megabytes(w.Needs()), megabytes(free))
	}
	for _, u := range w.units {
		there, err := exists(w.fs, w.abs(u.rel))
		if err != nil {
			return err
		}
		if there != u.replaces {
			return fmt.Errorf("%w: %s; look at the plan again", ErrChanged, u.rel)
		}
	}
	w.at.TotalFiles = 0
	for _, f := range w.Files {
		if f.Error == "" {
			w.at.TotalFiles++
			w.at.TotalBytes += 2 * f.Bytes
		}
	}
	return nil
}

// sweep removes all that was written so far and is not in place.
func (w *writer) sweep() error {
	var errs []error
	for _, place := range w.places() {
		errs = append(errs, removeAll(w.fs, place+newSuffix))
	}
	for _, name := range w.loosened {
		errs = append(errs, removeAll(w.fs, name))
	}
	for i := len(w.created) - 1; i >= 0; i-- {
		// A folder in which something else has appeared stays.
		if list, err := w.fs.ReadDir(w.created[i]); err == nil && len(list) == 0 {
			errs = append(errs, w.fs.Remove(w.created[i]))
		}
	}
	return errors.Join(errs...)
}

// fill writes all folders beside their places and reads them back.
func (w *writer) fill(ctx context.Context) error {
	if err := w.makeParents("."); err != nil {
		return err
	}
	for _, u := range w.units {
		if err := w.makeFolders(u); err != nil {
			return err
		}
	}
	if err := w.writeSounds(ctx); err != nil {
		return err
	}
	for n, u := range w.units {
		if err := w.writeOthers(ctx, n, u); err != nil {
			return err
		}
	}
	if err := w.readBack(ctx); err != nil {
		return err
	}
	return ctx.Err()
}

func (w *writer) step(s Stage, current string) {
	w.at.Stage, w.at.Current = s, current
	w.report(w.at)
}

// removeStaleManifests removes manifests of projects that stood in these folders before.
func (w *writer) removeStaleManifests(out *Outcome) {
	for _, u := range w.units {
		if !u.project {
			continue
		}
		names, err := projectManifests(w.fs, w.Dir, u.rel)
		for _, name := range names {
			if !slices.Contains(w.loose, w.abs(name)) {
				err = errors.Join(err, w.fs.Remove(w.abs(name)))
			}
		}
		if err != nil {
			out.Warnings = append(out.Warnings, fmt.Sprintf("Notes on the former %s could not be removed (%v).", u.rel, err))
		}
	}
}
