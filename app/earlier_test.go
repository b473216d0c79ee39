package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"sampleagent/app/task"
	"sampleagent/library/ingest/earlier"
)

func TestAnEarlierLibraryComesOverAsATask(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	music := t.TempDir()
	tone(t, filepath.Join(music, "Bass.wav"), 0.3, 110)
	dump := filepath.Join(t.TempDir(), "old.sql")
	text := "COPY public.samples (id, title, file_path, tags) FROM stdin;\n1\tDeep\t/elsewhere/Bass.wav\t[\"dusty\"]\n2\tGone\t/elsewhere/gone.wav\t\\N\n\\.\n" +
		"COPY public.collections (id, name, is_smart) FROM stdin;\n7\tLow end\tf\n\\.\nCOPY public.collection_samples (collection_id, sample_id, \"order\") FROM stdin;\n7\t1\t0\n\\.\n"
	if err := os.WriteFile(dump, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	id, err := a.BringEarlier(dump, music)
	if err != nil {
		t.Fatal(err)
	}
	st, err := a.tasks.Wait(ctx, id)
	if err != nil || st.State != task.Done || st.Summary != "1 of 2 samples, 1 collection and 0 kits came over. 1 thing did not come over whole." {
		t.Fatalf("%+v, %v", st, err)
	}
	if sum, ok := st.Result.(earlier.Summary); !ok || sum.Brought != 1 || st.FailureCount != 1 || st.Failures[0].Item != "/elsewhere/gone.wav" {
		t.Errorf("%+v", st)
	}
	s, err := a.db.SampleByPath(ctx, filepath.Join(music, "Bass.wav"))
	if err != nil || s.Name != "Deep" || len(s.Tags) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if id, err = a.BringEarlier(filepath.Join(music, "Bass.wav")); err != nil {
		t.Fatal(err)
	}
	if st, _ = a.tasks.Wait(ctx, id); st.State != task.Failed {
		t.Errorf("a sound passed for a library: %+v", st)
	}
}
