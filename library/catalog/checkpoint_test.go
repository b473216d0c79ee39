//go:build sqlite_fts5 || fts5

package catalog

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// long writes until the log is longer than pages, as one busy writer.
func long(t *testing.T, db *DB, pages int) {
	t.Helper()
	const each = 100 // transactions between two looks
	note := strings.Repeat("x", 60_000)
	rows := add(t, db, "a.wav")
	for n := range 100_000 {
		if err := db.SetNote(t.Context(), rows, fmt.Sprint(n, note)); err != nil {
			t.Fatal(err)
		}
		if n%each != 0 {
			continue
		}
		var now wal
		if err := now.run(t.Context(), db.w, "NOOP"); err != nil {
			t.Fatal(err)
		}
		if now.log > pages {
			return
		}
	}
	t.Fatal("the log does not grow")
}

// Whoever commits never carries the log into the file, however long it is; the background does, also
// while somebody writes on, and a closed library is one file.
func TestTheLogIsCarriedOverInTheBackground(t *testing.T) {
	db := openNew(t)
	if err := db.checkpoints.close(); err != nil { // nobody in the background
		t.Fatal(err)
	}
	long(t, db, longLog)
	var before wal
	if err := before.run(t.Context(), db.w, "NOOP"); err != nil || before.carried != 0 {
		t.Fatalf("commits carried %d of %d pages into the file, %v", before.carried, before.log, err)
	}
	db.startCheckpoints()
	rows := add(t, db, "b.wav")
	db.bulk.Lock() // as while the log is carried over and imports and syncs pause
	if err := db.SetNote(t.Context(), rows, "a person's edit has its turn"); err != nil {
		t.Fatal(err)
	}
	db.bulk.Unlock()
	wait, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for now := before; now.log >= longLog; {
		if err := db.SetNote(wait, rows, time.Now().String()); err != nil {
			t.Fatalf("the log stays at %d pages, %d in the file: %v", now.log, now.carried, err)
		}
		if err := now.run(wait, db.w, "NOOP"); err != nil {
			t.Fatal(err)
		}
	}
}

// A reader that holds on to what it sees keeps the log, and holds up neither edits nor the background.
func TestAReaderHoldsUpNoEdit(t *testing.T) {
	db := openNew(t)
	reader, err := db.r.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRowContext(t.Context(), `SELECT count(*) FROM samples`).Scan(&n); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	long(t, db, fullLog)
	if err := db.checkpoint(t.Context()); err != nil {
		t.Errorf("with a reader: %v", err)
	}
	if err := reader.QueryRowContext(t.Context(), `SELECT count(*) FROM samples`).Scan(&n); err != nil || n != 0 {
		t.Errorf("the reader sees %d samples, %v", n, err)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := db.checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	var now wal
	if err := now.run(t.Context(), db.w, "NOOP"); err != nil || now.carried != now.log {
		t.Errorf("%d of %d pages are in the file once nobody reads, %v", now.carried, now.log, err)
	}
	path := db.Path()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(path + "-wal"); err == nil && fi.Size() > 0 {
		t.Errorf("a closed library leaves a log of %d bytes", fi.Size())
	}
}
