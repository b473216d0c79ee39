//go:build sqlite_fts5 || fts5

package catalog

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sampleagent/audio/analysis"

	"github.com/google/go-cmp/cmp"
)

func TestSamplesComeInTheOrderAsked(t *testing.T) {
	db := openNew(t)
	rows := add(t, db, "a.wav", "b.wav", "c.wav")
	ask := []Row{rows[2], rows[0], 999, rows[2]}
	got, err := db.Samples(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range got {
		names = append(names, s.Name)
	}
	if want := []string{"c.wav", "a.wav", "c.wav"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestStoreFillsTheSample(t *testing.T) {
	db := openNew(t)
	rows := add(t, db, "Loop.wav")
	store(t, db, rows...)
	got, err := db.SampleByPath(t.Context(), "/sounds/Loop.wav")
	if err != nil {
		t.Fatal(err)
	}
	want := Sample{Row: rows[0], ID: got.ID, Path: "/sounds/Loop.wav", Name: "Loop.wav", Size: 100, ModTime: time.Unix(1700000000, 0), AddedAt: got.AddedAt,
		SHA256: "aa/sounds/Loop.wav", State: Analysed, Format: "wav", Rate: 44100, Channels: 2, BitDepth: 24, Frames: 88200, Duration: 2,
		Kind: analysis.LoopKind, Class: "drums", ClassConf: 0.8, BPM: 120, BPMConf: 0.9, BPMSource: analysis.FromSound,
		Key: "A minor", KeyConf: 0.7, KeySource: analysis.FromSound, LUFS: ptr(-14.5), PeakDBFS: ptr(-0.5), Beats: 4, Overview: []byte{1, 255}, Engine: "test-1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(got.ID) != 36 || time.Since(got.AddedAt) > time.Minute {
		t.Errorf("id %q, added %v", got.ID, got.AddedAt)
	}
	rep, err := db.Report(t.Context(), rows[0])
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(loopReport("/sounds/Loop.wav"), rep); d != "" {
		t.Error(d)
	}
}

func TestAFailedFileKeepsItsReason(t *testing.T) {
	db := openNew(t)
	rows := add(t, db, "bad.wav")
	reason := "decode /sounds/bad.wav: no sound in it"
	if err := db.Store(t.Context(), []Analysis{{Row: rows[0], Report: &analysis.Report{Error: &reason}}}); err != nil {
		t.Fatal(err)
	}
	s, err := db.Sample(t.Context(), rows[0])
	if err != nil || s.State != Failed || s.Error != reason {
		t.Errorf("%+v, %v", s, err)
	}
	c, err := db.Counts(t.Context())
	if err != nil || c != (Counts{Total: 1, Failed: 1}) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAPersonsValueWinsAndCanBeReverted(t *testing.T) {
	db := openNew(t)
	rows := add(t, db, "Loop.wav")
	store(t, db, rows...)
	ctx := t.Context()
	for f, v := range map[Field]string{FieldBPM: "87,5", FieldKey: "gbm", FieldKind: "music", FieldClass: "Bass", FieldName: "My loop"} {
		if err := db.SetField(ctx, rows, f, v); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
	check := func(when string) {
		t.Helper()
		s, err := db.Sample(ctx, rows[0])
		if err != nil {
			t.Fatal(err)
		}
		if s.BPM != 87.5 || s.BPMSource != analysis.FromHand || s.Key != "F# minor" || s.Kind != analysis.Music || s.Class != "bass" || s.Name != "My loop" || len(s.ByHand) != 5 {
			t.Errorf("%s: %+v", when, s)
		}
	}
	check("after typing")
	if got := texts(t, db, `"f minor"`); len(got) != 1 {
		t.Error("the typed key is not found by text")
	}
	store(t, db, rows...)
	check("after another analysis")
	if err := db.MoveFiles(ctx, []Move{{Row: rows[0], To: "/elsewhere/x.wav"}}); err != nil {
		t.Fatal(err)
	}
	check("after a move")
	values, err := db.Values(ctx, rows[0])
	if err != nil {
		t.Fatal(err)
	}
	if v := values[0]; v.Field != FieldBPM || v.Found != "120" || *v.Typed != "87.5" || v.Source != analysis.FromSound {
		t.Errorf("values: %+v", v)
	}
	if err := db.ScaleTempo(ctx, rows, 2); err != nil {
		t.Fatal(err)
	}
	if s, _ := db.Sample(ctx, rows[0]); s.BPM != 175 {
		t.Errorf("double time: %v", s.BPM)
	}
	if err := db.ScaleTempo(ctx, rows, 4); !errors.Is(err, ErrOutOfRange) {
		t.Errorf("700 BPM: %v", err)
	}
	for _, f := range Fields {
		if err := db.Revert(ctx, rows, f); err != nil {
			t.Fatal(err)
		}
	}
	s, err := db.Sample(ctx, rows[0])
	if err != nil || s.BPM != 120 || s.BPMSource != analysis.FromSound || s.Key != "A minor" || s.Name != "x.wav" || len(s.ByHand) != 0 {
		t.Errorf("after reverting: %+v, %v", s, err)
	}
}

func TestValuesOutOfRangeAreRefused(t *testing.T) {
	db := openNew(t)
	rows := add(t, db, "a.wav")
	for f, v := range map[Field]string{FieldBPM: "fast", FieldKey: "H", FieldKind: "song", FieldName: " ", "colour": "red"} {
		if err := db.SetField(t.Context(), rows, f, v); err == nil {
			t.Errorf("%s %q was taken", f, v)
		}
	}
	for _, v := range []string{"19", "401", "NaN", "Inf", "-90"} {
		if err := db.SetField(t.Context(), rows, FieldBPM, v); !errors.Is(err, ErrOutOfRange) {
			t.Errorf("tempo %s: %v", v, err)
		}
	}
	if err := db.SetRating(t.Context(), rows, 6); !errors.Is(err, ErrOutOfRange) {
		t.Errorf("6 stars: %v", err)
	}
}

// Between an edit and its undo others change the same samples: a sync, or another program.
func TestAnUndoLeavesWhatOthersChanged(t *testing.T) {
	db := openNew(t)
	ctx := t.Context()
	rows := add(t, db, "a.wav")
	store(t, db, rows...)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	snap := func() Snapshot {
		t.Helper()
		s, err := db.Snapshot(ctx, rows)
		must(err)
		return s
	}
	must(db.AddTags(ctx, rows, "old"))
	before := snap()
	must(db.SetRating(ctx, rows, 3))
	must(db.RemoveTags(ctx, rows, "old"))
	must(db.AddTags(ctx, rows, "mine"))
	must(db.SetField(ctx, rows, FieldBPM, "99"))
	after := snap()
	must(db.SetNote(ctx, rows, "theirs"))
	must(db.AddTags(ctx, rows, "theirs"))
	must(db.SetField(ctx, rows, FieldKey, "D minor"))
	must(db.SetFavourite(ctx, rows, true))
	must(db.Restore(ctx, after, before))
	check := func(rating int, bpm float64, tags ...string) {
		t.Helper()
		s, err := db.Sample(ctx, rows[0])
		must(err)
		if s.Rating != rating || s.BPM != bpm || !slices.Equal(s.Tags, tags) || s.Note != "theirs" || s.Key != "D minor" || !s.Favourite {
			t.Errorf("%d stars, %g BPM, %s, tags %v, note %q, favourite %v", s.Rating, s.BPM, s.Key, s.Tags, s.Note, s.Favourite)
		}
	}
	check(0, 120, "old", "theirs")
	must(db.Restore(ctx, before, after))
	check(3, 99, "mine", "theirs")
}

func TestSnapshotUndoesEveryEdit(t *testing.T) {
	db := openNew(t)
	ctx := t.Context()
	rows := add(t, db, "a.wav", "b.wav")
	store(t, db, rows...)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.AddTags(ctx, rows[:1], "old"))
	must(db.SetField(ctx, rows[:1], FieldBPM, "99"))
	before, err := db.Samples(ctx, rows)
	must(err)
	snap, err := db.Snapshot(ctx, rows)
	must(err)
	must(db.RemoveTags(ctx, rows, "old"))
	must(db.AddTags(ctx, rows, "new", "dusty"))
	must(db.SetField(ctx, rows, FieldBPM, "140"))
	must(db.SetField(ctx, rows, FieldName, "renamed"))
	must(db.SetRating(ctx, rows, 4))
	must(db.SetFavourite(ctx, rows, true))
	must(db.SetNote(ctx, rows, "cymbalom"))
	must(db.SetSource(ctx, rows, Source{Artist: "Zoltan"}))
	after, err := db.Snapshot(ctx, rows)
	must(err)
	if len(texts(t, db, "cymbalom")) != 2 || len(texts(t, db, "dusty zoltan")) != 2 {
		t.Error("edits are not in the full text")
	}
	must(db.Restore(ctx, after, snap))
	undone, err := db.Samples(ctx, rows)
	must(err)
	if d := cmp.Diff(before, undone); d != "" {
		t.Error("undo:", d)
	}
	if len(texts(t, db, "cymbalom"))+len(texts(t, db, "dusty"))+len(texts(t, db, "zoltan")) != 0 {
		t.Error("undone edits are still in the full text")
	}
	must(db.Restore(ctx, snap, after))
	redone, err := db.Samples(ctx, rows)
	must(err)
	if redone[1].Name != "renamed" || redone[1].Rating != 4 || !slices.Equal(redone[1].Tags, []string{"dusty", "new"}) {
		t.Errorf("redo: %+v", redone[1])
	}
}

func TestMissingAndFound(t *testing.T) {
	db := openNew(t)
	rows := add(t, db, "a.wav", "b.wav", "c.wav")
	store(t, db, rows[0])
	reason := "bad"
	if err := db.Store(t.Context(), []Analysis{{Row: rows[1], Report: &analysis.Report{Error: &reason}}}); err != nil {
		t.Fatal(err)
	}
	if err := db.SetMissing(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if c, _ := db.Counts(t.Context()); c.Missing != 3 {
		t.Errorf("%+v", c)
	}
	if err := db.SetFound(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	got, _ := db.Samples(t.Context(), rows)
	for i, want := range []State{Analysed, Failed, Listed} {
		if got[i].State != want {
			t.Errorf("%s came back as %s, want %s", got[i].Name, got[i].State, want)
		}
	}
}

func TestRemovedSamplesLeaveNothing(t *testing.T) {
	db := openNew(t)
	rows := add(t, db, "kick.wav", "kick2.wav")
	store(t, db, rows...)
	if err := db.AddTags(t.Context(), rows, "x"); err != nil {
		t.Fatal(err)
	}
	if err := db.Remove(t.Context(), rows[:1]); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, db, "kick*"); !slices.Equal(got, rows[1:]) {
		t.Errorf("full text holds %v", got)
	}
	for _, table := range []string{"samples", "features", "reports", "waveforms", "embeddings", "sample_tags", "sources"} {
		var n int
		if err := db.r.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil || n != 1 {
			t.Errorf("%s holds %d rows, %v", table, n, err)
		}
	}
	if v, err := db.Vectors(t.Context()); err != nil || !slices.Equal(v.Rows, rows[1:]) {
		t.Errorf("vectors: %v, %v", v, err)
	}
	again := add(t, db, "kick.wav")
	if again[0] <= rows[1] {
		t.Errorf("row %d was used again", again[0])
	}
}

func TestPathsMayHoldAnyBytes(t *testing.T) {
	db := openNew(t)
	name := "od\xff\xfe'd %_ \"x\".wav"
	rows := add(t, db, name)
	s, err := db.SampleByPath(t.Context(), "/sounds/"+name)
	if err != nil || s.Row != rows[0] || s.Path != "/sounds/"+name || s.Name != "od�'d %_ \"x\".wav" {
		t.Errorf("%+v, %v", s, err)
	}
}
