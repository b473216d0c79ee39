package cli

import (
	"context"
	"errors"
	"iter"
	"path/filepath"

	"sampleagent/library/ingest"
)

// found is a file to analyse, or the reason why a place could not be looked at.
type found struct {
	path string
	err  error
}

// errEnough ends a walk whose files are not wanted any more.
var errEnough = errors.New("enough")

// files gives the sound files that an import of paths would take, named as the paths are: those
// named themselves in any case, those in folders in the order of their names. Places that cannot
// be looked at come behind, each with its reason.
func files(ctx context.Context, paths []string) iter.Seq[found] {
	return func(yield func(found) bool) {
		for _, p := range paths {
			asked := func(abs string) string { return p }
			if root, err := filepath.Abs(p); err == nil {
				asked = func(abs string) string {
					rel, err := filepath.Rel(root, abs)
					if err != nil {
						return abs
					}
					return filepath.Join(p, rel)
				}
			}
			failures, err := ingest.Find(ctx, []string{p}, func(f ingest.Found) error {
				if !yield(found{asked(f.Path), nil}) {
					return errEnough
				}
				return nil
			})
			if errors.Is(err, errEnough) || ctx.Err() != nil {
				return
			}
			if err != nil {
				failures = append(failures, ingest.Failure{Path: p, Reason: err.Error()})
			}
			for _, f := range failures {
				if !yield(found{asked(f.Path), errors.New(f.Reason)}) {
					return
				}
			}
		}
	}
}
