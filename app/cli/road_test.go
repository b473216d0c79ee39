package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sampleagent/app"
	"sampleagent/app/settings"
)

// steady makes output the same on every machine and run: paths, ids, times and free space.
func steady(dir, text string) string {
	text = strings.ReplaceAll(text, dir, "DIR")
	for pattern, with := range map[string]string{
		`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`: "00000000-0000-7000-8000-000000000000",
		`\d{4}-\d\d-\d\d \d\d:\d\d`:                                     "2026-01-01 12:00",
		`; [0-9.]+ [kMG]?B free`:                                        "; SPACE free",
		`Cards/\d{4}-\d\d-\d\d \d{6}\.\d{3}`:                            "Cards/2026-01-01 120000.000",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, with)
	}
	return text
}

// road is a library with the sounds of messy in it.
func road(t *testing.T) (dir string, f *settings.Folders) {
	t.Helper()
	dir, f = messy(t), home(t)
	if r := runIn(f, "import", dir); r.status != 1 {
		t.Fatalf("import: status %d\n%s", r.status, r.err)
	}
	return dir, f
}

func TestTheWholeRoadFromAMessyFolderToACard(t *testing.T) {
	dir, f := messy(t), home(t)
	// One job, so that files are printed in the order in which they were found.
	if err := os.MkdirAll(f.Config, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.File(), []byte("[library]\njobs = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	card := filepath.Join(t.TempDir(), "card")
	if err := os.Mkdir(card, 0o755); err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, c := range []struct {
		status int
		args   []string
	}{
		{1, []string{"import", dir}},
		{1, []string{"import", dir}},
		{0, []string{"search", ""}},
		{0, []string{"search", "kick"}},
		{0, []string{"search", "bpm:160-170 key:F#m"}},
		{0, []string{"search", "nothing like this"}},
		{2, []string{"search", "kick bpm:fast"}},
		{0, []string{"kit", "new", "Night"}},
		{2, []string{"kit", "new", " "}},
		{0, []string{"kit", "fill", "Night", "A", "kind:one-shot"}},
		{0, []string{"kit", "set", "night", "B1", filepath.Join(dir, "loops", "Amen_165bpm_F#min.wav"), "gate=off", "loop=on", "volume=100"}},
		{0, []string{"kit", "set", "Night", "A1", "pan=L10"}},
		{2, []string{"kit", "set", "Night", "A1", "volume=200"}},
		{2, []string{"kit", "set", "Night", "A9", "volume=20"}},
		{2, []string{"kit", "set", "Nicht", "A1", "volume=20"}},
		{0, []string{"kit", "show", "Night"}},
		{0, []string{"kit", "list"}},
		{0, []string{"card", "plan", "--kit", "Night", card}},
		{2, []string{"card", "verify", card}},
		{0, []string{"card", "write", "--kit", "Night", card}},
		{0, []string{"card", "verify", card}},
		{0, []string{"card", "read", card}},
		{2, []string{"card", "write", card}},
		{2, []string{"card", "write", "--kit", "Night", filepath.Join(card, "nowhere", "new")}},
		{2, []string{"card", "write", "--kit", "Night", "--form", "tape", card}},
	} {
		r := runIn(f, c.args...)
		if r.status != c.status {
			t.Errorf("%v: status %d, want %d: %s", c.args, r.status, c.status, r.err)
		}
		fmt.Fprintf(&script, "$ sample-agent %s\n%s%s[%d]\n\n", strings.Join(c.args, " "), r.out, r.err, r.status)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(script.String(), card, "CARD"), f.Data, "DATA")
	golden(t, "road.txt", steady(dir, text))

	// Every file of the card is checked against its plan, and against the disk.
	plan := objects(t, runIn(f, "card", "plan", "--json", "--kit", "Night", card))
	last := plan[len(plan)-1]
	if last["verified"] != nil || last["files"] == nil || last["bytes"] == nil || len(last["replaces"].([]any)) == 0 {
		t.Errorf("the plan's last object: %v", last)
	}
	for _, o := range plan[:len(plan)-1] {
		for _, k := range []string{"pad", "source", "target", "bytes", "converted", "renamed_from", "warning"} {
			if _, there := o[k]; !there {
				t.Errorf("%v lacks %s", o, k)
			}
		}
		if _, err := os.Stat(filepath.Join(card, o["target"].(string))); err != nil {
			t.Error(err)
		}
	}
	written := objects(t, runIn(f, "card", "write", "--json", "--kit", "Night", card))
	if last := written[len(written)-1]; last["verified"] != true {
		t.Errorf("written again: %v", last)
	}

	// What is changed, gone and extra is found and named.
	var sounds []string
	for _, o := range plan[:len(plan)-1] {
		if o["pad"] != nil {
			sounds = append(sounds, filepath.Join(card, o["target"].(string)))
		}
	}
	raw, err := os.ReadFile(sounds[0])
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	if err := os.WriteFile(sounds[0], raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(sounds[1]); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(sounds[0]), "mine.wav"), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	r := runIn(f, "card", "verify", "--json", card)
	faults := map[string]bool{}
	for _, o := range objects(t, r) {
		if s, ok := o["fault"].(string); ok {
			faults[s+" "+filepath.Base(o["file"].(string))] = true
		}
	}
	for _, want := range []string{"changed " + filepath.Base(sounds[0]), "missing " + filepath.Base(sounds[1]), "extra mine.wav"} {
		if !faults[want] {
			t.Errorf("verify does not say %q: %v", want, faults)
		}
	}
	if r.status != 1 {
		t.Errorf("status %d", r.status)
	}
}

func TestImportAndSearchPrintTheContractAndStableIDs(t *testing.T) {
	dir, f := messy(t), home(t)
	want := sorted(append([]string{"id"}, reportFields...))
	ids := func(r result) map[string]string {
		t.Helper()
		out := map[string]string{}
		for _, o := range objects(t, r) {
			if k := keys(o); !slices.Equal(k, want) {
				t.Errorf("fields of %v\ngot  %v\nwant %v", o["path"], k, want)
			}
			id, _ := o["id"].(string)
			if id == "" {
				t.Errorf("%v has no id", o["path"])
			}
			out[strings.TrimPrefix(o["path"].(string), dir)] = id
		}
		return out
	}
	first := ids(runIn(f, "import", "--json", dir))
	if len(first) != 5 {
		t.Errorf("%d files: %v", len(first), first)
	}
	again := ids(runIn(f, "import", "--json", dir))
	listed := ids(runIn(f, "search", "--json", ""))
	if !mapsEqual(first, again) || !mapsEqual(first, listed) {
		t.Errorf("ids changed:\n%v\n%v\n%v", first, again, listed)
	}
	// A file that moves keeps its id.
	if err := os.Rename(filepath.Join(dir, "drums"), filepath.Join(dir, "beats")); err != nil {
		t.Fatal(err)
	}
	moved := ids(runIn(f, "import", "--json", dir))
	if moved["/beats/snare.wav"] != first["/drums/snare.wav"] {
		t.Errorf("after a move: %v", moved)
	}
	if got := objects(t, runIn(f, "search", "--json", "--limit", "2", "")); len(got) != 2 {
		t.Errorf("--limit 2 gave %d", len(got))
	}
	// The search is quiet about what analyze says: the same values for the same file.
	for _, o := range objects(t, runIn(f, "search", "--json", "Amen")) {
		direct := objects(t, run(t, "analyze", "--json", o["path"].(string)))[0]
		for _, k := range reportFields {
			if k != "took_ms" && fmt.Sprint(o[k]) != fmt.Sprint(direct[k]) {
				t.Errorf("%s: %v in the library, %v directly", k, o[k], direct[k])
			}
		}
	}
}

func TestACardComesBackIntoAnotherLibrary(t *testing.T) {
	dir, f := road(t)
	card := t.TempDir()
	runIn(f, "kit", "new", "Night")
	runIn(f, "kit", "fill", "Night", "A", "kind:one-shot")
	runIn(f, "kit", "set", "Night", "J16", filepath.Join(dir, "loops", "Amen_165bpm_F#min.wav"), "volume=99", "gate=off", "loop=on", "mute_group=B")
	if r := runIn(f, "card", "write", "--kit", "Night", "--form", "both", card); r.status != 0 || !strings.Contains(r.err, "BACKUP") {
		t.Fatalf("%d %s", r.status, r.err)
	}
	shows := func(f *settings.Folders, k string) (out []string) {
		for _, o := range objects(t, runIn(f, "kit", "show", "--json", k)) {
			out = append(out, fmt.Sprint(o["pad"], o["settings"]))
		}
		return out
	}
	want := shows(f, "Night")
	// The kit lies there in both forms and is read once, each of its sounds too; either form alone brings
	// back the pads and their settings.
	for _, gone := range []string{"", "IMPORT", "EXPORT"} {
		read := card
		if gone != "" {
			read = t.TempDir()
			if err := errors.Join(os.CopyFS(read, os.DirFS(card)), os.RemoveAll(filepath.Join(read, gone))); err != nil {
				t.Fatal(err)
			}
		}
		g := home(t)
		r := runIn(g, "card", "read", "--json", read)
		all := objects(t, r)
		last := all[len(all)-1]
		kits := last["kits"].([]any)
		if r.status != 0 || len(kits) != 1 || last["sounds"] != 3.0 || len(last["problems"].([]any)) != 0 {
			t.Fatalf("without %q: status %d, %v\n%s", gone, r.status, last, r.err)
		}
		got := shows(g, kits[0].(map[string]any)["id"].(string))
		if len(got) != len(want) {
			t.Errorf("%d pads, want %d", len(got), len(want))
		}
		if !slices.ContainsFunc(got, func(s string) bool {
			return strings.HasPrefix(s, "J16") && strings.Contains(s, "volume:99") && strings.Contains(s, "mute_group:B")
		}) {
			t.Errorf("the settings of J16: %v", got)
		}
	}
	if r := runIn(home(t), "card", "read", t.TempDir()); r.status != 2 {
		t.Errorf("an empty folder: %d %s", r.status, r.err)
	}
}

func mapsEqual(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func TestImportSaysWhenNothingCouldBeDone(t *testing.T) {
	f := home(t)
	for _, args := range [][]string{{"import", t.TempDir()}, {"import", filepath.Join(t.TempDir(), "gone")}, {"import"}} {
		if r := runIn(f, args...); r.status != 2 || r.err == "" {
			t.Errorf("%v: status %d, %q", args, r.status, r.err)
		}
	}
}

func TestALibraryOfItsOwn(t *testing.T) {
	dir, f := messy(t), home(t)
	library := filepath.Join(t.TempDir(), "deep", "my.db")
	runIn(f, "import", "--library", library, dir)
	if got := objects(t, runIn(f, "search", "--json", "--library", library, "")); len(got) != 5 {
		t.Errorf("%d samples in the named library", len(got))
	}
	if _, err := os.Stat(f.Library()); err == nil {
		t.Error("the default library was made as well")
	}
	if got := objects(t, runIn(f, "search", "--json", "")); len(got) != 0 {
		t.Errorf("%d samples in the default library", len(got))
	}
	if r := runIn(f, "search", "--library", dir, ""); r.status != 2 {
		t.Errorf("a folder as a library: %d %s", r.status, r.err)
	}
}

func TestAReadOnlyLibraryIsSaid(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir, f := road(t)
	if err := os.Chmod(f.Data, 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(f.Library(), 0o444); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(f.Data, 0o755)
	if r := runIn(f, "import", dir); r.status != 2 || !strings.Contains(r.err, "read-only") {
		t.Errorf("status %d: %s", r.status, r.err)
	}
}

func TestKitShowAsJSON(t *testing.T) {
	_, f := road(t)
	k := objects(t, runIn(f, "kit", "new", "--json", "Night"))
	if len(k) != 1 || k[0]["name"] != "Night" || k[0]["id"] == "" {
		t.Fatalf("%v", k)
	}
	id := k[0]["id"].(string)
	runIn(f, "kit", "fill", id, "j", "kick")
	runIn(f, "kit", "set", id, "J1", "volume=64", "gate=off", "tempo=92.5", "pan=R5", "chops=0,1000,2000")
	got := objects(t, runIn(f, "kit", "show", "--json", "Night"))
	if len(got) != 1 || got[0]["pad"] != "J1" || got[0]["kit"] != id || got[0]["kit_name"] != "Night" || got[0]["name"] == nil || got[0]["path"] == nil {
		t.Fatalf("%v", got)
	}
	set := got[0]["settings"].(map[string]any)
	for name, want := range map[string]string{"volume": "64", "gate": "false", "tempo": "92.5", "pan": "5", "chops": "[0 1000 2000]", "play_mode": "forward", "loop": "false"} {
		if fmt.Sprint(set[name]) != want {
			t.Errorf("%s is %v, want %s", name, set[name], want)
		}
	}
	if r := runIn(f, "kit", "show", id); !strings.Contains(r.out, "volume=64") {
		t.Errorf("%s", r.out)
	}
}

// TestInspectAgreesWithTheDevicesOwnFiles holds card inspect to the shared fixtures.
func TestInspectAgreesWithTheDevicesOwnFiles(t *testing.T) {
	fixtures := filepath.Join(shared(t), "fixtures", "sp404mk2")
	raw, err := os.ReadFile(filepath.Join(fixtures, "expected.json"))
	if err != nil {
		t.Skip(err)
	}
	var expected map[string]map[string]any
	if err := json.Unmarshal(raw, &expected); err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, fields := range expected {
		path := filepath.Join(fixtures, filepath.FromSlash(name))
		if _, err := os.Stat(path); err != nil {
			continue
		}
		r := run(t, "card", "inspect", "--json", path)
		if r.status != 0 {
			t.Errorf("%s: %s", name, r.err)
			continue
		}
		got := objects(t, r)[0]
		for field, want := range fields {
			var v any = got
			for _, part := range strings.Split(field, ".") {
				m, _ := v.(map[string]any)
				v = m[part]
			}
			if fmt.Sprint(v) != fmt.Sprint(want) {
				t.Errorf("%s: %s is %v, want %v", name, field, v, want)
			}
			n++
		}
	}
	if n < 40 {
		t.Errorf("only %d values compared", n)
	}
	if r := run(t, "card", "inspect", filepath.Join(fixtures, "expected.json")); r.status != 2 {
		t.Errorf("a file of another kind: status %d", r.status)
	}
}

// shared finds the shared folder: beside the repository, or where SAMPLE_AGENT_SHARED says.
func shared(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SAMPLE_AGENT_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	at := filepath.Join(dir, "..", "shared")
	if _, err := os.Stat(at); err != nil {
		t.Skip("the shared folder is not beside the repository; SAMPLE_AGENT_SHARED can name it")
	}
	return at
}

func TestDoctorAsJSON(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	t.Setenv(app.ServerVariable, "")
	r := run(t, "doctor", "--json")
	var names []string
	for _, o := range objects(t, r) {
		names = append(names, o["check"].(string))
		if !slices.Equal(keys(o), []string{"advice", "check", "ok", "state"}) {
			t.Errorf("%v", o)
		}
	}
	if s := strings.Join(names, " "); s != "display sound midi keyring library server" || r.status != 1 {
		t.Errorf("%s, status %d", s, r.status)
	}
}
