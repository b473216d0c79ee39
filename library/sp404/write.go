package sp404

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/library/kit"
	"sampleagent/library/sp404/smp"
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
// happened. An interruption by the system's end is put right by the next Write, or by Recover.
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
	if _, err := w.fs.Stat(w.Dir); err != nil {
		return err
	}
	if err := w.recoverAll(); err != nil {
		return err
	}
	if free, ok := w.fs.Free(w.Dir); ok && free < w.needs() {
		return fmt.Errorf("%w: %s are needed while the old files are still there, %s are free", ErrDoesNotFit, megabytes(w.needs()), megabytes(free))
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

func (w *writer) makeFolders(u *unit) error {
	if err := w.makeParents(path.Dir(u.rel)); err != nil {
		return err
	}
	place := w.abs(u.rel) + newSuffix
	if err := w.fs.Mkdir(place); err != nil {
		return err
	}
	if u.project {
		// A real export has all three; whether one may be missing is not known.
		for _, name := range []string{"SMPL", "PTN", "PICTURE"} {
			if err := w.fs.Mkdir(filepath.Join(place, name)); err != nil {
				return err
			}
		}
		return w.makeParents(manifestFolder)
	}
	return nil
}

// makeParents makes folders that stay, and remembers which were not there.
func (w *writer) makeParents(rel string) error {
	at := ""
	for _, name := range strings.Split(rel, "/") {
		at = path.Join(at, name)
		there, err := exists(w.fs, w.abs(at))
		if err != nil {
			return err
		}
		if !there {
			if err := w.fs.Mkdir(w.abs(at)); err != nil {
				return err
			}
			w.created = append(w.created, w.abs(at))
		}
	}
	return nil
}

func (w *writer) step(s Stage, current string) {
	w.at.Stage, w.at.Current = s, current
	w.report(w.at)
}

// ready is a converted sound: the bytes of each of its files.
type ready struct {
	job   *job
	files []content
	sound sound
	over  float64
	free  func()
}

// audibleOver is from how many dB over full scale on clipping is worth a word.
const audibleOver = 0.1

// content is a file's bytes: in memory, or a file to copy.
type content struct {
	bytes []byte
	open  func() (io.ReadCloser, error)
}

// SourceError says that a sample could not be read when its turn came; the card has nothing to
// do with it.
type SourceError struct {
	Slot kit.Slot
	Err  error
}

func (e *SourceError) Error() string { return fmt.Sprintf("the sample of pad %s: %v", e.Slot, e.Err) }

// Unwrap lets a cancelled context through. What the system says of the sample's file must not
// be taken for what happened to the card.
func (e *SourceError) Unwrap() error {
	for _, is := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(e.Err, is) {
			return is
		}
	}
	return nil
}

// sourceFile is a sample's file whose errors are SourceErrors.
type sourceFile struct {
	*os.File
	slot kit.Slot
}

func (f sourceFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &SourceError{f.slot, err}
	}
	return n, err
}

// writeSounds converts on all cores and writes in pad order from one goroutine, since cards
// dislike writes at several places at once. Sounds in memory are bounded by memBudget.
func (w *writer) writeSounds(ctx context.Context) error {
	workers := runtime.GOMAXPROCS(0)
	budget := semaphore.NewWeighted(memBudget)
	group, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan ready, workers)
	slots := semaphore.NewWeighted(int64(workers))
	group.Go(func() error {
		defer close(queue)
		for _, j := range w.jobs {
			// Budget is taken in pad order, so the sound that is waited for always has its share.
			weight := min(j.src.memory(len(j.targets)), memBudget)
			if err := budget.Acquire(ctx, weight); err != nil {
				return err
			}
			done := make(chan ready, 1)
			select {
			case queue <- done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := slots.Acquire(ctx, 1); err != nil {
				return err
			}
			group.Go(func() error {
				defer slots.Release(1)
				r, err := w.convertJob(ctx, j)
				if err != nil {
					return &SourceError{j.slot, err}
				}
				r.free = func() { budget.Release(weight) }
				done <- r
				return nil
			})
		}
		return nil
	})
	group.Go(func() error {
		for done := range queue {
			select {
			case r := <-done:
				if err := w.writeReady(ctx, r); err != nil {
					return err
				}
				r.free()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

// convertJob makes the bytes of a pad's files.
func (w *writer) convertJob(ctx context.Context, j *job) (ready, error) {
	r := ready{job: j, sound: sound{frames: j.src.outFrames(), channels: j.src.outChannels(), name: j.src.name(), bpm: j.src.BPM}}
	var b *pcm.Buffer
	for _, t := range j.targets {
		if t.format != smpFormat && j.src.untouched(t.format) {
			r.files = append(r.files, content{open: func() (io.ReadCloser, error) {
				f, err := os.Open(j.src.Path)
				if err != nil {
					return nil, &SourceError{j.slot, err}
				}
				return sourceFile{f, j.slot}, nil
			}})
			continue
		}
		if b == nil {
			var err error
			if b, r.over, err = j.src.convert(ctx, w.opt.Resample); err != nil {
				return r, err
			}
		}
		c, err := encode(b, t.format)
		if err != nil {
			return r, err
		}
		r.files = append(r.files, c)
	}
	return r, nil
}

func encode(b *pcm.Buffer, f AudioFormat) (content, error) {
	var out bytes.Buffer
	out.Grow(smp.HeaderSize + 2*len(b.Samples))
	var err error
	switch f {
	case smpFormat:
		err = smp.Encode(&out, quantise(b), b.Channels)
	case AIFF:
		err = codec.EncodeAIFF(&out, b, codec.AIFFOptions{PCMOptions: codec.PCMOptions{Bits: cardBits}})
	default:
		err = codec.EncodeWAV(&out, b, codec.WAVOptions{PCMOptions: codec.PCMOptions{Bits: cardBits}})
	}
	return content{bytes: out.Bytes()}, err
}

func (w *writer) writeReady(ctx context.Context, r ready) error {
	w.sounds[r.job.slot] = r.sound
	if r.over >= audibleOver {
		w.notes = append(w.notes, fmt.Sprintf("%s: %s passes full scale by %.1f dB and is clipped.", r.job.slot, r.sound.name, r.over))
	}
	for i, t := range r.job.targets {
		if err := w.put(ctx, t.unit, t.rel, t.index, r.files[i]); err != nil {
			return err
		}
	}
	return nil
}

// put writes one file of a unit and notes its size and sum.
func (w *writer) put(ctx context.Context, unit int, rel string, index int, c content) error {
	at := filepath.Join(w.abs(w.units[unit].rel)+newSuffix, filepath.FromSlash(rel))
	if err := mkdirAll(w.fs, filepath.Dir(at)); err != nil {
		return err
	}
	n, sum, err := w.putAt(ctx, at, c)
	if err != nil {
		return err
	}
	w.files[index] = written{rel, unit, n, sum}
	return nil
}

func (w *writer) putAt(ctx context.Context, at string, c content) (int64, string, error) {
	w.step(Converting, filepath.Base(at))
	f, err := w.fs.Create(at)
	if err != nil {
		return 0, "", err
	}
	h := sha256.New()
	n, err := w.pour(ctx, f, h, c)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, "", err
	}
	w.at.Files++
	w.report(w.at)
	return n, hex.EncodeToString(h.Sum(nil)), nil
}

const pourSize = 1 << 20

// pour copies content to a file and a sum, piece by piece, so that it can be cancelled.
func (w *writer) pour(ctx context.Context, f, h io.Writer, c content) (int64, error) {
	var total int64
	piece := func(b []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, _ = h.Write(b) // a hash never fails
		n, err := f.Write(b)
		total += int64(n)
		w.at.Bytes += int64(n)
		w.report(w.at)
		return err
	}
	if c.open == nil {
		for part := range slices.Chunk(c.bytes, pourSize) {
			if err := piece(part); err != nil {
				return total, err
			}
		}
		return total, nil
	}
	src, err := c.open()
	if err != nil {
		return 0, err
	}
	defer src.Close()
	buf := make([]byte, pourSize)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if err := piece(buf[:n]); err != nil {
				return total, err
			}
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// writeOthers writes what the program makes, what stays of the former folder, and the manifest.
func (w *writer) writeOthers(ctx context.Context, n int, u *unit) error {
	for _, m := range u.others {
		b, err := m.bytes(&w.result)
		if err != nil {
			return err
		}
		if err := w.put(ctx, n, m.rel, m.index, content{bytes: b}); err != nil {
			return err
		}
	}
	for i, rel := range u.keeps {
		// Read through the card's own file system: it may be the one that fails.
		from := filepath.Join(w.abs(u.rel), filepath.FromSlash(rel))
		c := content{open: func() (io.ReadCloser, error) { return w.fs.Open(from) }}
		if err := w.put(ctx, n, rel, -1-i-n<<20, c); err != nil {
			return err
		}
	}
	b, rel, err := w.manifestOf(n, u)
	if err != nil {
		return err
	}
	if !u.project {
		return w.put(ctx, n, rel, u.manifest.index, content{bytes: b})
	}
	at := w.abs(rel)
	there, err := exists(w.fs, at)
	if err != nil {
		return err
	}
	if there {
		// The name is that of the content: this run would write the same, unless the former one
		// was killed in the middle of it.
		var m *manifest
		if old, rerr := readSmall(w.fs, at, maxManifest); rerr != nil {
			return rerr
		} else if m, rerr = decodeManifest(old); rerr == nil && len(m.Files) > 0 {
			w.loose = append(w.loose, at)
			return nil
		}
		if err := w.fs.Remove(at); err != nil {
			return err
		}
	}
	w.loose, w.loosened = append(w.loose, at), append(w.loosened, at)
	_, sum, err := w.putAt(ctx, at, content{bytes: b})
	if err != nil {
		return err
	}
	w.files[u.manifest.index] = written{rel, -1, int64(len(b)), sum}
	w.Files[u.manifest.index].Target = rel
	return nil
}

func (w *writer) manifestOf(n int, u *unit) ([]byte, string, error) {
	m := manifest{Version: manifestVersion, Form: w.formOf(u), Folder: u.rel, Written: w.opt.Now().UTC().Truncate(time.Second), Kit: w.Kit}
	padconfSum := ""
	for i, f := range w.Files {
		got, ok := w.files[i]
		if !ok || got.unit != n {
			continue
		}
		if got.rel == "PADCONF.BIN" {
			padconfSum = got.sum
		}
		m.Files = append(m.Files, manifestFile{got.rel, got.bytes, got.sum, f.Pad, baseName(f.Source), f.Converted, f.Credit})
	}
	b, err := m.encode()
	if err != nil || !u.project {
		return b, manifestName, err
	}
	content, err := m.contentSum()
	if err != nil {
		return nil, "", err
	}
	return b, projectManifest(u.rel, padconfSum, content), nil
}

// readBack reads every file from the medium and compares.
func (w *writer) readBack(ctx context.Context) error {
	w.at.Files = 0
	var all []written
	for _, f := range w.files {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b written) int {
		if a.unit != b.unit {
			return a.unit - b.unit
		}
		return strings.Compare(a.rel, b.rel)
	})
	for _, f := range all {
		at := w.abs(f.rel)
		if f.unit >= 0 {
			at = filepath.Join(w.abs(w.units[f.unit].rel)+newSuffix, filepath.FromSlash(f.rel))
		}
		w.step(Verifying, filepath.Base(at))
		n, sum, err := sumFile(ctx, w.fs, at, func(n int64) {
			w.at.Bytes += n
			w.report(w.at)
		})
		if err != nil {
			return err
		}
		if n != f.bytes || sum != f.sum {
			return fmt.Errorf("%w: %s; the card may be failing", ErrNotVerified, f.rel)
		}
		w.at.Files++
	}
	return nil
}

// sumFile reads a file through and gives its size and SHA-256.
func sumFile(ctx context.Context, fsys FileSystem, at string, tick func(int64)) (int64, string, error) {
	f, err := fsys.Open(at)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, pourSize)
	var total int64
	for {
		if err := ctx.Err(); err != nil {
			return total, "", err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		total += int64(n)
		if tick != nil {
			tick(int64(n))
		}
		if errors.Is(err, io.EOF) {
			return total, hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return total, "", err
		}
	}
}

func sha(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
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
