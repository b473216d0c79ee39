//go:build sqlite_fts5 || fts5

package catalog

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// An index of words in many pieces becomes one, edits meanwhile have their turn and are in it, and what
// is one piece is left alone. What was stopped midway is gone on with.
func TestTheIndexOfWordsIsMerged(t *testing.T) {
	db := openNew(t)
	if err := db.checkpoints.close(); err != nil { // nobody in the background
		t.Fatal(err)
	}
	db.checkpoints.conn = sql.OpenDB(newConnector(db.path, ""))
	defer db.checkpoints.conn.Close()
	var names []string
	for n := range 40 {
		names = append(names, fmt.Sprintf("%d.wav", n))
	}
	rows := add(t, db, names...)
	for n := range rows {
		var note strings.Builder
		for w := range 3000 {
			fmt.Fprintf(&note, "w%dx%d ", n, w)
		}
		if err := db.SetNote(t.Context(), rows[n:n+1], note.String()); err != nil {
			t.Fatal(err)
		}
	}
	scattered := func() bool {
		t.Helper()
		yes, err := db.scatteredText(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return yes
	}
	if !scattered() {
		t.Fatal("the index is in one piece from the start: nothing is shown")
	}
	// As a merge that was stopped leaves it.
	if _, err := db.w.ExecContext(t.Context(), `INSERT INTO sample_fts (sample_fts, rank) VALUES ('merge', ?)`, -stepText); err != nil {
		t.Fatal(err)
	}
	merged := make(chan error)
	go func() { merged <- db.MergeText(t.Context()) }()
	for n := range 5 {
		if err := db.AddTags(t.Context(), rows[:1], fmt.Sprintf("tag%d", n)); err != nil {
			t.Error(err)
		}
	}
	if err := <-merged; err != nil {
		t.Fatal(err)
	}
	if scattered() {
		t.Error("the index is still in pieces")
	}
	for word, want := range map[string]int{"w7x7": 1, "w39x2999": 1, "w40x0": 0, "tag4": 1, "wav": len(rows)} {
		if got := len(texts(t, db, word)); got != want {
			t.Errorf("%s is found %d times, not %d", word, got, want)
		}
	}
	before := changes(t, db)
	if err := db.MergeText(t.Context()); err != nil || changes(t, db) != before {
		t.Errorf("what is one piece is merged again: %v", err)
	}
}

// changes counts the rows that the writer has changed.
func changes(t *testing.T, db *DB) (n int) {
	t.Helper()
	if err := db.w.QueryRowContext(t.Context(), `SELECT total_changes()`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
