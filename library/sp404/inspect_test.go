package sp404

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sampleagent/library/sp404/internal/devicefiles"
)

func lookup(v any, path string) (any, bool) {
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[name]; !ok {
			return nil, false
		}
	}
	return v, true
}

func TestRealFilesSayWhatIsExpected(t *testing.T) {
	dir := devicefiles.Dir(t)
	b, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string]map[string]any
	if err := json.Unmarshal(b, &expected); err != nil {
		t.Fatal(err)
	}
	values := 0
	for file, want := range expected {
		i, err := Inspect(filepath.Join(dir, file))
		if err != nil {
			t.Error(err)
			continue
		}
		out, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		for path, w := range want {
			values++
			if g, ok := lookup(got, path); !ok || !reflect.DeepEqual(g, w) {
				t.Errorf("%s: %s is %v (there: %v), expected %v", file, path, g, ok, w)
			}
		}
	}
	if len(expected) < 40 || values < 80 {
		t.Errorf("only %d files with %d values compared", len(expected), values)
	}
}

// Every real file of the device, whether expected.json speaks of it or not, can be inspected.
func TestEveryRealFileIsKnown(t *testing.T) {
	dir := devicefiles.Dir(t)
	kinds := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		known := filepath.Ext(path) == ".BIN" || filepath.Ext(path) == ".SMP" || strings.HasSuffix(path, ".first512") ||
			strings.Contains(path, "pad-params") && filepath.Ext(path) == ".txt"
		i, err := Inspect(path)
		switch {
		case known && err != nil:
			t.Error(err)
		case known:
			kinds[i.Kind]++
			if len(i.Lines()) < 5 {
				t.Errorf("%s: %d lines", path, len(i.Lines()))
			}
		case err == nil:
			t.Errorf("%s passes as %s", path, i.Kind)
		}
		return nil
	})
	if err != nil || kinds["padconf"] < 45 || kinds["ptn"] < 20 || kinds["smp"] != 4 {
		t.Errorf("%v, %v", kinds, err)
	}
}

func TestInspectSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, want string }{
		"PADCONF.BIN":  {"RFPD", "file ends inside the header"},
		"PTN00001.BIN": {"12345678", "without an end record"},
		"BANK1-01.SMP": {"RFWV", "file ends inside the header"},
		"song.mp3":     {"ID3", "not a PADCONF.BIN, SMP or PTN"},
		"empty.BIN":    {"", "not a PADCONF.BIN, SMP or PTN"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Inspect(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	if _, err := Inspect(filepath.Join(dir, "nothing")); err == nil {
		t.Error("a missing file is inspected")
	}
}

func FuzzInspect(f *testing.F) {
	f.Add("PADCONF.BIN", []byte("RFPD"))
	f.Add("x.txt", []byte("00000000: 00 01 2D A8  ..-."))
	f.Add("PTN00001.BIN", []byte{0, 0x2F, 0, 0x8D, 90, 64, 119, 0, 0, 0x8C, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0x80, 1, 1})
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		i, err := inspectBytes(name, b, besideChannels(filepath.Join(t.TempDir(), "none")))
		if err != nil {
			return
		}
		if _, err := json.Marshal(i); err != nil {
			t.Fatal(err)
		}
		i.Lines()
	})
}
