package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sampleagent/app"
	"sampleagent/app/settings"
	"sampleagent/audio/analysis"
	"sampleagent/audio/codec/codectest"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Unsetenv(app.ServerVariable)
	goleak.VerifyTestMain(m)
}

// result is what a command line gave.
type result struct {
	status   int
	out, err string
}

// home are the program's folders for one test; a person's own play no part.
func home(t *testing.T) *settings.Folders {
	d := t.TempDir()
	return &settings.Folders{Config: filepath.Join(d, "config"), Data: filepath.Join(d, "data"), Cache: filepath.Join(d, "cache"), State: filepath.Join(d, "state")}
}

// run carries out a command line in process, in folders of its own.
func run(t *testing.T, args ...string) result {
	t.Helper()
	return runIn(home(t), args...)
}

func runIn(f *settings.Folders, args ...string) result {
	var out, err bytes.Buffer
	status := Run(context.Background(), args, Env{Stdout: &out, Stderr: &err, Folders: f})
	return result{status, out.String(), err.String()}
}

// objects reads one JSON object a line, strictly: anything else on standard output fails.
func objects(t *testing.T, r result) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, line := range strings.Split(strings.TrimSuffix(r.out, "\n"), "\n") {
		if line == "" && r.out == "" {
			continue
		}
		o := map[string]any{}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("standard output has a line that is no object: %q (%v)\nstderr: %s", line, err, r.err)
		}
		all = append(all, o)
	}
	return all
}

// keys are an object's fields in the order of the alphabet.
func keys(o map[string]any) []string {
	var all []string
	for k := range o {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// reportFields are those of the command contract (cli.md), word for word.
var reportFields = strings.Fields(`path ok error format sample_rate channels bit_depth frames duration sha256 kind class
	class_confidence bpm bpm_confidence bpm_source bpm_candidates beats_in_loop key key_confidence key_source tuning_cents
	integrated_lufs true_peak_dbtp sample_peak_dbfs silence_start silence_end onsets beats spectral mfcc_mean mfcc_std
	chroma_mean chroma_std engine took_ms`)

func sorted(s []string) []string { s = slices.Clone(s); slices.Sort(s); return s }

func clicks(seconds, bpm float64) *pcm.Buffer {
	const rate = 44100
	b := &pcm.Buffer{Rate: rate, Channels: 1, Samples: make([]float32, int(seconds*rate))}
	for beat := 0.0; beat < seconds; beat += 60 / bpm / 2 {
		at := int(beat * rate)
		for i := 0; i < 2000 && at+i < len(b.Samples); i++ {
			b.Samples[at+i] += float32(0.8 * math.Exp(-float64(i)/200) * math.Sin(float64(i)*float64(i%97)))
		}
	}
	return b
}

func hit(seconds, hz float64) *pcm.Buffer {
	const rate = 48000
	b := &pcm.Buffer{Rate: rate, Channels: 2}
	for i := range int(seconds * rate) {
		x := float32(0.7 * math.Exp(-float64(i)/4000) * math.Sin(2*math.Pi*hz*float64(i)/rate))
		b.Samples = append(b.Samples, x, x)
	}
	return b
}

// rattle is a snare: a short tone under falling noise.
func rattle(seconds float64) *pcm.Buffer {
	b := hit(seconds, 190)
	noise := rand.New(rand.NewPCG(4, 4))
	for i := 0; i < len(b.Samples); i += 2 {
		x := 0.4*b.Samples[i] + float32(0.5*math.Exp(-float64(i)/9000)*(2*noise.Float64()-1))
		b.Samples[i], b.Samples[i+1] = x, x
	}
	return b
}

// messy is a folder as producers have them: sounds in folders, a broken one, and what is none.
func messy(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "samples")
	codectest.WAV(t, filepath.Join(dir, "drums", "kick deep.wav"), hit(0.4, 55))
	codectest.WAV(t, filepath.Join(dir, "drums", "snare.wav"), rattle(0.2))
	codectest.WAV(t, filepath.Join(dir, "loops", "Amen_165bpm_F#min.wav"), clicks(60.0/165*16, 165))
	codectest.WAV(t, filepath.Join(dir, "silence.wav"), &pcm.Buffer{Rate: 44100, Channels: 1, Samples: make([]float32, 44100)})
	for name, text := range map[string]string{
		"broken.wav": "RIFF\x10\x00\x00\x00WAVEfmt ", "._kick deep.wav": "no sound", ".hidden.wav": "no sound", "empty.wav": "", "README.txt": "read me",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAnalyzePrintsEveryFieldOfTheContract(t *testing.T) {
	dir := messy(t)
	r := run(t, "analyze", "--json", dir)
	if r.status != 1 {
		t.Errorf("status %d with one broken file, want 1; stderr: %s", r.status, r.err)
	}
	got := objects(t, r)
	var names []string
	for _, o := range got {
		if k := keys(o); !slices.Equal(k, sorted(reportFields)) {
			t.Errorf("fields of %v\ngot  %v\nwant %v", o["path"], k, sorted(reportFields))
		}
		names = append(names, strings.TrimPrefix(o["path"].(string), dir+string(filepath.Separator)))
	}
	want := []string{"broken.wav", "drums/kick deep.wav", "drums/snare.wav", "loops/Amen_165bpm_F#min.wav", "silence.wav"}
	if !slices.Equal(names, want) {
		t.Fatalf("files %q, want %q", names, want)
	}
	// A broken file knows nothing but its name, its reason, its hash.
	for k, v := range got[0] {
		switch k {
		case "path", "engine", "took_ms", "sha256":
		case "ok":
			if v != false {
				t.Error("a broken file is ok")
			}
		case "error":
			if s, _ := v.(string); s == "" {
				t.Error("a broken file has no reason")
			}
		default:
			if v != nil {
				t.Errorf("a broken file has %s = %v, want null", k, v)
			}
		}
	}
	kick, amen, silence := got[1], got[3], got[4]
	if kick["bpm"] != nil || kick["kind"] != "one-shot" || kick["bit_depth"] != 16.0 || kick["channels"] != 2.0 || kick["frames"] != 19200.0 {
		t.Errorf("the kick: %v %v %v %v %v", kick["bpm"], kick["kind"], kick["bit_depth"], kick["channels"], kick["frames"])
	}
	if amen["bpm"] != 165.0 || amen["bpm_source"] != "name" || amen["key"] != "F# minor" || amen["key_source"] != "name" {
		t.Errorf("the loop: %v from %v, %v from %v", amen["bpm"], amen["bpm_source"], amen["key"], amen["key_source"])
	}
	for _, k := range []string{"kind", "class", "bpm", "key", "integrated_lufs", "true_peak_dbtp"} {
		if silence[k] != nil {
			t.Errorf("silence has %s = %v", k, silence[k])
		}
	}
	for _, o := range objects(t, run(t, "analyze", "--json", "--sound-only", filepath.Join(dir, "loops"))) {
		if o["bpm_source"] == "name" || o["key_source"] == "name" {
			t.Errorf("--sound-only looked at the name: %v %v", o["bpm_source"], o["key_source"])
		}
	}
}

// Any number of jobs gives the same answers in the order of the arguments.
func TestAnalyzeKeepsTheOrderOfItsArguments(t *testing.T) {
	dir := messy(t)
	long, short := filepath.Join(dir, "loops", "Amen_165bpm_F#min.wav"), filepath.Join(dir, "drums", "snare.wav")
	answers := func(jobs string) []map[string]any {
		all := objects(t, run(t, "analyze", "--json", "--jobs", jobs, long, short, long, short))
		for _, o := range all {
			delete(o, "took_ms")
		}
		return all
	}
	var got []string
	many := answers("4")
	for _, o := range many {
		got = append(got, o["path"].(string))
	}
	if !slices.Equal(got, []string{long, short, long, short}) {
		t.Errorf("order %q", got)
	}
	if one := answers("1"); !reflect.DeepEqual(one, many) {
		t.Errorf("one job answers %v, four %v", one, many)
	}
}

func TestExitStatusAndWhereThingsArePrinted(t *testing.T) {
	dir := messy(t)
	good := filepath.Join(dir, "drums")
	empty := t.TempDir()
	for _, c := range []struct {
		args   []string
		status int
		says   string // on stderr
	}{
		{[]string{"analyze", good}, 0, "2 files analysed."},
		{[]string{"analyze", "--quiet", good}, 0, ""},
		{[]string{"analyze", filepath.Join(dir, "broken.wav"), good}, 1, "broken.wav"},
		{[]string{"analyze", filepath.Join(dir, "gone.wav"), good}, 1, "is not there"},
		{[]string{"analyze", filepath.Join(dir, "gone.wav")}, 2, "is not there"},
		{[]string{"analyze", empty}, 2, "no sound file"},
		{[]string{"analyze"}, 2, "PATH is missing\nUsage: sample-agent analyze"},
		{[]string{"kit", "set", "K", "A1"}, 2, "SAMPLE is missing"},
		{[]string{"kit", "show", "K", "more"}, 2, `"more" is one argument too many`},
		{[]string{"card", "inspect", "gone.bin"}, 2, "sample-agent: gone.bin: no such file"},
		{[]string{"analyze", "--jobs", "-1", good}, 2, "--jobs"},
		{[]string{"analyze", "--nonsense", good}, 2, "unknown flag"},
		{[]string{"search", "--limit", "x", ""}, 2, "--limit x is not possible: a whole number"},
		{[]string{"card", "write", "--kit", "K"}, 2, "DIR is missing\nUsage: sample-agent card write"},
		{[]string{"nonsense"}, 2, `unknown command "nonsense"`},
		{[]string{"kit"}, 2, "new, set"},
		{[]string{"kit", "set", "K", "K1", "x"}, 2, "pads are A1 to J16"},
		{[]string{"version"}, 0, ""},
		{[]string{"version", "more"}, 2, "Usage: sample-agent version"},
		{[]string{"cloud"}, 2, "signin, signout"},
		{[]string{"cloud", "status"}, 2, "nobody is signed in"},
	} {
		r := run(t, c.args...)
		if r.status != c.status {
			t.Errorf("%v: status %d, want %d (%s)", c.args, r.status, c.status, r.err)
		}
		if !strings.Contains(r.err, c.says) || c.says == "" && r.err != "" {
			t.Errorf("%v says %q, want %q", c.args, r.err, c.says)
		}
		if c.status == 2 && r.out != "" {
			t.Errorf("%v printed %q on standard output", c.args, r.out)
		}
	}
}

func TestWithoutADisplayItSaysSo(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	var out, err bytes.Buffer
	env := Env{Stdout: &out, Stderr: &err, Window: func(context.Context, *app.App) error {
		t.Error("a window was opened")
		return nil
	}}
	if status := Run(context.Background(), nil, env); status != 2 || out.Len() != 0 {
		t.Errorf("status %d, printed %q", status, out.String())
	}
	for _, want := range []string{"no display", "analyze", "kit", "version"} {
		if !strings.Contains(err.String(), want) {
			t.Errorf("it does not say %q: %s", want, err.String())
		}
	}
}

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n--- got\n%s--- want\n%s", path, got, want)
	}
}

func TestVersionSaysWhatItWasBuiltFrom(t *testing.T) {
	got := objects(t, run(t, "version", "--json"))
	if len(got) != 1 || !slices.Equal(keys(got[0]), []string{"arch", "commit", "engine", "go", "os", "tags", "version"}) {
		t.Errorf("%v", got)
	}
	if got[0]["engine"] == "" || !strings.Contains(run(t, "version").out, got[0]["go"].(string)) {
		t.Errorf("%v", got[0])
	}
}

func TestWhatIsNotAnalysedYetHasNoEngine(t *testing.T) {
	text, err := json.Marshal(reportWithID(nil, &analysis.Report{Path: "/a.wav"}))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"id", "engine", "took_ms", "bpm"} {
		if v, there := got[field]; !there || v != nil {
			t.Errorf("%s is %v", field, v)
		}
	}
	text, err = json.Marshal(reportWithID(nil, &analysis.Report{Engine: "ear/2", TookMS: 3}))
	if err != nil || !strings.Contains(string(text), `"engine":"ear/2","took_ms":3`) {
		t.Errorf("%s, %v", text, err)
	}
	if lengthOf(catalog.Sample{}) != none {
		t.Error("an unknown length is printed as 0")
	}
}
