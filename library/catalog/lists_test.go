//go:build sqlite_fts5 || fts5

package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestTagsIgnoreCaseAndAreForgotten(t *testing.T) {
	db := openNew(t)
	ctx := t.Context()
	rows := add(t, db, "a.wav", "b.wav")
	if err := db.AddTags(ctx, rows, "Dusty", "dusty", "  lo   fi ", ""); err != nil {
		t.Fatal(err)
	}
	tags, err := db.Tags(ctx)
	if err != nil || !slices.Equal(tags, []Tag{{"Dusty", 2}, {"lo fi", 2}}) {
		t.Errorf("%v, %v", tags, err)
	}
	if err := db.RemoveTags(ctx, rows[:1], "LO FI"); err != nil {
		t.Fatal(err)
	}
	if tags, _ = db.Tags(ctx); !slices.Equal(tags, []Tag{{"Dusty", 2}, {"lo fi", 1}}) {
		t.Errorf("after removing from one sample: %v", tags)
	}
	if err := db.RemoveTags(ctx, rows, "dusty", "lo fi"); err != nil {
		t.Fatal(err)
	}
	if tags, _ = db.Tags(ctx); len(tags) != 0 {
		t.Errorf("tags without samples are still listed: %v", tags)
	}
}

func TestCollectionsNestAndKeepTheirOrder(t *testing.T) {
	db := openNew(t)
	ctx := t.Context()
	rows := add(t, db, "a.wav", "b.wav", "c.wav")
	drums, err := db.NewCollection(ctx, "", "Drums", nil)
	if err != nil {
		t.Fatal(err)
	}
	kicks, err := db.NewCollection(ctx, drums.ID, "Kicks", nil)
	if err != nil {
		t.Fatal(err)
	}
	smart, err := db.NewCollection(ctx, "", "Fast", ptr("bpm:140-180"))
	if err != nil || !smart.Smart() {
		t.Fatal(err)
	}
	if _, err := db.NewCollection(ctx, "", "drums", nil); !errors.Is(err, ErrExists) {
		t.Errorf("a twin: %v", err)
	}
	if _, err := db.NewCollection(ctx, "nobody", "x", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("an orphan: %v", err)
	}
	into := drums
	into.Parent = kicks.ID
	if err := db.SetCollection(ctx, into); !errors.Is(err, ErrNotPossible) {
		t.Errorf("a circle: %v", err)
	}
	smart.Position = 0
	if err := db.SetCollection(ctx, smart); err != nil {
		t.Fatal(err)
	}
	names := func() (out []string) {
		all, err := db.Collections(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			out = append(out, c.Name)
		}
		return out
	}
	if got := names(); !slices.Equal(got, []string{"Fast", "Drums", "Kicks"}) {
		t.Errorf("order: %v", got)
	}
	if err := db.AddToCollection(ctx, kicks.ID, []Row{rows[2], rows[0]}); err != nil {
		t.Fatal(err)
	}
	if err := db.AddToCollection(ctx, kicks.ID, []Row{rows[0], rows[1]}); err != nil {
		t.Fatal(err)
	}
	if got, _ := db.CollectionRows(ctx, kicks.ID); !slices.Equal(got, []Row{rows[2], rows[0], rows[1]}) {
		t.Errorf("content: %v", got)
	}
	if _, _, err := db.EditMembers(ctx, kicks.ID, func([]Row) []Row { return []Row{rows[1], rows[2]} }); err != nil {
		t.Fatal(err)
	}
	if got, _ := db.CollectionRows(ctx, kicks.ID); !slices.Equal(got, []Row{rows[1], rows[2]}) {
		t.Errorf("new order: %v", got)
	}
	if err := db.AddToCollection(ctx, smart.ID, rows); !errors.Is(err, ErrNotPossible) {
		t.Errorf("filling a smart one: %v", err)
	}
	if _, err := db.TakeOutCollection(ctx, drums.ID); err != nil {
		t.Fatal(err)
	}
	if got := names(); !slices.Equal(got, []string{"Fast"}) {
		t.Errorf("after removing: %v", got)
	}
}

func TestKitsHoldOneSampleAPad(t *testing.T) {
	db := openNew(t)
	ctx := t.Context()
	k := Kit{ID: "k1", Name: "Set", Data: json.RawMessage(`{"tempo":90}`), Pads: []Pad{{Bank: 0, Pad: 3, SampleID: "s1"}, {Bank: 9, Pad: 15, SampleID: "s2", Data: json.RawMessage(`{"gate":true}`)}}}
	if err := db.PutKit(ctx, k); err != nil {
		t.Fatal(err)
	}
	got, err := db.Kit(ctx, "set")
	if err != nil || got.ID != "k1" || len(got.Pads) != 2 || string(got.Pads[1].Data) != `{"gate":true}` || string(got.Data) != `{"tempo":90}` {
		t.Errorf("%+v, %v", got, err)
	}
	k.Pads = append(k.Pads, Pad{Bank: 0, Pad: 3, SampleID: "s3"})
	if err := db.PutKit(ctx, k); !errors.Is(err, ErrExists) {
		t.Errorf("two samples on one pad: %v", err)
	}
	k.Pads = []Pad{{Bank: 10, Pad: 0, SampleID: "s"}}
	if err := db.PutKit(ctx, k); err == nil {
		t.Error("bank K was taken")
	}
	if got, _ := db.Kit(ctx, "k1"); len(got.Pads) != 2 {
		t.Errorf("a refused kit changed the old one: %+v", got)
	}
	if err := db.PutKit(ctx, Kit{ID: "k2", Name: "Set"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Kit(ctx, "Set"); !errors.Is(err, ErrNotPossible) {
		t.Errorf("a name of two kits: %v", err)
	}
	if err := db.RemoveKit(ctx, "k1"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Kit(ctx, "k1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a removed kit: %v", err)
	}
}

func TestJobsSurviveARestart(t *testing.T) {
	db := openNew(t)
	ctx := t.Context()
	clock := time.UnixMilli(1_700_000_000_000)
	db.now = func() time.Time { return clock }
	first, err := db.AddJob(ctx, "import", `{"roots":["/a"]}`)
	if err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(time.Second)
	second, err := db.AddJob(ctx, "import", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	state := func(want JobState, attempts int) Job {
		t.Helper()
		j, err := db.Job(ctx, first.ID)
		if err != nil || j.State != want || j.Attempts != attempts {
			t.Fatalf("%+v, %v; want %s after %d attempts", j, err, want, attempts)
		}
		return j
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.StartJob(ctx, first.ID))
	if j := state(JobProcessing, 1); j.Payload != `{"roots":["/a"]}` || !j.StartedAt.Equal(clock) {
		t.Errorf("started: %+v", j)
	}
	must(db.JobProgress(ctx, first.ID, "analysing", 10, 4, 1))
	must(db.RetryJob(ctx, first.ID, clock.Add(time.Minute), errors.New("offline")))
	if j := state(JobPending, 1); j.Done != 4 || j.Error != "offline" || !j.NotBefore.Equal(clock.Add(time.Minute)) {
		t.Errorf("put back: %+v", j)
	}
	unfinished := func(want ...string) {
		t.Helper()
		jobs, err := db.UnfinishedJobs(ctx, "import")
		got := []string{}
		for _, j := range jobs {
			got = append(got, j.ID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("unfinished: %v, %v; want %v", got, err, want)
		}
	}
	unfinished(first.ID, second.ID)
	must(db.StartJob(ctx, first.ID))
	state(JobProcessing, 2)
	must(db.EndJob(ctx, first.ID, JobCompleted, `{"n":1}`, nil))
	state(JobCompleted, 2)
	unfinished(second.ID)
	if err := db.StartJob(ctx, first.ID); !errors.Is(err, ErrNotPossible) {
		t.Errorf("a completed job was started: %v", err)
	}
	if err := db.StartJob(ctx, "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a job that is not there: %v", err)
	}
}

func TestWatchMergesWhatNobodyTook(t *testing.T) {
	db := openNew(t)
	ctx, cancel := context.WithCancel(t.Context())
	changes := db.Watch(ctx)
	rows := add(t, db, "a.wav")
	more := add(t, db, "b.wav")
	if err := db.SetRating(t.Context(), rows, 3); err != nil {
		t.Fatal(err)
	}
	c := <-changes
	if !slices.Equal(c.Added, append(rows, more...)) || !slices.Equal(c.Updated, rows) || c.Many {
		t.Errorf("%+v", c)
	}
	cancel()
	for range changes { // closes, or the test hangs
	}
	ctx2 := t.Context()
	if _, open := <-func() <-chan Change { db.feed.close(); return db.Watch(ctx2) }(); open {
		t.Error("a closed library still reports")
	}
}

func TestPollSeesOtherPrograms(t *testing.T) {
	db := openNew(t)
	if _, err := db.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, db, "mine.wav")
	if seen, err := db.Poll(t.Context()); err != nil || seen {
		t.Errorf("own change reported: %v, %v", seen, err)
	}
	other, err := Open(t.Context(), db.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	add(t, other, "theirs.wav")
	if seen, err := db.Poll(t.Context()); err != nil || !seen {
		t.Errorf("change of another program: %v, %v", seen, err)
	}
}

func TestFailuresAreClearedByFolder(t *testing.T) {
	db := openNew(t)
	ctx := t.Context()
	if err := db.PutFailures(ctx, nil, []Failure{{Path: "/a/b/c", Reason: "x"}, {Path: "/a/bc", Reason: "y"}, {Path: "/a/b", Reason: "z"}}); err != nil {
		t.Fatal(err)
	}
	if err := db.PutFailures(ctx, []string{"/a/b"}, nil); err != nil {
		t.Fatal(err)
	}
	all, err := db.Failures(ctx)
	if err != nil || len(all) != 1 || all[0].Path != "/a/bc" {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestAttribution(t *testing.T) {
	for _, c := range []struct {
		s    Source
		want string
	}{
		{Source{}, ""},
		{Source{Artist: "A", Album: "B", ReleaseDate: "1972-05-01"}, "A – 'B' – (1972)"},
		{Source{Artist: "A", Licence: "cc_by"}, "A, CC BY"},
		{Source{Artist: "A", Attribution: "typed"}, "typed"},
	} {
		if got := c.s.AttributionText(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.s, got, c.want)
		}
	}
}
