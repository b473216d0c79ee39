package catalog

import (
	"context"
	"database/sql"
	"time"
)

// Bounds of MergeText, in pages of the index (100,000 samples have some 2,000).
const (
	littleText = 256 // an index below this is quick in any number of pieces
	// One step writes about so many, in some 10 ms: no edit waits longer. The pause after it leaves the
	// library to other programs, which ask again and again for their turn.
	stepText  = 64
	stepPause = 20 * time.Millisecond
)

// MergeText makes one piece of the index of words where too much of it lies in others than the
// largest. Every transaction adds a piece, and SQLite merges only as many as keep the next transaction
// short; what an import leaves, with the words of samples that it heard since, takes a search
// two to three times as long. Edits have their turn meanwhile, and what is stopped midway is gone on
// with (https://sqlite.org/fts5.html#the_merge_command).
func (db *DB) MergeText(ctx context.Context) error {
	scattered, err := db.scatteredText(ctx)
	if err != nil || !scattered {
		return plain(err)
	}
	for pages := -stepText; ; pages = stepText { // below 0: begin with all pieces
		done := false
		err := db.tx(ctx, func(tx *sql.Tx, _ *Change) error {
			var before, after int
			if err := tx.QueryRowContext(ctx, `SELECT total_changes()`).Scan(&before); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO sample_fts (sample_fts, rank) VALUES ('merge', ?)`, pages); err != nil {
				return err
			}
			err := tx.QueryRowContext(ctx, `SELECT total_changes()`).Scan(&after)
			done = after-before < 2 // the insertion itself counts as one
			return err
		})
		if err == nil {
			err = db.checkpoint(ctx)
		}
		if err != nil || done {
			return plain(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(stepPause):
		}
	}
}

// scatteredText says whether merging is worth its cost: once an eighth of the index lies beside the
// largest piece, so that every page is written a few times however often the library grows.
func (db *DB) scatteredText(ctx context.Context) (bool, error) {
	var pages, beside int
	err := db.r.QueryRowContext(ctx, `SELECT coalesce(sum(n), 0), coalesce(sum(n) - max(n), 0) FROM (SELECT count(*) AS n FROM sample_fts_idx GROUP BY segid)`).Scan(&pages, &beside)
	return pages >= littleText && beside > pages/8, err
}
