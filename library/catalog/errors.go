package catalog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// Errors that callers decide on; each is wrapped with the file or the thing it is about.
var (
	ErrNoFullText  = errors.New("this program was built without full-text search; build it with -tags sqlite_fts5")
	ErrNotLibrary  = errors.New("file is not a Sample Agent library")
	ErrNewer       = errors.New("library was written by a newer version of this program; update the program")
	ErrDamaged     = errors.New("library file is damaged; restore a backup of it")
	ErrDiskFull    = errors.New("disk is full; make room and try again")
	ErrReadOnly    = errors.New("library cannot be written: the file or its folder is read-only; copy it to where it may change")
	ErrBusy        = errors.New("library is in use by another program for too long; try again")
	ErrNotFound    = errors.New("not in the library")
	ErrExists      = errors.New("is there already")
	ErrOutOfRange  = errors.New("value is out of range")
	ErrNotPossible = errors.New("cannot be done")
)

// readOnly adds ErrReadOnly to what the system says of a place that cannot be written.
func readOnly(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w (%w)", ErrReadOnly, err)
	}
	return err
}

// whyNotOpened says what SQLite cannot: on a read-only disk it tells of the log that it could not
// make beside the library as "no such file".
func whyNotOpened(err error, folder string) error {
	var e sqlite3.Error
	if !errors.As(err, &e) || e.Code != sqlite3.ErrCantOpen {
		return err
	}
	probe, refused := os.CreateTemp(folder, ".write-probe-")
	if refused == nil {
		return errors.Join(err, probe.Close(), os.Remove(probe.Name()))
	}
	if refused = readOnly(refused); errors.Is(refused, ErrReadOnly) {
		return refused
	}
	return err
}

// plain turns what SQLite says into the errors above and keeps its words behind them.
func plain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	var kind error
	switch e.Code {
	case sqlite3.ErrFull:
		kind = ErrDiskFull
	case sqlite3.ErrReadonly, sqlite3.ErrPerm:
		kind = ErrReadOnly
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		kind = ErrBusy
	case sqlite3.ErrCorrupt:
		kind = ErrDamaged
	case sqlite3.ErrNotADB:
		kind = ErrNotLibrary
	case sqlite3.ErrInterrupt:
		kind = context.Canceled
	default:
		return err
	}
	return fmt.Errorf("%w (%w)", kind, err)
}
