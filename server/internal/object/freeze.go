package object

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// How often a lock is tried again that another process holds.
const lockPause = 5 * time.Millisecond

// deleteLock is held, shared, by whoever deletes, and alone by whoever freezes.
func (l *Local) deleteLock() *flock.Flock { return flock.New(filepath.Join(l.dir, "delete.lock")) }

// Freeze runs snapshot while nothing can be deleted from the folder, by this process or by
// another, and returns the objects as they were meanwhile: what a row of the snapshot needs is
// among them, whatever is deleted afterwards. They are hard links, so that deletions wait only
// for snapshot and for as long as making links takes; release removes them. An object is never
// changed in place (Put renames over it), so that a link keeps what it had.
func (l *Local) Freeze(ctx context.Context, snapshot func() error) (frozen *Local, release func() error, err error) {
	one := flock.New(filepath.Join(l.dir, "freeze.lock")) // held until release; a killed process loses it
	if ok, err := one.TryLock(); err != nil || !ok {
		return nil, nil, errors.Join(errors.New("another backup of this object folder is running"), err)
	}
	frozen = &Local{dir: filepath.Join(l.dir, "frozen"), public: l.public, secret: l.secret, now: l.now}
	release = func() error { return errors.Join(os.RemoveAll(frozen.dir), one.Unlock()) }
	if err := os.RemoveAll(frozen.dir); err != nil { // what a killed process left
		return nil, nil, errors.Join(err, release())
	}
	if err := l.freezeInto(ctx, frozen, snapshot); err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return frozen, release, nil
}

func (l *Local) freezeInto(ctx context.Context, frozen *Local, snapshot func() error) (err error) {
	still := l.deleteLock()
	if _, err := still.TryLockContext(ctx, lockPause); err != nil {
		return fmt.Errorf("lock the object folder: %w", err)
	}
	defer func() { err = errors.Join(err, still.Unlock()) }()
	if err := snapshot(); err != nil {
		return err
	}
	from, to := filepath.Join(l.dir, "data"), filepath.Join(frozen.dir, "data")
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		return os.Link(path, filepath.Join(to, rel)) // the error names both
	})
}
