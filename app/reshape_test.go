package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/edit"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
)

// imported brings one file into the library and gives its row.
func imported(t *testing.T, a *App, path string) catalog.Row {
	t.Helper()
	if _, err := a.ImportNow(context.Background(), []string{path}, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	s, err := a.db.SampleByPath(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s.Row
}

func decoded(t *testing.T, path string) *pcm.Buffer {
	t.Helper()
	c, err := codec.DecodeFile(context.Background(), path, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return &c.Audio
}

func TestAnEditIsANewFileAndCanBeUndone(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	path := tone(t, filepath.Join(t.TempDir(), "Tone.wav"), 1, 220)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	row := imported(t, a, path)
	if err := a.AddTags(ctx, []catalog.Row{row}, "dusty"); err != nil {
		t.Fatal(err)
	}
	if err := a.SetSource(ctx, []catalog.Row{row}, catalog.Source{Artist: "Somebody", Licence: "cc_by"}); err != nil {
		t.Fatal(err)
	}

	rows, err := a.Reshape(ctx, row, []edit.Recipe{{From: 0.25, To: 0.75, Reverse: true}})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	made, err := a.db.Sample(ctx, rows[0])
	if err != nil {
		t.Fatal(err)
	}
	if made.Name != "Tone trim reverse.wav" || made.State != catalog.Analysed || made.BitDepth != 16 || made.Duration < 0.49 || made.Duration > 0.51 {
		t.Errorf("%+v", made)
	}
	if len(made.Tags) != 1 || made.Tags[0] != "dusty" {
		t.Errorf("tags %v", made.Tags)
	}
	if src, err := a.db.Source(ctx, rows[0]); err != nil || src.Artist != "Somebody" || src.Licence != "cc_by" || src.OriginalFilename != "Tone.wav" {
		t.Errorf("source %+v, %v", src, err)
	}
	// A cut and a turn change no value: the new file's frames are the original's, backwards.
	was, is := decoded(t, path), decoded(t, made.Path)
	last := -1
	for i := 32634; i < 33516; i++ { // within 10 ms of 0.75 s: the tone repeats after 50
		if was.Samples[i] == is.Samples[0] && was.Samples[i-1] == is.Samples[1] {
			last = i
			break
		}
	}
	for i := range is.Frames() {
		if last < 0 || is.Samples[i] != was.Samples[last-i] {
			t.Fatalf("frame %d of the edit is not of the original", i)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Error("the original was touched")
	}

	if _, err := a.Undo(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(made.Path); !os.IsNotExist(err) {
		t.Errorf("undo left the file: %v", err)
	}
	if _, err := a.db.Sample(ctx, rows[0]); err == nil {
		t.Error("undo left the sample in the library")
	}
	if _, err := a.Redo(ctx); err != nil {
		t.Fatal(err)
	}
	again, err := a.db.Sample(ctx, rows[0])
	if err != nil || again.ID != made.ID || len(again.Tags) != 1 {
		t.Errorf("redo gave %+v, %v", again, err)
	}
	if got := decoded(t, again.Path); got.Frames() != is.Frames() {
		t.Errorf("redo wrote %d frames, not %d", got.Frames(), is.Frames())
	}
}

func TestChopsBecomeSoundsInOneFolder(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	row := imported(t, a, tone(t, filepath.Join(t.TempDir(), "Tone.wav"), 1, 220))
	parts := edit.Recipe{}.Parts(1, []float64{0.25, 0.5, 0.75}, 0.01)
	rows, err := a.Reshape(ctx, row, parts)
	if err != nil || len(rows) != 4 {
		t.Fatal(rows, err)
	}
	frames := 0
	for i, r := range rows {
		s, err := a.db.Sample(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"Tone 01.wav", "Tone 02.wav", "Tone 03.wav", "Tone 04.wav"}[i]; s.Name != want {
			t.Errorf("part %d is called %s", i+1, s.Name)
		}
		frames += int(s.Frames)
	}
	if frames != 44100 {
		t.Errorf("the parts have %d frames together", frames)
	}
	first, err := a.db.Sample(ctx, rows[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Undo(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(first.Path)); !os.IsNotExist(err) {
		t.Errorf("undo left the folder: %v", err)
	}
	if _, err := a.Reshape(ctx, row, []edit.Recipe{{From: 0.5, To: 0.5}}); err == nil {
		t.Error("an empty part made a sound")
	}
	if all, err := a.db.All(ctx); err != nil || len(all) != 1 {
		t.Errorf("%d samples are left, %v", len(all), err)
	}
}

func TestAPartIsHeardAgainAndAgainAndAPreviewStoresNothing(t *testing.T) {
	r := newRecorder()
	a := open(t, Options{Sound: func() (Sound, error) { return r, nil }})
	row := imported(t, a, tone(t, filepath.Join(t.TempDir(), "Tone.wav"), 1, 220))
	a.Audition(row, Audition{From: 0.2, To: 0.3})
	eventually(t, "playing", playing(a))
	r.mu.Lock()
	loop, from, to := r.loop, r.from, r.to
	r.mu.Unlock()
	if !loop || from != 8820 || to != 13230 {
		t.Errorf("loop %v from %d to %d", loop, from, to)
	}
	a.PreviewReshape(row, edit.Recipe{From: 0.5, Reverse: true})
	eventually(t, "the preview", func() bool { now := a.Transport(); return now.State == Playing && now.Edited })
	if n := r.played[len(r.played)-1].Frames(); n < 21900 || n > 22200 {
		t.Errorf("%d frames are heard", n)
	}
	if all, err := a.db.All(context.Background()); err != nil || len(all) != 1 {
		t.Errorf("%d samples, %v", len(all), err)
	}
}
