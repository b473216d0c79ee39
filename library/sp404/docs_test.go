package sp404

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sampleagent/audio/pcm"
	"sampleagent/library/kit"
	"sampleagent/library/sp404/internal/devicefiles"
	"sampleagent/library/sp404/padconf"
)

var update = flag.Bool("update", false, "rewrite golden files and the tables of docs/sp404mk2.md")

// golden compares with a committed file, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "full", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the golden file; look at the difference, then run with -update", name)
	}
}

// goldenKit has a sound and other settings on each of the 160 pads, and four patterns.
func goldenKit(t *testing.T, dir string) (kit.Kit, map[string]Sample) {
	t.Helper()
	k := kit.Kit{ID: "golden", Name: "Golden project", TempoSelect: kit.TempoOfProject}
	samples := map[string]Sample{}
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range kit.PadCount {
		s := kit.Slot(i)
		b := &pcm.Buffer{Rate: 48000, Channels: 1 + i%2, Samples: make([]float32, (1+i%2)*(4800+13*i))}
		for j := range b.Samples {
			b.Samples[j] = float32(rng.IntN(65536)-32768) / 32768
		}
		id := fmt.Sprintf("sound %s", s)
		path := filepath.Join(dir, id+".wav")
		wav(t, path, b, 16)
		samples[id] = Sample{ID: id, Name: id, Path: path, BPM: 60 + float64(i)}
		p := kit.Pad{SampleID: id}
		for n := range 6 {
			in := kit.Params[(i+n*7)%len(kit.Params)]
			if in.Param == kit.PadLink || in.Kind == kit.Position {
				continue
			}
			if next, err := p.Settings.Set(in.Param, in.Min+(i*31+n*17)%(in.Max-in.Min+1)); err == nil {
				p.Settings = next
			}
		}
		var err error
		if i%3 == 0 {
			if p.Settings, err = p.Settings.WithText(fmt.Sprintf("start=%d", i), fmt.Sprintf("end=%d", 3000+i), "chops=500,1000"); err != nil {
				t.Fatal(err)
			}
		}
		if i%40 == 0 {
			if p.Settings, err = p.Settings.WithText("pad_link=D"); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.SetPad(s, p); err != nil {
			t.Fatal(err)
		}
	}
	for n, slot := range []kit.Slot{0, 15, 16, 159} {
		p := kit.Pattern{Bars: 1 + n, Beats: 4 - n, LoopStart: 1, LoopEnd: 1 + n/2}
		for i := range 16 {
			p.Notes = append(p.Notes, kit.Note{Tick: i * p.Ticks() / 16, Pad: kit.Slot((i*11 + n) % 160), Velocity: 60 + 4*i, Length: 60 + i, Semitones: i%3 - 1, Poly: i%4 == 0})
		}
		if err := k.SetPattern(slot, p); err != nil {
			t.Fatal(err)
		}
	}
	for b := range kit.BankCount {
		tempo, err := kit.NewBPM(80 + 7.25*float64(b))
		if err != nil {
			t.Fatal(err)
		}
		bank, err := kit.Bank{Tempo: tempo, Protected: b == 9}.WithVolume(127 - 3*b)
		if err == nil {
			err = k.SetBank(b, bank)
		}
		if err != nil {
			t.Fatal(err)
		}
		k.Tempo = tempo
	}
	return k, samples
}

// A full project of 160 pads, byte for byte: PADCONF.BIN and the patterns whole, the sounds by
// their sums.
func TestFullProjectIsAsItWas(t *testing.T) {
	k, samples := goldenKit(t, memoryDir(t))
	card := memoryDir(t)
	p, err := NewPlan(context.Background(), k, samples, card, Options{Form: FormBoth, Now: fixedNow})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for _, f := range p.Files {
		b, err := os.ReadFile(filepath.Join(card, filepath.FromSlash(f.Target)))
		if err != nil {
			t.Fatal(err)
		}
		name, _ := strings.CutPrefix(f.Target, "EXPORT/PROJECT/PROJECT_01/")
		switch {
		case name == "PADCONF.BIN", strings.HasPrefix(name, "PTN/"):
			golden(t, name, b)
		case strings.HasSuffix(name, ".json"):
			continue // tells the program's own notes, which may grow
		}
		fmt.Fprintf(&list, "%s %8d %s\n", sha(b), len(b), f.Target)
	}
	golden(t, "files.txt", []byte(list.String()))
	if len(p.jobs) != kit.PadCount {
		t.Errorf("%d of 160 pads are planned", len(p.jobs))
	}
}

// The table has every byte of PADCONF.BIN and of a pad record once, or once a bit.
func TestFieldsHaveNoGaps(t *testing.T) {
	for part, size := range map[string]int{"": padconf.Size, "pad record": recordBytes} {
		seen := make([]int, size)
		for _, f := range Fields {
			if f.File == "PADCONF.BIN" && f.Part == part {
				for i := f.Offset; i < f.Offset+f.Size; i++ {
					if seen[i] > 0 && f.Bits == "" {
						t.Errorf("byte 0x%X of the %q is listed twice: %s", i, part, f.Name)
					}
					seen[i]++
				}
			}
		}
		for i, n := range seen {
			if n == 0 {
				t.Fatalf("byte 0x%X of the %q is not listed", i, part)
			}
		}
	}
	for _, f := range Fields {
		if f.Name == "" || f.Ours == "" || f.Evidence == "" || f.Certainty == "" {
			t.Errorf("%s 0x%X %s: something is missing", f.File, f.Offset, f.Name)
		}
		if f.Certainty != Verified && f.Test == "" {
			t.Errorf("%s %s is %s, and no test is named", f.File, f.Name, f.Certainty)
		}
	}
}

// docs/sp404mk2.md shows the table as it is here.
func TestDocumentShowsTheFields(t *testing.T) {
	path := filepath.Join(devicefiles.Root(t), "docs", "sp404mk2.md")
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- fields: written by go test ./library/sp404 -run Document -update -->\n", "<!-- end of fields -->"
	head, rest, ok := strings.Cut(string(doc), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("docs/sp404mk2.md has no place for the table")
	}
	want := head + begin + fieldTable() + end + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(doc) != want {
		t.Error("docs/sp404mk2.md has another table; run with -update")
	}
}

func fieldTable() string {
	var b strings.Builder
	last := ""
	for _, f := range Fields {
		if at := f.File + "|" + f.Part; at != last {
			last = at
			title := f.File
			if f.Part != "" {
				title += ", " + f.Part
			}
			fmt.Fprintf(&b, "\n### %s\n\n| Offset | Bytes | Bits | Field | Range | Written from | Certainty | Source | Test for an owner |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n", title)
		}
		size := fmt.Sprint(f.Size)
		if f.Size == 0 {
			size = "rest"
		}
		fmt.Fprintf(&b, "| 0x%02X | %s | %s | %s | %s | %s | %s | %s | %s |\n", f.Offset, size, f.Bits, f.Name, f.Range, f.Ours, f.Certainty, f.Evidence, f.Test)
	}
	b.WriteByte('\n')
	return b.String()
}
