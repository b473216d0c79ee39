//go:build sqlite_fts5 || fts5

package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/library/catalog"
)

// TestKeptAnswersFollowEveryChange asks the same after random changes, once with what was kept of
// earlier answers and once with nothing kept.
func TestKeptAnswersFollowEveryChange(t *testing.T) {
	db, _ := filled(t, 200)
	ctx := t.Context()
	queries := []string{"", "-nothing", "has:sound | -has:sound", "kick", "k", "loop", "name:renamed", "tag:dusty", "tag:du*", "-tag:dusty", "bpm:60-140", "-bpm:60-140", "key:Am~", "kind:loop", "class:k*",
		"rating:>=3", "is:favourite", "is:missing", "is:waiting", "is:edited", "is:duplicate", "has:note", "has:tags", "has:collection", "has:licence", "note:chorus",
		"licence:cc*", "source:bach", "centroid:>2k", "path:moved", "in:Mine", "in:Smart", "played:today", "rating:5 | kick -loop"}
	collections, err := db.Collections(ctx)
	must(t, err)
	mine := collections[slices.IndexFunc(collections, func(c catalog.Collection) bool { return c.Name == "Mine" })].ID
	var out []catalog.Taken
	files := 0
	changes := map[string]func(t *rapid.T, some []catalog.Row) error{
		"rating": func(t *rapid.T, some []catalog.Row) error {
			return db.SetRating(ctx, some, rapid.IntRange(0, 5).Draw(t, "stars"))
		},
		"favourite": func(t *rapid.T, some []catalog.Row) error {
			return db.SetFavourite(ctx, some, rapid.Bool().Draw(t, "on"))
		},
		"note": func(t *rapid.T, some []catalog.Row) error {
			return db.SetNote(ctx, some, rapid.SampledFrom([]string{"", "chorus"}).Draw(t, "note"))
		},
		"tempo": func(t *rapid.T, some []catalog.Row) error {
			return db.SetField(ctx, some, catalog.FieldBPM, rapid.SampledFrom([]string{"61", "90", "170"}).Draw(t, "bpm"))
		},
		"name": func(t *rapid.T, some []catalog.Row) error {
			return db.SetField(ctx, some, catalog.FieldName, rapid.SampledFrom([]string{"AAA renamed", "kick 7", "zz"}).Draw(t, "name"))
		},
		"found again": func(_ *rapid.T, some []catalog.Row) error { return db.Revert(ctx, some, catalog.FieldBPM) },
		"tagged":      func(_ *rapid.T, some []catalog.Row) error { return db.AddTags(ctx, some, "dusty") },
		"untagged":    func(_ *rapid.T, some []catalog.Row) error { return db.RemoveTags(ctx, some, "dusty") },
		"source": func(t *rapid.T, some []catalog.Row) error {
			return db.SetSource(ctx, some, catalog.Source{Artist: "Bach", Licence: rapid.SampledFrom([]string{"", "cc_by"}).Draw(t, "licence")})
		},
		"missing": func(_ *rapid.T, some []catalog.Row) error { return db.SetMissing(ctx, some) },
		"back":    func(_ *rapid.T, some []catalog.Row) error { return db.SetFound(ctx, some) },
		"again":   func(_ *rapid.T, some []catalog.Row) error { return db.Reanalyse(ctx, some) },
		"played":  func(_ *rapid.T, some []catalog.Row) error { return db.Played(ctx, some[0]) },
		"moved": func(_ *rapid.T, some []catalog.Row) error {
			files++
			return db.MoveFiles(ctx, []catalog.Move{{Row: some[0], To: fmt.Sprintf("/moved/%d kick.wav", files)}})
		},
		"listed": func(_ *rapid.T, _ []catalog.Row) error {
			files++
			_, err := db.List(ctx, "", []catalog.NewFile{{Path: fmt.Sprintf("/new/kick %d.wav", files), Tags: []string{"dusty"}}})
			return err
		},
		"same bytes": func(_ *rapid.T, some []catalog.Row) error {
			if _, err := db.Original(ctx, some[0]); errors.Is(err, catalog.ErrNotFound) {
				return nil // not analysed: nothing to copy
			}
			files++
			added, err := db.List(ctx, "", []catalog.NewFile{{Path: fmt.Sprintf("/copy/%d.wav", files)}})
			if err != nil {
				return err
			}
			return db.Store(ctx, []catalog.Analysis{{Row: added[0], CopyFrom: some[0]}})
		},
		"collected": func(_ *rapid.T, some []catalog.Row) error { return db.AddToCollection(ctx, mine, some) },
		"taken out": func(_ *rapid.T, some []catalog.Row) error {
			taken, err := db.TakeOut(ctx, some)
			out = append(out, taken)
			return err
		},
		"put back": func(_ *rapid.T, _ []catalog.Row) error {
			if len(out) == 0 {
				return nil
			}
			last := out[len(out)-1]
			out = out[:len(out)-1]
			return db.PutBack(ctx, last)
		},
	}
	var names []string
	for name := range changes {
		names = append(names, name)
	}
	slices.Sort(names)
	ask := func(t *rapid.T, in string, s Sort) []catalog.Row {
		q, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Run(ctx, db, q, s, 0)
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		return got
	}
	rapid.Check(t, func(t *rapid.T) {
		in, by := rapid.SampledFrom(queries), rapid.SampledFrom(Orders())
		type question struct {
			in   string
			sort Sort
		}
		asked := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) question {
			return question{in.Draw(t, "query"), Sort{by.Draw(t, "by"), rapid.Bool().Draw(t, "down")}}
		}), 1, 6).Draw(t, "questions")
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			for _, q := range asked {
				ask(t, q.in, q.sort)
			}
			all, err := db.All(ctx)
			if err != nil {
				t.Fatal(err)
			}
			name := rapid.SampledFrom(names).Draw(t, "change")
			if err := changes[name](t, rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 5, rapid.ID).Draw(t, "some")); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		kept := make([][]catalog.Row, len(asked))
		for i, q := range asked {
			kept[i] = ask(t, q.in, q.sort)
		}
		if got, want := ask(t, "is:duplicate", Sort{By: Import}), doubles(t, db); !slices.Equal(got, want) {
			t.Fatalf("is:duplicate: %v, of the same bytes are %v", got, want)
		}
		db.Forget(true)
		for i, q := range asked {
			if fresh := ask(t, q.in, q.sort); !slices.Equal(kept[i], fresh) {
				t.Fatalf("%q by %q: with what was kept %v, anew %v", q.in, q.sort.By, kept[i], fresh)
			}
		}
	})
}

// doubles are the samples that share their bytes with another one, in the order of import.
func doubles(t *rapid.T, db *catalog.DB) (out []catalog.Row) {
	all, err := db.All(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	samples, err := db.Samples(context.Background(), all)
	if err != nil {
		t.Fatal(err)
	}
	having := map[string]int{}
	for _, s := range samples {
		having[s.SHA256]++
	}
	for _, s := range samples {
		if s.SHA256 != "" && having[s.SHA256] > 1 {
			out = append(out, s.Row)
		}
	}
	slices.Sort(out)
	return out
}
