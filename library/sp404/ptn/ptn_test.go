package ptn

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/library/sp404/internal/devicefiles"
)

func realFiles(t testing.TB) map[string][]byte {
	dir := devicefiles.Dir(t)
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".BIN" || !strings.HasPrefix(d.Name(), "PTN") {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = b
		return err
	})
	if err != nil || len(out) < 20 {
		t.Fatalf("%d real patterns found, %v", len(out), err)
	}
	return out
}

func TestRealPatternsRoundTrip(t *testing.T) {
	for path, b := range realFiles(t) {
		f, err := Decode(b)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if !bytes.Equal(f.Encode(), b) {
			t.Errorf("%s: decoded and encoded it differs", path)
		}
		if want := f.Trailer.Bars() * f.Trailer.Beats() * TicksPerBeat; f.Ticks() != want || want == 0 {
			t.Errorf("%s: %d ticks, %d bars of %d beats", path, f.Ticks(), f.Trailer.Bars(), f.Trailer.Beats())
		}
		if stray := len(f.Stray); (stray > 0) != strings.HasSuffix(path, "PTN00002a.BIN") {
			t.Errorf("%s: %d stray bytes", path, stray)
		}
	}
}

// Step-entered patterns without traces of edits come out of Build byte for byte.
func TestRealPatternsAreBuiltFromTheirNotes(t *testing.T) {
	files := realFiles(t)
	built := 0
	for path, b := range files {
		f, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		first, last := f.Trailer.Loop()
		g, err := Build(Pattern{f.Trailer.Bars(), f.Trailer.Beats(), first, last, f.Notes()})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if !slices.Equal(g.Notes(), f.Notes()) || g.Trailer != f.Trailer || g.Ticks() != f.Ticks() {
			t.Errorf("%s: built again it plays something else", path)
		}
		if bytes.Equal(g.Encode(), b) {
			built++
		}
	}
	for _, must := range []string{
		"pattern/PTN00001-01.BIN", "pattern/PTN00001-02.BIN", "pattern/PTN00001-04.BIN", "pattern/PTN00001-05.BIN",
		"Project16/P16_PROJECT_16/PTN/PTN00005.BIN", "Project16/P16_PROJECT_16/PTN/PTN00006.BIN",
		"Project16/P16_PROJECT_16/PTN/PTN00009.BIN", "Project16/P16_PROJECT_16/PTN/PTN00010.BIN", "ugc/pad-sequencer/PTN/PTN00006.BIN",
	} {
		f, err := Decode(files[must])
		if err != nil {
			t.Fatal(err)
		}
		first, last := f.Trailer.Loop()
		g, err := Build(Pattern{f.Trailer.Bars(), f.Trailer.Beats(), first, last, f.Notes()})
		if err != nil || !bytes.Equal(g.Encode(), files[must]) {
			t.Errorf("%s: not built byte for byte (%v)", must, err)
		}
	}
	t.Logf("%d of %d real patterns are rebuilt byte for byte", built, len(files))
}

func TestWhatRealPatternsPlay(t *testing.T) {
	files := realFiles(t)
	at := func(path string) *File {
		f, err := Decode(files[path])
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	one := at("pattern/PTN00001-01.BIN").Notes()
	if want := []Note{{0, 0, 0, false, 90, 120}}; !slices.Equal(one, want) {
		t.Errorf("01 plays %+v", one)
	}
	if got := at("pattern/PTN00001-08.BIN"); got.Notes()[0].Pad != 1 || got.Trailer.Beats() != 3 {
		t.Errorf("08 plays %+v in %d", got.Notes(), got.Trailer.Beats())
	}
	if f := at("pattern/PTN00001-05.BIN"); f.Trailer.Bars() != 64 {
		t.Errorf("05 has %d bars", f.Trailer.Bars())
	}
	if first, last := at("pattern/PTN00001-04.BIN").Trailer.Loop(); first < 1 || last < first {
		t.Errorf("04 loops %d to %d", first, last)
	}
	live := at("pattern/PTN00001-13.BIN").Notes()
	if len(live) != 5 || live[0].Pad != 159 || live[2].Semitones != 5 || live[3].Semitones != 6 || !live[3].Poly || live[4].Semitones != 4 {
		t.Errorf("13 plays %+v", live)
	}
	c := at("pattern/PTN00001-15.BIN").Controls()
	if len(c) != 6 && len(c) != 7 || c[0].Name != "switch" || c[0].Value != 127 || c[0].Tick != 120 || c[1].Name != "effect" {
		t.Errorf("15 moves %+v", c)
	}
	if n := at("Project16/P16_PROJECT_16/PTN/PTN00010.BIN").Notes(); n[0].Tick != 1 || n[0].Pad != 1 || n[0].Semitones != 2 {
		t.Errorf("PTN00010 plays %+v", n)
	}
	steps := at("Project16/P16_PROJECT_16/PTN/PTN00005.BIN").Notes()
	for i, n := range steps {
		if n.Tick != i*120 {
			t.Errorf("step %d at tick %d", i, n.Tick)
		}
	}
}

func anyPattern(t *rapid.T) Pattern {
	p := Pattern{Bars: rapid.IntRange(1, 64).Draw(t, "bars"), Beats: rapid.IntRange(1, 7).Draw(t, "beats")}
	p.LoopStart = rapid.IntRange(1, p.Bars).Draw(t, "from")
	p.LoopEnd = rapid.IntRange(p.LoopStart, p.Bars).Draw(t, "to")
	for range rapid.IntRange(0, 30).Draw(t, "notes") {
		p.Notes = append(p.Notes, Note{
			Tick: rapid.IntRange(0, p.Bars*p.Beats*TicksPerBeat-1).Draw(t, "tick"), Pad: rapid.IntRange(0, 159).Draw(t, "pad"),
			Semitones: rapid.IntRange(-12, 12).Draw(t, "semitones"), Poly: rapid.Bool().Draw(t, "poly"),
			Velocity: rapid.IntRange(1, 127).Draw(t, "velocity"), Length: rapid.IntRange(1, 65536).Draw(t, "length"),
		})
	}
	slices.SortStableFunc(p.Notes, func(a, b Note) int { return a.Tick - b.Tick })
	return p
}

func TestBuildRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPattern(t)
		f, err := Build(p)
		if err != nil {
			t.Fatal(err)
		}
		g, err := Decode(f.Encode())
		if err != nil {
			t.Fatal(err)
		}
		first, last := g.Trailer.Loop()
		if !slices.Equal(g.Notes(), p.Notes) || g.Trailer.Bars() != p.Bars || g.Trailer.Beats() != p.Beats ||
			first != p.LoopStart || last != p.LoopEnd || g.Ticks() != p.Bars*p.Beats*TicksPerBeat {
			t.Fatalf("%+v becomes %+v", p, g.Notes())
		}
	})
}

func TestBuildRefuses(t *testing.T) {
	n := Note{0, 0, 0, false, 90, 120}
	with := func(change func(*Note)) []Note { m := n; change(&m); return []Note{m} }
	for name, p := range map[string]Pattern{
		"no bars":      {0, 4, 1, 1, nil},
		"65 bars":      {65, 4, 1, 1, nil},
		"8 beats":      {1, 8, 1, 1, nil},
		"loop":         {2, 4, 2, 1, nil},
		"after end":    {1, 4, 1, 1, with(func(n *Note) { n.Tick = 1920 })},
		"velocity":     {1, 4, 1, 1, with(func(n *Note) { n.Velocity = 128 })},
		"pad":          {1, 4, 1, 1, with(func(n *Note) { n.Pad = 160 })},
		"length":       {1, 4, 1, 1, with(func(n *Note) { n.Length = 0 })},
		"semitones":    {1, 4, 1, 1, with(func(n *Note) { n.Semitones = -13 })},
		"out of order": {1, 4, 1, 1, []Note{{Tick: 300, Velocity: 1, Length: 1}, {Tick: 299, Velocity: 1, Length: 1}}},
		"far behind":   {1, 4, 1, 1, []Note{{Tick: 1300, Velocity: 1, Length: 1}, {Tick: 2, Velocity: 1, Length: 1}}},
	} {
		if _, err := Build(p); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, n := range []int{1, 4} {
		p, err := Build(Pattern{n, 4, 1, n, []Note{{100, 5, 0, false, 90, 120}}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.Encode())
	}
	f.Add([]byte{0, 0x8C})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) || fe.Offset < 0 || fe.Offset > len(b) {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		for _, n := range p.Notes() {
			if n.Pad < 0 || n.Pad > 159 || n.Length < 1 {
				t.Fatalf("%+v", n)
			}
		}
		p.Controls()
		if !bytes.Equal(p.Encode(), b) {
			t.Fatal("writing back what was read changes the file")
		}
	})
}
