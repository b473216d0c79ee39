package padconf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/library/sp404/internal/devicefiles"
)

func realFiles(t testing.TB) map[string][]byte {
	out := map[string][]byte{}
	err := filepath.WalkDir(devicefiles.Dir(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".BIN" || !strings.Contains(d.Name(), "PADCONF") {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = b
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 30 {
		t.Fatalf("only %d real files found", len(out))
	}
	return out
}

func TestRealFilesComeOutAsTheyWentIn(t *testing.T) {
	for path, b := range realFiles(t) {
		f, err := Decode(b)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		out, err := f.Encode()
		if err != nil || !bytes.Equal(out, b) {
			t.Errorf("%s: decoded and encoded it differs (%v)", path, err)
		}
	}
}

// A writer that knows only constants and the fields of Project and Pad rebuilds each real file.
func TestRealFilesAreBuiltFromKnownFieldsAlone(t *testing.T) {
	for path, b := range realFiles(t) {
		f, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		built := New()
		if err := built.SetProject(f.Project()); err != nil {
			t.Fatal(err)
		}
		for p := range pads {
			if err := built.SetPad(p, f.Pad(p)); err != nil {
				t.Fatal(err)
			}
		}
		out, err := built.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if at := firstDifference(out, b); at >= 0 {
			t.Errorf("%s: differs first at 0x%X: built %02X, real %02X", path, at, out[at], b[at])
		}
	}
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

// Writing what was read changes no bit, also in files full of things nobody knows.
func TestUnknownWordsStay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		b := make([]byte, Size)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		copy(b, "RFPD")
		b[offVersion] = 3
		for p := range pads { // an empty pad may be cleared; here all are filled
			b[offPads+p*recordSize+3] |= 1
		}
		f, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetProject(f.Project()); err != nil {
			t.Fatal(err)
		}
		for p := range pads {
			if err := f.SetPad(p, f.Pad(p)); err != nil {
				t.Fatal(err)
			}
		}
		out, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if at := firstDifference(out, b); at >= 0 {
			t.Fatalf("byte 0x%X changed", at)
		}
	}
}

// A change touches the words of that field and no others.
func TestOneFieldOneWord(t *testing.T) {
	base := New()
	if err := base.SetPad(20, Fresh("kick", 5000)); err != nil {
		t.Fatal(err)
	}
	before, _ := base.Encode()
	for name, c := range map[string]struct {
		change func(*Pad)
		word   int
	}{
		"volume":   {func(p *Pad) { p.Volume = 3 }, wVolume},
		"gate":     {func(p *Pad) { p.Gate = false }, wGate},
		"loop":     {func(p *Pad) { p.Loop = true }, wLoop},
		"one-shot": {func(p *Pad) { p.OneShot = true }, wFlags},
		"pitch":    {func(p *Pad) { p.Pitch = -12 }, wPitch},
		"pan":      {func(p *Pad) { p.Pan = 13 }, wPan},
		"poly":     {func(p *Pad) { p.Chromatic = 2 }, wFlags},
	} {
		f, err := Decode(before)
		if err != nil {
			t.Fatal(err)
		}
		p := f.Pad(20)
		c.change(&p)
		if err := f.SetPad(20, p); err != nil {
			t.Fatal(err)
		}
		after, _ := f.Encode()
		off := offPads + 20*recordSize + 4*c.word
		if bytes.Equal(before[off:off+4], after[off:off+4]) {
			t.Errorf("%s: its word does not change", name)
		}
		copy(after[off:], before[off:off+4])
		if at := firstDifference(before, after); at >= 0 {
			t.Errorf("%s changes byte 0x%X as well", name, at)
		}
	}
}

func TestRandomProjectsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := New()
		pr := Project{
			Name:       rapid.StringMatching(`[!-~]([ -~]{0,29}[!-~])?`).Draw(t, "name"),
			Tempo:      rapid.IntRange(4000, 20000).Draw(t, "tempo"),
			UseProject: rapid.Bool().Draw(t, "select"),
		}
		for b := range pr.Banks {
			pr.Banks[b] = Bank{rapid.IntRange(4000, 20000).Draw(t, "bank tempo"), rapid.Bool().Draw(t, "protected"), rapid.IntRange(0, 127).Draw(t, "volume")}
		}
		if err := f.SetProject(pr); err != nil {
			t.Fatal(err)
		}
		want := map[int]Pad{}
		u := func(name string, most uint32) uint32 { return rapid.Uint32Range(0, most).Draw(t, name) }
		for range rapid.IntRange(0, 10).Draw(t, "pads") {
			n := rapid.IntRange(0, pads-1).Draw(t, "pad")
			p := Fresh(rapid.StringMatching(`[!-~]{1,23}`).Draw(t, "pad name"), 512+u("size", 1<<28))
			p.Gate, p.Loop, p.OneShot, p.Vinyl = rapid.Bool().Draw(t, "g"), rapid.Bool().Draw(t, "l"), rapid.Bool().Draw(t, "o"), rapid.Bool().Draw(t, "v")
			p.Roll, p.Bus, p.PadLink, p.MuteGroup, p.PlayMode = u("roll", 10), u("bus", 2), u("link", 10), u("mute", 10), u("mode", 3)
			p.Vari, p.Chromatic, p.FixedVelocity = u("vari", 2), u("chromatic", 2), rapid.Bool().Draw(t, "fixed")
			p.Pitch, p.Fine = rapid.Int32Range(-12, 12).Draw(t, "pitch"), rapid.Int32Range(-100, 100).Draw(t, "fine")
			p.Marks = rapid.SliceOfN(rapid.Uint32Range(0, 1<<26), 0, MaxMarks).Draw(t, "marks")
			want[n] = p
			if err := f.SetPad(n, p); err != nil {
				t.Fatal(err)
			}
		}
		b, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		g, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Project(); got != pr {
			t.Fatalf("project is %+v, not %+v", got, pr)
		}
		for n := range pads {
			got := g.Pad(n)
			if w, ok := want[n]; ok && fmt.Sprint(got) != fmt.Sprint(w) || !ok && !got.Empty() {
				t.Fatalf("pad %d is %+v, not %+v", n, got, w)
			}
			if err := g.SetPad(n, got); err != nil {
				t.Fatal(err)
			}
			g.Clear(n)
		}
		empty := New()
		if err := empty.SetProject(pr); err != nil {
			t.Fatal(err)
		}
		a, _ := g.Encode()
		if e, _ := empty.Encode(); !bytes.Equal(a, e) {
			t.Fatal("a project with all pads cleared is not an empty project")
		}
	})
}

func TestRefusesWithOffset(t *testing.T) {
	good, err := New().Encode()
	if err != nil {
		t.Fatal(err)
	}
	other := func(change func([]byte) []byte) []byte { return change(bytes.Clone(good)) }
	for name, c := range map[string]struct {
		in     []byte
		offset int
	}{
		"nothing":   {nil, 0},
		"too short": {good[:51999], 51999},
		"too long":  {append(bytes.Clone(good), 0), 52000},
		"magic":     {other(func(b []byte) []byte { b[0] = 'X'; return b }), 0},
		"version":   {other(func(b []byte) []byte { b[8] = 4; return b }), 8},
		"v2 size":   {other(func(b []byte) []byte { b[8] = 2; return b }), sizeV2},
	} {
		_, err := Decode(c.in)
		var fe *FormatError
		if !errors.As(err, &fe) || fe.Offset != c.offset {
			t.Errorf("%s: %v; want an error at byte %d", name, err, c.offset)
		}
	}
	if err := New().SetPad(0, Fresh(strings.Repeat("x", 24), 600)); err == nil {
		t.Error("a name of 24 characters passes")
	}
	if err := New().SetPad(0, Fresh("é", 600)); err == nil {
		t.Error("an accented letter passes")
	}
	marked := Fresh("chopped", 600)
	if marked.Marks = make([]uint32, MaxMarks+1); New().SetPad(0, marked) == nil {
		t.Error("a mark more than a pad holds passes")
	}
	last := int64(0xFFFFFFFF-AudioOffset) / 4 // frame of two channels
	if p, err := Position(last, 2); err != nil || Frame(p, 2) != last {
		t.Errorf("the last frame that fits lies at %d, %v", p, err)
	}
	if p, err := Position(last+1, 2); err == nil {
		t.Errorf("a frame that 32 bits do not hold lies at %d", p)
	}
}

// Version 2 as two sources describe it: read, never written.
func TestVersion2IsReadOnly(t *testing.T) {
	b := make([]byte, sizeV2)
	src := New()
	if err := src.SetPad(17, Fresh("old", 1000)); err != nil {
		t.Fatal(err)
	}
	copy(b, src.raw[:0x80])
	b[offVersion] = 2
	copy(b[offPadsV2:], src.raw[offPads:offPads+pads*recordSize])
	copy(b[offNamesV2:], src.raw[offNames:offNames+pads*nameSize])
	f, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if p := f.Pad(17); p.Name != "old" || p.FileBytes != 1000 || p.Marks != nil {
		t.Errorf("pad B2 is %+v", p)
	}
	if _, err := f.Encode(); err == nil {
		t.Error("version 2 is written")
	}
	if f.SetPad(0, Fresh("x", 600)) == nil || f.SetProject(Project{}) == nil {
		t.Error("version 2 is changed")
	}
	f.Clear(17)
	if f.Pad(17).Empty() {
		t.Error("version 2 is cleared")
	}
}

// Whole files are too large for a fuzzer to shrink: it gets a sound file to patch, and short
// files as they are.
func FuzzDecode(f *testing.F) {
	good, err := New().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, []byte("RFPD"), 4)
	f.Add(offVersion, []byte{2}, sizeV2)
	f.Add(offPads, []byte{0, 1, 0, 0, 0, 0, 2, 0}, Size)
	f.Add(offMarks, []byte{0, 0, 0, 0}, Size)
	f.Fuzz(func(t *testing.T, at int, patch []byte, size int) {
		b := make([]byte, min(max(size, 0), Size+100))
		copy(b, good)
		copy(b[min(max(at, 0), len(b)):], patch)
		file, err := Decode(b)
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) || fe.Offset < 0 || fe.Offset > len(b) {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		_ = file.Project()
		for p := range pads {
			pad := file.Pad(p)
			_ = pad.RollName() + pad.BusName() + pad.PlayModeName() + pad.VariName() + pad.ChromaticName() + pad.PadLinkName() + pad.MuteGroupName()
			if file.Version() == 3 && !pad.Empty() {
				if err := file.SetPad(p, pad); err != nil {
					t.Fatal(err)
				}
			}
		}
		if file.Version() != 3 {
			return
		}
		if out, err := file.Encode(); err != nil || !bytes.Equal(out, b) {
			t.Fatal("writing back what was read changes the file")
		}
	})
}
