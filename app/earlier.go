package app

import (
	"context"
	"fmt"
	"path/filepath"

	"sampleagent/app/task"
	"sampleagent/library/ingest"
	"sampleagent/library/ingest/earlier"
)

// BringEarlier brings over the library of the earlier system, as a task: its SQLite file or a
// plain pg_dump, and the files that it names, looked for where it says, beside it and below roots.
// What does not come over is among the task's failures; its result is an earlier.Summary.
func (a *App) BringEarlier(database string, roots ...string) (task.ID, error) {
	return a.ingestTask("Bring over "+filepath.Base(database), func(ctx context.Context, h *task.Handle, o ingest.Options) (string, any, error) {
		o.File = nil // the summary lists files that failed, and all else
		sum, err := earlier.Bring(ctx, a.db, database, earlier.Options{Roots: roots, Ingest: o})
		for _, p := range sum.Problems {
			h.Fail(p.Path, p.Reason)
		}
		return EarlierSummary(sum), sum, err
	})
}

// BringEarlierNow is BringEarlier on the caller's goroutine; progress may be nil.
func (a *App) BringEarlierNow(ctx context.Context, database string, roots []string, copied bool, progress func(ingest.Progress)) (earlier.Summary, error) {
	o := a.ingestOptions()
	if copied {
		o.Copy = a.managedFolder()
	}
	o.Progress = progress
	return earlier.Bring(ctx, a.db, database, earlier.Options{Roots: roots, Ingest: o})
}

// EarlierSummary says what came over, for a person.
func EarlierSummary(s earlier.Summary) string {
	text := fmt.Sprintf("%d of %s, %s and %s came over.", s.Brought, samples(s.Samples), counted(s.Collections, "collection"), counted(s.Kits, "kit"))
	if n := len(s.Problems); n > 0 {
		text += " " + counted(n, "thing") + " did not come over whole."
	}
	return text
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
