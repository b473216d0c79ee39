package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sampleagent/app/task"
	"sampleagent/library/catalog"
	"sampleagent/library/kit"
)

func TestWhatWasWrittenIsRemembered(t *testing.T) {
	ctx := context.Background()
	a := open(t, Options{})
	row := imported(t, a, tone(t, filepath.Join(t.TempDir(), "Tone.wav"), 0.5, 220))
	if err := a.SetSource(ctx, []catalog.Row{row}, catalog.Source{Artist: "Somebody", Title: "Tone", Licence: "cc_by"}); err != nil {
		t.Fatal(err)
	}
	k, err := a.NewKit(ctx, "Night")
	if err != nil {
		t.Fatal(err)
	}
	a1, err := kit.ParseSlot("A1")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetPad(ctx, k.ID, a1, row); err != nil {
		t.Fatal(err)
	}
	write := func(dir string, meanwhile func()) task.Status {
		t.Helper()
		plan, err := a.PlanCard(ctx, CardOptions{Kit: k.ID, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		meanwhile()
		id, err := a.WriteCard(plan)
		if err != nil {
			t.Fatal(err)
		}
		st, err := a.tasks.Wait(ctx, id)
		if err != nil {
			t.Log(err)
		}
		return st
	}
	good, gone := t.TempDir(), filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(gone, 0o755); err != nil {
		t.Fatal(err)
	}
	write(good, func() {})
	taken := func() { // the card is pulled out
		if err := os.Remove(gone); err != nil {
			t.Fatal(err)
		}
	}
	if st := write(gone, taken); st.State != task.Failed {
		t.Fatalf("writing to a card that is gone: %+v", st)
	}
	all, err := a.Exports(ctx)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	bad, ok := all[0], all[1]
	if bad.Dir != gone || bad.Error == "" {
		t.Errorf("the newest is %+v", bad)
	}
	if ok.Kit != "Night" || ok.KitID != k.ID || ok.Dir != good || ok.Error != "" || ok.Format != "wav" || ok.Bytes == 0 || ok.At.IsZero() {
		t.Errorf("%+v", ok)
	}
	pad := ""
	for _, f := range ok.Files {
		pad += f.Pad
		if _, err := os.Stat(filepath.Join(good, filepath.FromSlash(f.Target))); err != nil {
			t.Error(err)
		}
	}
	if pad != "A1" {
		t.Errorf("the files are %+v", ok.Files)
	}
	// Author and licence travel with the sound.
	found := false
	for _, f := range ok.Files {
		if data, err := os.ReadFile(filepath.Join(good, filepath.FromSlash(f.Target))); err == nil && strings.HasSuffix(f.Target, ".json") {
			found = strings.Contains(string(data), "Somebody – 'Tone', CC BY")
		}
	}
	if !found {
		t.Error("the manifest does not name the author")
	}
}
