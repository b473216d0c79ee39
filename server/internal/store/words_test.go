package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// TestWordsAreFoundAsByReading writes, renames, deletes and drops samples, and looks for pieces
// of their texts: the answer is that of reading all texts.
func TestWordsAreFoundAsByReading(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		title := rapid.StringMatching(`([adksußÄÖéИ字😀%_!\\"'*(] ?){0,9}(Dusty|BREAK|Straße|İstanbul)?`)
		rapid.Check(t, func(rt *rapid.T) {
			owners := []*store.User{newUser(t, db, plan.Pro), newUser(t, db, plan.Pro)}
			var rows []*store.Sample
			for i := range rapid.IntRange(1, 8).Draw(rt, "samples") {
				s := &store.Sample{ID: store.NewID(), JobID: store.NewID(), UserID: owners[i%2].ID, Version: 1, Title: title.Draw(rt, "title"), CreatedAt: store.At(now)}
				s.Search = s.SearchText(nil)
				write(t, db, func(tx *store.Tx) error { _, err := tx.AddSample(ctx, s); return err })
				rows = append(rows, s)
			}
			renamed := rows[rapid.IntRange(0, len(rows)-1).Draw(rt, "renamed")]
			renamed.Title = title.Draw(rt, "new title")
			renamed.Search = renamed.SearchText(nil)
			write(t, db, func(tx *store.Tx) error { _, err := tx.UpdateSample(ctx, renamed, now); return err })
			gone := rapid.IntRange(0, len(rows)-1).Draw(rt, "gone")
			write(t, db, func(tx *store.Tx) error {
				if err := tx.DeleteSample(ctx, rows[gone].UserID, rows[gone].ID, now); err != nil {
					return err
				}
				if len(rows)%2 == 0 {
					return tx.DropSample(ctx, rows[gone].ID)
				}
				return nil
			})
			rows = slices.Delete(rows, gone, gone+1)

			letters := []rune("dusty break")
			if len(rows) > 0 {
				letters = append([]rune(rows[0].Title), letters...)
			}
			from := rapid.IntRange(0, len(letters)-1).Draw(rt, "from")
			text := string(letters[from:rapid.IntRange(from, len(letters)).Draw(rt, "to")])
			var want, got []string
			for _, s := range rows {
				holds := s.UserID == owners[0].ID
				for _, word := range strings.Fields(strings.ToLower(text)) {
					holds = holds && strings.Contains(s.Search, word)
				}
				if holds {
					want = append(want, s.ID)
				}
			}
			found, err := db.Samples(ctx, owners[0].ID, store.SampleFilter{Text: text}, 100)
			if err != nil {
				rt.Fatal(err)
			}
			for _, s := range found {
				got = append(got, s.ID)
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				rt.Fatalf("%q: %q, want %q", text, got, want)
			}
		})
	})
}

// TestManyThatHoldAWord has more samples than the index names.
func TestManyThatHoldAWord(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		u, other := newUser(t, db, plan.Pro), newUser(t, db, plan.Pro)
		write(t, db, func(tx *store.Tx) error {
			for i := range 2100 {
				s := store.Sample{ID: store.NewID(), JobID: store.NewID(), UserID: u.ID, Version: 1, Title: fmt.Sprintf("Dusty %d", i), CreatedAt: store.At(now) + store.Millis(i)}
				if i%100 == 0 {
					s.UserID = other.ID
				}
				s.Search = s.SearchText(nil)
				if _, err := tx.AddSample(ctx, &s); err != nil {
					return err
				}
			}
			return nil
		})
		if db.Postgres() != nil {
			frequent := func(word string) bool {
				t.Helper()
				yes, err := db.Frequent(ctx, u.ID, word)
				if err != nil {
					t.Fatal(err)
				}
				return yes
			}
			if frequent("dusty") {
				t.Error("known without statistics")
			}
			if _, err := db.Postgres().Exec(ctx, "ANALYZE samples"); err != nil {
				t.Fatal(err)
			}
			for word, want := range map[string]bool{"dusty": true, "ust": true, "dustz": false, "2099": false} {
				if frequent(word) != want {
					t.Errorf("%q: frequent is %v", word, !want)
				}
			}
		}
		for _, text := range []string{"dust", "dusty 209", "ust 2099", "dusty 2000", "7", "bright", `"us OR`} {
			want := 0
			for i := range 2100 {
				holds := i%100 != 0
				for _, word := range strings.Fields(text) {
					holds = holds && strings.Contains(fmt.Sprintf("dusty %d", i), word)
				}
				if holds {
					want++
				}
			}
			got, err := db.Samples(ctx, u.ID, store.SampleFilter{Text: text}, 3000)
			if err != nil || len(got) != want {
				t.Errorf("%q: %d, want %d, %v", text, len(got), want, err)
			}
		}
	})
}

// TestTheIndexOfWordsLasts: rows from before the index are in it, and it holds when a database is
// vacuumed or backed up, and when an account goes with its samples.
func TestTheIndexOfWordsLasts(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		exec := func(text string) {
			t.Helper()
			var err error
			if db.Postgres() != nil {
				_, err = db.Postgres().Exec(ctx, text)
			} else {
				_, err = db.SQLite().ExecContext(ctx, text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if db.Postgres() != nil {
			exec("DROP INDEX samples_grams; DROP FUNCTION sample_grams")
		} else {
			exec("DROP TRIGGER sample_grams_added; DROP TRIGGER sample_grams_changed; DROP TRIGGER sample_grams_gone; DROP TABLE sample_grams")
		}
		exec("DELETE FROM goose_db_version WHERE version_id = 44")
		u, leaves := newUser(t, db, plan.Pro), newUser(t, db, plan.Pro)
		for i := range 20 {
			s := store.Sample{ID: fmt.Sprint("s", i), JobID: fmt.Sprint("j", i), UserID: []string{leaves.ID, u.ID}[i%2], Version: 1, Title: fmt.Sprintf("Zebra %d", i), CreatedAt: store.At(now)}
			s.Search = s.SearchText(nil)
			write(t, db, func(tx *store.Tx) error { _, err := tx.AddSample(ctx, &s); return err })
		}
		find := func(db *store.DB, want int) {
			t.Helper()
			got, err := db.Samples(ctx, u.ID, store.SampleFilter{Text: "ebra"}, 100)
			if err != nil || len(got) != want {
				t.Errorf("%d found, want %d, %v", len(got), want, err)
			}
		}
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		find(db, 10)
		exec("DELETE FROM users WHERE id = '" + leaves.ID + "'")
		find(db, 10)
		exec("VACUUM")
		find(db, 10)
		if db.Postgres() != nil {
			return
		}
		const check = "INSERT INTO sample_grams(sample_grams, rank) VALUES ('integrity-check', 1)" // against samples
		exec(check)
		folder := t.TempDir()
		if err := db.Snapshot(ctx, filepath.Join(folder, store.SQLiteFile)); err != nil {
			t.Fatal(err)
		}
		copied, err := store.Open(ctx, "", folder)
		if err != nil {
			t.Fatal(err)
		}
		find(copied, 10)
		_, err = copied.SQLite().ExecContext(ctx, check)
		if err := errors.Join(err, copied.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestWordsOfTheVibeAreSearched(t *testing.T) {
	s := store.Sample{Title: "Loop", Tags: []string{"Mine"}}
	v := &wire.Vibe{OneLine: "An Évening", Mood: []string{"calm"}, Tags: []string{"tape"}, Descriptors: []string{"Worn"}, Texture: []string{"grainy"}}
	for _, word := range []string{"loop", "mine", "évening", "calm", "tape", "worn", "grainy"} {
		if !strings.Contains(s.SearchText(v), word) {
			t.Errorf("%q is not searched in %q", word, s.SearchText(v))
		}
	}
}
