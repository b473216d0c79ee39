package sp404

import (
	"errors"
	"fmt"
	"path/filepath"
)

// A folder is written beside its place under a name ending in newSuffix. When it is whole and
// verified, what stands in its place is renamed to oldSuffix, the new folder takes the place,
// and the old one is removed. Whatever is interrupted, recoverUnit puts right:
//
//	place  old   new
//	yes    no    yes   not yet swapped: new is removed
//	no     yes   yes   between the renames: old goes back, new is removed
//	yes    yes   no    swapped: old is removed
//	no     no    yes   first writing, not yet swapped: new is removed
const (
	newSuffix = ".sa-new"
	oldSuffix = ".sa-old"
)

// standing is the folder that counts as being in place, also between the two renames.
func standing(fsys FileSystem, place string) string {
	if there, err := exists(fsys, place); err == nil && !there {
		if old, err := exists(fsys, place+oldSuffix); err == nil && old {
			return place + oldSuffix
		}
	}
	return place
}

// recoverUnit puts right what an interrupted writing of one folder left behind.
func recoverUnit(fsys FileSystem, place string) error {
	there, err := exists(fsys, place)
	if err != nil {
		return err
	}
	old, err := exists(fsys, place+oldSuffix)
	if err != nil {
		return err
	}
	if old && !there {
		if err := fsys.Rename(place+oldSuffix, place); err != nil {
			return err
		}
		if err := fsys.SyncDir(filepath.Dir(place)); err != nil {
			return err
		}
		old = false
	}
	if old {
		if err := removeAll(fsys, place+oldSuffix); err != nil {
			return err
		}
	}
	return removeAll(fsys, place+newSuffix)
}

// swap puts the new folders in place, all or none. old says which places are taken. The old
// folders stay beside until removeOld.
func swap(fsys FileSystem, places []string, old []bool) error {
	var undo []func() error
	back := func(err error) error {
		for i := len(undo) - 1; i >= 0; i-- {
			if uerr := undo[i](); uerr != nil {
				return errors.Join(err, fmt.Errorf("put back what was there: %w", uerr))
			}
		}
		return err
	}
	for i, place := range places {
		if old[i] {
			if err := fsys.Rename(place, place+oldSuffix); err != nil {
				return back(err)
			}
			undo = append(undo, func() error { return fsys.Rename(place+oldSuffix, place) })
		}
		if err := fsys.Rename(place+newSuffix, place); err != nil {
			return back(err)
		}
		undo = append(undo, func() error { return fsys.Rename(place, place+newSuffix) })
	}
	for _, place := range places {
		if err := fsys.SyncDir(filepath.Dir(place)); err != nil {
			return back(err)
		}
	}
	return nil
}
