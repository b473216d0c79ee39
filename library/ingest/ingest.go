// Package ingest brings files into the library: it finds them, lists them at once, has them
// analysed in the background on all cores, and stores what comes out. It recognises files that
// are unchanged, changed, moved, doubled or gone, and goes on after a crash where it was: its
// queue is the samples in the state Listed.
//
// It must never decide what a sound is (audio/analysis does), write SQL (library/catalog does),
// or change a person's file.
package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/codec"
	"sampleagent/library/catalog"
)

// jobKind is the kind of an import among the library's jobs.
const jobKind = "import"

// ErrDropped as the cause of a cancelled context ends an import for good: what is listed stays,
// Resume does not go on with it. Any other cause leaves it unfinished.
var ErrDropped = errors.New("import was cancelled")

// Options say how an import goes. The zero value is good.
type Options struct {
	Copy           string // files are copied into this folder, and the copies imported; "" leaves them where they are
	FolderTags     bool   // names of the folders a file lies in, from the one asked for on, become its tags
	SkipDuplicates bool   // a file whose bytes are in the library is not added
	Workers        int    // analyses at once; 0 for one a core

	Checkpoint func(ctx context.Context) error // called before each file, by any goroutine; blocks while paused
	Progress   func(Progress)                  // called at most every 100 ms and at the end, by one goroutine at a time
	File       func(Outcome)                   // called once for each file, after it is stored, by one goroutine at a time

	// Analyse is what hears a file; nil for analysis.File.
	Analyse func(ctx context.Context, path string, o analysis.Options) (*analysis.Report, *codec.Tags, error)
}

// Step is what an import is doing.
type Step string

// The steps, in their order.
const (
	Listing   Step = "listing"
	Analysing Step = "analysing"
)

// Progress is how far an import is.
type Progress struct {
	Step       Step
	Found      int   // files seen
	Total      int   // analyses to do; grows while listing
	Done       int   // analyses done
	Failed     int   // of these
	Bytes      int64 // of the files analysed
	TotalBytes int64 // of the files to analyse
	Current    string
}

// What became of a file.
type What string

// The outcomes.
const (
	Added     What = "added"
	Changed   What = "changed"   // other bytes than before, analysed again
	Unchanged What = "unchanged" // known, nothing to do
	Moved     What = "moved"     // known from another place
	Duplicate What = "duplicate" // not added: its bytes are there (SkipDuplicates)
	Restored  What = "restored"  // was missing and is back
	Missing   What = "missing"   // was known, is gone
	Failed    What = "failed"    // listed, but cannot be read
	Refused   What = "refused"   // not listed: no file, or one that cannot be opened
)

// Outcome is what became of one file.
type Outcome struct {
	What What
	Row  catalog.Row // 0 for Duplicate and Refused
	ID   string      // the sample's, "" for Duplicate and Refused
	Path string      // in the library; for Duplicate and Refused the file's
	From string      // where a Moved file was, or what a copy was made of; the twin of a Duplicate
	Err  string      // the reason of Failed and Refused
}

// Summary counts outcomes.
type Summary struct {
	Job   string // id among the library's jobs
	Count map[What]int
	Took  time.Duration

	Failures []Failure // Failed and Refused, in order
}

// Failed counts what could not be taken.
func (s Summary) Failed() int { return len(s.Failures) }

type payload struct {
	Roots          []string `json:"roots"`
	Copy           string   `json:"copy,omitempty"`
	FolderTags     bool     `json:"folder_tags,omitempty"`
	SkipDuplicates bool     `json:"skip_duplicates,omitempty"`
}

// Run imports paths: files and folders with all that is in them. It returns when all is
// analysed; what it lists can be used from the start. A file that cannot be read is no error of
// Run: it is counted and listed. Errors: of ctx; of the library, with what was done until then
// kept.
func Run(ctx context.Context, db *catalog.DB, paths []string, o Options) (Summary, error) {
	if o.Copy != "" {
		abs, err := filepath.Abs(o.Copy)
		if err != nil {
			return Summary{}, wrap("copy to", o.Copy, err)
		}
		o.Copy = abs
	}
	p := payload{Copy: o.Copy, FolderTags: o.FolderTags, SkipDuplicates: o.SkipDuplicates}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return Summary{}, wrap("import", path, err)
		}
		p.Roots = append(p.Roots, abs)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return Summary{}, err
	}
	job, err := begin(ctx, db, string(text))
	if err != nil {
		return Summary{}, fmt.Errorf("import: %w", err)
	}
	return run(ctx, db, job, p.Roots, o)
}

// begin takes up the unfinished import of the same paths, or makes a new one.
func begin(ctx context.Context, db *catalog.DB, text string) (string, error) {
	open, err := db.UnfinishedJobs(ctx, jobKind)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(open, func(j catalog.Job) bool { return j.Payload == text })
	if i >= 0 {
		return open[i].ID, nil
	}
	j, err := db.AddJob(ctx, jobKind, text)
	return j.ID, err
}

// Unfinished lists the imports that were begun and neither ended nor dropped.
func Unfinished(ctx context.Context, db *catalog.DB) ([]catalog.Job, error) {
	return db.UnfinishedJobs(ctx, jobKind)
}

// Resume goes on with every unfinished import, the oldest first, with the options it was begun
// with; of o, the callbacks and Workers count.
func Resume(ctx context.Context, db *catalog.DB, o Options) (Summary, error) {
	open, err := Unfinished(ctx, db)
	if err != nil {
		return Summary{}, fmt.Errorf("resume imports: %w", err)
	}
	sum := Summary{Count: map[What]int{}}
	for _, j := range open {
		var p payload
		if err := json.Unmarshal([]byte(j.Payload), &p); err != nil {
			if err := db.EndJob(ctx, j.ID, catalog.JobFailed, "", fmt.Errorf("cannot be understood any more: %w", err)); err != nil {
				return sum, err
			}
			continue
		}
		o.Copy, o.FolderTags, o.SkipDuplicates = p.Copy, p.FolderTags, p.SkipDuplicates
		s, err := run(ctx, db, j.ID, p.Roots, o)
		sum.add(s)
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (s *Summary) add(t Summary) {
	s.Job, s.Took = t.Job, s.Took+t.Took
	for w, n := range t.Count {
		s.Count[w] += n
	}
	s.Failures = append(s.Failures, t.Failures...)
}

// Waiting analyses every sample that waits for it, whichever import listed it: after
// catalog.DB.Reanalyse, or when an import was dropped half-way.
func Waiting(ctx context.Context, db *catalog.DB, o Options) (Summary, error) {
	r := newRun(db, "", o)
	err := db.KnownFiles(ctx, func(k catalog.Known) { r.sizes[k.Size]++ })
	if err == nil {
		err = r.analyse(ctx, nil)
	}
	r.finish()
	if err != nil {
		err = fmt.Errorf("analyse: %w", err)
	}
	return r.sum, err
}

// running is one import at work. Its fields belong to the goroutine of run; the workers only
// see tasks.
type running struct {
	db       *catalog.DB
	job      string
	o        Options
	began    time.Time
	sum      Summary
	sizes    map[int64]int // how many files have a size: only those can be twins
	progress Progress
	told     time.Time // when Progress was last called
	noted    time.Time // when the job's row was last written
}

func newRun(db *catalog.DB, job string, o Options) *running {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Analyse == nil {
		o.Analyse = analysis.File
	}
	return &running{db: db, job: job, o: o, began: time.Now(), sum: Summary{Job: job, Count: map[What]int{}}, sizes: map[int64]int{}, progress: Progress{Step: Listing}}
}

func run(ctx context.Context, db *catalog.DB, job string, roots []string, o Options) (Summary, error) {
	r := newRun(db, job, o)
	err := shared(db.StartJob(ctx, job))
	if err == nil {
		var todo map[catalog.Row]queued
		if todo, err = r.list(ctx, roots); err == nil {
			err = r.analyse(ctx, todo)
		}
	}
	r.finish()
	return r.sum, r.end(ctx, err)
}

// end writes how the import ended. That is done even when ctx is cancelled.
func (r *running) end(ctx context.Context, err error) error {
	result, jerr := json.Marshal(r.sum.Count)
	if jerr != nil {
		return errors.Join(err, jerr)
	}
	after := context.WithoutCancel(ctx)
	switch {
	case err == nil:
		jerr = r.db.EndJob(after, r.job, catalog.JobCompleted, string(result), nil)
	case errors.Is(context.Cause(ctx), ErrDropped):
		err = ErrDropped
		jerr = r.db.EndJob(after, r.job, catalog.JobCancelled, string(result), err)
	default:
		jerr = r.db.RetryJob(after, r.job, time.Now(), err)
	}
	if err != nil {
		err = fmt.Errorf("import: %w", err)
	}
	return also(err, shared(jerr))
}

// also adds what went wrong after err, unless it says the same: on a full disk whatever is tried fails
// for one reason.
func also(err, after error) error {
	if err != nil && after != nil && strings.Contains(err.Error(), after.Error()) {
		return err
	}
	return errors.Join(err, after)
}

// shared passes over that a job has ended: another import of the same paths shares it and was
// quicker.
func shared(err error) error {
	if errors.Is(err, catalog.ErrNotPossible) {
		return nil
	}
	return err
}

// outcome counts one file and tells of it.
func (r *running) outcome(o Outcome) {
	r.sum.Count[o.What]++
	if o.What == Failed || o.What == Refused {
		r.sum.Failures = append(r.sum.Failures, Failure{o.Path, o.Err})
	}
	if r.o.File != nil {
		r.o.File(o)
	}
}

// tell calls Progress, unless it was called just now.
func (r *running) tell(current string) {
	const interval = 100 * time.Millisecond
	if current != "" {
		r.progress.Current = current
	}
	if now := time.Now(); r.o.Progress != nil && now.Sub(r.told) >= interval {
		r.told = now
		r.o.Progress(r.progress)
	}
}

// finish tells the last word of progress.
func (r *running) finish() {
	r.sum.Took = time.Since(r.began)
	r.told = time.Time{}
	r.tell("")
}

// note writes progress to the job's row, now and then.
func (r *running) note(ctx context.Context) error {
	const interval = 2 * time.Second
	if r.job == "" || time.Since(r.noted) < interval {
		return nil
	}
	r.noted = time.Now()
	return shared(r.db.JobProgress(ctx, r.job, string(r.progress.Step), r.progress.Total, r.progress.Done, r.progress.Failed))
}

// checkpoint waits while the import is paused.
func (r *running) checkpoint(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.o.Checkpoint != nil {
		return r.o.Checkpoint(ctx)
	}
	return nil
}
