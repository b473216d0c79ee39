package catalog

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sampleagent/audio/analysis"
)

func TestWhatIsTakenOutComesBackAsItWas(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, filepath.Join(t.TempDir(), "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.List(ctx, "test", []NewFile{{Path: "/a/kick.wav", Size: 1, ModTime: time.Unix(1, 0)}, {Path: "/a/snare.wav", Size: 2, ModTime: time.Unix(2, 0)}})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	bpm, sure, source := 90.0, 0.9, analysis.FromSound
	must(db.Store(ctx, []Analysis{{Row: rows[0], Report: &analysis.Report{Path: "/a/kick.wav", OK: true, BPM: &bpm, BPMConfidence: &sure, BPMSource: &source}, Embedding: []float32{1, 0}, Overview: []byte{1, 2}, Peaks: []byte("peaks")}}))
	must(db.SetField(ctx, rows, FieldKey, "Am"))
	must(db.AddTags(ctx, rows, "dusty"))
	must(db.SetNote(ctx, rows, "attic"))
	parent, err := db.NewCollection(ctx, "", "Drums", nil)
	must(err)
	child, err := db.NewCollection(ctx, parent.ID, "Kicks", nil)
	must(err)
	must(db.AddToCollection(ctx, child.ID, []Row{rows[1], rows[0]}))

	look := func() any {
		samples, err := db.Samples(ctx, rows)
		must(err)
		reps := []any{}
		for _, s := range samples {
			values, err := db.Values(ctx, s.Row)
			must(err)
			peaks, err := db.Peaks(ctx, s.Row)
			must(err)
			for i := range values {
				values[i].TypedAt = time.Time{}
			}
			reps = append(reps, s, values, peaks)
		}
		all, err := db.Collections(ctx)
		must(err)
		in, err := db.CollectionRows(ctx, child.ID)
		must(err)
		found, err := db.Rows(ctx, `SELECT rowid AS row FROM sample_fts WHERE sample_fts MATCH 'dusty AND attic'`)
		must(err)
		return []any{reps, all, in, found}
	}
	before := look()

	gone, err := db.TakeOut(ctx, rows)
	must(err)
	if c, _ := db.Counts(ctx); c.Total != 0 {
		t.Fatalf("%d samples left", c.Total)
	}
	must(db.PutBack(ctx, gone))
	if d := cmp.Diff(before, look()); d != "" {
		t.Errorf("samples came back otherwise:\n%s", d)
	}
	if err := db.PutBack(ctx, gone); !errors.Is(err, ErrExists) {
		t.Errorf("put back twice: %v", err)
	}

	taken, err := db.TakeOutCollection(ctx, parent.ID)
	must(err)
	if all, _ := db.Collections(ctx); len(all) != 0 {
		t.Fatalf("%d collections left", len(all))
	}
	must(db.PutBack(ctx, taken))
	if d := cmp.Diff(before, look()); d != "" {
		t.Errorf("collections came back otherwise:\n%s", d)
	}
	// A sample that is gone when its collection comes back is left out.
	taken, err = db.TakeOutCollection(ctx, parent.ID)
	must(err)
	must(db.Remove(ctx, rows[1:]))
	must(db.PutBack(ctx, taken))
	if in, _ := db.CollectionRows(ctx, child.ID); len(in) != 1 {
		t.Errorf("members %v", in)
	}
	if bad, err := db.IntegrityCheck(ctx); err != nil || len(bad) > 0 {
		t.Errorf("the library is damaged: %v %v", bad, err)
	}
	if _, err := db.TakeOutCollection(ctx, "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}
