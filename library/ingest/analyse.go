package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/codec"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
)

// queued says of a sample that waits what it is when all goes well.
type queued struct {
	what What
	from string // for the Outcome
}

// task is one file to analyse.
type task struct {
	catalog.Waiting
	queued
}

// done is what came of a task. err is set only when nothing is to be stored: ctx ended.
type done struct {
	task
	analysis catalog.Analysis
	what     What
	reason   string
	err      error
}

const (
	// storeBatch and storeWait bound how much work a crash repeats.
	storeBatch = 16
	storeWait  = 150 * time.Millisecond

	// overviewColumns is how many columns the small waveform of a list row has.
	overviewColumns = 100

	// A file whose analysis was begun this often and never ended goes last and alone, so that
	// it cannot take others with it...
	suspectTries = 2
	// ...and is given up at this count: it ends the program each time.
	hopelessTries = 5
)

// analyse hears what waits, on all cores, in the order of import, and stores what comes out in
// batches: the samples in todo, or all for nil.
func (r *running) analyse(ctx context.Context, todo map[catalog.Row]queued) error {
	r.progress.Step = Analysing
	var most, suspects []task
	for after := catalog.Row(0); ; {
		part, err := r.db.Waiting(ctx, after, 1000)
		if err != nil {
			return err
		}
		if len(part) == 0 {
			break
		}
		for _, w := range part {
			after = w.Row
			q, ok := todo[w.Row]
			switch {
			case todo == nil && w.SHA256 != "":
				q.what = Changed
			case todo == nil:
				q.what = Added
			case !ok:
				continue
			}
			delete(todo, w.Row)
			if w.Tries >= suspectTries {
				suspects = append(suspects, task{w, q})
			} else {
				most = append(most, task{w, q})
			}
			r.progress.TotalBytes += w.Size
		}
	}
	r.progress.Total = len(most) + len(suspects)
	if err := r.leftOver(ctx, todo); err != nil {
		return err
	}
	if err := r.hear(ctx, most, r.o.Workers); err != nil {
		return err
	}
	for i := range suspects { // each is stored before the next begins
		if err := r.hear(ctx, suspects[i:i+1], 1); err != nil {
			return err
		}
	}
	return nil
}

// leftOver tells of what does not wait any more: somebody else has heard it by now.
func (r *running) leftOver(ctx context.Context, todo map[catalog.Row]queued) error {
	rows := slices.Sorted(maps.Keys(todo))
	samples, err := r.db.Samples(ctx, rows)
	if err != nil {
		return err
	}
	var told []Outcome
	for _, s := range samples {
		told = append(told, Outcome{What: todo[s.Row].what, Row: s.Row, Path: s.Path, From: todo[s.Row].from})
	}
	return r.tellAll(ctx, told)
}

// hear runs workers over tasks. The calling goroutine stores and tells; it is the only one that
// touches r.
func (r *running) hear(ctx context.Context, tasks []task, workers int) error {
	if len(tasks) == 0 {
		return nil
	}
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	in, out := make(chan task), make(chan done)
	var wg sync.WaitGroup
	for range min(workers, len(tasks)) {
		wg.Go(func() {
			for t := range in {
				out <- r.one(work, t)
			}
		})
	}
	var feedErr error // read after out is closed
	wg.Go(func() {
		defer close(in)
		feedErr = r.feed(work, tasks, workers, in)
	})
	go func() { wg.Wait(); close(out) }()
	err := r.collect(ctx, out, cancel)
	if err == nil {
		err = feedErr
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// feed hands tasks to the workers, noting before that they are begun.
func (r *running) feed(ctx context.Context, tasks []task, workers int, in chan<- task) error {
	for len(tasks) > 0 {
		n := min(2*workers, len(tasks))
		rows := make([]catalog.Row, n)
		for i := range n {
			rows[i] = tasks[i].Row
		}
		if err := r.checkpoint(ctx); err != nil {
			return stopped(ctx, err)
		}
		if err := r.db.Claim(ctx, rows); err != nil {
			return err
		}
		for i, t := range tasks[:n] {
			if err := r.checkpoint(ctx); err != nil {
				return also(stopped(ctx, err), r.db.Unclaim(context.WithoutCancel(ctx), rows[i:]))
			}
			select {
			case in <- t:
			case <-ctx.Done():
				return r.db.Unclaim(context.WithoutCancel(ctx), rows[i:])
			}
		}
		tasks = tasks[n:]
	}
	return nil
}

// stopped is nil for an error that only says that ctx has ended: whoever ended it knows.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// collect stores what the workers hand over until they are done. After an error it stops them
// and only drains.
func (r *running) collect(ctx context.Context, out <-chan done, stop func()) error {
	after := context.WithoutCancel(ctx) // what is heard is kept, even when cancelled
	var batch []done
	var putOff []catalog.Row
	var failed error
	timer := time.NewTicker(storeWait)
	defer timer.Stop()
	flush := func() {
		if failed == nil && len(batch) > 0 {
			if failed = r.keep(after, batch); failed != nil {
				stop()
			}
		}
		batch = nil
	}
	for open := true; open; {
		select {
		case d, ok := <-out:
			switch {
			case !ok:
				open = false
			case d.err != nil:
				putOff = append(putOff, d.Row)
			default:
				batch = append(batch, d)
			}
			if len(batch) >= storeBatch {
				flush()
			}
		case <-timer.C:
			flush()
		}
	}
	flush()
	if len(putOff) > 0 {
		failed = also(failed, r.db.Unclaim(after, putOff))
	}
	return failed
}

// keep stores a batch in one transaction and tells of it.
func (r *running) keep(ctx context.Context, batch []done) error {
	all := make([]catalog.Analysis, len(batch))
	for i, d := range batch {
		all[i] = d.analysis
	}
	if err := r.db.Store(ctx, all); err != nil {
		return err
	}
	told := make([]Outcome, len(batch))
	for i, d := range batch {
		told[i] = Outcome{What: d.what, Row: d.Row, Path: d.Path, From: d.from, Err: d.reason}
		r.progress.Done++
		r.progress.Bytes += d.Size
		if d.what == Failed {
			r.progress.Failed++
		}
	}
	if err := r.tellAll(ctx, told); err != nil {
		return err
	}
	r.tell(batch[len(batch)-1].Path)
	return r.note(ctx)
}

// one hears one file, on a worker's goroutine. A panic below it fails the file, not the program.
func (r *running) one(ctx context.Context, t task) (d done) {
	d = done{task: t, what: t.what}
	d.analysis = catalog.Analysis{Row: t.Row, Size: t.Size, ModTime: t.ModTime}
	fail := func(rep *analysis.Report, err error) {
		d.what, d.reason = Failed, err.Error()
		if rep == nil {
			rep = &analysis.Report{Path: t.Path, Engine: analysis.Engine}
		}
		rep.OK, rep.Error = false, &d.reason
		d.analysis.Report = rep
	}
	defer func() {
		if v := recover(); v != nil {
			fail(nil, fmt.Errorf("analyse %s: the analysis broke down: %v", t.Path, v))
		}
	}()
	if ctx.Err() != nil {
		d.err = ctx.Err()
		return d
	}
	if t.Tries >= hopelessTries {
		fail(nil, fmt.Errorf("analyse %s: the program ended %d times while reading it", t.Path, t.Tries))
		return d
	}
	fi, err := os.Stat(t.Path)
	if gone(err) {
		d.what, d.analysis.Gone = Missing, true
		return d
	}
	if err != nil {
		fail(nil, err)
		return d
	}
	d.analysis.Size, d.analysis.ModTime = fi.Size(), fi.ModTime()
	if known, err := r.sameBytes(ctx, t, &d); err == nil && known {
		return d
	}
	var peaks waveform.Builder
	rep, tags, err := r.o.Analyse(ctx, t.Path, analysis.Options{Each: peaks.Add})
	switch {
	case ctx.Err() != nil:
		d.err = ctx.Err()
	case gone(err):
		d.what, d.analysis.Gone = Missing, true
	case err != nil:
		fail(rep, err)
	default:
		// A number that is none cannot be stored; better to know it here than in the batch.
		if _, err := json.Marshal(rep); err != nil {
			fail(nil, fmt.Errorf("analyse %s: the analysis gave values that cannot be stored: %w", t.Path, err))
			return d
		}
		d.analysis.Report, d.analysis.Embedding = rep, rep.Embedding
		d.analysis.Source = catalog.Source{Artist: tags.Artist, Album: tags.Album, Title: tags.Title, ReleaseDate: tags.Date}
		drawn := peaks.Peaks()
		d.analysis.Overview = drawn.Overview(overviewColumns)
		if b, err := drawn.MarshalBinary(); err == nil { // drawn anew from the file when it is missing
			d.analysis.Peaks = b
		}
	}
	return d
}

// sameBytes spares the analysis of bytes that are known: those of this sample before its time
// changed, or of a twin. A twin's values hold only when both names say the same.
func (r *running) sameBytes(ctx context.Context, t task, d *done) (bool, error) {
	if t.SHA256 == "" && r.sizes[t.Size] < 2 {
		return false, nil
	}
	sum, err := hashFile(ctx, t.Path)
	if err != nil {
		return false, err
	}
	if sum == t.SHA256 && t.Engine == analysis.Engine {
		d.what, d.analysis.Unchanged = Unchanged, true
		return true, nil
	}
	twin, err := r.db.ByContent(ctx, sum, t.Row)
	if err != nil || twin == 0 {
		return false, err
	}
	s, err := r.db.Sample(ctx, twin)
	if err != nil {
		return false, err
	}
	bpm, key := codec.ParseName(filepath.Base(t.Path))
	twinBPM, twinKey := codec.ParseName(filepath.Base(s.Path))
	if s.Engine != analysis.Engine || bpm != twinBPM || key != twinKey {
		return false, nil
	}
	d.analysis.CopyFrom = twin
	return true, nil
}
