//go:build sqlite_fts5 || fts5

package earlier

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
	"sampleagent/library/kit"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openNew(t testing.TB) *catalog.DB {
	t.Helper()
	db, err := catalog.Open(t.Context(), filepath.Join(t.TempDir(), "library.db"))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

// sounds writes short files and returns their folder.
func sounds(t testing.TB, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for i, n := range names {
		path := filepath.Join(root, filepath.FromSlash(n))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		f, err := os.Create(path)
		must(t, err)
		b := &pcm.Buffer{Rate: 8000, Channels: 1, Samples: make([]float32, 400)}
		for j := range b.Samples {
			b.Samples[j] = float32((j*(i+3))%50)/100 - 0.25
		}
		must(t, codec.EncodeWAV(f, b, codec.WAVOptions{}))
		must(t, f.Close())
	}
	return root
}

// schema is the part of the earlier system's tables that matters here.
const schema = `
CREATE TABLE samples (id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT, file_path TEXT, bpm FLOAT, musical_key TEXT, genre TEXT, tags JSON, created_at DATETIME);
CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT, description TEXT, parent_collection_id INTEGER, is_smart BOOLEAN, smart_rules JSON);
CREATE TABLE collection_samples (collection_id INTEGER, sample_id INTEGER, "order" INTEGER, added_at DATETIME);
CREATE TABLE kits (id INTEGER PRIMARY KEY, name TEXT, description TEXT, is_public BOOLEAN);
CREATE TABLE kit_samples (kit_id INTEGER, sample_id INTEGER, pad_bank TEXT, pad_number INTEGER, volume FLOAT, pitch_shift INTEGER);
CREATE TABLE sample_sources (id INTEGER PRIMARY KEY, sample_id INTEGER, source_type TEXT, source_url TEXT, artist TEXT, album TEXT, release_date DATETIME, license_type TEXT, original_filename TEXT, metadata_json JSON);
CREATE TABLE vibe_analyses (id INTEGER PRIMARY KEY, sample_id INTEGER, mood_primary TEXT, mood_secondary TEXT, texture_tags JSON);`

func TestASQLiteLibraryComesOver(t *testing.T) {
	root := sounds(t, "Kicks/kick.wav", "snare.wav", "unknown owner/hat.wav")
	old := filepath.Join(t.TempDir(), "old.db")
	raw, err := sql.Open("sqlite3", old)
	must(t, err)
	_, err = raw.Exec(schema)
	must(t, err)
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO samples (id, title, file_path, genre, tags, created_at) VALUES (1, 'My kick', ?, 'hip hop', '["dusty","808"]', '2024-01-02 03:04:05')`, []any{filepath.Join(root, "Kicks", "kick.wav")}},
		{`INSERT INTO samples (id, title, file_path, tags) VALUES (2, 'snare', '/home/gone/music/snare.wav', 'null')`, nil},
		{`INSERT INTO samples (id, title, file_path, tags) VALUES (3, 'hat', 'C:\music\packs\hat.wav', 'no json')`, nil},
		{`INSERT INTO samples (id, title, file_path) VALUES (4, 'lost', '/home/gone/lost.wav')`, nil},
		{`INSERT INTO collections (id, name, parent_collection_id, is_smart) VALUES (2, 'Kicks', 1, 0), (1, 'Drums', NULL, 0), (3, 'Fast', NULL, 1), (4, 'Orphan', 99, 0)`, nil},
		{`INSERT INTO collection_samples VALUES (1, 2, 1, NULL), (1, 1, 0, NULL), (1, 4, 2, NULL), (2, 1, 0, NULL), (3, 3, 0, NULL)`, nil},
		{`INSERT INTO kits (id, name) VALUES (1, 'Live set')`, nil},
		{`INSERT INTO kit_samples VALUES (1, 1, 'A', 1, 0.5, -3), (1, 2, 'A', 1, 1, 0), (1, 2, 'J', 16, 1, 0), (1, 3, 'K', 1, 1, 0), (1, 4, 'B', 1, 1, 0), (1, 3, 'B', 2, 1, 40)`, nil},
		{`INSERT INTO sample_sources (sample_id, source_type, artist, album, release_date, license_type) VALUES (1, 'youtube', 'Someone', 'Album', '1974-06-01', 'cc_by')`, nil},
		{`INSERT INTO vibe_analyses (sample_id, mood_primary, mood_secondary, texture_tags) VALUES (2, 'melancholic', '', '["grainy"]')`, nil},
	} {
		_, err := raw.Exec(q.sql, q.args...)
		must(t, err)
	}
	must(t, raw.Close())
	before, err := os.ReadFile(old)
	must(t, err)

	db := openNew(t)
	ctx := t.Context()
	sum, err := Bring(ctx, db, old, Options{Roots: []string{root}})
	must(t, err)
	if sum.Samples != 4 || sum.Brought != 3 || sum.Collections != 3 || sum.Kits != 1 {
		t.Errorf("%+v", sum)
	}
	kick, err := db.SampleByPath(ctx, filepath.Join(root, "Kicks", "kick.wav"))
	must(t, err)
	if kick.Name != "My kick" || !slices.Equal(kick.Tags, []string{"808", "dusty", "hip hop"}) || kick.State != catalog.Analysed {
		t.Errorf("%+v", kick)
	}
	src, err := db.Source(ctx, kick.Row)
	must(t, err)
	if got := src.AttributionText(); got != "Someone – 'Album' – (1974), CC BY" {
		t.Errorf("attribution: %q", got)
	}
	snare, err := db.SampleByPath(ctx, filepath.Join(root, "snare.wav"))
	must(t, err)
	if c, ok, err := db.Cloud(ctx, snare.Row); err != nil || !ok || c.Description != "melancholic, grainy" {
		t.Errorf("%+v, %v, %v", c, ok, err)
	}
	all, err := db.Collections(ctx)
	must(t, err)
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
		if c.Name == "Drums" {
			if got, err := db.CollectionRows(ctx, c.ID); err != nil || !slices.Equal(got, []catalog.Row{kick.Row, snare.Row}) {
				t.Errorf("Drums holds %v, %v", got, err)
			}
		}
	}
	if !slices.Equal(names, []string{"Drums", "Kicks", "Fast"}) {
		t.Errorf("collections: %v", names)
	}
	stored, err := db.Kit(ctx, "Live set")
	must(t, err)
	var k kit.Kit
	must(t, k.UnmarshalJSON(stored.Data))
	a1, _ := kit.ParseSlot("A1")
	j16, _ := kit.ParseSlot("J16")
	if p := k.Pad(a1); p.SampleID != kick.ID || p.Settings.Get(kit.Volume) != 64 || p.Settings.Get(kit.Pitch) != -3 {
		t.Errorf("A1: %+v", p)
	}
	if k.Pad(j16).SampleID != snare.ID || len(k.Filled()) != 3 {
		t.Errorf("filled: %v", k.Filled())
	}
	var problems []string
	for _, p := range sum.Problems {
		problems = append(problems, p.Path+": "+p.Reason)
	}
	for _, want := range []string{"lost.wav: the file is not there", "kit Live set, pad A1: two samples", "pad K1", "pad B1: its sample did not", "pitch +40", "collection Fast: its rules", "collection Orphan", "tags of hat.wav: no list"} {
		if !strings.Contains(strings.Join(problems, "\n"), want) {
			t.Errorf("no word of %q in:\n%s", want, strings.Join(problems, "\n"))
		}
	}
	// Again: nothing twice, and the file is as it was.
	again, err := Bring(ctx, db, old, Options{Roots: []string{root}})
	must(t, err)
	if again.Collections != 0 || again.Kits != 0 || again.Brought != 3 {
		t.Errorf("again: %+v", again)
	}
	if c, _ := db.Counts(ctx); c.Total != 3 {
		t.Errorf("%+v", c)
	}
	if after, err := os.ReadFile(old); err != nil || string(after) != string(before) {
		t.Error("the earlier library was written to")
	}
}

func TestADumpComesOver(t *testing.T) {
	root := sounds(t, "a b.wav")
	dump := "--\n-- PostgreSQL database dump\n--\nSET x = 1;\n" +
		"COPY public.users (id, email) FROM stdin;\n1\tme\\tyou\n\\.\n\n" +
		"COPY public.samples (id, title, file_path, tags, genre) FROM stdin;\n1\tTab\\there \\\\ back\t" + strings.ReplaceAll(root, `\`, `\\`) + "/a b.wav\t[\"x\"]\t\\N\n\\.\n" +
		"COPY public.collections (id, name, is_smart) FROM stdin;\n7\tC\tf\n\\.\nCOPY public.collection_samples (collection_id, sample_id, \"order\") FROM stdin;\n7\t1\t0\n\\.\n"
	path := filepath.Join(t.TempDir(), "dump.sql")
	must(t, os.WriteFile(path, []byte(dump), 0o644))
	db := openNew(t)
	sum, err := Bring(t.Context(), db, path, Options{})
	must(t, err)
	s, err := db.SampleByPath(t.Context(), filepath.Join(root, "a b.wav"))
	must(t, err)
	if sum.Brought != 1 || s.Name != "Tab\there \\ back" || !slices.Equal(s.Tags, []string{"x"}) || sum.Collections != 1 || len(sum.Problems) != 0 {
		t.Errorf("%+v\n%+v", s, sum)
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.db")
	raw, err := sql.Open("sqlite3", other)
	must(t, err)
	_, err = raw.Exec(`CREATE TABLE recipes (name TEXT)`)
	must(t, err)
	must(t, raw.Close())
	text := filepath.Join(dir, "letter.txt")
	must(t, os.WriteFile(text, []byte("dear all, this is no dump at all"), 0o644))
	empty := filepath.Join(dir, "empty")
	must(t, os.WriteFile(empty, nil, 0o644))
	db := openNew(t)
	for _, path := range []string{other, text, empty} {
		if _, err := Bring(t.Context(), db, path, Options{}); !errors.Is(err, ErrNotEarlier) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func FuzzDump(f *testing.F) {
	f.Add("COPY public.samples (id, title) FROM stdin;\n1\tx\\ty\n\\.\n")
	f.Add("COPY samples (\"id\") FROM stdin;\n\\N\n")
	f.Fuzz(func(t *testing.T, in string) {
		out, err := readDump(t.Context(), strings.NewReader(in))
		if err == nil {
			for name := range out {
				if name != "" && !slices.Contains(tables, name) {
					t.Fatalf("table %q came out of nowhere", name)
				}
			}
		}
	})
}
