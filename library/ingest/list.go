package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sampleagent/library/catalog"
)

// lister compares what is on disk with what is known and brings the library up to it, without
// decoding anything.
type lister struct {
	*running
	known  map[string]*catalog.Known // by path
	seen   map[catalog.Row]bool
	todo   map[catalog.Row]queued
	bySize map[int64]*alike

	fresh    []catalog.NewFile // to be listed
	origins  []string          // of these: what a copy was made of, or ""
	changed  []catalog.Known
	moved    []catalog.Move
	restored []catalog.Row
	after    []Outcome // to be told once the above is stored
}

// alike are files of one size: only those can have the same bytes. Everything about them is found
// out once and only when asked, for libraries have thousands of one size.
type alike struct {
	known  []*catalog.Known  // in the library when the import began
	gone   []*catalog.Known  // of these, those whose files are not where they were
	looked bool              // gone is filled
	sums   map[string]string // hash to path, of all that were hashed
	fresh  []string          // paths of this import that were not hashed yet
}

// listBatch is how many files are listed in one transaction: few enough that the first ones show
// at once, many enough that a hundred thousand take seconds.
const listBatch = 500

// list goes through roots and returns what is to be analysed.
func (r *running) list(ctx context.Context, roots []string) (map[catalog.Row]queued, error) {
	l := &lister{running: r, todo: map[catalog.Row]queued{}, known: map[string]*catalog.Known{}, bySize: map[int64]*alike{}, seen: map[catalog.Row]bool{}}
	err := r.db.KnownFiles(ctx, func(k catalog.Known) {
		l.known[k.Path] = &k
		a := l.alike(k.Size)
		a.known = append(a.known, &k)
		l.sizes[k.Size]++
	})
	if err != nil {
		return nil, err
	}
	w := &walk{ctx: ctx, seen: map[string]bool{}, known: func(path string) bool { return l.known[path] != nil }}
	w.f = func(f Found) error { return l.file(ctx, f) }
	err = w.all(roots)
	// What was found until then is kept, whatever ended the walk.
	if ferr := l.flush(context.WithoutCancel(ctx)); err == nil {
		err = ferr
	}
	if err != nil {
		return nil, err
	}
	if err := l.missing(ctx, w); err != nil {
		return nil, err
	}
	for _, f := range w.failures {
		if k := l.known[f.Path]; k == nil || !missing(f.Path) { // a known file that is gone is Missing
			r.outcome(Outcome{What: Refused, Path: f.Path, Err: f.Reason})
		}
	}
	return l.todo, l.keepFailures(ctx, w)
}

// keepFailures notes what could not be opened, in place of what was noted below the same roots
// before.
func (l *lister) keepFailures(ctx context.Context, w *walk) error {
	var all []catalog.Failure
	for _, f := range w.failures {
		all = append(all, catalog.Failure{Path: f.Path, Reason: f.Reason, Job: l.job})
	}
	return l.db.PutFailures(ctx, w.folders, all)
}

// file decides what a file found is.
func (l *lister) file(ctx context.Context, f Found) error {
	if err := l.checkpoint(ctx); err != nil {
		return err
	}
	l.progress.Found++
	l.tell(f.Path)
	origin := ""
	if l.o.Copy != "" && !below(l.o.Copy, f.Path) {
		target, err := l.copyIn(ctx, f)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			l.outcome(Outcome{What: Refused, Path: f.Path, Err: err.Error()})
			return nil
		}
		fi, err := os.Stat(target)
		if err != nil {
			return wrap("look at the copy", target, err)
		}
		origin, f = f.Path, Found{target, f.Root, fi}
	}
	if k := l.known[f.Path]; k != nil {
		return l.meet(ctx, k, f, origin)
	}
	k, err := l.former(ctx, f)
	if err != nil {
		return err
	}
	if k != nil {
		l.moved = append(l.moved, catalog.Move{Row: k.Row, To: f.Path, Size: f.Info.Size(), ModTime: f.Info.ModTime()})
		if k.State == catalog.Listed || k.SHA256 == "" && k.State == catalog.Missing {
			l.queue(k.Row, Moved, k.Path, f.Info.Size())
		} else {
			l.after = append(l.after, Outcome{What: Moved, Row: k.Row, Path: f.Path, From: k.Path})
		}
		delete(l.known, k.Path)
		k.Path = f.Path
		l.known[f.Path] = k
		l.seen[k.Row] = true
		return l.flushFull(ctx)
	}
	if l.o.SkipDuplicates {
		twin, err := l.twin(ctx, f)
		if err != nil {
			return err
		}
		if twin != "" {
			l.outcome(Outcome{What: Duplicate, Path: f.Path, From: twin})
			return nil
		}
	}
	n := catalog.NewFile{Path: f.Path, Size: f.Info.Size(), ModTime: f.Info.ModTime(), Managed: origin != "", Original: origin}
	if l.o.FolderTags {
		from := f.Path
		if origin != "" {
			from = origin
		}
		n.Tags = folderTags(f.Root, from)
	}
	l.fresh, l.origins = append(l.fresh, n), append(l.origins, origin)
	return l.flushFull(ctx)
}

// meet decides about a file at a known path.
func (l *lister) meet(ctx context.Context, k *catalog.Known, f Found, origin string) error {
	if l.seen[k.Row] { // asked for twice
		return nil
	}
	l.judge(k, f.Info.Size(), f.Info.ModTime(), origin)
	return l.flushFull(ctx)
}

// judge decides about a known file that is on disk with a size and a time.
func (l *lister) judge(k *catalog.Known, size int64, modTime time.Time, origin string) {
	l.seen[k.Row] = true
	same := k.Size == size && k.ModTime.Equal(modTime)
	switch {
	case !same:
		l.changed = append(l.changed, catalog.Known{Row: k.Row, Size: size, ModTime: modTime})
		l.queue(k.Row, Changed, origin, size)
	case k.State == catalog.Missing:
		l.restored = append(l.restored, k.Row)
		if k.SHA256 == "" {
			l.queue(k.Row, Restored, origin, size)
		} else {
			l.after = append(l.after, Outcome{What: Restored, Row: k.Row, Path: k.Path, From: origin})
		}
	case k.State == catalog.Listed:
		l.queue(k.Row, Added, origin, size)
	case k.State == catalog.Failed: // it would fail again; Reanalyse tries it
		l.after = append(l.after, Outcome{What: Failed, Row: k.Row, Path: k.Path, From: origin})
	default:
		l.after = append(l.after, Outcome{What: Unchanged, Row: k.Row, Path: k.Path, From: origin})
	}
}

func (l *lister) queue(row catalog.Row, what What, from string, size int64) {
	l.todo[row] = queued{what, from}
	l.sizes[size]++
	l.progress.Total++
}

func (l *lister) alike(size int64) *alike {
	a := l.bySize[size]
	if a == nil {
		a = &alike{sums: map[string]string{}}
		l.bySize[size] = a
	}
	return a
}

// former finds the sample that was this file at a path where no file is any more: by its bytes,
// or when those were never read, by name, size and time.
func (l *lister) former(ctx context.Context, f Found) (*catalog.Known, error) {
	a := l.bySize[f.Info.Size()]
	if a == nil {
		return nil, nil
	}
	if !a.looked {
		a.looked = true
		for _, k := range a.known {
			if !l.seen[k.Row] && missing(k.Path) {
				a.gone = append(a.gone, k)
			}
		}
	}
	sum := ""
	for _, k := range a.gone {
		if l.seen[k.Row] {
			continue
		}
		if k.SHA256 == "" {
			if filepath.Base(k.Path) == filepath.Base(f.Path) && k.ModTime.Equal(f.Info.ModTime()) {
				return k, nil
			}
			continue
		}
		if sum == "" {
			var err error
			if sum, err = hashFile(ctx, f.Path); err != nil {
				// It is listed, and the analysis says what is wrong with it.
				return nil, ctx.Err()
			}
		}
		if k.SHA256 == sum {
			return k, nil
		}
	}
	return nil, nil
}

// twin is the path of another file with the bytes of f, in the library or in this import; "" for
// none.
func (l *lister) twin(ctx context.Context, f Found) (string, error) {
	a := l.alike(f.Info.Size())
	if len(a.known) == 0 && len(a.fresh) == 0 && len(a.sums) == 0 {
		a.fresh = append(a.fresh, f.Path) // the first of its size has no twin so far
		return "", nil
	}
	for _, k := range a.known {
		if k.SHA256 == "" {
			a.fresh = append(a.fresh, k.Path)
		} else {
			a.sums[k.SHA256] = k.Path
		}
	}
	a.known = nil
	for _, path := range a.fresh {
		if sum, err := hashFile(ctx, path); err == nil {
			a.sums[sum] = path
		}
	}
	a.fresh = nil
	sum, err := hashFile(ctx, f.Path)
	if err != nil {
		return "", ctx.Err()
	}
	if there, ok := a.sums[sum]; ok && there != f.Path && !missing(there) {
		return there, nil
	}
	a.sums[sum] = f.Path
	return "", nil
}

func (l *lister) flushFull(ctx context.Context) error {
	if len(l.fresh)+len(l.changed)+len(l.moved)+len(l.restored) < listBatch && len(l.after) < 20*listBatch {
		return nil
	}
	return l.flush(ctx)
}

// flush writes what was gathered.
func (l *lister) flush(ctx context.Context) error {
	if len(l.fresh) > 0 {
		rows, err := l.db.List(ctx, l.job, l.fresh)
		if err != nil {
			return err
		}
		for i, row := range rows {
			n := l.fresh[i]
			if row == 0 { // another import has listed it since this one began
				s, err := l.db.SampleByPath(ctx, n.Path)
				if errors.Is(err, catalog.ErrNotFound) { // and it was removed again
					continue
				}
				if err != nil {
					return err
				}
				l.judge(&catalog.Known{Row: s.Row, Path: s.Path, Size: s.Size, ModTime: s.ModTime, State: s.State, SHA256: s.SHA256}, n.Size, n.ModTime, l.origins[i])
				continue
			}
			k := &catalog.Known{Row: row, Path: n.Path, Size: n.Size, ModTime: n.ModTime, State: catalog.Listed}
			l.known[n.Path], l.seen[row] = k, true
			l.queue(row, Added, l.origins[i], n.Size)
		}
	}
	if len(l.changed) > 0 {
		if err := l.db.Relist(ctx, l.changed); err != nil {
			return err
		}
	}
	if len(l.moved) > 0 {
		if err := l.db.MoveFiles(ctx, l.moved); err != nil {
			return err
		}
	}
	if len(l.restored) > 0 {
		if err := l.db.SetFound(ctx, l.restored); err != nil {
			return err
		}
	}
	l.fresh, l.origins, l.changed, l.moved, l.restored = l.fresh[:0], l.origins[:0], l.changed[:0], l.moved[:0], l.restored[:0]
	if err := l.tellAll(ctx, l.after); err != nil {
		return err
	}
	l.after = l.after[:0]
	return l.note(ctx)
}

// tellAll tells outcomes, with the ids of their samples and the reasons of those that failed.
func (r *running) tellAll(ctx context.Context, all []Outcome) error {
	var rows []catalog.Row
	for _, o := range all {
		if r.o.File != nil || o.What == Failed && o.Err == "" {
			rows = append(rows, o.Row)
		}
	}
	briefs, err := r.db.Briefs(ctx, rows)
	if err != nil {
		return err
	}
	for _, o := range all {
		if b, ok := briefs[o.Row]; ok {
			o.ID = b.ID
			if o.What == Failed {
				o.Err = b.Error
			}
		}
		r.outcome(o)
	}
	return nil
}

// missing marks the samples below the roots whose files are gone.
func (l *lister) missing(ctx context.Context, w *walk) error {
	var rows []catalog.Row
	var told []Outcome
	roots := append(slices.Clone(w.folders), w.gone...)
	for path, k := range l.known {
		if l.seen[k.Row] || k.State == catalog.Missing || !slices.ContainsFunc(roots, func(root string) bool { return below(root, path) }) || !missing(path) {
			continue
		}
		rows = append(rows, k.Row)
		told = append(told, Outcome{What: Missing, Row: k.Row, Path: path})
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(told, func(a, b Outcome) int { return strings.Compare(a.Path, b.Path) })
	if err := l.db.SetMissing(ctx, rows); err != nil {
		return err
	}
	return l.tellAll(ctx, told)
}

// hashFile is the SHA-256 of a file's bytes in hexadecimal.
func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, contextReader{ctx, f}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
