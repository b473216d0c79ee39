package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sampleagent/library/kit"
	"sampleagent/library/sp404"
)

func TestKitFillByTemplate(t *testing.T) {
	_, f := road(t)
	runIn(f, "kit", "new", "Night")
	r := runIn(f, "kit", "fill", "--template", "drum-kit", "Night", "A", "")
	if r.status != 0 || !strings.Contains(r.err, "pad") {
		t.Fatalf("%d %s%s", r.status, r.out, r.err)
	}
	for _, o := range objects(t, runIn(f, "kit", "show", "--json", "Night")) {
		if o["kind"] != "one-shot" {
			t.Errorf("a drum kit has %v on %v", o["kind"], o["pad"])
		}
	}
	r = runIn(f, "kit", "fill", "--template", "chops", "Night", "B", "kind:loop")
	if r.status != 0 {
		t.Fatalf("%d %s", r.status, r.err)
	}
	ids := map[string]bool{}
	chops := 0
	for _, o := range objects(t, runIn(f, "kit", "show", "--json", "Night")) {
		if strings.HasPrefix(o["pad"].(string), "B") {
			ids[o["id"].(string)] = true
			chops++
		}
	}
	if len(ids) != 1 || chops < 8 {
		t.Errorf("%d chops of %d loops", chops, len(ids))
	}
	for _, wrong := range [][]string{{"--template", "nonsense"}, {"--seed", "x"}, {"--template", "alike", "--seed", "/nowhere.wav"}} {
		if r := runIn(f, append([]string{"kit", "fill", "Night", "C", ""}, wrong...)...); r.status != 2 {
			t.Errorf("%v: status %d", wrong, r.status)
		}
	}
}

func TestKitPatternsAsMIDI(t *testing.T) {
	_, f := road(t)
	dir := t.TempDir()
	runIn(f, "kit", "new", "Night")
	b, err := sp404.ExportMIDI(kit.Pattern{Bars: 1, Beats: 4, LoopStart: 1, LoopEnd: 1, Notes: []kit.Note{
		{Tick: 0, Pad: 0, Velocity: 100, Length: 120}, {Tick: 480, Pad: 17, Velocity: 60, Length: 240, Semitones: 3, Poly: true},
	}}, "beat", 90)
	if err != nil {
		t.Fatal(err)
	}
	in, out := filepath.Join(dir, "in.mid"), filepath.Join(dir, "out.mid")
	if err := os.WriteFile(in, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := runIn(f, "kit", "pattern", "import", "Night", "B2", in); r.status != 0 || !strings.Contains(r.err, "pattern B2") || !strings.Contains(r.err, "empty") {
		t.Errorf("%d %s", r.status, r.err)
	}
	if r := runIn(f, "kit", "pattern", "export", "Night", "B2", out); r.status != 0 {
		t.Errorf("%d %s", r.status, r.err)
	}
	again, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	was, err := sp404.ImportMIDI(b, 0)
	if err != nil {
		t.Fatal(err)
	}
	is, err := sp404.ImportMIDI(again, 0)
	if err != nil || len(is.Pattern.Notes) != 2 || is.Pattern.Notes[1] != was.Pattern.Notes[1] {
		t.Errorf("%+v comes back as %+v, %v", was.Pattern, is, err)
	}
	for _, wrong := range [][]string{{"export", "Night", "A1", out}, {"import", "Night", "Z9", in}, {"import", "Night", "A1", dir}, {"export", "Nobody", "B2", out}} {
		if r := runIn(f, append([]string{"kit", "pattern"}, wrong...)...); r.status != 2 {
			t.Errorf("%v: status %d", wrong, r.status)
		}
	}
}
