package catalog

import (
	"context"
	"slices"
	"sync"
)

// Change says what is different since the last one; whoever shows it reads it again.
type Change struct {
	Added       []Row // samples that are new
	Updated     []Row // samples with other values than before
	Removed     []Row // samples that are gone
	Many        bool  // too many to name: read everything again; the lists above are empty
	Tags        bool  // the set of tags, or how many samples have one
	Collections bool
	Kits        []string // ids
	Folders     bool
	Jobs        []string // ids
	Failures    bool

	vectors bool // embeddings: Vectors must load again
}

// manyRows is where naming rows stops being cheaper than reading everything again.
const manyRows = 5000

func (c *Change) empty() bool {
	return len(c.Added)+len(c.Updated)+len(c.Removed)+len(c.Kits)+len(c.Jobs) == 0 && !c.Many && !c.Tags && !c.Collections && !c.Folders && !c.Failures
}

// merge adds what d says.
func (c *Change) merge(d Change) {
	c.Many = c.Many || d.Many || len(c.Added)+len(c.Updated)+len(c.Removed)+len(d.Added)+len(d.Updated)+len(d.Removed) > manyRows
	if c.Many {
		c.Added, c.Updated, c.Removed = nil, nil, nil
	} else {
		c.Added = append(slices.Clip(c.Added), d.Added...)
		c.Updated = append(slices.Clip(c.Updated), d.Updated...)
		c.Removed = append(slices.Clip(c.Removed), d.Removed...)
	}
	c.Tags = c.Tags || d.Tags
	c.Collections = c.Collections || d.Collections
	c.Folders = c.Folders || d.Folders
	c.Failures = c.Failures || d.Failures
	c.Kits = union(c.Kits, d.Kits)
	c.Jobs = union(c.Jobs, d.Jobs)
}

func union(a, b []string) []string {
	a = slices.Clip(a)
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// feed hands changes to those who watch. A sender never waits: what a slow watcher has not
// taken yet is merged into one change.
type feed struct {
	mu       sync.Mutex
	watchers map[chan Change]struct{}
	closed   bool
}

// Watch reports changes until ctx ends or the library is closed; then the channel closes.
// Changes made by other programs are not seen; see Poll.
func (db *DB) Watch(ctx context.Context) <-chan Change {
	c := make(chan Change, 1)
	f := &db.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || ctx.Err() != nil {
		close(c)
		return c
	}
	if f.watchers == nil {
		f.watchers = map[chan Change]struct{}{}
	}
	f.watchers[c] = struct{}{}
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if _, ok := f.watchers[c]; ok {
			delete(f.watchers, c)
			close(c)
		}
	})
	return c
}

func (f *feed) send(c Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range f.watchers {
		next := c
		select {
		case old := <-w:
			old.merge(c)
			next = old
		default:
			if len(c.Added)+len(c.Updated)+len(c.Removed) > manyRows {
				next.merge(Change{})
			}
		}
		w <- next // room is certain: only send fills the channel, under the lock
	}
}

func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for w := range f.watchers {
		delete(f.watchers, w)
		close(w)
	}
}

// Poll asks whether another program has changed the file since the last call; if so it tells
// the watchers to read everything again. Call it every second or so while a window is open.
func (db *DB) Poll(ctx context.Context) (bool, error) {
	// data_version counts the changes of others as one connection sees them: the writer's.
	var v int64
	if err := db.w.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v); err != nil {
		return false, plain(err)
	}
	f := &db.feed
	f.mu.Lock()
	before := db.outside
	db.outside = v
	f.mu.Unlock()
	if before == v || before == 0 {
		return false, nil
	}
	db.changed(Change{Many: true})
	db.vectors.version.Add(1)
	db.feed.send(Change{Many: true, Tags: true, Collections: true, Folders: true, Failures: true})
	return true, nil
}
