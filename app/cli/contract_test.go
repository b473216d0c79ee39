package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// smallDisk mounts a disk of its own for a test.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	small := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", small).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a small disk: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", small).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return small
}

func TestAnErrorInAQueryPointsAtTheWord(t *testing.T) {
	_, f := road(t)
	runIn(f, "kit", "new", "Night")
	for _, command := range [][]string{{"search"}, {"kit", "fill", "Night", "A"}} {
		for query, caret := range map[string]string{"kind:loop bpm:x": "            ^", "日本 bpm:x": "       ^", "like:nobody": "  ^"} {
			r := runIn(f, append(command, query)...)
			if want := "\n  " + query + "\n" + caret + "\n"; r.status != 2 || r.out != "" || !strings.Contains(r.err, want) {
				t.Errorf("%v %q: status %d, out %q, %q lacks %q", command, query, r.status, r.out, r.err, want)
			}
		}
	}
	if r := runIn(f, "search", "--sort", "colour", "kick"); r.status != 2 || !strings.Contains(r.err, "name, tempo") {
		t.Errorf("an order that is none: %d %s", r.status, r.err)
	}
}

func TestAWordWithAMinusNeedsNoQuotes(t *testing.T) {
	_, f := road(t)
	paths := func(args ...string) (all []string) {
		r := runIn(f, args...)
		if r.status != 0 {
			t.Fatalf("%v: %d %s", args, r.status, r.err)
		}
		for _, o := range objects(t, r) {
			all = append(all, filepath.Base(o["path"].(string)))
		}
		return all
	}
	want := strings.Join(paths("search", "--json", "--limit", "1", "kind:one-shot -snare"), " ")
	if want == "" || strings.Contains(want, "snare") {
		t.Fatalf("found %q", want)
	}
	for _, args := range [][]string{
		{"search", "--json", "kind:one-shot", "-snare", "--limit", "1"},
		{"--json", "search", "--limit=1", "-snare", "kind:one-shot"},
		{"search", "--limit", "1", "--json", "--", "-snare", "kind:one-shot"},
	} {
		if got := strings.Join(paths(args...), " "); got != want {
			t.Errorf("%v: %q, want %q", args, got, want)
		}
	}
	runIn(f, "kit", "new", "Night")
	for _, p := range paths("kit", "fill", "Night", "A", "kind:one-shot", "-snare", "--json") {
		if strings.Contains(p, "snare") {
			t.Errorf("%s is on a pad", p)
		}
	}
	for _, args := range [][]string{{"search", "--limit", "-1", "kick"}, {"search", "--bogus", "-snare"}} {
		if r := runIn(f, args...); r.status != 2 {
			t.Errorf("%v: status %d", args, r.status)
		}
	}
	if r := runIn(f, "search", "-h"); r.status != 0 || !strings.Contains(r.out, "Usage:") {
		t.Errorf("-h: %d %s", r.status, r.err)
	}
}

// A mistake in a name is told; it makes no new library and is not passed over.
func TestMistakesAreTold(t *testing.T) {
	dir, f := road(t)
	missing := filepath.Join(t.TempDir(), "missing.db")
	kick := filepath.Join(dir, "drums", "kick deep.wav")
	for want, args := range map[string][]string{
		"no command bogus":        {"help", "bogus"},
		"no command card bogus":   {"help", "card", "bogus"},
		"--template and":          {"card", "plan", "--kit", "Night", "--template", kick, dir},
		"--project are":           {"card", "write", "--kit", "Night", "--project", "3", dir},
		"no library " + missing:   {"--library", missing, "search", "kick"},
		kick + " is a file":       {"card", "verify", kick},
		kick + " is a file: name": {"card", "read", kick},
	} {
		r := runIn(f, args...)
		if r.status != 2 || r.out != "" || !strings.Contains(r.err, want) {
			t.Errorf("%v: %d %q %q", args, r.status, r.out, r.err)
		}
	}
	if _, err := os.Stat(missing); !os.IsNotExist(err) {
		t.Errorf("a search made a library: %v", err)
	}
	for _, args := range [][]string{{"help"}, {"help", "card", "plan"}} {
		if r := runIn(f, args...); r.status != 0 || !strings.Contains(r.out, "Usage:") {
			t.Errorf("%v: %d %s%s", args, r.status, r.out, r.err)
		}
	}
}

func TestNothingIsPrintedBelowZeroThatRoundsToZero(t *testing.T) {
	for v, want := range map[float64]string{-0.04: "0.0", 0: "0.0", 0.04: "0.0", -0.06: "-0.1", -10: "-10.0"} {
		if got := number(&v, "%.1f"); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

func TestAPlanWithoutALimitHasNone(t *testing.T) {
	if got := limit(-1); got != nil {
		t.Errorf("any number is printed as %d", *got)
	}
	if got := limit(0); got == nil || *got != 0 {
		t.Errorf("none at all is printed as %v", got)
	}
}

func TestOneArgumentTooManyIsNamed(t *testing.T) {
	for _, args := range [][]string{{"version", "x"}, {"doctor", "x"}, {"kit", "list", "x"}, {"cloud", "status", "x"}, {"card", "verify", "d", "x"}} {
		if r := run(t, args...); r.status != 2 || r.out != "" || !strings.Contains(r.err, `"x" is one argument too many`) {
			t.Errorf("%v: %d %q %q", args, r.status, r.out, r.err)
		}
	}
}

func TestSignInAtAServerThatIsNotThereEnds(t *testing.T) {
	for _, server := range []string{"http://127.0.0.1:1", "http://example.org", "http://"} {
		if r := run(t, "cloud", "signin", "--json", server); r.status != 2 || r.out != "" || r.err == "" {
			t.Errorf("%s: %d %q %q", server, r.status, r.out, r.err)
		}
	}
}

func TestACardPlanLeavesOutAndTellsWhy(t *testing.T) {
	dir, f := road(t)
	kick := filepath.Join(dir, "drums", "kick deep.wav")
	runIn(f, "kit", "new", "Night")
	runIn(f, "kit", "set", "Night", "A1", kick)
	runIn(f, "kit", "set", "Night", "A2", filepath.Join(dir, "drums", "snare.wav"))
	if err := os.Remove(kick); err != nil {
		t.Fatal(err)
	}
	r := runIn(f, "card", "plan", "--kit", "Night", t.TempDir())
	if r.status != 1 || strings.Count(r.err, "left out") != 1 {
		t.Errorf("status %d: %s", r.status, r.err)
	}
}

func TestACardPlanThatDoesNotFitFailsInBothForms(t *testing.T) {
	small := smallDisk(t, "20k")
	dir, f := road(t)
	runIn(f, "kit", "new", "Night")
	runIn(f, "kit", "set", "Night", "A1", filepath.Join(dir, "drums", "kick deep.wav"))
	for _, form := range []string{"--json", "--quiet"} {
		r := runIn(f, "card", "plan", form, "--kit", "Night", small)
		if r.status != 2 || r.out == "" || !strings.Contains(r.err, "not enough room") {
			t.Errorf("%s: status %d: %s%s", form, r.status, r.out, r.err)
		}
	}
}

func TestALibraryOnAReadOnlyDiskIsSaid(t *testing.T) {
	disk := smallDisk(t, "8m")
	file := filepath.Join(disk, "library.db")
	if r := run(t, "--library", file, "kit", "new", "Night"); r.status != 0 {
		t.Fatal(r.err)
	}
	if out, err := exec.Command("mount", "-o", "remount,ro", disk).CombinedOutput(); err != nil {
		t.Skipf("cannot make the disk read-only: %s", out)
	}
	for _, args := range [][]string{{"--library", file, "search", ""}, {"--library", file, "kit", "new", "Day"}, {"--library", filepath.Join(disk, "new", "library.db"), "kit", "new", "Day"}} {
		if r := run(t, args...); r.status != 2 || !strings.Contains(r.err, "read-only") {
			t.Errorf("%v: status %d: %s", args, r.status, r.err)
		}
	}
}

// A program that lists the files of a folder gives names that look like flags, and names with
// spaces in front.
func TestNamesThatLookLikeFlags(t *testing.T) {
	dir := messy(t)
	for _, name := range []string{"-x.wav", " lead.wav", "--json.wav"} {
		if err := os.Link(filepath.Join(dir, "drums", "snare.wav"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := start(t, t.TempDir(), "analyze", "--json", "--", "-x.wav", " lead.wav", "--json.wav")
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	if all := objects(t, result{out: out.String()}); len(all) != 3 || all[0]["path"] != "-x.wav" || all[1]["path"] != " lead.wav" {
		t.Errorf("%d objects: %s", len(all), out.String())
	}
}
