package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
)

// Free text is found by its grams, all runs of three letters: a text that holds a word, be it inside
// of another, holds the word's grams. The index only says which samples may hold the words, LIKE
// decides; words of one or two letters have no grams and are left to LIKE alone.

// Both databases keep the index in sync by themselves, in the transaction that changes a sample.
// The owner is part of PostgreSQL's grams, so that another account's samples cost nothing.
const (
	gramsOfSQLite = `
CREATE VIRTUAL TABLE sample_grams USING fts5(search, content='samples', detail=none, tokenize='trigram case_sensitive 1');
CREATE TRIGGER sample_grams_added AFTER INSERT ON samples BEGIN
    INSERT INTO sample_grams(rowid, search) VALUES (new.rowid, new.search);
END;
CREATE TRIGGER sample_grams_changed AFTER UPDATE OF search ON samples WHEN old.search <> new.search BEGIN
    INSERT INTO sample_grams(sample_grams, rowid, search) VALUES ('delete', old.rowid, old.search);
    INSERT INTO sample_grams(rowid, search) VALUES (new.rowid, new.search);
END;
CREATE TRIGGER sample_grams_gone AFTER DELETE ON samples BEGIN
    INSERT INTO sample_grams(sample_grams, rowid, search) VALUES ('delete', old.rowid, old.search);
END;
INSERT INTO sample_grams(sample_grams) VALUES ('rebuild');`

	// The cost says that working out the grams of a row is slower than looking into the index.
	gramsOfPostgres = `
CREATE FUNCTION sample_grams(owner TEXT, words TEXT) RETURNS TEXT[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
    SELECT COALESCE(array_agg(DISTINCT owner || gram), '{}') FROM (
        SELECT letter || lead(letter) OVER run || lead(letter, 2) OVER run AS gram
        FROM unnest(string_to_array(words, NULL)) WITH ORDINALITY AS letters (letter, place)
        WINDOW run AS (ORDER BY place)) AS grams
    WHERE gram IS NOT NULL
$$;
CREATE INDEX samples_grams ON samples USING gin (sample_grams(user_id, search));`
)

// gramsMigration makes the index; it is not among the files because the databases differ in it.
func gramsMigration(postgres bool) *goose.Migration {
	text := gramsOfSQLite
	if postgres {
		text = gramsOfPostgres
	}
	return goose.NewGoMigration(44, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, text)
		return wrap(err, "index of free text")
	}}, nil)
}

// fewMatches is how many samples the index names at most: of more, a page is found sooner by
// walking the list in its order.
const fewMatches = 2000

// mayHold narrows samples to those that may hold all words, if the index knows that they are few;
// an empty condition says nothing.
func (q Q) mayHold(ctx context.Context, userID string, words []string) (condition string, args []any, err error) {
	id, named := "rowid", "sample_grams WHERE sample_grams MATCH ?"
	var conditions, phrases []string
	for _, word := range words {
		grams := gramsOf(word)
		if len(grams) == 0 {
			continue
		}
		if q.postgres {
			conditions, args = append(conditions, "sample_grams(user_id, search) @> sample_grams(?, ?)"), append(args, userID, word)
		}
		phrases = append(phrases, grams...)
	}
	switch {
	case len(phrases) == 0:
		return "", nil, nil
	case q.postgres:
		if len(conditions) == 1 {
			if frequent, err := q.frequent(ctx, args); frequent || err != nil {
				return "", nil, wrap(err, "look up words")
			}
		}
		id, named = "id", "samples WHERE "+strings.Join(conditions, " AND ")
	default:
		slices.Sort(phrases)
		args = []any{strings.Join(slices.Compact(phrases), " AND ")}
	}
	var n int
	if err := q.one(ctx, &n, fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 FROM %s LIMIT %d) AS named", named, fewMatches), args...); err != nil {
		return "", nil, fmt.Errorf("look up words: %w", err)
	}
	if n == fewMatches {
		return "", nil, nil
	}
	return id + " IN (SELECT " + id + " FROM " + named + ")", args, nil
}

// frequent says, of a word alone (its owner and the word), whether PostgreSQL's statistics know each of
// its grams in more samples than the index names: PostgreSQL collects all that an index names before it
// gives the first. A word that its grams do not make is then looked for by walking the list.
func (q Q) frequent(ctx context.Context, word []any) (yes bool, err error) {
	err = q.one(ctx, &yes, fmt.Sprintf(`SELECT COALESCE(bool_and(COALESCE(known.share, 0) * size.samples > %d), FALSE)
		FROM unnest(sample_grams(?, ?)) AS word (gram)
		CROSS JOIN (SELECT reltuples AS samples FROM pg_class WHERE oid = to_regclass('samples')) AS size
		LEFT JOIN (SELECT unnest(CAST(CAST(most_common_elems AS TEXT) AS TEXT[])) AS gram, unnest(most_common_elem_freqs) AS share
			FROM pg_stats WHERE tablename = 'samples_grams' AND schemaname = ANY(current_schemas(FALSE))) AS known ON known.gram = word.gram`, fewMatches), word...)
	return yes, err
}

// gramsOf are a word's runs of three letters, quoted for SQLite; none with a zero byte, at which
// SQLite would end the question.
func gramsOf(word string) (grams []string) {
	if strings.ContainsRune(word, 0) {
		return nil
	}
	letters := []rune(word)
	for i := 0; i+3 <= len(letters); i++ {
		grams = append(grams, `"`+strings.ReplaceAll(string(letters[i:i+3]), `"`, `""`)+`"`)
	}
	return grams
}
