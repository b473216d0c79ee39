//go:build linux || darwin

package store_test

import (
	"strings"
	"testing"

	"sampleagent/server/internal/store"
)

// A statement whose plan depends on what is bound is planned at each run. That shows where a partial
// index has what is bound as its condition: it is used for a bound value only by planning anew.
func TestStatementsArePlannedOnce(t *testing.T) {
	db, err := store.Open(t.Context(), "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	plan := func(condition string, args ...any) string {
		var id, parent, unused int
		var detail string
		row := db.SQLite().QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN SELECT 1 FROM mails WHERE user_id = 'u' AND kind = 'k' AND state = "+condition, args...)
		if err := row.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		return detail
	}
	if got := plan("'gathering'"); !strings.Contains(got, "mails_gathering") {
		t.Errorf("written out: %s", got)
	}
	if got := plan("?", store.MailGathering); strings.Contains(got, "mails_gathering") {
		t.Errorf("bound: planned for this value: %s", got)
	}
}
